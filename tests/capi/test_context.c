/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts, containers, handles. */
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "capi_test.h"

#define TYPE PROV_RSA_AES
#define PROV MS_ENH_RSA_AES_PROV_A

static BOOL
acquire(HCRYPTPROV *p, const char *name, DWORD flags)
{
    return CryptAcquireContextA(p, name, PROV, TYPE, flags);
}

static void
capi_001(void **state)
{
    HCRYPTPROV p = 77;
    (void)state;
    assert_fails(acquire(&p, "no such", 0), NTE_BAD_KEYSET);
    assert_int_equal(p, 77);
}

static void
capi_002(void **state)
{
    HCRYPTPROV p = 0, q = 0;
    HCRYPTKEY k = 0;
    (void)state;
    assert_works(acquire(&p, "two", CRYPT_NEWKEYSET));
    assert_fails(CryptGetUserKey(p, AT_KEYEXCHANGE, &k), NTE_NO_KEY);
    assert_fails(CryptGetUserKey(p, AT_SIGNATURE, &k), NTE_NO_KEY);
    assert_fails(acquire(&q, "two", CRYPT_NEWKEYSET), NTE_EXISTS);
    assert_fails(acquire(&q, "TWO", CRYPT_NEWKEYSET), NTE_EXISTS);
    release(p);
    delete_container("two");
}

static void
capi_003(void **state)
{
    HCRYPTPROV p = new_container("three"), q = 5;
    HCRYPTKEY k = 0;
    (void)state;
    assert_works(CryptGenKey(p, AT_SIGNATURE, 512u << 16, &k));
    assert_works(acquire(&q, "three", CRYPT_DELETEKEYSET));
    assert_int_equal(q, 0);
    assert_fails(acquire(&q, "three", CRYPT_DELETEKEYSET), NTE_BAD_KEYSET);
    assert_fails(acquire(&q, "three", 0), NTE_BAD_KEYSET);
    assert_works(CryptGetUserKey(p, AT_SIGNATURE, &k));
    assert_works(CryptGenKey(p, CALG_AES_128, 0, &k));
    release(p);
    assert_fails(CryptGenKey(p, CALG_AES_128, 0, &k), ERROR_INVALID_PARAMETER);
}

static void
capi_004(void **state)
{
    HCRYPTPROV p = 0, q = 0;
    HCRYPTKEY k = 0;
    (void)state;
    assert_works(acquire(&p, NULL, CRYPT_VERIFYCONTEXT));
    assert_works(acquire(&q, "", CRYPT_VERIFYCONTEXT | CRYPT_SILENT));
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, 512u << 16, &k));
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &k));
    assert_fails(CryptGetUserKey(q, AT_KEYEXCHANGE, &k), NTE_NO_KEY);
    release(p);
    release(q);
    assert_fails(acquire(&p, "name", CRYPT_VERIFYCONTEXT), NTE_BAD_FLAGS);
}

static void
capi_005(void **state)
{
    HCRYPTPROV p = 0, q = 0;
    (void)state;
    assert_works(acquire(&p, "five", CRYPT_NEWKEYSET | CRYPT_MACHINE_KEYSET));
    assert_fails(acquire(&q, "five", 0), NTE_BAD_KEYSET);
    assert_works(acquire(&q, "five", CRYPT_MACHINE_KEYSET | CRYPT_SILENT));
    release(q);
    release(p);
    assert_works(acquire(&p, "five", CRYPT_MACHINE_KEYSET | CRYPT_DELETEKEYSET));
    assert_fails(acquire(&p, "five", 0x100), NTE_BAD_FLAGS);
    assert_fails(acquire(&p, NULL, 0x80000000u), NTE_BAD_FLAGS);
    assert_fails(acquire(&p, "five", CRYPT_NEWKEYSET | CRYPT_DELETEKEYSET), NTE_BAD_FLAGS);
}

static void
capi_006(void **state)
{
    HCRYPTPROV p = 0;
    char name[64] = {0};
    DWORD len = sizeof name;
    const struct passwd *pw = getpwuid(geteuid());
    (void)state;
    assert_fails(acquire(&p, NULL, 0), NTE_BAD_KEYSET);
    assert_works(acquire(&p, NULL, CRYPT_NEWKEYSET));
    assert_works(CryptGetProvParam(p, PP_CONTAINER, (BYTE *)name, &len, 0));
    assert_non_null(pw);
    assert_string_equal(name, pw->pw_name);
    release(p);
    assert_works(acquire(&p, "", 0));
    release(p);
    assert_works(acquire(&p, NULL, CRYPT_DELETEKEYSET));
    assert_fails(acquire(&p, "", 0), NTE_BAD_KEYSET);
    /* what `sparekey init` makes is the default while there is no other */
    release(new_container("default"));
    assert_works(acquire(&p, NULL, 0));
    release(p);
    assert_fails(acquire(&p, NULL, CRYPT_DELETEKEYSET), NTE_BAD_KEYSET);
    delete_container("default");
}

static void
capi_007(void **state)
{
    HCRYPTPROV p = 0;
    (void)state;
    assert_fails(CryptAcquireContextA(NULL, NULL, NULL, 0, 0), NTE_BAD_PROV_TYPE);
    assert_fails(CryptAcquireContextA(&p, NULL, NULL, 1000, 0), NTE_BAD_PROV_TYPE);
    assert_fails(CryptAcquireContextA(&p, NULL, NULL, 999, 0), NTE_PROV_TYPE_NOT_DEF);
    assert_fails(CryptAcquireContextA(&p, NULL, "No Provider", 1, 0), NTE_KEYSET_NOT_DEF);
    assert_fails(CryptAcquireContextA(&p, NULL, PROV, 1, 0), NTE_PROV_TYPE_NO_MATCH);
    assert_fails(CryptAcquireContextA(NULL, NULL, NULL, 1, 0), ERROR_INVALID_PARAMETER);
    assert_works(CryptAcquireContextA(&p, NULL, "", 24, CRYPT_VERIFYCONTEXT));
    release(p);
}

static void
capi_008(void **state)
{
    static const WCHAR *const name = u"Schl\u00fcssel \U0001f511";
    static const WCHAR lone[] = {'x', 0xd800, 0};
    HCRYPTPROV p = 0;
    (void)state;
    assert_works(CryptAcquireContextW(&p, name, MS_ENH_RSA_AES_PROV_W, TYPE, CRYPT_NEWKEYSET));
    release(p);
    assert_works(acquire(&p, "Schl\u00fcssel \U0001f511", 0));
    release(p);
    assert_works(CryptAcquireContextW(&p, name, NULL, TYPE, CRYPT_DELETEKEYSET));
    assert_fails(CryptAcquireContextW(&p, lone, NULL, TYPE, 0), NTE_BAD_KEYSET_PARAM);
}

static void
capi_009(void **state)
{
    HCRYPTPROV p = AES_PROV;
    BYTE b[4];
    (void)state;
    assert_works(CryptContextAddRef(p, NULL, 0));
    release(p);
    assert_works(CryptGenRandom(p, sizeof b, b));
    release(p);
    assert_fails(CryptGenRandom(p, sizeof b, b), ERROR_INVALID_PARAMETER);
    p = AES_PROV;
    assert_fails(CryptReleaseContext(p, 1), NTE_BAD_FLAGS);
    assert_fails(CryptReleaseContext(p, 0), ERROR_INVALID_PARAMETER);
    assert_fails(CryptReleaseContext(0, 0), ERROR_INVALID_PARAMETER);
    assert_fails(CryptReleaseContext(0, ~0u), ERROR_INVALID_PARAMETER);
}

static void
capi_010(void **state)
{
    HCRYPTPROV p = AES_PROV;
    DWORD reserved = 0;
    (void)state;
    assert_fails(CryptContextAddRef(GARBAGE, NULL, 0), ERROR_INVALID_PARAMETER);
    assert_fails(CryptContextAddRef(0, NULL, 0), ERROR_INVALID_PARAMETER);
    assert_fails(CryptContextAddRef(p, &reserved, 0), ERROR_INVALID_PARAMETER);
    assert_true(*(const uintptr_t *)p != 0); /* some programs read there */
    release(p);
}

/* Every function, with one handle that is no longer good. */
static void
all_stale(HCRYPTPROV p, HCRYPTKEY k, HCRYPTHASH h)
{
    HCRYPTKEY nk = 0;
    HCRYPTHASH nh = 0;
    BYTE b[600] = {0};
    DWORD n = sizeof b;
    const BOOL answers[] = {CryptContextAddRef(p, NULL, 0),
                            CryptGetProvParam(p, PP_NAME, b, &n, 0),
                            CryptSetProvParam(p, PP_KEYSET_SEC_DESCR, b, 0),
                            CryptGenKey(p, CALG_RC4, 0, &nk),
                            CryptDeriveKey(p, CALG_RC4, h, 0, &nk),
                            CryptDestroyKey(k),
                            CryptDuplicateKey(k, NULL, 0, &nk),
                            CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, b, &n),
                            CryptImportKey(p, b, sizeof b, 0, 0, &nk),
                            CryptGetUserKey(p, AT_SIGNATURE, &nk),
                            CryptGetKeyParam(k, KP_ALGID, b, &n, 0),
                            CryptSetKeyParam(k, KP_IV, b, 0),
                            CryptGenRandom(p, 1, b),
                            CryptEncrypt(k, 0, TRUE, 0, b, &n, sizeof b),
                            CryptDecrypt(k, 0, TRUE, 0, b, &n),
                            CryptCreateHash(p, CALG_MD5, 0, 0, &nh),
                            CryptHashData(h, b, 1, 0),
                            CryptHashSessionKey(h, k, 0),
                            CryptDuplicateHash(h, NULL, 0, &nh),
                            CryptGetHashParam(h, HP_HASHVAL, b, &n, 0),
                            CryptSetHashParam(h, HP_HASHVAL, b, 0),
                            CryptDestroyHash(h),
                            CryptSignHashA(h, AT_SIGNATURE, NULL, 0, b, &n),
                            CryptSignHashW(h, AT_SIGNATURE, NULL, 0, b, &n),
                            CryptVerifySignatureA(h, b, 64, k, NULL, 0),
                            CryptVerifySignatureW(h, b, 64, k, NULL, 0),
                            CryptReleaseContext(p, 0)};
    for (size_t i = 0; i < COUNT(answers); i++) {
        if (answers[i]) {
            print_error("function %u took a stale handle\n", (unsigned)i);
        }
        assert_false(answers[i]);
    }
}

static void
capi_011(void **state)
{
    HCRYPTPROV p = AES_PROV;
    HCRYPTKEY k = 0;
    HCRYPTHASH h = 0;
    BYTE b[8];
    DWORD n = sizeof b;
    (void)state;
    assert_works(CryptGenKey(p, CALG_RC4, CRYPT_EXPORTABLE, &k));
    assert_works(CryptCreateHash(p, CALG_MD5, 0, 0, &h));
    release(p);
    assert_fails(CryptHashData(h, b, 1, 0), ERROR_INVALID_PARAMETER);
    assert_fails(CryptEncrypt(k, 0, TRUE, 0, b, &n, sizeof b), ERROR_INVALID_PARAMETER);
    assert_fails(CryptDestroyHash(h), ERROR_INVALID_PARAMETER);
    assert_fails(CryptDestroyKey(k), ERROR_INVALID_PARAMETER);
    all_stale(p, k, h);
    all_stale(0, 0, 0);
    all_stale(GARBAGE, GARBAGE, GARBAGE);
    all_stale((ULONG_PTR)&p, (ULONG_PTR)&k, (ULONG_PTR)&h);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    /* alive, but of another kind */
    p = AES_PROV;
    assert_works(CryptCreateHash(p, CALG_MD5, 0, 0, &h));
    assert_fails(CryptDestroyKey(h), ERROR_INVALID_PARAMETER);
    assert_fails(CryptGenRandom(h, 1, b), ERROR_INVALID_PARAMETER);
    assert_fails(CryptHashData(p, b, 1, 0), ERROR_INVALID_PARAMETER);
    assert_fails(CryptHashData(h + 1, b, 1, 0), ERROR_INVALID_PARAMETER);
    release(p);
}

static void
check_parameter(HCRYPTPROV p, DWORD param, DWORD want)
{
    DWORD v = UNSET, len = 0;
    assert_works(CryptGetProvParam(p, param, NULL, &len, 0));
    assert_int_equal(len, sizeof v);
    len = 3;
    assert_fails(CryptGetProvParam(p, param, (BYTE *)&v, &len, 0), ERROR_MORE_DATA);
    assert_int_equal(len, sizeof v);
    assert_works(CryptGetProvParam(p, param, (BYTE *)&v, &len, 0));
    assert_int_equal(v, want);
}

/* What the tables of the providers say, one row each: algorithm, default, least, most, protocols.
 */
struct row {
    ALG_ID alg;
    DWORD def, min, max, protocols;
};

static void
check_algs(const char *name, DWORD type, const struct row *rows, size_t count)
{
    HCRYPTPROV p = verify_prov(name, type);
    PROV_ENUMALGS_EX e;
    PROV_ENUMALGS plain;
    DWORD len = 0;
    assert_int_equal(sizeof plain, 32);
    assert_int_equal(sizeof e, 88);
    assert_works(CryptGetProvParam(p, PP_ENUMALGS_EX, NULL, &len, CRYPT_FIRST));
    assert_int_equal(len, sizeof e);
    for (size_t i = 0; i < count; i++) {
        len = sizeof e;
        assert_works(
            CryptGetProvParam(p, PP_ENUMALGS_EX, (BYTE *)&e, &len, i == 0 ? CRYPT_FIRST : 0));
        assert_int_equal(e.aiAlgid, rows[i].alg);
        assert_int_equal(e.dwDefaultLen, rows[i].def);
        assert_int_equal(e.dwMinLen, rows[i].min);
        assert_int_equal(e.dwMaxLen, rows[i].max);
        assert_int_equal(e.dwProtocols, rows[i].protocols);
        assert_int_equal(e.dwNameLen, strlen(e.szName) + 1);
        assert_int_equal(e.dwLongNameLen, strlen(e.szLongName) + 1);
    }
    len = sizeof e;
    assert_fails(CryptGetProvParam(p, PP_ENUMALGS_EX, (BYTE *)&e, &len, CRYPT_NEXT),
                 ERROR_NO_MORE_ITEMS);
    len = sizeof plain;
    assert_works(CryptGetProvParam(p, PP_ENUMALGS, (BYTE *)&plain, &len, CRYPT_FIRST));
    assert_int_equal(plain.aiAlgid, rows[0].alg);
    assert_int_equal(plain.dwBitLen, rows[0].def);
    release(p);
}

/* Of other vendors, of cards, and what can only be set. */
static void
refuse_other_parameters(HCRYPTPROV p)
{
    static const DWORD others[] = {7,  9,  10, 11, 12, 13, 14, 15, 18, 19, 20, 21, 25,
                                   26, 31, 32, 33, 37, 38, 41, 42, 43, 44, 45, 46, 47};
    BYTE b[64];
    for (size_t i = 0; i < COUNT(others); i++) {
        DWORD len = sizeof b;
        assert_fails(CryptGetProvParam(p, others[i], b, &len, 0), NTE_BAD_TYPE);
        assert_int_equal(len, sizeof b);
    }
}

static void
capi_016(void **state)
{
    static const struct row base[] = {
        {0x6602, 40, 40, 56, 0},       {0x6801, 40, 40, 56, 0},      {0x6601, 56, 56, 56, 0},
        {0x8004, 160, 160, 160, 32},   {0x8001, 128, 128, 128, 32},  {0x8002, 128, 128, 128, 32},
        {0x8003, 128, 128, 128, 32},   {0x8008, 288, 288, 288, 32},  {0x8005, 0, 0, 0, 0},
        {0x2400, 512, 384, 16384, 48}, {0xa400, 512, 384, 1024, 48}, {0x8009, 0, 0, 0, 0}};
    static const struct row strong[] = {
        {0x6602, 128, 40, 128, 0},      {0x6801, 128, 40, 128, 0},   {0x6601, 56, 56, 56, 0},
        {0x6609, 112, 112, 112, 0},     {0x6603, 168, 168, 168, 0},  {0x8004, 160, 160, 160, 32},
        {0x8001, 128, 128, 128, 32},    {0x8002, 128, 128, 128, 32}, {0x8003, 128, 128, 128, 32},
        {0x8008, 288, 288, 288, 32},    {0x8005, 0, 0, 0, 0},        {0x2400, 1024, 384, 16384, 48},
        {0xa400, 1024, 384, 16384, 48}, {0x8009, 0, 0, 0, 0}};
    static const struct row aes[] = {
        {0x6602, 128, 40, 128, 0},      {0x6801, 128, 40, 128, 0},   {0x6601, 56, 56, 56, 0},
        {0x6609, 112, 112, 112, 0},     {0x6603, 168, 168, 168, 0},  {0x660e, 128, 128, 128, 0},
        {0x660f, 192, 192, 192, 0},     {0x6610, 256, 256, 256, 0},  {0x8004, 160, 160, 160, 32},
        {0x800c, 256, 256, 256, 32},    {0x800d, 384, 384, 384, 32}, {0x800e, 512, 512, 512, 32},
        {0x8001, 128, 128, 128, 32},    {0x8002, 128, 128, 128, 32}, {0x8003, 128, 128, 128, 32},
        {0x8008, 288, 288, 288, 32},    {0x8005, 0, 0, 0, 0},        {0x2400, 1024, 384, 16384, 48},
        {0xa400, 1024, 384, 16384, 48}, {0x8009, 0, 0, 0, 0}};
    static const struct row dss[] = {
        {0x8004, 160, 160, 160, 32}, {0x8003, 128, 128, 128, 32}, {0x2200, 1024, 512, 1024, 32}};
    static const struct row dss_dh[] = {{0x6602, 40, 40, 56, 0},       {0x6801, 40, 40, 56, 0},
                                        {0x6601, 56, 56, 56, 0},       {0x8004, 160, 160, 160, 32},
                                        {0x8003, 128, 128, 128, 32},   {0x8005, 0, 0, 0, 0},
                                        {0x2200, 1024, 512, 1024, 32}, {0xaa01, 512, 512, 1024, 0},
                                        {0xaa02, 512, 512, 1024, 0},   {0x8009, 0, 0, 0, 0}};
    static const struct row enhanced_dss_dh[] = {
        {0x6602, 128, 40, 128, 0},    {0x6801, 128, 40, 128, 0},    {0x6601, 56, 56, 56, 0},
        {0x6609, 112, 112, 112, 0},   {0x6603, 168, 168, 168, 0},   {0x8004, 160, 160, 160, 32},
        {0x8003, 128, 128, 128, 32},  {0x8005, 0, 0, 0, 0},         {0x2200, 1024, 512, 1024, 32},
        {0xaa01, 1024, 512, 4096, 0}, {0xaa02, 1024, 512, 4096, 0}, {0x8009, 0, 0, 0, 0}};
    char text[128] = {0};
    DWORD len = sizeof text;
    HCRYPTPROV p = new_container("winetest");
    (void)state;
    check_algs(MS_DEF_DSS_PROV_A, PROV_DSS, dss, COUNT(dss));
    check_algs(MS_DEF_DSS_DH_PROV_A, PROV_DSS_DH, dss_dh, COUNT(dss_dh));
    check_algs(MS_ENH_DSS_DH_PROV_A, PROV_DSS_DH, enhanced_dss_dh, COUNT(enhanced_dss_dh));
    check_algs(MS_DEF_PROV_A, PROV_RSA_FULL, base, COUNT(base));
    check_algs(MS_STRONG_PROV_A, PROV_RSA_FULL, strong, COUNT(strong));
    check_algs(MS_ENHANCED_PROV_A, PROV_RSA_FULL, strong, COUNT(strong));
    check_algs(MS_ENH_RSA_AES_PROV_A, PROV_RSA_AES, aes, COUNT(aes));
    check_algs(MS_ENH_RSA_AES_PROV_XP_A, PROV_RSA_AES, aes, COUNT(aes));
    check_parameter(p, PP_IMPTYPE, CRYPT_IMPL_SOFTWARE);
    check_parameter(p, PP_VERSION, 0x200);
    check_parameter(p, PP_PROVTYPE, PROV_RSA_AES);
    check_parameter(p, PP_KEYSTORAGE, CRYPT_SEC_DESCR);
    check_parameter(p, PP_KEYSET_TYPE, 0);
    check_parameter(p, PP_SIG_KEYSIZE_INC, 8);
    check_parameter(p, PP_KEYX_KEYSIZE_INC, 8);
    check_parameter(p, PP_KEYSPEC, AT_KEYEXCHANGE | AT_SIGNATURE);
    check_parameter(p, PP_ENUMEX_SIGNING_PROT, TRUE);
    refuse_other_parameters(p);
    assert_works(CryptGetProvParam(p, PP_CONTAINER, (BYTE *)text, &len, 0));
    assert_int_equal(len, 9);
    assert_string_equal(text, "winetest");
    len = sizeof text;
    assert_works(CryptGetProvParam(p, PP_NAME, (BYTE *)text, &len, 0));
    assert_string_equal(text, MS_ENH_RSA_AES_PROV_A);
    len = sizeof text;
    assert_works(CryptGetProvParam(p, PP_UNIQUE_CONTAINER, (BYTE *)text, &len, 0));
    assert_int_equal(len, 70);
    assert_memory_equal(text, "9d20fd8d05ed2b8455d125d0bf6d6a70_", 33);
    assert_works(CryptGetProvParam(p, PP_KEYSET_SEC_DESCR, NULL, &len, OWNER_SECURITY_INFORMATION));
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    assert_true(len > 0);
    assert_works(
        CryptGetProvParam(p, PP_KEYSET_SEC_DESCR, (BYTE *)text, &len, OWNER_SECURITY_INFORMATION));
    release(p);
    delete_container("winetest");
}

static bool
listed(HCRYPTPROV p, const char *want, DWORD more)
{
    char name[MAX_PATH + 1];
    DWORD len = sizeof name, flags = CRYPT_FIRST;
    bool found = false;
    while (CryptGetProvParam(p, PP_ENUMCONTAINERS, (BYTE *)name, &len, flags | more)) {
        assert_int_equal(len, sizeof name);
        found = found || strcmp(name, want) == 0;
        flags = 0;
    }
    assert_int_equal(GetLastError(), ERROR_NO_MORE_ITEMS);
    return found;
}

static void
capi_017(void **state)
{
    HCRYPTPROV p = new_container("Listed One"), q = new_container("listed two"), m = 0;
    DWORD len = 0;
    (void)state;
    assert_works(CryptGetProvParam(p, PP_ENUMCONTAINERS, NULL, &len, CRYPT_FIRST));
    assert_int_equal(len, MAX_PATH + 1);
    assert_true(listed(p, "Listed One", 0));
    assert_true(listed(p, "listed two", 0));
    assert_works(acquire(&m, "of the machine", CRYPT_NEWKEYSET | CRYPT_MACHINE_KEYSET));
    assert_false(listed(p, "of the machine", 0));
    assert_true(listed(p, "of the machine", CRYPT_MACHINE_KEYSET));
    release(p);
    release(q);
    release(m);
    delete_container("listed one");
    delete_container("listed two");
}

static void
capi_018(void **state)
{
    HCRYPTPROV p = AES_PROV;
    BYTE b[8];
    DWORD len = sizeof b;
    (void)state;
    assert_fails(CryptGetProvParam(p, 999, b, &len, 0), NTE_BAD_TYPE);
    assert_fails(CryptGetProvParam(p, PP_SYM_KEYSIZE, b, &len, 0), NTE_BAD_TYPE);
    assert_fails(CryptGetProvParam(p, PP_NAME, b, &len, 0), ERROR_MORE_DATA);
    assert_int_equal(len, sizeof(MS_ENH_RSA_AES_PROV_A));
    assert_fails(CryptGetProvParam(p, PP_NAME, NULL, &len, 1), NTE_BAD_FLAGS);
    assert_fails(CryptGetProvParam(p, PP_NAME, b, NULL, 0), ERROR_INVALID_PARAMETER);
    release(p);
}

static void
capi_019(void **state)
{
    HCRYPTPROV p = AES_PROV;
    const HWND none = NULL;
    BYTE sd[20] = {1, 0, 4, 0x80};
    (void)state;
    assert_works(CryptSetProvParam(0, PP_CLIENT_HWND, (const BYTE *)&none, 0));
    assert_works(CryptSetProvParam(p, PP_CLIENT_HWND, (const BYTE *)&none, 0));
    assert_fails(CryptSetProvParam(p, PP_USE_HARDWARE_RNG, NULL, 0), NTE_BAD_TYPE);
    assert_works(CryptSetProvParam(p, PP_KEYSET_SEC_DESCR, sd, DACL_SECURITY_INFORMATION));
    assert_fails(CryptSetProvParam(p, PP_KEYSET_SEC_DESCR, NULL, 4), ERROR_INVALID_PARAMETER);
    assert_fails(CryptSetProvParam(p, 999, sd, 0), NTE_BAD_TYPE);
    release(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capi_001), cmocka_unit_test(capi_002), cmocka_unit_test(capi_003),
        cmocka_unit_test(capi_004), cmocka_unit_test(capi_005), cmocka_unit_test(capi_006),
        cmocka_unit_test(capi_007), cmocka_unit_test(capi_008), cmocka_unit_test(capi_009),
        cmocka_unit_test(capi_010), cmocka_unit_test(capi_011), cmocka_unit_test(capi_016),
        cmocka_unit_test(capi_017), cmocka_unit_test(capi_018), cmocka_unit_test(capi_019),
    };
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
