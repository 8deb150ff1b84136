/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/logadopt.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "translog/checkpoint.h"
#include "translog/tile.h"

struct adopt {
    struct spk_store *store;
    enum spk_log_id log;
    const char *folder;
    struct spk_buf note;
    struct spk_checkpoint top;
    struct ctl_adopted a;
    struct spk_edge edge; /* of the entries in the files */
    struct spk_span entries[SPK_TILE_WIDTH];
};

static spk_err
read_checkpoint(struct adopt *d, const struct spk_vkey *key)
{
    SPK_AUTO_STR char *path = NULL;
    struct spk_note note;

    SPK_TRY(spk_path_join(d->folder, "checkpoint", &path));
    SPK_TRY(spk_file_read(AT_FDCWD, path, &d->note));
    SPK_TRY(spk_note_parse(spk_buf_span(&d->note), false, &note));
    SPK_CHECK(spk_ok(spk_checkpoint_verify(&note, key, &d->top)), AUTH);
    return SPK_OK;
}

static spk_err
read_bundle(struct adopt *d, uint64_t n, unsigned width, struct spk_buf *bytes)
{
    const struct spk_tile t = {.entries = true, .n = n, .width = width};
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF((size_t)8192);
    const char *name = NULL;

    SPK_TRY(spk_buf_str(&path, d->folder));
    SPK_TRY(spk_buf_u8(&path, '/'));
    SPK_TRY(spk_tile_path(&t, &path));
    SPK_TRY(spk_buf_cstr(&path, &name));
    spk_err e = spk_file_read(AT_FDCWD, name, bytes);
    SPK_CHECK(e.code != SPK_CODE_NOTFOUND, FORMAT);
    SPK_TRY(e);
    return spk_bundle_parse(spk_buf_span(bytes), width, d->entries);
}

/* What both have is the same, entry by entry. */
static spk_err
compare(struct adopt *d, const struct spk_hash *leaf, struct spk_log_hashes *have)
{
    uint64_t i = d->edge.n;

    if (i >= d->a.had) {
        return SPK_OK;
    }
    if (i % SPK_TILE_WIDTH == 0) {
        SPK_TRY(spk_store_log_hashes(d->store, d->log, 0, i, SPK_TILE_WIDTH, have));
    }
    d->a.differs = i;
    SPK_CHECK(i % SPK_TILE_WIDTH < have->n && spk_hash_eq(&have->h[i % SPK_TILE_WIDTH], leaf),
              CHANGED);
    return SPK_OK;
}

static spk_err
put(struct adopt *d, struct spk_span entry)
{
    struct spk_log_entry_row row = {.entry = entry};
    struct spk_entry e;
    uint64_t index = 0;

    if (d->edge.n < d->a.had) {
        return SPK_OK;
    }
    if (d->log == SPK_LOG_DEPOSITS) {
        SPK_CHECK(entry.len == SPK_LOST_ENTRY_LEN, FORMAT);
        return spk_store_put_lost(d->store, entry.ptr);
    }
    SPK_TRY(spk_entry_parse(entry, &e));
    row.time_ms = e.time_ms;
    return spk_store_put_log_entry(d->store, &row, &index);
}

/* The hashes of tiles that are there already are the same. */
static spk_err
keep(void *ctx, unsigned level, uint64_t index, const struct spk_hash *h)
{
    struct adopt *d = ctx;

    if (level == 0 || level % SPK_TILE_HEIGHT != 0) {
        return SPK_OK;
    }
    spk_err e = spk_store_put_log_hash(d->store, d->log, level / SPK_TILE_HEIGHT, index, h);
    return e.code == SPK_CODE_EXISTS ? SPK_ERR(CHANGED) : e;
}

static spk_err
take_bundle(struct adopt *d, uint64_t n, struct spk_log_hashes *have)
{
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_BUNDLE_MAX);
    unsigned width = spk_tile_width(d->top.size, 0, n);

    SPK_TRY(read_bundle(d, n, width, &bytes));
    for (unsigned i = 0; i < width; i++) {
        struct spk_hash leaf;

        SPK_TRY(spk_leaf_hash(d->entries[i], &leaf));
        SPK_TRY(compare(d, &leaf, have));
        SPK_TRY(put(d, d->entries[i]));
        SPK_TRY(spk_edge_add(&d->edge, &leaf, keep, d));
    }
    return SPK_OK;
}

/* In the transaction: it is undone when in the end the root is another one. */
static spk_err
take_all(struct adopt *d)
{
    const struct spk_log_note_row note = {
        .size = d->top.size, .root = d->top.root, .note = spk_buf_span(&d->note)};
    struct spk_log_hashes have = {.n = 0};
    struct spk_hash root;

    SPK_TRY(spk_store_log_count(d->store, d->log, 0, &d->a.had));
    d->a.has = d->top.size;
    SPK_CHECK(d->a.had < d->top.size, EXISTS);
    for (uint64_t n = 0; n * SPK_TILE_WIDTH < d->top.size; n++) {
        SPK_TRY(take_bundle(d, n, &have));
    }
    SPK_TRY(spk_edge_root(&d->edge, &root));
    SPK_CHECK(spk_hash_eq(&root, &d->top.root), FORMAT);
    return spk_store_put_log_note(d->store, d->log, &note);
}

static spk_err
adopt(struct adopt *d, const struct spk_vkey *key)
{
    SPK_TRY(read_checkpoint(d, key));
    SPK_TRY(spk_store_begin(d->store));
    spk_err e = take_all(d);
    if (!spk_ok(e)) {
        spk_store_rollback(d->store);
        return e;
    }
    return spk_store_commit(d->store);
}

spk_err
ctl_log_adopt(struct spk_store *store, enum spk_log_id log, const struct spk_vkey *key,
              const char *folder, struct ctl_adopted *ret_a)
{
    struct adopt *d = spk_calloc(1, sizeof(*d));

    SPK_CHECK(d != NULL, NOMEM);
    d->store = store;
    d->log = log;
    d->folder = folder;
    d->note = SPK_BUF(SPK_NOTE_MAX);
    spk_err e = adopt(d, key);
    *ret_a = d->a;
    spk_buf_free(&d->note);
    spk_mem_free(d);
    return e;
}
