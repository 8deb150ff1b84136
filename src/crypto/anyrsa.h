/* SPDX-License-Identifier: Apache-2.0 */
/* RSA keys of the sizes that CryptoAPI knows, 384 to 16,384 bits, for other programs' keys and
 * data. Sparekey's own keys are crypto/rsa.h, whose bounds are narrower. */
#ifndef SPK_CRYPTO_ANYRSA_H
#define SPK_CRYPTO_ANYRSA_H

#include "crypto/rsa.h"

#define SPK_ANYRSA_MIN_BITS 384
#define SPK_ANYRSA_MAX_BITS 16384
#define SPK_ANYRSA_MAX_LEN ((size_t)SPK_ANYRSA_MAX_BITS / 8)

struct spk_anyrsa; /* immutable once made; safe to use from many threads */

/** A new pair, e = 65537; bits is a multiple of 8 within the bounds, else SPK_CODE_LIMIT. */
SPK_MUST_USE spk_err spk_anyrsa_generate(unsigned bits, struct spk_anyrsa **ret_key);
/** From big-endian numbers: n and e for a public key; with p and q for a pair, whose other numbers
 * are computed where they are empty and checked where they are not. SPK_CODE_LIMIT: a modulus out
 * of the bounds; SPK_CODE_FORMAT: even, an exponent that is even or 1, or numbers that do not fit.
 */
SPK_MUST_USE spk_err spk_anyrsa_from_parts(const struct spk_rsa_parts *parts,
                                           struct spk_anyrsa **ret_key);
/** Borrowed numbers, as spk_rsa_parts(). */
void spk_anyrsa_parts(const struct spk_anyrsa *key, struct spk_rsa_parts *ret_parts);
/** Modulus length k in bytes. */
size_t spk_anyrsa_len(const struct spk_anyrsa *key);
bool spk_anyrsa_is_pair(const struct spk_anyrsa *key);
struct spk_anyrsa *spk_anyrsa_ref(struct spk_anyrsa *key);
void spk_anyrsa_free(struct spk_anyrsa *key);
SPK_DEFINE_AUTO(spk_anyrsa)

/** m^e mod N on exactly k bytes, big-endian; m >= N: SPK_CODE_FORMAT. in and out may be one. */
SPK_MUST_USE spk_err spk_anyrsa_raw_public(const struct spk_anyrsa *key, struct spk_span in,
                                           uint8_t *ret_out);
/** c^d mod N, blinded. Needs a pair. */
SPK_MUST_USE spk_err spk_anyrsa_raw_private(const struct spk_anyrsa *key, struct spk_span in,
                                            uint8_t *ret_out);

#endif
