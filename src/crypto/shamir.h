/* SPDX-License-Identifier: Apache-2.0 */
/* Shamir's secret sharing over GF(2^8), constant time, for the sealed copy of an authority key. */
#ifndef SPK_CRYPTO_SHAMIR_H
#define SPK_CRYPTO_SHAMIR_H

#include "base/secret.h"

#define SPK_SHAMIR_MAX 255

/** Split into n shares of secret length + 1 byte (x coordinate 1..n first); any k give it back.
 * 2 <= k <= n <= 255. */
SPK_MUST_USE spk_err spk_shamir_split(const struct spk_secret *secret, unsigned k, unsigned n,
                                      struct spk_secret **ret_shares);
/** Join k distinct shares (zero or equal x: SPK_CODE_FORMAT). A wrong share gives a wrong secret:
 * the caller checks the result by what it opens. */
SPK_MUST_USE spk_err spk_shamir_join(struct spk_secret *const *shares, unsigned k,
                                     struct spk_secret **ret_secret);

#endif
