/* SPDX-License-Identifier: Apache-2.0 */
/* Files: whole reads and writes with bounds, and the only way a file of ours comes into being:
 * temporary in the target's folder, fsync, rename, fsync of the folder. */
#ifndef SPK_BASE_FILE_H
#define SPK_BASE_FILE_H

#include <sys/types.h>

#include "base/buf.h"

/** Read exactly len bytes at offset (EINTR and short reads handled); end of file: SPK_CODE_TRUNC.
 */
SPK_MUST_USE spk_err spk_pread_full(int fd, void *ret_dst, size_t len, uint64_t off);
/** Write all at offset. */
SPK_MUST_USE spk_err spk_pwrite_full(int fd, struct spk_span s, uint64_t off);
/** Read up to len bytes from a stream; *ret_n < len only at end of file. */
SPK_MUST_USE spk_err spk_read_full(int fd, void *ret_dst, size_t len, size_t *ret_n);
SPK_MUST_USE spk_err spk_write_full(int fd, struct spk_span s);

/** Append a whole regular file (or pipe) to b; more than b->max: SPK_CODE_LIMIT; a folder:
 * SPK_CODE_FORMAT; no such file: SPK_CODE_NOTFOUND (with .sys ENOENT). */
SPK_MUST_USE spk_err spk_file_read(int dirfd, const char *path, struct spk_buf *b);

/* A file in the making. Nothing is visible under the final name before spk_newfile_commit(). */
struct spk_newfile;
/** Start one beside dirfd/path with its final mode from the first byte (umask applies not).
 * O_TMPFILE where the file system has it, else a random dot-name that is unlinked on failure and on
 * exit. */
SPK_MUST_USE spk_err spk_newfile_open(int dirfd, const char *path, mode_t mode,
                                      struct spk_newfile **ret_f);
/** May a new file take this name? SPK_CODE_EXISTS: there is one, and it may not be replaced.
 * SPK_CODE_USAGE: a device, a FIFO or a socket, which is never replaced. A folder: SPK_CODE_IO. */
SPK_MUST_USE spk_err spk_newfile_check(int dirfd, const char *path, bool replace);
/** The descriptor: read and write, borrowed. */
int spk_newfile_fd(const struct spk_newfile *f);
/** fsync, then give it its name, then fsync the folder. Once it has succeeded, only
 * spk_newfile_free() may follow; when it fails, spk_newfile_free() throws the file away, but for a
 * folder that cannot be synced: then the whole file has its name.
 * @param replace  false: an existing file is SPK_CODE_EXISTS and stays; true: it is replaced
 * atomically. */
SPK_MUST_USE spk_err spk_newfile_commit(struct spk_newfile *f, bool replace);
/** As commit, but without any fsync; the caller syncs file and folder in its own batch. */
SPK_MUST_USE spk_err spk_newfile_commit_nosync(struct spk_newfile *f, bool replace);
/** Throws an uncommitted file away; NULL allowed. */
void spk_newfile_free(struct spk_newfile *f);
SPK_DEFINE_AUTO(spk_newfile)
/** Unlink all temporaries of this process; async-signal-safe, for a handler of SIGINT and SIGTERM.
 */
void spk_newfile_abort_all(void);

/** newfile + write + commit in one. */
SPK_MUST_USE spk_err spk_file_write(int dirfd, const char *path, struct spk_span s, mode_t mode,
                                    bool replace);
/** mkdir -p with mode for what is made, which is durable; an existing folder is fine. */
SPK_MUST_USE spk_err spk_mkdirs(const char *path, mode_t mode);
/** The folder that holds dirfd/path. */
SPK_MUST_USE spk_err spk_open_parent(int dirfd, const char *path, int *ret_fd);
/** fsync of a folder, and of the one that holds dirfd/path. */
SPK_MUST_USE spk_err spk_sync_folder(int fd);
SPK_MUST_USE spk_err spk_sync_parent(int dirfd, const char *path);
/** Append one '/' and name to base, as a malloc'ed string. */
SPK_MUST_USE spk_err spk_path_join(const char *base, const char *name, char **ret_path);

/** The exclusive flock of fd. Polled, not waited for: a process that is stopped, or hangs on its
 * disk, must not hang every other one for ever. After wait_ms: SPK_CODE_BUSY. */
SPK_MUST_USE spk_err spk_lock_wait(int fd, uint64_t wait_ms);

#endif
