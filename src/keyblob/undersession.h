/* SPDX-License-Identifier: Apache-2.0 */
/* PRIVATEKEYBLOBs and SYMMETRICWRAPKEYBLOBs, which are under a session key (doc/spec/key-blobs.md,
 * "Other programs' BLOBs"). The session key is in the state that it has after an import. */
#ifndef SPK_KEYBLOB_UNDERSESSION_H
#define SPK_KEYBLOB_UNDERSESSION_H

#include "crypto/cipher.h"
#include "keyblob/anysimple.h"

#define SPK_BLOB_WRAPPED 0xb

/** Its cipher: a key of 40 bits without a known salt has one of 11 zero bytes. SPK_CODE_NOTFOUND
 * where OpenSSL came without its legacy module. */
SPK_MUST_USE spk_err spk_under_cipher(const struct spk_plainkey *k, struct spk_cipher **ret_c);
/** All behind the header of blob, decrypted or encrypted as one message (PKCS #5 padding for a
 * block cipher). SPK_CODE_AUTH: no such message. That it is a pair which came out, a caller must
 * see. */
SPK_MUST_USE spk_err spk_under_open(const struct spk_plainkey *k, struct spk_span blob,
                                    struct spk_secret **ret_blob);
SPK_MUST_USE spk_err spk_under_seal(const struct spk_plainkey *k, struct spk_span blob,
                                    struct spk_secret **ret_blob);
/** The session key of a SYMMETRICWRAPKEYBLOB, as PLAINTEXTKEYBLOB, and back, appended. Another
 * session key: SPK_CODE_AUTH; none that wraps such keys: SPK_CODE_VERSION. */
SPK_MUST_USE spk_err spk_under_unwrap(const struct spk_plainkey *k, struct spk_span blob,
                                      struct spk_secret **ret_plain);
SPK_MUST_USE spk_err spk_under_wrap(const struct spk_plainkey *k, const struct spk_plainkey *key,
                                    struct spk_buf *out);

#endif
