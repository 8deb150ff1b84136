/* SPDX-License-Identifier: Apache-2.0 */
/* What CryptoAPI programs use besides CryptoAPI: the last error and its text, the process and its
 * user; memory, strings and files are in headers of their own. Part of windows.h. */
#ifndef CRYPTOAPI_WINBASE_H
#define CRYPTOAPI_WINBASE_H

#include "winerror.h"
#include "winfile.h"
#include "winmem.h"
#include "winnls.h"
#include "wintypes.h"

#define FORMAT_MESSAGE_ALLOCATE_BUFFER 0x0100u
#define FORMAT_MESSAGE_IGNORE_INSERTS 0x0200u
#define FORMAT_MESSAGE_FROM_STRING 0x0400u
#define FORMAT_MESSAGE_FROM_HMODULE 0x0800u
#define FORMAT_MESSAGE_FROM_SYSTEM 0x1000u
#define FORMAT_MESSAGE_ARGUMENT_ARRAY 0x2000u
#define FORMAT_MESSAGE_MAX_WIDTH_MASK 0x00ffu
#define LANG_NEUTRAL 0x00u
#define LANG_ENGLISH 0x09u
#define SUBLANG_NEUTRAL 0x00u
#define SUBLANG_DEFAULT 0x01u
#define SUBLANG_ENGLISH_US 0x01u
#define MAKELANGID(p, s) ((((WORD)(s)) << 10) | (WORD)(p))
#define UNLEN 256

CRYPTOAPI_BEGIN

WINBASEAPI DWORD WINAPI GetLastError(void);
WINBASEAPI void WINAPI SetLastError(DWORD dwErrCode);
WINBASEAPI DWORD WINAPI FormatMessageA(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId,
                                       DWORD dwLanguageId, LPSTR lpBuffer, DWORD nSize,
                                       void *Arguments);
WINBASEAPI DWORD WINAPI FormatMessageW(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId,
                                       DWORD dwLanguageId, LPWSTR lpBuffer, DWORD nSize,
                                       void *Arguments);

/** Runs what atexit() left. */
__attribute__((noreturn)) WINBASEAPI void WINAPI ExitProcess(UINT uExitCode);
/** The login name of the effective user; *pcbBuffer counts characters with the terminator. */
WINADVAPI BOOL WINAPI GetUserNameA(LPSTR lpBuffer, LPDWORD pcbBuffer);
WINADVAPI BOOL WINAPI GetUserNameW(LPWSTR lpBuffer, LPDWORD pcbBuffer);
WINBASEAPI DWORD WINAPI GetCurrentProcessId(void);
/** Milliseconds of a clock that only runs forward. */
WINBASEAPI DWORD WINAPI GetTickCount(void);
WINBASEAPI void WINAPI Sleep(DWORD dwMilliseconds);

CRYPTOAPI_END

#ifdef UNICODE
#define FormatMessage FormatMessageW
#define GetUserName GetUserNameW
#else
#define FormatMessage FormatMessageA
#define GetUserName GetUserNameA
#endif

#endif
