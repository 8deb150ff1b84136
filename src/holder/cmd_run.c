/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey-holder run: open everything, give everything else up, serve. */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/rng.h"
#include "holder/prog.h"
#include "holder/sandbox.h"
#include "holder/server.h"

#define USER_NAME_MAX 64
#define LISTEN_FD 3 /* sd_listen_fds(3) */

struct run_options {
    const char *dir, *socket, *allow_uid, *ready_fd, *pass_fd;
};
struct run {
    struct spk_server srv;
    int ready;  /* descriptor that hears "ready", or -1 */
    int notify; /* connected to systemd's socket, or -1 */
};

/* A socket that a socket unit has opened for this very process. */
static bool
inherited_socket(int *ret_fd)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    uint64_t p = 0, n = 0;
    int type = 0;
    socklen_t len = sizeof(type);

    if (pid == NULL || fds == NULL || !spk_ok(spk_dec_parse(spk_span_str(pid), INT32_MAX, &p)) ||
        !spk_ok(spk_dec_parse(spk_span_str(fds), 1, &n)) || p != (uint64_t)getpid() || n != 1) {
        return false;
    }
    if (getsockopt(LISTEN_FD, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_SEQPACKET) {
        return false;
    }
    *ret_fd = LISTEN_FD;
    return true;
}

static spk_err
take_socket(const struct run_options *o, struct run *r)
{
    if (inherited_socket(&r->srv.listener)) {
        return SPK_OK;
    }
    SPK_CHECK(o->socket != NULL, USAGE);
    return spk_server_listen(o->socket, r->srv.n_uids > 0, &r->srv.listener);
}

static spk_err
take_signals(int *ret_fd)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return spk_err_errno();
    }
    *ret_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return *ret_fd >= 0 ? SPK_OK : spk_err_errno();
}

/* systemd's notification socket is connected now, while sockets can still be made, and used when
 * all is done. */
static int
notify_socket(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    if (path == NULL || strlen(path) < 2 || strlen(path) >= sizeof(a.sun_path)) {
        return -1;
    }
    memcpy(a.sun_path, path, strlen(path));
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (a.sun_path[0] == '@') {
        a.sun_path[0] = '\0';
    }
    SPK_AUTO_FD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&a, len) != 0) {
        return -1;
    }
    int ret = fd;
    fd = -1;
    return ret;
}

static void
say_ready(const struct run *r)
{
    static const char state[] = "READY=1";

    if (r->notify >= 0 && send(r->notify, state, sizeof(state) - 1, MSG_NOSIGNAL) < 0) {
        spk_log(SPK_LOG_WARN, "systemd was not told: %s", strerror(errno));
    }
    if (r->ready >= 0) {
        (void)spk_write_full(r->ready, SPK_SPAN_LIT("ready\n")).code;
        (void)close(r->ready);
    }
}

/* One operation with each pair and some random bytes: what the library makes on first use, it makes
 * before the filter is there. */
static spk_err
warm_up(const struct spk_keys *k)
{
    uint8_t in[SPK_RSA_MAX_LEN] = {0}, out[SPK_RSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(out);
    SPK_AUTO(spk_secret) some = NULL;

    SPK_TRY(spk_secret_random(32, &some));
    in[SPK_RSA_MAX_LEN - 1] = 2;
    for (size_t i = 0; i < k->n; i++) {
        size_t len = spk_rsa_len(k->epoch[i].pair);
        SPK_TRY(
            spk_rsa_raw_private(k->epoch[i].pair, spk_span(in + SPK_RSA_MAX_LEN - len, len), out));
    }
    return SPK_OK;
}

static spk_err
enter(const struct run *r)
{
    int keep[8];
    size_t n = 0;

    keep[n++] = r->srv.h->journal.fd;
    keep[n++] = r->srv.h->logsfile.fd;
    keep[n++] = r->srv.h->lock;
    keep[n++] = r->srv.listener;
    keep[n++] = r->srv.signals;
    if (r->ready >= 0) {
        keep[n++] = r->ready;
    }
    if (r->notify >= 0) {
        keep[n++] = r->notify;
    }
    return spk_sandbox_enter(keep, n);
}

static spk_err
serve(struct run *r)
{
    SPK_TRY(warm_up(r->srv.h->keys));
    SPK_TRY(enter(r));
    spk_log(SPK_LOG_INFO, "ready: %s, epoch %zu, policy %zu, %zu requests known",
            r->srv.h->keys->name, r->srv.h->keys->n, r->srv.h->state->n_policies,
            r->srv.h->state->n_requests);
    if (spk_secret_unlocked() > 0) {
        spk_log(SPK_LOG_WARN, "%zu bytes of secrets could not be locked into memory",
                spk_secret_unlocked());
    }
    say_ready(r);
    return spk_server_run(&r->srv);
}

static spk_err
open_folder(const struct run_options *o, struct run *r)
{
    SPK_AUTO(spk_secret) pass = NULL;
    SPK_AUTO_FD int dirfd = -1;

    SPK_TRY(spk_dir_open(o->dir, &dirfd));
    SPK_TRY(spk_dir_pass(dirfd, o->pass_fd, &pass));
    return spk_holder_open(dirfd, pass, &r->srv.h);
}

static int
run(const struct run_options *o, struct run *r)
{
    spk_log_setup("sparekey-holder", SPK_LOG_INFO);
    spk_err e = spk_sandbox_prepare();
    if (!spk_ok(e)) {
        return spk_fail(e, "this process cannot be protected");
    }
    r->notify = notify_socket();
    e = open_folder(o, r);
    if (!spk_ok(e)) {
        return spk_fail(e, "%s", o->dir);
    }
    e = take_socket(o, r);
    if (e.code == SPK_CODE_USAGE) {
        return spk_usage_error("run: --socket is missing, and no socket unit has given one");
    }
    if (spk_ok(e)) {
        e = take_signals(&r->srv.signals);
    }
    if (!spk_ok(e)) {
        return spk_fail(e, "%s", o->socket != NULL ? o->socket : "the inherited socket");
    }
    e = serve(r);
    return spk_ok(e) ? SPK_EXIT_DONE : spk_fail(e, "serving");
}

/* A number, or a name of this machine, which is looked up while files can still be opened. */
static bool
uid_of(struct spk_span one, uid_t *ret_uid)
{
    char name[USER_NAME_MAX + 1] = {0};
    uint64_t v = 0;

    if (spk_ok(spk_dec_parse(one, UINT32_MAX - 1, &v))) {
        *ret_uid = (uid_t)v;
        return true;
    }
    if (one.len == 0 || one.len > USER_NAME_MAX) {
        return false;
    }
    memcpy(name, one.ptr, one.len);
    const struct passwd *p = getpwnam(name);
    if (p == NULL) {
        return false;
    }
    *ret_uid = p->pw_uid;
    return true;
}

/* Commas between the users that may connect. */
static bool
take_uids(const char *list, struct spk_server *srv)
{
    struct spk_span rest = spk_span_str(list), one;

    while (list != NULL && rest.len > 0) {
        if (!spk_split(&rest, ',', &one)) {
            one = rest;
            rest.len = 0;
        }
        if (srv->n_uids == SPK_ALLOW_UIDS_MAX || !uid_of(one, &srv->uids[srv->n_uids])) {
            (void)spk_usage_error(
                "run: --allow-uid takes up to %d users of this machine, by number or name, with "
                "commas between them",
                SPK_ALLOW_UIDS_MAX);
            return false;
        }
        srv->n_uids++;
    }
    return true;
}

int
spk_cmd_run(int argc, char **argv)
{
    struct run_options o = {NULL, NULL, NULL, NULL, NULL};
    const struct spk_option options[] = {{"dir", &o.dir, true},
                                         {"socket", &o.socket, false},
                                         {"allow-uid", &o.allow_uid, false},
                                         {"ready-fd", &o.ready_fd, false},
                                         {"pass-fd", &o.pass_fd, false}};
    struct run r = {
        .srv = {.listener = -1, .signals = -1, .own = geteuid()}, .ready = -1, .notify = -1};

    if (!spk_options(argc, argv, options, sizeof(options) / sizeof(options[0])) ||
        !take_uids(o.allow_uid, &r.srv) || !spk_option_fd("ready-fd", o.ready_fd, &r.ready)) {
        return SPK_EXIT_USAGE;
    }
    int status = run(&o, &r);
    spk_holder_free(r.srv.h);
    return status;
}
