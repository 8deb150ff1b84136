/* SPDX-License-Identifier: Apache-2.0 */
/* Input, output, numbers and the start of programs with 16-bit characters. Text in files and on the
 * terminal is UTF-8. Part of windows.h. */
#ifndef CRYPTOAPI_WINWIO_H
#define CRYPTOAPI_WINWIO_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "winstdio.h"
#include "winwcs.h"

CRYPTOAPI_BEGIN

typedef int (*cryptoapi_program)(int argc, WCHAR **argv, WCHAR **envp);

/** Runs program with argv and the environment in UTF-16; its result. */
WINBASEAPI int WINAPI cryptoapi_start(int argc, char **argv, cryptoapi_program program);
/** Formats as Windows does: %s and %c are wide, %hs and %S narrow, %l has 32 bits, %I64 64. The
 * number of characters, or -1. */
WINBASEAPI int WINAPI cryptoapi_vfprintfW(FILE *stream, const WCHAR *format, va_list args);
/** As vsnprintf(): how many characters it would be. */
WINBASEAPI int WINAPI cryptoapi_vsnprintfW(WCHAR *dst, size_t size, const WCHAR *format,
                                           va_list args);
WINBASEAPI int WINAPI cryptoapi_fputsW(const WCHAR *text, FILE *stream);
/** A line with its end, at most size - 1 characters; NULL: no line. */
WINBASEAPI WCHAR *WINAPI cryptoapi_fgetsW(WCHAR *dst, int size, FILE *stream);
/** One character, half of a pair at a time; EOF. */
WINBASEAPI int WINAPI cryptoapi_getcW(FILE *stream);
/** U+FFFD for half of a pair. */
WINBASEAPI int WINAPI cryptoapi_putcW(int c, FILE *stream);
WINBASEAPI FILE *WINAPI cryptoapi_fopenW(const WCHAR *name, const WCHAR *mode);

CRYPTOAPI_END

static inline int
cryptoapi_fwprintf(FILE *stream, const WCHAR *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = cryptoapi_vfprintfW(stream, format, args);
    va_end(args);
    return n;
}

static inline int
cryptoapi_wprintf(const WCHAR *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = cryptoapi_vfprintfW(stdout, format, args);
    va_end(args);
    return n;
}

/** -1 when it does not fit, and what there is room for. */
static inline int
cryptoapi_vsnwprintf(WCHAR *dst, size_t size, const WCHAR *format, va_list args)
{
    int n = cryptoapi_vsnprintfW(dst, size, format, args);
    return size != 0 && (n < 0 || (size_t)n >= size) ? -1 : n;
}

static inline int
cryptoapi_snwprintf(WCHAR *dst, size_t size, const WCHAR *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = cryptoapi_vsnwprintf(dst, size, format, args);
    va_end(args);
    return n;
}

/** At most count characters; _TRUNCATE: as many as fit. -1 when that is not all of them. */
static inline int
cryptoapi_vsnwprintf_s(WCHAR *dst, size_t size, size_t count, const WCHAR *format, va_list args)
{
    if (dst == NULL || size == 0 || format == NULL) {
        return -1;
    }
    size_t room = count < size ? count + 1 : size;
    int n = cryptoapi_vsnwprintf(dst, room, format, args);
    if (n < 0 && room == size && count != _TRUNCATE) {
        dst[0] = 0;
    }
    return n;
}

static inline int
cryptoapi_snwprintf_s(WCHAR *dst, size_t size, size_t count, const WCHAR *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = cryptoapi_vsnwprintf_s(dst, size, count, format, args);
    va_end(args);
    return n;
}

/** -1 and an empty string when it does not fit. */
static inline int
cryptoapi_vswprintf_s(WCHAR *dst, size_t size, const WCHAR *format, va_list args)
{
    return cryptoapi_vsnwprintf_s(dst, size, size, format, args);
}

static inline int
cryptoapi_swprintf_s(WCHAR *dst, size_t size, const WCHAR *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = cryptoapi_vswprintf_s(dst, size, format, args);
    va_end(args);
    return n;
}

/** A line without its end; a longer one is an empty string, and read to its end. NULL: no line. */
static inline WCHAR *
cryptoapi_getws_s(WCHAR *dst, size_t size)
{
    if (dst == NULL || size == 0) {
        return NULL;
    }
    size_t len = 0;
    int c = cryptoapi_getcW(stdin);
    for (; c != EOF && c != '\n'; c = cryptoapi_getcW(stdin), len++) {
        if (len + 1 < size) {
            dst[len] = (WCHAR)c;
        }
    }
    int fits = len < size;
    dst[fits ? len : 0] = 0;
    return !fits || (c == EOF && len == 0) ? NULL : dst;
}

#define CRYPTOAPI_NUMBER_MAX 128

/** Numbers have ASCII digits, and are short. */
static inline unsigned long
cryptoapi_wcstoul(const WCHAR *s, WCHAR **ret_end, int base)
{
    char text[CRYPTOAPI_NUMBER_MAX], *end = text;
    size_t n = 0;
    for (; n + 1 < sizeof text && s[n] != 0 && s[n] < 0x80; n++) {
        text[n] = (char)s[n];
    }
    text[n] = '\0';
    unsigned long v = strtoul(text, &end, base);
    if (ret_end != NULL) {
        *ret_end = (WCHAR *)(uintptr_t)(s + (end - text));
    }
    return v;
}

static inline errno_t
cryptoapi_wfopen_s(FILE **ret_file, const WCHAR *name, const WCHAR *mode)
{
    if (ret_file == NULL || name == NULL || mode == NULL) {
        return EINVAL;
    }
    *ret_file = cryptoapi_fopenW(name, mode);
    return *ret_file != NULL ? 0 : errno;
}

#define cryptoapi_putws(s) (cryptoapi_fputsW((s), stdout) < 0 ? EOF : cryptoapi_putcW('\n', stdout))

#ifdef __cplusplus
#define CRYPTOAPI_C extern "C"
#else
#define CRYPTOAPI_C extern
#endif
/* The program's _tmain by its name in the object file: its own declaration may have no parameters,
 * and no result. */
CRYPTOAPI_C int cryptoapi_main_of_program(int argc, WCHAR **argv,
                                          WCHAR **envp) __asm__("cryptoapi_tmain");
/* Stands behind the type of what the program defines; what stands behind it are the parameters. */
#define CRYPTOAPI_TMAIN                                                                            \
    cryptoapi_tmain_result(void);                                                                  \
    int main(int cryptoapi_argc, char **cryptoapi_argv)                                            \
    {                                                                                              \
        return cryptoapi_start(cryptoapi_argc, cryptoapi_argv, cryptoapi_main_of_program);         \
    }                                                                                              \
    CRYPTOAPI_C __typeof__(cryptoapi_tmain_result()) cryptoapi_tmain

#endif
