/* SPDX-License-Identifier: Apache-2.0 */
/* As much DER (X.690) as keys and certificates need: definite lengths, one-byte tags, shortest
 * forms only. Internal to this folder. Every fault of a reader is SPK_CODE_FORMAT. */
#ifndef SPK_CRYPTO_DER_H
#define SPK_CRYPTO_DER_H

#include "base/buf.h"
#include "base/rd.h"

#define SPK_DER_BOOLEAN 0x01
#define SPK_DER_INTEGER 0x02
#define SPK_DER_BITS 0x03
#define SPK_DER_OCTETS 0x04
#define SPK_DER_NULL 0x05
#define SPK_DER_OID 0x06
#define SPK_DER_UTF8 0x0c
#define SPK_DER_UTCTIME 0x17
#define SPK_DER_GENTIME 0x18
#define SPK_DER_SEQ 0x30
#define SPK_DER_SET 0x31
#define SPK_DER_CTX(n) (0xa0 | (n)) /* context-specific, constructed */

/** The next element must have this tag; its contents are borrowed. */
SPK_MUST_USE spk_err spk_der_get(struct spk_rd *r, uint8_t tag, struct spk_span *ret_body);
/** The same, giving the whole element with its tag and length. */
SPK_MUST_USE spk_err spk_der_whole(struct spk_rd *r, uint8_t tag, struct spk_span *ret_element);
/** The same, giving a reader of the contents. */
SPK_MUST_USE spk_err spk_der_enter(struct spk_rd *r, uint8_t tag, struct spk_rd *ret_inner);
/** True when an element with this tag comes next. */
bool spk_der_next_is(const struct spk_rd *r, uint8_t tag);
/** A non-negative INTEGER without leading zeros; zero gives one zero byte. */
SPK_MUST_USE spk_err spk_der_uint(struct spk_rd *r, struct spk_span *ret_be);
/** The same, at most 2^32-1; larger: SPK_CODE_LIMIT. */
SPK_MUST_USE spk_err spk_der_u32(struct spk_rd *r, uint32_t *ret_v);
/** A BIT STRING of whole bytes. */
SPK_MUST_USE spk_err spk_der_bits(struct spk_rd *r, struct spk_span *ret_bytes);
/** The end of r. */
SPK_MUST_USE spk_err spk_der_end(const struct spk_rd *r);

/** Append an element. */
SPK_MUST_USE spk_err spk_der_put(struct spk_buf *b, uint8_t tag, struct spk_span body);
SPK_MUST_USE spk_err spk_der_put_uint(struct spk_buf *b, struct spk_span be);
SPK_MUST_USE spk_err spk_der_put_u32(struct spk_buf *b, uint32_t v);
SPK_MUST_USE spk_err spk_der_put_bits(struct spk_buf *b, struct spk_span bytes);

#endif
