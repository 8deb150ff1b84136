/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 (RFC 8032) for officers, veto codes, logs; X25519 (RFC 7748) sealing for shares. */
#ifndef SPK_CRYPTO_ED25519_H
#define SPK_CRYPTO_ED25519_H

#include "base/buf.h"
#include "base/secret.h"

#define SPK_ED25519_LEN 32 /* seed and public key */
#define SPK_ED25519_SIG_LEN 64

SPK_MUST_USE spk_err spk_ed25519_public(const struct spk_secret *seed,
                                        uint8_t ret_pub[SPK_ED25519_LEN]);
SPK_MUST_USE spk_err spk_ed25519_sign(const struct spk_secret *seed, struct spk_span msg,
                                      uint8_t ret_sig[SPK_ED25519_SIG_LEN]);
/** SPK_CODE_AUTH when it does not hold. */
SPK_MUST_USE spk_err spk_ed25519_verify(const uint8_t pub[SPK_ED25519_LEN], struct spk_span msg,
                                        struct spk_span sig);

SPK_MUST_USE spk_err spk_x25519_public(const struct spk_secret *priv, uint8_t ret_pub[32]);
/** Seal to an X25519 public key: 32-byte ephemeral key || AES-256-GCM(HKDF-SHA-256(shared,
 * salt = ephemeral || recipient, info), IV 0) with its tag. info names the use and is bound.
 * A pub of low order: SPK_CODE_AUTH; an empty msg: SPK_CODE_USAGE. */
SPK_MUST_USE spk_err spk_x25519_seal(const uint8_t pub[32], struct spk_span info,
                                     struct spk_span msg, struct spk_buf *out);
/** SPK_CODE_AUTH when it does not open. */
SPK_MUST_USE spk_err spk_x25519_open(const struct spk_secret *priv, struct spk_span info,
                                     struct spk_span sealed, struct spk_secret **ret_msg);

#endif
