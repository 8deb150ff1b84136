/* SPDX-License-Identifier: Apache-2.0 */
/* LocalAlloc and its kin. Memory is always zeroed: what GMEM_FIXED leaves open is then no leak. */
#include "base/scope.h"
#include "cryptoapi/error.h"

HLOCAL WINAPI
LocalAlloc(UINT uFlags, SIZE_T uBytes)
{
    (void)uFlags;
    void *p = spk_calloc(1, uBytes != 0 ? uBytes : 1);
    if (p == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    }
    return p;
}

HLOCAL WINAPI
LocalFree(HLOCAL hMem)
{
    spk_mem_free(hMem);
    return NULL;
}

HGLOBAL WINAPI
GlobalAlloc(UINT uFlags, SIZE_T dwBytes)
{
    return LocalAlloc(uFlags, dwBytes);
}

HGLOBAL WINAPI
GlobalFree(HGLOBAL hMem)
{
    return LocalFree(hMem);
}

/* Any heap is the one there is. */
HANDLE WINAPI
GetProcessHeap(void)
{
    static char heap;
    return &heap;
}

LPVOID WINAPI
HeapAlloc(HANDLE hHeap, DWORD dwFlags, SIZE_T dwBytes)
{
    (void)hHeap;
    return LocalAlloc(dwFlags, dwBytes);
}

BOOL WINAPI
HeapFree(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem)
{
    (void)hHeap;
    (void)dwFlags;
    (void)LocalFree(lpMem);
    return TRUE;
}

PVOID WINAPI
RtlSecureZeroMemory(PVOID ptr, SIZE_T cnt)
{
    spk_wipe(ptr, cnt);
    return ptr;
}
