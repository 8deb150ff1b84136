/* SPDX-License-Identifier: Apache-2.0 */
/* The Windows types that CryptoAPI programs use. As on 64-bit Windows, DWORD and LONG have 32 bits;
 * unlike there, C's long has 64. */
#ifndef CRYPTOAPI_WINTYPES_H
#define CRYPTOAPI_WINTYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define CRYPTOAPI_BEGIN extern "C" {
#define CRYPTOAPI_END }
#else
#define CRYPTOAPI_BEGIN
#define CRYPTOAPI_END
#endif

#define WINAPI
#define CALLBACK
#define APIENTRY WINAPI
#define CONST const
#define FAR
#define NEAR
#define IN
#define OUT
#define OPTIONAL
#define WINADVAPI __attribute__((visibility("default")))
#define WINBASEAPI __attribute__((visibility("default")))
#ifndef __cdecl
#define __cdecl
#endif

typedef uint8_t BYTE, UCHAR, BOOLEAN;
typedef uint16_t WORD, USHORT;
typedef uint32_t DWORD, ULONG, UINT;
typedef int32_t LONG, INT, HRESULT;
typedef int16_t SHORT;
typedef int64_t LONGLONG;
typedef uint64_t ULONGLONG, DWORD64;
typedef char CHAR;
typedef int BOOL;
typedef float FLOAT;
typedef uintptr_t ULONG_PTR, UINT_PTR, DWORD_PTR;
typedef intptr_t LONG_PTR, INT_PTR;
typedef size_t SIZE_T;

/* UTF-16 units. L"" literals fit with -fshort-wchar, u"" literals without. */
#if __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#elif defined(__cplusplus)
typedef char16_t WCHAR;
#else
typedef uint_least16_t WCHAR;
#endif
#ifdef UNICODE
typedef WCHAR TCHAR, *PTSTR, *LPTSTR;
typedef const WCHAR *PCTSTR, *LPCTSTR;
#else
typedef char TCHAR, *PTSTR, *LPTSTR;
typedef const char *PCTSTR, *LPCTSTR;
#endif

#ifndef VOID
#define VOID void
#endif
typedef void *PVOID, *LPVOID, *HANDLE, *HLOCAL, *HGLOBAL, *HWND, *HMODULE, *HINSTANCE;
typedef const void *LPCVOID, *PCVOID;
typedef BYTE *PBYTE, *LPBYTE;
typedef WORD *PWORD, *LPWORD;
typedef DWORD *PDWORD, *LPDWORD;
typedef ULONG *PULONG;
typedef UINT *PUINT;
typedef LONG *PLONG, *LPLONG;
typedef BOOL *PBOOL, *LPBOOL;
typedef HANDLE *PHANDLE, *LPHANDLE;
typedef CHAR *PSTR, *LPSTR, *PCHAR;
typedef const CHAR *PCSTR, *LPCSTR;
typedef WCHAR *PWSTR, *LPWSTR, *PWCHAR;
typedef const WCHAR *PCWSTR, *LPCWSTR;

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif
#define MAX_PATH 260
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)
#define MAKELONG(low, high) ((LONG)((WORD)(low) | ((DWORD)(WORD)(high) << 16)))
#define LOWORD(v) ((WORD)((DWORD)(v)&0xffff))
#define HIWORD(v) ((WORD)((DWORD)(v) >> 16))
#define LOBYTE(v) ((BYTE)((WORD)(v)&0xff))
#define HIBYTE(v) ((BYTE)((WORD)(v) >> 8))

typedef struct _FILETIME {
    DWORD dwLowDateTime;
    DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

typedef struct _SECURITY_ATTRIBUTES {
    DWORD nLength;
    LPVOID lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

#endif
