/* SPDX-License-Identifier: Apache-2.0 */
/* lstrlen and its kin: as unbounded as on Windows, and only for the program's own strings. NULL is
 * an empty string to those that only read. */
#include <string.h>
#include <strings.h>

#include "cryptoapi/wide.h"

int WINAPI
lstrlenA(LPCSTR lpString)
{
    return lpString == NULL ? 0 : (int)strlen(lpString);
}

int WINAPI
lstrlenW(LPCWSTR lpString)
{
    return lpString == NULL ? 0 : (int)capi_wide_len(lpString);
}

LPSTR WINAPI
lstrcpyA(LPSTR lpString1, LPCSTR lpString2)
{
    if (lpString1 == NULL || lpString2 == NULL) {
        return NULL;
    }
    return memmove(lpString1, lpString2, strlen(lpString2) + 1);
}

LPWSTR WINAPI
lstrcpyW(LPWSTR lpString1, LPCWSTR lpString2)
{
    if (lpString1 == NULL || lpString2 == NULL) {
        return NULL;
    }
    return memmove(lpString1, lpString2, (capi_wide_len(lpString2) + 1) * sizeof(WCHAR));
}

LPSTR WINAPI
lstrcpynA(LPSTR lpString1, LPCSTR lpString2, int iMaxLength)
{
    if (lpString1 == NULL || lpString2 == NULL || iMaxLength <= 0) {
        return NULL;
    }
    size_t n = strnlen(lpString2, (size_t)iMaxLength - 1);
    memmove(lpString1, lpString2, n);
    lpString1[n] = '\0';
    return lpString1;
}

LPWSTR WINAPI
lstrcpynW(LPWSTR lpString1, LPCWSTR lpString2, int iMaxLength)
{
    if (lpString1 == NULL || lpString2 == NULL || iMaxLength <= 0) {
        return NULL;
    }
    size_t n = 0;
    while (n < (size_t)iMaxLength - 1 && lpString2[n] != 0) {
        n++;
    }
    memmove(lpString1, lpString2, n * sizeof(WCHAR));
    lpString1[n] = 0;
    return lpString1;
}

LPSTR WINAPI
lstrcatA(LPSTR lpString1, LPCSTR lpString2)
{
    if (lpString1 == NULL || lpString2 == NULL) {
        return NULL;
    }
    (void)lstrcpyA(lpString1 + strlen(lpString1), lpString2);
    return lpString1;
}

LPWSTR WINAPI
lstrcatW(LPWSTR lpString1, LPCWSTR lpString2)
{
    if (lpString1 == NULL || lpString2 == NULL) {
        return NULL;
    }
    (void)lstrcpyW(lpString1 + capi_wide_len(lpString1), lpString2);
    return lpString1;
}

static int
sign_of(int v)
{
    return (v > 0) - (v < 0);
}

int WINAPI
lstrcmpA(LPCSTR lpString1, LPCSTR lpString2)
{
    return sign_of(strcmp(lpString1 != NULL ? lpString1 : "", lpString2 != NULL ? lpString2 : ""));
}

int WINAPI
lstrcmpiA(LPCSTR lpString1, LPCSTR lpString2)
{
    return sign_of(
        strcasecmp(lpString1 != NULL ? lpString1 : "", lpString2 != NULL ? lpString2 : ""));
}

static WCHAR
folded(WCHAR c, bool fold)
{
    return fold && c >= 'A' && c <= 'Z' ? (WCHAR)(c - 'A' + 'a') : c;
}

static int
compare_wide(LPCWSTR a, LPCWSTR b, bool fold)
{
    static const WCHAR empty[1] = {0};
    a = a != NULL ? a : empty;
    b = b != NULL ? b : empty;
    while (*a != 0 && folded(*a, fold) == folded(*b, fold)) {
        a++;
        b++;
    }
    return sign_of((int)folded(*a, fold) - (int)folded(*b, fold));
}

int WINAPI
lstrcmpW(LPCWSTR lpString1, LPCWSTR lpString2)
{
    return compare_wide(lpString1, lpString2, false);
}

int WINAPI
lstrcmpiW(LPCWSTR lpString1, LPCWSTR lpString2)
{
    return compare_wide(lpString1, lpString2, true);
}
