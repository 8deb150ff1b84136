/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/logexport.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "ctl/logcheck.h"
#include "translog/checkpoint.h"
#include "translog/tile.h"

#define FILE_MODE 0644
#define FOLDER_MODE 0755

struct out {
    struct spk_store *store;
    enum spk_log_id log;
    const char *folder;
    uint64_t before; /* size of the checkpoint that stands there, whose tiles are whole */
    struct spk_log_note_row note;
    struct ctl_log_page page;
};

static spk_err
root_at(struct out *o, uint64_t size, struct spk_hash *ret_root)
{
    struct spk_log_hashes leaves;
    struct spk_edge edge = {.n = 0};

    while (edge.n < size) {
        uint64_t left = size - edge.n;
        size_t max = left < SPK_LOG_HASHES_MAX ? (size_t)left : SPK_LOG_HASHES_MAX;

        SPK_TRY(spk_store_log_hashes(o->store, o->log, 0, edge.n, max, &leaves));
        SPK_CHECK(leaves.n > 0, CHANGED);
        for (size_t i = 0; i < leaves.n; i++) {
            SPK_TRY(spk_edge_add(&edge, &leaves.h[i], NULL, NULL));
        }
    }
    return spk_edge_root(&edge, ret_root);
}

/* What was published before begins what is published now, or nothing is. */
static spk_err
check_before(struct out *o)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_STR char *path = NULL;
    struct spk_checkpoint old;
    struct spk_note note;
    struct spk_hash root;

    SPK_TRY(root_at(o, o->note.size, &root));
    SPK_CHECK(spk_hash_eq(&root, &o->note.root), CHANGED);
    SPK_TRY(spk_path_join(o->folder, "checkpoint", &path));
    spk_err e = spk_file_read(AT_FDCWD, path, &b);
    if (e.code == SPK_CODE_NOTFOUND) {
        return SPK_OK;
    }
    SPK_TRY(e);
    SPK_CHECK(spk_ok(spk_note_parse(spk_buf_span(&b), false, &note)) &&
                  spk_ok(spk_checkpoint_parse(note.text, &old)),
              CHANGED);
    SPK_CHECK(old.size <= o->note.size, EXISTS);
    SPK_TRY(root_at(o, old.size, &root));
    SPK_CHECK(spk_hash_eq(&root, &old.root), CHANGED);
    o->before = old.size;
    return SPK_OK;
}

static spk_err
add_hashes(struct out *o, const struct spk_tile *t, struct spk_buf *bytes)
{
    struct spk_log_hashes l;

    SPK_TRY(spk_store_log_hashes(o->store, o->log, t->level, t->n * SPK_TILE_WIDTH, t->width, &l));
    SPK_CHECK(l.n == t->width, CHANGED);
    return spk_buf_add(bytes, spk_span(l.h, l.n * sizeof(l.h[0])));
}

static spk_err
add_entries(struct out *o, const struct spk_tile *t, struct spk_buf *bytes)
{
    SPK_TRY(ctl_log_read(o->store, o->log, t->n * SPK_TILE_WIDTH, t->width, &o->page));
    SPK_CHECK(o->page.n == t->width, CHANGED);
    for (size_t i = 0; i < o->page.n; i++) {
        const struct ctl_log_leaf *l = &o->page.at[i];

        SPK_CHECK(l->fits, CHANGED);
        SPK_TRY(spk_bundle_add(bytes, spk_span(l->entry, l->len)));
    }
    return SPK_OK;
}

/* The parts of a tile that were there before it grew. path: of one of them. */
static void
drop_older(const char *path)
{
    SPK_AUTO_STR char *folder = spk_strdup(path);
    char *name = folder != NULL ? strrchr(folder, '/') : NULL;
    const struct dirent *d = NULL;

    if (name == NULL) {
        return;
    }
    *name++ = 0;
    DIR *dir = opendir(folder);
    while (dir != NULL && (d = readdir(dir)) != NULL) {
        if (d->d_name[0] != '.' && strcmp(d->d_name, name) != 0) {
            (void)unlinkat(dirfd(dir), d->d_name, 0);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

static spk_err
tile_file(const struct out *o, const struct spk_tile *t, struct spk_buf *name,
          const char **ret_path)
{
    SPK_TRY(spk_buf_str(name, o->folder));
    SPK_TRY(spk_buf_u8(name, '/'));
    SPK_TRY(spk_tile_path(t, name));
    return spk_buf_cstr(name, ret_path);
}

static spk_err
make_folder_of(const char *path)
{
    SPK_AUTO_STR char *folder = spk_strdup(path);

    SPK_CHECK(folder != NULL, NOMEM);
    char *slash = strrchr(folder, '/');
    if (slash != NULL) {
        *slash = 0;
    }
    return spk_mkdirs(folder, FOLDER_MODE);
}

/* A tile that was full is not one that grows: what was kept of its growing goes. */
static spk_err
forget_parts(const struct out *o, const struct spk_tile *t)
{
    SPK_AUTO_BUF struct spk_buf name = SPK_BUF((size_t)8192);
    struct spk_tile part = *t;
    const char *path = NULL;

    part.width = 1;
    SPK_TRY(tile_file(o, &part, &name, &path));
    char *end = (char *)(name.ptr + name.len - 1);
    *end = '.'; /* no part's name: all of them go */
    drop_older(path);
    *(end - 1) = 0;
    (void)rmdir(path);
    return SPK_OK;
}

/* Tiles beyond the checkpoint are of a run that did not end, and perhaps of entries that were cut
 * off since: they are written anew. */
static bool
is_published(const struct out *o, const struct spk_tile *t)
{
    return t->n * SPK_TILE_WIDTH + t->width <= o->before >> (SPK_TILE_HEIGHT * t->level);
}

static spk_err
put_tile(struct out *o, const struct spk_tile *t)
{
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_BUNDLE_MAX);
    SPK_AUTO_BUF struct spk_buf name = SPK_BUF((size_t)8192);
    const char *path = NULL;

    SPK_TRY(tile_file(o, t, &name, &path));
    if (is_published(o, t) && access(path, F_OK) == 0) {
        return SPK_OK;
    }
    SPK_TRY(t->entries ? add_entries(o, t, &bytes) : add_hashes(o, t, &bytes));
    SPK_TRY(make_folder_of(path));
    SPK_TRY(spk_file_write(AT_FDCWD, path, spk_buf_span(&bytes), FILE_MODE, true));
    if (t->width < SPK_TILE_WIDTH) {
        drop_older(path);
        return SPK_OK;
    }
    return forget_parts(o, t);
}

static spk_err
put_level(struct out *o, unsigned level, bool entries)
{
    struct spk_tile t = {.entries = entries, .level = level, .n = 0};

    while ((t.width = spk_tile_width(o->note.size, level, t.n)) > 0) {
        SPK_TRY(put_tile(o, &t));
        t.n++;
    }
    return SPK_OK;
}

static spk_err
put_all(struct out *o)
{
    SPK_AUTO_STR char *path = NULL;

    SPK_TRY(spk_mkdirs(o->folder, FOLDER_MODE));
    SPK_TRY(check_before(o));
    SPK_TRY(put_level(o, 0, true));
    for (unsigned level = 0; level < SPK_TILE_LEVELS; level++) {
        SPK_TRY(put_level(o, level, false));
    }
    SPK_TRY(spk_path_join(o->folder, "checkpoint", &path));
    return spk_file_write(AT_FDCWD, path, o->note.note, FILE_MODE, true);
}

spk_err
ctl_log_export(struct spk_store *store, enum spk_log_id log, const char *folder, uint64_t *ret_size)
{
    struct out *o = spk_calloc(1, sizeof(*o));

    SPK_CHECK(o != NULL, NOMEM);
    o->store = store;
    o->log = log;
    o->folder = folder;
    spk_err e = spk_store_log_note(store, log, &o->note);
    if (spk_ok(e)) {
        e = put_all(o);
        *ret_size = spk_ok(e) ? o->note.size : *ret_size;
        spk_log_note_row_clear(&o->note);
    }
    spk_mem_free(o);
    return e;
}
