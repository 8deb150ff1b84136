/* SPDX-License-Identifier: Apache-2.0 */
/* Session-key BLOBs of any algorithm: known answers first, then both ways, then what is wrong. */
#include "spk_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "keyblob/anyblob.h"
#include "keyblob/anysimple.h"

/* A value of tests/vectors/capi/known.txt, appended to b. */
static void
known(const char *name, struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)1 << 20);
    struct spk_span rest, line, word;

    spk_test_vector("capi/known.txt", &text);
    rest = spk_buf_span(&text);
    while (spk_split(&rest, '\n', &line)) {
        uint8_t *p = NULL;

        if (!spk_split(&line, ' ', &word) || !spk_span_eq(word, spk_span_str(name))) {
            continue;
        }
        assert_spk_ok(spk_buf_grow(b, line.len / 2, &p));
        assert_spk_ok(spk_hex_parse(line, p, line.len / 2));
        return;
    }
    fail_msg("no known answer %s", name);
}

static struct spk_anyrsa *
demo(void)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
    struct spk_anyrsa *pair = NULL;
    uint32_t alg = 0;

    known("demo.private", &b);
    assert_spk_ok(spk_anyblob_parse_private(spk_buf_span(&b), &alg, &pair));
    return pair;
}

static void
opens_to(const char *name, bool oaep, uint32_t alg, const char *key_hex)
{
    SPK_AUTO(spk_anyrsa) pair = demo();
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
    SPK_AUTO_BUF struct spk_buf hex = SPK_BUF((size_t)4096);
    SPK_AUTO(spk_secret) plain = NULL;
    struct spk_plainkey k;

    known(name, &b);
    assert_spk_ok(spk_anysimple_open(spk_buf_span(&b), pair, oaep, &plain));
    assert_spk_ok(spk_plainkey_parse(spk_secret_span(plain), &k));
    assert_int_equal(k.alg, alg);
    assert_false(k.opaque);
    assert_spk_ok(spk_buf_hex(&hex, k.key));
    assert_span_equal(spk_buf_span(&hex), spk_span_str(key_hex));
}

static void
known_answers(void **state)
{
    (void)state;
    opens_to("simple1", false, SPK_CALG_RC4, "00112233445566778899aabbccddeeff");
    opens_to("simple2", false, SPK_CALG_AES_256,
             "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    opens_to("simple3", true, SPK_CALG_AES_128, "00112233445566778899aabbccddeeff");
    opens_to("simple4", false, SPK_CALG_RC4, "0011223344");
}

static void
plain_known_answers(void **state)
{
    static const char *const names[] = {"plain.aes256", "plain.des"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
        SPK_AUTO(spk_secret) again = NULL;
        struct spk_plainkey k;

        known(names[i], &b);
        assert_spk_ok(spk_plainkey_parse(spk_buf_span(&b), &k));
        assert_spk_ok(spk_plainkey_build(k.alg, k.key, &again));
        assert_span_equal(spk_secret_span(again), spk_buf_span(&b));
    }
}

static void
both_ways(void **state)
{
    static const uint32_t algs[] = {SPK_CALG_DES,      SPK_CALG_RC2,     SPK_CALG_3DES,
                                    SPK_CALG_3DES_112, SPK_CALG_AES_128, SPK_CALG_AES_192,
                                    SPK_CALG_RC4,      SPK_CALG_AES_256};
    SPK_AUTO(spk_anyrsa) pair = NULL;
    uint8_t key[SPK_ANYKEY_MAX];

    (void)state;
    assert_spk_ok(spk_anyrsa_generate(1024, &pair));
    memset(key, 0x5a, sizeof(key));
    for (size_t i = 0; i < 2 * sizeof(algs) / sizeof(algs[0]); i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_ANYSIMPLE_MAX);
        SPK_AUTO(spk_secret) plain = NULL;
        struct spk_plainkey k = {.alg = algs[i / 2]};
        struct spk_plainkey back;
        struct spk_key_lens lens;

        assert_spk_ok(spk_alg_lens(k.alg, &lens));
        assert_non_null(spk_alg_name(k.alg));
        k.key = spk_span(key, lens.min);
        assert_spk_ok(spk_anysimple_build(&k, pair, i % 2 != 0, &b));
        assert_int_equal(b.len, 12 + 128);
        assert_spk_ok(spk_anysimple_open(spk_buf_span(&b), pair, i % 2 != 0, &plain));
        assert_spk_ok(spk_plainkey_parse(spk_secret_span(plain), &back));
        assert_int_equal(back.alg, k.alg);
        assert_span_equal(back.key, k.key);
    }
}

/* Bad padding tells nothing: a key of a right length, the same each time, and not the one meant. */
static void
implicit_rejection(void **state)
{
    SPK_AUTO(spk_anyrsa) pair = demo();
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
    SPK_AUTO_BUF struct spk_buf good = SPK_BUF((size_t)4096);
    SPK_AUTO(spk_secret) one = NULL;
    SPK_AUTO(spk_secret) two = NULL;

    (void)state;
    known("simple2", &b);
    known("plain.aes256", &good);
    b.ptr[40] ^= 1;
    assert_spk_ok(spk_anysimple_open(spk_buf_span(&b), pair, false, &one));
    assert_spk_ok(spk_anysimple_open(spk_buf_span(&b), pair, false, &two));
    assert_true(spk_secret_eq(one, two));
    assert_int_equal(spk_secret_len(one), good.len);
    assert_memory_not_equal(spk_secret_span(one).ptr, good.ptr, good.len);
}

static void
oaep_is_refused(void **state)
{
    SPK_AUTO(spk_anyrsa) pair = demo();
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
    SPK_AUTO(spk_secret) plain = NULL;

    (void)state;
    known("simple3", &b);
    b.ptr[40] ^= 1;
    assert_spk_code(spk_anysimple_open(spk_buf_span(&b), pair, true, &plain), AUTH);
    assert_null(plain);
}

static void
simple_structure(void **state)
{
    SPK_AUTO(spk_anyrsa) pair = demo();
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
    SPK_AUTO(spk_secret) plain = NULL;
    struct spk_simpleblob sb;
    static const struct {
        size_t at;
        uint8_t value;
        bool version;
    } bad[] = {{0, 6, false}, {1, 3, true}, {4, 0x0b, true}, {5, 0x80, true}, {8, 1, false}};

    (void)state;
    known("simple1", &b);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t was = b.ptr[bad[i].at];

        b.ptr[bad[i].at] = bad[i].value;
        if (bad[i].version) {
            assert_spk_code(spk_anysimple_parse(spk_buf_span(&b), &sb), VERSION);
        } else {
            assert_spk_code(spk_anysimple_parse(spk_buf_span(&b), &sb), FORMAT);
        }
        b.ptr[bad[i].at] = was;
    }
    assert_spk_code(spk_anysimple_open(spk_span(b.ptr, b.len - 1), pair, false, &plain), FORMAT);
    assert_spk_code(spk_anysimple_parse(spk_span(b.ptr, 12 + 47), &sb), TRUNC);
    assert_spk_code(spk_anysimple_parse(spk_span(b.ptr, 7), &sb), TRUNC);
    b.ptr[2] = 9; /* reserved: anything */
    assert_spk_ok(spk_anysimple_parse(spk_buf_span(&b), &sb));
    memset(b.ptr + 12, 0xff, b.len - 12); /* not below N */
    assert_spk_code(spk_anysimple_open(spk_buf_span(&b), pair, false, &plain), FORMAT);
}

static void
plain_structure(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
    struct spk_plainkey k;

    (void)state;
    known("plain.aes256", &b);
    for (size_t n = 0; n < b.len; n++) {
        assert_false(spk_ok(spk_plainkey_parse(spk_span(b.ptr, n), &k)));
    }
    b.ptr[8] = 24; /* a length that AES-256 does not have, then bytes behind */
    assert_spk_code(spk_plainkey_parse(spk_buf_span(&b), &k), FORMAT);
    b.ptr[8] = 32;
    b.ptr[0] = SPK_BLOB_SIMPLE;
    assert_spk_code(spk_plainkey_parse(spk_buf_span(&b), &k), FORMAT);
    b.ptr[0] = SPK_BLOB_OPAQUE;
    assert_false(spk_ok(spk_plainkey_parse(spk_buf_span(&b), &k)));
    b.ptr[0] = SPK_BLOB_PLAINTEXT;
    assert_spk_ok(spk_buf_u8(&b, 0));
    assert_spk_code(spk_plainkey_parse(spk_buf_span(&b), &k), FORMAT);
}

/* As doc/spec/key-blobs.md lays it out. */
static void
opaque(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
    const uint32_t fields[] = {SPK_OPAQUE_MAGIC, 1, 8, 40, 11};
    struct spk_plainkey k;

    (void)state;
    assert_spk_ok(spk_buf_add(&b, SPK_SPAN_LIT("\x09\x02\0\0\x02\x66\0\0")));
    for (size_t i = 0; i < 5; i++) {
        assert_spk_ok(spk_buf_u32le(&b, fields[i]));
    }
    for (uint8_t i = 0; i < SPK_OPAQUE_SALT_MAX + 2 * 16; i++) {
        assert_spk_ok(spk_buf_u8(&b, i));
    }
    assert_spk_ok(spk_buf_u32le(&b, 5));
    assert_spk_ok(spk_buf_str(&b, "abcde"));
    assert_spk_ok(spk_plainkey_parse(spk_buf_span(&b), &k));
    assert_true(k.opaque);
    assert_int_equal(k.alg, SPK_CALG_RC2);
    assert_int_equal(k.rc2_bits, 40);
    assert_int_equal(k.salt.len, 11);
    assert_int_equal(k.iv.ptr[0], SPK_OPAQUE_SALT_MAX);
    assert_span_equal(k.key, SPK_SPAN_LIT("abcde"));
    b.ptr[24] = SPK_OPAQUE_SALT_MAX + 1;
    assert_spk_code(spk_plainkey_parse(spk_buf_span(&b), &k), FORMAT);
    b.ptr[24] = 11;
    b.ptr[8] ^= 1;
    assert_spk_code(spk_plainkey_parse(spk_buf_span(&b), &k), FORMAT);
}

/* Built, it is what was read, with zeros behind the salt. */
static void
opaque_there_and_back(void **state)
{
    static const uint8_t salt[SPK_OPAQUE_SALT_MAX] = {1, 2, 3}, iv[16] = {4}, chain[16] = {5};
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
    struct spk_plainkey k = {.alg = SPK_CALG_RC2,
                             .key = SPK_SPAN_LIT("abcde"),
                             .mode = 2,
                             .mode_bits = 8,
                             .rc2_bits = 1024,
                             .iv = SPK_SPAN_OF(iv),
                             .chain = SPK_SPAN_OF(chain)};
    (void)state;
    for (size_t n = 0; n <= SPK_OPAQUE_SALT_MAX; n += 3) {
        struct spk_plainkey got;
        k.salt = spk_span(salt, n);
        spk_buf_reset(&b);
        assert_spk_ok(spk_opaque_build(&k, &b));
        assert_int_equal(b.len, 8 + 20 + SPK_OPAQUE_SALT_MAX + 32 + 4 + 5);
        assert_spk_ok(spk_plainkey_parse(spk_buf_span(&b), &got));
        assert_true(got.opaque && got.mode == 2 && got.mode_bits == 8 && got.rc2_bits == 1024);
        assert_span_equal(got.salt, k.salt);
        assert_span_equal(got.iv, k.iv);
        assert_span_equal(got.chain, k.chain);
        assert_span_equal(got.key, k.key);
        assert_true(spk_ct_zero(b.ptr + 28 + n, SPK_OPAQUE_SALT_MAX - n));
    }
    k.salt.len = SPK_OPAQUE_SALT_MAX + 1;
    assert_spk_code(spk_opaque_build(&k, &b), USAGE);
}

/* Each length short by one and long by one, each number out of its bounds. */
static void
opaque_field_by_field(void **state)
{
    static const struct {
        size_t at;
        uint32_t value;
    } bad[] = {{12, 5}, {12, UINT32_MAX}, {20, 0}, {20, 1025},      {24, 25},
               {84, 4}, {84, 6},          {84, 0}, {84, UINT32_MAX}};
    static const uint8_t zeros[16];
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
    struct spk_plainkey k = {.alg = SPK_CALG_RC2,
                             .key = SPK_SPAN_LIT("abcde"),
                             .mode = 1,
                             .rc2_bits = 40,
                             .iv = SPK_SPAN_OF(zeros),
                             .chain = SPK_SPAN_OF(zeros)};
    struct spk_plainkey got;
    (void)state;
    assert_spk_ok(spk_opaque_build(&k, &b));
    assert_spk_ok(spk_plainkey_parse(spk_buf_span(&b), &got));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t was[4];
        memcpy(was, b.ptr + bad[i].at, sizeof was);
        spk_put_u32le(b.ptr + bad[i].at, bad[i].value);
        assert_false(spk_ok(spk_plainkey_parse(spk_buf_span(&b), &got)));
        memcpy(b.ptr + bad[i].at, was, sizeof was);
    }
    for (size_t len = 0; len < b.len; len++) {
        assert_false(spk_ok(spk_plainkey_parse(spk_span(b.ptr, len), &got)));
    }
    assert_spk_ok(spk_buf_u8(&b, 0));
    assert_false(spk_ok(spk_plainkey_parse(spk_buf_span(&b), &got)));
}

static void
too_short_a_modulus(void **state)
{
    SPK_AUTO(spk_anyrsa) pair = demo();
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_ANYSIMPLE_MAX);
    uint8_t key[60] = {0};
    struct spk_plainkey k = {.alg = SPK_CALG_RC2, .key = SPK_SPAN_OF(key)};

    (void)state;
    assert_spk_code(spk_anysimple_build(&k, pair, false, &b), LIMIT);
    assert_int_equal(b.len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(plain_known_answers),
        cmocka_unit_test(both_ways),
        cmocka_unit_test(implicit_rejection),
        cmocka_unit_test(oaep_is_refused),
        cmocka_unit_test(simple_structure),
        cmocka_unit_test(plain_structure),
        cmocka_unit_test(opaque),
        cmocka_unit_test(opaque_there_and_back),
        cmocka_unit_test(opaque_field_by_field),
        cmocka_unit_test(too_short_a_modulus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
