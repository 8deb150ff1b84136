/* SPDX-License-Identifier: Apache-2.0 */
#include "vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/json.h"

static struct spk_json *
parse(const char *text)
{
    struct spk_json *j = NULL;

    assert_spk_ok(spk_json_parse(spk_span_str(text), &j));
    return j;
}

static void
reads_members(void **state)
{
    (void)state;
    SPK_AUTO(spk_json)
    j = parse(" {\"s\":\"text\",\"n\" : 9007199254740992,\n\"t\":true,\"f\":false,\"z\":null,"
              "\"h\":\"00ff\",\"b\":\"AAEC\",\"o\":{\"k\":1},\"a\":[\"x\",2,[],{}]}\r\n\t ");
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(16);
    const struct spk_json *o, *a;
    const char *s;
    uint8_t two[2];
    uint64_t n;
    size_t len;
    bool t;

    assert_spk_ok(spk_json_str(j, "s", &s));
    assert_string_equal(s, "text");
    assert_spk_ok(spk_json_u64(j, "n", &n));
    assert_true(n == (uint64_t)1 << 53);
    assert_spk_ok(spk_json_bool(j, "t", &t));
    assert_true(t);
    assert_spk_ok(spk_json_bool(j, "f", &t));
    assert_false(t);
    assert_true(spk_json_is_null(j, "z"));
    assert_false(spk_json_is_null(j, "s"));
    assert_spk_ok(spk_json_hex(j, "h", two, 2));
    assert_memory_equal(two, "\x00\xff", 2);
    assert_spk_ok(spk_json_base64(j, "b", &b));
    assert_span_equal(spk_buf_span(&b), SPK_SPAN_LIT("\0\1\2"));
    assert_spk_ok(spk_json_obj(j, "o", &o));
    assert_spk_ok(spk_json_u64(o, "k", &n));
    assert_spk_ok(spk_json_array(j, "a", &a, &len));
    assert_int_equal(len, 4);
    assert_string_equal(spk_json_text(spk_json_at(a, 0)), "x");
    assert_null(spk_json_text(spk_json_at(a, 1)));
    assert_null(spk_json_at(a, 4));
    assert_null(spk_json_text(spk_json_at(a, 4)));
    assert_true(spk_json_has(j, "z"));
    assert_false(spk_json_has(j, "S"));
}

static void
wrong_types_and_missing_members(void **state)
{
    (void)state;
    SPK_AUTO(spk_json)
    j = parse("{\"s\":\"00FF\",\"n\":1,\"d\":1.0,\"m\":-1,\"e\":1e3,"
              "\"big\":9007199254740993,\"a\":[1]}");
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(16);
    const struct spk_json *v, *a;
    const char *s;
    uint8_t two[2];
    uint64_t n;
    size_t len;
    bool t;

    assert_spk_code(spk_json_str(j, "n", &s), FORMAT);
    assert_spk_code(spk_json_str(j, "x", &s), FORMAT);
    assert_spk_code(spk_json_u64(j, "s", &n), FORMAT);
    assert_spk_code(spk_json_u64(j, "d", &n), FORMAT); /* not written as an integer */
    assert_spk_code(spk_json_u64(j, "m", &n), FORMAT);
    assert_spk_code(spk_json_u64(j, "e", &n), FORMAT);
    assert_spk_code(spk_json_u64(j, "big", &n), FORMAT); /* 2^53 + 1 */
    assert_spk_code(spk_json_bool(j, "n", &t), FORMAT);
    assert_spk_code(spk_json_obj(j, "a", &v), FORMAT);
    assert_spk_code(spk_json_array(j, "s", &v, &len), FORMAT);
    assert_spk_code(spk_json_hex(j, "s", two, 2), FORMAT); /* upper case */
    assert_spk_code(spk_json_base64(j, "n", &b), FORMAT);
    assert_spk_ok(spk_json_array(j, "a", &a, &len));
    assert_spk_code(spk_json_u64(a, "0", &n), FORMAT); /* no object at all */
    assert_spk_code(spk_json_only(a, (const char *const[]){NULL}), FORMAT);
    assert_null(spk_json_at(j, 0)); /* no array */
}

static void
only_known_keys(void **state)
{
    (void)state;
    static const char *const both[] = {"a", "b", NULL}, *const one[] = {"a", NULL};
    SPK_AUTO(spk_json) j = parse("{\"b\":1,\"a\":2}");
    SPK_AUTO(spk_json) empty = parse("{}");

    assert_spk_ok(spk_json_only(j, both));
    assert_spk_code(spk_json_only(j, one), FORMAT);
    assert_spk_ok(spk_json_only(empty, one));
}

static void
unescapes_strings(void **state)
{
    (void)state;
    SPK_AUTO(spk_json)
    j = parse("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\","
              "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\",\"\"]");

    assert_string_equal(spk_json_text(spk_json_at(j, 0)), "\"\\/\b\f\n\r\t");
    assert_string_equal(spk_json_text(spk_json_at(j, 1)), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_string_equal(spk_json_text(spk_json_at(j, 2)), "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_string_equal(spk_json_text(spk_json_at(j, 3)), "");
}

static void
takes_what_rfc_8259_allows(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0",
        "-0",
        "10",
        "-1.5e+10",
        "1E5",
        "0.25",
        "true",
        "null",
        "\"\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        " [ 1 , 2 ] ",
        "[[[[[[[[]]]]]]]]",
        "{\"\":0}",
        "{\"a\":{\"a\":{\"a\":1}}}",
        "\"\x7f\"",
        "123456789012345678901234567890",
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        spk_json_free(parse(good[i]));
    }
}

static void
refuses_everything_else(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "}",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{1:2}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "[1}",
        "{\"a\":1]",
        "1 2",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "0x10",
        "NaN",
        "Infinity",
        "tru",
        "True",
        "nullx",
        "'a'",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"a\nb\"",
        "\"\t\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800x\"",
        "\"\\udc00\"",
        "\"\\u0000\"",
        "\"\xff\"",
        "\"\xc3\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\xef\xbb\xbf{}",
        "[1]]",
        "[1]x",
        "/**/1",
        "\xc2\xa0"
        "1",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"b\":2,\"\\u0061\":3}",
        "\x0b"
        "1",
        "\"\xf4\x90\x80\x80\"",
        "{\"a\":1,\"b\"",
        "[\"\\",
        "-a",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct spk_json *j = NULL;
        assert_spk_code(spk_json_parse(spk_span_str(bad[i]), &j), FORMAT);
        assert_null(j);
    }
    struct spk_json *j = NULL;
    assert_spk_code(spk_json_parse(SPK_SPAN_LIT("1\0"), &j), FORMAT);
    assert_spk_code(spk_json_parse(SPK_SPAN_LIT("\"a\0b\""), &j), FORMAT);
}

static void
bounds(void **state)
{
    (void)state;
    struct spk_json *j = NULL;
    uint8_t *big = calloc(1, SPK_JSON_MAX + 1);

    assert_non_null(big);
    assert_spk_code(spk_json_parse(SPK_SPAN_LIT("[[[[[[[[[]]]]]]]]]"), &j), LIMIT);
    assert_spk_code(spk_json_parse(SPK_SPAN_LIT("{\"a\":[[[[[[[{}]]]]]]]}"), &j), LIMIT);
    memset(big, '[', SPK_JSON_MAX);
    assert_spk_code(spk_json_parse(spk_span(big, SPK_JSON_MAX), &j), LIMIT);
    memset(big, ' ', SPK_JSON_MAX + 1);
    big[0] = '1';
    assert_spk_ok(spk_json_parse(spk_span(big, SPK_JSON_MAX), &j));
    spk_json_free(j);
    j = NULL;
    assert_spk_code(spk_json_parse(spk_span(big, SPK_JSON_MAX + 1), &j), LIMIT);
    for (size_t i = 1; i < SPK_JSON_MAX - 1; i++) { /* more values than any message has */
        big[i] = i % 2 == 1 ? '0' : ',';
    }
    big[0] = '[';
    big[SPK_JSON_MAX - 2] = ' ';
    big[SPK_JSON_MAX - 3] = '0';
    big[SPK_JSON_MAX - 1] = ']';
    assert_spk_code(spk_json_parse(spk_span(big, SPK_JSON_MAX), &j), LIMIT);
    assert_null(j);
    free(big);
}

/* 100,000 keys: sorting finds the double, look-ups find the others. */
static void
big_objects_are_not_slow(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_JSON_MAX);
    SPK_AUTO(spk_json) j = NULL;
    struct spk_json *none = NULL;
    uint64_t v, start = spk_running_ms();

    assert_spk_ok(spk_buf_str(&b, "{"));
    for (int i = 0; i < 100000; i++) {
        assert_spk_ok(spk_buf_printf(&b, "\"k%d\":%d,", (i * 7919) % 100000, i));
    }
    size_t len = b.len;
    assert_spk_ok(spk_buf_str(&b, "\"last\":1}"));
    assert_spk_ok(spk_json_parse(spk_buf_span(&b), &j));
    for (int i = 0; i < 100000; i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "k%d", (i * 7919) % 100000);
        assert_spk_ok(spk_json_u64(j, key, &v));
        assert_true(v == (uint64_t)i);
    }
    b.len = len;
    assert_spk_ok(spk_buf_str(&b, "\"k500\":1}"));
    assert_spk_code(spk_json_parse(spk_buf_span(&b), &none), FORMAT);
    assert_in_range(spk_running_ms() - start, 0, 20000);
}

static void
writes(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(4096);
    struct spk_jw w = {.b = &b};

    spk_jw_open(&w, NULL, '{');
    spk_jw_cstr(&w, "s", "a\"b\\c\n\x01");
    spk_jw_u64(&w, "n", UINT64_MAX);
    spk_jw_bool(&w, "t", true);
    spk_jw_bool(&w, "f", false);
    spk_jw_null(&w, "z");
    spk_jw_hex(&w, "h", SPK_SPAN_LIT("\0\xff"));
    spk_jw_base64(&w, "b", SPK_SPAN_LIT("\0\1\2"));
    spk_jw_open(&w, "a", '[');
    spk_jw_u64(&w, NULL, 1);
    spk_jw_open(&w, NULL, '{');
    spk_jw_close(&w, '}');
    spk_jw_open(&w, NULL, '[');
    spk_jw_close(&w, ']');
    spk_jw_cstr(&w, NULL, "");
    spk_jw_close(&w, ']');
    spk_jw_u64(&w, "last", 0);
    spk_jw_close(&w, '}');
    assert_spk_ok(spk_jw_end(&w));
    assert_span_equal(
        spk_buf_span(&b),
        SPK_SPAN_LIT("{\"s\":\"a\\\"b\\\\c\\u000a\\u0001\",\"n\":18446744073709551615,"
                     "\"t\":true,\"f\":false,\"z\":null,\"h\":\"00ff\",\"b\":\"AAEC\","
                     "\"a\":[1,{},[],\"\"],\"last\":0}"));
    SPK_AUTO(spk_json) back = NULL;
    assert_spk_ok(spk_json_parse(spk_buf_span(&b), &back));
}

static void
writes_bad_utf8_as_replacement(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(4096);
    SPK_AUTO(spk_json) j = NULL;
    struct spk_jw w = {.b = &b};

    spk_jw_str(&w, NULL, SPK_SPAN_LIT("a\xffz\xc3\xa9\xe2\x82\xf0\x9f\x98\x80\xc3"));
    assert_spk_ok(spk_jw_end(&w));
    assert_span_equal(spk_buf_span(&b),
                      SPK_SPAN_LIT("\"a\xef\xbf\xbdz\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd"
                                   "\xf0\x9f\x98\x80\xef\xbf\xbd\""));
    assert_spk_ok(spk_json_parse(spk_buf_span(&b), &j));
}

static void
writer_keeps_its_first_error(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf small = SPK_BUF(64), b = SPK_BUF(4096);
    struct spk_jw w = {.b = &small}, open = {.b = &b}, close = {.b = &b}, deep = {.b = &b};

    for (int i = 0; i < 100; i++) {
        spk_jw_cstr(&w, NULL, "0123456789");
    }
    assert_spk_code(spk_jw_end(&w), LIMIT);
    spk_jw_open(&open, NULL, '{');
    assert_spk_code(spk_jw_end(&open), USAGE);
    spk_jw_close(&close, '}');
    assert_spk_code(spk_jw_end(&close), USAGE);
    for (int i = 0; i < 40; i++) {
        spk_jw_open(&deep, NULL, '[');
    }
    assert_spk_code(spk_jw_end(&deep), LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_members),
        cmocka_unit_test(wrong_types_and_missing_members),
        cmocka_unit_test(only_known_keys),
        cmocka_unit_test(unescapes_strings),
        cmocka_unit_test(takes_what_rfc_8259_allows),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(bounds),
        cmocka_unit_test(big_objects_are_not_slow),
        cmocka_unit_test(writes),
        cmocka_unit_test(writes_bad_utf8_as_replacement),
        cmocka_unit_test(writer_keeps_its_first_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
