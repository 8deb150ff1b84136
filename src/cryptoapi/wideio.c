/* SPDX-License-Identifier: Apache-2.0 */
/* Input and output of programs with 16-bit characters, and their start: bytes outside are UTF-8. */
#include "cryptoapi/winwio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "cryptoapi/wformat.h"

#define UTF8_MAX 4

static bool
write_units(const WCHAR *units, size_t n, FILE *stream)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(2 * CAPI_FORMAT_MAX);
    if (capi_to_utf8(units, n, &b, NULL) != ERROR_SUCCESS) {
        return false;
    }
    return b.len == 0 || fwrite(b.ptr, 1, b.len, stream) == b.len;
}

int WINAPI
cryptoapi_vfprintfW(FILE *stream, const WCHAR *format, va_list args)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(CAPI_FORMAT_MAX);
    struct capi_args a;
    va_copy(a.list, args);
    bool ok = spk_ok(capi_format_wide(&b, format, &a));
    va_end(a.list);
    size_t n = b.len / sizeof(WCHAR);
    return ok && write_units((const WCHAR *)(const void *)b.ptr, n, stream) ? (int)n : -1;
}

int WINAPI
cryptoapi_vsnprintfW(WCHAR *dst, size_t size, const WCHAR *format, va_list args)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(CAPI_FORMAT_MAX);
    struct capi_args a;
    va_copy(a.list, args);
    bool ok = spk_ok(capi_format_wide(&b, format, &a));
    va_end(a.list);
    size_t n = b.len / sizeof(WCHAR);
    if (size != 0) {
        size_t fits = !ok ? 0 : n < size ? n : size - 1;
        if (fits != 0) {
            memcpy(dst, b.ptr, fits * sizeof(WCHAR));
        }
        dst[fits] = 0;
    }
    return ok ? (int)n : -1;
}

int WINAPI
cryptoapi_fputsW(const WCHAR *text, FILE *stream)
{
    return write_units(text, capi_wide_len(text), stream) ? 0 : EOF;
}

int WINAPI
cryptoapi_putcW(int c, FILE *stream)
{
    WCHAR unit = (WCHAR)c;
    return write_units(&unit, 1, stream) ? unit : EOF;
}

/* The second half of a pair whose first half was read. */
static _Thread_local struct {
    FILE *stream;
    WCHAR unit;
} half;

/* How many bytes a character has that begins with this one. */
static size_t
length_of(int first)
{
    return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : UTF8_MAX;
}

int WINAPI
cryptoapi_getcW(FILE *stream)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(UTF8_MAX * sizeof(WCHAR));
    uint8_t utf8[UTF8_MAX];
    WCHAR units[2] = {0};
    size_t n = 0;
    if (half.stream == stream) {
        half.stream = NULL;
        return half.unit;
    }
    int c = getc(stream);
    if (c < 0x80) {
        return c;
    }
    for (size_t want = length_of(c);; c = getc(stream)) {
        if (c == EOF || (n != 0 && (c & 0xc0) != 0x80)) {
            (void)ungetc(c, stream);
            break;
        }
        utf8[n++] = (uint8_t)c;
        if (n == want) {
            break;
        }
    }
    if (capi_to_wide(spk_span(utf8, n), &b, NULL) != ERROR_SUCCESS) {
        return EOF;
    }
    memcpy(units, b.ptr, b.len < sizeof units ? b.len : sizeof units);
    if (b.len == sizeof units) {
        half.stream = stream;
        half.unit = units[1];
    }
    return units[0];
}

WCHAR *WINAPI
cryptoapi_fgetsW(WCHAR *dst, int size, FILE *stream)
{
    int n = 0, c = 0;
    if (dst == NULL || size <= 0) {
        return NULL;
    }
    while (n < size - 1 && c != '\n' && (c = cryptoapi_getcW(stream)) != EOF) {
        dst[n++] = (WCHAR)c;
    }
    dst[n] = 0;
    return n == 0 && size > 1 ? NULL : dst;
}

FILE *WINAPI
cryptoapi_fopenW(const WCHAR *name, const WCHAR *mode)
{
    SPK_AUTO_STR char *path = NULL;
    SPK_AUTO_STR char *how = NULL;
    if (name == NULL || mode == NULL || capi_narrow(name, &path) != ERROR_SUCCESS ||
        capi_narrow(mode, &how) != ERROR_SUCCESS) {
        errno = EINVAL;
        return NULL;
    }
    return fopen(path, how);
}

static void
free_words(WCHAR **words)
{
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        spk_mem_free(words[i]);
    }
    spk_mem_free(words);
}

static WCHAR **
wide_words(char **words)
{
    size_t n = 0;
    while (words[n] != NULL) {
        n++;
    }
    WCHAR **made = spk_calloc(n + 1, sizeof *made);
    for (size_t i = 0; made != NULL && i < n; i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(CAPI_FORMAT_MAX);
        bool ok = capi_widen(words[i], &b) == ERROR_SUCCESS;
        made[i] = ok ? spk_calloc(b.len / sizeof(WCHAR) + 1, sizeof(WCHAR)) : NULL;
        if (made[i] == NULL) {
            free_words(made);
            return NULL;
        }
        if (b.len != 0) {
            memcpy(made[i], b.ptr, b.len);
        }
    }
    return made;
}

int WINAPI
cryptoapi_start(int argc, char **argv, cryptoapi_program program)
{
    WCHAR **wide_argv = wide_words(argv), **wide_envp = wide_words(environ);
    int result = EXIT_FAILURE;
    if (wide_argv != NULL && wide_envp != NULL) {
        result = program(argc, wide_argv, wide_envp);
    } else {
        static const char no_memory[] = "not enough memory for the arguments\n";
        (void)fwrite(no_memory, 1, sizeof no_memory - 1, stderr);
    }
    free_words(wide_argv);
    free_words(wide_envp);
    return result;
}
