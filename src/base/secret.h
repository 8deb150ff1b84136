/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets have a type of their own: in pages that are mlock'ed as far as the limit allows and kept
 * out of core dumps, wiped when freed.  They are never printed, logged, or compared but by
 * spk_secret_eq(). Locking is best effort: spk_secret_unlocked() counts what could not be locked.
 */
#ifndef SPK_BASE_SECRET_H
#define SPK_BASE_SECRET_H

#include "base/err.h"
#include "base/scope.h"
#include "base/span.h"

struct spk_secret; /* opaque; carries its length */

#define SPK_SECRET_MAX ((size_t)1 << 20)

/** A secret of len zero bytes, to be filled through spk_secret_mut(). 1 <= len <= SPK_SECRET_MAX.
 */
SPK_MUST_USE spk_err spk_secret_new(size_t len, struct spk_secret **ret_s);
/** A copy of bytes; the caller wipes the source. */
SPK_MUST_USE spk_err spk_secret_from(struct spk_span bytes, struct spk_secret **ret_s);
/** A second, independent copy. */
SPK_MUST_USE spk_err spk_secret_dup(const struct spk_secret *s, struct spk_secret **ret_s);
/** Wipe and free; NULL allowed. */
void spk_secret_free(struct spk_secret *s);
SPK_DEFINE_AUTO(spk_secret)

/** The bytes, borrowed until spk_secret_free(). */
struct spk_span spk_secret_span(const struct spk_secret *s);
struct spk_mut spk_secret_mut(struct spk_secret *s);
size_t spk_secret_len(const struct spk_secret *s);
/** Shorten (wipes the rest). */
void spk_secret_truncate(struct spk_secret *s, size_t len);
/** Equal, constant time for equal lengths. */
bool spk_secret_eq(const struct spk_secret *a, const struct spk_secret *b);
/** How many bytes of secrets this process could not lock into memory so far. */
size_t spk_secret_unlocked(void);

#endif
