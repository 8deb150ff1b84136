/* SPDX-License-Identifier: Apache-2.0 */
/* What a log sends to a witness (https://c2sp.org/tlog-witness, doc/spec/witness.md): the size that
 * the witness saw last, the proof that the tree has only grown since, and the checkpoint. */
#ifndef SPK_TRANSLOG_ADDCHECKPOINT_H
#define SPK_TRANSLOG_ADDCHECKPOINT_H

#include "translog/checkpoint.h"

#define SPK_ADD_CHECKPOINT_MAX 16384
#define SPK_ADD_PROOF_MAX 63

struct spk_add_checkpoint {
    uint64_t old;
    size_t len;
    struct spk_hash proof[SPK_ADD_PROOF_MAX];
    struct spk_span checkpoint; /* a signed note; borrowed */
};
/** Strict: the one way to write it. The checkpoint is not looked at. */
SPK_MUST_USE spk_err spk_add_checkpoint_parse(struct spk_span body,
                                              struct spk_add_checkpoint *ret_a);
SPK_MUST_USE spk_err spk_add_checkpoint_format(const struct spk_add_checkpoint *a,
                                               struct spk_buf *out);

#endif
