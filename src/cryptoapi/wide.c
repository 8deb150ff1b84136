/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/wide.h"

#include <string.h>

#define UTF8_MAX 4
#define REPLACEMENT 0xfffdu

size_t
capi_wide_len(const WCHAR *s)
{
    size_t n = 0;
    while (s[n] != 0) {
        n++;
    }
    return n;
}

/* One code point of s; 0 at the end, UINT32_MAX for a lone surrogate. */
static uint32_t
next_wide(const WCHAR **s)
{
    uint32_t c = (uint16_t) * (*s)++;
    if (c < 0xd800 || c > 0xdfff) {
        return c;
    }
    uint32_t low = (uint16_t) * *s;
    if (c > 0xdbff || low < 0xdc00 || low > 0xdfff) {
        return UINT32_MAX;
    }
    (*s)++;
    return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static size_t
put_utf8(uint32_t c, uint8_t out[UTF8_MAX])
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    out[0] = (uint8_t)((0xf00u >> n) | c);
    return n;
}

DWORD
capi_narrow(const WCHAR *s, char **ret_s)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(CAPI_STRING_MAX * UTF8_MAX);
    uint8_t utf8[UTF8_MAX];
    const char *text = NULL;
    if (s == NULL) {
        *ret_s = NULL;
        return ERROR_SUCCESS;
    }
    for (uint32_t c; (c = next_wide(&s)) != 0;) {
        CAPI_CHECK(c != UINT32_MAX, ERROR_NO_UNICODE_TRANSLATION);
        CAPI_TRY(
            capi_code(spk_buf_add(&b, spk_span(utf8, put_utf8(c, utf8))), ERROR_INVALID_PARAMETER));
    }
    CAPI_TRY(capi_code(spk_buf_cstr(&b, &text), ERROR_INVALID_PARAMETER));
    *ret_s = spk_strdup(text);
    return *ret_s != NULL ? ERROR_SUCCESS : NTE_NO_MEMORY;
}

/* One code point of well-formed UTF-8, or REPLACEMENT for one byte of anything else. */
static uint32_t
next_utf8(struct spk_span *s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = s->ptr[0];
    size_t n = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? first : (uint32_t)(first & (0x7f >> n));
    bool ok = n != 0 && n <= s->len && first < 0xf8;
    for (size_t i = 1; ok && i < n; i++) {
        ok = (s->ptr[i] & 0xc0) == 0x80;
        c = c << 6 | (s->ptr[i] & 0x3f);
    }
    ok = ok && c >= least[n] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
    size_t used = ok ? n : 1;
    *s = spk_span(s->ptr + used, s->len - used);
    return ok ? c : REPLACEMENT;
}

static DWORD
put_unit(struct spk_buf *out, uint16_t unit, bool little)
{
    uint8_t native[sizeof unit];
    memcpy(native, &unit, sizeof unit);
    spk_err e = little ? spk_buf_u16le(out, unit) : spk_buf_add(out, SPK_SPAN_OF(native));
    return capi_code(e, ERROR_INVALID_PARAMETER);
}

static DWORD
widen(const char *s, bool little, struct spk_buf *out)
{
    struct spk_span left = spk_span_str(s);
    while (left.len != 0) {
        uint32_t c = next_utf8(&left);
        if (c >= 0x10000) {
            c -= 0x10000;
            CAPI_TRY(put_unit(out, (uint16_t)(0xd800 + (c >> 10)), little));
            c = 0xdc00 + (c & 0x3ff);
        }
        CAPI_TRY(put_unit(out, (uint16_t)c, little));
    }
    return ERROR_SUCCESS;
}

DWORD
capi_widen(const char *s, struct spk_buf *out)
{
    return widen(s, false, out);
}

DWORD
capi_widen_le(const char *s, struct spk_buf *out)
{
    return widen(s, true, out);
}
