/* SPDX-License-Identifier: Apache-2.0 */
/* Scattered reads and writes that finish, at an offset or on a stream; what a descriptor can do. */
#ifndef SPK_SEALED_IO_H
#define SPK_SEALED_IO_H

#include <sys/uio.h>

#include "base/err.h"
#include "base/span.h"

#define SPK_IO_STREAM UINT64_MAX /* as offset: where the descriptor stands */

/** Has somebody, a signal handler mostly, asked us to stop? stop may be NULL. */
static inline bool
spk_stopped(const volatile int *stop)
{
    return stop != NULL && __atomic_load_n(stop, __ATOMIC_RELAXED) != 0;
}

/** Fill the pieces until all are full or the file ends. iov is used up. stop (or NULL) is looked at
 * while a stream keeps us waiting: SPK_CODE_STOPPED. */
SPK_MUST_USE spk_err spk_io_readv(int fd, struct iovec *iov, int n, uint64_t off,
                                  const volatile int *stop, size_t *ret_n);
/** Write all pieces. iov is used up. */
SPK_MUST_USE spk_err spk_io_writev(int fd, struct iovec *iov, int n, uint64_t off,
                                   const volatile int *stop);
/** As spk_pread_full(), but a file that ends early only gives a smaller *ret_n. */
SPK_MUST_USE spk_err spk_io_pread_some(int fd, void *ret_dst, size_t len, uint64_t off,
                                       size_t *ret_n);

/** May out be written at offsets from 0 on? Only a regular file that stands at its start and was
 * not opened to append: anything else is written in order where it stands. */
bool spk_io_out_seekable(int fd);
/** After writing size bytes at offsets: nothing older may stand behind them, and the descriptor
 * stands at the end, as if they had been written in order. */
SPK_MUST_USE spk_err spk_io_out_end(int fd, uint64_t size);

/** CPUs that this process may use: affinity mask, cgroup quota, at most SPK_THREADS_MAX. */
unsigned spk_cpus(void);
#define SPK_THREADS_MAX 16

#endif
