/* SPDX-License-Identifier: Apache-2.0 */
/* A session key from a password, in a program without the _t names. */
#include <Wincrypt.h>
#include <stdio.h>
#include <windows.h>
#define MY_ENCODING_TYPE (PKCS_7_ASN_ENCODING | X509_ASN_ENCODING)
void MyHandleError(char *s);

void
main()
{
    HCRYPTPROV hCryptProv;
    HCRYPTKEY hKey;
    HCRYPTHASH hHash;
    CHAR szPassword[512] = "";
    DWORD dwLength, dwValue, dwDataLen = sizeof(DWORD);
    BYTE pbBlock[8];

    fprintf(stderr, "The password: ");
    gets_s(szPassword, 512);
    dwLength = strlen(szPassword);

    if (CryptAcquireContext(&hCryptProv, NULL, NULL, PROV_RSA_FULL, 0))
        printf("A context is there.\n");
    else if (!CryptAcquireContext(&hCryptProv, NULL, NULL, PROV_RSA_FULL, CRYPT_NEWKEYSET))
        MyHandleError("no container");
    if (!CryptCreateHash(hCryptProv, CALG_MD5, 0, 0, &hHash))
        MyHandleError("CryptCreateHash");
    if (!CryptHashData(hHash, (BYTE *)szPassword, dwLength, 0))
        MyHandleError("CryptHashData");
    if (!CryptDeriveKey(hCryptProv, CALG_RC2, hHash, CRYPT_EXPORTABLE, &hKey))
        MyHandleError("CryptDeriveKey");
    if (!CryptGetKeyParam(hKey, KP_BLOCKLEN, (BYTE *)&dwValue, &dwDataLen, 0))
        MyHandleError("CryptGetKeyParam");
    printf("Blocks of %d bits.\n", dwValue);
    FillMemory(pbBlock, sizeof(pbBlock), 0xA5);
    dwValue = CRYPT_MODE_ECB;
    dwDataLen = sizeof(pbBlock);
    if (!CryptSetKeyParam(hKey, KP_MODE, (PBYTE)&dwValue, 0) ||
        !CryptEncrypt(hKey, 0, FALSE, 0, pbBlock, &dwDataLen, sizeof(pbBlock)))
        MyHandleError("CryptEncrypt");
    for (DWORD i = 0; i < dwDataLen; i++)
        printf("%02x", pbBlock[i]);
    printf("\n");
    if (hHash)
        if (!CryptDestroyHash(hHash))
            MyHandleError("CryptDestroyHash");
    if (hKey)
        CryptDestroyKey(hKey);
    if (hCryptProv)
        CryptReleaseContext(hCryptProv, 0);
    exit(0);
}

void
MyHandleError(char *s)
{
    DWORD dwErr = GetLastError();
    fprintf(stderr, "%s, %x.\n", s, dwErr);
    ExitProcess(dwErr);
}
