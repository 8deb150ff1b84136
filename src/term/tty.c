/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets and questions: the terminal, or a descriptor that the caller names; never standard input,
 * never an argument. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "term/term.h"

#define LINE_MAX_BYTES 1024

static struct termios saved;
static volatile sig_atomic_t saved_fd = -1;

/* Why a passphrase is not at hand. What was read last and did not fit is wrong. */
enum pass_trouble { PASS_WRONG, PASS_NO_TERMINAL, PASS_NO_LINE, PASS_TOO_LONG, PASS_NOT_THE_SAME };
static enum pass_trouble pass_trouble;

void
term_pass_words(const char **ret_sentence, const char **ret_hint)
{
    *ret_hint = NULL;
    switch (pass_trouble) {
    case PASS_WRONG:
        *ret_sentence = _("the passphrase is wrong");
        *ret_hint = _("type it again; a passphrase that is forgotten is like keys that are lost");
        return;
    case PASS_NO_TERMINAL:
        *ret_sentence = _("there is no terminal to ask at");
        *ret_hint = _("--passphrase-fd reads the answer from a descriptor");
        return;
    case PASS_NO_LINE:
        *ret_sentence = _("there is no line left to read where a secret was wanted");
        *ret_hint =
            _("--passphrase-fd wants a line for each secret, in the order of the questions");
        return;
    case PASS_TOO_LONG:
        *ret_sentence = _("what was typed is longer than 1024 bytes");
        *ret_hint = _("no passphrase or code is so long: look at what was read");
        return;
    case PASS_NOT_THE_SAME:
        *ret_sentence = _("the two passphrases are not the same");
        *ret_hint = _("nothing was made: run the command again");
        return;
    }
}

static spk_err
no_pass(enum pass_trouble why)
{
    pass_trouble = why;
    return SPK_ERR(PASS);
}

void
term_tty_restore(void)
{
    if (saved_fd >= 0) {
        (void)tcsetattr(saved_fd, TCSANOW, &saved);
    }
}

static void
echo_off(int fd)
{
    struct termios quiet;

    if (tcgetattr(fd, &saved) == 0) {
        saved_fd = fd;
        quiet = saved;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(fd, TCSAFLUSH, &quiet);
    }
}

/* Byte by byte: what follows the line belongs to the next question. */
static spk_err
read_line(int fd, struct spk_secret **ret_line)
{
    SPK_AUTO(spk_secret) line = NULL;
    struct spk_mut m;
    size_t len = 0;

    SPK_TRY(spk_secret_new(LINE_MAX_BYTES, &line));
    m = spk_secret_mut(line);
    for (;;) {
        uint8_t c = 0;
        ssize_t n = read(fd, &c, 1);

        if (n < 0 && errno == EINTR) {
            SPK_CHECK(!term_stop, STOPPED);
            continue;
        }
        if (n < 0) {
            return spk_err_errno();
        }
        if (n == 0 || c == '\n') {
            if (n == 0 && len == 0) {
                return no_pass(PASS_NO_LINE);
            }
            break;
        }
        if (len == m.len) {
            return no_pass(PASS_TOO_LONG);
        }
        m.ptr[len++] = c;
        spk_wipe(&c, 1);
    }
    pass_trouble = PASS_WRONG; /* if it is not taken */
    spk_secret_truncate(line, len);
    *ret_line = SPK_STEAL(line);
    return SPK_OK;
}

spk_err
term_ask_line(const char *question, bool echo, struct spk_secret **ret_line)
{
    SPK_AUTO_FD int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    spk_err e;

    if (fd < 0) {
        return no_pass(PASS_NO_TERMINAL);
    }
    if (!echo) {
        echo_off(
            fd); /* before the question: what is typed on seeing it must not be lost or shown */
    }
    e = spk_write_full(fd, spk_span_str(question));
    e = spk_ok(e) ? read_line(fd, ret_line) : e;
    if (!echo) {
        term_tty_restore();
        saved_fd = -1;
        SPK_TRY(spk_write_full(fd, SPK_SPAN_LIT("\n")));
    }
    return e;
}

static spk_err
from_fd(const struct term *c, struct spk_secret **ret_line)
{
    uint64_t fd = 0;

    SPK_CHECK(spk_ok(spk_dec_parse(spk_span_str(c->pass_fd), 65535, &fd)), USAGE);
    return read_line((int)fd, ret_line);
}

spk_err
term_ask(const struct term *c, const char *question, bool echo, struct spk_secret **ret_line)
{
    return c->pass_fd != NULL ? from_fd(c, ret_line) : term_ask_line(question, echo, ret_line);
}

spk_err
term_ask_pass(void *ctx, const char *container, unsigned wrong, struct spk_secret **ret_pass)
{
    struct term *c = ctx;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1024);
    const char *question = NULL;

    if (c->pass_fd != NULL) {
        SPK_CHECK(wrong == 0, PASS);
        return from_fd(c, ret_pass);
    }
    SPK_CHECK(wrong < 3, PASS);
    SPK_TRY(spk_buf_printf(&b,
                           wrong > 0 ? _("wrong; passphrase of key container '%s': ")
                                     : _("passphrase of key container '%s': "),
                           term_shown(container)));
    SPK_TRY(spk_buf_cstr(&b, &question));
    return term_ask_line(question, false, ret_pass);
}

spk_err
term_new_pass(struct term *c, struct spk_secret **ret_pass)
{
    SPK_AUTO(spk_secret) first = NULL;
    SPK_AUTO(spk_secret) second = NULL;

    if (c->pass_fd != NULL) {
        SPK_TRY(from_fd(c, &first));
    } else {
        SPK_TRY(term_ask_line(_("new passphrase (empty for none): "), false, &first));
        SPK_TRY(term_ask_line(_("the same again: "), false, &second));
        if (!spk_secret_eq(first, second)) {
            return no_pass(PASS_NOT_THE_SAME);
        }
    }
    if (spk_secret_len(first) > 0) {
        *ret_pass = SPK_STEAL(first);
    } else {
        *ret_pass = NULL;
    }
    return SPK_OK;
}

static bool
is_word(const struct spk_secret *line, const char *word)
{
    struct spk_span s = spk_secret_span(line);

    return s.len == strlen(word) && strncasecmp((const char *)s.ptr, word, s.len) == 0;
}

bool
term_confirm(const char *question)
{
    const char *yes[] = {"yes", "y", _("yes"), _("y")};
    const char *no[] = {"no", "n", _("no"), _("n")};

    for (const char *ask = question;; ask = _("please type yes or no: ")) {
        SPK_AUTO(spk_secret) line = NULL;

        if (!spk_ok(term_ask_line(ask, true, &line))) {
            return false;
        }
        for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
            if (is_word(line, yes[i])) {
                return true;
            }
            if (is_word(line, no[i])) {
                return false;
            }
        }
    }
}
