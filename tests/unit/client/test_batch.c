/* SPDX-License-Identifier: Apache-2.0 */
/* What a run over many files goes by: how many threads, and which names share a folder. */
#include <dirent.h>
#include <sched.h>
#include <time.h>

#include "base/file.h"
#include "client/batch.h"
#include "fixture.h"
#include "sealed/io.h"
#include "spk_test.h"

#define SETTLE_MS 100

/* "/x" is in the root, "x" in the working folder: syncing one does nothing for the other. */
static void
test_same_folder(void **state)
{
    (void)state;
    assert_true(spk_batch_same_folder("x", "y"));
    assert_true(spk_batch_same_folder("/x", "/y"));
    assert_true(spk_batch_same_folder("a/x", "a/y"));
    assert_true(spk_batch_same_folder("/a/b/x", "/a/b/y"));
    assert_false(spk_batch_same_folder("/x", "x"));
    assert_false(spk_batch_same_folder("x", "/x"));
    assert_false(spk_batch_same_folder("a/x", "b/x"));
    assert_false(spk_batch_same_folder("a/x", "x"));
    assert_false(spk_batch_same_folder("a/x", "ab/x"));
    assert_false(spk_batch_same_folder("a/b/x", "a/x"));
}

/* Threads of this process. */
static unsigned
tasks(void)
{
    DIR *d = opendir("/proc/self/task");
    unsigned n = 0;

    assert_non_null(d);
    for (struct dirent *de = readdir(d); de != NULL; de = readdir(d)) {
        n += de->d_name[0] != '.';
    }
    (void)closedir(d);
    return n;
}

/* No file: but the thread that asks stays until no other comes. */
static bool
count_threads(void *ctx, struct spk_batch_file *ret_f)
{
    unsigned *most = ctx;
    const struct timespec pause = {0, SETTLE_MS * 1000000L};

    (void)ret_f;
    for (unsigned now = 0; *most == 0 || now != *most; now = tasks()) {
        *most = now;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

static void
never(void *ctx, const struct spk_batch_file *file, spk_err e, const struct spk_encrypt_outcome *o)
{
    (void)ctx;
    (void)file;
    (void)e;
    (void)o;
    fail_msg("there was no file");
}

static struct spk_session *
session_in(const struct fix *f, const char *dir)
{
    SPK_AUTO(spk_container) c = NULL;
    struct spk_session *s = spk_calloc(1, sizeof(*s));

    assert_non_null(s);
    s->profile = fix_profile(f, dir);
    assert_spk_ok(spk_keystore_at(dir, &s->keystore));
    assert_spk_ok(spk_container_create(s->keystore, "default", &c));
    assert_spk_ok(spk_container_set(c, SPK_AT_KEYEXCHANGE, f->owner[0]));
    assert_spk_ok(spk_container_save(c));
    return s;
}

static unsigned
threads_of_run(struct spk_session *s, unsigned asked)
{
    const struct spk_encrypt_opts opts = {.force = false};
    unsigned before = tasks();
    unsigned most = 0;
    const struct spk_batch b = {.session = s,
                                .opts = &opts,
                                .threads = asked,
                                .next = count_threads,
                                .done = never,
                                .ctx = &most};

    assert_spk_ok(spk_batch_run(&b));
    return most - before;
}

/* As many as there are cores to use, which affinity and quota say, not the machine; and as told. */
static void
test_thread_count(void **state)
{
    struct fix f;
    char *dir = spk_test_dir();
    struct spk_session *s = NULL;

    (void)state;
    fix_make(&f);
    s = session_in(&f, dir);
    assert_int_equal(threads_of_run(s, 0), spk_cpus());
    assert_int_equal(threads_of_run(s, 0), 1);
    assert_int_equal(threads_of_run(s, 3), 3);
    assert_true(threads_of_run(s, 1000) <= SPK_THREADS_MAX);
    spk_session_free(s);
    fix_clear(&f);
    spk_test_dir_remove(dir);
}

/* One core, before anybody has counted them. */
static void
use_one_core(void)
{
    cpu_set_t set;

    assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
    for (size_t i = 0, kept = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &set) && kept++ > 0) {
            CPU_CLR(i, &set);
        }
    }
    assert_int_equal(sched_setaffinity(0, sizeof(set), &set), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_folder),
        cmocka_unit_test(test_thread_count),
    };

    use_one_core();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
