/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

struct level { /* one folder on the way down, its names sorted */
    char *path;
    struct dirent **names;
    int n, at;
};
struct spk_walk {
    struct level levels[SPK_WALK_DEPTH_MAX];
    unsigned depth;
    unsigned long skipped;
    char *file; /* the root, when it is one; until it is given away */
    bool is_file;
};

static int
is_real(const struct dirent *de)
{
    return strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0;
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Takes path over. */
static spk_err
push(struct spk_walk *w, char **take_path)
{
    struct level *l = NULL;
    int n;

    SPK_CHECK(w->depth < SPK_WALK_DEPTH_MAX, LIMIT);
    l = &w->levels[w->depth];
    n = scandir(*take_path, &l->names, is_real, by_bytes);
    if (n < 0) {
        return spk_err_errno();
    }
    l->path = SPK_STEAL(*take_path);
    l->n = n;
    l->at = 0;
    w->depth++;
    return SPK_OK;
}

static void
pop(struct spk_walk *w)
{
    struct level *l = &w->levels[--w->depth];

    for (int i = 0; i < l->n; i++) {
        spk_mem_free(l->names[i]);
    }
    spk_mem_free(l->names);
    spk_mem_free(l->path);
    memset(l, 0, sizeof(*l));
}

static spk_err
root_type(const char *root, bool *ret_is_file)
{
    struct stat st;

    if (stat(root, &st) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode), USAGE);
    *ret_is_file = S_ISREG(st.st_mode);
    return SPK_OK;
}

spk_err
spk_walk_new(const char *root, struct spk_walk **ret_w)
{
    SPK_AUTO(spk_walk) w = spk_calloc(1, sizeof(*w));
    SPK_AUTO_STR char *path = spk_strdup(root);
    size_t len;

    SPK_CHECK(w != NULL && path != NULL, NOMEM);
    SPK_TRY(root_type(root, &w->is_file));
    if (w->is_file) {
        w->file = SPK_STEAL(path);
        *ret_w = SPK_STEAL(w);
        return SPK_OK;
    }
    for (len = strlen(path); len > 1 && path[len - 1] == '/'; len--) {
        path[len - 1] = '\0';
    }
    SPK_TRY(push(w, &path));
    *ret_w = SPK_STEAL(w);
    return SPK_OK;
}

void
spk_walk_free(struct spk_walk *w)
{
    if (w == NULL) {
        return;
    }
    while (w->depth > 0) {
        pop(w);
    }
    spk_mem_free(w->file);
    spk_mem_free(w);
}

bool
spk_walk_is_file(const struct spk_walk *w)
{
    return w->is_file;
}

unsigned long
spk_walk_skipped(const struct spk_walk *w)
{
    return w->skipped;
}

/* What an entry is; most file systems say so without a further call. */
static mode_t
type_of(const struct dirent *de, const char *path)
{
    struct stat st;

    switch (de->d_type) {
    case DT_REG:
        return S_IFREG;
    case DT_DIR:
        return S_IFDIR;
    case DT_UNKNOWN:
        return lstat(path, &st) == 0 ? st.st_mode & S_IFMT : 0;
    default:
        return S_IFLNK;
    }
}

spk_err
spk_walk_next(struct spk_walk *w, char **ret_path)
{
    *ret_path = SPK_STEAL(w->file);
    while (w->depth > 0) {
        struct level *l = &w->levels[w->depth - 1];
        SPK_AUTO_STR char *path = NULL;
        mode_t type;

        if (l->at == l->n) {
            pop(w);
            continue;
        }
        SPK_TRY(spk_path_join(l->path, l->names[l->at]->d_name, &path));
        type = type_of(l->names[l->at], path);
        l->at++;
        if (type == S_IFREG) {
            *ret_path = SPK_STEAL(path);
            return SPK_OK;
        }
        if (type == S_IFDIR) {
            spk_err e = push(w, &path);

            if (!spk_ok(e)) {
                *ret_path = SPK_STEAL(path);
                return e;
            }
            continue;
        }
        w->skipped++;
    }
    return SPK_OK;
}
