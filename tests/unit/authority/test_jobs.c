/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <semaphore.h>

#include "spk_test.h"

#include "authority/jobs.h"

static sem_t gate;
static int order[64], n_done;

static void
wait_at_gate(void *arg)
{
    (void)arg;
    sem_wait(&gate);
}

static void
note_order(void *arg)
{
    order[n_done++] = *(int *)arg;
}

static void
test_in_order_bounded_and_finished_at_the_end(void **state)
{
    (void)state;
    struct spk_jobs *j = NULL;
    int number[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    int taken = 0;

    assert_int_equal(sem_init(&gate, 0, 0), 0);
    n_done = 0;
    assert_spk_ok(spk_jobs_new(1, 4, &j));
    assert_spk_ok(spk_jobs_push(j, wait_at_gate, NULL));
    while (taken < 8 && spk_ok(spk_jobs_push(j, note_order, &number[taken]))) {
        taken++;
    }
    /* four wait, or three with the first one not yet begun */
    assert_in_range(taken, 3, 4);
    assert_spk_code(spk_jobs_push(j, note_order, &number[7]), BUSY);
    sem_post(&gate);
    spk_jobs_free(j);
    assert_int_equal(n_done, taken);
    for (int i = 0; i < taken; i++) {
        assert_int_equal(order[i], i);
    }
    sem_destroy(&gate);
}

static void
test_several_threads(void **state)
{
    (void)state;
    struct spk_jobs *j = NULL;

    assert_int_equal(sem_init(&gate, 0, 0), 0);
    assert_spk_ok(spk_jobs_new(3, 8, &j));
    for (int i = 0; i < 3; i++) {
        assert_spk_ok(spk_jobs_push(j, wait_at_gate, NULL));
    }
    for (int i = 0; i < 3; i++) {
        sem_post(&gate);
    }
    spk_jobs_free(j); /* would hang if one thread had to run all */
    spk_jobs_free(NULL);
    sem_destroy(&gate);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order_bounded_and_finished_at_the_end),
        cmocka_unit_test(test_several_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
