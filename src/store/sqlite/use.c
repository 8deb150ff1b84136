/* SPDX-License-Identifier: Apache-2.0 */
/* One use of a prepared statement from begin to end. */
#include <errno.h>

#include "base/log.h"
#include "store/sqlite/sq.h"

static spk_err
as_err(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return SPK_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return SPK_ERR(BUSY);
    case SQLITE_NOMEM:
        return SPK_ERR(NOMEM);
    case SQLITE_CONSTRAINT:
        return SPK_ERR(EXISTS);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return SPK_ERR(FORMAT);
    case SQLITE_FULL:
        return (spk_err){SPK_CODE_IO, ENOSPC};
    case SQLITE_READONLY:
        return (spk_err){SPK_CODE_IO, EROFS};
    default:
        return (spk_err){SPK_CODE_IO, EIO};
    }
}

spk_err
sq_err(sqlite3 *db, int rc, const char *what)
{
    spk_err e = as_err(rc);

    if (!spk_ok(e)) {
        spk_log(SPK_LOG_ERROR, "database: %.60s: %s (%d)", what,
                db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc),
                db != NULL ? sqlite3_extended_errcode(db) : rc);
    }
    return e;
}

static struct sq_use
begin_on(struct sq *s, struct sq_conn *c, enum sq_sql id)
{
    struct sq_use u = {.s = s, .c = c, .what = sq_sql[id], .rc = SQLITE_OK, .visit = SPK_OK};

    if (c->st[id] == NULL) {
        u.rc =
            sqlite3_prepare_v3(c->db, sq_sql[id], -1, SQLITE_PREPARE_PERSISTENT, &c->st[id], NULL);
    }
    u.st = c->st[id];
    return u;
}

struct sq_use
sq_begin(struct sq *s, enum sq_sql id)
{
    return begin_on(s, sq_get(s), id);
}

struct sq_use
sq_begin_write(struct sq *s, enum sq_sql id)
{
    struct sq_use u = {.s = s, .c = NULL, .rc = SQLITE_MISUSE, .what = sq_sql[id]};

    return sq_in_tx(s) ? begin_on(s, &s->writer, id) : u;
}

void
sq_u64(struct sq_use *u, uint64_t v)
{
    u->n++;
    if (u->rc == SQLITE_OK) {
        u->rc = v > (uint64_t)INT64_MAX ? SQLITE_TOOBIG
                                        : sqlite3_bind_int64(u->st, u->n, (sqlite3_int64)v);
    }
}

void
sq_blob(struct sq_use *u, struct spk_span v)
{
    /* a NULL pointer would bind NULL: an empty value is a value of length 0 */
    const void *p = v.len == 0 ? "" : (const void *)v.ptr;

    u->n++;
    if (u->rc == SQLITE_OK) {
        u->rc = sqlite3_bind_blob64(u->st, u->n, p, v.len, SQLITE_STATIC);
    }
}

void
sq_text(struct sq_use *u, struct spk_span v)
{
    const char *p = v.len == 0 ? "" : (const char *)v.ptr;

    u->n++;
    if (u->rc == SQLITE_OK) {
        u->rc = sqlite3_bind_text64(u->st, u->n, p, v.len, SQLITE_STATIC, SQLITE_UTF8);
    }
}

void
sq_hash(struct sq_use *u, const struct spk_hash *h)
{
    if (h != NULL) {
        sq_blob(u, spk_hash_span(h));
        return;
    }
    u->n++;
    if (u->rc == SQLITE_OK) {
        u->rc = sqlite3_bind_null(u->st, u->n);
    }
}

bool
sq_step(struct sq_use *u)
{
    if ((u->rc != SQLITE_OK && u->rc != SQLITE_ROW) || !spk_ok(u->visit)) {
        return false;
    }
    u->rc = sqlite3_step(u->st);
    return u->rc == SQLITE_ROW;
}

spk_err
sq_end(struct sq_use *u)
{
    spk_err e = u->visit;

    if (spk_ok(e)) {
        e = sq_err(u->c != NULL ? u->c->db : NULL, u->rc, u->what);
    }
    if (u->st != NULL) {
        sqlite3_reset(u->st);
        sqlite3_clear_bindings(u->st);
    }
    if (u->c != NULL) {
        sq_put(u->s, u->c);
    }
    return e;
}

spk_err
sq_run(struct sq_use *u)
{
    sq_step(u);
    return sq_end(u);
}

uint64_t
sq_col_u64(struct sq_use *u, int col)
{
    sqlite3_int64 v = sqlite3_column_int64(u->st, col);

    return v < 0 ? 0 : (uint64_t)v;
}

struct spk_span
sq_col_span(struct sq_use *u, int col)
{
    const void *p = sqlite3_column_blob(u->st, col);
    int n = sqlite3_column_bytes(u->st, col);

    return p == NULL || n <= 0 ? SPK_SPAN_EMPTY : spk_span(p, (size_t)n);
}

bool
sq_col_fit(struct sq_use *u, int col, void *ret, size_t len)
{
    struct spk_span v = sq_col_span(u, col);
    uint8_t *dst = ret;

    for (size_t i = 0; i < len; i++) {
        dst[i] = v.len == len ? v.ptr[i] : 0;
    }
    return v.len == len;
}

void
sq_col_fixed(struct sq_use *u, int col, void *ret, size_t len)
{
    if (!sq_col_fit(u, col, ret, len) && spk_ok(u->visit)) {
        u->visit = SPK_ERR(CHANGED);
    }
}

spk_err
sq_walk_notes(struct sq_use *u, spk_note_fn fn, void *arg)
{
    while (sq_step(u)) {
        u->visit = fn(arg, sq_col_u64(u, 0), sq_col_span(u, 1));
    }
    return sq_end(u);
}
