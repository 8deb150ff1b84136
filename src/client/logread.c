/* SPDX-License-Identifier: Apache-2.0 */
#include "client/logread.h"

#include <string.h>

#define TARGET_MAX 128

/* Proofs go up along two edges of the tree: the newest tile of each level serves most of it. */
struct kept_tile {
    bool have;
    uint64_t n;
    struct spk_hash h[SPK_TILE_WIDTH];
};
struct spk_logread {
    struct spk_api *api;
    enum spk_log_id log;
    uint64_t size;
    struct kept_tile tile[SPK_TILE_LEVELS];
    struct spk_buf bundle; /* of one entry; empty: none yet */
    uint64_t bundle_n;
};

spk_err
spk_logread_new(struct spk_api *api, enum spk_log_id log, uint64_t size, struct spk_logread **ret_l)
{
    struct spk_logread *l = spk_calloc(1, sizeof(*l));

    SPK_CHECK(l != NULL, NOMEM);
    l->api = api;
    l->log = log;
    l->size = size;
    l->bundle = SPK_BUF(SPK_BUNDLE_MAX);
    *ret_l = l;
    return SPK_OK;
}

void
spk_logread_free(struct spk_logread *l)
{
    if (l != NULL) {
        spk_buf_free(&l->bundle);
    }
    spk_mem_free(l);
}

static spk_err
fetch(struct spk_logread *l, const struct spk_tile *t, struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf target = SPK_BUF(TARGET_MAX);
    const char *path = NULL;

    SPK_TRY(spk_buf_printf(&target, "/log/%s/", spk_log_word(l->log)));
    SPK_TRY(spk_tile_path(t, &target));
    SPK_TRY(spk_buf_cstr(&target, &path));
    return spk_api_get_bytes(l->api, path, b->max, b);
}

static spk_err
fetch_hashes(struct spk_logread *l, const struct spk_tile *t, struct kept_tile *k)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(sizeof(k->h));

    SPK_TRY(fetch(l, t, &b));
    SPK_CHECK(b.len == t->width * sizeof(k->h[0]), PROTO);
    memcpy(k->h, b.ptr, b.len);
    k->n = t->n;
    k->have = true;
    return SPK_OK;
}

static spk_err
get_node(void *ctx, unsigned level, uint64_t index, struct spk_hash *ret_h)
{
    struct spk_logread *l = ctx;
    struct spk_tile t;

    spk_tile_of(level, index, &t);
    SPK_CHECK(t.level < SPK_TILE_LEVELS, LIMIT);
    t.width = spk_tile_width(l->size, t.level, t.n);
    SPK_CHECK(t.width > 0, USAGE);
    struct kept_tile *k = &l->tile[t.level];
    if (!k->have || k->n != t.n) {
        k->have = false;
        SPK_TRY(fetch_hashes(l, &t, k));
    }
    return spk_tile_node(k->h, t.width, level, index, ret_h);
}

struct spk_nodes
spk_logread_nodes(struct spk_logread *l)
{
    return (struct spk_nodes){.ctx = l, .get = get_node};
}

static struct spk_tile
bundle_of(const struct spk_logread *l, uint64_t index)
{
    struct spk_tile t = {.entries = true, .n = index / SPK_TILE_WIDTH};

    t.width = spk_tile_width(l->size, 0, t.n);
    return t;
}

static spk_err
one_bundle(struct spk_logread *l, uint64_t from, spk_logread_fn fn, void *ctx, uint64_t *ret_next)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_BUNDLE_MAX);
    struct spk_span entries[SPK_TILE_WIDTH];
    struct spk_tile t = bundle_of(l, from);

    SPK_TRY(fetch(l, &t, &b));
    SPK_CHECK(spk_ok(spk_bundle_parse(spk_buf_span(&b), t.width, entries)), PROTO);
    for (uint64_t i = from; i < t.n * SPK_TILE_WIDTH + t.width; i++) {
        SPK_TRY(fn(ctx, i, entries[i % SPK_TILE_WIDTH]));
    }
    *ret_next = t.n * SPK_TILE_WIDTH + t.width;
    return SPK_OK;
}

spk_err
spk_logread_entries(struct spk_logread *l, uint64_t from, spk_logread_fn fn, void *ctx)
{
    while (from < l->size) {
        SPK_TRY(one_bundle(l, from, fn, ctx, &from));
    }
    return SPK_OK;
}

spk_err
spk_logread_entry(struct spk_logread *l, uint64_t index, struct spk_buf *bytes)
{
    struct spk_span entries[SPK_TILE_WIDTH];
    struct spk_tile t = bundle_of(l, index);

    SPK_CHECK(index < l->size, USAGE);
    if (l->bundle.len == 0 || l->bundle_n != t.n) {
        spk_buf_reset(&l->bundle);
        spk_err e = fetch(l, &t, &l->bundle);
        if (!spk_ok(e)) {
            spk_buf_reset(&l->bundle); /* half of one is none */
            return e;
        }
        l->bundle_n = t.n;
    }
    SPK_CHECK(spk_ok(spk_bundle_parse(spk_buf_span(&l->bundle), t.width, entries)), PROTO);
    return spk_buf_add(bytes, entries[index % SPK_TILE_WIDTH]);
}
