/* SPDX-License-Identifier: Apache-2.0 */
/* CryptoAPI: the functions of wincrypt.h that concern containers, keys, hashes and signatures, as
 * the manual pages of section 3 describe them. Link with -lcryptoapi. */
#ifndef CRYPTOAPI_WINCRYPT_H
#define CRYPTOAPI_WINCRYPT_H

#include "wincrypt_alg.h"
#include "wincrypt_flags.h"
#include "wincrypt_param.h"
#include "wincrypt_sid.h"
#include "wincrypt_struct.h"
#include "winerror.h"
#include "wintypes.h"

CRYPTOAPI_BEGIN

WINADVAPI BOOL WINAPI CryptAcquireContextA(HCRYPTPROV *phProv, LPCSTR szContainer,
                                           LPCSTR szProvider, DWORD dwProvType, DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptAcquireContextW(HCRYPTPROV *phProv, LPCWSTR szContainer,
                                           LPCWSTR szProvider, DWORD dwProvType, DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptReleaseContext(HCRYPTPROV hProv, DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptContextAddRef(HCRYPTPROV hProv, DWORD *pdwReserved, DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptGetProvParam(HCRYPTPROV hProv, DWORD dwParam, BYTE *pbData,
                                        DWORD *pdwDataLen, DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptSetProvParam(HCRYPTPROV hProv, DWORD dwParam, const BYTE *pbData,
                                        DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptEnumProvidersA(DWORD dwIndex, DWORD *pdwReserved, DWORD dwFlags,
                                          DWORD *pdwProvType, LPSTR szProvName, DWORD *pcbProvName);
WINADVAPI BOOL WINAPI CryptEnumProvidersW(DWORD dwIndex, DWORD *pdwReserved, DWORD dwFlags,
                                          DWORD *pdwProvType, LPWSTR szProvName,
                                          DWORD *pcbProvName);
WINADVAPI BOOL WINAPI CryptEnumProviderTypesA(DWORD dwIndex, DWORD *pdwReserved, DWORD dwFlags,
                                              DWORD *pdwProvType, LPSTR szTypeName,
                                              DWORD *pcbTypeName);
WINADVAPI BOOL WINAPI CryptEnumProviderTypesW(DWORD dwIndex, DWORD *pdwReserved, DWORD dwFlags,
                                              DWORD *pdwProvType, LPWSTR szTypeName,
                                              DWORD *pcbTypeName);
WINADVAPI BOOL WINAPI CryptGetDefaultProviderA(DWORD dwProvType, DWORD *pdwReserved, DWORD dwFlags,
                                               LPSTR pszProvName, DWORD *pcbProvName);
WINADVAPI BOOL WINAPI CryptGetDefaultProviderW(DWORD dwProvType, DWORD *pdwReserved, DWORD dwFlags,
                                               LPWSTR pszProvName, DWORD *pcbProvName);
WINADVAPI BOOL WINAPI CryptSetProviderA(LPCSTR pszProvName, DWORD dwProvType);
WINADVAPI BOOL WINAPI CryptSetProviderW(LPCWSTR pszProvName, DWORD dwProvType);
WINADVAPI BOOL WINAPI CryptSetProviderExA(LPCSTR pszProvName, DWORD dwProvType, DWORD *pdwReserved,
                                          DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptSetProviderExW(LPCWSTR pszProvName, DWORD dwProvType, DWORD *pdwReserved,
                                          DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptGenKey(HCRYPTPROV hProv, ALG_ID Algid, DWORD dwFlags, HCRYPTKEY *phKey);
WINADVAPI BOOL WINAPI CryptDeriveKey(HCRYPTPROV hProv, ALG_ID Algid, HCRYPTHASH hBaseData,
                                     DWORD dwFlags, HCRYPTKEY *phKey);
WINADVAPI BOOL WINAPI CryptDestroyKey(HCRYPTKEY hKey);
WINADVAPI BOOL WINAPI CryptDuplicateKey(HCRYPTKEY hKey, DWORD *pdwReserved, DWORD dwFlags,
                                        HCRYPTKEY *phKey);
WINADVAPI BOOL WINAPI CryptExportKey(HCRYPTKEY hKey, HCRYPTKEY hExpKey, DWORD dwBlobType,
                                     DWORD dwFlags, BYTE *pbData, DWORD *pdwDataLen);
WINADVAPI BOOL WINAPI CryptImportKey(HCRYPTPROV hProv, const BYTE *pbData, DWORD dwDataLen,
                                     HCRYPTKEY hPubKey, DWORD dwFlags, HCRYPTKEY *phKey);
WINADVAPI BOOL WINAPI CryptGetUserKey(HCRYPTPROV hProv, DWORD dwKeySpec, HCRYPTKEY *phUserKey);
WINADVAPI BOOL WINAPI CryptGetKeyParam(HCRYPTKEY hKey, DWORD dwParam, BYTE *pbData,
                                       DWORD *pdwDataLen, DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptSetKeyParam(HCRYPTKEY hKey, DWORD dwParam, const BYTE *pbData,
                                       DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptGenRandom(HCRYPTPROV hProv, DWORD dwLen, BYTE *pbBuffer);
WINADVAPI BOOL WINAPI CryptEncrypt(HCRYPTKEY hKey, HCRYPTHASH hHash, BOOL Final, DWORD dwFlags,
                                   BYTE *pbData, DWORD *pdwDataLen, DWORD dwBufLen);
WINADVAPI BOOL WINAPI CryptDecrypt(HCRYPTKEY hKey, HCRYPTHASH hHash, BOOL Final, DWORD dwFlags,
                                   BYTE *pbData, DWORD *pdwDataLen);
WINADVAPI BOOL WINAPI CryptCreateHash(HCRYPTPROV hProv, ALG_ID Algid, HCRYPTKEY hKey, DWORD dwFlags,
                                      HCRYPTHASH *phHash);
WINADVAPI BOOL WINAPI CryptHashData(HCRYPTHASH hHash, const BYTE *pbData, DWORD dwDataLen,
                                    DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptHashSessionKey(HCRYPTHASH hHash, HCRYPTKEY hKey, DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptDuplicateHash(HCRYPTHASH hHash, DWORD *pdwReserved, DWORD dwFlags,
                                         HCRYPTHASH *phHash);
WINADVAPI BOOL WINAPI CryptGetHashParam(HCRYPTHASH hHash, DWORD dwParam, BYTE *pbData,
                                        DWORD *pdwDataLen, DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptSetHashParam(HCRYPTHASH hHash, DWORD dwParam, const BYTE *pbData,
                                        DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptDestroyHash(HCRYPTHASH hHash);
WINADVAPI BOOL WINAPI CryptSignHashA(HCRYPTHASH hHash, DWORD dwKeySpec, LPCSTR szDescription,
                                     DWORD dwFlags, BYTE *pbSignature, DWORD *pdwSigLen);
WINADVAPI BOOL WINAPI CryptSignHashW(HCRYPTHASH hHash, DWORD dwKeySpec, LPCWSTR szDescription,
                                     DWORD dwFlags, BYTE *pbSignature, DWORD *pdwSigLen);
WINADVAPI BOOL WINAPI CryptVerifySignatureA(HCRYPTHASH hHash, const BYTE *pbSignature,
                                            DWORD dwSigLen, HCRYPTKEY hPubKey, LPCSTR szDescription,
                                            DWORD dwFlags);
WINADVAPI BOOL WINAPI CryptVerifySignatureW(HCRYPTHASH hHash, const BYTE *pbSignature,
                                            DWORD dwSigLen, HCRYPTKEY hPubKey,
                                            LPCWSTR szDescription, DWORD dwFlags);

/** RtlGenRandom */
WINADVAPI BOOLEAN WINAPI SystemFunction036(PVOID RandomBuffer, ULONG RandomBufferLength);
#define RtlGenRandom SystemFunction036

CRYPTOAPI_END

#ifdef UNICODE
#define CryptAcquireContext CryptAcquireContextW
#define CryptEnumProviders CryptEnumProvidersW
#define CryptEnumProviderTypes CryptEnumProviderTypesW
#define CryptGetDefaultProvider CryptGetDefaultProviderW
#define CryptSetProvider CryptSetProviderW
#define CryptSetProviderEx CryptSetProviderExW
#define CryptSignHash CryptSignHashW
#define CryptVerifySignature CryptVerifySignatureW
#else
#define CryptAcquireContext CryptAcquireContextA
#define CryptEnumProviders CryptEnumProvidersA
#define CryptEnumProviderTypes CryptEnumProviderTypesA
#define CryptGetDefaultProvider CryptGetDefaultProviderA
#define CryptSetProvider CryptSetProviderA
#define CryptSetProviderEx CryptSetProviderExA
#define CryptSignHash CryptSignHashA
#define CryptVerifySignature CryptVerifySignatureA
#endif

#endif
