/* SPDX-License-Identifier: Apache-2.0 */
/* Files that CryptoAPI programs make: a key BLOB alone, or the layout of CryptoAPI's own examples:
 * the length of a SIMPLEBLOB (4 bytes, least significant first), the BLOB, ciphertext
 * (doc/spec/key-blobs.md, "Files of other programs"). */
#ifndef SPK_CLIENT_FOREIGN_FILE_H
#define SPK_CLIENT_FOREIGN_FILE_H

#include "client/foreign.h"
#include "sealed/seal.h"

struct spk_foreign_file {
    struct spk_buf blob; /* the key BLOB */
    uint64_t payload;    /* where the ciphertext begins; 0: a BLOB alone */
};
void spk_foreign_file_clear(struct spk_foreign_file *f);
/** Only the head is read. SPK_CODE_FORMAT: neither of the two; SPK_CODE_TRUNC: the BLOB is cut
 * short. */
SPK_MUST_USE spk_err spk_foreign_file_read(int fd, struct spk_foreign_file *ret_f);

/** The same file with another BLOB at its head, written to out from its beginning. */
SPK_MUST_USE spk_err spk_foreign_file_renew(int fd, const struct spk_foreign_file *f,
                                            struct spk_span blob, int out);
/** Decrypt its ciphertext to out, as the examples do: RC4, or CBC from an IV of zeros with PKCS #5
 * padding. SPK_CODE_AUTH: the padding is wrong. Stream ciphers tell nothing of a wrong key. */
SPK_MUST_USE spk_err spk_foreign_file_decrypt(int fd, const struct spk_foreign_file *f,
                                              const struct spk_plainkey *k, int out);

#endif
