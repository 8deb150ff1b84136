/* SPDX-License-Identifier: Apache-2.0 */
/* The thin line: container, session key, encrypt, export, import, decrypt. */
#include <string.h>

#include "capi_test.h"

static void
round_trip(HCRYPTPROV p, ALG_ID alg, DWORD flags)
{
    HCRYPTKEY pair = 0, key = 0, again = 0;
    BYTE buf[64] = "Attack at dawn.", blob[600];
    DWORD len = 16, blob_len = sizeof blob;
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &pair));
    assert_works(CryptGenKey(p, alg, CRYPT_EXPORTABLE, &key));
    assert_works(CryptEncrypt(key, 0, TRUE, 0, buf, &len, sizeof buf));
    assert_memory_not_equal(buf, "Attack at dawn.", 16);
    assert_works(CryptExportKey(key, pair, SIMPLEBLOB, flags, blob, &blob_len));
    assert_works(CryptDestroyKey(key));
    assert_works(CryptImportKey(p, blob, blob_len, flags == 0 ? 0 : pair, flags, &again));
    assert_works(CryptDecrypt(again, 0, TRUE, 0, buf, &len));
    assert_int_equal(len, 16);
    assert_memory_equal(buf, "Attack at dawn.", 16);
}

static void
thin_line(void **state)
{
    static const ALG_ID algs[] = {CALG_AES_256,  CALG_AES_192, CALG_AES_128, CALG_3DES,
                                  CALG_3DES_112, CALG_DES,     CALG_RC2,     CALG_RC4};
    HCRYPTPROV p = new_container("thin line");
    HCRYPTKEY pair = 0;
    (void)state;
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, 0, &pair));
    for (size_t i = 0; i < COUNT(algs); i++) {
        round_trip(p, algs[i], 0);
        round_trip(p, algs[i], CRYPT_OAEP);
    }
    release(p);
    delete_container("thin line");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(thin_line)};
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
