/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the SQLite back end: connections, statements, and the helpers around them. */
#ifndef SPK_STORE_SQLITE_SQ_H
#define SPK_STORE_SQLITE_SQ_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/ops.h"

#define SQ_BUSY_MS 10000
#define SQ_CHECKPOINT_MS 200
#define SQ_WAL_LIMIT ((uint64_t)256 << 20)
#define SQ_PAGE 4096
#define SQ_APPLICATION_ID 0x53504b31 /* "SPK1" */

enum sq_sql {
    SQ_OWNER_PUT,
    SQ_OWNER_STATE,
    SQ_OWNER_SUCCEEDED,
    SQ_LOGIN_PUT,
    SQ_LOGIN_END,
    SQ_LOGIN_GET,
    SQ_SUCCESSOR_PUT,
    SQ_SUCCESSOR_GET,
    SQ_SUCCESSORS,
    SQ_OWNER_BY_ID,
    SQ_OWNER_BY_KEY,
    SQ_OWNERS,
    SQ_TOKEN_PUT,
    SQ_TOKEN_USE,
    SQ_DEPOSIT_PUT,
    SQ_DEPOSIT_STANDS,
    SQ_DEPOSIT_NEXT,
    SQ_DEPOSIT_COUNT,
    SQ_DEPOSITS_ALL,
    SQ_DEPOSITS_OWNER,
    SQ_DEPOSITS_SERIAL,
    SQ_COUNTER_GET,
    SQ_COUNTER_SET,
    SQ_WRONG_PUT,
    SQ_PROOF_SET,
    SQ_PROOF_PUT,
    SQ_PROOF_DROP,
    SQ_PROOFS_DUE,
    SQ_PROOFS_OF,
    SQ_PROOFS_ALL,
    SQ_PROVEN_UP,
    SQ_PROVEN_DOWN,
    SQ_REQUEST_PUT,
    SQ_REQUEST_SET,
    SQ_REQUEST_GET,
    SQ_REQUESTS,
    SQ_REQUESTS_NEWEST,
    SQ_REQUEST_COUNT,
    SQ_REQUEST_PRUNE,
    SQ_REQUEST_PRUNE_UNKNOWN,
    SQ_REQUEST_SLIM,
    SQ_VOTE_PUT,
    SQ_VOTES,
    SQ_RECORD_PUT,
    SQ_RECORD_COUNT,
    SQ_RECORDS,
    SQ_RECORD_DROP,
    SQ_POLICY_PUT,
    SQ_POLICY_GET,
    SQ_POLICIES,
    SQ_NONCE_PUT,
    SQ_NONCE_DROP,
    SQ_EVENT_PUT,
    SQ_EVENTS,
    SQ_LOG_COUNT,
    SQ_LOG_HASHES,
    SQ_LOG_HASH_PUT,
    SQ_LOG_LEAVES_D,
    SQ_LOG_LEAVES_R,
    SQ_LOG_NOTE_PUT,
    SQ_LOG_NOTE,
    SQ_LOG_ENTRY_NEXT,
    SQ_LOST_PUT,
    SQ_LOST,
    SQ_LOG_HASHES_DROP,
    SQ_LOG_ENTRY_PUT,
    SQ_LOG_ENTRY_CUT,
    SQ_LOG_HASH_CUT,
    SQ_LOG_ENTRIES,
    SQ_LOG_ENTRIES_OF,
    SQ_COUNT_
};
extern const char *const sq_sql[SQ_COUNT_];
extern const char *const sq_schema; /* version SPK_STORE_SCHEMA */
extern const char *const sq_from_1; /* what makes a store of version 1 one of version 2 */
extern const char *const sq_from_2;
extern const char *const sq_from_3;
extern const char *const sq_from_4;

struct sq_conn {
    sqlite3 *db;
    sqlite3_stmt *st[SQ_COUNT_]; /* prepared at first use */
    struct sq_conn *next;        /* in the list of idle ones */
};

struct sq {
    struct spk_store base;
    char *path;
    int lock_fd;
    uint64_t wal_limit;

    pthread_mutex_t write_lock; /* held from begin to commit */
    struct sq_conn writer;
    uint64_t next_index, begin_index;

    pthread_mutex_t pool_lock;
    pthread_cond_t pool_free;
    struct sq_conn *idle;
    struct sq_conn *readers;
    unsigned n_readers;

    pthread_t checkpointer;
    struct sq_conn mover; /* its connection */
    bool checkpointing;
    pthread_mutex_t stop_lock;
    pthread_cond_t stop_cond;
    bool stopping;
    atomic_bool wal_dirty;
};

/** rc as an error; what is not an answer about data is logged with what was being done. */
spk_err sq_err(sqlite3 *db, int rc, const char *what);
spk_err sq_conn_open(const char *path, bool read_only, struct sq_conn *ret_c);
void sq_conn_close(struct sq_conn *c);
spk_err sq_exec(struct sq_conn *c, const char *sql);
/** The connection of this thread: the writer's inside a transaction, else one of the pool. */
struct sq_conn *sq_get(struct sq *s);
void sq_put(struct sq *s, struct sq_conn *c);
bool sq_in_tx(const struct sq *s);

/* One use of a statement: prepared, bound in order, stepped, reset. An error sticks until _end. */
struct sq_use {
    struct sq *s;
    struct sq_conn *c;
    sqlite3_stmt *st;
    int n; /* parameters bound */
    int rc;
    const char *what;
    spk_err visit; /* a visitor's error */
};
struct sq_use sq_begin(struct sq *s, enum sq_sql id);
/** The same on the writer's connection, for use inside a transaction only. */
/* An empty file, mode 0600; SPK_CODE_EXISTS: the name is taken. */
spk_err sq_new_file(const char *path);
struct sq_use sq_begin_write(struct sq *s, enum sq_sql id);
void sq_u64(struct sq_use *u, uint64_t v);
void sq_blob(struct sq_use *u, struct spk_span v);
void sq_text(struct sq_use *u, struct spk_span v);
void sq_hash(struct sq_use *u, const struct spk_hash *h);
/** True when there is a row to read. */
bool sq_step(struct sq_use *u);
/** Step once, reset, give the connection back. */
spk_err sq_run(struct sq_use *u);
spk_err sq_end(struct sq_use *u);

uint64_t sq_col_u64(struct sq_use *u, int col);
struct spk_span sq_col_span(struct sq_use *u, int col);
/** The column's bytes, or zeros and false when it is not len bytes long. */
bool sq_col_fit(struct sq_use *u, int col, void *ret, size_t len);
/** Exactly len bytes; anything else in the column makes the use fail with SPK_CODE_CHANGED. */
void sq_col_fixed(struct sq_use *u, int col, void *ret, size_t len);

static inline struct sq *
sq_of(struct spk_store *s)
{
    return (struct sq *)s;
}

/** Walk (number, note) rows. */
spk_err sq_walk_notes(struct sq_use *u, spk_note_fn fn, void *arg);

#endif
