/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rd.h"

#include "spk_test.h"

static const uint8_t bytes[] = {0x01, 0x12, 0x34, 0x12, 0x34, 0x56, 0x78, 0x01, 0x23, 0x45, 0x67,
                                0x89, 0xab, 0xcd, 0xef, 0x34, 0x12, 0x78, 0x56, 0x34, 0x12};

static void
test_integers(void **state)
{
    struct spk_rd r = spk_rd(SPK_SPAN_OF(bytes));
    uint8_t v8;
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;

    (void)state;
    assert_spk_ok(spk_rd_u8(&r, &v8));
    assert_int_equal(v8, 1);
    assert_spk_ok(spk_rd_u16(&r, &v16));
    assert_int_equal(v16, 0x1234);
    assert_spk_ok(spk_rd_u32(&r, &v32));
    assert_int_equal(v32, 0x12345678);
    assert_spk_ok(spk_rd_u64(&r, &v64));
    assert_int_equal(v64, 0x0123456789abcdef);
    assert_spk_code(spk_rd_end(&r), FORMAT);
    assert_spk_ok(spk_rd_u16le(&r, &v16));
    assert_int_equal(v16, 0x1234);
    assert_spk_ok(spk_rd_u32le(&r, &v32));
    assert_int_equal(v32, 0x12345678);
    assert_spk_ok(spk_rd_end(&r));
    assert_spk_code(spk_rd_u8(&r, &v8), TRUNC);
}

/* Too short by one byte: nothing moves and nothing is written. */
static void
test_short_moves_nothing(void **state)
{
    uint8_t v8 = 7, copy[4] = {7, 7, 7, 7};
    uint16_t v16 = 7;
    uint32_t v32 = 7;
    uint64_t v64 = 7;
    struct spk_span s = SPK_SPAN_LIT("x");
    struct spk_rd r0 = spk_rd(spk_span(bytes, 0)), r1 = spk_rd(spk_span(bytes, 1));
    struct spk_rd r3 = spk_rd(spk_span(bytes, 3)), r7 = spk_rd(spk_span(bytes, 7));

    (void)state;
    assert_spk_code(spk_rd_u8(&r0, &v8), TRUNC);
    assert_spk_code(spk_rd_u16(&r1, &v16), TRUNC);
    assert_spk_code(spk_rd_u16le(&r1, &v16), TRUNC);
    assert_spk_code(spk_rd_u32(&r3, &v32), TRUNC);
    assert_spk_code(spk_rd_u32le(&r3, &v32), TRUNC);
    assert_spk_code(spk_rd_copy(&r3, copy, 4), TRUNC);
    assert_spk_code(spk_rd_u64(&r7, &v64), TRUNC);
    assert_spk_code(spk_rd_span(&r7, SIZE_MAX, &s), TRUNC);
    assert_spk_code(spk_rd_zero(&r7, 8), TRUNC);
    assert_int_equal(r0.left + r1.left + r3.left + r7.left, 11);
    assert_int_equal(v8 + v16 + v32 + v64 + copy[0], 35);
    assert_int_equal(s.len, 1);
}

static void
test_var(void **state)
{
    static const uint8_t v16[] = {0, 3, 'a', 'b', 'c', 0, 0};
    static const uint8_t v32[] = {0, 0, 0, 3, 'a', 'b', 'c'};
    struct spk_rd r = spk_rd(SPK_SPAN_OF(v16));
    struct spk_span s = SPK_SPAN_EMPTY;

    (void)state;
    assert_spk_code(spk_rd_var16(&r, 2, &s), LIMIT);
    assert_int_equal(r.left, 7);
    assert_spk_ok(spk_rd_var16(&r, 3, &s));
    assert_span_equal(s, SPK_SPAN_LIT("abc"));
    assert_spk_ok(spk_rd_var16(&r, 0, &s));
    assert_int_equal(s.len, 0);
    r = spk_rd(SPK_SPAN_OF(v32));
    assert_spk_code(spk_rd_var32(&r, 2, &s), LIMIT);
    assert_spk_ok(spk_rd_var32(&r, 3, &s));
    assert_span_equal(s, SPK_SPAN_LIT("abc"));
    r = spk_rd(spk_span(v16, 4));
    assert_spk_code(spk_rd_var16(&r, 100, &s), TRUNC);
    assert_int_equal(r.left, 4);
    r = spk_rd(spk_span(v32, 6));
    assert_spk_code(spk_rd_var32(&r, 100, &s), TRUNC);
    assert_int_equal(r.left, 6);
}

static void
test_zero(void **state)
{
    static const uint8_t z[] = {0, 0, 0, 1};
    struct spk_rd r = spk_rd(SPK_SPAN_OF(z));

    (void)state;
    assert_spk_code(spk_rd_zero(&r, 4), FORMAT);
    assert_int_equal(r.left, 4);
    assert_spk_ok(spk_rd_zero(&r, 3));
    assert_int_equal(r.left, 1);
    assert_spk_ok(spk_rd_zero(&r, 0));
}

static void
test_line(void **state)
{
    struct spk_rd r = spk_rd(SPK_SPAN_LIT("abc\n\nlonger\ncut"));
    struct spk_span s = SPK_SPAN_EMPTY;

    (void)state;
    assert_spk_ok(spk_rd_line(&r, 3, &s));
    assert_span_equal(s, SPK_SPAN_LIT("abc"));
    assert_spk_ok(spk_rd_line(&r, 0, &s));
    assert_int_equal(s.len, 0);
    assert_spk_code(spk_rd_line(&r, 5, &s), LIMIT);
    assert_spk_ok(spk_rd_line(&r, SIZE_MAX, &s));
    assert_span_equal(s, SPK_SPAN_LIT("longer"));
    assert_spk_code(spk_rd_line(&r, 100, &s), TRUNC);
    assert_int_equal(r.left, 3);
    r = spk_rd(SPK_SPAN_EMPTY);
    assert_spk_code(spk_rd_line(&r, 100, &s), TRUNC);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers), cmocka_unit_test(test_short_moves_nothing),
        cmocka_unit_test(test_var),      cmocka_unit_test(test_zero),
        cmocka_unit_test(test_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
