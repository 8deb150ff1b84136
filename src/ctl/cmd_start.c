/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl start: the holder and the server of one folder, in the foreground, until interrupted.
 * On a machine of its own the two run as units with users of their own instead. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "ctl/site.h"

#define READY_MAX_MS 60000u /* until a program says that it is ready; RSA keys are long loaded */
#define STOP_MAX_MS 15000u  /* between asking a program to stop and making it */
#define LINE_LEN 64
#define AGAIN_MAX 3 /* so often within AGAIN_MS is a program started again */
#define AGAIN_MS 60000u

struct runner {
    struct term *c;
    struct ctl_site site;
    const char *ready_file;
    struct spk_secret *pass; /* from --passphrase-fd, which gives it once; NULL: none was given */
    struct ctl_child holder, server;
    int signals;
    size_t n_again;
    uint64_t again[AGAIN_MAX]; /* when the last ones were started again */
};

/* A signal that has come in, or 0 when none has within ms. */
static int
next_signal(const struct runner *r, int ms)
{
    struct pollfd p = {.fd = r->signals, .events = POLLIN};
    struct signalfd_siginfo info;

    if (poll(&p, 1, ms) <= 0 || read(r->signals, &info, sizeof(info)) != (ssize_t)sizeof(info)) {
        return 0;
    }
    return (int)info.ssi_signo;
}

static bool
take_signals(struct runner *r)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGCHLD);
    r->signals = -1;
    if (sigprocmask(SIG_BLOCK, &set, NULL) == 0) {
        r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    }
    return r->signals >= 0;
}

/* True when it has ended; its exit status then. */
static bool
has_ended(struct ctl_child *child, int *ret_status)
{
    int st = 0;

    if (child->pid <= 0 || waitpid(child->pid, &st, WNOHANG) != child->pid) {
        return false;
    }
    child->pid = -1;
    *ret_status = WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
    return true;
}

/* Ask, wait, and in the end insist. */
static void
stop_child(const struct runner *r, struct ctl_child *child)
{
    uint64_t until = spk_running_ms() + STOP_MAX_MS;
    int status = 0;

    if (child->pid <= 0) {
        return;
    }
    (void)kill(child->pid, SIGTERM);
    while (!has_ended(child, &status) && spk_running_ms() < until) {
        (void)next_signal(r, 100);
    }
    if (child->pid > 0) {
        (void)kill(child->pid, SIGKILL);
        (void)ctl_wait(child->pid);
        child->pid = -1;
    }
}

static bool
is_stop(int sig)
{
    return sig == SIGINT || sig == SIGTERM || sig == SIGHUP;
}

/* A line from a child that starts. SPK_CODE_STOPPED: we are told to stop. SPK_CODE_NET: it ended
 * or says nothing. */
static spk_err
wait_ready(struct runner *r, struct ctl_child *child, char line[LINE_LEN])
{
    uint64_t until = spk_running_ms() + READY_MAX_MS;
    size_t len = 0;

    while (spk_running_ms() < until) {
        struct pollfd p[] = {{.fd = child->ready, .events = POLLIN},
                             {.fd = r->signals, .events = POLLIN}};
        ssize_t n = 0;

        (void)poll(p, 2, 200);
        if (p[1].revents != 0 && is_stop(next_signal(r, 0))) {
            return SPK_ERR(STOPPED);
        }
        if (p[0].revents == 0) {
            continue;
        }
        n = read(child->ready, line + len, LINE_LEN - 1 - len);
        SPK_CHECK(n > 0, NET);
        len += (size_t)n;
        line[len] = '\0';
        if (line[len - 1] == '\n') {
            return SPK_OK;
        }
        SPK_CHECK(len < LINE_LEN - 1, NET);
    }
    return SPK_ERR(NET);
}

static int
start_child(struct runner *r, const char *name, const char **argv, struct ctl_child *child,
            char line[LINE_LEN])
{
    SPK_AUTO_STR char *program = NULL;
    spk_err e = ctl_program(name, &program);

    argv[0] = program;
    e = spk_ok(e) ? ctl_spawn(argv, true, false, child) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, name, e, NULL);
    }
    e = wait_ready(r, child, line);
    (void)close(child->ready);
    child->ready = -1;
    if (e.code == SPK_CODE_STOPPED) {
        return TERM_STOPPED;
    }
    if (!spk_ok(e)) {
        term_say_error(name, _("did not start; what it said stands above"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

/* A descriptor that a child reads the passphrase from: of its own, for each start. */
static spk_err
offer_pass(const struct runner *r, int *ret_fd)
{
    SPK_AUTO_FD int to = -1;
    SPK_AUTO_FD int from = -1;
    int fds[2] = {-1, -1};

    if (pipe2(fds, O_CLOEXEC) != 0) {
        return spk_err_errno();
    }
    from = fds[0];
    to = fds[1];
    SPK_TRY(spk_write_full(to, spk_secret_span(r->pass))); /* shorter than what a pipe holds */
    SPK_TRY(spk_write_full(to, SPK_SPAN_LIT("\n")));
    if (fcntl(from, F_SETFD, 0) != 0) {
        return spk_err_errno();
    }
    *ret_fd = from;
    from = -1;
    return SPK_OK;
}

static int
start_holder(struct runner *r)
{
    char line[LINE_LEN] = "";
    const char *argv[16] = {NULL, "run", "--dir", r->site.holder, "--socket", r->site.socket};
    SPK_AUTO_FD int fd = -1;
    char number[16];

    if (r->pass != NULL) {
        spk_err e = offer_pass(r, &fd);

        if (!spk_ok(e)) {
            return term_error(TERM_ABOUT_OWN, "sparekey-holder", e, NULL);
        }
        (void)snprintf(number, sizeof(number), "%d", fd);
        argv[6] = "--pass-fd";
        argv[7] = number;
    }
    return start_child(r, "sparekey-holder", argv, &r->holder, line);
}

/* Kept, for a holder that ends is started again, and the descriptor is empty by then. */
static int
take_pass(struct runner *r)
{
    spk_err e = SPK_OK;

    if (r->c->pass_fd != NULL) {
        e = term_ask(r->c, "", false, &r->pass);
    }
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, "--passphrase-fd", e, NULL);
}

/* The server says "ready PORT". */
static int
start_server(struct runner *r, uint64_t *ret_port)
{
    char line[LINE_LEN] = "";
    const char *argv[16] = {NULL, "--config", r->site.conf};
    int status = start_child(r, "sparekeyd", argv, &r->server, line);
    struct spk_span rest = spk_span_str(line);
    struct spk_span number;

    if (status != TERM_GO_ON) {
        if (status == TERM_FAILED) {
            term_say_hint(
                _("when the port is taken, change 'listen' in authority/sparekeyd.conf, or stop "
                  "whatever listens there"));
        }
        return status;
    }
    if (!spk_skip_prefix(&rest, "ready ") || !spk_split(&rest, '\n', &number) ||
        !spk_ok(spk_dec_parse(number, 65535, ret_port))) {
        term_say_error("sparekeyd", _("answered something unexpected: is it of another version?"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

static spk_err
write_address(const struct runner *r, struct spk_span line)
{
    SPK_AUTO_STR char *path = NULL;

    SPK_TRY(spk_path_join(r->site.run, "address", &path));
    SPK_TRY(spk_file_write(AT_FDCWD, path, line, 0644, true));
    if (r->ready_file != NULL) {
        SPK_TRY(spk_file_write(AT_FDCWD, r->ready_file, line, 0644, true));
    }
    return SPK_OK;
}

static void
drop_address(const struct runner *r)
{
    SPK_AUTO_STR char *path = NULL;

    if (spk_ok(spk_path_join(r->site.run, "address", &path))) {
        (void)unlink(path);
    }
}

static int
announce(const struct runner *r, uint64_t port)
{
    SPK_AUTO_BUF struct spk_buf address = SPK_BUF((size_t)1024);
    const char *text = NULL;
    spk_err e = ctl_site_address(&r->site, port, &address);

    e = spk_ok(e) ? spk_buf_cstr(&address, &text) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, r->site.authority, e, NULL);
    }
    printf(_("ready: %s\n"), text);
    (void)term_flush(TERM_DONE);
    e = spk_buf_u8(&address, '\n');
    e = spk_ok(e) ? write_address(r, spk_buf_span(&address)) : e;
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OUTPUT, r->site.run, e, NULL);
}

/* A program that has ended is started again, but what ends again and again is for a person. */
static int
start_again(struct runner *r, const char *name, int ended)
{
    bool often = r->again[r->n_again % AGAIN_MAX] + AGAIN_MS > spk_running_ms();
    uint64_t port = 0;
    int status = TERM_GO_ON;

    if (r->n_again >= AGAIN_MAX && often) {
        fprintf(stderr, _("%s: error: %s ended by itself, with status %d, and too often\n"),
                term_program, name, ended);
        return TERM_FAILED;
    }
    fprintf(stderr, _("%s: warning: %s ended by itself, with status %d: it is started again\n"),
            term_program, name, ended);
    r->again[r->n_again++ % AGAIN_MAX] = spk_running_ms();
    if (r->holder.pid <= 0) {
        return start_holder(r);
    }
    status = start_server(r, &port);
    return status == TERM_GO_ON ? announce(r, port) : status;
}

/* Until somebody stops us, or one of the two cannot be kept running. */
static int
watch(struct runner *r)
{
    int status = TERM_GO_ON;

    while (status == TERM_GO_ON) {
        int ended = 0;

        if (is_stop(next_signal(r, 1000))) {
            return TERM_DONE;
        }
        if (has_ended(&r->holder, &ended)) {
            status = start_again(r, "sparekey-holder", ended);
        } else if (has_ended(&r->server, &ended)) {
            status = start_again(r, "sparekeyd", ended);
        }
    }
    return status == TERM_STOPPED ? TERM_DONE : status;
}

/* A server does not work with a holder that lacks a key which clients have. */
static int
check_epochs(const struct ctl_site *s)
{
    unsigned keys = ctl_site_epochs(s), published = ctl_site_published(s);

    return keys == 0 || keys >= published ? TERM_GO_ON : ctl_site_lacks_keys(s, keys, published);
}

static int
run(struct runner *r)
{
    uint64_t port = 0;
    int status = TERM_GO_ON;
    spk_err e = spk_mkdirs(r->site.run, 0755); /* no backup has it */

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OUTPUT, r->site.run, e, NULL);
    }
    if (!take_signals(r)) {
        return term_error(TERM_ABOUT_OWN, NULL, spk_err_errno(), NULL);
    }
    status = take_pass(r);
    status = status == TERM_GO_ON ? start_holder(r) : status;
    status = status == TERM_GO_ON ? start_server(r, &port) : status;
    status = status == TERM_GO_ON ? announce(r, port) : status;
    status = status == TERM_GO_ON ? watch(r) : status;
    drop_address(r);
    /* The server first: it still needs the holder for what it has begun. */
    stop_child(r, &r->server);
    stop_child(r, &r->holder);
    (void)close(r->signals);
    return status;
}

int
ctl_start(struct term *c, int argc, char **argv)
{
    struct runner r = {.c = c, .holder = {-1, -1, -1}, .server = {-1, -1, -1}};
    char *ready_file = NULL;
    const struct term_opt opts[] = {
        {"ready-file", 0, TERM_TEXT, &ready_file, "FILE",
         N_("write the address there once all is ready")},
    };
    int first = 0;
    int status = term_options(c, opts, 1, argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1) {
        return term_usage(c, _("one folder is wanted"));
    }
    r.ready_file = ready_file;
    status = ctl_site_open(argv[first], &r.site);
    status = status == TERM_GO_ON ? check_epochs(&r.site) : status;
    status = status == TERM_GO_ON ? run(&r) : status;
    ctl_site_clear(&r.site);
    spk_secret_free(r.pass);
    return status;
}

/* What start has written, or what the configuration says when the port is fixed. */
static int
known_address(const struct ctl_site *s, struct spk_buf *out)
{
    SPK_AUTO_STR char *path = NULL;
    SPK_AUTO_STR char *listen = NULL;
    SPK_AUTO_STR char *host = NULL;
    uint64_t port = 0;
    spk_err e = spk_path_join(s->run, "address", &path);

    if (spk_ok(e) && spk_ok(spk_file_read(AT_FDCWD, path, out))) {
        out->len -= out->len > 0 ? 1 : 0;
        return TERM_GO_ON;
    }
    e = spk_ok(e) ? ctl_site_conf(s, "listen", "127.0.0.1:8443", &listen) : e;
    e = spk_ok(e) ? ctl_listen_parse(listen, &host, &port) : e;
    if (spk_ok(e) && port == 0) {
        term_say_error(s->dir,
                       _("takes any free port, and does not run now, so there is no address yet"));
        term_say_hint(_("'sparekeyctl start DIR' prints it"));
        return TERM_FAILED;
    }
    e = spk_ok(e) ? ctl_site_address(s, port, out) : e;
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, s->authority, e, NULL);
}

static int
address_json(const struct spk_buf *address, const char *code)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
    struct spk_jw w = {.b = &b};

    spk_jw_open(&w, NULL, '{');
    spk_jw_str(&w, "address", spk_buf_span(address));
    spk_jw_cstr(&w, "fingerprint", code);
    spk_jw_close(&w, '}');
    return term_json_out(&w, &b);
}

int
ctl_address(struct term *c, int argc, char **argv)
{
    CTL_AUTO_SITE struct ctl_site s = {0};
    SPK_AUTO_BUF struct spk_buf address = SPK_BUF((size_t)1024);
    struct spk_authority a = {0};
    char code[SPK_REQ_CODE_LEN];
    int first = 0;
    int status = term_options(c, NULL, 0, argc, argv, &first);
    spk_err e;

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 1) {
        return term_usage(c, _("one folder is wanted"));
    }
    status = ctl_site_open(argv[first], &s);
    status = status == TERM_GO_ON ? known_address(&s, &address) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    e = ctl_site_statement(&s, &a);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, s.authority, e, NULL);
    }
    spk_authority_fingerprint(&a.hash, code);
    spk_authority_clear(&a);
    if (c->json) {
        return address_json(&address, code);
    }
    (void)fwrite(address.ptr, 1, address.len, stdout);
    fputc('\n', stdout);
    if (!c->quiet) {
        fprintf(stderr, _("fingerprint     %s\n"), code);
    }
    return TERM_DONE;
}
