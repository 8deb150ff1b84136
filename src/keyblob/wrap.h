/* SPDX-License-Identifier: Apache-2.0 */
/* SIMPLEBLOBs of 32-byte session keys: wrap, unwrap without an oracle, re-make
 * (doc/spec/key-blobs.md). */
#ifndef SPK_KEYBLOB_WRAP_H
#define SPK_KEYBLOB_WRAP_H

#include "crypto/derive.h"
#include "keyblob/blob.h"

/* Flags of slots and deposits: what the BLOB itself does not say. */
#define SPK_WRAP_OAEP 0x0001u    /* CRYPT_OAEP; else PKCS#1 v1.5 */
#define SPK_WRAP_DERIVED 0x0002u /* padding derived from the key: its knowers can re-make it */
#define SPK_WRAP_FLAGS (SPK_WRAP_OAEP | SPK_WRAP_DERIVED) /* all that are known */
#define SPK_WRAP_OURS (SPK_WRAP_OAEP | SPK_WRAP_DERIVED)  /* of what we wrap ourselves */

/** SIMPLEBLOB of a 32-byte AES-256 key under pub, appended to out. id is used with SPK_WRAP_DERIVED
 * only (else it may be NULL and the padding is random). Unknown flags: SPK_CODE_USAGE. */
SPK_MUST_USE spk_err spk_wrap(const struct spk_secret *key, const struct spk_rsa *pub,
                              const struct spk_file_id *id, unsigned flags, struct spk_buf *out);

/** The session key of a SIMPLEBLOB of CALG_AES_256.
 * Structural faults (length not 12 + k, header, algorithm, c >= N): SPK_CODE_FORMAT.
 * OAEP that does not decode: SPK_CODE_AUTH. PKCS#1 v1.5 never fails: a wrong padding gives a key
 * that depends on pair and blob and opens nothing; the caller finds out through the commitment C.
 * Does not check SPK_WRAP_DERIVED: call spk_wrap_matches() once id is known. */
SPK_MUST_USE spk_err spk_unwrap(struct spk_span blob, const struct spk_rsa *pair, unsigned flags,
                                struct spk_secret **ret_key);

/** Re-make the BLOB of a derived-padding wrap and compare: SPK_CODE_AUTH when it differs,
 * SPK_CODE_USAGE when flags lack SPK_WRAP_DERIVED. Needs no private key. */
SPK_MUST_USE spk_err spk_wrap_matches(struct spk_span blob, const struct spk_secret *key,
                                      const struct spk_rsa *pub, const struct spk_file_id *id,
                                      unsigned flags);

#endif
