/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical attribute list: u16 count, then u16 type || u32 length || value, in ascending order
 * of type; values of an equal type in strictly ascending byte order.  Everything binary that is
 * hashed or signed (R_priv, records, holder messages) is one (doc/spec/statements.md). */
#ifndef SPK_WIRE_ATTRS_H
#define SPK_WIRE_ATTRS_H

#include "base/buf.h"
#include "base/rd.h"

#define SPK_ATTRS_MAX 64

struct spk_attr {
    uint16_t type;
    struct spk_span value;
};
struct spk_attrs {
    size_t n;
    struct spk_attr a[SPK_ATTRS_MAX];
};

/** Borrowed from bytes. Anything not canonical, or trailing bytes: SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_attrs_parse(struct spk_span bytes, struct spk_attrs *ret_l);
/** The same, with every type checked to be in allowed[] (others: SPK_CODE_VERSION). */
SPK_MUST_USE spk_err spk_attrs_parse_known(struct spk_span bytes, const uint16_t *allowed, size_t n,
                                           struct spk_attrs *ret_l);
/** Sorts l, then appends its bytes. */
SPK_MUST_USE spk_err spk_attrs_build(struct spk_attrs *l, struct spk_buf *out);

SPK_MUST_USE spk_err spk_attrs_add(struct spk_attrs *l, uint16_t type, struct spk_span value);
/** Integers need storage that outlives build: scratch of 8 bytes from the caller. */
SPK_MUST_USE spk_err spk_attrs_add_u64(struct spk_attrs *l, uint16_t type, uint64_t v,
                                       uint8_t scratch[8]);
/** The only value of type: SPK_CODE_FORMAT when it is missing, repeated, or longer than max. */
SPK_MUST_USE spk_err spk_attrs_get(const struct spk_attrs *l, uint16_t type, size_t max,
                                   struct spk_span *ret_v);
/** Exactly len bytes. */
SPK_MUST_USE spk_err spk_attrs_fixed(const struct spk_attrs *l, uint16_t type, void *ret_v,
                                     size_t len);
SPK_MUST_USE spk_err spk_attrs_u64(const struct spk_attrs *l, uint16_t type, uint64_t *ret_v);
bool spk_attrs_has(const struct spk_attrs *l, uint16_t type);
/** i-th value of a repeated type; false when there is none. */
bool spk_attrs_nth(const struct spk_attrs *l, uint16_t type, size_t i, struct spk_span *ret_v);

#endif
