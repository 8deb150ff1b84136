/* SPDX-License-Identifier: Apache-2.0 */
/* What witnesses put under a checkpoint (https://c2sp.org/tlog-cosignature, doc/spec/witness.md):
 * "at this time, this was the largest tree of the log that I have seen, and it continues those
 * before".  The key is one of spk_vkey_make_witness(). */
#ifndef SPK_TRANSLOG_COSIGN_H
#define SPK_TRANSLOG_COSIGN_H

#include "translog/checkpoint.h"

#define SPK_WITNESSES_MAX 16

/** A signature line with its '\n'. time: seconds since 1970, not 0. */
SPK_MUST_USE spk_err spk_cosign(struct spk_span text, const char *name,
                                const struct spk_secret *seed, uint64_t time, struct spk_buf *out);
/** The witness's line in a note: SPK_CODE_NOTFOUND when there is none, SPK_CODE_AUTH when there is
 * one that does not hold.
 * @param ret_time  Of the newest one; may be NULL. */
SPK_MUST_USE spk_err spk_cosign_verify(const struct spk_note *note, const struct spk_vkey *witness,
                                       uint64_t *ret_time);
/** How many of the witnesses have signed; a key that stands there twice, under two names too,
 * counts once. A line of theirs that does not hold makes the note a bad one: SPK_CODE_AUTH. Says
 * nothing about the log's own signature: spk_checkpoint_verify(). */
SPK_MUST_USE spk_err spk_cosign_count(const struct spk_note *note, const struct spk_vkey *witnesses,
                                      size_t n, size_t *ret_good);

#endif
