/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, MACs, signatures. */
#include "observe.h"

static void
value(HCRYPTHASH h, const char *what)
{
    BYTE v[64];
    DWORD n = sizeof v;
    BOOL ok = CryptGetHashParam(h, HP_HASHVAL, v, &n, 0);

    saw_bytes(ok, what, v, n);
}

static void
plain(HCRYPTPROV p, const char *word, const struct hash *which)
{
    static const DWORD lens[] = {0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 1000};
    BYTE data[1000];

    count_up(data, sizeof data, 1);
    for (size_t i = 0; i < COUNT(lens); i++) {
        HCRYPTHASH h = 0;

        about("%s %s %u bytes", word, which->word, (unsigned)lens[i]);
        if (!saw(CryptCreateHash(p, which->alg, 0, 0, &h), "hash")) {
            return;
        }
        saw(CryptHashData(h, data, lens[i], 0), "data");
        value(h, "value");
        (void)CryptDestroyHash(h);
    }
}

static void
rules(HCRYPTPROV p, const char *word, const struct hash *which)
{
    HCRYPTHASH h = 0, copy = 0;
    BYTE b[64] = {1, 2, 3};
    DWORD n = sizeof b, small = 1;
    BOOL ok;

    about("%s %s", word, which->word);
    if (!CryptCreateHash(p, which->alg, 0, 0, &h)) {
        return;
    }
    ok = CryptGetHashParam(h, HP_ALGID, b, &n, 0);
    saw_bytes(ok, "algorithm", b, n);
    n = sizeof b;
    ok = CryptGetHashParam(h, HP_HASHSIZE, b, &n, 0);
    saw_bytes(ok, "size", b, n);
    saw(CryptHashData(h, b, 3, ~0u), "bad flags");
    saw(CryptHashData(h, b, 3, CRYPT_USERDATA), "user data");
    saw(CryptGetHashParam(h, HP_HASHVAL, b, &small, 0), "too little room");
    n = sizeof b;
    saw(CryptGetHashParam(h, 999, b, &n, 0), "no such number");
    saw(CryptGetHashParam(h, HP_HASHSIZE, b, &n, 1), "bad parameter flags");
    (void)CryptDestroyHash(h);
    (void)CryptCreateHash(p, which->alg, 0, 0, &h);
    (void)CryptHashData(h, (const BYTE *)"abc", 3, 0);
    saw(CryptDuplicateHash(h, NULL, 0, &copy), "copy");
    value(copy, "of the copy");
    saw(CryptHashData(h, (const BYTE *)"d", 1, 0), "more");
    value(h, "of more");
    value(h, "twice");
    saw(CryptHashData(h, (const BYTE *)"e", 1, 0), "too late");
    value(h, "all the same");
    (void)CryptDestroyHash(copy);
    saw(CryptDestroyHash(h), "close");
    saw(CryptDestroyHash(h), "close twice");
    saw(CryptCreateHash(p, which->alg, 0, 1, &h), "bad creation flags");
}

static void
session_keys(HCRYPTPROV p, const char *word)
{
    for (size_t i = 0; i < CIPHERS; i++) {
        HCRYPTKEY k =
            plain_key(p, ciphers[i].alg, ciphers[i].alg == CALG_RC2 ? 5 : ciphers[i].bytes);

        for (DWORD flags = 0; k != 0 && flags < 3; flags++) {
            HCRYPTHASH h = 0;

            about("%s hash of %s, flags %u", word, ciphers[i].word, (unsigned)flags);
            (void)CryptCreateHash(p, CALG_MD5, 0, 0, &h);
            if (saw(CryptHashSessionKey(h, k, flags), "key")) {
                value(h, "value");
            }
            (void)CryptDestroyHash(h);
        }
        (void)CryptDestroyKey(k);
    }
}

static void
macs(HCRYPTPROV p, const char *word)
{
    static const DWORD lens[] = {0, 1, 8, 9, 16, 100};
    BYTE data[100];

    count_up(data, sizeof data, 1);
    for (size_t i = 0; i < CIPHERS; i++) {
        HCRYPTKEY k =
            plain_key(p, ciphers[i].alg, ciphers[i].alg == CALG_RC2 ? 5 : ciphers[i].bytes);

        for (size_t j = 0; k != 0 && j < COUNT(lens); j++) {
            HCRYPTHASH h = 0;

            about("%s MAC %s %u", word, ciphers[i].word, (unsigned)lens[j]);
            if (saw(CryptCreateHash(p, CALG_MAC, k, 0, &h), "hash")) {
                (void)CryptHashData(h, data, lens[j], 0);
                value(h, "value");
                (void)CryptDestroyHash(h);
            }
        }
        (void)CryptDestroyKey(k);
    }
}

static void
hmacs(HCRYPTPROV p, const char *word)
{
    HCRYPTKEY k = plain_key(p, CALG_RC2, 5);
    HCRYPTHASH h = 0;
    BYTE data[100], pad[80];

    count_up(data, sizeof data, 1);
    memset(pad, 0x36, sizeof pad);
    for (size_t i = 0; i < HASHES; i++) {
        for (DWORD custom = 0; custom < 2; custom++) {
            HMAC_INFO info = {.HashAlgid = hashes[i].alg};

            if (custom != 0) {
                info.pbInnerString = pad;
                info.cbInnerString = 40;
                info.pbOuterString = pad;
                info.cbOuterString = 80;
            }
            about("%s HMAC %s %s", word, hashes[i].word, custom != 0 ? "own pads" : "usual pads");
            (void)CryptCreateHash(p, CALG_HMAC, k, 0, &h);
            if (saw(CryptSetHashParam(h, HP_HMAC_INFO, (BYTE *)&info, 0), "set")) {
                (void)CryptHashData(h, data, sizeof data, 0);
                value(h, "value");
            }
            (void)CryptDestroyHash(h);
        }
    }
    about("%s HMAC", word);
    saw(CryptCreateHash(p, CALG_HMAC, 0, 0, &h), "without a key");
    saw(CryptCreateHash(p, CALG_MAC, 0, 0, &h), "MAC without a key");
    saw(CryptCreateHash(p, 0x8fff, 0, 0, &h), "no such hash");
    (void)CryptDestroyKey(k);
}

/* PKCS#1 v1.5 is deterministic, so signatures are compared byte by byte. */
static void
signatures(HCRYPTPROV p, const char *word, const struct hash *which)
{
    static const DWORD flags[] = {0, CRYPT_NOHASHOID, 8};
    HCRYPTKEY pair = demo_key(p, CALG_RSA_SIGN);

    for (size_t i = 0; i < COUNT(flags); i++) {
        HCRYPTHASH h = 0;
        BYTE sig[64];
        DWORD n = sizeof sig;
        BOOL ok;

        about("%s sign %s, flags %u", word, which->word, (unsigned)flags[i]);
        if (!CryptCreateHash(p, which->alg, 0, 0, &h)) {
            return;
        }
        (void)CryptHashData(h, (const BYTE *)"abc", 3, 0);
        ok = CryptSignHashA(h, AT_SIGNATURE, NULL, flags[i], sig, &n);
        if (saw_bytes(ok, "signature", sig, n)) {
            saw(CryptVerifySignatureA(h, sig, n, pair, NULL, 0), "verified");
            saw(CryptVerifySignatureA(h, sig, n, pair, NULL, CRYPT_NOHASHOID), "without OID");
            saw(CryptVerifySignatureA(h, sig, n - 1, pair, NULL, 0), "short");
            sig[10] ^= 1;
            saw(CryptVerifySignatureA(h, sig, n, pair, NULL, 0), "changed");
        }
        saw(CryptSignHashA(h, AT_KEYEXCHANGE, NULL, 0, sig, &n), "no such key");
        (void)CryptDestroyHash(h);
    }
    (void)CryptDestroyKey(pair);
}

void
observe_hashes(void)
{
    for (size_t i = 0; i < PROVIDERS; i++) {
        HCRYPTPROV p = provider(&providers[i]);

        for (size_t j = 0; j < HASHES; j++) {
            plain(p, providers[i].word, &hashes[j]);
            rules(p, providers[i].word, &hashes[j]);
            if (hashes[j].alg != CALG_SHA_384 && hashes[j].alg != CALG_SHA_512) {
                signatures(p, providers[i].word, &hashes[j]); /* those are too long for 512 bits */
            }
        }
        session_keys(p, providers[i].word);
        macs(p, providers[i].word);
        hmacs(p, providers[i].word);
        (void)CryptReleaseContext(p, 0);
    }
}
