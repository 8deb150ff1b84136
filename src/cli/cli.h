/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the program sparekey.
 *
 * Manners: results go to standard output; everything else to standard error, lower case, without a
 * full stop, each message saying what happened, to which file, and what to do next; questions and
 * secrets go to the terminal only. Exit statuses are enum cli_status. */
#ifndef SPK_CLI_CLI_H
#define SPK_CLI_CLI_H

#include <signal.h>
#include <stdio.h>

#include "cli/i18n.h"
#include "client/session.h"
#include "sealed/seal.h"
#include "wire/json.h"

enum cli_status {
    CLI_DONE = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_UNRECOVERABLE = 3, /* verify */
    CLI_WAITING = 4,       /* recover */
    CLI_STOPPED = 130
};

struct cli { /* what every subcommand takes */
    const struct cli_command *command;
    bool json;
    bool quiet;
    char *container; /* --container */
    char *pass_fd;   /* --passphrase-fd */
    bool help;
};

struct cli_command {
    const char *name;
    const char *operands; /* for the usage line */
    const char *summary;
    int (*run)(struct cli *c, int argc, char **argv);
};
extern const struct cli_command cli_commands[]; /* ends with a NULL name */

/* -- options.c -- */
enum cli_opt_kind { CLI_FLAG, CLI_TEXT, CLI_MANY };
#define CLI_MANY_MAX 16
struct cli_many {
    size_t n;
    char *v[CLI_MANY_MAX];
};
struct cli_opt {
    const char *name;
    char letter; /* 0: none */
    enum cli_opt_kind kind;
    void *value;     /* bool *, char ** (borrowed from argv), struct cli_many * */
    const char *arg; /* its name in the help */
    const char *help;
};
#define CLI_GO_ON (-1)
/** Parse options, the common ones included; *ret_first is the first operand.
 * CLI_GO_ON, or the status to end with (help was shown, or a mistake told). */
int cli_options(struct cli *c, const struct cli_opt *opts, size_t n, int argc, char **argv,
                int *ret_first);
/** Tell a mistake in the command line; gives CLI_USAGE. */
int cli_usage(const struct cli *c, const char *what);
/** The value of --bits; NULL gives the default. CLI_GO_ON or CLI_USAGE. */
int cli_bits(const struct cli *c, const char *text, unsigned *ret_bits);
void cli_print_help(const struct cli_command *cmd, const struct cli_opt *opts, size_t n);

/* -- say.c -- */
enum cli_about { /* what an error is about: the same code means different things */
                 CLI_ABOUT_SEALED, /* a sealed file that is read */
                 CLI_ABOUT_INPUT,  /* a plain file that is read */
                 CLI_ABOUT_OUTPUT, /* a file that is written */
                 CLI_ABOUT_OWN,    /* the profile and the key container */
                 CLI_ABOUT_PEER,   /* an authority */
                 CLI_ABOUT_BLOB    /* a key BLOB */
};
/** "sparekey: error: 'FILE' ..." and a hint. file may be NULL. Returns the exit status. */
int cli_error(enum cli_about about, const char *file, spk_err e, const struct spk_trouble *t);
void cli_say_error(const char *file, const char *sentence);
void cli_say_warning(const char *file, const char *sentence);
void cli_say_hint(const char *sentence);
/** The sentence of an error, translated, without file; borrowed. */
const char *cli_sentence(enum cli_about about, spk_err e);
/** Name escaped for people, in a rotating static buffer (up to four at a time in one thread). */
const char *cli_shown(const char *name);
const char *cli_shown_span(struct spk_span s);
/** Sizes for people: "1.5 MiB". Static buffer. */
const char *cli_size(uint64_t bytes);
/** Print finished JSON text and a newline; gives CLI_FAILED when the writer or output failed. */
int cli_json_out(struct spk_jw *w, struct spk_buf *b);
/** Flush standard output; a full disk behind it is a failure. */
int cli_flush(int status);

/* -- tty.c -- */
/** Passphrases: from --passphrase-fd, else asked for on the terminal. ctx = struct cli *. */
spk_err cli_ask_pass(void *ctx, const char *container, unsigned wrong,
                     struct spk_secret **ret_pass);
/** A new one, asked twice. Empty: *ret_pass = NULL. */
SPK_MUST_USE spk_err cli_new_pass(struct cli *c, struct spk_secret **ret_pass);
/** One line from the terminal, echoed or not. SPK_CODE_PASS: there is no terminal. */
SPK_MUST_USE spk_err cli_ask_line(const char *question, bool echo, struct spk_secret **ret_line);
/** Yes or no; no terminal means no. */
bool cli_confirm(const char *question);
/** For the signal handler: give the terminal its echo back. Async-signal-safe. */
void cli_tty_restore(void);

/* -- progress.c -- */
struct cli_progress {
    struct spk_progress p;
    const char *label;
    uint64_t started_ms, shown_ms;
    bool on;
};
/** A bar on standard error when that is a terminal and --quiet is off. */
void cli_progress_begin(struct cli *c, struct cli_progress *pr, const char *label);
void cli_progress_end(struct cli_progress *pr);
/** For many files: the count so far. */
void cli_progress_files(struct cli_progress *pr, uint64_t files, uint64_t bytes);

/* -- main.c -- */
extern const char cli_program[]; /* name in front of messages */
extern volatile int cli_stop;    /* set by SIGINT and SIGTERM */
/** Open the session or tell why not. */
int cli_session(struct cli *c, struct spk_session **ret_s);

#endif
