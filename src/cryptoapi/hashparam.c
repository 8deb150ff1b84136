/* SPDX-License-Identifier: Apache-2.0 */
/* CryptGetHashParam and CryptSetHashParam. */
#include <string.h>

#include "cryptoapi/schannel.h"

/* A size query does not finish the hash. */
static DWORD
get_value(struct capi_hash *h, BYTE *data, DWORD *data_len)
{
    bool go = false;
    if (h->prf != NULL) {
        return capi_prf_value(h, data, data_len);
    }
    CAPI_CHECK(h->finished || h->alg == CALG_MAC || h->digest != NULL, NTE_BAD_HASH_STATE);
    CAPI_TRY(capi_room(capi_hash_len(h), data, data_len, &go));
    if (!go) {
        return ERROR_SUCCESS;
    }
    CAPI_TRY(capi_hash_finish(h));
    return capi_answer(spk_span(h->value, capi_hash_len(h)), data, data_len);
}

static DWORD
get_param(HCRYPTHASH handle, DWORD param, BYTE *data, DWORD *data_len, DWORD flags)
{
    CAPI_AUTO_HASH h = NULL;
    CAPI_TRY(capi_hash_get(handle, &h));
    CAPI_CHECK(data_len != NULL, ERROR_INVALID_PARAMETER);
    CAPI_CHECK(flags == 0, NTE_BAD_FLAGS);
    CAPI_LOCK(&h->obj);
    switch (param) {
    case HP_ALGID:
        return capi_answer_dword(h->alg, data, data_len);
    case HP_HASHSIZE:
        return capi_answer_dword((DWORD)capi_hash_len(h), data, data_len);
    case HP_HASHVAL:
        return get_value(h, data, data_len);
    default:
        return NTE_BAD_TYPE;
    }
}

BOOL WINAPI
CryptGetHashParam(HCRYPTHASH hHash, DWORD dwParam, BYTE *pbData, DWORD *pdwDataLen, DWORD dwFlags)
{
    return capi_finish(get_param(hHash, dwParam, pbData, pdwDataLen, dwFlags));
}

static DWORD
set_value(struct capi_hash *h, const BYTE *data)
{
    size_t len = capi_hash_len(h);
    CAPI_CHECK(!h->finished && len != 0 && h->prf == NULL, NTE_BAD_HASH_STATE);
    memcpy(h->value, data, len);
    h->finished = true;
    return ERROR_SUCCESS;
}

static DWORD
set_param(HCRYPTHASH handle, DWORD param, const BYTE *data, DWORD flags)
{
    CAPI_AUTO_HASH h = NULL;
    HMAC_INFO info;
    CAPI_TRY(capi_hash_get(handle, &h));
    CAPI_CHECK(flags == 0, NTE_BAD_FLAGS);
    CAPI_CHECK(data != NULL, ERROR_INVALID_PARAMETER);
    CAPI_LOCK(&h->obj);
    switch (param) {
    case HP_HASHVAL:
        return set_value(h, data);
    case HP_HMAC_INFO:
        memcpy(&info, data, sizeof info);
        return capi_hmac_info(h, &info);
    case HP_TLS1PRF_LABEL:
    case HP_TLS1PRF_SEED:
        return capi_prf_set(h, param, data);
    default:
        return NTE_BAD_TYPE;
    }
}

BOOL WINAPI
CryptSetHashParam(HCRYPTHASH hHash, DWORD dwParam, const BYTE *pbData, DWORD dwFlags)
{
    return capi_finish(set_param(hHash, dwParam, pbData, dwFlags));
}
