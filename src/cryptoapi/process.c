/* SPDX-License-Identifier: Apache-2.0 */
/* The process, its user and its time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "cryptoapi/store.h"
#include "cryptoapi/wide.h"

void WINAPI
ExitProcess(UINT uExitCode)
{
    exit((int)uExitCode);
}

/* Both forms; units of width bytes. */
static DWORD
user_name(void *dst, DWORD *units, size_t width)
{
    SPK_AUTO_STR char *name = NULL;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(CAPI_STRING_MAX);
    CAPI_CHECK(units != NULL, ERROR_INVALID_PARAMETER);
    CAPI_TRY(capi_store_login(&name));
    struct spk_span text = spk_span(name, strlen(name) + 1);
    if (width != 1) {
        CAPI_TRY(capi_to_wide(text, &b, NULL));
        text = spk_buf_span(&b);
    }
    DWORD room = *units;
    *units = (DWORD)(text.len / width);
    CAPI_CHECK(dst != NULL && room >= *units, ERROR_INSUFFICIENT_BUFFER);
    memcpy(dst, text.ptr, text.len);
    return ERROR_SUCCESS;
}

BOOL WINAPI
GetUserNameA(LPSTR lpBuffer, LPDWORD pcbBuffer)
{
    return capi_finish(user_name(lpBuffer, pcbBuffer, 1));
}

BOOL WINAPI
GetUserNameW(LPWSTR lpBuffer, LPDWORD pcbBuffer)
{
    return capi_finish(user_name(lpBuffer, pcbBuffer, sizeof(WCHAR)));
}

DWORD WINAPI
GetCurrentProcessId(void)
{
    return (DWORD)getpid();
}

DWORD WINAPI
GetTickCount(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (DWORD)((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000);
}

void WINAPI
Sleep(DWORD dwMilliseconds)
{
    struct timespec t = {.tv_sec = dwMilliseconds / 1000,
                         .tv_nsec = (long)(dwMilliseconds % 1000) * 1000000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {
    }
}
