/* SPDX-License-Identifier: Apache-2.0 */
/* CryptoAPI key BLOBs: bytes to structs and back (doc/spec/key-blobs.md).
 * Everything in a BLOB is little-endian; the keys and spans here are in natural (big-endian) order.
 */
#ifndef SPK_KEYBLOB_BLOB_H
#define SPK_KEYBLOB_BLOB_H

#include "crypto/rsa.h"

/* bType */
#define SPK_BLOB_SIMPLE 0x1
#define SPK_BLOB_PUBLIC 0x6
#define SPK_BLOB_PRIVATE 0x7
#define SPK_BLOB_VERSION 2
/* ALG_ID */
#define SPK_CALG_RSA_KEYX 0x0000a400u
#define SPK_CALG_RSA_SIGN 0x00002400u
#define SPK_CALG_AES_256 0x00006610u

#define SPK_SIMPLEBLOB_MAX (12 + SPK_RSA_MAX_LEN)
#define SPK_PRIVBLOB_MAX 2400
#define SPK_PUBBLOB_MAX 600

enum spk_key_spec { SPK_AT_KEYEXCHANGE = 1, SPK_AT_SIGNATURE = 2 };

/** PUBLICKEYBLOB. Parse takes both key specs and tells which. */
SPK_MUST_USE spk_err spk_pubblob_build(const struct spk_rsa *key, enum spk_key_spec spec,
                                       struct spk_buf *out);
SPK_MUST_USE spk_err spk_pubblob_parse(struct spk_span blob, enum spk_key_spec *ret_spec,
                                       struct spk_rsa **ret_key);
/** PRIVATEKEYBLOB, plain. */
SPK_MUST_USE spk_err spk_privblob_build(const struct spk_rsa *pair, enum spk_key_spec spec,
                                        struct spk_secret **ret_blob);
SPK_MUST_USE spk_err spk_privblob_parse(struct spk_span blob, enum spk_key_spec *ret_spec,
                                        struct spk_rsa **ret_pair);

/* A parsed SIMPLEBLOB: public structure only. */
struct spk_simpleblob {
    uint32_t alg;           /* ALG_ID of the session key */
    struct spk_span cipher; /* borrowed, still little-endian, k bytes */
};
/** Structure: type, version, CALG_RSA_KEYX, length 12 + 256..512, nothing behind. */
SPK_MUST_USE spk_err spk_simpleblob_parse(struct spk_span blob, struct spk_simpleblob *ret_sb);

#endif
