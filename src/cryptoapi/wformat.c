/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/wformat.h"

#include <stdio.h>
#include <string.h>

#define FIELD_MAX 4096 /* widest field */
#define NUMBER_MAX (2 * FIELD_MAX)
#define FORM_MAX 32

struct spec {
    char flags[8];
    int width;
    int precision; /* -1: none */
    char size;     /* 'H' for 8 bits, 'h', 'l', 'L' for 64 bits, 'z', or 0 */
    char kind;
};

static bool
take(const WCHAR **at, const char *word)
{
    size_t n = 0;
    for (; word[n] != '\0'; n++) {
        if ((*at)[n] != (WCHAR)(unsigned char)word[n]) {
            return false;
        }
    }
    *at += n;
    return true;
}

static int
read_number(const WCHAR **at, struct capi_args *args)
{
    int n = 0;
    if (take(at, "*")) {
        n = va_arg(args->list, int);
    }
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        n = n < FIELD_MAX ? n * 10 + (**at - '0') : n;
    }
    return n > FIELD_MAX ? FIELD_MAX : n < -FIELD_MAX ? -FIELD_MAX : n;
}

/* A long of Windows has 32 bits. */
static char
read_size(const WCHAR **at)
{
    static const struct {
        const char *word;
        char size;
    } sizes[] = {{"I64", 'L'}, {"I32", 'l'}, {"ll", 'L'}, {"hh", 'H'}, {"h", 'h'}, {"l", 'l'},
                 {"w", 'l'},   {"z", 'z'},   {"t", 'z'},  {"I", 'z'},  {"j", 'L'}, {"L", 'L'}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (take(at, sizes[i].word)) {
            return sizes[i].size;
        }
    }
    return 0;
}

/* What stands behind a percent sign. */
static struct spec
read_spec(const WCHAR **at, struct capi_args *args)
{
    struct spec s = {.precision = -1};
    size_t flags = 0;
    while (**at < 0x80 && **at != 0 && strchr("-+ #0", (int)**at) != NULL) {
        if (strchr(s.flags, (int)**at) == NULL && flags + 2 < sizeof s.flags) {
            s.flags[flags++] = (char)**at;
        }
        (*at)++;
    }
    s.width = read_number(at, args);
    if (s.width < 0) {
        s.width = -s.width;
        s.flags[flags] = '-';
    }
    if (take(at, ".")) {
        s.precision = read_number(at, args);
    }
    s.size = read_size(at);
    s.kind = **at < 0x80 ? (char)**at : '\0';
    *at += **at != 0 ? 1 : 0;
    return s;
}

static spk_err
put_unit(struct spk_buf *out, uint16_t unit)
{
    return spk_buf_add(out, spk_span(&unit, sizeof unit));
}

static spk_err
put_padded(struct spk_buf *out, const struct spec *s, struct spk_span units)
{
    size_t n = units.len / sizeof(WCHAR);
    size_t pad = (size_t)s->width > n ? (size_t)s->width - n : 0;
    bool left = strchr(s->flags, '-') != NULL;
    for (size_t i = 0; !left && i < pad; i++) {
        SPK_TRY(put_unit(out, ' '));
    }
    SPK_TRY(spk_buf_add(out, units));
    for (size_t i = 0; left && i < pad; i++) {
        SPK_TRY(put_unit(out, ' '));
    }
    return SPK_OK;
}

static spk_err
put_narrow(struct spk_buf *out, const struct spec *s, struct spk_span text)
{
    SPK_AUTO_BUF struct spk_buf wide = SPK_BUF(CAPI_FORMAT_MAX);
    SPK_CHECK(capi_to_wide(text, &wide, NULL) == ERROR_SUCCESS, LIMIT);
    struct spk_span units = spk_buf_span(&wide);
    if (s->precision >= 0 && units.len / sizeof(WCHAR) > (size_t)s->precision) {
        units.len = (size_t)s->precision * sizeof(WCHAR);
    }
    return put_padded(out, s, units);
}

/* %s and %c take wide text, %S and %C narrow; h and l before them say which. */
static spk_err
put_text(struct spk_buf *out, struct spec s, struct capi_args *args)
{
    bool wide = s.size == 'l' || (s.size != 'h' && (s.kind == 's' || s.kind == 'c'));
    if (s.kind == 'c' || s.kind == 'C') {
        int c = va_arg(args->list, int);
        WCHAR unit = (WCHAR)c;
        char byte = (char)c;
        s.precision = -1;
        return wide ? put_padded(out, &s, spk_span(&unit, sizeof unit))
                    : put_narrow(out, &s, spk_span(&byte, 1));
    }
    const void *text = va_arg(args->list, const void *);
    size_t max = s.precision < 0 ? SIZE_MAX : (size_t)s.precision;
    if (wide && text != NULL) {
        size_t n = 0;
        const WCHAR *units = text;
        while (n < max && units[n] != 0) {
            n++;
        }
        return put_padded(out, &s, spk_span(units, n * sizeof(WCHAR)));
    }
    const char *bytes = text != NULL ? text : "(null)";
    /* a character has at most four bytes, and no byte behind them is looked at */
    size_t most = max < SIZE_MAX / 4 ? 4 * max : SIZE_MAX;
    return put_narrow(out, &s, spk_span(bytes, strnlen(bytes, most)));
}

static int64_t
signed_arg(char size, struct capi_args *args)
{
    if (size == 'L') {
        return va_arg(args->list, int64_t);
    }
    if (size == 'z') {
        return va_arg(args->list, ptrdiff_t);
    }
    int v = va_arg(args->list, int);
    return size == 'H' ? (signed char)v : size == 'h' ? (short)v : v;
}

static uint64_t
unsigned_arg(char size, struct capi_args *args)
{
    if (size == 'L') {
        return va_arg(args->list, uint64_t);
    }
    if (size == 'z') {
        return va_arg(args->list, size_t);
    }
    unsigned v = va_arg(args->list, unsigned);
    return size == 'H' ? (unsigned char)v : size == 'h' ? (unsigned short)v : v;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the form is made here, of checked parts */
static spk_err
put_number(struct spk_buf *out, const struct spec *s, struct capi_args *args)
{
    char form[FORM_MAX], text[NUMBER_MAX];
    bool is_float = strchr("eEfFgGaA", s->kind) != NULL;
    int n = 0;
    (void)snprintf(form, sizeof form, "%%%s*.*%s%c", s->flags, is_float ? "" : "j", s->kind);
    if (is_float) {
        double v = va_arg(args->list, double);
        n = snprintf(text, sizeof text, form, s->width, s->precision, v);
    } else if (s->kind == 'd' || s->kind == 'i') {
        intmax_t v = signed_arg(s->size, args);
        n = snprintf(text, sizeof text, form, s->width, s->precision, v);
    } else {
        uintmax_t v = unsigned_arg(s->size, args);
        n = snprintf(text, sizeof text, form, s->width, s->precision, v);
    }
    SPK_CHECK(n >= 0 && (size_t)n < sizeof text, LIMIT);
    return put_narrow(out, &(struct spec){.precision = -1}, spk_span(text, (size_t)n));
}
#pragma GCC diagnostic pop

static spk_err
put_spec(struct spk_buf *out, struct spec s, struct capi_args *args)
{
    switch (s.kind) {
    case '%':
        return put_unit(out, '%');
    case 's':
    case 'S':
    case 'c':
    case 'C':
        return put_text(out, s, args);
    case 'p': /* all digits, in capitals */
        s.kind = 'X';
        s.size = 'z';
        s.precision = 2 * sizeof(void *);
        return put_number(out, &s, args);
    default:
        SPK_CHECK(s.kind != '\0' && strchr("diuoxXeEfFgGaA", s.kind) != NULL, FORMAT);
        return put_number(out, &s, args);
    }
}

spk_err
capi_format_wide(struct spk_buf *out, const WCHAR *format, struct capi_args *args)
{
    SPK_CHECK(format != NULL, FORMAT);
    while (*format != 0) {
        const WCHAR *start = format;
        while (*format != 0 && *format != '%') {
            format++;
        }
        SPK_TRY(spk_buf_add(out, spk_span(start, (size_t)(format - start) * sizeof(WCHAR))));
        if (*format == '%') {
            format++;
            SPK_TRY(put_spec(out, read_spec(&format, args), args));
        }
    }
    return SPK_OK;
}
