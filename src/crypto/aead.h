/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256-GCM with 12-byte IV and 16-byte tag. One context a thread: one fetch a process, only the
 * IV changes per message. The caller never uses an IV twice under one key. */
#ifndef SPK_CRYPTO_AEAD_H
#define SPK_CRYPTO_AEAD_H

#include "base/err.h"
#include "base/scope.h"
#include "base/span.h"

#define SPK_AEAD_KEY_LEN 32
#define SPK_AEAD_IV_LEN 12
#define SPK_AEAD_TAG_LEN 16

struct spk_aead;
SPK_MUST_USE spk_err spk_aead_new(struct spk_aead **ret_a);
/** Set or change the key (32 bytes). */
SPK_MUST_USE spk_err spk_aead_key(struct spk_aead *a, struct spk_span key);
/** dst gets src.len bytes; dst may be src.ptr itself. */
SPK_MUST_USE spk_err spk_aead_seal(struct spk_aead *a, const uint8_t iv[SPK_AEAD_IV_LEN],
                                   struct spk_span aad, struct spk_span src, uint8_t *ret_dst,
                                   uint8_t ret_tag[SPK_AEAD_TAG_LEN]);
/** SPK_CODE_AUTH when the tag does not hold; dst is wiped then. */
SPK_MUST_USE spk_err spk_aead_open(struct spk_aead *a, const uint8_t iv[SPK_AEAD_IV_LEN],
                                   struct spk_span aad, struct spk_span src,
                                   const uint8_t tag[SPK_AEAD_TAG_LEN], uint8_t *ret_dst);
void spk_aead_free(struct spk_aead *a);
SPK_DEFINE_AUTO(spk_aead)

#endif
