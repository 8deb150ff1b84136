/* SPDX-License-Identifier: Apache-2.0 */
/* The keyed hashes: HMAC with its two strings, and CBC-MAC. */
#include <string.h>

#include "cryptoapi/hash.h"

#define INNER_PAD 0x36
#define OUTER_PAD 0x5c

/* Key, zero-extended, XOR string (or one byte, where the program gave none). */
static DWORD
padded(struct spk_span key, struct spk_span string, uint8_t fill, size_t block,
       struct spk_mut *ret_pad)
{
    size_t string_len = string.len != 0 ? string.len : block;
    size_t len = string_len > key.len ? string_len : key.len;
    uint8_t *pad = spk_calloc(1, len);
    CAPI_CHECK(pad != NULL, NTE_NO_MEMORY);
    if (string.len != 0) {
        memcpy(pad, string.ptr, string.len);
    } else {
        memset(pad, fill, block);
    }
    for (size_t i = 0; i < key.len; i++) {
        pad[i] ^= key.ptr[i];
    }
    *ret_pad = spk_mut(pad, len);
    return ERROR_SUCCESS;
}

static DWORD
check_info(const HMAC_INFO *info, enum spk_digest_alg *ret_inner)
{
    CAPI_CHECK(capi_digest_of(info->HashAlgid, ret_inner), NTE_BAD_ALGID);
    CAPI_CHECK(info->cbInnerString <= CAPI_PAD_MAX && info->cbOuterString <= CAPI_PAD_MAX,
               NTE_BAD_LEN);
    return ERROR_SUCCESS;
}

static struct spk_span
string_of(const BYTE *s, DWORD len)
{
    return s == NULL ? SPK_SPAN_EMPTY : spk_span(s, len);
}

static DWORD
start_inner(struct capi_hash *h, struct spk_span key, const HMAC_INFO *info)
{
    SPK_AUTO(spk_digest) digest = NULL;
    struct spk_mut in = {0}, out = {0};
    size_t block = spk_digest_block(h->inner);
    CAPI_TRY(capi_code(spk_digest_new(h->inner, &digest), NTE_FAIL));
    CAPI_TRY(
        padded(key, string_of(info->pbInnerString, info->cbInnerString), INNER_PAD, block, &in));
    DWORD code = capi_code(spk_digest_add(digest, spk_span(in.ptr, in.len)), NTE_FAIL);
    spk_wipe(in.ptr, in.len);
    spk_mem_free(in.ptr);
    CAPI_TRY(code);
    CAPI_TRY(
        padded(key, string_of(info->pbOuterString, info->cbOuterString), OUTER_PAD, block, &out));
    h->digest = SPK_STEAL(digest);
    h->outer = out.ptr;
    h->outer_len = out.len;
    return ERROR_SUCCESS;
}

DWORD
capi_hmac_info(struct capi_hash *h, const HMAC_INFO *info)
{
    uint8_t short_key[SPK_DIGEST_LEN_MAX];
    SPK_WIPE_ON_EXIT(short_key);
    CAPI_CHECK(h->alg == CALG_HMAC, NTE_BAD_TYPE);
    CAPI_CHECK(!h->finished && !h->has_info, NTE_BAD_HASH_STATE);
    CAPI_TRY(check_info(info, &h->inner));
    CAPI_CHECK(capi_provider_alg(capi_owner(&h->obj)->def, info->HashAlgid) != NULL, NTE_BAD_ALGID);
    struct spk_span key = spk_secret_span(h->key);
    if (key.len > spk_digest_block(h->inner)) {
        CAPI_TRY(capi_code(spk_digest_parts(h->inner, &key, 1, short_key), NTE_FAIL));
        key = spk_span(short_key, spk_digest_len(h->inner));
    }
    CAPI_TRY(start_inner(h, key, info));
    h->has_info = true;
    return ERROR_SUCCESS;
}

DWORD
capi_hmac_finish(struct capi_hash *h)
{
    const struct spk_span parts[] = {spk_span(h->outer, h->outer_len),
                                     spk_span(h->value, spk_digest_len(h->inner))};
    uint8_t value[CAPI_HASH_MAX];
    SPK_WIPE_ON_EXIT(value);
    CAPI_TRY(capi_code(spk_digest_parts(h->inner, parts, 2, value), NTE_FAIL));
    memcpy(h->value, value, spk_digest_len(h->inner));
    return ERROR_SUCCESS;
}

/* A cipher of its own with the key's material: what the key is used for meanwhile does not matter.
 */
DWORD
capi_mac_start(struct capi_hash *h, struct capi_key *k)
{
    struct spk_cipher *cipher = NULL;
    h->block = capi_key_block(k);
    CAPI_CHECK(h->block != 0, NTE_BAD_KEY);
    CAPI_TRY(capi_key_cipher(k, &cipher));
    return capi_code(spk_cipher_dup(cipher, &h->cipher), NTE_FAIL);
}

/* At most what the open block still takes. */
static DWORD
mac_part(struct capi_hash *h, struct spk_span data)
{
    if (data.len == 0) {
        return ERROR_SUCCESS;
    }
    memcpy(h->part + h->used, data.ptr, data.len);
    h->used += data.len;
    if (h->used < h->block) {
        return ERROR_SUCCESS;
    }
    h->used = 0;
    return capi_code(spk_cipher_chain(h->cipher, h->chain, spk_span(h->part, h->block)), NTE_FAIL);
}

DWORD
capi_mac_add(struct capi_hash *h, struct spk_span data)
{
    if (h->used != 0) { /* the rest of an open block first */
        size_t n = h->block - h->used < data.len ? h->block - h->used : data.len;
        CAPI_TRY(mac_part(h, spk_span(data.ptr, n)));
        data = spk_span(data.ptr + n, data.len - n);
    }
    size_t whole = data.len / h->block * h->block;
    if (whole != 0) {
        CAPI_TRY(
            capi_code(spk_cipher_chain(h->cipher, h->chain, spk_span(data.ptr, whole)), NTE_FAIL));
    }
    return mac_part(h, spk_span(data.ptr + whole, data.len - whole));
}

DWORD
capi_mac_finish(struct capi_hash *h)
{
    uint8_t pad[SPK_CIPHER_BLOCK_MAX];
    size_t n = h->block - h->used;
    memset(pad, (int)n, n);
    CAPI_TRY(capi_mac_add(h, spk_span(pad, n)));
    memcpy(h->value, h->chain, h->block);
    return ERROR_SUCCESS;
}
