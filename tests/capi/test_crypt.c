/* SPDX-License-Identifier: Apache-2.0 */
/* CryptEncrypt and CryptDecrypt. */
#include <string.h>

#include "capi_test.h"

#define BITS(n) ((DWORD)(n) << 16)
#define AES_TEXT ((const BYTE *)"AES Test With 2 Blocks Of Data.")
#define AES_KEY "00112233445566778899aabbccddeeff"

static void
both_ways(HCRYPTKEY k, const BYTE *plain, DWORD len, const char *name)
{
    assert_encrypts(k, plain, len, known(name));
    assert_decrypts(k, known(name), plain, len);
}

static void
capi_051(void **state)
{
    HCRYPTPROV p = STRONG_PROV, a = AES_PROV;
    HCRYPTKEY k = md2_key(p, CALG_RC2, BITS(40));
    BYTE buf[64];
    DWORD len = 23;
    (void)state;
    set_dword(k, KP_MODE, CRYPT_MODE_ECB);
    both_ways(k, counting(), 23, "cipher.rc2-40.ecb");
    set_dword(k, KP_MODE, CRYPT_MODE_CBC);
    both_ways(k, counting(), 23, "cipher.rc2-40.cbc");
    both_ways(k, counting(), 13, "cipher.rc2-40.cbc13");
    set_dword(k, KP_MODE, CRYPT_MODE_CFB);
    both_ways(k, counting(), 23, "cipher.rc2-40.cfb");
    both_ways(md2_key(p, CALG_RC4, BITS(56)), counting(), 16, "cipher.rc4-56");
    k = md2_key(p, CALG_DES, BITS(56));
    set_dword(k, KP_MODE, CRYPT_MODE_ECB);
    both_ways(k, counting(), 13, "cipher.des.ecb");
    both_ways(md2_key(p, CALG_3DES_112, 0), counting(), 13, "cipher.3des112");
    both_ways(md2_key(p, CALG_3DES, 0), counting(), 13, "cipher.3des");
    both_ways(md2_key(a, CALG_AES_128, 0), AES_TEXT, 32, "cipher.aes128");
    both_ways(md2_key(a, CALG_AES_192, 0), AES_TEXT, 32, "cipher.aes192");
    both_ways(md2_key(a, CALG_AES_256, 0), AES_TEXT, 32, "cipher.aes256");
    assert_works(CryptEncrypt(k, 0, TRUE, 0, NULL, &len, 0));
    assert_int_equal(len, 24);
    len = 8;
    assert_works(CryptEncrypt(k, 0, TRUE, 0, buf, &len, 16));
    assert_int_equal(len, 16);
    len = 8;
    assert_fails(CryptEncrypt(k, 0, TRUE, 0, buf, &len, 15), ERROR_MORE_DATA);
    assert_int_equal(len, 16);
    release(p);
    release(a);
}

static void
capi_052(void **state)
{
    static const DWORD modes[] = {CRYPT_MODE_CBC, CRYPT_MODE_ECB, CRYPT_MODE_CFB};
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = plain_key_hex(p, CALG_AES_128, AES_KEY, 0);
    BYTE one[64], two[64];
    (void)state;
    for (size_t i = 0; i < COUNT(modes); i++) {
        DWORD n = 40, m = 16, last = 24;
        set_dword(k, KP_MODE, modes[i]);
        memcpy(one, counting(), 40);
        memcpy(two, counting(), 40);
        assert_works(CryptEncrypt(k, 0, TRUE, 0, one, &n, sizeof one));
        assert_works(CryptEncrypt(k, 0, FALSE, 0, two, &m, 16));
        assert_int_equal(m, 16);
        assert_works(CryptEncrypt(k, 0, TRUE, 0, two + 16, &last, sizeof two - 16));
        assert_int_equal(last, 32);
        assert_memory_equal(one, two, 48);
        m = 15;
        assert_fails(CryptEncrypt(k, 0, FALSE, 0, two, &m, sizeof two), NTE_BAD_DATA);
        assert_int_equal(m, 15);
        m = 0;
        assert_works(CryptEncrypt(k, 0, FALSE, 0, two, &m, sizeof two));
        assert_works(CryptEncrypt(k, 0, TRUE, 0, two, &m, sizeof two));
        assert_int_equal(m, 16);
    }
    release(p);
}

static void
capi_053(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = plain_key_hex(p, CALG_RC4, AES_KEY, 0);
    BYTE one[64], two[64];
    DWORD n = 40, m = 7, last = 33;
    (void)state;
    memcpy(one, counting(), 40);
    memcpy(two, counting(), 40);
    assert_works(CryptEncrypt(k, 0, TRUE, 0, one, &n, sizeof one));
    assert_works(CryptEncrypt(k, 0, FALSE, 0, two, &m, 7));
    assert_works(CryptEncrypt(k, 0, TRUE, 0, two + 7, &last, 33));
    assert_memory_equal(one, two, 40);
    assert_works(CryptDecrypt(k, 0, TRUE, 0, one, &n));
    assert_memory_equal(one, counting(), 40);
    m = 0;
    assert_works(CryptEncrypt(k, 0, TRUE, 0, two, &m, 0));
    assert_int_equal(m, 0);
    m = 40;
    assert_fails(CryptEncrypt(k, 0, TRUE, 0, two, &m, 39), ERROR_MORE_DATA);
    assert_int_equal(m, 40);
    assert_works(CryptEncrypt(k, 0, TRUE, 0, NULL, &m, 1000));
    assert_int_equal(m, 40);
    release(p);
}

static void
capi_054(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = 0, s = 0;
    BYTE b[256] = {0};
    DWORD n = 117;
    (void)state;
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, BITS(1024), &k));
    assert_works(CryptEncrypt(k, 0, FALSE, 0, NULL, &n, 0));
    assert_int_equal(n, 128);
    n = 117;
    assert_works(CryptEncrypt(k, 0, FALSE, 0, b, &n, sizeof b));
    assert_int_equal(n, 128);
    assert_works(CryptDecrypt(k, 0, FALSE, 0, b, &n));
    assert_int_equal(n, 117);
    n = 118;
    assert_fails(CryptEncrypt(k, 0, TRUE, 0, b, &n, sizeof b), NTE_BAD_LEN);
    n = 87;
    assert_fails(CryptEncrypt(k, 0, TRUE, CRYPT_OAEP, b, &n, sizeof b), NTE_BAD_LEN);
    n = 86;
    assert_works(CryptEncrypt(k, 0, TRUE, CRYPT_OAEP, b, &n, sizeof b));
    n = 12;
    assert_fails(CryptEncrypt(k, 0, TRUE, CRYPT_OAEP, b, &n, 42), ERROR_MORE_DATA);
    assert_int_equal(n, 128);
    n = 0;
    assert_works(CryptEncrypt(k, 0, TRUE, 0, b, &n, sizeof b));
    assert_works(CryptDecrypt(k, 0, TRUE, 0, b, &n));
    assert_int_equal(n, 0);
    s = demo_pair(p, AT_SIGNATURE);
    n = 4;
    assert_fails(CryptEncrypt(s, 0, TRUE, 0, b, &n, sizeof b), NTE_BAD_KEY);
    release(p);
}

static void
assert_hash_is(HCRYPTHASH h, const char *hex)
{
    BYTE v[64];
    DWORD len = sizeof v;
    assert_works(CryptGetHashParam(h, HP_HASHVAL, v, &len, 0));
    assert_hex(v, len, hex);
}

static void
capi_055(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = plain_key_hex(p, CALG_AES_128, AES_KEY, 0);
    HCRYPTHASH h = 0;
    BYTE b[32] = "abc";
    DWORD n = 3;
    (void)state;
    assert_works(CryptCreateHash(p, CALG_SHA1, 0, 0, &h));
    assert_fails(CryptEncrypt(k, h, TRUE, 0, b, &n, 3), ERROR_MORE_DATA);
    n = 3;
    assert_works(CryptEncrypt(k, h, TRUE, 0, NULL, &n, 0));
    n = 3;
    assert_works(CryptEncrypt(k, h, TRUE, 0, b, &n, sizeof b));
    assert_hash_is(h, "a9993e364706816aba3e25717850c26c9cd0d89d");
    n = 3;
    assert_fails(CryptEncrypt(k, h, TRUE, 0, b, &n, sizeof b), NTE_BAD_HASH_STATE);
    assert_fails(CryptEncrypt(k, GARBAGE, TRUE, 0, b, &n, sizeof b), ERROR_INVALID_PARAMETER);
    release(p);
}

static void
capi_056(void **state)
{
    HCRYPTPROV p = STRONG_PROV;
    HCRYPTKEY k = md2_key(p, CALG_DES, 0);
    BYTE b[64] = {0}, big[17] = {1};
    DWORD n = 8;
    (void)state;
    assert_fails(CryptEncrypt(k, 0, TRUE, 0x80, b, &n, sizeof b), NTE_BAD_FLAGS);
    assert_works(CryptEncrypt(k, 0, TRUE, CRYPT_OAEP, b, &n, sizeof b)); /* means nothing here */
    set_dword(k, KP_MODE, CRYPT_MODE_OFB);
    assert_fails(CryptEncrypt(k, 0, TRUE, 0, b, &n, sizeof b), NTE_BAD_ALGID);
    k = plain_key(p, CALG_RC2, big, sizeof big, CRYPT_IPSEC_HMAC_KEY);
    n = 8;
    assert_fails(CryptEncrypt(k, 0, TRUE, 0, b, &n, sizeof b), NTE_BAD_KEY);
    assert_fails(CryptEncrypt(k, 0, FALSE, 0, b, &n, sizeof b), NTE_BAD_KEY);
    assert_works(CryptDecrypt(k, 0, FALSE, 0, b, &n));
    assert_fails(CryptEncrypt(k, 0, TRUE, 0, b, NULL, sizeof b), ERROR_INVALID_PARAMETER);
    release(p);
}

static void
capi_057(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = plain_key_hex(p, CALG_AES_128, AES_KEY, 0);
    BYTE b[64] = {0}, keep[64];
    DWORD n = 20;
    (void)state;
    memcpy(b, counting(), 20);
    assert_works(CryptEncrypt(k, 0, TRUE, 0, b, &n, sizeof b));
    memcpy(keep, b, sizeof keep);
    b[31] ^= 1;
    assert_fails(CryptDecrypt(k, 0, TRUE, 0, b, &n), NTE_BAD_DATA);
    assert_int_equal(n, 32);
    assert_works(CryptDecrypt(k, 0, TRUE, 0, keep, &n)); /* from the start again */
    assert_int_equal(n, 20);
    assert_memory_equal(keep, counting(), 20);
    n = 31;
    memcpy(keep, b, sizeof keep);
    assert_fails(CryptDecrypt(k, 0, TRUE, 0, b, &n), NTE_BAD_DATA);
    assert_memory_equal(keep, b, sizeof keep);
    assert_fails(CryptDecrypt(k, 0, FALSE, 0, b, &n), NTE_BAD_DATA);
    n = 0;
    assert_fails(CryptDecrypt(k, 0, TRUE, 0, b, &n), NTE_BAD_LEN);
    assert_works(CryptDecrypt(k, 0, FALSE, 0, b, &n));
    assert_fails(CryptDecrypt(k, 0, TRUE, 0x100, b, &n), NTE_BAD_FLAGS);
    release(p);
}

/* 16 bytes in parts, as CFB takes them. */
static void
parts_of_cfb(HCRYPTPROV p)
{
    HCRYPTKEY k = md2_key(p, CALG_RC2, BITS(40));
    BYTE b[64];
    DWORD n = 16, last = 7;
    set_dword(k, KP_MODE, CRYPT_MODE_CFB);
    memcpy(b, counting(), 23);
    assert_works(CryptEncrypt(k, 0, FALSE, 0, b, &n, 16));
    assert_works(CryptEncrypt(k, 0, TRUE, 0, b + 16, &last, 8));
    assert_int_equal(last, 8);
    assert_hex(b, 24, known("cipher.rc2-40.cfb"));
    n = 8;
    last = 16;
    assert_works(CryptDecrypt(k, 0, FALSE, 0, b, &n));
    assert_works(CryptDecrypt(k, 0, TRUE, 0, b + 8, &last));
    assert_int_equal(last, 15);
    assert_memory_equal(b, counting(), 23);
}

/* What one context encrypts, another decrypts with the pair that was moved there. */
static void
decrypts_elsewhere(void)
{
    BYTE b[128] = "moved", blob[700];
    HCRYPTPROV one = AES_PROV, two = AES_PROV;
    HCRYPTKEY k = 0;
    DWORD n = 6, len = sizeof blob;
    assert_works(CryptGenKey(one, CALG_RSA_KEYX, CRYPT_EXPORTABLE, &k));
    assert_works(CryptEncrypt(k, 0, TRUE, 0, b, &n, sizeof b));
    assert_works(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, blob, &len));
    release(one);
    assert_works(CryptImportKey(two, blob, len, 0, 0, &k));
    assert_works(CryptDecrypt(k, 0, TRUE, 0, b, &n));
    assert_int_equal(n, 6);
    assert_string_equal((const char *)b, "moved");
    release(two);
}

static void
capi_058(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = 0, r = plain_key_hex(p, CALG_RC4, AES_KEY, 0);
    BYTE b[128] = "twelve bytes", keep[128];
    DWORD n = 12;
    (void)state;
    parts_of_cfb(p);
    decrypts_elsewhere();
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, BITS(1024), &k));
    assert_works(CryptEncrypt(k, 0, TRUE, CRYPT_OAEP, b, &n, sizeof b));
    memcpy(keep, b, sizeof keep);
    n = 11;
    assert_fails(CryptDecrypt(k, 0, TRUE, CRYPT_OAEP, b, &n), NTE_BAD_DATA);
    assert_int_equal(n, 11);
    n = 128;
    b[64] ^= 1;
    assert_fails(CryptDecrypt(k, 0, TRUE, CRYPT_OAEP, b, &n), NTE_BAD_DATA);
    assert_fails(CryptDecrypt(k, 0, TRUE, 0, keep, &n), NTE_BAD_DATA);
    assert_fails(
        CryptDecrypt(k, 0, TRUE, CRYPT_OAEP | CRYPT_DECRYPT_RSA_NO_PADDING_CHECK, keep, &n),
        NTE_BAD_FLAGS);
    assert_works(CryptDecrypt(k, 0, TRUE, CRYPT_OAEP, keep, &n));
    assert_int_equal(n, 12);
    assert_memory_equal(keep, "twelve bytes", 12);
    assert_works(CryptEncrypt(k, 0, TRUE, 0, keep, &n, sizeof keep));
    assert_works(CryptDecrypt(k, 0, TRUE, CRYPT_DECRYPT_RSA_NO_PADDING_CHECK, keep, &n));
    assert_int_equal(n, 128);
    assert_int_equal(keep[0], 0);
    assert_int_equal(keep[1], 2);
    assert_memory_equal(keep + 116, "twelve bytes", 12);
    memset(b, 0xff, sizeof b); /* not below the modulus */
    assert_fails(CryptDecrypt(k, 0, TRUE, 0, b, &n), NTE_BAD_DATA);
    n = 0;
    assert_fails(CryptDecrypt(k, 0, TRUE, 0, b, &n), NTE_BAD_LEN);
    assert_fails(CryptDecrypt(r, 0, TRUE, 0, b, &n), NTE_BAD_LEN);
    assert_works(CryptDecrypt(r, 0, FALSE, 0, b, &n));
    release(p);
}

static void
capi_059(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = plain_key_hex(p, CALG_AES_128, AES_KEY, 0);
    HCRYPTHASH h = 0;
    BYTE b[32] = "abc";
    DWORD n = 3;
    (void)state;
    assert_works(CryptEncrypt(k, 0, TRUE, 0, b, &n, sizeof b));
    assert_works(CryptCreateHash(p, CALG_SHA1, 0, 0, &h));
    assert_works(CryptDecrypt(k, h, TRUE, 0, b, &n));
    assert_hash_is(h, "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_fails(CryptDecrypt(k, GARBAGE, TRUE, 0, b, &n), ERROR_INVALID_PARAMETER);
    release(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capi_051), cmocka_unit_test(capi_052), cmocka_unit_test(capi_053),
        cmocka_unit_test(capi_054), cmocka_unit_test(capi_055), cmocka_unit_test(capi_056),
        cmocka_unit_test(capi_057), cmocka_unit_test(capi_058), cmocka_unit_test(capi_059),
    };
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
