/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "crypto/rsa_int.h"

#define PSS_SALT_LEN 32
#define NUMS 8 /* n e d p q dp dq qinv */
#define PAIR_BYTES_MAX ((size_t)2 * SPK_RSA_MAX_LEN + SPK_RSA_E_MAX_LEN + 5 * SPK_RSA_MAX_LEN / 2)

/* The library takes numbers in the byte order of the machine. */
static void
copy_native(struct spk_span be, uint8_t *dst)
{
    for (size_t i = 0; i < be.len; i++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        dst[be.len - 1 - i] = be.ptr[i];
#else
        dst[i] = be.ptr[i];
#endif
    }
}

static spk_err
pkey_make(const struct spk_rsa *key, EVP_PKEY **ret_pkey)
{
    SPK_OSSL_SCOPE;
    static const char *const names[NUMS] = {
        OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
        OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
        OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
    uint8_t bytes[PAIR_BYTES_MAX];
    SPK_WIPE_ON_EXIT(bytes);
    struct spk_rsa_parts p;
    spk_rsa_parts(key, &p);
    const struct spk_span in[NUMS] = {p.n, p.e, p.d, p.p, p.q, p.dp, p.dq, p.qinv};
    OSSL_PARAM params[NUMS + 1];
    size_t n = 0, used = 0;
    for (; n < NUMS && in[n].len != 0; n++) {
        copy_native(in[n], bytes + used);
        params[n] = OSSL_PARAM_construct_BN(names[n], bytes + used, in[n].len);
        used += in[n].len;
    }
    params[n] = OSSL_PARAM_construct_end();
    spk_ossl_start();
    SPK_AUTO_PKEY_CTX c = EVP_PKEY_CTX_new_from_name(spk_ossl_lib(), "RSA", NULL);
    SPK_OSSL(c != NULL && EVP_PKEY_fromdata_init(c) == 1);
    int what = key->priv != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    SPK_OSSL(EVP_PKEY_fromdata(c, ret_pkey, what, params) == 1);
    return SPK_OK;
}

/* The key is immutable to its users; what is made here only speeds up later calls. */
static struct spk_rsa *
unlocked(const struct spk_rsa *key)
{
    return (struct spk_rsa *)(uintptr_t)key;
}

spk_err
spk_rsa_pkey(const struct spk_rsa *key, EVP_PKEY **ret_pkey)
{
    struct spk_rsa *k = unlocked(key);
    spk_err e = SPK_OK;
    (void)pthread_mutex_lock(&k->lock);
    if (k->pkey == NULL) {
        e = pkey_make(k, &k->pkey);
    }
    if (spk_ok(e)) {
        *ret_pkey = k->pkey;
    }
    (void)pthread_mutex_unlock(&k->lock);
    return e;
}

static spk_err
mont_make(struct spk_rsa *k, BN_CTX *ctx)
{
    SPK_OSSL_SCOPE;
    if (k->bn_n == NULL) {
        k->bn_n = BN_bin2bn(k->n, (int)k->k, NULL);
    }
    if (k->bn_e == NULL) {
        k->bn_e = BN_bin2bn(k->e, (int)k->e_len, NULL);
    }
    SPK_OSSL(k->bn_n != NULL && k->bn_e != NULL);
    BN_MONT_CTX *m = BN_MONT_CTX_new();
    SPK_OSSL(m != NULL);
    if (BN_MONT_CTX_set(m, k->bn_n, ctx) != 1) {
        BN_MONT_CTX_free(m);
        return spk_ossl_fail();
    }
    k->mont = m;
    return SPK_OK;
}

static spk_err
mont_get(const struct spk_rsa *key, BN_CTX *ctx)
{
    struct spk_rsa *k = unlocked(key);
    (void)pthread_mutex_lock(&k->lock);
    spk_err e = k->mont == NULL ? mont_make(k, ctx) : SPK_OK;
    (void)pthread_mutex_unlock(&k->lock);
    return e;
}

/* Square and multiply, in Montgomery form. e is odd, so that the last step multiplies: by m itself,
 * which takes c out of that form, where the library's exponentiation, made for exponents of any
 * kind, goes two multiplications further. e and the order of steps are public. */
spk_err
spk_rsa_power(BIGNUM *c, const BIGNUM *m, const BIGNUM *e, BN_MONT_CTX *mont, BN_CTX *ctx)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO_BN form = BN_new();
    SPK_OSSL(form != NULL && BN_to_montgomery(form, m, mont, ctx) == 1);
    SPK_OSSL(BN_copy(c, form) != NULL);
    for (int i = BN_num_bits(e) - 2; i >= 0; i--) {
        SPK_OSSL(BN_mod_mul_montgomery(c, c, c, mont, ctx) == 1);
        if (BN_is_bit_set(e, i)) {
            SPK_OSSL(BN_mod_mul_montgomery(c, c, i == 0 ? m : form, mont, ctx) == 1);
        }
    }
    return SPK_OK;
}

/* On big numbers directly: a public operation has no secret exponent, and the way through key and
 * cipher objects would cost their tables at start-up. */
spk_err
spk_rsa_raw_public(const struct spk_rsa *key, struct spk_span in, uint8_t *ret_out)
{
    SPK_OSSL_SCOPE;
    SPK_CHECK(in.len == key->k, USAGE);
    SPK_AUTO_BN_CTX ctx = BN_CTX_new_ex(spk_ossl_lib());
    SPK_AUTO_BN m = BN_bin2bn(in.ptr, (int)in.len, NULL);
    SPK_AUTO_BN c = BN_new();
    SPK_OSSL(ctx != NULL && m != NULL && c != NULL);
    SPK_TRY(mont_get(key, ctx));
    SPK_CHECK(BN_ucmp(m, key->bn_n) < 0, FORMAT);
    SPK_TRY(spk_rsa_power(c, m, key->bn_e, key->mont, ctx));
    SPK_OSSL(BN_bn2binpad(c, ret_out, (int)key->k) == (int)key->k);
    return SPK_OK;
}

spk_err
spk_rsa_raw_private(const struct spk_rsa *key, struct spk_span in, uint8_t *ret_out)
{
    SPK_OSSL_SCOPE;
    SPK_CHECK(key->priv != NULL && in.len == key->k, USAGE);
    SPK_CHECK(spk_span_cmp(in, spk_span(key->n, key->k)) < 0, FORMAT);
    EVP_PKEY *pkey = NULL;
    SPK_TRY(spk_rsa_pkey(key, &pkey));
    uint8_t out[SPK_RSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(out);
    size_t len = sizeof out;
    SPK_AUTO_PKEY_CTX c = EVP_PKEY_CTX_new_from_pkey(spk_ossl_lib(), pkey, NULL);
    SPK_OSSL(c != NULL && EVP_PKEY_decrypt_init(c) == 1);
    SPK_OSSL(EVP_PKEY_CTX_set_rsa_padding(c, RSA_NO_PADDING) == 1);
    SPK_OSSL(EVP_PKEY_decrypt(c, out, &len, in.ptr, in.len) == 1 && len == key->k);
    for (size_t i = 0; i < len; i++) {
        ret_out[i] = out[i];
    }
    return SPK_OK;
}

static spk_err
pss_setup(EVP_PKEY_CTX *c)
{
    SPK_OSSL_SCOPE;
    const EVP_MD *md = NULL;
    SPK_TRY(spk_ossl_md(SPK_MD_SHA256, &md));
    SPK_OSSL(EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) == 1);
    SPK_OSSL(EVP_PKEY_CTX_set_signature_md(c, md) == 1);
    SPK_OSSL(EVP_PKEY_CTX_set_rsa_mgf1_md(c, md) == 1);
    SPK_OSSL(EVP_PKEY_CTX_set_rsa_pss_saltlen(c, PSS_SALT_LEN) == 1);
    return SPK_OK;
}

static spk_err
sign_digest(EVP_PKEY_CTX *c, const struct spk_hash *h, struct spk_buf *sig)
{
    SPK_OSSL_SCOPE;
    uint8_t out[SPK_RSA_MAX_LEN];
    size_t len = sizeof out;
    SPK_OSSL(EVP_PKEY_sign(c, out, &len, h->b, SPK_HASH_LEN) == 1);
    return spk_buf_add(sig, spk_span(out, len));
}

spk_err
spk_rsa_sign(const struct spk_rsa *key, const struct spk_span *parts, size_t n, struct spk_buf *sig)
{
    SPK_OSSL_SCOPE;
    SPK_CHECK(key->priv != NULL, USAGE);
    EVP_PKEY *pkey = NULL;
    struct spk_hash h;
    SPK_TRY(spk_sha256_parts(parts, n, &h));
    SPK_TRY(spk_rsa_pkey(key, &pkey));
    SPK_AUTO_PKEY_CTX c = EVP_PKEY_CTX_new_from_pkey(spk_ossl_lib(), pkey, NULL);
    SPK_OSSL(c != NULL && EVP_PKEY_sign_init(c) == 1);
    SPK_TRY(pss_setup(c));
    return sign_digest(c, &h, sig);
}

spk_err
spk_rsa_sign_v15(const struct spk_rsa *key, struct spk_span tbs, struct spk_buf *sig)
{
    SPK_OSSL_SCOPE;
    SPK_CHECK(key->priv != NULL, USAGE);
    EVP_PKEY *pkey = NULL;
    const EVP_MD *md = NULL;
    struct spk_hash h;
    SPK_TRY(spk_sha256(tbs, &h));
    SPK_TRY(spk_ossl_md(SPK_MD_SHA256, &md));
    SPK_TRY(spk_rsa_pkey(key, &pkey));
    SPK_AUTO_PKEY_CTX c = EVP_PKEY_CTX_new_from_pkey(spk_ossl_lib(), pkey, NULL);
    SPK_OSSL(c != NULL && EVP_PKEY_sign_init(c) == 1);
    SPK_OSSL(EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1);
    SPK_OSSL(EVP_PKEY_CTX_set_signature_md(c, md) == 1);
    return sign_digest(c, &h, sig);
}

spk_err
spk_rsa_verify(const struct spk_rsa *key, const struct spk_span *parts, size_t n,
               struct spk_span sig)
{
    SPK_OSSL_SCOPE;
    SPK_CHECK(sig.len == key->k, AUTH);
    EVP_PKEY *pkey = NULL;
    struct spk_hash h;
    SPK_TRY(spk_sha256_parts(parts, n, &h));
    SPK_TRY(spk_rsa_pkey(key, &pkey));
    SPK_AUTO_PKEY_CTX c = EVP_PKEY_CTX_new_from_pkey(spk_ossl_lib(), pkey, NULL);
    SPK_OSSL(c != NULL && EVP_PKEY_verify_init(c) == 1);
    SPK_TRY(pss_setup(c));
    if (EVP_PKEY_verify(c, sig.ptr, sig.len, h.b, SPK_HASH_LEN) != 1) {
        return spk_ossl_answer(SPK_CODE_AUTH);
    }
    return SPK_OK;
}

spk_err
spk_rsa_generate(unsigned bits, struct spk_rsa **ret_key)
{
    SPK_OSSL_SCOPE;
    SPK_CHECK(bits >= SPK_RSA_MIN_BITS && bits <= SPK_RSA_MAX_BITS && bits % 8 == 0, LIMIT);
    spk_ossl_start();
    SPK_AUTO_PKEY pkey = EVP_RSA_gen(bits);
    SPK_OSSL(pkey != NULL);
    uint8_t bytes[PAIR_BYTES_MAX];
    SPK_WIPE_ON_EXIT(bytes);
    struct spk_mut room = SPK_MUT_OF(bytes);
    struct spk_rsa_parts p = {0};
    SPK_TRY(spk_ossl_take_number(pkey, OSSL_PKEY_PARAM_RSA_N, &room, &p.n));
    SPK_TRY(spk_ossl_take_number(pkey, OSSL_PKEY_PARAM_RSA_E, &room, &p.e));
    SPK_TRY(spk_ossl_take_number(pkey, OSSL_PKEY_PARAM_RSA_D, &room, &p.d));
    SPK_TRY(spk_ossl_take_number(pkey, OSSL_PKEY_PARAM_RSA_FACTOR1, &room, &p.p));
    SPK_TRY(spk_ossl_take_number(pkey, OSSL_PKEY_PARAM_RSA_FACTOR2, &room, &p.q));
    return spk_rsa_from_parts(&p, ret_key);
}
