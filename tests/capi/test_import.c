/* SPDX-License-Identifier: Apache-2.0 */
/* CryptImportKey. */
#include <stdlib.h>
#include <string.h>

#include "capi_test.h"

#define BITS(n) ((DWORD)(n) << 16)
#define ATTACK ((const BYTE *)"Attack at dawn.\n")

static HCRYPTKEY
imports(HCRYPTPROV p, const char *name, HCRYPTKEY pair, DWORD flags)
{
    BYTE blob[100];
    HCRYPTKEY k = 0;
    DWORD len = known_bytes(name, blob);
    assert_works(CryptImportKey(p, blob, len, pair, flags, &k));
    return k;
}

static void
capi_044(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY pair = demo_pair(p, AT_KEYEXCHANGE), k = 0;
    (void)state;
    k = imports(p, "simple1", pair, CRYPT_EXPORTABLE);
    assert_key_bytes(k, "00112233445566778899aabbccddeeff");
    assert_encrypts(k, ATTACK, 16, known("attack.1"));
    k = imports(p, "simple2", pair, CRYPT_EXPORTABLE);
    assert_key_bytes(k, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    assert_encrypts(k, ATTACK, 16, known("attack.2"));
    k = imports(p, "simple3", pair, CRYPT_EXPORTABLE | CRYPT_OAEP);
    assert_key_bytes(k, "00112233445566778899aabbccddeeff");
    k = imports(p, "simple4", pair, 0);
    assert_encrypts(k, ATTACK, 16, known("attack.4"));
    k = imports(p, "simple4", pair, CRYPT_NO_SALT);
    assert_encrypts(k, ATTACK, 16, known("attack.4.nosalt"));
    k = imports(p, "plain.aes256", 0, 0);
    assert_encrypts(k, ATTACK, 16, known("attack.2"));
    k = imports(p, "plain.des", 0, 0);
    assert_int_equal(key_dword(k, KP_KEYLEN), 64);
    k = imports(p, "demo.public", 0, 0);
    assert_int_equal(key_dword(k, KP_ALGID), CALG_RSA_KEYX);
    assert_int_equal(key_dword(k, KP_PERMISSIONS), 0x3b);
    release(p);
}

/* Without a sign that something was wrong, but never the key that was meant, and always the same.
 */
static void
implicit(HCRYPTPROV p, HCRYPTKEY pair)
{
    BYTE blob[100];
    HCRYPTKEY a = 0, b = 0;
    BYTE x[100], y[100];
    DWORD len = known_bytes("simple2", blob), n = sizeof x, m = sizeof y;
    blob[40] ^= 1;
    assert_works(CryptImportKey(p, blob, len, pair, CRYPT_EXPORTABLE, &a));
    assert_works(CryptImportKey(p, blob, len, pair, CRYPT_EXPORTABLE, &b));
    assert_works(CryptExportKey(a, 0, PLAINTEXTKEYBLOB, 0, x, &n));
    assert_works(CryptExportKey(b, 0, PLAINTEXTKEYBLOB, 0, y, &m));
    assert_int_equal(n, 44);
    assert_memory_equal(x, y, n);
    len = known_bytes("plain.aes256", y);
    assert_memory_not_equal(x, y, len);
    (void)known_bytes("simple1", blob); /* RC4: the length is made up too */
    blob[40] ^= 1;
    n = sizeof x;
    assert_works(CryptImportKey(p, blob, 76, pair, CRYPT_EXPORTABLE, &a));
    assert_works(CryptExportKey(a, 0, PLAINTEXTKEYBLOB, 0, x, &n));
    assert_in_range(n, 12 + 5, 12 + 16);
}

static void
capi_045(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = 0, pair = demo_pair(p, AT_KEYEXCHANGE), sig = demo_pair(p, AT_SIGNATURE);
    HCRYPTKEY pub = imports(p, "demo.public", 0, 0), sym = imports(p, "plain.des", 0, 0);
    BYTE blob[120] = {0};
    DWORD len = known_bytes("simple1", blob);
    (void)state;
    assert_works(CryptImportKey(p, blob, len, 0, 0, &k));
    assert_encrypts(k, ATTACK, 16, known("attack.1"));
    assert_works(CryptImportKey(p, blob, sizeof blob, pair, 0, &k)); /* what follows is ignored */
    assert_fails(CryptImportKey(p, blob, len, sig, 0, &k), NTE_BAD_PUBLIC_KEY);
    assert_fails(CryptImportKey(p, blob, len, pub, 0, &k), NTE_BAD_PUBLIC_KEY);
    assert_fails(CryptImportKey(p, blob, len, sym, 0, &k), NTE_BAD_PUBLIC_KEY);
    for (DWORD i = 0; i < len; i++) {
        k = 99;
        assert_fails(CryptImportKey(p, blob, i, pair, 0, &k), NTE_BAD_DATA);
        assert_int_equal(k, 99);
    }
    implicit(p, pair);
    (void)setenv("CRYPTOAPI_BAD_PADDING", "report", 1);
    for (DWORD i = 12; i < len; i += 9) {
        blob[i] ^= 4;
        assert_fails(CryptImportKey(p, blob, len, pair, 0, &k), NTE_BAD_DATA);
        blob[i] ^= 4;
    }
    (void)unsetenv("CRYPTOAPI_BAD_PADDING");
    blob[9] = 0x24;
    assert_fails(CryptImportKey(p, blob, len, pair, 0, &k), NTE_BAD_ALGID);
    release(p);
    p = AES_PROV;
    blob[9] = 0xa4;
    assert_fails(CryptImportKey(p, blob, len, 0, 0, &k), NTE_NO_KEY);
    release(p);
}

static void
capi_046(void **state)
{
    static const ALG_ID others[] = {CALG_AES_256, CALG_DES, CALG_3DES};
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY pair = demo_pair(p, AT_KEYEXCHANGE), k = 0;
    BYTE blob[100];
    DWORD len = known_bytes("simple1", blob);
    (void)state;
    (void)setenv("CRYPTOAPI_BAD_PADDING", "report", 1);
    for (size_t i = 0; i < COUNT(others); i++) { /* 16 bytes are no key of these */
        blob[4] = (BYTE)others[i];
        blob[5] = (BYTE)(others[i] >> 8);
        assert_fails(CryptImportKey(p, blob, len, pair, 0, &k), NTE_BAD_DATA);
    }
    blob[4] = 0x0d; /* CALG_RC5 */
    blob[5] = 0x66;
    assert_fails(CryptImportKey(p, blob, len, pair, 0, &k), NTE_BAD_ALGID);
    (void)unsetenv("CRYPTOAPI_BAD_PADDING");
    assert_key_bytes(imports(p, "simple1", pair, CRYPT_EXPORTABLE),
                     "00112233445566778899aabbccddeeff");
    k = imports(p, "simple3", pair, CRYPT_OAEP | CRYPT_EXPORTABLE);
    assert_int_equal(key_dword(k, KP_PERMISSIONS), 0x3f);
    len = known_bytes("simple3", blob);
    blob[30] ^= 1;
    assert_fails(CryptImportKey(p, blob, len, pair, CRYPT_OAEP, &k), NTE_BAD_DATA);
    len = known_bytes("simple2", blob); /* not OAEP at all */
    assert_fails(CryptImportKey(p, blob, len, pair, CRYPT_OAEP, &k), NTE_BAD_DATA);
    release(p);
}

/* An RC2 key of so many bytes in a SIMPLEBLOB that the public key's owner made by hand. */
static void
oversize_rc2(HCRYPTPROV p, DWORD bytes, DWORD effective)
{
    BYTE msg[256] = {0}, blob[300] = {SIMPLEBLOB, 2, 0, 0, 0x02, 0x66, 0, 0, 0, 0xa4, 0, 0};
    HCRYPTKEY pair = 0, k = 0;
    HCRYPTHASH h = 0;
    DWORD n = bytes, len = 8;
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &pair));
    memcpy(msg, counting() + 1, bytes);
    assert_works(CryptEncrypt(pair, 0, TRUE, 0, msg, &n, sizeof msg));
    memcpy(blob + 12, msg, n);
    assert_works(CryptImportKey(p, blob, 12 + n, pair, 0, &k));
    assert_int_equal(key_dword(k, KP_KEYLEN), bytes > 64 ? 512 : bytes * 8);
    assert_int_equal(key_dword(k, KP_EFFECTIVE_KEYLEN),
                     effective != 0 ? effective : key_dword(k, KP_KEYLEN));
    assert_fails(CryptEncrypt(k, 0, TRUE, 0, msg, &len, sizeof msg), NTE_BAD_KEY);
    assert_fails(CryptEncrypt(k, 0, FALSE, 0, msg, &len, sizeof msg), NTE_BAD_KEY);
    assert_works(CryptDecrypt(k, 0, FALSE, 0, msg, &len));
    assert_works(CryptCreateHash(p, CALG_MAC, k, 0, &h));
    assert_works(CryptCreateHash(p, CALG_HMAC, k, 0, &h));
}

static void
capi_047(void **state)
{
    static const DWORD sizes[] = {17, 32, 64, 100, 117};
    HCRYPTPROV p = AES_PROV, b = BASE_PROV;
    HCRYPTKEY pair = demo_pair(p, AT_KEYEXCHANGE), k = 0;
    BYTE blob[100];
    DWORD len = sizeof blob;
    (void)state;
    /* whatever salt the exporter had */
    assert_works(CryptGenKey(p, CALG_RC4, BITS(40) | CRYPT_CREATE_SALT | CRYPT_EXPORTABLE, &k));
    assert_works(CryptExportKey(k, pair, SIMPLEBLOB, 0, blob, &len));
    assert_works(CryptImportKey(p, blob, len, pair, 0, &k));
    len = sizeof blob;
    assert_works(CryptGetKeyParam(k, KP_SALT, blob, &len, 0));
    assert_hex(blob, len, "0000000000000000000000");
    k = imports(p, "simple4", pair, CRYPT_NO_SALT);
    assert_works(CryptGetKeyParam(k, KP_SALT, NULL, &len, 0));
    assert_int_equal(len, 0);
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, BITS(1024), &pair));
    assert_works(CryptGenKey(b, AT_KEYEXCHANGE, BITS(1024), &pair));
    assert_fails(CryptGenKey(p, CALG_RC2, BITS(136), &k), NTE_BAD_DATA);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        oversize_rc2(p, sizes[i], 0);
        oversize_rc2(b, sizes[i], 40);
    }
    release(p);
    release(b);
}

static void
capi_048(void **state)
{
    HCRYPTPROV p = new_container("imported");
    HCRYPTKEY k = 0;
    BYTE blob[700], out[700];
    DWORD len = known_bytes("demo.private", blob), n = sizeof out;
    (void)state;
    assert_works(CryptImportKey(p, blob, len, 0, 0, &k));
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &k));
    assert_fails(CryptGetUserKey(p, AT_SIGNATURE, &k), NTE_NO_KEY);
    blob[5] = 0x24;
    assert_works(CryptImportKey(p, blob, len, 0, CRYPT_EXPORTABLE, &k));
    release(p);
    assert_works(CryptAcquireContextA(&p, "imported", NULL, PROV_RSA_AES, 0));
    assert_works(CryptGetUserKey(p, AT_SIGNATURE, &k));
    assert_works(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, out, &n));
    assert_memory_equal(out, blob, len);
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &k));
    assert_fails(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, out, &n), NTE_BAD_KEY_STATE);
    /* 1024 bits, cut anywhere in d */
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, BITS(1024) | CRYPT_EXPORTABLE, &k));
    n = sizeof out;
    assert_works(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, out, &n));
    for (DWORD cut = 20 + 1024 / 2; cut <= n; cut += 8) {
        assert_works(CryptImportKey(p, out, cut, 0, CRYPT_EXPORTABLE, &k));
    }
    for (DWORD cut = 0; cut < 468; cut += 13) {
        assert_fails(CryptImportKey(p, out, cut, 0, 0, &k), NTE_BAD_DATA);
    }
    out[30] ^= 1; /* p * q is no longer n */
    assert_fails(CryptImportKey(p, out, n, 0, 0, &k), NTE_BAD_DATA);
    release(p);
    delete_container("imported");
}

static void
capi_049(void **state)
{
    HCRYPTPROV p = BASE_PROV, s = STRONG_PROV;
    BYTE blob[64] = {PLAINTEXTKEYBLOB, 2, 0x12, 0x34, 0x02, 0x66, 0, 0, 16};
    HCRYPTKEY k = 0;
    (void)state;
    assert_fails(CryptImportKey(p, blob, 28, 0, 0, &k), NTE_BAD_DATA);
    assert_works(CryptImportKey(s, blob, 28, 0, 0, &k)); /* the reserved field says nothing */
    assert_works(CryptImportKey(p, blob, 28, 0, CRYPT_IPSEC_HMAC_KEY, &k));
    (void)plain_key(p, CALG_RC2, counting(), 7, 0);
    (void)plain_key(p, CALG_RC2, counting(), 2048, CRYPT_IPSEC_HMAC_KEY);
    (void)plain_key(p, CALG_RC2, counting(), 1, CRYPT_IPSEC_HMAC_KEY);
    blob[8] = 17;
    assert_fails(CryptImportKey(s, blob, 29, 0, 0, &k), NTE_BAD_DATA);
    assert_fails(CryptImportKey(s, blob, 28, 0, CRYPT_IPSEC_HMAC_KEY, &k), NTE_BAD_DATA);
    release(p);
    release(s);
}

static void
lies(HCRYPTPROV p, BYTE *blob, DWORD len, DWORD at, DWORD value)
{
    BYTE keep[4];
    HCRYPTKEY k = 99;
    memcpy(keep, blob + at, 4);
    for (unsigned i = 0; i < 4; i++) {
        blob[at + i] = (BYTE)(value >> (8 * i));
    }
    assert_fails(CryptImportKey(p, blob, len, 0, 0, &k), NTE_BAD_DATA);
    assert_int_equal(k, 99);
    memcpy(blob + at, keep, 4);
}

static void
capi_050(void **state)
{
    static const DWORD bitlens[] = {0, 8, 376, 504, 511, 513, 520, 16392, 0x7fffffff, 0xffffffff};
    static const DWORD exponents[] = {0, 1, 2, 65536};
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = 99;
    BYTE pub[100], priv[400], plain[16] = {PLAINTEXTKEYBLOB, 2, 0, 0, 1, 0x68, 0, 0};
    DWORD n = known_bytes("demo.public", pub), m = known_bytes("demo.private", priv);
    (void)state;
    for (size_t i = 0; i < COUNT(bitlens); i++) {
        if (bitlens[i] != 504) { /* a shorter public key is a key too */
            lies(p, pub, n, 12, bitlens[i]);
        }
        lies(p, priv, m, 12, bitlens[i]);
    }
    for (size_t i = 0; i < COUNT(exponents); i++) {
        lies(p, pub, n, 16, exponents[i]);
        lies(p, priv, m, 16, exponents[i]);
    }
    lies(p, pub, n, 20, 0);         /* an even modulus */
    lies(p, pub, n, 8, 0x32415352); /* the magic of the other BLOB */
    lies(p, priv, m, 8, 0x31415352);
    for (DWORD i = 20; i < m; i += 7) {
        lies(p, priv, m, i < m - 4 ? i : m - 4, 0x01020304);
    }
    lies(p, plain, sizeof plain, 8, 0xffffffff); /* a length that runs over */
    lies(p, plain, sizeof plain, 8, 0);
    for (DWORD i = 0; i < n; i++) {
        assert_fails(CryptImportKey(p, pub, i, 0, 0, &k), NTE_BAD_DATA);
    }
    pub[1] = 3;
    assert_fails(CryptImportKey(p, pub, n, 0, 0, &k), NTE_BAD_VER);
    pub[1] = 2;
    pub[0] = 2;
    assert_fails(CryptImportKey(p, pub, n, 0, 0, &k), NTE_BAD_TYPE);
    pub[0] = PUBLICKEYBLOB;
    pub[4] = 1;
    assert_fails(CryptImportKey(p, pub, n, 0, 0, &k), NTE_BAD_ALGID);
    pub[4] = 0;
    assert_fails(CryptImportKey(p, NULL, n, 0, 0, &k), ERROR_INVALID_PARAMETER);
    assert_fails(CryptImportKey(p, pub, n, 0, 0, NULL), ERROR_INVALID_PARAMETER);
    assert_fails(CryptImportKey(p, pub, n, GARBAGE, 0, &k), ERROR_INVALID_PARAMETER);
    assert_fails(CryptImportKey(p, pub, n, 0, 0x2000, &k), NTE_BAD_FLAGS);
    assert_int_equal(k, 99);
    release(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capi_044), cmocka_unit_test(capi_045), cmocka_unit_test(capi_046),
        cmocka_unit_test(capi_047), cmocka_unit_test(capi_048), cmocka_unit_test(capi_049),
        cmocka_unit_test(capi_050),
    };
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
