/* SPDX-License-Identifier: Apache-2.0 */
/* The openssl command as the other side of a test. */
#ifndef SPK_TEST_CRYPTO_CLI_H
#define SPK_TEST_CRYPTO_CLI_H

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "spk_test.h"

#define CLI_ARGS_MAX 32

extern char **environ;

/** Runs `openssl ...` in folder dir, output thrown away but kept in dir/out; its exit status. */
static inline int
cli(const char *dir, const char *const *args)
{
    char *argv[CLI_ARGS_MAX] = {NULL};
    pid_t pid = 0;
    int status = 0;
    posix_spawn_file_actions_t fa;
    static char program[] = "openssl";
    argv[0] = program;
    for (size_t i = 0; args[i] != NULL; i++) {
        assert_true(i + 2 < CLI_ARGS_MAX);
        argv[i + 1] = (char *)(uintptr_t)args[i];
    }
    assert_int_equal(posix_spawn_file_actions_init(&fa), 0);
    assert_int_equal(posix_spawn_file_actions_addchdir_np(&fa, dir), 0);
    assert_int_equal(
        posix_spawn_file_actions_addopen(&fa, 1, "out", O_WRONLY | O_CREAT | O_TRUNC, 0600), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&fa, 1, 2), 0);
    int rc = posix_spawnp(&pid, program, &fa, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&fa);
    if (rc != 0) {
        return 127;
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}
#define CLI(dir, ...) cli(dir, (const char *const[]){__VA_ARGS__, NULL})

static inline void
cli_put(const char *dir, const char *name, struct spk_span s)
{
    SPK_AUTO_STR char *path = NULL;
    assert_spk_ok(spk_path_join(dir, name, &path));
    assert_spk_ok(spk_file_write(AT_FDCWD, path, s, 0600, true));
}
static inline void
cli_get(const char *dir, const char *name, struct spk_buf *b)
{
    SPK_AUTO_STR char *path = NULL;
    assert_spk_ok(spk_path_join(dir, name, &path));
    assert_spk_ok(spk_file_read(AT_FDCWD, path, b));
}

#endif
