/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, MACs, signatures. */
#include <string.h>

#include "capi_test.h"

#define BITS(n) ((DWORD)(n) << 16)

static void
assert_value(HCRYPTHASH h, const char *hex)
{
    BYTE v[64];
    DWORD len = sizeof v;
    assert_works(CryptGetHashParam(h, HP_HASHVAL, v, &len, 0));
    assert_hex(v, len, hex);
}

static void
capi_060(void **state)
{
    static const ALG_ID all[] = {CALG_MD2, CALG_MD4, CALG_MD5, CALG_SHA1, CALG_SSL3_SHAMD5};
    static const ALG_ID sha2[] = {CALG_SHA_256, CALG_SHA_384, CALG_SHA_512};
    static const ALG_ID keyed[] = {CALG_MAC, CALG_HMAC};
    HCRYPTPROV b = BASE_PROV, a = AES_PROV;
    HCRYPTHASH h = 0;
    HCRYPTKEY rc4 = plain_key_hex(a, CALG_RC4, "0011223344", 0);
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        assert_works(CryptCreateHash(b, all[i], 0, 0, &h));
        assert_works(CryptCreateHash(a, all[i], 0, 0, &h));
        assert_fails(CryptCreateHash(a, all[i], 0, 1, &h), NTE_BAD_FLAGS);
    }
    for (size_t i = 0; i < COUNT(sha2); i++) {
        assert_fails(CryptCreateHash(b, sha2[i], 0, 0, &h), NTE_BAD_ALGID);
        assert_works(CryptCreateHash(a, sha2[i], 0, 0, &h));
    }
    for (size_t i = 0; i < COUNT(keyed); i++) {
        assert_fails(CryptCreateHash(a, keyed[i], 0, 0, &h), NTE_BAD_KEY);
    }
    assert_fails(CryptCreateHash(a, CALG_MAC, rc4, 0, &h), NTE_BAD_KEY);
    assert_works(CryptCreateHash(a, CALG_HMAC, rc4, 0, &h));
    assert_works(CryptCreateHash(a, CALG_MD5, rc4, 0, &h)); /* not looked at */
    assert_fails(CryptCreateHash(a, CALG_AES_128, 0, 0, &h), NTE_BAD_ALGID);
    assert_fails(CryptCreateHash(a, CALG_MD5, 0, 0, NULL), ERROR_INVALID_PARAMETER);
    release(a);
    release(b);
}

static void
capi_061(void **state)
{
    static const struct {
        ALG_ID alg;
        const char *name;
    } hashes[] = {{CALG_MD2, "hash.md2"},        {CALG_MD4, "hash.md4"},
                  {CALG_MD5, "hash.md5"},        {CALG_SHA1, "hash.sha1"},
                  {CALG_SHA_256, "hash.sha256"}, {CALG_SHA_384, "hash.sha384"},
                  {CALG_SHA_512, "hash.sha512"}};
    HCRYPTPROV p = AES_PROV;
    HCRYPTHASH h = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(hashes); i++) {
        h = hash_of(p, hashes[i].alg, counting(), 1000);
        assert_works(CryptHashData(h, NULL, 0, 0));
        assert_works(CryptHashData(h, counting() + 1000, 1048, CRYPT_USERDATA));
        assert_fails(CryptHashData(h, counting(), 1, ~0u), NTE_BAD_FLAGS);
        assert_value(h, known(hashes[i].name));
        assert_fails(CryptHashData(h, counting(), 1, 0), NTE_BAD_HASH_STATE);
        assert_value(h, known(hashes[i].name));
    }
    assert_works(CryptCreateHash(p, CALG_SSL3_SHAMD5, 0, 0, &h));
    assert_fails(CryptHashData(h, counting(), 1, 0), NTE_BAD_ALGID);
    assert_fails(CryptHashData(h, NULL, 1, 0), ERROR_INVALID_PARAMETER);
    release(p);
}

static void
capi_062(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTHASH h = 0;
    BYTE v[20];
    DWORD d = 0, len = sizeof d;
    (void)state;
    assert_works(CryptCreateHash(p, CALG_SHA1, 0, 0, &h));
    assert_works(CryptGetHashParam(h, HP_ALGID, (BYTE *)&d, &len, 0));
    assert_int_equal(d, CALG_SHA1);
    assert_works(CryptGetHashParam(h, HP_HASHSIZE, (BYTE *)&d, &len, 0));
    assert_int_equal(d, 20);
    assert_works(CryptGetHashParam(h, HP_HASHVAL, NULL, &len, 0));
    assert_int_equal(len, 20);
    assert_works(CryptHashData(h, (const BYTE *)"", 0, 0));
    len = 19;
    assert_fails(CryptGetHashParam(h, HP_HASHVAL, v, &len, 0), ERROR_MORE_DATA);
    assert_int_equal(len, 20);
    assert_works(CryptHashData(h, (const BYTE *)"", 0, 0)); /* still open */
    assert_value(h, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_value(h, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_fails(CryptGetHashParam(h, 99, v, &len, 0), NTE_BAD_TYPE);
    assert_fails(CryptGetHashParam(h, HP_HASHVAL, v, &len, 1), NTE_BAD_FLAGS);
    assert_fails(CryptGetHashParam(h, HP_HASHVAL, v, NULL, 0), ERROR_INVALID_PARAMETER);
    release(p);
}

static HCRYPTHASH
hmac(HCRYPTPROV p, HCRYPTKEY k, HMAC_INFO *info)
{
    HCRYPTHASH h = 0;
    assert_works(CryptCreateHash(p, CALG_HMAC, k, 0, &h));
    assert_works(CryptSetHashParam(h, HP_HMAC_INFO, (const BYTE *)info, 0));
    return h;
}

static void
capi_063(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = plain_key_hex(p, CALG_RC2, "4a656665", CRYPT_IPSEC_HMAC_KEY);
    HCRYPTHASH h = 0;
    BYTE in[100], out[100], sig[64], digest[20];
    DWORD len = sizeof sig;
    HMAC_INFO info = {CALG_SHA1, NULL, 0, NULL, 0}, bad = {CALG_RC4, NULL, 0, NULL, 0};
    (void)state;
    (void)demo_pair(p, AT_SIGNATURE);
    (void)unhex("a9993e364706816aba3e25717850c26c9cd0d89d", digest);
    assert_works(CryptCreateHash(p, CALG_SHA1, 0, 0, &h));
    assert_works(CryptSetHashParam(h, HP_HASHVAL, digest, 0));
    assert_works(CryptSignHashA(h, AT_SIGNATURE, NULL, 0, sig, &len));
    assert_hex(sig, len, known("sign.sha1"));
    assert_fails(CryptHashData(h, digest, 1, 0), NTE_BAD_HASH_STATE);
    h = hmac(p, k, &info);
    assert_fails(CryptSetHashParam(h, HP_HMAC_INFO, (BYTE *)&info, 0), NTE_BAD_HASH_STATE);
    assert_works(CryptHashData(h, (const BYTE *)"what do ya want for nothing?", 28, 0));
    assert_value(h, known("rfc2202.2"));
    /* the usual strings, given by the program */
    memset(in, 0x36, sizeof in);
    memset(out, 0x5c, sizeof out);
    info = (HMAC_INFO){CALG_SHA1, in, 64, out, 64};
    h = hmac(p, k, &info);
    assert_works(CryptHashData(h, (const BYTE *)"what do ya want for nothing?", 28, 0));
    assert_value(h, known("rfc2202.2"));
    info = (HMAC_INFO){CALG_SHA1, in, 100, out, 100};
    h = hmac(p, k, &info);
    /* SHA-1(key^5c* SHA-1(key^36*)), 100 bytes each, by another implementation */
    assert_value(h, "7a8d3c382959daca644fd6de057eef2cff2e1eb5");
    assert_works(CryptCreateHash(p, CALG_HMAC, k, 0, &h));
    assert_fails(CryptSetHashParam(h, HP_HMAC_INFO, (BYTE *)&bad, 0), NTE_BAD_ALGID);
    assert_fails(CryptHashData(h, digest, 1, 0), NTE_BAD_ALGID);
    assert_fails(CryptSetHashParam(h, HP_HASHVAL, NULL, 0), ERROR_INVALID_PARAMETER);
    assert_fails(CryptSetHashParam(h, 99, digest, 0), NTE_BAD_TYPE);
    assert_fails(CryptSetHashParam(h, HP_HASHVAL, digest, 1), NTE_BAD_FLAGS);
    h = hash_of(p, CALG_MD5, digest, 1);
    assert_fails(CryptSetHashParam(h, HP_HMAC_INFO, (BYTE *)&info, 0), NTE_BAD_TYPE);
    release(p);
}

static void
check_hmac(HCRYPTPROV p, ALG_ID alg, HCRYPTKEY k, const char *data, const char *name)
{
    HMAC_INFO info = {alg, NULL, 0, NULL, 0};
    HCRYPTHASH h = hmac(p, k, &info);
    assert_works(CryptHashData(h, (const BYTE *)data, (DWORD)strlen(data), 0));
    assert_value(h, known(name));
}

static void
capi_064(void **state)
{
    HCRYPTPROV p = AES_PROV, s = STRONG_PROV;
    BYTE key[80], cd[51] = {0};
    HMAC_INFO md5 = {CALG_MD5, NULL, 0, NULL, 0};
    (void)state;
    memset(key, 0x0b, 20);
    HCRYPTKEY k = plain_key(p, CALG_RC2, key, 20, CRYPT_IPSEC_HMAC_KEY);
    check_hmac(p, CALG_SHA1, k, "Hi There", "rfc2202.1");
    check_hmac(p, CALG_SHA_256, k, "Hi There", "rfc4231.1.256");
    check_hmac(p, CALG_SHA_384, k, "Hi There", "rfc4231.1.384");
    check_hmac(p, CALG_SHA_512, k, "Hi There", "rfc4231.1.512");
    memset(cd, 0xcd, 50);
    k = plain_key(p, CALG_RC2, counting() + 1, 25, CRYPT_IPSEC_HMAC_KEY);
    check_hmac(p, CALG_SHA1, k, (const char *)cd, "rfc2202.4");
    memset(key, 0xaa, 80);
    k = plain_key(p, CALG_RC2, key, 80, CRYPT_IPSEC_HMAC_KEY);
    check_hmac(p, CALG_SHA1, k, "Test Using Larger Than Block-Size Key - Hash Key First",
               "rfc2202.6");
    HCRYPTHASH h = hmac(s, md2_key(s, CALG_RC2, BITS(56)), &md5);
    assert_works(CryptHashData(h, counting(), 256, 0));
    assert_value(h, known("hmac.md5"));
    release(p);
    release(s);
}

static void
capi_065(void **state)
{
    HCRYPTPROV p = STRONG_PROV;
    HCRYPTKEY k = md2_key(p, CALG_RC2, BITS(40));
    HCRYPTHASH h = 0;
    BYTE b[32] = {0};
    DWORD n = 8, d = 0, len = sizeof d;
    (void)state;
    assert_works(CryptCreateHash(p, CALG_MAC, k, 0, &h));
    assert_works(CryptHashData(h, counting(), 256, 0));
    assert_works(CryptGetHashParam(h, HP_HASHSIZE, (BYTE *)&d, &len, 0));
    assert_int_equal(d, 8);
    assert_value(h, known("mac.d256"));
    assert_fails(CryptHashData(h, counting(), 1, 0), NTE_BAD_HASH_STATE);
    assert_works(CryptEncrypt(k, 0, FALSE, 0, b, &n, sizeof b));
    assert_works(CryptCreateHash(p, CALG_MAC, k, 0, &h));
    assert_works(CryptHashData(h, counting(), 1, 0));
    assert_works(CryptEncrypt(k, 0, FALSE, 0, b, &n, sizeof b));
    assert_works(CryptHashData(h, counting() + 1, 1, 0));
    assert_works(CryptHashData(h, counting() + 2, 6, 0));
    assert_works(CryptDecrypt(k, 0, FALSE, 0, b, &n));
    assert_works(CryptHashData(h, counting() + 8, 9, 0));
    assert_value(h, known("mac.17"));
    k = md2_key(p, CALG_RC4, 0);
    assert_fails(CryptCreateHash(p, CALG_MAC, k, 0, &h), NTE_BAD_KEY);
    release(p);
}

static void
session_key_hash(HCRYPTPROV p, ALG_ID alg, DWORD flags, const char *want)
{
    HCRYPTHASH h = 0;
    HCRYPTKEY k = plain_key_hex(p, CALG_RC4, "4a3aee7737", 0); /* its salt does not count */
    assert_works(CryptCreateHash(p, alg, 0, 0, &h));
    assert_works(CryptHashSessionKey(h, k, flags));
    assert_value(h, want);
    assert_fails(CryptHashSessionKey(h, k, flags), NTE_BAD_HASH_STATE);
}

static void
capi_066(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = demo_pair(p, AT_KEYEXCHANGE);
    HCRYPTHASH h = hash_of(p, CALG_MD5, counting(), 1);
    (void)state;
    session_key_hash(p, CALG_MD5, 0, "0b15550aa003f93f7582f7e79132bc8c");
    session_key_hash(p, CALG_SHA1, 0, "3c37729353ff2a4fef1254185b3ac46303fd075d");
    session_key_hash(p, CALG_MD5, CRYPT_LITTLE_ENDIAN, "2e304c88edb9ca658168e4bf00ceb0f6");
    assert_fails(CryptHashSessionKey(h, k, 0), NTE_BAD_KEY);
    assert_fails(CryptHashSessionKey(h, k, 4), NTE_BAD_FLAGS);
    release(p);
}

/* The copy ends with other data, the original with the rest. */
static void
copies(HCRYPTHASH h, const char *want)
{
    HCRYPTHASH copy = 0;
    BYTE v[64];
    DWORD len = sizeof v;
    assert_works(CryptHashData(h, counting(), 100, 0));
    assert_works(CryptDuplicateHash(h, NULL, 0, &copy));
    assert_works(CryptHashData(copy, counting(), 7, 0));
    assert_works(CryptGetHashParam(copy, HP_HASHVAL, v, &len, 0));
    assert_works(CryptHashData(h, counting() + 100, 156, 0));
    assert_value(h, want);
}

static void
capi_067(void **state)
{
    HCRYPTPROV p = STRONG_PROV;
    HCRYPTHASH h = 0, copy = 0;
    HMAC_INFO info = {CALG_MD5, NULL, 0, NULL, 0};
    DWORD reserved = 0;
    (void)state;
    copies(hmac(p, md2_key(p, CALG_RC2, BITS(56)), &info), known("hmac.md5"));
    assert_works(CryptCreateHash(p, CALG_MAC, md2_key(p, CALG_RC2, BITS(40)), 0, &h));
    copies(h, known("mac.d256"));
    assert_works(CryptCreateHash(p, CALG_MD2, 0, 0, &h));
    copies(h, "9415bb1a3efd63923944e97c7acc7df2");
    assert_works(CryptCreateHash(p, CALG_MD5, 0, 0, &h));
    copies(h, "e2c865db4162bed963bfaa9ef6ac18f0");
    assert_fails(CryptDuplicateHash(h, &reserved, 0, &copy), ERROR_INVALID_PARAMETER);
    assert_fails(CryptDuplicateHash(h, NULL, 1, &copy), ERROR_INVALID_PARAMETER);
    assert_works(CryptDuplicateHash(h, NULL, 0, &copy)); /* a finished one too */
    assert_value(copy, "e2c865db4162bed963bfaa9ef6ac18f0");
    release(p);
}

static void
signs(HCRYPTPROV p, ALG_ID alg, DWORD flags, const char *want)
{
    HCRYPTHASH h = hash_of(p, alg, (const BYTE *)"abc", 3);
    BYTE sig[2048];
    DWORD len = sizeof sig;
    HCRYPTKEY k = 0;
    assert_works(CryptGetUserKey(p, AT_SIGNATURE, &k));
    assert_works(CryptSignHashA(h, AT_SIGNATURE, NULL, flags, sig, &len));
    if (want != NULL) {
        assert_hex(sig, len, want);
    }
    assert_works(CryptVerifySignatureA(h, sig, len, k, NULL, flags));
}

static void
capi_068(void **state)
{
    static const ALG_ID all[] = {CALG_MD2,     CALG_MD4,     CALG_MD5,    CALG_SHA1,
                                 CALG_SHA_256, CALG_SHA_384, CALG_SHA_512};
    HCRYPTPROV p = AES_PROV;
    HCRYPTHASH h = 0;
    HCRYPTKEY k = 0, mac = plain_key_hex(p, CALG_DES, "0011223344556677", 0);
    BYTE a[64], w[64], shamd5[36] = {1, 2, 3}, v[16];
    DWORD len = sizeof a, n = sizeof w;
    (void)state;
    (void)demo_pair(p, AT_SIGNATURE);
    signs(p, CALG_SHA1, 0, known("sign.sha1"));
    signs(p, CALG_SHA1, CRYPT_NOHASHOID, known("sign.sha1.nooid"));
    signs(p, CALG_SHA1, CRYPT_X931_FORMAT, NULL);
    h = hash_of(p, CALG_MD5, (const BYTE *)"1134-kelp", 9);
    assert_works(CryptSignHashA(h, AT_SIGNATURE, "Test Signature", 0, a, &len));
    n = sizeof v;
    assert_works(CryptGetHashParam(h, HP_HASHVAL, v, &n, 0));
    assert_hex(v, n, "a82bdfc2c9f1bb623878d460face5c2a");
    h = hash_of(p, CALG_MD5, (const BYTE *)"1134-kelp", 9);
    n = sizeof w;
    assert_works(CryptSignHashW(h, AT_SIGNATURE, u"Test Signature", 0, w, &n));
    assert_memory_equal(a, w, 64);
    h = hash_of(p, CALG_MD5, (const BYTE *)"abc", 3);
    assert_works(CryptSignHashA(h, AT_SIGNATURE, NULL, 0, NULL, &n));
    assert_int_equal(n, 64);
    assert_works(CryptHashData(h, a, 1, 0)); /* a size query ends nothing */
    n = 63;
    assert_fails(CryptSignHashA(h, AT_SIGNATURE, NULL, 0, a, &n), ERROR_MORE_DATA);
    assert_int_equal(n, 64);
    assert_fails(CryptSignHashA(h, AT_KEYEXCHANGE, NULL, 0, a, &n), NTE_NO_KEY);
    assert_fails(CryptSignHashA(h, AT_SIGNATURE, NULL, 8, a, &n), NTE_BAD_FLAGS);
    assert_fails(CryptSignHashA(h, AT_SIGNATURE, NULL, 0, a, NULL), ERROR_INVALID_PARAMETER);
    assert_works(CryptCreateHash(p, CALG_MAC, mac, 0, &h));
    assert_fails(CryptSignHashA(h, AT_SIGNATURE, NULL, 0, a, &n), NTE_BAD_ALGID);
    assert_works(CryptCreateHash(p, CALG_SSL3_SHAMD5, 0, 0, &h));
    assert_works(CryptSetHashParam(h, HP_HASHVAL, shamd5, 0));
    assert_works(CryptSignHashA(h, AT_SIGNATURE, NULL, 0, a, &n));
    assert_works(CryptGenKey(p, AT_SIGNATURE, BITS(1024), &k));
    for (size_t i = 0; i < COUNT(all); i++) {
        signs(p, all[i], 0, NULL);
        signs(p, all[i], CRYPT_NOHASHOID, NULL);
    }
    release(p);
}

/* The public half as OpenSSL writes it. */
static HCRYPTKEY
public_of_openssl(HCRYPTPROV p)
{
    BYTE blob[512];
    HCRYPTKEY k = 0;
    write_file("sign.priv", blob, known_bytes("demo.private", blob));
    run_in_dir("openssl rsa -inform MSBLOB -in sign.priv -pubout -outform MSBLOB -out sign.pub "
               "2>/dev/null");
    DWORD len = read_file("sign.pub", blob, sizeof blob);
    assert_works(CryptImportKey(p, blob, len, 0, 0, &k));
    return k;
}

static void
capi_069(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = demo_pair(p, AT_SIGNATURE), other = 0;
    BYTE sig[64];
    DWORD len = known_bytes("sign.sha1", sig);
    HCRYPTHASH h = hash_of(p, CALG_SHA1, (const BYTE *)"abc", 3);
    (void)state;
    assert_works(CryptVerifySignatureA(h, sig, len, k, NULL, 0));
    assert_works(CryptVerifySignatureW(h, sig, len, k, NULL, 0));
    assert_works(CryptVerifySignatureA(h, sig, len, public_of_openssl(p), NULL, 0));
    assert_fails(CryptVerifySignatureA(h, sig, len, k, NULL, CRYPT_NOHASHOID), NTE_BAD_SIGNATURE);
    sig[10] ^= 1;
    assert_fails(CryptVerifySignatureA(h, sig, len, k, NULL, 0), NTE_BAD_SIGNATURE);
    len = known_bytes("sign.sha1.nooid", sig);
    assert_works(CryptVerifySignatureA(h, sig, len, k, NULL, 0));
    assert_works(CryptVerifySignatureA(h, sig, len, k, NULL, CRYPT_NOHASHOID));
    assert_fails(CryptVerifySignatureA(h, NULL, 64, k, NULL, 0), ERROR_INVALID_PARAMETER);
    assert_fails(CryptVerifySignatureA(h, NULL, 0, k, NULL, 0), NTE_BAD_SIGNATURE);
    assert_fails(CryptVerifySignatureA(h, NULL, 1, k, NULL, 0), NTE_BAD_SIGNATURE);
    assert_fails(CryptVerifySignatureA(h, sig, 32, k, NULL, 0), NTE_BAD_SIGNATURE);
    assert_fails(CryptVerifySignatureA(h, sig, 64, 0, NULL, 0), ERROR_INVALID_PARAMETER);
    assert_fails(CryptVerifySignatureA(0, sig, 64, k, NULL, 0), ERROR_INVALID_PARAMETER);
    assert_works(CryptGenKey(p, AT_SIGNATURE, BITS(512), &other));
    assert_fails(CryptVerifySignatureA(h, sig, 64, other, NULL, 0), NTE_BAD_SIGNATURE);
    release(p);
}

/* A signature or a key that is refused leaves the hash open. */
static void
a_refusal_does_not_finish(void **state)
{
    HCRYPTPROV p = ENHANCED_PROV;
    HCRYPTHASH h = hash_of(p, CALG_MD5, counting(), 10), mac = 0;
    HCRYPTKEY k = 0, mac_key = 0;
    BYTE sig[128];
    DWORD n = sizeof sig;
    (void)state;
    assert_works(CryptGenKey(p, AT_SIGNATURE, 1024u << 16, &k));
    assert_fails(CryptSignHashA(h, AT_SIGNATURE, NULL, CRYPT_X931_FORMAT, sig, &n), NTE_BAD_ALGID);
    assert_works(CryptHashData(h, counting(), 10, 0));
    assert_works(CryptGenKey(p, CALG_DES, 0, &mac_key));
    assert_works(CryptCreateHash(p, CALG_MAC, mac_key, 0, &mac));
    assert_works(CryptHashData(mac, counting(), 10, 0));
    assert_fails(CryptDeriveKey(p, CALG_3DES, mac, 0, &k), NTE_BAD_HASH);
    assert_works(CryptHashData(mac, counting(), 10, 0));
    release(p);
}

/* A state that no key can have, and a key too long for its wrapping. */
static void
blobs_out_of_bounds(void **state)
{
    HCRYPTPROV p = ENHANCED_PROV;
    HCRYPTKEY k = 0, kek = 0;
    BYTE blob[400];
    DWORD n = sizeof blob;
    (void)state;
    assert_works(CryptGenKey(p, CALG_RC2, (128u << 16) | CRYPT_EXPORTABLE, &k));
    assert_works(CryptExportKey(k, 0, OPAQUEKEYBLOB, 0, blob, &n));
    blob[20] = 1, blob[21] = 4; /* 1025 effective bits */
    assert_fails(CryptImportKey(p, blob, n, 0, 0, &k), NTE_BAD_DATA);
    blob[20] = 0;
    assert_works(CryptImportKey(p, blob, n, 0, 0, &k));
    assert_works(CryptGenKey(p, CALG_RC2, 128u << 16, &kek));
    k = plain_key(p, CALG_RC2, counting(), 200, CRYPT_EXPORTABLE | CRYPT_IPSEC_HMAC_KEY);
    n = sizeof blob;
    assert_fails(CryptExportKey(k, kek, SYMMETRICWRAPKEYBLOB, 0, blob, &n), NTE_BAD_LEN);
    release(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_does_not_finish),
        cmocka_unit_test(blobs_out_of_bounds),
        cmocka_unit_test(capi_060),
        cmocka_unit_test(capi_061),
        cmocka_unit_test(capi_062),
        cmocka_unit_test(capi_063),
        cmocka_unit_test(capi_064),
        cmocka_unit_test(capi_065),
        cmocka_unit_test(capi_066),
        cmocka_unit_test(capi_067),
        cmocka_unit_test(capi_068),
        cmocka_unit_test(capi_069),
    };
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
