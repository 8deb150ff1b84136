/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/anyrsa.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "crypto/rsa_int.h"

#define NUMS 8 /* n e d p q dp dq qinv */

struct spk_anyrsa {
    atomic_uint refs;
    size_t k, e_len;
    uint8_t *n; /* k bytes */
    uint8_t e[SPK_RSA_E_MAX_LEN];
    struct spk_secret *priv; /* d (k bytes), then p, q, dp, dq, qinv (half each); NULL: public */
    EVP_PKEY *pkey;
    BIGNUM *bn_n, *bn_e;
    BN_MONT_CTX *mont;
};

static spk_err
check_public(struct spk_span n, struct spk_span e)
{
    SPK_CHECK(n.len >= SPK_ANYRSA_MIN_BITS / 8 && n.len <= SPK_ANYRSA_MAX_LEN, LIMIT);
    SPK_CHECK((n.ptr[n.len - 1] & 1) != 0, FORMAT);
    SPK_CHECK(e.len != 0 && e.len <= SPK_RSA_E_MAX_LEN && (e.ptr[e.len - 1] & 1) != 0, FORMAT);
    SPK_CHECK(e.len > 1 || e.ptr[0] > 1, FORMAT);
    return SPK_OK;
}

/* What the library computes with; made at once, since most keys are used. */
static spk_err
load_public(struct spk_anyrsa *key)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO_BN_CTX ctx = BN_CTX_new_ex(spk_ossl_lib());
    key->bn_n = BN_bin2bn(key->n, (int)key->k, NULL);
    key->bn_e = BN_bin2bn(key->e, (int)key->e_len, NULL);
    key->mont = BN_MONT_CTX_new();
    SPK_OSSL(ctx != NULL && key->bn_n != NULL && key->bn_e != NULL && key->mont != NULL);
    SPK_OSSL(BN_MONT_CTX_set(key->mont, key->bn_n, ctx) == 1);
    return SPK_OK;
}

static spk_err
build_params(const struct spk_anyrsa *key, OSSL_PARAM_BLD *bld, BIGNUM *bn[NUMS])
{
    SPK_OSSL_SCOPE;
    static const char *const names[NUMS] = {
        OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
        OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
        OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
    struct spk_rsa_parts p;
    spk_anyrsa_parts(key, &p);
    const struct spk_span in[NUMS] = {p.n, p.e, p.d, p.p, p.q, p.dp, p.dq, p.qinv};
    for (size_t i = 0; i < NUMS; i++) {
        bn[i] = BN_bin2bn(in[i].ptr, (int)in[i].len, NULL);
        SPK_OSSL(bn[i] != NULL && OSSL_PARAM_BLD_push_BN(bld, names[i], bn[i]) == 1);
    }
    return SPK_OK;
}

static spk_err
pkey_from(const OSSL_PARAM *params, EVP_PKEY **ret_pkey)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO_PKEY_CTX c = EVP_PKEY_CTX_new_from_name(spk_ossl_lib(), "RSA", NULL);
    SPK_OSSL(c != NULL && EVP_PKEY_fromdata_init(c) == 1);
    SPK_OSSL(EVP_PKEY_fromdata(c, ret_pkey, EVP_PKEY_KEYPAIR, (OSSL_PARAM *)(uintptr_t)params) ==
             1);
    return SPK_OK;
}

static spk_err
load_pair(struct spk_anyrsa *key)
{
    SPK_OSSL_SCOPE;
    BIGNUM *bn[NUMS] = {NULL};
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    spk_err e = bld != NULL ? build_params(key, bld, bn) : spk_ossl_fail();
    if (spk_ok(e)) {
        params = OSSL_PARAM_BLD_to_param(bld);
        e = params != NULL ? pkey_from(params, &key->pkey) : spk_ossl_fail();
    }
    spk_ossl_params_free(params);
    OSSL_PARAM_BLD_free(bld);
    for (size_t i = 0; i < NUMS; i++) {
        BN_clear_free(bn[i]);
    }
    return e;
}

/* d from p, q and e: some writers cut it off. */
static spk_err
make_d(const struct spk_rsa_parts *parts, uint8_t *ret_d, size_t k)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO_BN_CTX ctx = BN_CTX_secure_new_ex(spk_ossl_lib());
    SPK_AUTO_BN p = BN_bin2bn(parts->p.ptr, (int)parts->p.len, NULL);
    SPK_AUTO_BN q = BN_bin2bn(parts->q.ptr, (int)parts->q.len, NULL);
    SPK_AUTO_BN e = BN_bin2bn(parts->e.ptr, (int)parts->e.len, NULL);
    SPK_AUTO_BN phi = BN_new();
    SPK_AUTO_BN d = BN_new();
    SPK_OSSL(ctx != NULL && p != NULL && q != NULL && e != NULL && phi != NULL && d != NULL);
    SPK_CHECK(BN_num_bits(p) > 1 && BN_num_bits(q) > 1, FORMAT);
    SPK_OSSL(BN_sub_word(p, 1) == 1 && BN_sub_word(q, 1) == 1 && BN_mul(phi, p, q, ctx) == 1);
    BN_set_flags(phi, BN_FLG_CONSTTIME);
    if (BN_mod_inverse(d, e, phi, ctx) == NULL) {
        return spk_ossl_answer(SPK_CODE_FORMAT);
    }
    SPK_CHECK(BN_num_bytes(d) <= (int)k, FORMAT);
    SPK_OSSL(BN_bn2binpad(d, ret_d, (int)k) == (int)k);
    return SPK_OK;
}

static spk_err
set_private(struct spk_anyrsa *key, struct spk_rsa_parts *p)
{
    uint8_t d[SPK_ANYRSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(d);
    SPK_CHECK(p->p.len != 0 && p->q.len != 0, FORMAT);
    SPK_CHECK(p->p.len <= spk_rsa_half(key->k) && p->q.len <= spk_rsa_half(key->k), FORMAT);
    if (p->d.len == 0) {
        SPK_TRY(make_d(p, d, key->k));
        p->d = spk_span(d, key->k);
    }
    SPK_TRY(spk_rsa_fit(p, key->k, &key->priv));
    return load_pair(key);
}

spk_err
spk_anyrsa_from_parts(const struct spk_rsa_parts *parts, struct spk_anyrsa **ret_key)
{
    struct spk_rsa_parts p = *parts;
    p.n = spk_strip_zeros(p.n);
    p.e = spk_strip_zeros(p.e);
    p.p = spk_strip_zeros(p.p);
    p.q = spk_strip_zeros(p.q);
    SPK_TRY(check_public(p.n, p.e));
    spk_ossl_start();
    SPK_AUTO(spk_anyrsa) key = spk_calloc(1, sizeof *key);
    SPK_CHECK(key != NULL, NOMEM);
    atomic_init(&key->refs, 1);
    key->k = p.n.len;
    key->e_len = p.e.len;
    key->n = spk_calloc(1, p.n.len);
    SPK_CHECK(key->n != NULL, NOMEM);
    memcpy(key->n, p.n.ptr, p.n.len);
    memcpy(key->e, p.e.ptr, p.e.len);
    SPK_TRY(load_public(key));
    if (p.p.len != 0 || p.q.len != 0 || p.d.len != 0) {
        SPK_TRY(set_private(key, &p));
    }
    *ret_key = SPK_STEAL(key);
    return SPK_OK;
}

void
spk_anyrsa_parts(const struct spk_anyrsa *key, struct spk_rsa_parts *ret_parts)
{
    *ret_parts =
        (struct spk_rsa_parts){.n = spk_span(key->n, key->k), .e = spk_span(key->e, key->e_len)};
    if (key->priv == NULL) {
        return;
    }
    const uint8_t *b = spk_secret_span(key->priv).ptr;
    size_t half = spk_rsa_half(key->k);
    struct spk_span *const fields[] = {&ret_parts->p, &ret_parts->q, &ret_parts->dp, &ret_parts->dq,
                                       &ret_parts->qinv};
    ret_parts->d = spk_span(b, key->k);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        *fields[i] = spk_span(b + key->k + i * half, half);
    }
}

size_t
spk_anyrsa_len(const struct spk_anyrsa *key)
{
    return key->k;
}

bool
spk_anyrsa_is_pair(const struct spk_anyrsa *key)
{
    return key->priv != NULL;
}

struct spk_anyrsa *
spk_anyrsa_ref(struct spk_anyrsa *key)
{
    (void)atomic_fetch_add_explicit(&key->refs, 1, memory_order_relaxed);
    return key;
}

void
spk_anyrsa_free(struct spk_anyrsa *key)
{
    if (key == NULL || atomic_fetch_sub_explicit(&key->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    spk_secret_free(key->priv);
    EVP_PKEY_free(key->pkey);
    BN_MONT_CTX_free(key->mont);
    BN_free(key->bn_n);
    BN_free(key->bn_e);
    spk_mem_free(key->n);
    spk_mem_free(key);
}

spk_err
spk_anyrsa_raw_public(const struct spk_anyrsa *key, struct spk_span in, uint8_t *ret_out)
{
    SPK_OSSL_SCOPE;
    SPK_CHECK(in.len == key->k, USAGE);
    SPK_AUTO_BN_CTX ctx = BN_CTX_new_ex(spk_ossl_lib());
    SPK_AUTO_BN m = BN_bin2bn(in.ptr, (int)in.len, NULL);
    SPK_AUTO_BN c = BN_new();
    SPK_OSSL(ctx != NULL && m != NULL && c != NULL);
    SPK_CHECK(BN_ucmp(m, key->bn_n) < 0, FORMAT);
    SPK_TRY(spk_rsa_power(c, m, key->bn_e, key->mont, ctx));
    SPK_OSSL(BN_bn2binpad(c, ret_out, (int)key->k) == (int)key->k);
    return SPK_OK;
}

spk_err
spk_anyrsa_raw_private(const struct spk_anyrsa *key, struct spk_span in, uint8_t *ret_out)
{
    SPK_OSSL_SCOPE;
    uint8_t out[SPK_ANYRSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(out);
    size_t len = sizeof out;
    SPK_CHECK(key->priv != NULL && in.len == key->k, USAGE);
    SPK_CHECK(spk_span_cmp(in, spk_span(key->n, key->k)) < 0, FORMAT);
    SPK_AUTO_PKEY_CTX c = EVP_PKEY_CTX_new_from_pkey(spk_ossl_lib(), key->pkey, NULL);
    SPK_OSSL(c != NULL && EVP_PKEY_decrypt_init(c) == 1);
    SPK_OSSL(EVP_PKEY_CTX_set_rsa_padding(c, RSA_NO_PADDING) == 1);
    SPK_OSSL(EVP_PKEY_decrypt(c, out, &len, in.ptr, in.len) == 1 && len == key->k);
    memcpy(ret_out, out, len);
    return SPK_OK;
}
