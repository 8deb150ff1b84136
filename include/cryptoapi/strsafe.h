/* SPDX-License-Identifier: Apache-2.0 */
/* Strings that are cut off where their buffer ends, and say so. */
#ifndef CRYPTOAPI_STRSAFE_H
#define CRYPTOAPI_STRSAFE_H

#include "winerror.h"
#include "winwio.h"

#define STRSAFE_MAX_CCH 2147483647u
#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007Au)
#define STRSAFE_E_INVALID_PARAMETER E_INVALIDARG

static inline HRESULT
cryptoapi_strsafe(errno_t result)
{
    return result == 0           ? S_OK
           : result == STRUNCATE ? STRSAFE_E_INSUFFICIENT_BUFFER
                                 : STRSAFE_E_INVALID_PARAMETER;
}

static inline HRESULT
StringCchCopyA(LPSTR dst, size_t size, LPCSTR src)
{
    return cryptoapi_strsafe(strncpy_s(dst, size, src, _TRUNCATE));
}

static inline HRESULT
StringCchCopyW(LPWSTR dst, size_t size, LPCWSTR src)
{
    return cryptoapi_strsafe(cryptoapi_wcsncpy_s(dst, size, src, _TRUNCATE));
}

static inline HRESULT
StringCchCatA(LPSTR dst, size_t size, LPCSTR src)
{
    size_t used = dst == NULL ? 0 : cryptoapi_strnlen(dst, size);
    return dst == NULL ? E_INVALIDARG : StringCchCopyA(dst + used, size - used, src);
}

static inline HRESULT
StringCchCatW(LPWSTR dst, size_t size, LPCWSTR src)
{
    size_t used = dst == NULL ? 0 : cryptoapi_wcsnlen(dst, size);
    return dst == NULL ? E_INVALIDARG : StringCchCopyW(dst + used, size - used, src);
}

/** A string that has no end within max characters is refused. */
static inline HRESULT
StringCchLengthA(LPCSTR s, size_t max, size_t *ret_len)
{
    size_t len = s == NULL ? max : cryptoapi_strnlen(s, max);
    if (ret_len != NULL) {
        *ret_len = len < max ? len : 0;
    }
    return len < max ? S_OK : E_INVALIDARG;
}

static inline HRESULT
StringCchLengthW(LPCWSTR s, size_t max, size_t *ret_len)
{
    size_t len = s == NULL ? max : cryptoapi_wcsnlen(s, max);
    if (ret_len != NULL) {
        *ret_len = len < max ? len : 0;
    }
    return len < max ? S_OK : E_INVALIDARG;
}

CRYPTOAPI_PRINTF(3, 4)
static inline HRESULT
StringCchPrintfA(LPSTR dst, size_t size, LPCSTR format, ...)
{
    va_list args;
    va_start(args, format);
    int n = _vsnprintf_s(dst, size, _TRUNCATE, format, args);
    va_end(args);
    return n >= 0 ? S_OK : dst == NULL || size == 0 ? E_INVALIDARG : STRSAFE_E_INSUFFICIENT_BUFFER;
}

static inline HRESULT
StringCchPrintfW(LPWSTR dst, size_t size, LPCWSTR format, ...)
{
    va_list args;
    va_start(args, format);
    int n = cryptoapi_vsnwprintf_s(dst, size, _TRUNCATE, format, args);
    va_end(args);
    return n >= 0 ? S_OK : dst == NULL || size == 0 ? E_INVALIDARG : STRSAFE_E_INSUFFICIENT_BUFFER;
}

#ifdef UNICODE
#define StringCchCopy StringCchCopyW
#define StringCchCat StringCchCatW
#define StringCchLength StringCchLengthW
#define StringCchPrintf StringCchPrintfW
#else
#define StringCchCopy StringCchCopyA
#define StringCchCat StringCchCatA
#define StringCchLength StringCchLengthA
#define StringCchPrintf StringCchPrintfA
#endif
#define StringCbCopy(d, bytes, s) StringCchCopy((d), (bytes) / sizeof(TCHAR), (s))
#define StringCbCat(d, bytes, s) StringCchCat((d), (bytes) / sizeof(TCHAR), (s))
#define StringCbPrintf(d, bytes, ...) StringCchPrintf((d), (bytes) / sizeof(TCHAR), __VA_ARGS__)

#endif
