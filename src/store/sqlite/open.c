/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, transactions, the pool of readers, and the thread that moves the log into the file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "store/sqlite/sq_tables.h"

#define READERS_MAX 64
#define WAL_RETRY_MS 5

/* The store whose transaction this thread is in: its reads go to the writer's connection. */
static _Thread_local const struct sq *tx_here;

spk_err
sq_exec(struct sq_conn *c, const char *sql)
{
    return sq_err(c->db, sqlite3_exec(c->db, sql, NULL, NULL, NULL), sql);
}

spk_err
sq_conn_open(const char *path, bool read_only, struct sq_conn *ret_c)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE;
    int rc = sqlite3_open_v2(path, &ret_c->db, flags, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_busy_timeout(ret_c->db, SQ_BUSY_MS);
    }
    SPK_TRY(sq_err(ret_c->db, rc, "open"));
    /* FULL: with NORMAL a power cut loses deposits that were answered */
    SPK_TRY(sq_exec(ret_c, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                           "PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16384;"
                           "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0;"));
    return read_only ? sq_exec(ret_c, "PRAGMA query_only = ON;") : SPK_OK;
}

void
sq_conn_close(struct sq_conn *c)
{
    for (size_t i = 0; i < SQ_COUNT_; i++) {
        sqlite3_finalize(c->st[i]);
        c->st[i] = NULL;
    }
    sqlite3_close(c->db);
    c->db = NULL;
}

static spk_err
pragma_u64(struct sq_conn *c, const char *sql, uint64_t *ret_v)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(c->db, sql, -1, &st, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(st);
        *ret_v = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(st, 0) : 0;
    }
    sqlite3_finalize(st);
    return sq_err(c->db, rc, sql);
}

/* In one transaction, if it is still to be done: another process may have been faster. */
static spk_err
change_schema(struct sq_conn *c, const char *is_due, const char *sql)
{
    uint64_t due = 0;

    SPK_TRY(sq_exec(c, "BEGIN EXCLUSIVE"));
    spk_err e = pragma_u64(c, is_due, &due);
    if (spk_ok(e) && due != 0) {
        e = sq_exec(c, sql);
    }
    if (!spk_ok(e)) {
        (void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
        return e;
    }
    return sq_exec(c, "COMMIT");
}

struct schema {
    uint64_t version, application, tables;
};

static spk_err
read_schema(struct sq_conn *c, struct schema *ret_s)
{
    SPK_TRY(pragma_u64(c, "PRAGMA application_id", &ret_s->application));
    SPK_TRY(pragma_u64(c, "PRAGMA user_version", &ret_s->version));
    return pragma_u64(c, "SELECT count(*) FROM sqlite_schema", &ret_s->tables);
}

/* All of it as it stands at one moment: another process may be making the tables just now. */
static spk_err
look_at_schema(struct sq_conn *c, struct schema *ret_s)
{
    SPK_TRY(sq_exec(c, "BEGIN"));
    spk_err e = read_schema(c, ret_s);
    (void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
    return e;
}

/* SQLite does not wait for others with this one, whatever the timeout: it could wait for ever. */
static spk_err
use_wal(struct sq_conn *c)
{
    static const char sql[] = "PRAGMA journal_mode = WAL;";
    int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);

    for (int ms = 0; (rc & 0xff) == SQLITE_BUSY && ms < SQ_BUSY_MS; ms += WAL_RETRY_MS) {
        (void)sqlite3_sleep(WAL_RETRY_MS);
        rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
    }
    return sq_err(c->db, rc, sql);
}

/* Make the tables of a new file, bring those of an older version up to today's; refuse what is
 * not ours or is newer than we are. */
static spk_err
schema_ready(struct sq_conn *c, bool create)
{
    struct schema s = {0};

    SPK_TRY(look_at_schema(c, &s));
    if (s.tables == 0) {
        SPK_CHECK(create, FORMAT); /* one that was emptied is no new one */
        SPK_TRY(use_wal(c));
        return change_schema(c, "SELECT count(*) = 0 FROM sqlite_schema", sq_schema);
    }
    SPK_CHECK(s.application == SQ_APPLICATION_ID, FORMAT);
    SPK_CHECK(s.version >= 1 && s.version <= SPK_STORE_SCHEMA, VERSION);
    if (s.version == 1) {
        SPK_TRY(change_schema(c, "SELECT user_version = 1 FROM pragma_user_version", sq_from_1));
    }
    if (s.version <= 2) {
        SPK_TRY(change_schema(c, "SELECT user_version = 2 FROM pragma_user_version", sq_from_2));
    }
    if (s.version <= 3) {
        SPK_TRY(change_schema(c, "SELECT user_version = 3 FROM pragma_user_version", sq_from_3));
    }
    if (s.version <= 4) {
        SPK_TRY(change_schema(c, "SELECT user_version = 4 FROM pragma_user_version", sq_from_4));
    }
    return SPK_OK;
}

static spk_err
take_lock(struct sq *s)
{
    struct spk_buf b = SPK_BUF(4096);
    const char *path = NULL;
    spk_err e = spk_buf_printf(&b, "%s.lock", s->path);

    if (spk_ok(e)) {
        e = spk_buf_cstr(&b, &path);
    }
    if (spk_ok(e)) {
        s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        e = s->lock_fd < 0 ? spk_err_errno() : SPK_OK;
    }
    if (spk_ok(e) && flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        e = errno == EWOULDBLOCK ? SPK_ERR(BUSY) : spk_err_errno();
    }
    spk_buf_free(&b);
    return e;
}

/* The file exists with its final mode before SQLite opens it; its companions inherit the mode. */
static spk_err
find_file(const char *path, bool create)
{
    int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0);
    SPK_AUTO_FD int fd = open(path, flags, 0600);

    SPK_CHECK(fd >= 0 || create || errno != ENOENT, NOTFOUND);
    return fd < 0 ? spk_err_errno() : SPK_OK;
}

spk_err
sq_new_file(const char *path)
{
    SPK_AUTO_FD int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    return fd < 0 ? spk_err_errno() : SPK_OK;
}

static void
checkpoint_once(struct sq_conn *c, uint64_t limit)
{
    int frames = 0, done = 0;
    int rc = sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &done);

    if (rc == SQLITE_OK && frames > 0 && (uint64_t)frames * SQ_PAGE > limit) {
        /* long readers kept the log from starting over: wait for them once */
        rc = sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    if (rc != SQLITE_OK && rc != SQLITE_BUSY && rc != SQLITE_LOCKED) {
        (void)sq_err(c->db, rc, "checkpoint");
    }
}

static void *
checkpoint_main(void *arg)
{
    struct sq *s = arg;
    struct timespec until;
    bool stop = false;

    while (!stop) {
        clock_gettime(CLOCK_MONOTONIC, &until); /* a clock set back must not stop this */
        until.tv_nsec += SQ_CHECKPOINT_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_mutex_lock(&s->stop_lock);
        if (!s->stopping) {
            (void)pthread_cond_clockwait(&s->stop_cond, &s->stop_lock, CLOCK_MONOTONIC, &until);
        }
        stop = s->stopping;
        pthread_mutex_unlock(&s->stop_lock);
        if (!stop && atomic_exchange(&s->wal_dirty, false)) {
            checkpoint_once(&s->mover, s->wal_limit);
        }
    }
    return NULL;
}

static spk_err
open_readers(struct sq *s, unsigned n)
{
    SPK_CHECK(n >= 1 && n <= READERS_MAX, USAGE);
    s->readers = spk_calloc(n, sizeof(*s->readers));
    SPK_CHECK(s->readers != NULL, NOMEM);
    s->n_readers = n;
    for (unsigned i = 0; i < n; i++) {
        SPK_TRY(sq_conn_open(s->path, true, &s->readers[i]));
        s->readers[i].next = s->idle;
        s->idle = &s->readers[i];
    }
    return SPK_OK;
}

static void
sq_close(struct spk_store *base)
{
    struct sq *s = sq_of(base);

    if (s->checkpointing) {
        pthread_mutex_lock(&s->stop_lock);
        s->stopping = true;
        pthread_cond_signal(&s->stop_cond);
        pthread_mutex_unlock(&s->stop_lock);
        pthread_join(s->checkpointer, NULL);
    }
    for (unsigned i = 0; i < s->n_readers; i++) {
        sq_conn_close(&s->readers[i]);
    }
    sq_conn_close(&s->mover);
    sq_conn_close(&s->writer); /* the last one folds the log into the file */
    if (s->lock_fd >= 0) {
        close(s->lock_fd);
    }
    pthread_mutex_destroy(&s->write_lock);
    pthread_mutex_destroy(&s->pool_lock);
    pthread_mutex_destroy(&s->stop_lock);
    pthread_cond_destroy(&s->pool_free);
    pthread_cond_destroy(&s->stop_cond);
    spk_mem_free(s->readers);
    spk_mem_free(s->path);
    spk_mem_free(s);
}

static spk_err
fill(struct sq *s, const struct spk_store_cfg *cfg)
{
    s->path = spk_strdup(cfg->path);
    SPK_CHECK(s->path != NULL, NOMEM);
    s->wal_limit = cfg->wal_limit != 0 ? cfg->wal_limit : SQ_WAL_LIMIT;
    SPK_TRY(find_file(s->path, cfg->create));
    if (cfg->exclusive) {
        SPK_TRY(take_lock(s));
    }
    SPK_TRY(sq_conn_open(s->path, false, &s->writer));
    SPK_TRY(schema_ready(&s->writer, cfg->create));
    SPK_TRY(open_readers(s, cfg->readers));
    SPK_TRY(sq_conn_open(s->path, false, &s->mover));
    SPK_CHECK(pthread_create(&s->checkpointer, NULL, checkpoint_main, s) == 0, NOMEM);
    s->checkpointing = true;
    return SPK_OK;
}

static spk_err
sq_open(const struct spk_store_cfg *cfg, struct spk_store **ret_s)
{
    SPK_CHECK(cfg->path != NULL && sqlite3_threadsafe() != 0, USAGE);
    struct sq *s = spk_calloc(1, sizeof(*s));
    SPK_CHECK(s != NULL, NOMEM);
    s->lock_fd = -1;
    pthread_mutex_init(&s->write_lock, NULL);
    pthread_mutex_init(&s->pool_lock, NULL);
    pthread_mutex_init(&s->stop_lock, NULL);
    pthread_cond_init(&s->pool_free, NULL);
    pthread_cond_init(&s->stop_cond, NULL);
    atomic_init(&s->wal_dirty, true);
    spk_err e = fill(s, cfg);
    if (!spk_ok(e)) {
        sq_close(&s->base);
        return e;
    }
    *ret_s = &s->base;
    return SPK_OK;
}

bool
sq_in_tx(const struct sq *s)
{
    return tx_here == s;
}

struct sq_conn *
sq_get(struct sq *s)
{
    struct sq_conn *c = NULL;

    if (sq_in_tx(s)) {
        return &s->writer;
    }
    pthread_mutex_lock(&s->pool_lock);
    while (s->idle == NULL) {
        pthread_cond_wait(&s->pool_free, &s->pool_lock);
    }
    c = s->idle;
    s->idle = c->next;
    pthread_mutex_unlock(&s->pool_lock);
    return c;
}

void
sq_put(struct sq *s, struct sq_conn *c)
{
    if (c == &s->writer) {
        return;
    }
    pthread_mutex_lock(&s->pool_lock);
    c->next = s->idle;
    s->idle = c;
    pthread_cond_signal(&s->pool_free);
    pthread_mutex_unlock(&s->pool_lock);
}

static spk_err
sq_tx_begin(struct spk_store *base)
{
    struct sq *s = sq_of(base);

    SPK_CHECK(!sq_in_tx(s), USAGE);
    pthread_mutex_lock(&s->write_lock);
    spk_err e = sq_exec(&s->writer, "BEGIN IMMEDIATE");
    if (spk_ok(e)) {
        tx_here = s;
        /* read anew each time: the one truth about the next index is the table */
        e = sq_next_index(s, &s->next_index);
        if (!spk_ok(e)) {
            base->ops->rollback(base);
        }
        return e;
    }
    pthread_mutex_unlock(&s->write_lock);
    return e;
}

static void
sq_tx_rollback(struct spk_store *base)
{
    struct sq *s = sq_of(base);

    if (!sq_in_tx(s)) {
        return;
    }
    (void)sqlite3_exec(s->writer.db, "ROLLBACK", NULL, NULL, NULL);
    tx_here = NULL;
    pthread_mutex_unlock(&s->write_lock);
}

static spk_err
sq_tx_commit(struct spk_store *base)
{
    struct sq *s = sq_of(base);

    SPK_CHECK(sq_in_tx(s), USAGE);
    spk_err e = sq_exec(&s->writer, "COMMIT");
    if (!spk_ok(e)) {
        sq_tx_rollback(base);
        return e;
    }
    atomic_store(&s->wal_dirty, true);
    tx_here = NULL;
    pthread_mutex_unlock(&s->write_lock);
    return SPK_OK;
}

const struct spk_store_ops spk_store_sqlite = {
    .name = "sqlite",
    .open = sq_open,
    .close = sq_close,
    .begin = sq_tx_begin,
    .commit = sq_tx_commit,
    .rollback = sq_tx_rollback,
    .copy = sq_copy,
    .integrity = sq_integrity,
    .put_owner = sq_put_owner,
    .set_owner_state = sq_set_owner_state,
    .put_successor = sq_put_successor,
    .owner = sq_owner,
    .owners = sq_owners,
    .successors = sq_successors,
    .put_token = sq_put_token,
    .use_token = sq_use_token,
    .put_deposit = sq_put_deposit,
    .deposits = sq_deposits,
    .deposit_count = sq_deposit_count,
    .owner_deposits = sq_owner_deposits,
    .checked = sq_checked,
    .set_checked = sq_set_checked,
    .put_wrong = sq_put_wrong,
    .put_proof = sq_put_proof,
    .drop_proof = sq_drop_proof,
    .proofs_due = sq_proofs_due,
    .proof_sums = sq_proof_sums,
    .put_request = sq_put_request,
    .set_request = sq_set_request,
    .request = sq_request,
    .requests = sq_requests,
    .request_count = sq_request_count,
    .prune_requests = sq_prune_requests,
    .put_vote = sq_put_vote,
    .votes = sq_votes,
    .put_record = sq_put_record,
    .records = sq_records,
    .drop_record = sq_drop_record,
    .put_policy = sq_put_policy,
    .policies = sq_policies,
    .put_nonce = sq_put_nonce,
    .put_event = sq_put_event,
    .events = sq_events,
    .log_count = sq_log_count,
    .log_hashes = sq_log_hashes,
    .put_log_hash = sq_put_log_hash,
    .put_lost = sq_put_lost,
    .lost = sq_lost,
    .drop_log_hashes = sq_drop_log_hashes,
    .put_log_note = sq_put_log_note,
    .log_note = sq_log_note,
    .put_log_entry = sq_put_log_entry,
    .cut_log = sq_cut_log,
    .log_entries = sq_log_entries,
};
