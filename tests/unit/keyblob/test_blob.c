/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/file.h"
#include "base/text.h"
#include "keyblob/blob.h"
#include "vec.h"

#define ROOM 8192
#define HEAD 20

static void
parse_public(const char *key, const char *name, enum spk_key_spec want_spec)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf spki = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(ROOM);
    SPK_AUTO(spk_rsa) pub = NULL;
    enum spk_key_spec spec = 0;
    vec_get(key, name, &blob);
    vec_get(key, "spki", &spki);
    assert_spk_ok(spk_pubblob_parse(spk_buf_span(&blob), &spec, &pub));
    assert_int_equal(spec, want_spec);
    assert_false(spk_rsa_is_pair(pub));
    assert_span_equal(spk_rsa_spki(pub), spk_buf_span(&spki));
    assert_spk_ok(spk_pubblob_build(pub, spec, &again));
    assert_span_equal(spk_buf_span(&again), spk_buf_span(&blob));
}

static void
parse_private(const char *key, const char *name, enum spk_key_spec want_spec)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf spki = SPK_BUF(ROOM);
    SPK_AUTO(spk_secret) again = NULL;
    SPK_AUTO(spk_rsa) pair = NULL;
    enum spk_key_spec spec = 0;
    vec_get(key, name, &blob);
    vec_get(key, "spki", &spki);
    assert_spk_ok(spk_privblob_parse(spk_buf_span(&blob), &spec, &pair));
    assert_int_equal(spec, want_spec);
    assert_true(spk_rsa_is_pair(pair));
    assert_span_equal(spk_rsa_spki(pair), spk_buf_span(&spki));
    assert_spk_ok(spk_privblob_build(pair, spec, &again));
    assert_span_equal(spk_secret_span(again), spk_buf_span(&blob));
}

static void
test_vectors(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VEC_KEYS; i++) {
        parse_public(vec_keys[i], "public_keyx", SPK_AT_KEYEXCHANGE);
        parse_public(vec_keys[i], "public_sign", SPK_AT_SIGNATURE);
        parse_private(vec_keys[i], "private_keyx", SPK_AT_KEYEXCHANGE);
        parse_private(vec_keys[i], "private_sign", SPK_AT_SIGNATURE);
    }
}

/* The table of sizes that CryptoAPI programs count on. */
static void
test_sizes(void **state)
{
    static const size_t want[VEC_KEYS][2] = {{276, 1172}, {404, 1748}, {532, 2324}};
    (void)state;
    for (unsigned i = 0; i < VEC_KEYS; i++) {
        SPK_AUTO_BUF struct spk_buf pub = SPK_BUF(SPK_PUBBLOB_MAX);
        SPK_AUTO(spk_secret) priv = NULL;
        SPK_AUTO(spk_rsa) pair = vec_pair(vec_keys[i]);
        assert_spk_ok(spk_pubblob_build(pair, SPK_AT_KEYEXCHANGE, &pub));
        assert_spk_ok(spk_privblob_build(pair, SPK_AT_KEYEXCHANGE, &priv));
        assert_int_equal(pub.len, want[i][0]);
        assert_int_equal(spk_secret_len(priv), want[i][1]);
        assert_true(want[i][1] <= SPK_PRIVBLOB_MAX);
    }
}

/* A 512-bit key: the right format, but not a key that anything here would use. */
static void
test_too_small(void **state)
{
    static const char hex[] =
        "0602000000a40000525341310002000001000100af9016f6f7cc5e8222bc2112b48bedb00f0252de7199b4546a"
        "db9a523b3a93fbafbfe25279b04d4cef017e6edd269e1c0900877d6ac64246d53ff5787de9c5b9";
    uint8_t blob[84];
    enum spk_key_spec spec;
    struct spk_rsa *key = NULL;
    (void)state;
    assert_spk_ok(spk_hex_parse(SPK_SPAN_LIT(hex), blob, sizeof blob));
    assert_spk_code(spk_pubblob_parse(SPK_SPAN_OF(blob), &spec, &key), LIMIT);
    assert_null(key);
}

static void
openssl_reads_private(const char *dir, const struct spk_rsa *pair)
{
    SPK_AUTO_BUF struct spk_buf theirs = SPK_BUF(ROOM);
    SPK_AUTO(spk_secret) ours = NULL;
    SPK_AUTO_STR char *in = in_dir(dir, "ours.priv");
    SPK_AUTO_STR char *out = in_dir(dir, "theirs.priv");
    assert_spk_ok(spk_privblob_build(pair, SPK_AT_KEYEXCHANGE, &ours));
    put_file(in, spk_secret_span(ours));
    assert_int_equal(run((const char *const[]){"openssl", "rsa", "-inform", "MSBLOB", "-in", in,
                                               "-check", "-noout", NULL}),
                     0);
    assert_int_equal(run((const char *const[]){"openssl", "rsa", "-inform", "MSBLOB", "-in", in,
                                               "-outform", "MSBLOB", "-out", out, NULL}),
                     0);
    get_file(out, &theirs);
    assert_span_equal(spk_buf_span(&theirs), spk_secret_span(ours));
}

static void
openssl_reads_public(const char *dir, const struct spk_rsa *pair)
{
    SPK_AUTO_BUF struct spk_buf ours = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf spki = SPK_BUF(ROOM);
    SPK_AUTO_STR char *in = in_dir(dir, "ours.pub");
    SPK_AUTO_STR char *out = in_dir(dir, "theirs.der");
    assert_spk_ok(spk_pubblob_build(pair, SPK_AT_SIGNATURE, &ours));
    put_file(in, spk_buf_span(&ours));
    assert_int_equal(
        run((const char *const[]){"openssl", "rsa", "-pubin", "-inform", "MSBLOB", "-in", in,
                                  "-pubout", "-outform", "DER", "-out", out, NULL}),
        0);
    get_file(out, &spki);
    assert_span_equal(spk_buf_span(&spki), spk_rsa_spki(pair));
}

static void
we_read_openssl(const char *dir, const char *key, const struct spk_rsa *pair)
{
    SPK_AUTO_BUF struct spk_buf priv = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf pub = SPK_BUF(ROOM);
    SPK_AUTO(spk_rsa) got_pair = NULL;
    SPK_AUTO(spk_rsa) got_pub = NULL;
    SPK_AUTO_STR char *pem = vec_pem(key);
    SPK_AUTO_STR char *out = in_dir(dir, "openssl.blob");
    enum spk_key_spec spec = 0;
    assert_int_equal(run((const char *const[]){"openssl", "rsa", "-in", pem, "-outform", "MSBLOB",
                                               "-out", out, NULL}),
                     0);
    get_file(out, &priv);
    assert_spk_ok(spk_privblob_parse(spk_buf_span(&priv), &spec, &got_pair));
    assert_int_equal(spec, SPK_AT_KEYEXCHANGE);
    assert_span_equal(spk_rsa_spki(got_pair), spk_rsa_spki(pair));
    assert_int_equal(run((const char *const[]){"openssl", "rsa", "-in", pem, "-pubout", "-outform",
                                               "MSBLOB", "-out", out, NULL}),
                     0);
    get_file(out, &pub);
    assert_spk_ok(spk_pubblob_parse(spk_buf_span(&pub), &spec, &got_pub));
    assert_span_equal(spk_rsa_spki(got_pub), spk_rsa_spki(pair));
}

static void
test_openssl(void **state)
{
    char *dir = spk_test_dir();
    (void)state;
    for (unsigned i = 0; i < VEC_KEYS; i++) {
        SPK_AUTO(spk_rsa) pair = vec_pair(vec_keys[i]);
        openssl_reads_private(dir, pair);
        openssl_reads_public(dir, pair);
        we_read_openssl(dir, vec_keys[i], pair);
    }
    spk_test_dir_remove(dir);
}

static void
test_fresh_pair(void **state)
{
    SPK_AUTO(spk_rsa) pair = NULL;
    SPK_AUTO(spk_rsa) again = NULL;
    SPK_AUTO(spk_secret) blob = NULL;
    enum spk_key_spec spec = 0;
    char *dir = spk_test_dir();
    (void)state;
    assert_spk_ok(spk_rsa_generate(SPK_RSA_MIN_BITS, &pair));
    assert_spk_ok(spk_privblob_build(pair, SPK_AT_SIGNATURE, &blob));
    assert_spk_ok(spk_privblob_parse(spk_secret_span(blob), &spec, &again));
    assert_int_equal(spec, SPK_AT_SIGNATURE);
    assert_span_equal(spk_rsa_spki(again), spk_rsa_spki(pair));
    openssl_reads_private(dir, pair);
    spk_test_dir_remove(dir);
}

/* A buffer keeps what it held before; a full one is left alone. */
static void
test_appends(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(1 + 276);
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-2048");
    (void)state;
    assert_spk_ok(spk_buf_u8(&b, 0x5a));
    assert_spk_ok(spk_pubblob_build(pair, SPK_AT_KEYEXCHANGE, &b));
    assert_int_equal(b.len, 1 + 276);
    assert_int_equal(b.ptr[0], 0x5a);
    assert_int_equal(b.ptr[1], SPK_BLOB_PUBLIC);
    assert_spk_code(spk_pubblob_build(pair, SPK_AT_KEYEXCHANGE, &b), LIMIT);
    assert_int_equal(b.len, 1 + 276);
}

static void
test_build_usage(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(ROOM);
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-2048");
    SPK_AUTO(spk_rsa) pub = NULL;
    struct spk_secret *blob = NULL;
    (void)state;
    assert_spk_ok(spk_rsa_public(pair, &pub));
    assert_spk_code(spk_pubblob_build(pair, (enum spk_key_spec)3, &b), USAGE);
    assert_spk_code(spk_privblob_build(pair, (enum spk_key_spec)0, &blob), USAGE);
    assert_spk_code(spk_privblob_build(pub, SPK_AT_KEYEXCHANGE, &blob), USAGE);
    assert_int_equal(b.len, 0);
    assert_null(blob);
}

/* Parses as the kind says; on failure the outputs must be what they were, and OpenSSL's queue
 * clean. */
static spk_err
parse(bool pair, struct spk_span blob)
{
    struct spk_rsa *const untouched = (struct spk_rsa *)(uintptr_t)0x5aa5;
    struct spk_rsa *key = untouched;
    enum spk_key_spec spec = (enum spk_key_spec)77;
    spk_err e = pair ? spk_privblob_parse(blob, &spec, &key) : spk_pubblob_parse(blob, &spec, &key);
    if (spk_ok(e)) {
        assert_ptr_not_equal(key, untouched);
        spk_rsa_free(key);
    } else {
        assert_ptr_equal(key, untouched);
        assert_int_equal(spec, 77);
    }
    assert_int_equal(ERR_peek_error(), 0);
    return e;
}

struct fault {
    const char *what;
    size_t off;
    size_t len;
    uint8_t bytes[4];
    enum spk_code code;
};

static void
check_faults(bool pair, const char *name, const struct fault *faults, size_t n)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
    vec_get("rsa-2048", name, &blob);
    for (size_t i = 0; i < n; i++) {
        SPK_AUTO_BUF struct spk_buf bad = SPK_BUF(ROOM);
        assert_spk_ok(spk_buf_add(&bad, spk_buf_span(&blob)));
        memcpy(bad.ptr + faults[i].off, faults[i].bytes, faults[i].len);
        spk_err e = parse(pair, spk_buf_span(&bad));
        if (e.code != faults[i].code) {
            fail_msg("%s, %s: %s", name, faults[i].what, spk_code_name(e.code));
        }
    }
}

/* Faults of the part that both kinds share; alg and reserved are the last two that pass. */
static const struct fault head_faults[] = {
    {"version 1", 1, 1, {1}, SPK_CODE_VERSION},
    {"version 3", 1, 1, {3}, SPK_CODE_VERSION},
    {"no RSA algorithm", 4, 4, {0x10, 0x66}, SPK_CODE_FORMAT},
    {"algorithm, high half", 6, 1, {1}, SPK_CODE_FORMAT},
    {"magic", 8, 1, {'S'}, SPK_CODE_FORMAT},
    {"magic of neither", 11, 1, {'3'}, SPK_CODE_FORMAT},
    {"0 bits", 12, 4, {0}, SPK_CODE_LIMIT},
    {"2040 bits", 12, 4, {0xf8, 0x07}, SPK_CODE_LIMIT},
    {"2047 bits", 12, 4, {0xff, 0x07}, SPK_CODE_LIMIT},
    {"2049 bits", 12, 4, {0x01, 0x08}, SPK_CODE_LIMIT},
    {"2056 bits, not that many bytes", 12, 4, {0x08, 0x08}, SPK_CODE_TRUNC},
    {"4096 bits, not that many bytes", 12, 4, {0x00, 0x10}, SPK_CODE_TRUNC},
    {"4104 bits", 12, 4, {0x08, 0x10}, SPK_CODE_LIMIT},
    {"all bits", 12, 4, {0xff, 0xff, 0xff, 0xff}, SPK_CODE_LIMIT},
    {"exponent 0", 16, 4, {0}, SPK_CODE_LIMIT},
    {"exponent 1", 16, 4, {1}, SPK_CODE_LIMIT},
    {"exponent 3", 16, 4, {3}, SPK_CODE_LIMIT},
    {"exponent 65535", 16, 4, {0xff, 0xff}, SPK_CODE_LIMIT},
    {"exponent 65538", 16, 4, {2, 0, 1}, SPK_CODE_LIMIT},
    {"top bits of the modulus", HEAD + 255, 1, {0x01}, SPK_CODE_FORMAT},
    {"reserved", 2, 2, {0xff, 0xee}, SPK_CODE_OK},
    {"signature key", 4, 4, {0x00, 0x24}, SPK_CODE_OK},
};

static void
test_public_faults(void **state)
{
    static const struct fault faults[] = {
        {"type private", 0, 1, {SPK_BLOB_PRIVATE}, SPK_CODE_FORMAT},
        {"type simple", 0, 1, {SPK_BLOB_SIMPLE}, SPK_CODE_FORMAT},
        {"magic of a pair", 11, 1, {'2'}, SPK_CODE_FORMAT},
        {"exponent 65539", 16, 4, {3, 0, 1}, SPK_CODE_OK},
        {"exponent of 32 bits", 16, 4, {0xff, 0xff, 0xff, 0xff}, SPK_CODE_OK},
        {"even modulus", HEAD, 1, {0x02}, SPK_CODE_LIMIT},
    };
    (void)state;
    check_faults(false, "public_keyx", head_faults, sizeof head_faults / sizeof head_faults[0]);
    check_faults(false, "public_keyx", faults, sizeof faults / sizeof faults[0]);
}

#define P (HEAD + 256)
#define Q (P + 128)
#define DP (Q + 128)
#define DQ (DP + 128)
#define QINV (DQ + 128)
#define D (QINV + 128)

static void
test_private_faults(void **state)
{
    static const struct fault faults[] = {
        {"type public", 0, 1, {SPK_BLOB_PUBLIC}, SPK_CODE_FORMAT},
        {"magic of a public key", 11, 1, {'1'}, SPK_CODE_FORMAT},
        {"another exponent", 16, 4, {3, 0, 1}, SPK_CODE_FORMAT},
    };
    (void)state;
    check_faults(true, "private_keyx", head_faults, sizeof head_faults / sizeof head_faults[0]);
    check_faults(true, "private_keyx", faults, sizeof faults / sizeof faults[0]);
}

/* Every number but one belongs to the pair. */
static void
test_private_numbers(void **state)
{
    static const size_t fields[][2] = {{HEAD, 256}, {P, 128},    {Q, 128}, {DP, 128},
                                       {DQ, 128},   {QINV, 128}, {D, 256}};
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
    (void)state;
    vec_get("rsa-2048", "private_keyx", &blob);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        uint8_t *low = blob.ptr + fields[i][0];
        uint8_t *field = low;
        uint8_t saved[256];
        memcpy(saved, field, fields[i][1]);
        *low ^= 0x04; /* the modulus and the primes stay odd */
        assert_spk_code(parse(true, spk_buf_span(&blob)), FORMAT);
        *low ^= 0x04;
        memset(field, 0, fields[i][1]);
        assert_spk_code(parse(true, spk_buf_span(&blob)), FORMAT);
        memcpy(field, saved, fields[i][1]);
    }
    assert_spk_ok(parse(true, spk_buf_span(&blob)));
}

/* p and q exchanged still multiply to N, but what belongs to each does not. */
static void
test_primes_exchanged(void **state)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
    uint8_t p[128];
    (void)state;
    vec_get("rsa-2048", "private_keyx", &blob);
    memcpy(p, blob.ptr + P, sizeof p);
    memcpy(blob.ptr + P, blob.ptr + Q, sizeof p);
    memcpy(blob.ptr + Q, p, sizeof p);
    assert_spk_code(parse(true, spk_buf_span(&blob)), FORMAT);
}

/* With no private number at all it must not pass for a public key. */
static void
test_pair_of_zeros(void **state)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
    (void)state;
    vec_get("rsa-2048", "private_keyx", &blob);
    memset(blob.ptr + P, 0, blob.len - P);
    assert_spk_code(parse(true, spk_buf_span(&blob)), FORMAT);
}

static void
lengths(bool pair, const char *name)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
    vec_get("rsa-2048", name, &blob);
    for (size_t len = 0; len < blob.len; len++) {
        assert_spk_code(parse(pair, spk_span(blob.ptr, len)), TRUNC);
    }
    assert_spk_ok(spk_buf_u8(&blob, 0));
    assert_spk_code(parse(pair, spk_buf_span(&blob)), FORMAT);
}

static void
test_lengths(void **state)
{
    (void)state;
    lengths(false, "public_keyx");
    lengths(true, "private_keyx");
}

/* bitlen of the next smaller key: bytes are left over. */
static void
test_more_than_bitlen(void **state)
{
    static const uint8_t bits_2048[4] = {0x00, 0x08};
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
    (void)state;
    vec_get("rsa-3072", "public_keyx", &blob);
    blob.ptr[HEAD] |= 1;
    blob.ptr[HEAD + 255] |= 0x80;
    memcpy(blob.ptr + 12, bits_2048, sizeof bits_2048);
    assert_spk_code(parse(false, spk_buf_span(&blob)), FORMAT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),          cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_too_small),        cmocka_unit_test(test_openssl),
        cmocka_unit_test(test_fresh_pair),       cmocka_unit_test(test_appends),
        cmocka_unit_test(test_build_usage),      cmocka_unit_test(test_public_faults),
        cmocka_unit_test(test_private_faults),   cmocka_unit_test(test_private_numbers),
        cmocka_unit_test(test_primes_exchanged), cmocka_unit_test(test_pair_of_zeros),
        cmocka_unit_test(test_lengths),          cmocka_unit_test(test_more_than_bitlen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
