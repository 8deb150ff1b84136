/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>

#define BAD 0xffu

static const char hex_digits[] = "0123456789abcdef";
static const char b64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char code_digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#define CODE_GROUP 5

char *
spk_hex(struct spk_span s, char *ret)
{
    for (size_t i = 0; i < s.len; i++) {
        ret[2 * i] = hex_digits[s.ptr[i] >> 4];
        ret[2 * i + 1] = hex_digits[s.ptr[i] & 15];
    }
    ret[2 * s.len] = 0;
    return ret;
}

spk_err
spk_buf_hex(struct spk_buf *b, struct spk_span s)
{
    uint8_t *p;

    SPK_CHECK(s.len <= SIZE_MAX / 2, LIMIT);
    SPK_TRY(spk_buf_grow(b, 2 * s.len, &p));
    for (size_t i = 0; i < s.len; i++) {
        p[2 * i] = (uint8_t)hex_digits[s.ptr[i] >> 4];
        p[2 * i + 1] = (uint8_t)hex_digits[s.ptr[i] & 15];
    }
    return SPK_OK;
}

static unsigned
hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return (unsigned)(c - 'a' + 10);
    }
    if (c >= 'A' && c <= 'F') {
        return (unsigned)(c - 'A' + 10);
    }
    return BAD;
}

spk_err
spk_hex_parse(struct spk_span text, void *ret_bytes, size_t len)
{
    uint8_t *out = ret_bytes;

    SPK_CHECK(len <= SIZE_MAX / 2 && text.len == 2 * len, FORMAT);
    for (size_t i = 0; i < text.len; i++) {
        SPK_CHECK(hex_value(text.ptr[i]) != BAD, FORMAT);
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)((hex_value(text.ptr[2 * i]) << 4) | hex_value(text.ptr[2 * i + 1]));
    }
    return SPK_OK;
}

spk_err
spk_buf_base64(struct spk_buf *b, struct spk_span s)
{
    uint8_t *p;

    SPK_CHECK(s.len <= SIZE_MAX / 4, LIMIT);
    SPK_TRY(spk_buf_grow(b, (s.len + 2) / 3 * 4, &p));
    for (size_t i = 0; i < s.len; i += 3, p += 4) {
        size_t n = s.len - i < 3 ? s.len - i : 3;
        uint32_t v = (uint32_t)s.ptr[i] << 16;
        v |= n > 1 ? (uint32_t)s.ptr[i + 1] << 8 : 0;
        v |= n > 2 ? s.ptr[i + 2] : 0;
        p[0] = (uint8_t)b64_digits[v >> 18];
        p[1] = (uint8_t)b64_digits[(v >> 12) & 63];
        p[2] = n > 1 ? (uint8_t)b64_digits[(v >> 6) & 63] : '=';
        p[3] = n > 2 ? (uint8_t)b64_digits[v & 63] : '=';
    }
    return SPK_OK;
}

static unsigned
b64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return (unsigned)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (unsigned)(c - 'a' + 26);
    }
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0' + 52);
    }
    return c == '+' ? 62 : c == '/' ? 63 : BAD;
}

/* Checks the text and tells how many bytes it stands for: RFC 4648 §3.5, one text for one string of
 * bytes. */
static spk_err
b64_check(struct spk_span text, size_t *ret_len)
{
    size_t pad = 0;

    SPK_CHECK(text.len % 4 == 0, FORMAT);
    while (pad < 2 && pad < text.len && text.ptr[text.len - 1 - pad] == '=') {
        pad++;
    }
    for (size_t i = 0; i < text.len - pad; i++) {
        SPK_CHECK(b64_value(text.ptr[i]) != BAD, FORMAT);
    }
    if (pad > 0) {
        unsigned unused = pad == 1 ? 3 : 15;
        SPK_CHECK((b64_value(text.ptr[text.len - 1 - pad]) & unused) == 0, FORMAT);
    }
    *ret_len = text.len / 4 * 3 - pad;
    return SPK_OK;
}

static void
b64_decode(struct spk_span text, uint8_t *out, size_t len)
{
    for (size_t i = 0, o = 0; o < len; i += 4) {
        uint32_t v = 0;
        for (size_t k = 0; k < 4; k++) {
            uint8_t c = text.ptr[i + k];
            v = (v << 6) | (c == '=' ? 0 : b64_value(c));
        }
        for (int shift = 16; shift >= 0 && o < len; shift -= 8) {
            out[o++] = (uint8_t)(v >> shift);
        }
    }
}

spk_err
spk_base64_parse(struct spk_span text, struct spk_buf *b)
{
    size_t len;
    uint8_t *p;

    SPK_TRY(b64_check(text, &len));
    SPK_TRY(spk_buf_grow(b, len, &p));
    b64_decode(text, p, len);
    return SPK_OK;
}

spk_err
spk_base64_fixed(struct spk_span text, void *ret_bytes, size_t len)
{
    size_t n;

    SPK_TRY(b64_check(text, &n));
    SPK_CHECK(n == len, FORMAT);
    b64_decode(text, ret_bytes, len);
    return SPK_OK;
}

spk_err
spk_buf_code(struct spk_buf *b, struct spk_span s)
{
    uint32_t acc = 0;
    unsigned bits = 0;
    size_t letters = 0;

    SPK_CHECK(s.len % CODE_GROUP == 0, USAGE);
    for (size_t i = 0; i < s.len; i++) {
        acc = (acc << 8) | s.ptr[i];
        for (bits += 8; bits >= 5; letters++) {
            bits -= 5;
            if (letters > 0 && letters % CODE_GROUP == 0) {
                SPK_TRY(spk_buf_u8(b, '-'));
            }
            SPK_TRY(spk_buf_u8(b, (uint8_t)spk_code_digit(acc >> bits)));
        }
        acc &= ((uint32_t)1 << bits) - 1;
    }
    return SPK_OK;
}

char
spk_code_digit(unsigned v)
{
    return code_digits[v & 31];
}

unsigned
spk_code_value(uint8_t c)
{
    if (c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        return SPK_CODE_FILLER;
    }
    if (c >= 'a' && c <= 'z') {
        c = (uint8_t)(c - 'a' + 'A');
    }
    if (c == 'O') {
        return 0;
    }
    if (c == 'I' || c == 'L') {
        return 1;
    }
    const char *at = c != 0 ? strchr(code_digits, c) : NULL;
    return at != NULL ? (unsigned)(at - code_digits) : SPK_CODE_NONE;
}

spk_err
spk_code_parse(struct spk_span text, void *ret_bytes, size_t len)
{
    uint8_t *out = ret_bytes;
    uint32_t acc = 0;
    unsigned bits = 0;
    size_t letters = 0;

    SPK_CHECK(len % CODE_GROUP == 0 && len <= SIZE_MAX / 8, USAGE);
    for (size_t i = 0; i < text.len; i++) { /* all of it is checked before a byte is written */
        unsigned v = spk_code_value(text.ptr[i]);
        SPK_CHECK(v != SPK_CODE_NONE, FORMAT);
        letters += v != SPK_CODE_FILLER;
    }
    SPK_CHECK(letters == len * 8 / 5, FORMAT);
    for (size_t i = 0; i < text.len; i++) {
        unsigned v = spk_code_value(text.ptr[i]);
        if (v == SPK_CODE_FILLER) {
            continue;
        }
        acc = (acc << 5) | v;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            *out++ = (uint8_t)(acc >> bits);
            acc &= ((uint32_t)1 << bits) - 1;
        }
    }
    return SPK_OK;
}

spk_err
spk_dec_parse(struct spk_span text, uint64_t max, uint64_t *ret_v)
{
    uint64_t v = 0;

    SPK_CHECK(text.len >= 1, FORMAT);
    SPK_CHECK(text.len == 1 || text.ptr[0] != '0', FORMAT);
    for (size_t i = 0; i < text.len; i++) {
        SPK_CHECK(text.ptr[i] >= '0' && text.ptr[i] <= '9', FORMAT);
    }
    for (size_t i = 0; i < text.len; i++) {
        uint64_t d = (uint64_t)(text.ptr[i] - '0');
        SPK_CHECK(v <= (UINT64_MAX - d) / 10, LIMIT);
        v = v * 10 + d;
    }
    SPK_CHECK(v <= max, LIMIT);
    *ret_v = v;
    return SPK_OK;
}

bool
spk_split(struct spk_span *rest, char sep, struct spk_span *ret_head)
{
    const uint8_t *at = rest->len > 0 ? memchr(rest->ptr, sep, rest->len) : NULL;

    if (at == NULL) {
        return false;
    }
    size_t n = (size_t)(at - rest->ptr);
    *ret_head = spk_span(rest->ptr, n);
    *rest = spk_span(at + 1, rest->len - n - 1);
    return true;
}

bool
spk_skip_prefix(struct spk_span *s, const char *prefix)
{
    struct spk_span p = spk_span_str(prefix);

    if (s->len < p.len || !spk_span_eq(spk_span(s->ptr, p.len), p)) {
        return false;
    }
    if (p.len > 0) {
        *s = spk_span(s->ptr + p.len, s->len - p.len);
    }
    return true;
}
