/* SPDX-License-Identifier: Apache-2.0 */
/* Many files in one go: threads seal them into nameless temporaries, deposits leave in batches, and
 * files get their names, in order, once their deposits are answered. */
#ifndef SPK_CLIENT_BATCH_H
#define SPK_CLIENT_BATCH_H

#include "client/encrypt.h"

struct spk_batch_file {
    char *in; /* freed with spk_mem_free() by the batch */
    char *out;
    bool named; /* by the user himself: a symbolic link is followed */
};
struct spk_batch {
    struct spk_session *session;
    const struct spk_encrypt_opts *opts; /* description is not used: each file has its own name */
    unsigned threads;                    /* 0: as many as there are cores to use */
    /** The next file; false at the end. Called by one thread at a time. */
    bool (*next)(void *ctx, struct spk_batch_file *ret_f);
    /** May be NULL. Is the file sealed already? Asked again once nobody else is sealing it; the
     * answer yes ends it with SPK_CODE_EXISTS. Called by several threads at once. */
    bool (*sealed)(void *ctx, const struct spk_batch_file *f);
    /** What became of each, in the order of next(), from the thread that called run. */
    void (*done)(void *ctx, const struct spk_batch_file *f, spk_err e,
                 const struct spk_encrypt_outcome *o);
    void *ctx;
};
/** Runs to the end, or until the stop flag in opts->progress is set, or until no authority that is
 * needed can be reached: then the error says why, and what was not done was not begun. Failures of
 * single files are told to done() only; one that another process is sealing is SPK_CODE_BUSY. */
SPK_MUST_USE spk_err spk_batch_run(const struct spk_batch *b);
/** Are both names in the folder that one of them says? Names of one folder that are spelled in two
 * ways may be no. For tests. */
bool spk_batch_same_folder(const char *a, const char *b);

#endif
