/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "keystore/folder.h"
#include "keystore/format.h"

struct listing {
    int dirfd;
    char (*name)[SPK_CONTAINER_NAME_MAX + 1];
    size_t len;
    size_t cap;
};

static spk_err
listing_room(struct listing *l)
{
    if (l->len < l->cap) {
        return SPK_OK;
    }
    size_t cap = l->cap == 0 ? 16 : l->cap * 2;
    void *grown = spk_reallocarray(l->name, cap, sizeof l->name[0]);
    SPK_CHECK(grown != NULL, NOMEM);
    l->name = grown;
    l->cap = cap;
    return SPK_OK;
}

/** The name as its owner wrote it, when the file can be read; a damaged one keeps its folded name,
 * so that it is seen and opening it says what is wrong. */
static void
written_name(int dirfd, const char *fname, char name[SPK_CONTAINER_NAME_MAX + 1])
{
    SPK_AUTO(spk_secret) bytes = NULL;
    struct spk_container_file file;
    struct spk_container_fname again;
    char text[SPK_CONTAINER_NAME_MAX + 1] = {0};
    if (!spk_ok(spk_folder_read(dirfd, fname, &bytes)) ||
        !spk_ok(spk_container_file_parse(spk_secret_span(bytes), &file))) {
        return;
    }
    memcpy(text, file.name.ptr, file.name.len);
    if (spk_ok(spk_container_fname(text, &again)) && strcmp(again.s, fname) == 0) {
        memcpy(name, text, sizeof text);
    }
}

static spk_err
list_one(void *ctx, const char *fname)
{
    struct listing *l = ctx;
    struct stat st;
    char name[SPK_CONTAINER_NAME_MAX + 1];
    if (!spk_ok(spk_container_fname_parse(fname, name)) ||
        fstatat(l->dirfd, fname, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode)) {
        return SPK_OK;
    }
    written_name(l->dirfd, fname, name);
    SPK_TRY(listing_room(l));
    memcpy(l->name[l->len++], name, sizeof name);
    return SPK_OK;
}

static int
by_bytes(const void *a, const void *b)
{
    return strcmp(a, b);
}

spk_err
spk_container_list(struct spk_keystore *ks, spk_err (*each)(void *, const char *), void *ctx)
{
    struct listing l = {.dirfd = spk_keystore_fd(ks)};
    spk_err e = spk_folder_each(l.dirfd, list_one, &l);
    if (spk_ok(e) && l.len > 0) {
        qsort(l.name, l.len, sizeof l.name[0], by_bytes);
    }
    for (size_t i = 0; i < l.len && spk_ok(e); i++) {
        e = each(ctx, l.name[i]);
    }
    spk_mem_free(l.name);
    return e;
}
