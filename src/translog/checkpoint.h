/* SPDX-License-Identifier: Apache-2.0 */
/* What a log says of itself: name, number of entries, root (https://c2sp.org/tlog-checkpoint,
 * doc/spec/log.md, "Checkpoints").  A checkpoint is the text of a note that the log's key signs;
 * the name of that key is the origin. */
#ifndef SPK_TRANSLOG_CHECKPOINT_H
#define SPK_TRANSLOG_CHECKPOINT_H

#include "translog/nodes.h"
#include "wire/note.h"

#define SPK_CHECKPOINT_MAX 512 /* bytes of text */

struct spk_checkpoint {
    struct spk_span origin; /* borrowed */
    uint64_t size;          /* at most SPK_LOG_MAX */
    struct spk_hash root;
};
/** Exactly three lines; extension lines, which others may write, are refused: SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_checkpoint_parse(struct spk_span text, struct spk_checkpoint *ret_c);
SPK_MUST_USE spk_err spk_checkpoint_format(const struct spk_checkpoint *c, struct spk_buf *out);
/** A checkpoint that the log's key has signed: its origin is the key's name. SPK_CODE_AUTH when the
 * signature does not hold, SPK_CODE_NOTFOUND when another log speaks. */
SPK_MUST_USE spk_err spk_checkpoint_verify(const struct spk_note *note, const struct spk_vkey *log,
                                           struct spk_checkpoint *ret_c);

#endif
