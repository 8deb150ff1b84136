/* SPDX-License-Identifier: Apache-2.0 */
/* Paddings of SIMPLEBLOBs on k-byte blocks, encoders with chosen randomness and constant-time
 * decoders (doc/spec/key-blobs.md).  OAEP is that of CRYPT_OAEP: SHA-1, MGF1-SHA-1, empty label. */
#ifndef SPK_CRYPTO_PAD_H
#define SPK_CRYPTO_PAD_H

#include "base/err.h"
#include "base/span.h"

#define SPK_OAEP_SEED_LEN 20

/** OAEP block of k bytes for msg (at most k-42) with the given seed. */
SPK_MUST_USE spk_err spk_oaep_encode(struct spk_span msg, const uint8_t seed[SPK_OAEP_SEED_LEN],
                                     struct spk_mut ret_em);
/** Constant time in everything but the final yes or no: one error, SPK_CODE_AUTH, for whatever is
 * wrong, the message length included. msg_len is what the caller expects (32 for AES-256). */
SPK_MUST_USE spk_err spk_oaep_decode(struct spk_span em, uint8_t *ret_msg, size_t msg_len);
/** The same without the final branch: *ret_bad is zero or all ones, and ret_msg holds msg_len bytes
 * that mean nothing unless it is zero. Errors are about public lengths and memory only. */
SPK_MUST_USE spk_err spk_oaep_unmask(struct spk_span em, uint8_t *ret_msg, size_t msg_len,
                                     uint32_t *ret_bad);
/** 00 02 PS 00 msg; ps must be k-3-msg bytes, none zero. */
SPK_MUST_USE spk_err spk_v15_encode(struct spk_span msg, struct spk_span ps, struct spk_mut ret_em);
/** Implicit rejection: gives the n-byte message of a well-padded block and alt (n bytes) otherwise,
 * without any difference that the caller or its timing can see. Never fails. */
void spk_v15_decode(struct spk_span em, const uint8_t *alt, uint8_t *ret_msg, size_t n);

#endif
