/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "keystore/extra.h"
#include "keystore/folder.h"
#include "keystore/format.h"

#define DSS_SUFFIX "-dss"
#define FOLDER_MODE 0700
#define WRITE_BY_OTHERS 0022
#define MACHINE_FOLDER "/var/lib/sparekey/containers"
#define UNDER_DATA_HOME "sparekey/containers"
#define DEFAULT_DATA_HOME ".local/share"

struct spk_keystore {
    int fd;
    char *path;
};

void
spk_keystore_free(struct spk_keystore *ks)
{
    if (ks == NULL) {
        return;
    }
    spk_fd_auto_(&ks->fd);
    spk_mem_free(ks->path);
    spk_mem_free(ks);
}

const char *
spk_keystore_path(const struct spk_keystore *ks)
{
    return ks->path;
}

int
spk_keystore_fd(const struct spk_keystore *ks)
{
    return ks->fd;
}

/** Who may write in the folder may put other keys in it. */
static spk_err
open_folder(const char *dir, int *ret_fd)
{
    struct stat st;
    SPK_AUTO_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno == EACCES ? (spk_err){SPK_CODE_DENIED, errno} : spk_err_errno();
    }
    if (fstat(fd, &st) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK(st.st_uid == geteuid() && (st.st_mode & WRITE_BY_OTHERS) == 0, DENIED);
    *ret_fd = fd;
    fd = -1;
    return SPK_OK;
}

static spk_err
keystore_open(const char *dir, struct spk_keystore **ret_ks)
{
    SPK_AUTO(spk_keystore) ks = spk_calloc(1, sizeof *ks);
    SPK_CHECK(ks != NULL, NOMEM);
    ks->fd = -1;
    ks->path = spk_strdup(dir);
    SPK_CHECK(ks->path != NULL, NOMEM);
    SPK_TRY(open_folder(dir, &ks->fd));
    *ret_ks = SPK_STEAL(ks);
    return SPK_OK;
}

spk_err
spk_keystore_at(const char *dir, struct spk_keystore **ret_ks)
{
    SPK_TRY(spk_mkdirs(dir, FOLDER_MODE));
    return keystore_open(dir, ret_ks);
}

spk_err
spk_keystore_dss(const struct spk_keystore *of, bool make, struct spk_keystore **ret_ks)
{
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF(PATH_MAX);
    const char *dir = NULL;
    SPK_TRY(spk_buf_str(&path, of->path));
    SPK_TRY(spk_buf_str(&path, DSS_SUFFIX));
    SPK_TRY(spk_buf_cstr(&path, &dir));
    if (make) {
        return spk_keystore_at(dir, ret_ks);
    }
    spk_err e = keystore_open(dir, ret_ks);
    SPK_CHECK(e.sys != ENOENT, NOTFOUND);
    return e;
}

/** The XDG base directory specification: a relative path counts as not set. */
static spk_err
data_home(char **ret_dir)
{
    const char *dir = secure_getenv("XDG_DATA_HOME");
    if (dir != NULL && dir[0] == '/') {
        *ret_dir = spk_strdup(dir);
        return *ret_dir != NULL ? SPK_OK : SPK_ERR(NOMEM);
    }
    const char *home = secure_getenv("HOME");
    SPK_CHECK(home != NULL && home[0] == '/', NOTFOUND);
    return spk_path_join(home, DEFAULT_DATA_HOME, ret_dir);
}

static spk_err
user_folder(char **ret_dir)
{
    SPK_AUTO_STR char *home = NULL;
    SPK_TRY(data_home(&home));
    return spk_path_join(home, UNDER_DATA_HOME, ret_dir);
}

spk_err
spk_keystore_user(struct spk_keystore **ret_ks)
{
    SPK_AUTO_STR char *dir = NULL;
    SPK_TRY(user_folder(&dir));
    return spk_keystore_at(dir, ret_ks);
}

spk_err
spk_keystore_user_there(struct spk_keystore **ret_ks)
{
    SPK_AUTO_STR char *dir = NULL;
    SPK_TRY(user_folder(&dir));
    spk_err e = keystore_open(dir, ret_ks);
    SPK_CHECK(e.sys != ENOENT, NOTFOUND);
    return e;
}

spk_err
spk_keystore_machine(struct spk_keystore **ret_ks)
{
    return spk_keystore_at(MACHINE_FOLDER, ret_ks);
}

spk_err
spk_container_delete(struct spk_keystore *ks, const char *name)
{
    SPK_AUTO_FD int lock = -1;
    struct spk_container_fname fname;
    SPK_TRY(spk_container_fname(name, &fname));
    SPK_TRY(spk_folder_lock(ks->fd, &lock));
    bool there = false;
    SPK_TRY(spk_folder_has(ks->fd, fname.s, &there));
    SPK_CHECK(there, NOTFOUND);
    SPK_TRY(spk_extra_clean(ks->fd, fname.s)); /* first: a pair must not outlast its container */
    return spk_folder_remove(ks->fd, fname.s);
}

/** The file's bytes with another name in them; keys stay as they are, so no passphrase is needed.
 */
static spk_err
renamed_bytes(int dirfd, const struct spk_container_fname *from, const char *to,
              struct spk_secret **ret_bytes)
{
    SPK_AUTO(spk_secret) bytes = NULL;
    struct spk_container_file file;
    SPK_TRY(spk_folder_read(dirfd, from->s, &bytes));
    SPK_TRY(spk_container_file_parse(spk_secret_span(bytes), &file));
    file.name = spk_span_str(to);
    return spk_container_file_build(&file, ret_bytes);
}

/** The new name is free, or holds exactly what would be written there: the first half of a rename
 * that was cut short. */
static spk_err
check_free(int dirfd, const char *fname, const struct spk_secret *bytes, bool *ret_done)
{
    SPK_AUTO(spk_secret) there = NULL;
    bool taken = false;
    SPK_TRY(spk_folder_has(dirfd, fname, &taken));
    if (taken) {
        spk_err e = spk_folder_read(dirfd, fname, &there);
        SPK_CHECK(spk_ok(e) && spk_secret_eq(there, bytes), EXISTS);
    }
    *ret_done = taken;
    return SPK_OK;
}

/** Written under the new name before the old one goes: at every moment one of them has the keys. */
static spk_err
move_file(int dirfd, const char *from, const char *to, const struct spk_secret *bytes)
{
    bool done = false;
    if (strcmp(from, to) == 0) {
        return spk_folder_write(dirfd, to, bytes, true);
    }
    SPK_TRY(check_free(dirfd, to, bytes, &done));
    if (!done) {
        SPK_TRY(spk_extra_clean(dirfd, to)); /* of a former one; after a break it would be ours */
        SPK_TRY(spk_folder_write(dirfd, to, bytes, false));
    }
    SPK_TRY(spk_extra_move(dirfd, from, to));
    return spk_folder_remove(dirfd, from);
}

spk_err
spk_container_rename(struct spk_keystore *ks, const char *from, const char *to)
{
    SPK_AUTO_FD int lock = -1;
    SPK_AUTO(spk_secret) bytes = NULL;
    struct spk_container_fname old_name;
    struct spk_container_fname new_name;
    SPK_TRY(spk_container_fname(from, &old_name));
    SPK_TRY(spk_container_fname(to, &new_name));
    SPK_TRY(spk_folder_lock(ks->fd, &lock));
    SPK_TRY(renamed_bytes(ks->fd, &old_name, to, &bytes));
    return move_file(ks->fd, old_name.s, new_name.s, bytes);
}

static spk_err
move_unread(int dirfd, const char *from, const char *to)
{
    bool taken = false;
    SPK_TRY(spk_folder_has(dirfd, to, &taken));
    SPK_CHECK(!taken, EXISTS);
    SPK_TRY(spk_extra_clean(dirfd, to));
    SPK_TRY(spk_extra_move(dirfd, from, to));
    if (renameat(dirfd, from, dirfd, to) != 0) {
        return spk_err_errno();
    }
    return spk_sync_parent(dirfd, to);
}

spk_err
spk_container_set_aside(struct spk_keystore *ks, const char *from, const char *to)
{
    SPK_AUTO_FD int lock = -1;
    SPK_AUTO(spk_secret) bytes = NULL;
    struct spk_container_fname old_name;
    struct spk_container_fname new_name;
    SPK_TRY(spk_container_fname(from, &old_name));
    SPK_TRY(spk_container_fname(to, &new_name));
    SPK_TRY(spk_folder_lock(ks->fd, &lock));
    spk_err e = renamed_bytes(ks->fd, &old_name, to, &bytes);
    if (e.code == SPK_CODE_FORMAT || e.code == SPK_CODE_VERSION) {
        return move_unread(ks->fd, old_name.s, new_name.s);
    }
    SPK_TRY(e);
    return move_file(ks->fd, old_name.s, new_name.s, bytes);
}
