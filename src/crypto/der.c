/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/der.h"

#define LONG_FORM 0x80
#define LEN_BYTES_MAX 4

/* Length octets (X.690 section 8.1.3), in the shortest form that DER demands (section 10.1). */
static spk_err
read_len(struct spk_rd *r, size_t *ret_len)
{
    uint8_t first = 0, byte = 0;
    SPK_CHECK(spk_ok(spk_rd_u8(r, &first)), FORMAT);
    if (first < LONG_FORM) {
        *ret_len = first;
        return SPK_OK;
    }
    size_t n = first & 0x7f, len = 0;
    SPK_CHECK(n >= 1 && n <= LEN_BYTES_MAX, FORMAT);
    for (size_t i = 0; i < n; i++) {
        SPK_CHECK(spk_ok(spk_rd_u8(r, &byte)), FORMAT);
        SPK_CHECK(i != 0 || byte != 0, FORMAT);
        len = len << 8 | byte;
    }
    SPK_CHECK(len >= LONG_FORM, FORMAT);
    *ret_len = len;
    return SPK_OK;
}

spk_err
spk_der_get(struct spk_rd *r, uint8_t tag, struct spk_span *ret_body)
{
    struct spk_rd in = *r;
    uint8_t t = 0;
    size_t len = 0;
    struct spk_span body;
    SPK_CHECK(spk_ok(spk_rd_u8(&in, &t)) && t == tag, FORMAT);
    SPK_TRY(read_len(&in, &len));
    SPK_CHECK(spk_ok(spk_rd_span(&in, len, &body)), FORMAT);
    *r = in;
    *ret_body = body;
    return SPK_OK;
}

spk_err
spk_der_whole(struct spk_rd *r, uint8_t tag, struct spk_span *ret_element)
{
    const uint8_t *start = r->ptr;
    struct spk_span body;
    SPK_TRY(spk_der_get(r, tag, &body));
    *ret_element = spk_span(start, (size_t)(r->ptr - start));
    return SPK_OK;
}

spk_err
spk_der_enter(struct spk_rd *r, uint8_t tag, struct spk_rd *ret_inner)
{
    struct spk_span body;
    SPK_TRY(spk_der_get(r, tag, &body));
    *ret_inner = spk_rd(body);
    return SPK_OK;
}

bool
spk_der_next_is(const struct spk_rd *r, uint8_t tag)
{
    return r->left != 0 && r->ptr[0] == tag;
}

spk_err
spk_der_uint(struct spk_rd *r, struct spk_span *ret_be)
{
    struct spk_rd in = *r;
    struct spk_span s;
    SPK_TRY(spk_der_get(&in, SPK_DER_INTEGER, &s));
    SPK_CHECK(s.len != 0 && (s.ptr[0] & 0x80) == 0, FORMAT);
    if (s.len > 1 && s.ptr[0] == 0) {
        SPK_CHECK((s.ptr[1] & 0x80) != 0, FORMAT);
        s = spk_span(s.ptr + 1, s.len - 1);
    }
    *r = in;
    *ret_be = s;
    return SPK_OK;
}

spk_err
spk_der_u32(struct spk_rd *r, uint32_t *ret_v)
{
    struct spk_rd in = *r;
    struct spk_span s;
    SPK_TRY(spk_der_uint(&in, &s));
    SPK_CHECK(s.len <= sizeof(uint32_t), LIMIT);
    uint32_t v = 0;
    for (size_t i = 0; i < s.len; i++) {
        v = v << 8 | s.ptr[i];
    }
    *r = in;
    *ret_v = v;
    return SPK_OK;
}

spk_err
spk_der_bits(struct spk_rd *r, struct spk_span *ret_bytes)
{
    struct spk_rd in = *r;
    struct spk_span s;
    SPK_TRY(spk_der_get(&in, SPK_DER_BITS, &s));
    SPK_CHECK(s.len != 0 && s.ptr[0] == 0, FORMAT); /* no unused bits */
    *r = in;
    *ret_bytes = spk_span(s.ptr + 1, s.len - 1);
    return SPK_OK;
}

spk_err
spk_der_end(const struct spk_rd *r)
{
    SPK_CHECK(r->left == 0, FORMAT);
    return SPK_OK;
}

static spk_err
put_head(struct spk_buf *b, uint8_t tag, size_t len)
{
    SPK_CHECK(len <= UINT16_MAX, LIMIT);
    SPK_TRY(spk_buf_u8(b, tag));
    if (len < LONG_FORM) {
        return spk_buf_u8(b, (uint8_t)len);
    }
    if (len <= UINT8_MAX) {
        SPK_TRY(spk_buf_u8(b, LONG_FORM | 1));
        return spk_buf_u8(b, (uint8_t)len);
    }
    SPK_TRY(spk_buf_u8(b, LONG_FORM | 2));
    return spk_buf_u16(b, (uint16_t)len);
}

spk_err
spk_der_put(struct spk_buf *b, uint8_t tag, struct spk_span body)
{
    SPK_TRY(put_head(b, tag, body.len));
    return spk_buf_add(b, body);
}

/* A byte before the contents: the sign of an INTEGER, the unused bits of a BIT STRING. */
static spk_err
put_after_zero(struct spk_buf *b, uint8_t tag, struct spk_span body)
{
    SPK_TRY(put_head(b, tag, body.len + 1));
    SPK_TRY(spk_buf_u8(b, 0));
    return spk_buf_add(b, body);
}

spk_err
spk_der_put_uint(struct spk_buf *b, struct spk_span be)
{
    while (be.len > 1 && be.ptr[0] == 0) {
        be = spk_span(be.ptr + 1, be.len - 1);
    }
    if (be.len == 0 || (be.ptr[0] & 0x80) != 0) {
        return put_after_zero(b, SPK_DER_INTEGER, be);
    }
    return spk_der_put(b, SPK_DER_INTEGER, be);
}

spk_err
spk_der_put_u32(struct spk_buf *b, uint32_t v)
{
    uint8_t be[4];
    spk_put_u32(be, v);
    return spk_der_put_uint(b, SPK_SPAN_OF(be));
}

spk_err
spk_der_put_bits(struct spk_buf *b, struct spk_span bytes)
{
    return put_after_zero(b, SPK_DER_BITS, bytes);
}
