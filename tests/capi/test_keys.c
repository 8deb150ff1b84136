/* SPDX-License-Identifier: Apache-2.0 */
/* Making keys. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capi_test.h"

#define BITS(n) ((DWORD)(n) << 16)

struct length {
    ALG_ID alg;
    DWORD bits, want; /* KP_KEYLEN, or 0: refused */
};

static void
check_lengths(HCRYPTPROV p, const struct length *l, size_t n)
{
    HCRYPTKEY k = 0;
    for (size_t i = 0; i < n; i++) {
        BOOL made = CryptGenKey(p, l[i].alg, BITS(l[i].bits), &k);
        if (made != (l[i].want != 0)) {
            print_error("alg %x bits %u\n", l[i].alg, l[i].bits);
        }
        assert_int_equal(made, l[i].want != 0);
        if (made) {
            assert_int_equal(key_dword(k, KP_KEYLEN), l[i].want);
            assert_works(CryptDestroyKey(k));
        }
    }
    release(p);
}

static void
capi_020(void **state)
{
    static const struct length base[] = {
        {CALG_RC2, 0, 40}, {CALG_RC2, 40, 40}, {CALG_RC2, 56, 56},  {CALG_RC2, 64, 0},
        {CALG_RC2, 32, 0}, {CALG_RC2, 41, 0},  {CALG_RC4, 0, 40},   {CALG_RC4, 48, 48},
        {CALG_RC4, 64, 0}, {CALG_DES, 0, 64},  {CALG_DES, 56, 64},  {CALG_DES, 64, 64},
        {CALG_DES, 40, 0}, {CALG_3DES, 0, 0},  {CALG_AES_128, 0, 0}};
    static const struct length strong[] = {
        {CALG_RC2, 0, 128},      {CALG_RC2, 40, 40},        {CALG_RC2, 128, 128},
        {CALG_RC2, 136, 0},      {CALG_RC4, 0, 128},        {CALG_RC4, 32, 0},
        {CALG_RC4, 100, 0},      {CALG_DES, 0, 64},         {CALG_3DES, 0, 192},
        {CALG_3DES, 168, 192},   {CALG_3DES, 192, 192},     {CALG_3DES, 128, 0},
        {CALG_3DES_112, 0, 128}, {CALG_3DES_112, 112, 128}, {CALG_3DES_112, 168, 0},
        {CALG_AES_128, 0, 0}};
    static const struct length aes[] = {
        {CALG_AES_128, 0, 128}, {CALG_AES_128, 128, 128}, {CALG_AES_128, 192, 0},
        {CALG_AES_192, 0, 192}, {CALG_AES_256, 0, 256},   {CALG_AES_256, 256, 256},
        {CALG_AES_256, 128, 0}, {CALG_RC4, 128, 128},     {CALG_DESX, 0, 0}};
    (void)state;
    check_lengths(BASE_PROV, base, COUNT(base));
    check_lengths(STRONG_PROV, strong, COUNT(strong));
    check_lengths(ENHANCED_PROV, strong, COUNT(strong));
    check_lengths(AES_PROV, aes, COUNT(aes));
}

static void
pair_of(const char *name, DWORD alg, DWORD bits, DWORD spec)
{
    HCRYPTPROV p = new_container(name), q = 0;
    HCRYPTKEY k = 0;
    BYTE one[2100], two[2100];
    DWORD n = sizeof one, m = sizeof two;
    assert_works(CryptAcquireContextA(&q, name, NULL, PROV_RSA_AES, 0));
    assert_works(CryptGenKey(p, alg, BITS(bits), &k));
    assert_int_equal(key_dword(k, KP_KEYLEN), bits == 0 ? 1024 : bits);
    assert_int_equal(key_dword(k, KP_ALGID), spec == AT_SIGNATURE ? CALG_RSA_SIGN : CALG_RSA_KEYX);
    assert_works(CryptExportKey(k, 0, PUBLICKEYBLOB, 0, one, &n));
    release(p);
    assert_works(CryptGetUserKey(q, spec, &k)); /* seen by a context that was open already */
    assert_works(CryptExportKey(k, 0, PUBLICKEYBLOB, 0, two, &m));
    assert_int_equal(n, m);
    assert_memory_equal(one, two, n);
    assert_fails(CryptGetUserKey(q, 3 - spec, &k), NTE_NO_KEY);
    assert_works(CryptGenKey(q, alg, BITS(512), &k));
    release(q);
    assert_works(CryptAcquireContextA(&p, name, NULL, PROV_RSA_AES, 0));
    assert_works(CryptGetUserKey(p, spec, &k));
    assert_int_equal(key_dword(k, KP_KEYLEN), 512);
    release(p);
    delete_container(name);
}

static void
capi_021(void **state)
{
    HCRYPTPROV p = 0;
    HCRYPTKEY k = 0;
    (void)state;
    pair_of("pair", AT_KEYEXCHANGE, 0, AT_KEYEXCHANGE);
    pair_of("pair", CALG_RSA_KEYX, 384, AT_KEYEXCHANGE);
    pair_of("pair", AT_SIGNATURE, 392, AT_SIGNATURE);
    pair_of("pair", CALG_RSA_SIGN, 2048, AT_SIGNATURE);
    static const DWORD sizes[] = {384, 392, 504, 512, 520, 768, 1000, 1032, 1536, 2056, 3072, 4096};
    p = AES_PROV;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        assert_works(CryptGenKey(p, AT_SIGNATURE, BITS(sizes[i]), &k));
        assert_int_equal(key_dword(k, KP_KEYLEN), sizes[i]);
    }
    assert_fails(CryptGenKey(p, AT_SIGNATURE, BITS(376), &k), NTE_BAD_DATA);
    assert_fails(CryptGenKey(p, AT_SIGNATURE, BITS(1020), &k), NTE_BAD_DATA);
    assert_fails(CryptGenKey(p, AT_SIGNATURE, BITS(16392), &k), NTE_BAD_DATA);
    release(p);
    p = BASE_PROV;
    assert_fails(CryptGenKey(p, AT_KEYEXCHANGE, BITS(1032), &k), NTE_BAD_DATA);
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, 0, &k));
    assert_int_equal(key_dword(k, KP_KEYLEN), 512);
    release(p);
}

static void
capi_022(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = 0;
    (void)state;
    assert_fails(CryptGenKey(p, CALG_AES, 0, &k), NTE_BAD_ALGID);
    assert_fails(CryptGenKey(p, CALG_AES, BITS(128), &k), NTE_BAD_ALGID);
    assert_fails(CryptGenKey(p, CALG_SHA1, 0, &k), NTE_BAD_ALGID);
    assert_fails(CryptGenKey(p, CALG_RC5, 0, &k), NTE_BAD_ALGID);
    assert_fails(CryptGenKey(p, CALG_AES_128, 0x2000, &k), NTE_BAD_FLAGS);
    assert_fails(CryptGenKey(p, CALG_AES_128, 0, NULL), ERROR_INVALID_PARAMETER);
    release(p);
}

static void
capi_023(void **state)
{
    HCRYPTPROV p = new_container("twenty-three");
    HCRYPTKEY k = 0, again = 0;
    DWORD len = 0;
    (void)state;
    assert_works(CryptGenKey(p, CALG_AES_128, 0, &k));
    assert_int_equal(key_dword(k, KP_PERMISSIONS), 0x3b);
    assert_works(CryptGenKey(p, CALG_AES_128, CRYPT_EXPORTABLE, &k));
    assert_int_equal(key_dword(k, KP_PERMISSIONS), 0x3f);
    assert_works(CryptGenKey(p, AT_SIGNATURE, BITS(512) | CRYPT_EXPORTABLE, &k));
    assert_works(CryptGetUserKey(p, AT_SIGNATURE, &k));
    assert_int_equal(key_dword(k, KP_PERMISSIONS), 0x3f);
    assert_works(CryptGenKey(p, AT_SIGNATURE, BITS(2048) | CRYPT_EXPORTABLE, &k));
    release(p);
    assert_works(CryptAcquireContextA(&p, "twenty-three", NULL, PROV_RSA_AES, 0));
    assert_works(CryptGetUserKey(p, AT_SIGNATURE, &k));
    assert_int_equal(key_dword(k, KP_PERMISSIONS), 0x3f);
    assert_works(CryptGenKey(p, AT_SIGNATURE, BITS(512) | CRYPT_ARCHIVABLE, &k));
    assert_works(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, NULL, &len));
    assert_works(CryptGetUserKey(p, AT_SIGNATURE, &again));
    assert_int_equal(key_dword(again, KP_PERMISSIONS), 0x3b);
    assert_fails(CryptExportKey(again, 0, PRIVATEKEYBLOB, 0, NULL, &len), NTE_BAD_KEY_STATE);
    release(p);
    delete_container("twenty-three");
}

/* Length of the salt, and whether it is all zeros. */
static void
check_salt(HCRYPTPROV p, ALG_ID alg, DWORD flags, DWORD want_len, bool zero)
{
    static const BYTE zeros[11];
    BYTE salt[32];
    DWORD len = sizeof salt;
    HCRYPTKEY k = 0;
    assert_works(CryptGenKey(p, alg, flags, &k));
    assert_works(CryptGetKeyParam(k, KP_SALT, salt, &len, 0));
    assert_int_equal(len, want_len);
    if (len != 0 && zero) {
        assert_memory_equal(salt, zeros, len);
    }
    for (DWORD i = 0; !zero && i < len; i++) {
        assert_int_not_equal(salt[i], 0);
    }
    assert_works(CryptDestroyKey(k));
}

static void
capi_024(void **state)
{
    HCRYPTPROV b = BASE_PROV, s = STRONG_PROV, e = ENHANCED_PROV;
    (void)state;
    check_salt(b, CALG_RC4, 0, 11, true);
    check_salt(b, CALG_RC4, BITS(40), 11, true);
    check_salt(e, CALG_RC4, BITS(40), 11, true);
    check_salt(s, CALG_RC2, BITS(40), 11, true);
    check_salt(b, CALG_RC4, CRYPT_CREATE_SALT, 11, false);
    check_salt(b, CALG_RC4, BITS(56) | CRYPT_CREATE_SALT, 11, false);
    check_salt(e, CALG_RC4, BITS(40) | CRYPT_CREATE_SALT, 0, true);
    check_salt(e, CALG_RC4, BITS(56) | CRYPT_CREATE_SALT, 0, true);
    check_salt(e, CALG_RC4, BITS(128) | CRYPT_CREATE_SALT, 0, true);
    check_salt(s, CALG_RC4, BITS(40) | CRYPT_CREATE_SALT, 11, false);
    check_salt(b, CALG_RC4, CRYPT_NO_SALT, 0, true);
    check_salt(e, CALG_RC2, BITS(40) | CRYPT_NO_SALT, 0, true);
    check_salt(s, CALG_RC4, 0, 0, true);
    check_salt(b, CALG_RC2, BITS(56), 0, true);
    release(b);
    release(s);
    release(e);
}

static ALG_ID
alg_named(const char *name)
{
    static const struct {
        const char *name;
        ALG_ID alg;
    } names[] = {{"MD2", CALG_MD2},           {"MD5", CALG_MD5},         {"SHA-1", CALG_SHA1},
                 {"SHA-256", CALG_SHA_256},   {"DES", CALG_DES},         {"3DES", CALG_3DES},
                 {"3DES_112", CALG_3DES_112}, {"RC2", CALG_RC2},         {"RC4", CALG_RC4},
                 {"AES-128", CALG_AES_128},   {"AES-192", CALG_AES_192}, {"AES-256", CALG_AES_256}};
    for (size_t i = 0; i < COUNT(names); i++) {
        if (strcmp(names[i].name, name) == 0) {
            return names[i].alg;
        }
    }
    fail();
    return 0;
}

static void
check_row(HCRYPTPROV p, unsigned row)
{
    BYTE data[512], plain[4];
    char name[32], hash[16], cipher[16], want[128];
    HCRYPTKEY k = 0;
    (void)snprintf(name, sizeof name, "derive.%u", row);
    assert_int_equal(sscanf(known(name), "%15s %15s %127s", hash, cipher, want), 3);
    for (unsigned j = 0; j < sizeof data; j++) {
        data[j] = (BYTE)(j + row);
    }
    for (unsigned j = 0; j < sizeof plain; j++) {
        plain[j] = (BYTE)(row + j);
    }
    HCRYPTHASH h = hash_of(p, alg_named(hash), data, sizeof data);
    assert_works(CryptDeriveKey(p, alg_named(cipher), h, 0, &k));
    assert_encrypts(k, plain, sizeof plain, want);
    assert_fails(CryptHashData(h, data, 1, 0), NTE_BAD_HASH_STATE);
}

static void
derives(HCRYPTPROV p, ALG_ID hash, ALG_ID alg, const char *want)
{
    HCRYPTKEY k = 0;
    HCRYPTHASH h = hash_of(p, hash, (const BYTE *)"1134-kelp", 9);
    assert_works(CryptDeriveKey(p, alg, h, CRYPT_EXPORTABLE, &k));
    assert_key_bytes(k, want);
}

static void
salted(HCRYPTPROV p, ALG_ID alg, const char *head, const char *want)
{
    BYTE data[2000], plain[16];
    HCRYPTKEY k = 0;
    memcpy(data, counting(), sizeof data);
    if (head != NULL) {
        (void)known_bytes(head, data);
    }
    memset(plain, 0xaf, sizeof plain);
    HCRYPTHASH h = hash_of(p, CALG_MD5, data, sizeof data);
    assert_works(CryptDeriveKey(p, alg, h, BITS(40) | CRYPT_CREATE_SALT, &k));
    if (alg == CALG_RC2) {
        set_dword(k, KP_EFFECTIVE_KEYLEN, 40);
    }
    assert_encrypts(k, plain, sizeof plain, known(want));
    release(p);
}

static void
capi_025(void **state)
{
    static const unsigned rows[] = {0,  9,  24, 25, 26, 27, 28, 33, 34, 35, 36, 37, 38,
                                    39, 40, 45, 46, 47, 48, 49, 50, 51, 52, 57, 58, 59};
    static const ALG_ID bad[] = {CALG_RC5, CALG_RSA_SIGN, CALG_RSA_KEYX, CALG_AES, CALG_SHA1};
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(p, rows[i]);
    }
    derives(p, CALG_MD5, CALG_RC2, "7340e6e274b8ea399395aa29d638b52a");
    derives(p, CALG_MD5, CALG_RC4, "7340e6e274b8ea399395aa29d638b52a");
    derives(p, CALG_MD5, CALG_3DES_112, "7340e6e274b8ea399395aa29d638b52a");
    derives(p, CALG_MD5, CALG_AES_128, "5ad8caaf9fe21c8da124092b81fd0f2f");
    derives(p, CALG_MD5, CALG_AES_192, "5ad8caaf9fe21c8da124092b81fd0f2f3e20985bced4d456");
    derives(p, CALG_MD5, CALG_3DES, "5ad8caaf9fe21c8da124092b81fd0f2f3e20985bced4d456");
    derives(p, CALG_SHA1, CALG_RC2, "b3436f6db8afccecfea5e3b956791544");
    derives(p, CALG_SHA1, CALG_RC4, "b3436f6db8afccecfea5e3b956791544");
    derives(p, CALG_SHA1, CALG_DES, "b3436f6db8afccec");
    derives(p, CALG_SHA1, CALG_AES_128, "d16edf877a5085a147bc5cff041045f9");
    derives(p, CALG_SHA1, CALG_AES_192, "d16edf877a5085a147bc5cff041045f9375e62ec3970f8aa");
    derives(p, CALG_SHA1, CALG_AES_256,
            "d16edf877a5085a147bc5cff041045f9375e62ec3970f8aa0cec6167574b1758");
    derives(p, CALG_SHA_256, CALG_DES, "db3fc60cdba19afd");
    derives(p, CALG_SHA_256, CALG_RC4, "db3fc60cdba19afdd5ed14b436fd45cd");
    derives(p, CALG_SHA_256, CALG_AES_128, "db3fc60cdba19afdd5ed14b436fd45cd");
    derives(p, CALG_SHA_256, CALG_3DES, "db3fc60cdba19afdd5ed14b436fd45cdc623e57a17baa670");
    derives(p, CALG_MD5, CALG_DES, "7340e6e274b8ea39");
    derives(p, CALG_MD5, CALG_AES_256,
            "5ad8caaf9fe21c8da124092b81fd0f2f3e20985bced4d4569fcd766a089f932a");
    derives(p, CALG_SHA1, CALG_3DES_112, "b3436f6db8afccecfea5e3b956791544");
    derives(p, CALG_SHA1, CALG_3DES, "d16edf877a5085a147bc5cff041045f9375e62ec3970f8aa");
    derives(p, CALG_SHA_256, CALG_AES_256,
            "db3fc60cdba19afdd5ed14b436fd45cdc623e57a17baa67086d637a7521fe64d");
    for (size_t i = 0; i < COUNT(bad); i++) {
        HCRYPTHASH h = hash_of(p, CALG_MD5, counting(), 8);
        assert_fails(CryptDeriveKey(p, bad[i], h, 0, &k), NTE_BAD_ALGID);
    }
    assert_fails(CryptDeriveKey(p, CALG_RC4, 0, 0, &k), ERROR_INVALID_PARAMETER);
    release(p);
    salted(ENHANCED_PROV, CALG_RC4, NULL, "salt.rc4.enhanced");
    salted(STRONG_PROV, CALG_RC4, NULL, "salt.rc4.strong");
    salted(BASE_PROV, CALG_RC4, NULL, "salt.rc4.strong");
    salted(ENHANCED_PROV, CALG_RC2, "cipher.rc2-56.t128", "salt.rc2.enhanced");
    salted(STRONG_PROV, CALG_RC2, "cipher.rc2-56.t128", "salt.rc2.strong");
    salted(BASE_PROV, CALG_RC2, "cipher.rc2-56.t40", "salt.rc2.base");
}

static void
capi_026(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = 0;
    (void)state;
    assert_fails(CryptGetUserKey(p, AT_KEYEXCHANGE, &k), NTE_NO_KEY);
    assert_fails(CryptGetUserKey(p, 3, &k), NTE_BAD_KEY);
    (void)demo_pair(p, AT_KEYEXCHANGE);
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &k));
    assert_works(CryptDestroyKey(k));
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &k));
    assert_fails(CryptGetUserKey(p, AT_SIGNATURE, &k), NTE_NO_KEY);
    release(p);
}

static void
capi_027(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = 0;
    HCRYPTHASH h = 0;
    (void)state;
    assert_works(CryptGenKey(p, CALG_RC4, 0, &k));
    assert_works(CryptDestroyKey(k));
    assert_fails(CryptDestroyKey(k), ERROR_INVALID_PARAMETER);
    assert_works(CryptCreateHash(p, CALG_SHA1, 0, 0, &h));
    assert_works(CryptDestroyHash(h));
    assert_fails(CryptDestroyHash(h), ERROR_INVALID_PARAMETER);
    release(p);
}

/* A copy goes on where the original was, and neither disturbs the other. */
static void
copies(HCRYPTKEY k)
{
    HCRYPTKEY copy = 0;
    BYTE a[32] = {1, 2, 3}, b[32] = {1, 2, 3}, c[32] = {9};
    DWORD n = 16, m = 16, x = 32;
    assert_works(CryptEncrypt(k, 0, FALSE, 0, c, &x, sizeof c));
    assert_works(CryptDuplicateKey(k, NULL, 0, &copy));
    assert_works(CryptEncrypt(k, 0, FALSE, 0, a, &n, sizeof a));
    assert_works(CryptEncrypt(copy, 0, FALSE, 0, b, &m, sizeof b));
    assert_memory_equal(a, b, 16);
    assert_int_equal(key_dword(k, KP_MODE), key_dword(copy, KP_MODE));
    assert_works(CryptDestroyKey(k));
    assert_works(CryptEncrypt(copy, 0, TRUE, 0, b, &m, sizeof b));
}

static void
capi_028(void **state)
{
    HCRYPTPROV p = STRONG_PROV;
    HCRYPTKEY k = 0, copy = 0;
    const BYTE iv[8] = {8, 7, 6, 5, 4, 3, 2, 1};
    BYTE got[8], salt[16];
    DWORD len = sizeof got, reserved = 0;
    (void)state;
    copies(md2_key(p, CALG_RC4, BITS(40) | CRYPT_CREATE_SALT));
    k = md2_key(p, CALG_3DES, 0);
    set_dword(k, KP_MODE, CRYPT_MODE_CFB);
    copies(k);
    k = md2_key(p, CALG_RC2, BITS(40) | CRYPT_CREATE_SALT);
    assert_works(CryptSetKeyParam(k, KP_IV, iv, 0));
    assert_works(CryptDuplicateKey(k, NULL, 0, &copy));
    assert_works(CryptGetKeyParam(copy, KP_IV, got, &len, 0));
    assert_memory_equal(got, iv, 8);
    len = sizeof salt;
    assert_works(CryptGetKeyParam(copy, KP_SALT, salt, &len, 0));
    assert_int_equal(len, 11);
    copies(k);
    assert_fails(CryptDuplicateKey(copy, &reserved, 0, &k), ERROR_INVALID_PARAMETER);
    assert_fails(CryptDuplicateKey(copy, NULL, 1, &k), ERROR_INVALID_PARAMETER);
    release(p);
}

static void *
many_random(void *arg)
{
    BYTE b[16];
    for (unsigned i = 0; i < 2000; i++) {
        if (!CryptGenRandom(*(HCRYPTPROV *)arg, sizeof b, b)) {
            return arg;
        }
    }
    return NULL;
}

static void
capi_029(void **state)
{
    HCRYPTPROV p = AES_PROV;
    BYTE a[16] = {0}, b[16] = {0};
    pthread_t t[4];
    (void)state;
    assert_works(CryptGenRandom(p, 0, NULL));
    assert_works(CryptGenRandom(p, sizeof a, a));
    assert_works(CryptGenRandom(p, sizeof b, b));
    assert_memory_not_equal(a, b, sizeof a);
    assert_fails(CryptGenRandom(p, 1, NULL), ERROR_INVALID_PARAMETER);
    assert_true(SystemFunction036(NULL, 0));
    assert_true(SystemFunction036(a, sizeof a));
    for (size_t i = 0; i < COUNT(t); i++) {
        assert_int_equal(pthread_create(&t[i], NULL, many_random, &p), 0);
    }
    for (size_t i = 0; i < COUNT(t); i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(t[i], &failed), 0);
        assert_null(failed);
    }
    release(p);
}

/* With a pair of 16,384 bits everything is as with any other, but for the time that it takes. */
static void
use_largest(HCRYPTPROV p, HCRYPTKEY pair)
{
    BYTE simple[2060], msg[2048] = "a message";
    HCRYPTKEY k = plain_key_hex(p, CALG_AES_256,
                                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                                CRYPT_EXPORTABLE);
    HCRYPTKEY got = 0;
    HCRYPTHASH h = hash_of(p, CALG_SHA_512, counting(), 100);
    DWORD len = sizeof simple, n = 10;
    assert_int_equal(key_dword(pair, KP_KEYLEN), 16384);
    assert_works(CryptExportKey(k, pair, SIMPLEBLOB, 0, simple, &len));
    assert_int_equal(len, 2060);
    assert_works(CryptImportKey(p, simple, len, pair, CRYPT_EXPORTABLE, &got));
    assert_key_bytes(got, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    assert_works(CryptEncrypt(pair, 0, TRUE, CRYPT_OAEP, msg, &n, sizeof msg));
    assert_int_equal(n, 2048);
    assert_works(CryptDecrypt(pair, 0, TRUE, CRYPT_OAEP, msg, &n));
    assert_string_equal((const char *)msg, "a message");
    n = sizeof msg;
    assert_works(CryptSignHashA(h, AT_KEYEXCHANGE, NULL, 0, msg, &n));
    assert_int_equal(n, 2048);
    assert_works(CryptVerifySignatureA(h, msg, n, pair, NULL, 0));
}

static void
pair_of_16384_bits(void **state)
{
    static BYTE blob[9300], again[9300];
    HCRYPTPROV p = new_container("largest");
    HCRYPTKEY pair = 0;
    DWORD len = known_bytes("large.private", blob), n = sizeof again;
    (void)state;
    assert_int_equal(len, 9236);
    assert_works(CryptImportKey(p, blob, len, 0, CRYPT_EXPORTABLE, &pair));
    release(p); /* it is in the container */
    assert_works(CryptAcquireContextA(&p, "largest", NULL, PROV_RSA_AES, 0));
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &pair));
    assert_works(CryptExportKey(pair, 0, PRIVATEKEYBLOB, 0, again, &n));
    assert_int_equal(n, len);
    assert_memory_equal(again, blob, len);
    n = sizeof again;
    assert_works(CryptExportKey(pair, 0, PUBLICKEYBLOB, 0, again, &n));
    assert_int_equal(n, 2068);
    use_largest(p, pair);
    release(p);
    delete_container("largest");
}

/* Minutes, so it is done where time is given. */
static void
making_16384_bits(void **state)
{
    const char *soak = getenv("SPK_SOAK");
    HCRYPTKEY pair = 0;
    (void)state;
    if (soak == NULL || soak[0] == '\0') {
        skip();
    }
    HCRYPTPROV p = AES_PROV;
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, BITS(16384) | CRYPT_EXPORTABLE, &pair));
    use_largest(p, pair);
    release(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capi_020),           cmocka_unit_test(capi_021),
        cmocka_unit_test(capi_022),           cmocka_unit_test(capi_023),
        cmocka_unit_test(capi_024),           cmocka_unit_test(capi_025),
        cmocka_unit_test(capi_026),           cmocka_unit_test(capi_027),
        cmocka_unit_test(capi_028),           cmocka_unit_test(capi_029),
        cmocka_unit_test(pair_of_16384_bits), cmocka_unit_test(making_16384_bits),
    };
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
