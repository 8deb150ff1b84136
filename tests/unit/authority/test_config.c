/* SPDX-License-Identifier: Apache-2.0 */
#include "spk_test.h"

#include "authority/config.h"

static spk_err
parse(const char *text, struct spk_config *c, unsigned *line)
{
    return spk_config_parse(spk_span_str(text), "/etc/sparekey", c, line);
}

static void
test_defaults(void **state)
{
    (void)state;
    struct spk_config c;
    unsigned line = 77;

    assert_spk_ok(parse("", &c, &line));
    assert_int_equal(line, 77);
    assert_string_equal(c.listen, "127.0.0.1:8443");
    assert_string_equal(c.tls_cert, "/etc/sparekey/tls.crt");
    assert_string_equal(c.database, "/etc/sparekey/sparekey.db");
    assert_string_equal(c.holder, "/etc/sparekey/../run/holder.sock");
    assert_string_equal(c.store, "sqlite");
    assert_int_equal(c.enrolment_mode, SPK_ENROLMENT_OPEN);
    assert_int_equal(c.max_batch, 1000);
    assert_int_equal(c.max_body, 8 << 20);
    spk_config_clear(&c);
}

static void
test_values(void **state)
{
    (void)state;
    struct spk_config c;
    unsigned line = 0;

    assert_spk_ok(parse("# an authority\nlisten = [::1]:0\ndatabase = /var/lib/x.db\n"
                        "enrolment = approval\nmax_batch = 5\ncheck_per_second = 0\n",
                        &c, &line));
    assert_string_equal(c.listen, "[::1]:0");
    assert_string_equal(c.database, "/var/lib/x.db");
    assert_int_equal(c.enrolment_mode, SPK_ENROLMENT_APPROVAL);
    assert_int_equal(c.max_batch, 5);
    assert_int_equal(c.check_per_second, 0);
    spk_config_clear(&c);
    assert_spk_ok(parse("enrolment = token\n", &c, &line));
    assert_int_equal(c.enrolment_mode, SPK_ENROLMENT_TOKEN);
    spk_config_clear(&c);
}

#define W1 "witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU\n"

static void
test_witnesses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "witness = " W1,
        "witness = ftp://w.example " W1,
        "witness = http://w.example nobody\n",
        /* a log's key */
        "witness = http://w.example sparekey.example/deposits+cb663ed9"
        "+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c\n",
        "witness = http://w.example " W1 "witness = https://other.example " W1,
    };
    struct spk_config c;
    unsigned line = 0;

    assert_spk_ok(parse("witness = http://w.example:8090/  " W1, &c, &line));
    assert_int_equal(c.n_cosigners, 1);
    assert_string_equal(c.cosigners[0].url, "http://w.example:8090/add-checkpoint");
    assert_string_equal(c.cosigners[0].key.name, "witness.example/w1");
    spk_config_clear(&c);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_spk_code(parse(bad[i], &c, &line), FORMAT);
    }
}

static void
test_faults_name_the_line(void **state)
{
    (void)state;
    struct spk_config c;
    unsigned line = 0;

    assert_spk_code(parse("listen = a:1\nspeed = 9\n", &c, &line), FORMAT);
    assert_int_equal(line, 2);
    assert_spk_code(parse("max_batch = 0\n", &c, &line), LIMIT);
    assert_int_equal(line, 1);
    assert_spk_code(parse("\n\nmax_list = 10001\n", &c, &line), LIMIT);
    assert_int_equal(line, 3);
    assert_spk_code(parse("listen = a:1\nlisten = b:2\n", &c, &line), FORMAT);
    assert_int_equal(line, 2);
    assert_spk_code(parse("enrolment = maybe\n", &c, &line), USAGE);
    assert_int_equal(line, 0);
    assert_spk_code(spk_config_load("/nowhere/at/all.conf", &c, &line), NOTFOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_witnesses),
        cmocka_unit_test(test_faults_name_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
