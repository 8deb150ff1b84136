/* SPDX-License-Identifier: Apache-2.0 */
/* Deposits of several policies in one request: it is approved when every one of them can come out,
 * and not before, since the old keys end with it. */
#include "world.h"

#include <string.h>

#define DAY ((uint64_t)86400)
#define WRAP (SPK_WRAP_OAEP | SPK_WRAP_DERIVED)

static const uint8_t one_and_two[] = {0, 0, 0, 1, 0, 0, 0, 2};

static int
setup(void **state)
{
    struct world *w = spk_calloc(1, sizeof(*w));

    assert_non_null(w);
    world_new(w, NULL);
    *state = w;
    return 0;
}

static int
teardown(void **state)
{
    world_free(*state);
    spk_mem_free(*state);
    return 0;
}

static void
approve(struct world *w, int officer)
{
    assert_int_equal(say_vote(w, &w->ask, officer, true, NULL), SPK_FRAME_OK);
}

static void
round_two(struct spk_approval *a)
{
    a->round = 2;
}

static void
confirm(struct world *w, int officer)
{
    assert_int_equal(say_vote(w, &w->ask, officer, true, round_two), SPK_FRAME_OK);
}

static void
restart(struct world *w)
{
    world_stop(w);
    world_start(w);
}

/* Policy 2 was the strict one; today's, number 3, is as the first. dep[2] was made under number 2,
 * and the request names both. */
static struct spk_policy first;

static void
as_first(struct spk_policy *p)
{
    p->quorum = first.quorum;
    p->wait = first.wait;
    p->deny = first.deny;
    p->request_life = first.request_life;
}

static void
two_policies(struct world *w, world_tune *strict)
{
    first = w->policy;
    assert_int_equal(say_policy(w, strict, 7), SPK_FRAME_OK);
    assert_int_equal(say_policy(w, as_first, 7), SPK_FRAME_OK);
    dep_free(&w->dep[2]);
    dep_make(w, &w->dep[2], 16, &w->owner.owner, WRAP, 2);
    scope_root(w->dep, WORLD_DEPOSITS, &w->ask.root);
    w->ask.policies = SPK_SPAN_OF(one_and_two);
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
}

static void
all_come_back(struct world *w)
{
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_APPROVED);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_OK);
    for (size_t i = 0; i < WORLD_DEPOSITS; i++) {
        assert_int_equal(say_release(w, &w->ask, i), SPK_FRAME_OK);
    }
}

static void
quorum_three(struct spk_policy *p)
{
    p->quorum = 3;
}

static void
test_the_larger_quorum(void **state)
{
    struct world *w = *state;

    two_policies(w, quorum_three);
    approve(w, ALICE);
    approve(w, BOB);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    assert_int_equal(out_u64(w, SPK_FA_NEEDED), 3);
    /* the old keys do not end for what cannot be given back yet */
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_REFUSED);
    restart(w);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    approve(w, CAROL);
    all_come_back(w);
}

static void
wait_three_days(struct spk_policy *p)
{
    p->wait = 3 * DAY;
}

static void
test_the_longer_wait(void **state)
{
    struct world *w = *state;

    two_policies(w, wait_three_days);
    approve(w, ALICE);
    approve(w, BOB);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_WAITING);
    assert_true(out_u64(w, SPK_FA_DUE) == out_u64(w, SPK_FA_OPENED) + 3 * DAY);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_REFUSED);
    /* a confirmation before the wait is over says nothing */
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, round_two), SPK_FRAME_REFUSED);
    world_pass(3 * DAY + 2, 3 * DAY + 2);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_CONFIRM);
    confirm(w, ALICE);
    confirm(w, BOB);
    all_come_back(w);
}

static void
wait_beyond_the_life(struct spk_policy *p)
{
    p->wait = first.request_life + DAY;
    p->request_life = first.request_life + 5 * DAY;
}

/* The wait for one deposit is longer than the others' policy lets a request live: it lives on as a
 * whole. */
static void
test_a_wait_longer_than_another_life(void **state)
{
    struct world *w = *state;

    two_policies(w, wait_beyond_the_life);
    approve(w, ALICE);
    approve(w, BOB);
    world_pass(first.request_life + DAY + 2, first.request_life + DAY + 2);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_CONFIRM);
    confirm(w, ALICE);
    confirm(w, BOB);
    all_come_back(w);
    world_pass(4 * DAY, 4 * DAY);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_EXPIRED);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
}

static void
deny_two(struct spk_policy *p)
{
    p->deny = 2;
}

/* Fewer denials are the stricter number, and what they stopped stays stopped. */
static void
test_the_smaller_deny(void **state)
{
    struct world *w = *state;

    first = w->policy;
    assert_int_equal(say_policy(w, deny_two, 7), SPK_FRAME_OK);
    static const uint8_t one[] = {0, 0, 0, 1};
    w->ask.policies = SPK_SPAN_OF(one);
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, &w->ask, CAROL, false, NULL), SPK_FRAME_OK);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_DENIED);
    restart(w);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_DENIED);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_REFUSED);
}

/* The list is advice: what a deposit's own policy asks for is asked for without it. */
static void
test_a_list_that_leaves_one_out(void **state)
{
    struct world *w = *state;

    first = w->policy;
    assert_int_equal(say_policy(w, quorum_three, 7), SPK_FRAME_OK);
    assert_int_equal(say_policy(w, as_first, 7), SPK_FRAME_OK);
    dep_free(&w->dep[2]);
    dep_make(w, &w->dep[2], 16, &w->owner.owner, WRAP, 2);
    scope_root(w->dep, WORLD_DEPOSITS, &w->ask.root);
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    approve(w, ALICE);
    approve(w, BOB);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_APPROVED);
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_OK);
    assert_int_equal(say_release(w, &w->ask, 2), SPK_FRAME_REFUSED);
    /* what the first opening said stands */
    w->ask.policies = SPK_SPAN_OF(one_and_two);
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    assert_int_equal(out_u64(w, SPK_FA_NEEDED), 2);
    assert_int_equal(say_release(w, &w->ask, 2), SPK_FRAME_REFUSED);
}

static void
test_unknown_numbers_count_as_todays(void **state)
{
    struct world *w = *state;
    static const uint8_t odd[] = {0, 0, 0, 1, 0, 0, 0, 77, 0xff, 0xff, 0xff, 0xff};

    w->ask.policies = SPK_SPAN_OF(odd);
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    approve(w, ALICE);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    assert_int_equal(out_u64(w, SPK_FA_NEEDED), 2);
    approve(w, BOB);
    all_come_back(w);
}

static void
test_malformed_lists(void **state)
{
    struct world *w = *state;
    static const uint8_t zero[] = {0, 0, 0, 0}, twice[] = {0, 0, 0, 1, 0, 0, 0, 1},
                         falling[] = {0, 0, 0, 2, 0, 0, 0, 1}, cut[] = {0, 0, 0, 1, 0};
    static uint8_t many[4 * (SPK_POLICIES_MAX + 1)];
    const struct spk_span wrong[] = {SPK_SPAN_OF(zero), SPK_SPAN_OF(twice), SPK_SPAN_OF(falling),
                                     SPK_SPAN_OF(cut), SPK_SPAN_OF(many)};

    for (uint32_t i = 0; i <= SPK_POLICIES_MAX; i++) {
        spk_put_u32(many + 4 * i, i + 1);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        w->ask.policies = wrong[i];
        assert_int_equal(say_open(w, &w->ask), SPK_FRAME_BAD);
    }
    assert_int_equal(w->h->state->n_requests, 0);
    w->ask.policies = spk_span(many, 4 * SPK_POLICIES_MAX);
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    restart(w);
    assert_int_equal(w->h->state->requests[0]->n_policies, SPK_POLICIES_MAX);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_the_larger_quorum),
        T(test_the_longer_wait),
        T(test_a_wait_longer_than_another_life),
        T(test_the_smaller_deny),
        T(test_a_list_that_leaves_one_out),
        T(test_unknown_numbers_count_as_todays),
        T(test_malformed_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
