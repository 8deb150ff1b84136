/* SPDX-License-Identifier: Apache-2.0 */
/* What stands where a file is wanted: a folder, a pipe, the same file again. */
#ifndef SPK_CLI_FOLDER_H
#define SPK_CLI_FOLDER_H

#include "term/term.h"

/** Told from what failed: e came of opening path as a file. */
bool cli_is_folder(const char *path, spk_err e);
/** Says what to type instead, for a command that takes sealed files; gives TERM_FAILED. */
int cli_say_folder(const char *command, const char *path);
/** A header is read here and there, which a pipe cannot: tell it, give the status. */
int cli_say_pipe(const struct term *c, const char *command);
/** Both name one regular file: its output would replace it. */
bool cli_same_file(const char *in, const char *out);

#endif
