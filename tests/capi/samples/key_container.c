/* SPDX-License-Identifier: Apache-2.0 */
/* A container, made, filled with both pairs, listed and deleted. */
#include <stdio.h>
#include <tchar.h>
#include <wincrypt.h>
#include <windows.h>

void
MyHandleError(LPTSTR psz)
{
    _ftprintf(stderr, TEXT("%s, %x\n"), psz, GetLastError());
    exit(1);
}

static void
Pair(HCRYPTPROV hCryptProv, DWORD dwSpec, LPCTSTR pszWhat)
{
    HCRYPTKEY hKey = NULL;
    if (CryptGetUserKey(hCryptProv, dwSpec, &hKey))
        _tprintf(TEXT("A %s key is there.\n"), pszWhat);
    else if (GetLastError() == NTE_NO_KEY) {
        _tprintf(TEXT("There is no %s key.\n"), pszWhat);
        if (!CryptGenKey(hCryptProv, dwSpec, RSA1024BIT_KEY | CRYPT_EXPORTABLE, &hKey))
            MyHandleError(TEXT("CryptGenKey"));
        _tprintf(TEXT("Made a %s key pair.\n"), pszWhat);
    } else
        MyHandleError(TEXT("CryptGetUserKey"));
    if (!CryptDestroyKey(hKey))
        MyHandleError(TEXT("CryptDestroyKey"));
}

void
_tmain(int argc, TCHAR *argv[])
{
    HCRYPTPROV hCryptProv = NULL;
    LPCTSTR szContainer = argc > 1 ? argv[1] : TEXT("Sample container");
    CHAR szTempName[MAX_PATH + 1];
    TCHAR szUserName[UNLEN + 1], szLine[200];
    DWORD dwLen = sizeof(szTempName), dwUser = _countof(szUserName), dwFlag = CRYPT_FIRST;

    if (CryptAcquireContext(&hCryptProv, szContainer, NULL, PROV_RSA_FULL, 0))
        _tprintf(TEXT("The container is there.\n"));
    else {
        if (GetLastError() != NTE_BAD_KEYSET)
            MyHandleError(TEXT("no context"));
        if (!CryptAcquireContext(&hCryptProv, szContainer, NULL, PROV_RSA_FULL, CRYPT_NEWKEYSET))
            MyHandleError(TEXT("no new container"));
        _tprintf(TEXT("A new container.\n"));
    }
    if (!CryptGetProvParam(hCryptProv, PP_CONTAINER, (BYTE *)szTempName, &dwLen, 0))
        MyHandleError(TEXT("PP_CONTAINER"));
    printf("Its name is %s\n", szTempName);
    Pair(hCryptProv, AT_SIGNATURE, TEXT("signature"));
    Pair(hCryptProv, AT_KEYEXCHANGE, TEXT("exchange"));
    Pair(hCryptProv, AT_KEYEXCHANGE, TEXT("exchange"));
    dwLen = sizeof(szTempName);
    for (; CryptGetProvParam(hCryptProv, PP_ENUMCONTAINERS, (BYTE *)szTempName, &dwLen, dwFlag);
         dwFlag = CRYPT_NEXT) {
        _stprintf_s(szLine, _countof(szLine), TEXT("One is %hs"), szTempName);
        _putts(szLine);
    }
    if (!GetUserName(szUserName, &dwUser) || _tcslen(szUserName) + 1 != dwUser)
        MyHandleError(TEXT("GetUserName"));
    CryptReleaseContext(hCryptProv, 0);
    if (!CryptAcquireContext(&hCryptProv, szContainer, NULL, PROV_RSA_FULL, CRYPT_DELETEKEYSET))
        MyHandleError(TEXT("delete"));
    _tprintf(TEXT("Gone.\n"));
    exit(0);
}
