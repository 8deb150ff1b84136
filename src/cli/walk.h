/* SPDX-License-Identifier: Apache-2.0 */
/* Walking a tree in the order of names, without following symbolic links. */
#ifndef SPK_CLI_WALK_H
#define SPK_CLI_WALK_H

#include "base/err.h"
#include "base/scope.h"

#define SPK_WALK_DEPTH_MAX 256

struct spk_walk;
/** root: a folder, or a file, which is the whole walk then; a symbolic link to one is followed, as
 * it was named. Anything else: SPK_CODE_USAGE. */
SPK_MUST_USE spk_err spk_walk_new(const char *root, struct spk_walk **ret_w);
void spk_walk_free(struct spk_walk *w);
SPK_DEFINE_AUTO(spk_walk)
/** Path of the next regular file, malloc'ed; NULL at the end. A folder that cannot be read is
 * reported through the error with *ret_path naming it; the walk goes on with the next call. */
SPK_MUST_USE spk_err spk_walk_next(struct spk_walk *w, char **ret_path);
/** Is the root a file? */
bool spk_walk_is_file(const struct spk_walk *w);
/** How many entries were passed over because they are neither files nor folders. */
unsigned long spk_walk_skipped(const struct spk_walk *w);

#endif
