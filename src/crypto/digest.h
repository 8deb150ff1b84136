/* SPDX-License-Identifier: Apache-2.0 */
/* Any digest that key BLOBs and old signatures use, step by step. What Sparekey itself relies on is
 * in crypto/hash.h; most of these are broken and here to read other programs' data. */
#ifndef SPK_CRYPTO_DIGEST_H
#define SPK_CRYPTO_DIGEST_H

#include "base/err.h"
#include "base/scope.h"
#include "base/span.h"

enum spk_digest_alg {
    SPK_DIGEST_MD2,
    SPK_DIGEST_MD4,
    SPK_DIGEST_MD5,
    SPK_DIGEST_SHA1,
    SPK_DIGEST_SHA256,
    SPK_DIGEST_SHA384,
    SPK_DIGEST_SHA512,
    SPK_DIGEST_MAX_
};
#define SPK_DIGEST_LEN_MAX 64
#define SPK_DIGEST_BLOCK_MAX 128

size_t spk_digest_len(enum spk_digest_alg alg);
/** Block of HMAC: 64 bytes, or 128 for SHA-384 and SHA-512. */
size_t spk_digest_block(enum spk_digest_alg alg);

struct spk_digest;
/** SPK_CODE_NOTFOUND for MD4 where OpenSSL came without its legacy module. */
SPK_MUST_USE spk_err spk_digest_new(enum spk_digest_alg alg, struct spk_digest **ret_d);
SPK_MUST_USE spk_err spk_digest_add(struct spk_digest *d, struct spk_span s);
/** A running copy. */
SPK_MUST_USE spk_err spk_digest_dup(const struct spk_digest *d, struct spk_digest **ret_d);
/** Ends it: only spk_digest_restart() or spk_digest_free() may follow. */
SPK_MUST_USE spk_err spk_digest_final(struct spk_digest *d, uint8_t ret_value[SPK_DIGEST_LEN_MAX]);
/** Begins a new message. */
SPK_MUST_USE spk_err spk_digest_restart(struct spk_digest *d);
void spk_digest_free(struct spk_digest *d);
SPK_DEFINE_AUTO(spk_digest)

/** Of n parts, in one call. */
SPK_MUST_USE spk_err spk_digest_parts(enum spk_digest_alg alg, const struct spk_span *parts,
                                      size_t n, uint8_t ret_value[SPK_DIGEST_LEN_MAX]);

#endif
