/* SPDX-License-Identifier: Apache-2.0 */
/* Do the numbers of a private key fit together? A pair from a file or a BLOB of another program is
 * believed only after p*q = n, e*d = 1 modulo p-1 and q-1, and its CRT numbers agree (RFC 8017
 * section 3.2). */
#include "crypto/rsa_int.h"

enum { N, E, D, P, Q, DP, DQ, QINV, P1, Q1, TMP, NUMS };

struct fit {
    BIGNUM *v[NUMS];
    BN_CTX *ctx;
};

static void
fit_clear(struct fit *f)
{
    for (size_t i = 0; i < NUMS; i++) {
        BN_clear_free(f->v[i]);
    }
    BN_CTX_free(f->ctx); /* clears its temporaries */
}

static spk_err
fit_load(struct fit *f, const struct spk_rsa_parts *parts, size_t k)
{
    SPK_OSSL_SCOPE;
    const struct spk_span in[] = {parts->n, parts->e,  parts->d,  parts->p,
                                  parts->q, parts->dp, parts->dq, parts->qinv};
    f->ctx = BN_CTX_new_ex(spk_ossl_lib());
    SPK_OSSL(f->ctx != NULL);
    for (size_t i = 0; i < NUMS; i++) {
        f->v[i] = BN_new();
        SPK_OSSL(f->v[i] != NULL);
        if (i >= D) {
            BN_set_flags(f->v[i], BN_FLG_CONSTTIME);
        }
        if (i <= QINV) {
            struct spk_span s = spk_strip_zeros(in[i]);
            SPK_CHECK(s.len <= (i <= D ? k : spk_rsa_half(k)), FORMAT);
            SPK_OSSL(BN_bin2bn(s.ptr, (int)s.len, f->v[i]) != NULL);
        }
    }
    return SPK_OK;
}

/* p*q = n, and d undoes e modulo p-1 and q-1. */
static spk_err
fit_check(struct fit *f)
{
    SPK_OSSL_SCOPE;
    BIGNUM *const *v = f->v;
    SPK_CHECK(!BN_is_zero(v[D]) && BN_ucmp(v[D], v[N]) < 0, FORMAT);
    SPK_CHECK(BN_num_bits(v[P]) > 1 && BN_num_bits(v[Q]) > 1, FORMAT);
    SPK_OSSL(BN_mul(v[TMP], v[P], v[Q], f->ctx) == 1);
    SPK_CHECK(BN_ucmp(v[TMP], v[N]) == 0, FORMAT);
    for (int i = 0; i < 2; i++) {
        SPK_OSSL(BN_sub(v[P1 + i], v[P + i], BN_value_one()) == 1);
        SPK_OSSL(BN_mod_mul(v[TMP], v[E], v[D], v[P1 + i], f->ctx) == 1);
        SPK_CHECK(BN_is_one(v[TMP]), FORMAT);
    }
    return SPK_OK;
}

/* dp, dq, qinv: compared when given, computed when not. */
static spk_err
fit_crt(struct fit *f)
{
    SPK_OSSL_SCOPE;
    BIGNUM *const *v = f->v;
    for (int i = 0; i < 2; i++) {
        SPK_OSSL(BN_mod(v[TMP], v[D], v[P1 + i], f->ctx) == 1);
        if (BN_is_zero(v[DP + i])) {
            SPK_OSSL(BN_copy(v[DP + i], v[TMP]) != NULL);
        }
        SPK_CHECK(BN_ucmp(v[TMP], v[DP + i]) == 0, FORMAT);
    }
    if (BN_is_zero(v[QINV]) && BN_mod_inverse(v[QINV], v[Q], v[P], f->ctx) == NULL) {
        return spk_ossl_answer(SPK_CODE_FORMAT); /* no inverse: p = q */
    }
    SPK_OSSL(BN_mod_mul(v[TMP], v[Q], v[QINV], v[P], f->ctx) == 1);
    SPK_CHECK(BN_is_one(v[TMP]) && BN_ucmp(v[QINV], v[P]) < 0, FORMAT);
    return SPK_OK;
}

static spk_err
fit_store(const struct fit *f, size_t k, struct spk_secret **ret_priv)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO(spk_secret) s = NULL;
    size_t half = spk_rsa_half(k);
    SPK_TRY(spk_secret_new(k + 5 * half, &s));
    uint8_t *dst = spk_secret_mut(s).ptr;
    for (size_t i = D; i <= QINV; i++) {
        size_t len = i == D ? k : half;
        SPK_OSSL(BN_bn2binpad(f->v[i], dst, (int)len) == (int)len);
        dst += len;
    }
    *ret_priv = SPK_STEAL(s);
    return SPK_OK;
}

spk_err
spk_rsa_fit(const struct spk_rsa_parts *parts, size_t k, struct spk_secret **ret_priv)
{
    __attribute__((cleanup(fit_clear))) struct fit f = {0};
    spk_ossl_start();
    SPK_TRY(fit_load(&f, parts, k));
    SPK_TRY(fit_check(&f));
    SPK_TRY(fit_crt(&f));
    return fit_store(&f, k, ret_priv);
}
