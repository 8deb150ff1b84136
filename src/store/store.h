/* SPDX-License-Identifier: Apache-2.0 */
/* What an authority keeps, behind a table of functions chosen by name: "sqlite", "memory".
 *
 * Deposits only ever add: they have a dense index from 0, and nothing in here changes or removes
 * one.  All writing happens between spk_store_begin() and spk_store_commit() by one thread at a
 * time (begin waits for its turn); reading happens from any thread, and sees only what is
 * committed, except that the thread inside begin and commit sees its own writes.
 *
 * Rows are handed to a visitor; its spans are borrowed until it returns, and it may not call the
 * store.  A visitor's error ends the walk and is what the walk returns.  The _get functions give
 * copies that own their bytes (.mem) and are released with the matching _clear function. */
#ifndef SPK_STORE_STORE_H
#define SPK_STORE_STORE_H

#include "base/buf.h"
#include "base/scope.h"
#include "wire/deposit.h"

#define SPK_STORE_SCHEMA 1 /* a store with a higher number is refused: SPK_CODE_VERSION */
#define SPK_STORE_NAME_MAX ((size_t)64)

struct spk_store; /* open store; safe for many threads */

struct spk_store_cfg {
    const char *path;   /* file of the database; not used by "memory" */
    unsigned readers;   /* connections kept for reading, 1..64 */
    bool exclusive;     /* true for the server: a second server on the same file is SPK_CODE_BUSY */
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
/** Counts commits that changed an owner; what was looked up under an older count is stale. */
uint64_t spk_store_owner_changes(const struct spk_store *s);

/* -- Owners. */
enum spk_owner_state { SPK_OWNER_PENDING = 1, SPK_OWNER_ENROLLED = 2, SPK_OWNER_DENIED = 3 };
struct spk_owner_row {
    uint64_t key; /* small number that deposits refer to; 0 in what is put */
    struct spk_hash owner;
    struct spk_hash login; /* H(SPKI) of the current signature key */
    uint32_t state;        /* enum spk_owner_state */
    uint32_t successors;   /* how many successor notes there are */
    uint64_t time_ms;      /* of enrolment */
    struct spk_span name, record, signature;
    struct spk_span successor; /* the newest successor note, or empty */
    struct spk_buf mem;
};
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
/** state 0: any. name: substring without regard to ASCII case, empty: any. Ordered by key. */
SPK_MUST_USE spk_err spk_store_owners(struct spk_store *s, uint32_t state, struct spk_span name,
                                      uint64_t after_key, uint64_t limit, spk_owner_fn fn,
                                      void *arg);
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
enum spk_deposit_state {
    SPK_DEPOSIT_ACCEPTED = 1, /* stored; what can be checked without a key holds */
    SPK_DEPOSIT_CHECKED = 2,  /* the holder has opened it and found it right */
    SPK_DEPOSIT_WRONG = 3,    /* the holder has said no to it */
};
struct spk_deposit_row {
    uint64_t index, owner_key;
    struct spk_hash owner; /* the owner's id, joined; not read by put */
    struct spk_file_id serial;
    uint32_t epoch, policy;
    uint64_t time_ms;
    struct spk_hash oc, leaf, p;
    uint32_t state; /* enum spk_deposit_state; not read by put */
    struct spk_span description;
    struct spk_span rpub;        /* SPK_RPUB_LEN bytes, with the time */
    struct spk_span salt, rpriv; /* both empty when only sealed is there */
    struct spk_span sealed, blob;
    struct spk_buf mem;
};
typedef spk_err (*spk_deposit_fn)(void *arg, const struct spk_deposit_row *row);
void spk_deposit_row_clear(struct spk_deposit_row *row);

enum spk_put { SPK_PUT_NEW = 1, SPK_PUT_DUPLICATE = 2, SPK_PUT_CONFLICT = 3 };
struct spk_put_result {
    enum spk_put what;
    uint64_t index, time_ms; /* of the row that stands */
};
/** Same owner, serial and epoch: a duplicate when R_pub without time, and P, are the same (they fix
 * everything else by hash), else a conflict; either way nothing is written. */
SPK_MUST_USE spk_err spk_store_put_deposit(struct spk_store *s, const struct spk_deposit_row *row,
                                           struct spk_put_result *ret_r);

struct spk_deposit_query {
    uint64_t owner_key;               /* 0: of all owners */
    const struct spk_file_id *serial; /* NULL: any */
    struct spk_span description;      /* substring; empty: any */
    uint64_t since_ms, until_ms;      /* inclusive; until 0: no bound */
    uint64_t from;                    /* first index looked at */
    uint64_t end;                     /* index to stop before; 0: no bound */
    uint64_t limit;                   /* rows handed over at most */
    uint64_t scan;                    /* rows looked at at most; 0: no bound */
};
struct spk_deposit_page {
    uint64_t rows;
    bool more;     /* limit or scan was reached */
    uint64_t next; /* then: where to go on */
};
/** In the order of the index. */
SPK_MUST_USE spk_err spk_store_deposits(struct spk_store *s, const struct spk_deposit_query *q,
                                        spk_deposit_fn fn, void *arg,
                                        struct spk_deposit_page *ret_page);
/** The newest epoch of owner's serial. */
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
SPK_MUST_USE spk_err spk_store_put_wrong(struct spk_store *s, uint64_t index);

/** Recompute what a row says of itself: R_pub against its columns, P, H(BLOB), owner, OC, leaf.
 * SPK_CODE_CHANGED: it was altered after it was stored; nothing in it is to be believed. */
SPK_MUST_USE spk_err spk_deposit_row_verify(const struct spk_deposit_row *row);
/** OC and leaf hash from rpub and p. */
SPK_MUST_USE spk_err spk_deposit_row_leaf(struct spk_deposit_row *row);

/* -- Recovery requests. */
enum spk_request_stage {
    SPK_STAGE_FILED = 1,   /* taken; nobody has looked yet whether there is such an owner */
    SPK_STAGE_UNKNOWN = 2, /* there is no such owner: it only ages */
    SPK_STAGE_SCOPED = 3,  /* scope frozen; the holder is yet to be told */
    SPK_STAGE_TOLD = 4,    /* the holder knows it */
    SPK_STAGE_REFUSED = 5, /* the holder refused to open it */
};
struct spk_request_row {
    uint64_t key;
    struct spk_hash hash, owner;
    struct spk_hash login;         /* H(SPKI) of the new signature key: the requester's login */
    struct spk_hash recipient;     /* H(SPKI) of the new key exchange key */
    uint64_t owner_key;            /* once scoped */
    uint32_t stage, state;         /* state: enum spk_request_state as last heard from the holder */
    uint64_t created;              /* unix seconds, ours */
    uint64_t opened, due, expires; /* unix seconds, the holder's */
    uint64_t persons, persons2, needed, released;
    uint64_t scope_end; /* deposits with an index below it count */
    uint64_t scope_count;
    struct spk_hash scope_root;
    struct spk_span record, sig_sign, sig_keyx;
    struct spk_span serials; /* 16 bytes each, sorted; empty: all */
    struct spk_span successor;
    struct spk_buf mem;
};
typedef spk_err (*spk_request_fn)(void *arg, const struct spk_request_row *row);
void spk_request_row_clear(struct spk_request_row *row);
/** The same hash again: SPK_CODE_EXISTS. */
SPK_MUST_USE spk_err spk_store_put_request(struct spk_store *s, const struct spk_request_row *row);
/** Everything but hash, owner, login, recipient, created, record, signatures and serials. */
SPK_MUST_USE spk_err spk_store_set_request(struct spk_store *s, const struct spk_request_row *row);
SPK_MUST_USE spk_err spk_store_request(struct spk_store *s, const struct spk_hash *hash,
                                       struct spk_request_row *ret_row);
struct spk_request_query {
    const struct spk_hash *owner; /* NULL: any */
    uint32_t stage, state;        /* 0: any */
    uint64_t created_from;        /* unix seconds; older ones are left out */
    uint64_t after_key, limit;
};
SPK_MUST_USE spk_err spk_store_requests(struct spk_store *s, const struct spk_request_query *q,
                                        spk_request_fn fn, void *arg);
SPK_MUST_USE spk_err spk_store_request_count(struct spk_store *s, const struct spk_hash *owner,
                                             uint64_t created_from, uint64_t *ret_n);
/** Approval, denial and veto notes as they came; the same note again: SPK_OK, kept once. */
SPK_MUST_USE spk_err spk_store_put_vote(struct spk_store *s, uint64_t request_key, uint64_t time,
                                        struct spk_span note);
SPK_MUST_USE spk_err spk_store_votes(struct spk_store *s, uint64_t request_key, spk_note_fn fn,
                                     void *arg);

/* -- Records that came with a file alone, until the holder has seen them. */
struct spk_record_row {
    uint64_t key;
    uint64_t time; /* unix seconds of arrival */
    struct spk_span body, blob;
};
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
