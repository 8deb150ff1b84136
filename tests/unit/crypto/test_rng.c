/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rng.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "vec.h"

#define PER_THREAD 5000
#define THREADS 4

static void
random_bytes(void **state)
{
    (void)state;
    static uint8_t a[1 << 20], b[1 << 20];
    size_t ones = 0;
    assert_spk_ok(spk_random(SPK_MUT_OF(a)));
    assert_spk_ok(spk_random(SPK_MUT_OF(b)));
    assert_memory_not_equal(a, b, sizeof a);
    for (size_t i = 0; i < sizeof a; i++) {
        ones += (size_t)__builtin_popcount(a[i]);
    }
    assert_in_range(ones, 4 * sizeof a - 20000, 4 * sizeof a + 20000); /* 13 standard deviations */
    assert_spk_ok(spk_random(spk_mut(NULL, 0)));
    SPK_AUTO(spk_secret) s = NULL;
    SPK_AUTO(spk_secret) t = NULL;
    assert_spk_ok(spk_secret_random(32, &s));
    assert_spk_ok(spk_secret_random(32, &t));
    assert_int_equal(spk_secret_len(s), 32);
    assert_false(spk_secret_eq(s, t));
}

static void
assert_form(const struct spk_file_id *id)
{
    assert_int_equal(id->b[6] >> 4, 7);
    assert_int_equal(id->b[8] >> 6, 2);
}

static uint64_t
id_ms(const struct spk_file_id *id)
{
    return spk_get_u64(id->b) >> 16;
}

static void
uuid_rises(void **state)
{
    (void)state;
    struct spk_file_id last, id;
    uint64_t before = spk_now_ms();
    assert_spk_ok(spk_uuid7(&last));
    assert_in_range(id_ms(&last), before, spk_now_ms());
    for (int i = 0; i < 200000; i++) {
        assert_spk_ok(spk_uuid7(&id));
        assert_form(&id);
        assert_true(memcmp(id.b, last.b, sizeof id.b) > 0);
        last = id;
    }
    assert_in_range(id_ms(&last), before, spk_now_ms() + 1);
}

static void
uuid_rises_when_the_clock_goes_back(void **state)
{
    (void)state;
    struct spk_file_id a, b;
    assert_spk_ok(spk_uuid7(&a));
    spk_clock_set_offset(-3600000);
    assert_spk_ok(spk_uuid7(&b));
    assert_true(memcmp(b.b, a.b, sizeof a.b) > 0);
    spk_clock_set_offset(0);
    assert_form(&b);
}

static void *
make_many(void *arg)
{
    struct spk_file_id *ids = arg;
    for (size_t i = 0; i < PER_THREAD; i++) {
        if (!spk_ok(spk_uuid7(&ids[i]))) {
            return NULL;
        }
    }
    return arg;
}

static int
by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct spk_file_id));
}

static void
uuid_from_many_threads(void **state)
{
    (void)state;
    static struct spk_file_id ids[THREADS * PER_THREAD];
    pthread_t t[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, make_many, ids + i * PER_THREAD), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *done = NULL;
        assert_int_equal(pthread_join(t[i], &done), 0);
        assert_non_null(done);
    }
    qsort(ids, THREADS * PER_THREAD, sizeof ids[0], by_bytes);
    for (size_t i = 1; i < THREADS * PER_THREAD; i++) {
        assert_true(by_bytes(&ids[i - 1], &ids[i]) < 0);
    }
}

/* A child does not make its parent's next ids. */
static void
uuid_after_fork(void **state)
{
    (void)state;
    int fds[2];
    struct spk_file_id mine[100], child[100], seed;
    assert_spk_ok(spk_uuid7(&seed));
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    for (size_t i = 0; i < 100; i++) {
        spk_err e = spk_uuid7(&mine[i]);
        if (!spk_ok(e)) {
            _exit(1);
        }
    }
    if (pid == 0) {
        _exit(write(fds[1], mine, sizeof mine) == (ssize_t)sizeof mine ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(read(fds[0], child, sizeof child), sizeof child);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (size_t i = 0; i < 100; i++) {
        for (size_t j = 0; j < 100; j++) {
            assert_memory_not_equal(mine[i].b, child[j].b, sizeof mine[i].b);
        }
    }
    (void)close(fds[0]);
    (void)close(fds[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_bytes),
        cmocka_unit_test(uuid_rises),
        cmocka_unit_test(uuid_rises_when_the_clock_goes_back),
        cmocka_unit_test(uuid_from_many_threads),
        cmocka_unit_test(uuid_after_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
