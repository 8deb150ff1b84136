/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "spk_test.h"

static void
test_integers(void **state)
{
    static const uint8_t want[] = {0x01, 0x12, 0x34, 0x12, 0x34, 0x56, 0x78, 0x01, 0x23, 0x45, 0x67,
                                   0x89, 0xab, 0xcd, 0xef, 0x34, 0x12, 0x78, 0x56, 0x34, 0x12};
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(64);

    (void)state;
    assert_spk_ok(spk_buf_u8(&b, 1));
    assert_spk_ok(spk_buf_u16(&b, 0x1234));
    assert_spk_ok(spk_buf_u32(&b, 0x12345678));
    assert_spk_ok(spk_buf_u64(&b, 0x0123456789abcdef));
    assert_spk_ok(spk_buf_u16le(&b, 0x1234));
    assert_spk_ok(spk_buf_u32le(&b, 0x12345678));
    assert_span_equal(spk_buf_span(&b), SPK_SPAN_OF(want));
    assert_int_equal(spk_get_u16(b.ptr + 1), 0x1234);
    assert_int_equal(spk_get_u32(b.ptr + 3), 0x12345678);
    assert_int_equal(spk_get_u64(b.ptr + 7), 0x0123456789abcdef);
}

static void
test_limit(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(10);
    uint8_t *p = NULL;

    (void)state;
    assert_spk_ok(spk_buf_str(&b, "0123456789"));
    assert_spk_code(spk_buf_u8(&b, 0), LIMIT);
    assert_spk_code(spk_buf_reserve(&b, SIZE_MAX), LIMIT);
    assert_spk_code(spk_buf_grow(&b, 1, &p), LIMIT);
    assert_null(p);
    assert_span_equal(spk_buf_span(&b), SPK_SPAN_LIT("0123456789"));
    assert_spk_ok(spk_buf_grow(&b, 0, &p));
    assert_spk_ok(spk_buf_add(&b, SPK_SPAN_EMPTY));
    spk_buf_reset(&b);
    assert_int_equal(b.len, 0);
    assert_spk_ok(spk_buf_zero(&b, 10));
    assert_true(spk_ct_zero(b.ptr, 10));
}

static void
test_growth_keeps_bytes(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(100000);

    (void)state;
    for (uint32_t i = 0; i < 25000; i++) {
        assert_spk_ok(spk_buf_u32(&b, i));
    }
    for (uint32_t i = 0; i < 25000; i++) {
        assert_int_equal(spk_get_u32(b.ptr + 4 * (size_t)i), i);
    }
    assert_true(b.cap <= 100000);
    assert_spk_code(spk_buf_u8(&b, 0), LIMIT);
}

static void
test_printf_and_cstr(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(8);
    const char *s = NULL;

    (void)state;
    assert_spk_ok(spk_buf_cstr(&b, &s));
    assert_string_equal(s, "");
    assert_spk_ok(spk_buf_printf(&b, "%d-%s", 42, "abcde")); /* exactly the bound */
    assert_int_equal(b.len, 8);
    assert_int_equal(b.ptr[8], 0);
    assert_spk_ok(spk_buf_cstr(&b, &s));
    assert_string_equal(s, "42-abcde");
    assert_spk_code(spk_buf_printf(&b, "x"), LIMIT);
    assert_int_equal(b.len, 8);
    spk_buf_free(&b);
    assert_spk_ok(spk_buf_add(&b, spk_span("a\0b", 3)));
    assert_spk_code(spk_buf_cstr(&b, &s), FORMAT);
}

/* What reset leaves behind is zeros, also beyond the former length. */
static void
test_reset_wipes(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(1000);

    (void)state;
    assert_spk_ok(spk_buf_str(&b, "secret secret secret"));
    b.len = 3;
    spk_buf_reset(&b);
    assert_true(spk_ct_zero(b.ptr, b.cap));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),           cmocka_unit_test(test_limit),
        cmocka_unit_test(test_growth_keeps_bytes), cmocka_unit_test(test_printf_and_cstr),
        cmocka_unit_test(test_reset_wipes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
