/* SPDX-License-Identifier: Apache-2.0 */
/* Providers, containers, handles. */
#include "observe.h"

#define NAME "differential"

static void
acquire(const char *what, const char *container, const char *prov, DWORD type, DWORD flags)
{
    HCRYPTPROV p = 0;

    if (saw(CryptAcquireContextA(&p, container, prov, type, flags), what) && p != 0) {
        (void)CryptReleaseContext(p, 0);
    }
}

static void
opening(void)
{
    about("acquire");
    acquire("missing", NAME, NULL, PROV_RSA_FULL, 0);
    acquire("delete missing", NAME, NULL, PROV_RSA_FULL, CRYPT_DELETEKEYSET);
    acquire("new", NAME, NULL, PROV_RSA_FULL, CRYPT_NEWKEYSET);
    acquire("new again", NAME, NULL, PROV_RSA_FULL, CRYPT_NEWKEYSET);
    acquire("there", NAME, NULL, PROV_RSA_FULL, 0);
    acquire("another case", "DIFFERENTIAL", NULL, PROV_RSA_FULL, 0);
    acquire("another type", NAME, NULL, PROV_RSA_AES, 0);
    acquire("silent", NAME, NULL, PROV_RSA_FULL, CRYPT_SILENT);
    acquire("verify with a name", NAME, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT);
    acquire("verify", NULL, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT);
    acquire("verify, empty name", "", NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT);
    acquire("verify silent", NULL, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT | CRYPT_SILENT);
    acquire("unknown flag", NAME, NULL, PROV_RSA_FULL, 0x80000000u);
    acquire("new and delete", NAME, NULL, PROV_RSA_FULL, CRYPT_NEWKEYSET | CRYPT_DELETEKEYSET);
    acquire("type 0", NULL, NULL, 0, CRYPT_VERIFYCONTEXT);
    acquire("type 999", NULL, NULL, 999, CRYPT_VERIFYCONTEXT);
    acquire("type 1000", NULL, NULL, 1000, CRYPT_VERIFYCONTEXT);
    acquire("unknown provider", NULL, "nobody", PROV_RSA_FULL, CRYPT_VERIFYCONTEXT);
    acquire("provider of another type", NULL, MS_ENHANCED_PROV_A, PROV_RSA_AES,
            CRYPT_VERIFYCONTEXT);
    acquire("empty provider", NULL, "", PROV_RSA_AES, CRYPT_VERIFYCONTEXT);
    acquire("delete", NAME, NULL, PROV_RSA_FULL, CRYPT_DELETEKEYSET);
    acquire("gone", NAME, NULL, PROV_RSA_FULL, 0);
    about("acquire nowhere");
    saw(CryptAcquireContextA(NULL, NULL, NULL, 0, 0), "type 0");
}

static void
references(void)
{
    HCRYPTPROV p = provider(&providers[0]);

    about("release");
    saw(CryptContextAddRef(p, NULL, 0), "add");
    saw(CryptReleaseContext(p, 0), "first");
    saw(CryptReleaseContext(p, 1), "flags");
    saw(CryptReleaseContext(p, 0), "too often");
    saw(CryptReleaseContext(0, 0), "nothing");
    saw(CryptContextAddRef(0, NULL, 0), "add to nothing");
}

/* Every function, with a handle that was good once. */
static void
stale(void)
{
    HCRYPTPROV p = provider(&providers[3]);
    HCRYPTKEY k = plain_key(p, CALG_AES_128, 16), out = 0;
    HCRYPTHASH h = 0, ho = 0;
    BYTE b[ROOM] = {0};
    DWORD n = 16;

    (void)CryptCreateHash(p, CALG_SHA1, 0, 0, &h);
    (void)CryptReleaseContext(p, 0);
    about("stale");
    saw(CryptGenKey(p, CALG_AES_128, 0, &out), "GenKey");
    saw(CryptDeriveKey(p, CALG_AES_128, h, 0, &out), "DeriveKey");
    saw(CryptImportKey(p, b, plain_blob(CALG_AES_128, 16, b), 0, 0, &out), "ImportKey");
    saw(CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, b, &n), "ExportKey");
    saw(CryptGetUserKey(p, AT_SIGNATURE, &out), "GetUserKey");
    saw(CryptDuplicateKey(k, NULL, 0, &out), "DuplicateKey");
    saw(CryptGetKeyParam(k, KP_ALGID, b, &n, 0), "GetKeyParam");
    saw(CryptSetKeyParam(k, KP_MODE, b, 0), "SetKeyParam");
    saw(CryptEncrypt(k, 0, TRUE, 0, b, &n, ROOM), "Encrypt");
    saw(CryptDecrypt(k, 0, TRUE, 0, b, &n), "Decrypt");
    saw(CryptDestroyKey(k), "DestroyKey");
    saw(CryptCreateHash(p, CALG_SHA1, 0, 0, &ho), "CreateHash");
    saw(CryptHashData(h, b, 1, 0), "HashData");
    saw(CryptHashSessionKey(h, k, 0), "HashSessionKey");
    saw(CryptDuplicateHash(h, NULL, 0, &ho), "DuplicateHash");
    saw(CryptGetHashParam(h, HP_HASHVAL, b, &n, 0), "GetHashParam");
    saw(CryptSetHashParam(h, HP_HASHVAL, b, 0), "SetHashParam");
    saw(CryptSignHashA(h, AT_SIGNATURE, NULL, 0, b, &n), "SignHash");
    saw(CryptVerifySignatureA(h, b, 1, k, NULL, 0), "VerifySignature");
    saw(CryptDestroyHash(h), "DestroyHash");
    saw(CryptGenRandom(p, 1, b), "GenRandom");
    saw(CryptGetProvParam(p, PP_NAME, b, &n, 0), "GetProvParam");
}

static void
enumerate(const struct provider *which)
{
    HCRYPTPROV p = provider(which);
    PROV_ENUMALGS_EX ex;
    PROV_ENUMALGS a;
    DWORD n = sizeof a, first = CRYPT_FIRST;

    while (CryptGetProvParam(p, PP_ENUMALGS, (BYTE *)&a, &n, first)) {
        about("%s algorithm %04x", which->word, (unsigned)a.aiAlgid);
        saw_number(TRUE, "default bits", a.dwBitLen);
        saw_bytes(TRUE, "name", (const BYTE *)a.szName, a.dwNameLen);
        first = CRYPT_NEXT;
        n = sizeof a;
    }
    about("%s algorithms", which->word);
    saw(FALSE, "end");
    first = CRYPT_FIRST;
    n = sizeof ex;
    while (CryptGetProvParam(p, PP_ENUMALGS_EX, (BYTE *)&ex, &n, first)) {
        about("%s algorithm %04x", which->word, (unsigned)ex.aiAlgid);
        saw_number(TRUE, "least bits", ex.dwMinLen);
        saw_number(TRUE, "most bits", ex.dwMaxLen);
        saw_number(TRUE, "protocols", ex.dwProtocols);
        saw_bytes(TRUE, "long name", (const BYTE *)ex.szLongName, ex.dwLongNameLen);
        first = CRYPT_NEXT;
        n = sizeof ex;
    }
    (void)CryptReleaseContext(p, 0);
}

static void
provider_params(const struct provider *which)
{
    static const DWORD numbers[] = {PP_IMPTYPE,          PP_NAME,        PP_VERSION,
                                    PP_PROVTYPE,         PP_KEYSPEC,     PP_SIG_KEYSIZE_INC,
                                    PP_KEYX_KEYSIZE_INC, PP_KEYSET_TYPE, 999};
    HCRYPTPROV p = provider(which);

    for (size_t i = 0; i < COUNT(numbers); i++) {
        BYTE b[ROOM];
        DWORD n = sizeof b, need = 0;
        BOOL ok;

        about("%s parameter %u", which->word, (unsigned)numbers[i]);
        ok = CryptGetProvParam(p, numbers[i], b, &n, 0);
        saw_bytes(ok, "value", b, n);
        saw_number(CryptGetProvParam(p, numbers[i], NULL, &need, 0), "length", need);
        n = 1;
        saw(CryptGetProvParam(p, numbers[i], b, &n, 0), "too little room");
    }
    about("%s", which->word);
    saw(CryptGenRandom(p, 0, NULL), "no random bytes");
    (void)CryptReleaseContext(p, 0);
}

static void
default_providers(void)
{
    static const DWORD types[] = {0, PROV_RSA_FULL, PROV_RSA_AES, PROV_RSA_SCHANNEL, 999, 1000};

    for (size_t i = 0; i < COUNT(types); i++) {
        char name[200];
        DWORD n = sizeof name, small = 3;
        BOOL ok;

        about("default provider %u", (unsigned)types[i]);
        ok = CryptGetDefaultProviderA(types[i], NULL, CRYPT_MACHINE_DEFAULT, name, &n);
        saw_bytes(ok, "name", (const BYTE *)name, n);
        saw(CryptGetDefaultProviderA(types[i], NULL, CRYPT_MACHINE_DEFAULT, name, &small),
            "too little room");
        n = sizeof name;
        saw(CryptGetDefaultProviderA(types[i], NULL, 4, name, &n), "bad flags");
    }
    about("enumerating providers");
    {
        char name[200];
        DWORD n = sizeof name, type = 0, reserved = 0;

        saw(CryptEnumProvidersA(1000, NULL, 0, &type, name, &n), "past the end");
        saw(CryptEnumProvidersA(0, NULL, 1, &type, name, &n), "bad flags");
        saw(CryptEnumProvidersA(0, &reserved, 0, &type, name, &n), "reserved");
        saw(CryptEnumProviderTypesA(1000, NULL, 0, &type, name, &n), "types past the end");
        saw(CryptEnumProviderTypesA(0, NULL, 1, &type, name, &n), "types bad flags");
    }
}

/* Key pairs stay in a container, each in its place. */
static void
pairs(void)
{
    HCRYPTPROV p = 0, q = 0;
    HCRYPTKEY k = 0, u = 0;
    BYTE a[ROOM], b[ROOM];
    DWORD n = sizeof a, m = sizeof b;

    about("container");
    saw(CryptAcquireContextA(&p, NAME, NULL, PROV_RSA_FULL, CRYPT_NEWKEYSET), "new");
    saw(CryptGetUserKey(p, AT_KEYEXCHANGE, &u), "no exchange key");
    saw(CryptGetUserKey(p, AT_SIGNATURE, &u), "no signature key");
    saw(CryptGetUserKey(p, 99, &u), "no such key");
    saw(CryptGenKey(p, AT_KEYEXCHANGE, BITS(512) | CRYPT_EXPORTABLE, &k), "exchange key");
    saw(CryptExportKey(k, 0, PUBLICKEYBLOB, 0, a, &n), "public");
    (void)CryptDestroyKey(k);
    saw(CryptGetUserKey(p, AT_KEYEXCHANGE, &u), "is there");
    (void)CryptDestroyKey(u);
    saw(CryptAcquireContextA(&q, NAME, NULL, PROV_RSA_AES, 0), "again");
    saw(CryptGetUserKey(q, AT_KEYEXCHANGE, &u), "seen from the other");
    saw(CryptExportKey(u, 0, PUBLICKEYBLOB, 0, b, &m), "its public");
    saw_number(TRUE, "the same", n == m && memcmp(a, b, n) == 0);
    saw(CryptDestroyKey(u), "close");
    saw(CryptDestroyKey(u), "close twice");
    u = demo_key(q, CALG_RSA_SIGN);
    saw(u != 0, "import");
    (void)CryptDestroyKey(u);
    saw(CryptGetUserKey(q, AT_SIGNATURE, &u), "imported is there");
    (void)CryptDestroyKey(u);
    (void)CryptReleaseContext(p, 0);
    (void)CryptReleaseContext(q, 0);
    q = 1;
    saw(CryptAcquireContextA(&q, NAME, NULL, PROV_RSA_FULL, CRYPT_DELETEKEYSET), "delete");
    saw_number(TRUE, "handle afterwards", (DWORD)q);
}

void
observe_contexts(void)
{
    opening();
    references();
    stale();
    for (size_t i = 0; i < PROVIDERS; i++) {
        enumerate(&providers[i]);
        provider_params(&providers[i]);
    }
    default_providers();
    pairs();
}
