/* SPDX-License-Identifier: Apache-2.0 */
/* With -fshort-wchar C's own wide functions would read past every string: their names mean those of
 * 16 bits. Part of windows.h. */
#ifndef CRYPTOAPI_WINWMAP_H
#define CRYPTOAPI_WINWMAP_H

#include "winwio.h"

#if __SIZEOF_WCHAR_T__ == 2
#ifdef __cplusplus
#include <cwchar>
#else
#include <wchar.h>
#endif
#define wmain CRYPTOAPI_TMAIN
#undef wcslen
#define wcslen(s) cryptoapi_wcslen(s)
#undef wcscpy
#define wcscpy(d, s) lstrcpyW((d), (s))
#undef wcsncpy
#define wcsncpy(d, s, n) cryptoapi_wcsncpy((d), (s), (n))
#undef wcscat
#define wcscat(d, s) lstrcatW((d), (s))
#undef wcscmp
#define wcscmp(a, b) cryptoapi_wcscmp((a), (b))
#undef wcsncmp
#define wcsncmp(a, b, n) cryptoapi_wcsncmp((a), (b), (n))
#undef wcschr
#define wcschr(s, c) cryptoapi_wcschr((s), (c))
#undef wcsrchr
#define wcsrchr(s, c) cryptoapi_wcsrchr((s), (c))
#undef wcsstr
#define wcsstr(s, w) cryptoapi_wcsstr((s), (w))
#undef wcstoul
#define wcstoul(s, end, base) cryptoapi_wcstoul((s), (end), (base))
#undef wcstol
#define wcstol(s, end, base) ((long)cryptoapi_wcstoul((s), (end), (base)))
#undef wprintf
#define wprintf(...) cryptoapi_wprintf(__VA_ARGS__)
#undef fwprintf
#define fwprintf(...) cryptoapi_fwprintf(__VA_ARGS__)
#undef swprintf
#define swprintf(...) cryptoapi_snwprintf(__VA_ARGS__)
#undef vfwprintf
#define vfwprintf(f, s, args) cryptoapi_vfprintfW((f), (s), (args))
#undef vswprintf
#define vswprintf(d, n, s, args) cryptoapi_vsnwprintf((d), (n), (s), (args))
#undef fputws
#define fputws(s, f) cryptoapi_fputsW((s), (f))
#undef fgetws
#define fgetws(d, n, f) cryptoapi_fgetsW((d), (n), (f))
#undef fgetwc
#define fgetwc(f) ((wint_t)cryptoapi_getcW(f))
#undef getwchar
#define getwchar() ((wint_t)cryptoapi_getcW(stdin))
#undef fputwc
#define fputwc(c, f) ((wint_t)cryptoapi_putcW((int)(c), (f)))
#undef putwchar
#define putwchar(c) ((wint_t)cryptoapi_putcW((int)(c), stdout))
#define wcscpy_s cryptoapi_wcscpy_s
#define wcsncpy_s cryptoapi_wcsncpy_s
#define wcscat_s cryptoapi_wcscat_s
#define wcsnlen_s(s, n) ((s) == NULL ? 0 : cryptoapi_wcsnlen((s), (n)))
#define swprintf_s cryptoapi_swprintf_s
#define vswprintf_s cryptoapi_vswprintf_s
#define _putws(s) cryptoapi_putws(s)
#define _getws_s cryptoapi_getws_s
#else
#define wmain                                                                                      \
    _Pragma("GCC error \"wmain takes 16-bit characters: compile with -fshort-wchar\"") wmain
#endif
#define _wcsdup cryptoapi_wcsdup
#define _wcsicmp(a, b) cryptoapi_wcsnicmp((a), (b), (size_t)-1)
#define _wcsnicmp cryptoapi_wcsnicmp
#define _snwprintf cryptoapi_snwprintf
#define _vsnwprintf cryptoapi_vsnwprintf
#define _snwprintf_s cryptoapi_snwprintf_s
#define _wfopen cryptoapi_fopenW
#define _wfopen_s cryptoapi_wfopen_s
#define _wtoi(s) ((int)cryptoapi_wcstoul((s), NULL, 10))

#endif
