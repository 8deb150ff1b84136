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

static void
pointer_of_a_file(void **state)
{
    char path[600];
    WCHAR wide[600];
    BYTE b[4] = {0};
    DWORD n = 0;
    LONG high = 0;
    LARGE_INTEGER to, at;
    (void)state;
    (void)snprintf(path, sizeof path, "%s/pointer", capi_dir());
    assert_int_equal(GetFileAttributesA(path), INVALID_FILE_ATTRIBUTES);
    HANDLE h = CreateFileA(path, GENERIC_ALL, 0, NULL, CREATE_ALWAYS,
                           FILE_ATTRIBUTE_NORMAL | FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    assert_works(WriteFile(h, "0123456789", 10, &n, NULL));
    assert_int_equal(SetFilePointer(h, -3, NULL, FILE_END), 7);
    assert_works(ReadFile(h, b, 1, &n, NULL));
    assert_int_equal(b[0], '7');
    assert_int_equal(SetFilePointer(h, 1, &high, FILE_CURRENT), 9);
    assert_int_equal(SetFilePointer(h, -1, NULL, FILE_BEGIN), INVALID_SET_FILE_POINTER);
    assert_int_equal(GetLastError(), ERROR_NEGATIVE_SEEK);
    assert_int_equal(SetFilePointer(h, 0, NULL, 3), INVALID_SET_FILE_POINTER);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    high = 1;
    assert_int_equal(SetFilePointer(h, -1, &high, FILE_BEGIN), 0xffffffffu);
    assert_int_equal(high, 1);
    assert_int_equal(GetLastError(), ERROR_SUCCESS);
    to.QuadPart = 4;
    assert_works(SetFilePointerEx(h, to, &at, FILE_BEGIN));
    assert_int_equal(at.QuadPart, 4);
    assert_works(SetEndOfFile(h));
    assert_works(FlushFileBuffers(h));
    assert_works(GetFileSizeEx(h, &at));
    assert_int_equal(at.LowPart, 4);
    assert_int_equal(at.u.HighPart, 0);
    assert_works(CloseHandle(h));
    assert_fails(GetFileSizeEx(h, &at), ERROR_INVALID_HANDLE);
    assert_int_equal(SetFilePointer(h, 0, NULL, FILE_BEGIN), INVALID_SET_FILE_POINTER);
    assert_int_equal(GetFileAttributesA(path), FILE_ATTRIBUTE_NORMAL);
    assert_int_equal(GetFileAttributesA(capi_dir()), FILE_ATTRIBUTE_DIRECTORY);
    assert_int_equal(MultiByteToWideChar(CP_ACP, 0, path, -1, wide, 600), strlen(path) + 1);
    assert_works(DeleteFileW(wide));
    assert_fails(DeleteFileA(path), ERROR_FILE_NOT_FOUND);
    assert_fails(DeleteFileA(capi_dir()), ERROR_ACCESS_DENIED);
}

static void
how_a_file_is_opened(void **state)
{
    char path[600];
    BYTE b[8] = {0};
    DWORD n = 0;
    (void)state;
    (void)snprintf(path, sizeof path, "%s/opened", capi_dir());
    HANDLE h = CreateFileA(path, FILE_APPEND_DATA, 0, NULL, OPEN_ALWAYS, 0, NULL);
    assert_works(WriteFile(h, "ab", 2, &n, NULL));
    assert_works(CloseHandle(h));
    h = CreateFileA(path, FILE_APPEND_DATA, 0, NULL, OPEN_ALWAYS, FILE_FLAG_WRITE_THROUGH, NULL);
    assert_works(WriteFile(h, "cd", 2, &n, NULL));
    assert_fails(ReadFile(h, b, 1, &n, NULL), ERROR_ACCESS_DENIED);
    assert_works(CloseHandle(h));
    assert_int_equal(read_file("opened", b, sizeof b), 4);
    assert_memory_equal(b, "abcd", 4);
    const DWORD refused[] = {FILE_FLAG_OVERLAPPED, FILE_FLAG_DELETE_ON_CLOSE};
    for (size_t i = 0; i < COUNT(refused); i++) {
        h = CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, refused[i], NULL);
        assert_ptr_equal(h, INVALID_HANDLE_VALUE);
        assert_int_equal(GetLastError(), ERROR_NOT_SUPPORTED);
    }
    assert_int_equal(read_file("opened", b, sizeof b), 4);
}

static void
standard_handles(void **state)
{
    DWORD n = 0;
    HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE);
    (void)state;
    assert_works(WriteFile(out, "\n", 1, &n, NULL));
    assert_int_equal(n, 1);
    assert_fails(CloseHandle(out), ERROR_INVALID_HANDLE);
    assert_ptr_equal(GetStdHandle(7), INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    assert_fails(WriteFile((HANDLE)15, "\n", 1, &n, NULL), ERROR_INVALID_HANDLE);
}

static void
both_widths(void **state)
{
    static const char text[] = "a\xc3\xa9\xf0\x9f\x94\x91"; /* a letter of each length */
    WCHAR wide[8];
    char narrow[16];
    BOOL used = TRUE;
    (void)state;
    assert_int_equal(MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0), 5);
    assert_int_equal(MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, 5), 5);
    assert_memory_equal(wide, u"a\u00e9\xd83d\xdd11", 10);
    assert_fails(MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, 4), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(MultiByteToWideChar(CP_UTF8, 0, text, 3, wide, 8), 2);
    assert_fails(MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, 2, wide, 8),
                 ERROR_NO_UNICODE_TRANSLATION);
    assert_int_equal(MultiByteToWideChar(CP_ACP, 0,
                                         "\xef\xbf\xbd"
                                         "\xff",
                                         4, wide, 8),
                     2);
    assert_memory_equal(wide, u"\ufffd\ufffd", 4);
    assert_int_equal(MultiByteToWideChar(CP_ACP, MB_ERR_INVALID_CHARS, "\xef\xbf\xbd", 3, wide, 8),
                     1); /* the replacement itself is fine */
    assert_fails(MultiByteToWideChar(1252, 0, text, -1, wide, 8), ERROR_INVALID_PARAMETER);
    assert_fails(MultiByteToWideChar(CP_UTF8, 0x100, text, -1, wide, 8), ERROR_INVALID_FLAGS);
    assert_fails(MultiByteToWideChar(CP_UTF8, 0, text, 0, wide, 8), ERROR_INVALID_PARAMETER);

    const WCHAR *units = u"a\u00e9\xd83d\xdd11";
    assert_int_equal(WideCharToMultiByte(CP_UTF8, 0, units, -1, NULL, 0, NULL, NULL), 8);
    assert_int_equal(WideCharToMultiByte(CP_ACP, 0, units, -1, narrow, 8, "?", &used), 8);
    assert_string_equal(narrow, text);
    assert_int_equal(used, FALSE);
    assert_fails(WideCharToMultiByte(CP_UTF8, 0, units, -1, narrow, 7, NULL, NULL),
                 ERROR_INSUFFICIENT_BUFFER);
    assert_fails(WideCharToMultiByte(CP_UTF8, 0, units, -1, narrow, 8, "?", NULL),
                 ERROR_INVALID_PARAMETER);
    assert_fails(
        WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, units, 3, narrow, 8, NULL, NULL),
        ERROR_NO_UNICODE_TRANSLATION); /* half a pair */
    assert_int_equal(WideCharToMultiByte(CP_UTF8, 0, units, 3, narrow, 8, NULL, NULL), 6);
    assert_memory_equal(narrow, "a\xc3\xa9\xef\xbf\xbd", 6);
}

static void
bounded_strings(void **state)
{
    char a[8] = "0123456", *rest = NULL;
    WCHAR w[8] = u"0123456";
    (void)state;
    assert_string_equal(lstrcpynA(a, "abcdef", 4), "abc");
    assert_int_equal(lstrlenW(lstrcpynW(w, u"abcdef", 4)), 3);
    assert_null(lstrcpynA(a, "x", 0));
    assert_int_equal(sprintf_s(a, sizeof a, "%d", 1234567), 7);
    assert_int_equal(sprintf_s(a, sizeof a, "%d", 12345678), -1);
    assert_string_equal(a, "");
    assert_int_equal(_snprintf(a, sizeof a, "%s", "123456789"), -1);
    assert_string_equal(a, "1234567");
    assert_int_equal(_snprintf_s(a, sizeof a, _TRUNCATE, "%s", "abcdefghi"), -1);
    assert_string_equal(a, "abcdefg");
    assert_int_equal(_snprintf_s(a, sizeof a, 2, "%s", "xyz"), -1);
    assert_string_equal(a, "xy");
    assert_int_equal(_snprintf_s(a, sizeof a, 8, "%s", "123456789"), -1);
    assert_string_equal(a, "");
    char words[] = ",,one,two";
    assert_string_equal(strtok_s(words, ",", &rest), "one");
    assert_string_equal(strtok_s(NULL, ",", &rest), "two");
    assert_null(strtok_s(NULL, ",", &rest));
    char *copy = _strdup("copy");
    assert_string_equal(copy, "copy");
    free(copy);
    FILE *f = NULL;
    assert_int_equal(fopen_s(&f, "/nowhere/at/all", "rb"), ENOENT);
    assert_null(f);
    assert_int_equal(_countof(a), 8);
}

static void
process_and_user(void **state)
{
    char name[UNLEN + 1], small[1];
    WCHAR wide[UNLEN + 1];
    DWORD n = _countof(name), m = _countof(wide), one = 1;
    (void)state;
    assert_works(GetUserNameA(name, &n));
    assert_int_equal(n, strlen(name) + 1);
    assert_works(GetUserNameW(wide, &m));
    assert_int_equal(m, lstrlenW(wide) + 1);
    assert_int_equal(wide[0], name[0]);
    assert_fails(GetUserNameA(small, &one), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(one, n);
    DWORD before = GetTickCount();
    Sleep(20);
    assert_in_range(GetTickCount() - before, 19, 60000);
    BYTE *p = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, 10);
    assert_int_equal(p[9], 0);
    assert_works(HeapFree(GetProcessHeap(), 0, p));
    HGLOBAL moved = GlobalAlloc(GHND, 10);
    assert_ptr_equal(GlobalLock(moved), moved);
    assert_false(GlobalUnlock(moved));
    assert_null(GlobalFree(moved));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pointer_of_a_file),
                                       cmocka_unit_test(how_a_file_is_opened),
                                       cmocka_unit_test(standard_handles),
                                       cmocka_unit_test(both_widths),
                                       cmocka_unit_test(bounded_strings),
                                       cmocka_unit_test(process_and_user),
                                       cmocka_unit_test(messages),
                                       cmocka_unit_test(strings),
                                       cmocka_unit_test(files),
                                       cmocka_unit_test(memory),
                                       cmocka_unit_test(a_folder_is_no_file),
                                       cmocka_unit_test(counts_and_sizes),
                                       cmocka_unit_test(every_code_has_a_text)};
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
