/* SPDX-License-Identifier: Apache-2.0 */
/* libsparekey as a program outside sees it: the installed header and the shared object alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sparekey/keys.h"

static char dir[] = "/tmp/spk-lib-XXXXXX";

static void
put(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");

    assert_non_null(f);
    assert_int_equal(fputs(text, f) >= 0, 1);
    assert_int_equal(fclose(f), 0);
}

static void
every_code_has_a_sentence(void **state)
{
    (void)state;
    for (int i = SPAREKEY_OK; i <= SPAREKEY_STOPPED; i++) {
        assert_string_not_equal(sparekey_strerror(i), "unknown result");
    }
    assert_string_equal(sparekey_strerror(-1), "unknown result");
    assert_string_equal(sparekey_strerror(SPAREKEY_STOPPED + 1), "unknown result");
    assert_string_not_equal(sparekey_version(), "");
}

static void
wrong_use(void **state)
{
    struct sparekey *s = NULL;
    enum sparekey_verdict v;

    (void)state;
    assert_int_equal(sparekey_open(NULL, &s), SPAREKEY_OK);
    assert_int_equal(sparekey_seal_file(s, NULL, "x", 0), SPAREKEY_USAGE);
    assert_int_equal(sparekey_seal_file(s, "x", "y", 1024), SPAREKEY_USAGE);
    assert_int_equal(sparekey_open_file(s, "x", "-", 0), SPAREKEY_USAGE);
    assert_int_equal(sparekey_verify_file(s, "x", 0, NULL, NULL), SPAREKEY_USAGE);
    assert_int_equal(sparekey_verify_file(s, "missing", 0, &v, NULL), SPAREKEY_NOT_FOUND);
    assert_int_equal(sparekey_open_file(s, "missing", NULL, 0), SPAREKEY_NOT_FOUND);
    sparekey_close(s);
    sparekey_close(NULL);
}

static void
no_keys(void **state)
{
    struct sparekey *s = NULL;

    (void)state;
    put("plain", "hello");
    assert_int_equal(sparekey_open(NULL, &s), SPAREKEY_OK);
    assert_int_equal(sparekey_seal_file(s, "plain", "plain.spk", 0), SPAREKEY_NO_KEY);
    assert_int_not_equal(access("plain.spk", F_OK), 0);
    assert_int_equal(sparekey_open_file(s, "plain", NULL, 0), SPAREKEY_FORMAT);
    sparekey_close(s);
}

static void
bad_profile(void **state)
{
    struct sparekey *s = NULL;

    (void)state;
    (void)mkdir("sparekey", 0700); /* keys may have been looked for there before */
    put("sparekey/config", "policy = never\n");
    assert_int_equal(sparekey_open(NULL, &s), SPAREKEY_FORMAT);
    assert_null(s);
    assert_int_equal(unlink("sparekey/config"), 0);
}

static void
nothing_spooled(void **state)
{
    struct sparekey *s = NULL;
    size_t n = 7;

    (void)state;
    assert_int_equal(sparekey_open(NULL, &s), SPAREKEY_OK);
    assert_int_equal(sparekey_spooled(s, &n), SPAREKEY_OK);
    assert_int_equal(n, 0);
    sparekey_close(s);
}

/* Keys of CryptoAPI programs: what can be told without an authority. */
static void
keys_wrong_use(void **state)
{
    static const unsigned char plain[] = "\x08\x02\0\0\x01\x68\0\0\x05\0\0\0abcde";
    static const unsigned char serial[SPAREKEY_SERIAL_LEN] = {1};
    struct sparekey_key k = {.blob = plain, .blob_len = sizeof(plain) - 1};
    const struct sparekey_recovery r = {.reason = NULL};
    struct sparekey_recovery_status st;
    struct sparekey *s = NULL;
    unsigned char buf[64];
    size_t len = sizeof(buf);

    (void)state;
    assert_int_equal(sparekey_open(NULL, &s), SPAREKEY_OK);
    assert_string_equal(sparekey_container(s), "default");
    assert_int_equal(sparekey_authority_blob(s, NULL, NULL, NULL), SPAREKEY_USAGE);
    assert_int_equal(sparekey_authority_blob(s, NULL, buf, &len), SPAREKEY_NOT_FOUND);
    assert_int_equal(sparekey_deposit_key(s, NULL, NULL), SPAREKEY_USAGE);
    assert_int_equal(sparekey_deposit_key(s, &k, NULL), SPAREKEY_NOT_FOUND); /* no authority */
    k.blob_len--;
    assert_int_equal(sparekey_deposit_key(s, &k, NULL), SPAREKEY_TRUNCATED);
    k.blob_flags = 1;
    assert_int_equal(sparekey_deposit_key(s, &k, NULL), SPAREKEY_USAGE);
    assert_int_equal(sparekey_recovery_begin(s, &r), SPAREKEY_NOT_FOUND); /* whose? */
    assert_int_equal(sparekey_recovery_status(s, NULL, &st), SPAREKEY_NOT_FOUND);
    assert_int_equal(sparekey_recovery_finish(s, "no one", NULL, NULL), SPAREKEY_NOT_FOUND);
    assert_int_equal(sparekey_recovery_drop(s, NULL), SPAREKEY_NOT_FOUND);
    assert_int_equal(sparekey_renew_blob(s, plain, 8, 0, buf, &len), SPAREKEY_NOT_FOUND);
    assert_int_equal(sparekey_renew_blob(s, plain, 8, 1, buf, &len), SPAREKEY_USAGE);
    assert_int_equal(sparekey_take_key(s, serial, SPAREKEY_OAEP | SPAREKEY_PLAIN, buf, &len),
                     SPAREKEY_USAGE);
    assert_int_equal(sparekey_take_key(s, serial, SPAREKEY_PLAIN, buf, &len), SPAREKEY_NOT_FOUND);
    assert_int_equal(sparekey_each_taken(s, NULL, NULL), SPAREKEY_USAGE);
    sparekey_close(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_sentence),
        cmocka_unit_test(wrong_use),
        cmocka_unit_test(no_keys),
        cmocka_unit_test(bad_profile),
        cmocka_unit_test(nothing_spooled),
        cmocka_unit_test(keys_wrong_use),
    };

    if (mkdtemp(dir) == NULL || chdir(dir) != 0) {
        return 1;
    }
    (void)setenv("XDG_CONFIG_HOME", dir, 1);
    (void)setenv("XDG_DATA_HOME", dir, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
