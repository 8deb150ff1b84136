/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey-witness init --dir DIR --name NAME
 * sparekey-witness run --dir DIR [--ready-fd N] */
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/text.h"
#include "witness/serve.h"

#define USAGE                                                                                      \
    "usage: sparekey-witness init --dir DIR --name NAME\n"                                         \
    "       sparekey-witness run --dir DIR [--ready-fd N] [--debug]\n"
#define CONF_MAX ((size_t)262144)
#define LISTEN_DEFAULT "127.0.0.1:8090"
#define CONF_NEW                                                                                   \
    "# man sparekey-witness\n"                                                                     \
    "listen = " LISTEN_DEFAULT "\n"                                                                \
    "# the key of each log to watch, a line each:\n"                                               \
    "# log = NAME/deposits+...\n"

struct options {
    const char *command, *dir, *name;
    int ready_fd;
    bool debug;
};

struct conf {
    char *listen;
    char **logs;
};

static void
conf_clear(struct conf *c)
{
    for (size_t i = 0; c->logs != NULL && c->logs[i] != NULL; i++) {
        spk_mem_free(c->logs[i]);
    }
    spk_mem_free(c->logs);
    spk_mem_free(c->listen);
}

static void
say(int fd, const char *text)
{
    spk_err e = spk_write_full(fd, spk_span_str(text));

    (void)e; /* to a terminal or a pipe that may be gone: nothing can be done about that */
}

static bool
parse_options(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {{"dir", required_argument, NULL, 'd'},
                                          {"name", required_argument, NULL, 'n'},
                                          {"ready-fd", required_argument, NULL, 'r'},
                                          {"debug", no_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'V'},
                                          {NULL, 0, NULL, 0}};
    uint64_t fd = 0;
    int c;

    while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        if (c == 'd') {
            o->dir = optarg;
        } else if (c == 'n') {
            o->name = optarg;
        } else if (c == 'r' && spk_ok(spk_dec_parse(spk_span_str(optarg), 65535, &fd))) {
            o->ready_fd = (int)fd;
        } else if (c == 'v') {
            o->debug = true;
        } else if (c == 'h' || c == 'V') {
            o->command = c == 'h' ? "help" : "version";
            return true;
        } else {
            return false;
        }
    }
    if (optind + 1 != argc || o->dir == NULL) {
        return false;
    }
    o->command = argv[optind];
    return strcmp(o->command, "init") == 0 ? o->name != NULL : strcmp(o->command, "run") == 0;
}

static int
failed(const char *what, spk_err e)
{
    spk_log(SPK_LOG_ERROR, "%s: %s%s%s", what,
            e.code == SPK_CODE_EXISTS   ? "is there already"
            : e.code == SPK_CODE_DENIED ? "can be read by others: chmod 600 it"
            : e.code == SPK_CODE_BUSY   ? "another witness is at work on this folder"
                                        : spk_code_name(e.code),
            e.sys != 0 ? ": " : "", e.sys != 0 ? strerror(e.sys) : "");
    return 1;
}

static spk_err
write_conf(const char *dir)
{
    SPK_AUTO_STR char *path = NULL;

    SPK_TRY(spk_path_join(dir, "witness.conf", &path));
    spk_err e = spk_file_write(AT_FDCWD, path, spk_span_str(CONF_NEW), 0600, false);
    return e.code == SPK_CODE_EXISTS ? SPK_OK : e;
}

static int
init(const struct options *o)
{
    SPK_AUTO_BUF struct spk_buf line = SPK_BUF((size_t)1024);
    const char *text = NULL;
    struct spk_vkey v;
    spk_err e = spk_witness_make(o->dir, o->name, &v);

    if (e.code == SPK_CODE_FORMAT) {
        spk_log(SPK_LOG_ERROR, "a name is up to %d letters without spaces and '+'",
                SPK_NOTE_NAME_MAX);
        return 2;
    }
    e = spk_ok(e) ? write_conf(o->dir) : e;
    e = spk_ok(e) ? spk_vkey_format(&v, &line) : e;
    e = spk_ok(e) ? spk_buf_u8(&line, '\n') : e;
    e = spk_ok(e) ? spk_buf_cstr(&line, &text) : e;
    if (!spk_ok(e)) {
        return failed(o->dir, e);
    }
    say(STDOUT_FILENO, text);
    return 0;
}

/* -- run */

static spk_err
load_conf(const char *dir, struct conf *c)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(CONF_MAX);
    SPK_AUTO_STR char *path = NULL;
    const struct spk_conf_key keys[] = {
        {"listen", SPK_CONF_STR, &c->listen, 0, 0, false},
        {"log", SPK_CONF_STR, &c->logs, 0, 0, true},
    };
    unsigned line = 0;

    SPK_TRY(spk_path_join(dir, "witness.conf", &path));
    SPK_TRY(spk_file_read(AT_FDCWD, path, &text));
    spk_err e = spk_conf_parse(spk_buf_span(&text), keys, 2, &line);
    if (!spk_ok(e)) {
        spk_log(SPK_LOG_ERROR, "%s, line %u: not a setting that it knows", path, line);
    }
    if (spk_ok(e) && c->listen == NULL) {
        c->listen = spk_strdup(LISTEN_DEFAULT);
        e = c->listen != NULL ? SPK_OK : SPK_ERR(NOMEM);
    }
    return e;
}

static void
say_ready(int fd, unsigned port)
{
    char line[32];

    spk_notify("READY=1");
    if (fd >= 0) {
        (void)snprintf(line, sizeof(line), "ready %u\n", port);
        say(fd, line);
        close(fd);
    }
}

static int
run_with(const struct options *o, const struct conf *c, const sigset_t *ends)
{
    SPK_AUTO(spk_witness) w = NULL;
    SPK_AUTO(spk_serve) s = NULL;
    SPK_AUTO_STR char *bad = NULL;
    unsigned port = 0;
    int sig = 0;
    spk_err e = spk_witness_open(o->dir, c->logs, &bad, &w);

    if (!spk_ok(e)) {
        return failed(bad != NULL ? bad : o->dir, e);
    }
    e = spk_serve_start(w, c->listen, &s, &port);
    if (!spk_ok(e)) {
        return failed(c->listen, e);
    }
    spk_log(SPK_LOG_INFO, "%s watches on %s, port %u", spk_witness_key(w)->name, c->listen, port);
    say_ready(o->ready_fd, port);
    sigwait(ends, &sig);
    spk_notify("STOPPING=1");
    return 0;
}

static int
run(const struct options *o)
{
    struct conf c = {NULL, NULL};
    sigset_t set;

    /* blocked in every thread; this one waits for them */
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    spk_err e = load_conf(o->dir, &c);
    int status = spk_ok(e) ? run_with(o, &c, &set) : failed(o->dir, e);
    conf_clear(&c);
    return status;
}

int
main(int argc, char **argv)
{
    struct options o = {.ready_fd = -1};

    if (!parse_options(argc, argv, &o)) {
        say(STDERR_FILENO, USAGE);
        return 2;
    }
    spk_log_setup("sparekey-witness", o.debug ? SPK_LOG_DEBUG : SPK_LOG_INFO);
    if (strcmp(o.command, "help") == 0) {
        say(STDOUT_FILENO, USAGE);
        return 0;
    }
    if (strcmp(o.command, "version") == 0) {
        say(STDOUT_FILENO, "sparekey-witness " SPK_VERSION "\n");
        return 0;
    }
    return strcmp(o.command, "init") == 0 ? init(&o) : run(&o);
}
