/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption with keys: session keys (crypt.c) and RSA (rsacrypt.c). The caller holds the key's
 * lock. */
#ifndef SPK_CRYPTOAPI_CRYPT_H
#define SPK_CRYPTOAPI_CRYPT_H

#include "cryptoapi/key.h"

/** Bytes that len bytes become; NTE_BAD_DATA, NTE_BAD_ALGID, NTE_BAD_KEY when they cannot. */
DWORD capi_session_size(const struct capi_key *k, bool final, size_t len,
                        size_t *ret_need) SPK_MUST_USE;
/** In place; data has room for what capi_session_size() said. */
DWORD capi_session_encrypt(struct capi_key *k, bool final, uint8_t *data, size_t len) SPK_MUST_USE;
/** In place; *len is left alone on failure. */
DWORD capi_session_decrypt(struct capi_key *k, bool final, uint8_t *data, size_t *len) SPK_MUST_USE;

/** A padded message under the public key, least significant byte first, k bytes.
 * NTE_BAD_LEN when it is too long. */
DWORD capi_rsa_encrypt(const struct capi_key *k, DWORD flags, struct spk_span msg,
                       uint8_t *ret_le) SPK_MUST_USE;
/** The padded block, big-endian, of such a result. NTE_BAD_DATA when it is not below the modulus.
 */
DWORD capi_rsa_open(const struct capi_key *k, struct spk_span le, uint8_t *ret_em) SPK_MUST_USE;
/** The label of OAEP, empty unless one was set. */
struct spk_span capi_oaep_label(const struct capi_key *k);

#endif
