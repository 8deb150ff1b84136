/* SPDX-License-Identifier: Apache-2.0 */
/* Records from files, policies, nonces of officers, events. */
#include "store/sqlite/sq_tables.h"

spk_err
sq_put_policy(struct spk_store *base, uint32_t number, struct spk_span note)
{
    struct sq *s = sq_of(base);
    struct sq_use have = sq_begin(s, SQ_POLICY_GET);

    sq_u64(&have, number);
    bool found = sq_step(&have);
    bool same = found && spk_span_eq(sq_col_span(&have, 0), note);
    SPK_TRY(sq_end(&have));
    if (found) {
        return same ? SPK_OK : SPK_ERR(EXISTS);
    }
    struct sq_use u = sq_begin_write(s, SQ_POLICY_PUT);
    sq_u64(&u, number);
    sq_blob(&u, note);
    return sq_run(&u);
}

spk_err
sq_policies(struct spk_store *base, spk_note_fn fn, void *arg)
{
    struct sq_use u = sq_begin(sq_of(base), SQ_POLICIES);

    return sq_walk_notes(&u, fn, arg);
}

spk_err
sq_put_nonce(struct spk_store *base, const uint8_t nonce[16], uint64_t time, uint64_t forget)
{
    struct sq *s = sq_of(base);
    struct sq_use drop = sq_begin_write(s, SQ_NONCE_DROP);

    sq_u64(&drop, forget);
    SPK_TRY(sq_run(&drop));
    struct sq_use u = sq_begin_write(s, SQ_NONCE_PUT);
    sq_blob(&u, spk_span(nonce, 16));
    sq_u64(&u, time);
    SPK_TRY(sq_run(&u));
    return sqlite3_changes(s->writer.db) == 1 ? SPK_OK : SPK_ERR(EXISTS);
}

spk_err
sq_put_event(struct spk_store *base, uint64_t time_ms, const char *kind, struct spk_span detail)
{
    struct sq_use u = sq_begin_write(sq_of(base), SQ_EVENT_PUT);

    sq_u64(&u, time_ms);
    sq_text(&u, spk_span_str(kind));
    sq_text(&u, detail);
    return sq_run(&u);
}

spk_err
sq_events(struct spk_store *base, uint64_t after, uint64_t limit, spk_event_fn fn, void *arg)
{
    struct sq_use u = sq_begin(sq_of(base), SQ_EVENTS);

    sq_u64(&u, after);
    sq_u64(&u, limit > INT64_MAX ? INT64_MAX : limit);
    while (sq_step(&u)) {
        u.visit =
            fn(arg, sq_col_u64(&u, 0), sq_col_u64(&u, 1), sq_col_span(&u, 2), sq_col_span(&u, 3));
    }
    return sq_end(&u);
}

spk_err
sq_put_record(struct spk_store *base, uint64_t time, struct spk_span body, struct spk_span blob,
              uint64_t max)
{
    struct sq *s = sq_of(base);
    struct sq_use count = sq_begin_write(s, SQ_RECORD_COUNT);
    uint64_t n = 0;

    if (sq_step(&count)) {
        n = sq_col_u64(&count, 0);
    }
    SPK_TRY(sq_end(&count));
    SPK_CHECK(n < max, BUSY);
    struct sq_use u = sq_begin_write(s, SQ_RECORD_PUT);
    sq_u64(&u, time);
    sq_blob(&u, body);
    sq_blob(&u, blob);
    return sq_run(&u);
}

spk_err
sq_records(struct spk_store *base, uint64_t limit, spk_record_fn fn, void *arg)
{
    struct sq_use u = sq_begin(sq_of(base), SQ_RECORDS);

    sq_u64(&u, limit > INT64_MAX ? INT64_MAX : limit);
    while (sq_step(&u)) {
        const struct spk_record_row row = {.key = sq_col_u64(&u, 0),
                                           .time = sq_col_u64(&u, 1),
                                           .body = sq_col_span(&u, 2),
                                           .blob = sq_col_span(&u, 3)};
        u.visit = fn(arg, &row);
    }
    return sq_end(&u);
}

spk_err
sq_drop_record(struct spk_store *base, uint64_t key)
{
    struct sq_use u = sq_begin_write(sq_of(base), SQ_RECORD_DROP);

    sq_u64(&u, key);
    return sq_run(&u);
}
