/* SPDX-License-Identifier: Apache-2.0 */
/* Making keys: lengths, flags, parameters, derivation. */
#include "observe.h"

static void
param(HCRYPTKEY k, DWORD number, const char *what)
{
    BYTE b[ROOM];
    DWORD n = sizeof b;
    BOOL ok = CryptGetKeyParam(k, number, b, &n, 0);

    saw_bytes(ok, what, b, n);
}

static void
params(HCRYPTKEY k)
{
    static const struct {
        DWORD number;
        const char *what;
    } all[] = {{KP_ALGID, "algorithm"},
               {KP_KEYLEN, "length"},
               {KP_BLOCKLEN, "block"},
               {KP_MODE, "mode"},
               {KP_PADDING, "padding"},
               {KP_PERMISSIONS, "permissions"},
               {KP_EFFECTIVE_KEYLEN, "effective length"},
               {KP_SALT, "salt"},
               {KP_IV, "IV"}};

    for (size_t i = 0; i < COUNT(all); i++) {
        param(k, all[i].number, all[i].what);
    }
}

/* Which lengths a provider makes, and what it says when it does not. */
static void
lengths(const struct provider *which)
{
    static const DWORD bits[] = {0, 8, 32, 39, 40, 48, 56, 64, 104, 112, 128, 136, 168, 192, 256};
    HCRYPTPROV p = provider(which);

    for (size_t i = 0; i < CIPHERS; i++) {
        for (size_t j = 0; j < COUNT(bits); j++) {
            HCRYPTKEY k = 0;
            BYTE b[4];
            DWORD n = sizeof b;

            about("%s make %s %u", which->word, ciphers[i].word, (unsigned)bits[j]);
            if (saw(CryptGenKey(p, ciphers[i].alg, BITS(bits[j]), &k), "key")) {
                saw_bytes(CryptGetKeyParam(k, KP_KEYLEN, b, &n, 0), "bits", b, 4);
                (void)CryptDestroyKey(k);
            }
        }
    }
    (void)CryptReleaseContext(p, 0);
}

static void
algorithms(const struct provider *which)
{
    static const ALG_ID bad[] = {CALG_AES,         CALG_SHA1, CALG_HMAC,    CALG_RC5,
                                 CALG_DESX,        0,         0xffffffffu,  CALG_MAC,
                                 CALG_SSL3_SHAMD5, CALG_SEAL, CALG_SKIPJACK};
    HCRYPTPROV p = provider(which);
    HCRYPTKEY k = 0;

    for (size_t i = 0; i < COUNT(bad); i++) {
        about("%s make %04x", which->word, (unsigned)bad[i]);
        saw(CryptGenKey(p, bad[i], 0, &k), "key");
    }
    about("%s make", which->word);
    saw(CryptGenKey(p, AT_KEYEXCHANGE, BITS(383), &k), "RSA 383");
    saw(CryptGenKey(p, AT_KEYEXCHANGE, BITS(376), &k), "RSA 376");
    saw(CryptGenKey(p, AT_SIGNATURE, BITS(516), &k), "RSA 516");
    saw(CryptGenKey(p, CALG_RSA_KEYX, BITS(512), &k), "RSA 512 by algorithm");
    saw(CryptGenKey(p, CALG_RC4, BITS(40), NULL), "no place for the handle");
    (void)CryptReleaseContext(p, 0);
}

static void
fresh(const struct provider *which)
{
    HCRYPTPROV p = provider(which);

    for (size_t i = 0; i < CIPHERS; i++) {
        HCRYPTKEY k = 0;

        about("%s fresh %s", which->word, ciphers[i].word);
        if (saw(CryptGenKey(p, ciphers[i].alg, CRYPT_EXPORTABLE | CRYPT_NO_SALT, &k), "key")) {
            params(k);
            (void)CryptDestroyKey(k);
        }
    }
    (void)CryptReleaseContext(p, 0);
}

/* All that is derived is deterministic: key bytes, parameters, ciphertext. */
static void
derive(HCRYPTPROV p, const char *word, const struct hash *h, const struct cipher *c, DWORD flags)
{
    BYTE data[512], b[64], blob[ROOM];
    HCRYPTHASH hash = 0;
    HCRYPTKEY k = 0;
    DWORD n = 13, blob_len = sizeof blob;
    BOOL ok;

    count_up(data, sizeof data, c->alg);
    count_up(b, sizeof b, 0);
    about("%s derive %s %s %08x", word, h->word, c->word, (unsigned)flags);
    if (!CryptCreateHash(p, h->alg, 0, 0, &hash)) {
        return;
    }
    (void)CryptHashData(hash, data, sizeof data, 0);
    if (saw(CryptDeriveKey(p, c->alg, hash, flags | CRYPT_EXPORTABLE, &k), "key")) {
        params(k);
        ok = CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, blob, &blob_len);
        saw_bytes(ok, "bytes", blob, blob_len);
        ok = CryptEncrypt(k, 0, TRUE, 0, b, &n, sizeof b);
        saw_bytes(ok, "ciphertext", b, n);
        (void)CryptDestroyKey(k);
    }
    saw(CryptHashData(hash, data, 1, 0), "more data");
    (void)CryptDestroyHash(hash);
}

static void
derivation(const struct provider *which)
{
    HCRYPTPROV p = provider(which);

    for (size_t i = 0; i < HASHES; i++) {
        for (size_t j = 0; j < CIPHERS; j++) {
            derive(p, which->word, &hashes[i], &ciphers[j], 0);
        }
    }
    for (size_t j = 0; j < 2; j++) { /* RC2, RC4 */
        derive(p, which->word, &hashes[2], &ciphers[j], BITS(40));
        derive(p, which->word, &hashes[2], &ciphers[j], BITS(40) | CRYPT_NO_SALT);
        derive(p, which->word, &hashes[2], &ciphers[j], BITS(40) | CRYPT_CREATE_SALT);
        derive(p, which->word, &hashes[2], &ciphers[j], BITS(56));
        derive(p, which->word, &hashes[2], &ciphers[j], BITS(41));
    }
    (void)CryptReleaseContext(p, 0);
}

/* Every number, read and set. */
static void
numbers(const struct provider *which)
{
    HCRYPTPROV p = provider(which);

    for (size_t i = 0; i < CIPHERS; i++) {
        HCRYPTKEY k =
            plain_key(p, ciphers[i].alg, ciphers[i].alg == CALG_RC2 ? 5 : ciphers[i].bytes);

        for (DWORD number = 1; k != 0 && number <= 45; number++) {
            BYTE b[ROOM];
            DWORD n = sizeof b;
            BOOL ok = CryptGetKeyParam(k, number, b, &n, 0);

            about("%s %s parameter %u", which->word, ciphers[i].word, (unsigned)number);
            saw_bytes(ok, "value", b, n);
            n = 0;
            saw(CryptGetKeyParam(k, number, b, &n, 0), "no room");
        }
        (void)CryptDestroyKey(k);
    }
    (void)CryptReleaseContext(p, 0);
}

static void
set(HCRYPTKEY k, DWORD number, DWORD v, const char *what)
{
    BYTE b[ROOM];
    char then[60];
    DWORD n = sizeof b;
    BOOL ok;

    saw(CryptSetKeyParam(k, number, (const BYTE *)&v, 0), what);
    (void)snprintf(then, sizeof then, "then, %s", what);
    ok = CryptGetKeyParam(k, number, b, &n, 0);
    saw_bytes(ok, then, b, n);
}

static void
setting(const struct provider *which)
{
    HCRYPTPROV p = provider(which);
    static const DWORD effective[] = {0, 1, 40, 41, 56, 128, 1024, 1025};

    for (size_t i = 0; i < CIPHERS; i++) {
        HCRYPTKEY k =
            plain_key(p, ciphers[i].alg, ciphers[i].alg == CALG_RC2 ? 5 : ciphers[i].bytes);

        about("%s %s set", which->word, ciphers[i].word);
        if (k == 0) {
            continue;
        }
        for (DWORD mode = 0; mode <= 6; mode++) {
            char what[20];

            (void)snprintf(what, sizeof what, "mode %u", (unsigned)mode);
            set(k, KP_MODE, mode, what);
        }
        set(k, KP_PADDING, PKCS5_PADDING, "padding 1");
        set(k, KP_PADDING, 2, "padding 2");
        set(k, KP_PERMISSIONS, CRYPT_ENCRYPT | CRYPT_DECRYPT, "permissions");
        set(k, KP_KEYLEN, 64, "length");
        set(k, 999, 0, "no such number");
        for (size_t j = 0; ciphers[i].alg == CALG_RC2 && j < COUNT(effective); j++) {
            char what[30];

            (void)snprintf(what, sizeof what, "effective %u", (unsigned)effective[j]);
            set(k, KP_EFFECTIVE_KEYLEN, effective[j], what);
        }
        (void)CryptDestroyKey(k);
    }
    (void)CryptReleaseContext(p, 0);
}

void
observe_keys(void)
{
    for (size_t i = 0; i < PROVIDERS; i++) {
        lengths(&providers[i]);
        algorithms(&providers[i]);
        fresh(&providers[i]);
        derivation(&providers[i]);
        numbers(&providers[i]);
        setting(&providers[i]);
    }
}
