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

PVOID WINAPI
RtlSecureZeroMemory(PVOID ptr, SIZE_T cnt)
{
    spk_wipe(ptr, cnt);
    return ptr;
}
