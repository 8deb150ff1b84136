/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CAP ((size_t)64)

void
spk_buf_free(struct spk_buf *b)
{
    if (b->ptr != NULL) {
        spk_wipe(b->ptr, b->cap);
        spk_mem_free(b->ptr);
    }
    b->ptr = NULL;
    b->len = 0;
    b->cap = 0;
}

void
spk_buf_reset(struct spk_buf *b)
{
    if (b->ptr != NULL) {
        spk_wipe(b->ptr, b->cap);
    }
    b->len = 0;
}

/* Memory for `need` bytes. Never realloc: it would leave an unwiped copy behind. */
static spk_err
set_cap(struct spk_buf *b, size_t need)
{
    size_t cap = b->cap > 0 ? b->cap : FIRST_CAP;

    if (need <= b->cap) {
        return SPK_OK;
    }
    while (cap < need) {
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    }
    if (cap > b->max && need <= b->max) {
        cap = b->max; /* do not take more than the bound can ever use */
    }
    uint8_t *p = spk_calloc(cap, 1);
    SPK_CHECK(p != NULL, NOMEM);
    size_t len = b->len;
    if (len > 0) {
        memcpy(p, b->ptr, len);
    }
    spk_buf_free(b);
    b->ptr = p;
    b->len = len;
    b->cap = cap;
    return SPK_OK;
}

spk_err
spk_buf_reserve(struct spk_buf *b, size_t n)
{
    SPK_CHECK(b->len <= b->max && n <= b->max - b->len, LIMIT);
    return set_cap(b, b->len + n);
}

spk_err
spk_buf_grow(struct spk_buf *b, size_t n, uint8_t **ret_ptr)
{
    SPK_TRY(spk_buf_reserve(b, n));
    *ret_ptr = n > 0 ? b->ptr + b->len : b->ptr;
    b->len += n;
    return SPK_OK;
}

spk_err
spk_buf_add(struct spk_buf *b, struct spk_span s)
{
    uint8_t *p;

    if (s.len == 0) {
        return SPK_OK;
    }
    SPK_TRY(spk_buf_grow(b, s.len, &p));
    memcpy(p, s.ptr, s.len);
    return SPK_OK;
}

spk_err
spk_buf_str(struct spk_buf *b, const char *s)
{
    return spk_buf_add(b, spk_span_str(s));
}

spk_err
spk_buf_zero(struct spk_buf *b, size_t n)
{
    uint8_t *p;

    if (n == 0) {
        return SPK_OK;
    }
    SPK_TRY(spk_buf_grow(b, n, &p));
    memset(p, 0, n);
    return SPK_OK;
}

spk_err
spk_buf_u8(struct spk_buf *b, uint8_t v)
{
    return spk_buf_add(b, spk_span(&v, 1));
}

spk_err
spk_buf_u16(struct spk_buf *b, uint16_t v)
{
    uint8_t t[2];

    spk_put_u16(t, v);
    return spk_buf_add(b, SPK_SPAN_OF(t));
}

spk_err
spk_buf_u32(struct spk_buf *b, uint32_t v)
{
    uint8_t t[4];

    spk_put_u32(t, v);
    return spk_buf_add(b, SPK_SPAN_OF(t));
}

spk_err
spk_buf_u64(struct spk_buf *b, uint64_t v)
{
    uint8_t t[8];

    spk_put_u64(t, v);
    return spk_buf_add(b, SPK_SPAN_OF(t));
}

spk_err
spk_buf_u16le(struct spk_buf *b, uint16_t v)
{
    uint8_t t[2] = {(uint8_t)v, (uint8_t)(v >> 8)};

    return spk_buf_add(b, SPK_SPAN_OF(t));
}

spk_err
spk_buf_u32le(struct spk_buf *b, uint32_t v)
{
    uint8_t t[4];

    spk_put_u32le(t, v);
    return spk_buf_add(b, SPK_SPAN_OF(t));
}

/* The NUL after the text is not part of it, so it may stand one byte beyond the bound. */
static spk_err
reserve_nul(struct spk_buf *b, size_t n)
{
    SPK_CHECK(b->len <= b->max && n <= b->max - b->len, LIMIT);
    SPK_CHECK(b->len + n < SIZE_MAX, LIMIT);
    return set_cap(b, b->len + n + 1);
}

spk_err
spk_buf_printf(struct spk_buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    SPK_CHECK(n >= 0, USAGE);
    SPK_TRY(reserve_nul(b, (size_t)n));
    va_start(ap, fmt);
    (void)vsnprintf((char *)b->ptr + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
    return SPK_OK;
}

spk_err
spk_buf_cstr(struct spk_buf *b, const char **ret_str)
{
    /* a NUL inside would silently cut the string short */
    SPK_CHECK(b->len == 0 || memchr(b->ptr, 0, b->len) == NULL, FORMAT);
    SPK_TRY(reserve_nul(b, 0));
    b->ptr[b->len] = 0;
    *ret_str = (const char *)b->ptr;
    return SPK_OK;
}
