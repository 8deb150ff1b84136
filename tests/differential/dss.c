/* SPDX-License-Identifier: Apache-2.0 */
/* The providers of DSS and Diffie-Hellman: what they hash, and which keys they make, take and
 * refuse. */
#include "observe.h"

static const struct provider dss[] = {
    {"dss", MS_DEF_DSS_PROV_A, PROV_DSS},
    {"dss-dh", MS_DEF_DSS_DH_PROV_A, PROV_DSS_DH},
    {"dss-dh enhanced", MS_ENH_DSS_DH_PROV_A, PROV_DSS_DH},
};

static void
values(const struct provider *which, HCRYPTPROV p)
{
    for (size_t i = 0; i < HASHES; i++) {
        for (DWORD len = 0; len <= 130; len += 13) {
            BYTE data[130], b[ROOM];
            DWORD n = sizeof b;
            HCRYPTHASH h = 0;
            BOOL ok;

            count_up(data, sizeof data, 7);
            about("%s %s of %u", which->word, hashes[i].word, (unsigned)len);
            if (!saw(CryptCreateHash(p, hashes[i].alg, 0, 0, &h), "hash")) {
                continue;
            }
            saw(CryptHashData(h, data, len, 0), "data");
            ok = CryptGetHashParam(h, HP_HASHVAL, b, &n, 0);
            saw_bytes(ok, "value", b, n);
            (void)CryptDestroyHash(h);
        }
    }
}

static void
keys(const struct provider *which, HCRYPTPROV p)
{
    static const struct {
        const char *word;
        ALG_ID alg;
        DWORD bits;
    } made[] = {
        {"signature", AT_SIGNATURE, 0},    {"signature", AT_SIGNATURE, 512},
        {"signature", AT_SIGNATURE, 1024}, {"signature", CALG_DSS_SIGN, 512},
        {"RSA", CALG_RSA_SIGN, 0},         {"RSA", CALG_RSA_KEYX, 0},
        {"a hash", CALG_SHA1, 0},
    };

    for (size_t i = 0; i < COUNT(made); i++) {
        HCRYPTKEY k = 0;

        about("%s make %s %u", which->word, made[i].word, (unsigned)made[i].bits);
        if (saw(CryptGenKey(p, made[i].alg, BITS(made[i].bits), &k), "key")) {
            (void)CryptDestroyKey(k);
        }
    }
    for (size_t i = 0; i < CIPHERS; i++) {
        HCRYPTKEY k = 0;

        about("%s make %s", which->word, ciphers[i].word);
        if (saw(CryptGenKey(p, ciphers[i].alg, 0, &k), "key")) {
            (void)CryptDestroyKey(k);
        }
    }
}

/* A signature of what is hashed, by a key that has just been made. */
static void
signature(const struct provider *which, HCRYPTPROV p)
{
    HCRYPTKEY k = 0;
    HCRYPTHASH h = 0;
    BYTE b[ROOM];
    DWORD n = sizeof b;
    BOOL ok;

    about("%s sign", which->word);
    saw(CryptGenKey(p, AT_SIGNATURE, BITS(512), &k), "key");
    saw(CryptCreateHash(p, CALG_SHA1, 0, 0, &h), "hash");
    saw(CryptHashData(h, (const BYTE *)"abc", 3, 0), "data");
    ok = CryptSignHashA(h, AT_SIGNATURE, NULL, 0, b, &n);
    saw_number(ok, "length", n);
    (void)CryptDestroyHash(h);
    (void)CryptDestroyKey(k);
}

void
observe_dss(void)
{
    for (size_t i = 0; i < COUNT(dss); i++) {
        HCRYPTPROV p = provider(&dss[i]);

        values(&dss[i], p);
        keys(&dss[i], p);
        signature(&dss[i], p);
        (void)CryptReleaseContext(p, 0);
    }
}
