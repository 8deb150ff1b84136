/* SPDX-License-Identifier: Apache-2.0 */
/* Key BLOBs in and out. */
#include "observe.h"

static void
import(HCRYPTPROV p, const BYTE *blob, DWORD n, HCRYPTKEY by, DWORD flags, const char *what)
{
    BYTE out[ROOM];
    char bytes[60];
    DWORD len = sizeof out;
    HCRYPTKEY k = 0;
    BOOL ok;

    if (saw(CryptImportKey(p, blob, n, by, flags, &k), what)) {
        (void)snprintf(bytes, sizeof bytes, "bytes of %s", what);
        ok = CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, out, &len);
        saw_bytes(ok, bytes, out, len);
        (void)CryptDestroyKey(k);
    }
}

static void
plain(const struct provider *which)
{
    static const DWORD sizes[] = {0, 1, 4, 5, 7, 8, 14, 16, 17, 24, 32, 33, 64, 128};
    HCRYPTPROV p = provider(which);
    BYTE blob[ROOM];

    for (size_t i = 0; i < CIPHERS; i++) {
        for (size_t j = 0; j < COUNT(sizes); j++) {
            DWORD n = plain_blob(ciphers[i].alg, sizes[j], blob);

            about("%s import plain %s %u", which->word, ciphers[i].word, (unsigned)sizes[j]);
            import(p, blob, n, 0, CRYPT_EXPORTABLE, "key");
        }
    }
    about("%s import plain", which->word);
    import(p, blob, plain_blob(CALG_RC2, 20, blob), 0, CRYPT_EXPORTABLE | CRYPT_IPSEC_HMAC_KEY,
           "for HMAC");
    import(p, blob, plain_blob(CALG_SHA1, 20, blob), 0, CRYPT_EXPORTABLE, "of a hash");
    import(p, blob, plain_blob(CALG_RC4, 16, blob) - 1, 0, CRYPT_EXPORTABLE, "cut");
    (void)CryptReleaseContext(p, 0);
}

/* Each byte of a header changed, each length short. */
static void
bad_heads(const struct provider *which)
{
    static const DWORD types[] = {0, 1, 2, 5, 6, 7, 8, 10, 13, 255};
    HCRYPTPROV p = provider(which);
    BYTE blob[ROOM];
    DWORD n = plain_blob(CALG_RC4, 5, blob);

    for (size_t i = 0; i < COUNT(types); i++) {
        HCRYPTKEY k = 0;

        blob[0] = (BYTE)types[i];
        about("%s import type %u", which->word, (unsigned)types[i]);
        saw(CryptImportKey(p, blob, n, 0, 0, &k), "key");
    }
    for (DWORD len = 0; len < n; len++) {
        HCRYPTKEY k = 0;

        (void)plain_blob(CALG_RC4, 5, blob);
        about("%s import %u of %u bytes", which->word, (unsigned)len, (unsigned)n);
        saw(CryptImportKey(p, blob, len, 0, 0, &k), "key");
    }
    for (unsigned version = 0; version < 5; version++) {
        HCRYPTKEY k = 0;

        (void)plain_blob(CALG_RC4, 5, blob);
        blob[1] = (BYTE)version;
        about("%s import version %u", which->word, version);
        saw(CryptImportKey(p, blob, n, 0, 0, &k), "key");
    }
    about("%s import", which->word);
    saw(CryptImportKey(p, NULL, n, 0, 0, NULL), "nothing");
    (void)CryptReleaseContext(p, 0);
}

static void
set_le(BYTE *p, DWORD v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (BYTE)(v >> (8 * i));
    }
}

/* RSA BLOBs with numbers that lie. */
static void
bad_rsa(const struct provider *which)
{
    static const DWORD bits[] = {0, 8, 376, 504, 511, 513, 520, 1024, 0x80000000u, 0xffffffffu};
    HCRYPTPROV p = provider(which);
    BYTE blob[ROOM];
    DWORD n = 0;

    for (size_t i = 0; i < COUNT(bits); i++) {
        HCRYPTKEY k = 0;

        n = demo_blob(CALG_RSA_KEYX, blob);
        set_le(blob + 12, bits[i]);
        about("%s import RSA of %u bits", which->word, (unsigned)bits[i]);
        saw(CryptImportKey(p, blob, n, 0, 0, &k), "private");
        blob[0] = PUBLICKEYBLOB;
        memcpy(blob + 8, "RSA1", 4);
        saw(CryptImportKey(p, blob, 84, 0, 0, &k), "public");
    }
    n = demo_blob(CALG_RSA_KEYX, blob);
    for (DWORD len = 20 + 256; len <= n; len += 4) {
        HCRYPTKEY k = 0;

        about("%s import RSA, %u bytes", which->word, (unsigned)len);
        saw(CryptImportKey(p, blob, len, 0, 0, &k), "private");
    }
    about("%s import RSA", which->word);
    blob[8] ^= 1;
    {
        HCRYPTKEY k = 0;

        saw(CryptImportKey(p, blob, n, 0, 0, &k), "bad magic");
    }
    (void)CryptReleaseContext(p, 0);
}

static void
export_key(HCRYPTKEY k, HCRYPTKEY by, DWORD type, const char *what, BOOL show)
{
    BYTE b[ROOM];
    char text[80];
    DWORD n = sizeof b, need = 0, small = 3;
    BOOL ok = CryptExportKey(k, by, type, 0, b, &n);

    if (show) {
        saw_bytes(ok, what, b, n);
    } else {
        saw_number(ok, what, n);
    }
    (void)snprintf(text, sizeof text, "size of %s", what);
    saw_number(CryptExportKey(k, by, type, 0, NULL, &need), text, need);
    if (ok) {
        (void)snprintf(text, sizeof text, "too little room for %s", what);
        saw(CryptExportKey(k, by, type, 0, b, &small), text);
        saw_number(TRUE, text, small);
    }
}

static void
exports(const struct provider *which)
{
    HCRYPTPROV p = provider(which);
    HCRYPTKEY keyx = demo_key(p, CALG_RSA_KEYX), sign = demo_key(p, CALG_RSA_SIGN);
    HCRYPTKEY rc4 = plain_key(p, CALG_RC4, 5), fixed = 0;

    about("%s export keyx", which->word);
    export_key(keyx, 0, PUBLICKEYBLOB, "public", TRUE);
    export_key(keyx, 0, PRIVATEKEYBLOB, "private", TRUE);
    export_key(keyx, 0, SIMPLEBLOB, "simple", FALSE);
    export_key(keyx, 0, PLAINTEXTKEYBLOB, "plain", FALSE);
    export_key(keyx, rc4, PUBLICKEYBLOB, "public under a key", FALSE);
    about("%s export sign", which->word);
    export_key(sign, 0, PUBLICKEYBLOB, "public", TRUE);
    about("%s export rc4", which->word);
    export_key(rc4, keyx, SIMPLEBLOB, "simple", FALSE);
    export_key(rc4, 0, SIMPLEBLOB, "simple under nothing", FALSE);
    export_key(rc4, sign, SIMPLEBLOB, "simple under a signature key", FALSE);
    export_key(rc4, 0, PUBLICKEYBLOB, "public", FALSE);
    export_key(rc4, 0, PRIVATEKEYBLOB, "private", FALSE);
    export_key(rc4, 0, 99, "no such type", FALSE);
    about("%s export what is not exportable", which->word);
    if (CryptGenKey(p, CALG_RC4, BITS(40), &fixed)) {
        export_key(fixed, keyx, SIMPLEBLOB, "simple", FALSE);
        export_key(fixed, 0, PLAINTEXTKEYBLOB, "plain", FALSE);
        (void)CryptDestroyKey(fixed);
    }
    if (CryptGenKey(p, AT_KEYEXCHANGE, BITS(512), &fixed)) {
        export_key(fixed, 0, PRIVATEKEYBLOB, "private", FALSE);
        export_key(fixed, 0, PUBLICKEYBLOB, "public", FALSE);
    }
    (void)CryptReleaseContext(p, 0);
}

/* SIMPLEBLOBs under the demonstration key, made here and spoilt in ways that do not touch padding.
 */
static void
simple(const struct provider *which)
{
    HCRYPTPROV p = provider(which);
    HCRYPTKEY keyx = demo_key(p, CALG_RSA_KEYX), sign = demo_key(p, CALG_RSA_SIGN);

    for (size_t i = 0; i < CIPHERS; i++) {
        HCRYPTKEY k =
            plain_key(p, ciphers[i].alg, ciphers[i].alg == CALG_RC2 ? 5 : ciphers[i].bytes);
        BYTE b[ROOM];
        DWORD n = sizeof b;

        about("%s simple %s", which->word, ciphers[i].word);
        if (k == 0 || !CryptExportKey(k, keyx, SIMPLEBLOB, 0, b, &n)) {
            continue;
        }
        saw_bytes(TRUE, "head", b, 12);
        import(p, b, n, keyx, CRYPT_EXPORTABLE, "back");
        import(p, b, n, sign, CRYPT_EXPORTABLE, "back with a signature key");
        import(p, b, n - 1, keyx, CRYPT_EXPORTABLE, "cut");
        b[8] ^= 1;
        import(p, b, n, keyx, CRYPT_EXPORTABLE, "other key algorithm");
        (void)CryptDestroyKey(k);
    }
    (void)CryptReleaseContext(p, 0);
}

void
observe_import(void)
{
    for (size_t i = 0; i < PROVIDERS; i++) {
        plain(&providers[i]);
        bad_heads(&providers[i]);
        bad_rsa(&providers[i]);
        exports(&providers[i]);
        simple(&providers[i]);
    }
}
