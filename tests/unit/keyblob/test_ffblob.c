/* SPDX-License-Identifier: Apache-2.0 */
#include "keyblob/ffblob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spk_test.h"

#define BLOB_MAX 1024

static struct spk_buf all = SPK_BUF(200000);

static int
setup(void **state)
{
    (void)state;
    spk_test_vector("capi/known.txt", &all);
    assert_spk_ok(spk_buf_u8(&all, 0));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spk_buf_free(&all);
    return 0;
}

static size_t
known(const char *name, uint8_t *ret_bytes)
{
    char line[64];
    (void)snprintf(line, sizeof line, "\n%s ", name);
    const char *at = strstr((const char *)all.ptr, line);
    assert_non_null(at);
    at += strlen(line);
    size_t len = strcspn(at, "\n") / 2;
    assert_true(len <= BLOB_MAX);
    for (size_t i = 0; i < len; i++) {
        char hex[3] = {at[2 * i], at[2 * i + 1], '\0'};
        ret_bytes[i] = (uint8_t)strtoul(hex, NULL, 16);
    }
    return len;
}

static const char *const names[] = {"dss.public",   "dss.private",   "dss.public3",
                                    "dss.private3", "fips.public",   "fips.private3",
                                    "dh.a.private", "dh.a.private3", "dh.b.public3"};
#define NAMES (sizeof names / sizeof names[0])

/* Read, made a key of, and written again: the same bytes. */
static void
round_trip(const char *name)
{
    SPK_AUTO_FFBLOB b = {0};
    SPK_AUTO(spk_ffkey) key = NULL;
    SPK_AUTO(spk_secret) pair = NULL;
    SPK_AUTO_BUF struct spk_buf pub = SPK_BUF(SPK_FFBLOB_MAX);
    uint8_t bytes[BLOB_MAX];
    struct spk_span want = spk_span(bytes, known(name, bytes));
    assert_spk_ok(spk_ffblob_parse(want, &b));
    assert_int_equal(b.pair, bytes[0] == 7);
    assert_spk_ok(spk_ffkey_from_parts(&b.parts, &key));
    if (b.pair) {
        assert_spk_ok(spk_ffblob_private(key, b.alg, bytes[1], &pair));
        assert_span_equal(spk_secret_span(pair), want);
    } else {
        assert_spk_ok(spk_ffblob_public(key, b.alg, bytes[1], &pub));
        assert_span_equal(spk_buf_span(&pub), want);
    }
}

static void
known_blobs(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        round_trip(names[i]);
    }
}

/* Version 2 of Diffie-Hellman: y alone, which needs the p and g of who reads it. */
static void
y_alone(void **state)
{
    SPK_AUTO_FFBLOB b = {0};
    SPK_AUTO_FFBLOB own = {0};
    SPK_AUTO(spk_ffkey) key = NULL;
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(SPK_FFBLOB_MAX);
    uint8_t bytes[BLOB_MAX], pair[BLOB_MAX];
    struct spk_span want = spk_span(bytes, known("dh.a.public", bytes));
    (void)state;
    assert_spk_ok(spk_ffblob_parse(want, &b));
    assert_int_equal(b.p_len, 128);
    assert_int_equal(b.parts.p.len, 0);
    assert_spk_ok(spk_ffblob_parse(spk_span(pair, known("dh.a.private", pair)), &own));
    assert_spk_ok(spk_ffkey_from_parts(&own.parts, &key));
    assert_spk_ok(spk_ffblob_public(key, SPK_CALG_DH_SF, 2, &out));
    assert_span_equal(spk_buf_span(&out), want);
}

static void
domain_alone(void **state)
{
    static const uint8_t header[] = {6, 3, 0, 0, 0, 0x22, 0, 0};
    uint8_t bytes[sizeof header + BLOB_MAX];
    (void)state;
    memcpy(bytes, header, sizeof header);
    size_t len = known("dss.domain3", bytes + sizeof header);
    for (int i = 0; i < 2; i++) {
        SPK_AUTO_FFBLOB b = {0};
        size_t skip = i == 0 ? sizeof header : 0;
        struct spk_span s = spk_span(bytes + skip, len + sizeof header - skip);
        assert_spk_ok(spk_ffblob_parse_domain(s, SPK_CALG_DSS_SIGN, &b));
        assert_int_equal(b.parts.q.len, 20);
        assert_int_equal(b.parts.y.len, 0);
        assert_spk_ok(spk_ffkey_check_primes(&b.parts));
        spk_ffblob_clear(&b);
        assert_spk_code(spk_ffblob_parse_domain(s, SPK_CALG_DH_SF, &b), FORMAT);
        s.len--;
        assert_spk_code(spk_ffblob_parse_domain(s, SPK_CALG_DSS_SIGN, &b), TRUNC);
        assert_null(b.numbers);
    }
}

/* The whole way to a key: a BLOB that is cut short at any place has none. */
static void
cut_short(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        uint8_t bytes[BLOB_MAX];
        struct spk_ffblob b = {0};
        size_t len = known(names[i], bytes);
        for (size_t n = 0; n < len; n++) {
            assert_spk_code(spk_ffblob_parse(spk_span(bytes, n), &b), TRUNC);
            assert_null(b.numbers);
        }
        bytes[len] = 0x55; /* bytes behind it do not count */
        assert_spk_ok(spk_ffblob_parse(spk_span(bytes, len + 1), &b));
        spk_ffblob_clear(&b);
    }
}

struct fault {
    const char *name;
    size_t at;
    uint8_t value[4];
    enum spk_code code;
};

/* One field wrong at a time. */
static void
bad_fields(void **state)
{
    static const struct fault faults[] = {
        {"dss.public", 0, {8, 2, 0, 0}, SPK_CODE_FORMAT},    /* a type that is not one of ours */
        {"dss.public", 0, {6, 1, 0, 0}, SPK_CODE_VERSION},   /* version 1 */
        {"dss.public", 0, {6, 4, 0, 0}, SPK_CODE_VERSION},   /* version 4 */
        {"dss.public", 0, {7, 2, 0, 0}, SPK_CODE_FORMAT},    /* "DSS1" in a private BLOB */
        {"dss.public", 0, {6, 3, 0, 0}, SPK_CODE_FORMAT},    /* "DSS1" in version 3 */
        {"dss.public", 4, {0, 0xa4, 0, 0}, SPK_CODE_FORMAT}, /* RSA */
        {"dss.public", 4, {1, 0xaa, 0, 0}, SPK_CODE_FORMAT}, /* Diffie-Hellman */
        {"dss.public", 8, {0, 'D', 'H', '1'}, SPK_CODE_FORMAT},
        {"dss.public", 12, {0, 0, 0, 0}, SPK_CODE_LIMIT},
        {"dss.public", 12, {1, 4, 0, 0}, SPK_CODE_LIMIT}, /* 1025 */
        {"dss.public", 12, {0, 0, 0, 0x80}, SPK_CODE_LIMIT},
        {"dss.public", 12, {0, 0x20, 0, 0}, SPK_CODE_LIMIT}, /* 8192 */
        {"dss.public", 12, {0, 0x10, 0, 0}, SPK_CODE_TRUNC}, /* 4096 */
        {"dss.public3", 16, {1, 4, 0, 0}, SPK_CODE_LIMIT},   /* q longer than p */
        {"dss.public3", 20, {0xff, 0xff, 0xff, 0xff}, SPK_CODE_LIMIT},
        {"dss.public3", 16, {0xa8, 0, 0, 0}, SPK_CODE_TRUNC}, /* q a byte longer */
        {"dss.private3", 24, {0, 0, 0, 0}, SPK_CODE_LIMIT},   /* no x */
        {"dh.a.private", 8, {0, 'D', 'H', '3'}, SPK_CODE_FORMAT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const struct fault *f = &faults[i];
        struct spk_ffblob b = {0};
        uint8_t bytes[BLOB_MAX];
        size_t len = known(f->name, bytes);
        memcpy(bytes + f->at, f->value, sizeof f->value);
        assert_string_equal(spk_code_name(spk_ffblob_parse(spk_span(bytes, len), &b).code),
                            spk_code_name(f->code));
        assert_null(b.numbers);
    }
}

/* p, q, g, y of a version 2 DSS key set to zero, one after the other. */
static void
zero_numbers(void **state)
{
    static const struct {
        size_t at, len;
    } fields[] = {{16, 128}, {144, 20}, {164, 128}, {292, 128}};
    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct spk_ffblob b = {0};
        uint8_t bytes[BLOB_MAX];
        size_t len = known("dss.public", bytes);
        memset(bytes + fields[i].at, 0, fields[i].len);
        assert_spk_code(spk_ffblob_parse(spk_span(bytes, len), &b), FORMAT);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_blobs), cmocka_unit_test(y_alone),    cmocka_unit_test(domain_alone),
        cmocka_unit_test(cut_short),   cmocka_unit_test(bad_fields), cmocka_unit_test(zero_numbers),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
