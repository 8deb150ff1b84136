/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/hash.h"

#include <string.h>

#include "cryptoapi/schannel.h"

static void
hash_destroy(struct capi_object *o)
{
    struct capi_hash *h = (struct capi_hash *)(void *)o;
    spk_digest_free(h->digest);
    spk_secret_free(h->key);
    spk_cipher_free(h->cipher);
    capi_master_free(h->master);
    spk_mem_free(h->prf);
    spk_wipe(h->outer, h->outer_len);
    spk_mem_free(h->outer);
    spk_wipe(h, sizeof *h);
    spk_mem_free(h);
}

DWORD
capi_hash_get(HCRYPTHASH handle, struct capi_hash **ret_h)
{
    struct capi_object *o = NULL;
    CAPI_TRY(capi_handle_get(handle, CAPI_HASH, &o));
    *ret_h = (struct capi_hash *)(void *)o;
    return ERROR_SUCCESS;
}

void
capi_hash_put(struct capi_hash *h)
{
    if (h != NULL) {
        capi_object_unref(&h->obj);
    }
}

bool
capi_digest_of(ALG_ID alg, enum spk_digest_alg *ret_digest)
{
    static const struct {
        ALG_ID alg;
        enum spk_digest_alg digest;
    } map[] = {{CALG_MD2, SPK_DIGEST_MD2},        {CALG_MD4, SPK_DIGEST_MD4},
               {CALG_MD5, SPK_DIGEST_MD5},        {CALG_SHA1, SPK_DIGEST_SHA1},
               {CALG_SHA_256, SPK_DIGEST_SHA256}, {CALG_SHA_384, SPK_DIGEST_SHA384},
               {CALG_SHA_512, SPK_DIGEST_SHA512}};
    for (size_t i = 0; i < sizeof map / sizeof map[0]; i++) {
        if (map[i].alg == alg) {
            *ret_digest = map[i].digest;
            return true;
        }
    }
    return false;
}

static DWORD
hash_new(struct capi_object *owner, ALG_ID alg, struct capi_hash **ret_h)
{
    struct capi_hash *h = spk_calloc(1, sizeof *h);
    CAPI_CHECK(h != NULL, NTE_NO_MEMORY);
    DWORD code = capi_object_init(&h->obj, CAPI_HASH, owner, hash_destroy);
    if (code != ERROR_SUCCESS) {
        spk_mem_free(h);
        return code;
    }
    h->alg = alg;
    *ret_h = h;
    return ERROR_SUCCESS;
}

size_t
capi_hash_len(const struct capi_hash *h)
{
    enum spk_digest_alg d;
    switch (h->alg) {
    case CALG_SSL3_SHAMD5:
        return CAPI_SHAMD5_LEN;
    case CALG_MAC:
        return h->block;
    case CALG_HMAC:
        return h->has_info ? spk_digest_len(h->inner) : 0;
    case CALG_TLS1PRF:
        return CAPI_VERIFY_DATA_LEN;
    default:
        return capi_digest_of(h->alg, &d) ? spk_digest_len(d) : 0;
    }
}

DWORD
capi_hash_add(struct capi_hash *h, struct spk_span data)
{
    CAPI_CHECK(!h->finished, NTE_BAD_HASH_STATE);
    if (h->alg == CALG_MAC) {
        return capi_mac_add(h, data);
    }
    CAPI_CHECK(h->digest != NULL, NTE_BAD_ALGID); /* a set value only, or HMAC before its info */
    return capi_code(spk_digest_add(h->digest, data), NTE_FAIL);
}

DWORD
capi_hash_finish(struct capi_hash *h)
{
    if (h->finished) {
        return ERROR_SUCCESS;
    }
    if (h->alg == CALG_MAC) {
        CAPI_TRY(capi_mac_finish(h));
    } else {
        CAPI_CHECK(h->digest != NULL, NTE_BAD_HASH_STATE);
        CAPI_TRY(capi_code(spk_digest_final(h->digest, h->value), NTE_FAIL));
        if (h->alg == CALG_HMAC) {
            CAPI_TRY(capi_hmac_finish(h));
        }
    }
    h->finished = true;
    return ERROR_SUCCESS;
}

static DWORD
start_keyed(struct capi_hash *h, HCRYPTKEY key)
{
    CAPI_AUTO_KEY k = NULL;
    CAPI_CHECK(key != 0, NTE_BAD_KEY);
    CAPI_TRY(capi_key_get(key, &k));
    CAPI_LOCK(&k->obj);
    CAPI_CHECK(k->secret != NULL, NTE_BAD_KEY);
    if (capi_is_schannel_hash(h->alg)) {
        return capi_schannel_hash_start(h, k);
    }
    if (h->alg == CALG_MAC) {
        return capi_mac_start(h, k);
    }
    return capi_code(spk_secret_dup(k->secret, &h->key), NTE_FAIL);
}

static DWORD
start(struct capi_hash *h, HCRYPTKEY key)
{
    enum spk_digest_alg d;
    if (h->alg == CALG_MAC || h->alg == CALG_HMAC || capi_is_schannel_hash(h->alg)) {
        return start_keyed(h, key);
    }
    if (h->alg == CALG_SSL3_SHAMD5) {
        return ERROR_SUCCESS;
    }
    CAPI_CHECK(capi_digest_of(h->alg, &d), NTE_BAD_ALGID);
    return capi_code(spk_digest_new(d, &h->digest), NTE_FAIL);
}

static DWORD
create(HCRYPTPROV prov, ALG_ID alg, HCRYPTKEY key, DWORD flags, HCRYPTHASH *ret_handle)
{
    CAPI_AUTO_PROV p = NULL;
    CAPI_AUTO_HASH h = NULL;
    CAPI_TRY(capi_prov_get(prov, &p));
    CAPI_CHECK(ret_handle != NULL, ERROR_INVALID_PARAMETER);
    CAPI_CHECK(flags == 0, NTE_BAD_FLAGS);
    CAPI_CHECK(GET_ALG_CLASS(alg) == ALG_CLASS_HASH || capi_is_schannel_hash(alg), NTE_BAD_ALGID);
    CAPI_CHECK(capi_provider_alg(p->def, alg) != NULL, NTE_BAD_ALGID);
    CAPI_TRY(hash_new(&p->obj, alg, &h));
    CAPI_TRY(start(h, key));
    return capi_handle_open(&SPK_STEAL(h)->obj, ret_handle);
}

BOOL WINAPI
CryptCreateHash(HCRYPTPROV hProv, ALG_ID Algid, HCRYPTKEY hKey, DWORD dwFlags, HCRYPTHASH *phHash)
{
    return capi_finish(create(hProv, Algid, hKey, dwFlags, phHash));
}

static DWORD
hash_data(HCRYPTHASH handle, const BYTE *data, DWORD len, DWORD flags)
{
    CAPI_AUTO_HASH h = NULL;
    CAPI_TRY(capi_hash_get(handle, &h));
    CAPI_CHECK((flags & ~CRYPT_USERDATA) == 0, NTE_BAD_FLAGS);
    CAPI_CHECK(data != NULL || len == 0, ERROR_INVALID_PARAMETER);
    CAPI_LOCK(&h->obj);
    return capi_hash_add(h, spk_span(data, len));
}

BOOL WINAPI
CryptHashData(HCRYPTHASH hHash, const BYTE *pbData, DWORD dwDataLen, DWORD dwFlags)
{
    return capi_finish(hash_data(hHash, pbData, dwDataLen, dwFlags));
}

static DWORD
key_bytes(struct capi_key *k, struct spk_secret **ret_bytes)
{
    CAPI_LOCK(&k->obj);
    CAPI_CHECK(k->secret != NULL, NTE_BAD_KEY);
    struct spk_span s = k->master != NULL ? capi_master_span(k) : spk_secret_span(k->secret);
    return capi_code(spk_secret_from(s, ret_bytes), NTE_FAIL);
}

static DWORD
hash_session_key(HCRYPTHASH hash, HCRYPTKEY key, DWORD flags)
{
    CAPI_AUTO_HASH h = NULL;
    CAPI_AUTO_KEY k = NULL;
    SPK_AUTO(spk_secret) bytes = NULL;
    CAPI_TRY(capi_hash_get(hash, &h));
    CAPI_TRY(capi_key_get(key, &k));
    CAPI_CHECK((flags & ~CRYPT_LITTLE_ENDIAN) == 0, NTE_BAD_FLAGS);
    CAPI_TRY(key_bytes(k, &bytes));
    if ((flags & CRYPT_LITTLE_ENDIAN) == 0) { /* the last byte first */
        struct spk_mut b = spk_secret_mut(bytes);
        for (size_t i = 0; i < b.len / 2; i++) {
            uint8_t t = b.ptr[i];
            b.ptr[i] = b.ptr[b.len - 1 - i];
            b.ptr[b.len - 1 - i] = t;
        }
    }
    CAPI_LOCK(&h->obj);
    return capi_hash_add(h, spk_secret_span(bytes));
}

BOOL WINAPI
CryptHashSessionKey(HCRYPTHASH hHash, HCRYPTKEY hKey, DWORD dwFlags)
{
    return capi_finish(hash_session_key(hHash, hKey, dwFlags));
}

static DWORD
copy_state(const struct capi_hash *h, struct capi_hash *copy)
{
    copy->finished = h->finished;
    copy->inner = h->inner;
    copy->has_info = h->has_info;
    copy->block = h->block;
    copy->used = h->used;
    memcpy(copy->value, h->value, sizeof copy->value);
    memcpy(copy->chain, h->chain, sizeof copy->chain);
    memcpy(copy->part, h->part, sizeof copy->part);
    if (h->digest != NULL && !h->finished) {
        CAPI_TRY(capi_code(spk_digest_dup(h->digest, &copy->digest), NTE_FAIL));
    }
    if (h->key != NULL) {
        CAPI_TRY(capi_code(spk_secret_dup(h->key, &copy->key), NTE_FAIL));
    }
    if (h->cipher != NULL) {
        CAPI_TRY(capi_code(spk_cipher_dup(h->cipher, &copy->cipher), NTE_FAIL));
    }
    if (h->master != NULL) {
        CAPI_TRY(capi_master_copy(h->master, &copy->master));
    }
    if (h->prf != NULL) {
        copy->prf = spk_calloc(1, sizeof *copy->prf);
        CAPI_CHECK(copy->prf != NULL, NTE_NO_MEMORY);
        *copy->prf = *h->prf;
    }
    if (h->outer != NULL) {
        copy->outer = spk_calloc(1, h->outer_len);
        CAPI_CHECK(copy->outer != NULL, NTE_NO_MEMORY);
        memcpy(copy->outer, h->outer, h->outer_len);
        copy->outer_len = h->outer_len;
    }
    return ERROR_SUCCESS;
}

static DWORD
duplicate(HCRYPTHASH handle, const DWORD *reserved, DWORD flags, HCRYPTHASH *ret_handle)
{
    CAPI_AUTO_HASH h = NULL;
    CAPI_AUTO_HASH copy = NULL;
    CAPI_TRY(capi_hash_get(handle, &h));
    CAPI_CHECK(reserved == NULL && flags == 0 && ret_handle != NULL, ERROR_INVALID_PARAMETER);
    CAPI_LOCK(&h->obj);
    CAPI_TRY(hash_new(h->obj.owner, h->alg, &copy));
    CAPI_TRY(copy_state(h, copy));
    return capi_handle_open(&SPK_STEAL(copy)->obj, ret_handle);
}

BOOL WINAPI
CryptDuplicateHash(HCRYPTHASH hHash, DWORD *pdwReserved, DWORD dwFlags, HCRYPTHASH *phHash)
{
    return capi_finish(duplicate(hHash, pdwReserved, dwFlags, phHash));
}

BOOL WINAPI
CryptDestroyHash(HCRYPTHASH hHash)
{
    return capi_finish(capi_handle_close(hHash, CAPI_HASH));
}
