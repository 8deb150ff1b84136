/* SPDX-License-Identifier: Apache-2.0 */
/* The _t names, for programs that are written once for both character sets. Without UNICODE they
 * are C's own; with it, what C can do for 16-bit characters: literals, lengths and the start. */
#ifndef CRYPTOAPI_TCHAR_H
#define CRYPTOAPI_TCHAR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conio.h"
#include "winbase.h"
#include "winstdio.h"
#include "winstr.h"
#include "wintypes.h"

typedef TCHAR _TCHAR;

#ifdef UNICODE
#define _tcslen(s) ((size_t)lstrlenW(s))
#define _tcscpy lstrcpyW
#define _tcscat lstrcatW
#define _tcscmp lstrcmpW
#define _tcsicmp lstrcmpiW
#else
#define _tcslen strlen
#define _tcscpy strcpy
#define _tcsncpy strncpy
#define _tcscpy_s strcpy_s
#define _tcsncpy_s strncpy_s
#define _tcscat strcat
#define _tcscat_s strcat_s
#define _tcscmp strcmp
#define _tcsncmp strncmp
#define _tcsicmp strcasecmp
#define _tcschr strchr
#define _tcsrchr strrchr
#define _tcsstr strstr
#define _tcstol strtol
#define _tcstoul strtoul
#define _ttoi atoi
#define _tprintf printf
#define _ftprintf fprintf
#define _stprintf sprintf
#define _sntprintf snprintf
#define _gettchar getchar
#define _puttchar putchar
#define _gettc getc
#define _fgettc fgetc
#define _puttc putc
#define _putts puts
#define _fputts fputs
#define _fgetts fgets
#define _tfopen fopen
#define _tsystem system
#define _tgetenv getenv
#define _tmain main
#endif
#define _gettch _getch
#define _gettche _getche
#define _puttch(c) _putch((int)(c))
#define __T(s) __TEXT(s)
#define _T(s) __TEXT(s)
#define _TEXT(s) __TEXT(s)

#endif
