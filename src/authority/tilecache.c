/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/tilecache.h"

#include <pthread.h>
#include <string.h>

_Static_assert(SPK_LOG_HASHES_MAX == SPK_TILE_WIDTH, "one call of the store is one tile");

/* A batch touches the last tiles of level 0, and one or two of each level above. */
#define SLOTS_LEAVES 32u
#define SLOTS_ABOVE 4u
#define SLOTS (SLOTS_LEAVES + (SPK_TILE_LEVELS - 1) * SLOTS_ABOVE)
#define NODES (2 * SPK_TILE_WIDTH - 2) /* the root is a hash of the tile above */

struct slot {
    bool used;
    uint64_t n;
    unsigned width; /* hashes of the tile's own level; all complete nodes over them are there */
    struct spk_hash node[NODES];
};
struct spk_tilecache {
    struct spk_store *store;
    enum spk_log_id log;
    pthread_mutex_t lock; /* never held over a call of the store */
    uint64_t cleared;     /* how often: what was read of the store before is not kept */
    struct slot slot[SLOTS];
};

spk_err
spk_tilecache_new(struct spk_store *store, enum spk_log_id log, struct spk_tilecache **ret_c)
{
    struct spk_tilecache *c = spk_calloc(1, sizeof(*c));

    SPK_CHECK(c != NULL, NOMEM);
    c->store = store;
    c->log = log;
    pthread_mutex_init(&c->lock, NULL);
    *ret_c = c;
    return SPK_OK;
}

void
spk_tilecache_free(struct spk_tilecache *c)
{
    if (c != NULL) {
        pthread_mutex_destroy(&c->lock);
        spk_mem_free(c);
    }
}

static struct slot *
slot_of(struct spk_tilecache *c, const struct spk_tile *t)
{
    if (t->level == 0) {
        return &c->slot[t->n % SLOTS_LEAVES];
    }
    return &c->slot[SLOTS_LEAVES + (t->level - 1) * SLOTS_ABOVE + t->n % SLOTS_ABOVE];
}

/* Where in its tile a node stands: `above` levels over the tile's own, from hash `first` on. */
struct place {
    struct spk_tile tile;
    unsigned above, first;
};

static struct place
place_of(unsigned level, uint64_t index)
{
    struct place p = {.above = level % SPK_TILE_HEIGHT};

    spk_tile_of(level, index, &p.tile);
    p.first = (unsigned)(index << p.above) % SPK_TILE_WIDTH;
    return p;
}

static struct spk_hash *
node_at(struct slot *s, const struct place *p)
{
    const unsigned all = 2 * SPK_TILE_WIDTH; /* half of it, a quarter ... */
    unsigned begin = all - (all >> p->above);

    return &s->node[begin + (p->first >> p->above)];
}

static bool
has(const struct slot *s, const struct place *p)
{
    return s->used && s->n == p->tile.n && p->first + (1u << p->above) <= s->width;
}

/* All nodes over the hashes that are there. */
static spk_err
fill(struct slot *s)
{
    for (unsigned above = 1; above < SPK_TILE_HEIGHT; above++) {
        for (unsigned first = 0; first + (1u << above) <= s->width; first += 1u << above) {
            const struct place left = {.above = above - 1, .first = first};
            const struct place right = {.above = above - 1, .first = first + (1u << (above - 1))};
            const struct place p = {.above = above, .first = first};
            SPK_TRY(spk_node_hash(node_at(s, &left), node_at(s, &right), node_at(s, &p)));
        }
    }
    return SPK_OK;
}

static spk_err
load(struct spk_tilecache *c, const struct place *p, struct spk_hash *ret_h)
{
    struct slot *fresh = spk_calloc(1, sizeof(*fresh));
    struct spk_log_hashes tile;

    SPK_CHECK(fresh != NULL, NOMEM);
    fresh->used = true;
    fresh->n = p->tile.n;
    pthread_mutex_lock(&c->lock);
    uint64_t cleared = c->cleared;
    pthread_mutex_unlock(&c->lock);
    spk_err e = spk_store_log_hashes(c->store, c->log, p->tile.level, p->tile.n * SPK_TILE_WIDTH,
                                     SPK_TILE_WIDTH, &tile);
    if (spk_ok(e)) {
        fresh->width = (unsigned)tile.n;
        memcpy(fresh->node, tile.h, tile.n * sizeof(tile.h[0]));
        e = has(fresh, p) ? fill(fresh) : SPK_ERR(NOTFOUND);
    }
    if (spk_ok(e)) {
        *ret_h = *node_at(fresh, p);
        pthread_mutex_lock(&c->lock);
        struct slot *s = slot_of(c, &p->tile);
        if (cleared == c->cleared && (!s->used || s->n != fresh->n || s->width < fresh->width)) {
            *s = *fresh;
        }
        pthread_mutex_unlock(&c->lock);
    }
    spk_mem_free(fresh);
    return e;
}

spk_err
spk_tilecache_get(void *ctx, unsigned level, uint64_t index, struct spk_hash *ret_h)
{
    struct spk_tilecache *c = ctx;
    const struct place p = place_of(level, index);

    pthread_mutex_lock(&c->lock);
    struct slot *s = slot_of(c, &p.tile);
    bool there = has(s, &p);
    if (there) {
        *ret_h = *node_at(s, &p);
    }
    pthread_mutex_unlock(&c->lock);
    return there ? SPK_OK : load(c, &p, ret_h);
}

void
spk_tilecache_add(struct spk_tilecache *c, unsigned level, uint64_t index, const struct spk_hash *h)
{
    const struct place p = place_of(level, index);

    pthread_mutex_lock(&c->lock);
    struct slot *s = slot_of(c, &p.tile);
    if (p.above == 0 && p.first == 0 && (!s->used || s->n != p.tile.n)) {
        s->used = true;
        s->n = p.tile.n;
        s->width = 0;
    }
    if (s->used && s->n == p.tile.n && p.above == 0 && p.first == s->width) {
        s->width++;
    }
    if (has(s, &p)) {
        *node_at(s, &p) = *h;
    } else if (s->used && s->n == p.tile.n) {
        s->used = false; /* some of it is missing: it is read again when it is asked for */
    }
    pthread_mutex_unlock(&c->lock);
}

void
spk_tilecache_clear(struct spk_tilecache *c)
{
    pthread_mutex_lock(&c->lock);
    for (unsigned i = 0; i < SLOTS; i++) {
        c->slot[i].used = false;
    }
    c->cleared++;
    pthread_mutex_unlock(&c->lock);
}
