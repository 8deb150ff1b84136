/* SPDX-License-Identifier: Apache-2.0 */
/* A session key as a BLOB in memory that the caller frees, and back. */
#include <stdio.h>
#include <tchar.h>
#include <wincrypt.h>
#include <windows.h>

BOOL
GetExportedKey(HCRYPTKEY hKey, HCRYPTKEY hXchgKey, DWORD dwBlobType, LPBYTE *ppbKeyBlob,
               LPDWORD pdwBlobLen)
{
    DWORD dwBlobLength;
    *ppbKeyBlob = NULL;
    *pdwBlobLen = 0;

    if (!CryptExportKey(hKey, hXchgKey, dwBlobType, 0, NULL, &dwBlobLength)) {
        _tprintf(TEXT("no length: 0x%08x\n"), GetLastError());
        return FALSE;
    }
    if (*ppbKeyBlob = (LPBYTE)HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, dwBlobLength)) {
        if (CryptExportKey(hKey, hXchgKey, dwBlobType, 0, *ppbKeyBlob, &dwBlobLength)) {
            *pdwBlobLen = dwBlobLength;
            return TRUE;
        }
        HeapFree(GetProcessHeap(), 0, *ppbKeyBlob);
        *ppbKeyBlob = NULL;
    }
    return FALSE;
}

int
_tmain(int argc, TCHAR **argv)
{
    HCRYPTPROV hProv;
    HCRYPTKEY hKey, hAgain, hXchg;
    LPBYTE pbBlob;
    DWORD dwBlob, dwData, dwValue = 0, dwSize = sizeof(dwValue);
    BYTE pbData[48];
    CONST BYTE *pbText = (CONST BYTE *)"Attack at dawn.";

    if (!CryptAcquireContext(&hProv, NULL, MS_ENH_RSA_AES_PROV, PROV_RSA_AES,
                             CRYPT_VERIFYCONTEXT) ||
        !CryptGenKey(hProv, AT_KEYEXCHANGE, RSA1024BIT_KEY, &hXchg) ||
        !CryptGenKey(hProv, CALG_AES_256, CRYPT_EXPORTABLE, &hKey))
        return 1;
    CopyMemory(pbData, pbText, dwData = 16);
    if (!CryptEncrypt(hKey, 0, TRUE, 0, pbData, &dwData, sizeof(pbData)) || dwData != 32)
        return 2;
    if (!GetExportedKey(hKey, hXchg, SIMPLEBLOB, &pbBlob, &dwBlob))
        return 3;
    _tprintf(TEXT("%u bytes of type %d for %x\n"), dwBlob, ((BLOBHEADER *)pbBlob)->bType,
             ((PUBLICKEYSTRUC *)pbBlob)->aiKeyAlg);
    CryptDestroyKey(hKey);
    if (!CryptImportKey(hProv, pbBlob, dwBlob, hXchg, CRYPT_EXPORTABLE, &hAgain) ||
        !CryptGetKeyParam(hAgain, KP_KEYLEN, (BYTE *)&dwValue, &dwSize, 0) ||
        !CryptDecrypt(hAgain, 0, TRUE, 0, pbData, &dwData))
        return 4;
    printf("%u bits: %s\n", dwValue, (LPSTR)pbData);
    HeapFree(GetProcessHeap(), 0, pbBlob);
    if (GetExportedKey(hXchg, 0, PRIVATEKEYBLOB, &pbBlob, &dwBlob) || argc != 1 || !argv[0])
        return 5; /* it is not exportable */
    SecureZeroMemory(pbData, sizeof(pbData));
    CryptDestroyKey(hAgain);
    CryptReleaseContext(hProv, 0);
    return 0;
}
