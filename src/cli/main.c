/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/commands.h"
#include "client/http.h"

#define GRACE_S 3 /* after an interrupt, for what is blocked in a read */

const char cli_program[] = "sparekey";
volatile int cli_stop;

const struct cli_command cli_commands[] = {
    {"init", "", N_("make your key pairs and your enrolment record"), cmd_init},
    {"enroll", "ADDRESS", N_("pin an authority's keys and register with it"), cmd_enroll},
    {"encrypt", "FILE… | -r DIR", N_("seal files and deposit their keys"), cmd_encrypt},
    {"decrypt", "FILE.spk…", N_("open sealed files"), cmd_decrypt},
    {"inspect", "FILE.spk…", N_("show what is in the header, without a key"), cmd_inspect},
    {"verify", "FILE.spk…", N_("tell whether a file can come back"), cmd_verify},
    {"status", "", N_("show what is spooled and what is pending"), cmd_status},
    {"sync", "", N_("send what is spooled"), cmd_sync},
    {"recover", "FILE.spk… | --all", N_("after losing your keys: get session keys back"),
     cmd_recover},
    {"requests", "", N_("show recovery requests that concern you"), cmd_requests},
    {"veto", "REQUEST", N_("stop a recovery request"), cmd_veto},
    {"blob", "import|export …", N_("exchange key BLOBs with CryptoAPI programs"), cmd_blob},
    {"doctor", "", N_("say in words what is wrong with your set-up"), cmd_doctor},
    {"help", "[COMMAND]", N_("show help"), cmd_help},
    {"version", "", N_("show the version"), cmd_version},
    {NULL, NULL, NULL, NULL},
};

/* Only calls that are safe in a handler: a flag, unlinkat, tcsetattr, alarm, _exit. The alarm ends
 * a process that sits in a read which nothing interrupts; temporaries are gone by then. */
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
    (void)sigaction(SIGHUP, &sa, NULL);
    (void)sigaction(SIGALRM, &sa, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)sigaction(SIGXFSZ, &ignore, NULL); /* the write tells it */
    spk_http_set_stop(&cli_stop);
}

int
cli_session(struct cli *c, struct spk_session **ret_s)
{
    struct spk_trouble t = {.file = ""};
    spk_err e = spk_session_open(c->container, cli_ask_pass, c, &t, ret_s);

    return spk_ok(e) ? CLI_GO_ON : cli_error(CLI_ABOUT_OWN, NULL, e, &t);
}

static const struct cli_command *
find_command(const char *name)
{
    for (const struct cli_command *cmd = cli_commands; cmd->name != NULL; cmd++) {
        if (strcmp(cmd->name, name) == 0) {
            return cmd;
        }
    }
    return NULL;
}

static void
print_commands(FILE *to)
{
    fputs(_("usage: sparekey COMMAND [options] …\n\ncommands:\n"), to);
    for (const struct cli_command *cmd = cli_commands; cmd->name != NULL; cmd++) {
        fprintf(to, "  %-9s %s\n", cmd->name, gettext(cmd->summary));
    }
    fputs(_("\n'sparekey COMMAND --help' shows the options of one\n"), to);
}

int
cmd_version(struct cli *c, int argc, char **argv)
{
    int first = 0;
    int status = cli_options(c, NULL, 0, argc, argv, &first);

    if (status != CLI_GO_ON) {
        return status;
    }
    printf("sparekey %s\n", SPK_VERSION);
    return cli_flush(CLI_DONE);
}

int
cmd_help(struct cli *c, int argc, char **argv)
{
    const struct cli_command *cmd = argc > 1 ? find_command(argv[1]) : NULL;
    char *args[] = {argc > 1 ? argv[1] : argv[0], NULL, NULL};
    char help[] = "--help";

    if (cmd == NULL || cmd->run == cmd_help) {
        print_commands(stdout);
        return cli_flush(CLI_DONE);
    }
    args[1] = help;
    c->command = cmd;
    return cmd->run(c, 2, args);
}

static int
dispatch(int argc, char **argv)
{
    const struct cli_command *cmd = NULL;
    struct cli c = {0};

    if (argc < 2) {
        print_commands(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_commands(stdout);
        return cli_flush(CLI_DONE);
    }
    cmd = find_command(strcmp(argv[1], "--version") == 0 ? "version" : argv[1]);
    if (cmd == NULL) {
        fprintf(stderr, _("sparekey: error: there is no command '%s'\n"), cli_shown(argv[1]));
        cli_say_hint(_("'sparekey help' lists the commands"));
        return CLI_USAGE;
    }
    c.command = cmd;
    return cmd->run(&c, argc - 1, argv + 1);
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

int
main(int argc, char **argv)
{
    if (!have_std_fds()) {
        return CLI_FAILED;
    }
    (void)setlocale(LC_ALL, "");
    (void)bindtextdomain(SPK_TEXT_DOMAIN, SPK_LOCALE_DIR);
    (void)textdomain(SPK_TEXT_DOMAIN);
    set_signals();
    return cli_flush(dispatch(argc, argv));
}
