/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes a text, signs the hash, and verifies the signature with the public key alone. Also lists the
 * key containers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#define CONTAINER "cryptoapi example"

static void
check(BOOL worked, const char *what)
{
    if (!worked) {
        fprintf(stderr, "%s: error %08x\n", what, (unsigned)GetLastError());
        exit(1);
    }
}

static HCRYPTHASH
hash_text(HCRYPTPROV prov, const char *text)
{
    HCRYPTHASH hash = 0;
    check(CryptCreateHash(prov, CALG_SHA_256, 0, 0, &hash), "hash");
    check(CryptHashData(hash, (const BYTE *)text, (DWORD)strlen(text), 0), "data");
    return hash;
}

static void
verify(const BYTE *public_blob, DWORD blob_len, const char *text, const BYTE *sig, DWORD sig_len)
{
    HCRYPTPROV prov = 0;
    HCRYPTKEY key = 0;
    check(CryptAcquireContext(&prov, NULL, NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT), "context");
    check(CryptImportKey(prov, public_blob, blob_len, 0, 0, &key), "public key");
    check(CryptVerifySignature(hash_text(prov, text), sig, sig_len, key, NULL, 0), "verify");
    check(!CryptVerifySignature(hash_text(prov, "another text"), sig, sig_len, key, NULL, 0),
          "a wrong text");
    check(CryptReleaseContext(prov, 0), "release");
}

int
main(void)
{
    static const char text[] = "what is signed";
    HCRYPTPROV prov = 0;
    HCRYPTKEY pair = 0;
    BYTE blob[600], sig[512];
    DWORD blob_len = sizeof blob, sig_len = sizeof sig, flag = CRYPT_FIRST, len = MAX_PATH + 1;
    char name[MAX_PATH + 1];
    check(CryptAcquireContext(&prov, CONTAINER, NULL, PROV_RSA_AES, CRYPT_NEWKEYSET), "container");
    check(CryptGenKey(prov, AT_SIGNATURE, 2048u << 16, &pair), "pair");
    check(CryptExportKey(pair, 0, PUBLICKEYBLOB, 0, blob, &blob_len), "public key");
    check(CryptSignHash(hash_text(prov, text), AT_SIGNATURE, NULL, 0, sig, &sig_len), "sign");
    verify(blob, blob_len, text, sig, sig_len);
    for (; CryptGetProvParam(prov, PP_ENUMCONTAINERS, (BYTE *)name, &len, flag); flag = CRYPT_NEXT) {
        printf("%s\n", name);
    }
    check(CryptReleaseContext(prov, 0), "release");
    check(CryptAcquireContext(&prov, CONTAINER, NULL, PROV_RSA_AES, CRYPT_DELETEKEYSET), "delete");
    return 0;
}
