/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/error.h"

#include <string.h>

static _Thread_local DWORD last_error;

DWORD WINAPI
GetLastError(void)
{
    return last_error;
}

void WINAPI
SetLastError(DWORD dwErrCode)
{
    last_error = dwErrCode;
}

BOOL
capi_finish(DWORD code)
{
    if (code == ERROR_SUCCESS) {
        return TRUE;
    }
    SetLastError(code);
    return FALSE;
}

DWORD
capi_code(spk_err e, DWORD bad)
{
    switch (e.code) {
    case SPK_CODE_OK:
        return ERROR_SUCCESS;
    case SPK_CODE_FORMAT:
    case SPK_CODE_TRUNC:
    case SPK_CODE_AUTH:
    case SPK_CODE_LIMIT:
    case SPK_CODE_VERSION:
        return bad;
    case SPK_CODE_NOMEM:
        return NTE_NO_MEMORY;
    case SPK_CODE_NOTFOUND: /* the only thing that crypto/ looks for is OpenSSL's legacy module */
        return NTE_PROV_DLL_NOT_FOUND;
    case SPK_CODE_BUSY:
        return ERROR_BUSY;
    case SPK_CODE_DENIED:
        return NTE_PERM;
    default:
        return NTE_FAIL;
    }
}

DWORD
capi_room(size_t len, const BYTE *data, DWORD *data_len, bool *ret_go)
{
    CAPI_CHECK(data_len != NULL, ERROR_INVALID_PARAMETER);
    DWORD have = *data_len;
    *ret_go = false;
    if (data == NULL) {
        *data_len = (DWORD)len;
        return ERROR_SUCCESS;
    }
    if (have < len) {
        *data_len = (DWORD)len;
        return ERROR_MORE_DATA;
    }
    *ret_go = true;
    return ERROR_SUCCESS;
}

DWORD
capi_answer(struct spk_span src, BYTE *data, DWORD *data_len)
{
    bool go = false;
    CAPI_TRY(capi_room(src.len, data, data_len, &go));
    if (go) {
        if (src.len != 0) {
            memcpy(data, src.ptr, src.len);
        }
        *data_len = (DWORD)src.len;
    }
    return ERROR_SUCCESS;
}

DWORD
capi_answer_dword(DWORD v, BYTE *data, DWORD *data_len)
{
    return capi_answer(spk_span(&v, sizeof v), data, data_len);
}
