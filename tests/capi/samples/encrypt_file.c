/* SPDX-License-Identifier: Apache-2.0 */
/* A file into an encrypted one, written as the documentation writes its programs: under a random
 * key, whose simple key BLOB stands in front, or under one from a password. */
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

bool MyEncryptFile(LPTSTR szSource, LPTSTR szDestination, LPTSTR szPassword);
void MyHandleError(LPTSTR psz, int nErrorNumber);

int
_tmain(int argc, _TCHAR *argv[])
{
    if (argc < 3) {
        _tprintf(TEXT("Usage: <example.exe> <source file> ")
                     TEXT("<destination file> | <password>\n"));
        _tprintf(TEXT("Any key ends this."));
        _gettch();
        return 1;
    }

    LPTSTR pszSource = argv[1];
    LPTSTR pszDestination = argv[2];
    LPTSTR pszPassword = NULL;
    if (argc >= 4)
        pszPassword = argv[3];

    if (MyEncryptFile(pszSource, pszDestination, pszPassword)) {
        _tprintf(TEXT("%s is the encrypted form of %s.\n"), pszDestination, pszSource);
        return 0;
    }
    MyHandleError(TEXT("The file was not encrypted.\n"), GetLastError());
    return 2;
}

static bool
MakeRandomKey(HCRYPTPROV hCryptProv, HANDLE hDestinationFile, HCRYPTKEY *phKey)
{
    HCRYPTKEY hXchgKey = NULL;
    PBYTE pbKeyBlob = NULL;
    DWORD dwKeyBlobLen;
    DWORD dwCount;
    bool fReturn = false;

    if (!CryptGenKey(hCryptProv, ENCRYPT_ALGORITHM, KEYLENGTH | CRYPT_EXPORTABLE, phKey))
        goto Exit;
    if (!CryptGetUserKey(hCryptProv, AT_KEYEXCHANGE, &hXchgKey)) {
        if (NTE_NO_KEY != GetLastError())
            goto Exit;
        if (!CryptGenKey(hCryptProv, AT_KEYEXCHANGE, CRYPT_EXPORTABLE, &hXchgKey))
            goto Exit;
    }
    if (!CryptExportKey(*phKey, hXchgKey, SIMPLEBLOB, 0, NULL, &dwKeyBlobLen))
        goto Exit;
    if (!(pbKeyBlob = (BYTE *)malloc(dwKeyBlobLen)))
        goto Exit;
    if (!CryptExportKey(*phKey, hXchgKey, SIMPLEBLOB, 0, pbKeyBlob, &dwKeyBlobLen))
        goto Exit;
    if (!WriteFile(hDestinationFile, &dwKeyBlobLen, sizeof(DWORD), &dwCount, NULL))
        goto Exit;
    if (!WriteFile(hDestinationFile, pbKeyBlob, dwKeyBlobLen, &dwCount, NULL))
        goto Exit;
    fReturn = true;

Exit:
    if (pbKeyBlob)
        free(pbKeyBlob);
    if (hXchgKey)
        CryptDestroyKey(hXchgKey);
    return fReturn;
}

static bool
MakePasswordKey(HCRYPTPROV hCryptProv, LPTSTR pszPassword, HCRYPTKEY *phKey)
{
    HCRYPTHASH hHash = NULL;
    bool fReturn = CryptCreateHash(hCryptProv, CALG_MD5, 0, 0, &hHash) &&
                   CryptHashData(hHash, (BYTE *)pszPassword, lstrlen(pszPassword), 0) &&
                   CryptDeriveKey(hCryptProv, ENCRYPT_ALGORITHM, hHash, KEYLENGTH, phKey);
    if (hHash)
        CryptDestroyHash(hHash);
    hHash = NULL;
    return fReturn;
}

bool
MyEncryptFile(LPTSTR pszSourceFile, LPTSTR pszDestinationFile, LPTSTR pszPassword)
{
    bool fReturn = false;
    HANDLE hSourceFile = INVALID_HANDLE_VALUE;
    HANDLE hDestinationFile = INVALID_HANDLE_VALUE;
    HCRYPTPROV hCryptProv = NULL;
    HCRYPTKEY hKey = NULL;
    PBYTE pbBuffer = NULL;
    DWORD dwBlockLen;
    DWORD dwBufferLen;
    DWORD dwCount;
    bool fEOF = FALSE;

    hSourceFile = CreateFile(pszSourceFile, FILE_READ_DATA, FILE_SHARE_READ, NULL, OPEN_EXISTING,
                             FILE_ATTRIBUTE_NORMAL, NULL);
    if (INVALID_HANDLE_VALUE == hSourceFile) {
        MyHandleError(TEXT("The source does not open.\n"), GetLastError());
        goto Exit_MyEncryptFile;
    }
    hDestinationFile = CreateFile(pszDestinationFile, FILE_WRITE_DATA, FILE_SHARE_READ, NULL,
                                  OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (INVALID_HANDLE_VALUE == hDestinationFile) {
        MyHandleError(TEXT("The destination does not open.\n"), GetLastError());
        goto Exit_MyEncryptFile;
    }
    if (!CryptAcquireContext(&hCryptProv, NULL, MS_ENHANCED_PROV, PROV_RSA_FULL, 0)) {
        MyHandleError(TEXT("CryptAcquireContext\n"), GetLastError());
        goto Exit_MyEncryptFile;
    }
    if (!pszPassword || !pszPassword[0]) {
        if (!MakeRandomKey(hCryptProv, hDestinationFile, &hKey))
            goto Exit_MyEncryptFile;
    } else if (!MakePasswordKey(hCryptProv, pszPassword, &hKey))
        goto Exit_MyEncryptFile;

    dwBlockLen = 1000 - 1000 % ENCRYPT_BLOCK_SIZE;
    if (ENCRYPT_BLOCK_SIZE > 1)
        dwBufferLen = dwBlockLen + ENCRYPT_BLOCK_SIZE;
    else
        dwBufferLen = dwBlockLen;
    if (!(pbBuffer = (BYTE *)malloc(dwBufferLen)))
        goto Exit_MyEncryptFile;

    do {
        if (!ReadFile(hSourceFile, pbBuffer, dwBlockLen, &dwCount, NULL))
            goto Exit_MyEncryptFile;
        if (dwCount < dwBlockLen)
            fEOF = TRUE;
        if (!CryptEncrypt(hKey, NULL, fEOF, 0, pbBuffer, &dwCount, dwBufferLen))
            goto Exit_MyEncryptFile;
        if (!WriteFile(hDestinationFile, pbBuffer, dwCount, &dwCount, NULL))
            goto Exit_MyEncryptFile;
    } while (!fEOF);
    fReturn = true;

Exit_MyEncryptFile:
    if (hSourceFile != INVALID_HANDLE_VALUE)
        CloseHandle(hSourceFile);
    if (hDestinationFile != INVALID_HANDLE_VALUE)
        CloseHandle(hDestinationFile);
    if (pbBuffer)
        free(pbBuffer);
    if (hKey && !CryptDestroyKey(hKey))
        MyHandleError(TEXT("CryptDestroyKey\n"), GetLastError());
    if (hCryptProv && !CryptReleaseContext(hCryptProv, 0))
        MyHandleError(TEXT("CryptReleaseContext\n"), GetLastError());
    return fReturn;
}

void
MyHandleError(LPTSTR psz, int nErrorNumber)
{
    _ftprintf(stderr, TEXT("Something failed: "));
    _ftprintf(stderr, TEXT("%s\n"), psz);
    _ftprintf(stderr, TEXT("Its number is %x.\n"), nErrorNumber);
}
