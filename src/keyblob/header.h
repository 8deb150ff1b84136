/* SPDX-License-Identifier: Apache-2.0 */
/* What all key BLOBs share: the 8-byte BLOBHEADER and numbers written backwards
 * (doc/spec/key-blobs.md, "Header"). Inside this folder only. */
#ifndef SPK_KEYBLOB_HEADER_H
#define SPK_KEYBLOB_HEADER_H

#include "base/buf.h"
#include "base/rd.h"

#define SPK_BLOB_HEADER_LEN 8

/** Fill the header: type, version, two zero bytes, ALG_ID. */
void spk_blob_header_put(uint8_t ret_head[SPK_BLOB_HEADER_LEN], uint8_t type, uint32_t alg);
/** Another type: SPK_CODE_FORMAT; another version: SPK_CODE_VERSION. The reserved field may hold
 * anything, as CryptoAPI programs expect. */
SPK_MUST_USE spk_err spk_blob_header_read(struct spk_rd *r, uint8_t type, uint32_t *ret_alg);

/** Copy src with its bytes in opposite order; the two must not overlap. */
void spk_reverse(struct spk_span src, uint8_t *ret_dst);

#endif
