/* SPDX-License-Identifier: Apache-2.0 */
/* A hash signed and verified with the public key of a BLOB. */
#pragma comment(lib, "crypt32.lib")

#include <Wincrypt.h>
#include <stdio.h>
#include <windows.h>
#define MY_ENCODING_TYPE (PKCS_7_ASN_ENCODING | X509_ASN_ENCODING)

void MyHandleError(char *s);

void
main(void)
{
    HCRYPTPROV hProv;
    BYTE *pbBuffer = (BYTE *)"The data that is to be hashed and signed.";
    DWORD dwBufferLen = strlen((char *)pbBuffer) + 1;
    HCRYPTHASH hHash;
    HCRYPTKEY hKey;
    HCRYPTKEY hPubKey;
    BYTE *pbKeyBlob;
    BYTE *pbSignature;
    DWORD dwSigLen;
    DWORD dwBlobLen;

    if (!CryptAcquireContext(&hProv, NULL, NULL, PROV_RSA_FULL, 0))
        MyHandleError("CryptAcquireContext");
    if (!CryptGetUserKey(hProv, AT_SIGNATURE, &hKey) &&
        !CryptGenKey(hProv, AT_SIGNATURE, CRYPT_EXPORTABLE, &hKey))
        MyHandleError("CryptGetUserKey");
    if (!CryptExportKey(hKey, NULL, PUBLICKEYBLOB, 0, NULL, &dwBlobLen))
        MyHandleError("the size of the BLOB");
    if (!(pbKeyBlob = (BYTE *)malloc(dwBlobLen)))
        MyHandleError("Out of memory. \n");
    if (!CryptExportKey(hKey, NULL, PUBLICKEYBLOB, 0, pbKeyBlob, &dwBlobLen))
        MyHandleError("CryptExportKey");
    if (!CryptCreateHash(hProv, CALG_MD5, 0, 0, &hHash))
        MyHandleError("CryptCreateHash");
    if (!CryptHashData(hHash, pbBuffer, dwBufferLen, 0))
        MyHandleError("CryptHashData");
    dwSigLen = 0;
    if (!CryptSignHash(hHash, AT_SIGNATURE, NULL, 0, NULL, &dwSigLen))
        MyHandleError("the size of the signature");
    if (!(pbSignature = (BYTE *)malloc(dwSigLen)))
        MyHandleError("Out of memory.");
    if (!CryptSignHash(hHash, AT_SIGNATURE, NULL, 0, pbSignature, &dwSigLen))
        MyHandleError("CryptSignHash");
    if (hHash)
        CryptDestroyHash(hHash);

    if (!CryptImportKey(hProv, pbKeyBlob, dwBlobLen, 0, 0, &hPubKey))
        MyHandleError("CryptImportKey");
    if (!CryptCreateHash(hProv, CALG_MD5, 0, 0, &hHash) ||
        !CryptHashData(hHash, pbBuffer, dwBufferLen, 0))
        MyHandleError("the second hash");
    if (CryptVerifySignature(hHash, pbSignature, dwSigLen, hPubKey, NULL, 0))
        printf("The signature holds, %d bytes.\n", dwSigLen);
    else
        printf("The signature does not hold!\n");
    CryptDestroyHash(hHash);
    if (!CryptCreateHash(hProv, CALG_MD5, 0, 0, &hHash) || !CryptHashData(hHash, pbBuffer, 3, 0))
        MyHandleError("the third hash");
    if (!CryptVerifySignature(hHash, pbSignature, dwSigLen, hPubKey, NULL, 0) &&
        GetLastError() == NTE_BAD_SIGNATURE)
        printf("That of another text does not.\n");
    free(pbSignature);
    free(pbKeyBlob);
    CryptDestroyHash(hHash);
    CryptReleaseContext(hProv, 0);
    exit(0);
}

void
MyHandleError(char *s)
{
    printf("It stops here: %s\n", s);
    printf("Number %x\n", GetLastError());
    exit(1);
}
