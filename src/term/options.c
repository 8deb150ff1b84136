/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "keystore/name.h"
#include "term/term.h"

#define OPTS_MAX 32
#define COMMON 5
#define FIRST_VAL 256 /* getopt values of long options: past all letters */

/* Of the command that runs: hints name only what it has. */
static const char *names[OPTS_MAX];
static size_t n_names;

bool
term_has_option(const char *name)
{
    for (size_t i = 0; i < n_names; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* The command's own options, then the common ones. */
static size_t
all_options(struct term *c, const struct term_opt *own, size_t n, struct term_opt *ret_all)
{
    const struct term_opt common[COMMON] = {
        {"json", 0, TERM_FLAG, &c->json, NULL, N_("print JSON for programs")},
        {"quiet", 'q', TERM_FLAG, &c->quiet, NULL, N_("only errors and warnings")},
        {"container", 0, TERM_TEXT, &c->container, "NAME", N_("use another key container")},
        {"passphrase-fd", 0, TERM_TEXT, &c->pass_fd, "N",
         N_("read secrets from this descriptor, a line each, instead of the terminal")},
        {"help", 'h', TERM_FLAG, &c->help, NULL, N_("show this help")},
    };

    if (n > OPTS_MAX - COMMON) {
        n = OPTS_MAX - COMMON;
    }
    if (n > 0) {
        memcpy(ret_all, own, n * sizeof(*own));
    }
    for (size_t i = 0; i < COMMON; i++) {
        if ((common[i].value != &c->container || term_has_containers) &&
            (common[i].value != &c->json || c->command->json)) {
            ret_all[n++] = common[i];
        }
    }
    for (n_names = 0; n_names < n; n_names++) {
        names[n_names] = ret_all[n_names].name;
    }
    return n;
}

void
term_print_help(const struct term_command *cmd, const struct term_opt *opts, size_t n)
{
    printf(_("usage: %s %s [options] %s\n\n%s\n\noptions:\n"), term_program, cmd->name,
           cmd->operands, gettext(cmd->summary));
    for (size_t i = 0; i < n; i++) {
        char left[48];

        (void)snprintf(left, sizeof(left), "%c%c%s --%s%s%s", opts[i].letter ? '-' : ' ',
                       opts[i].letter ? opts[i].letter : ' ', opts[i].letter ? "," : " ",
                       opts[i].name, opts[i].arg ? " " : "", opts[i].arg ? opts[i].arg : "");
        printf("  %-28s %s\n", left, gettext(opts[i].help));
    }
}

static int
take(const struct term *c, const struct term_opt *o, char *arg)
{
    struct term_many *m = NULL;

    switch (o->kind) {
    case TERM_FLAG:
        *(bool *)o->value = true;
        return TERM_GO_ON;
    case TERM_TEXT:
        *(char **)o->value = arg;
        return TERM_GO_ON;
    case TERM_MANY:
        m = o->value;
        if (m->n == TERM_MANY_MAX) {
            return term_usage(c, _("an option is repeated too often"));
        }
        m->v[m->n++] = arg;
        return TERM_GO_ON;
    }
    return TERM_GO_ON;
}

int
term_usage(const struct term *c, const char *what)
{
    fprintf(stderr, _("%s: error: %s\n"), term_program, what);
    fprintf(stderr, _("%s: hint: '%s %s --help' shows how\n"), term_program, term_program,
            c->command->name);
    return TERM_USAGE;
}

static void
fill_tables(const struct term_opt *all, size_t n, struct option *ret_long, char *ret_short)
{
    size_t s = 0;

    ret_short[s++] = ':';
    for (size_t i = 0; i < n; i++) {
        ret_long[i] =
            (struct option){all[i].name, all[i].kind == TERM_FLAG ? no_argument : required_argument,
                            NULL, FIRST_VAL + (int)i};
        if (all[i].letter != 0) {
            ret_short[s++] = all[i].letter;
            if (all[i].kind != TERM_FLAG) {
                ret_short[s++] = ':';
            }
        }
    }
    ret_short[s] = '\0';
}

static const struct term_opt *
find(const struct term_opt *all, size_t n, int val)
{
    for (size_t i = 0; i < n; i++) {
        if (val == FIRST_VAL + (int)i || (all[i].letter != 0 && val == all[i].letter)) {
            return &all[i];
        }
    }
    return NULL;
}

/* The common options that can be wrong in themselves. */
static int
check_common(const struct term *c)
{
    uint64_t fd = 0;

    if (c->container != NULL && !spk_container_name_ok(spk_span_str(c->container))) {
        return term_usage(c, _("--container wants a short name in plain text"));
    }
    if (c->pass_fd != NULL && (!spk_ok(spk_dec_parse(spk_span_str(c->pass_fd), INT_MAX, &fd)) ||
                               fcntl((int)fd, F_GETFD) < 0)) {
        return term_usage(c, _("--passphrase-fd wants the number of an open descriptor"));
    }
    return TERM_GO_ON;
}

/* What getopt_long() did not take: val is its answer, word where it stands. Letters that share a
 * word with others are told by themselves. */
static int
bad_option(const struct term *c, const struct term_opt *all, size_t n, int val, const char *word)
{
    const struct term_opt *o = find(all, n, optopt);
    char name[64];

    if (optopt >= FIRST_VAL && o != NULL) {
        (void)snprintf(name, sizeof(name), "--%s", o->name);
        word = name;
    } else if (optopt > ' ' && optopt < 0x7f) {
        (void)snprintf(name, sizeof(name), "-%c", optopt);
        word = name;
    }
    fprintf(stderr,
            val == ':'                         ? _("%s: error: option '%s' wants a value\n")
            : o != NULL && optopt >= FIRST_VAL ? _("%s: error: option '%s' takes no value\n")
                                               : _("%s: error: there is no option '%s'\n"),
            term_program, term_shown(word));
    fprintf(stderr, _("%s: hint: '%s %s --help' shows how\n"), term_program, term_program,
            c->command->name);
    return TERM_USAGE;
}

static int
check_operands(const struct term *c, int argc, char **argv)
{
    for (int i = optind; i < argc; i++) {
        if (argv[i][0] == '\0') {
            fprintf(stderr, _("%s: error: word %d behind '%s' is empty\n"), term_program,
                    i - optind + 1, c->command->name);
            term_say_hint(_("a shell variable in it may not be set"));
            return TERM_USAGE;
        }
    }
    return TERM_GO_ON;
}

int
term_options(struct term *c, const struct term_opt *opts, size_t n, int argc, char **argv,
             int *ret_first)
{
    struct term_opt all[OPTS_MAX];
    struct option longs[OPTS_MAX + 1] = {0};
    char shorts[2 * OPTS_MAX + 2];
    size_t count = all_options(c, opts, n, all);
    int val;

    fill_tables(all, count, longs, shorts);
    opterr = 0;
    optind = 1;
    while ((val = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct term_opt *o = find(all, count, val);
        int status;

        if (o == NULL) {
            return bad_option(c, all, count, val, argv[optind - 1]);
        }
        status = take(c, o, optarg);
        if (status != TERM_GO_ON) {
            return status;
        }
    }
    if (c->help) {
        term_print_help(c->command, all, count);
        return term_flush(TERM_DONE);
    }
    *ret_first = optind;
    return c->command->operands[0] != '\0' && check_operands(c, argc, argv) != TERM_GO_ON
               ? TERM_USAGE
               : check_common(c);
}

int
term_text(const char *option, const char *text, size_t max)
{
    if (text == NULL) {
        return TERM_GO_ON;
    }
    if (strlen(text) > max) {
        fprintf(stderr,
                ngettext("%s: error: --%s has %zu bytes; %zu byte is allowed\n",
                         "%s: error: --%s has %zu bytes; %zu bytes are allowed\n", max),
                term_program, option, strlen(text), max);
        term_say_hint(_("make it shorter"));
        return TERM_USAGE;
    }
    if (!spk_utf8_plain(spk_span_str(text))) {
        fprintf(stderr,
                _("%s: error: --%s must be plain text: it has a line break or another control "
                  "character, or bytes that are not UTF-8\n"),
                term_program, option);
        fprintf(stderr, _("%s: hint: as it was given: '%s'\n"), term_program, term_shown(text));
        return TERM_USAGE;
    }
    return TERM_GO_ON;
}

int
term_bits(const struct term *c, const char *text, unsigned *ret_bits)
{
    uint64_t bits = SPK_RSA_DEFAULT_BITS;

    if (text != NULL && (!spk_ok(spk_dec_parse(spk_span_str(text), SPK_RSA_MAX_BITS, &bits)) ||
                         (bits != 2048 && bits != 3072 && bits != 4096))) {
        return term_usage(c, _("--bits is 2048, 3072 or 4096"));
    }
    *ret_bits = (unsigned)bits;
    return TERM_GO_ON;
}
