/* SPDX-License-Identifier: Apache-2.0 */
/* An authority's folder as operators see it (doc/guide/operators.md): where things stand in it, and
 * the programs that work on it. */
#ifndef SPK_CTL_SITE_H
#define SPK_CTL_SITE_H

#include <sys/types.h>

#include "ctl/ctl.h"
#include "store/store.h"

struct ctl_site {
    char *dir, *holder, *authority, *run, *conf, *socket;
};
void ctl_site_clear(struct ctl_site *s);
#define CTL_AUTO_SITE __attribute__((cleanup(ctl_site_clear)))
/** Names only; nothing needs to be there. */
SPK_MUST_USE spk_err ctl_site_names(const char *dir, struct ctl_site *ret_s);
/** The folder of an authority: its configuration must be there. TERM_GO_ON, or told. */
int ctl_site_open(const char *dir, struct ctl_site *ret_s);
/** The value of one key of sparekeyd.conf; the default when it is not set. */
SPK_MUST_USE spk_err ctl_site_conf(const struct ctl_site *s, const char *key, const char *missing,
                                   char **ret_value);
/** The newest statement of the folder. */
SPK_MUST_USE spk_err ctl_site_statement(const struct ctl_site *s, struct spk_authority *ret_a);
/** statement-N.note of the folder. */
SPK_MUST_USE spk_err ctl_site_statement_path(const struct ctl_site *s, unsigned number,
                                             struct spk_buf *path, const char **ret_path);
/** How many statements the folder has. */
unsigned ctl_site_statements(const struct ctl_site *s);
/** The key epoch of the newest of them; 0: none can be read. */
unsigned ctl_site_published(const struct ctl_site *s);
/** How many key epochs the holder's folder has. */
unsigned ctl_site_epochs(const struct ctl_site *s);
/** Tell that the holder has fewer keys than were published, and the way out; gives TERM_FAILED. */
int ctl_site_lacks_keys(const struct ctl_site *s, unsigned keys, unsigned published);
/** The name that people reach the machine by. */
SPK_MUST_USE spk_err ctl_site_host(const struct ctl_site *s, char **ret_host);
/** "https://host:port/#hash" for what listens on port. */
SPK_MUST_USE spk_err ctl_site_address(const struct ctl_site *s, uint64_t port, struct spk_buf *out);
/** host and port of "127.0.0.1:8443" or "[::1]:0". */
SPK_MUST_USE spk_err ctl_listen_parse(const char *listen, char **ret_host, uint64_t *ret_port);
/** True for 0.0.0.0 and [::], which are no address to reach anything by. */
bool ctl_listen_any(const char *host);
/** The store, as the configuration names it; it must be there, unless it is to be made now.
 * TERM_GO_ON, or told. */
int ctl_site_store(const struct ctl_site *s, bool create, struct spk_store **ret_store);
/** The store of the one folder operand there must be. TERM_GO_ON, or told (cmd_store.c). */
int ctl_store_open(struct term *c, int argc, char **argv, int first, struct spk_store **ret_store);

/* -- spawn.c: the programs beside this one */
/** Path of a program: beside our own binary (or where the build put it), else its name for PATH. */
SPK_MUST_USE spk_err ctl_program(const char *name, char **ret_path);
struct ctl_child {
    pid_t pid;
    int ready; /* read end of the pipe that the child says "ready" on; -1: none */
    int out;   /* read end of its standard output; -1: ours */
};
/** Start argv[0]. with_ready: "--ready-fd N" is appended to argv, which has room for two more and
 * a NULL. with_out: its standard output is a pipe. */
SPK_MUST_USE spk_err ctl_spawn(const char **argv, bool with_ready, bool with_out,
                               struct ctl_child *ret_c);
/** Wait for its end: the exit status, or 128 + signal. */
int ctl_wait(pid_t pid);
/** Run to the end; what it printed is appended to out (NULL: not caught). */
int ctl_run(const char **argv, struct spk_buf *out);

#endif
