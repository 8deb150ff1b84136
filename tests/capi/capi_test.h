/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of libcryptoapi share. They see what a program sees: the installed headers and the
 * exported functions. A test capi_NNN shows line NNN of checklist.txt. */
#ifndef CAPI_TEST_H
#define CAPI_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <windows.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define UNSET 0xdeadbeefu
#define GARBAGE ((ULONG_PTR)0x12345678)

#define assert_works(expr)                                                                         \
    do {                                                                                           \
        SetLastError(0);                                                                           \
        if (!(expr)) {                                                                             \
            print_error("%s: error %08x\n", #expr, (unsigned)GetLastError());                      \
            fail();                                                                                \
        }                                                                                          \
    } while (0)
#define assert_fails(expr, code)                                                                   \
    do {                                                                                           \
        SetLastError(UNSET);                                                                       \
        assert_false(expr);                                                                        \
        if (GetLastError() != (code)) {                                                            \
            print_error("%s: error %08x instead of %s\n", #expr, (unsigned)GetLastError(), #code); \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

/** A known answer of tests/vectors/capi/known.txt; fails the test when there is none. */
const char *known(const char *name);
/** Hex to bytes. */
DWORD unhex(const char *hex, BYTE *ret_bytes);
DWORD known_bytes(const char *name, BYTE *ret_bytes);
void assert_hex(const BYTE *bytes, DWORD len, const char *hex);
/** D(n): bytes 0, 1, .. 255, 0, .. */
const BYTE *counting(void);

/** A context without a container. */
HCRYPTPROV verify_prov(const char *provider, DWORD type);
#define BASE_PROV verify_prov(MS_DEF_PROV_A, PROV_RSA_FULL)
#define STRONG_PROV verify_prov(MS_STRONG_PROV_A, PROV_RSA_FULL)
#define ENHANCED_PROV verify_prov(MS_ENHANCED_PROV_A, PROV_RSA_FULL)
#define AES_PROV verify_prov(MS_ENH_RSA_AES_PROV_A, PROV_RSA_AES)
void release(HCRYPTPROV p);
/** A new container; whatever had the name is deleted first. */
HCRYPTPROV new_container(const char *name);
void delete_container(const char *name);
/** A session key of these bytes. */
HCRYPTKEY plain_key(HCRYPTPROV p, ALG_ID alg, const BYTE *bytes, DWORD len, DWORD flags);
HCRYPTKEY plain_key_hex(HCRYPTPROV p, ALG_ID alg, const char *hex, DWORD flags);
/** The demonstration key, exportable, as AT_KEYEXCHANGE or AT_SIGNATURE. */
HCRYPTKEY demo_pair(HCRYPTPROV p, DWORD spec);
/** Hash of data, open. */
HCRYPTHASH hash_of(HCRYPTPROV p, ALG_ID alg, const BYTE *data, DWORD len);
/** Key derived from MD2 of D(2000), the one of the known answers. */
HCRYPTKEY md2_key(HCRYPTPROV p, ALG_ID alg, DWORD flags);
DWORD key_dword(HCRYPTKEY k, DWORD param);
void set_dword(HCRYPTKEY k, DWORD param, DWORD v);
void assert_key_bytes(HCRYPTKEY k, const char *hex);
/** Encrypts in one call and compares. */
void assert_encrypts(HCRYPTKEY k, const BYTE *plain, DWORD len, const char *hex);
void assert_decrypts(HCRYPTKEY k, const char *hex, const BYTE *plain, DWORD len);

/** Files below the test's folder; the names are short and have no blanks. */
void write_file(const char *name, const BYTE *bytes, DWORD len);
DWORD read_file(const char *name, BYTE *ret_bytes, DWORD max);
/** Runs a command of the shell in that folder; it must succeed. */
void run_in_dir(const char *command);

/** cmocka group fixtures: folders of our own for containers and settings. */
int capi_setup(void **state);
int capi_teardown(void **state);
const char *capi_dir(void);

#endif
