/* SPDX-License-Identifier: Apache-2.0 */
/* What an RSA key is made of; internal to this folder. */
#ifndef SPK_CRYPTO_RSA_INT_H
#define SPK_CRYPTO_RSA_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/ossl.h"
#include "crypto/rsa.h"

#define SPK_RSA_E_MAX_LEN 4

struct spk_rsa {
    atomic_uint refs;
    size_t k, e_len, spki_len;
    uint8_t n[SPK_RSA_MAX_LEN];
    uint8_t e[SPK_RSA_E_MAX_LEN];
    uint8_t spki[SPK_SPKI_MAX_LEN];
    struct spk_hash id;
    struct spk_secret *priv; /* d (k bytes), then p, q, dp, dq, qinv (half each); NULL: public */

    /* Forms that the library works on, made by the first operation that needs them. */
    pthread_mutex_t lock;
    BIGNUM *bn_n, *bn_e;
    BN_MONT_CTX *mont;
    EVP_PKEY *pkey;
};

static inline size_t
spk_rsa_half(size_t k)
{
    return (k + 1) / 2;
}

/** Check the private numbers against n and e, compute what is missing, and give all in the order
 * above. */
SPK_MUST_USE spk_err spk_rsa_fit(const struct spk_rsa_parts *parts, size_t k,
                                 struct spk_secret **ret_priv);
/** Write the canonical SubjectPublicKeyInfo of n and e. */
SPK_MUST_USE spk_err spk_rsa_put_spki(struct spk_span n, struct spk_span e, struct spk_buf *b);
/** The library's form of the key, borrowed; made once. */
SPK_MUST_USE spk_err spk_rsa_pkey(const struct spk_rsa *key, EVP_PKEY **ret_pkey);
/** c = m^e mod n for a public e, odd and at least 3, and m below n, whose mont is given. */
SPK_MUST_USE spk_err spk_rsa_power(BIGNUM *c, const BIGNUM *m, const BIGNUM *e, BN_MONT_CTX *mont,
                                   BN_CTX *ctx);
/** RSASSA-PKCS1-v1_5 with SHA-256 of tbs, for certificates only. */
SPK_MUST_USE spk_err spk_rsa_sign_v15(const struct spk_rsa *key, struct spk_span tbs,
                                      struct spk_buf *sig);

#endif
