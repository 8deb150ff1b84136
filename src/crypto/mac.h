/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA-256 over the concatenation of parts. Compare results with spk_ct_eq(). */
#ifndef SPK_CRYPTO_MAC_H
#define SPK_CRYPTO_MAC_H

#include "crypto/hash.h"

SPK_MUST_USE spk_err spk_hmac_sha256(struct spk_span key, const struct spk_span *parts, size_t n,
                                     struct spk_hash *ret_mac);

#endif
