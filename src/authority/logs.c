/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/logs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "authority/tilecache.h"
#include "base/log.h"

#define AT_ONCE ((uint64_t)16384) /* leaves taken in by one transaction of catch_up() */

struct spk_logbook {
    struct spk_store *store;
    enum spk_log_id log;
    struct spk_tilecache *cache;
    struct spk_nodes nodes;
    atomic_bool stopped;
    pthread_mutex_t lock; /* of what follows */
    struct spk_edge edge; /* of what is committed */
    struct spk_signed newest;
    uint64_t noted; /* size of the checkpoint in the store */
    bool cut;       /* in a transaction that is not told of by grown() yet */
};

void
spk_logbook_free(struct spk_logbook *l)
{
    if (l != NULL) {
        spk_tilecache_free(l->cache);
        pthread_mutex_destroy(&l->lock);
        spk_mem_free(l);
    }
}

void
spk_logbook_stop(struct spk_logbook *l)
{
    if (!atomic_exchange(&l->stopped, true)) {
        spk_log(SPK_LOG_ERROR,
                "the %s log in the database is not the one that was signed: rows were altered. It "
                "stands still, and deposits are accepted without a receipt, until the rows are as "
                "they were and sparekeyd is started anew; take them from the newest good copy of "
                "the database (sparekeyctl store check names rows that are wrong)",
                spk_log_word(l->log));
    }
}

bool
spk_logbook_is_stopped(const struct spk_logbook *l)
{
    return atomic_load(&l->stopped);
}

/* -- growing */

void
spk_logbook_edge(struct spk_logbook *l, struct spk_edge *ret_e)
{
    pthread_mutex_lock(&l->lock);
    *ret_e = l->edge;
    pthread_mutex_unlock(&l->lock);
}

static spk_err
keep_node(void *ctx, unsigned level, uint64_t index, const struct spk_hash *h)
{
    struct spk_logbook *l = ctx;

    spk_tilecache_add(l->cache, level, index, h);
    if (level == 0 || level % SPK_TILE_HEIGHT != 0) {
        return SPK_OK;
    }
    return spk_store_put_log_hash(l->store, l->log, level / SPK_TILE_HEIGHT, index, h);
}

static spk_err
take_leaves(struct spk_logbook *l, uint64_t most, struct spk_edge *e)
{
    struct spk_log_hashes leaves = {.n = 1};

    while (most > 0 && leaves.n > 0) {
        size_t max = most < SPK_LOG_HASHES_MAX ? (size_t)most : SPK_LOG_HASHES_MAX;
        SPK_TRY(spk_store_log_hashes(l->store, l->log, 0, e->n, max, &leaves));
        for (size_t i = 0; i < leaves.n; i++) {
            SPK_TRY(spk_edge_add(e, &leaves.h[i], keep_node, l));
        }
        most -= leaves.n;
    }
    return SPK_OK;
}

spk_err
spk_logbook_grow(struct spk_logbook *l, uint64_t most, struct spk_growth *ret_g)
{
    struct spk_signed s;
    struct spk_growth g;

    pthread_mutex_lock(&l->lock);
    g.edge = l->edge;
    g.noted = l->noted;
    s = l->newest;
    pthread_mutex_unlock(&l->lock);
    SPK_TRY(take_leaves(l, spk_logbook_is_stopped(l) ? 0 : most, &g.edge));
    if (s.size > g.noted) {
        const struct spk_log_note_row row = {
            .size = s.size, .root = s.root, .note = spk_span(s.note, s.len)};
        SPK_TRY(spk_store_put_log_note(l->store, l->log, &row));
        g.noted = s.size;
    }
    *ret_g = g;
    return SPK_OK;
}

void
spk_logbook_grown(struct spk_logbook *l, const struct spk_growth *g)
{
    pthread_mutex_lock(&l->lock);
    /* the thread of a later transaction may have been here before */
    if (g->edge.n > l->edge.n) {
        l->edge = g->edge;
    }
    l->noted = g->noted > l->noted ? g->noted : l->noted;
    bool cut = l->cut;
    l->cut = false;
    pthread_mutex_unlock(&l->lock);
    if (cut) { /* until the commit others have read what stood there before */
        spk_tilecache_clear(l->cache);
    }
}

void
spk_logbook_undo(struct spk_logbook *l)
{
    spk_tilecache_clear(l->cache);
}

struct step {
    struct spk_logbook *l;
    struct spk_growth g;
};

static spk_err
grow_step(struct spk_store *store, void *arg)
{
    struct step *s = arg;

    (void)store;
    return spk_logbook_grow(s->l, AT_ONCE, &s->g);
}

static spk_err
step(struct spk_logbook *l)
{
    struct step s = {.l = l};
    spk_err e = spk_store_write(l->store, grow_step, &s);

    if (spk_ok(e)) {
        spk_logbook_grown(l, &s.g);
    } else {
        spk_logbook_undo(l);
    }
    return e;
}

spk_err
spk_logbook_cut(struct spk_logbook *l, uint64_t n)
{
    struct spk_edge e;

    spk_tilecache_clear(l->cache);
    SPK_TRY(spk_edge_load(&l->nodes, n, &e));
    pthread_mutex_lock(&l->lock);
    l->edge = e;
    l->cut = true;
    pthread_mutex_unlock(&l->lock);
    return SPK_OK;
}

static spk_err
is_behind(struct spk_logbook *l, bool *ret_behind)
{
    uint64_t count = 0;

    SPK_TRY(spk_store_log_count(l->store, l->log, 0, &count));
    pthread_mutex_lock(&l->lock);
    *ret_behind = (count > l->edge.n && !spk_logbook_is_stopped(l)) || l->newest.size > l->noted;
    pthread_mutex_unlock(&l->lock);
    return SPK_OK;
}

spk_err
spk_logbook_catch_up(struct spk_logbook *l)
{
    bool behind = false;

    SPK_TRY(is_behind(l, &behind));
    while (behind) {
        SPK_TRY(step(l));
        SPK_TRY(is_behind(l, &behind));
    }
    return SPK_OK;
}

/* -- asking */

spk_err
spk_logbook_edge_at(struct spk_logbook *l, uint64_t n, struct spk_edge *ret_e)
{
    return spk_edge_load(&l->nodes, n, ret_e);
}

spk_err
spk_logbook_path(struct spk_logbook *l, uint64_t i, uint64_t n,
                 struct spk_hash ret_path[SPK_PATH_MAX], size_t *ret_len)
{
    return spk_nodes_path(&l->nodes, i, n, ret_path, ret_len);
}

spk_err
spk_logbook_growth(struct spk_logbook *l, uint64_t m, uint64_t n,
                   struct spk_hash ret_proof[SPK_PATH_MAX], size_t *ret_len)
{
    return spk_nodes_growth(&l->nodes, m, n, ret_proof, ret_len);
}

void
spk_logbook_signed(struct spk_logbook *l, struct spk_signed *ret_s)
{
    pthread_mutex_lock(&l->lock);
    *ret_s = l->newest;
    pthread_mutex_unlock(&l->lock);
}

void
spk_logbook_sign(struct spk_logbook *l, const struct spk_signed *s)
{
    pthread_mutex_lock(&l->lock);
    if (s->size > l->newest.size || l->newest.len == 0) {
        l->newest = *s;
    }
    pthread_mutex_unlock(&l->lock);
}

/* -- opening */

/* Tiles of level 1 tell how far the tree was written; what is behind the last of them is at most a
 * tile's leaves, unless the store is one that had no logs. */
static spk_err
load_edge(struct spk_logbook *l, uint64_t count)
{
    uint64_t tiles = 0;

    SPK_TRY(spk_store_log_count(l->store, l->log, 1, &tiles));
    SPK_CHECK(tiles <= count / SPK_TILE_WIDTH, CHANGED);
    if (count - tiles * SPK_TILE_WIDTH > AT_ONCE) {
        spk_log(SPK_LOG_INFO, "the %s log takes in %llu older entries", spk_log_word(l->log),
                (unsigned long long)(count - tiles * SPK_TILE_WIDTH));
    }
    SPK_TRY(spk_edge_load(&l->nodes, tiles * SPK_TILE_WIDTH, &l->edge));
    return spk_logbook_catch_up(l);
}

static spk_err
load_note(struct spk_logbook *l)
{
    struct spk_log_note_row row = {0};
    spk_err e = spk_store_log_note(l->store, l->log, &row);

    if (e.code == SPK_CODE_NOTFOUND) {
        return SPK_OK;
    }
    SPK_TRY(e);
    if (row.note.len <= SPK_SIGNED_MAX) {
        l->newest = (struct spk_signed){.size = row.size, .root = row.root, .len = row.note.len};
        memcpy(l->newest.note, row.note.ptr, row.note.len);
        l->noted = row.size;
    }
    spk_log_note_row_clear(&row);
    return SPK_OK;
}

/* What the checkpoint says is what the store has: before anything is added to it. */
static spk_err
check_root(const struct spk_logbook *l)
{
    struct spk_hash root;

    SPK_TRY(spk_nodes_root(&l->nodes, l->newest.size, &root));
    return l->newest.len == 0 || spk_hash_eq(&root, &l->newest.root) ? SPK_OK : SPK_ERR(CHANGED);
}

static bool
is_altered(spk_err e)
{
    return e.code == SPK_CODE_CHANGED || e.code == SPK_CODE_EXISTS || e.code == SPK_CODE_NOTFOUND ||
           e.code == SPK_CODE_FORMAT;
}

static spk_err
load(struct spk_logbook *l, char why[SPK_WHY_MAX])
{
    uint64_t count = 0;

    SPK_TRY(load_note(l));
    SPK_TRY(spk_store_log_count(l->store, l->log, 0, &count));
    if (l->newest.size > count) {
        (void)snprintf(why, SPK_WHY_MAX,
                       "the database has %llu entries of the %s log, and a checkpoint of %llu: the "
                       "last rows were taken out. Bring back the newest good copy of the database, "
                       "with its -wal file",
                       (unsigned long long)count, spk_log_word(l->log),
                       (unsigned long long)l->newest.size);
        return SPK_ERR(CHANGED);
    }
    spk_err e = check_root(l);
    if (spk_ok(e)) {
        e = load_edge(l, count);
    }
    if (is_altered(e)) {
        spk_logbook_stop(l);
        return SPK_OK;
    }
    return e;
}

spk_err
spk_logbook_open(struct spk_store *store, enum spk_log_id log, char ret_why[SPK_WHY_MAX],
                 struct spk_logbook **ret_l)
{
    SPK_AUTO(spk_logbook) l = spk_calloc(1, sizeof(*l));

    SPK_CHECK(l != NULL, NOMEM);
    pthread_mutex_init(&l->lock, NULL);
    atomic_init(&l->stopped, false);
    l->store = store;
    l->log = log;
    SPK_TRY(spk_tilecache_new(store, log, &l->cache));
    l->nodes = (struct spk_nodes){.ctx = l->cache, .get = spk_tilecache_get};
    SPK_TRY(load(l, ret_why));
    *ret_l = SPK_STEAL(l);
    return SPK_OK;
}
