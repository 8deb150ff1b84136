/* SPDX-License-Identifier: Apache-2.0 */
/* The way back from encrypt_file.c. */
/* clang-format off */
#include <tchar.h>
#include <stdio.h>
#include <windows.h>
#include <wincrypt.h>
#include <conio.h>
/* clang-format on */

#pragma comment(lib, "advapi32")

#define KEYLENGTH 0x00800000
#define ENCRYPT_ALGORITHM CALG_RC4
#define ENCRYPT_BLOCK_SIZE 8

bool MyDecryptFile(LPTSTR szSource, LPTSTR szDestination, LPTSTR szPassword);
void MyHandleError(LPTSTR psz, int nErrorNumber);

int
_tmain(int argc, _TCHAR *argv[])
{
    LPTSTR pszPassword = NULL;
    if (argc < 3) {
        _tprintf(TEXT("Usage: <example.exe> <source file> <destination file> | <password>\n"));
        (void)_gettch();
        return 1;
    }
    if (argc >= 4) {
        pszPassword = argv[3];
    }
    if (MyDecryptFile(argv[1], argv[2], pszPassword)) {
        _tprintf(TEXT("%s has been decrypted; the data is in %s.\n"), argv[1], argv[2]);
        return 0;
    }
    MyHandleError(TEXT("The file was not decrypted.\n"), GetLastError());
    return 2;
}

bool
MyDecryptFile(LPTSTR pszSourceFile, LPTSTR pszDestinationFile, LPTSTR pszPassword)
{
    bool fReturn = false;
    HANDLE hSourceFile = INVALID_HANDLE_VALUE, hDestinationFile = INVALID_HANDLE_VALUE;
    HCRYPTKEY hKey = NULL;
    HCRYPTHASH hHash = NULL;
    HCRYPTPROV hCryptProv = NULL;
    DWORD dwCount, dwBlockLen, dwBufferLen;
    PBYTE pbBuffer = NULL;
    bool fEOF = false;

    hSourceFile = CreateFile(pszSourceFile, FILE_READ_DATA, FILE_SHARE_READ, NULL, OPEN_EXISTING,
                             FILE_ATTRIBUTE_NORMAL, NULL);
    hDestinationFile = CreateFile(pszDestinationFile, FILE_WRITE_DATA, FILE_SHARE_READ, NULL,
                                  OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (INVALID_HANDLE_VALUE == hSourceFile || INVALID_HANDLE_VALUE == hDestinationFile)
        goto Exit_MyDecryptFile;
    if (!CryptAcquireContext(&hCryptProv, NULL, MS_ENHANCED_PROV, PROV_RSA_FULL, 0))
        goto Exit_MyDecryptFile;

    if (!pszPassword || !pszPassword[0]) {
        DWORD dwKeyBlobLen;
        PBYTE pbKeyBlob = NULL;
        if (!ReadFile(hSourceFile, &dwKeyBlobLen, sizeof(DWORD), &dwCount, NULL))
            goto Exit_MyDecryptFile;
        if (!(pbKeyBlob = (PBYTE)malloc(dwKeyBlobLen)))
            goto Exit_MyDecryptFile;
        if (!ReadFile(hSourceFile, pbKeyBlob, dwKeyBlobLen, &dwCount, NULL) ||
            !CryptImportKey(hCryptProv, pbKeyBlob, dwKeyBlobLen, 0, 0, &hKey)) {
            free(pbKeyBlob);
            goto Exit_MyDecryptFile;
        }
        free(pbKeyBlob);
    } else {
        if (!CryptCreateHash(hCryptProv, CALG_MD5, 0, 0, &hHash) ||
            !CryptHashData(hHash, (BYTE *)pszPassword, lstrlen(pszPassword), 0) ||
            !CryptDeriveKey(hCryptProv, ENCRYPT_ALGORITHM, hHash, KEYLENGTH, &hKey))
            goto Exit_MyDecryptFile;
    }

    dwBlockLen = 1000 - 1000 % ENCRYPT_BLOCK_SIZE;
    dwBufferLen = dwBlockLen;
    if (!(pbBuffer = (PBYTE)malloc(dwBufferLen)))
        goto Exit_MyDecryptFile;
    do {
        if (!ReadFile(hSourceFile, pbBuffer, dwBlockLen, &dwCount, NULL))
            goto Exit_MyDecryptFile;
        if (dwCount < dwBlockLen)
            fEOF = TRUE;
        if (!CryptDecrypt(hKey, 0, fEOF, 0, pbBuffer, &dwCount))
            goto Exit_MyDecryptFile;
        if (!WriteFile(hDestinationFile, pbBuffer, dwCount, &dwCount, NULL))
            goto Exit_MyDecryptFile;
    } while (!fEOF);
    fReturn = true;

Exit_MyDecryptFile:
    if (pbBuffer)
        free(pbBuffer);
    if (hSourceFile != INVALID_HANDLE_VALUE)
        CloseHandle(hSourceFile);
    if (hDestinationFile != INVALID_HANDLE_VALUE)
        CloseHandle(hDestinationFile);
    if (hHash)
        CryptDestroyHash(hHash);
    if (hKey)
        CryptDestroyKey(hKey);
    if (hCryptProv)
        CryptReleaseContext(hCryptProv, 0);
    return fReturn;
}

void
MyHandleError(LPTSTR psz, int nErrorNumber)
{
    _ftprintf(stderr, TEXT("%s"), psz);
    _ftprintf(stderr, TEXT("Error number %x.\n"), nErrorNumber);
}
