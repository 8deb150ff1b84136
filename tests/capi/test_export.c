/* SPDX-License-Identifier: Apache-2.0 */
/* CryptExportKey. */
#include <stdio.h>
#include <string.h>

#include "capi_test.h"

#define BITS(n) ((DWORD)(n) << 16)
#define RC4_KEY "00112233445566778899aabbccddeeff"

/* Writes the padded block of a SIMPLEBLOB as OpenSSL wants it and has it opened there. */
static void
openssl_opens(HCRYPTPROV p, DWORD bits, DWORD flags)
{
    HCRYPTKEY k = 0, s = plain_key_hex(p, CALG_RC4, RC4_KEY, CRYPT_EXPORTABLE);
    BYTE blob[2400], turned[2400], got[64];
    DWORD len = sizeof blob, n = 0;
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, BITS(bits) | CRYPT_EXPORTABLE, &k));
    assert_works(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, blob, &len));
    write_file("pair.blob", blob, len);
    len = sizeof blob;
    assert_works(CryptExportKey(s, k, SIMPLEBLOB, flags, NULL, &len));
    assert_int_equal(len, 12 + bits / 8);
    assert_works(CryptExportKey(s, k, SIMPLEBLOB, flags, blob, &len));
    assert_hex(blob, 12, "010200000168000000a40000");
    for (n = 0; n < bits / 8; n++) {
        turned[n] = blob[len - 1 - n];
    }
    write_file("block", turned, n);
    run_in_dir("openssl rsa -inform MSBLOB -in pair.blob -out pair.pem 2>/dev/null");
    run_in_dir(flags == 0 ? "openssl pkeyutl -decrypt -inkey pair.pem -in block -out key"
                          : "openssl pkeyutl -decrypt -inkey pair.pem -in block -out key "
                            "-pkeyopt rsa_padding_mode:oaep");
    n = read_file("key", got, sizeof got);
    assert_hex(got, n, RC4_KEY);
}

static void
capi_036(void **state)
{
    static const DWORD sizes[] = {512, 768, 1024, 2048, 3072};
    HCRYPTPROV p = AES_PROV;
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        openssl_opens(p, sizes[i], 0);
        openssl_opens(p, sizes[i], CRYPT_OAEP);
    }
    release(p);
}

static void
capi_037(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY closed = plain_key_hex(p, CALG_RC4, RC4_KEY, 0);
    HCRYPTKEY open = plain_key_hex(p, CALG_RC4, RC4_KEY, CRYPT_EXPORTABLE);
    HCRYPTKEY kx = demo_pair(p, AT_KEYEXCHANGE), sig = demo_pair(p, AT_SIGNATURE), big = 0;
    DWORD len = 0;
    (void)state;
    assert_fails(CryptExportKey(closed, kx, SIMPLEBLOB, 0, NULL, &len), NTE_BAD_KEY_STATE);
    assert_fails(CryptExportKey(open, sig, SIMPLEBLOB, 0, NULL, &len), NTE_BAD_KEY);
    assert_fails(CryptExportKey(open, closed, SIMPLEBLOB, 0, NULL, &len), NTE_BAD_KEY);
    assert_fails(CryptExportKey(open, 0, SIMPLEBLOB, 0, NULL, &len), NTE_NO_KEY);
    assert_fails(CryptExportKey(kx, kx, SIMPLEBLOB, 0, NULL, &len), NTE_BAD_KEY);
    assert_fails(CryptExportKey(open, GARBAGE, SIMPLEBLOB, 0, NULL, &len), ERROR_INVALID_PARAMETER);
    assert_works(CryptGenKey(p, CALG_AES_256, CRYPT_EXPORTABLE, &big));
    assert_fails(CryptExportKey(big, kx, SIMPLEBLOB, CRYPT_OAEP, NULL, &len), NTE_BAD_LEN);
    release(p);
}

static void
capi_038(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY kx = demo_pair(p, AT_KEYEXCHANGE), sig = demo_pair(p, AT_SIGNATURE);
    HCRYPTKEY s = plain_key_hex(p, CALG_RC4, RC4_KEY, CRYPT_EXPORTABLE);
    BYTE blob[100], want[100];
    DWORD len = sizeof blob;
    (void)state;
    assert_works(CryptExportKey(kx, 0, PUBLICKEYBLOB, 0, blob, &len));
    assert_hex(blob, len, known("demo.public"));
    assert_works(CryptExportKey(sig, 0, PUBLICKEYBLOB, 0, blob, &len));
    (void)known_bytes("demo.public", want);
    want[5] = 0x24;
    assert_memory_equal(blob, want, len);
    assert_fails(CryptExportKey(kx, s, PUBLICKEYBLOB, 0, blob, &len), NTE_BAD_KEY);
    assert_fails(CryptExportKey(s, 0, PUBLICKEYBLOB, 0, blob, &len), NTE_BAD_KEY);
    release(p);
}

static void
encrypted_pair(HCRYPTPROV p, ALG_ID alg, const char *key, const char *head, DWORD want_len)
{
    HCRYPTKEY pair = demo_pair(p, AT_KEYEXCHANGE), with = plain_key_hex(p, alg, key, 0), got = 0;
    BYTE blob[400], again[400], first[48];
    DWORD len = sizeof blob, n = sizeof again;
    assert_works(CryptExportKey(pair, with, PRIVATEKEYBLOB, 0, blob, &len));
    assert_int_equal(len, want_len);
    (void)known_bytes(head, first);
    assert_memory_equal(blob, first, sizeof first);
    assert_works(CryptImportKey(p, blob, len, with, CRYPT_EXPORTABLE, &got));
    assert_works(CryptExportKey(got, 0, PRIVATEKEYBLOB, 0, again, &n));
    assert_hex(again, n, known("demo.private"));
    assert_fails(CryptImportKey(p, blob, len, 0, 0, &got), NTE_BAD_DATA);
    blob[20] ^= 1;
    assert_fails(CryptImportKey(p, blob, len, with, 0, &got), NTE_BAD_DATA);
}

static void
capi_039(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = demo_pair(p, AT_KEYEXCHANGE);
    BYTE blob[1200], again[1200];
    DWORD len = sizeof blob, n = sizeof again;
    (void)state;
    assert_works(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, blob, &len));
    assert_hex(blob, len, known("demo.private"));
    encrypted_pair(p, CALG_RC4, RC4_KEY, "demo.private.rc4.head", 308);
    encrypted_pair(p, CALG_AES_256,
                   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                   "demo.private.aes.head", 312);
    len = sizeof blob;
    assert_works(CryptGenKey(p, AT_SIGNATURE, BITS(1024) | CRYPT_EXPORTABLE, &k));
    assert_works(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, blob, &len));
    assert_int_equal(len, 596);
    assert_works(CryptImportKey(p, blob, len, 0, CRYPT_EXPORTABLE, &k));
    assert_works(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, again, &n));
    assert_memory_equal(blob, again, len);
    assert_works(CryptImportKey(p, blob, len, 0, 0, &k));
    assert_fails(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, NULL, &len), NTE_BAD_KEY_STATE);
    assert_works(CryptExportKey(k, 0, PUBLICKEYBLOB, 0, NULL, &len));
    assert_int_equal(len, 148);
    release(p);
}

static void
capi_040(void **state)
{
    static const ALG_ID algs[] = {CALG_RC2,  CALG_RC4,     CALG_DES,     CALG_3DES_112,
                                  CALG_3DES, CALG_AES_128, CALG_AES_192, CALG_AES_256};
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = 0;
    BYTE blob[64];
    DWORD len = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(algs); i++) {
        assert_works(CryptGenKey(p, algs[i], CRYPT_EXPORTABLE, &k));
        len = sizeof blob;
        assert_works(CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, blob, &len));
        assert_int_equal(len, 12 + key_dword(k, KP_KEYLEN) / 8);
        assert_int_equal(blob[8], len - 12);
        assert_works(CryptGenKey(p, algs[i], 0, &k));
        assert_fails(CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, blob, &len), NTE_BAD_KEY_STATE);
    }
    k = plain_key_hex(p, CALG_AES_256,
                      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                      CRYPT_EXPORTABLE);
    len = sizeof blob;
    assert_works(CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, blob, &len));
    assert_hex(blob, len, known("plain.aes256"));
    release(p);
}

static void
capi_041(void **state)
{
    HCRYPTPROV p = STRONG_PROV;
    HCRYPTKEY k = 0, again = 0;
    HCRYPTHASH h = hash_of(p, CALG_MD5, counting(), 100);
    BYTE blob[256], a[32] = {1}, b[32] = {1};
    DWORD len = sizeof blob, n = 8, m = 8;
    const BYTE iv[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    (void)state;
    assert_works(
        CryptDeriveKey(p, CALG_RC2, h, BITS(40) | CRYPT_CREATE_SALT | CRYPT_EXPORTABLE, &k));
    assert_works(CryptSetKeyParam(k, KP_IV, iv, 0));
    set_dword(k, KP_EFFECTIVE_KEYLEN, 77);
    assert_works(CryptEncrypt(k, 0, FALSE, 0, a, &n, sizeof a));
    assert_works(CryptExportKey(k, 0, OPAQUEKEYBLOB, 0, blob, &len));
    assert_works(CryptImportKey(p, blob, len, 0, 0, &again));
    assert_int_equal(key_dword(again, KP_EFFECTIVE_KEYLEN), 77);
    memcpy(b, a, sizeof b);
    n = 16;
    m = 16;
    assert_works(CryptEncrypt(k, 0, FALSE, 0, a, &n, sizeof a));
    assert_works(CryptEncrypt(again, 0, FALSE, 0, b, &m, sizeof b));
    assert_memory_equal(a, b, 16);
    assert_works(CryptExportKey(k, 0, OPAQUEKEYBLOB, CRYPT_DESTROYKEY, blob, &len));
    assert_fails(CryptDestroyKey(k), ERROR_INVALID_PARAMETER);
    for (DWORD i = 0; i < len; i++) {
        assert_fails(CryptImportKey(p, blob, i, 0, 0, &again), NTE_BAD_DATA);
    }
    release(p);
}

static void
unwraps(HCRYPTPROV p, ALG_ID alg, const char *kek, const char *out, const char *cek)
{
    BYTE blob[80] = {SYMMETRICWRAPKEYBLOB, 2, 0, 0, (BYTE)alg, (BYTE)(alg >> 8), 0, 0};
    HCRYPTKEY w = plain_key_hex(p, alg, known(kek), 0), k = 0;
    DWORD len = sizeof blob;
    blob[8] = (BYTE)alg;
    blob[9] = (BYTE)(alg >> 8);
    if (alg == CALG_RC2) {
        set_dword(w, KP_EFFECTIVE_KEYLEN, 40);
    }
    assert_int_equal(known_bytes(out, blob + 12), 40);
    assert_works(CryptImportKey(p, blob, 52, w, CRYPT_EXPORTABLE, &k));
    assert_key_bytes(k, known(cek));
    assert_works(CryptExportKey(k, w, SYMMETRICWRAPKEYBLOB, 0, blob, &len));
    assert_int_equal(len, 52);
    assert_works(CryptImportKey(p, blob, len, w, CRYPT_EXPORTABLE, &k));
    assert_key_bytes(k, known(cek));
    for (DWORD i = 12; i < len; i++) {
        blob[i] ^= 0x10;
        assert_fails(CryptImportKey(p, blob, len, w, 0, &k), NTE_BAD_DATA);
        blob[i] ^= 0x10;
    }
    assert_fails(CryptImportKey(p, blob, len - 1, w, 0, &k), NTE_BAD_DATA);
    assert_fails(CryptImportKey(p, blob, len, 0, 0, &k), NTE_NO_KEY);
}

static void
capi_042(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY rc4 = plain_key_hex(p, CALG_RC4, RC4_KEY, CRYPT_EXPORTABLE);
    HCRYPTKEY des3 = plain_key_hex(p, CALG_3DES, known("wrap.3des.kek"), 0);
    DWORD len = 0;
    (void)state;
    unwraps(p, CALG_3DES, "wrap.3des.kek", "wrap.3des.out", "wrap.3des.cek");
    unwraps(p, CALG_RC2, "wrap.rc2.kek", "wrap.rc2.out", "wrap.rc2.cek");
    assert_fails(CryptExportKey(rc4, des3, SYMMETRICWRAPKEYBLOB, 0, NULL, &len), NTE_BAD_TYPE);
    assert_fails(CryptExportKey(des3, des3, SYMMETRICWRAPKEYBLOB, 0, NULL, &len),
                 NTE_BAD_KEY_STATE);
    assert_fails(CryptExportKey(rc4, 0, SYMMETRICWRAPKEYBLOB, 0, NULL, &len), NTE_NO_KEY);
    release(p);
}

static void
capi_043(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = plain_key_hex(p, CALG_RC4, RC4_KEY, CRYPT_EXPORTABLE);
    HCRYPTKEY kx = demo_pair(p, AT_KEYEXCHANGE);
    BYTE blob[100] = {0x55}, untouched[100];
    DWORD len = 75;
    (void)state;
    memcpy(untouched, blob, sizeof blob);
    assert_fails(CryptExportKey(k, kx, SIMPLEBLOB, 0, blob, &len), ERROR_MORE_DATA);
    assert_int_equal(len, 76);
    assert_memory_equal(blob, untouched, sizeof blob);
    len = sizeof blob;
    assert_works(CryptExportKey(k, kx, SIMPLEBLOB, 0, blob, &len)); /* a larger buffer is fine */
    assert_int_equal(len, 76);
    assert_fails(CryptExportKey(k, kx, SIMPLEBLOB, 0, blob, NULL), ERROR_INVALID_PARAMETER);
    assert_fails(CryptExportKey(k, kx, 3, 0, blob, &len), NTE_BAD_TYPE);
    assert_fails(CryptExportKey(k, kx, KEYSTATEBLOB, 0, blob, &len), NTE_BAD_TYPE);
    assert_fails(CryptExportKey(k, kx, SIMPLEBLOB, CRYPT_SSL2_FALLBACK, blob, &len), NTE_BAD_KEY);
    assert_fails(CryptExportKey(k, kx, SIMPLEBLOB, 0x1000, blob, &len), NTE_BAD_FLAGS);
    release(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capi_036), cmocka_unit_test(capi_037), cmocka_unit_test(capi_038),
        cmocka_unit_test(capi_039), cmocka_unit_test(capi_040), cmocka_unit_test(capi_041),
        cmocka_unit_test(capi_042), cmocka_unit_test(capi_043),
    };
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
