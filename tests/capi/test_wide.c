/* SPDX-License-Identifier: Apache-2.0 */
/* The _t names of UNICODE programs; built with a wchar_t of 32 bits and, as on Windows, of 16. */
#include <stdlib.h>

#include "capi_test.h"
#include "strsafe.h"
#include "tchar.h"

#define assert_text(is, want) assert_int_equal(_tcscmp((is), TEXT(want)), 0)

/* One conversion: what is printed is want. */
#define assert_formats(want, ...)                                                                  \
    do {                                                                                           \
        TCHAR text_[64];                                                                           \
        assert_int_equal(_stprintf_s(text_, _countof(text_), __VA_ARGS__), _tcslen(TEXT(want)));   \
        assert_text(text_, want);                                                                  \
    } while (0)

static void
formats(void **state)
{
    (void)state;
    assert_formats("a wide, narrow, %", TEXT("a %s, %hs, %%"), TEXT("wide"), "narrow");
    assert_formats("narrow wide x y", TEXT("%S %ls %c %C"), "narrow", TEXT("wide"), 'x', 'y');
    assert_formats("[   ab][ab   ][abc]", TEXT("[%5s][%-*s][%.3s]"), TEXT("ab"), 5, TEXT("ab"),
                   TEXT("abcdef"));
    assert_formats("(null)", TEXT("%s"), (TCHAR *)NULL);
    assert_formats("-5 +5 00042 2a 0X2A 52", TEXT("%d %+i %05u %x %#X %o"), -5, 5, 42u, 42u, 42u,
                   42u);
    assert_formats("-1 4294967295 8009000d", TEXT("%ld %lu %lx"), (LONG)-1, (DWORD)-1, NTE_NO_KEY);
    assert_formats("-1 18446744073709551615", TEXT("%I64d %llu"), (LONGLONG)-1, (ULONGLONG)-1);
    assert_formats("0001    1", TEXT("%4.4d %4.0d"), 1, 1);
    assert_formats("0000001009h, 65535 255", TEXT("%10.10xh, %hu %hhu"), 0x1009u, -1, -1);
    assert_formats("1.50 1e+09", TEXT("%.2f %g"), 1.5, 1e9);
    assert_formats("00000000DEADBEEF", TEXT("%p"), (void *)(uintptr_t)0xdeadbeefu);
    assert_formats("\u00e9-\u00e9", TEXT("%s-%hs"), TEXT("\u00e9"), "\xc3\xa9");
}

static void
formats_that_fail(void **state)
{
    TCHAR text[8] = TEXT("before");
    int n = 77;
    (void)state;
    assert_int_equal(_stprintf_s(text, _countof(text), TEXT("%n"), &n), -1);
    assert_int_equal(n, 77);
    assert_int_equal(text[0], 0);
    assert_int_equal(_stprintf_s(text, _countof(text), TEXT("100%")), -1);
    assert_int_equal(_stprintf_s(text, _countof(text), TEXT("%d"), 12345678), -1);
    assert_int_equal(text[0], 0);
    assert_int_equal(_stprintf_s(text, _countof(text), TEXT("%d"), 1234567), 7);
    assert_int_equal(_sntprintf(text, 4, TEXT("%s"), TEXT("abcdef")), -1);
    assert_text(text, "abc");
    assert_int_equal(_sntprintf_s(text, _countof(text), 2, TEXT("%s"), TEXT("xyz")), -1);
    assert_text(text, "xy");
    assert_int_equal(_sntprintf_s(text, _countof(text), _TRUNCATE, TEXT("%d"), 123456789), -1);
    assert_text(text, "1234567");
    assert_int_equal(_stprintf_s(text, _countof(text), TEXT("%*d"), 2147483647, 1), -1);
    /* no byte behind what the precision asks for is read */
    char *end = malloc(2);
    assert_non_null(end);
    memcpy(end, "ab", 2);
    assert_int_equal(_stprintf_s(text, _countof(text), TEXT("%.0hs%c"), end, '.'), 1);
    free(end);
}

static void
strings(void **state)
{
    TCHAR a[8] = TEXT("abc"), *end = NULL;
    (void)state;
    assert_int_equal(_tcslen(a), 3);
    assert_int_equal(sizeof(a[0]), 2);
    assert_int_equal(_tcscpy_s(a, 4, TEXT("abcd")), ERANGE);
    assert_int_equal(a[0], 0);
    assert_int_equal(_tcscpy_s(a, 4, TEXT("abc")), 0);
    assert_int_equal(_tcscat_s(a, 5, TEXT("de")), ERANGE);
    assert_int_equal(a[0], 0);
    assert_int_equal(_tcscpy_s(a, 4, NULL), EINVAL);
    assert_int_equal(_tcsncpy_s(a, 4, TEXT("abcd"), _TRUNCATE), STRUNCATE);
    assert_text(a, "abc");
    assert_int_equal(_tcsncpy_s(a, 4, TEXT("xyzzy"), 2), 0);
    assert_text(a, "xy");
    assert_int_equal(_tcscat_s(a, _countof(a), TEXT("zzy")), 0);
    assert_text(_tcschr(a, 'z'), "zzy");
    assert_text(_tcsrchr(a, 'z'), "zy");
    assert_text(_tcsstr(a, TEXT("zy")), "zy");
    assert_null(_tcsstr(a, TEXT("zyx")));
    assert_null(_tcschr(a, 'q'));
    assert_int_equal(_tcscmp(TEXT("a"), TEXT("b")), -1);
    assert_int_equal(_tcsncmp(TEXT("ab"), TEXT("ac"), 1), 0);
    assert_int_equal(_tcsicmp(TEXT("AbC"), TEXT("aBc")), 0);
    assert_int_equal(_tcsicmp(TEXT("AbC"), TEXT("aBd")), -1);
    TCHAR *copy = _tcsdup(a);
    assert_text(copy, "xyzzy");
    free(copy);
    TCHAR words[] = TEXT(",,one,two"), *rest = NULL;
    assert_text(_tcstok_s(words, TEXT(","), &rest), "one");
    assert_text(_tcstok_s(NULL, TEXT(","), &rest), "two");
    assert_null(_tcstok_s(NULL, TEXT(","), &rest));
    assert_int_equal(_tcstoul(TEXT("0x1fg"), &end, 16), 0x1f);
    assert_text(end, "g");
    assert_int_equal(_ttoi(TEXT("-12")), -12);
}

static void
strings_that_are_cut_off(void **state)
{
    TCHAR a[6] = TEXT("");
    char narrow[6] = "";
    size_t len = 77;
    (void)state;
    assert_int_equal(StringCchCopy(a, _countof(a), TEXT("abcde")), S_OK);
    assert_int_equal(StringCchCopy(a, _countof(a), TEXT("uvwxyz")), STRSAFE_E_INSUFFICIENT_BUFFER);
    assert_text(a, "uvwxy");
    assert_int_equal(StringCchCopy(a, 0, TEXT("")), E_INVALIDARG);
    assert_int_equal(StringCbCopy(a, 3 * sizeof(TCHAR), TEXT("ab")), S_OK);
    assert_int_equal(StringCchCat(a, _countof(a), TEXT("cdef")), STRSAFE_E_INSUFFICIENT_BUFFER);
    assert_text(a, "abcde");
    assert_int_equal(StringCchLength(a, _countof(a), &len), S_OK);
    assert_int_equal(len, 5);
    assert_int_equal(StringCchLength(a, 5, &len), E_INVALIDARG);
    assert_int_equal(len, 0);
    assert_int_equal(StringCchPrintf(a, _countof(a), TEXT("%d-%s"), 1, TEXT("abc")), S_OK);
    assert_text(a, "1-abc");
    assert_int_equal(StringCbPrintf(a, sizeof(a), TEXT("%d"), 1234567),
                     STRSAFE_E_INSUFFICIENT_BUFFER);
    assert_text(a, "12345");
    assert_int_equal(StringCchPrintfA(narrow, 0, "%d", 1), E_INVALIDARG);
    assert_int_equal(StringCchCatA(narrow, 6, "ab"), S_OK);
    assert_int_equal(StringCchCatA(narrow, 6, "cdef"), STRSAFE_E_INSUFFICIENT_BUFFER);
    assert_string_equal(narrow, "abcde");
    assert_int_equal(StringCchLengthA(narrow, 6, &len), S_OK);
    assert_int_equal(len, 5);
}

static void
files(void **state)
{
    TCHAR path[600], line[8];
    BYTE bytes[64];
    FILE *f = NULL;
    (void)state;
    (void)_stprintf_s(path, _countof(path), TEXT("%hs/t\u00e9xt"), capi_dir());
    assert_int_equal(_tfopen_s(&f, path, TEXT("w")), 0);
    assert_int_equal(_ftprintf(f, TEXT("%s\n"), TEXT("\u00e9\U0001f511")), 4);
    assert_int_equal(_fputts(TEXT("0123456789\n"), f), 0);
    assert_int_equal(_puttc(0xe9, f), 0xe9);
    assert_int_equal(_puttc(0xd83d, f), 0xd83d); /* half of a pair */
    assert_int_equal(fclose(f), 0);
    assert_int_equal(read_file("t\xc3\xa9xt", bytes, sizeof bytes), 23);
    assert_memory_equal(bytes, "\xc3\xa9\xf0\x9f\x94\x91\n0123456789\n\xc3\xa9\xef\xbf\xbd", 23);
    f = _tfopen(path, TEXT("r"));
    assert_non_null(f);
    assert_ptr_equal(_fgetts(line, 3, f), line); /* between the halves of a pair */
    assert_ptr_equal(_fgetts(line, 8, f), line);
    assert_int_equal(line[0], 0xdd11);
    assert_int_equal(line[1], '\n');
    assert_ptr_equal(_fgetts(line, 8, f), line);
    assert_text(line, "0123456");
    assert_ptr_equal(_fgetts(line, 8, f), line);
    assert_text(line, "789\n");
    assert_int_equal(_gettc(f), 0xe9);
    assert_int_equal(_gettc(f), 0xfffd);
    assert_int_equal(_gettc(f), EOF);
    assert_null(_fgetts(line, 8, f));
    assert_int_equal(fclose(f), 0);
    assert_works(DeleteFile(path));
    assert_int_equal(_tfopen_s(&f, path, TEXT("r")), ENOENT);
}

static void
bytes_that_are_no_utf8(void **state)
{
    static const BYTE bad[] = {0xff, 'a', 0xe2, 0x82, 'b', 0xf0, 0x9f};
    char path[600];
    (void)state;
    write_file("bad", bad, sizeof bad);
    (void)snprintf(path, sizeof path, "%s/bad", capi_dir());
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    static const int want[] = {0xfffd, 'a', 0xfffd, 0xfffd, 'b', 0xfffd, 0xfffd, EOF};
    for (size_t i = 0; i < COUNT(want); i++) {
        assert_int_equal(_gettc(f), want[i]);
    }
    assert_int_equal(fclose(f), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats), cmocka_unit_test(formats_that_fail),
        cmocka_unit_test(strings), cmocka_unit_test(strings_that_are_cut_off),
        cmocka_unit_test(files),   cmocka_unit_test(bytes_that_are_no_utf8)};
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
