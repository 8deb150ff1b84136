/* SPDX-License-Identifier: Apache-2.0 */
/* A folder where files are wanted. */
#ifndef SPK_CLI_FOLDER_H
#define SPK_CLI_FOLDER_H

#include "base/err.h"

/** Told from what failed: e came of opening path as a file. */
bool cli_is_folder(const char *path, spk_err e);
/** Says what to type instead, for a command that takes sealed files; gives TERM_FAILED. */
int cli_say_folder(const char *command, const char *path);
/** A header is read here and there, which a pipe cannot: tell it, give the status. */
int cli_say_pipe(const char *command);

#endif
