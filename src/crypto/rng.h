/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from getrandom(2): no library start-up, no state to share over fork. */
#ifndef SPK_CRYPTO_RNG_H
#define SPK_CRYPTO_RNG_H

#include "crypto/derive.h"

SPK_MUST_USE spk_err spk_random(struct spk_mut ret_bytes);
SPK_MUST_USE spk_err spk_secret_random(size_t len, struct spk_secret **ret_s);
/** UUIDv7 (RFC 9562): 48 bits of milliseconds, version, variant, 74 random bits. Never equal, and
 * ordered by time; within one process strictly increasing. */
SPK_MUST_USE spk_err spk_uuid7(struct spk_file_id *ret_id);

#endif
