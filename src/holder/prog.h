/* SPDX-License-Identifier: Apache-2.0 */
/* The program sparekey-holder: its subcommands and what they share. */
#ifndef SPK_HOLDER_PROG_H
#define SPK_HOLDER_PROG_H

#include "holder/keyfile.h"

enum { SPK_EXIT_DONE = 0, SPK_EXIT_FAILED = 1, SPK_EXIT_USAGE = 2 };

/* One file a subcommand; argv[0] is its name. */
int spk_cmd_init(int argc, char **argv);
int spk_cmd_run(int argc, char **argv);
int spk_cmd_rotate(int argc, char **argv);
int spk_cmd_copy(int argc, char **argv);
int spk_cmd_restore(int argc, char **argv);

/* An option is "--name VALUE", each at most once, in any order; nothing else may stand on the line.
 */
struct spk_option {
    const char *name;
    const char **value; /* NULL before */
    bool required;
};
/** False after a sentence on standard error. */
bool spk_options(int argc, char **argv, const struct spk_option *options, size_t n);
/** A number option; absent: unchanged. False after a sentence. */
bool spk_option_number(const char *name, const char *value, unsigned long max,
                       unsigned long *ret_v);

/** A short text to a descriptor. */
SPK_MUST_USE spk_err spk_say(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** "sparekey-holder: what: why" to standard error; gives SPK_EXIT_FAILED. */
int spk_fail(spk_err e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int spk_usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** Open the folder itself. */
SPK_MUST_USE spk_err spk_dir_open(const char *path, int *ret_fd);
/** The passphrase, if the folder's keys are under one. */
SPK_MUST_USE spk_err spk_dir_pass(int dirfd, const char *pass_fd,
                                  struct spk_secret **ret_pass_or_null);
/** Number of a descriptor option; -1 when it is absent. False after a sentence. */
bool spk_option_fd(const char *name, const char *value, int *ret_fd);

/** What every offline subcommand begins with: folder, its lock, its keys. */
struct spk_offline {
    int dirfd, lock;
    struct spk_keys *keys;
};
void spk_offline_close(struct spk_offline *o);
/** SPK_EXIT_DONE, or the exit status after a sentence. */
int spk_offline_open(const char *dir, const char *pass_fd, struct spk_offline *ret_o);

#endif
