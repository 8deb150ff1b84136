/* SPDX-License-Identifier: Apache-2.0 */
/* PVK files: a PRIVATEKEYBLOB, plain or under a password, as Microsoft's signing tools keep it
 * (doc/spec/key-blobs.md, "PVK files"). */
#ifndef SPK_KEYBLOB_PVK_H
#define SPK_KEYBLOB_PVK_H

#include "base/buf.h"
#include "base/secret.h"

#define SPK_PVK_SPEC_KEYX 1
#define SPK_PVK_SPEC_SIGN 2

struct spk_pvk { /* spans are borrowed */
    uint32_t spec;
    struct spk_span salt; /* empty: it is in the clear */
    struct spk_span blob; /* behind its header it is encrypted, where there is a salt */
};

/** It begins as a PVK file does. */
bool spk_pvk_looks(struct spk_span bytes);
/** The whole of it, nothing behind. SPK_CODE_FORMAT, SPK_CODE_TRUNC. */
SPK_MUST_USE spk_err spk_pvk_parse(struct spk_span bytes, struct spk_pvk *ret_pvk);
/** The PRIVATEKEYBLOB; pass may be NULL. SPK_CODE_PASS: a password is missing, or the wrong one;
 * SPK_CODE_NOTFOUND where OpenSSL came without RC4. */
SPK_MUST_USE spk_err spk_pvk_open(const struct spk_pvk *pvk, const struct spk_secret *pass,
                                  struct spk_secret **ret_blob);
/** A file of this PRIVATEKEYBLOB, under 128 bits of RC4 where pass is not NULL; appended. */
SPK_MUST_USE spk_err spk_pvk_build(struct spk_span blob, uint32_t spec,
                                   const struct spk_secret *pass, struct spk_buf *out);

#endif
