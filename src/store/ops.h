/* SPDX-License-Identifier: Apache-2.0 */
/* What a back end fills in. Inside this folder only; the meaning of each call stands in store.h. */
#ifndef SPK_STORE_OPS_H
#define SPK_STORE_OPS_H

#include <stdatomic.h>

#include "store/store.h"

struct spk_store_ops {
    const char *name;
    spk_err (*open)(const struct spk_store_cfg *cfg, struct spk_store **ret_s);
    void (*close)(struct spk_store *s);
    spk_err (*begin)(struct spk_store *s);
    spk_err (*commit)(struct spk_store *s);
    void (*rollback)(struct spk_store *s);

    /* both NULL in a back end that has no file */
    spk_err (*copy)(struct spk_store *s, const char *path, volatile const int *stop);
    spk_err (*integrity)(struct spk_store *s);

    spk_err (*put_owner)(struct spk_store *s, const struct spk_owner_row *row, uint64_t *ret_key);
    spk_err (*set_owner_state)(struct spk_store *s, uint64_t key, uint32_t state);
    spk_err (*put_successor)(struct spk_store *s, uint64_t key, uint32_t number,
                             const struct spk_hash *login, struct spk_span note);
    /* exactly one of owner, login is given */
    spk_err (*owner)(struct spk_store *s, const struct spk_hash *owner,
                     const struct spk_hash *login, spk_owner_fn fn, void *arg);
    spk_err (*owners)(struct spk_store *s, const struct spk_owner_query *q, spk_owner_fn fn,
                      void *arg);
    spk_err (*successors)(struct spk_store *s, uint64_t key, spk_note_fn fn, void *arg);

    spk_err (*put_token)(struct spk_store *s, const struct spk_hash *token, uint64_t expires,
                         uint32_t uses);
    spk_err (*use_token)(struct spk_store *s, const struct spk_hash *token, uint64_t now);

    spk_err (*put_deposit)(struct spk_store *s, const struct spk_deposit_row *row,
                           struct spk_put_result *ret_r);
    spk_err (*deposits)(struct spk_store *s, const struct spk_deposit_query *q, spk_deposit_fn fn,
                        void *arg, struct spk_deposit_page *ret_page);
    spk_err (*deposit_count)(struct spk_store *s, uint64_t *ret_n);
    spk_err (*owner_deposits)(struct spk_store *s, uint64_t owner_key, uint64_t *ret_n);
    spk_err (*checked)(struct spk_store *s, uint64_t *ret_n);
    spk_err (*set_checked)(struct spk_store *s, uint64_t n);
    spk_err (*put_wrong)(struct spk_store *s, uint64_t index);
    spk_err (*put_proof)(struct spk_store *s, uint64_t index, uint64_t time);
    spk_err (*drop_proof)(struct spk_store *s, uint64_t index);
    spk_err (*proofs_due)(struct spk_store *s, uint64_t time, size_t max, uint64_t *ret_index,
                          size_t *ret_n);
    spk_err (*proof_sums)(struct spk_store *s, uint64_t owner_key, struct spk_proof_sums *ret_s);

    spk_err (*put_request)(struct spk_store *s, const struct spk_request_row *row);
    spk_err (*set_request)(struct spk_store *s, const struct spk_request_row *row);
    spk_err (*request)(struct spk_store *s, const struct spk_hash *hash, spk_request_fn fn,
                       void *arg);
    spk_err (*requests)(struct spk_store *s, const struct spk_request_query *q, spk_request_fn fn,
                        void *arg);
    spk_err (*request_count)(struct spk_store *s, const struct spk_hash *owner,
                             uint64_t created_from, uint64_t *ret_n);
    spk_err (*prune_requests)(struct spk_store *s, const struct spk_request_prune *p,
                              uint64_t *ret_n);
    spk_err (*put_vote)(struct spk_store *s, uint64_t request_key, uint64_t time,
                        struct spk_span note);
    spk_err (*votes)(struct spk_store *s, uint64_t request_key, spk_note_fn fn, void *arg);

    spk_err (*put_record)(struct spk_store *s, uint64_t time, struct spk_span body,
                          struct spk_span blob, uint64_t max);
    spk_err (*records)(struct spk_store *s, uint64_t limit, spk_record_fn fn, void *arg);
    spk_err (*drop_record)(struct spk_store *s, uint64_t key);

    spk_err (*put_policy)(struct spk_store *s, uint32_t number, struct spk_span note);
    spk_err (*policies)(struct spk_store *s, spk_note_fn fn, void *arg);
    spk_err (*put_nonce)(struct spk_store *s, const uint8_t nonce[16], uint64_t time,
                         uint64_t forget);
    spk_err (*put_event)(struct spk_store *s, uint64_t time_ms, const char *kind,
                         struct spk_span detail);
    spk_err (*events)(struct spk_store *s, uint64_t after, uint64_t limit, spk_event_fn fn,
                      void *arg);

    /* what store.c leaves: a hash that is the next one of its level; a log of level 0 that is not
     * the deposits'; log 0 has a note too */
    spk_err (*log_count)(struct spk_store *s, enum spk_log_id log, unsigned level, uint64_t *ret_n);
    spk_err (*log_hashes)(struct spk_store *s, enum spk_log_id log, unsigned level, uint64_t from,
                          size_t max, struct spk_log_hashes *ret_l);
    spk_err (*put_log_hash)(struct spk_store *s, enum spk_log_id log, unsigned level,
                            uint64_t index, const struct spk_hash *h);
    /* both NULL where nothing outlives the process; the index is the next one */
    spk_err (*put_lost)(struct spk_store *s, const struct spk_lost_entry *l);
    spk_err (*lost)(struct spk_store *s, uint64_t from, uint64_t end, struct spk_lost *ret_l);
    spk_err (*drop_log_hashes)(struct spk_store *s, enum spk_log_id log);
    spk_err (*put_log_note)(struct spk_store *s, enum spk_log_id log,
                            const struct spk_log_note_row *row);
    /* the note's bytes go into ret_row->mem, which is ready */
    spk_err (*log_note)(struct spk_store *s, enum spk_log_id log, struct spk_log_note_row *ret_row);
    spk_err (*put_log_entry)(struct spk_store *s, const struct spk_log_entry_row *row,
                             uint64_t *ret_index);
    /* request: NULL for all */
    /* a level of the recoveries log, from index n on */
    spk_err (*cut_log)(struct spk_store *s, unsigned level, uint64_t n);
    spk_err (*log_entries)(struct spk_store *s, const struct spk_hash *request, uint64_t from,
                           uint64_t limit, spk_log_entry_fn fn, void *arg);
};

/* First member of every back end's own struct. */
struct spk_store {
    const struct spk_store_ops *ops;
    atomic_uint_fast64_t owner_changes;
    bool owners_dirty; /* set by a back end inside a transaction */
};

extern const struct spk_store_ops spk_store_sqlite;
extern const struct spk_store_ops spk_store_memory;

/** The bytes that decide whether two deposits are the same: R_pub without its time. */
bool spk_deposit_row_same(struct spk_span rpub_a, const struct spk_hash *p_a,
                          struct spk_span rpub_b, const struct spk_hash *p_b);
/** Serial, description, times of a query, for back ends that filter by hand. */
bool spk_deposit_row_fits(const struct spk_deposit_row *row, const struct spk_deposit_query *q);
bool spk_name_fits(struct spk_span name, struct spk_span part);

#endif
