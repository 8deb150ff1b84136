/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/landlock.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"

/* Numbers and bits of landlock(7), spelled out: the header of the oldest system that we build on
 * ends at ABI 2, and the running kernel may know more. */
#define NR_CREATE_RULESET 444
#define NR_RESTRICT_SELF 446
#define CREATE_VERSION 1u

struct ruleset {
    uint64_t fs;    /* since ABI 1 */
    uint64_t net;   /* since ABI 4 */
    uint64_t scope; /* since ABI 6 */
};

#define FS_ABI1 ((1u << 13) - 1)
#define FS_REFER (1u << 13)     /* ABI 2 */
#define FS_TRUNCATE (1u << 14)  /* ABI 3 */
#define FS_IOCTL_DEV (1u << 15) /* ABI 5 */
#define NET_BIND_CONNECT 3u     /* ABI 4 */
#define SCOPE_UNIX_SIGNAL 3u    /* ABI 6: abstract sockets, signals */

static size_t
rules_for(long abi, struct ruleset *r)
{
    *r = (struct ruleset){.fs = FS_ABI1};
    r->fs |= abi >= 2 ? FS_REFER : 0;
    r->fs |= abi >= 3 ? FS_TRUNCATE : 0;
    r->fs |= abi >= 5 ? FS_IOCTL_DEV : 0;
    r->net = abi >= 4 ? NET_BIND_CONNECT : 0;
    r->scope = abi >= 6 ? SCOPE_UNIX_SIGNAL : 0;
    if (abi >= 6) {
        return sizeof(*r);
    }
    return abi >= 4 ? offsetof(struct ruleset, scope) : offsetof(struct ruleset, net);
}

void
spk_landlock_deny_all(void)
{
    struct ruleset r;
    long abi = syscall(NR_CREATE_RULESET, NULL, (size_t)0, CREATE_VERSION);

    if (abi < 1) {
        spk_log(SPK_LOG_INFO, "this kernel has no Landlock; the system call filter stands alone");
        return;
    }
    size_t size = rules_for(abi, &r);
    SPK_AUTO_FD int fd = (int)syscall(NR_CREATE_RULESET, &r, size, 0u);
    if (fd < 0 || syscall(NR_RESTRICT_SELF, fd, 0u) != 0) {
        spk_log(SPK_LOG_WARN, "Landlock cannot be used: %s", strerror(errno));
    }
}
