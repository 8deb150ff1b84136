/* SPDX-License-Identifier: Apache-2.0 */
/* Owners, their login keys and successor notes, enrolment tokens. */
#include "store/sqlite/sq_tables.h"

/* The owner that a login key is or was of. */
static spk_err
login_get(struct sq *s, const struct spk_hash *login, uint64_t *ret_owner, bool *ret_current)
{
    struct sq_use u = sq_begin(s, SQ_LOGIN_GET);
    bool found = false;

    sq_hash(&u, login);
    if (sq_step(&u)) {
        found = true;
        *ret_owner = sq_col_u64(&u, 0);
        *ret_current = sq_col_u64(&u, 1) != 0;
    }
    SPK_TRY(sq_end(&u));
    return found ? SPK_OK : SPK_ERR(NOTFOUND);
}

static spk_err
login_put(struct sq *s, const struct spk_hash *login, uint64_t owner)
{
    struct sq_use u = sq_begin_write(s, SQ_LOGIN_PUT);

    sq_hash(&u, login);
    sq_u64(&u, owner);
    return sq_run(&u);
}

spk_err
sq_put_owner(struct spk_store *base, const struct spk_owner_row *row, uint64_t *ret_key)
{
    struct sq *s = sq_of(base);
    uint64_t other = 0;
    bool current = false;
    struct sq_use have = sq_begin(s, SQ_OWNER_BY_ID);

    sq_hash(&have, &row->owner);
    bool exists = sq_step(&have);
    SPK_TRY(sq_end(&have));
    SPK_CHECK(!exists, EXISTS);
    spk_err e = login_get(s, &row->login, &other, &current);
    SPK_CHECK(!spk_ok(e), DENIED);
    if (e.code != SPK_CODE_NOTFOUND) {
        return e;
    }
    struct sq_use u = sq_begin_write(s, SQ_OWNER_PUT);
    sq_hash(&u, &row->owner);
    sq_hash(&u, &row->login);
    sq_u64(&u, row->state);
    sq_u64(&u, row->time_ms);
    sq_text(&u, row->name);
    sq_blob(&u, row->record);
    sq_blob(&u, row->signature);
    SPK_TRY(sq_run(&u));
    uint64_t key = (uint64_t)sqlite3_last_insert_rowid(s->writer.db);
    SPK_TRY(login_put(s, &row->login, key));
    *ret_key = key;
    return SPK_OK;
}

spk_err
sq_set_owner_state(struct spk_store *base, uint64_t key, uint32_t state)
{
    struct sq *s = sq_of(base);
    struct sq_use u = sq_begin_write(s, SQ_OWNER_STATE);

    sq_u64(&u, state);
    sq_u64(&u, key);
    SPK_TRY(sq_run(&u));
    return sqlite3_changes(s->writer.db) == 1 ? SPK_OK : SPK_ERR(NOTFOUND);
}

/* SPK_CODE_NOTFOUND: no such note yet; SPK_OK: the same; SPK_CODE_EXISTS: another. */
static spk_err
note_same(struct sq_use *u, struct spk_span note)
{
    bool found = sq_step(u);
    bool same = found && spk_span_eq(sq_col_span(u, 0), note);

    SPK_TRY(sq_end(u));
    SPK_CHECK(found, NOTFOUND);
    return same ? SPK_OK : SPK_ERR(EXISTS);
}

static spk_err
successor_count(struct sq *s, uint64_t key, uint64_t *ret_n)
{
    struct sq_use u = sq_begin(s, SQ_OWNER_BY_KEY);
    bool found = false;

    sq_u64(&u, key);
    if (sq_step(&u)) {
        found = true;
        *ret_n = sq_col_u64(&u, 4);
    }
    SPK_TRY(sq_end(&u));
    return found ? SPK_OK : SPK_ERR(NOTFOUND);
}

static spk_err
replace_login(struct sq *s, uint64_t key, uint32_t number, const struct spk_hash *login)
{
    uint64_t other = 0;
    bool current = false;
    spk_err e = login_get(s, login, &other, &current);

    SPK_CHECK(!spk_ok(e), DENIED); /* a key that is or was somebody's */
    if (e.code != SPK_CODE_NOTFOUND) {
        return e;
    }
    struct sq_use end = sq_begin_write(s, SQ_LOGIN_END);
    sq_u64(&end, key);
    SPK_TRY(sq_run(&end));
    SPK_TRY(login_put(s, login, key));
    struct sq_use u = sq_begin_write(s, SQ_OWNER_SUCCEEDED);
    sq_u64(&u, number);
    sq_hash(&u, login);
    sq_u64(&u, key);
    return sq_run(&u);
}

spk_err
sq_put_successor(struct spk_store *base, uint64_t key, uint32_t number,
                 const struct spk_hash *login, struct spk_span note)
{
    struct sq *s = sq_of(base);
    uint64_t have = 0;

    SPK_TRY(successor_count(s, key, &have));
    struct sq_use old = sq_begin(s, SQ_SUCCESSOR_GET);
    sq_u64(&old, key);
    sq_u64(&old, number);
    spk_err e = note_same(&old, note);
    if (e.code != SPK_CODE_NOTFOUND) {
        return e;
    }
    SPK_CHECK(number == have + 1, FORMAT);
    SPK_TRY(replace_login(s, key, number, login));
    struct sq_use u = sq_begin_write(s, SQ_SUCCESSOR_PUT);
    sq_u64(&u, key);
    sq_u64(&u, number);
    sq_blob(&u, note);
    return sq_run(&u);
}

static void
read_owner(struct sq_use *u, struct spk_owner_row *ret_row)
{
    /* a hash that does not fit is no hash of anything: one spoilt row stops nobody else's work */
    ret_row->key = sq_col_u64(u, 0);
    (void)sq_col_fit(u, 1, ret_row->owner.b, SPK_HASH_LEN);
    (void)sq_col_fit(u, 2, ret_row->login.b, SPK_HASH_LEN);
    ret_row->state = (uint32_t)sq_col_u64(u, 3);
    ret_row->successors = (uint32_t)sq_col_u64(u, 4);
    ret_row->time_ms = sq_col_u64(u, 5);
    ret_row->name = sq_col_span(u, 6);
    ret_row->record = sq_col_span(u, 7);
    ret_row->signature = sq_col_span(u, 8);
    ret_row->successor = sq_col_span(u, 9);
}

spk_err
sq_owner(struct spk_store *base, const struct spk_hash *owner, const struct spk_hash *login,
         spk_owner_fn fn, void *arg)
{
    struct sq *s = sq_of(base);
    struct spk_owner_row row = {0};
    uint64_t key = 0;
    bool current = true, found = false;

    if (login != NULL) {
        SPK_TRY(login_get(s, login, &key, &current));
        SPK_CHECK(current, CHANGED);
    }
    struct sq_use u = sq_begin(s, login != NULL ? SQ_OWNER_BY_KEY : SQ_OWNER_BY_ID);
    if (login != NULL) {
        sq_u64(&u, key);
    } else {
        sq_hash(&u, owner);
    }
    if (sq_step(&u)) {
        found = true;
        read_owner(&u, &row);
        if (spk_ok(u.visit)) {
            u.visit = fn(arg, &row);
        }
    }
    SPK_TRY(sq_end(&u));
    return found ? SPK_OK : SPK_ERR(NOTFOUND);
}

spk_err
sq_owners(struct spk_store *base, const struct spk_owner_query *q, spk_owner_fn fn, void *arg)
{
    struct sq_use u = sq_begin(sq_of(base), SQ_OWNERS);
    uint64_t n = 0;

    sq_u64(&u, q->after_key);
    while (n < q->limit && sq_step(&u)) {
        struct spk_owner_row row = {0};
        if ((q->state != 0 && sq_col_u64(&u, 3) != q->state) ||
            !spk_name_fits(sq_col_span(&u, 6), q->name)) {
            continue;
        }
        read_owner(&u, &row);
        if (spk_ok(u.visit)) {
            u.visit = fn(arg, &row);
        }
        n++;
    }
    return sq_end(&u);
}

spk_err
sq_successors(struct spk_store *base, uint64_t key, spk_note_fn fn, void *arg)
{
    struct sq_use u = sq_begin(sq_of(base), SQ_SUCCESSORS);

    sq_u64(&u, key);
    return sq_walk_notes(&u, fn, arg);
}

spk_err
sq_put_token(struct spk_store *base, const struct spk_hash *token, uint64_t expires, uint32_t uses)
{
    struct sq *s = sq_of(base);
    struct sq_use u = sq_begin_write(s, SQ_TOKEN_PUT);

    sq_hash(&u, token);
    sq_u64(&u, expires);
    sq_u64(&u, uses);
    SPK_TRY(sq_run(&u));
    return sqlite3_changes(s->writer.db) == 1 ? SPK_OK : SPK_ERR(EXISTS);
}

spk_err
sq_use_token(struct spk_store *base, const struct spk_hash *token, uint64_t now)
{
    struct sq *s = sq_of(base);
    struct sq_use u = sq_begin_write(s, SQ_TOKEN_USE);

    sq_hash(&u, token);
    sq_u64(&u, now);
    SPK_TRY(sq_run(&u));
    return sqlite3_changes(s->writer.db) == 1 ? SPK_OK : SPK_ERR(DENIED);
}
