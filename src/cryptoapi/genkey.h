/* SPDX-License-Identifier: Apache-2.0 */
/* Lengths and salts of new session keys, for those that are generated, derived or imported. */
#ifndef SPK_CRYPTOAPI_GENKEY_H
#define SPK_CRYPTOAPI_GENKEY_H

#include "cryptoapi/key.h"

/** Key length in bytes for the bits asked for (0: the provider's default).
 * NTE_BAD_ALGID, NTE_BAD_FLAGS (DES family) or NTE_BAD_DATA. */
DWORD capi_key_length(const struct capi_provider *def, ALG_ID alg, DWORD bits,
                      size_t *ret_len) SPK_MUST_USE;
/** How many bytes of salt a key gets with these flags; *ret_fill: they are to be filled with
 * something, else they are zero. */
size_t capi_salt_length(const struct capi_key *k, DWORD flags, bool *ret_fill);

#endif
