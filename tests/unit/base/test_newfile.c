/* SPDX-License-Identifier: Apache-2.0 */
/* spk_newfile on a file system without unnamed files and, in part, without RENAME_NOREPLACE: the
 * linker puts the two functions below between base and the C library. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spk_test.h"

static bool no_tmpfile = true;
static bool no_renameat2;

int __real_openat64(int dirfd, const char *path, int flags, ...);
int __wrap_openat64(int dirfd, const char *path, int flags, ...);
int __real_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);

int
__wrap_openat64(int dirfd, const char *path, int flags, ...)
{
    va_list ap;

    va_start(ap, flags);
    mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    if (no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return __real_openat64(dirfd, path, flags, mode);
}

int
__wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    if (no_renameat2) {
        errno = EINVAL;
        return -1;
    }
    return __real_renameat2(from_fd, from, to_fd, to, flags);
}

struct env {
    char *dir;
    int fd;
};

static int
setup(void **state)
{
    struct env *e = calloc(1, sizeof(*e));

    assert_non_null(e);
    e->dir = spk_test_dir();
    e->fd = open(e->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(e->fd >= 0);
    no_tmpfile = true;
    no_renameat2 = false;
    *state = e;
    return 0;
}

static int
teardown(void **state)
{
    struct env *e = *state;

    (void)close(e->fd);
    spk_test_dir_remove(e->dir);
    free(e);
    return 0;
}

/* Number of entries; ret_name gets one of them. */
static unsigned
entries(const struct env *e, char ret_name[256])
{
    DIR *d = opendir(e->dir);
    unsigned n = 0;

    assert_non_null(d);
    for (const struct dirent *de = readdir(d); de != NULL; de = readdir(d)) {
        if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0) {
            n++;
            memcpy(ret_name, de->d_name, strlen(de->d_name) + 1);
        }
    }
    assert_int_equal(closedir(d), 0);
    return n;
}

static void
assert_only(const struct env *e, const char *name, const char *want)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(1000);
    char got[256] = "";

    assert_int_equal(entries(e, got), 1);
    assert_string_equal(got, name);
    assert_spk_ok(spk_file_read(e->fd, name, &b));
    assert_span_equal(spk_buf_span(&b), spk_span_str(want));
}

static void
write_all_ways(const struct env *e)
{
    assert_spk_ok(spk_file_write(e->fd, "a", SPK_SPAN_LIT("1"), 0600, false));
    assert_only(e, "a", "1");
    assert_spk_code(spk_file_write(e->fd, "a", SPK_SPAN_LIT("2"), 0600, false), EXISTS);
    assert_only(e, "a", "1");
    assert_spk_ok(spk_file_write(e->fd, "a", SPK_SPAN_LIT("3"), 0600, true));
    assert_only(e, "a", "3");
}

static void
test_named(void **state)
{
    write_all_ways(*state);
}

static void
test_named_without_noreplace(void **state)
{
    no_renameat2 = true;
    write_all_ways(*state);
}

static void
test_temporary_name(void **state)
{
    const struct env *e = *state;
    SPK_AUTO(spk_newfile) f = NULL;
    char name[256] = "", longest[256], other[256] = "";
    struct stat st;

    mode_t old = umask(0);
    assert_spk_ok(spk_newfile_open(e->fd, "file.txt", 0640, &f));
    umask(old);
    assert_int_equal(entries(e, name), 1);
    assert_int_equal(strncmp(name, ".file.txt.spk-", 14), 0);
    assert_int_equal(fstatat(e->fd, name, &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    spk_newfile_free(SPK_STEAL(f));
    assert_int_equal(entries(e, name), 0);
    memset(longest, 'x', 255);
    longest[255] = 0;
    assert_spk_ok(spk_newfile_open(e->fd, longest, 0600, &f));
    assert_int_equal(entries(e, other), 1);
    assert_spk_ok(spk_newfile_commit(f, false));
    assert_only(e, longest, "");
}

static void
test_abort_all(void **state)
{
    const struct env *e = *state;
    SPK_AUTO(spk_newfile) a = NULL;
    SPK_AUTO(spk_newfile) b = NULL;
    char name[256];

    assert_spk_ok(spk_newfile_open(e->fd, "a", 0600, &a));
    assert_spk_ok(spk_newfile_open(e->fd, "b", 0600, &b));
    assert_spk_ok(spk_newfile_commit(b, false));
    assert_int_equal(entries(e, name), 2);
    errno = 77;
    spk_newfile_abort_all();
    assert_int_equal(errno, 77);
    assert_only(e, "b", ""); /* what is committed stays */
    assert_spk_code(spk_newfile_commit(a, false), IO);
    assert_only(e, "b", "");
}

static void
on_term(int sig)
{
    spk_newfile_abort_all();
    _exit(sig);
}

static void
child_with_open_file(const struct env *e, bool by_signal)
{
    struct spk_newfile *f = NULL;

    if (signal(SIGTERM, on_term) == SIG_ERR || !spk_ok(spk_newfile_open(e->fd, "a", 0600, &f))) {
        _exit(99);
    }
    if (by_signal) {
        (void)raise(SIGTERM);
    }
    exit(SIGTERM);
}

/* A signal and a plain exit leave nothing behind. */
static void
test_ends_clean(void **state)
{
    const struct env *e = *state;
    char name[256];

    for (int by_signal = 0; by_signal < 2; by_signal++) {
        int status = 0;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            child_with_open_file(e, by_signal != 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(WEXITSTATUS(status), SIGTERM);
        assert_int_equal(entries(e, name), 0);
    }
}

/* A forked child that exits does not take its parent's file along. */
static void
test_child_keeps_parents_file(void **state)
{
    const struct env *e = *state;
    SPK_AUTO(spk_newfile) f = NULL;
    int status = 1;

    assert_spk_ok(spk_newfile_open(e->fd, "a", 0600, &f));
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_spk_ok(spk_newfile_commit(f, false));
    assert_only(e, "a", "");
}

static void
test_too_many(void **state)
{
    enum { MORE = 600 };
    const struct env *e = *state;
    static struct spk_newfile *f[MORE];
    struct spk_newfile *one = NULL;
    size_t n = 0;
    spk_err err = SPK_OK;
    char name[256];

    while (n < MORE && spk_ok(err)) {
        err = spk_newfile_open(e->fd, "a", 0600, &f[n]);
        n += spk_ok(err);
    }
    assert_spk_code(err, LIMIT);
    assert_int_equal(entries(e, name), n);
    for (size_t i = 0; i < n; i++) {
        spk_newfile_free(f[i]);
    }
    assert_int_equal(entries(e, name), 0);
    assert_spk_ok(spk_newfile_open(e->fd, "a", 0600, &one));
    spk_newfile_free(one);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_named_without_noreplace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_temporary_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_abort_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends_clean, setup, teardown),
        cmocka_unit_test_setup_teardown(test_child_keeps_parents_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
