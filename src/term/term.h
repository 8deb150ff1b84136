/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the programs that speak to people, sparekey and sparekeyctl.
 *
 * Manners: results go to standard output; everything else to standard error, lower case, without a
 * full stop, each message saying what happened, to which file, and what to do next; questions and
 * secrets go to the terminal only. Exit statuses are enum term_status. */
#ifndef SPK_TERM_TERM_H
#define SPK_TERM_TERM_H

#include <signal.h>
#include <stdio.h>

#include "client/session.h"
#include "sealed/seal.h"
#include "term/i18n.h"
#include "wire/json.h"

enum term_status {
    TERM_DONE = 0,
    TERM_FAILED = 1,
    TERM_USAGE = 2,
    TERM_UNRECOVERABLE = 3, /* verify */
    TERM_ALARM = 3,         /* watch */
    TERM_WAITING = 4,       /* recover */
    TERM_STOPPED = 130
};

struct term { /* what every subcommand takes */
    const struct term_command *command;
    bool json;
    bool quiet;
    char *container; /* --container */
    char *pass_fd;   /* --passphrase-fd */
    bool help;
};

struct term_command {
    const char *name;     /* one word or two */
    const char *operands; /* for the usage line */
    const char *summary;
    int (*run)(struct term *c, int argc, char **argv);
    bool json; /* has a result that --json prints; the others do not take that option */
};
extern const struct term_command term_commands[]; /* of the program; ends with a NULL name */

/* -- options.c -- */
enum term_opt_kind { TERM_FLAG, TERM_TEXT, TERM_MANY };
#define TERM_MANY_MAX 16
struct term_many {
    size_t n;
    char *v[TERM_MANY_MAX];
};
struct term_opt {
    const char *name;
    char letter; /* 0: none */
    enum term_opt_kind kind;
    void *value;     /* bool *, char ** (borrowed from argv), struct term_many * */
    const char *arg; /* its name in the help */
    const char *help;
};
#define TERM_GO_ON (-1)
/** Parse options, the common ones included; *ret_first is the first operand.
 * TERM_GO_ON, or the status to end with (help was shown, or a mistake told). */
int term_options(struct term *c, const struct term_opt *opts, size_t n, int argc, char **argv,
                 int *ret_first);
/** Tell a mistake in the command line; gives TERM_USAGE. */
int term_usage(const struct term *c, const char *what);
/** A text that others will read: plain UTF-8, so many bytes at most. NULL is fine. TERM_GO_ON, or
 * TERM_USAGE with the mistake told. */
int term_text(const char *option, const char *text, size_t max);
/** Does the command that runs have this option? So that no hint names one that it has not. */
bool term_has_option(const char *name);
/** The value of --bits; NULL gives the default. TERM_GO_ON or TERM_USAGE. */
int term_bits(const struct term *c, const char *text, unsigned *ret_bits);
void term_print_help(const struct term_command *cmd, const struct term_opt *opts, size_t n);

/* -- say.c -- */
enum term_about { /* what an error is about: the same code means different things */
                  TERM_ABOUT_SEALED, /* a sealed file that is read */
                  TERM_ABOUT_INPUT,  /* a plain file that is read */
                  TERM_ABOUT_OUTPUT, /* a file that is written */
                  TERM_ABOUT_OWN,    /* the profile and the key container */
                  TERM_ABOUT_PEER,   /* an authority */
                  TERM_ABOUT_BLOB    /* a key BLOB */
};
/** "sparekey: error: 'FILE' ..." and a hint. file may be NULL. Returns the exit status. */
int term_error(enum term_about about, const char *file, spk_err e, const struct spk_trouble *t);
void term_say_error(const char *file, const char *sentence);
void term_say_warning(const char *file, const char *sentence);
void term_say_hint(const char *sentence);
/** What does not hold of an authority's log, as a sentence. */
const char *term_log_words(enum spk_log_fault fault);
/** The sentence of an error, translated, without file; borrowed. */
const char *term_sentence(enum term_about about, spk_err e);
/** Of SPK_CODE_DENIED by a peer: the sentence that its answer calls for, and what to do. */
const char *term_why_denied(const struct spk_trouble *t, const char **ret_hint);
/** Name escaped for people, in a rotating static buffer (up to four at a time in one thread). */
const char *term_shown(const char *name);
const char *term_shown_span(struct spk_span s);
/** Sizes for people: "1.5 MiB". Static buffer. */
const char *term_size(uint64_t bytes);
/** Print finished JSON text and a newline; gives TERM_FAILED when the writer or output failed. */
int term_json_out(struct spk_jw *w, struct spk_buf *b);
/** With --json: what failed of a file, {"file": ..., "error": ...}, where its result would stand.
 */
void term_json_failed(const struct term *c, const char *file, spk_err e);
/** Flush standard output; a full disk behind it is a failure. */
int term_flush(int status);

/* -- tty.c -- */
/** Passphrases: from --passphrase-fd, else asked for on the terminal. ctx = struct term *. */
spk_err term_ask_pass(void *ctx, const char *container, unsigned wrong,
                      struct spk_secret **ret_pass);
/** A new one, asked twice. Empty: *ret_pass = NULL. */
SPK_MUST_USE spk_err term_new_pass(struct term *c, struct spk_secret **ret_pass);
/** What a person knows, in answer to a question: the next line of --passphrase-fd, else asked for
 * on the terminal. SPK_CODE_PASS: there is neither. */
SPK_MUST_USE spk_err term_ask(const struct term *c, const char *question, bool echo,
                              struct spk_secret **ret_line);
/** One line from the terminal, echoed or not. SPK_CODE_PASS: there is no terminal. */
SPK_MUST_USE spk_err term_ask_line(const char *question, bool echo, struct spk_secret **ret_line);
/** What the last SPK_CODE_PASS was about: a wrong passphrase, or none to be had. The hint may be
 * NULL. */
void term_pass_words(const char **ret_sentence, const char **ret_hint);
/** Yes or no, also as one letter and in the user's language; asks again until it is one of them. No
 * terminal means no. */
bool term_confirm(const char *question);
/** For the signal handler: give the terminal its echo back. Async-signal-safe. */
void term_tty_restore(void);

/* -- progress.c -- */
struct term_progress {
    struct spk_progress p;
    const char *label;
    uint64_t started_ms, shown_ms;
    bool on;
};
/** A bar on standard error when that is a terminal and --quiet is off. */
void term_progress_begin(struct term *c, struct term_progress *pr, const char *label);
void term_progress_end(struct term_progress *pr);
/** For many files: the count so far. */
void term_progress_files(struct term_progress *pr, uint64_t files, uint64_t bytes);

/* -- frame.c -- */
extern const char term_program[];      /* of the program: its name, in front of messages */
extern const bool term_has_containers; /* of the program: it is the owners', with --container */
extern volatile int term_stop;         /* set by SIGINT, SIGTERM and SIGHUP */
/** The whole of main(): locale, signals, the command of argv, its exit status. */
int term_main(int argc, char **argv);
/** Tell that there is no such command; gives TERM_USAGE. */
int term_no_command(const char *word);
/** Open the session or tell why not. */
int term_session(struct term *c, struct spk_session **ret_s);

#endif
