/* SPDX-License-Identifier: Apache-2.0 */
/* Key derivation primitives: HKDF (RFC 5869) with SHA-384 and SHA-256, scrypt (RFC 7914), PBKDF2
 * (RFC 8018). */
#ifndef SPK_CRYPTO_KDF_H
#define SPK_CRYPTO_KDF_H

#include "base/err.h"
#include "base/span.h"

/** The expand step alone, prk used as it is. info up to 32,000 bytes, 1 to 255 hashes out: more is
 * SPK_CODE_LIMIT, nothing SPK_CODE_USAGE. */
SPK_MUST_USE spk_err spk_hkdf_expand_sha384(struct spk_span prk, struct spk_span info,
                                            struct spk_mut ret_out);
/** Extract and expand with SHA-256; the same bounds. */
SPK_MUST_USE spk_err spk_hkdf_sha256(struct spk_span ikm, struct spk_span salt,
                                     struct spk_span info, struct spk_mut ret_out);
/** scrypt with N = 2^log2_n, r, p: each at least 1 and log2_n below 16 r, else SPK_CODE_USAGE; the
 * memory, 128*r*N as well as 128*r*p, below 256 MiB, else SPK_CODE_LIMIT. */
SPK_MUST_USE spk_err spk_scrypt(struct spk_span pass, struct spk_span salt, unsigned log2_n,
                                unsigned r, unsigned p, struct spk_mut ret_out);
/** PBKDF2 with HMAC of SHA-1 or SHA-256: for reading what other tools have written. No rounds, or
 * nothing wanted: SPK_CODE_USAGE. */
SPK_MUST_USE spk_err spk_pbkdf2(bool sha256, struct spk_span pass, struct spk_span salt,
                                unsigned rounds, struct spk_mut ret_out);

#endif
