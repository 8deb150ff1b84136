/* SPDX-License-Identifier: Apache-2.0 */
#include "keyblob/anyblob.h"

#include <string.h>

#include "base/rd.h"
#include "base/text.h"
#include "spk_test.h"

#define ROOM SPK_ANYBLOB_MAX

struct blob {
    uint8_t b[ROOM];
    size_t len;
};

static struct blob
known(const char *name)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(1 << 20);
    struct blob v = {.len = 0};
    struct spk_span line;
    spk_test_vector("capi/known.txt", &text);
    struct spk_rd r = spk_rd(spk_buf_span(&text));
    while (spk_ok(spk_rd_line(&r, 1 << 16, &line))) {
        if (spk_skip_prefix(&line, name) && spk_skip_prefix(&line, " ")) {
            v.len = line.len / 2;
            assert_spk_ok(spk_hex_parse(line, v.b, v.len));
            return v;
        }
    }
    fail_msg("no known answer %s", name);
    return v;
}

static void
known_blobs(void **state)
{
    struct blob pub = known("demo.public"), priv = known("demo.private");
    SPK_AUTO(spk_anyrsa) key = NULL;
    SPK_AUTO(spk_anyrsa) pair = NULL;
    SPK_AUTO(spk_secret) again = NULL;
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(ROOM);
    uint32_t alg = 0;
    (void)state;
    assert_spk_ok(spk_anyblob_parse_public(spk_span(pub.b, pub.len), &alg, &key));
    assert_int_equal(alg, SPK_CALG_RSA_KEYX);
    assert_false(spk_anyrsa_is_pair(key));
    assert_spk_ok(spk_anyblob_parse_private(spk_span(priv.b, priv.len), &alg, &pair));
    assert_true(spk_anyrsa_is_pair(pair));
    assert_spk_ok(spk_anyblob_private(pair, SPK_CALG_RSA_KEYX, &again));
    assert_span_equal(spk_secret_span(again), spk_span(priv.b, priv.len));
    assert_spk_ok(spk_anyblob_public(pair, SPK_CALG_RSA_KEYX, &out));
    assert_span_equal(spk_buf_span(&out), spk_span(pub.b, pub.len));
    spk_secret_free(again);
    again = NULL;
    assert_spk_code(spk_anyblob_private(key, SPK_CALG_RSA_KEYX, &again), USAGE);
    assert_null(again);
}

/* Sizes at both ends, and one whose half is no whole number of bytes. */
static void
there_and_back(void **state)
{
    static const unsigned sizes[] = {384, 392, 512, 520, 1024};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        SPK_AUTO(spk_anyrsa) pair = NULL;
        SPK_AUTO(spk_anyrsa) again = NULL;
        SPK_AUTO(spk_secret) a = NULL;
        SPK_AUTO(spk_secret) b = NULL;
        uint32_t alg = 0;
        size_t k = sizes[i] / 8;
        assert_spk_ok(spk_anyrsa_generate(sizes[i], &pair));
        assert_spk_ok(spk_anyblob_private(pair, SPK_CALG_RSA_SIGN, &a));
        assert_int_equal(spk_secret_len(a), 20 + 2 * k + 5 * ((k + 1) / 2));
        assert_spk_ok(spk_anyblob_parse_private(spk_secret_span(a), &alg, &again));
        assert_int_equal(alg, SPK_CALG_RSA_SIGN);
        assert_spk_ok(spk_anyblob_private(again, alg, &b));
        assert_true(spk_secret_eq(a, b));
    }
}

/* The private exponent comes last and may be cut anywhere; nothing before it may. */
static void
cut_anywhere(void **state)
{
    struct blob priv = known("demo.private"), pub = known("demo.public");
    size_t need = 20 + 64 + 5 * 32;
    uint32_t alg = 0;
    (void)state;
    for (size_t len = 0; len <= priv.len; len++) {
        SPK_AUTO(spk_anyrsa) pair = NULL;
        SPK_AUTO(spk_secret) whole = NULL;
        spk_err e = spk_anyblob_parse_private(spk_span(priv.b, len), &alg, &pair);
        assert_int_equal(spk_ok(e), len >= need);
        if (spk_ok(e)) {
            assert_spk_ok(spk_anyblob_private(pair, alg, &whole));
            assert_span_equal(spk_secret_span(whole), spk_span(priv.b, priv.len));
        } else {
            assert_null(pair);
        }
    }
    for (size_t len = 0; len < pub.len; len++) {
        SPK_AUTO(spk_anyrsa) key = NULL;
        assert_false(spk_ok(spk_anyblob_parse_public(spk_span(pub.b, len), &alg, &key)));
        assert_null(key);
    }
}

static void
fields(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        enum spk_code code;
    } bad[] = {{0, 7, SPK_CODE_FORMAT},     {1, 3, SPK_CODE_VERSION}, {8, 0x51, SPK_CODE_FORMAT},
               {11, 0x32, SPK_CODE_FORMAT}, {13, 0, SPK_CODE_LIMIT},  {15, 0x80, SPK_CODE_LIMIT},
               {20, 0xae, SPK_CODE_FORMAT}, {16, 0, SPK_CODE_FORMAT}};
    struct blob pub = known("demo.public");
    SPK_AUTO(spk_anyrsa) key = NULL;
    uint32_t alg = 0;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t keep = pub.b[bad[i].at];
        pub.b[bad[i].at] = bad[i].value;
        assert_int_equal(spk_anyblob_parse_public(spk_span(pub.b, pub.len), &alg, &key).code,
                         bad[i].code);
        assert_null(key);
        pub.b[bad[i].at] = keep;
    }
    pub.b[2] = 0x7f; /* reserved */
    assert_spk_ok(spk_anyblob_parse_public(spk_span(pub.b, pub.len), &alg, &key));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_blobs),
                                       cmocka_unit_test(there_and_back),
                                       cmocka_unit_test(cut_anywhere), cmocka_unit_test(fields)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
