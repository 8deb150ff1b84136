/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the memory back end: arrays of rows.  Bytes live in an arena until the store is closed,
 * so that a transaction is undone by putting the old arrays back. */
#ifndef SPK_STORE_MEMORY_MEM_H
#define SPK_STORE_MEMORY_MEM_H

#include <pthread.h>

#include "store/ops.h"

struct mem_note {
    uint64_t of, number, time; /* of: owner or request key */
    struct spk_span note;
};
struct mem_login {
    struct spk_hash login;
    uint64_t owner;
    bool current;
};
struct mem_token {
    struct spk_hash token;
    uint64_t expires, uses;
};
struct mem_nonce {
    uint8_t b[16];
    uint64_t time;
};
struct mem_event {
    uint64_t time_ms;
    struct spk_span kind, detail;
};

struct mem_proof {
    uint64_t index, time;
};

struct mem_log_hash {
    unsigned log, level;
    uint64_t index;
    struct spk_hash h;
};
struct mem_log_note {
    unsigned log;
    struct spk_log_note_row row;
};
struct mem_log_entry {
    struct spk_hash request;
    struct spk_log_entry_row row; /* its request: not NULL when there is one */
};

struct mem_array {
    void *p;
    size_t n, cap;
};
enum mem_table {
    MEM_OWNERS,
    MEM_LOGINS,
    MEM_SUCCESSORS,
    MEM_TOKENS,
    MEM_DEPOSITS,
    MEM_WRONG,
    MEM_PROOFS,
    MEM_REQUESTS,
    MEM_VOTES,
    MEM_RECORDS,
    MEM_POLICIES,
    MEM_NONCES,
    MEM_EVENTS,
    MEM_LOG_HASHES,
    MEM_LOG_NOTES,
    MEM_LOG_ENTRIES,
    MEM_TABLES_
};
struct mem_tables {
    struct mem_array t[MEM_TABLES_];
    uint64_t checked, record_key, request_key;
};
struct mem_block {
    struct mem_block *next;
    uint8_t bytes[];
};
struct mem {
    struct spk_store base;
    pthread_mutex_t lock; /* recursive: held from begin to commit, and by each read */
    struct mem_tables now, before;
    struct mem_block *arena;
    bool in_tx;
};

static inline struct mem *
mem_of(struct spk_store *s)
{
    return (struct mem *)s;
}
/** Copy of bytes that lives as long as the store. */
spk_err mem_keep(struct mem *m, struct spk_span *span);
/** Append a copy of an element; writing is allowed inside a transaction only. */
spk_err mem_add(struct mem *m, enum mem_table t, const void *element);
void *mem_at(struct mem *m, enum mem_table t, size_t i);
size_t mem_count(const struct mem *m, enum mem_table t);

spk_err mem_put_owner(struct spk_store *s, const struct spk_owner_row *row, uint64_t *ret_key);
spk_err mem_set_owner_state(struct spk_store *s, uint64_t key, uint32_t state);
spk_err mem_put_successor(struct spk_store *s, uint64_t key, uint32_t number,
                          const struct spk_hash *login, struct spk_span note);
spk_err mem_owner(struct spk_store *s, const struct spk_hash *owner, const struct spk_hash *login,
                  spk_owner_fn fn, void *arg);
spk_err mem_owners(struct spk_store *s, const struct spk_owner_query *q, spk_owner_fn fn,
                   void *arg);
spk_err mem_successors(struct spk_store *s, uint64_t key, spk_note_fn fn, void *arg);
spk_err mem_put_token(struct spk_store *s, const struct spk_hash *token, uint64_t expires,
                      uint32_t uses);
spk_err mem_use_token(struct spk_store *s, const struct spk_hash *token, uint64_t now);
spk_err mem_put_deposit(struct spk_store *s, const struct spk_deposit_row *row,
                        struct spk_put_result *ret_r);
spk_err mem_deposits(struct spk_store *s, const struct spk_deposit_query *q, spk_deposit_fn fn,
                     void *arg, struct spk_deposit_page *ret_page);
spk_err mem_deposit_count(struct spk_store *s, uint64_t *ret_n);
spk_err mem_owner_deposits(struct spk_store *s, uint64_t owner_key, uint64_t *ret_n);
spk_err mem_checked(struct spk_store *s, uint64_t *ret_n);
spk_err mem_set_checked(struct spk_store *s, uint64_t n);
spk_err mem_put_wrong(struct spk_store *s, uint64_t index);
bool mem_is_wrong(struct mem *m, uint64_t index);
/** NULL: there is none; that of a deposit that was found wrong since says nothing any more. */
const struct mem_proof *mem_proof_of(struct mem *m, uint64_t index);
spk_err mem_put_proof(struct spk_store *s, uint64_t index, uint64_t time);
spk_err mem_drop_proof(struct spk_store *s, uint64_t index);
spk_err mem_proofs_due(struct spk_store *s, uint64_t time, size_t max, uint64_t *ret_index,
                       size_t *ret_n);
spk_err mem_proof_sums(struct spk_store *s, uint64_t owner_key, struct spk_proof_sums *ret_s);
spk_err mem_put_request(struct spk_store *s, const struct spk_request_row *row);
spk_err mem_set_request(struct spk_store *s, const struct spk_request_row *row);
spk_err mem_request(struct spk_store *s, const struct spk_hash *hash, spk_request_fn fn, void *arg);
spk_err mem_requests(struct spk_store *s, const struct spk_request_query *q, spk_request_fn fn,
                     void *arg);
spk_err mem_request_count(struct spk_store *s, const struct spk_hash *owner, uint64_t created_from,
                          uint64_t *ret_n);
spk_err mem_prune_requests(struct spk_store *s, const struct spk_request_prune *p, uint64_t *ret_n);
spk_err mem_put_vote(struct spk_store *s, uint64_t request_key, uint64_t time,
                     struct spk_span note);
spk_err mem_votes(struct spk_store *s, uint64_t request_key, spk_note_fn fn, void *arg);
spk_err mem_put_record(struct spk_store *s, uint64_t time, struct spk_span body,
                       struct spk_span blob, uint64_t max);
spk_err mem_records(struct spk_store *s, uint64_t limit, spk_record_fn fn, void *arg);
spk_err mem_drop_record(struct spk_store *s, uint64_t key);
spk_err mem_put_policy(struct spk_store *s, uint32_t number, struct spk_span note);
spk_err mem_policies(struct spk_store *s, spk_note_fn fn, void *arg);
spk_err mem_put_nonce(struct spk_store *s, const uint8_t nonce[16], uint64_t time, uint64_t forget);
spk_err mem_put_event(struct spk_store *s, uint64_t time_ms, const char *kind,
                      struct spk_span detail);
spk_err mem_events(struct spk_store *s, uint64_t after, uint64_t limit, spk_event_fn fn, void *arg);
spk_err mem_log_count(struct spk_store *s, enum spk_log_id log, unsigned level, uint64_t *ret_n);
spk_err mem_log_hashes(struct spk_store *s, enum spk_log_id log, unsigned level, uint64_t from,
                       size_t max, struct spk_log_hashes *ret_l);
spk_err mem_put_log_hash(struct spk_store *s, enum spk_log_id log, unsigned level, uint64_t index,
                         const struct spk_hash *h);
spk_err mem_drop_log_hashes(struct spk_store *s, enum spk_log_id log);
spk_err mem_put_log_note(struct spk_store *s, enum spk_log_id log,
                         const struct spk_log_note_row *row);
spk_err mem_log_note(struct spk_store *s, enum spk_log_id log, struct spk_log_note_row *ret_row);
spk_err mem_put_log_entry(struct spk_store *s, const struct spk_log_entry_row *row,
                          uint64_t *ret_index);
spk_err mem_cut_log(struct spk_store *s, unsigned level, uint64_t n);
spk_err mem_log_entries(struct spk_store *s, const struct spk_hash *request, uint64_t from,
                        uint64_t limit, spk_log_entry_fn fn, void *arg);

#endif
