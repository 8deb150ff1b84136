/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl backup, restore: an authority's folder without its keys, copied while it works, and
 * put back into an empty place (doc/spec/backup.md). */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "ctl/backup.h"

#define LIST_MAX ((size_t)CTL_BACKUP_FILES_MAX * 512)
#define PATH_MAX_LEN ((size_t)8192)

struct work {
    struct term *c;
    const char *from, *to; /* as typed */
    char *part, *check;    /* folders beside `to`, removed in the end */
    struct ctl_site site;
    struct spk_store *store;
    struct ctl_backup *list;
};

static void
work_clear(struct work *w)
{
    if (w->check != NULL) {
        ctl_backup_remove(w->check);
    }
    if (w->part != NULL) {
        ctl_backup_remove(w->part);
    }
    spk_mem_free(w->check);
    spk_mem_free(w->part);
    spk_mem_free(w->list);
    spk_store_free(w->store);
    ctl_site_clear(&w->site);
}
#define AUTO_WORK __attribute__((cleanup(work_clear)))

/* A folder beside the place where it will stand. */
static spk_err
make_beside(const char *target, const char *what, char **ret_folder)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(PATH_MAX_LEN);
    const char *text = NULL;
    size_t len = strlen(target);

    while (len > 1 && target[len - 1] == '/') {
        len--;
    }
    SPK_TRY(spk_buf_add(&b, spk_span(target, len)));
    SPK_TRY(spk_buf_printf(&b, ".%s-%ld", what, (long)getpid()));
    SPK_TRY(spk_buf_cstr(&b, &text));
    char *folder = spk_strdup(text);
    SPK_CHECK(folder != NULL, NOMEM);
    if (mkdir(folder, 0700) != 0) {
        spk_err e = spk_err_errno();
        spk_mem_free(folder);
        return e;
    }
    *ret_folder = folder;
    return SPK_OK;
}

static spk_err
copy_one(struct work *w, const char *from, const char *to_name)
{
    SPK_AUTO_STR char *to = NULL;
    struct ctl_backup_file *f = &w->list->files[w->list->n];

    SPK_CHECK(w->list->n < CTL_BACKUP_FILES_MAX && strlen(to_name) < sizeof(f->name), LIMIT);
    SPK_TRY(spk_path_join(w->part, to_name, &to));
    SPK_TRY(ctl_backup_copy_file(from, to, f));
    memcpy(f->name, to_name, strlen(to_name) + 1);
    w->list->n++;
    return SPK_OK;
}

/* All files of a list in another folder, each the one that was hashed. */
static spk_err
put_back(const struct ctl_backup *list, const char *from, const char *to)
{
    for (size_t i = 0; i < list->n; i++) {
        SPK_AUTO_STR char *src = NULL;
        SPK_AUTO_STR char *dst = NULL;
        struct ctl_backup_file got;

        SPK_TRY(spk_path_join(from, list->files[i].name, &src));
        SPK_TRY(spk_path_join(to, list->files[i].name, &dst));
        SPK_TRY(ctl_backup_copy_file(src, dst, &got));
        SPK_CHECK(got.size == list->files[i].size && spk_hash_eq(&got.hash, &list->files[i].hash),
                  CHANGED);
    }
    return SPK_OK;
}

/* -- backup */

/* Beside the database and what SQLite and the server keep with it. */
static bool
is_plain(const struct work *w, int dirfd, const char *name)
{
    size_t n = strlen(w->list->database);
    struct stat st;

    return ctl_backup_name_ok(spk_span_str(name)) && strncmp(name, w->list->database, n) != 0 &&
           fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static spk_err
copy_files(struct work *w)
{
    DIR *dir = opendir(w->site.authority);
    const struct dirent *d = NULL;
    spk_err e = dir != NULL ? SPK_OK : spk_err_errno();

    while (spk_ok(e) && (d = readdir(dir)) != NULL) {
        SPK_AUTO_STR char *from = NULL;

        if (is_plain(w, dirfd(dir), d->d_name)) {
            e = spk_path_join(w->site.authority, d->d_name, &from);
            e = spk_ok(e) ? copy_one(w, from, d->d_name) : e;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return e;
}

static spk_err
copy_database(struct work *w)
{
    SPK_AUTO_STR char *raw = NULL;
    struct ctl_backup_file *f = &w->list->files[w->list->n];

    SPK_TRY(spk_path_join(w->part, w->list->database, &raw));
    SPK_TRY(spk_store_copy(w->store, raw, &term_stop));
    /* read back from the disk: what is listed is what stands there */
    SPK_AUTO_STR char *again = NULL;
    SPK_TRY(spk_path_join(w->check, w->list->database, &again));
    SPK_TRY(ctl_backup_copy_file(raw, again, f));
    SPK_AUTO_FD int fd = open(raw, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0 || unlink(again) != 0) {
        return spk_err_errno();
    }
    memcpy(f->name, w->list->database, sizeof(f->name));
    w->list->n++;
    return SPK_OK;
}

static spk_err
database_name(struct work *w)
{
    SPK_AUTO_STR char *file = NULL;

    SPK_TRY(ctl_site_conf(&w->site, "database", "sparekey.db", &file));
    const char *slash = strrchr(file, '/');
    const char *name = slash != NULL ? slash + 1 : file;
    SPK_CHECK(ctl_backup_name_ok(spk_span_str(name)), FORMAT);
    memcpy(w->list->database, name, strlen(name) + 1);
    return SPK_OK;
}

static spk_err
fill(struct work *w, const char *sealed)
{
    w->list = spk_calloc(1, sizeof(*w->list));
    SPK_CHECK(w->list != NULL, NOMEM);
    w->list->time = spk_now();
    SPK_TRY(database_name(w));
    SPK_TRY(make_beside(w->to, "part", &w->part));
    SPK_TRY(make_beside(w->to, "check", &w->check));
    SPK_TRY(copy_database(w));
    SPK_TRY(copy_files(w));
    if (sealed != NULL) {
        SPK_TRY(copy_one(w, sealed, CTL_BACKUP_COPY));
    }
    return put_back(w->list, w->part, w->check);
}

static spk_err
finish(struct work *w)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(LIST_MAX);
    SPK_AUTO_STR char *path = NULL;

    SPK_TRY(ctl_backup_format(w->list, &text));
    SPK_TRY(spk_path_join(w->part, CTL_BACKUP_LIST, &path));
    SPK_TRY(spk_file_write(AT_FDCWD, path, spk_buf_span(&text), 0600, false));
    if (renameat2(AT_FDCWD, w->part, AT_FDCWD, w->to, RENAME_NOREPLACE) != 0) {
        return spk_err_errno();
    }
    spk_mem_free(w->part);
    w->part = NULL;
    return spk_sync_parent(AT_FDCWD, w->to);
}

/* Files that the configuration names elsewhere are not in the folder, and so not in the copy. */
static void
warn_outside(const struct work *w)
{
    static const char *const keys[] = {"tls_cert", "tls_key", "database"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        SPK_AUTO_STR char *path = NULL;

        if (spk_ok(ctl_site_conf(&w->site, keys[i], "", &path)) && path[0] == '/') {
            term_say_warning(path, i == 2 ? _("is the place of the database in the configuration: "
                                              "after a restore it has to be moved there")
                                          : _("is outside of the authority's folder, and not in "
                                              "the backup"));
        }
    }
}

static int
tell_backup(const struct work *w, bool sealed)
{
    const struct ctl_backup *b = w->list;

    if (!w->c->quiet) {
        fprintf(stderr,
                _("%s: %zu files, %llu deposits and %llu entries of recoveries signed for; "
                  "restored into a temporary folder and checked\n"),
                term_shown(w->to), b->n, (unsigned long long)b->log[0].size,
                (unsigned long long)b->log[1].size);
        if (!sealed) {
            term_say_hint(_("the authority's keys are not in it: keep a sealed copy of them beside "
                            "it ('sparekeyctl key copy'), or put one in with --copy"));
        }
    }
    warn_outside(w);
    return TERM_DONE;
}

static bool
is_there(const char *path)
{
    struct stat st;

    return fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int
ctl_backup_cmd(struct term *c, int argc, char **argv)
{
    char *sealed = NULL;
    const struct term_opt opts[] = {
        {"copy", 0, TERM_TEXT, &sealed, "FILE", N_("a sealed copy of the keys, to go with it")},
    };
    AUTO_WORK struct work w = {.c = c};
    int first = 0;
    int status = term_options(c, opts, 1, argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 2) {
        return term_usage(c, _("an authority's folder is wanted, and a new one to write to"));
    }
    w.from = argv[first];
    w.to = argv[first + 1];
    if (is_there(w.to)) {
        term_say_error(w.to, _("is there already; nothing was changed"));
        return TERM_FAILED;
    }
    status = ctl_site_open(w.from, &w.site);
    status = status == TERM_GO_ON ? ctl_site_store(&w.site, false, &w.store) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    spk_err e = fill(&w, sealed);
    status = spk_ok(e) ? ctl_backup_verify(w.check, w.list->database, w.list)
                       : term_error(TERM_ABOUT_OUTPUT, w.to, e, NULL);
    if (status != TERM_GO_ON) {
        return status;
    }
    e = finish(&w);
    return spk_ok(e) ? tell_backup(&w, sealed != NULL)
                     : term_error(TERM_ABOUT_OUTPUT, w.to, e, NULL);
}

/* -- restore */

static spk_err
read_list(struct work *w)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(LIST_MAX);
    SPK_AUTO_STR char *path = NULL;

    w->list = spk_calloc(1, sizeof(*w->list));
    SPK_CHECK(w->list != NULL, NOMEM);
    SPK_TRY(spk_path_join(w->from, CTL_BACKUP_LIST, &path));
    SPK_TRY(spk_file_read(AT_FDCWD, path, &text));
    return ctl_backup_parse(spk_buf_span(&text), w->list);
}

static int
tell_list(const struct work *w, spk_err e)
{
    if (e.code == SPK_CODE_NOTFOUND || e.code == SPK_CODE_FORMAT || e.code == SPK_CODE_LIMIT) {
        term_say_error(w->from, _("is not what 'sparekeyctl backup' makes"));
        return TERM_FAILED;
    }
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, w->from, e, NULL);
}

/* The sealed copy stays in the backup: it is for 'key restore'. */
static void
leave_copy(struct ctl_backup *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++) {
        if (strcmp(b->files[i].name, CTL_BACKUP_COPY) != 0) {
            b->files[n++] = b->files[i];
        }
    }
    b->n = n;
}

static int
restore_files(struct work *w)
{
    spk_err e = put_back(w->list, w->from, w->part);

    if (e.code == SPK_CODE_CHANGED || e.code == SPK_CODE_NOTFOUND) {
        term_say_error(w->from, _("a file of it is missing, or is not the one that was copied"));
        return TERM_FAILED;
    }
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OUTPUT, w->to, e, NULL);
}

static int
compare(const struct work *w)
{
    struct ctl_backup_log was[SPK_LOG_IDS];

    memcpy(was, w->list->log, sizeof(was));
    int status = ctl_backup_verify(w->part, w->list->database, w->list);
    if (status != TERM_GO_ON) {
        return status;
    }
    for (unsigned i = 0; i < SPK_LOG_IDS; i++) {
        if (was[i].size != w->list->log[i].size ||
            !spk_hash_eq(&was[i].root, &w->list->log[i].root)) {
            term_say_error(w->from, _("its logs are not those that were copied"));
            return TERM_FAILED;
        }
    }
    return TERM_GO_ON;
}

static spk_err
take_place(struct work *w)
{
    SPK_TRY(spk_mkdirs(w->site.run, 0700));
    if (renameat2(AT_FDCWD, w->part, AT_FDCWD, w->site.authority, RENAME_NOREPLACE) != 0) {
        return spk_err_errno();
    }
    spk_mem_free(w->part);
    w->part = NULL;
    return spk_sync_parent(AT_FDCWD, w->site.authority);
}

static int
tell_restored(const struct work *w)
{
    char iso[21];

    if (w->c->quiet) {
        return TERM_DONE;
    }
    fprintf(stderr, _("%s: as it was at %s, with %llu deposits signed for\n"), term_shown(w->to),
            spk_time_iso(w->list->time, iso), (unsigned long long)w->list->log[0].size);
    if (is_there(w->site.holder)) {
        term_say_hint(_("'sparekeyctl start DIR' tells whether the holder has signed for more than "
                        "this: then 'sparekeyctl log adopt' takes the missing entries of the logs "
                        "from an export"));
    } else {
        term_say_hint(_("the keys are next: 'sparekeyctl key restore DIR --copy FOLDER'"));
    }
    return TERM_DONE;
}

int
ctl_restore_cmd(struct term *c, int argc, char **argv)
{
    AUTO_WORK struct work w = {.c = c};
    int first = 0;
    int status = term_options(c, NULL, 0, argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 2) {
        return term_usage(c, _("a backup is wanted, and the authority's folder to put it into"));
    }
    w.from = argv[first];
    w.to = argv[first + 1];
    spk_err e = ctl_site_names(w.to, &w.site);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OUTPUT, w.to, e, NULL);
    }
    if (is_there(w.site.authority)) {
        term_say_error(w.site.authority, _("is there already; nothing is written over it"));
        return TERM_FAILED;
    }
    status = tell_list(&w, read_list(&w));
    if (status != TERM_GO_ON) {
        return status;
    }
    leave_copy(w.list);
    e = spk_mkdirs(w.to, 0700);
    e = spk_ok(e) ? make_beside(w.site.authority, "part", &w.part) : e;
    status = spk_ok(e) ? restore_files(&w) : term_error(TERM_ABOUT_OUTPUT, w.to, e, NULL);
    status = status == TERM_GO_ON ? compare(&w) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    e = take_place(&w);
    return spk_ok(e) ? tell_restored(&w) : term_error(TERM_ABOUT_OUTPUT, w.to, e, NULL);
}
