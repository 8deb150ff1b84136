/* SPDX-License-Identifier: Apache-2.0 */
/* PUBLICKEYBLOB and PRIVATEKEYBLOB of RSA keys of any size, read as leniently as CryptoAPI programs
 * expect (doc/spec/key-blobs.md, "Other programs' BLOBs"). */
#ifndef SPK_KEYBLOB_ANYBLOB_H
#define SPK_KEYBLOB_ANYBLOB_H

#include "crypto/anyrsa.h"
#include "keyblob/blob.h"

#define SPK_ANYBLOB_MAX (20 + 2 * SPK_ANYRSA_MAX_LEN + 5 * SPK_ANYRSA_MAX_LEN / 2)

/** alg is CALG_RSA_KEYX or CALG_RSA_SIGN. */
SPK_MUST_USE spk_err spk_anyblob_public(const struct spk_anyrsa *key, uint32_t alg,
                                        struct spk_buf *out);
SPK_MUST_USE spk_err spk_anyblob_private(const struct spk_anyrsa *pair, uint32_t alg,
                                         struct spk_secret **ret_blob);
/** Bytes behind the BLOB are ignored; a private exponent that is cut short or missing is computed
 * from the primes. SPK_CODE_FORMAT, SPK_CODE_TRUNC, SPK_CODE_VERSION (not version 2),
 * SPK_CODE_LIMIT (a size out of bounds). */
SPK_MUST_USE spk_err spk_anyblob_parse_public(struct spk_span blob, uint32_t *ret_alg,
                                              struct spk_anyrsa **ret_key);
SPK_MUST_USE spk_err spk_anyblob_parse_private(struct spk_span blob, uint32_t *ret_alg,
                                               struct spk_anyrsa **ret_pair);

#endif
