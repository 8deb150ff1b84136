/* SPDX-License-Identifier: Apache-2.0 */
/* How far the deposits log has come: each step goes into the file `logs`, and now and then a mark
 * into the journal, behind which that file can never be put back (doc/spec/holder-state.md §4). */
#ifndef SPK_HOLDER_DEPOSITLOG_H
#define SPK_HOLDER_DEPOSITLOG_H

#include "holder/core.h"

#define SPK_DEPOSITLOG_MARK 4096 /* steps between two marks */

/** At a start: the file that the journal speaks of, or a new one when the journal has kept the log
 * by itself so far. Problems are logged in words. */
SPK_MUST_USE spk_err spk_depositlog_open(int dirfd, struct spk_holder *h);
/** The log has come to *at, durably, before anything is signed because of it. */
SPK_MUST_USE spk_err spk_depositlog_advance(struct spk_holder *h, const struct spk_logat *at);
/** For a folder that is restored: a file as far as the old folder's file, or its journal (s), when
 * that file cannot be used. */
SPK_MUST_USE spk_err spk_depositlog_restore(int dirfd, int old, const struct spk_keys *k,
                                            const struct spk_hstate *s);

#endif
