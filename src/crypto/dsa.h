/* SPDX-License-Identifier: Apache-2.0 */
/* DSA as FIPS 186-2 has it: SHA-1, q of 160 bits, p of 512 to 1024 bits. Broken by its sizes, and
 * here for CryptoAPI programs that have such keys. */
#ifndef SPK_CRYPTO_DSA_H
#define SPK_CRYPTO_DSA_H

#include "crypto/ffkey.h"

#define SPK_DSA_MIN_BITS 512
#define SPK_DSA_MAX_BITS 1024
#define SPK_DSA_STEP_BITS 64
#define SPK_DSA_Q_LEN 20
#define SPK_DSA_HASH_LEN 20
#define SPK_DSA_SIG_LEN (2 * SPK_DSA_Q_LEN)

/** New domain parameters and a pair; bits out of the bounds or between the steps: SPK_CODE_LIMIT.
 */
SPK_MUST_USE spk_err spk_dsa_generate(unsigned bits, struct spk_ffkey **ret_key);
/** A key of these sizes, whose q is known. */
bool spk_dsa_fits(const struct spk_ffkey *key);
/** r and s of a SHA-1 value, big-endian, 20 bytes each. Needs a pair. */
SPK_MUST_USE spk_err spk_dsa_sign(const struct spk_ffkey *pair,
                                  const uint8_t hash[SPK_DSA_HASH_LEN],
                                  uint8_t ret_sig[SPK_DSA_SIG_LEN]);
/** SPK_CODE_AUTH when it does not hold. */
SPK_MUST_USE spk_err spk_dsa_verify(const struct spk_ffkey *key,
                                    const uint8_t hash[SPK_DSA_HASH_LEN],
                                    const uint8_t sig[SPK_DSA_SIG_LEN]);

#endif
