/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "crypto/pad.h"
#include "crypto/rng.h"
#include "keyblob/simple.h"
#include "keyblob/wrap.h"
#include "vec.h"

#define ROOM 8192
#define HEAD 12
#define OAEP SPK_WRAP_OAEP
#define DERIVED SPK_WRAP_DERIVED

static struct spk_secret *session_key;
static struct spk_file_id file_id;

static int
setup(void **state)
{
    SPK_AUTO_BUF struct spk_buf key = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf id = SPK_BUF(ROOM);
    (void)state;
    vec_get(NULL, "session_key", &key);
    vec_get(NULL, "file_id", &id);
    assert_int_equal(id.len, sizeof file_id.b);
    memcpy(file_id.b, id.ptr, id.len);
    assert_spk_ok(spk_secret_from(spk_buf_span(&key), &session_key));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spk_secret_free(session_key);
    return 0;
}

/* On failure the output must be what it was; OpenSSL's queue is clean either way. */
static spk_err
unwrap(struct spk_span blob, const struct spk_rsa *pair, unsigned flags,
       struct spk_secret **ret_key)
{
    struct spk_secret *const untouched = (struct spk_secret *)(uintptr_t)0x5aa5;
    struct spk_secret *key = untouched;
    spk_err e = spk_unwrap(blob, pair, flags, &key);
    if (spk_ok(e)) {
        *ret_key = key;
    } else {
        assert_ptr_equal(key, untouched);
    }
    assert_int_equal(ERR_peek_error(), 0);
    return e;
}

static void
refused(struct spk_span blob, const struct spk_rsa *pair, unsigned flags, enum spk_code code)
{
    SPK_AUTO(spk_secret) key = NULL;
    spk_err e = unwrap(blob, pair, flags, &key);
    assert_string_equal(spk_code_name(e.code), spk_code_name(code));
}

static void
opens_to(struct spk_span blob, const struct spk_rsa *pair, unsigned flags, struct spk_span want)
{
    SPK_AUTO(spk_secret) key = NULL;
    assert_spk_ok(unwrap(blob, pair, flags, &key));
    assert_span_equal(spk_secret_span(key), want);
}

static void
wrap(const struct spk_rsa *pub, unsigned flags, struct spk_buf *blob)
{
    assert_spk_ok(
        spk_wrap(session_key, pub, (flags & DERIVED) != 0 ? &file_id : NULL, flags, blob));
    assert_int_equal(ERR_peek_error(), 0);
}

static void
test_derived_vectors(void **state)
{
    static const struct {
        const char *name;
        unsigned flags;
    } kinds[] = {{"oaep_derived", OAEP | DERIVED}, {"v15_derived", DERIVED}};
    (void)state;
    for (unsigned i = 0; i < 2 * VEC_KEYS; i++) {
        const char *key = vec_keys[i / 2];
        unsigned flags = kinds[i % 2].flags;
        SPK_AUTO_BUF struct spk_buf want = SPK_BUF(ROOM);
        SPK_AUTO_BUF struct spk_buf got = SPK_BUF(SPK_SIMPLEBLOB_MAX);
        SPK_AUTO(spk_rsa) pair = vec_pair(key);
        SPK_AUTO(spk_rsa) pub = NULL;
        assert_spk_ok(spk_rsa_public(pair, &pub));
        vec_get(key, kinds[i % 2].name, &want);
        wrap(pub, flags, &got);
        assert_span_equal(spk_buf_span(&got), spk_buf_span(&want));
        opens_to(spk_buf_span(&want), pair, flags, spk_secret_span(session_key));
        assert_spk_ok(spk_wrap_matches(spk_buf_span(&want), session_key, pub, &file_id, flags));
    }
}

static void
test_random_vectors(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VEC_KEYS; i++) {
        SPK_AUTO_BUF struct spk_buf oaep = SPK_BUF(ROOM);
        SPK_AUTO_BUF struct spk_buf v15 = SPK_BUF(ROOM);
        SPK_AUTO(spk_rsa) pair = vec_pair(vec_keys[i]);
        vec_get(vec_keys[i], "oaep_random", &oaep);
        vec_get(vec_keys[i], "v15_random", &v15);
        opens_to(spk_buf_span(&oaep), pair, OAEP, spk_secret_span(session_key));
        opens_to(spk_buf_span(&v15), pair, 0, spk_secret_span(session_key));
    }
}

/* Each bad v1.5 block opens, without any sign, to the key that the specification derives. */
static void
test_bad_v15(void **state)
{
    (void)state;
    for (unsigned k = 0; k < VEC_KEYS; k++) {
        SPK_AUTO(spk_rsa) pair = vec_pair(vec_keys[k]);
        unsigned n = 0;
        for (;; n++) {
            SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
            SPK_AUTO_BUF struct spk_buf want = SPK_BUF(ROOM);
            if (!vec_bad(vec_keys[k], n, &blob, &want)) {
                break;
            }
            opens_to(spk_buf_span(&blob), pair, 0, spk_buf_span(&want));
            opens_to(spk_buf_span(&blob), pair, 0, spk_buf_span(&want));
        }
        assert_int_equal(n, 8);
    }
}

/* The cipher text of a BLOB as openssl takes and gives it. */
static void
reversed(struct spk_span src, struct spk_buf *ret_b)
{
    for (size_t i = src.len; i > 0; i--) {
        assert_spk_ok(spk_buf_u8(ret_b, src.ptr[i - 1]));
    }
}

static int
pkeyutl(const char *what, const char *pem, unsigned flags, const char *in, const char *out)
{
    const char *mode = (flags & OAEP) != 0 ? "rsa_padding_mode:oaep" : "rsa_padding_mode:pkcs1";
    return run((const char *const[]){"openssl", "pkeyutl", what, "-inkey", pem, "-pkeyopt", mode,
                                     "-in", in, "-out", out, NULL});
}

static void
openssl_opens_ours(const char *dir, const char *key, const struct spk_rsa *pair, unsigned flags)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf c = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf got = SPK_BUF(ROOM);
    SPK_AUTO_STR char *pem = vec_pem(key);
    SPK_AUTO_STR char *in = in_dir(dir, "c");
    SPK_AUTO_STR char *out = in_dir(dir, "key");
    wrap(pair, flags, &blob);
    reversed(spk_span(blob.ptr + HEAD, blob.len - HEAD), &c);
    put_file(in, spk_buf_span(&c));
    assert_int_equal(pkeyutl("-decrypt", pem, flags, in, out), 0);
    get_file(out, &got);
    assert_span_equal(spk_buf_span(&got), spk_secret_span(session_key));
}

static void
we_open_openssl(const char *dir, const char *key, const struct spk_rsa *pair, unsigned flags)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf c = SPK_BUF(ROOM);
    SPK_AUTO_STR char *pem = vec_pem(key);
    SPK_AUTO_STR char *in = in_dir(dir, "key");
    SPK_AUTO_STR char *out = in_dir(dir, "c");
    put_file(in, spk_secret_span(session_key));
    assert_int_equal(pkeyutl("-encrypt", pem, flags, in, out), 0);
    get_file(out, &c);
    assert_spk_ok(spk_simpleblob_build(SPK_CALG_AES_256, spk_buf_span(&c), &blob));
    opens_to(spk_buf_span(&blob), pair, flags, spk_secret_span(session_key));
}

static void
test_openssl(void **state)
{
    static const unsigned kinds[] = {OAEP, 0, OAEP | DERIVED, DERIVED};
    char *dir = spk_test_dir();
    (void)state;
    for (unsigned i = 0; i < 4 * VEC_KEYS; i++) {
        SPK_AUTO(spk_rsa) pair = vec_pair(vec_keys[i / 4]);
        openssl_opens_ours(dir, vec_keys[i / 4], pair, kinds[i % 4]);
        we_open_openssl(dir, vec_keys[i / 4], pair, kinds[i % 4] & OAEP);
    }
    spk_test_dir_remove(dir);
}

static void
test_random_differs(void **state)
{
    static const unsigned kinds[] = {OAEP, 0};
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-2048");
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        SPK_AUTO_BUF struct spk_buf one = SPK_BUF(ROOM);
        SPK_AUTO_BUF struct spk_buf two = SPK_BUF(ROOM);
        wrap(pair, kinds[i % 2], &one);
        wrap(pair, kinds[i % 2], &two);
        assert_false(spk_span_eq(spk_buf_span(&one), spk_buf_span(&two)));
        opens_to(spk_buf_span(&one), pair, kinds[i % 2], spk_secret_span(session_key));
        opens_to(spk_buf_span(&two), pair, kinds[i % 2], spk_secret_span(session_key));
    }
}

/* A v1.5 BLOB whose padding held a zero would open to a shorter key elsewhere. */
static void
test_padding_nonzero(void **state)
{
    static const unsigned kinds[] = {0, DERIVED};
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-4096");
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
        SPK_AUTO_BUF struct spk_buf c = SPK_BUF(ROOM);
        uint8_t em[SPK_RSA_MAX_LEN];
        wrap(pair, kinds[i % 2], &blob);
        reversed(spk_span(blob.ptr + HEAD, blob.len - HEAD), &c);
        assert_spk_ok(spk_rsa_raw_private(pair, spk_buf_span(&c), em));
        assert_int_equal(em[0], 0);
        assert_int_equal(em[1], 2);
        assert_null(memchr(em + 2, 0, sizeof em - 3 - SPK_KEY_LEN));
        assert_int_equal(em[sizeof em - 1 - SPK_KEY_LEN], 0);
    }
}

/* The BLOB does not say how it was padded: asking for the other kind is an answer, never a guess.
 */
static void
test_wrong_kind(void **state)
{
    SPK_AUTO_BUF struct spk_buf oaep = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf v15 = SPK_BUF(ROOM);
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-2048");
    (void)state;
    wrap(pair, OAEP, &oaep);
    wrap(pair, 0, &v15);
    refused(spk_buf_span(&v15), pair, OAEP, SPK_CODE_AUTH);
    assert_spk_ok(unwrap(spk_buf_span(&oaep), pair, 0, &key));
    assert_false(spk_secret_eq(key, session_key));
}

/* Another pair of the same size: its own rejected key, or a c that is too large for it. */
static void
test_wrong_pair(void **state)
{
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-2048");
    SPK_AUTO(spk_rsa) other = NULL;
    (void)state;
    assert_spk_ok(spk_rsa_generate(SPK_RSA_MIN_BITS, &other));
    for (unsigned i = 0; i < 16; i++) {
        SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
        SPK_AUTO(spk_secret) key = NULL;
        unsigned flags = i % 2 == 0 ? OAEP : 0;
        wrap(pair, flags, &blob);
        spk_err e = unwrap(spk_buf_span(&blob), other, flags, &key);
        if (flags == OAEP) {
            assert_true(e.code == SPK_CODE_AUTH || e.code == SPK_CODE_FORMAT);
        } else if (spk_ok(e)) {
            assert_false(spk_secret_eq(key, session_key));
        } else {
            assert_spk_code(e, FORMAT);
        }
    }
}

static void
test_matches(void **state)
{
    static const unsigned kinds[] = {OAEP | DERIVED, DERIVED};
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-2048");
    SPK_AUTO(spk_rsa) other = vec_pair("rsa-3072");
    SPK_AUTO(spk_secret) other_key = NULL;
    struct spk_file_id other_id = file_id;
    (void)state;
    other_id.b[15] ^= 1;
    assert_spk_ok(spk_secret_random(SPK_KEY_LEN, &other_key));
    for (unsigned i = 0; i < 2; i++) {
        unsigned flags = kinds[i];
        SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
        SPK_AUTO_BUF struct spk_buf again = SPK_BUF(ROOM);
        wrap(pair, flags, &blob);
        wrap(pair, flags, &again);
        assert_span_equal(spk_buf_span(&blob), spk_buf_span(&again));
        struct spk_span b = spk_buf_span(&blob);
        assert_spk_ok(spk_wrap_matches(b, session_key, pair, &file_id, flags));
        assert_spk_code(spk_wrap_matches(b, other_key, pair, &file_id, flags), AUTH);
        assert_spk_code(spk_wrap_matches(b, session_key, other, &file_id, flags), AUTH);
        assert_spk_code(spk_wrap_matches(b, session_key, pair, &other_id, flags), AUTH);
        assert_spk_code(spk_wrap_matches(b, session_key, pair, &file_id, flags ^ OAEP), AUTH);
        assert_spk_code(spk_wrap_matches(b, session_key, pair, &file_id, flags & OAEP), USAGE);
        assert_spk_code(spk_wrap_matches(b, session_key, pair, &file_id, flags | 4), USAGE);
        assert_spk_code(spk_wrap_matches(b, session_key, pair, NULL, flags), USAGE);
        b.len--;
        assert_spk_code(spk_wrap_matches(b, session_key, pair, &file_id, flags), AUTH);
    }
}

/* Any change at all, the header's reserved bytes included. */
static void
test_matches_every_byte(void **state)
{
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-2048");
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(ROOM);
    (void)state;
    wrap(pair, OAEP | DERIVED, &blob);
    for (size_t i = 0; i < blob.len; i++) {
        blob.ptr[i] ^= 0x80;
        assert_spk_code(
            spk_wrap_matches(spk_buf_span(&blob), session_key, pair, &file_id, OAEP | DERIVED),
            AUTH);
        blob.ptr[i] ^= 0x80;
    }
    /* Random padding never happens to be the derived one. */
    spk_buf_reset(&blob);
    wrap(pair, OAEP, &blob);
    assert_spk_code(
        spk_wrap_matches(spk_buf_span(&blob), session_key, pair, &file_id, OAEP | DERIVED), AUTH);
}

static void
test_wrap_usage(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(ROOM);
    SPK_AUTO_BUF struct spk_buf small = SPK_BUF(HEAD + 255);
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-2048");
    SPK_AUTO(spk_rsa) pub = NULL;
    SPK_AUTO(spk_secret) short_key = NULL;
    SPK_AUTO(spk_secret) long_key = NULL;
    (void)state;
    assert_spk_ok(spk_secret_random(SPK_KEY_LEN - 1, &short_key));
    assert_spk_ok(spk_secret_random(SPK_KEY_LEN + 1, &long_key));
    assert_spk_code(spk_wrap(short_key, pair, NULL, OAEP, &b), USAGE);
    assert_spk_code(spk_wrap(long_key, pair, NULL, OAEP, &b), USAGE);
    assert_spk_code(spk_wrap(session_key, pair, NULL, OAEP | DERIVED, &b), USAGE);
    assert_spk_code(spk_wrap(session_key, pair, &file_id, OAEP | 4, &b), USAGE);
    assert_int_equal(b.len, 0);
    assert_spk_code(spk_wrap(session_key, pair, NULL, OAEP, &small), LIMIT);
    assert_int_equal(small.len, 0);
    wrap(pair, OAEP, &b);
    refused(spk_buf_span(&b), pair, 4, SPK_CODE_USAGE);
    assert_spk_ok(spk_rsa_public(pair, &pub));
    refused(spk_buf_span(&b), pub, OAEP, SPK_CODE_USAGE);
}

static void
test_appends(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(ROOM);
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-2048");
    (void)state;
    assert_spk_ok(spk_buf_str(&b, "before"));
    wrap(pair, OAEP, &b);
    assert_int_equal(b.len, 6 + HEAD + 256);
    assert_memory_equal(b.ptr, "before\x01\x02\0\0\x10\x66\0\0\0\xa4\0\0", 18);
}

static void
test_lengths(void **state)
{
    static const unsigned kinds[] = {OAEP, 0};
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-3072");
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(ROOM);
        wrap(pair, kinds[i], &b);
        for (size_t len = 0; len < b.len; len++) {
            refused(spk_span(b.ptr, len), pair, kinds[i], SPK_CODE_FORMAT);
        }
        while (b.len < 600) {
            assert_spk_ok(spk_buf_u8(&b, 0));
            refused(spk_buf_span(&b), pair, kinds[i], SPK_CODE_FORMAT);
        }
    }
}

static void
test_header_faults(void **state)
{
    static const struct {
        size_t off;
        uint8_t value;
    } faults[] = {{0, SPK_BLOB_PUBLIC},
                  {0, 8},
                  {1, 1},
                  {1, 3},
                  {4, 0x0e}, /* AES-128 */
                  {5, 0x68}, /* no such */
                  {6, 1},
                  {7, 1},
                  {8, 1},
                  {9, 0x24}, /* CALG_RSA_SIGN */
                  {10, 1},
                  {11, 0x80}};
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(ROOM);
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-2048");
    (void)state;
    wrap(pair, 0, &b);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        uint8_t saved = b.ptr[faults[i].off];
        b.ptr[faults[i].off] = faults[i].value;
        refused(spk_buf_span(&b), pair, 0, SPK_CODE_FORMAT);
        b.ptr[faults[i].off] = saved;
    }
    b.ptr[2] = b.ptr[3] = 0xff; /* reserved: CryptoAPI programs leave anything there */
    opens_to(spk_buf_span(&b), pair, 0, spk_secret_span(session_key));
}

/* c = N - 1 is the largest; N and above would be second forms of other BLOBs. */
static void
test_too_large_cipher(void **state)
{
    static const unsigned kinds[] = {OAEP, 0};
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-2048");
    struct spk_rsa_parts parts;
    uint8_t c[256];
    (void)state;
    spk_rsa_parts(pair, &parts);
    for (unsigned i = 0; i < 2; i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(ROOM);
        SPK_AUTO(spk_secret) key = NULL;
        memcpy(c, parts.n.ptr, sizeof c);
        assert_spk_ok(spk_simpleblob_build(SPK_CALG_AES_256, SPK_SPAN_OF(c), &b));
        refused(spk_buf_span(&b), pair, kinds[i], SPK_CODE_FORMAT);
        b.ptr[HEAD] ^= 1; /* N is odd: N - 1 */
        spk_err e = unwrap(spk_buf_span(&b), pair, kinds[i], &key);
        assert_int_equal(e.code, kinds[i] == OAEP ? SPK_CODE_AUTH : SPK_CODE_OK);
        memset(b.ptr + HEAD, 0xff, 256);
        refused(spk_buf_span(&b), pair, kinds[i], SPK_CODE_FORMAT);
        memset(b.ptr + HEAD, 0, 256);
        refused(spk_buf_span(&b), pair, OAEP, SPK_CODE_AUTH);
    }
}

/* A first byte that is not zero, a wrong hash, a missing 01, a message of another length: one
 * answer. */
static void
test_bad_oaep(void **state)
{
    static const size_t flips[] = {0, 1, 20, 21, 40, 41, 100, 222, 223, 224, 255};
    uint8_t seed[SPK_OAEP_SEED_LEN] = {7};
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-2048");
    (void)state;
    for (size_t i = 0; i < 3 + sizeof flips / sizeof flips[0]; i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(ROOM);
        uint8_t em[256];
        uint8_t c[256];
        uint8_t message[40] = {1, 2, 3};
        size_t len = i < 3 ? (const size_t[]){31, 33, 1}[i] : 32;
        assert_spk_ok(spk_oaep_encode(spk_span(message, len), seed, SPK_MUT_OF(em)));
        if (i >= 3) {
            em[flips[i - 3]] ^= 1;
        }
        assert_spk_ok(spk_rsa_raw_public(pair, SPK_SPAN_OF(em), c));
        assert_spk_ok(spk_simpleblob_build(SPK_CALG_AES_256, SPK_SPAN_OF(c), &b));
        refused(spk_buf_span(&b), pair, OAEP, SPK_CODE_AUTH);
    }
}

static void
test_simple_parse(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(ROOM);
    SPK_AUTO(spk_rsa) pair = vec_pair("rsa-2048");
    struct spk_simpleblob sb = {.alg = 0x1234};
    (void)state;
    wrap(pair, OAEP, &b);
    b.ptr[1] = 3;
    assert_spk_code(spk_simpleblob_parse(spk_buf_span(&b), &sb), FORMAT);
    assert_int_equal(sb.alg, 0x1234);
    b.ptr[1] = SPK_BLOB_VERSION;
    b.ptr[5] = 0x68; /* the algorithm is told, not judged */
    assert_spk_ok(spk_simpleblob_parse(spk_buf_span(&b), &sb));
    assert_int_equal(sb.alg, 0x6810);
    assert_ptr_equal(sb.cipher.ptr, b.ptr + HEAD);
    assert_int_equal(sb.cipher.len, 256);
    assert_spk_ok(spk_buf_zero(&b, SPK_SIMPLEBLOB_MAX - b.len));
    assert_spk_ok(spk_simpleblob_parse(spk_buf_span(&b), &sb));
    assert_int_equal(sb.cipher.len, SPK_RSA_MAX_LEN);
    assert_spk_ok(spk_buf_zero(&b, 1));
    assert_spk_code(spk_simpleblob_parse(spk_buf_span(&b), &sb), FORMAT);
    assert_spk_code(spk_simpleblob_parse(spk_span(b.ptr, HEAD + 255), &sb), FORMAT);
    assert_int_equal(sb.cipher.len, SPK_RSA_MAX_LEN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_derived_vectors),  cmocka_unit_test(test_random_vectors),
        cmocka_unit_test(test_bad_v15),          cmocka_unit_test(test_openssl),
        cmocka_unit_test(test_random_differs),   cmocka_unit_test(test_padding_nonzero),
        cmocka_unit_test(test_wrong_kind),       cmocka_unit_test(test_wrong_pair),
        cmocka_unit_test(test_matches),          cmocka_unit_test(test_matches_every_byte),
        cmocka_unit_test(test_wrap_usage),       cmocka_unit_test(test_appends),
        cmocka_unit_test(test_lengths),          cmocka_unit_test(test_header_faults),
        cmocka_unit_test(test_too_large_cipher), cmocka_unit_test(test_bad_oaep),
        cmocka_unit_test(test_simple_parse),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
