/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the authority's programs: by path and argument list, never through a shell. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "ctl/site.h"

#define PATH_MAX_LEN 4096
#define NOT_STARTED 127

/* Where a program may stand, from the folder of our own: installed together, or in a build. */
static const char *const places[] = {"",           "/../sbin",      "/../libexec/sparekey",
                                     "/../holder", "/../authority", "/../cli"};

static spk_err
own_folder(char ret_dir[PATH_MAX_LEN])
{
    ssize_t n = readlink("/proc/self/exe", ret_dir, PATH_MAX_LEN - 1);
    char *slash = NULL;

    if (n < 0) {
        return spk_err_errno();
    }
    ret_dir[n] = '\0';
    slash = strrchr(ret_dir, '/');
    SPK_CHECK(slash != NULL, NOTFOUND);
    *slash = '\0';
    return SPK_OK;
}

static spk_err
beside_us(const char *dir, const char *name, char **ret_path)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)2 * PATH_MAX_LEN);
        const char *path = NULL;

        SPK_TRY(spk_buf_printf(&b, "%s%s/%s", dir, places[i], name));
        SPK_TRY(spk_buf_cstr(&b, &path));
        if (access(path, X_OK) == 0) {
            *ret_path = spk_strdup(path);
            SPK_CHECK(*ret_path != NULL, NOMEM);
            return SPK_OK;
        }
    }
    return SPK_ERR(NOTFOUND);
}

spk_err
ctl_program(const char *name, char **ret_path)
{
    char dir[PATH_MAX_LEN];
    spk_err e = own_folder(dir);

    e = spk_ok(e) ? beside_us(dir, name, ret_path) : e;
    if (spk_ok(e) || e.code == SPK_CODE_NOMEM) {
        return e;
    }
    *ret_path = spk_strdup(name);
    SPK_CHECK(*ret_path != NULL, NOMEM);
    return SPK_OK;
}

struct pipes {
    int ready[2];
    int out[2];
};

/* In the child: signals as at the start of a program, and an end when the parent ends. */
static void
become(const char **argv, const struct pipes *p, pid_t parent)
{
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        _exit(NOT_STARTED);
    }
    if (p->ready[1] >= 0) {
        (void)fcntl(p->ready[1], F_SETFD, 0);
    }
    if (p->out[1] >= 0) {
        (void)dup2(p->out[1], STDOUT_FILENO);
    }
    (void)execvp(argv[0], (char **)(uintptr_t)argv); /* it writes to none of them */
    fprintf(stderr, _("%s: error: '%s' cannot be started: %s\n"), term_program, argv[0],
            strerror(errno));
    _exit(NOT_STARTED);
}

static void
close_pair(int fds[2], int which)
{
    if (fds[which] >= 0) {
        (void)close(fds[which]);
        fds[which] = -1;
    }
}

static spk_err
start(const char **argv, struct pipes *p, struct ctl_child *ret_c)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid == 0) {
        become(argv, p, parent);
    }
    close_pair(p->ready, 1);
    close_pair(p->out, 1);
    if (pid < 0) {
        return spk_err_errno();
    }
    *ret_c = (struct ctl_child){.pid = pid, .ready = p->ready[0], .out = p->out[0]};
    p->ready[0] = -1;
    p->out[0] = -1;
    return SPK_OK;
}

/* argv ends with a NULL and has room for the option and its value. */
static void
append_ready(const char **argv, const char *fd)
{
    size_t n = 0;

    while (argv[n] != NULL) {
        n++;
    }
    argv[n] = "--ready-fd";
    argv[n + 1] = fd;
    argv[n + 2] = NULL;
}

spk_err
ctl_spawn(const char **argv, bool with_ready, bool with_out, struct ctl_child *ret_c)
{
    struct pipes p = {{-1, -1}, {-1, -1}};
    char fd[16];
    spk_err e = SPK_OK;

    (void)fflush(stdout);
    if ((with_ready && pipe2(p.ready, O_CLOEXEC) != 0) ||
        (with_out && pipe2(p.out, O_CLOEXEC) != 0)) {
        e = spk_err_errno();
    }
    if (spk_ok(e) && with_ready) {
        (void)snprintf(fd, sizeof(fd), "%d", p.ready[1]);
        append_ready(argv, fd);
    }
    e = spk_ok(e) ? start(argv, &p, ret_c) : e;
    for (int i = 0; i < 2; i++) {
        close_pair(p.ready, i);
        close_pair(p.out, i);
    }
    return e;
}

int
ctl_wait(pid_t pid)
{
    int st = 0;

    while (waitpid(pid, &st, 0) < 0) {
        if (errno != EINTR) {
            return NOT_STARTED;
        }
    }
    return WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
}

static spk_err
read_all(int fd, struct spk_buf *out)
{
    uint8_t chunk[4096];
    size_t n = sizeof(chunk);

    while (n == sizeof(chunk)) {
        SPK_TRY(spk_read_full(fd, chunk, sizeof(chunk), &n));
        SPK_TRY(spk_buf_add(out, spk_span(chunk, n)));
    }
    return SPK_OK;
}

int
ctl_run(const char **argv, struct spk_buf *out)
{
    struct ctl_child child = {.pid = -1, .ready = -1, .out = -1};
    spk_err e = ctl_spawn(argv, false, out != NULL, &child);
    int status = NOT_STARTED;

    if (!spk_ok(e)) {
        return status;
    }
    if (out != NULL) {
        e = read_all(child.out, out);
        (void)close(child.out);
    }
    status = ctl_wait(child.pid);
    return status == 0 && !spk_ok(e) ? NOT_STARTED : status;
}
