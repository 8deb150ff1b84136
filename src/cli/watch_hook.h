/* SPDX-License-Identifier: Apache-2.0 */
/* A person's own program that is told of alarms: sends a mail, rings a bell. */
#ifndef SPK_CLI_WATCH_HOOK_H
#define SPK_CLI_WATCH_HOOK_H

#include "base/err.h"

#define WATCH_HOOK_ARGS 6 /* authority, kind, entry, deposit, time, sentence */

/** Run it and wait; its arguments are args[]. false: it could not be started, or did not end with
 * status 0. Told on standard error. */
bool watch_hook_run(const char *program, const char *const args[WATCH_HOOK_ARGS]);

#endif
