/* SPDX-License-Identifier: Apache-2.0 */
#include "spk_test.h"

static void
test_eq_and_cmp(void **state)
{
    (void)state;
    assert_true(spk_span_eq(SPK_SPAN_LIT("abc"), spk_span_str("abc")));
    assert_false(spk_span_eq(SPK_SPAN_LIT("abc"), SPK_SPAN_LIT("abd")));
    assert_false(spk_span_eq(SPK_SPAN_LIT("abc"), SPK_SPAN_LIT("ab")));
    assert_true(spk_span_eq(SPK_SPAN_EMPTY, spk_span_str(NULL)));
    assert_true(spk_span_cmp(SPK_SPAN_LIT("a"), SPK_SPAN_LIT("b")) < 0);
    assert_true(spk_span_cmp(SPK_SPAN_LIT("ab"), SPK_SPAN_LIT("a")) > 0);
    assert_true(spk_span_cmp(SPK_SPAN_EMPTY, SPK_SPAN_LIT("a")) < 0);
    assert_true(spk_span_cmp(SPK_SPAN_LIT("\xff"), SPK_SPAN_LIT("a")) > 0);
    assert_int_equal(spk_span_cmp(SPK_SPAN_LIT("a"), SPK_SPAN_LIT("a")), 0);
}

/* Every single differing bit counts. */
static void
test_ct(void **state)
{
    uint8_t a[33] = {0}, b[33] = {0};

    (void)state;
    assert_true(spk_ct_eq(a, b, sizeof(a)));
    assert_true(spk_ct_zero(a, sizeof(a)));
    for (size_t i = 0; i < sizeof(a) * 8; i++) {
        a[i / 8] = (uint8_t)(1u << (i % 8));
        assert_false(spk_ct_eq(a, b, sizeof(a)));
        assert_false(spk_ct_zero(a, sizeof(a)));
        a[i / 8] = 0;
    }
    a[32] = 1;
    assert_true(spk_ct_eq(a, b, 32));
    assert_true(spk_ct_zero(a, 32));
    assert_true(spk_ct_eq(NULL, NULL, 0));
}

static void
test_codes(void **state)
{
    (void)state;
    for (int c = SPK_CODE_OK; c < SPK_CODE_MAX_; c++) {
        assert_string_not_equal(spk_code_name((enum spk_code)c), "unknown");
        for (int d = SPK_CODE_OK; d < c; d++) {
            assert_string_not_equal(spk_code_name((enum spk_code)c),
                                    spk_code_name((enum spk_code)d));
        }
    }
    assert_string_equal(spk_code_name(SPK_CODE_MAX_), "unknown");
    assert_string_equal(spk_code_name((enum spk_code) - 1), "unknown");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eq_and_cmp),
        cmocka_unit_test(test_ct),
        cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
