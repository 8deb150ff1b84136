/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch_hook.h"

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "term/term.h"

static bool
ended_well(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool
watch_hook_run(const char *program, const char *const args[WATCH_HOOK_ARGS])
{
    char *argv[WATCH_HOOK_ARGS + 2] = {0};
    pid_t pid = 0;

    argv[0] = (char *)(uintptr_t)program; /* which posix_spawn() does not write to */
    for (size_t i = 0; i < WATCH_HOOK_ARGS; i++) {
        argv[1 + i] = (char *)(uintptr_t)args[i];
    }
    (void)fflush(stdout);
    int err = posix_spawnp(&pid, program, NULL, NULL, argv, environ);
    if (err != 0) {
        errno = err;
        (void)term_error(TERM_ABOUT_INPUT, program, spk_err_errno(), NULL);
        return false;
    }
    if (!ended_well(pid)) {
        term_say_warning(program, _("the hook failed; it is run again the next time"));
        return false;
    }
    return true;
}
