/* SPDX-License-Identifier: Apache-2.0 */
/* What programs call beside C's own stdio.h: the calls that know how long their buffer is. Part of
 * windows.h. */
#ifndef CRYPTOAPI_WINSTDIO_H
#define CRYPTOAPI_WINSTDIO_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "winstr.h"

#define CRYPTOAPI_PRINTF(at, args) __attribute__((format(printf, at, args)))

/** -1 and an empty string when it does not fit. */
CRYPTOAPI_PRINTF(3, 0)
static inline int
vsprintf_s(char *dst, size_t size, const char *format, va_list args)
{
    int n = -1;
    if (dst != NULL && size != 0 && format != NULL) {
        n = vsnprintf(dst, size, format, args);
        if (n < 0 || (size_t)n >= size) {
            dst[0] = '\0';
            n = -1;
        }
    }
    return n;
}

CRYPTOAPI_PRINTF(3, 4)
static inline int
sprintf_s(char *dst, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsprintf_s(dst, size, format, args);
    va_end(args);
    return n;
}

/** -1 when it does not fit; unlike on Windows what there is room for has a terminator then too. */
CRYPTOAPI_PRINTF(3, 0)
static inline int
_vsnprintf(char *dst, size_t size, const char *format, va_list args)
{
    int n = vsnprintf(dst, size, format, args);
    return size != 0 && (n < 0 || (size_t)n >= size) ? -1 : n;
}

CRYPTOAPI_PRINTF(3, 4)
static inline int
_snprintf(char *dst, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = _vsnprintf(dst, size, format, args);
    va_end(args);
    return n;
}

/** At most count characters; _TRUNCATE: as many as fit. -1 when that is not all of them. */
CRYPTOAPI_PRINTF(4, 0)
static inline int
_vsnprintf_s(char *dst, size_t size, size_t count, const char *format, va_list args)
{
    if (dst == NULL || size == 0 || format == NULL) {
        return -1;
    }
    size_t room = count < size ? count + 1 : size;
    int n = vsnprintf(dst, room, format, args);
    if (n >= 0 && (size_t)n < room) {
        return n;
    }
    if (n < 0 || (room == size && count != _TRUNCATE)) {
        dst[0] = '\0';
    }
    return -1;
}

CRYPTOAPI_PRINTF(4, 5)
static inline int
_snprintf_s(char *dst, size_t size, size_t count, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = _vsnprintf_s(dst, size, count, format, args);
    va_end(args);
    return n;
}

static inline errno_t
fopen_s(FILE **ret_file, const char *name, const char *mode)
{
    if (ret_file == NULL || name == NULL || mode == NULL) {
        return EINVAL;
    }
    *ret_file = fopen(name, mode);
    return *ret_file != NULL ? 0 : errno;
}

/** A line without its end; a longer one is an empty string, and read to its end. NULL: no line. */
static inline char *
gets_s(char *dst, size_t size)
{
    if (dst == NULL || size == 0) {
        return NULL;
    }
    size_t len = 0, kept = 0;
    int c = getchar();
    for (; c != EOF && c != '\n'; c = getchar(), len++) {
        if (len + 1 < size) {
            dst[kept++] = (char)c;
        }
    }
    int fits = len < size;
    dst[fits ? kept : 0] = '\0';
    return !fits || (c == EOF && len == 0) ? NULL : dst;
}

#ifdef __cplusplus
extern "C++" {
template <size_t size>
inline char *
gets_s(char (&dst)[size])
{
    return gets_s(dst, size);
}
template <size_t size, typename... Args>
inline int
sprintf_s(char (&dst)[size], const char *format, Args... args)
{
    return _snprintf_s(dst, size, _TRUNCATE, format, args...) < 0 ? (dst[0] = '\0', -1)
                                                                  : (int)strlen(dst);
}
}
#endif

#endif
