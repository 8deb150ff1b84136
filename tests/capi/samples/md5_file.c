/* SPDX-License-Identifier: Apache-2.0 */
/* The MD5 hash of a file, in hexadecimal: main of a DWORD. */
#include <Wincrypt.h>
#include <stdio.h>
#include <windows.h>

#define BUFSIZE 1024
#define MD5LEN 16

DWORD
main()
{
    DWORD dwStatus = 0;
    BOOL bResult = FALSE;
    HCRYPTPROV hProv = 0;
    HCRYPTHASH hHash = 0;
    HANDLE hFile = NULL;
    BYTE rgbFile[BUFSIZE];
    DWORD cbRead = 0;
    BYTE rgbHash[MD5LEN];
    DWORD cbHash = 0;
    CHAR rgbDigits[] = "0123456789abcdef";
#ifdef WIDE_LITERAL /* as the documentation has it; needs wide characters of 16 bits */
    LPCWSTR filename = L"plain";
#else
    LPCTSTR filename = TEXT("plain");
#endif

    hFile = CreateFile(filename, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING,
                       FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    if (INVALID_HANDLE_VALUE == hFile) {
        dwStatus = GetLastError();
        printf("No file %s\nError: %d\n", "plain", dwStatus);
        return dwStatus;
    }
    if (!CryptAcquireContext(&hProv, NULL, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT)) {
        dwStatus = GetLastError();
        printf("CryptAcquireContext: %d\n", dwStatus);
        CloseHandle(hFile);
        return dwStatus;
    }
    if (!CryptCreateHash(hProv, CALG_MD5, 0, 0, &hHash)) {
        dwStatus = GetLastError();
        CloseHandle(hFile);
        CryptReleaseContext(hProv, 0);
        return dwStatus;
    }
    while (bResult = ReadFile(hFile, rgbFile, BUFSIZE, &cbRead, NULL)) {
        if (0 == cbRead)
            break;
        if (!CryptHashData(hHash, rgbFile, cbRead, 0))
            return GetLastError();
    }
    if (!bResult)
        return GetLastError();

    cbHash = MD5LEN;
    if (CryptGetHashParam(hHash, HP_HASHVAL, rgbHash, &cbHash, 0)) {
        for (DWORD i = 0; i < cbHash; i++)
            printf("%c%c", rgbDigits[rgbHash[i] >> 4], rgbDigits[rgbHash[i] & 0xf]);
        printf("\n");
    } else {
        dwStatus = GetLastError();
        printf("CryptGetHashParam: %d\n", dwStatus);
    }
    CryptDestroyHash(hHash);
    CryptReleaseContext(hProv, 0);
    CloseHandle(hFile);
    return dwStatus;
}
