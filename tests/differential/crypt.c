/* SPDX-License-Identifier: Apache-2.0 */
/* CryptEncrypt and CryptDecrypt: every cipher, mode and length, in pieces and whole. */
#include "observe.h"

static DWORD
small_key(const struct cipher *c)
{
    return c->alg == CALG_RC2 || c->alg == CALG_RC4 ? 5 : c->bytes;
}

static void
whole(HCRYPTKEY k, DWORD len)
{
    BYTE b[200];
    DWORD n = len, need = len, small = len, keep = len;
    char what[40];
    BOOL ok;

    count_up(b, sizeof b, 7);
    (void)snprintf(what, sizeof what, "%u bytes", (unsigned)len);
    ok = CryptEncrypt(k, 0, TRUE, 0, b, &n, sizeof b);
    saw_bytes(ok, what, b, n);
    (void)snprintf(what, sizeof what, "size of %u bytes", (unsigned)len);
    saw_number(CryptEncrypt(k, 0, TRUE, 0, NULL, &need, 0), what, need);
    if (!ok || n == 0) {
        return;
    }
    keep = n;
    ok = CryptDecrypt(k, 0, TRUE, 0, b, &n);
    saw_bytes(ok, "back", b, n);
    if (keep > len) { /* a block cipher: there may be too little room */
        count_up(b, sizeof b, 7);
        saw(CryptEncrypt(k, 0, TRUE, 0, b, &small, len), "too little room");
        saw_number(TRUE, "wanted", small);
    }
}

static void
modes(HCRYPTPROV p, const char *word, const struct cipher *c)
{
    static const DWORD lens[] = {0, 1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 100};

    for (DWORD mode = CRYPT_MODE_CBC; mode <= CRYPT_MODE_CFB; mode++) {
        HCRYPTKEY k = plain_key(p, c->alg, small_key(c));

        if (k == 0) {
            return;
        }
        about("%s %s mode %u", word, c->word, (unsigned)mode);
        if (c->alg == CALG_RC4 || saw(CryptSetKeyParam(k, KP_MODE, (BYTE *)&mode, 0), "set")) {
            for (size_t i = 0; i < COUNT(lens); i++) {
                whole(k, lens[i]);
            }
        }
        (void)CryptDestroyKey(k);
    }
}

/* The same message in pieces: chaining, and what Final resets. */
static void
pieces(HCRYPTPROV p, const char *word, const struct cipher *c)
{
    static const DWORD cuts[][3] = {{16, 16, 5}, {32, 0, 5}, {16, 16, 0}, {8, 8, 8}, {5, 3, 1}};

    for (size_t i = 0; i < COUNT(cuts); i++) {
        HCRYPTKEY k = plain_key(p, c->alg, small_key(c)), twin = 0;
        BYTE b[200];
        BOOL ok = TRUE;

        about("%s %s pieces %u", word, c->word, (unsigned)i);
        if (k == 0) {
            return;
        }
        for (int j = 0; ok && j < 3; j++) {
            DWORD n = cuts[i][j];

            count_up(b, sizeof b, 7);
            ok = CryptEncrypt(k, 0, j == 2, 0, b, &n, sizeof b);
            saw_bytes(ok, j == 0 ? "first" : j == 1 ? "second" : "last", b, n);
            if (ok && j == 0 && CryptDuplicateKey(k, NULL, 0, &twin)) {
                DWORD m = 16;

                count_up(b, sizeof b, 7);
                ok = CryptEncrypt(twin, 0, TRUE, 0, b, &m, sizeof b);
                saw_bytes(ok, "a copy goes on", b, m);
                (void)CryptDestroyKey(twin);
            }
        }
        (void)CryptDestroyKey(k);
    }
}

static void
ivs(HCRYPTPROV p, const char *word, const struct cipher *c)
{
    HCRYPTKEY k = plain_key(p, c->alg, small_key(c));
    BYTE iv[16], b[100];
    DWORD n = 20;
    BOOL ok;

    if (k == 0) {
        return;
    }
    count_up(iv, sizeof iv, 100);
    about("%s %s IV", word, c->word);
    saw(CryptSetKeyParam(k, KP_IV, iv, 0), "set");
    count_up(b, sizeof b, 7);
    ok = CryptEncrypt(k, 0, TRUE, 0, b, &n, sizeof b);
    saw_bytes(ok, "ciphertext", b, n);
    b[n - 1] ^= 1; /* the padding */
    saw(CryptDecrypt(k, 0, TRUE, 0, b, &n), "bad padding");
    if (c->alg != CALG_RC4) { /* two calls with one stream key have one result */
        saw_number(TRUE, "length afterwards", n);
    }
    n = 20;
    count_up(b, sizeof b, 7);
    ok = CryptEncrypt(k, 0, TRUE, 0, b, &n, sizeof b);
    saw_bytes(ok, "again", b, n);
    saw(CryptEncrypt(k, 0, TRUE, 0x80000000u, b, &n, sizeof b), "bad flags");
    saw(CryptEncrypt(k, 0, TRUE, 0, b, NULL, sizeof b), "no length");
    saw(CryptEncrypt(k, 1, TRUE, 0, b, &n, sizeof b), "bad hash");
    (void)CryptDestroyKey(k);
}

/* Hash and encrypt in one. */
static void
with_hash(HCRYPTPROV p, const char *word, const struct cipher *c)
{
    HCRYPTKEY k = plain_key(p, c->alg, small_key(c));
    HCRYPTHASH h = 0;
    BYTE b[100], v[20];
    DWORD n = 20, m = sizeof v;
    BOOL ok;

    if (k == 0 || !CryptCreateHash(p, CALG_SHA1, 0, 0, &h)) {
        return;
    }
    about("%s %s with a hash", word, c->word);
    count_up(b, sizeof b, 7);
    ok = CryptEncrypt(k, h, TRUE, 0, b, &n, sizeof b);
    saw_bytes(ok, "ciphertext", b, n);
    ok = CryptGetHashParam(h, HP_HASHVAL, v, &m, 0);
    saw_bytes(ok, "hash", v, m);
    (void)CryptDestroyHash(h);
    m = sizeof v;
    (void)CryptCreateHash(p, CALG_SHA1, 0, 0, &h);
    ok = CryptDecrypt(k, h, TRUE, 0, b, &n);
    saw_bytes(ok, "plaintext", b, n);
    ok = CryptGetHashParam(h, HP_HASHVAL, v, &m, 0);
    saw_bytes(ok, "its hash", v, m);
    saw(CryptDecrypt(k, h, FALSE, 0, b, &n), "finished hash");
    (void)CryptDestroyHash(h);
    (void)CryptDestroyKey(k);
}

static void
rsa(const struct provider *which)
{
    static const DWORD lens[] = {0, 1, 22, 23, 53, 54, 64, 65};
    HCRYPTPROV p = provider(which);
    HCRYPTKEY keyx = demo_key(p, CALG_RSA_KEYX), sign = demo_key(p, CALG_RSA_SIGN);

    for (size_t i = 0; i < 2 * COUNT(lens); i++) {
        BYTE b[200];
        DWORD n = lens[i / 2], flags = i % 2 != 0 ? CRYPT_OAEP : 0;
        BOOL ok;

        about("%s RSA %u bytes, flags %02x", which->word, (unsigned)n, (unsigned)flags);
        count_up(b, sizeof b, 3);
        if (saw_number(CryptEncrypt(keyx, 0, TRUE, flags, b, &n, sizeof b), "encrypt", n)) {
            ok = CryptDecrypt(keyx, 0, TRUE, flags, b, &n);
            saw_bytes(ok, "back", b, n);
        }
    }
    {
        BYTE b[200] = {0};
        DWORD n = 5, small = 5;

        about("%s RSA", which->word);
        saw(CryptEncrypt(sign, 0, TRUE, 0, b, &n, sizeof b), "with a signature key");
        saw(CryptEncrypt(keyx, 0, TRUE, 0, b, &small, 10), "too little room");
        n = 63;
        saw(CryptDecrypt(keyx, 0, TRUE, 0, b, &n), "a byte too few");
        n = 64;
        saw(CryptDecrypt(keyx, 0, TRUE, 0, b, &n), "no padding");
    }
    (void)CryptReleaseContext(p, 0);
}

void
observe_crypt(void)
{
    for (size_t i = 0; i < PROVIDERS; i++) {
        HCRYPTPROV p = provider(&providers[i]);

        for (size_t j = 0; j < CIPHERS; j++) {
            modes(p, providers[i].word, &ciphers[j]);
            pieces(p, providers[i].word, &ciphers[j]);
            ivs(p, providers[i].word, &ciphers[j]);
            with_hash(p, providers[i].word, &ciphers[j]);
        }
        (void)CryptReleaseContext(p, 0);
        rsa(&providers[i]);
    }
}
