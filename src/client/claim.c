/* SPDX-License-Identifier: Apache-2.0 */
#include "client/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"

#define CLAIMS_FILE "sealing.lock"

int
spk_claims_open(const struct spk_profile *p)
{
    SPK_AUTO_STR char *path = NULL;

    if (!spk_ok(spk_profile_data_path(p, CLAIMS_FILE, &path))) {
        return -1;
    }
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
}

/* One byte of the lock file stands for a file: where is mixed from device and inode. Two files that
 * meet there are sealed one after the other, no more. */
static uint64_t
place_of(const struct stat *st)
{
    uint64_t x = (uint64_t)st->st_ino ^ ((uint64_t)st->st_dev << 32) ^ (uint64_t)st->st_dev >> 32;

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (x ^ (x >> 31)) >> 2;
}

/* Locks of the open file, not of the process: all threads of a run share them. */
static int
set_lock(int claims, uint64_t place, short type)
{
    struct flock l = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)place, .l_len = 1, .l_pid = 0};

    return fcntl(claims, F_OFD_SETLK, &l);
}

spk_err
spk_claim(int claims, int fd, uint64_t *ret_claim)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return spk_err_errno();
    }
    *ret_claim = place_of(&st);
    if (claims >= 0 && set_lock(claims, *ret_claim, F_WRLCK) != 0) {
        SPK_CHECK(errno != EAGAIN && errno != EACCES, BUSY);
    }
    return SPK_OK;
}

void
spk_claim_end(int claims, uint64_t claim)
{
    if (claims >= 0) {
        (void)set_lock(claims, claim, F_UNLCK);
    }
}
