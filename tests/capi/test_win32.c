/* SPDX-License-Identifier: Apache-2.0 */
/* The little of windows.h that is there: messages, memory, strings, files. */
#include <string.h>

#include <stdio.h>

#include "capi_test.h"
#include "tchar.h"

static void
messages(void **state)
{
    char text[128];
    WCHAR wide[128];
    LPSTR made = NULL;
    const DWORD how = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
    (void)state;
    DWORD n = FormatMessageA(how, NULL, NTE_BAD_KEYSET, 0, text, sizeof text, NULL);
    assert_int_equal(n, strlen(text));
    assert_non_null(strstr(text, "container"));
    assert_int_equal(FormatMessageW(how, NULL, NTE_BAD_KEYSET, 0, wide, 128, NULL), n);
    assert_int_equal(wide[0], text[0]);
    n = FormatMessageA(how | FORMAT_MESSAGE_ALLOCATE_BUFFER, NULL, NTE_NO_KEY,
                       MAKELANGID(LANG_NEUTRAL, SUBLANG_DEFAULT), (LPSTR)&made, 0, NULL);
    assert_int_equal(n, strlen(made));
    assert_null(LocalFree(made));
    assert_fails(FormatMessageA(how, NULL, NTE_NO_KEY, 0, text, 4, NULL),
                 ERROR_INSUFFICIENT_BUFFER);
    assert_fails(FormatMessageA(how, NULL, 0x12345678, 0, text, sizeof text, NULL),
                 ERROR_MR_MID_NOT_FOUND);
}

static void
strings(void **state)
{
    char a[16] = "abc";
    WCHAR w[16] = u"abc";
    (void)state;
    assert_int_equal(lstrlenA(NULL), 0);
    assert_int_equal(lstrlen("four"), 4);
    assert_string_equal(lstrcat(a, "def"), "abcdef");
    assert_int_equal(lstrlenW(lstrcatW(w, u"de")), 5);
    assert_int_equal(lstrcmpiA("ABC", "abd"), -1);
    assert_int_equal(lstrcmpiW(u"ABC", u"abc"), 0);
    assert_int_equal(lstrcmpW(u"ABC", u"abc"), -1);
    assert_int_equal(strncpy_s(a, 4, "abcd", 4), ERANGE);
    assert_string_equal(a, "");
    assert_int_equal(strncpy_s(a, 4, "abcd", _TRUNCATE), STRUNCATE);
    assert_string_equal(a, "abc");
    assert_int_equal(_tcscpy_s(a, sizeof a, _T("xyz")), 0);
    assert_int_equal(strcat_s(a, 5, "12"), ERANGE);
    assert_int_equal(_tcslen(TEXT("1234")), 4);
}

static void
files(void **state)
{
    char path[600];
    BYTE b[16];
    DWORD n = 0, high = 9;
    (void)state;
    (void)snprintf(path, sizeof path, "%s/file", capi_dir());
    assert_true(CreateFileA(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL) ==
                INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    HANDLE h = CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
    assert_true(h != INVALID_HANDLE_VALUE);
    assert_works(WriteFile(h, "0123456789", 10, &n, NULL));
    assert_int_equal(n, 10);
    assert_works(CloseHandle(h));
    assert_fails(CloseHandle(h), ERROR_INVALID_HANDLE);
    assert_fails(CloseHandle((HANDLE)4), ERROR_INVALID_HANDLE); /* standard input is not ours */
    assert_true(CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL) ==
                INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_FILE_EXISTS);
    h = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_ALWAYS, 0, NULL);
    assert_int_equal(GetLastError(), ERROR_ALREADY_EXISTS);
    assert_int_equal(GetFileSize(h, &high), 10);
    assert_int_equal(high, 0);
    assert_fails(WriteFile(h, b, 1, &n, NULL), ERROR_ACCESS_DENIED);
    assert_works(ReadFile(h, b, sizeof b, &n, NULL));
    assert_int_equal(n, 10);
    assert_works(ReadFile(h, b, sizeof b, &n, NULL));
    assert_int_equal(n, 0);
    assert_works(CloseHandle(h));
    assert_fails(ReadFile((HANDLE)GARBAGE, b, 1, &n, NULL), ERROR_INVALID_HANDLE);
}

static void
memory(void **state)
{
    BYTE *p = LocalAlloc(LPTR, 100);
    (void)state;
    assert_non_null(p);
    assert_int_equal(p[99], 0);
    memset(p, 1, 100);
    ZeroMemory(p, 50);
    SecureZeroMemory(p + 50, 50);
    assert_int_equal(p[0] | p[99], 0);
    assert_null(LocalFree(p));
    assert_null(LocalFree(NULL));
}

static void
a_folder_is_no_file(void **state)
{
    (void)state;
    SetLastError(UNSET);
    assert_ptr_equal(CreateFileA("/", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL),
                     INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
}

static void
counts_and_sizes(void **state)
{
    DWORD n = 77, high = 7;
    char path[600];
    BYTE buf[8] = {0};
    (void)state;
    assert_fails(ReadFile((HANDLE)GARBAGE, buf, sizeof buf, &n, NULL), ERROR_INVALID_HANDLE);
    assert_int_equal(n, 0);
    n = 77;
    assert_fails(WriteFile((HANDLE)GARBAGE, buf, 1, &n, NULL), ERROR_INVALID_HANDLE);
    assert_int_equal(n, 0);
    run_in_dir("truncate -s 4294967295 long"); /* as long as INVALID_FILE_SIZE */
    (void)snprintf(path, sizeof path, "%s/long", capi_dir());
    HANDLE h = CreateFileA(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    SetLastError(UNSET);
    assert_int_equal(GetFileSize(h, &high), 0xffffffffu);
    assert_int_equal(high, 0);
    assert_int_equal(GetLastError(), ERROR_SUCCESS);
    assert_works(CloseHandle(h));
}

/* The codes of files and of FormatMessage itself are the library's too. */
static void
every_code_has_a_text(void **state)
{
    static const DWORD codes[] = {ERROR_TOO_MANY_OPEN_FILES, ERROR_GEN_FAILURE,
                                  ERROR_NOT_SUPPORTED,       ERROR_DISK_FULL,
                                  ERROR_ALREADY_EXISTS,      ERROR_FILENAME_EXCED_RANGE,
                                  ERROR_MR_MID_NOT_FOUND,    NTE_KEYSET_NOT_DEF,
                                  NTE_BAD_HASH_STATE,        ERROR_BUSY};
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        char text[256];
        assert_true(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, codes[i], 0, text, sizeof text,
                                   NULL) > 2);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(messages),
                                       cmocka_unit_test(strings),
                                       cmocka_unit_test(files),
                                       cmocka_unit_test(memory),
                                       cmocka_unit_test(a_folder_is_no_file),
                                       cmocka_unit_test(counts_and_sizes),
                                       cmocka_unit_test(every_code_has_a_text)};
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
