/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/logcheck.h"

#include <string.h>

#include "term/i18n.h"
#include "translog/checkpoint.h"
#include "translog/tile.h"

/* -- entries */

static bool
is_leaf_of(struct spk_span entry, const struct spk_hash *leaf)
{
    struct spk_hash again;

    return spk_ok(spk_leaf_hash(entry, &again)) && spk_hash_eq(&again, leaf);
}

static void
take(struct ctl_log_page *p, uint64_t index, const struct spk_hash *leaf, struct spk_span entry)
{
    struct ctl_log_leaf *l = &p->at[p->n++];

    *l = (struct ctl_log_leaf){.index = index, .leaf = *leaf, .len = entry.len};
    if (entry.len == 0 || entry.len > sizeof(l->entry)) {
        l->len = 0;
        return;
    }
    memcpy(l->entry, entry.ptr, entry.len);
    l->fits = is_leaf_of(entry, leaf);
}

static spk_err
take_deposit(void *arg, const struct spk_deposit_row *row)
{
    struct ctl_log_page *p = arg;
    uint8_t entry[SPK_ENTRY_LEN];
    struct spk_rpub rpub;
    struct spk_hash oc;
    size_t len = 0;

    SPK_CHECK(p->n < CTL_LOG_PAGE, LIMIT);
    if (row->rpub.len == SPK_RPUB_LEN && spk_ok(spk_rpub_parse(row->rpub, &rpub)) &&
        spk_ok(spk_deposit_oc(row->rpub.ptr, &row->p, &oc))) {
        spk_deposit_entry(&rpub, &oc, entry);
        len = sizeof(entry);
    }
    take(p, row->index, &row->leaf, spk_span(entry, len));
    /* the whole row, not only what the leaf was made of */
    p->at[p->n - 1].fits = p->at[p->n - 1].fits && spk_ok(spk_deposit_row_verify(row));
    return SPK_OK;
}

/* Salt and detail open what the entry says of its request. */
static bool
opens(const struct spk_log_entry_row *row, const struct spk_entry *e)
{
    struct spk_hash or ;

    if (row->request == NULL) {
        return row->salt.len == 0 && row->detail.len == 0;
    }
    return spk_entry_is_of_request(e->kind) && row->salt.len == SPK_SALT_LEN &&
           spk_ok(spk_entry_or(row->salt.ptr, row->request, row->detail, & or)) &&
           spk_hash_eq(& or, &e->hash);
}

static spk_err
take_entry(void *arg, const struct spk_log_entry_row *row)
{
    struct ctl_log_page *p = arg;
    struct spk_entry e;

    SPK_CHECK(p->n < CTL_LOG_PAGE, LIMIT);
    take(p, row->index, &row->leaf, row->entry);
    p->at[p->n - 1].fits = p->at[p->n - 1].fits && spk_ok(spk_entry_parse(row->entry, &e)) &&
                           e.time_ms == row->time_ms && opens(row, &e);
    return SPK_OK;
}

/* Entries whose rows are gone take their places among the others. */
static void
merge_lost(struct ctl_log_page *p, const struct spk_lost *lost)
{
    size_t rows = p->n, left = lost->n;
    size_t at = rows + left < CTL_LOG_PAGE ? rows + left : CTL_LOG_PAGE;

    p->n = at;
    while (left > 0 && at > 0) {
        const struct spk_lost_entry *l = &lost->at[left - 1];

        if (rows > 0 && p->at[rows - 1].index > l->index) {
            p->at[--at] = p->at[--rows];
            continue;
        }
        size_t n = --at;
        p->at[n] =
            (struct ctl_log_leaf){.index = l->index, .leaf = l->leaf, .len = sizeof(l->entry)};
        memcpy(p->at[n].entry, l->entry, sizeof(l->entry));
        p->at[n].fits = is_leaf_of(SPK_SPAN_OF(l->entry), &l->leaf);
        p->at[n].lost = true;
        left--;
    }
}

static spk_err
read_deposits(struct spk_store *store, uint64_t from, size_t n, struct ctl_log_page *p)
{
    const struct spk_deposit_query q = {.from = from, .end = from + n, .limit = n};
    struct spk_deposit_page page;
    struct spk_lost lost;

    SPK_TRY(spk_store_deposits(store, &q, take_deposit, p, &page));
    SPK_TRY(spk_store_lost(store, from, from + n, &lost));
    merge_lost(p, &lost);
    return SPK_OK;
}

spk_err
ctl_log_read(struct spk_store *store, enum spk_log_id log, uint64_t from, size_t n,
             struct ctl_log_page *ret_p)
{
    SPK_CHECK(n <= CTL_LOG_PAGE, USAGE);
    ret_p->n = 0;
    return log == SPK_LOG_DEPOSITS ? read_deposits(store, from, n, ret_p)
                                   : spk_store_log_entries(store, from, n, take_entry, ret_p);
}

/* -- the check */

struct check {
    struct spk_store *store;
    enum spk_log_id log;
    const struct ctl_log_ear *ear;
    struct ctl_log_check k;
    struct spk_log_note_row note;
    struct spk_edge edge;
    bool broken; /* an entry is missing: what is behind it has no root */
    struct ctl_log_page page;
};

static void
tell(struct check *c, const char *table, unsigned level, uint64_t index, const char *what)
{
    const struct ctl_log_fault f = {
        .table = table, .log = c->log, .level = level, .index = index, .what = what};

    c->k.faults++;
    c->ear->fault(c->ear->ctx, &f);
}

static const char *
rows_of(const struct check *c)
{
    return c->log == SPK_LOG_DEPOSITS ? "deposits" : "log_entry";
}

/* A complete subtree of the computed tree: those of whole tiles are in the store. What no
 * checkpoint covers may still be on its way there. */
static spk_err
compare(void *ctx, unsigned level, uint64_t index, const struct spk_hash *h)
{
    struct check *c = ctx;
    unsigned tile = level / SPK_TILE_HEIGHT;
    struct spk_log_hashes have = {.n = 0};

    if (tile == 0 || level % SPK_TILE_HEIGHT != 0) {
        return SPK_OK;
    }
    spk_err e = spk_store_log_hashes(c->store, c->log, tile, index, 1, &have);
    if (e.code == SPK_CODE_CHANGED || (spk_ok(e) && have.n == 0)) {
        if ((index + 1) << level <= c->k.noted) {
            tell(c, "log_tile", tile, index, N_("is missing, or no hash"));
        }
        return SPK_OK;
    }
    SPK_TRY(e);
    c->k.hashes++;
    if (!spk_hash_eq(&have.h[0], h)) {
        tell(c, "log_tile", tile, index, N_("is not the hash of its entries"));
    }
    return SPK_OK;
}

static void
missing(struct check *c, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        tell(c, rows_of(c), 0, i, N_("is missing"));
    }
    c->broken = c->broken || to > from;
}

static spk_err
check_leaf(struct check *c, const struct ctl_log_leaf *l)
{
    if (!l->fits) {
        tell(c, rows_of(c), 0, l->index, N_("was altered after it was stored"));
    }
    c->k.lost += l->lost;
    if (c->broken) {
        return SPK_OK;
    }
    SPK_TRY(spk_edge_add(&c->edge, &l->leaf, compare, c));
    return c->edge.n == c->k.noted ? spk_edge_root(&c->edge, &c->k.root) : SPK_OK;
}

static spk_err
check_leaves(struct check *c)
{
    for (uint64_t at = 0; at < c->k.entries; at += CTL_LOG_PAGE) {
        uint64_t left = c->k.entries - at;
        uint64_t next = at;

        SPK_CHECK(!*c->ear->stop, STOPPED);
        left = left < CTL_LOG_PAGE ? left : CTL_LOG_PAGE;
        SPK_TRY(ctl_log_read(c->store, c->log, at, (size_t)left, &c->page));
        for (size_t i = 0; i < c->page.n && c->page.at[i].index < at + left; i++) {
            missing(c, next, c->page.at[i].index);
            SPK_TRY(check_leaf(c, &c->page.at[i]));
            next = c->page.at[i].index + 1;
        }
        missing(c, next, at + left);
    }
    return SPK_OK;
}

/* -- what the store says beyond its entries */

/* Read before the entries are counted, so that a server that adds does not look like a fault. */
static spk_err
count_tiles(struct check *c, uint64_t ret_tiles[SPK_TILE_LEVELS])
{
    for (unsigned l = 1; l < SPK_TILE_LEVELS; l++) {
        SPK_TRY(spk_store_log_count(c->store, c->log, l, &ret_tiles[l]));
    }
    return SPK_OK;
}

static void
check_counts(struct check *c, const uint64_t tiles[SPK_TILE_LEVELS])
{
    for (unsigned l = 1; l < SPK_TILE_LEVELS; l++) {
        uint64_t most = c->k.entries >> (SPK_TILE_HEIGHT * l);

        for (uint64_t i = most; i < tiles[l]; i++) {
            tell(c, "log_tile", l, i, N_("stands for entries that are not there"));
            if (i == most + 3) {
                break; /* the first few tell it */
            }
        }
    }
}

static spk_err
load_note(struct check *c)
{
    spk_err e = spk_store_log_note(c->store, c->log, &c->note);

    if (e.code == SPK_CODE_NOTFOUND) {
        return SPK_OK;
    }
    SPK_TRY(e);
    c->k.has_note = true;
    c->k.noted = c->note.size;
    return SPK_OK;
}

static bool
says_so(struct check *c, const struct spk_vkey *key)
{
    struct spk_checkpoint k;
    struct spk_note note;

    if (!spk_ok(spk_note_parse(c->note.note, false, &note)) ||
        !spk_ok(spk_checkpoint_parse(note.text, &k))) {
        tell(c, "log_note", 0, 0, N_("is no checkpoint"));
        return false;
    }
    if (k.size != c->note.size || !spk_hash_eq(&k.root, &c->note.root)) {
        tell(c, "log_note", 0, 0, N_("says another size or root than its row"));
        return false;
    }
    if (key != NULL && !spk_ok(spk_checkpoint_verify(&note, key, &k))) {
        tell(c, "log_note", 0, 0, N_("is not signed by the log's key"));
        return false;
    }
    return true;
}

static void
check_note(struct check *c, const struct spk_vkey *key)
{
    if (!c->k.has_note) {
        return;
    }
    c->k.signed_well = says_so(c, key) && key != NULL;
    if (c->k.noted > c->k.entries) {
        tell(c, "log_note", 0, 0, N_("covers more entries than there are"));
    } else if (!c->broken && !spk_hash_eq(&c->k.root, &c->note.root)) {
        tell(c, "log_note", 0, 0, N_("has another root than the entries"));
    }
}

static spk_err
check(struct check *c, const struct spk_vkey *key)
{
    uint64_t tiles[SPK_TILE_LEVELS] = {0};

    SPK_TRY(load_note(c));
    SPK_TRY(count_tiles(c, tiles));
    SPK_TRY(spk_store_log_count(c->store, c->log, 0, &c->k.entries));
    SPK_TRY(spk_edge_root(&c->edge, &c->k.root));
    SPK_TRY(check_leaves(c));
    check_counts(c, tiles);
    check_note(c, key);
    return SPK_OK;
}

spk_err
ctl_log_check(struct spk_store *store, enum spk_log_id log, const struct spk_vkey *key,
              const struct ctl_log_ear *ear, struct ctl_log_check *ret_k)
{
    struct check *c = spk_calloc(1, sizeof(*c));

    SPK_CHECK(c != NULL, NOMEM);
    c->store = store;
    c->log = log;
    c->ear = ear;
    spk_err e = check(c, key);
    if (spk_ok(e)) {
        *ret_k = c->k;
    }
    spk_log_note_row_clear(&c->note);
    spk_mem_free(c);
    return e;
}

spk_err
ctl_log_keys(struct spk_store *store, const struct spk_authority *a, struct spk_logs *ret_l)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);

    SPK_TRY(spk_store_log_keys(store, &note));
    return spk_logs_verify(spk_buf_span(&note), &a->holder, &a->policy, ret_l);
}

/* -- made anew */

struct rebuild {
    struct spk_store *store;
    enum spk_log_id log;
    uint64_t hashes;
};

static spk_err
keep(void *ctx, unsigned level, uint64_t index, const struct spk_hash *h)
{
    struct rebuild *r = ctx;

    if (level == 0 || level % SPK_TILE_HEIGHT != 0) {
        return SPK_OK;
    }
    r->hashes++;
    return spk_store_put_log_hash(r->store, r->log, level / SPK_TILE_HEIGHT, index, h);
}

static spk_err
root_fits(const struct spk_edge *e, const struct spk_log_note_row *note)
{
    struct spk_hash root;

    if (note->note.len == 0 || e->n != note->size) {
        return SPK_OK;
    }
    SPK_TRY(spk_edge_root(e, &root));
    SPK_CHECK(spk_hash_eq(&root, &note->root), CHANGED);
    return SPK_OK;
}

static spk_err
rebuild_all(struct rebuild *r, const struct spk_log_note_row *note)
{
    struct spk_log_hashes leaves = {.n = 1};
    struct spk_edge edge = {.n = 0};

    SPK_TRY(spk_store_drop_log_hashes(r->store, r->log));
    while (leaves.n > 0) {
        SPK_TRY(spk_store_log_hashes(r->store, r->log, 0, edge.n, SPK_LOG_HASHES_MAX, &leaves));
        for (size_t i = 0; i < leaves.n; i++) {
            SPK_TRY(spk_edge_add(&edge, &leaves.h[i], keep, r));
            SPK_TRY(root_fits(&edge, note));
        }
    }
    SPK_CHECK(note->note.len == 0 || edge.n >= note->size, CHANGED);
    return SPK_OK;
}

spk_err
ctl_log_rebuild(struct spk_store *store, enum spk_log_id log, uint64_t *ret_hashes)
{
    struct rebuild r = {.store = store, .log = log};
    struct spk_log_note_row note = {0};
    spk_err e = spk_store_log_note(store, log, &note);

    if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
        return e;
    }
    e = spk_store_begin(store);
    if (spk_ok(e)) {
        e = rebuild_all(&r, &note);
        if (spk_ok(e)) {
            e = spk_store_commit(store);
        } else {
            spk_store_rollback(store);
        }
    }
    spk_log_note_row_clear(&note);
    if (spk_ok(e)) {
        *ret_hashes = r.hashes;
    }
    return e;
}
