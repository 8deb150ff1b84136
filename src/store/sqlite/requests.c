/* SPDX-License-Identifier: Apache-2.0 */
/* Recovery requests and the notes that came for them. */
#include "base/log.h"
#include "store/sqlite/sq.h"

spk_err
sq_put_request(struct spk_store *base, const struct spk_request_row *row)
{
    struct sq *s = sq_of(base);
    struct sq_use u = sq_begin_write(s, SQ_REQUEST_PUT);

    sq_hash(&u, &row->hash);
    sq_hash(&u, &row->owner);
    sq_hash(&u, &row->login);
    sq_hash(&u, &row->recipient);
    sq_u64(&u, row->owner_key);
    sq_u64(&u, row->stage);
    sq_u64(&u, row->state);
    sq_u64(&u, row->created);
    sq_u64(&u, row->opened);
    sq_u64(&u, row->due);
    sq_u64(&u, row->expires);
    sq_u64(&u, row->persons);
    sq_u64(&u, row->persons2);
    sq_u64(&u, row->needed);
    sq_u64(&u, row->released);
    sq_u64(&u, row->scope_end);
    sq_u64(&u, row->scope_count);
    sq_hash(&u, &row->scope_root);
    sq_blob(&u, row->record);
    sq_blob(&u, row->sig_sign);
    sq_blob(&u, row->sig_keyx);
    sq_blob(&u, row->serials);
    sq_blob(&u, row->successor);
    SPK_TRY(sq_run(&u));
    return sqlite3_changes(s->writer.db) == 1 ? SPK_OK : SPK_ERR(EXISTS);
}

spk_err
sq_set_request(struct spk_store *base, const struct spk_request_row *row)
{
    struct sq *s = sq_of(base);
    struct sq_use u = sq_begin_write(s, SQ_REQUEST_SET);

    sq_u64(&u, row->owner_key);
    sq_u64(&u, row->stage);
    sq_u64(&u, row->state);
    sq_u64(&u, row->opened);
    sq_u64(&u, row->due);
    sq_u64(&u, row->expires);
    sq_u64(&u, row->persons);
    sq_u64(&u, row->persons2);
    sq_u64(&u, row->needed);
    sq_u64(&u, row->released);
    sq_u64(&u, row->scope_end);
    sq_u64(&u, row->scope_count);
    sq_hash(&u, &row->scope_root);
    sq_blob(&u, row->successor);
    sq_u64(&u, row->key);
    SPK_TRY(sq_run(&u));
    return sqlite3_changes(s->writer.db) == 1 ? SPK_OK : SPK_ERR(NOTFOUND);
}

static void
read_request(struct sq_use *u, struct spk_request_row *row)
{
    row->key = sq_col_u64(u, 0);
    sq_col_fixed(u, 1, row->hash.b, SPK_HASH_LEN);
    sq_col_fixed(u, 2, row->owner.b, SPK_HASH_LEN);
    sq_col_fixed(u, 3, row->login.b, SPK_HASH_LEN);
    sq_col_fixed(u, 4, row->recipient.b, SPK_HASH_LEN);
    row->owner_key = sq_col_u64(u, 5);
    row->stage = (uint32_t)sq_col_u64(u, 6);
    row->state = (uint32_t)sq_col_u64(u, 7);
    row->created = sq_col_u64(u, 8);
    row->opened = sq_col_u64(u, 9);
    row->due = sq_col_u64(u, 10);
    row->expires = sq_col_u64(u, 11);
    row->persons = sq_col_u64(u, 12);
    row->persons2 = sq_col_u64(u, 13);
    row->needed = sq_col_u64(u, 14);
    row->released = sq_col_u64(u, 15);
    row->scope_end = sq_col_u64(u, 16);
    row->scope_count = sq_col_u64(u, 17);
    sq_col_fixed(u, 18, row->scope_root.b, SPK_HASH_LEN);
    row->record = sq_col_span(u, 19);
    row->sig_sign = sq_col_span(u, 20);
    row->sig_keyx = sq_col_span(u, 21);
    row->serials = sq_col_span(u, 22);
    row->successor = sq_col_span(u, 23);
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
