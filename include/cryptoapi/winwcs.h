/* SPDX-License-Identifier: Apache-2.0 */
/* Strings of 16-bit characters: C's own wide functions take those of 32 bits. Part of windows.h. */
#ifndef CRYPTOAPI_WINWCS_H
#define CRYPTOAPI_WINWCS_H

#include <stdlib.h>
#include <string.h>

#include "winnls.h"
#include "winstr.h"
#include "wintypes.h"

static inline size_t
cryptoapi_wcsnlen(const WCHAR *s, size_t max)
{
    size_t n = 0;
    while (n < max && s[n] != 0) {
        n++;
    }
    return n;
}

static inline size_t
cryptoapi_wcslen(const WCHAR *s)
{
    return cryptoapi_wcsnlen(s, (size_t)-1);
}

static inline int
cryptoapi_wcsncmp(const WCHAR *a, const WCHAR *b, size_t n)
{
    for (; n > 0; n--, a++, b++) {
        if (*a != *b || *a == 0) {
            return (*a > *b) - (*a < *b);
        }
    }
    return 0;
}

static inline int
cryptoapi_wcscmp(const WCHAR *a, const WCHAR *b)
{
    return cryptoapi_wcsncmp(a, b, (size_t)-1);
}

/** Case is that of ASCII. */
static inline int
cryptoapi_wcsnicmp(const WCHAR *a, const WCHAR *b, size_t n)
{
    for (; n > 0; n--, a++, b++) {
        int x = *a >= 'A' && *a <= 'Z' ? *a + 32 : *a, y = *b >= 'A' && *b <= 'Z' ? *b + 32 : *b;
        if (x != y || x == 0) {
            return (x > y) - (x < y);
        }
    }
    return 0;
}

static inline WCHAR *
cryptoapi_wcschr(const WCHAR *s, int c)
{
    while (*s != (WCHAR)c && *s != 0) {
        s++;
    }
    return *s == (WCHAR)c ? (WCHAR *)(uintptr_t)s : NULL;
}

static inline WCHAR *
cryptoapi_wcsrchr(const WCHAR *s, int c)
{
    const WCHAR *last = NULL;
    do {
        last = *s == (WCHAR)c ? s : last;
    } while (*s++ != 0);
    return (WCHAR *)(uintptr_t)last;
}

static inline WCHAR *
cryptoapi_wcsstr(const WCHAR *s, const WCHAR *word)
{
    size_t n = cryptoapi_wcslen(word);
    while (cryptoapi_wcsncmp(s, word, n) != 0 && *s != 0) {
        s++;
    }
    return cryptoapi_wcsncmp(s, word, n) == 0 ? (WCHAR *)(uintptr_t)s : NULL;
}

/** At most n characters, and zeros up to n: as strncpy() does, there may be no terminator. */
static inline WCHAR *
cryptoapi_wcsncpy(WCHAR *dst, const WCHAR *src, size_t n)
{
    size_t len = cryptoapi_wcsnlen(src, n);
    memcpy(dst, src, len * sizeof(WCHAR));
    memset(dst + len, 0, (n - len) * sizeof(WCHAR));
    return dst;
}

/** For free(). */
static inline WCHAR *
cryptoapi_wcsdup(const WCHAR *s)
{
    size_t size = s == NULL ? 0 : (cryptoapi_wcslen(s) + 1) * sizeof(WCHAR);
    WCHAR *copy = size == 0 ? NULL : (WCHAR *)malloc(size);
    return copy == NULL ? NULL : (WCHAR *)memcpy(copy, s, size);
}

/** At most count characters of src; _TRUNCATE: as many as fit. */
static inline errno_t
cryptoapi_wcsncpy_s(WCHAR *dst, size_t size, const WCHAR *src, size_t count)
{
    if (dst == NULL || size == 0 || (src == NULL && count != 0)) {
        return EINVAL;
    }
    size_t len = src == NULL ? 0 : cryptoapi_wcsnlen(src, count == _TRUNCATE ? size : count);
    errno_t result = 0;
    if (len >= size) {
        result = count == _TRUNCATE ? STRUNCATE : ERANGE;
        len = count == _TRUNCATE ? size - 1 : 0;
    }
    if (len != 0) {
        memcpy(dst, src, len * sizeof(WCHAR));
    }
    dst[len] = 0;
    return result;
}

static inline errno_t
cryptoapi_wcscpy_s(WCHAR *dst, size_t size, const WCHAR *src)
{
    if (dst != NULL && size != 0 && src == NULL) {
        dst[0] = 0;
        return EINVAL;
    }
    return cryptoapi_wcsncpy_s(dst, size, src, src == NULL ? 0 : cryptoapi_wcslen(src));
}

static inline errno_t
cryptoapi_wcscat_s(WCHAR *dst, size_t size, const WCHAR *src)
{
    if (dst == NULL || size == 0) {
        return EINVAL;
    }
    size_t used = cryptoapi_wcsnlen(dst, size);
    errno_t result = used == size ? EINVAL : cryptoapi_wcscpy_s(dst + used, size - used, src);
    if (result != 0) {
        dst[0] = 0;
    }
    return result;
}

static inline WCHAR *
cryptoapi_wcstok_s(WCHAR *s, const WCHAR *separators, WCHAR **context)
{
    WCHAR *word = s != NULL ? s : *context;
    while (*word != 0 && cryptoapi_wcschr(separators, *word) != NULL) {
        word++;
    }
    WCHAR *end = word;
    while (*end != 0 && cryptoapi_wcschr(separators, *end) == NULL) {
        end++;
    }
    *context = *end == 0 ? end : end + 1;
    *end = 0;
    return end == word ? NULL : word;
}

#ifdef __cplusplus
extern "C++" {
template <size_t size>
inline errno_t
cryptoapi_wcscpy_s(WCHAR (&dst)[size], const WCHAR *src)
{
    return cryptoapi_wcscpy_s(dst, size, src);
}
template <size_t size>
inline errno_t
cryptoapi_wcscat_s(WCHAR (&dst)[size], const WCHAR *src)
{
    return cryptoapi_wcscat_s(dst, size, src);
}
template <size_t size>
inline errno_t
cryptoapi_wcsncpy_s(WCHAR (&dst)[size], const WCHAR *src, size_t count)
{
    return cryptoapi_wcsncpy_s(dst, size, src, count);
}
}
#endif

#endif
