/* SPDX-License-Identifier: Apache-2.0 */
/* From one width of text to the other, as programs call it. */
#include <string.h>

#include "cryptoapi/wide.h"

#define BYTES_MAX ((size_t)INT32_MAX)

static bool
known_page(UINT page)
{
    return page == CP_ACP || page == CP_OEMCP || page == CP_THREAD_ACP || page == CP_UTF8;
}

/* How many items of width bytes there are; they are copied when there is room for any. */
static DWORD
give(struct spk_span bytes, size_t width, void *dst, int room, int *ret_n)
{
    size_t n = bytes.len / width;
    CAPI_CHECK(n <= INT32_MAX, ERROR_INVALID_PARAMETER);
    CAPI_CHECK(room == 0 || n <= (size_t)room, ERROR_INSUFFICIENT_BUFFER);
    if (room != 0) {
        memcpy(dst, bytes.ptr, bytes.len);
    }
    *ret_n = (int)n;
    return ERROR_SUCCESS;
}

static DWORD
to_wide(struct spk_span text, DWORD flags, WCHAR *dst, int room, int *ret_n)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(BYTES_MAX);
    bool bad = false;
    CAPI_CHECK((flags & ~(MB_PRECOMPOSED | MB_ERR_INVALID_CHARS)) == 0, ERROR_INVALID_FLAGS);
    CAPI_TRY(capi_to_wide(text, &b, &bad));
    CAPI_CHECK(!bad || (flags & MB_ERR_INVALID_CHARS) == 0, ERROR_NO_UNICODE_TRANSLATION);
    return give(spk_buf_span(&b), sizeof(WCHAR), dst, room, ret_n);
}

int WINAPI
MultiByteToWideChar(UINT CodePage, DWORD dwFlags, LPCSTR lpMultiByteStr, int cbMultiByte,
                    LPWSTR lpWideCharStr, int cchWideChar)
{
    int n = 0;
    if (!known_page(CodePage) || lpMultiByteStr == NULL || cbMultiByte == 0 || cbMultiByte < -1 ||
        cchWideChar < 0 || (cchWideChar != 0 && lpWideCharStr == NULL)) {
        return capi_finish(ERROR_INVALID_PARAMETER);
    }
    size_t len = cbMultiByte < 0 ? strlen(lpMultiByteStr) + 1 : (size_t)cbMultiByte;
    return capi_finish(
               to_wide(spk_span(lpMultiByteStr, len), dwFlags, lpWideCharStr, cchWideChar, &n))
               ? n
               : 0;
}

struct wide_text {
    const WCHAR *units;
    size_t len;
};

static DWORD
to_narrow(struct wide_text text, DWORD flags, char *dst, int room, int *ret_n)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(BYTES_MAX);
    bool bad = false;
    CAPI_CHECK((flags & ~(WC_ERR_INVALID_CHARS | WC_NO_BEST_FIT_CHARS)) == 0, ERROR_INVALID_FLAGS);
    CAPI_TRY(capi_to_utf8(text.units, text.len, &b, &bad));
    CAPI_CHECK(!bad || (flags & WC_ERR_INVALID_CHARS) == 0, ERROR_NO_UNICODE_TRANSLATION);
    return give(spk_buf_span(&b), 1, dst, room, ret_n);
}

int WINAPI
WideCharToMultiByte(UINT CodePage, DWORD dwFlags, LPCWSTR lpWideCharStr, int cchWideChar,
                    LPSTR lpMultiByteStr, int cbMultiByte, LPCSTR lpDefaultChar,
                    LPBOOL lpUsedDefaultChar)
{
    int n = 0;
    if (!known_page(CodePage) || lpWideCharStr == NULL || cchWideChar == 0 || cchWideChar < -1 ||
        cbMultiByte < 0 || (cbMultiByte != 0 && lpMultiByteStr == NULL) ||
        (CodePage == CP_UTF8 && (lpDefaultChar != NULL || lpUsedDefaultChar != NULL))) {
        return capi_finish(ERROR_INVALID_PARAMETER);
    }
    struct wide_text text = {lpWideCharStr, cchWideChar < 0 ? capi_wide_len(lpWideCharStr) + 1
                                                            : (size_t)cchWideChar};
    if (lpUsedDefaultChar != NULL) {
        *lpUsedDefaultChar = FALSE; /* UTF-8 has every character */
    }
    return capi_finish(to_narrow(text, dwFlags, lpMultiByteStr, cbMultiByte, &n)) ? n : 0;
}
