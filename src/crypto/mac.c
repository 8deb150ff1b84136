/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/mac.h"

#include <string.h>

#include "crypto/hmac.h"

spk_err
spk_hmac_init(struct spk_hmac *h, enum spk_md md, struct spk_span key)
{
    SPK_OSSL_SCOPE;
    *h = (struct spk_hmac){0};
    SPK_TRY(spk_ossl_md(md, &h->md));
    h->len = (size_t)EVP_MD_get_size(h->md);
    h->block = (size_t)EVP_MD_get_block_size(h->md);
    h->ctx = EVP_MD_CTX_new();
    SPK_OSSL(h->ctx != NULL);
    if (key.len > h->block) {
        return spk_ossl_digest(h->ctx, h->md, &key, 1, h->key);
    }
    if (key.len != 0) {
        memcpy(h->key, key.ptr, key.len);
    }
    return SPK_OK;
}

/* Start a digest with the key block XORed with pad (RFC 2104 section 2). */
static spk_err
start_padded(struct spk_hmac *h, uint8_t pad)
{
    SPK_OSSL_SCOPE;
    uint8_t block[SPK_MD_BLOCK_MAX];
    SPK_WIPE_ON_EXIT(block);
    for (size_t i = 0; i < h->block; i++) {
        block[i] = h->key[i] ^ pad;
    }
    SPK_OSSL(EVP_DigestInit_ex2(h->ctx, h->md, NULL) == 1);
    SPK_OSSL(EVP_DigestUpdate(h->ctx, block, h->block) == 1);
    return SPK_OK;
}

spk_err
spk_hmac_run(struct spk_hmac *h, const struct spk_span *parts, size_t n,
             uint8_t ret_mac[SPK_MD_LEN_MAX])
{
    SPK_OSSL_SCOPE;
    uint8_t inner[SPK_MD_LEN_MAX];
    SPK_WIPE_ON_EXIT(inner);
    SPK_TRY(start_padded(h, 0x36));
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len != 0) {
            SPK_OSSL(EVP_DigestUpdate(h->ctx, parts[i].ptr, parts[i].len) == 1);
        }
    }
    SPK_OSSL(EVP_DigestFinal_ex(h->ctx, inner, NULL) == 1);
    SPK_TRY(start_padded(h, 0x5c));
    SPK_OSSL(EVP_DigestUpdate(h->ctx, inner, h->len) == 1);
    SPK_OSSL(EVP_DigestFinal_ex(h->ctx, ret_mac, NULL) == 1);
    return SPK_OK;
}

void
spk_hmac_clear(struct spk_hmac *h)
{
    EVP_MD_CTX_free(h->ctx); /* wipes the digest's state */
    spk_wipe(h, sizeof *h);
}

spk_err
spk_hmac_sha256(struct spk_span key, const struct spk_span *parts, size_t n,
                struct spk_hash *ret_mac)
{
    SPK_AUTO_HMAC h = {0};
    uint8_t mac[SPK_MD_LEN_MAX];
    SPK_WIPE_ON_EXIT(mac);
    SPK_TRY(spk_hmac_init(&h, SPK_MD_SHA256, key));
    SPK_TRY(spk_hmac_run(&h, parts, n, mac));
    memcpy(ret_mac->b, mac, SPK_HASH_LEN);
    return SPK_OK;
}
