/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey-holder: the process that alone has an authority's private keys (doc/spec/holder.md). */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "holder/prog.h"

static const char usage[] =
    "usage: sparekey-holder COMMAND --option VALUE ...\n"
    "\n"
    "The key holder of a backup authority: it has the private keys, no network and no database, "
    "and gives a\n"
    "session key back only when the officers' signatures, the waiting time and the deposit itself "
    "allow it.\n"
    "\n"
    "  init    --dir DIR --name NAME --policy GENESIS.note [--bits 2048|3072|4096] [--pass-fd N]\n"
    "          Make the keys of a new authority, bound to its first policy. Prints what is public "
    "as JSON.\n"
    "  run     --dir DIR --socket PATH [--allow-uid UID,...] [--ready-fd N] [--pass-fd N]\n"
    "          Serve on a local socket. Only the own user may connect, and those of --allow-uid.\n"
    "          Writes \"ready\" to descriptor N; tells systemd; takes a socket unit's socket.\n"
    "  key rotate  --dir DIR --statement OLD [--bits B] [--pass-fd N]\n"
    "          Make the next key epoch. Prints the new authority statement for the officers to "
    "sign.\n"
    "  key copy    --dir DIR --out NEW [--k K] [--pass-fd N]\n"
    "          Make a copy of all keys that any K officers together can open, and nobody else.\n"
    "  key restore --dir NEW --copy COPY [--state OLD] [--new-pass-fd N]\n"
    "          Open such a copy: prints a transport key for the officers, then reads the names of "
    "the files that they\n"
    "          send back from standard input, one a line. --state takes journal and use.log of a "
    "backup.\n"
    "\n"
    "The passphrase of the keys, if they have one, comes from --pass-fd, from the systemd "
    "credential\n"
    "sparekey-holder.pass, or from the terminal. The key commands work while the holder does not "
    "run.\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong use.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {{"init", spk_cmd_init}, {"run", spk_cmd_run}},
  key_commands[] = {
      {"rotate", spk_cmd_rotate}, {"copy", spk_cmd_copy}, {"restore", spk_cmd_restore}};

/* Without the first three, a file opened later would stand in for a standard stream. */
static void
standard_streams(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) {
            _exit(SPK_EXIT_FAILED);
        }
    }
}

static int
key_command(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(key_commands) / sizeof(key_commands[0]); i++) {
        if (strcmp(argv[1], key_commands[i].name) == 0) {
            return key_commands[i].run(argc - 1, argv + 1);
        }
    }
    return spk_usage_error("key wants one of rotate, copy, restore");
}

int
main(int argc, char **argv)
{
    standard_streams();
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
        return spk_ok(spk_write_full(STDOUT_FILENO, SPK_SPAN_LIT(usage))) ? SPK_EXIT_DONE
                                                                          : SPK_EXIT_FAILED;
    }
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        return spk_ok(spk_say(STDOUT_FILENO, "sparekey-holder %s\n", SPK_VERSION))
                   ? SPK_EXIT_DONE
                   : SPK_EXIT_FAILED;
    }
    if (argc > 1 && strcmp(argv[1], "key") == 0) {
        return key_command(argc - 1, argv + 1);
    }
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    return argc > 1 ? spk_usage_error("no such command: %s", argv[1])
                    : spk_usage_error("a command is missing");
}
