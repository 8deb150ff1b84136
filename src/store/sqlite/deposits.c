/* SPDX-License-Identifier: Apache-2.0 */
/* Deposits: append only, with the dense index as the key. */
#include <string.h>

#include "store/sqlite/sq_tables.h"

#define CHECKED_NAME "checked"

spk_err
sq_next_index(struct sq *s, uint64_t *ret_n)
{
    struct sq_use u = sq_begin(s, SQ_DEPOSIT_NEXT);
    uint64_t n = 0;

    if (sq_step(&u)) {
        n = sq_col_u64(&u, 0);
    }
    SPK_TRY(sq_end(&u));
    *ret_n = n;
    return SPK_OK;
}

struct standing { /* what is there under the same owner, serial and epoch */
    struct spk_put_result r;
    uint64_t again;
    bool wrong;
    bool altered;
};

static spk_err
find_standing(struct sq *s, const struct spk_deposit_row *row, struct standing *ret_st)
{
    struct sq_use u = sq_begin_write(s, SQ_DEPOSIT_STANDS);
    struct standing st = {.r.what = SPK_PUT_CONFLICT};
    struct spk_hash p = {0};
    bool found = false;

    sq_u64(&u, row->owner_key);
    sq_blob(&u, spk_span(row->serial.b, SPK_FILE_ID_LEN));
    sq_u64(&u, row->epoch);
    if (sq_step(&u)) {
        found = true;
        st.r.index = sq_col_u64(&u, 0);
        st.r.time_ms = sq_col_u64(&u, 1);
        st.again = sq_col_u64(&u, 4);
        st.wrong = sq_col_u64(&u, 5) != 0;
        /* a P that does not fit is that of no deposit, so it is not the same */
        if (sq_col_fit(&u, 3, p.b, SPK_HASH_LEN) &&
            spk_deposit_row_same(sq_col_span(&u, 2), &p, row->rpub, &row->p)) {
            st.r.what = SPK_PUT_DUPLICATE;
        }
    }
    SPK_TRY(sq_end(&u));
    SPK_CHECK(found, CHANGED);
    *ret_st = st;
    return SPK_OK;
}

/* The small columns, which are all that a search looks at.  A hash or serial of a wrong length is
 * handed over as zeros: one row that somebody spoiled must not hide the others, and
 * spk_deposit_row_verify() finds it. */
static void
read_head(struct sq_use *u, struct spk_deposit_row *row)
{
    uint64_t proof = sq_col_u64(u, 17); /* its time + 1 */

    row->index = sq_col_u64(u, 0);
    row->owner_key = sq_col_u64(u, 1);
    row->epoch = (uint32_t)sq_col_u64(u, 3);
    row->policy = (uint32_t)sq_col_u64(u, 4);
    row->time_ms = sq_col_u64(u, 5);
    (void)sq_col_fit(u, 6, row->serial.b, SPK_FILE_ID_LEN);
    row->description = sq_col_span(u, 7);
    if (sq_col_u64(u, 11) != 0) {
        row->state = SPK_DEPOSIT_WRONG;
    } else {
        row->state = proof != 0 ? SPK_DEPOSIT_CHECKED : SPK_DEPOSIT_ACCEPTED;
        row->proven = proof != 0 ? proof - 1 : 0;
    }
}

static void
read_rest(struct sq_use *u, struct spk_deposit_row *row)
{
    (void)sq_col_fit(u, 2, row->owner.b, SPK_HASH_LEN);
    (void)sq_col_fit(u, 8, row->oc.b, SPK_HASH_LEN);
    (void)sq_col_fit(u, 9, row->leaf.b, SPK_HASH_LEN);
    (void)sq_col_fit(u, 10, row->p.b, SPK_HASH_LEN);
    row->rpub = sq_col_span(u, 12);
    row->salt = sq_col_span(u, 13);
    row->rpriv = sq_col_span(u, 14);
    row->sealed = sq_col_span(u, 15);
    row->blob = sq_col_span(u, 16);
}

/* A row that was altered is no reason to turn the true one away: nothing in it counts any more. */
static spk_err
look_altered(struct sq *s, struct standing *st)
{
    struct sq_use u = sq_begin_write(s, SQ_DEPOSITS_ALL);

    sq_u64(&u, st->r.index);
    sq_u64(&u, st->r.index + 1);
    while (sq_step(&u)) {
        struct spk_deposit_row row = {0};

        read_head(&u, &row);
        read_rest(&u, &row);
        st->altered = spk_deposit_row_verify(&row).code == SPK_CODE_CHANGED;
    }
    return sq_end(&u);
}

/* *ret_new is false when there is such a row. */
static spk_err
insert(struct sq *s, const struct spk_deposit_row *row, uint64_t again, bool *ret_new)
{
    struct sq_use u = sq_begin_write(s, SQ_DEPOSIT_PUT);

    sq_u64(&u, s->next_index);
    sq_u64(&u, row->owner_key);
    sq_u64(&u, row->epoch);
    sq_u64(&u, row->policy);
    sq_u64(&u, row->time_ms);
    sq_blob(&u, spk_span(row->serial.b, SPK_FILE_ID_LEN));
    sq_text(&u, row->description);
    sq_hash(&u, &row->oc);
    sq_hash(&u, &row->leaf);
    sq_hash(&u, &row->p);
    sq_blob(&u, row->rpub);
    sq_blob(&u, row->salt);
    sq_blob(&u, row->rpriv);
    sq_blob(&u, row->sealed);
    sq_blob(&u, row->blob);
    sq_u64(&u, again);
    SPK_TRY(sq_run(&u));
    *ret_new = sqlite3_changes(s->writer.db) != 0;
    return SPK_OK;
}

spk_err
sq_put_deposit(struct spk_store *base, const struct spk_deposit_row *row,
               struct spk_put_result *ret_r)
{
    struct sq *s = sq_of(base);
    struct standing st;
    bool is_new = false;

    SPK_TRY(insert(s, row, 0, &is_new));
    if (!is_new) {
        SPK_TRY(find_standing(s, row, &st));
        SPK_TRY(look_altered(s, &st));
        if (!st.altered && (st.r.what == SPK_PUT_DUPLICATE || !st.wrong)) {
            *ret_r = st.r;
            return SPK_OK;
        }
        SPK_TRY(insert(s, row, st.again + 1, &is_new));
        SPK_CHECK(is_new, CHANGED);
    }
    *ret_r = (struct spk_put_result){SPK_PUT_NEW, s->next_index, row->time_ms};
    s->next_index++;
    return SPK_OK;
}

static struct sq_use
begin_query(struct sq *s, const struct spk_deposit_query *q)
{
    enum sq_sql id = SQ_DEPOSITS_ALL;

    if (q->owner_key != 0) {
        id = q->serial != NULL ? SQ_DEPOSITS_SERIAL : SQ_DEPOSITS_OWNER;
    }
    struct sq_use u = sq_begin(s, id);
    uint64_t end = q->end != 0 ? q->end : INT64_MAX;
    sq_u64(&u, q->from > INT64_MAX ? INT64_MAX : q->from);
    sq_u64(&u, end > INT64_MAX ? INT64_MAX : end);
    if (q->owner_key != 0) {
        sq_u64(&u, q->owner_key);
        if (q->serial != NULL) {
            sq_blob(&u, spk_span(q->serial->b, SPK_FILE_ID_LEN));
        }
    }
    return u;
}

spk_err
sq_deposits(struct spk_store *base, const struct spk_deposit_query *q, spk_deposit_fn fn, void *arg,
            struct spk_deposit_page *ret_page)
{
    struct sq *s = sq_of(base);
    struct spk_deposit_page page = {0};
    uint64_t seen = 0;
    struct sq_use u = begin_query(s, q);
    while (sq_step(&u)) {
        struct spk_deposit_row row = {0};
        if (page.rows == q->limit || (q->scan != 0 && seen == q->scan)) {
            page.more = true;
            page.next = sq_col_u64(&u, 0);
            break;
        }
        seen++;
        read_head(&u, &row);
        if (!spk_deposit_row_fits(&row, q)) {
            continue;
        }
        read_rest(&u, &row);
        if (spk_ok(u.visit)) {
            u.visit = fn(arg, &row);
        }
        page.rows++;
    }
    SPK_TRY(sq_end(&u));
    *ret_page = page;
    return SPK_OK;
}

spk_err
sq_deposit_count(struct spk_store *base, uint64_t *ret_n)
{
    return sq_next_index(sq_of(base), ret_n);
}

static spk_err
one_u64(struct sq_use *u, uint64_t *ret_n)
{
    uint64_t n = 0;

    if (sq_step(u)) {
        n = sq_col_u64(u, 0);
    }
    SPK_TRY(sq_end(u));
    *ret_n = n;
    return SPK_OK;
}

spk_err
sq_owner_deposits(struct spk_store *base, uint64_t owner_key, uint64_t *ret_n)
{
    struct sq_use u = sq_begin(sq_of(base), SQ_DEPOSIT_COUNT);

    sq_u64(&u, owner_key);
    return one_u64(&u, ret_n);
}

spk_err
sq_checked(struct spk_store *base, uint64_t *ret_n)
{
    struct sq_use u = sq_begin(sq_of(base), SQ_COUNTER_GET);

    sq_text(&u, SPK_SPAN_LIT(CHECKED_NAME));
    return one_u64(&u, ret_n);
}

spk_err
sq_set_checked(struct spk_store *base, uint64_t n)
{
    struct sq_use u = sq_begin_write(sq_of(base), SQ_COUNTER_SET);

    sq_text(&u, SPK_SPAN_LIT(CHECKED_NAME));
    sq_u64(&u, n);
    return sq_run(&u);
}

spk_err
sq_put_wrong(struct spk_store *base, uint64_t index)
{
    struct sq_use u = sq_begin_write(sq_of(base), SQ_WRONG_PUT);

    sq_u64(&u, index);
    SPK_TRY(sq_run(&u));
    return sq_drop_proof(base, index);
}
