/* SPDX-License-Identifier: Apache-2.0 */
/* What each table of the SQLite back end can do. */
#ifndef SPK_STORE_SQLITE_SQ_TABLES_H
#define SPK_STORE_SQLITE_SQ_TABLES_H

#include "store/sqlite/sq.h"

spk_err sq_put_owner(struct spk_store *s, const struct spk_owner_row *row, uint64_t *ret_key);
spk_err sq_set_owner_state(struct spk_store *s, uint64_t key, uint32_t state);
spk_err sq_put_successor(struct spk_store *s, uint64_t key, uint32_t number,
                         const struct spk_hash *login, struct spk_span note);
spk_err sq_owner(struct spk_store *s, const struct spk_hash *owner, const struct spk_hash *login,
                 spk_owner_fn fn, void *arg);
spk_err sq_owners(struct spk_store *s, const struct spk_owner_query *q, spk_owner_fn fn, void *arg);
spk_err sq_successors(struct spk_store *s, uint64_t key, spk_note_fn fn, void *arg);
spk_err sq_put_token(struct spk_store *s, const struct spk_hash *token, uint64_t expires,
                     uint32_t uses);
spk_err sq_use_token(struct spk_store *s, const struct spk_hash *token, uint64_t now);
spk_err sq_put_deposit(struct spk_store *s, const struct spk_deposit_row *row,
                       struct spk_put_result *ret_r);
spk_err sq_next_index(struct sq *s, uint64_t *ret_n);
spk_err sq_deposits(struct spk_store *s, const struct spk_deposit_query *q, spk_deposit_fn fn,
                    void *arg, struct spk_deposit_page *ret_page);
spk_err sq_deposit_count(struct spk_store *s, uint64_t *ret_n);
spk_err sq_owner_deposits(struct spk_store *s, uint64_t owner_key, uint64_t *ret_n);
spk_err sq_checked(struct spk_store *s, uint64_t *ret_n);
spk_err sq_set_checked(struct spk_store *s, uint64_t n);
spk_err sq_put_wrong(struct spk_store *s, uint64_t index);
spk_err sq_put_proof(struct spk_store *s, uint64_t index, uint64_t time);
spk_err sq_drop_proof(struct spk_store *s, uint64_t index);
spk_err sq_proofs_due(struct spk_store *s, uint64_t time, size_t max, uint64_t *ret_index,
                      size_t *ret_n);
spk_err sq_proof_sums(struct spk_store *s, uint64_t owner_key, struct spk_proof_sums *ret_s);
spk_err sq_put_request(struct spk_store *s, const struct spk_request_row *row);
spk_err sq_set_request(struct spk_store *s, const struct spk_request_row *row);
spk_err sq_request(struct spk_store *s, const struct spk_hash *hash, spk_request_fn fn, void *arg);
spk_err sq_requests(struct spk_store *s, const struct spk_request_query *q, spk_request_fn fn,
                    void *arg);
spk_err sq_request_count(struct spk_store *s, const struct spk_hash *owner, uint64_t created_from,
                         uint64_t *ret_n);
spk_err sq_prune_requests(struct spk_store *s, const struct spk_request_prune *p, uint64_t *ret_n);
spk_err sq_put_vote(struct spk_store *s, uint64_t request_key, uint64_t time, struct spk_span note);
spk_err sq_votes(struct spk_store *s, uint64_t request_key, spk_note_fn fn, void *arg);
spk_err sq_put_record(struct spk_store *s, uint64_t time, struct spk_span body,
                      struct spk_span blob, uint64_t max);
spk_err sq_records(struct spk_store *s, uint64_t limit, spk_record_fn fn, void *arg);
spk_err sq_drop_record(struct spk_store *s, uint64_t key);
spk_err sq_copy(struct spk_store *s, const char *path, volatile const int *stop);
spk_err sq_integrity(struct spk_store *s);
spk_err sq_put_policy(struct spk_store *s, uint32_t number, struct spk_span note);
spk_err sq_policies(struct spk_store *s, spk_note_fn fn, void *arg);
spk_err sq_put_nonce(struct spk_store *s, const uint8_t nonce[16], uint64_t time, uint64_t forget);
spk_err sq_put_event(struct spk_store *s, uint64_t time_ms, const char *kind,
                     struct spk_span detail);
spk_err sq_events(struct spk_store *s, uint64_t after, uint64_t limit, spk_event_fn fn, void *arg);
spk_err sq_log_count(struct spk_store *s, enum spk_log_id log, unsigned level, uint64_t *ret_n);
spk_err sq_log_hashes(struct spk_store *s, enum spk_log_id log, unsigned level, uint64_t from,
                      size_t max, struct spk_log_hashes *ret_l);
spk_err sq_put_log_hash(struct spk_store *s, enum spk_log_id log, unsigned level, uint64_t index,
                        const struct spk_hash *h);
spk_err sq_put_lost(struct spk_store *s, const struct spk_lost_entry *l);
spk_err sq_lost(struct spk_store *s, uint64_t from, uint64_t end, struct spk_lost *ret_l);
spk_err sq_drop_log_hashes(struct spk_store *s, enum spk_log_id log);
spk_err sq_put_log_note(struct spk_store *s, enum spk_log_id log,
                        const struct spk_log_note_row *row);
spk_err sq_log_note(struct spk_store *s, enum spk_log_id log, struct spk_log_note_row *ret_row);
spk_err sq_put_log_entry(struct spk_store *s, const struct spk_log_entry_row *row,
                         uint64_t *ret_index);
spk_err sq_cut_log(struct spk_store *base, unsigned level, uint64_t n);
spk_err sq_log_entries(struct spk_store *s, const struct spk_hash *request, uint64_t from,
                       uint64_t limit, spk_log_entry_fn fn, void *arg);

#endif
