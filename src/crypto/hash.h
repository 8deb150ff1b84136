/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256, in one call, over parts, or step by step. Public data: nothing is wiped. */
#ifndef SPK_CRYPTO_HASH_H
#define SPK_CRYPTO_HASH_H

#include "base/err.h"
#include "base/scope.h"
#include "base/span.h"

#define SPK_HASH_LEN 32

struct spk_hash { /* one SHA-256 value, as a value */
    uint8_t b[SPK_HASH_LEN];
};

static inline struct spk_span
spk_hash_span(const struct spk_hash *h)
{
    return (struct spk_span){h->b, SPK_HASH_LEN};
}
bool spk_hash_eq(const struct spk_hash *a, const struct spk_hash *b);
bool spk_hash_zero(const struct spk_hash *h);

SPK_MUST_USE spk_err spk_sha256(struct spk_span s, struct spk_hash *ret_h);
/** Over the concatenation of n parts. */
SPK_MUST_USE spk_err spk_sha256_parts(const struct spk_span *parts, size_t n,
                                      struct spk_hash *ret_h);

struct spk_sha256;
SPK_MUST_USE spk_err spk_sha256_new(struct spk_sha256 **ret_c);
SPK_MUST_USE spk_err spk_sha256_add(struct spk_sha256 *c, struct spk_span s);
/** The context starts anew afterwards. */
SPK_MUST_USE spk_err spk_sha256_final(struct spk_sha256 *c, struct spk_hash *ret_h);
void spk_sha256_free(struct spk_sha256 *c);
SPK_DEFINE_AUTO(spk_sha256)

#endif
