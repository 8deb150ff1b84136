/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of keys. */
#include <string.h>

#include "capi_test.h"

#define BITS(n) ((DWORD)(n) << 16)

static DWORD
salt_len(HCRYPTKEY k)
{
    DWORD len = 0;
    assert_works(CryptGetKeyParam(k, KP_SALT, NULL, &len, 0));
    return len;
}

static void
capi_030(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = plain_key_hex(p, CALG_AES_128, "00112233445566778899aabbccddeeff", 0);
    const BYTE iv[16] = {1, 2, 3, 4};
    BYTE a[32] = {7}, b[32] = {7}, got[16];
    DWORD n = 16, m = 16, len = sizeof got;
    (void)state;
    assert_works(CryptSetKeyParam(k, KP_IV, iv, 0));
    assert_works(CryptEncrypt(k, 0, FALSE, 0, a, &n, sizeof a));
    assert_works(CryptGetKeyParam(k, KP_IV, got, &len, 0));
    assert_int_equal(len, 16);
    assert_memory_equal(got, iv, 16); /* where a message starts, not where this one is */
    assert_works(CryptSetKeyParam(k, KP_IV, iv, 0));
    assert_works(CryptEncrypt(k, 0, FALSE, 0, b, &m, sizeof b));
    assert_memory_equal(a, b, 16);
    assert_fails(CryptSetKeyParam(k, KP_IV, NULL, 0), ERROR_INVALID_PARAMETER);
    release(p);
}

static void
salt_ex(HCRYPTPROV p, DWORD bits)
{
    BYTE salt[32] = {1, 2, 3};
    HCRYPTKEY k = md2_key(p, CALG_RC4, BITS(bits));
    CRYPT_INTEGER_BLOB b = {0, salt};
    for (b.cbData = 0; b.cbData < 24; b.cbData++) {
        assert_works(CryptSetKeyParam(k, KP_SALT_EX, (const BYTE *)&b, 0));
        assert_int_equal(salt_len(k), b.cbData);
    }
    b.cbData = 25;
    assert_fails(CryptSetKeyParam(k, KP_SALT_EX, (const BYTE *)&b, 0), NTE_BAD_DATA);
    assert_int_equal(key_dword(k, KP_KEYLEN), bits);
}

static void
capi_031(void **state)
{
    HCRYPTPROV b = BASE_PROV, s = STRONG_PROV, e = ENHANCED_PROV, a = AES_PROV;
    const BYTE salt[11] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    BYTE got[16];
    DWORD len = sizeof got;
    (void)state;
    HCRYPTKEY k = md2_key(b, CALG_RC4, BITS(56));
    assert_works(CryptSetKeyParam(k, KP_SALT, salt, 0));
    assert_works(CryptGetKeyParam(k, KP_SALT, got, &len, 0));
    assert_int_equal(len, 11);
    assert_memory_equal(got, salt, 11);
    k = md2_key(s, CALG_RC2, BITS(56));
    assert_works(CryptSetKeyParam(k, KP_SALT, salt, 0));
    assert_int_equal(salt_len(k), 11);
    k = md2_key(e, CALG_RC4, BITS(56));
    assert_works(CryptSetKeyParam(k, KP_SALT, salt, 0));
    assert_int_equal(salt_len(k), 0);
    salt_ex(b, 40);
    salt_ex(s, 56);
    salt_ex(e, 128);
    k = demo_pair(a, AT_KEYEXCHANGE);
    assert_fails(CryptGetKeyParam(k, KP_SALT, got, &len, 0), NTE_BAD_KEY);
    k = plain_key_hex(a, CALG_AES_128, "00112233445566778899aabbccddeeff", 0);
    assert_int_equal(salt_len(k), 0);
    release(a);
    release(b);
    release(s);
    release(e);
}

static void
capi_032(void **state)
{
    HCRYPTPROV p = STRONG_PROV;
    HCRYPTKEY k = md2_key(p, CALG_3DES, 0);
    DWORD v = RANDOM_PADDING, len = 0;
    BYTE b[16] = {0};
    (void)state;
    assert_int_equal(key_dword(k, KP_MODE), CRYPT_MODE_CBC);
    set_dword(k, KP_MODE, CRYPT_MODE_ECB);
    assert_int_equal(key_dword(k, KP_MODE), CRYPT_MODE_ECB);
    set_dword(k, KP_MODE, CRYPT_MODE_OFB);
    len = 8;
    assert_fails(CryptEncrypt(k, 0, TRUE, 0, b, &len, sizeof b), NTE_BAD_ALGID);
    set_dword(k, KP_MODE, CRYPT_MODE_CFB);
    assert_works(CryptEncrypt(k, 0, TRUE, 0, b, &len, sizeof b));
    assert_int_equal(key_dword(k, KP_PADDING), PKCS5_PADDING);
    set_dword(k, KP_PADDING, PKCS5_PADDING);
    assert_fails(CryptSetKeyParam(k, KP_PADDING, (const BYTE *)&v, 0), NTE_BAD_DATA);
    v = CRYPT_MODE_CTS;
    assert_fails(CryptSetKeyParam(k, KP_MODE, (const BYTE *)&v, 0), NTE_BAD_DATA);
    assert_int_equal(key_dword(k, KP_MODE_BITS), 0);
    set_dword(k, KP_MODE_BITS, 8);
    assert_int_equal(key_dword(k, KP_MODE_BITS), 8);
    k = md2_key(p, CALG_RC4, 0);
    assert_int_equal(key_dword(k, KP_MODE), 0);
    assert_int_equal(key_dword(k, KP_BLOCKLEN), 0);
    assert_works(CryptGetKeyParam(k, KP_IV, NULL, &len, 0));
    release(p);
}

static void
capi_033(void **state)
{
    static const DWORD want[][3] = {{CALG_DES, 64, 64},       {CALG_3DES_112, 128, 64},
                                    {CALG_3DES, 192, 64},     {CALG_RC2, 128, 64},
                                    {CALG_AES_256, 256, 128}, {CALG_RC4, 128, 0}};
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = 0;
    DWORD v = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(want); i++) {
        assert_works(CryptGenKey(p, want[i][0], 0, &k));
        assert_int_equal(key_dword(k, KP_ALGID), want[i][0]);
        assert_int_equal(key_dword(k, KP_KEYLEN), want[i][1]);
        assert_int_equal(key_dword(k, KP_BLOCKLEN), want[i][2]);
    }
    v = 0x3f;
    assert_fails(CryptSetKeyParam(k, KP_PERMISSIONS, (const BYTE *)&v, 0), NTE_BAD_DATA);
    k = demo_pair(p, AT_KEYEXCHANGE);
    assert_int_equal(key_dword(k, KP_ALGID), CALG_RSA_KEYX);
    assert_int_equal(key_dword(k, KP_KEYLEN), 512);
    assert_int_equal(key_dword(k, KP_BLOCKLEN), 512);
    set_dword(k, KP_PERMISSIONS, 0x3b);
    assert_int_equal(key_dword(k, KP_PERMISSIONS), 0x3f);
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &k));
    assert_int_equal(key_dword(k, KP_PERMISSIONS), 0x3f);
    release(p);
}

static void
capi_034(void **state)
{
    HCRYPTPROV b = BASE_PROV, e = ENHANCED_PROV;
    HCRYPTKEY k = md2_key(b, CALG_RC2, BITS(56));
    BYTE buf[32] = {0};
    DWORD v = 56, len = 8;
    (void)state;
    assert_int_equal(key_dword(k, KP_EFFECTIVE_KEYLEN), 56);
    assert_fails(CryptSetKeyParam(k, KP_EFFECTIVE_KEYLEN, (const BYTE *)&v, 0), NTE_BAD_DATA);
    assert_int_equal(key_dword(k, KP_EFFECTIVE_KEYLEN), 40);
    assert_encrypts(k, counting(), 13, known("cipher.rc2-56.t40"));
    set_dword(k, KP_EFFECTIVE_KEYLEN, 40);
    k = md2_key(e, CALG_RC2, BITS(56));
    assert_encrypts(k, counting(), 13, known("cipher.rc2-56.t56"));
    set_dword(k, KP_EFFECTIVE_KEYLEN, 128);
    assert_encrypts(k, counting(), 13, known("cipher.rc2-56.t128"));
    set_dword(k, KP_EFFECTIVE_KEYLEN, 1);
    set_dword(k, KP_EFFECTIVE_KEYLEN, 1024);
    v = 0;
    assert_fails(CryptSetKeyParam(k, KP_EFFECTIVE_KEYLEN, (const BYTE *)&v, 0), NTE_BAD_DATA);
    v = 1025;
    assert_fails(CryptSetKeyParam(k, KP_EFFECTIVE_KEYLEN, (const BYTE *)&v, 0), NTE_BAD_DATA);
    assert_fails(CryptSetKeyParam(k, KP_EFFECTIVE_KEYLEN, NULL, 0), ERROR_INVALID_PARAMETER);
    assert_int_equal(key_dword(k, KP_EFFECTIVE_KEYLEN), 1024);
    assert_works(CryptEncrypt(k, 0, TRUE, 0, buf, &len, sizeof buf));
    set_dword(k, KP_EFFECTIVE_KEYLEN, 40);
    assert_int_equal(key_dword(k, KP_KEYLEN), 56);
    release(b);
    release(e);
}

static void
capi_035(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = 0, s = plain_key_hex(p, CALG_RC4, "0011223344556677", 0);
    BYTE label[] = "label", buf[128] = "msg", keep[128];
    CRYPT_DATA_BLOB b = {5, label}, none = {0, NULL};
    DWORD len = 3, v = 0;
    (void)state;
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, 0, &k));
    assert_works(CryptSetKeyParam(k, KP_OAEP_PARAMS, (const BYTE *)&b, 0));
    assert_works(CryptEncrypt(k, 0, TRUE, CRYPT_OAEP, buf, &len, sizeof buf));
    memcpy(keep, buf, sizeof keep);
    assert_works(CryptSetKeyParam(k, KP_OAEP_PARAMS, (const BYTE *)&none, 0));
    assert_fails(CryptDecrypt(k, 0, TRUE, CRYPT_OAEP, buf, &len), NTE_BAD_DATA);
    assert_works(CryptSetKeyParam(k, KP_OAEP_PARAMS, (const BYTE *)&b, 0));
    assert_works(CryptDecrypt(k, 0, TRUE, CRYPT_OAEP, keep, &len));
    assert_int_equal(len, 3);
    assert_memory_equal(keep, "msg", 3);
    len = sizeof v;
    assert_fails(CryptGetKeyParam(s, KP_RA, (BYTE *)&v, &len, 0), NTE_BAD_TYPE);
    assert_fails(CryptSetKeyParam(s, KP_INFO, (BYTE *)&v, 0), NTE_BAD_TYPE);
    assert_fails(CryptSetKeyParam(s, KP_OAEP_PARAMS, (const BYTE *)&b, 0), NTE_BAD_TYPE);
    assert_fails(CryptGetKeyParam(s, KP_ALGID, (BYTE *)&v, &len, 1), NTE_BAD_FLAGS);
    assert_fails(CryptSetKeyParam(s, KP_MODE, (BYTE *)&v, 1), NTE_BAD_FLAGS);
    assert_fails(CryptSetKeyParam(s, KP_MODE, NULL, 0), ERROR_INVALID_PARAMETER);
    assert_fails(CryptGetKeyParam(s, KP_ALGID, (BYTE *)&v, NULL, 0), ERROR_INVALID_PARAMETER);
    len = 1;
    assert_fails(CryptGetKeyParam(s, KP_ALGID, (BYTE *)&v, &len, 0), ERROR_MORE_DATA);
    assert_int_equal(len, 4);
    release(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capi_030), cmocka_unit_test(capi_031), cmocka_unit_test(capi_032),
        cmocka_unit_test(capi_033), cmocka_unit_test(capi_034), cmocka_unit_test(capi_035),
    };
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
