/* SPDX-License-Identifier: Apache-2.0 */
/* The logs as files, as other people's verifiers fetch them (doc/spec/log.md §3). What is served
 * goes as far as the newest signed checkpoint: the rest may still be lost in a crash. */
#include <string.h>

#include "authority/cosigners.h"
#include "authority/handle.h"
#include "authority/logs.h"
#include "base/log.h"

#define TILE_TYPE "application/octet-stream"
#define NOTE_TYPE "text/plain; charset=utf-8"
#define FOR_EVER "public, max-age=31536000, immutable"
#define FOR_A_WHILE "public, max-age=3600" /* a partial tile gives way to the full one */
#define FOR_NOW "no-cache"

static void
answer_bytes(struct spk_exchange *r, const char *type, const char *cache)
{
    r->status = SPK_HTTP_OK;
    r->answered = true;
    r->type = type;
    r->cache = cache;
}

static void
newest(struct spk_exchange *r, struct spk_signed *ret_s)
{
    spk_logbook_signed(r->srv->log[r->log - 1], ret_s);
}

enum spk_after
spk_on_log_checkpoint(struct spk_exchange *r)
{
    struct spk_signed s;

    spk_cosigners_newest(r->srv->cosigners, r->srv->log[r->log - 1], r->log, &s);
    if (s.len == 0) {
        spk_exchange_error(r, SPK_HTTP_NOT_FOUND, "This log has no signed checkpoint yet.");
        return SPK_DONE;
    }
    spk_err e = spk_buf_add(&r->out, spk_span(s.note, s.len));
    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "serving a checkpoint");
        return SPK_DONE;
    }
    answer_bytes(r, NOTE_TYPE, FOR_NOW);
    return SPK_DONE;
}

enum spk_after
spk_on_checkpoints(struct spk_exchange *r)
{
    struct spk_jw *w = spk_exchange_json(r, SPK_HTTP_OK);

    for (unsigned i = 1; i <= SPK_LOG_IDS; i++) {
        struct spk_signed s;

        spk_cosigners_newest(r->srv->cosigners, r->srv->log[i - 1], (enum spk_log_id)i, &s);
        if (s.len > 0) {
            spk_jw_str(w, spk_log_word((enum spk_log_id)i), spk_span(s.note, s.len));
        }
    }
    spk_exchange_json_end(r);
    return SPK_DONE;
}

/* -- tiles */

static spk_err
tile_name(const struct spk_exchange *r, struct spk_tile *ret_t)
{
    SPK_AUTO_BUF struct spk_buf name = SPK_BUF(SPK_TARGET_MAX);

    SPK_TRY(spk_buf_str(&name, "tile"));
    for (size_t i = r->tail; i < r->target.n_segments; i++) {
        SPK_TRY(spk_buf_str(&name, "/"));
        SPK_TRY(spk_buf_add(&name, r->target.segments[i]));
    }
    return spk_tile_parse(spk_buf_span(&name), ret_t);
}

struct bundle {
    struct spk_buf *out;
    unsigned n;
    uint64_t from;
    size_t next; /* of those below */
    struct spk_lost lost;
};

/* Entries whose rows are gone, up to before the index. */
static spk_err
add_lost(struct bundle *b, uint64_t end)
{
    for (; b->next < b->lost.n && b->lost.at[b->next].index < end; b->next++) {
        SPK_CHECK(b->lost.at[b->next].index == b->from + b->n, CHANGED);
        b->n++;
        SPK_TRY(spk_bundle_add(b->out, SPK_SPAN_OF(b->lost.at[b->next].entry)));
    }
    return SPK_OK;
}

/* An entry is made from the row, which must still be the one that its leaf stands for. */
static spk_err
add_deposit(void *arg, const struct spk_deposit_row *row)
{
    struct bundle *b = arg;
    struct spk_deposit_row again = *row;
    struct spk_rpub rpub;
    uint8_t entry[SPK_ENTRY_LEN];

    SPK_CHECK(row->rpub.len == SPK_RPUB_LEN && spk_ok(spk_deposit_row_leaf(&again)) &&
                  spk_hash_eq(&again.leaf, &row->leaf),
              CHANGED);
    SPK_TRY(spk_rpub_parse(row->rpub, &rpub));
    spk_deposit_entry(&rpub, &again.oc, entry);
    SPK_TRY(add_lost(b, row->index));
    b->n++;
    return spk_bundle_add(b->out, SPK_SPAN_OF(entry));
}

static spk_err
add_entry(void *arg, const struct spk_log_entry_row *row)
{
    struct bundle *b = arg;

    b->n++;
    return spk_bundle_add(b->out, row->entry);
}

static spk_err
put_entries(struct spk_exchange *r, const struct spk_tile *t)
{
    struct spk_store *store = r->srv->store;
    uint64_t from = t->n * SPK_TILE_WIDTH;
    struct bundle b = {.out = &r->out, .from = from};
    struct spk_deposit_page page;

    if (r->log == SPK_LOG_DEPOSITS) {
        const struct spk_deposit_query q = {
            .from = from, .end = from + t->width, .limit = t->width};
        SPK_TRY(spk_store_lost(store, from, from + t->width, &b.lost));
        SPK_TRY(spk_store_deposits(store, &q, add_deposit, &b, &page));
        SPK_TRY(add_lost(&b, from + t->width));
    } else {
        SPK_TRY(spk_store_log_entries(store, from, t->width, add_entry, &b));
    }
    return b.n == t->width ? SPK_OK : SPK_ERR(CHANGED);
}

static spk_err
put_hashes(struct spk_exchange *r, const struct spk_tile *t)
{
    struct spk_log_hashes l;

    SPK_TRY(
        spk_store_log_hashes(r->srv->store, r->log, t->level, t->n * SPK_TILE_WIDTH, t->width, &l));
    SPK_CHECK(l.n == t->width, CHANGED);
    return spk_buf_add(&r->out, spk_span(l.h, l.n * sizeof(l.h[0])));
}

enum spk_after
spk_on_log_tile(struct spk_exchange *r)
{
    struct spk_signed s;
    struct spk_tile t;

    newest(r, &s);
    if (!spk_ok(tile_name(r, &t)) || spk_tile_width(s.size, t.level, t.n) < t.width) {
        spk_exchange_error(r, SPK_HTTP_NOT_FOUND, "There is no such tile in this log.");
        return SPK_DONE;
    }
    spk_err e = t.entries ? put_entries(r, &t) : put_hashes(r, &t);
    if (e.code == SPK_CODE_CHANGED) {
        spk_log(SPK_LOG_ERROR, "the %s log was altered in the database, tile %llu of level %u",
                spk_log_word(r->log), (unsigned long long)t.n, t.level);
        spk_exchange_damaged(r, "This part of the log was altered in the authority's database.");
    } else if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "serving a tile");
    } else {
        answer_bytes(r, TILE_TYPE, t.width == SPK_TILE_WIDTH ? FOR_EVER : FOR_A_WHILE);
    }
    return SPK_DONE;
}
