/* SPDX-License-Identifier: Apache-2.0 */
/* The only way a file of ours comes into being.
 *
 * Without a name (O_TMPFILE) wherever the file system allows: then nothing is left however the
 * process ends. Else, and for the moment in which an existing file is replaced, under a random
 * dot-name beside the target. Those names stand in a fixed table, so that a signal handler can
 * remove them with unlinkat() alone. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define TABLE_LEN 512 /* named temporaries alive at once */
#define TRIES 16
#define PROC_PATH_LEN 40
/* "." + name + ".spk-" + 12 hex digits */
#define TMP_EXTRA (1 + 5 + 12)

enum slot_state { SLOT_FREE, SLOT_CLAIMED, SLOT_LIVE };

struct temp_slot {
    _Atomic int state;
    pid_t pid; /* a forked child must not remove its parent's files when it exits */
    int dirfd;
    char name[NAME_MAX + 1];
};

struct spk_newfile {
    int dirfd;
    int fd;
    struct temp_slot *slot; /* not NULL: it has the temporary name slot->name */
    char name[];
};

static struct temp_slot table[TABLE_LEN];
static pthread_once_t at_exit_once = PTHREAD_ONCE_INIT;

static void
at_exit_setup(void)
{
    /* where it fails, an exit may leave a dot-file, as a crash does: no more than that */
    (void)atexit(spk_newfile_abort_all);
}

void
spk_newfile_abort_all(void)
{
    int saved = errno;
    pid_t pid = getpid();

    for (size_t i = 0; i < TABLE_LEN; i++) {
        struct temp_slot *s = &table[i];
        if (atomic_load(&s->state) == SLOT_LIVE && s->pid == pid) {
            (void)unlinkat(s->dirfd, s->name, 0);
        }
    }
    errno = saved;
}

static spk_err
slot_claim(struct temp_slot **ret_slot)
{
    (void)pthread_once(&at_exit_once, at_exit_setup);
    for (size_t i = 0; i < TABLE_LEN; i++) {
        int expected = SLOT_FREE;
        if (atomic_compare_exchange_strong(&table[i].state, &expected, SLOT_CLAIMED)) {
            *ret_slot = &table[i];
            return SPK_OK;
        }
    }
    return SPK_ERR(LIMIT);
}

static void
slot_release(struct temp_slot *s)
{
    atomic_store(&s->state, SLOT_FREE);
}

/* A fresh random dot-name in the slot, live from now on: a name that is registered but not yet
 * there does no harm to the handler, the other order would leave a file behind. */
static spk_err
slot_arm(struct temp_slot *s, int dirfd, const char *name)
{
    uint8_t rnd[6];
    size_t keep = strlen(name);

    if (getrandom(rnd, sizeof(rnd), 0) != (ssize_t)sizeof(rnd)) {
        return spk_err_errno();
    }
    if (keep > NAME_MAX - TMP_EXTRA) {
        keep = NAME_MAX - TMP_EXTRA;
    }
    atomic_store(&s->state, SLOT_CLAIMED);
    s->pid = getpid();
    s->dirfd = dirfd;
    (void)snprintf(s->name, sizeof(s->name), ".%.*s.spk-%02x%02x%02x%02x%02x%02x", (int)keep, name,
                   rnd[0], rnd[1], rnd[2], rnd[3], rnd[4], rnd[5]);
    atomic_store(&s->state, SLOT_LIVE);
    return SPK_OK;
}

static void
drop_temp_name(struct spk_newfile *f)
{
    if (f->slot != NULL) {
        (void)unlinkat(f->dirfd, f->slot->name, 0);
        slot_release(f->slot);
        f->slot = NULL;
    }
}

void
spk_newfile_free(struct spk_newfile *f)
{
    if (f == NULL) {
        return;
    }
    drop_temp_name(f);
    spk_fd_auto_(&f->fd);
    spk_fd_auto_(&f->dirfd);
    spk_mem_free(f);
}

static void
proc_path(int fd, char ret[PROC_PATH_LEN])
{
    (void)snprintf(ret, PROC_PATH_LEN, "/proc/self/fd/%d", fd);
}

/* False when the file system has no unnamed files, or when there is no /proc to name one through.
 */
static bool
open_unnamed(struct spk_newfile *f, mode_t mode)
{
    char proc[PROC_PATH_LEN];

    f->fd = openat(f->dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    if (f->fd < 0) {
        return false;
    }
    proc_path(f->fd, proc);
    if (faccessat(AT_FDCWD, proc, F_OK, 0) != 0) {
        spk_fd_auto_(&f->fd);
        return false;
    }
    return true;
}

static spk_err
open_named(struct spk_newfile *f, mode_t mode)
{
    SPK_TRY(slot_claim(&f->slot));
    for (int i = 0; i < TRIES; i++) {
        SPK_TRY(slot_arm(f->slot, f->dirfd, f->name));
        f->fd = openat(f->dirfd, f->slot->name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW,
                       mode);
        if (f->fd >= 0) {
            return SPK_OK;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    spk_err e = spk_err_errno();
    slot_release(f->slot); /* nothing of ours is under that name */
    f->slot = NULL;
    return e;
}

/* The umask can only have taken bits away, so the file was never wider than this. A file system
 * without permissions that gave the right bits anyway is left alone. */
static spk_err
set_mode(int fd, mode_t mode)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return spk_err_errno();
    }
    if ((st.st_mode & 07777) != mode && fchmod(fd, mode) != 0) {
        return spk_err_errno();
    }
    return SPK_OK;
}

spk_err
spk_newfile_open(int dirfd, const char *path, mode_t mode, struct spk_newfile **ret_f)
{
    const char *slash = strrchr(path, '/');
    const char *last = slash != NULL ? slash + 1 : path;
    size_t len = strlen(last);

    SPK_CHECK(len > 0 && strcmp(last, ".") != 0 && strcmp(last, "..") != 0, USAGE);
    SPK_CHECK((mode & ~(mode_t)07777) == 0, USAGE);
    if (len > NAME_MAX) {
        return (spk_err){SPK_CODE_IO, ENAMETOOLONG};
    }
    SPK_AUTO(spk_newfile) f = spk_calloc(1, sizeof(*f) + len + 1);
    SPK_CHECK(f != NULL, NOMEM);
    memcpy(f->name, last, len);
    f->fd = -1;
    f->dirfd = -1;
    SPK_TRY(spk_open_parent(dirfd, path, &f->dirfd));
    if (!open_unnamed(f, mode)) {
        SPK_TRY(open_named(f, mode));
    }
    SPK_TRY(set_mode(f->fd, mode));
    *ret_f = SPK_STEAL(f);
    return SPK_OK;
}

spk_err
spk_newfile_check(int dirfd, const char *path, bool replace)
{
    struct stat st;

    if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return SPK_OK; /* it is not there; whatever else is wrong is told by who makes it */
    }
    if (S_ISDIR(st.st_mode)) {
        return (spk_err){SPK_CODE_IO, EISDIR};
    }
    SPK_CHECK(S_ISREG(st.st_mode) || S_ISLNK(st.st_mode), USAGE);
    SPK_CHECK(replace, EXISTS);
    return SPK_OK;
}

int
spk_newfile_fd(const struct spk_newfile *f)
{
    return f->fd;
}

static spk_err
name_err(void)
{
    return errno == EEXIST ? SPK_ERR(EXISTS) : spk_err_errno();
}

static spk_err
link_unnamed(const struct spk_newfile *f, const char *name)
{
    char proc[PROC_PATH_LEN];

    proc_path(f->fd, proc);
    if (linkat(AT_FDCWD, proc, f->dirfd, name, AT_SYMLINK_FOLLOW) != 0) {
        return name_err();
    }
    return SPK_OK;
}

/* linkat() never replaces, so an unnamed file that is to replace another gets a temporary name
 * first. */
static spk_err
give_temp_name(struct spk_newfile *f)
{
    spk_err e = SPK_ERR(EXISTS);

    SPK_TRY(slot_claim(&f->slot));
    for (int i = 0; i < TRIES && e.code == SPK_CODE_EXISTS; i++) {
        e = slot_arm(f->slot, f->dirfd, f->name);
        if (spk_ok(e)) {
            e = link_unnamed(f, f->slot->name);
        }
    }
    if (!spk_ok(e)) {
        slot_release(f->slot);
        f->slot = NULL;
    }
    return e;
}

static spk_err
rename_noreplace(const struct spk_newfile *f)
{
    const char *from = f->slot->name;

    if (renameat2(f->dirfd, from, f->dirfd, f->name, RENAME_NOREPLACE) == 0) {
        return SPK_OK;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return name_err();
    }
    /* a file system without that flag: a hard link refuses to replace as well */
    if (linkat(f->dirfd, from, f->dirfd, f->name, 0) != 0) {
        return name_err();
    }
    (void)unlinkat(f->dirfd, from, 0);
    return SPK_OK;
}

spk_err
spk_newfile_commit_nosync(struct spk_newfile *f, bool replace)
{
    if (f->slot == NULL) {
        spk_err e = link_unnamed(f, f->name);
        if (e.code != SPK_CODE_EXISTS || !replace) {
            return e;
        }
        SPK_TRY(give_temp_name(f));
    }
    if (replace) {
        SPK_TRY(spk_newfile_check(f->dirfd, f->name, true));
        if (renameat(f->dirfd, f->slot->name, f->dirfd, f->name) != 0) {
            return spk_err_errno();
        }
    } else {
        SPK_TRY(rename_noreplace(f));
    }
    slot_release(f->slot);
    f->slot = NULL;
    return SPK_OK;
}

spk_err
spk_newfile_commit(struct spk_newfile *f, bool replace)
{
    if (fsync(f->fd) != 0) {
        return spk_err_errno();
    }
    SPK_TRY(spk_newfile_commit_nosync(f, replace));
    return spk_sync_folder(f->dirfd);
}
