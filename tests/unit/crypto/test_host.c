/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL is also the program's that our libraries are loaded into: its settings and its error
 * queue are its own. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "spk_test.h"

#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/rsa.h"

static void
write_conf(char **ret_dir)
{
    char path[512];
    *ret_dir = spk_test_dir();
    (void)snprintf(path, sizeof path, "%s/openssl.cnf", *ret_dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs("openssl_conf = i\n[i]\nproviders = p\n[p]\ndefault = d\nlegacy = l\n"
                      "[d]\nactivate = 1\n[l]\nactivate = 1\n",
                      f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(setenv("OPENSSL_CONF", path, 1), 0);
}

static void
the_settings_are_the_hosts(void **state)
{
    char *dir = NULL;
    struct spk_hash h;
    (void)state;
    write_conf(&dir);
    assert_spk_ok(spk_sha256(SPK_SPAN_LIT("first, before the program itself"), &h));
    EVP_MD *md4 = EVP_MD_fetch(NULL, "MD4", NULL); /* of the legacy provider in openssl.cnf */
    assert_non_null(md4);
    EVP_MD_free(md4);
    spk_test_dir_remove(dir);
}

/* Calls that fail, and some that work. */
static void
use_everything(void)
{
    SPK_AUTO(spk_rsa) rsa = NULL;
    uint8_t sig[SPK_ED25519_SIG_LEN] = {1}, pub[SPK_ED25519_LEN] = {2};
    uint8_t wrong[256] = {3};
    assert_false(spk_ok(spk_ed25519_verify(pub, SPK_SPAN_LIT("text"), SPK_SPAN_OF(sig))));
    assert_spk_ok(spk_rsa_generate(SPK_RSA_MIN_BITS, &rsa));
    assert_false(spk_ok(spk_rsa_from_spki(SPK_SPAN_OF(wrong), &rsa)));
}

static void
the_error_queue_is_the_hosts(void **state)
{
    (void)state;
    ERR_clear_error();
    use_everything();
    assert_int_equal(ERR_peek_error(), 0); /* nothing of ours */
    ERR_raise_data(ERR_LIB_USER, 100, "host");
    unsigned long own = ERR_peek_error();
    use_everything();
    assert_int_equal(ERR_peek_error(), own);
    assert_int_equal(ERR_peek_last_error(), own);
    ERR_clear_error();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_settings_are_the_hosts), /* first: it is read once a process */
        cmocka_unit_test(the_error_queue_is_the_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
