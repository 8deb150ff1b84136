/* SPDX-License-Identifier: Apache-2.0 */
/* What is the same for every back end of the logs' tables. */
#include "store/logs.h"

#include <string.h>

#include "store/ops.h"

#define LEVELS_MAX 8 /* 256^8 entries do not come */

static bool
known(enum spk_log_id log)
{
    return log == SPK_LOG_DEPOSITS || log == SPK_LOG_RECOVERIES;
}

spk_err
spk_store_log_count(struct spk_store *s, enum spk_log_id log, unsigned level, uint64_t *ret_n)
{
    SPK_CHECK(known(log) && level < LEVELS_MAX, USAGE);
    if (log == SPK_LOG_DEPOSITS && level == 0) {
        return s->ops->deposit_count(s, ret_n);
    }
    return s->ops->log_count(s, log, level, ret_n);
}

spk_err
spk_store_log_hashes(struct spk_store *s, enum spk_log_id log, unsigned level, uint64_t from,
                     size_t max, struct spk_log_hashes *ret_l)
{
    SPK_CHECK(known(log) && level < LEVELS_MAX && max <= SPK_LOG_HASHES_MAX, USAGE);
    return s->ops->log_hashes(s, log, level, from, max, ret_l);
}

spk_err
spk_store_put_log_hash(struct spk_store *s, enum spk_log_id log, unsigned level, uint64_t index,
                       const struct spk_hash *h)
{
    struct spk_log_hashes have;
    uint64_t count = 0;

    SPK_CHECK(level > 0, USAGE);
    SPK_TRY(spk_store_log_count(s, log, level, &count));
    SPK_CHECK(index <= count, FORMAT);
    if (index == count) {
        return s->ops->put_log_hash(s, log, level, index, h);
    }
    SPK_TRY(s->ops->log_hashes(s, log, level, index, 1, &have));
    return have.n == 1 && spk_hash_eq(&have.h[0], h) ? SPK_OK : SPK_ERR(EXISTS);
}

spk_err
spk_store_drop_log_hashes(struct spk_store *s, enum spk_log_id log)
{
    SPK_CHECK(known(log), USAGE);
    return s->ops->drop_log_hashes(s, log);
}

spk_err
spk_store_put_lost(struct spk_store *s, const uint8_t entry[SPK_LOST_ENTRY_LEN])
{
    static const uint8_t leaf_mark[1] = {0};
    const struct spk_span parts[] = {SPK_SPAN_OF(leaf_mark), spk_span(entry, SPK_LOST_ENTRY_LEN)};
    struct spk_lost_entry l;

    SPK_CHECK(s->ops->put_lost != NULL, USAGE);
    memcpy(l.entry, entry, sizeof(l.entry));
    SPK_TRY(spk_sha256_parts(parts, 2, &l.leaf)); /* RFC 6962 §2.1 */
    return s->ops->put_lost(s, &l);
}

spk_err
spk_store_lost(struct spk_store *s, uint64_t from, uint64_t end, struct spk_lost *ret_l)
{
    ret_l->n = 0;
    return s->ops->lost != NULL ? s->ops->lost(s, from, end, ret_l) : SPK_OK;
}

spk_err
spk_store_put_log_note(struct spk_store *s, enum spk_log_id log, const struct spk_log_note_row *row)
{
    SPK_CHECK(known(log) && row->note.len > 0, USAGE);
    return s->ops->put_log_note(s, log, row);
}

spk_err
spk_store_log_note(struct spk_store *s, enum spk_log_id log, struct spk_log_note_row *ret_row)
{
    struct spk_log_note_row row = {.mem = SPK_BUF(SPK_NOTE_MAX)};

    SPK_CHECK(known(log), USAGE);
    spk_err e = s->ops->log_note(s, log, &row);
    if (!spk_ok(e)) {
        spk_log_note_row_clear(&row);
        return e;
    }
    row.note = spk_buf_span(&row.mem);
    *ret_row = row;
    return SPK_OK;
}

void
spk_log_note_row_clear(struct spk_log_note_row *row)
{
    spk_buf_free(&row->mem);
    *row = (struct spk_log_note_row){0};
}

/* Kept beside the checkpoints, as that of no log. */
#define KEYS ((enum spk_log_id)0)

spk_err
spk_store_log_keys(struct spk_store *s, struct spk_buf *note)
{
    struct spk_log_note_row row = {.mem = SPK_BUF(SPK_NOTE_MAX)};
    spk_err e = s->ops->log_note(s, KEYS, &row);

    if (spk_ok(e)) {
        e = spk_buf_add(note, spk_buf_span(&row.mem));
    }
    spk_log_note_row_clear(&row);
    return e;
}

spk_err
spk_store_put_log_keys(struct spk_store *s, struct spk_span note)
{
    SPK_AUTO_BUF struct spk_buf have = SPK_BUF(SPK_NOTE_MAX);
    const struct spk_log_note_row row = {.note = note};
    spk_err e = spk_store_log_keys(s, &have);

    if (spk_ok(e)) {
        return spk_span_eq(spk_buf_span(&have), note) ? SPK_OK : SPK_ERR(EXISTS);
    }
    return e.code == SPK_CODE_NOTFOUND ? s->ops->put_log_note(s, KEYS, &row) : e;
}

spk_err
spk_store_put_log_entry(struct spk_store *s, const struct spk_log_entry_row *row,
                        uint64_t *ret_index)
{
    static const uint8_t leaf_mark[1] = {0};
    const struct spk_span parts[] = {SPK_SPAN_OF(leaf_mark), row->entry};
    struct spk_log_entry_row r = *row;

    SPK_CHECK(row->entry.len > 0 && row->entry.len <= SPK_LOG_ENTRY_LEN_MAX, USAGE);
    SPK_CHECK(row->request != NULL ? row->salt.len == SPK_SALT_LEN
                                   : row->salt.len == 0 && row->detail.len == 0,
              USAGE);
    SPK_TRY(spk_sha256_parts(parts, 2, &r.leaf)); /* RFC 6962 §2.1 */
    return s->ops->put_log_entry(s, &r, ret_index);
}

spk_err
spk_store_cut_log(struct spk_store *s, uint64_t n)
{
    struct spk_log_note_row row = {0};
    spk_err e = spk_store_log_note(s, SPK_LOG_RECOVERIES, &row);
    uint64_t noted = row.size;

    spk_log_note_row_clear(&row);
    SPK_CHECK(spk_ok(e) || e.code == SPK_CODE_NOTFOUND, CHANGED);
    SPK_CHECK(n >= noted, DENIED);
    SPK_TRY(s->ops->cut_log(s, 0, n));
    for (unsigned level = 1; level < LEVELS_MAX; level++) {
        SPK_TRY(s->ops->cut_log(s, level, n >> (8 * level)));
    }
    return SPK_OK;
}

spk_err
spk_store_log_entries(struct spk_store *s, uint64_t from, uint64_t limit, spk_log_entry_fn fn,
                      void *arg)
{
    return s->ops->log_entries(s, NULL, from, limit, fn, arg);
}

spk_err
spk_store_log_entries_of(struct spk_store *s, const struct spk_hash *request, spk_log_entry_fn fn,
                         void *arg)
{
    return s->ops->log_entries(s, request, 0, UINT64_MAX, fn, arg);
}
