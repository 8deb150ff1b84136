/* SPDX-License-Identifier: Apache-2.0 */
/* The one thread that writes deposits.  It takes all that is waiting, writes it in one transaction,
 * and answers only after COMMIT: one flush of the disk for as many as came while the last ran. */
#ifndef SPK_AUTHORITY_COMMITTER_H
#define SPK_AUTHORITY_COMMITTER_H

#include "authority/intake.h"

struct spk_commit {
    struct spk_commit *next; /* the committer's */
    size_t n;
    struct spk_intake *in; /* those with an error are passed over */
    /* Called once, after COMMIT or failure; e not OK: nothing of it was written. */
    void (*done)(struct spk_commit *c, spk_err e);
    void *arg;
};

struct spk_committer;
SPK_MUST_USE spk_err spk_committer_new(struct spk_store *store, size_t max_waiting,
                                       struct spk_committer **ret_c);
/** Writes what is waiting, then ends. NULL allowed. */
void spk_committer_free(struct spk_committer *c);
SPK_DEFINE_AUTO(spk_committer)
/** SPK_CODE_BUSY: too many deposits are waiting; done is not called then. */
SPK_MUST_USE spk_err spk_committer_push(struct spk_committer *c, struct spk_commit *item);

#endif
