/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "spk_test.h"

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

/* Entries of the folder, dot-files included. */
static unsigned
entries(const struct env *e)
{
    DIR *d = opendir(e->dir);
    unsigned n = 0;

    assert_non_null(d);
    for (const struct dirent *de = readdir(d); de != NULL; de = readdir(d)) {
        n += strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0;
    }
    assert_int_equal(closedir(d), 0);
    return n;
}

static void
assert_content(const struct env *e, const char *name, const char *want)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(1000);

    assert_spk_ok(spk_file_read(e->fd, name, &b));
    assert_span_equal(spk_buf_span(&b), spk_span_str(want));
}

static void
test_whole_file(void **state)
{
    const struct env *e = *state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(5);

    assert_spk_ok(spk_file_write(e->fd, "a", SPK_SPAN_LIT("hello"), 0640, false));
    assert_spk_ok(spk_file_read(e->fd, "a", &b)); /* exactly the bound */
    assert_span_equal(spk_buf_span(&b), SPK_SPAN_LIT("hello"));
    spk_buf_free(&b);
    b.max = 1 << 20;
    assert_spk_ok(spk_file_read(e->fd, "a", &b)); /* takes what the file needs, not a whole step */
    assert_true(b.cap < 1024);
    spk_buf_free(&b);
    b.max = 4;
    assert_spk_code(spk_file_read(e->fd, "a", &b), LIMIT);
    assert_int_equal(b.len, 0);
    assert_spk_code(spk_file_read(e->fd, "b", &b), NOTFOUND);
    assert_spk_code(spk_file_read(e->fd, ".", &b), FORMAT);
    assert_int_equal(entries(e), 1);
}

/* A pipe has no size to look at first: the bound is kept while reading. */
static void
test_read_pipe(void **state)
{
    const struct env *e = *state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(4);
    SPK_AUTO_STR char *path = NULL;

    for (int round = 0; round < 2; round++) {
        spk_mem_free(path);
        assert_spk_ok(spk_path_join(e->dir, round == 0 ? "p0" : "p1", &path));
        assert_int_equal(mkfifo(path, 0600), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            int fd = open(path, O_WRONLY);
            (void)!write(fd, "12345", round == 0 ? 5 : 4);
            _exit(0);
        }
        assert_string_equal(spk_code_name(spk_file_read(AT_FDCWD, path, &b).code),
                            round == 0 ? "limit" : "ok");
        assert_int_equal(b.len, round == 0 ? 0 : 4);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
    }
}

static void
test_mode_despite_umask(void **state)
{
    static const mode_t modes[] = {0600, 0400, 0644, 0666, 0755, 0000};
    const struct env *e = *state;
    struct stat st;

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        char name[2] = {(char)('a' + (int)i), 0};
        mode_t old = umask(i % 2 == 0 ? 0077 : 0);
        assert_spk_ok(spk_file_write(e->fd, name, SPK_SPAN_EMPTY, modes[i], false));
        umask(old);
        assert_int_equal(fstatat(e->fd, name, &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, modes[i]);
    }
}

static void
test_replace_or_not(void **state)
{
    const struct env *e = *state;

    assert_spk_ok(spk_file_write(e->fd, "a", SPK_SPAN_LIT("1"), 0600, true));
    assert_spk_code(spk_file_write(e->fd, "a", SPK_SPAN_LIT("2"), 0600, false), EXISTS);
    assert_content(e, "a", "1");
    assert_spk_ok(spk_file_write(e->fd, "a", SPK_SPAN_LIT("3"), 0600, true));
    assert_content(e, "a", "3");
    assert_int_equal(mkdirat(e->fd, "d", 0700), 0);
    assert_spk_code(spk_file_write(e->fd, "d", SPK_SPAN_LIT("2"), 0600, false), EXISTS);
    spk_err err = spk_file_write(e->fd, "d", SPK_SPAN_LIT("2"), 0600, true);
    assert_spk_code(err, IO);
    assert_int_equal(err.sys, EISDIR);
    assert_int_equal(symlinkat("a", e->fd, "l"), 0);
    assert_spk_code(spk_file_write(e->fd, "l", SPK_SPAN_LIT("4"), 0600, false), EXISTS);
    assert_spk_ok(spk_file_write(e->fd, "l", SPK_SPAN_LIT("4"), 0600, true)); /* the link itself */
    assert_content(e, "a", "3");
    assert_content(e, "l", "4");
    assert_int_equal(entries(e), 3);
}

/* Nothing is there before the commit, and nothing stays when there is none. */
static void
test_uncommitted(void **state)
{
    const struct env *e = *state;

    for (int replace = 0; replace < 2; replace++) {
        SPK_AUTO(spk_newfile) f = NULL;
        assert_spk_ok(spk_newfile_open(e->fd, "a", 0600, &f));
        assert_spk_ok(spk_write_full(spk_newfile_fd(f), SPK_SPAN_LIT("half")));
        assert_int_equal(faccessat(e->fd, "a", F_OK, 0), -1);
        spk_newfile_free(SPK_STEAL(f));
        assert_int_equal(entries(e), 0);
    }
    spk_newfile_free(NULL);
}

static void
test_odd_names(void **state)
{
    const struct env *e = *state;
    char longest[NAME_MAX + 1], too_long[NAME_MAX + 2];
    const char *const names[] = {"with space", "new\nline", "\xff\xfe not utf-8",
                                 "-dash",      "...",       longest};
    struct spk_newfile *f = NULL;

    memset(longest, 'x', NAME_MAX);
    longest[NAME_MAX] = 0;
    memset(too_long, 'x', NAME_MAX + 1);
    too_long[NAME_MAX + 1] = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_spk_ok(spk_file_write(e->fd, names[i], SPK_SPAN_LIT("1"), 0600, false));
        assert_spk_ok(spk_file_write(e->fd, names[i], SPK_SPAN_LIT("2"), 0600, true));
        assert_content(e, names[i], "2");
    }
    assert_int_equal(entries(e), sizeof(names) / sizeof(names[0]));
    spk_err err = spk_newfile_open(e->fd, too_long, 0600, &f);
    assert_spk_code(err, IO);
    assert_int_equal(err.sys, ENAMETOOLONG);
    assert_spk_code(spk_newfile_open(e->fd, "", 0600, &f), USAGE);
    assert_spk_code(spk_newfile_open(e->fd, ".", 0600, &f), USAGE);
    assert_spk_code(spk_newfile_open(e->fd, "x/..", 0600, &f), USAGE);
    assert_spk_code(spk_newfile_open(e->fd, "x/", 0600, &f), USAGE);
    err = spk_newfile_open(e->fd, "missing/x", 0600, &f);
    assert_spk_code(err, IO);
    assert_int_equal(err.sys, ENOENT);
    assert_null(f);
}

/* Commit without the file that was there taking part: two race for one name, one wins. */
static void
test_two_for_one_name(void **state)
{
    const struct env *e = *state;
    SPK_AUTO(spk_newfile) a = NULL;
    SPK_AUTO(spk_newfile) b = NULL;

    assert_spk_ok(spk_newfile_open(e->fd, "x", 0600, &a));
    assert_spk_ok(spk_newfile_open(e->fd, "x", 0600, &b));
    assert_spk_ok(spk_write_full(spk_newfile_fd(a), SPK_SPAN_LIT("a")));
    assert_spk_ok(spk_write_full(spk_newfile_fd(b), SPK_SPAN_LIT("b")));
    assert_spk_ok(spk_newfile_commit(a, false));
    assert_spk_code(spk_newfile_commit(b, false), EXISTS);
    assert_content(e, "x", "a");
    assert_spk_ok(spk_newfile_commit_nosync(b, true));
    assert_content(e, "x", "b");
    assert_int_equal(entries(e), 1);
}

/* Replaces without a pause in a child that is killed at arbitrary moments: the name always holds a
 * whole file, old or new. */
static void
test_kill_leaves_whole_files(void **state)
{
    const struct env *e = *state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(100000);
    static uint8_t block[20000];

    for (unsigned round = 0; round < 20; round++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            for (int v = 1;; v = v % 200 + 1) {
                memset(block, v, sizeof(block));
                if (!spk_ok(spk_file_write(e->fd, "x", SPK_SPAN_OF(block), 0600, true))) {
                    _exit(1);
                }
            }
        }
        struct timespec pause = {0, 1000000 + (long)round * 700000};
        (void)nanosleep(&pause, NULL);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        spk_buf_reset(&b);
        spk_err err = spk_file_read(e->fd, "x", &b);
        if (err.code == SPK_CODE_NOTFOUND) {
            continue;
        }
        assert_spk_ok(err);
        assert_int_equal(b.len, sizeof(block));
        for (size_t i = 0; i < b.len; i++) {
            assert_int_equal(b.ptr[i], b.ptr[0]);
        }
    }
    assert_true(b.len > 0);
}

static void
test_positions(void **state)
{
    const struct env *e = *state;
    SPK_AUTO_FD int fd = openat(e->fd, "p", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    uint8_t got[4];
    size_t n = 0;

    assert_true(fd >= 0);
    assert_spk_ok(spk_pwrite_full(fd, SPK_SPAN_LIT("0123456789"), 5));
    assert_spk_ok(spk_pread_full(fd, got, 4, 11));
    assert_memory_equal(got, "6789", 4);
    assert_spk_code(spk_pread_full(fd, got, 4, 12), TRUNC);
    assert_spk_code(spk_pread_full(fd, got, 4, UINT64_MAX), LIMIT);
    assert_spk_code(spk_pwrite_full(fd, SPK_SPAN_LIT("x"), INT64_MAX), LIMIT);
    assert_int_equal(lseek(fd, 13, SEEK_SET), 13);
    assert_spk_ok(spk_read_full(fd, got, 4, &n));
    assert_int_equal(n, 2);
    assert_spk_code(spk_read_full(-1, got, 4, &n), IO);
    assert_spk_code(spk_write_full(-1, SPK_SPAN_LIT("x")), IO);
}

static void
test_mkdirs(void **state)
{
    const struct env *e = *state;
    SPK_AUTO_STR char *deep = NULL;
    SPK_AUTO_STR char *file = NULL;
    struct stat st;

    assert_spk_ok(spk_path_join(e->dir, "a//b/c/", &deep));
    mode_t old = umask(0077);
    assert_spk_ok(spk_mkdirs(deep, 0750));
    umask(old);
    assert_spk_ok(spk_mkdirs(deep, 0700));
    assert_int_equal(stat(deep, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
    assert_spk_ok(spk_sync_parent(AT_FDCWD, deep));
    assert_spk_ok(spk_sync_parent(e->fd, "a"));
    assert_spk_ok(spk_sync_parent(AT_FDCWD, "/x"));
    assert_spk_code(spk_sync_parent(e->fd, "nowhere/a"), IO);
    assert_spk_ok(spk_file_write(e->fd, "f", SPK_SPAN_EMPTY, 0600, false));
    assert_spk_ok(spk_path_join(e->dir, "f/x", &file));
    spk_err err = spk_mkdirs(file, 0700);
    assert_spk_code(err, IO);
    assert_int_equal(err.sys, ENOTDIR);
    assert_spk_code(spk_mkdirs("", 0700), USAGE);
}

static void
test_join(void **state)
{
    static const char *const t[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {"", "b", "b"}};

    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        SPK_AUTO_STR char *p = NULL;
        assert_spk_ok(spk_path_join(t[i][0], t[i][1], &p));
        assert_string_equal(p, t[i][2]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_pipe, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mode_despite_umask, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replace_or_not, setup, teardown),
        cmocka_unit_test_setup_teardown(test_uncommitted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_for_one_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kill_leaves_whole_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_positions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mkdirs, setup, teardown),
        cmocka_unit_test(test_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
