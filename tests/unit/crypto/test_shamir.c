/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/shamir.h"

#include "crypto/rng.h"
#include "vec.h"

static void
free_all(struct spk_secret **shares, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        spk_secret_free(shares[i]);
    }
}

static struct spk_secret *
secret_hex(const char *hex)
{
    struct vec v = vec_hex(hex);
    struct spk_secret *s = NULL;
    assert_spk_ok(spk_secret_from(vec_span(&v), &s));
    return s;
}

/* By hand in the field of AES: f(x) = 42 + 53 x, where 53 * 02 = a6 and 53 * 03 = f5 (FIPS 197
 * section 4.2 gives 57 * 02 = ae; 53 * ca = 01 is its example of an inverse). */
static void
by_hand(void **state)
{
    (void)state;
    struct spk_secret *shares[] = {secret_hex("0111"), secret_hex("02e4"), secret_hex("03b7"),
                                   secret_hex("ca43")};
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned j = 0; j < 4; j++) {
            if (i == j) {
                continue;
            }
            struct spk_secret *two[] = {shares[i], shares[j]};
            SPK_AUTO(spk_secret) got = NULL;
            assert_spk_ok(spk_shamir_join(two, 2, &got));
            assert_int_equal(spk_secret_len(got), 1);
            assert_int_equal(spk_secret_span(got).ptr[0], 0x42);
        }
    }
    free_all(shares, 4);
}

/* Every 3 of 5, in every order, give it back. */
static void
every_subset(void **state)
{
    (void)state;
    SPK_AUTO(spk_secret) secret = NULL;
    struct spk_secret *s[5] = {NULL};
    assert_spk_ok(spk_secret_random(100, &secret));
    assert_spk_ok(spk_shamir_split(secret, 3, 5, s));
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(spk_secret_len(s[i]), 101);
        assert_int_equal(spk_secret_span(s[i]).ptr[0], i + 1);
    }
    for (size_t n = 0; n < 125; n++) {
        size_t a = n / 25, b = n / 5 % 5, c = n % 5;
        if (a == b || b == c || a == c) {
            continue;
        }
        struct spk_secret *three[] = {s[a], s[b], s[c]};
        SPK_AUTO(spk_secret) got = NULL;
        assert_spk_ok(spk_shamir_join(three, 3, &got));
        assert_true(spk_secret_eq(secret, got));
        SPK_AUTO(spk_secret) too_few = NULL;
        assert_spk_ok(spk_shamir_join(three, 2, &too_few)); /* cannot know, but gives nonsense */
        assert_false(spk_secret_eq(secret, too_few));
    }
    free_all(s, 5);
}

static void
largest(void **state)
{
    (void)state;
    SPK_AUTO(spk_secret) secret = secret_hex("00ff80");
    struct spk_secret *s[SPK_SHAMIR_MAX] = {NULL};
    SPK_AUTO(spk_secret) got = NULL;
    assert_spk_ok(spk_shamir_split(secret, 255, 255, s));
    assert_spk_ok(spk_shamir_join(s, 255, &got));
    assert_true(spk_secret_eq(secret, got));
    free_all(s, 255);
}

/* With one share fewer every secret stays possible: each value of the missing share gives another
 * one. */
static void
one_share_fewer_tells_nothing(void **state)
{
    (void)state;
    SPK_AUTO(spk_secret) secret = secret_hex("5a");
    struct spk_secret *s[3] = {NULL};
    bool seen[256] = {false};
    assert_spk_ok(spk_shamir_split(secret, 2, 3, s));
    for (unsigned guess = 0; guess < 256; guess++) {
        uint8_t fake[2] = {2, (uint8_t)guess};
        SPK_AUTO(spk_secret) f = NULL;
        SPK_AUTO(spk_secret) got = NULL;
        assert_spk_ok(spk_secret_from(SPK_SPAN_OF(fake), &f));
        struct spk_secret *two[] = {s[0], f};
        assert_spk_ok(spk_shamir_join(two, 2, &got));
        uint8_t v = spk_secret_span(got).ptr[0];
        assert_false(seen[v]);
        seen[v] = true;
    }
    free_all(s, 3);
}

static void
refused(void **state)
{
    (void)state;
    SPK_AUTO(spk_secret) secret = secret_hex("0011");
    SPK_AUTO(spk_secret) zero = secret_hex("00aaaa");
    SPK_AUTO(spk_secret) thin = secret_hex("01");
    SPK_AUTO(spk_secret) longer = secret_hex("09aaaaaa");
    struct spk_secret *s[3] = {NULL}, *none = NULL;
    assert_spk_code(spk_shamir_split(secret, 1, 3, s), USAGE);
    assert_spk_code(spk_shamir_split(secret, 4, 3, s), USAGE);
    assert_spk_code(spk_shamir_split(secret, 2, 256, s), USAGE);
    assert_null(s[0]);
    assert_spk_ok(spk_shamir_split(secret, 2, 3, s));
    assert_spk_code(spk_shamir_join(s, 1, &none), USAGE);
    struct spk_secret *const bad[][2] = {
        {s[0], s[0]}, {s[0], zero}, {thin, s[1]}, {thin, thin}, {s[0], longer}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_spk_code(spk_shamir_join(bad[i], 2, &none), FORMAT);
    }
    assert_null(none);
    free_all(s, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand), cmocka_unit_test(every_subset),
        cmocka_unit_test(largest), cmocka_unit_test(one_share_fewer_tells_nothing),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
