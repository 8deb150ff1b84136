/* SPDX-License-Identifier: Apache-2.0 */
#include "vec.h"

#include <stdlib.h>
#include <string.h>

#include "wire/attrs.h"

static void
meets_the_vector(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(4096);
    static const uint8_t zeros[300];
    struct spk_attrs l = {.n = 0}, back;
    struct spk_span v;

    assert_spk_ok(spk_attrs_add(&l, 9, SPK_SPAN_EMPTY));
    assert_spk_ok(spk_attrs_add(&l, 2, SPK_SPAN_LIT("b")));
    assert_spk_ok(spk_attrs_add(&l, 2, SPK_SPAN_LIT("ab")));
    assert_spk_ok(spk_attrs_add(&l, 2, SPK_SPAN_LIT("a")));
    assert_spk_ok(spk_attrs_add(&l, 1, SPK_SPAN_OF(zeros)));
    assert_spk_ok(spk_attrs_add(&l, 0xffff, SPK_SPAN_LIT("z")));
    assert_spk_ok(spk_attrs_build(&l, &out));
    assert_span_equal(spk_buf_span(&out), vec("attrs"));

    assert_spk_ok(spk_attrs_parse(vec("attrs"), &back));
    assert_int_equal(back.n, 6);
    assert_true(spk_attrs_nth(&back, 2, 1, &v));
    assert_span_equal(v, SPK_SPAN_LIT("ab"));
    assert_false(spk_attrs_nth(&back, 2, 3, &v));
}

static void
reads_values(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(4096);
    struct spk_attrs l = {.n = 0}, p;
    uint8_t scratch[8], four[4];
    struct spk_span v;
    uint64_t u;

    assert_spk_ok(spk_attrs_add_u64(&l, 3, 0x0102030405060708u, scratch));
    assert_spk_ok(spk_attrs_add(&l, 4, SPK_SPAN_LIT("four")));
    assert_spk_ok(spk_attrs_add(&l, 5, SPK_SPAN_LIT("x")));
    assert_spk_ok(spk_attrs_add(&l, 5, SPK_SPAN_LIT("y")));
    assert_spk_ok(spk_attrs_build(&l, &out));
    assert_spk_ok(spk_attrs_parse(spk_buf_span(&out), &p));
    assert_spk_ok(spk_attrs_u64(&p, 3, &u));
    assert_true(u == 0x0102030405060708u);
    assert_spk_ok(spk_attrs_fixed(&p, 4, four, 4));
    assert_memory_equal(four, "four", 4);
    assert_true(spk_attrs_has(&p, 5));
    assert_false(spk_attrs_has(&p, 6));
    assert_spk_code(spk_attrs_u64(&p, 4, &u), FORMAT);
    assert_spk_code(spk_attrs_fixed(&p, 3, four, 4), FORMAT);
    assert_spk_code(spk_attrs_get(&p, 4, 3, &v), FORMAT);  /* longer than the caller takes */
    assert_spk_code(spk_attrs_get(&p, 5, 10, &v), FORMAT); /* two of them */
    assert_spk_code(spk_attrs_get(&p, 6, 10, &v), FORMAT); /* none */
}

static void
refuses(const char *bytes, size_t len, enum spk_code code)
{
    struct spk_attrs l = {.n = 77};

    assert_string_equal(spk_code_name(spk_attrs_parse(spk_span(bytes, len), &l).code),
                        spk_code_name(code));
    assert_int_equal(l.n, 77);
}
#define REFUSES(lit, code) refuses(lit, sizeof(lit) - 1, SPK_CODE_##code)

static void
refuses_what_is_not_canonical(void **state)
{
    (void)state;
    struct spk_attrs l;

    assert_spk_ok(spk_attrs_parse(SPK_SPAN_LIT("\0\0"), &l));
    REFUSES("", TRUNC);
    REFUSES("\0", TRUNC);
    REFUSES("\0\0x", FORMAT);            /* trailing byte */
    REFUSES("\0\1\0\1\0\0\0\2a", TRUNC); /* value cut short */
    REFUSES("\0\2\0\1\0\0\0\1a", TRUNC); /* one attribute less than said */
    REFUSES("\0\1\0\1\xff\xff\xff\xff"
            "a",
            TRUNC);
    REFUSES("\0\2\0\2\0\0\0\1a\0\1\0\0\0\1a", FORMAT); /* types not in order */
    REFUSES("\0\2\0\2\0\0\0\1b\0\2\0\0\0\1a", FORMAT); /* values not in order */
    REFUSES("\0\2\0\2\0\0\0\1a\0\2\0\0\0\1a", FORMAT); /* the same one twice */
    REFUSES("\0\x41", LIMIT);                          /* 65 attributes */
}

static void
knows_only_what_is_listed(void **state)
{
    (void)state;
    static const uint16_t all[] = {1, 2, 9, 0xffff}, some[] = {1, 2, 9};
    struct spk_attrs l;

    assert_spk_ok(spk_attrs_parse_known(vec("attrs"), all, 4, &l));
    assert_spk_code(spk_attrs_parse_known(vec("attrs"), some, 3, &l), VERSION);
}

static void
builds_no_doubles_and_no_more_than_the_limit(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(4096);
    struct spk_attrs l = {.n = 0};

    assert_spk_ok(spk_attrs_add(&l, 1, SPK_SPAN_LIT("a")));
    assert_spk_ok(spk_attrs_add(&l, 1, SPK_SPAN_LIT("a")));
    assert_spk_code(spk_attrs_build(&l, &out), FORMAT);
    assert_int_equal(out.len, 0);
    l.n = 0;
    for (uint16_t i = 0; i < SPK_ATTRS_MAX; i++) {
        assert_spk_ok(spk_attrs_add(&l, i, SPK_SPAN_EMPTY));
    }
    assert_spk_code(spk_attrs_add(&l, 1000, SPK_SPAN_EMPTY), LIMIT);
    assert_spk_ok(spk_attrs_build(&l, &out));
    assert_spk_ok(spk_attrs_parse(spk_buf_span(&out), &l));
}

/* Every prefix and every single changed byte of a list is refused or means another list. */
static void
one_list_one_string_of_bytes(void **state)
{
    (void)state;
    struct spk_span good = vec("attrs");

    for (size_t n = 0; n < good.len; n++) {
        struct spk_attrs l;
        assert_false(spk_ok(spk_attrs_parse(spk_span(good.ptr, n), &l)));
    }
    uint8_t *copy = vec_copy(good, 0);
    for (size_t i = 0; i < good.len; i++) {
        SPK_AUTO_BUF struct spk_buf again = SPK_BUF(4096);
        struct spk_attrs l;
        copy[i] ^= 1;
        if (spk_ok(spk_attrs_parse(spk_span(copy, good.len), &l))) {
            assert_spk_ok(spk_attrs_build(&l, &again));
            assert_span_equal(spk_buf_span(&again), spk_span(copy, good.len));
        }
        copy[i] ^= 1;
    }
    free(copy);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meets_the_vector),
        cmocka_unit_test(reads_values),
        cmocka_unit_test(refuses_what_is_not_canonical),
        cmocka_unit_test(knows_only_what_is_listed),
        cmocka_unit_test(builds_no_doubles_and_no_more_than_the_limit),
        cmocka_unit_test(one_list_one_string_of_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
