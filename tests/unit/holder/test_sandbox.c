/* SPDX-License-Identifier: Apache-2.0 */
/* What the holder gave up, it has given up: each attempt to take it back kills the process with
 * SIGSYS. */
#include "spk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/rng.h"
#include "crypto/rsa.h"
#include "holder/sandbox.h"

/* The wait status of a child that entered the sandbox and then did this. */
static int
in_sandbox(void (*what)(void))
{
    pid_t pid = fork();

    if (pid == 0) {
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        if (!spk_ok(spk_sandbox_prepare()) || !spk_ok(spk_sandbox_enter(NULL, 0))) {
            _exit(99);
        }
        what();
        _exit(0);
    }
    assert_true(pid > 0);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void
assert_killed(void (*what)(void))
{
    if (!spk_sandbox_filters()) {
        skip(); /* built with a sanitizer */
    }
    int status = in_sandbox(what);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void
try_nothing(void)
{
}
static void
try_open(void)
{
    (void)open("/etc/hostname", O_RDONLY | O_CLOEXEC);
}
static void
try_create(void)
{
    (void)open("/tmp/out-of-the-holder", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}
static void
try_socket(void)
{
    (void)socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}
static void
try_unix_socket(void)
{
    (void)socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}
static void
try_exec(void)
{
    char *const argv[] = {(char[]){"true"}, NULL};
    (void)execve("/bin/true", argv, NULL);
}
static void
try_fork(void)
{
    if (fork() == 0) {
        _exit(0);
    }
}
static void
try_code(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void
try_make_code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)mprotect(p, 4096, PROT_READ | PROT_EXEC);
}
static void
try_ptrace(void)
{
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}
static void
try_kill(void)
{
    (void)kill(1, 0);
}

static void
test_calls_that_kill(void **state)
{
    void (*const calls[])(void) = {try_open, try_create, try_socket,    try_unix_socket, try_exec,
                                   try_fork, try_code,   try_make_code, try_ptrace,      try_kill};

    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        assert_killed(calls[i]);
    }
}

static void
test_living_on(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(try_nothing), 0);
}

static struct spk_rsa *pair;

/* What the holder does all day, with the library not warmed up by anything but the making of the
 * pair. */
static void
try_work(void)
{
    uint8_t in[256] = {0}, out[256];
    SPK_AUTO(spk_secret) s = NULL;

    in[255] = 2;
    for (int i = 0; i < 100; i++) {
        if (!spk_ok(spk_rsa_raw_private(pair, SPK_SPAN_OF(in), out)) ||
            !spk_ok(spk_random(SPK_MUT_OF(out)))) {
            _exit(1);
        }
    }
    void *large = spk_calloc(1, (size_t)1 << 20);
    large = spk_reallocarray(large, (size_t)3 << 20, 1);
    spk_mem_free(large);
    if (!spk_ok(spk_secret_random(9000, &s))) {
        _exit(2);
    }
    spk_log(SPK_LOG_INFO, "a line of log");
}

static void
test_work_goes_on(void **state)
{
    (void)state;
    assert_spk_ok(spk_rsa_generate(2048, &pair));
    assert_int_equal(in_sandbox(try_work), 0);
    spk_rsa_free(pair);
}

static int kept = -1, dropped = -1;

static void
try_descriptors(void)
{
    char c = 'x';

    if (write(kept, &c, 1) != 1) {
        _exit(1);
    }
    if (write(dropped, &c, 1) >= 0 || errno != EBADF) {
        _exit(2);
    }
}

static void
test_only_named_descriptors_stay(void **state)
{
    int fds[2], more[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(pipe(more), 0);
    kept = fds[1];
    dropped = more[1];
    pid_t pid = fork();
    if (pid == 0) {
        if (!spk_ok(spk_sandbox_enter(&kept, 1))) {
            _exit(99);
        }
        try_descriptors();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (int i = 0; i < 2; i++) {
        (void)close(fds[i]);
        (void)close(more[i]);
    }
}

static void
test_no_dump(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit r;
        bool ok = spk_ok(spk_sandbox_prepare()) &&
                  prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == !spk_sandbox_filters() &&
                  getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_cur == 0 && r.rlim_max == 0;
        _exit(ok ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_living_on),    cmocka_unit_test(test_calls_that_kill),
        cmocka_unit_test(test_work_goes_on), cmocka_unit_test(test_only_named_descriptors_stay),
        cmocka_unit_test(test_no_dump),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
