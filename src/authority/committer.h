/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that writes deposits.  It takes all that is waiting, writes it in one transaction, and
 * hands it on after COMMIT: one flush of the disk for as many as came while the last ran.  A second
 * thread has the holder sign the log as far as it has come by then, while the next transaction is
 * written already, and answers; without a holder it answers too. */
#ifndef SPK_AUTHORITY_COMMITTER_H
#define SPK_AUTHORITY_COMMITTER_H

#include "authority/advance.h"
#include "authority/intake.h"

struct spk_commit {
    struct spk_commit *next; /* the committer's */
    size_t n;
    struct spk_intake *in; /* those with an error are passed over */
    /* Called once, after COMMIT and what the holder had to say to it, or after a failure; e not OK:
     * nothing of it was written. */
    void (*done)(struct spk_commit *c, spk_err e);
    void *arg;
};

struct spk_committer;
/** advance may be NULL: nobody signs. */
SPK_MUST_USE spk_err spk_committer_new(struct spk_store *store, struct spk_logbook *deposits,
                                       struct spk_advance *advance, size_t max_waiting,
                                       struct spk_committer **ret_c);
/** Writes what is waiting, then ends. NULL allowed. */
void spk_committer_free(struct spk_committer *c);
SPK_DEFINE_AUTO(spk_committer)
/** SPK_CODE_BUSY: too many deposits are waiting; done is not called then. */
SPK_MUST_USE spk_err spk_committer_push(struct spk_committer *c, struct spk_commit *item);

#endif
