/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "spk_test.h"

#include "authority/target.h"

static spk_err
parse(const char *text, struct spk_target *t)
{
    return spk_target_parse(spk_span_str(text), t);
}

static void
test_path_and_query(void **state)
{
    (void)state;
    struct spk_target t;
    struct spk_span v;

    assert_spk_ok(parse("/v1/deposits", &t));
    assert_int_equal(t.n_segments, 2);
    assert_span_equal(t.segments[1], SPK_SPAN_LIT("deposits"));
    assert_false(spk_target_param(&t, "limit", &v));
    assert_spk_ok(parse("/v1/x?limit=10&description=a+b%26c%C3%98&empty=", &t));
    assert_int_equal(t.n_params, 3);
    assert_true(spk_target_param(&t, "limit", &v));
    assert_span_equal(v, SPK_SPAN_LIT("10"));
    assert_true(spk_target_param(&t, "description", &v));
    assert_span_equal(v, SPK_SPAN_LIT("a b&c\xc3\x98"));
    assert_true(spk_target_param(&t, "empty", &v));
    assert_int_equal(v.len, 0);
    assert_spk_ok(parse("/a%2Fb", &t)); /* an escaped slash does not split */
    assert_int_equal(t.n_segments, 1);
    assert_span_equal(t.segments[0], SPK_SPAN_LIT("a/b"));
    assert_spk_ok(parse("/a+b?", &t));
    assert_span_equal(t.segments[0], SPK_SPAN_LIT("a+b"));
}

static void
test_bad_targets(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",        "/",       "v1",     "//",         "/a/",      "/a//b", "/a%",       "/a%2",
        "/a%zz",   "/a%00",   "/a b",   "/a\tb",      "/a#b",     "/\x80", "/a?b",      "/a?=b",
        "/a?b=1&", "/a?&b=1", "/a?b=%", "/a?b=1&b=2", "/a?b=%00", "*",     "http://x/", "/a?b=1#c"};
    struct spk_target t;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (spk_ok(parse(bad[i], &t))) {
            fail_msg("'%s' was taken", bad[i]);
        }
    }
}

static void
test_limits(void **state)
{
    (void)state;
    struct spk_target t;
    char text[SPK_TARGET_MAX + 2];

    memset(text, 'a', sizeof(text) - 1);
    text[0] = '/';
    text[SPK_TARGET_MAX + 1] = 0;
    assert_spk_code(parse(text, &t), LIMIT);
    text[SPK_TARGET_MAX] = 0;
    assert_spk_ok(parse(text, &t));
    assert_int_equal(t.segments[0].len, SPK_TARGET_MAX - 1);
    assert_spk_ok(parse("/1/2/3/4/5/6/7/8", &t));
    assert_spk_code(parse("/1/2/3/4/5/6/7/8/9", &t), LIMIT);
    assert_spk_code(parse("/a?a=&b=&c=&d=&e=&f=&g=&h=&i=", &t), LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_and_query),
        cmocka_unit_test(test_bad_targets),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
