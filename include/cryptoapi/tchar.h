/* SPDX-License-Identifier: Apache-2.0 */
/* The _t names, for programs that are written once for both character sets. Without UNICODE they
 * are C's own; with it, those for 16-bit characters, whatever width wchar_t has. */
#ifndef CRYPTOAPI_TCHAR_H
#define CRYPTOAPI_TCHAR_H

#ifndef __cplusplus
#include <stdbool.h>
#endif
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conio.h"
#include "winbase.h"
#include "winstdio.h"
#include "winstr.h"
#include "wintypes.h"
#include "winwio.h"
#include "winwmap.h"

typedef TCHAR _TCHAR, *_PTCHAR;
typedef int _TINT;

#ifdef UNICODE
#define _TEOF EOF
#define _tcslen cryptoapi_wcslen
#define _tcsnlen cryptoapi_wcsnlen
#define _tcscpy lstrcpyW
#define _tcsncpy cryptoapi_wcsncpy
#define _tcscpy_s cryptoapi_wcscpy_s
#define _tcsncpy_s cryptoapi_wcsncpy_s
#define _tcscat lstrcatW
#define _tcscat_s cryptoapi_wcscat_s
#define _tcscmp cryptoapi_wcscmp
#define _tcsncmp cryptoapi_wcsncmp
#define _tcsicmp(a, b) cryptoapi_wcsnicmp((a), (b), (size_t)-1)
#define _tcsnicmp cryptoapi_wcsnicmp
#define _tcschr cryptoapi_wcschr
#define _tcsrchr cryptoapi_wcsrchr
#define _tcsstr cryptoapi_wcsstr
#define _tcsdup cryptoapi_wcsdup
#define _tcstok_s cryptoapi_wcstok_s
#define _tcstol(s, end, base) ((long)cryptoapi_wcstoul((s), (end), (base)))
#define _tcstoul cryptoapi_wcstoul
#define _ttoi(s) ((int)cryptoapi_wcstoul((s), NULL, 10))
#define _ttol(s) ((long)cryptoapi_wcstoul((s), NULL, 10))
#define _tprintf cryptoapi_wprintf
#define _ftprintf cryptoapi_fwprintf
#define _tcprintf cryptoapi_wprintf
#define _vtprintf(format, args) cryptoapi_vfprintfW(stdout, (format), (args))
#define _vftprintf cryptoapi_vfprintfW
#define _stprintf(d, ...) cryptoapi_snwprintf((d), CRYPTOAPI_ROOM(d), __VA_ARGS__)
#define _stprintf_s cryptoapi_swprintf_s
#define _vstprintf_s cryptoapi_vswprintf_s
#define _sntprintf cryptoapi_snwprintf
#define _vsntprintf cryptoapi_vsnwprintf
#define _sntprintf_s cryptoapi_snwprintf_s
#define _vsntprintf_s cryptoapi_vsnwprintf_s
#define _gettchar() cryptoapi_getcW(stdin)
#define _gettc cryptoapi_getcW
#define _fgettc cryptoapi_getcW
#define _puttchar(c) cryptoapi_putcW((int)(c), stdout)
#define _puttc(c, f) cryptoapi_putcW((int)(c), (f))
#define _fputtc(c, f) cryptoapi_putcW((int)(c), (f))
#define _putts(s) cryptoapi_putws(s)
#define _fputts cryptoapi_fputsW
#define _fgetts cryptoapi_fgetsW
#define _getts(d) cryptoapi_getws_s((d), CRYPTOAPI_ROOM(d))
#define _getts_s cryptoapi_getws_s
#define _tfopen cryptoapi_fopenW
#define _tfopen_s cryptoapi_wfopen_s
#define _tmain CRYPTOAPI_TMAIN
#else
#define _TEOF EOF
#define _tcslen strlen
#define _tcsnlen cryptoapi_strnlen
#define _tcscpy strcpy
#define _tcsncpy strncpy
#define _tcscpy_s strcpy_s
#define _tcsncpy_s strncpy_s
#define _tcscat strcat
#define _tcscat_s strcat_s
#define _tcscmp strcmp
#define _tcsncmp strncmp
#define _tcsicmp strcasecmp
#define _tcsnicmp strncasecmp
#define _tcschr strchr
#define _tcsrchr strrchr
#define _tcsstr strstr
#define _tcsdup _strdup
#define _tcstok_s strtok_s
#define _tcstol strtol
#define _tcstoul strtoul
#define _ttoi atoi
#define _ttol atol
#define _tprintf printf
#define _ftprintf fprintf
#define _tcprintf printf
#define _vtprintf vprintf
#define _vftprintf vfprintf
#define _stprintf sprintf
#define _stprintf_s sprintf_s
#define _vstprintf_s vsprintf_s
#define _sntprintf _snprintf
#define _vsntprintf _vsnprintf
#define _sntprintf_s _snprintf_s
#define _vsntprintf_s _vsnprintf_s
#define _gettchar getchar
#define _gettc getc
#define _fgettc fgetc
#define _puttchar putchar
#define _puttc putc
#define _fputtc fputc
#define _putts puts
#define _fputts fputs
#define _fgetts fgets
#define _getts(d) gets_s((d), CRYPTOAPI_ROOM(d))
#define _getts_s gets_s
#define _tfopen fopen
#define _tfopen_s fopen_s
#define _tsystem system
#define _tgetenv getenv
#define _tremove remove
#define _tmain main
#endif
/* The characters that a buffer has room for; as on Windows without a limit when nobody knows. */
#define CRYPTOAPI_ROOM(d)                                                                          \
    (__builtin_object_size((d), 0) == (size_t)-1 ? (size_t)1 << 20                                 \
                                                 : __builtin_object_size((d), 0) / sizeof(TCHAR))
#define _istdigit(c) ((unsigned)(c) < 0x80 && isdigit((int)(c)))
#define _istspace(c) ((unsigned)(c) < 0x80 && isspace((int)(c)))
#define _istalpha(c) ((unsigned)(c) < 0x80 && isalpha((int)(c)))
#define _istalnum(c) ((unsigned)(c) < 0x80 && isalnum((int)(c)))
#define _istxdigit(c) ((unsigned)(c) < 0x80 && isxdigit((int)(c)))
#define _totupper(c) ((c) >= 'a' && (c) <= 'z' ? (c)-32 : (c))
#define _totlower(c) ((c) >= 'A' && (c) <= 'Z' ? (c) + 32 : (c))
#define _gettch _getch
#define _gettche _getche
#define _puttch(c) _putch((int)(c))
#define __T(s) __TEXT(s)
#define _T(s) __TEXT(s)
#define _TEXT(s) __TEXT(s)

#endif
