/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/attrs.h"

#include <string.h>

#define ATTR_HEAD 6 /* u16 type || u32 length */

static int
attr_cmp(const struct spk_attr *a, const struct spk_attr *b)
{
    if (a->type != b->type) {
        return a->type < b->type ? -1 : 1;
    }
    return spk_span_cmp(a->value, b->value);
}

spk_err
spk_attrs_parse(struct spk_span bytes, struct spk_attrs *ret_l)
{
    struct spk_rd r = spk_rd(bytes);
    struct spk_attrs l;
    uint16_t count;

    SPK_TRY(spk_rd_u16(&r, &count));
    SPK_CHECK(count <= SPK_ATTRS_MAX, LIMIT);
    for (l.n = 0; l.n < count; l.n++) {
        struct spk_attr *a = &l.a[l.n];
        SPK_TRY(spk_rd_u16(&r, &a->type));
        SPK_TRY(spk_rd_var32(&r, SIZE_MAX, &a->value));
        SPK_CHECK(l.n == 0 || attr_cmp(a - 1, a) < 0, FORMAT);
    }
    SPK_TRY(spk_rd_end(&r));
    ret_l->n = l.n;
    memcpy(ret_l->a, l.a, l.n * sizeof(l.a[0]));
    return SPK_OK;
}

static bool
is_listed(uint16_t type, const uint16_t *allowed, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (allowed[i] == type) {
            return true;
        }
    }
    return false;
}

spk_err
spk_attrs_parse_known(struct spk_span bytes, const uint16_t *allowed, size_t n,
                      struct spk_attrs *ret_l)
{
    struct spk_attrs l;

    SPK_TRY(spk_attrs_parse(bytes, &l));
    for (size_t i = 0; i < l.n; i++) {
        SPK_CHECK(is_listed(l.a[i].type, allowed, n), VERSION);
    }
    ret_l->n = l.n;
    memcpy(ret_l->a, l.a, l.n * sizeof(l.a[0]));
    return SPK_OK;
}

/* Lists are short and mostly in order already. */
static void
attrs_sort(struct spk_attrs *l)
{
    for (size_t i = 1; i < l->n; i++) {
        struct spk_attr a = l->a[i];
        size_t k = i;
        for (; k > 0 && attr_cmp(&a, &l->a[k - 1]) < 0; k--) {
            l->a[k] = l->a[k - 1];
        }
        l->a[k] = a;
    }
}

spk_err
spk_attrs_build(struct spk_attrs *l, struct spk_buf *out)
{
    size_t need = 2;

    attrs_sort(l);
    for (size_t i = 0; i < l->n; i++) {
        SPK_CHECK(i == 0 || attr_cmp(&l->a[i - 1], &l->a[i]) < 0, FORMAT);
        SPK_CHECK(l->a[i].value.len <= UINT32_MAX - ATTR_HEAD - need, LIMIT);
        need += ATTR_HEAD + l->a[i].value.len;
    }
    SPK_TRY(spk_buf_reserve(out, need));
    SPK_TRY(spk_buf_u16(out, (uint16_t)l->n));
    for (size_t i = 0; i < l->n; i++) {
        SPK_TRY(spk_buf_u16(out, l->a[i].type));
        SPK_TRY(spk_buf_u32(out, (uint32_t)l->a[i].value.len));
        SPK_TRY(spk_buf_add(out, l->a[i].value));
    }
    return SPK_OK;
}

spk_err
spk_attrs_add(struct spk_attrs *l, uint16_t type, struct spk_span value)
{
    SPK_CHECK(l->n < SPK_ATTRS_MAX, LIMIT);
    l->a[l->n++] = (struct spk_attr){type, value};
    return SPK_OK;
}

spk_err
spk_attrs_add_u64(struct spk_attrs *l, uint16_t type, uint64_t v, uint8_t scratch[8])
{
    spk_put_u64(scratch, v);
    return spk_attrs_add(l, type, spk_span(scratch, 8));
}

bool
spk_attrs_nth(const struct spk_attrs *l, uint16_t type, size_t i, struct spk_span *ret_v)
{
    for (size_t k = 0; k < l->n; k++) {
        if (l->a[k].type == type && i-- == 0) {
            *ret_v = l->a[k].value;
            return true;
        }
    }
    return false;
}

bool
spk_attrs_has(const struct spk_attrs *l, uint16_t type)
{
    struct spk_span v;

    return spk_attrs_nth(l, type, 0, &v);
}

spk_err
spk_attrs_get(const struct spk_attrs *l, uint16_t type, size_t max, struct spk_span *ret_v)
{
    struct spk_span v, second;

    SPK_CHECK(spk_attrs_nth(l, type, 0, &v), FORMAT);
    SPK_CHECK(!spk_attrs_nth(l, type, 1, &second), FORMAT);
    SPK_CHECK(v.len <= max, FORMAT);
    *ret_v = v;
    return SPK_OK;
}

spk_err
spk_attrs_fixed(const struct spk_attrs *l, uint16_t type, void *ret_v, size_t len)
{
    struct spk_span v;

    SPK_TRY(spk_attrs_get(l, type, len, &v));
    SPK_CHECK(v.len == len, FORMAT);
    memcpy(ret_v, v.ptr, len);
    return SPK_OK;
}

spk_err
spk_attrs_u64(const struct spk_attrs *l, uint16_t type, uint64_t *ret_v)
{
    uint8_t b[8];

    SPK_TRY(spk_attrs_fixed(l, type, b, sizeof(b)));
    *ret_v = spk_get_u64(b);
    return SPK_OK;
}
