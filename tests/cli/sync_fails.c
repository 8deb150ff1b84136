/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded: a disk that fails while a batch is made durable. SYNC_FAILS says where: "syncfs",
 * "pages" or "folder"; the first such call fails, and only that one, as the kernel tells an error
 * once. SYNC_FOLDER is the folder meant. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEEN __attribute__((visibility("default")))
SEEN int syncfs(int fd);
SEEN int fsync(int fd);
SEEN int sync_file_range(int fd, off64_t offset, off64_t n, unsigned flags);

static int
fails(const char *where)
{
    static atomic_int done;
    const char *wanted = getenv("SYNC_FAILS");

    if (wanted == NULL || strcmp(wanted, where) != 0 || atomic_exchange(&done, 1) != 0) {
        return 0;
    }
    errno = EIO;
    return 1;
}

int
syncfs(int fd)
{
    int (*real)(int) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "syncfs");
    return fails("syncfs") ? -1 : real(fd);
}

int
sync_file_range(int fd, off64_t offset, off64_t n, unsigned flags)
{
    int (*real)(int, off64_t, off64_t, unsigned) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "sync_file_range");
    return fails("pages") ? -1 : real(fd, offset, n, flags);
}

int
fsync(int fd)
{
    int (*real)(int) = NULL;
    const char *folder = getenv("SYNC_FOLDER");
    struct stat is, meant;

    *(void **)&real = dlsym(RTLD_NEXT, "fsync");
    if (folder != NULL && fstat(fd, &is) == 0 && stat(folder, &meant) == 0 &&
        is.st_ino == meant.st_ino && is.st_dev == meant.st_dev && fails("folder")) {
        return -1;
    }
    return real(fd);
}
