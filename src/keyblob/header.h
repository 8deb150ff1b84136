/* SPDX-License-Identifier: Apache-2.0 */
/* What all key BLOBs share: the 8-byte BLOBHEADER and numbers written backwards
 * (doc/spec/key-blobs.md, "Header"). Inside this folder only. */
#ifndef SPK_KEYBLOB_HEADER_H
#define SPK_KEYBLOB_HEADER_H

#include "base/buf.h"
#include "base/rd.h"
#include "crypto/rsa.h"

#define SPK_BLOB_HEADER_LEN 8
/* Header, magic, bitlen, public exponent: common to PUBLICKEYBLOB and PRIVATEKEYBLOB. */
#define SPK_BLOB_RSA_HEAD_LEN (SPK_BLOB_HEADER_LEN + 12)
#define SPK_BLOB_RSA1 0x31415352u /* "RSA1": a public key follows */
#define SPK_BLOB_RSA2 0x32415352u /* "RSA2": a pair follows */
#define SPK_BLOB_E_LEN 4

/** Fill the header: type, version, two zero bytes, ALG_ID. */
void spk_blob_header_put(uint8_t ret_head[SPK_BLOB_HEADER_LEN], uint8_t type, uint32_t alg);
/** Another type: SPK_CODE_FORMAT; another version: SPK_CODE_VERSION. The reserved field may hold
 * anything, as CryptoAPI programs expect. */
SPK_MUST_USE spk_err spk_blob_header_read(struct spk_rd *r, uint8_t type, uint32_t *ret_alg);

/** Head of a BLOB of this public key or pair. */
void spk_blob_rsa_head_put(uint8_t ret_head[SPK_BLOB_RSA_HEAD_LEN], bool pair, uint32_t alg,
                           const struct spk_rsa_parts *parts);
/** src (big-endian), least significant byte first, zero-extended to width; gives the place behind.
 */
uint8_t *spk_blob_put_number(uint8_t *ret_dst, struct spk_span src, size_t width);
/** The next width bytes as a number, big-endian without leading zeros, in *area, which moves on. */
SPK_MUST_USE spk_err spk_blob_take_number(struct spk_rd *r, size_t width, struct spk_mut *area,
                                          struct spk_span *ret_number);

/** Copy src with its bytes in opposite order; the two must not overlap. */
void spk_reverse(struct spk_span src, uint8_t *ret_dst);

#endif
