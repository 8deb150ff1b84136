/* SPDX-License-Identifier: Apache-2.0 */
/* SIMPLEBLOBs of any session key under RSA keys of any size, and session keys in the clear
 * (doc/spec/key-blobs.md, "Other programs' BLOBs"). */
#ifndef SPK_KEYBLOB_ANYSIMPLE_H
#define SPK_KEYBLOB_ANYSIMPLE_H

#include "crypto/anyrsa.h"
#include "keyblob/blob.h"

/* bType */
#define SPK_BLOB_PLAINTEXT 0x8
#define SPK_BLOB_OPAQUE 0x9
/* ALG_ID */
#define SPK_CALG_DES 0x00006601u
#define SPK_CALG_RC2 0x00006602u
#define SPK_CALG_3DES 0x00006603u
#define SPK_CALG_3DES_112 0x00006609u
#define SPK_CALG_AES_128 0x0000660eu
#define SPK_CALG_AES_192 0x0000660fu
#define SPK_CALG_RC4 0x00006801u

#define SPK_OPAQUE_MAGIC 0x314b5053u /* "SPK1" */
#define SPK_OPAQUE_SALT_MAX 24
#define SPK_OPAQUE_IV_LEN 16
#define SPK_ANYKEY_MAX 128 /* bytes of a session key that a SIMPLEBLOB may hold */
#define SPK_ANYSIMPLE_MAX (12 + SPK_ANYRSA_MAX_LEN)
#define SPK_PLAINBLOB_MAX 256

struct spk_key_lens {
    size_t min, max;
};
/** "AES-256", or NULL: not an algorithm of session keys. */
const char *spk_alg_name(uint32_t alg);
/** Lengths in bytes that its keys may have. SPK_CODE_VERSION: unknown. */
SPK_MUST_USE spk_err spk_alg_lens(uint32_t alg, struct spk_key_lens *ret_lens);

/* A session key in the clear; all borrowed from the BLOB. */
struct spk_plainkey {
    uint32_t alg;
    struct spk_span key;
    bool opaque; /* what follows is known too */
    uint32_t mode, mode_bits, rc2_bits;
    struct spk_span salt, iv, chain;
};
/** What stands behind the header of an OPAQUEKEYBLOB, and nothing behind that; ret_k->alg stays. Of
 * the key's length nothing is said. SPK_CODE_FORMAT, SPK_CODE_TRUNC. */
SPK_MUST_USE spk_err spk_opaque_parse(struct spk_span body, struct spk_plainkey *ret_k);
/** The whole BLOB, appended; iv and chain are 16 bytes, the salt at most 24. */
SPK_MUST_USE spk_err spk_opaque_build(const struct spk_plainkey *k, struct spk_buf *out);
/** PLAINTEXTKEYBLOB or OPAQUEKEYBLOB, nothing behind it. Another type, a length that the algorithm
 * does not have: SPK_CODE_FORMAT; another version or algorithm: SPK_CODE_VERSION. */
SPK_MUST_USE spk_err spk_plainkey_parse(struct spk_span blob, struct spk_plainkey *ret_k);
/** PLAINTEXTKEYBLOB. */
SPK_MUST_USE spk_err spk_plainkey_build(uint32_t alg, struct spk_span key,
                                        struct spk_secret **ret_blob);

/** Type, version, algorithm, and length 12 + 48..2048: what can be seen without a key. */
SPK_MUST_USE spk_err spk_anysimple_parse(struct spk_span blob, struct spk_simpleblob *ret_sb);
/** The session key as PLAINTEXTKEYBLOB. OAEP that does not decode: SPK_CODE_AUTH. PKCS#1 v1.5 never
 * fails: a wrong padding gives a key that opens nothing. Another length than the pair's modulus:
 * SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_anysimple_open(struct spk_span blob, const struct spk_anyrsa *pair,
                                        bool oaep, struct spk_secret **ret_plain);
/** SIMPLEBLOB with random padding, appended. SPK_CODE_LIMIT: the modulus is too short. */
SPK_MUST_USE spk_err spk_anysimple_build(const struct spk_plainkey *k, const struct spk_anyrsa *pub,
                                         bool oaep, struct spk_buf *out);

/** Implicit rejection: the message of em when its padding and length are good, else a key that
 * depends on pair and cipher only, as it stands in the BLOB. ret_key has room for lens->max bytes.
 */
SPK_MUST_USE spk_err spk_anysimple_pick(const struct spk_anyrsa *pair, struct spk_span cipher,
                                        struct spk_span em, const struct spk_key_lens *lens,
                                        uint8_t *ret_key, size_t *ret_len);

#endif
