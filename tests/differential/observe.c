/* SPDX-License-Identifier: Apache-2.0 */
#include "observe.h"

#include <stdarg.h>

static char subject[200];

void
about(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(subject, sizeof subject, fmt, ap);
    va_end(ap);
}

static BOOL
begin(BOOL ok, const char *what)
{
    DWORD code = GetLastError();

    printf("%s %s = ", subject, what);
    if (!ok) {
        printf("%08x\n", (unsigned)code);
    }
    return ok;
}

BOOL
saw(BOOL ok, const char *what)
{
    if (begin(ok, what)) {
        printf("ok\n");
    }
    return ok;
}

BOOL
saw_bytes(BOOL ok, const char *what, const BYTE *p, DWORD n)
{
    if (begin(ok, what)) {
        for (DWORD i = 0; i < n; i++) {
            printf("%02x", p[i]);
        }
        printf("\n");
    }
    return ok;
}

BOOL
saw_number(BOOL ok, const char *what, DWORD v)
{
    if (begin(ok, what)) {
        printf("%u\n", (unsigned)v);
    }
    return ok;
}

const struct provider providers[PROVIDERS] = {
    {"base", MS_DEF_PROV_A, PROV_RSA_FULL},
    {"strong", MS_STRONG_PROV_A, PROV_RSA_FULL},
    {"enhanced", MS_ENHANCED_PROV_A, PROV_RSA_FULL},
    {"aes", MS_ENH_RSA_AES_PROV_A, PROV_RSA_AES},
};
const struct cipher ciphers[CIPHERS] = {
    {"rc2", CALG_RC2, 16},        {"rc4", CALG_RC4, 16},          {"des", CALG_DES, 8},
    {"3des", CALG_3DES, 24},      {"3des112", CALG_3DES_112, 16}, {"aes128", CALG_AES_128, 16},
    {"aes192", CALG_AES_192, 24}, {"aes256", CALG_AES_256, 32},
};
const struct hash hashes[HASHES] = {
    {"md2", CALG_MD2},        {"md4", CALG_MD4},        {"md5", CALG_MD5},
    {"sha1", CALG_SHA1},      {"sha256", CALG_SHA_256}, {"sha384", CALG_SHA_384},
    {"sha512", CALG_SHA_512},
};

HCRYPTPROV
provider(const struct provider *p)
{
    HCRYPTPROV prov = 0;

    if (!CryptAcquireContextA(&prov, NULL, p->name, p->type, CRYPT_VERIFYCONTEXT)) {
        fprintf(stderr, "%s: %08x\n", p->name, (unsigned)GetLastError());
        exit(1);
    }
    return prov;
}

void
count_up(BYTE *p, DWORD n, unsigned first)
{
    for (DWORD i = 0; i < n; i++) {
        p[i] = (BYTE)(first + i);
    }
}

static void
put_le(BYTE *p, DWORD v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (BYTE)(v >> (8 * i));
    }
}

DWORD
plain_blob(ALG_ID alg, DWORD bytes, BYTE *blob)
{
    memset(blob, 0, 12);
    blob[0] = PLAINTEXTKEYBLOB;
    blob[1] = CUR_BLOB_VERSION;
    put_le(blob + 4, alg);
    put_le(blob + 8, bytes);
    count_up(blob + 12, bytes, 1);
    return 12 + bytes;
}

HCRYPTKEY
plain_key(HCRYPTPROV p, ALG_ID alg, DWORD bytes)
{
    BYTE blob[ROOM];
    HCRYPTKEY k = 0;
    DWORD n = plain_blob(alg, bytes, blob);

    return CryptImportKey(p, blob, n, 0, CRYPT_EXPORTABLE, &k) ? k : 0;
}

/* n, p, q, dP, dQ, qInv, d, each most significant byte first; e is 65537. */
static const char *const demo[] = {
    "b9c5e97d78f53fd54642c66a7d8700091c9e26dd6e7e01ef4c4db07952e2bfaf"
    "fb933a3b529adb6a54b49971de52020fb0ed8bb41221bc22825eccf7f61690af",
    "eb2670999801e75cfd26fb4f65c2bdbd0c2c4bb20e474a907df79d3296baff39",
    "ca3eafa3017d4c17b824338366880cd5cb4a3df23646acd2dda03debe0782727",
    "2b2af85ac9f3f7843398f763a0fbba173d67d8518c9b7bcdc0c23722755748c9",
    "7f2b659350e7718664a256c5e41dde3c3cc4e528bd5a3967aa360d59995ed3f7",
    "c7cfdcf6c27ed90b58a6126cd5da73f0ddc0987821b15eac6d8d42d6664a7ff7",
    "575a185047700a73de75c7968b2fcf7479606425faae857a6006a7d46484fa5c"
    "97e35595d0b490658e6fa312e9073bb019113c86f1c369dff7fbd3fcd10d5e1",
};

static unsigned
digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static DWORD
put_backwards(const char *hex, BYTE *out)
{
    size_t digits = strlen(hex), n = (digits + 1) / 2;

    for (size_t i = 0; i < n; i++) { /* from the last two digits on */
        unsigned low = digit(hex[digits - 1 - 2 * i]);
        unsigned high = digits >= 2 + 2 * i ? digit(hex[digits - 2 - 2 * i]) : 0;

        out[i] = (BYTE)(high << 4 | low);
    }
    return (DWORD)n;
}

DWORD
demo_blob(ALG_ID alg, BYTE *blob)
{
    DWORD at = 20;

    memset(blob, 0, at);
    blob[0] = PRIVATEKEYBLOB;
    blob[1] = CUR_BLOB_VERSION;
    put_le(blob + 4, alg);
    memcpy(blob + 8, "RSA2", 4);
    put_le(blob + 12, 512);
    put_le(blob + 16, 65537);
    for (size_t i = 0; i < COUNT(demo); i++) {
        at += put_backwards(demo[i], blob + at);
    }
    return at;
}

HCRYPTKEY
demo_key(HCRYPTPROV p, ALG_ID alg)
{
    BYTE blob[ROOM];
    HCRYPTKEY k = 0;
    DWORD n = demo_blob(alg, blob);

    return CryptImportKey(p, blob, n, 0, CRYPT_EXPORTABLE, &k) ? k : 0;
}

int
main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0); /* what was seen before a crash is seen */
    if (argc == 2 && strcmp(argv[1], "observe") == 0) {
        observe_contexts();
        observe_keys();
        observe_import();
        observe_crypt();
        observe_hashes();
        observe_dss();
    } else if (argc == 3 && strcmp(argv[1], "make") == 0) {
        make_things(argv[2]);
    } else if (argc == 3 && strcmp(argv[1], "use") == 0) {
        use_things(argv[2]);
    } else {
        fprintf(stderr, "usage: %s observe | make DIR | use DIR\n", argv[0]);
        return 2;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
