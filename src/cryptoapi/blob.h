/* SPDX-License-Identifier: Apache-2.0 */
/* What export and import of key BLOBs share. */
#ifndef SPK_CRYPTOAPI_BLOB_H
#define SPK_CRYPTOAPI_BLOB_H

#include "base/rd.h"
#include "cryptoapi/key.h"
#include "keyblob/symwrap.h"

#define CAPI_HEADER_LEN 8
#define CAPI_SIMPLE_HEAD_LEN 12
#define CAPI_BLOB_MAX (CAPI_KEY_BYTES_MAX + 1024u)

/** BLOBHEADER of version 2. */
SPK_MUST_USE spk_err capi_put_header(struct spk_buf *b, uint8_t type, ALG_ID alg);
/** Which key wrap a pair of session keys means; NTE_BAD_TYPE for every other pair. */
DWORD capi_wrap_kind(ALG_ID kek, ALG_ID key, enum spk_symwrap_kind *ret_kind) SPK_MUST_USE;
/** A copy of a session key at the start of a message, to work with on the side. */
DWORD capi_key_aside(const struct capi_key *k, struct capi_key **ret_copy) SPK_MUST_USE;

#endif
