/* SPDX-License-Identifier: Apache-2.0 */
/* The line texts inside notes: "key value\n" in a fixed order, one way to write each
 * (doc/spec/notes.md §4). Inside this folder only. */
#ifndef SPK_WIRE_LINES_H
#define SPK_WIRE_LINES_H

#include "base/buf.h"
#include "base/rd.h"
#include "crypto/hash.h"
#include "crypto/rsa.h"

#define SPK_LINE_MAX ((size_t)4096)

/** A text of this kind, not too long: *ret_r stands behind the first line. */
SPK_MUST_USE spk_err spk_lines_begin(struct spk_span text, const char *kind, struct spk_rd *ret_r);
/** The next line must be "key value": its value, not empty. */
SPK_MUST_USE spk_err spk_lines_get(struct spk_rd *r, const char *key, struct spk_span *ret_v);
SPK_MUST_USE spk_err spk_lines_hash(struct spk_rd *r, const char *key, struct spk_hash *ret_h);
/** The same, or the word "none", which stands for zero. */
SPK_MUST_USE spk_err spk_lines_hash_none(struct spk_rd *r, const char *key, struct spk_hash *ret_h);
SPK_MUST_USE spk_err spk_lines_u64(struct spk_rd *r, const char *key, uint64_t *ret_v);
SPK_MUST_USE spk_err spk_lines_u32(struct spk_rd *r, const char *key, uint32_t *ret_v);
/** "key number hash" */
SPK_MUST_USE spk_err spk_lines_u64_hash(struct spk_rd *r, const char *key, uint64_t *ret_v,
                                        struct spk_hash *ret_h);
/** "key base64(SubjectPublicKeyInfo)", canonical. */
SPK_MUST_USE spk_err spk_lines_rsa(struct spk_rd *r, const char *key, struct spk_rsa **ret_k);
/** Nothing follows, and `again`, the text written anew from what was read, is `text`. */
SPK_MUST_USE spk_err spk_lines_end(const struct spk_rd *r, struct spk_span text,
                                   struct spk_span again);

SPK_MUST_USE spk_err spk_lines_put(struct spk_buf *b, const char *key, const char *value);
SPK_MUST_USE spk_err spk_lines_put_hash(struct spk_buf *b, const char *key,
                                        const struct spk_hash *h);
/** "none" for zero. */
SPK_MUST_USE spk_err spk_lines_put_hash_none(struct spk_buf *b, const char *key,
                                             const struct spk_hash *h);
SPK_MUST_USE spk_err spk_lines_put_u64(struct spk_buf *b, const char *key, uint64_t v);
SPK_MUST_USE spk_err spk_lines_put_u64_hash(struct spk_buf *b, const char *key, uint64_t v,
                                            const struct spk_hash *h);
SPK_MUST_USE spk_err spk_lines_put_rsa(struct spk_buf *b, const char *key, const struct spk_rsa *k);

/** The RSA key of a SubjectPublicKeyInfo that is already canonical, byte by byte: else
 * SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_key_canonical(struct spk_span der, struct spk_rsa **ret_k);

#endif
