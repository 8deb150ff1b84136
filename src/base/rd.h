/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded reader: a cursor that knows its end.  Every parser of hostile bytes uses it.
 * Reading past the end gives SPK_CODE_TRUNC and moves nothing; spk_rd_end() makes trailing bytes an
 * error. */
#ifndef SPK_BASE_RD_H
#define SPK_BASE_RD_H

#include "base/err.h"
#include "base/span.h"

struct spk_rd {
    const uint8_t *ptr;
    size_t left;
};

static inline struct spk_rd
spk_rd(struct spk_span s)
{
    return (struct spk_rd){s.ptr, s.len};
}
SPK_MUST_USE spk_err spk_rd_u8(struct spk_rd *r, uint8_t *ret_v);
SPK_MUST_USE spk_err spk_rd_u16(struct spk_rd *r, uint16_t *ret_v);
SPK_MUST_USE spk_err spk_rd_u32(struct spk_rd *r, uint32_t *ret_v);
SPK_MUST_USE spk_err spk_rd_u64(struct spk_rd *r, uint64_t *ret_v);
SPK_MUST_USE spk_err spk_rd_u16le(struct spk_rd *r, uint16_t *ret_v);
SPK_MUST_USE spk_err spk_rd_u32le(struct spk_rd *r, uint32_t *ret_v);
/** Borrow the next n bytes. */
SPK_MUST_USE spk_err spk_rd_span(struct spk_rd *r, size_t n, struct spk_span *ret_s);
/** Copy the next n bytes. */
SPK_MUST_USE spk_err spk_rd_copy(struct spk_rd *r, void *ret_dst, size_t n);
/** u16 (or u32) length, then that many bytes; a length above max gives SPK_CODE_LIMIT. */
SPK_MUST_USE spk_err spk_rd_var16(struct spk_rd *r, size_t max, struct spk_span *ret_s);
SPK_MUST_USE spk_err spk_rd_var32(struct spk_rd *r, size_t max, struct spk_span *ret_s);
/** The next n bytes must all be zero, else SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_rd_zero(struct spk_rd *r, size_t n);
/** One line of text up to '\n' (not included, consumed); a line above max or without '\n' is an
 * error. */
SPK_MUST_USE spk_err spk_rd_line(struct spk_rd *r, size_t max, struct spk_span *ret_line);
/** Nothing may follow: else SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_rd_end(const struct spk_rd *r);

#endif
