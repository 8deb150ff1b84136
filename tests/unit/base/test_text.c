/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>

#include "spk_test.h"

static const char *
built(struct spk_buf *b)
{
    const char *s = NULL;

    assert_spk_ok(spk_buf_cstr(b, &s));
    return s;
}

static void
test_hex(void **state)
{
    static const uint8_t v[] = {0x00, 0x1f, 0xab, 0xff};
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(8);
    char text[9];
    uint8_t out[4] = {9, 9, 9, 9};

    (void)state;
    assert_string_equal(spk_hex(SPK_SPAN_OF(v), text), "001fabff");
    assert_spk_ok(spk_buf_hex(&b, SPK_SPAN_OF(v)));
    assert_string_equal(built(&b), "001fabff");
    assert_spk_ok(spk_hex_parse(SPK_SPAN_LIT("001FaBff"), out, 4));
    assert_memory_equal(out, v, 4);
    memset(out, 9, sizeof(out));
    assert_spk_code(spk_hex_parse(SPK_SPAN_LIT("001fabf"), out, 4), FORMAT);
    assert_spk_code(spk_hex_parse(SPK_SPAN_LIT("001fabff0"), out, 4), FORMAT);
    assert_spk_code(spk_hex_parse(SPK_SPAN_LIT("001fab g"), out, 4), FORMAT);
    assert_spk_code(spk_hex_parse(SPK_SPAN_LIT("001fabf\0"), out, 4), FORMAT);
    assert_int_equal(out[0], 9); /* untouched on failure */
}

/* RFC 4648 §10. */
static void
test_base64_known(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(64), back = SPK_BUF(64);
        assert_spk_ok(spk_buf_base64(&b, spk_span_str(pairs[i][0])));
        assert_string_equal(built(&b), pairs[i][1]);
        assert_spk_ok(spk_base64_parse(spk_span_str(pairs[i][1]), &back));
        assert_string_equal(built(&back), pairs[i][0]);
    }
}

static void
test_base64_all_bytes(void **state)
{
    uint8_t v[256], out[256];

    (void)state;
    for (size_t i = 0; i < 256; i++) {
        v[i] = (uint8_t)i;
    }
    for (size_t n = 0; n <= 256; n++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(400);
        assert_spk_ok(spk_buf_base64(&b, spk_span(v, n)));
        assert_spk_ok(spk_base64_fixed(spk_buf_span(&b), out, n));
        assert_memory_equal(v, out, n);
        assert_spk_code(spk_base64_fixed(spk_buf_span(&b), out, n + 1), FORMAT);
    }
}

static void
test_base64_strict(void **state)
{
    static const char *const bad[] = {
        "Z",    "Zg",   "Zg=",      "Zh==", "Zm9=",      "Zg==\n",  "Zg== ", "=Zg=",
        "Z===", "====", "Zg==Zg==", "Zm-_", "Zm9v Zm9v", "Zm9\x80", "Z=g="};
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(64);

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_spk_code(spk_base64_parse(spk_span_str(bad[i]), &b), FORMAT);
        assert_int_equal(b.len, 0);
    }
}

static void
test_code(void **state)
{
    static const uint8_t v[10] = {0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf};
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(64);
    uint8_t out[10];

    (void)state;
    assert_spk_ok(spk_buf_code(&b, SPK_SPAN_OF(v))); /* five-bit values 0 to 15 in order */
    assert_string_equal(built(&b), "01234-56789-ABCDE-F");
    assert_spk_ok(spk_code_parse(spk_buf_span(&b), out, 10));
    assert_memory_equal(out, v, 10);
    assert_spk_ok(spk_code_parse(SPK_SPAN_LIT(" oi23456789 abcdef "), out, 10));
    assert_memory_equal(out, v, 10);
    assert_spk_ok(spk_code_parse(SPK_SPAN_LIT("OL2-345-6789abcdef\n"), out, 10));
    assert_memory_equal(out, v, 10);
    assert_spk_code(spk_code_parse(SPK_SPAN_LIT("0123456789ABCDE"), out, 10), FORMAT);
    assert_spk_code(spk_code_parse(SPK_SPAN_LIT("0123456789ABCDEF0"), out, 10), FORMAT);
    assert_spk_code(spk_code_parse(SPK_SPAN_LIT("0123456789ABCDEU"), out, 10), FORMAT);
    assert_spk_code(spk_code_parse(spk_span("0123456789ABCDE\0", 16), out, 10), FORMAT);
    assert_spk_code(spk_buf_code(&b, spk_span(v, 9)), USAGE);
}

static void
test_code_round_trip(void **state)
{
    uint8_t v[5], out[5];

    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(16);
        memset(v, (int)i, sizeof(v));
        v[i % 5] ^= 0xa5;
        assert_spk_ok(spk_buf_code(&b, SPK_SPAN_OF(v)));
        assert_spk_ok(spk_code_parse(spk_buf_span(&b), out, 5));
        assert_memory_equal(v, out, 5);
    }
}

static void
test_dec(void **state)
{
    static const char *const bad[] = {"", "00", "01", "-1", "+1", " 1", "1 ", "1x", "0x1"};
    uint64_t v = 77;

    (void)state;
    assert_spk_ok(spk_dec_parse(SPK_SPAN_LIT("0"), 0, &v));
    assert_int_equal(v, 0);
    assert_spk_ok(spk_dec_parse(SPK_SPAN_LIT("18446744073709551615"), UINT64_MAX, &v));
    assert_true(v == UINT64_MAX);
    v = 77;
    assert_spk_code(spk_dec_parse(SPK_SPAN_LIT("18446744073709551616"), UINT64_MAX, &v), LIMIT);
    assert_spk_code(spk_dec_parse(SPK_SPAN_LIT("99999999999999999999999"), UINT64_MAX, &v), LIMIT);
    assert_spk_code(spk_dec_parse(SPK_SPAN_LIT("11"), 10, &v), LIMIT);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_spk_code(spk_dec_parse(spk_span_str(bad[i]), 100, &v), FORMAT);
    }
    assert_int_equal(v, 77);
}

/* RFC 3629: the borders of each length, surrogates, overlong forms, bytes that never occur. */
static void
test_utf8(void **state)
{
    static const char *const good[] = {"",
                                       "abc",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2\x41",
                                      "\xe0\x80\x80",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xe1\x80",
                                      "\xf0\x80\x80\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xf8\x88\x80\x80\x80",
                                      "\xff",
                                      "a\xfe",
                                      "ok\xe2\x82"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(spk_utf8_ok(spk_span_str(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(spk_utf8_ok(spk_span_str(bad[i])));
        assert_false(spk_utf8_plain(spk_span_str(bad[i])));
    }
    assert_true(spk_utf8_plain(SPK_SPAN_LIT("na\xc3\xafve \xe2\x82\xac")));
    assert_false(spk_utf8_plain(SPK_SPAN_LIT("a\nb")));
    assert_false(spk_utf8_plain(SPK_SPAN_LIT("a\0b")));
    assert_false(spk_utf8_plain(SPK_SPAN_LIT("\x7f")));
    assert_false(spk_utf8_plain(SPK_SPAN_LIT("\xc2\x9b"))); /* C1: a terminal's CSI */
}

static void
test_escape(void **state)
{
    static const char *const pairs[][2] = {
        {"plain \xe2\x82\xac.txt", "plain \xe2\x82\xac.txt"},
        {"a\nb\x1b[2J\x7f", "a\\x0Ab\\x1B[2J\\x7F"},
        {"back\\slash", "back\\\\slash"},
        {"latin\xe9", "latin\\xE9"},
        {"\xe2\x82", "\\xE2\\x82"},
        {"exe\xe2\x80\xaegpj", "exe\\u{202E}gpj"},
        {"zero\xe2\x80\x8bwidth", "zero\\u{200B}width"},
        {"\xc2\x9b", "\\u{009B}"},
        {"\xef\xbb\xbf", "\\u{FEFF}"},
        {"a\xef\xb8\x8f", "a\\u{FE0F}"},
        {"\xf0\x9b\xb2\xa0", "\\u{1BCA0}"},
        {"\xf3\xa0\x81\x81", "\\u{E0041}"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(256);
        assert_spk_ok(spk_buf_escape(&b, spk_span_str(pairs[i][0])));
        assert_string_equal(built(&b), pairs[i][1]);
    }
}

/* Whatever goes in, what comes out is plain UTF-8. */
static void
test_escape_is_plain(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 65536; i++) {
        uint8_t in[3] = {(uint8_t)(i >> 8), (uint8_t)i, 'x'};
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(64);
        assert_spk_ok(spk_buf_escape(&b, SPK_SPAN_OF(in)));
        assert_true(spk_utf8_plain(spk_buf_span(&b)));
    }
}

static void
test_split_and_prefix(void **state)
{
    struct spk_span rest = SPK_SPAN_LIT("key=a=b"), head = SPK_SPAN_EMPTY;

    (void)state;
    assert_true(spk_split(&rest, '=', &head));
    assert_span_equal(head, SPK_SPAN_LIT("key"));
    assert_span_equal(rest, SPK_SPAN_LIT("a=b"));
    assert_false(spk_split(&rest, ':', &head));
    assert_span_equal(rest, SPK_SPAN_LIT("a=b"));
    assert_true(spk_skip_prefix(&rest, "a="));
    assert_span_equal(rest, SPK_SPAN_LIT("b"));
    assert_false(spk_skip_prefix(&rest, "bc"));
    assert_true(spk_skip_prefix(&rest, ""));
    assert_true(spk_skip_prefix(&rest, "b"));
    assert_int_equal(rest.len, 0);
    rest = SPK_SPAN_EMPTY;
    assert_false(spk_split(&rest, '=', &head));
    assert_false(spk_skip_prefix(&rest, "x"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_base64_known),
        cmocka_unit_test(test_base64_all_bytes),
        cmocka_unit_test(test_base64_strict),
        cmocka_unit_test(test_code),
        cmocka_unit_test(test_code_round_trip),
        cmocka_unit_test(test_dec),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_escape_is_plain),
        cmocka_unit_test(test_split_and_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
