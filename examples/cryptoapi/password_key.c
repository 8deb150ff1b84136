/* SPDX-License-Identifier: Apache-2.0 */
/* A session key from a password, as old CryptoAPI programs have it: the hash of the password, without
 * salt or work. For their data only. Prints the ciphertext of one line of text. */
#include <stdio.h>
#include <string.h>

#include <Wincrypt.h>

int
main(int argc, char **argv)
{
    HCRYPTPROV prov = 0;
    HCRYPTHASH hash = 0;
    HCRYPTKEY key = 0;
    BYTE text[256] = "";
    if (argc != 3 || strlen(argv[2]) >= sizeof text) {
        fprintf(stderr, "usage: %s PASSWORD TEXT\n", argv[0]);
        return 2;
    }
    DWORD len = (DWORD)strlen(argv[2]);
    memcpy(text, argv[2], len);
    if (!CryptAcquireContext(&prov, NULL, MS_ENHANCED_PROV, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT) ||
        !CryptCreateHash(prov, CALG_MD5, 0, 0, &hash) ||
        !CryptHashData(hash, (const BYTE *)argv[1], (DWORD)strlen(argv[1]), 0) ||
        !CryptDeriveKey(prov, CALG_RC4, hash, 128u << 16, &key) ||
        !CryptEncrypt(key, 0, TRUE, 0, text, &len, sizeof text)) {
        fprintf(stderr, "it did not work\n");
        return 1;
    }
    for (DWORD i = 0; i < len; i++) {
        printf("%02x", text[i]);
    }
    printf("\n");
    CryptDestroyKey(key);
    CryptDestroyHash(hash);
    CryptReleaseContext(prov, 0);
    return 0;
}
