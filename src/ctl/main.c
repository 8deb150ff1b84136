/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "client/http.h"
#include "ctl/ctl.h"

#define GRACE_S 3 /* after an interrupt, for what is blocked in a read */

const char cli_program[] = "sparekeyctl";
volatile int cli_stop;

const struct cli_command cli_commands[] = {
    {"officer new", "NAME", N_("make an officer's identity: a key to sign and one for shares"),
     ctl_officer_new},
    {"officer show", "[FILE]", N_("print the public line of an identity, for a policy"),
     ctl_officer_show},
    {"officer join", "ADDRESS", N_("pin the authority that you are an officer of"),
     ctl_officer_join},
    {"policy new", "", N_("write a policy: officers, quorum, waiting time"), ctl_policy_new},
    {"policy sign", "FILE", N_("put your signature under a policy or an authority statement"),
     ctl_policy_sign},
    {"policy check", "FILE", N_("tell whether a policy is complete and who has signed"),
     ctl_policy_check},
    {"policy simulate", "FILE", N_("show what a policy would do with a request"),
     ctl_policy_simulate},
    {"policy publish", "FILE", N_("send a signed next policy to the authority"),
     ctl_policy_publish},
    {"init", "DIR", N_("make an authority's folder: keys, certificate, configuration, store"),
     ctl_init},
    {"start", "DIR", N_("run the holder and the server of a folder until interrupted"), ctl_start},
    {"address", "DIR", N_("print the enrolment address and the fingerprint"), ctl_address},
    {"token new", "DIR", N_("make a one-time enrolment token"), ctl_token_new},
    {"owner list", "DIR", N_("list the owners in the store"), ctl_owner_list},
    {"owner find", "NAME", N_("as officer: find an owner's id by name"), ctl_owner_find},
    {"store check", "DIR", N_("check every deposit in the store against its leaf"),
     ctl_store_check},
    {"enrolment list", "", N_("enrolments that wait for an officer"), ctl_enrolment_list},
    {"enrolment approve", "OWNER", N_("let an owner in"), ctl_enrolment_approve},
    {"enrolment deny", "OWNER", N_("do not let an owner in"), ctl_enrolment_deny},
    {"request list", "", N_("recovery requests"), ctl_request_list},
    {"request show", "REQUEST", N_("check a request and show what is verified of it"),
     ctl_request_show},
    {"request approve", "REQUEST", N_("sign your approval; asks for the requester's code"),
     ctl_request_approve},
    {"request deny", "REQUEST", N_("sign your denial"), ctl_request_deny},
    {"key copy", "DIR", N_("make a sealed copy of the authority's keys, split to the officers"),
     ctl_key_copy},
    {"key share", "SHARE", N_("as officer: open your share for a holder that is being restored"),
     ctl_key_share},
    {"key restore", "DIR", N_("put a sealed copy together again in a new holder's folder"),
     ctl_key_restore},
    {"key rotate", "DIR", N_("make the next key epoch and its statement"), ctl_key_rotate},
    {"key publish", "DIR FILE", N_("publish the statement once the officers have signed it"),
     ctl_key_publish},
    {NULL, NULL, NULL, NULL},
};

/* Only calls that are safe in a handler. */
static void
on_signal(int sig)
{
    spk_newfile_abort_all();
    cli_tty_restore();
    if (sig == SIGALRM || cli_stop) {
        _exit(CLI_STOPPED);
    }
    cli_stop = 1;
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
    (void)sigaction(SIGALRM, &sa, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
    spk_http_set_stop(&cli_stop);
}

static void
print_commands(FILE *to)
{
    fputs(_("usage: sparekeyctl COMMAND [options] …\n\ncommands:\n"), to);
    for (const struct cli_command *cmd = cli_commands; cmd->name != NULL; cmd++) {
        fprintf(to, "  %-18s %s\n", cmd->name, gettext(cmd->summary));
    }
    fputs(_("\n'sparekeyctl COMMAND --help' shows the options of one\n"), to);
}

/* A command is one word or two: *ret_words tells. */
static const struct cli_command *
find_command(int argc, char **argv, int *ret_words)
{
    for (const struct cli_command *cmd = cli_commands; cmd->name != NULL; cmd++) {
        size_t one = strcspn(cmd->name, " ");
        bool two = cmd->name[one] == ' ';

        if (strlen(argv[1]) != one || strncmp(cmd->name, argv[1], one) != 0) {
            continue;
        }
        if (!two || (argc > 2 && strcmp(cmd->name + one + 1, argv[2]) == 0)) {
            *ret_words = two ? 2 : 1;
            return cmd;
        }
    }
    return NULL;
}

static int
dispatch(int argc, char **argv)
{
    const struct cli_command *cmd = NULL;
    struct cli c = {0};
    int words = 0;

    if (argc < 2) {
        print_commands(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_commands(stdout);
        return CLI_DONE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        printf("sparekeyctl %s\n", SPK_VERSION);
        return CLI_DONE;
    }
    cmd = find_command(argc, argv, &words);
    if (cmd == NULL) {
        cli_say_error(argv[1], _("is not a command, or its second word is missing"));
        cli_say_hint(_("'sparekeyctl help' lists the commands"));
        return CLI_USAGE;
    }
    c.command = cmd;
    return cmd->run(&c, argc - words, argv + words);
}

int
main(int argc, char **argv)
{
    (void)setlocale(LC_ALL, "");
    (void)bindtextdomain(SPK_TEXT_DOMAIN, SPK_LOCALE_DIR);
    (void)textdomain(SPK_TEXT_DOMAIN);
    set_signals();
    return cli_flush(dispatch(argc, argv));
}
