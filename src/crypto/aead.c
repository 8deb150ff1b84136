/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"

#include "crypto/ossl.h"

/* The library counts in int; segments are at most 16 MiB. */
#define AEAD_LEN_MAX ((size_t)1 << 30)

struct spk_aead {
    EVP_CIPHER_CTX *ctx;
    bool keyed;
};

spk_err
spk_aead_new(struct spk_aead **ret_a)
{
    SPK_OSSL_SCOPE;
    const EVP_CIPHER *gcm = NULL;
    SPK_TRY(spk_ossl_aes256_gcm(&gcm));
    SPK_AUTO(spk_aead) a = spk_calloc(1, sizeof *a);
    SPK_CHECK(a != NULL, NOMEM);
    a->ctx = EVP_CIPHER_CTX_new();
    SPK_OSSL(a->ctx != NULL && EVP_EncryptInit_ex2(a->ctx, gcm, NULL, NULL, NULL) == 1);
    *ret_a = SPK_STEAL(a);
    return SPK_OK;
}

spk_err
spk_aead_key(struct spk_aead *a, struct spk_span key)
{
    SPK_OSSL_SCOPE;
    SPK_CHECK(key.len == SPK_AEAD_KEY_LEN, USAGE);
    a->keyed = false;
    SPK_OSSL(EVP_EncryptInit_ex2(a->ctx, NULL, key.ptr, NULL, NULL) == 1);
    a->keyed = true;
    return SPK_OK;
}

/* IV, direction (0 open, 1 seal), AAD, text. The key schedule of GCM is the same both ways, so
 * turning the direction needs no new key. */
static spk_err
run(struct spk_aead *a, int seal, const uint8_t *iv, struct spk_span aad, struct spk_span src,
    uint8_t *dst)
{
    SPK_OSSL_SCOPE;
    int n = 0;
    SPK_CHECK(a->keyed, USAGE);
    SPK_CHECK(src.len <= AEAD_LEN_MAX && aad.len <= AEAD_LEN_MAX, LIMIT);
    SPK_OSSL(EVP_CipherInit_ex2(a->ctx, NULL, NULL, iv, seal, NULL) == 1);
    if (aad.len != 0) {
        SPK_OSSL(EVP_CipherUpdate(a->ctx, NULL, &n, aad.ptr, (int)aad.len) == 1);
    }
    if (src.len != 0) {
        SPK_OSSL(EVP_CipherUpdate(a->ctx, dst, &n, src.ptr, (int)src.len) == 1);
        SPK_CHECK((size_t)n == src.len, CRYPTO);
    }
    return SPK_OK;
}

spk_err
spk_aead_seal(struct spk_aead *a, const uint8_t iv[SPK_AEAD_IV_LEN], struct spk_span aad,
              struct spk_span src, uint8_t *ret_dst, uint8_t ret_tag[SPK_AEAD_TAG_LEN])
{
    SPK_OSSL_SCOPE;
    int n = 0;
    uint8_t rest[SPK_AEAD_TAG_LEN]; /* GCM's last step gives no bytes, but wants a place for them */
    SPK_TRY(run(a, 1, iv, aad, src, ret_dst));
    SPK_OSSL(EVP_CipherFinal_ex(a->ctx, rest, &n) == 1 && n == 0);
    SPK_OSSL(EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_GET_TAG, SPK_AEAD_TAG_LEN, ret_tag) == 1);
    return SPK_OK;
}

static spk_err
check_tag(struct spk_aead *a, const uint8_t *tag)
{
    SPK_OSSL_SCOPE;
    int n = 0;
    uint8_t rest[SPK_AEAD_TAG_LEN], copy[SPK_AEAD_TAG_LEN];
    for (size_t i = 0; i < sizeof copy; i++) {
        copy[i] = tag[i];
    }
    SPK_OSSL(EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_TAG, SPK_AEAD_TAG_LEN, copy) == 1);
    if (EVP_CipherFinal_ex(a->ctx, rest, &n) != 1) {
        return spk_ossl_answer(SPK_CODE_AUTH);
    }
    return SPK_OK;
}

spk_err
spk_aead_open(struct spk_aead *a, const uint8_t iv[SPK_AEAD_IV_LEN], struct spk_span aad,
              struct spk_span src, const uint8_t tag[SPK_AEAD_TAG_LEN], uint8_t *ret_dst)
{
    spk_err e = run(a, 0, iv, aad, src, ret_dst);
    if (spk_ok(e)) {
        e = check_tag(a, tag);
    }
    if (!spk_ok(e)) {
        spk_wipe(ret_dst, src.len); /* nothing unverified leaves */
    }
    return e;
}

void
spk_aead_free(struct spk_aead *a)
{
    if (a != NULL) {
        EVP_CIPHER_CTX_free(a->ctx); /* wipes the key schedule */
        spk_mem_free(a);
    }
}
