/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyd --config FILE [--new-store] [--ready-fd N] */
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "authority/server.h"
#include "base/file.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/text.h"

#define USAGE "usage: sparekeyd --config FILE [--new-store] [--ready-fd N] [--debug]\n"

struct options {
    const char *config;
    int ready_fd;
    bool debug, help, version, new_store;
};

static bool
parse_options(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"ready-fd", required_argument, NULL, 'r'},
                                          {"debug", no_argument, NULL, 'd'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'V'},
                                          {"new-store", no_argument, NULL, 'n'},
                                          {NULL, 0, NULL, 0}};
    uint64_t fd = 0;
    int c;

    while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
        switch (c) {
        case 'c':
            o->config = optarg;
            break;
        case 'r':
            if (!spk_ok(spk_dec_parse(spk_span_str(optarg), 65535, &fd))) {
                return false;
            }
            o->ready_fd = (int)fd;
            break;
        case 'd':
            o->debug = true;
            break;
        case 'n':
            o->new_store = true;
            break;
        case 'h':
            o->help = true;
            break;
        case 'V':
            o->version = true;
            break;
        default:
            return false;
        }
    }
    return optind == argc && (o->config != NULL || o->help || o->version);
}

/* To a terminal or a pipe that may be gone: nothing can be done about that. */
static void
say(int fd, const char *text)
{
    spk_err e = spk_write_full(fd, spk_span_str(text));

    (void)e;
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
serve(const struct options *o)
{
    SPK_AUTO(spk_server) s = NULL;
    unsigned port = 0;
    sigset_t set;
    int sig = 0;

    /* blocked in every thread; this one waits for them */
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (!spk_ok(spk_server_start(o->config, o->new_store, &s, &port))) {
        return 1;
    }
    spk_log(SPK_LOG_INFO, "serving on %s, port %u", s->cfg.listen, port);
    say_ready(o->ready_fd, port);
    sigwait(&set, &sig);
    spk_log(SPK_LOG_INFO, "stopping");
    spk_notify("STOPPING=1");
    return 0;
}

int
main(int argc, char **argv)
{
    struct options o = {.ready_fd = -1};

    if (!parse_options(argc, argv, &o)) {
        say(STDERR_FILENO, USAGE);
        return 2;
    }
    if (o.help || o.version) {
        say(STDOUT_FILENO, o.help ? USAGE : "sparekeyd " SPK_SERVER_VERSION "\n");
        return 0;
    }
    spk_log_setup("sparekeyd", o.debug ? SPK_LOG_DEBUG : SPK_LOG_INFO);
    return serve(&o);
}
