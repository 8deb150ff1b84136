/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/pass.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"

/* The first line of what fd gives. */
static spk_err
read_line(int fd, struct spk_secret **ret_pass)
{
    char line[SPK_PASS_MAX + 1];
    SPK_WIPE_ON_EXIT(line);
    size_t len = 0;

    for (;;) {
        size_t n = 0;
        SPK_CHECK(len < sizeof(line), LIMIT);
        SPK_TRY(spk_read_full(fd, line + len, 1, &n));
        if (n == 0 || line[len] == '\n') {
            break;
        }
        len++;
    }
    SPK_CHECK(len > 0, PASS);
    return spk_secret_from(spk_span(line, len), ret_pass);
}

static spk_err
from_credential(struct spk_secret **ret_pass)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    SPK_AUTO_STR char *path = NULL;
    SPK_AUTO_FD int fd = -1;

    SPK_CHECK(dir != NULL && dir[0] == '/', PASS);
    SPK_TRY(spk_path_join(dir, SPK_PASS_CREDENTIAL, &path));
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    SPK_CHECK(fd >= 0, PASS);
    return read_line(fd, ret_pass);
}

/* -- The terminal. Whoever gives up at the question, with ^C, ^\\ or by closing the window, gets
 * the echo back before the signal does what it does. */
static const int giving_up[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
#define N_SIGNALS (sizeof(giving_up) / sizeof(giving_up[0]))

static int asked_on = -1;
static struct termios as_it_was;

static void
give_echo_back(int sig)
{
    (void)tcsetattr(asked_on, TCSANOW, &as_it_was);
    (void)raise(
        sig); /* the handler is gone by now: this ends the process, as if it had never been */
}

static void
watch_signals(struct sigaction ret_old[N_SIGNALS])
{
    const struct sigaction sa = {.sa_handler = give_echo_back,
                                 .sa_flags = (int)SA_RESETHAND | SA_NODEFER};

    for (size_t i = 0; i < N_SIGNALS; i++) {
        (void)sigaction(giving_up[i], NULL, &ret_old[i]);
        if (ret_old[i].sa_handler == SIG_DFL) { /* one that is ignored stays so */
            (void)sigaction(giving_up[i], &sa, NULL);
        }
    }
}

static void
unwatch_signals(const struct sigaction old[N_SIGNALS])
{
    for (size_t i = 0; i < N_SIGNALS; i++) {
        (void)sigaction(giving_up[i], &old[i], NULL);
    }
}

static spk_err
from_terminal(const char *prompt, struct spk_secret **ret_pass)
{
    SPK_AUTO_FD int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios quiet;
    struct sigaction old[N_SIGNALS];

    SPK_CHECK(tty >= 0 && tcgetattr(tty, &as_it_was) == 0, PASS);
    quiet = as_it_was;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    asked_on = tty;
    watch_signals(old);
    spk_err e = tcsetattr(tty, TCSAFLUSH, &quiet) == 0 ? SPK_OK : SPK_ERR(PASS);
    if (spk_ok(e)) { /* the question last: what is typed on seeing it must not be lost or shown */
        e = spk_write_full(tty, spk_span_str(prompt));
    }
    if (spk_ok(e)) {
        e = read_line(tty, ret_pass);
    }
    (void)tcsetattr(tty, TCSAFLUSH, &as_it_was);
    unwatch_signals(old);
    (void)spk_write_full(tty, SPK_SPAN_LIT("\n")).code;
    return e;
}

spk_err
spk_pass_get(int fd, const char *prompt, struct spk_secret **ret_pass)
{
    if (fd >= 0) {
        return read_line(fd, ret_pass);
    }
    spk_err e = from_credential(ret_pass);
    return spk_ok(e) ? e : from_terminal(prompt, ret_pass);
}
