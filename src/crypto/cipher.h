/* SPDX-License-Identifier: Apache-2.0 */
/* The ciphers of key BLOBs other than Sparekey's own: RC2, RC4, DES, 3DES, AES, without any
 * integrity. For data of other programs only.
 *
 * Padding is the caller's. The chaining value of a block cipher is the caller's too, so that one
 * key can go on, start again or be copied at any block. */
#ifndef SPK_CRYPTO_CIPHER_H
#define SPK_CRYPTO_CIPHER_H

#include "base/err.h"
#include "base/scope.h"
#include "base/span.h"

enum spk_cipher_alg {
    SPK_CIPHER_RC2,
    SPK_CIPHER_RC4,
    SPK_CIPHER_DES,
    SPK_CIPHER_3DES, /* keys of 16 (two-key) or 24 bytes */
    SPK_CIPHER_AES,
    SPK_CIPHER_MAX_
};
enum spk_cipher_mode { SPK_MODE_ECB, SPK_MODE_CBC, SPK_MODE_CFB8, SPK_MODE_MAX_ };

#define SPK_CIPHER_BLOCK_MAX 16
#define SPK_CIPHER_KEY_MAX 256

struct spk_cipher; /* not for two threads at once */

/** What spk_cipher_new() would say of keys of this length, in bytes. */
SPK_MUST_USE spk_err spk_cipher_there(enum spk_cipher_alg alg, size_t key_len);
/** SPK_CODE_LIMIT for a key length that the cipher does not have; SPK_CODE_NOTFOUND where OpenSSL
 * came without its legacy module and the cipher is in it.
 * @param rc2_bits  effective bits T1 of RC2 (RFC 2268), 1 to 1024; ignored for others. */
SPK_MUST_USE spk_err spk_cipher_new(enum spk_cipher_alg alg, struct spk_span key, unsigned rc2_bits,
                                    struct spk_cipher **ret_c);
/** A copy at the same place of the key stream. */
SPK_MUST_USE spk_err spk_cipher_dup(const struct spk_cipher *c, struct spk_cipher **ret_c);
void spk_cipher_free(struct spk_cipher *c);
SPK_DEFINE_AUTO(spk_cipher)

/** Block length in bytes; 1 for a stream cipher. */
size_t spk_cipher_block(const struct spk_cipher *c);
/** Block length of an algorithm. */
size_t spk_cipher_alg_block(enum spk_cipher_alg alg);

struct spk_cipher_op {
    enum spk_cipher_mode mode; /* ignored by a stream cipher */
    bool encrypt;
    uint8_t *chain; /* a block, read and moved on; not used by ECB and stream ciphers */
};
/** In place. Whole blocks only but for CFB8 and stream ciphers: else SPK_CODE_USAGE. */
SPK_MUST_USE spk_err spk_cipher_run(struct spk_cipher *c, const struct spk_cipher_op *op,
                                    struct spk_mut data);
/** CBC encryption whose result is not wanted but for the chaining value: a CBC-MAC. Whole blocks of
 * a block cipher, else SPK_CODE_USAGE. */
SPK_MUST_USE spk_err spk_cipher_chain(struct spk_cipher *c, uint8_t *chain, struct spk_span blocks);
/** A stream cipher goes back to its first byte; others have no state. */
void spk_cipher_restart(struct spk_cipher *c);

#endif
