/* SPDX-License-Identifier: Apache-2.0 */
/* The Windows types that CryptoAPI programs use. As on 64-bit Windows, DWORD and LONG have 32 bits;
 * unlike there, C's long has 64. */
#ifndef CRYPTOAPI_WINTYPES_H
#define CRYPTOAPI_WINTYPES_H

#include <stddef.h>
#include <stdint.h>

/* One of the two means both: a TCHAR that is narrow beside wide literals helps nobody. */
#if defined(UNICODE) && !defined(_UNICODE)
#define _UNICODE
#elif defined(_UNICODE) && !defined(UNICODE)
#define UNICODE
#endif

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
#ifndef _cdecl
#define _cdecl
#endif
#ifndef __stdcall
#define __stdcall
#endif
#define WINAPIV __cdecl
#define PASCAL __stdcall
#define _In_
#define _In_opt_
#define _In_z_
#define _Out_
#define _Out_opt_
#define _Inout_
#define _Inout_opt_

typedef uint8_t BYTE, UCHAR, BOOLEAN, UINT8;
typedef uint16_t WORD, USHORT, UINT16;
typedef uint32_t DWORD, ULONG, UINT, UINT32, ULONG32, DWORD32;
typedef int32_t LONG, INT, HRESULT, INT32, LONG32;
typedef int16_t SHORT, INT16;
typedef int8_t INT8;
typedef int64_t LONGLONG, INT64, LONG64;
typedef uint64_t ULONGLONG, DWORD64, DWORDLONG, UINT64, ULONG64;
#ifndef __int64
#define __int64 long long
#endif
typedef char CHAR;
typedef int BOOL;
typedef float FLOAT;
typedef uintptr_t ULONG_PTR, UINT_PTR, DWORD_PTR;
typedef intptr_t LONG_PTR, INT_PTR;
typedef size_t SIZE_T;
typedef ptrdiff_t SSIZE_T;

/* UTF-16 units, always. L"" literals fit with -fshort-wchar; without, those of TEXT() and u"" do.
 */
#if __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#elif defined(__cplusplus)
typedef char16_t WCHAR;
#else
typedef uint_least16_t WCHAR;
#endif
#if __SIZEOF_WCHAR_T__ == 2
#define CRYPTOAPI_WIDE(s) L##s
#else
#define CRYPTOAPI_WIDE(s) u##s
#endif
#ifdef UNICODE
typedef WCHAR TCHAR, *PTSTR, *LPTSTR, *PTCHAR, TBYTE;
typedef const WCHAR *PCTSTR, *LPCTSTR;
#define __TEXT(s) CRYPTOAPI_WIDE(s)
#else
typedef char TCHAR, *PTSTR, *LPTSTR, *PTCHAR;
typedef unsigned char TBYTE;
typedef const char *PCTSTR, *LPCTSTR;
#define __TEXT(s) s
#endif
#define TEXT(s) __TEXT(s)

#ifndef VOID
#define VOID void
#endif
typedef void *PVOID, *LPVOID, *HANDLE, *HLOCAL, *HGLOBAL, *HWND, *HMODULE, *HINSTANCE;
typedef const void *LPCVOID, *PCVOID;
typedef BYTE *PBYTE, *LPBYTE;
typedef WORD *PWORD, *LPWORD;
typedef DWORD *PDWORD, *LPDWORD;
typedef ULONG *PULONG;
typedef USHORT *PUSHORT;
typedef UCHAR *PUCHAR;
typedef UINT *PUINT, *LPUINT;
typedef INT *PINT, *LPINT;
typedef LONG *PLONG, *LPLONG;
typedef SHORT *PSHORT;
typedef BOOLEAN *PBOOLEAN;
typedef LONGLONG *PLONGLONG;
typedef ULONGLONG *PULONGLONG;
typedef ULONG_PTR *PULONG_PTR;
typedef DWORD_PTR *PDWORD_PTR;
typedef SIZE_T *PSIZE_T;
typedef BOOL *PBOOL, *LPBOOL;
typedef HANDLE *PHANDLE, *LPHANDLE;
typedef CHAR *PSTR, *LPSTR, *PCHAR, *LPCH, *PCH;
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

#define UNREFERENCED_PARAMETER(p) ((void)(p))
#define ARRAYSIZE(a) (sizeof(a) / sizeof((a)[0]))

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define CRYPTOAPI_HALVES(high)                                                                     \
    struct {                                                                                       \
        DWORD LowPart;                                                                             \
        high HighPart;                                                                             \
    }
#else
#define CRYPTOAPI_HALVES(high)                                                                     \
    struct {                                                                                       \
        high HighPart;                                                                             \
        DWORD LowPart;                                                                             \
    }
#endif
typedef union _LARGE_INTEGER {
    __extension__ CRYPTOAPI_HALVES(LONG);
    CRYPTOAPI_HALVES(LONG) u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;
typedef union _ULARGE_INTEGER {
    __extension__ CRYPTOAPI_HALVES(DWORD);
    CRYPTOAPI_HALVES(DWORD) u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef struct _FILETIME {
    DWORD dwLowDateTime;
    DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

typedef struct _SECURITY_ATTRIBUTES {
    DWORD nLength;
    LPVOID lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

typedef struct _OVERLAPPED {
    ULONG_PTR Internal;
    ULONG_PTR InternalHigh;
    DWORD Offset;
    DWORD OffsetHigh;
    HANDLE hEvent;
} OVERLAPPED, *LPOVERLAPPED;

#endif
