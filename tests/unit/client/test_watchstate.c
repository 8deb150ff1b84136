/* SPDX-License-Identifier: Apache-2.0 */
/* What watch keeps for itself: it comes back as it was, and nothing else is taken for it. */
#include <string.h>

#include "client/watchstate.h"
#include "spk_test.h"

static struct spk_watchstate *
example(void)
{
    struct spk_watchstate *w = NULL;

    assert_true(spk_ok(spk_watchstate_new(&w)));
    assert_true(spk_ok(spk_buf_str(&w->note[0], "deposits\n")));
    assert_true(spk_ok(spk_buf_str(&w->note[1], "recoveries\n")));
    w->edge.n = 5; /* 101: a leaf and a tree of four */
    memset(w->edge.part[0].b, 1, SPK_HASH_LEN);
    memset(w->edge.part[2].b, 2, SPK_HASH_LEN);
    w->n_requests = 2;
    w->requests[0] = (struct spk_watch_request){.index = 3, .asked = true};
    w->requests[1] = (struct spk_watch_request){.index = 4};
    w->n_events = 1;
    w->late_index = 7;
    w->late_ms = 6;
    w->unlisted = 9;
    w->unlisted_alarms = 8;
    w->events[0] = (struct spk_watch_event){.index = 4, .hooked = true};
    w->events[0].entry = (struct spk_entry){
        .kind = SPK_ENTRY_REQUESTED, .number = 1, .time_ms = 17, .deposit = 9, .request = 4};
    return w;
}

static void
test_round_trip(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1 << 20);
    SPK_AUTO(spk_watchstate) w = example();
    SPK_AUTO(spk_watchstate) r = NULL;

    (void)state;
    assert_true(spk_ok(spk_watchstate_new(&r)));
    assert_true(spk_ok(spk_watchstate_build(w, &b)));
    assert_true(spk_ok(spk_watchstate_parse(spk_buf_span(&b), r)));
    assert_true(spk_span_eq(spk_buf_span(&r->note[1]), SPK_SPAN_LIT("recoveries\n")));
    assert_int_equal(r->edge.n, 5);
    assert_memory_equal(r->edge.part[2].b, w->edge.part[2].b, SPK_HASH_LEN);
    assert_int_equal(r->n_requests, 2);
    assert_true(r->requests[0].asked && !r->requests[1].asked);
    assert_int_equal(r->late_index, 7);
    assert_int_equal(r->late_ms, 6);
    assert_int_equal(r->unlisted, 9);
    assert_int_equal(r->unlisted_alarms, 8);
    assert_int_equal(r->n_events, 1);
    assert_true(r->events[0].hooked && !r->events[0].asked);
    assert_int_equal(r->events[0].entry.deposit, 9);
}

/* No byte may differ, and none may be missing. */
static void
test_every_byte_counts(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1 << 20);
    SPK_AUTO(spk_watchstate) w = example();

    (void)state;
    assert_true(spk_ok(spk_watchstate_build(w, &b)));
    for (size_t i = 0; i < b.len; i++) {
        SPK_AUTO(spk_watchstate) r = NULL;

        assert_true(spk_ok(spk_watchstate_new(&r)));
        b.ptr[i] ^= 1;
        assert_false(spk_ok(spk_watchstate_parse(spk_buf_span(&b), r)));
        b.ptr[i] ^= 1;
        assert_false(spk_ok(spk_watchstate_parse(spk_span(b.ptr, i), r)));
    }
}

static struct spk_watch_event
event_of(uint64_t request, uint64_t index, enum spk_entry_kind kind)
{
    return (struct spk_watch_event){.index = index,
                                    .entry = {.kind = kind, .deposit = 9, .request = request}};
}

/* A recovery of one's own that fills the list leaves room for what one did not ask for; and
 * nothing is ever refused, but counted. */
static void
test_more_than_fit(void **state)
{
    SPK_AUTO(spk_watchstate) w = NULL;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1 << 20);
    const size_t half = SPK_WATCH_EVENTS_MAX / 2;

    (void)state;
    assert_true(spk_ok(spk_watchstate_new(&w)));
    for (size_t i = 0; i < half + 5; i++) {
        struct spk_watch_event e = event_of(1, i, SPK_ENTRY_RELEASED);

        e.asked = true;
        spk_watchstate_add_event(w, &e);
    }
    assert_int_equal(w->n_events, half);
    assert_int_equal(w->unlisted, 5);
    assert_int_equal(w->unlisted_alarms, 0);
    for (size_t i = 0; i < half + 3; i++) {
        struct spk_watch_event e = event_of(2, half + i, SPK_ENTRY_RELEASED);

        spk_watchstate_add_event(w, &e);
    }
    assert_int_equal(w->n_events, SPK_WATCH_EVENTS_MAX);
    assert_int_equal(w->unlisted, 8);
    assert_int_equal(w->unlisted_alarms, 3);
    for (uint64_t i = 0; i < SPK_WATCH_REQUESTS_MAX + 2; i++) {
        spk_watchstate_add_request(w, &(struct spk_watch_request){.index = i});
    }
    assert_null(spk_watchstate_request(w, 1));
    assert_non_null(spk_watchstate_request(w, 2));
    assert_non_null(spk_watchstate_request(w, SPK_WATCH_REQUESTS_MAX + 1));
    assert_true(spk_ok(spk_watchstate_build(w, &b)));
    spk_watchstate_seen(w);
    assert_int_equal(w->n_events + w->unlisted + w->unlisted_alarms, 0);
}

/* What cannot be told yet is not put aside; once it is known it is told, or goes. */
static void
test_undecided(void **state)
{
    SPK_AUTO(spk_watchstate) w = NULL;

    (void)state;
    assert_true(spk_ok(spk_watchstate_new(&w)));
    for (uint64_t request = 1; request <= 2; request++) {
        struct spk_watch_event e = event_of(request, request, SPK_ENTRY_REQUESTED);

        spk_watchstate_add_request(w, &(struct spk_watch_request){request, false, true});
        e.undecided = true;
        spk_watchstate_add_event(w, &e);
        assert_false(spk_watch_is_alarm(&e));
    }
    struct spk_watch_event own = event_of(1, 3, SPK_ENTRY_AUTHORISED);

    spk_watchstate_add_event(w, &own);
    assert_int_equal(spk_watchstate_undecided(w), 2);
    spk_watchstate_seen(w);
    assert_int_equal(w->n_events, 2);
    spk_watchstate_decide(w, 1, false, false);
    assert_null(spk_watchstate_request(w, 1));
    spk_watchstate_decide(w, 2, true, false);
    assert_int_equal(w->n_events, 1);
    assert_true(spk_watch_is_alarm(&w->events[0]));
    assert_false(spk_watchstate_request(w, 2)->undecided);
    assert_int_equal(spk_watchstate_undecided(w), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_every_byte_counts),
        cmocka_unit_test(test_more_than_fit), cmocka_unit_test(test_undecided)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
