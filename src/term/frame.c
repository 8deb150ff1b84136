/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "client/http.h"
#include "term/term.h"

#define GRACE_S 3 /* after an interrupt, for what is blocked in a read */

volatile int term_stop;

/* -- signals and descriptors ------------------------------------------------------------------- */

/* Only calls that are safe in a handler: a flag, unlinkat, tcsetattr, alarm, _exit. The alarm ends
 * a process that sits in a read which nothing interrupts; temporaries are gone by then. */
static void
on_signal(int sig)
{
    spk_newfile_abort_all();
    term_tty_restore();
    if (sig == SIGALRM || term_stop) {
        _exit(TERM_STOPPED);
    }
    term_stop = 1;
    (void)alarm(GRACE_S);
}

static void
set_signals(void)
{
    struct sigaction sa = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigemptyset(&sa.sa_mask);
    (void)sigaction(SIGINT, &sa, NULL);
    (void)sigaction(SIGTERM, &sa, NULL);
    (void)sigaction(SIGHUP, &sa, NULL);
    (void)sigaction(SIGALRM, &sa, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)sigaction(SIGXFSZ, &ignore, NULL); /* the write tells it */
    spk_https_set_stop(&term_stop);
}

/* Started with a standard descriptor closed: a file of ours would get its number, and messages
 * would be written into it. What is put there fails on use, as a closed one should. */
static bool
have_std_fds(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd) {
            return false;
        }
    }
    return true;
}

/* -- which command ----------------------------------------------------------------------------- */

static size_t
first_word(const struct term_command *cmd)
{
    return strcspn(cmd->name, " ");
}

static bool
begins_with(const struct term_command *cmd, const char *word)
{
    return strlen(word) == first_word(cmd) && strncmp(cmd->name, word, first_word(cmd)) == 0;
}

/* A command is one word or two: *ret_words tells. */
static const struct term_command *
find_command(int argc, char **argv, int *ret_words)
{
    for (const struct term_command *cmd = term_commands; argc > 0 && cmd->name != NULL; cmd++) {
        bool two = cmd->name[first_word(cmd)] == ' ';

        if (begins_with(cmd, argv[0]) &&
            (!two || (argc > 1 && strcmp(cmd->name + first_word(cmd) + 1, argv[1]) == 0))) {
            *ret_words = two ? 2 : 1;
            return cmd;
        }
    }
    return NULL;
}

/* The commands, all or those of one group. The number that was shown. */
static size_t
print_commands(FILE *to, const char *group)
{
    size_t shown = 0;
    int width = 0;

    for (const struct term_command *cmd = term_commands; cmd->name != NULL; cmd++) {
        width = (int)strlen(cmd->name) > width ? (int)strlen(cmd->name) : width;
    }
    for (const struct term_command *cmd = term_commands; cmd->name != NULL; cmd++) {
        if (group == NULL || begins_with(cmd, group)) {
            if (shown++ == 0) {
                fprintf(to, _("usage: %s COMMAND [options] …\n\ncommands:\n"), term_program);
            }
            fprintf(to, "  %-*s %s\n", width, cmd->name, gettext(cmd->summary));
        }
    }
    if (group == NULL) {
        fprintf(to, "  %-*s %s\n", width, "help", _("show help"));
        fprintf(to, "  %-*s %s\n", width, "version", _("show the version"));
    }
    if (shown > 0) {
        fprintf(to, _("\n'%s COMMAND --help' shows the options of one\n"), term_program);
    }
    return shown;
}

static bool
is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static bool
is_version(const char *word)
{
    return strcmp(word, "--version") == 0 || strcmp(word, "version") == 0;
}

static int
unknown(int argc, char **argv)
{
    if (print_commands(stderr, argv[0]) > 0) {
        /* the first word of two */
        return argc == 1 ? TERM_USAGE : term_no_command(argv[1]);
    }
    return term_no_command(argv[0]);
}

int
term_no_command(const char *word)
{
    fprintf(stderr, _("%s: error: there is no command '%s'\n"), term_program, term_shown(word));
    fprintf(stderr, _("%s: hint: '%s help' lists the commands\n"), term_program, term_program);
    return TERM_USAGE;
}

static int
run(const struct term_command *cmd, int argc, char **argv)
{
    struct term c = {.command = cmd};

    return cmd->run(&c, argc, argv);
}

/* "help", "help GROUP", "help COMMAND". */
static int
help(int argc, char **argv)
{
    char option[] = "--help";
    int words = 0;
    const struct term_command *cmd = find_command(argc, argv, &words);

    if (argc > 0 && (is_help(argv[0]) || is_version(argv[0]))) {
        argc = 0;
    }
    if (cmd != NULL) {
        char *args[] = {argv[0], option, NULL};

        return run(cmd, 2, args);
    }
    if (print_commands(stdout, argc > 0 ? argv[0] : NULL) == 0) {
        return term_no_command(argv[0]);
    }
    return TERM_DONE;
}

static int
version(int argc)
{
    if (argc > 1) {
        fprintf(stderr, _("%s: error: 'version' takes no names\n"), term_program);
        fprintf(stderr, _("%s: hint: '%s help' lists the commands\n"), term_program, term_program);
        return TERM_USAGE;
    }
    printf("%s %s\n", term_program, SPK_VERSION);
    return TERM_DONE;
}

static int
dispatch(int argc, char **argv)
{
    const struct term_command *cmd = NULL;
    int words = 0;

    if (argc < 1) {
        (void)print_commands(stderr, NULL);
        return TERM_USAGE;
    }
    if (is_help(argv[0])) {
        return help(argc - 1, argv + 1);
    }
    if (is_version(argv[0]) && !(argc > 1 && is_help(argv[1]))) {
        return version(argc);
    }
    cmd = find_command(argc, argv, &words);
    if (cmd == NULL && argc == 2 && is_help(argv[1])) {
        return help(1, argv);
    }
    if (cmd == NULL) {
        return unknown(argc, argv);
    }
    return run(cmd, argc - words + 1, argv + words - 1);
}

int
term_main(int argc, char **argv)
{
    if (!have_std_fds()) {
        return TERM_FAILED;
    }
    (void)setlocale(LC_ALL, "");
    (void)bindtextdomain(SPK_TEXT_DOMAIN, SPK_LOCALE_DIR);
    (void)textdomain(SPK_TEXT_DOMAIN);
    set_signals();
    return term_flush(dispatch(argc - 1, argv + 1));
}

int
term_session(struct term *c, struct spk_session **ret_s)
{
    struct spk_trouble t = {.file = ""};
    spk_err e = spk_session_open(c->container, term_ask_pass, c, &t, ret_s);

    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_OWN, NULL, e, &t);
}
