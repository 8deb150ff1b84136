/* SPDX-License-Identifier: Apache-2.0 */
/* What an authority keeps, behind a table of functions chosen by name: "sqlite", "memory".
 *
 * Deposits only ever add: they have a dense index from 0, and nothing in here changes or removes
 * one.  All writing happens in a transaction, which spk_store_write() holds, by one thread at a
 * time (the others wait for their turn); reading happens from any thread, and sees only what is
 * committed, except that the thread in the transaction sees its own writes.
 *
 * Rows of a list are handed to a visitor; its spans are borrowed until it returns, and it may not
 * call the store.  A visitor's error ends the walk and is what the walk returns.  Functions that
 * give one row give a copy that owns its bytes (.mem), to be released with the row's _clear(). */
#ifndef SPK_STORE_STORE_H
#define SPK_STORE_STORE_H

#include "base/scope.h"
#include "store/logs.h"
#include "store/proofs.h"
#include "store/rows.h"

#define SPK_STORE_SCHEMA 5 /* a store with a higher number is refused: SPK_CODE_VERSION */

struct spk_store; /* open store; safe for many threads */

struct spk_store_cfg {
    const char *path;   /* file of the database; not used by "memory" */
    unsigned readers;   /* connections kept for reading, 1..64 */
    bool exclusive;     /* true for the server: a second server on the same file is SPK_CODE_BUSY */
    bool create;        /* make the file if there is none; else that is SPK_CODE_NOTFOUND */
    uint64_t wal_limit; /* bytes of write-ahead log before readers are waited for; 0: default */
};

/** Unknown name: SPK_CODE_USAGE. Newer schema: SPK_CODE_VERSION. Not a store: SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_store_open(const char *name, const struct spk_store_cfg *cfg,
                                    struct spk_store **ret_s);
void spk_store_free(struct spk_store *s);
SPK_DEFINE_AUTO(spk_store)

/** One writer at a time; everything written is durable once commit has returned SPK_OK. */
SPK_MUST_USE spk_err spk_store_begin(struct spk_store *s);
/** On failure nothing was written, and the transaction is over. */
SPK_MUST_USE spk_err spk_store_commit(struct spk_store *s);
void spk_store_rollback(struct spk_store *s);
/** One transaction: what work writes is there afterwards, or, when it fails, nothing of it is. */
typedef spk_err spk_store_work(struct spk_store *s, void *arg);
SPK_MUST_USE spk_err spk_store_write(struct spk_store *s, spk_store_work *work, void *arg);
/** Counts commits that changed an owner; what was looked up under an older count is stale. */
uint64_t spk_store_owner_changes(const struct spk_store *s);

/** A copy of all that is committed now, as a new file that is a store by itself; others may write
 * meanwhile. SPK_CODE_EXISTS: the path is taken; SPK_CODE_STOPPED: *stop was set; SPK_CODE_USAGE:
 * not of this back end. */
SPK_MUST_USE spk_err spk_store_copy(struct spk_store *s, const char *path,
                                    volatile const int *stop);
/** The back end's own check of its file. SPK_CODE_CHANGED: it is damaged. */
SPK_MUST_USE spk_err spk_store_integrity(struct spk_store *s);

/* -- Owners. */
typedef spk_err (*spk_owner_fn)(void *arg, const struct spk_owner_row *row);
void spk_owner_row_clear(struct spk_owner_row *row);

/** SPK_CODE_EXISTS: owner id is there; SPK_CODE_DENIED: the login key is, or once was, another's.
 */
SPK_MUST_USE spk_err spk_store_put_owner(struct spk_store *s, const struct spk_owner_row *row,
                                         uint64_t *ret_key);
SPK_MUST_USE spk_err spk_store_set_owner_state(struct spk_store *s, uint64_t key, uint32_t state);
/** Note number row.successors + 1; login becomes the only key that logs in. A second time with the
 * same number and note: SPK_OK; another note: SPK_CODE_EXISTS; a gap: SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_store_put_successor(struct spk_store *s, uint64_t key, uint32_t number,
                                             const struct spk_hash *login, struct spk_span note);
SPK_MUST_USE spk_err spk_store_owner(struct spk_store *s, const struct spk_hash *owner,
                                     struct spk_owner_row *ret_row);
/** By a key that logs in now. SPK_CODE_NOTFOUND: never known; SPK_CODE_CHANGED: it was replaced. */
SPK_MUST_USE spk_err spk_store_owner_by_login(struct spk_store *s, const struct spk_hash *login,
                                              struct spk_owner_row *ret_row);
/** Ordered by key. */
SPK_MUST_USE spk_err spk_store_owners(struct spk_store *s, const struct spk_owner_query *q,
                                      spk_owner_fn fn, void *arg);
typedef spk_err (*spk_note_fn)(void *arg, uint64_t number, struct spk_span note);
/** All successor notes of an owner, oldest first. */
SPK_MUST_USE spk_err spk_store_successors(struct spk_store *s, uint64_t key, spk_note_fn fn,
                                          void *arg);

/* -- Enrolment tokens, by their hash. */
SPK_MUST_USE spk_err spk_store_put_token(struct spk_store *s, const struct spk_hash *token,
                                         uint64_t expires, uint32_t uses);
/** Takes one use. Unknown, used up or expired: SPK_CODE_DENIED. */
SPK_MUST_USE spk_err spk_store_use_token(struct spk_store *s, const struct spk_hash *token,
                                         uint64_t now);

/* -- Deposits. */
typedef spk_err (*spk_deposit_fn)(void *arg, const struct spk_deposit_row *row);
void spk_deposit_row_clear(struct spk_deposit_row *row);

/** Same owner, serial and epoch: a duplicate when R_pub without time, and P, are the same (they fix
 * everything else by hash), else a conflict; either way nothing is written. Two kinds of rows give
 * way: one that the holder has refused (put_wrong) to another content, and one that was altered
 * (spk_deposit_row_verify) to any. What comes is then a new row, with a new index, and the one that
 * counts from then on; the old one stays as it is. */
SPK_MUST_USE spk_err spk_store_put_deposit(struct spk_store *s, const struct spk_deposit_row *row,
                                           struct spk_put_result *ret_r);

/** In the order of the index. */
SPK_MUST_USE spk_err spk_store_deposits(struct spk_store *s, const struct spk_deposit_query *q,
                                        spk_deposit_fn fn, void *arg,
                                        struct spk_deposit_page *ret_page);
/** The newest epoch of owner's serial; of several rows in it, the one that came last. */
SPK_MUST_USE spk_err spk_store_deposit(struct spk_store *s, uint64_t owner_key,
                                       const struct spk_file_id *serial,
                                       struct spk_deposit_row *ret_row);
/** The one with this index. */
SPK_MUST_USE spk_err spk_store_deposit_at(struct spk_store *s, uint64_t index,
                                          struct spk_deposit_row *ret_row);
/** How many deposits there are (= the next index), and how many are one owner's. */
SPK_MUST_USE spk_err spk_store_deposit_count(struct spk_store *s, uint64_t *ret_n);
SPK_MUST_USE spk_err spk_store_owner_deposits(struct spk_store *s, uint64_t owner_key,
                                              uint64_t *ret_n);
/** Everything below this index has been looked at by the holder. */
SPK_MUST_USE spk_err spk_store_checked(struct spk_store *s, uint64_t *ret_n);
SPK_MUST_USE spk_err spk_store_set_checked(struct spk_store *s, uint64_t n);
/** The holder has said no to it: whatever was proven about it is so no more. */
SPK_MUST_USE spk_err spk_store_put_wrong(struct spk_store *s, uint64_t index);

/** Recompute what a row says of itself: R_pub against its columns, P, H(BLOB), owner, OC, leaf.
 * SPK_CODE_CHANGED: it was altered after it was stored; nothing in it is to be believed. */
SPK_MUST_USE spk_err spk_deposit_row_verify(const struct spk_deposit_row *row);
/** OC and leaf hash from rpub and p. */
SPK_MUST_USE spk_err spk_deposit_row_leaf(struct spk_deposit_row *row);

/* -- Recovery requests. */
typedef spk_err (*spk_request_fn)(void *arg, const struct spk_request_row *row);
void spk_request_row_clear(struct spk_request_row *row);
/** The same hash again: SPK_CODE_EXISTS. */
SPK_MUST_USE spk_err spk_store_put_request(struct spk_store *s, const struct spk_request_row *row);
/** Everything but hash, owner, login, recipient, created, record, signatures and serials. */
SPK_MUST_USE spk_err spk_store_set_request(struct spk_store *s, const struct spk_request_row *row);
SPK_MUST_USE spk_err spk_store_request(struct spk_store *s, const struct spk_hash *hash,
                                       struct spk_request_row *ret_row);
SPK_MUST_USE spk_err spk_store_requests(struct spk_store *s, const struct spk_request_query *q,
                                        spk_request_fn fn, void *arg);
SPK_MUST_USE spk_err spk_store_request_count(struct spk_store *s, const struct spk_hash *owner,
                                             uint64_t created_from, uint64_t *ret_n);
/** Forgets requests in which nobody ever had a say and nobody will: at most SPK_PRUNE_MAX of those
 * that are open or expired, without votes, and past both times of p, whether their owner exists or
 * not; then as many of those of unknown owners beyond the newest p->unknown_max. What the latter
 * list is dropped at once: nothing ever asks for it. *ret_n: how many are gone. */
SPK_MUST_USE spk_err spk_store_prune_requests(struct spk_store *s,
                                              const struct spk_request_prune *p, uint64_t *ret_n);
/** Approval, denial and veto notes as they came; the same note again: SPK_OK, kept once. */
SPK_MUST_USE spk_err spk_store_put_vote(struct spk_store *s, uint64_t request_key, uint64_t time,
                                        struct spk_span note);
SPK_MUST_USE spk_err spk_store_votes(struct spk_store *s, uint64_t request_key, spk_note_fn fn,
                                     void *arg);

/* -- Records that came with a file alone, until the holder has seen them. */
typedef spk_err (*spk_record_fn)(void *arg, const struct spk_record_row *row);
/** SPK_CODE_BUSY: max of them are waiting already. */
SPK_MUST_USE spk_err spk_store_put_record(struct spk_store *s, uint64_t time, struct spk_span body,
                                          struct spk_span blob, uint64_t max);
/** Oldest first. */
SPK_MUST_USE spk_err spk_store_records(struct spk_store *s, uint64_t limit, spk_record_fn fn,
                                       void *arg);
SPK_MUST_USE spk_err spk_store_drop_record(struct spk_store *s, uint64_t key);

/* -- Policies, nonces of officers, events. */
/** The same number and note again: SPK_OK; another note: SPK_CODE_EXISTS. */
SPK_MUST_USE spk_err spk_store_put_policy(struct spk_store *s, uint32_t number,
                                          struct spk_span note);
SPK_MUST_USE spk_err spk_store_policies(struct spk_store *s, spk_note_fn fn, void *arg);
/** SPK_CODE_EXISTS: seen before. Those older than forget (unix seconds) are dropped. */
SPK_MUST_USE spk_err spk_store_put_nonce(struct spk_store *s, const uint8_t nonce[16],
                                         uint64_t time, uint64_t forget);
/** One line of the audit trail: what happened, to what, in words without personal data. */
SPK_MUST_USE spk_err spk_store_put_event(struct spk_store *s, uint64_t time_ms, const char *kind,
                                         struct spk_span detail);
typedef spk_err (*spk_event_fn)(void *arg, uint64_t number, uint64_t time_ms, struct spk_span kind,
                                struct spk_span detail);
SPK_MUST_USE spk_err spk_store_events(struct spk_store *s, uint64_t after, uint64_t limit,
                                      spk_event_fn fn, void *arg);

#endif
