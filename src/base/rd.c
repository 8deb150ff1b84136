/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rd.h"

#include <string.h>

#include "base/buf.h"

static spk_err
take(struct spk_rd *r, size_t n, const uint8_t **ret_p)
{
    SPK_CHECK(n <= r->left, TRUNC);
    *ret_p = r->ptr;
    if (n > 0) {
        r->ptr += n;
    }
    r->left -= n;
    return SPK_OK;
}

spk_err
spk_rd_u8(struct spk_rd *r, uint8_t *ret_v)
{
    const uint8_t *p;

    SPK_TRY(take(r, 1, &p));
    *ret_v = p[0];
    return SPK_OK;
}

spk_err
spk_rd_u16(struct spk_rd *r, uint16_t *ret_v)
{
    const uint8_t *p;

    SPK_TRY(take(r, 2, &p));
    *ret_v = spk_get_u16(p);
    return SPK_OK;
}

spk_err
spk_rd_u32(struct spk_rd *r, uint32_t *ret_v)
{
    const uint8_t *p;

    SPK_TRY(take(r, 4, &p));
    *ret_v = spk_get_u32(p);
    return SPK_OK;
}

spk_err
spk_rd_u64(struct spk_rd *r, uint64_t *ret_v)
{
    const uint8_t *p;

    SPK_TRY(take(r, 8, &p));
    *ret_v = spk_get_u64(p);
    return SPK_OK;
}

spk_err
spk_rd_u16le(struct spk_rd *r, uint16_t *ret_v)
{
    const uint8_t *p;

    SPK_TRY(take(r, 2, &p));
    *ret_v = (uint16_t)(p[0] | (p[1] << 8));
    return SPK_OK;
}

spk_err
spk_rd_u32le(struct spk_rd *r, uint32_t *ret_v)
{
    const uint8_t *p;

    SPK_TRY(take(r, 4, &p));
    *ret_v =
        (uint32_t)p[0] | ((uint32_t)p[1] << 8) | ((uint32_t)p[2] << 16) | ((uint32_t)p[3] << 24);
    return SPK_OK;
}

spk_err
spk_rd_span(struct spk_rd *r, size_t n, struct spk_span *ret_s)
{
    const uint8_t *p;

    SPK_TRY(take(r, n, &p));
    *ret_s = spk_span(p, n);
    return SPK_OK;
}

spk_err
spk_rd_copy(struct spk_rd *r, void *ret_dst, size_t n)
{
    const uint8_t *p;

    SPK_TRY(take(r, n, &p));
    if (n > 0) {
        memcpy(ret_dst, p, n);
    }
    return SPK_OK;
}

/* The reader moves only when length and bytes are both there. */
static spk_err
var_body(struct spk_rd *r, struct spk_rd after_len, size_t n, struct spk_span *ret_s)
{
    SPK_TRY(spk_rd_span(&after_len, n, ret_s));
    *r = after_len;
    return SPK_OK;
}

spk_err
spk_rd_var16(struct spk_rd *r, size_t max, struct spk_span *ret_s)
{
    struct spk_rd t = *r;
    uint16_t n;

    SPK_TRY(spk_rd_u16(&t, &n));
    SPK_CHECK(n <= max, LIMIT);
    return var_body(r, t, n, ret_s);
}

spk_err
spk_rd_var32(struct spk_rd *r, size_t max, struct spk_span *ret_s)
{
    struct spk_rd t = *r;
    uint32_t n;

    SPK_TRY(spk_rd_u32(&t, &n));
    SPK_CHECK(n <= max, LIMIT);
    return var_body(r, t, n, ret_s);
}

spk_err
spk_rd_zero(struct spk_rd *r, size_t n)
{
    SPK_CHECK(n <= r->left, TRUNC);
    SPK_CHECK(spk_ct_zero(r->ptr, n), FORMAT);
    const uint8_t *p;
    return take(r, n, &p);
}

spk_err
spk_rd_line(struct spk_rd *r, size_t max, struct spk_span *ret_line)
{
    size_t look = r->left;

    if (max < SIZE_MAX && look > max + 1) {
        look = max + 1;
    }
    const uint8_t *nl = look > 0 ? memchr(r->ptr, '\n', look) : NULL;
    if (nl == NULL) {
        return look < r->left ? SPK_ERR(LIMIT) : SPK_ERR(TRUNC);
    }
    size_t n = (size_t)(nl - r->ptr);
    *ret_line = spk_span(r->ptr, n);
    r->ptr += n + 1;
    r->left -= n + 1;
    return SPK_OK;
}

spk_err
spk_rd_end(const struct spk_rd *r)
{
    SPK_CHECK(r->left == 0, FORMAT);
    return SPK_OK;
}
