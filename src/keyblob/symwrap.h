/* SPDX-License-Identifier: Apache-2.0 */
/* Key wrap of RFC 3217: a 3DES key under a 3DES key, an RC2 key under an RC2 key, as in
 * SYMMETRICWRAPKEYBLOBs (doc/spec/key-blobs.md, "Other programs' BLOBs"). */
#ifndef SPK_KEYBLOB_SYMWRAP_H
#define SPK_KEYBLOB_SYMWRAP_H

#include "base/buf.h"
#include "crypto/cipher.h"

#define SPK_SYMWRAP_IV_LEN 8
#define SPK_SYMWRAP_KEY_MAX 128

enum spk_symwrap_kind { SPK_SYMWRAP_3DES, SPK_SYMWRAP_RC2 };

/** Appends the wrapped key.
 * @param iv_pad  8 bytes of IV and, for RC2, 7 bytes to pad with; NULL: random ones. */
SPK_MUST_USE spk_err spk_symwrap(struct spk_cipher *kek, enum spk_symwrap_kind kind,
                                 struct spk_span key, const uint8_t *iv_pad, struct spk_buf *out);
/** The key in ret_key, which has room for as many bytes as are wrapped. SPK_CODE_AUTH for whatever
 * does not hold. */
SPK_MUST_USE spk_err spk_symunwrap(struct spk_cipher *kek, enum spk_symwrap_kind kind,
                                   struct spk_span wrapped, uint8_t *ret_key, size_t *ret_len);

#endif
