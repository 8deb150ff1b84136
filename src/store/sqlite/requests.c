/* SPDX-License-Identifier: Apache-2.0 */
/* Recovery requests and the notes that came for them. */
#include "base/log.h"
#include "store/sqlite/request_cols.h"
#include "store/sqlite/sq_tables.h"
#include "wire/frame.h"

#define BIND_u64(v) sq_u64(&u, v)
#define BIND_u32(v) sq_u64(&u, v)
#define BIND_hash(v) sq_hash(&u, &(v))
#define BIND_blob(v) sq_blob(&u, v)
#define BIND(name, kind) BIND_##kind(row->name);

#define READ_u64(v) (v) = sq_col_u64(u, col++)
#define READ_u32(v) (v) = (uint32_t)sq_col_u64(u, col++)
#define READ_hash(v) sq_col_fixed(u, col++, (v).b, SPK_HASH_LEN)
#define READ_blob(v) (v) = sq_col_span(u, col++)
#define READ(name, kind) READ_##kind(row->name);

spk_err
sq_put_request(struct spk_store *base, const struct spk_request_row *row)
{
    struct sq *s = sq_of(base);
    struct sq_use u = sq_begin_write(s, SQ_REQUEST_PUT);

    SQ_REQUEST_FIXED(BIND)
    SQ_REQUEST_MOVING(BIND)
    SPK_TRY(sq_run(&u));
    return sqlite3_changes(s->writer.db) == 1 ? SPK_OK : SPK_ERR(EXISTS);
}

spk_err
sq_set_request(struct spk_store *base, const struct spk_request_row *row)
{
    struct sq *s = sq_of(base);
    struct sq_use u = sq_begin_write(s, SQ_REQUEST_SET);

    SQ_REQUEST_MOVING(BIND)
    sq_u64(&u, row->key);
    SPK_TRY(sq_run(&u));
    return sqlite3_changes(s->writer.db) == 1 ? SPK_OK : SPK_ERR(NOTFOUND);
}

static void
read_request(struct sq_use *u, struct spk_request_row *row)
{
    int col = 0;

    row->key = sq_col_u64(u, col++);
    SQ_REQUEST_FIXED(READ)
    SQ_REQUEST_MOVING(READ)
}

spk_err
sq_request(struct spk_store *base, const struct spk_hash *hash, spk_request_fn fn, void *arg)
{
    struct sq_use u = sq_begin(sq_of(base), SQ_REQUEST_GET);
    bool found = false;

    sq_hash(&u, hash);
    if (sq_step(&u)) {
        struct spk_request_row row = {0};
        found = true;
        read_request(&u, &row);
        if (spk_ok(u.visit)) {
            u.visit = fn(arg, &row);
        }
    }
    SPK_TRY(sq_end(&u));
    return found ? SPK_OK : SPK_ERR(NOTFOUND);
}

spk_err
sq_requests(struct spk_store *base, const struct spk_request_query *q, spk_request_fn fn, void *arg)
{
    struct sq_use u = sq_begin(sq_of(base), q->newest ? SQ_REQUESTS_NEWEST : SQ_REQUESTS);

    sq_u64(&u, q->after_key);
    sq_hash(&u, q->owner);
    sq_u64(&u, q->stage);
    sq_u64(&u, q->state);
    sq_u64(&u, q->created_from);
    sq_u64(&u, q->limit > INT64_MAX ? INT64_MAX : q->limit);
    sq_u64(&u, q->before_key);
    while (sq_step(&u)) {
        struct spk_request_row row = {0};
        read_request(&u, &row);
        if (!spk_ok(u.visit)) { /* the other requests must not wait for somebody to repair it */
            spk_log(SPK_LOG_ERROR, "request in row %llu was altered in the database",
                    (unsigned long long)row.key);
            u.visit = SPK_OK;
            continue;
        }
        u.visit = fn(arg, &row);
    }
    return sq_end(&u);
}

spk_err
sq_request_count(struct spk_store *base, const struct spk_hash *owner, uint64_t created_from,
                 uint64_t *ret_n)
{
    struct sq_use u = sq_begin(sq_of(base), SQ_REQUEST_COUNT);
    uint64_t n = 0;

    sq_hash(&u, owner);
    sq_u64(&u, created_from);
    if (sq_step(&u)) {
        n = sq_col_u64(&u, 0);
    }
    SPK_TRY(sq_end(&u));
    *ret_n = n;
    return SPK_OK;
}

/* How many rows the statement has removed is added to *n. */
static spk_err
run_prune(struct sq_use *u, uint64_t *n)
{
    struct sq *s = u->s;

    SPK_TRY(sq_run(u));
    *n += (uint64_t)sqlite3_changes(s->writer.db);
    return SPK_OK;
}

spk_err
sq_prune_requests(struct spk_store *base, const struct spk_request_prune *p, uint64_t *ret_n)
{
    struct sq *s = sq_of(base);
    uint64_t n = 0;
    struct sq_use old = sq_begin_write(s, SQ_REQUEST_PRUNE);

    sq_u64(&old, p->created_before);
    sq_u64(&old, p->expired_before);
    sq_u64(&old, SPK_STATE_OPEN);
    sq_u64(&old, SPK_STATE_EXPIRED);
    sq_u64(&old, SPK_PRUNE_MAX);
    SPK_TRY(run_prune(&old, &n));
    struct sq_use unknown = sq_begin_write(s, SQ_REQUEST_PRUNE_UNKNOWN);
    sq_u64(&unknown, SPK_STAGE_UNKNOWN);
    sq_u64(&unknown, SPK_PRUNE_MAX);
    sq_u64(&unknown, p->unknown_max);
    SPK_TRY(run_prune(&unknown, &n));
    struct sq_use slim = sq_begin_write(s, SQ_REQUEST_SLIM);
    sq_u64(&slim, SPK_STAGE_UNKNOWN);
    SPK_TRY(sq_run(&slim));
    *ret_n = n;
    return SPK_OK;
}

spk_err
sq_put_vote(struct spk_store *base, uint64_t request_key, uint64_t time, struct spk_span note)
{
    struct sq_use u = sq_begin_write(sq_of(base), SQ_VOTE_PUT);

    sq_u64(&u, request_key);
    sq_u64(&u, time);
    sq_blob(&u, note);
    return sq_run(&u);
}

spk_err
sq_votes(struct spk_store *base, uint64_t request_key, spk_note_fn fn, void *arg)
{
    struct sq_use u = sq_begin(sq_of(base), SQ_VOTES);

    sq_u64(&u, request_key);
    return sq_walk_notes(&u, fn, arg);
}
