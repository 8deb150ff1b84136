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
    w->requests[0] = (struct spk_watch_request){3, true};
    w->requests[1] = (struct spk_watch_request){4, false};
    w->n_events = 1;
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

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip),
                                       cmocka_unit_test(test_every_byte_counts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
