/* SPDX-License-Identifier: Apache-2.0 */
/* One of the two logs as the server keeps it (doc/spec/log.md): how far its tree goes, the newest
 * checkpoint that the holder has signed, and the proofs that are made of both.
 *
 * The tree follows the store: in the transaction that writes leaves, or in a later one, grow()
 * takes in what the store has beyond it, so that nothing need be done for a store that had no logs,
 * or after a crash.  Threads that read see what is committed. */
#ifndef SPK_AUTHORITY_LOGS_H
#define SPK_AUTHORITY_LOGS_H

#include "authority/books.h"
#include "translog/tile.h"

#define SPK_SIGNED_MAX 4096 /* bytes of a checkpoint with its signature, and those of witnesses */

struct spk_signed { /* a checkpoint, and what it says */
    uint64_t size;
    struct spk_hash root;
    size_t len;
    uint8_t note[SPK_SIGNED_MAX];
};

struct spk_logbook;
/** The tree as the store has it, whatever it takes, checked against the last checkpoint. A store
 * whose rows were altered is opened all the same, and the log stands still (logged in words): a
 * row that somebody spoiled must not take the others from their owners.
 * @param ret_why  On SPK_CODE_CHANGED a sentence for people: rows are missing at the end, and new
 *                 ones must not come into their place. */
SPK_MUST_USE spk_err spk_logbook_open(struct spk_store *store, enum spk_log_id log,
                                      char ret_why[SPK_WHY_MAX], struct spk_logbook **ret_l);
void spk_logbook_free(struct spk_logbook *l);
SPK_DEFINE_AUTO(spk_logbook)

/* -- Growing. Inside a transaction grow(), then, after it, grown() or undo(). */
struct spk_growth {
    struct spk_edge edge;
    uint64_t noted; /* size of the checkpoint that was written along */
};
/** Takes in leaves of the store, `most` at most, and writes the hashes that they complete. */
SPK_MUST_USE spk_err spk_logbook_grow(struct spk_logbook *l, uint64_t most,
                                      struct spk_growth *ret_g);
void spk_logbook_grown(struct spk_logbook *l, const struct spk_growth *g);
void spk_logbook_undo(struct spk_logbook *l);
/** The store has let go of the entries from n on (spk_store_cut_log): inside that transaction or
 * after it. Others may ask for paths of what comes before n meanwhile. */
SPK_MUST_USE spk_err spk_logbook_cut(struct spk_logbook *l, uint64_t n);
/** In transactions of its own, if there is anything to write. */
SPK_MUST_USE spk_err spk_logbook_catch_up(struct spk_logbook *l);

/** The log stands still: it takes in nothing and is not signed for, until its rows are as they were
 * and the server has been started anew. */
void spk_logbook_stop(struct spk_logbook *l);
bool spk_logbook_is_stopped(const struct spk_logbook *l);

/* -- Asking. */
/** The edge of the tree: how many entries, and their root. */
void spk_logbook_edge(struct spk_logbook *l, struct spk_edge *ret_e);
/** That of the first n. */
SPK_MUST_USE spk_err spk_logbook_edge_at(struct spk_logbook *l, uint64_t n, struct spk_edge *ret_e);
/** Path of entry i among the first n. */
SPK_MUST_USE spk_err spk_logbook_path(struct spk_logbook *l, uint64_t i, uint64_t n,
                                      struct spk_hash ret_path[SPK_PATH_MAX], size_t *ret_len);
SPK_MUST_USE spk_err spk_logbook_growth(struct spk_logbook *l, uint64_t m, uint64_t n,
                                        struct spk_hash ret_proof[SPK_PATH_MAX], size_t *ret_len);
/** The newest checkpoint; size 0 and no note when there is none. */
void spk_logbook_signed(struct spk_logbook *l, struct spk_signed *ret_s);
/** A newer one: told to everybody from now on, and written with the next transaction. */
void spk_logbook_sign(struct spk_logbook *l, const struct spk_signed *s);

#endif
