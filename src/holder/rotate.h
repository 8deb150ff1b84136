/* SPDX-License-Identifier: Apache-2.0 */
/* The next key epoch, and the text that makes it known (doc/spec/statements.md §4). */
#ifndef SPK_HOLDER_ROTATE_H
#define SPK_HOLDER_ROTATE_H

#include "holder/keyfile.h"
#include "wire/statement.h"

/** A statement, signed or not, that another epoch may follow: about these keys, of the newest epoch
 * or of the one before. SPK_CODE_AUTH: it is about others. */
SPK_MUST_USE spk_err spk_rotate_from(struct spk_span bytes, const struct spk_keys *k,
                                     struct spk_authority *ret_now);
/** Appends the statement of the epoch after `now`. Its pair is made, written down in use.log and
 * put into the folder, unless it is there already: then its text had got lost, and is the same
 * again. */
SPK_MUST_USE spk_err spk_rotate(int dirfd, struct spk_keys *k, const struct spk_authority *now,
                                unsigned bits, struct spk_buf *text);

#endif
