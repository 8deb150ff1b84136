/* SPDX-License-Identifier: Apache-2.0 */
/* A CryptoAPI program with a pair of its container: `capi_use rsa|dss CONTAINER sign` signs the
 * SHA-1 value of standard input; `... keyx` imports standard input with the pair (a SIMPLEBLOB, or
 * the other side's Diffie-Hellman key) and writes 16 bytes of RC4. */
#include <stdio.h>
#include <string.h>

#include <windows.h>

#define KEY_MAX 8192

static BOOL
sign(HCRYPTPROV p, const BYTE *in, DWORD n, BYTE *out, DWORD *len)
{
    HCRYPTHASH h = 0;
    return CryptCreateHash(p, CALG_SHA1, 0, 0, &h) && CryptHashData(h, in, n, 0) &&
           CryptSignHashA(h, AT_SIGNATURE, NULL, 0, out, len);
}

static BOOL
key_stream(HCRYPTPROV p, BOOL dss, const BYTE *in, DWORD n, BYTE *out, DWORD *len)
{
    HCRYPTKEY pair = 0, k = 0;
    ALG_ID alg = CALG_RC4;
    *len = 16;
    memset(out, 0, *len);
    return CryptGetUserKey(p, AT_KEYEXCHANGE, &pair) && CryptImportKey(p, in, n, pair, 0, &k) &&
           (!dss || CryptSetKeyParam(k, KP_ALGID, (const BYTE *)&alg, 0)) &&
           CryptEncrypt(k, 0, TRUE, 0, out, len, 16);
}

int
main(int argc, char **argv)
{
    static BYTE in[KEY_MAX], out[KEY_MAX];
    HCRYPTPROV p = 0;
    DWORD n = (DWORD)fread(in, 1, sizeof in, stdin), len = sizeof out;
    BOOL dss = argc == 4 && strcmp(argv[1], "dss") == 0;
    if (argc != 4 ||
        !CryptAcquireContextA(&p, argv[2], dss ? MS_ENH_DSS_DH_PROV_A : MS_ENHANCED_PROV_A,
                              dss ? PROV_DSS_DH : PROV_RSA_FULL, 0)) {
        fprintf(stderr, "no container: %08x\n", (unsigned)GetLastError());
        return 1;
    }
    if (!(strcmp(argv[3], "sign") == 0 ? sign(p, in, n, out, &len)
                                       : key_stream(p, dss, in, n, out, &len))) {
        fprintf(stderr, "failed: %08x\n", (unsigned)GetLastError());
        return 1;
    }
    (void)fwrite(out, 1, len, stdout);
    CryptReleaseContext(p, 0);
    return 0;
}
