/* SPDX-License-Identifier: Apache-2.0 */
/* encrypt -r, and what both forms of encrypt share. */
#ifndef SPK_CLI_ENCRYPT_TREE_H
#define SPK_CLI_ENCRYPT_TREE_H

#include "client/batch.h"
#include "term/term.h"

struct cli_encrypt_opts {
    struct spk_encrypt_opts o;
    char *out;
    bool tree;
    bool all; /* of a tree: also what has a sealed copy that is up to date */
};
int cli_encrypt_trees(struct term *c, struct spk_session *s, const struct cli_encrypt_opts *o,
                      char **roots, int n);

/** The name of the sealed file beside `in`; NULL when there is no memory. */
char *cli_sealed_name(const char *in);

/* From cmd_encrypt.c. */
int cli_encrypt_json(const char *in, const char *out, spk_err e,
                     const struct spk_encrypt_outcome *o);
void cli_encrypt_failures(const char *file, const struct spk_encrypt_outcome *o);
void cli_encrypt_missing(const char *file, const struct spk_encrypt_outcome *o);
void cli_encrypt_line(FILE *to, const char *out, const struct spk_encrypt_outcome *o);
/** True when an authority did not take its deposit. */
bool spk_sealing_failed(const struct spk_encrypt_outcome *o);

#endif
