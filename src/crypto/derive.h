/* SPDX-License-Identifier: Apache-2.0 */
/* What is derived from a session key (doc/spec/sealed-file.md, "Derivation").
 * K is the 32-byte session key of a sealed file; ctx is mostly the 16-byte file_id. */
#ifndef SPK_CRYPTO_DERIVE_H
#define SPK_CRYPTO_DERIVE_H

#include "base/secret.h"
#include "crypto/hash.h"

#define SPK_KEY_LEN 32     /* session key K */
#define SPK_FILE_ID_LEN 16 /* = the serial number */

struct spk_file_id {
    uint8_t b[SPK_FILE_ID_LEN];
};

/** sub(label, ctx, n) = HKDF-Expand-SHA-384(K, "sparekey/1 " || label || 0x00 || ctx, n). */
SPK_MUST_USE spk_err spk_sub(const struct spk_secret *key, const char *label, struct spk_span ctx,
                             struct spk_mut ret_out);
/** The commitment C = sub("commitment", file_id, 32). */
SPK_MUST_USE spk_err spk_commitment(const struct spk_secret *key, const struct spk_file_id *id,
                                    struct spk_hash *ret_c);
/** Derived OAEP seed: sub("oaep seed", H(SPKI) || file_id, 20). */
SPK_MUST_USE spk_err spk_oaep_seed(const struct spk_secret *key, const struct spk_hash *spki,
                                   const struct spk_file_id *id, uint8_t ret_seed[20]);
/** Derived v1.5 padding: the first n non-zero bytes of sub("v15 padding", H(SPKI) || file_id, 2k),
 * k the modulus length, n = k-3-32. Too few non-zero bytes (never in practice): SPK_CODE_CRYPTO. */
SPK_MUST_USE spk_err spk_v15_padding(const struct spk_secret *key, const struct spk_hash *spki,
                                     const struct spk_file_id *id, size_t k, struct spk_mut ret_ps);

#endif
