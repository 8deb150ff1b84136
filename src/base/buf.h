/* SPDX-License-Identifier: Apache-2.0 */
/* A growable byte buffer with a hard cap, and the big-endian writer.
 *
 *     SPK_AUTO_BUF struct spk_buf b = SPK_BUF(max);
 *     SPK_TRY(spk_buf_u16(&b, 1));
 *     SPK_TRY(spk_buf_add(&b, span));
 *
 * The memory is always wiped when freed or moved while growing, so a buffer may hold secrets. */
#ifndef SPK_BASE_BUF_H
#define SPK_BASE_BUF_H

#include "base/err.h"
#include "base/scope.h"
#include "base/span.h"

struct spk_buf {
    uint8_t *ptr;
    size_t len;
    size_t cap;
    size_t max; /* growing past it gives SPK_CODE_LIMIT */
};

#define SPK_BUF(max_len) ((struct spk_buf){NULL, 0, 0, (max_len)})
#define SPK_AUTO_BUF __attribute__((cleanup(spk_buf_free)))

/** Wipe and free; the buffer is empty afterwards and may be used again. */
void spk_buf_free(struct spk_buf *b);
/** Forget the contents (wiped), keep the memory. */
void spk_buf_reset(struct spk_buf *b);
/** Room for n more bytes. */
SPK_MUST_USE spk_err spk_buf_reserve(struct spk_buf *b, size_t n);
/** Append. s must not point into b. */
SPK_MUST_USE spk_err spk_buf_add(struct spk_buf *b, struct spk_span s);
SPK_MUST_USE spk_err spk_buf_str(struct spk_buf *b, const char *s);
/** Append n uninitialised bytes and point at them (valid until the next call on b). */
SPK_MUST_USE spk_err spk_buf_grow(struct spk_buf *b, size_t n, uint8_t **ret_ptr);
SPK_MUST_USE spk_err spk_buf_zero(struct spk_buf *b, size_t n);
/** Big-endian integers. */
SPK_MUST_USE spk_err spk_buf_u8(struct spk_buf *b, uint8_t v);
SPK_MUST_USE spk_err spk_buf_u16(struct spk_buf *b, uint16_t v);
SPK_MUST_USE spk_err spk_buf_u32(struct spk_buf *b, uint32_t v);
SPK_MUST_USE spk_err spk_buf_u64(struct spk_buf *b, uint64_t v);
/** Little-endian, for key BLOBs. */
SPK_MUST_USE spk_err spk_buf_u16le(struct spk_buf *b, uint16_t v);
SPK_MUST_USE spk_err spk_buf_u32le(struct spk_buf *b, uint32_t v);
/** printf into the buffer (no NUL kept in len, but ptr[len] is NUL after it). */
SPK_MUST_USE spk_err spk_buf_printf(struct spk_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/** NUL-terminate (beyond len) and return as C string; the buffer keeps ownership. A NUL inside
 * gives SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_buf_cstr(struct spk_buf *b, const char **ret_str);

static inline struct spk_span
spk_buf_span(const struct spk_buf *b)
{
    return (struct spk_span){b->ptr, b->len};
}

/* Fixed-width stores and loads for code that fills a struct laid out by hand. */
static inline void
spk_put_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
static inline void
spk_put_u32(uint8_t *p, uint32_t v)
{
    spk_put_u16(p, (uint16_t)(v >> 16));
    spk_put_u16(p + 2, (uint16_t)v);
}
static inline void
spk_put_u64(uint8_t *p, uint64_t v)
{
    spk_put_u32(p, (uint32_t)(v >> 32));
    spk_put_u32(p + 4, (uint32_t)v);
}
static inline void
spk_put_u32le(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++) {
        p[i] = (uint8_t)(v >> (8 * i));
    }
}
static inline uint16_t
spk_get_u16(const uint8_t *p)
{
    return (uint16_t)((p[0] << 8) | p[1]);
}
static inline uint32_t
spk_get_u32(const uint8_t *p)
{
    return ((uint32_t)spk_get_u16(p) << 16) | spk_get_u16(p + 2);
}
static inline uint64_t
spk_get_u64(const uint8_t *p)
{
    return ((uint64_t)spk_get_u32(p) << 32) | spk_get_u32(p + 4);
}

#endif
