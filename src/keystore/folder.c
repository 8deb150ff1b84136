/* SPDX-License-Identifier: Apache-2.0 */
#include "keystore/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "keystore/format.h"

#define FILE_MODE 0600
#define OTHERS_MODE 0077
#define LOCK_NAME ".lock"
/* Temporaries of base/file: .NAME.spk-XXXXXXXXXXXX */
#define TEMP_MARK ".spk-"
#define TEMP_DIGITS 12

static spk_err
open_err(void)
{
    SPK_CHECK(errno != ENOENT, NOTFOUND);
    SPK_CHECK(errno != ELOOP, DENIED);
    if (errno == EACCES || errno == EPERM) {
        return (spk_err){SPK_CODE_DENIED, errno};
    }
    return spk_err_errno();
}

spk_err
spk_folder_each(int dirfd, spk_err (*each)(void *, const char *), void *ctx)
{
    size_t seen = 0;
    spk_err e = SPK_OK;
    const struct dirent *entry = NULL;
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return open_err();
    }
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        e = spk_err_errno();
        (void)close(fd);
        return e;
    }
    while (spk_ok(e) && (errno = 0, entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            e = ++seen > SPK_KEYSTORE_ENTRIES_MAX ? SPK_ERR(LIMIT) : each(ctx, entry->d_name);
        }
    }
    if (spk_ok(e) && entry == NULL && errno != 0) {
        e = spk_err_errno();
    }
    (void)closedir(dir);
    return e;
}

static bool
is_temporary(const char *fname)
{
    uint8_t digits[TEMP_DIGITS / 2];
    size_t len = strlen(fname);
    size_t tail = strlen(TEMP_MARK) + TEMP_DIGITS;
    if (fname[0] != '.' || len <= tail) {
        return false;
    }
    const char *mark = fname + len - tail;
    return strncmp(mark, TEMP_MARK, strlen(TEMP_MARK)) == 0 &&
           spk_ok(spk_hex_parse(spk_span_str(mark + strlen(TEMP_MARK)), digits, sizeof digits));
}

/** A writer that was killed may leave a copy of keys under a name that nobody will look for. Under
 * the lock nobody is writing, so whatever is left is such a copy. */
static spk_err
sweep_one(void *ctx, const char *fname)
{
    const int *dirfd = ctx;
    if (is_temporary(fname)) {
        (void)unlinkat(*dirfd, fname, 0);
    }
    return SPK_OK;
}

spk_err
spk_folder_lock(int dirfd, int *ret_lock)
{
    /* A file, for a lock on a folder is not to be had on NFS. */
    SPK_AUTO_FD int fd =
        openat(dirfd, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, FILE_MODE);
    if (fd < 0) {
        return open_err();
    }
    SPK_TRY(spk_lock_wait(fd, SPK_KEYSTORE_LOCK_MS));
    SPK_TRY(spk_folder_each(dirfd, sweep_one, &dirfd));
    *ret_lock = fd;
    fd = -1;
    return SPK_OK;
}

spk_err
spk_folder_has(int dirfd, const char *fname, bool *ret_has)
{
    struct stat st;
    if (fstatat(dirfd, fname, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        *ret_has = true;
        return SPK_OK;
    }
    if (errno == ENOENT) {
        *ret_has = false;
        return SPK_OK;
    }
    return open_err();
}

static spk_err
check_file(int fd, size_t *ret_len)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK(S_ISREG(st.st_mode), FORMAT);
    SPK_CHECK(st.st_uid == geteuid() && (st.st_mode & OTHERS_MODE) == 0, DENIED);
    SPK_CHECK(st.st_size >= SPK_CONTAINER_FILE_MIN && st.st_size <= SPK_CONTAINER_FILE_MAX, FORMAT);
    *ret_len = (size_t)st.st_size;
    return SPK_OK;
}

spk_err
spk_folder_read(int dirfd, const char *fname, struct spk_secret **ret_bytes)
{
    SPK_AUTO(spk_secret) bytes = NULL;
    size_t len = 0;
    /* O_NONBLOCK: a FIFO of that name must not hang us before it is refused. */
    SPK_AUTO_FD int fd = openat(dirfd, fname, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return open_err();
    }
    SPK_TRY(check_file(fd, &len));
    SPK_TRY(spk_secret_new(len, &bytes));
    spk_err e = spk_pread_full(fd, spk_secret_mut(bytes).ptr, len, 0);
    SPK_CHECK(e.code != SPK_CODE_TRUNC, FORMAT);
    SPK_TRY(e);
    *ret_bytes = SPK_STEAL(bytes);
    return SPK_OK;
}

spk_err
spk_folder_write(int dirfd, const char *fname, const struct spk_secret *bytes, bool replace)
{
    return spk_file_write(dirfd, fname, spk_secret_span(bytes), FILE_MODE, replace);
}

spk_err
spk_folder_remove(int dirfd, const char *fname)
{
    if (unlinkat(dirfd, fname, 0) != 0) {
        return open_err();
    }
    return spk_sync_parent(dirfd, fname);
}
