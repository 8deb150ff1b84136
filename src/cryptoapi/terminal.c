/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cryptoapi/conio.h"
#include "keystore/container.h"

/* Turns flags of the terminal off; false when fd is none. */
static bool
quiet(int fd, tcflag_t off, struct termios *ret_old)
{
    if (tcgetattr(fd, ret_old) != 0) {
        return false;
    }
    struct termios t = *ret_old;
    t.c_lflag &= ~off;
    return tcsetattr(fd, TCSADRAIN, &t) == 0;
}

static spk_err
prompt(int fd, const char *container, unsigned wrong)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(4096);
    SPK_TRY(spk_buf_str(&b, wrong != 0 ? "wrong; passphrase of key container '"
                                       : "passphrase of key container '"));
    SPK_TRY(spk_buf_escape(&b, spk_span_str(container)));
    SPK_TRY(spk_buf_str(&b, "': "));
    return spk_write_full(fd, spk_buf_span(&b));
}

/* A signal that would end the process must not leave its terminal without echo: it is held until
 * the question is over, and then does what it would have done. */
static volatile sig_atomic_t held;
static const int holds[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
#define HOLDS (sizeof holds / sizeof holds[0])
#define LOOK_MS 100 /* another thread may be the one that a signal interrupts */

static void
hold(int sig)
{
    held = sig;
}

static void
hold_signals(struct sigaction ret_old[HOLDS])
{
    struct sigaction sa = {.sa_handler = hold};
    (void)sigemptyset(&sa.sa_mask);
    held = 0;
    for (size_t i = 0; i < HOLDS; i++) {
        (void)sigaction(holds[i], &sa, &ret_old[i]);
    }
}

static void
let_signals_go(const struct sigaction old[HOLDS])
{
    for (size_t i = 0; i < HOLDS; i++) {
        (void)sigaction(holds[i], &old[i], NULL);
    }
    if (held != 0) {
        (void)raise(held);
    }
}

/* False: a signal came. */
static bool
wait_for_key(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (held == 0 && poll(&p, 1, LOOK_MS) <= 0) {
    }
    return held == 0;
}

/* A line that is not ended has not been meant by anybody. */
static spk_err
read_line(int fd, struct spk_secret **ret_pass)
{
    uint8_t line[SPK_CONTAINER_PASS_MAX + 1];
    SPK_WIPE_ON_EXIT(line);
    size_t len = 0;
    for (;;) {
        SPK_CHECK(wait_for_key(fd), PASS);
        ssize_t n = read(fd, line + len, 1);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        SPK_CHECK(n == 1, PASS);
        if (line[len] == '\n') {
            break;
        }
        SPK_CHECK(++len < sizeof line, LIMIT);
    }
    SPK_CHECK(len != 0, PASS);
    return spk_secret_from(spk_span(line, len), ret_pass);
}

spk_err
capi_terminal_pass(const char *container, unsigned wrong, struct spk_secret **ret_pass)
{
    struct termios old;
    struct sigaction actions[HOLDS];
    SPK_AUTO_FD int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    SPK_CHECK(fd >= 0, PASS);
    SPK_TRY(prompt(fd, container, wrong));
    SPK_CHECK(tcgetattr(fd, &old) == 0, PASS);
    hold_signals(actions);
    spk_err e = quiet(fd, ECHO, &old) ? read_line(fd, ret_pass) : SPK_ERR(PASS);
    (void)tcsetattr(fd, TCSADRAIN, &old);
    (void)!write(fd, "\n", 1);
    let_signals_go(actions);
    return e;
}

static int
read_key(tcflag_t off)
{
    struct termios old;
    uint8_t c = 0;
    (void)fflush(stdout); /* the question comes first */
    bool is_terminal = quiet(STDIN_FILENO, off, &old);
    ssize_t n = 0;
    do {
        n = read(STDIN_FILENO, &c, 1);
    } while (n < 0 && errno == EINTR);
    if (is_terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
    }
    return n == 1 ? c : EOF;
}

int __cdecl _getch(void)
{
    return read_key(ECHO | ICANON);
}

int __cdecl _getche(void)
{
    return read_key(ICANON);
}

int __cdecl _kbhit(void)
{
    struct termios old;
    struct pollfd key = {.fd = STDIN_FILENO, .events = POLLIN};
    bool is_terminal = quiet(STDIN_FILENO, ICANON, &old); /* a key counts before the line ends */
    int n = poll(&key, 1, 0);
    if (is_terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &old);
    }
    return n > 0;
}
