/* SPDX-License-Identifier: Apache-2.0 */
/* A hash that goes on in two ways, and an HMAC of a key from a password. */
#include <Wincrypt.h>
#include <stdio.h>
#include <windows.h>

int
main()
{
    HCRYPTPROV hProv = NULL;
    HCRYPTHASH hHash = NULL, hOther = NULL, hHmacHash = NULL;
    HCRYPTKEY hKey = NULL;
    PBYTE pbHash = NULL;
    DWORD dwDataLen = 0;
    BYTE Data1[] = {0x70, 0x61, 0x73, 0x73, 0x77, 0x6F, 0x72, 0x64};
    BYTE Data2[] = {0x6D, 0x65, 0x73, 0x73, 0x61, 0x67, 0x65};
    HMAC_INFO HmacInfo;

    ZeroMemory(&HmacInfo, sizeof(HmacInfo));
    HmacInfo.HashAlgid = CALG_SHA1;
    if (!CryptAcquireContext(&hProv, NULL, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT))
        goto ErrorExit;
    if (!CryptCreateHash(hProv, CALG_SHA1, 0, 0, &hHash))
        goto ErrorExit;
    if (!CryptHashData(hHash, Data1, sizeof(Data1), 0))
        goto ErrorExit;
    if (!CryptDuplicateHash(hHash, NULL, 0, &hOther))
        goto ErrorExit;
    if (!CryptDeriveKey(hProv, CALG_RC4, hHash, 0, &hKey))
        goto ErrorExit;
    if (!CryptCreateHash(hProv, CALG_HMAC, hKey, 0, &hHmacHash))
        goto ErrorExit;
    if (!CryptSetHashParam(hHmacHash, HP_HMAC_INFO, (BYTE *)&HmacInfo, 0))
        goto ErrorExit;
    if (!CryptHashData(hHmacHash, Data2, sizeof(Data2), 0) ||
        !CryptHashData(hOther, Data2, sizeof(Data2), 0))
        goto ErrorExit;
    if (!CryptGetHashParam(hHmacHash, HP_HASHVAL, NULL, &dwDataLen, 0))
        goto ErrorExit;
    pbHash = (BYTE *)malloc(dwDataLen);
    if (NULL == pbHash || !CryptGetHashParam(hHmacHash, HP_HASHVAL, pbHash, &dwDataLen, 0))
        goto ErrorExit;
    for (DWORD i = 0; i < dwDataLen; i++)
        printf("%2.2x ", pbHash[i]);
    printf("\n");
    if (!CryptGetHashParam(hOther, HP_HASHVAL, pbHash, &dwDataLen, 0))
        goto ErrorExit;
    for (DWORD i = 0; i < dwDataLen; i++)
        printf("%2.2x ", pbHash[i]);
    printf("\n");

ErrorExit:
    if (hHmacHash)
        CryptDestroyHash(hHmacHash);
    if (hKey)
        CryptDestroyKey(hKey);
    if (hHash)
        CryptDestroyHash(hHash);
    if (hOther)
        CryptDestroyHash(hOther);
    if (hProv)
        CryptReleaseContext(hProv, 0);
    free(pbHash);
    return 0;
}
