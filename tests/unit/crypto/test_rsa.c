/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rsa.h"

#include <pthread.h>

#include <openssl/bn.h>

#include "crypto/anyrsa.h"
#include "crypto/rng.h"
#include "vec.h"

static const uint8_t e65537[] = {1, 0, 1};

static void
raw_as_the_model(void **state)
{
    (void)state;
    for (unsigned bits = 2048; bits <= 4096; bits += 1024) {
        static const char *const kinds[] = {"oaep", "v15"};
        SPK_AUTO(spk_rsa) pair = vec_pair(bits);
        SPK_AUTO(spk_rsa) pub = NULL;
        assert_spk_ok(spk_rsa_public(pair, &pub));
        for (size_t i = 0; i < 2; i++) {
            char em_name[16], c_name[16];
            uint8_t out[SPK_RSA_MAX_LEN];
            (void)snprintf(em_name, sizeof em_name, "%s em", kinds[i]);
            (void)snprintf(c_name, sizeof c_name, "%s c", kinds[i]);
            struct vec em = vec_rsa(bits, em_name), c = vec_rsa(bits, c_name);
            assert_spk_ok(spk_rsa_raw_public(pub, vec_span(&em), out));
            assert_span_equal(vec_span(&c), spk_span(out, bits / 8));
            assert_spk_ok(spk_rsa_raw_public(pair, vec_span(&em), out));
            assert_span_equal(vec_span(&c), spk_span(out, bits / 8));
            assert_spk_ok(spk_rsa_raw_private(pair, vec_span(&c), out));
            assert_span_equal(vec_span(&em), spk_span(out, bits / 8));
        }
    }
}

static void
parts_and_names(void **state)
{
    (void)state;
    for (unsigned bits = 2048; bits <= 4096; bits += 1024) {
        SPK_AUTO(spk_rsa) pair = vec_pair(bits);
        SPK_AUTO(spk_rsa) pub = NULL;
        static const char *const names[] = {"n", "d", "p", "q", "dp", "dq", "qinv"};
        struct spk_rsa_parts p;
        spk_rsa_parts(pair, &p);
        const struct spk_span got[] = {p.n, p.d, p.p, p.q, p.dp, p.dq, p.qinv};
        for (size_t i = 0; i < 7; i++) {
            struct vec want = vec_rsa(bits, names[i]);
            assert_span_equal(vec_span(&want), got[i]);
        }
        struct vec spki = vec_rsa(bits, "spki"), id = vec_rsa(bits, "id");
        assert_span_equal(p.e, SPK_SPAN_OF(e65537));
        assert_span_equal(vec_span(&spki), spk_rsa_spki(pair));
        assert_span_equal(vec_span(&id), spk_hash_span(spk_rsa_id(pair)));
        assert_int_equal(spk_rsa_len(pair), bits / 8);
        assert_true(spk_rsa_is_pair(pair));

        assert_spk_ok(spk_rsa_from_spki(vec_span(&spki), &pub));
        assert_false(spk_rsa_is_pair(pub));
        assert_true(spk_hash_eq(spk_rsa_id(pub), spk_rsa_id(pair)));
        spk_rsa_parts(pub, &p);
        assert_int_equal(p.d.len + p.p.len + p.q.len + p.dp.len + p.dq.len + p.qinv.len, 0);
        uint8_t out[SPK_RSA_MAX_LEN] = {0};
        assert_spk_code(spk_rsa_raw_private(pub, spk_span(out, bits / 8), out), USAGE);
    }
}

static void
generated(void **state)
{
    (void)state;
    for (unsigned bits = 2048; bits <= 3072; bits += 1024) {
        SPK_AUTO(spk_rsa) pair = NULL;
        uint8_t m[SPK_RSA_MAX_LEN], c[SPK_RSA_MAX_LEN], back[SPK_RSA_MAX_LEN];
        size_t k = bits / 8;
        assert_spk_ok(spk_rsa_generate(bits, &pair));
        assert_int_equal(spk_rsa_len(pair), k);
        assert_spk_ok(spk_random(spk_mut(m, k)));
        m[0] = 0;
        assert_spk_ok(spk_rsa_raw_public(pair, spk_span(m, k), c));
        assert_spk_ok(spk_rsa_raw_private(pair, spk_span(c, k), back));
        assert_memory_equal(m, back, k);
    }
    struct spk_rsa *none = NULL;
    assert_spk_code(spk_rsa_generate(1024, &none), LIMIT);
    assert_spk_code(spk_rsa_generate(4104, &none), LIMIT);
    assert_spk_code(spk_rsa_generate(3070, &none), LIMIT);
    assert_null(none);
}

static void
small_numbers_keep_their_length(void **state)
{
    (void)state;
    SPK_AUTO(spk_rsa) pair = vec_pair(2048);
    uint8_t m[256] = {0}, out[256], want[256] = {0};
    m[255] = want[255] = 1;
    assert_spk_ok(spk_rsa_raw_public(pair, SPK_SPAN_OF(m), out));
    assert_memory_equal(out, want, 256);
    assert_spk_ok(spk_rsa_raw_private(pair, SPK_SPAN_OF(m), out));
    assert_memory_equal(out, want, 256);
    m[255] = want[255] = 0;
    assert_spk_ok(spk_rsa_raw_public(pair, SPK_SPAN_OF(m), out));
    assert_memory_equal(out, want, 256);
    assert_spk_ok(spk_rsa_raw_private(pair, SPK_SPAN_OF(m), out));
    assert_memory_equal(out, want, 256);
}

static void
raw_refuses(void **state)
{
    (void)state;
    SPK_AUTO(spk_rsa) pair = vec_pair(2048);
    struct vec n = vec_rsa(2048, "n");
    uint8_t out[256];
    assert_spk_code(spk_rsa_raw_public(pair, vec_span(&n), out), FORMAT); /* m = N */
    assert_spk_code(spk_rsa_raw_private(pair, vec_span(&n), out), FORMAT);
    memset(n.b, 0xff, n.len);
    assert_spk_code(spk_rsa_raw_public(pair, vec_span(&n), out), FORMAT);
    assert_spk_code(spk_rsa_raw_private(pair, vec_span(&n), out), FORMAT);
    assert_spk_code(spk_rsa_raw_public(pair, spk_span(n.b, 255), out), USAGE);
    assert_spk_code(spk_rsa_raw_private(pair, spk_span(n.b, 255), out), USAGE);
}

static void
public_bounds(void **state)
{
    (void)state;
    struct vec n = vec_rsa(2048, "n");
    uint8_t e[5] = {1, 0, 0, 0, 1}, big[514];
    struct spk_rsa *key = NULL;
    struct spk_rsa_parts p = {.n = vec_span(&n), .e = SPK_SPAN_OF(e65537)};
#define REFUSE(code) assert_spk_code(spk_rsa_from_parts(&p, &key), code)
    p.e = SPK_SPAN_OF(e); /* 2^32 + 1 */
    REFUSE(LIMIT);
    p.e = spk_span(e + 4, 1); /* 1 */
    REFUSE(LIMIT);
    p.e = SPK_SPAN_LIT("\x03");
    REFUSE(LIMIT);
    p.e = SPK_SPAN_LIT("\x01\x00\x02");
    REFUSE(LIMIT);
    p.e = SPK_SPAN_LIT("\xff\xff");
    REFUSE(LIMIT);
    p.e = SPK_SPAN_EMPTY;
    REFUSE(LIMIT);
    p.e = SPK_SPAN_OF(e65537);
    p.n = SPK_SPAN_EMPTY;
    REFUSE(LIMIT);
    n.b[255] &= 0xfe; /* even */
    p.n = vec_span(&n);
    REFUSE(LIMIT);
    n.b[255] |= 1;
    n.b[0] &= 0x7f; /* 2047 bits */
    REFUSE(LIMIT);
    memset(big, 0xff, sizeof big);
    p.n = spk_span(big, 513);
    REFUSE(LIMIT);
    p.n = spk_span(big, 255);
    REFUSE(LIMIT);
#undef REFUSE
    p.n = spk_span(big, 512);
    p.e = SPK_SPAN_LIT("\xff\xff\xff\xff"); /* the largest of both */
    SPK_AUTO(spk_rsa) top = NULL;
    assert_spk_ok(spk_rsa_from_parts(&p, &top));
    assert_true(spk_rsa_spki(top).len <= SPK_SPKI_MAX_LEN);
    p.n = spk_span(big, 512);
    memset(big, 0, 2); /* leading zeros do not count */
    SPK_AUTO(spk_rsa) padded = NULL;
    big[1] = 0xff;
    p.n = spk_span(big, 512);
    assert_spk_ok(spk_rsa_from_parts(&p, &padded));
    assert_int_equal(spk_rsa_len(padded), 511);
}

static void
pairs_that_do_not_fit(void **state)
{
    (void)state;
    SPK_AUTO(spk_rsa) pair = vec_pair(2048);
    struct spk_rsa_parts good, p;
    struct spk_rsa *key = NULL;
    spk_rsa_parts(pair, &good);
    struct spk_span *const fields[] = {&p.d, &p.p, &p.q, &p.dp, &p.dq, &p.qinv};
    for (size_t i = 0; i < 6; i++) {
        uint8_t bent[257];
        p = good;
        size_t len = fields[i]->len;
        memcpy(bent, fields[i]->ptr, len);
        *fields[i] = spk_span(bent, len);
        bent[len - 1] ^= 2;
        assert_spk_code(spk_rsa_from_parts(&p, &key), FORMAT);
        bent[len - 1] ^= 2;
        bent[0] ^= 0x40;
        assert_spk_code(spk_rsa_from_parts(&p, &key), FORMAT);
        memset(bent, 0xff, sizeof bent);
        *fields[i] = spk_span(bent, len + 1);
        assert_spk_code(spk_rsa_from_parts(&p, &key), FORMAT);
        if (i < 3) { /* not computable from the others */
            *fields[i] = SPK_SPAN_EMPTY;
            assert_spk_code(spk_rsa_from_parts(&p, &key), FORMAT);
        }
    }
    p = good;
    p.p = good.q; /* p and q change places: then the CRT numbers must too */
    p.q = good.p;
    assert_spk_code(spk_rsa_from_parts(&p, &key), FORMAT);
    p.dp = p.dq = p.qinv = SPK_SPAN_EMPTY;
    SPK_AUTO(spk_rsa) swapped = NULL;
    assert_spk_ok(spk_rsa_from_parts(&p, &swapped));
    p = good;
    p.p = SPK_SPAN_LIT("\x01"); /* 1 * N = N */
    p.q = good.n;
    assert_spk_code(spk_rsa_from_parts(&p, &key), FORMAT);
}

static void
sign_and_verify(void **state)
{
    (void)state;
    SPK_AUTO(spk_rsa) pair = vec_pair(3072);
    SPK_AUTO(spk_rsa) other = vec_pair(2048);
    SPK_AUTO(spk_rsa) pub = NULL;
    assert_spk_ok(spk_rsa_public(pair, &pub));
    SPK_AUTO_BUF struct spk_buf sig = SPK_BUF(SPK_RSA_MAX_LEN);
    const struct spk_span parts[] = {SPK_SPAN_LIT("sparekey/1 "), SPK_SPAN_EMPTY,
                                     SPK_SPAN_LIT("test\n")};
    const struct spk_span whole = SPK_SPAN_LIT("sparekey/1 test\n");
    assert_spk_ok(spk_rsa_sign(pair, parts, 3, &sig));
    assert_int_equal(sig.len, 384);
    assert_spk_ok(spk_rsa_verify(pub, &whole, 1, spk_buf_span(&sig)));
    assert_spk_ok(spk_rsa_verify(pair, parts, 3, spk_buf_span(&sig)));
    assert_spk_code(spk_rsa_verify(pub, parts, 2, spk_buf_span(&sig)), AUTH);
    assert_spk_code(spk_rsa_verify(other, parts, 3, spk_buf_span(&sig)), AUTH);
    assert_spk_code(spk_rsa_verify(pub, parts, 3, spk_span(sig.ptr, 383)), AUTH);
    for (size_t i = 0; i < sig.len; i += 37) {
        sig.ptr[i] ^= 1;
        assert_spk_code(spk_rsa_verify(pub, parts, 3, spk_buf_span(&sig)), AUTH);
        sig.ptr[i] ^= 1;
    }
    assert_spk_code(spk_rsa_sign(pub, parts, 3, &sig), USAGE);
}

static void
references(void **state)
{
    (void)state;
    struct spk_rsa *key = vec_pair(2048);
    struct spk_rsa *same = spk_rsa_ref(key);
    assert_ptr_equal(key, same);
    spk_rsa_free(key);
    assert_int_equal(spk_rsa_len(same), 256);
    spk_rsa_free(same);
    spk_rsa_free(NULL);
}

static void *
work(void *arg)
{
    const struct spk_rsa *pair = arg;
    uint8_t m[256], c[256], back[256];
    for (size_t i = 0; i < 20; i++) {
        if (!spk_ok(spk_random(SPK_MUT_OF(m)))) {
            return NULL;
        }
        m[0] = 0;
        if (!spk_ok(spk_rsa_raw_public(pair, SPK_SPAN_OF(m), c)) ||
            !spk_ok(spk_rsa_raw_private(pair, SPK_SPAN_OF(c), back)) || memcmp(m, back, 256) != 0) {
            return NULL;
        }
    }
    return arg;
}

static void
many_threads_one_key(void **state)
{
    (void)state;
    SPK_AUTO(spk_rsa) pair = vec_pair(2048);
    pthread_t t[6];
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, work, pair), 0);
    }
    for (size_t i = 0; i < 6; i++) {
        void *done = NULL;
        assert_int_equal(pthread_join(t[i], &done), 0);
        assert_ptr_equal(done, pair);
    }
}

/* in^e mod n, as the library's plain exponentiation has it. */
static void
plain_power(const struct spk_rsa_parts *key, struct spk_span in, uint8_t *ret_out)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *m = BN_bin2bn(in.ptr, (int)in.len, NULL);
    BIGNUM *n = BN_bin2bn(key->n.ptr, (int)key->n.len, NULL);
    BIGNUM *e = BN_bin2bn(key->e.ptr, (int)key->e.len, NULL);
    assert_int_equal(BN_mod_exp(m, m, e, n, ctx), 1);
    assert_int_equal(BN_bn2binpad(m, ret_out, (int)in.len), (int)in.len);
    BN_free(m);
    BN_free(n);
    BN_free(e);
    BN_CTX_free(ctx);
}

/* Exponents of few and of many ones, and numbers of all lengths: also those that leave the
 * modulus' first words empty. */
static void
powers_of_any_exponent(void **state)
{
    static const uint8_t exponents[][4] = {{0, 0, 0, 3}, {0, 0, 0, 17},   {0, 0, 0, 255},
                                           {0, 1, 0, 1}, {0x80, 0, 0, 1}, {0xff, 0xff, 0xff, 0xff}};
    (void)state;
    for (unsigned bits = 384; bits <= 1032; bits += 216) {
        SPK_AUTO(spk_anyrsa) pair = NULL;
        struct spk_rsa_parts p;
        assert_spk_ok(spk_anyrsa_generate(bits, &pair));
        spk_anyrsa_parts(pair, &p);
        for (size_t i = 0; i < sizeof exponents / sizeof exponents[0]; i++) {
            SPK_AUTO(spk_anyrsa) key = NULL;
            struct spk_rsa_parts pub = {.n = p.n, .e = spk_strip_zeros(SPK_SPAN_OF(exponents[i]))};
            uint8_t m[129] = {0}, want[129], got[129];
            assert_spk_ok(spk_anyrsa_from_parts(&pub, &key));
            for (size_t len = 0; len < p.n.len; len++) {
                assert_spk_ok(spk_random(spk_mut(m + p.n.len - len, len)));
                plain_power(&pub, spk_span(m, p.n.len), want);
                assert_spk_ok(spk_anyrsa_raw_public(key, spk_span(m, p.n.len), got));
                assert_memory_equal(got, want, p.n.len);
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_as_the_model),
        cmocka_unit_test(powers_of_any_exponent),
        cmocka_unit_test(parts_and_names),
        cmocka_unit_test(generated),
        cmocka_unit_test(small_numbers_keep_their_length),
        cmocka_unit_test(raw_refuses),
        cmocka_unit_test(public_bounds),
        cmocka_unit_test(pairs_that_do_not_fit),
        cmocka_unit_test(sign_and_verify),
        cmocka_unit_test(references),
        cmocka_unit_test(many_threads_one_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
