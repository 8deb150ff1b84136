/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define LOCK_STEP_NS (10L * 1000 * 1000)

#define READ_STEP ((size_t)64 * 1024)

/* Offsets of the kernel are signed. */
static bool
range_ok(uint64_t off, size_t len)
{
    return off <= INT64_MAX && len <= (uint64_t)INT64_MAX - off;
}

spk_err
spk_pread_full(int fd, void *ret_dst, size_t len, uint64_t off)
{
    uint8_t *p = ret_dst;

    SPK_CHECK(range_ok(off, len), LIMIT);
    while (len > 0) {
        ssize_t n = pread(fd, p, len, (off_t)off);
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return spk_err_errno();
        }
        SPK_CHECK(n > 0, TRUNC);
        p += n;
        off += (uint64_t)n;
        len -= (size_t)n;
    }
    return SPK_OK;
}

spk_err
spk_pwrite_full(int fd, struct spk_span s, uint64_t off)
{
    SPK_CHECK(range_ok(off, s.len), LIMIT);
    while (s.len > 0) {
        ssize_t n = pwrite(fd, s.ptr, s.len, (off_t)off);
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return spk_err_errno();
        }
        s = spk_span(s.ptr + n, s.len - (size_t)n);
        off += (uint64_t)n;
    }
    return SPK_OK;
}

spk_err
spk_read_full(int fd, void *ret_dst, size_t len, size_t *ret_n)
{
    uint8_t *p = ret_dst;
    size_t done = 0;

    while (done < len) {
        ssize_t n = read(fd, p + done, len - done);
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return spk_err_errno();
        }
        if (n == 0) {
            break;
        }
        done += (size_t)n;
    }
    *ret_n = done;
    return SPK_OK;
}

spk_err
spk_write_full(int fd, struct spk_span s)
{
    while (s.len > 0) {
        ssize_t n = write(fd, s.ptr, s.len);
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return spk_err_errno();
        }
        s = spk_span(s.ptr + n, s.len - (size_t)n);
    }
    return SPK_OK;
}

/* To the end of the stream, step bytes at first. One byte more than the bound tells "too large"
 * from "just fits". */
static spk_err
read_to_end(int fd, struct spk_buf *b, size_t step)
{
    size_t start = b->len;

    for (;; step = READ_STEP) {
        size_t room = b->max - b->len, want = step < room ? step : room, n = 0;
        uint8_t probe, *p = &probe;
        spk_err e = want > 0 ? spk_buf_grow(b, want, &p) : SPK_OK;
        if (spk_ok(e)) {
            e = spk_read_full(fd, p, want > 0 ? want : 1, &n);
        }
        if (spk_ok(e) && n > want) {
            e = SPK_ERR(LIMIT);
        }
        if (!spk_ok(e)) {
            b->len = start;
            return e;
        }
        b->len -= want - n;
        if (n < want || want == 0) {
            return SPK_OK;
        }
    }
}

spk_err
spk_file_read(int dirfd, const char *path, struct spk_buf *b)
{
    SPK_AUTO_FD int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;

    if (fd < 0) {
        return errno == ENOENT ? (spk_err){SPK_CODE_NOTFOUND, ENOENT} : spk_err_errno();
    }
    if (fstat(fd, &st) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK(!S_ISDIR(st.st_mode), FORMAT);
    if (!S_ISREG(st.st_mode) || st.st_size <= 0) {
        return read_to_end(fd, b, READ_STEP);
    }
    SPK_CHECK((uint64_t)st.st_size <= b->max - b->len, LIMIT);
    /* with the byte that is not there: one allocation and one read */
    return read_to_end(fd, b, (size_t)st.st_size + 1);
}

spk_err
spk_file_write(int dirfd, const char *path, struct spk_span s, mode_t mode, bool replace)
{
    SPK_AUTO(spk_newfile) f = NULL;

    SPK_TRY(spk_newfile_open(dirfd, path, mode, &f));
    SPK_TRY(spk_write_full(spk_newfile_fd(f), s));
    return spk_newfile_commit(f, replace);
}

static spk_err
mkdir_one(const char *path, mode_t mode)
{
    struct stat st;

    if (mkdir(path, mode) == 0) {
        if (chmod(path, mode) != 0) { /* whatever the umask */
            return spk_err_errno();
        }
        /* a file that is synced into a folder is lost with it when the folder itself is not */
        spk_err e = spk_sync_parent(AT_FDCWD, path);
        return e.sys == EACCES ? SPK_OK : e; /* who may make a folder there may not list it */
    }
    if (errno != EEXIST && errno != EISDIR && errno != EROFS && errno != EACCES) {
        return spk_err_errno();
    }
    spk_err e = spk_err_errno(); /* a parent that we may not write, but that is there, is fine */
    if (stat(path, &st) != 0) {
        return e;
    }
    return S_ISDIR(st.st_mode) ? SPK_OK : (spk_err){SPK_CODE_IO, ENOTDIR};
}

spk_err
spk_mkdirs(const char *path, mode_t mode)
{
    SPK_AUTO_STR char *p = spk_strdup(path);

    SPK_CHECK(p != NULL, NOMEM);
    SPK_CHECK(p[0] != 0, USAGE);
    for (char *at = p + 1; *at != 0; at++) {
        if (*at == '/' && at[-1] != '/') {
            *at = 0;
            SPK_TRY(mkdir_one(p, mode));
            *at = '/';
        }
    }
    return mkdir_one(p, mode);
}

spk_err
spk_open_parent(int dirfd, const char *path, int *ret_fd)
{
    const char *slash = strrchr(path, '/');
    SPK_AUTO_STR char *parent = spk_strdup(slash == NULL ? "." : path);

    SPK_CHECK(parent != NULL, NOMEM);
    if (slash != NULL) {
        parent[slash - path + 1] = 0; /* with the slash, so that "/x" has the parent "/" */
    }
    int fd = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return spk_err_errno();
    }
    *ret_fd = fd;
    return SPK_OK;
}

spk_err
spk_sync_folder(int fd)
{
    /* EINVAL: a file system that has nothing to sync in a folder */
    return fsync(fd) == 0 || errno == EINVAL ? SPK_OK : spk_err_errno();
}

spk_err
spk_sync_parent(int dirfd, const char *path)
{
    SPK_AUTO_FD int fd = -1;

    SPK_TRY(spk_open_parent(dirfd, path, &fd));
    return spk_sync_folder(fd);
}

spk_err
spk_path_join(const char *base, const char *name, char **ret_path)
{
    size_t n = strlen(base);
    size_t m = strlen(name);
    size_t sep = n > 0 && base[n - 1] != '/' ? 1 : 0;
    char *p = spk_calloc(n + sep + m + 1, 1);

    SPK_CHECK(p != NULL, NOMEM);
    memcpy(p, base, n);
    if (sep > 0) {
        p[n] = '/';
    }
    memcpy(p + n + sep, name, m);
    *ret_path = p;
    return SPK_OK;
}

spk_err
spk_lock_wait(int fd, uint64_t wait_ms)
{
    const struct timespec step = {0, LOCK_STEP_NS};
    uint64_t start = spk_running_ms();

    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return spk_err_errno();
        }
        SPK_CHECK(spk_running_ms() - start < wait_ms, BUSY);
        (void)nanosleep(&step, NULL);
    }
    return SPK_OK;
}
