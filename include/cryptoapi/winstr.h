/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded string calls of Annex K as Windows has them: they fail, with an empty string and a
 * code, where those without _s run over. Part of windows.h. */
#ifndef CRYPTOAPI_WINSTR_H
#define CRYPTOAPI_WINSTR_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* strnlen() is not in C11 */
static inline size_t
cryptoapi_strnlen(const char *s, size_t max)
{
    const char *end = max == 0 ? NULL : (const char *)memchr(s, 0, max);
    return end == NULL ? max : (size_t)(end - s);
}

#ifndef _TRUNCATE
#define _TRUNCATE ((size_t)-1)
#endif
#ifndef STRUNCATE
#define STRUNCATE 80
#endif

typedef int errno_t;

/** At most count bytes of src; _TRUNCATE: as many as fit. */
static inline errno_t
strncpy_s(char *dst, size_t size, const char *src, size_t count)
{
    if (dst == NULL || size == 0 || (src == NULL && count != 0)) {
        return EINVAL;
    }
    size_t len = src == NULL ? 0 : cryptoapi_strnlen(src, count == _TRUNCATE ? size : count);
    errno_t result = 0;
    if (len >= size) {
        if (count != _TRUNCATE) {
            dst[0] = '\0';
            return ERANGE;
        }
        len = size - 1;
        result = STRUNCATE;
    }
    if (len != 0) {
        memcpy(dst, src, len);
    }
    dst[len] = '\0';
    return result;
}

static inline errno_t
strcpy_s(char *dst, size_t size, const char *src)
{
    if (dst != NULL && size != 0 && src == NULL) {
        dst[0] = '\0';
        return EINVAL;
    }
    return strncpy_s(dst, size, src, src == NULL ? 0 : strlen(src));
}

static inline errno_t
strcat_s(char *dst, size_t size, const char *src)
{
    if (dst == NULL || size == 0) {
        return EINVAL;
    }
    size_t used = cryptoapi_strnlen(dst, size);
    errno_t result = used == size ? EINVAL : strcpy_s(dst + used, size - used, src);
    if (result != 0) {
        dst[0] = '\0';
    }
    return result;
}

static inline errno_t
memcpy_s(void *dst, size_t size, const void *src, size_t count)
{
    if (count == 0) {
        return 0;
    }
    if (dst == NULL || src == NULL || count > size) {
        if (dst != NULL) {
            memset(dst, 0, size);
        }
        return dst == NULL || src == NULL ? EINVAL : ERANGE;
    }
    memmove(dst, src, count);
    return 0;
}

/** For free(). */
static inline char *
_strdup(const char *s)
{
    size_t size = s == NULL ? 0 : strlen(s) + 1;
    char *copy = size == 0 ? NULL : (char *)malloc(size);
    return copy == NULL ? NULL : (char *)memcpy(copy, s, size);
}

static inline char *
strtok_s(char *s, const char *separators, char **context)
{
    char *word = s != NULL ? s : *context;
    word += strspn(word, separators);
    char *end = word + strcspn(word, separators);
    *context = *end == '\0' ? end : end + 1;
    *end = '\0';
    return end == word ? NULL : word;
}

#ifdef __cplusplus
extern "C++" {
template <size_t size>
inline errno_t
strcpy_s(char (&dst)[size], const char *src)
{
    return strcpy_s(dst, size, src);
}
template <size_t size>
inline errno_t
strcat_s(char (&dst)[size], const char *src)
{
    return strcat_s(dst, size, src);
}
template <size_t size>
inline errno_t
strncpy_s(char (&dst)[size], const char *src, size_t count)
{
    return strncpy_s(dst, size, src, count);
}
}
#endif

#define _countof(array) (sizeof(array) / sizeof((array)[0]))
#define strnlen_s(s, max) ((s) == NULL ? 0 : cryptoapi_strnlen((s), (max)))
#define _stricmp strcasecmp
#define _strnicmp strncasecmp

#endif
