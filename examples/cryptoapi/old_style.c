/* SPDX-License-Identifier: Apache-2.0 */
/* Written as the programs of the nineties were: void main, zero handles as NULL, _t names. */
#include <stdio.h>
#include <tchar.h>
#include <windows.h>
#include <Wincrypt.h>
#include <conio.h>

void main(void)
{
    HCRYPTPROV hProv = (HCRYPTPROV)NULL;
    BYTE pbData[16];
    TCHAR szName[MAX_PATH];
    DWORD cbName = sizeof(szName);

    if (!CryptAcquireContext(&hProv, NULL, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT)) {
        _tprintf(TEXT("Error %x during CryptAcquireContext!\n"), (unsigned)GetLastError());
        _getch();
        return;
    }
    ZeroMemory(pbData, sizeof(pbData));
    if (CryptGenRandom(hProv, sizeof(pbData), pbData)) {
        _tprintf(TEXT("%02x%02x...\n"), pbData[0], pbData[1]);
    }
    if (CryptGetProvParam(hProv, PP_NAME, (BYTE *)szName, &cbName, 0)) {
        _tprintf(TEXT("%s, %d characters\n"), szName, lstrlen(szName));
    }
    CryptReleaseContext(hProv, 0);
    exit(0);
}
