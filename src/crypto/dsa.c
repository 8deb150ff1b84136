/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/dsa.h"

#include <openssl/dsa.h>

#include "crypto/ffkey_int.h"

#define Q_BITS (SPK_DSA_Q_LEN * 8)
#define DER_MAX 64 /* SEQUENCE of two INTEGERs of 21 bytes at most: 48 */

spk_err
spk_dsa_generate(unsigned bits, struct spk_ffkey **ret_key)
{
    SPK_CHECK(bits >= SPK_DSA_MIN_BITS && bits <= SPK_DSA_MAX_BITS, LIMIT);
    SPK_CHECK(bits % SPK_DSA_STEP_BITS == 0, LIMIT);
    return spk_ffkey_generate(bits, Q_BITS, ret_key);
}

bool
spk_dsa_fits(const struct spk_ffkey *key)
{
    struct spk_ff_parts s;
    spk_ffkey_parts(key, &s);
    return s.p.len >= SPK_DSA_MIN_BITS / 8 && s.p.len <= SPK_DSA_MAX_BITS / 8 &&
           s.p.len % (SPK_DSA_STEP_BITS / 8) == 0 && s.q.len == SPK_DSA_Q_LEN &&
           (s.q.ptr[0] & 0x80) != 0;
}

static void
sig_auto_(DSA_SIG **s)
{
    DSA_SIG_free(*s);
}
#define AUTO_SIG __attribute__((cleanup(sig_auto_))) DSA_SIG *

spk_err
spk_dsa_sign(const struct spk_ffkey *pair, const uint8_t hash[SPK_DSA_HASH_LEN],
             uint8_t ret_sig[SPK_DSA_SIG_LEN])
{
    SPK_OSSL_SCOPE;
    SPK_AUTO_PKEY pkey = NULL;
    uint8_t der[DER_MAX];
    size_t len = sizeof der;
    SPK_CHECK(spk_ffkey_is_pair(pair) && spk_dsa_fits(pair), USAGE);
    SPK_TRY(spk_ffkey_pkey(pair, "DSA", &pkey));
    SPK_AUTO_PKEY_CTX c = EVP_PKEY_CTX_new_from_pkey(spk_ossl_lib(), pkey, NULL);
    SPK_OSSL(c != NULL && EVP_PKEY_sign_init(c) == 1);
    SPK_OSSL(EVP_PKEY_sign(c, der, &len, hash, SPK_DSA_HASH_LEN) == 1);
    const uint8_t *at = der;
    AUTO_SIG sig = d2i_DSA_SIG(NULL, &at, (long)len);
    const BIGNUM *r = NULL, *t = NULL;
    SPK_OSSL(sig != NULL);
    DSA_SIG_get0(sig, &r, &t);
    SPK_OSSL(BN_bn2binpad(r, ret_sig, SPK_DSA_Q_LEN) == SPK_DSA_Q_LEN);
    SPK_OSSL(BN_bn2binpad(t, ret_sig + SPK_DSA_Q_LEN, SPK_DSA_Q_LEN) == SPK_DSA_Q_LEN);
    return SPK_OK;
}

/* As the library wants a signature. */
static spk_err
to_der(const uint8_t sig[SPK_DSA_SIG_LEN], uint8_t ret_der[DER_MAX], size_t *ret_len)
{
    SPK_OSSL_SCOPE;
    AUTO_SIG s = DSA_SIG_new();
    SPK_AUTO_BN r = BN_bin2bn(sig, SPK_DSA_Q_LEN, NULL);
    SPK_AUTO_BN t = BN_bin2bn(sig + SPK_DSA_Q_LEN, SPK_DSA_Q_LEN, NULL);
    SPK_OSSL(s != NULL && r != NULL && t != NULL && DSA_SIG_set0(s, r, t) == 1);
    r = NULL; /* both are the signature's now */
    t = NULL;
    int len = i2d_DSA_SIG(s, NULL);
    SPK_OSSL(len > 0 && len <= DER_MAX);
    *ret_len = (size_t)i2d_DSA_SIG(s, &ret_der);
    return SPK_OK;
}

spk_err
spk_dsa_verify(const struct spk_ffkey *key, const uint8_t hash[SPK_DSA_HASH_LEN],
               const uint8_t sig[SPK_DSA_SIG_LEN])
{
    SPK_OSSL_SCOPE;
    SPK_AUTO_PKEY pkey = NULL;
    uint8_t der[DER_MAX];
    size_t len = 0;
    SPK_CHECK(spk_dsa_fits(key), USAGE);
    SPK_TRY(to_der(sig, der, &len));
    SPK_TRY(spk_ffkey_pkey(key, "DSA", &pkey));
    SPK_AUTO_PKEY_CTX c = EVP_PKEY_CTX_new_from_pkey(spk_ossl_lib(), pkey, NULL);
    SPK_OSSL(c != NULL && EVP_PKEY_verify_init(c) == 1);
    if (EVP_PKEY_verify(c, der, len, hash, SPK_DSA_HASH_LEN) != 1) {
        return spk_ossl_answer(SPK_CODE_AUTH);
    }
    return SPK_OK;
}
