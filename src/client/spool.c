/* SPDX-License-Identifier: Apache-2.0 */
#include "client/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/rd.h"
#include "base/text.h"
#include "client/framed.h"

/* doc/spec/client-files.md, "Spool" */
#define ENTRY_MAX ((size_t)32768)
enum { A_RPUB = 1, A_SALT = 2, A_RPRIV = 3, A_BLOB = 4, A_OWNER = 5, A_PATH = 6, A_TIME = 7 };
static const uint16_t known[] = {A_RPUB, A_SALT, A_RPRIV, A_BLOB, A_OWNER, A_PATH, A_TIME};
static const struct spk_framed frame = {"sparekey/1 spool\n", ENTRY_MAX, known,
                                        sizeof(known) / sizeof(known[0])};

void
spk_spool_entry_clear(struct spk_spool_entry *e)
{
    spk_parcel_clear(&e->parcel);
    spk_buf_free(&e->path);
    memset(e, 0, sizeof(*e));
}

spk_err
spk_spool_entry_build(const struct spk_spool_entry *e, struct spk_buf *out)
{
    struct spk_attrs l = {0};
    uint8_t rpub[SPK_RPUB_LEN];
    uint8_t time[8];
    const struct spk_deposit *d = &e->parcel.d;

    spk_parcel_rpub(&e->parcel, rpub);
    SPK_TRY(spk_attrs_add(&l, A_RPUB, SPK_SPAN_OF(rpub)));
    SPK_TRY(spk_attrs_add(&l, A_SALT, SPK_SPAN_OF(d->salt)));
    SPK_TRY(spk_attrs_add(&l, A_RPRIV, d->rpriv));
    SPK_TRY(spk_attrs_add(&l, A_BLOB, d->blob));
    SPK_TRY(spk_attrs_add(&l, A_OWNER, spk_hash_span(&d->owner)));
    SPK_TRY(spk_attrs_add(&l, A_PATH, spk_buf_span(&e->path)));
    SPK_TRY(spk_attrs_add_u64(&l, A_TIME, e->time, time));
    return spk_framed_build(&frame, &l, out);
}

static spk_err
fill_entry(const struct spk_attrs *l, struct spk_spool_entry *e)
{
    struct spk_parcel *p = &e->parcel;
    struct spk_span s;

    SPK_TRY(spk_attrs_get(l, A_RPUB, SPK_RPUB_LEN, &s));
    SPK_TRY(spk_rpub_parse(s, &p->d.rpub));
    SPK_TRY(spk_attrs_fixed(l, A_SALT, p->d.salt, sizeof(p->d.salt)));
    SPK_TRY(spk_attrs_fixed(l, A_OWNER, p->d.owner.b, sizeof(p->d.owner.b)));
    SPK_TRY(spk_attrs_u64(l, A_TIME, &e->time));
    SPK_TRY(spk_attrs_get(l, A_RPRIV, SPK_RPRIV_MAX, &s));
    SPK_TRY(spk_buf_add(&p->rpriv, s));
    p->d.rpriv = spk_buf_span(&p->rpriv);
    SPK_TRY(spk_attrs_get(l, A_BLOB, SPK_SIMPLEBLOB_MAX, &s));
    SPK_TRY(spk_buf_add(&p->blob, s));
    p->d.blob = spk_buf_span(&p->blob);
    SPK_TRY(spk_attrs_get(l, A_PATH, PATH_MAX, &s));
    SPK_TRY(spk_buf_add(&e->path, s));
    SPK_TRY(spk_deposit_p(p->d.salt, p->d.rpriv, &p->d.p));
    return spk_deposit_check_public(&p->d);
}

spk_err
spk_spool_entry_parse(struct spk_span bytes, struct spk_spool_entry *ret_e)
{
    struct spk_spool_entry e = {0};
    SPK_AUTO_STR struct spk_attrs *l = spk_calloc(1, sizeof(*l));
    spk_err err;

    SPK_CHECK(l != NULL, NOMEM);
    SPK_TRY(spk_framed_parse(&frame, bytes, l));
    e.parcel.rpriv = SPK_BUF(SPK_RPRIV_MAX);
    e.parcel.blob = SPK_BUF(SPK_SIMPLEBLOB_MAX);
    e.path = SPK_BUF((size_t)PATH_MAX);
    err = fill_entry(l, &e);
    if (!spk_ok(err)) {
        spk_spool_entry_clear(&e);
        return err;
    }
    *ret_e = e;
    return SPK_OK;
}

/* Serials are UUIDv7, so names sort by age. */
void
spk_spool_name(const struct spk_rpub *r, char ret_name[SPK_SPOOL_NAME_MAX])
{
    char id[2 * SPK_FILE_ID_LEN + 1];
    char key[2 * 8 + 1];

    (void)spk_hex(SPK_SPAN_OF(r->id.b), id);
    (void)spk_hex(spk_span(r->authority.b, 8), key);
    (void)snprintf(ret_name, SPK_SPOOL_NAME_MAX, "%s-%s-%u", id, key, r->epoch);
}

static spk_err
entry_path(const struct spk_profile *p, const char *name, char **ret_path)
{
    SPK_AUTO_STR char *dir = NULL;

    SPK_TRY(spk_profile_data_path(p, "spool", &dir));
    return spk_path_join(dir, name, ret_path);
}

/* So that sync finds the file from wherever it is started; links in it stay as they are. */
static spk_err
absolute(const char *path, struct spk_buf *out)
{
    SPK_AUTO_STR char *cwd = NULL;

    if (path[0] != '/') {
        cwd = getcwd(NULL, 0);
        if (cwd == NULL) {
            return spk_err_errno();
        }
        SPK_TRY(spk_buf_printf(out, "%s/", cwd));
    }
    return spk_buf_str(out, path);
}

spk_err
spk_spool_put(const struct spk_profile *p, const struct spk_parcel *parcel, const char *final_path)
{
    struct spk_spool_entry e = {.parcel = *parcel, .time = spk_now()};
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF((size_t)PATH_MAX);
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(ENTRY_MAX);
    SPK_AUTO_STR char *dir = NULL;
    SPK_AUTO_STR char *file = NULL;
    char name[SPK_SPOOL_NAME_MAX];

    if (final_path[0] != '\0') { /* nothing is known of a pipe */
        SPK_TRY(absolute(final_path, &path));
    }
    e.path = path; /* borrowed for the build */
    SPK_TRY(spk_spool_entry_build(&e, &bytes));
    SPK_TRY(spk_profile_data_path(p, "spool", &dir));
    SPK_TRY(spk_mkdirs(dir, 0700));
    spk_spool_name(&parcel->d.rpub, name);
    SPK_TRY(entry_path(p, name, &file));
    return spk_file_write(AT_FDCWD, file, spk_buf_span(&bytes), 0600, true);
}

static int
keep_entry(const struct dirent *de)
{
    return de->d_name[0] != '.' && strlen(de->d_name) < SPK_SPOOL_NAME_MAX;
}

spk_err
spk_spool_list(const struct spk_profile *p, struct spk_buf *names, size_t *ret_n)
{
    SPK_AUTO_STR char *dir = NULL;
    struct dirent **list = NULL;
    spk_err e = SPK_OK;
    int n;

    SPK_TRY(spk_profile_data_path(p, "spool", &dir));
    n = scandir(dir, &list, keep_entry, alphasort);
    if (n < 0) {
        *ret_n = 0;
        return errno == ENOENT ? SPK_OK : spk_err_errno();
    }
    for (int i = 0; i < n; i++) {
        if (spk_ok(e)) {
            e = spk_buf_add(names, spk_span(list[i]->d_name, strlen(list[i]->d_name) + 1));
        }
        spk_mem_free(list[i]);
    }
    spk_mem_free(list);
    *ret_n = (size_t)n;
    return e;
}

spk_err
spk_spool_read(const struct spk_profile *p, const char *name, struct spk_trouble *t,
               struct spk_spool_entry *ret_e)
{
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(ENTRY_MAX);
    SPK_AUTO_STR char *file = NULL;

    SPK_TRY(entry_path(p, name, &file));
    spk_trouble_file(t, file);
    SPK_TRY(spk_file_read(AT_FDCWD, file, &bytes));
    return spk_spool_entry_parse(spk_buf_span(&bytes), ret_e);
}

spk_err
spk_spool_drop(const struct spk_profile *p, const char *name)
{
    SPK_AUTO_STR char *file = NULL;

    SPK_TRY(entry_path(p, name, &file));
    if (unlink(file) != 0 && errno != ENOENT) {
        return spk_err_errno();
    }
    return spk_sync_parent(AT_FDCWD, file);
}

spk_err
spk_spool_take_back(const struct spk_profile *p, const struct spk_parcel *parcel)
{
    char name[SPK_SPOOL_NAME_MAX];

    spk_spool_name(&parcel->d.rpub, name);
    return spk_spool_drop(p, name);
}

bool
spk_spool_has(const struct spk_profile *p, const struct spk_rpub *rpub)
{
    struct spk_spool_entry e = {0};
    struct spk_parcel claim = {.d = {.rpub = *rpub}};
    uint8_t ours[SPK_RPUB_LEN];
    uint8_t theirs[SPK_RPUB_LEN];
    char name[SPK_SPOOL_NAME_MAX];
    bool same = false;

    spk_spool_name(rpub, name);
    if (spk_ok(spk_spool_read(p, name, NULL, &e))) {
        spk_parcel_rpub(&e.parcel, ours);
        spk_parcel_rpub(&claim, theirs);
        same = spk_span_eq(SPK_SPAN_OF(ours), SPK_SPAN_OF(theirs));
        spk_spool_entry_clear(&e);
    }
    return same;
}

/* -- acceptances without their file -- */

static spk_err
note_path(const struct spk_profile *p, const struct spk_rpub *r, char **ret_dir, char **ret_path)
{
    char name[SPK_SPOOL_NAME_MAX];

    spk_spool_name(r, name);
    SPK_TRY(spk_profile_data_path(p, "accepted", ret_dir));
    return spk_path_join(*ret_dir, name, ret_path);
}

/* The R_pub that was accepted, and the slot's body: doc/spec/client-files.md, "Acceptances". */
spk_err
spk_spool_note_accepted(const struct spk_profile *p, const struct spk_parcel *parcel)
{
    uint8_t note[SPK_RPUB_LEN + SPK_ACCEPTED_LEN];
    SPK_AUTO_STR char *dir = NULL;
    SPK_AUTO_STR char *path = NULL;

    spk_parcel_rpub(parcel, note);
    spk_put_u64(note + SPK_RPUB_LEN, parcel->index);
    spk_put_u64(note + SPK_RPUB_LEN + 8, parcel->time_ms);
    SPK_TRY(note_path(p, &parcel->d.rpub, &dir, &path));
    SPK_TRY(spk_mkdirs(dir, 0700));
    return spk_file_write(AT_FDCWD, path, SPK_SPAN_OF(note), 0600, true);
}

bool
spk_spool_was_accepted(const struct spk_profile *p, const struct spk_rpub *rpub,
                       uint64_t *ret_index, uint64_t *ret_time_ms)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_RPUB_LEN + SPK_ACCEPTED_LEN);
    struct spk_parcel claim = {.d = {.rpub = *rpub}};
    SPK_AUTO_STR char *dir = NULL;
    SPK_AUTO_STR char *path = NULL;
    uint8_t want[SPK_RPUB_LEN];

    spk_parcel_rpub(&claim, want);
    return spk_ok(note_path(p, rpub, &dir, &path)) && spk_ok(spk_file_read(AT_FDCWD, path, &b)) &&
           b.len == b.max && spk_span_eq(spk_span(b.ptr, SPK_RPUB_LEN), SPK_SPAN_OF(want)) &&
           spk_ok(spk_accepted_parse(spk_span(b.ptr + SPK_RPUB_LEN, SPK_ACCEPTED_LEN), ret_index,
                                     ret_time_ms));
}
