/* SPDX-License-Identifier: Apache-2.0 */
/* How many threads are worth starting (cgroup v2: the kernel's admin-guide/cgroup-v2, "cpu.max").
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "sealed/io.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP_PATH_MAX 1024

/* Read the start of a small kernel file as text; "" when it is not there. */
static void
read_small(const char *path, char *ret_text, size_t size)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, ret_text, size - 1);
    ret_text[n > 0 ? n : 0] = '\0';
}

/* "200000 100000" gives 2; "max 100000" and everything unclear give no limit. */
static unsigned
quota_of(const char *cgroup_dir)
{
    char path[CGROUP_PATH_MAX + 32];
    char text[64];
    snprintf(path, sizeof path, "%s/cpu.max", cgroup_dir);
    read_small(path, text, sizeof text);

    struct spk_span rest = spk_span_str(text);
    struct spk_span word;
    uint64_t quota;
    uint64_t period;
    if (!spk_split(&rest, ' ', &word) || !spk_ok(spk_dec_parse(word, INT64_MAX, &quota))) {
        return SPK_THREADS_MAX;
    }
    if (rest.len > 0 && rest.ptr[rest.len - 1] == '\n') {
        rest.len--;
    }
    if (!spk_ok(spk_dec_parse(rest, INT64_MAX, &period)) || period == 0) {
        return SPK_THREADS_MAX;
    }
    uint64_t cpus = quota / period + (quota % period != 0);
    return cpus < 1 ? 1 : cpus < SPK_THREADS_MAX ? (unsigned)cpus : SPK_THREADS_MAX;
}

/* The smallest quota of our cgroup and of all above it. */
static unsigned
cgroup_quota(void)
{
    char text[CGROUP_PATH_MAX];
    char dir[CGROUP_PATH_MAX + sizeof CGROUP_ROOT];
    read_small("/proc/self/cgroup", text, sizeof text);
    char *own = strstr(text, "0::/");
    if (own == NULL || (own != text && own[-1] != '\n')) {
        return SPK_THREADS_MAX;
    }
    own += 3;
    own[strcspn(own, "\n")] = '\0';
    snprintf(dir, sizeof dir, CGROUP_ROOT "%s", own);

    unsigned least = SPK_THREADS_MAX;
    while (strlen(dir) >= sizeof CGROUP_ROOT - 1) {
        unsigned q = quota_of(dir);
        least = q < least ? q : least;
        char *slash = strrchr(dir, '/');
        *slash = '\0';
    }
    return least;
}

static unsigned cpus_found;

static void
cpus_find(void)
{
    cpu_set_t set;
    unsigned n = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        n = (unsigned)CPU_COUNT(&set);
    }
    unsigned quota = cgroup_quota();
    n = n < quota ? n : quota;
    cpus_found = n < 1 ? 1 : n;
}

unsigned
spk_cpus(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, cpus_find);
    return cpus_found;
}
