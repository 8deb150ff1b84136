/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it, and what of it may reach a terminal. */
#include "base/text.h"

struct range {
    uint32_t first, last;
};

/* Characters that are invisible or change the order or place of what is around them: shown as they
 * are, they let a hostile name pass for another one. */
static const struct range hidden[] = {
    {0x0000, 0x001f},   /* C0 */
    {0x007f, 0x009f},   /* DEL, C1 */
    {0x00ad, 0x00ad},   /* soft hyphen */
    {0x034f, 0x034f},   /* combining grapheme joiner */
    {0x061c, 0x061c},   /* Arabic letter mark */
    {0x115f, 0x1160},   /* Hangul fillers */
    {0x17b4, 0x17b5},   /* Khmer inherent vowels */
    {0x180b, 0x180f},   /* Mongolian variation selectors, vowel separator */
    {0x200b, 0x200f},   /* zero width, left-to-right and right-to-left marks */
    {0x2028, 0x202e},   /* line and paragraph separators, bidi embeddings and overrides */
    {0x2060, 0x206f},   /* word joiner, invisible operators, bidi isolates, deprecated controls */
    {0x3164, 0x3164},   /* Hangul filler */
    {0xfe00, 0xfe0f},   /* variation selectors */
    {0xfeff, 0xfeff},   /* zero width no-break space */
    {0xffa0, 0xffa0},   /* half-width Hangul filler */
    {0xfff0, 0xfffb},   /* interlinear annotation */
    {0x1bca0, 0x1bca3}, /* shorthand format controls */
    {0x1d173, 0x1d17a}, /* musical format controls */
    {0xe0000, 0xe0fff}, /* tags, variation selectors supplement */
};

static bool
is_hidden(uint32_t cp)
{
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        if (cp >= hidden[i].first && cp <= hidden[i].last) {
            return true;
        }
    }
    return false;
}

/* Length of the sequence that a first byte announces (0: none), its bits, and the smallest
 * character that needs so many bytes. */
static size_t
lead(uint8_t c, uint32_t *ret_bits, uint32_t *ret_min)
{
    static const struct {
        uint8_t mask, value;
        uint32_t min;
    } kinds[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if ((c & kinds[i].mask) == kinds[i].value) {
            *ret_bits = c & (uint8_t)~kinds[i].mask;
            *ret_min = kinds[i].min;
            return i + 1;
        }
    }
    return 0;
}

/* Length in bytes of the character that s starts with; 0 when it is not well formed. */
static size_t
decode(struct spk_span s, uint32_t *ret_cp)
{
    uint32_t cp, min;
    size_t n = s.len > 0 ? lead(s.ptr[0], &cp, &min) : 0;

    if (n == 0 || n > s.len) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((s.ptr[i] & 0xc0) != 0x80) {
            return 0;
        }
        cp = (cp << 6) | (s.ptr[i] & 0x3fu);
    }
    if (cp < min || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) {
        return 0;
    }
    *ret_cp = cp;
    return n;
}

static bool
is_control(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
}

static bool
utf8_scan(struct spk_span s, bool controls_allowed)
{
    while (s.len > 0) {
        uint32_t cp;
        size_t n = decode(s, &cp);
        if (n == 0 || (!controls_allowed && is_control(cp))) {
            return false;
        }
        s = spk_span(s.ptr + n, s.len - n);
    }
    return true;
}

bool
spk_utf8_ok(struct spk_span s)
{
    return utf8_scan(s, true);
}

bool
spk_utf8_plain(struct spk_span s)
{
    return utf8_scan(s, false);
}

static spk_err
escape_one(struct spk_buf *b, struct spk_span ch, uint32_t cp)
{
    if (cp == '\\') {
        return spk_buf_str(b, "\\\\");
    }
    if (!is_hidden(cp)) {
        return spk_buf_add(b, ch);
    }
    if (cp < 0x80) {
        return spk_buf_printf(b, "\\x%02X", (unsigned)cp);
    }
    return spk_buf_printf(b, "\\u{%04X}", (unsigned)cp);
}

spk_err
spk_buf_escape(struct spk_buf *b, struct spk_span s)
{
    while (s.len > 0) {
        uint32_t cp;
        size_t n = decode(s, &cp);
        if (n == 0) {
            SPK_TRY(spk_buf_printf(b, "\\x%02X", (unsigned)s.ptr[0]));
            n = 1;
        } else {
            SPK_TRY(escape_one(b, spk_span(s.ptr, n), cp));
        }
        s = spk_span(s.ptr + n, s.len - n);
    }
    return SPK_OK;
}
