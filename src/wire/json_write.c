/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/text.h"
#include "wire/json.h"

#define JW_DEPTH_MAX 31 /* bits of spk_jw.comma */
#define UTF8_LONGEST 4
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static void
note(struct spk_jw *w, spk_err e)
{
    if (spk_ok(w->err)) {
        w->err = e;
    }
}

static bool
is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Length of the well-formed character that s starts with, 0 when there is none. */
static size_t
char_len(struct spk_span s)
{
    for (size_t n = 2; n <= UTF8_LONGEST && n <= s.len; n++) {
        if (spk_utf8_ok(spk_span(s.ptr, n))) {
            return n;
        }
    }
    return 0;
}

/* The first character of s, which is not plain; *ret_n: how many bytes it was. */
static spk_err
special(struct spk_buf *b, struct spk_span s, size_t *ret_n)
{
    uint8_t c = s.ptr[0];

    *ret_n = 1;
    if (c == '"' || c == '\\') {
        SPK_TRY(spk_buf_u8(b, '\\'));
        return spk_buf_u8(b, c);
    }
    if (c < 0x20) {
        return spk_buf_printf(b, "\\u%04x", (unsigned)c);
    }
    size_t n = char_len(s);
    if (n == 0) {
        return spk_buf_str(b, REPLACEMENT);
    }
    *ret_n = n;
    return spk_buf_add(b, spk_span(s.ptr, n));
}

static spk_err
quoted(struct spk_buf *b, struct spk_span s)
{
    SPK_TRY(spk_buf_u8(b, '"'));
    while (s.len > 0) {
        size_t n = 0;
        while (n < s.len && is_plain(s.ptr[n])) {
            n++;
        }
        if (n > 0) {
            SPK_TRY(spk_buf_add(b, spk_span(s.ptr, n)));
        } else {
            SPK_TRY(special(b, s, &n));
        }
        s = spk_span(s.ptr + n, s.len - n);
    }
    return spk_buf_u8(b, '"');
}

static spk_err
prefix(struct spk_jw *w, const char *key)
{
    uint32_t bit = 1u << w->depth;

    if (w->comma & bit) {
        SPK_TRY(spk_buf_u8(w->b, ','));
    }
    w->comma |= bit;
    if (key == NULL) {
        return SPK_OK;
    }
    SPK_TRY(quoted(w->b, spk_span_str(key)));
    return spk_buf_u8(w->b, ':');
}

/* Comma and key. False: there was an error, write nothing more. */
static bool
begin(struct spk_jw *w, const char *key)
{
    if (spk_ok(w->err)) {
        note(w, prefix(w, key));
    }
    return spk_ok(w->err);
}

void
spk_jw_open(struct spk_jw *w, const char *key_or_null, char brace)
{
    if (w->depth >= JW_DEPTH_MAX) {
        note(w, SPK_ERR(LIMIT));
    }
    if (begin(w, key_or_null)) {
        note(w, spk_buf_u8(w->b, (uint8_t)brace));
        w->depth++;
        w->comma &= ~(1u << w->depth);
    }
}

void
spk_jw_close(struct spk_jw *w, char brace)
{
    if (w->depth == 0) {
        note(w, SPK_ERR(USAGE));
    }
    if (spk_ok(w->err)) {
        note(w, spk_buf_u8(w->b, (uint8_t)brace));
        w->depth--;
    }
}

void
spk_jw_str(struct spk_jw *w, const char *key_or_null, struct spk_span s)
{
    if (begin(w, key_or_null)) {
        note(w, quoted(w->b, s));
    }
}

void
spk_jw_cstr(struct spk_jw *w, const char *key_or_null, const char *s)
{
    spk_jw_str(w, key_or_null, spk_span_str(s));
}

void
spk_jw_u64(struct spk_jw *w, const char *key_or_null, uint64_t v)
{
    if (begin(w, key_or_null)) {
        note(w, spk_buf_printf(w->b, "%" PRIu64, v));
    }
}

void
spk_jw_bool(struct spk_jw *w, const char *key_or_null, bool v)
{
    if (begin(w, key_or_null)) {
        note(w, spk_buf_str(w->b, v ? "true" : "false"));
    }
}

void
spk_jw_null(struct spk_jw *w, const char *key_or_null)
{
    if (begin(w, key_or_null)) {
        note(w, spk_buf_str(w->b, "null"));
    }
}

static spk_err
quote(struct spk_buf *b, struct spk_span s, spk_err (*body)(struct spk_buf *, struct spk_span))
{
    SPK_TRY(spk_buf_u8(b, '"'));
    SPK_TRY(body(b, s));
    return spk_buf_u8(b, '"');
}

void
spk_jw_hex(struct spk_jw *w, const char *key_or_null, struct spk_span s)
{
    if (begin(w, key_or_null)) {
        note(w, quote(w->b, s, spk_buf_hex));
    }
}

void
spk_jw_base64(struct spk_jw *w, const char *key_or_null, struct spk_span s)
{
    if (begin(w, key_or_null)) {
        note(w, quote(w->b, s, spk_buf_base64));
    }
}

spk_err
spk_jw_end(struct spk_jw *w)
{
    SPK_TRY(w->err);
    SPK_CHECK(w->depth == 0, USAGE);
    return SPK_OK;
}
