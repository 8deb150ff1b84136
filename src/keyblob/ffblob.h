/* SPDX-License-Identifier: Apache-2.0 */
/* PUBLICKEYBLOB and PRIVATEKEYBLOB of DSS and Diffie-Hellman keys, versions 2 and 3
 * (doc/spec/key-blobs.md, "DSS and Diffie-Hellman"). */
#ifndef SPK_KEYBLOB_FFBLOB_H
#define SPK_KEYBLOB_FFBLOB_H

#include "base/buf.h"
#include "crypto/ffkey.h"

#define SPK_CALG_DSS_SIGN 0x00002200u
#define SPK_CALG_DH_SF 0x0000aa01u
#define SPK_CALG_DH_EPHEM 0x0000aa02u
#define SPK_FFBLOB_VERSION 3 /* the one that has all numbers; 2 has not */
#define SPK_FFBLOB_MAX (8 + 44 + 6 * SPK_FF_MAX_LEN)

/* The numbers of a BLOB, not yet fitted to each other. A version 2 public key of Diffie-Hellman is
 * y alone. */
struct spk_ffblob {
    uint32_t alg;
    bool pair;
    struct spk_ff_parts parts;  /* into numbers */
    size_t p_len;               /* of y, where p is missing */
    struct spk_secret *numbers; /* NULL: cleared */
};

/** The ALG_IDs above. */
bool spk_ffblob_alg_ok(uint32_t alg);
/** Structure only; bytes behind the BLOB are ignored. SPK_CODE_FORMAT, SPK_CODE_TRUNC,
 * SPK_CODE_VERSION (neither 2 nor 3), SPK_CODE_LIMIT (a size out of bounds). */
SPK_MUST_USE spk_err spk_ffblob_parse(struct spk_span blob, struct spk_ffblob *ret_blob);
/** p, q, g and j as KP_PUB_PARAMS brings them: a version 3 public key without y, with or without a
 * header. */
SPK_MUST_USE spk_err spk_ffblob_parse_domain(struct spk_span bytes, uint32_t alg,
                                             struct spk_ffblob *ret_blob);
void spk_ffblob_clear(struct spk_ffblob *blob);
static inline void
spk_ffblob_auto_(struct spk_ffblob *b)
{
    spk_ffblob_clear(b);
}
#define SPK_AUTO_FFBLOB __attribute__((cleanup(spk_ffblob_auto_))) struct spk_ffblob

/** Appends the public key, of version 2 or 3. A DSS key must be one (crypto/dsa.h). */
SPK_MUST_USE spk_err spk_ffblob_public(const struct spk_ffkey *key, uint32_t alg, uint8_t version,
                                       struct spk_buf *out);
SPK_MUST_USE spk_err spk_ffblob_private(const struct spk_ffkey *pair, uint32_t alg, uint8_t version,
                                        struct spk_secret **ret_blob);

#endif
