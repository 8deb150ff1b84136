/* SPDX-License-Identifier: Apache-2.0 */
/* What a store keeps for the two logs (doc/spec/log.md): the hashes of their tiles from level 1 on,
 * the newest signed checkpoint of each, and the entries of the recoveries log.  The leaves of the
 * deposits log are the deposits' own.  Included by store.h; its rules hold here too. */
#ifndef SPK_STORE_LOGS_H
#define SPK_STORE_LOGS_H

#include "base/buf.h"
#include "wire/logs.h"

#define SPK_LOG_HASHES_MAX 256 /* of one call: a tile */
#define SPK_LOST_ENTRY_LEN 80  /* an entry of the deposits log */

struct spk_store;

struct spk_log_note_row { /* a signed checkpoint, and what it says */
    uint64_t size;
    struct spk_hash root;
    struct spk_span note;
    struct spk_buf mem; /* of what was got */
};
struct spk_log_entry_row { /* of the recoveries log */
    uint64_t index;        /* not read by put */
    uint64_t time_ms;
    struct spk_span entry;
    struct spk_hash leaf;           /* computed by put */
    const struct spk_hash *request; /* NULL: not about a request; then no salt and no detail */
    struct spk_span salt, detail;   /* what opens the entry's OR: 32 bytes, and those of a note */
};
struct spk_log_hashes {
    size_t n;
    struct spk_hash h[SPK_LOG_HASHES_MAX];
};
struct spk_lost { /* entries of the deposits log whose rows are gone for good */
    size_t n;
    struct spk_lost_entry {
        uint64_t index;
        struct spk_hash leaf;
        uint8_t entry[SPK_LOST_ENTRY_LEN];
    } at[SPK_LOG_HASHES_MAX];
};
typedef spk_err (*spk_log_entry_fn)(void *arg, const struct spk_log_entry_row *row);

/** How many hashes a level of a log has; level 0: its leaves. */
SPK_MUST_USE spk_err spk_store_log_count(struct spk_store *s, enum spk_log_id log, unsigned level,
                                         uint64_t *ret_n);
/** Up to max hashes of a level from index `from` on, without a gap. SPK_CODE_CHANGED: somebody took
 * one out, or spoiled it. */
SPK_MUST_USE spk_err spk_store_log_hashes(struct spk_store *s, enum spk_log_id log, unsigned level,
                                          uint64_t from, size_t max, struct spk_log_hashes *ret_l);
/** Of level 1 and up: root of 256^level entries. The same again: SPK_OK; another one:
 * SPK_CODE_EXISTS; a gap before it: SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_store_put_log_hash(struct spk_store *s, enum spk_log_id log,
                                            unsigned level, uint64_t index,
                                            const struct spk_hash *h);

/** Forgets the hashes of all levels, to be made anew from the leaves, in the same transaction. */
SPK_MUST_USE spk_err spk_store_drop_log_hashes(struct spk_store *s, enum spk_log_id log);

/** The next index of the deposits log, for an entry that stands in the signed log while its row is
 * lost: the tree goes on, and nothing else ever takes that place. Not in "memory": SPK_CODE_USAGE.
 */
SPK_MUST_USE spk_err spk_store_put_lost(struct spk_store *s,
                                        const uint8_t entry[SPK_LOST_ENTRY_LEN]);
/** Up to SPK_LOG_HASHES_MAX of them, from index `from` up to before `end`, in their order. */
SPK_MUST_USE spk_err spk_store_lost(struct spk_store *s, uint64_t from, uint64_t end,
                                    struct spk_lost *ret_l);

/** In the place of the one before. */
SPK_MUST_USE spk_err spk_store_put_log_note(struct spk_store *s, enum spk_log_id log,
                                            const struct spk_log_note_row *row);
/** SPK_CODE_NOTFOUND: none yet. */
SPK_MUST_USE spk_err spk_store_log_note(struct spk_store *s, enum spk_log_id log,
                                        struct spk_log_note_row *ret_row);
void spk_log_note_row_clear(struct spk_log_note_row *row);
/** The note that names the logs' keys, which never change. The same again: SPK_OK; another one:
 * SPK_CODE_EXISTS. */
SPK_MUST_USE spk_err spk_store_put_log_keys(struct spk_store *s, struct spk_span note);
/** Appended; SPK_CODE_NOTFOUND: none yet. */
SPK_MUST_USE spk_err spk_store_log_keys(struct spk_store *s, struct spk_buf *note);

/** The next entry of the recoveries log. */
SPK_MUST_USE spk_err spk_store_put_log_entry(struct spk_store *s,
                                             const struct spk_log_entry_row *row,
                                             uint64_t *ret_index);
/** Takes out the entries of the recoveries log from n on, and the hashes of what they completed.
 * SPK_CODE_DENIED: the checkpoint in the store covers them; what was signed stays. */
SPK_MUST_USE spk_err spk_store_cut_log(struct spk_store *s, uint64_t n);
/** In the order of the index. */
SPK_MUST_USE spk_err spk_store_log_entries(struct spk_store *s, uint64_t from, uint64_t limit,
                                           spk_log_entry_fn fn, void *arg);
/** All about one request. */
SPK_MUST_USE spk_err spk_store_log_entries_of(struct spk_store *s, const struct spk_hash *request,
                                              spk_log_entry_fn fn, void *arg);

#endif
