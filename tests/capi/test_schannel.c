/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of SSL 3.0 and TLS 1.0. */
#include <string.h>

#include "capi_test.h"

#define BITS(n) ((DWORD)(n) << 16)
#define MASTER_LEN 48

static HCRYPTPROV
schannel(void)
{
    return verify_prov(MS_DEF_RSA_SCHANNEL_PROV_A, PROV_RSA_SCHANNEL);
}

/* 03, minor, 02, 03 .. 2f: the premaster secret of the known answers. */
static HCRYPTKEY
known_master(HCRYPTPROV p, ALG_ID alg, DWORD flags)
{
    BYTE bytes[MASTER_LEN];
    memcpy(bytes, counting(), sizeof bytes);
    bytes[0] = 3;
    bytes[1] = alg == CALG_TLS1_MASTER;
    return plain_key(p, alg, bytes, sizeof bytes, flags);
}

static BOOL
set_blob(HCRYPTKEY k, DWORD param, const BYTE *bytes, DWORD len)
{
    BYTE copy[64];
    CRYPT_DATA_BLOB b = {len, copy};
    memcpy(copy, bytes, len);
    return CryptSetKeyParam(k, param, (const BYTE *)&b, 0);
}

static void
set_randoms(HCRYPTKEY k)
{
    assert_works(set_blob(k, KP_CLIENT_RANDOM, counting() + 0x40, 32));
    assert_works(set_blob(k, KP_SERVER_RANDOM, counting() + 0x80, 32));
}

static BOOL
set_alg(HCRYPTKEY k, DWORD use, ALG_ID alg, DWORD bits)
{
    SCHANNEL_ALG a = {use, alg, bits, 0, 0};
    return CryptSetKeyParam(k, KP_SCHANNEL_ALG, (const BYTE *)&a, 0);
}

static void
set_algs(HCRYPTKEY k, ALG_ID mac, DWORD mac_bits, ALG_ID enc, DWORD enc_bits)
{
    assert_works(set_alg(k, SCHANNEL_MAC_KEY, mac, mac_bits));
    assert_works(set_alg(k, SCHANNEL_ENC_KEY, enc, enc_bits));
}

static HCRYPTHASH
master_hash(HCRYPTPROV p, HCRYPTKEY k)
{
    HCRYPTHASH h = 0;
    assert_works(CryptCreateHash(p, CALG_SCHANNEL_MASTER_HASH, k, 0, &h));
    return h;
}

static HCRYPTKEY
derived(HCRYPTPROV p, ALG_ID alg, HCRYPTHASH h, DWORD flags)
{
    HCRYPTKEY k = 0;
    assert_works(CryptDeriveKey(p, alg, h, flags | CRYPT_EXPORTABLE, &k));
    return k;
}

/* n bytes at an offset of a key block, in hex. */
static const char *
part(const char *block, size_t at, size_t n)
{
    static char hex[200];
    memcpy(hex, known(block) + 2 * at, 2 * n);
    hex[2 * n] = '\0';
    return hex;
}

static void
master_bytes(HCRYPTKEY k, BYTE ret_bytes[MASTER_LEN])
{
    BYTE blob[12 + MASTER_LEN];
    DWORD n = sizeof blob;
    assert_works(CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, blob, &n));
    assert_int_equal(n, sizeof blob);
    memcpy(ret_bytes, blob + 12, MASTER_LEN);
}

static void
capi_079(void **state)
{
    static const ALG_ID masters[] = {CALG_SSL3_MASTER, CALG_TLS1_MASTER};
    HCRYPTPROV p = schannel(), other = STRONG_PROV;
    HCRYPTKEY pair = 0, k = 0, got = 0;
    BYTE a[MASTER_LEN], b[MASTER_LEN], blob[300];
    (void)state;
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, BITS(1024), &pair));
    for (size_t i = 0; i < COUNT(masters); i++) {
        DWORD n = sizeof blob;
        assert_works(CryptGenKey(p, masters[i], CRYPT_EXPORTABLE, &k));
        master_bytes(k, a);
        assert_int_equal(a[0], 3);
        assert_int_equal(a[1], i);
        assert_works(CryptGenKey(p, masters[i], CRYPT_EXPORTABLE | BITS(384), &got));
        master_bytes(got, b);
        assert_memory_not_equal(a + 2, b + 2, MASTER_LEN - 2);
        assert_int_equal(key_dword(k, KP_ALGID), masters[i]);
        assert_int_equal(key_dword(k, KP_KEYLEN), 384);
        assert_works(CryptExportKey(k, pair, SIMPLEBLOB, 0, blob, &n));
        assert_works(CryptImportKey(p, blob, n, pair, CRYPT_EXPORTABLE, &got));
        master_bytes(got, b);
        assert_memory_equal(a, b, MASTER_LEN);
        assert_fails(CryptGenKey(p, masters[i], BITS(128), &k), NTE_BAD_DATA);
        assert_fails(CryptGenKey(other, masters[i], 0, &k), NTE_BAD_ALGID);
        assert_fails(CryptEncrypt(got, 0, TRUE, 0, blob, &n, sizeof blob), NTE_BAD_ALGID);
        n = sizeof blob;
        assert_fails(CryptExportKey(got, 0, OPAQUEKEYBLOB, 0, blob, &n), NTE_BAD_TYPE);
    }
    assert_fails(CryptGenKey(p, CALG_PCT1_MASTER, 0, &k), NTE_BAD_ALGID);
    assert_fails(CryptGenKey(p, CALG_SCHANNEL_ENC_KEY, 0, &k), NTE_BAD_ALGID);
    assert_fails(set_alg(got, SCHANNEL_ENC_KEY, CALG_AES_128, 128), NTE_BAD_ALGID);
    assert_fails(set_alg(got, SCHANNEL_ENC_KEY, CALG_RC4, 136), NTE_BAD_DATA);
    assert_fails(set_alg(got, SCHANNEL_MAC_KEY, CALG_RC4, 128), NTE_BAD_ALGID);
    assert_fails(set_alg(got, SCHANNEL_MAC_KEY, CALG_MD5, 160), NTE_BAD_LEN);
    assert_fails(set_alg(got, 2, CALG_MD5, 128), NTE_BAD_DATA);
    assert_fails(set_blob(got, KP_CLIENT_RANDOM, counting(), 31), NTE_BAD_LEN);
    assert_fails(set_blob(got, KP_CLIENT_RANDOM, counting(), 33), NTE_BAD_LEN);
    assert_fails(CryptSetKeyParam(got, KP_IV, counting(), 0), NTE_BAD_TYPE);
    k = plain_key_hex(p, CALG_RC4, "00112233445566778899aabbccddeeff", 0);
    assert_fails(set_blob(k, KP_CLIENT_RANDOM, counting(), 32), NTE_BAD_TYPE);
    release(p);
    release(other);
}

/* All four keys with their IVs, SHA-1 and 3DES-CBC. */
static void
check_block(HCRYPTPROV p, HCRYPTHASH h, const char *block)
{
    for (DWORD side = 0; side < 2; side++) {
        DWORD flag = side == 1 ? CRYPT_SERVER : 0, n = 8;
        BYTE iv[8];
        HCRYPTKEY k = derived(p, CALG_SCHANNEL_MAC_KEY, h, flag);
        assert_key_bytes(k, part(block, 20 * side, 20));
        assert_int_equal(key_dword(k, KP_ALGID), CALG_SCHANNEL_MAC_KEY);
        k = derived(p, CALG_SCHANNEL_ENC_KEY, h, flag);
        assert_int_equal(key_dword(k, KP_ALGID), CALG_3DES);
        assert_key_bytes(k, part(block, 40 + 24 * side, 24));
        assert_works(CryptGetKeyParam(k, KP_IV, iv, &n, 0));
        assert_hex(iv, n, part(block, 88 + 8 * side, 8));
    }
}

static void
capi_080(void **state)
{
    HCRYPTPROV p = schannel();
    HCRYPTKEY tls = known_master(p, CALG_TLS1_MASTER, CRYPT_EXPORTABLE), copy = 0, k = 0;
    HCRYPTKEY ssl = known_master(p, CALG_SSL3_MASTER, 0);
    HCRYPTHASH h = 0, other = 0, sha = hash_of(p, CALG_SHA1, counting(), 5);
    BYTE b[100];
    DWORD n = sizeof b;
    (void)state;
    assert_fails(CryptCreateHash(p, CALG_SCHANNEL_MASTER_HASH, tls, 0, &h),
                 ERROR_INVALID_PARAMETER);
    assert_works(set_blob(tls, KP_CLIENT_RANDOM, counting() + 0x40, 32));
    assert_fails(CryptCreateHash(p, CALG_SCHANNEL_MASTER_HASH, tls, 0, &h),
                 ERROR_INVALID_PARAMETER);
    assert_fails(CryptCreateHash(p, CALG_SCHANNEL_MASTER_HASH, 0, 0, &h), NTE_BAD_KEY);
    set_randoms(tls);
    h = master_hash(p, tls);
    assert_fails(CryptDeriveKey(p, CALG_SCHANNEL_ENC_KEY, h, 0, &k), NTE_BAD_FLAGS);
    assert_fails(CryptDeriveKey(p, CALG_SCHANNEL_ENC_KEY, sha, 0, &k), NTE_BAD_HASH);
    assert_fails(CryptDeriveKey(p, CALG_RC4, h, 0, &k), NTE_BAD_HASH_STATE);
    assert_fails(CryptHashData(h, b, 1, 0), NTE_BAD_ALGID);
    assert_fails(CryptGetHashParam(h, HP_HASHVAL, b, &n, 0), NTE_BAD_HASH_STATE);
    set_algs(tls, CALG_SHA1, 160, CALG_3DES, 168);
    h = master_hash(p, tls);
    check_block(p, h, "tls1.block");
    assert_fails(CryptExportKey(tls, 0, PLAINTEXTKEYBLOB, 0, b, &n), NTE_BAD_KEY_STATE);
    /* a session taken up again: other randoms, the same master secret, and h as it was */
    assert_works(CryptDuplicateKey(tls, NULL, 0, &copy));
    assert_works(set_blob(tls, KP_CLIENT_RANDOM, counting(), 32));
    assert_key_bytes(derived(p, CALG_SCHANNEL_MAC_KEY, h, 0), part("tls1.block", 0, 20));
    assert_works(CryptDuplicateHash(h, NULL, 0, &other));
    check_block(p, other, "tls1.block");
    check_block(p, master_hash(p, copy), "tls1.block");
    set_randoms(tls);
    check_block(p, master_hash(p, tls), "tls1.block");
    /* SSL 3.0 */
    set_randoms(ssl);
    set_algs(ssl, CALG_SHA1, 160, CALG_3DES, 192);
    check_block(p, master_hash(p, ssl), "ssl3.block");
    set_algs(ssl, CALG_MD5, 128, CALG_RC4, 128);
    h = master_hash(p, ssl);
    assert_key_bytes(derived(p, CALG_SCHANNEL_MAC_KEY, h, CRYPT_SERVER),
                     part("ssl3.block", 16, 16));
    k = derived(p, CALG_SCHANNEL_ENC_KEY, h, CRYPT_SERVER);
    assert_key_bytes(k, part("ssl3.block", 48, 16));
    assert_int_equal(key_dword(k, KP_ALGID), CALG_RC4);
    release(p);
    p = STRONG_PROV;
    assert_fails(CryptCreateHash(p, CALG_SCHANNEL_MASTER_HASH, 0, 0, &h), NTE_BAD_ALGID);
    release(p);
}

static HCRYPTHASH
prf(HCRYPTPROV p, HCRYPTKEY k, const char *label, BYTE *seed, DWORD len)
{
    HCRYPTHASH h = 0;
    char copy[40];
    CRYPT_DATA_BLOB l = {(DWORD)strlen(label), (BYTE *)copy}, s = {len, seed};
    memcpy(copy, label, strlen(label));
    assert_works(CryptCreateHash(p, CALG_TLS1PRF, k, 0, &h));
    assert_works(CryptSetHashParam(h, HP_TLS1PRF_LABEL, (const BYTE *)&l, 0));
    assert_works(CryptSetHashParam(h, HP_TLS1PRF_SEED, (const BYTE *)&s, 0));
    return h;
}

static void
assert_prf(HCRYPTHASH h, DWORD n, const char *hex)
{
    BYTE out[200] = {0};
    DWORD len = n;
    assert_works(CryptGetHashParam(h, HP_HASHVAL, out, &len, 0));
    assert_int_equal(len, n);
    assert_hex(out, n, hex);
    assert_int_equal(out[n], 0);
}

static void
capi_081(void **state)
{
    HCRYPTPROV p = schannel();
    HCRYPTKEY tls = known_master(p, CALG_TLS1_MASTER, 0),
              ssl = known_master(p, CALG_SSL3_MASTER, 0);
    HCRYPTHASH h = 0, copy = 0;
    BYTE seed[600], out[16], master[MASTER_LEN];
    DWORD n = 0;
    CRYPT_DATA_BLOB bad = {sizeof seed, seed};
    (void)state;
    memcpy(seed, "seed", 4);
    assert_prf(prf(p, tls, "test", seed, 4), 40, known("tls1.prf.raw"));
    memset(master, 0xab, sizeof master);
    memset(seed, 0xcd, 64); /* the answer that implementers of TLS 1.0 compared among themselves */
    assert_prf(prf(p, plain_key(p, CALG_TLS1_MASTER, master, sizeof master, 0), "PRF Testvector",
                   seed, 64),
               104, known("tls1.prf.public"));
    set_randoms(tls);
    memcpy(seed, counting(), 36);
    h = prf(p, tls, "client finished", seed, 36);
    assert_prf(h, 12, known("tls1.finished"));
    assert_prf(h, 100, known("tls1.prf.100"));
    assert_works(CryptDuplicateHash(h, NULL, 0, &copy));
    assert_prf(copy, 12, known("tls1.finished"));
    assert_works(CryptGetHashParam(h, HP_HASHVAL, NULL, &n, 0));
    assert_int_equal(n, 12);
    n = 0;
    assert_fails(CryptGetHashParam(h, HP_HASHVAL, out, &n, 0), ERROR_MORE_DATA);
    assert_fails(CryptHashData(h, seed, 1, 0), NTE_BAD_ALGID);
    assert_fails(CryptSetHashParam(h, HP_HASHVAL, seed, 0), NTE_BAD_HASH_STATE);
    assert_fails(CryptSetHashParam(h, HP_TLS1PRF_SEED, (BYTE *)&bad, 0), NTE_BAD_LEN);
    assert_works(CryptCreateHash(p, CALG_TLS1PRF, tls, 0, &h));
    n = sizeof out;
    assert_fails(CryptGetHashParam(h, HP_HASHVAL, out, &n, 0), NTE_BAD_HASH_STATE);
    assert_int_equal(n, sizeof out);
    assert_fails(CryptCreateHash(p, CALG_TLS1PRF, ssl, 0, &h), NTE_BAD_KEY);
    assert_fails(CryptCreateHash(p, CALG_TLS1PRF, 0, 0, &h), NTE_BAD_KEY);
    h = hash_of(p, CALG_MD5, seed, 1);
    assert_fails(CryptSetHashParam(h, HP_TLS1PRF_SEED, (BYTE *)&bad, 0), NTE_BAD_TYPE);
    /* what is hashed of a master key is the master secret, not what went over the wire */
    assert_works(CryptCreateHash(p, CALG_SHA1, 0, 0, &h));
    assert_works(CryptHashSessionKey(h, tls, CRYPT_LITTLE_ENDIAN));
    (void)known_bytes("tls1.master", master);
    copy = hash_of(p, CALG_SHA1, master, sizeof master);
    n = sizeof seed;
    assert_works(CryptGetHashParam(copy, HP_HASHVAL, seed, &n, 0));
    DWORD m = sizeof master;
    assert_works(CryptGetHashParam(h, HP_HASHVAL, master, &m, 0));
    assert_int_equal(m, n);
    assert_memory_equal(master, seed, n);
    release(p);
}

/* A context and a container at once are asked for by programs that have neither yet. */
static void
context_without_a_container(void **state)
{
    HCRYPTPROV p = 0;
    (void)state;
    assert_works(CryptAcquireContextA(&p, NULL, NULL, PROV_RSA_SCHANNEL,
                                      CRYPT_VERIFYCONTEXT | CRYPT_NEWKEYSET));
    release(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capi_079),
        cmocka_unit_test(capi_080),
        cmocka_unit_test(capi_081),
        cmocka_unit_test(context_without_a_container),
    };
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
