/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing to an X25519 key.  The ephemeral key is used once, so the derived key is, too, and a
 * fixed IV of zeros is right. Both public keys are in the salt: a sealed text names its recipient.
 */
#include <string.h>

#include "crypto/aead.h"
#include "crypto/ed25519.h"
#include "crypto/kdf.h"
#include "crypto/ossl.h"
#include "crypto/rng.h"

#define TYPE "X25519"
#define X_LEN SPK_RAW_KEY_LEN
#define OVERHEAD (X_LEN + SPK_AEAD_TAG_LEN)

spk_err
spk_x25519_public(const struct spk_secret *priv, uint8_t ret_pub[32])
{
    return spk_ossl_raw_public(TYPE, priv, ret_pub);
}

/* RFC 7748 section 6.1; a peer of low order (an all-zero result) is SPK_CODE_AUTH. */
static spk_err
agree(const struct spk_secret *priv, const uint8_t *peer, uint8_t shared[X_LEN])
{
    SPK_OSSL_SCOPE;
    SPK_AUTO_PKEY k = NULL;
    size_t len = X_LEN;
    SPK_TRY(spk_ossl_raw_pair(TYPE, priv, &k));
    SPK_AUTO_PKEY p = EVP_PKEY_new_raw_public_key_ex(spk_ossl_lib(), TYPE, NULL, peer, X_LEN);
    SPK_AUTO_PKEY_CTX c = EVP_PKEY_CTX_new_from_pkey(spk_ossl_lib(), k, NULL);
    SPK_OSSL(p != NULL && c != NULL && EVP_PKEY_derive_init(c) == 1);
    SPK_OSSL(EVP_PKEY_derive_set_peer(c, p) == 1);
    if (EVP_PKEY_derive(c, shared, &len) != 1) {
        return spk_ossl_answer(SPK_CODE_AUTH);
    }
    return SPK_OK;
}

/* The cipher for one text between an ephemeral and a recipient's key; mine is either's private
 * half. */
static spk_err
make_aead(const struct spk_secret *mine, const uint8_t *ephemeral, const uint8_t *recipient,
          const uint8_t *peer, struct spk_span info, struct spk_aead **ret_a)
{
    uint8_t shared[X_LEN], key[SPK_AEAD_KEY_LEN], salt[2 * X_LEN];
    SPK_WIPE_ON_EXIT(shared);
    SPK_WIPE_ON_EXIT(key);
    SPK_AUTO(spk_aead) a = NULL;
    SPK_TRY(agree(mine, peer, shared));
    memcpy(salt, ephemeral, X_LEN);
    memcpy(salt + X_LEN, recipient, X_LEN);
    SPK_TRY(spk_hkdf_sha256(SPK_SPAN_OF(shared), SPK_SPAN_OF(salt), info, SPK_MUT_OF(key)));
    SPK_TRY(spk_aead_new(&a));
    SPK_TRY(spk_aead_key(a, SPK_SPAN_OF(key)));
    *ret_a = SPK_STEAL(a);
    return SPK_OK;
}

static const uint8_t zero_iv[SPK_AEAD_IV_LEN];

spk_err
spk_x25519_seal(const uint8_t pub[32], struct spk_span info, struct spk_span msg,
                struct spk_buf *out)
{
    SPK_AUTO(spk_secret) once = NULL;
    SPK_AUTO(spk_aead) a = NULL;
    uint8_t ephemeral[X_LEN], *dst = NULL;
    SPK_CHECK(msg.len != 0, USAGE); /* it could not come back as a secret */
    SPK_CHECK(msg.len <= SPK_SECRET_MAX, LIMIT);
    SPK_TRY(spk_secret_random(X_LEN, &once));
    SPK_TRY(spk_x25519_public(once, ephemeral));
    SPK_TRY(make_aead(once, ephemeral, pub, pub, info, &a));
    size_t before = out->len;
    SPK_TRY(spk_buf_grow(out, msg.len + OVERHEAD, &dst));
    memcpy(dst, ephemeral, X_LEN);
    spk_err e = spk_aead_seal(a, zero_iv, SPK_SPAN_EMPTY, msg, dst + X_LEN, dst + X_LEN + msg.len);
    if (!spk_ok(e)) {
        out->len = before;
    }
    return e;
}

spk_err
spk_x25519_open(const struct spk_secret *priv, struct spk_span info, struct spk_span sealed,
                struct spk_secret **ret_msg)
{
    SPK_AUTO(spk_aead) a = NULL;
    SPK_AUTO(spk_secret) msg = NULL;
    uint8_t mine[X_LEN];
    SPK_CHECK(sealed.len > OVERHEAD && sealed.len - OVERHEAD <= SPK_SECRET_MAX, AUTH);
    struct spk_span text = spk_span(sealed.ptr + X_LEN, sealed.len - OVERHEAD);
    SPK_TRY(spk_x25519_public(priv, mine));
    SPK_TRY(make_aead(priv, sealed.ptr, mine, sealed.ptr, info, &a));
    SPK_TRY(spk_secret_new(text.len, &msg));
    SPK_TRY(spk_aead_open(a, zero_iv, SPK_SPAN_EMPTY, text, text.ptr + text.len,
                          spk_secret_mut(msg).ptr));
    *ret_msg = SPK_STEAL(msg);
    return SPK_OK;
}
