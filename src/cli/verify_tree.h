/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey verify -r: all sealed files of a tree, with all cores. */
#ifndef SPK_CLI_VERIFY_TREE_H
#define SPK_CLI_VERIFY_TREE_H

#include "client/verify.h"
#include "term/term.h"

/** Print what was found out about one file, or why nothing was; gives the exit status. */
int cli_verify_tell(const struct term *c, const struct spk_session *s, const char *path, spk_err e,
                    const struct spk_verify *v);
/** The worst of two exit statuses: broken, then not recoverable, then fine. */
int cli_verify_worse(int a, int b);
/** roots: folders, and files as they are. */
int cli_verify_trees(struct term *c, struct spk_session *s, const struct spk_verify_opts *o,
                     char **roots, int n);

#endif
