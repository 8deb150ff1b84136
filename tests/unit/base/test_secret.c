/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <pthread.h>
#include <string.h>

#include "spk_test.h"

static void
test_copies(void **state)
{
    SPK_AUTO(spk_secret) a = NULL;
    SPK_AUTO(spk_secret) b = NULL;

    (void)state;
    assert_spk_ok(spk_secret_from(SPK_SPAN_LIT("correct horse"), &a));
    assert_spk_ok(spk_secret_dup(a, &b));
    assert_int_equal(spk_secret_len(b), 13);
    assert_true(spk_secret_eq(a, b));
    assert_ptr_not_equal(spk_secret_span(a).ptr, spk_secret_span(b).ptr);
    spk_secret_mut(b).ptr[12] ^= 1;
    assert_false(spk_secret_eq(a, b));
    spk_secret_mut(b).ptr[12] ^= 1;
    spk_secret_truncate(b, 7);
    assert_int_equal(spk_secret_len(b), 7);
    assert_span_equal(spk_secret_span(b), SPK_SPAN_LIT("correct"));
    assert_true(spk_ct_zero(spk_secret_span(b).ptr + 7, 6));
    assert_false(spk_secret_eq(a, b));
    spk_secret_truncate(b, 100); /* never longer */
    assert_int_equal(spk_secret_len(b), 7);
}

static void
test_lengths(void **state)
{
    static const size_t lens[] = {1, 32, 63, 64, 65, 4096, 4097, SPK_SECRET_MAX};
    struct spk_secret *none = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        SPK_AUTO(spk_secret) s = NULL;
        assert_spk_ok(spk_secret_new(lens[i], &s));
        assert_true(spk_ct_zero(spk_secret_span(s).ptr, lens[i]));
        memset(spk_secret_mut(s).ptr, 0xff, lens[i]);
    }
    assert_spk_code(spk_secret_new(0, &none), USAGE);
    assert_spk_code(spk_secret_new(SPK_SECRET_MAX + 1, &none), LIMIT);
    assert_null(none);
    spk_secret_free(NULL);
}

/* A freed slot comes back as zeros, and no two live secrets overlap. */
static void
test_reuse_is_wiped(void **state)
{
    enum { N = 300 };
    struct spk_secret *s[N];

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < N; i++) {
            assert_spk_ok(spk_secret_new(32, &s[i]));
            assert_true(spk_ct_zero(spk_secret_span(s[i]).ptr, 32));
            memset(spk_secret_mut(s[i]).ptr, (int)(i % 255) + 1, 32);
        }
        for (size_t i = 0; i < N; i++) {
            const uint8_t *p = spk_secret_span(s[i]).ptr;
            assert_int_equal(p[0], (i % 255) + 1);
            assert_int_equal(p[31], (i % 255) + 1);
            spk_secret_free(s[i]);
            assert_true(spk_ct_zero(p, 32)); /* the page stays mapped */
        }
    }
}

static void *
churn(void *arg)
{
    int *fails = arg;

    for (unsigned i = 0; i < 20000; i++) {
        SPK_AUTO(spk_secret) s = NULL;
        if (!spk_ok(spk_secret_new(1 + i % 64, &s)) ||
            !spk_ct_zero(spk_secret_span(s).ptr, spk_secret_len(s))) {
            (*fails)++;
            return NULL;
        }
        memset(spk_secret_mut(s).ptr, 0x5a, spk_secret_len(s));
    }
    return NULL;
}

static void
test_threads(void **state)
{
    pthread_t t[4];
    int fails[4] = {0};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, churn, &fails[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
        assert_int_equal(fails[i], 0);
    }
}

static void
test_wipe_on_exit(void **state)
{
    uint8_t outer[16];

    (void)state;
    memset(outer, 0xff, sizeof(outer));
    {
        SPK_WIPE_ON_EXIT(outer);
        assert_int_equal(outer[15], 0xff);
    }
    assert_true(spk_ct_zero(outer, sizeof(outer)));
    spk_wipe(NULL, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies),         cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_reuse_is_wiped), cmocka_unit_test(test_threads),
        cmocka_unit_test(test_wipe_on_exit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
