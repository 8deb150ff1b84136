/* SPDX-License-Identifier: Apache-2.0 */
/* An entry's proof as a file of its own (https://c2sp.org/tlog-proof, doc/spec/receipt.md): the
 * index, the path, the checkpoint that it leads to, and bytes from which the entry is made. */
#ifndef SPK_TRANSLOG_PROOF_H
#define SPK_TRANSLOG_PROOF_H

#include "translog/checkpoint.h"

#define SPK_PROOF_MAX 16384
#define SPK_PROOF_EXTRA_MAX 1024

struct spk_proof {
    uint8_t extra[SPK_PROOF_EXTRA_MAX];
    size_t extra_len; /* 0: no extra line */
    uint64_t index;
    size_t len;
    struct spk_hash path[SPK_PATH_MAX];
    struct spk_span checkpoint; /* a signed note; borrowed */
};
/** Strict: the one way to write it, nothing behind the note. Checks no signature. */
SPK_MUST_USE spk_err spk_proof_parse(struct spk_span text, struct spk_proof *ret_p);
SPK_MUST_USE spk_err spk_proof_format(const struct spk_proof *p, struct spk_buf *out);
/** The entry stands at the index under a checkpoint that the log has signed. SPK_CODE_NOTFOUND:
 * another log's; SPK_CODE_AUTH: a signature or the path does not hold.
 * @param ret_c  That checkpoint, borrowed from p; may be NULL. */
SPK_MUST_USE spk_err spk_proof_verify(const struct spk_proof *p, struct spk_span entry,
                                      const struct spk_vkey *log, struct spk_checkpoint *ret_c);

#endif
