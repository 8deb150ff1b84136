/* SPDX-License-Identifier: Apache-2.0 */
/* What one library makes, the other uses: key pairs, session keys under them, ciphertexts, hashes
 * and signatures, all with fresh random numbers. */
#include "observe.h"

#define RSA_BITS 1024
#define LETTER "made on one side, used on the other"

static void
put(const char *dir, const char *name, const BYTE *p, DWORD n)
{
    char path[512];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "wb");
    if (f == NULL || fwrite(p, 1, n, f) != n || fclose(f) != 0) {
        fprintf(stderr, "%s: cannot be written\n", path);
        exit(1);
    }
}

static DWORD
get(const char *dir, const char *name, BYTE *p)
{
    char path[512];
    FILE *f;
    size_t n;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "rb");
    if (f == NULL) {
        return 0;
    }
    n = fread(p, 1, ROOM, f);
    (void)fclose(f);
    return (DWORD)n;
}

static void
must(BOOL ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s: %08x\n", what, (unsigned)GetLastError());
        exit(1);
    }
}

static HCRYPTHASH
text_hash(HCRYPTPROV p, ALG_ID alg)
{
    HCRYPTHASH h = 0;

    must(CryptCreateHash(p, alg, 0, 0, &h), "hash");
    must(CryptHashData(h, (const BYTE *)LETTER, sizeof LETTER, 0), "data");
    return h;
}

static void
export_to(const char *dir, const char *name, HCRYPTKEY k, HCRYPTKEY by, DWORD type, DWORD flags)
{
    BYTE b[ROOM];
    DWORD n = sizeof b;

    must(CryptExportKey(k, by, type, flags, b, &n), name);
    put(dir, name, b, n);
}

static void
make_cipher(const char *dir, HCRYPTPROV p, HCRYPTKEY pair, const struct cipher *c)
{
    HCRYPTKEY k = 0;
    BYTE b[ROOM];
    DWORD n = sizeof LETTER;
    char name[60];

    must(CryptGenKey(p, c->alg, CRYPT_EXPORTABLE | CRYPT_NO_SALT, &k), c->word);
    (void)snprintf(name, sizeof name, "%s.simple", c->word);
    export_to(dir, name, k, pair, SIMPLEBLOB, 0);
    (void)snprintf(name, sizeof name, "%s.oaep", c->word);
    export_to(dir, name, k, pair, SIMPLEBLOB, CRYPT_OAEP);
    (void)snprintf(name, sizeof name, "%s.plain", c->word);
    export_to(dir, name, k, 0, PLAINTEXTKEYBLOB, 0);
    memcpy(b, LETTER, sizeof LETTER);
    must(CryptEncrypt(k, 0, TRUE, 0, b, &n, sizeof b), c->word);
    (void)snprintf(name, sizeof name, "%s.cipher", c->word);
    put(dir, name, b, n);
    (void)CryptDestroyKey(k);
}

void
make_things(const char *dir)
{
    HCRYPTPROV p = provider(&providers[3]);
    HCRYPTKEY keyx = 0, sign = 0;
    BYTE b[ROOM];
    DWORD n = sizeof LETTER;

    must(CryptGenKey(p, AT_KEYEXCHANGE, BITS(RSA_BITS) | CRYPT_EXPORTABLE, &keyx), "pair");
    must(CryptGenKey(p, AT_SIGNATURE, BITS(RSA_BITS) | CRYPT_EXPORTABLE, &sign), "pair");
    export_to(dir, "keyx.private", keyx, 0, PRIVATEKEYBLOB, 0);
    export_to(dir, "keyx.public", keyx, 0, PUBLICKEYBLOB, 0);
    export_to(dir, "sign.public", sign, 0, PUBLICKEYBLOB, 0);
    for (size_t i = 0; i < CIPHERS; i++) {
        make_cipher(dir, p, keyx, &ciphers[i]);
    }
    for (int oaep = 0; oaep < 2; oaep++) {
        memcpy(b, LETTER, sizeof LETTER);
        n = sizeof LETTER;
        must(CryptEncrypt(keyx, 0, TRUE, oaep != 0 ? CRYPT_OAEP : 0, b, &n, sizeof b), "RSA");
        put(dir, oaep != 0 ? "rsa.oaep" : "rsa.v15", b, n);
    }
    for (size_t i = 0; i < HASHES; i++) {
        HCRYPTHASH h = text_hash(p, hashes[i].alg);
        char name[60];

        n = sizeof b;
        must(CryptSignHashA(h, AT_SIGNATURE, NULL, 0, b, &n), "signature");
        (void)snprintf(name, sizeof name, "%s.signature", hashes[i].word);
        put(dir, name, b, n);
        n = sizeof b;
        must(CryptGetHashParam(h, HP_HASHVAL, b, &n, 0), "value");
        (void)snprintf(name, sizeof name, "%s.value", hashes[i].word);
        put(dir, name, b, n);
        (void)CryptDestroyHash(h);
    }
    (void)CryptReleaseContext(p, 0);
}

static HCRYPTKEY
import_from(const char *dir, const char *name, HCRYPTPROV p, HCRYPTKEY by, DWORD flags)
{
    BYTE b[ROOM];
    DWORD n = get(dir, name, b);
    HCRYPTKEY k = 0;

    about("%s", name);
    saw(CryptImportKey(p, b, n, by, flags, &k), "imported");
    return k;
}

static void
decrypts(const char *dir, const char *name, HCRYPTKEY k, DWORD flags)
{
    BYTE b[ROOM];
    DWORD n = get(dir, name, b);
    BOOL ok = CryptDecrypt(k, 0, TRUE, flags, b, &n);

    about("%s", name);
    saw_number(ok, "opened", ok && n == sizeof LETTER && memcmp(b, LETTER, n) == 0);
}

static void
use_cipher(const char *dir, HCRYPTPROV p, HCRYPTKEY pair, const struct cipher *c)
{
    static const char *const forms[] = {"simple", "oaep", "plain"};

    for (size_t i = 0; i < COUNT(forms); i++) {
        char name[60], cipher[60];
        HCRYPTKEY k;

        (void)snprintf(name, sizeof name, "%s.%s", c->word, forms[i]);
        (void)snprintf(cipher, sizeof cipher, "%s.cipher", c->word);
        k = import_from(dir, name, p, i < 2 ? pair : 0, i == 1 ? CRYPT_OAEP : 0);
        decrypts(dir, cipher, k, 0);
        (void)CryptDestroyKey(k);
    }
}

void
use_things(const char *dir)
{
    HCRYPTPROV p = provider(&providers[3]);
    HCRYPTKEY pair = import_from(dir, "keyx.private", p, 0, CRYPT_EXPORTABLE);
    HCRYPTKEY sign = import_from(dir, "sign.public", p, 0, 0);
    BYTE a[ROOM], b[ROOM];
    DWORD n = sizeof a, m = get(dir, "keyx.public", b);
    BOOL ok = CryptExportKey(pair, 0, PUBLICKEYBLOB, 0, a, &n);

    about("keyx.public");
    saw_number(ok, "is of the pair", n == m && memcmp(a, b, n) == 0);
    for (size_t i = 0; i < CIPHERS; i++) {
        use_cipher(dir, p, pair, &ciphers[i]);
    }
    decrypts(dir, "rsa.v15", pair, 0);
    decrypts(dir, "rsa.oaep", pair, CRYPT_OAEP);
    for (size_t i = 0; i < HASHES; i++) {
        HCRYPTHASH h = text_hash(p, hashes[i].alg);
        char name[60];

        (void)snprintf(name, sizeof name, "%s.signature", hashes[i].word);
        about("%s", name);
        m = get(dir, name, b);
        saw(CryptVerifySignatureA(h, b, m, sign, NULL, 0), "verified");
        (void)snprintf(name, sizeof name, "%s.value", hashes[i].word);
        about("%s", name);
        m = get(dir, name, b);
        n = sizeof a;
        ok = CryptGetHashParam(h, HP_HASHVAL, a, &n, 0);
        saw_number(ok, "is the same", n == m && memcmp(a, b, n) == 0);
        (void)CryptDestroyHash(h);
    }
    (void)CryptReleaseContext(p, 0);
}
