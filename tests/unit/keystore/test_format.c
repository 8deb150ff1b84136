/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged and hostile container files: each is refused with its code and stays as it is. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/format.h"
#include "kit.h"

#define ROOM (1 << 16)
#define NAME_LEN 3
/* Offsets in the file that setup() makes: name "abc", two keys of 2048 bits. */
#define AT_VERSION 8
#define AT_FLAGS 10
#define AT_TOTAL 12
#define AT_NAME 16
#define AT_COUNT (18 + NAME_LEN)
#define AT_KEY (AT_COUNT + 1)
#define SPKI_LEN 294

struct spoiled {
    struct kit kit;
    struct spk_buf good;
};

static int
setup(void **state)
{
    struct kit *k = NULL;
    struct spoiled *s = calloc(1, sizeof *s);
    assert_non_null(s);
    assert_int_equal(kit_setup((void **)&k), 0);
    s->kit = *k;
    free(k);
    s->good = SPK_BUF(ROOM);
    kit_save(&s->kit, "abc", kit_pair(0), kit_pair(1), NULL);
    kit_bytes(&s->kit, "abc", &s->good);
    *state = s;
    return 0;
}

static int
teardown(void **state)
{
    struct spoiled *s = *state;
    spk_buf_free(&s->good);
    spk_keystore_free(s->kit.ks);
    spk_test_dir_remove(s->kit.dir);
    free(s->kit.path);
    free(s);
    return 0;
}

/* The code that opening these bytes gives; the file must be the same afterwards. */
static spk_err
opened(struct spoiled *s, struct spk_span bytes, bool fix_hash)
{
    struct spk_container *c = NULL;
    SPK_AUTO_BUF struct spk_buf before = SPK_BUF(1 << 20);
    SPK_AUTO_BUF struct spk_buf after = SPK_BUF(1 << 20);
    kit_plant(&s->kit, "abc", bytes, fix_hash);
    kit_bytes(&s->kit, "abc", &before);
    spk_err e = spk_container_open(s->kit.ks, "abc", &c);
    spk_container_free(c);
    kit_bytes(&s->kit, "abc", &after);
    assert_span_equal(spk_buf_span(&before), spk_buf_span(&after));
    return e;
}

static void
test_good(void **state)
{
    struct spoiled *s = *state;
    assert_spk_ok(opened(s, spk_buf_span(&s->good), false));
    assert_spk_ok(opened(s, spk_buf_span(&s->good), true));
    assert_int_equal(spk_get_u16(s->good.ptr + AT_KEY + 2), SPKI_LEN);
}

static void
test_any_byte(void **state)
{
    struct spoiled *s = *state;
    for (size_t i = 0; i < s->good.len; i += i < 64 ? 1 : 37) {
        s->good.ptr[i] ^= 0x20;
        assert_spk_code(opened(s, spk_buf_span(&s->good), false), FORMAT);
        s->good.ptr[i] ^= 0x20;
    }
}

/* With the hash made to fit, so that the checks behind it are reached. */
static void
test_fields(void **state)
{
    static const struct {
        const char *what;
        size_t off;
        size_t len;
        uint8_t bytes[4];
        enum spk_code code;
    } faults[] = {
        {"magic", 0, 1, {0x88}, SPK_CODE_FORMAT},
        {"magic, last byte", 7, 1, {0x0d}, SPK_CODE_FORMAT},
        {"version 0", AT_VERSION, 2, {0, 0}, SPK_CODE_VERSION},
        {"version 2", AT_VERSION, 2, {0, 2}, SPK_CODE_VERSION},
        {"version 257", AT_VERSION, 2, {1, 1}, SPK_CODE_VERSION},
        {"unknown flag", AT_FLAGS, 2, {0, 2}, SPK_CODE_VERSION},
        {"unknown high flag", AT_FLAGS, 2, {0x80, 0}, SPK_CODE_VERSION},
        {"passphrase flag without one", AT_FLAGS, 2, {0, 1}, SPK_CODE_FORMAT},
        {"length 0", AT_TOTAL, 4, {0, 0, 0, 0}, SPK_CODE_FORMAT},
        {"length, high byte", AT_TOTAL, 1, {1}, SPK_CODE_FORMAT},
        {"no name", AT_NAME, 2, {0, 0}, SPK_CODE_FORMAT},
        {"shorter name", AT_NAME, 2, {0, 2}, SPK_CODE_FORMAT},
        {"longer name", AT_NAME, 2, {0, 4}, SPK_CODE_FORMAT},
        {"name of 121", AT_NAME, 2, {0, 121}, SPK_CODE_FORMAT},
        {"name behind the end", AT_NAME, 2, {0xff, 0xff}, SPK_CODE_FORMAT},
        {"name with a NUL", AT_NAME + 2, 1, {0}, SPK_CODE_FORMAT},
        {"name with a control character", AT_NAME + 3, 1, {'\t'}, SPK_CODE_FORMAT},
        {"name that is not UTF-8", AT_NAME + 3, 1, {0xff}, SPK_CODE_FORMAT},
        {"another name", AT_NAME + 3, 1, {'x'}, SPK_CODE_FORMAT},
        {"one key of two", AT_COUNT, 1, {1}, SPK_CODE_FORMAT},
        {"no key of two", AT_COUNT, 1, {0}, SPK_CODE_FORMAT},
        {"three keys", AT_COUNT, 1, {3}, SPK_CODE_FORMAT},
        {"spec 0", AT_KEY, 1, {0}, SPK_CODE_FORMAT},
        {"spec 2 twice", AT_KEY, 1, {2}, SPK_CODE_FORMAT},
        {"spec 3", AT_KEY, 1, {3}, SPK_CODE_FORMAT},
        {"zero byte", AT_KEY + 1, 1, {1}, SPK_CODE_FORMAT},
        {"no SPKI", AT_KEY + 2, 2, {0, 0}, SPK_CODE_FORMAT},
        {"SPKI shorter", AT_KEY + 2, 2, {1, 37}, SPK_CODE_FORMAT},
        {"SPKI longer", AT_KEY + 2, 2, {1, 39}, SPK_CODE_FORMAT},
        {"SPKI of 601", AT_KEY + 2, 2, {2, 89}, SPK_CODE_FORMAT},
        {"SPKI no DER", AT_KEY + 4, 1, {0x31}, SPK_CODE_FORMAT},
        {"no pair", AT_KEY + 4 + SPKI_LEN, 2, {0, 0}, SPK_CODE_FORMAT},
        {"pair behind the end", AT_KEY + 4 + SPKI_LEN, 2, {0x0f, 0xff}, SPK_CODE_FORMAT},
        {"pair of 4097", AT_KEY + 4 + SPKI_LEN, 2, {0x10, 0x01}, SPK_CODE_FORMAT},
        {"name in capitals", AT_NAME + 2, 3, {'A', 'B', 'C'}, SPK_CODE_OK},
    };
    struct spoiled *s = *state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        SPK_AUTO_BUF struct spk_buf bad = SPK_BUF(ROOM);
        assert_spk_ok(spk_buf_add(&bad, spk_buf_span(&s->good)));
        memcpy(bad.ptr + faults[i].off, faults[i].bytes, faults[i].len);
        spk_err e = opened(s, spk_buf_span(&bad), true);
        if (e.code != faults[i].code) {
            fail_msg("%s: %s", faults[i].what, spk_code_name(e.code));
        }
    }
}

static void
test_lengths(void **state)
{
    struct spoiled *s = *state;
    SPK_AUTO_BUF struct spk_buf longer = SPK_BUF(ROOM);
    for (size_t len = 0; len < s->good.len; len += len < 128 ? 1 : 41) {
        assert_spk_code(opened(s, spk_span(s->good.ptr, len), false), FORMAT);
        if (len < SPK_HASH_LEN) {
            continue;
        }
        /* Cut short with a length and a hash that fit. */
        SPK_AUTO_BUF struct spk_buf cut = SPK_BUF(ROOM);
        assert_spk_ok(spk_buf_add(&cut, spk_span(s->good.ptr, len)));
        spk_put_u32(cut.ptr + AT_TOTAL, (uint32_t)len);
        assert_spk_code(opened(s, spk_buf_span(&cut), true), FORMAT);
    }
    assert_spk_ok(spk_buf_add(&longer, spk_buf_span(&s->good)));
    assert_spk_ok(spk_buf_u8(&longer, 0));
    assert_spk_code(opened(s, spk_buf_span(&longer), false), FORMAT);
    spk_put_u32(longer.ptr + AT_TOTAL, (uint32_t)longer.len);
    assert_spk_code(opened(s, spk_buf_span(&longer), true), FORMAT);
    assert_spk_ok(spk_buf_zero(&longer, SPK_CONTAINER_FILE_MAX));
    assert_spk_code(opened(s, spk_buf_span(&longer), true), FORMAT);
}

/* The half in the clear exchanged for another key: found out before the pair is used. */
static void
test_other_spki(void **state)
{
    struct spoiled *s = *state;
    SPK_AUTO(spk_container) c = NULL;
    struct spk_span other = spk_rsa_spki(kit_pair(2));
    assert_int_equal(other.len, SPKI_LEN);
    memcpy(s->good.ptr + AT_KEY + 4, other.ptr, other.len);
    kit_plant(&s->kit, "abc", spk_buf_span(&s->good), true);
    assert_spk_ok(spk_container_open(s->kit.ks, "abc", &c));
    assert_spk_code(spk_container_unlock(c, NULL, NULL), FORMAT);
    assert_false(spk_rsa_is_pair(spk_container_key(c, SPK_AT_KEYEXCHANGE)));
    assert_false(spk_rsa_is_pair(spk_container_key(c, SPK_AT_SIGNATURE)));
}

/* A pair damaged inside its PKCS#8: the other one is not given out alone. */
static void
test_damaged_pair(void **state)
{
    struct spoiled *s = *state;
    SPK_AUTO(spk_container) c = NULL;
    s->good.ptr[s->good.len - SPK_HASH_LEN - 20] ^= 1;
    kit_plant(&s->kit, "abc", spk_buf_span(&s->good), true);
    assert_spk_ok(spk_container_open(s->kit.ks, "abc", &c));
    assert_spk_code(spk_container_unlock(c, NULL, NULL), FORMAT);
    assert_false(spk_rsa_is_pair(spk_container_key(c, SPK_AT_KEYEXCHANGE)));
    assert_false(spk_rsa_is_pair(spk_container_key(c, SPK_AT_SIGNATURE)));
}

/* One pair under a passphrase and one not. */
static void
test_mixed(void **state)
{
    struct spoiled *s = *state;
    SPK_AUTO(spk_secret) pass = kit_secret("x");
    SPK_AUTO(spk_secret) under_pass = NULL;
    SPK_AUTO(spk_secret) plain = NULL;
    SPK_AUTO(spk_secret) bytes = NULL;
    assert_spk_ok(spk_rsa_to_pkcs8(kit_pair(0), pass, &under_pass));
    assert_spk_ok(spk_rsa_to_pkcs8(kit_pair(1), NULL, &plain));
    struct spk_container_file file = {
        .name = SPK_SPAN_LIT("abc"),
        .encrypted = true,
        .count = 2,
        .entry = {
            {SPK_AT_KEYEXCHANGE, spk_rsa_spki(kit_pair(0)), spk_secret_span(under_pass)},
            {SPK_AT_SIGNATURE, spk_rsa_spki(kit_pair(1)), spk_secret_span(plain)},
        }};
    assert_spk_ok(spk_container_file_build(&file, &bytes));
    assert_spk_code(opened(s, spk_secret_span(bytes), false), FORMAT);
}

/* What a writer must never let through. */
static void
test_build_limits(void **state)
{
    static uint8_t large[SPK_CONTAINER_FILE_MAX];
    struct spk_secret *bytes = NULL;
    struct spk_container_file file = {.name = SPK_SPAN_LIT("abc"), .count = 1};
    (void)state;
    file.entry[0] =
        (struct spk_container_entry){SPK_AT_SIGNATURE, spk_span(large, 601), spk_span(large, 10)};
    assert_spk_code(spk_container_file_build(&file, &bytes), LIMIT);
    file.entry[0] =
        (struct spk_container_entry){SPK_AT_SIGNATURE, spk_span(large, 600), spk_span(large, 4097)};
    assert_spk_code(spk_container_file_build(&file, &bytes), LIMIT);
    assert_null(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_good),       TEST(test_any_byte),     TEST(test_fields), TEST(test_lengths),
        TEST(test_other_spki), TEST(test_damaged_pair), TEST(test_mixed),  TEST(test_build_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
