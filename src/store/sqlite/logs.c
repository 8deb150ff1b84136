/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, checkpoints and entries of the logs. */
#include "store/sqlite/sq_tables.h"

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
sq_log_count(struct spk_store *base, enum spk_log_id log, unsigned level, uint64_t *ret_n)
{
    struct sq_use u = sq_begin(sq_of(base), level == 0 ? SQ_LOG_ENTRY_NEXT : SQ_LOG_COUNT);

    if (level > 0) {
        sq_u64(&u, (uint64_t)log);
        sq_u64(&u, level);
    }
    return one_u64(&u, ret_n);
}

static struct sq_use
begin_hashes(struct sq *s, enum spk_log_id log, unsigned level)
{
    struct sq_use u;

    if (level == 0) {
        return sq_begin(s, log == SPK_LOG_DEPOSITS ? SQ_LOG_LEAVES_D : SQ_LOG_LEAVES_R);
    }
    u = sq_begin(s, SQ_LOG_HASHES);
    sq_u64(&u, (uint64_t)log);
    sq_u64(&u, level);
    return u;
}

spk_err
sq_log_hashes(struct spk_store *base, enum spk_log_id log, unsigned level, uint64_t from,
              size_t max, struct spk_log_hashes *ret_l)
{
    struct sq_use u = begin_hashes(sq_of(base), log, level);
    size_t n = 0;

    sq_u64(&u, from);
    sq_u64(&u, max);
    while (sq_step(&u)) {
        if (sq_col_u64(&u, 0) != from + n) {
            u.visit = SPK_ERR(CHANGED);
            break;
        }
        sq_col_fixed(&u, 1, ret_l->h[n].b, SPK_HASH_LEN);
        n++;
    }
    SPK_TRY(sq_end(&u));
    ret_l->n = n;
    return SPK_OK;
}

spk_err
sq_put_log_hash(struct spk_store *base, enum spk_log_id log, unsigned level, uint64_t index,
                const struct spk_hash *h)
{
    struct sq_use u = sq_begin_write(sq_of(base), SQ_LOG_HASH_PUT);

    sq_u64(&u, (uint64_t)log);
    sq_u64(&u, level);
    sq_u64(&u, index);
    sq_hash(&u, h);
    return sq_run(&u);
}

spk_err
sq_put_lost(struct spk_store *base, const struct spk_lost_entry *l)
{
    struct sq *s = sq_of(base);
    struct sq_use u = sq_begin_write(s, SQ_LOST_PUT);

    sq_u64(&u, s->next_index);
    sq_blob(&u, SPK_SPAN_OF(l->entry));
    sq_hash(&u, &l->leaf);
    SPK_TRY(sq_run(&u));
    s->next_index++;
    return SPK_OK;
}

spk_err
sq_lost(struct spk_store *base, uint64_t from, uint64_t end, struct spk_lost *ret_l)
{
    struct sq_use u = sq_begin(sq_of(base), SQ_LOST);

    sq_u64(&u, from);
    sq_u64(&u, end);
    sq_u64(&u, SPK_LOG_HASHES_MAX);
    while (sq_step(&u)) {
        struct spk_lost_entry *l = &ret_l->at[ret_l->n++];

        l->index = sq_col_u64(&u, 0);
        sq_col_fixed(&u, 1, l->entry, sizeof(l->entry));
        sq_col_fixed(&u, 2, l->leaf.b, SPK_HASH_LEN);
    }
    return sq_end(&u);
}

spk_err
sq_drop_log_hashes(struct spk_store *base, enum spk_log_id log)
{
    struct sq_use u = sq_begin_write(sq_of(base), SQ_LOG_HASHES_DROP);

    sq_u64(&u, (uint64_t)log);
    return sq_run(&u);
}

spk_err
sq_put_log_note(struct spk_store *base, enum spk_log_id log, const struct spk_log_note_row *row)
{
    struct sq_use u = sq_begin_write(sq_of(base), SQ_LOG_NOTE_PUT);

    sq_u64(&u, (uint64_t)log);
    sq_u64(&u, row->size);
    sq_hash(&u, &row->root);
    sq_blob(&u, row->note);
    return sq_run(&u);
}

spk_err
sq_log_note(struct spk_store *base, enum spk_log_id log, struct spk_log_note_row *ret_row)
{
    struct sq_use u = sq_begin(sq_of(base), SQ_LOG_NOTE);
    bool found = false;

    sq_u64(&u, (uint64_t)log);
    if (sq_step(&u)) {
        found = true;
        ret_row->size = sq_col_u64(&u, 0);
        sq_col_fixed(&u, 1, ret_row->root.b, SPK_HASH_LEN);
        if (spk_ok(u.visit)) {
            u.visit = spk_buf_add(&ret_row->mem, sq_col_span(&u, 2));
        }
    }
    SPK_TRY(sq_end(&u));
    return found ? SPK_OK : SPK_ERR(NOTFOUND);
}

spk_err
sq_put_log_entry(struct spk_store *base, const struct spk_log_entry_row *row, uint64_t *ret_index)
{
    struct sq *s = sq_of(base);
    uint64_t index = 0;

    SPK_TRY(sq_log_count(base, SPK_LOG_RECOVERIES, 0, &index));
    struct sq_use u = sq_begin_write(s, SQ_LOG_ENTRY_PUT);
    sq_u64(&u, index);
    sq_u64(&u, row->time_ms);
    sq_blob(&u, row->entry);
    sq_hash(&u, &row->leaf);
    sq_hash(&u, row->request);
    sq_blob(&u, row->salt);
    sq_blob(&u, row->detail);
    SPK_TRY(sq_run(&u));
    *ret_index = index;
    return SPK_OK;
}

spk_err
sq_cut_log(struct spk_store *base, unsigned level, uint64_t n)
{
    struct sq_use u = sq_begin_write(sq_of(base), level == 0 ? SQ_LOG_ENTRY_CUT : SQ_LOG_HASH_CUT);

    sq_u64(&u, n);
    if (level > 0) {
        sq_u64(&u, SPK_LOG_RECOVERIES);
        sq_u64(&u, level);
    }
    return sq_run(&u);
}

spk_err
sq_log_entries(struct spk_store *base, const struct spk_hash *request, uint64_t from,
               uint64_t limit, spk_log_entry_fn fn, void *arg)
{
    struct sq_use u = sq_begin(sq_of(base), request != NULL ? SQ_LOG_ENTRIES_OF : SQ_LOG_ENTRIES);

    sq_u64(&u, from > INT64_MAX ? INT64_MAX : from);
    sq_u64(&u, limit > INT64_MAX ? INT64_MAX : limit);
    if (request != NULL) {
        sq_hash(&u, request);
    }
    while (sq_step(&u)) {
        struct spk_log_entry_row row = {.index = sq_col_u64(&u, 0), .time_ms = sq_col_u64(&u, 1)};
        struct spk_hash of;
        row.entry = sq_col_span(&u, 2);
        sq_col_fixed(&u, 3, row.leaf.b, SPK_HASH_LEN);
        if (sq_col_span(&u, 4).len > 0) {
            sq_col_fixed(&u, 4, of.b, SPK_HASH_LEN);
            row.request = &of;
        }
        row.salt = sq_col_span(&u, 5);
        row.detail = sq_col_span(&u, 6);
        if (spk_ok(u.visit)) {
            u.visit = fn(arg, &row);
        }
    }
    return sq_end(&u);
}
