/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/sandbox.h"

#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "holder/landlock.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WITH_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                         \
    __has_feature(thread_sanitizer)
#define WITH_SANITIZER 1
#endif
#endif
#ifndef WITH_SANITIZER
#define WITH_SANITIZER 0
#endif

/* With less than this, MCL_FUTURE would turn a full quota of locked memory into failing
 * allocations. */
#define LOCK_FUTURE_MIN ((rlim_t)64 << 20)
#define KEEP_MAX 16

bool
spk_sandbox_filters(void)
{
    return !WITH_SANITIZER;
}

static void
lock_memory(void)
{
    struct rlimit r = {0, 0};
    int flags = MCL_CURRENT;

    if (WITH_SANITIZER) {
        return; /* its shadow memory is larger than any machine */
    }
    if (geteuid() == 0 || (getrlimit(RLIMIT_MEMLOCK, &r) == 0 && r.rlim_cur >= LOCK_FUTURE_MIN)) {
        flags |= MCL_FUTURE;
    }
    if (mlockall(flags) != 0) {
        spk_log(SPK_LOG_WARN,
                "memory is not locked as a whole (%s): raise LimitMEMLOCK= to 64M; keys in pages "
                "of their "
                "own are locked one by one",
                strerror(errno));
    } else if ((flags & MCL_FUTURE) == 0) {
        spk_log(SPK_LOG_WARN, "only the memory in use now is locked: raise LimitMEMLOCK= to 64M");
    }
}

spk_err
spk_sandbox_no_dumps(void)
{
    const struct rlimit none = {0, 0};

    /* a sanitizer looks for leaks by tracing the process from outside */
    if ((!WITH_SANITIZER && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) ||
        setrlimit(RLIMIT_CORE, &none) != 0) {
        return spk_err_errno();
    }
    return SPK_OK;
}

spk_err
spk_sandbox_prepare(void)
{
    SPK_TRY(spk_sandbox_no_dumps());
    lock_memory();
    return SPK_OK;
}

static int
int_cmp(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

static spk_err
close_gap(int first, int last)
{
    if (first <= last && close_range((unsigned)first, (unsigned)last, 0) != 0) {
        return spk_err_errno();
    }
    return SPK_OK;
}

static spk_err
close_others(const int *keep, size_t n)
{
    int sorted[KEEP_MAX];
    int from = STDERR_FILENO + 1;

    SPK_CHECK(n <= KEEP_MAX, LIMIT);
    if (n > 0) {
        memcpy(sorted, keep, n * sizeof(int));
        qsort(sorted, n, sizeof(int), int_cmp);
    }
    for (size_t i = 0; i < n; i++) {
        SPK_TRY(close_gap(from, sorted[i] - 1));
        if (sorted[i] >= from) {
            from = sorted[i] + 1;
        }
    }
    return close_gap(from, INT_MAX);
}

/* What the loop, the journal and the RSA code need once everything is open; found by measurement,
 * and kept honest by a test that runs every message under the filter. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(accept4),
    SCMP_SYS(getsockopt),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(close),
    SCMP_SYS(pwrite64),
    SCMP_SYS(pread64),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(exit_group),
    SCMP_SYS(exit),
    SCMP_SYS(futex),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(restart_syscall),
};

static bool
add_rules(scmp_filter_ctx f)
{
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        if (seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0) != 0) {
            return false;
        }
    }
    /* memory, but never code: argument 2 is prot */
    return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
           seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

static spk_err
filter_calls(void)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);

    SPK_CHECK(f != NULL, NOMEM);
    bool done = add_rules(f) && seccomp_load(f) == 0;
    seccomp_release(f);
    if (!done) {
        spk_log(SPK_LOG_ERROR,
                "the system call filter cannot be installed; this kernel cannot hold the key");
        return SPK_ERR(DENIED);
    }
    return SPK_OK;
}

spk_err
spk_sandbox_enter(const int *keep, size_t n)
{
    SPK_TRY(close_others(keep, n));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return spk_err_errno();
    }
    if (WITH_SANITIZER) {
        spk_log(SPK_LOG_WARN, "built with a sanitizer: no system call filter");
        return SPK_OK;
    }
    spk_landlock_deny_all();
    return filter_calls();
}
