/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/pass.h"

#include <fcntl.h>
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

static spk_err
from_terminal(const char *prompt, struct spk_secret **ret_pass)
{
    SPK_AUTO_FD int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios old, quiet;

    SPK_CHECK(tty >= 0 && tcgetattr(tty, &old) == 0, PASS);
    quiet = old;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    SPK_TRY(spk_write_full(tty, spk_span_str(prompt)));
    SPK_CHECK(tcsetattr(tty, TCSAFLUSH, &quiet) == 0, PASS);
    spk_err e = read_line(tty, ret_pass);
    (void)tcsetattr(tty, TCSAFLUSH, &old);
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
