/* SPDX-License-Identifier: Apache-2.0 */
/* Diffie-Hellman keys, agreed keys, and the containers of both kinds of key. */
#include <stdio.h>
#include <string.h>

#include "capi_test.h"

#define BLOB_MAX 2048
#define BASE_DH_PROV verify_prov(MS_DEF_DSS_DH_PROV_A, PROV_DSS_DH)
#define DH_PROV verify_prov(MS_ENH_DSS_DH_PROV_A, PROV_DSS_DH)
#define DH_SCHANNEL_PROV verify_prov(MS_DEF_DH_SCHANNEL_PROV_A, PROV_DH_SCHANNEL)

static HCRYPTKEY
import_known(HCRYPTPROV p, const char *name, HCRYPTKEY with, DWORD flags)
{
    BYTE blob[BLOB_MAX];
    HCRYPTKEY k = 0;
    DWORD len = known_bytes(name, blob);
    assert_works(CryptImportKey(p, blob, len, with, flags, &k));
    return k;
}

static void
assert_exports(HCRYPTKEY k, DWORD type, DWORD flags, const char *name)
{
    BYTE blob[BLOB_MAX];
    DWORD size = sizeof blob;
    assert_works(CryptExportKey(k, 0, type, flags, blob, &size));
    assert_hex(blob, size, known(name));
}

static void
sizes(HCRYPTPROV p, ALG_ID alg, DWORD def, DWORD max)
{
    HCRYPTKEY k = 0;
    assert_works(CryptGenKey(p, alg, 0, &k));
    assert_int_equal(key_dword(k, KP_KEYLEN), def);
    assert_int_equal(key_dword(k, KP_ALGID), alg == AT_KEYEXCHANGE ? CALG_DH_SF : alg);
    assert_works(CryptGenKey(p, alg, 576u << 16, &k));
    assert_int_equal(key_dword(k, KP_KEYLEN), 576);
    assert_fails(CryptGenKey(p, alg, 448u << 16, &k), NTE_BAD_DATA);
    assert_fails(CryptGenKey(p, alg, 520u << 16, &k), NTE_BAD_DATA);
    assert_fails(CryptGenKey(p, alg, (max + 64) << 16, &k), NTE_BAD_DATA);
}

static void
capi_087(void **state)
{
    HCRYPTPROV p = BASE_DH_PROV;
    HCRYPTKEY k = 0;
    BYTE bytes[512];
    DWORD len = sizeof bytes;
    (void)state;
    sizes(p, AT_KEYEXCHANGE, 512, 1024);
    sizes(p, CALG_DH_SF, 512, 1024);
    sizes(p, CALG_DH_EPHEM, 512, 1024);
    release(p);
    p = DH_PROV;
    sizes(p, CALG_DH_EPHEM, 1024, 4096);
    assert_works(CryptGenKey(p, CALG_DH_EPHEM, 2048u << 16, &k));
    assert_works(CryptGetKeyParam(k, KP_VERIFY_PARAMS, NULL, &len, 0));
    len = sizeof bytes;
    assert_works(CryptGetKeyParam(k, KP_Q, bytes, &len, 0));
    assert_int_equal(len, 32);
    assert_fails(CryptGetUserKey(p, AT_KEYEXCHANGE, &k), NTE_NO_KEY); /* ephemeral is not kept */
    assert_works(CryptGenKey(p, CALG_DH_SF, 512u << 16, &k));
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &k));
    assert_int_equal(key_dword(k, KP_ALGID), CALG_DH_SF);
    assert_works(CryptGetUserKey(p, CALG_DH_SF, &k));
    assert_fails(CryptGetUserKey(p, CALG_RSA_KEYX, &k), NTE_BAD_KEY);
    assert_fails(CryptGetUserKey(p, CALG_DH_EPHEM, &k), NTE_BAD_KEY);
    assert_fails(CryptGenKey(p, CALG_RSA_KEYX, 0, &k), NTE_BAD_ALGID);
    release(p);
    p = DH_SCHANNEL_PROV;
    sizes(p, CALG_DH_EPHEM, 1024, 4096);
    release(p);
}

static void
capi_088(void **state)
{
    HCRYPTPROV p = DH_PROV;
    HCRYPTKEY k = 0, pub = 0, rc4 = 0;
    BYTE blob[BLOB_MAX];
    DWORD len = sizeof blob;
    (void)state;
    k = import_known(p, "dh.a.private", 0, CRYPT_EXPORTABLE);
    assert_exports(k, PRIVATEKEYBLOB, 0, "dh.a.private");
    assert_exports(k, PUBLICKEYBLOB, 0, "dh.a.public");
    assert_fails(CryptGetKeyParam(k, KP_Q, blob, &len, 0), NTE_BAD_KEY_STATE); /* not known */
    k = import_known(p, "dh.a.private3", 0, CRYPT_EXPORTABLE);
    assert_exports(k, PRIVATEKEYBLOB, CRYPT_BLOB_VER3, "dh.a.private3");
    k = import_known(p, "dh.b.public3", 0, 0);
    assert_exports(k, PUBLICKEYBLOB, CRYPT_BLOB_VER3, "dh.b.public3");
    assert_exports(k, PUBLICKEYBLOB, 0, "dh.b.public");
    len = known_bytes("dh.b.public", blob);
    assert_fails(CryptImportKey(p, blob, len, 0, 0, &pub), NTE_NO_KEY); /* y alone */
    assert_works(CryptGenKey(p, CALG_RC4, CRYPT_EXPORTABLE, &rc4));
    assert_fails(CryptExportKey(rc4, k, SIMPLEBLOB, 0, NULL, &len), NTE_BAD_KEY); /* not RSA */
    len = 8;
    assert_fails(CryptEncrypt(k, 0, TRUE, 0, blob, &len, sizeof blob), NTE_BAD_KEY);
    assert_fails(CryptDecrypt(k, 0, TRUE, 0, blob, &len), NTE_BAD_KEY);
    release(p);
}

/* One side of an exchange with p and g that both know: an own pair, and its public BLOB. */
static HCRYPTKEY
side(HCRYPTPROV p, ALG_ID alg, BYTE *ret_blob, DWORD *ret_len)
{
    HCRYPTKEY k = 0;
    BYTE prime[128], base[128];
    CRYPT_DATA_BLOB b = {known_bytes("dh.p", prime), prime};
    CRYPT_DATA_BLOB g = {known_bytes("dh.g", base), base};
    assert_works(CryptGenKey(p, alg, (1024u << 16) | CRYPT_PREGEN, &k));
    assert_works(CryptSetKeyParam(k, KP_P, (const BYTE *)&b, 0));
    assert_works(CryptSetKeyParam(k, KP_G, (const BYTE *)&g, 0));
    assert_works(CryptSetKeyParam(k, KP_X, NULL, 0));
    assert_works(CryptExportKey(k, 0, PUBLICKEYBLOB, 0, ret_blob, ret_len));
    return k;
}

static void
two_sides(HCRYPTPROV p, ALG_ID alg, ALG_ID session)
{
    BYTE blob1[BLOB_MAX], blob2[BLOB_MAX], text[64] = "Attack at dawn.";
    DWORD len1 = sizeof blob1, len2 = sizeof blob2, len = 16;
    HCRYPTKEY own1 = side(p, alg, blob1, &len1), own2 = side(p, alg, blob2, &len2);
    HCRYPTKEY k1 = 0, k2 = 0;
    assert_int_equal(len1, 16 + 128);
    assert_works(CryptImportKey(p, blob2, len2, own1, 0, &k1));
    assert_works(CryptImportKey(p, blob1, len1, own2, 0, &k2));
    assert_int_equal(key_dword(k1, KP_ALGID), CALG_AGREEDKEY_ANY);
    assert_fails(CryptEncrypt(k1, 0, TRUE, 0, text, &len, sizeof text), NTE_BAD_KEY);
    assert_fails(CryptDecrypt(k1, 0, TRUE, 0, text, &len), NTE_BAD_KEY);
    assert_works(CryptSetKeyParam(k1, KP_ALGID, (const BYTE *)&session, 0));
    assert_works(CryptSetKeyParam(k2, KP_ALGID, (const BYTE *)&session, 0));
    assert_int_equal(key_dword(k1, KP_ALGID), session);
    assert_works(CryptEncrypt(k1, 0, TRUE, 0, text, &len, sizeof text));
    assert_memory_not_equal(text, "Attack at dawn.", 16);
    assert_works(CryptDecrypt(k2, 0, TRUE, 0, text, &len));
    assert_int_equal(len, 16);
    assert_memory_equal(text, "Attack at dawn.", 16);
    assert_fails(CryptSetKeyParam(k1, KP_ALGID, (const BYTE *)&session, 0), NTE_BAD_TYPE);
    assert_works(CryptDestroyKey(own1));
    assert_works(CryptDestroyKey(own2));
}

/* Of RFC 5114, where the session key is known. */
static HCRYPTKEY
rfc_session(HCRYPTPROV p, ALG_ID alg, DWORD flags)
{
    HCRYPTKEY own = import_known(p, "dh.a.private3", 0, 0);
    HCRYPTKEY k = import_known(p, "dh.b.public", own, 0);
    assert_works(CryptSetKeyParam(k, KP_ALGID, (const BYTE *)&alg, flags));
    return k;
}

static void
capi_089(void **state)
{
    static const ALG_ID algs[] = {CALG_RC4, CALG_RC2, CALG_DES, CALG_3DES_112, CALG_3DES};
    HCRYPTPROV p = DH_PROV;
    HCRYPTKEY k = 0;
    BYTE salt[32];
    DWORD len = sizeof salt;
    ALG_ID aes = CALG_AES_256;
    (void)state;
    for (size_t i = 0; i < COUNT(algs); i++) {
        two_sides(p, i % 2 == 0 ? CALG_DH_EPHEM : CALG_DH_SF, algs[i]);
    }
    k = rfc_session(p, CALG_RC4, CRYPT_EXPORTABLE);
    assert_key_bytes(k, known("dh.key.16"));
    k = rfc_session(p, CALG_3DES_112, CRYPT_EXPORTABLE);
    assert_key_bytes(k, known("dh.key.16"));
    k = rfc_session(p, CALG_3DES, CRYPT_EXPORTABLE);
    assert_key_bytes(k, known("dh.key.24"));
    k = rfc_session(p, CALG_RC4, (40u << 16) | CRYPT_EXPORTABLE);
    assert_key_bytes(k, known("dh.key.5"));
    assert_int_equal(key_dword(k, KP_KEYLEN), 40);
    assert_works(CryptGetKeyParam(k, KP_SALT, salt, &len, 0));
    assert_hex(salt, len, "0000000000000000000000");
    k = rfc_session(p, CALG_RC2, 0);
    len = 0;
    assert_fails(CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, NULL, &len), NTE_BAD_KEY_STATE);
    k = import_known(p, "dh.b.public", import_known(p, "dh.a.private", 0, 0), 0);
    assert_fails(CryptSetKeyParam(k, KP_ALGID, (const BYTE *)&aes, 0), NTE_BAD_ALGID);
    assert_fails(CryptSetKeyParam(k, KP_ALGID, (const BYTE *)&algs[0], 129u << 16), NTE_BAD_DATA);
    assert_fails(CryptSetKeyParam(k, KP_ALGID, (const BYTE *)&algs[0], CRYPT_OAEP), NTE_BAD_FLAGS);
    assert_fails(CryptSetKeyParam(k, KP_ALGID, NULL, 0), ERROR_INVALID_PARAMETER);
    release(p);
}

static void
capi_090(void **state)
{
    HCRYPTPROV p = DH_PROV;
    BYTE z[256];
    DWORD len = sizeof z;
    HCRYPTKEY own = import_known(p, "dh.b.private3", 0, 0), k = 0, copy = 0;
    HCRYPTHASH h = hash_of(p, CALG_SHA1, z, 0);
    (void)state;
    k = import_known(p, "dh.a.public", own, 0);
    assert_fails(CryptGetKeyParam(k, KP_KEYVAL, z, &len, 0), NTE_BAD_KEY_STATE);
    k = import_known(p, "dh.a.public", own, CRYPT_EXPORTABLE);
    assert_works(CryptGetKeyParam(k, KP_KEYVAL, z, &len, 0));
    assert_hex(z, len, known("dh.z"));
    assert_fails(CryptGetKeyParam(k, KP_KEYLEN, z, &len, 0), NTE_BAD_TYPE);
    assert_fails(CryptSetKeyParam(k, KP_P, z, 0), NTE_BAD_TYPE);
    assert_fails(CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, z, &len), NTE_BAD_KEY);
    assert_fails(CryptHashSessionKey(h, k, 0), NTE_BAD_KEY);
    assert_fails(CryptCreateHash(p, CALG_HMAC, k, 0, &h), NTE_BAD_KEY);
    assert_works(CryptDuplicateKey(k, NULL, 0, &copy));
    assert_works(CryptDestroyKey(k));
    len = sizeof z;
    assert_works(CryptGetKeyParam(copy, KP_KEYVAL, z, &len, 0));
    assert_int_equal(len, 128);
    release(p);
}

static void
capi_091(void **state)
{
    static const DWORD fields[] = {8, 12, 16};
    HCRYPTPROV p = DH_PROV;
    BYTE blob[BLOB_MAX];
    HCRYPTKEY own = import_known(p, "dh.a.private3", 0, 0), no_q = 0, k = UNSET, rc4 = 0;
    DWORD len = known_bytes("dh.b.public", blob);
    (void)state;
    for (DWORD n = 0; n < len; n++) {
        assert_fails(CryptImportKey(p, blob, n, own, 0, &k), NTE_BAD_DATA);
    }
    for (size_t i = 0; i < COUNT(fields); i++) { /* magic, bits, y of another order */
        blob[fields[i]] ^= 1;
        assert_fails(CryptImportKey(p, blob, len, own, 0, &k), NTE_BAD_DATA);
        blob[fields[i]] ^= 1;
    }
    memset(blob + 16, 0, 128);
    assert_fails(CryptImportKey(p, blob, len, own, 0, &k), NTE_BAD_DATA); /* 0 */
    no_q = import_known(p, "dh.a.private", 0, 0);
    assert_fails(CryptImportKey(p, blob, len, no_q, 0, &k), NTE_BAD_DATA);
    blob[16] = 1;
    assert_fails(CryptImportKey(p, blob, len, no_q, 0, &k), NTE_BAD_DATA); /* 1 */
    assert_int_equal(known_bytes("dh.p", blob + 16), 128);
    blob[16]--;
    assert_fails(CryptImportKey(p, blob, len, no_q, 0, &k), NTE_BAD_DATA); /* p - 1 */
    blob[16]++;
    assert_fails(CryptImportKey(p, blob, len, no_q, 0, &k), NTE_BAD_DATA); /* p */
    len = known_bytes("dh.b.public3", blob);
    assert_works(CryptGenKey(p, CALG_DH_EPHEM, 0, &own));
    assert_fails(CryptImportKey(p, blob, len, own, 0, &k), NTE_BAD_DATA); /* another p */
    assert_works(CryptGenKey(p, CALG_RC4, 0, &rc4));
    assert_fails(CryptImportKey(p, blob, len, rc4, 0, &k), NTE_BAD_KEY);
    own = import_known(p, "dh.b.public3", 0, 0);
    assert_fails(CryptImportKey(p, blob, len, own, 0, &k), NTE_BAD_KEY); /* no pair */
    assert_int_equal(k, UNSET);
    release(p);
}

/* The premaster secret of TLS is the agreed number: both sides come to the same keys. */
static HCRYPTKEY
tls_key(HCRYPTPROV p, HCRYPTKEY own, const char *other)
{
    static BYTE random[2][32] = {{1}, {2}};
    SCHANNEL_ALG enc = {SCHANNEL_ENC_KEY, CALG_3DES, 168, 0, 0};
    SCHANNEL_ALG mac = {SCHANNEL_MAC_KEY, CALG_SHA1, 160, 0, 0};
    CRYPT_DATA_BLOB client = {32, random[0]}, server = {32, random[1]};
    HCRYPTKEY master = import_known(p, other, own, 0), k = 0;
    HCRYPTHASH h = 0;
    ALG_ID alg = CALG_TLS1_MASTER;
    assert_works(CryptSetKeyParam(master, KP_ALGID, (const BYTE *)&alg, 0));
    assert_works(CryptSetKeyParam(master, KP_SCHANNEL_ALG, (const BYTE *)&enc, 0));
    assert_works(CryptSetKeyParam(master, KP_SCHANNEL_ALG, (const BYTE *)&mac, 0));
    assert_works(CryptSetKeyParam(master, KP_CLIENT_RANDOM, (const BYTE *)&client, 0));
    assert_works(CryptSetKeyParam(master, KP_SERVER_RANDOM, (const BYTE *)&server, 0));
    assert_works(CryptCreateHash(p, CALG_SCHANNEL_MASTER_HASH, master, 0, &h));
    assert_works(CryptDeriveKey(p, CALG_SCHANNEL_ENC_KEY, h, CRYPT_EXPORTABLE, &k));
    return k;
}

static void
capi_092(void **state)
{
    HCRYPTPROV p = DH_SCHANNEL_PROV, plain = DH_PROV;
    HCRYPTKEY a = import_known(p, "dh.a.private3", 0, 0);
    HCRYPTKEY b = import_known(p, "dh.b.private3", 0, 0), k = 0;
    BYTE text[64] = "a record";
    DWORD len = 8;
    ALG_ID alg = CALG_TLS1_MASTER;
    (void)state;
    assert_works(CryptEncrypt(tls_key(p, a, "dh.b.public"), 0, TRUE, 0, text, &len, sizeof text));
    assert_memory_not_equal(text, "a record", 8);
    assert_works(CryptDecrypt(tls_key(p, b, "dh.a.public"), 0, TRUE, 0, text, &len));
    assert_int_equal(len, 8);
    assert_memory_equal(text, "a record", 8);
    k = import_known(plain, "dh.b.public", import_known(plain, "dh.a.private", 0, 0), 0);
    assert_fails(CryptSetKeyParam(k, KP_ALGID, (const BYTE *)&alg, 0), NTE_BAD_ALGID);
    release(plain);
    release(p);
}

static HCRYPTPROV
dh_container(const char *name, DWORD flags)
{
    HCRYPTPROV p = 0;
    assert_works(CryptAcquireContextA(&p, name, MS_ENH_DSS_DH_PROV_A, PROV_DSS_DH, flags));
    return p;
}

static void
capi_093(void **state)
{
    HCRYPTPROV p = dh_container("pairs", CRYPT_NEWKEYSET), q = 0;
    HCRYPTKEY k = 0;
    BYTE name[300];
    DWORD len = sizeof name;
    (void)state;
    (void)import_known(p, "dss.private3", 0, CRYPT_EXPORTABLE);
    (void)import_known(p, "dh.a.private3", 0, 0);
    release(p);
    p = dh_container("Pairs", 0);
    assert_works(CryptGetUserKey(p, AT_SIGNATURE, &k));
    assert_exports(k, PRIVATEKEYBLOB, CRYPT_BLOB_VER3, "dss.private3");
    assert_int_equal(key_dword(k, KP_PERMISSIONS), 0x3f);
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &k));
    assert_fails(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, NULL, &len), NTE_BAD_KEY_STATE);
    assert_exports(k, PUBLICKEYBLOB, CRYPT_BLOB_VER3, "dh.a.public3");
    assert_fails(CryptAcquireContextA(&q, "pairs", NULL, PROV_RSA_AES, 0), NTE_BAD_KEYSET);
    q = new_container("pairs"); /* a name of its own among those of RSA */
    assert_fails(CryptGetUserKey(q, AT_SIGNATURE, &k), NTE_NO_KEY);
    release(q);
    delete_container("pairs");
    len = sizeof name;
    assert_works(CryptGetProvParam(p, PP_ENUMCONTAINERS, name, &len, CRYPT_FIRST));
    assert_string_equal((const char *)name, "pairs");
    assert_works(CryptGenKey(p, AT_SIGNATURE, 512u << 16, &k)); /* in place of the other one */
    release(p);
    p = 0;
    assert_works(CryptAcquireContextA(&p, "pairs", MS_DEF_DSS_PROV_A, PROV_DSS, 0));
    assert_works(CryptGetUserKey(p, AT_SIGNATURE, &k));
    assert_int_equal(key_dword(k, KP_KEYLEN), 512);
    release(p);
    assert_works(CryptAcquireContextA(&p, "pairs", NULL, PROV_DSS_DH, CRYPT_DELETEKEYSET));
    assert_fails(CryptAcquireContextA(&p, "pairs", NULL, PROV_DSS_DH, 0), NTE_BAD_KEYSET);
    release(dh_container("pairs", CRYPT_NEWKEYSET | CRYPT_MACHINE_KEYSET));
    assert_fails(CryptAcquireContextA(&p, "pairs", NULL, PROV_DSS_DH, 0), NTE_BAD_KEYSET);
    run_in_dir("test -f machine-dss/7061697273");
    release(dh_container(NULL, CRYPT_NEWKEYSET)); /* the default one is not RSA's either */
    assert_fails(CryptAcquireContextA(&q, NULL, NULL, PROV_RSA_AES, 0), NTE_BAD_KEYSET);
    assert_works(CryptAcquireContextA(&p, NULL, NULL, PROV_DSS, CRYPT_DELETEKEYSET));
}

static void
copy_into(const char *from, const char *to)
{
    char command[512];
    (void)snprintf(command, sizeof command, "cp -p data/sparekey/%s data/sparekey/%s", from, to);
    run_in_dir(command);
}

/* Files of the other kind of provider, and damaged ones: refused, and left where they are. */
static void
capi_094(void **state)
{
    HCRYPTPROV p = dh_container("mixed", CRYPT_NEWKEYSET), q = new_container("mixed");
    HCRYPTKEY k = 0;
    BYTE bytes[4096];
    (void)state;
    (void)import_known(p, "dss.private3", 0, 0);
    assert_works(CryptGenKey(q, AT_KEYEXCHANGE, 2048u << 16, &k));
    release(p);
    release(q);
    copy_into("containers-dss/6d69786564.2", "containers/6d69786564.2");
    assert_fails(CryptAcquireContextA(&q, "mixed", NULL, PROV_RSA_AES, 0), NTE_KEYSET_ENTRY_BAD);
    copy_into("containers/6d69786564", "containers-dss/6d69786564");
    assert_fails(CryptAcquireContextA(&p, "mixed", NULL, PROV_DSS, 0), NTE_KEYSET_ENTRY_BAD);
    run_in_dir("rm data/sparekey/containers/6d69786564*");
    delete_container("mixed");
    assert_fails(CryptAcquireContextA(&p, "mixed", NULL, PROV_DSS, CRYPT_DELETEKEYSET),
                 NTE_KEYSET_ENTRY_BAD);
    run_in_dir("rm data/sparekey/containers-dss/6d69786564*");
    p = dh_container("mixed", CRYPT_NEWKEYSET);
    (void)import_known(p, "dss.private3", 0, 0);
    release(p);
    DWORD len = read_file("data/sparekey/containers-dss/6d69786564.2", bytes, sizeof bytes);
    bytes[len / 2] ^= 1;
    write_file("data/sparekey/containers-dss/6d69786564.2", bytes, len);
    assert_fails(CryptAcquireContextA(&p, "mixed", NULL, PROV_DSS, 0), NTE_KEYSET_ENTRY_BAD);
    assert_fails(CryptAcquireContextA(&p, "mixed", NULL, PROV_DSS, CRYPT_DELETEKEYSET),
                 NTE_KEYSET_ENTRY_BAD);
    run_in_dir("test -s data/sparekey/containers-dss/6d69786564.2");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(capi_087), cmocka_unit_test(capi_088),
                                       cmocka_unit_test(capi_089), cmocka_unit_test(capi_090),
                                       cmocka_unit_test(capi_091), cmocka_unit_test(capi_092),
                                       cmocka_unit_test(capi_093), cmocka_unit_test(capi_094)};
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
