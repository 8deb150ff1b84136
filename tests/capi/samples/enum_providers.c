/* SPDX-License-Identifier: Apache-2.0 */
/* Types, providers, the default one, and its algorithms. */
#include <stdio.h>
#include <tchar.h>
#include <wincrypt.h>
#include <windows.h>
#pragma comment(lib, "crypt32.lib")
#pragma comment(lib, "user32.lib")
#pragma comment(lib, "advapi32.lib")

void MyHandleError(LPTSTR psz, DWORD dwError);
void Wait(LPTSTR s);

static void
Names(BOOL fTypes)
{
    DWORD dwIndex = 0, dwType, cbName;
    LPTSTR pszName;

    _tprintf(fTypes ? TEXT("Provider types:\n") : TEXT("Providers:\n"));
    while (fTypes ? CryptEnumProviderTypes(dwIndex, NULL, 0, &dwType, NULL, &cbName)
                  : CryptEnumProviders(dwIndex, NULL, 0, &dwType, NULL, &cbName)) {
        if (!cbName) { /* a type that has no name to show */
            dwIndex++;
            continue;
        }
        if (!(pszName = (LPTSTR)LocalAlloc(LMEM_ZEROINIT, cbName)))
            MyHandleError(TEXT("LocalAlloc"), GetLastError());
        if (!(fTypes ? CryptEnumProviderTypes(dwIndex++, NULL, NULL, &dwType, pszName, &cbName)
                     : CryptEnumProviders(dwIndex++, NULL, 0, &dwType, pszName, &cbName)))
            MyHandleError(TEXT("enumeration"), GetLastError());
        _tprintf(TEXT("     %4.0d\t%s\n"), dwType, pszName);
        LocalFree(pszName);
    }
    if (ERROR_NO_MORE_ITEMS != GetLastError())
        MyHandleError(TEXT("The end is not the end"), GetLastError());
}

static void
Algorithms(HCRYPTPROV hProv)
{
    PROV_ENUMALGS_EX EnumAlgs;
    DWORD cbData = sizeof(EnumAlgs), dwFlags = CRYPT_FIRST;
    LPCTSTR pszAlgType = NULL;

    while (CryptGetProvParam(hProv, PP_ENUMALGS_EX, (BYTE *)&EnumAlgs, &cbData, dwFlags)) {
        switch (GET_ALG_CLASS(EnumAlgs.aiAlgid)) {
        case ALG_CLASS_DATA_ENCRYPT:
            pszAlgType = TEXT("Encrypt  ");
            break;
        case ALG_CLASS_HASH:
            pszAlgType = TEXT("Hash     ");
            break;
        case ALG_CLASS_KEY_EXCHANGE:
            pszAlgType = TEXT("Exchange ");
            break;
        case ALG_CLASS_SIGNATURE:
            pszAlgType = TEXT("Signature");
            break;
        default:
            pszAlgType = TEXT("Unknown  ");
        }
        _tprintf(TEXT("    %-10hs %s %8.8xh %4d\n"), EnumAlgs.szName, pszAlgType, EnumAlgs.aiAlgid,
                 EnumAlgs.dwDefaultLen);
        dwFlags = CRYPT_NEXT;
    }
}

int
_tmain(void)
{
    HCRYPTPROV hProv;
    LPTSTR pbProvName;
    DWORD cbProvName, dwPPTYPE, cbData = sizeof(DWORD);

    Names(TRUE);
    Names(FALSE);
    if (!CryptGetDefaultProvider(PROV_RSA_FULL, NULL, CRYPT_MACHINE_DEFAULT, NULL, &cbProvName))
        MyHandleError(TEXT("CryptGetDefaultProvider"), GetLastError());
    if (!(pbProvName = (LPTSTR)LocalAlloc(LPTR, cbProvName)))
        MyHandleError(TEXT("LocalAlloc"), GetLastError());
    if (CryptGetDefaultProvider(PROV_RSA_FULL, NULL, CRYPT_MACHINE_DEFAULT, pbProvName,
                                &cbProvName))
        _tprintf(TEXT("The default of type %d is %s\n"), PROV_RSA_FULL, pbProvName);
    if (!CryptAcquireContext(&hProv, NULL, pbProvName, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT))
        MyHandleError(TEXT("CryptAcquireContext"), GetLastError());
    Algorithms(hProv);
    if (CryptGetProvParam(hProv, PP_PROVTYPE, (PBYTE)&dwPPTYPE, &cbData, 0))
        _tprintf(TEXT("Its type is %lu.\n"), dwPPTYPE);
    LocalFree(pbProvName);
    CryptReleaseContext(hProv, 0);
    Wait(TEXT("A line ends this."));
    return 0;
}

void
MyHandleError(LPTSTR psz, DWORD dwError)
{
    LPTSTR pszText = NULL;
    FormatMessage(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM, NULL, dwError,
                  MAKELANGID(LANG_NEUTRAL, SUBLANG_DEFAULT), (LPTSTR)&pszText, 0, NULL);
    _ftprintf(stderr, TEXT("%s: %x, %s"), psz, dwError, pszText ? pszText : TEXT("?\n"));
    LocalFree(pszText);
    exit(1);
}

void
Wait(LPTSTR s)
{
    TCHAR x[80];
    _tprintf(s);
    _getts_s(x, _countof(x));
    _tprintf(TEXT(" %u:%s\n"), (unsigned)_tcslen(x), x);
}
