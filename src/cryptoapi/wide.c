/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/wide.h"

#include <string.h>

#define UTF8_MAX 4
#define REPLACEMENT 0xfffdu
#define BAD UINT32_MAX

size_t
capi_wide_len(const WCHAR *s)
{
    size_t n = 0;
    while (s[n] != 0) {
        n++;
    }
    return n;
}

/* One code point of s, which is not at its end; BAD for a lone surrogate. */
static uint32_t
next_wide(const WCHAR **s, const WCHAR *end)
{
    uint32_t c = (uint16_t) * (*s)++;
    if (c < 0xd800 || c > 0xdfff) {
        return c;
    }
    uint32_t low = *s < end ? (uint16_t) * *s : 0;
    if (c > 0xdbff || low < 0xdc00 || low > 0xdfff) {
        return BAD;
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
capi_to_utf8(const WCHAR *s, size_t len, struct spk_buf *out, bool *ret_bad)
{
    const WCHAR *end = s + len;
    uint8_t utf8[UTF8_MAX];
    bool bad = false;
    while (s < end) {
        uint32_t c = next_wide(&s, end);
        bad = bad || c == BAD;
        size_t n = put_utf8(c == BAD ? REPLACEMENT : c, utf8);
        CAPI_TRY(capi_code(spk_buf_add(out, spk_span(utf8, n)), ERROR_INVALID_PARAMETER));
    }
    if (ret_bad != NULL) {
        *ret_bad = bad;
    }
    return ERROR_SUCCESS;
}

DWORD
capi_narrow(const WCHAR *s, char **ret_s)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(CAPI_STRING_MAX * UTF8_MAX);
    const char *text = NULL;
    bool bad = false;
    if (s == NULL) {
        *ret_s = NULL;
        return ERROR_SUCCESS;
    }
    CAPI_TRY(capi_to_utf8(s, capi_wide_len(s), &b, &bad));
    CAPI_CHECK(!bad, ERROR_NO_UNICODE_TRANSLATION);
    CAPI_TRY(capi_code(spk_buf_cstr(&b, &text), ERROR_INVALID_PARAMETER));
    *ret_s = spk_strdup(text);
    return *ret_s != NULL ? ERROR_SUCCESS : NTE_NO_MEMORY;
}

/* One code point of well-formed UTF-8, or BAD for one byte of anything else. */
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
    return ok ? c : BAD;
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
widen(struct spk_span left, bool little, struct spk_buf *out, bool *ret_bad)
{
    bool bad = false;
    while (left.len != 0) {
        uint32_t c = next_utf8(&left);
        bad = bad || c == BAD;
        c = c == BAD ? REPLACEMENT : c;
        if (c >= 0x10000) {
            c -= 0x10000;
            CAPI_TRY(put_unit(out, (uint16_t)(0xd800 + (c >> 10)), little));
            c = 0xdc00 + (c & 0x3ff);
        }
        CAPI_TRY(put_unit(out, (uint16_t)c, little));
    }
    if (ret_bad != NULL) {
        *ret_bad = bad;
    }
    return ERROR_SUCCESS;
}

DWORD
capi_to_wide(struct spk_span utf8, struct spk_buf *out, bool *ret_bad)
{
    return widen(utf8, false, out, ret_bad);
}

DWORD
capi_widen(const char *s, struct spk_buf *out)
{
    return widen(spk_span_str(s), false, out, NULL);
}

DWORD
capi_widen_le(const char *s, struct spk_buf *out)
{
    return widen(spk_span_str(s), true, out, NULL);
}
