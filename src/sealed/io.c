/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_MS 200 /* how late a stop is noticed on a silent pipe */

/* Wait until a stream is ready, so that a stop is seen even if the signal went to another thread.
 */
static spk_err
io_wait(int fd, short events, const volatile int *stop)
{
    for (;;) {
        SPK_CHECK(!spk_stopped(stop), STOPPED);
        struct pollfd p = {.fd = fd, .events = events};
        int n = poll(&p, 1, WAIT_MS);
        if (n < 0 && errno != EINTR) {
            return spk_err_errno();
        }
        if (n > 0) {
            return SPK_OK; /* errors and hang-ups are told by the read or write itself */
        }
    }
}

/* Drop the first done bytes. */
static void
io_advance(struct iovec **iov, int *n, size_t done)
{
    while (*n > 0 && done >= (*iov)->iov_len) {
        done -= (*iov)->iov_len;
        (*iov)++;
        (*n)--;
    }
    if (*n > 0) {
        (*iov)->iov_base = (uint8_t *)(*iov)->iov_base + done;
        (*iov)->iov_len -= done;
    }
}

/* What to do about a call that gave -1: go on (OK) or give up. */
static spk_err
io_failed(int fd, short events, uint64_t off, const volatile int *stop)
{
    if (errno == EINTR) {
        SPK_CHECK(!spk_stopped(stop), STOPPED);
        return SPK_OK;
    }
    if (errno == EAGAIN && off == SPK_IO_STREAM) {
        return io_wait(fd, events, stop);
    }
    return spk_err_errno();
}

spk_err
spk_io_readv(int fd, struct iovec *iov, int n, uint64_t off, const volatile int *stop,
             size_t *ret_n)
{
    size_t total = 0;
    io_advance(&iov, &n, 0);
    while (n > 0) {
        bool stream = off == SPK_IO_STREAM;
        if (stream && stop != NULL) {
            SPK_TRY(io_wait(fd, POLLIN, stop));
        }
        ssize_t got = stream ? readv(fd, iov, n) : preadv(fd, iov, n, (off_t)(off + total));
        if (got < 0) {
            SPK_TRY(io_failed(fd, POLLIN, off, stop));
            continue;
        }
        if (got == 0) {
            break;
        }
        total += (size_t)got;
        io_advance(&iov, &n, (size_t)got);
    }
    *ret_n = total;
    return SPK_OK;
}

spk_err
spk_io_writev(int fd, struct iovec *iov, int n, uint64_t off, const volatile int *stop)
{
    size_t total = 0;
    io_advance(&iov, &n, 0);
    while (n > 0) {
        bool stream = off == SPK_IO_STREAM;
        if (stream && stop != NULL) {
            SPK_TRY(io_wait(fd, POLLOUT, stop));
        }
        ssize_t put = stream ? writev(fd, iov, n) : pwritev(fd, iov, n, (off_t)(off + total));
        if (put < 0) {
            SPK_TRY(io_failed(fd, POLLOUT, off, stop));
            continue;
        }
        total += (size_t)put;
        io_advance(&iov, &n, (size_t)put);
    }
    return SPK_OK;
}

spk_err
spk_io_pread_some(int fd, void *ret_dst, size_t len, uint64_t off, size_t *ret_n)
{
    struct iovec v = {.iov_base = ret_dst, .iov_len = len};
    return spk_io_readv(fd, &v, 1, off, NULL, ret_n);
}

bool
spk_io_out_seekable(int fd)
{
    struct stat st;
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_APPEND) == 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           lseek(fd, 0, SEEK_CUR) == 0;
}

spk_err
spk_io_out_end(int fd, uint64_t size)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return spk_err_errno();
    }
    if ((uint64_t)st.st_size > size && ftruncate(fd, (off_t)size) != 0) {
        return spk_err_errno();
    }
    return lseek(fd, (off_t)size, SEEK_SET) < 0 ? spk_err_errno() : SPK_OK;
}
