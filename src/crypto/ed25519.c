/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ed25519.h"

#include "crypto/ossl.h"

#define TYPE "ED25519"

spk_err
spk_ed25519_public(const struct spk_secret *seed, uint8_t ret_pub[SPK_ED25519_LEN])
{
    return spk_ossl_raw_public(TYPE, seed, ret_pub);
}

spk_err
spk_ed25519_sign(const struct spk_secret *seed, struct spk_span msg,
                 uint8_t ret_sig[SPK_ED25519_SIG_LEN])
{
    SPK_OSSL_SCOPE;
    SPK_AUTO_PKEY k = NULL;
    size_t len = SPK_ED25519_SIG_LEN;
    SPK_TRY(spk_ossl_raw_pair(TYPE, seed, &k));
    SPK_AUTO_MD_CTX c = EVP_MD_CTX_new();
    SPK_OSSL(c != NULL && EVP_DigestSignInit_ex(c, NULL, NULL, spk_ossl_lib(), NULL, k, NULL) == 1);
    SPK_OSSL(EVP_DigestSign(c, ret_sig, &len, msg.ptr, msg.len) == 1);
    return SPK_OK;
}

spk_err
spk_ed25519_verify(const uint8_t pub[SPK_ED25519_LEN], struct spk_span msg, struct spk_span sig)
{
    SPK_OSSL_SCOPE;
    SPK_CHECK(sig.len == SPK_ED25519_SIG_LEN, AUTH);
    spk_ossl_start();
    SPK_AUTO_PKEY k =
        EVP_PKEY_new_raw_public_key_ex(spk_ossl_lib(), TYPE, NULL, pub, SPK_ED25519_LEN);
    SPK_AUTO_MD_CTX c = EVP_MD_CTX_new();
    SPK_OSSL(k != NULL && c != NULL);
    SPK_OSSL(EVP_DigestVerifyInit_ex(c, NULL, NULL, spk_ossl_lib(), NULL, k, NULL) == 1);
    if (EVP_DigestVerify(c, sig.ptr, sig.len, msg.ptr, msg.len) != 1) {
        return spk_ossl_answer(SPK_CODE_AUTH);
    }
    return SPK_OK;
}
