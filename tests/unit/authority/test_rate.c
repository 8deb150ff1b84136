/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "spk_test.h"

#include "authority/rate.h"

static void
test_bucket_fills_again(void **state)
{
    (void)state;
    SPK_AUTO(spk_rate) r = NULL;
    struct spk_span a = SPK_SPAN_LIT("a"), b = SPK_SPAN_LIT("b");

    assert_spk_ok(spk_rate_new(10, 100, &r)); /* one in ten seconds */
    for (int i = 0; i < 10; i++) {
        assert_int_equal(spk_rate_take(r, a, 1, 1000), 0);
    }
    assert_int_equal(spk_rate_take(r, a, 1, 1000), 11);
    assert_int_equal(spk_rate_take(r, b, 1, 1000), 0); /* others are not concerned */
    assert_int_equal(spk_rate_take(r, a, 1, 6000), 6);
    assert_int_equal(spk_rate_take(r, a, 1, 12000), 0);
    assert_int_not_equal(spk_rate_take(r, a, 1, 12000), 0);
    assert_int_equal(spk_rate_take(r, a, 10, 1000000), 0); /* full again, and no fuller */
    assert_int_not_equal(spk_rate_take(r, a, 1, 1000000), 0);
}

static void
test_more_than_the_bucket_holds(void **state)
{
    (void)state;
    SPK_AUTO(spk_rate) r = NULL;

    assert_spk_ok(spk_rate_new(10, 1, &r));
    assert_int_equal(spk_rate_take(r, SPK_SPAN_LIT("a"), 1000, 1), 0); /* out of a full one */
    assert_int_not_equal(spk_rate_take(r, SPK_SPAN_LIT("a"), 1000, 1), 0);
}

static void
test_many_keys_stay_bounded(void **state)
{
    (void)state;
    SPK_AUTO(spk_rate) r = NULL;
    char key[32];

    assert_spk_ok(spk_rate_new(1, 1000, &r));
    for (unsigned i = 0; i < 5 * SPK_RATE_BUCKETS; i++) {
        (void)snprintf(key, sizeof(key), "source %u", i);
        assert_int_equal(spk_rate_take(r, spk_span_str(key), 1, i + 1), 0);
    }
    /* the last one is still known */
    assert_int_not_equal(spk_rate_take(r, spk_span_str(key), 1, 5 * SPK_RATE_BUCKETS + 1), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucket_fills_again),
        cmocka_unit_test(test_more_than_the_bucket_holds),
        cmocka_unit_test(test_many_keys_stay_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
