/* SPDX-License-Identifier: Apache-2.0 */
#include "base/conf.h"

#include "spk_test.h"

struct conf {
    char *name;
    char **items;
    uint64_t size;
    bool on;
};

#define KEYS(c)                                                                                    \
    {                                                                                              \
        {"name", SPK_CONF_STR, &(c).name, 0, 0, false},                                            \
            {"item", SPK_CONF_STR, &(c).items, 0, 0, true},                                        \
            {"size", SPK_CONF_U64, &(c).size, 10, 1000, false},                                    \
            {"on", SPK_CONF_BOOL, &(c).on, 0, 0, false},                                           \
    }

static void
conf_free(struct conf *c)
{
    for (size_t i = 0; c->items != NULL && c->items[i] != NULL; i++) {
        spk_mem_free(c->items[i]);
    }
    spk_mem_free(c->items);
    spk_mem_free(c->name);
}

static void
test_all_kinds(void **state)
{
    struct conf c = {.size = 10};
    const struct spk_conf_key keys[] = KEYS(c);
    unsigned line = 0;

    (void)state;
    assert_spk_ok(spk_conf_parse(SPK_SPAN_LIT("# comment\n\n  name =  a = b \r\nitem=x\nitem=y\n"
                                              "size = 1000\non = yes"),
                                 keys, 4, &line));
    assert_string_equal(c.name, "a = b");
    assert_string_equal(c.items[0], "x");
    assert_string_equal(c.items[1], "y");
    assert_null(c.items[2]);
    assert_int_equal(c.size, 1000);
    assert_true(c.on);
    assert_int_equal(line, 0);
    conf_free(&c);
}

static void
test_errors_name_the_line(void **state)
{
    static const struct {
        const char *text;
        enum spk_code code;
        unsigned line;
    } bad[] = {
        {"nam = x\n", SPK_CODE_FORMAT, 1},     {"\nname\n", SPK_CODE_FORMAT, 2},
        {"name =\n", SPK_CODE_FORMAT, 1},      {"name = a\n#\nname = b\n", SPK_CODE_FORMAT, 3},
        {"name = \xff\n", SPK_CODE_FORMAT, 1}, {"name = a\x01g\n", SPK_CODE_FORMAT, 1},
        {"size = ten\n", SPK_CODE_FORMAT, 1},  {"size = 9\n", SPK_CODE_LIMIT, 1},
        {"size = 1001\n", SPK_CODE_LIMIT, 1},  {"on = maybe\n", SPK_CODE_FORMAT, 1},
        {"on = yes\n= x", SPK_CODE_FORMAT, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct conf c = {0};
        const struct spk_conf_key keys[] = KEYS(c);
        unsigned line = 0;
        spk_err e = spk_conf_parse(spk_span_str(bad[i].text), keys, 4, &line);
        assert_string_equal(spk_code_name(e.code), spk_code_name(bad[i].code));
        assert_int_equal(line, bad[i].line);
        conf_free(&c);
    }
}

static void
test_limits(void **state)
{
    struct conf c = {0};
    const struct spk_conf_key keys[] = KEYS(c);
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(100000);
    unsigned line = 0;

    (void)state;
    for (size_t i = 0; i < SPK_CONF_KEYS_MAX; i++) {
        assert_spk_ok(spk_buf_str(&b, "item=x\n"));
    }
    assert_spk_ok(spk_conf_parse(spk_buf_span(&b), keys, 4, &line));
    assert_spk_code(spk_conf_parse(SPK_SPAN_LIT("item=x\n"), keys, 4, &line), LIMIT);
    conf_free(&c);
    c = (struct conf){0};
    spk_buf_reset(&b);
    assert_spk_ok(spk_buf_str(&b, "name="));
    while (b.len <= SPK_CONF_LINE_MAX) {
        assert_spk_ok(spk_buf_u8(&b, 'x'));
    }
    assert_spk_code(spk_conf_parse(spk_buf_span(&b), keys, 4, &line), LIMIT);
    assert_spk_ok(spk_buf_u8(&b, '\n'));
    assert_spk_code(spk_conf_parse(spk_buf_span(&b), keys, 4, &line), LIMIT);
    /* a table of the program's own that is too long: no line is to blame */
    assert_spk_code(spk_conf_parse(SPK_SPAN_EMPTY, keys, SPK_CONF_KEYS_MAX + 1, &line), USAGE);
    assert_int_equal(line, 0);
    conf_free(&c);
}

static void
test_one_key(void **state)
{
    (void)state;
    static const char text[] =
        "# listen = no\n\nwords\nempty =\n\tlisten \t=  [::1]:0 = x \r\nlast=1";
    struct spk_span t = SPK_SPAN_LIT(text), v;

    assert_spk_ok(spk_conf_get(t, "listen", &v));
    assert_true(spk_span_eq(v, SPK_SPAN_LIT("[::1]:0 = x")));
    assert_spk_ok(spk_conf_get(t, "last", &v));
    assert_true(spk_span_eq(v, SPK_SPAN_LIT("1")));
    assert_spk_code(spk_conf_get(t, "empty", &v), NOTFOUND);
    assert_spk_code(spk_conf_get(t, "words", &v), NOTFOUND);
    assert_spk_code(spk_conf_get(t, "liste", &v), NOTFOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds),
        cmocka_unit_test(test_errors_name_the_line),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_one_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
