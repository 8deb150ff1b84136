/* SPDX-License-Identifier: Apache-2.0 */
/* Which providers there are, and the defaults. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capi_test.h"

#define HUGE_LEN ((DWORD)-1000)

static void
capi_012(void **state)
{
    static const char *const names[] = {MS_DEF_PROV_A,
                                        MS_DEF_DSS_DH_PROV_A,
                                        MS_DEF_DSS_PROV_A,
                                        MS_DEF_DH_SCHANNEL_PROV_A,
                                        MS_ENHANCED_PROV_A,
                                        MS_ENH_DSS_DH_PROV_A,
                                        MS_ENH_RSA_AES_PROV_A,
                                        MS_ENH_RSA_AES_PROV_XP_A,
                                        MS_DEF_RSA_SCHANNEL_PROV_A,
                                        MS_DEF_RSA_SIG_PROV_A,
                                        MS_STRONG_PROV_A};
    static const DWORD types[] = {1, 13, 3, 18, 1, 13, 24, 24, 12, 2, 1};
    char a[128];
    WCHAR w[128];
    DWORD type = 0, len = 0, reserved = 0;
    (void)state;
    for (DWORD i = 0; i < COUNT(names); i++) {
        assert_works(CryptEnumProvidersA(i, NULL, 0, &type, NULL, &len));
        assert_int_equal(len, strlen(names[i]) + 1);
        assert_int_equal(type, types[i]);
        len = HUGE_LEN;
        assert_works(CryptEnumProvidersA(i, NULL, 0, &type, a, &len));
        assert_string_equal(a, names[i]);
        assert_works(CryptEnumProvidersW(i, NULL, 0, &type, NULL, &len));
        assert_int_equal(len, 2 * (strlen(names[i]) + 1));
        assert_works(CryptEnumProvidersW(i, NULL, 0, &type, w, &len));
        assert_int_equal(lstrlenW(w), strlen(names[i]));
        assert_int_equal(w[1], names[i][1]);
    }
    len = 10;
    assert_fails(CryptEnumProvidersA(0, NULL, 0, &type, a, &len), ERROR_MORE_DATA);
    assert_int_equal(len, sizeof(MS_DEF_PROV_A));
    assert_fails(CryptEnumProvidersA(COUNT(names), NULL, 0, &type, a, &len), ERROR_NO_MORE_ITEMS);
    assert_fails(CryptEnumProvidersA(0, &reserved, 0, &type, a, &len), ERROR_INVALID_PARAMETER);
    assert_fails(CryptEnumProvidersA(0, NULL, 1, &type, a, &len), NTE_BAD_FLAGS);
    assert_fails(CryptEnumProvidersA(0, NULL, 0, NULL, a, &len), ERROR_INVALID_PARAMETER);
}

static void
capi_013(void **state)
{
    char a[128];
    WCHAR w[128];
    DWORD type = 0, len = 0, reserved = 0, i = 0;
    (void)state;
    len = HUGE_LEN;
    assert_works(CryptEnumProviderTypesA(0, NULL, 0, &type, a, &len));
    assert_int_equal(type, PROV_RSA_FULL);
    assert_string_equal(a, "RSA Full (Signature and Key Exchange)");
    assert_int_equal(len, strlen(a) + 1);
    len = sizeof w;
    assert_works(CryptEnumProviderTypesW(0, NULL, 0, &type, w, &len));
    assert_int_equal(len, 2 * (strlen(a) + 1));
    len = 5;
    assert_fails(CryptEnumProviderTypesA(0, NULL, 0, &type, a, &len), ERROR_MORE_DATA);
    assert_int_equal(len, 38);
    memset(a, 'x', sizeof a);
    len = sizeof a;
    assert_works(CryptEnumProviderTypesA(1, NULL, 0, &type, a, &len)); /* it has no name */
    assert_int_equal(type, PROV_RSA_SIG);
    assert_int_equal(len, 1);
    assert_int_equal(a[0], 0);
    assert_fails(CryptEnumProviderTypesA(0, &reserved, 0, &type, a, &len), ERROR_INVALID_PARAMETER);
    assert_fails(CryptEnumProviderTypesA(0, NULL, 1, &type, a, &len), NTE_BAD_FLAGS);
    do {
        len = sizeof a;
    } while (CryptEnumProviderTypesA(i++, NULL, 0, &type, a, &len));
    assert_int_equal(GetLastError(), ERROR_NO_MORE_ITEMS);
    assert_true(i > 4);
}

static void
capi_014(void **state)
{
    char a[128];
    WCHAR w[128];
    DWORD len = sizeof a, reserved = 0;
    (void)state;
    assert_works(CryptGetDefaultProviderA(1, NULL, CRYPT_MACHINE_DEFAULT, a, &len));
    assert_string_equal(a, MS_STRONG_PROV_A);
    assert_int_equal(len, sizeof(MS_STRONG_PROV_A));
    len = sizeof a;
    assert_works(CryptGetDefaultProviderA(PROV_DSS_DH, NULL, CRYPT_MACHINE_DEFAULT, a, &len));
    assert_string_equal(a, MS_ENH_DSS_DH_PROV_A);
    len = sizeof w;
    assert_works(CryptGetDefaultProviderW(24, NULL, CRYPT_USER_DEFAULT, w, &len));
    assert_int_equal(len, 2 * sizeof(MS_ENH_RSA_AES_PROV_A));
    len = 3;
    assert_fails(CryptGetDefaultProviderA(1, NULL, 1, a, &len), ERROR_MORE_DATA);
    assert_int_equal(len, sizeof(MS_STRONG_PROV_A));
    assert_fails(CryptGetDefaultProviderA(0, NULL, 1, a, &len), NTE_BAD_PROV_TYPE);
    assert_fails(CryptGetDefaultProviderA(1000, NULL, 1, a, &len), NTE_BAD_PROV_TYPE);
    assert_fails(CryptGetDefaultProviderA(999, NULL, 1, a, &len), NTE_PROV_TYPE_NOT_DEF);
    assert_fails(CryptGetDefaultProviderA(1, NULL, 4, a, &len), NTE_BAD_FLAGS);
    assert_fails(CryptGetDefaultProviderA(1, &reserved, 1, a, &len), ERROR_INVALID_PARAMETER);
    assert_fails(CryptGetDefaultProviderA(1, NULL, 1, a, NULL), ERROR_INVALID_PARAMETER);
}

static void
assert_default(DWORD flags, const char *want)
{
    char a[128];
    DWORD len = sizeof a;
    assert_works(CryptGetDefaultProviderA(PROV_RSA_FULL, NULL, flags, a, &len));
    assert_string_equal(a, want);
}

static void
capi_015(void **state)
{
    HCRYPTPROV p = 0;
    char a[128];
    DWORD reserved = 0, len = sizeof a;
    (void)state;
    assert_works(CryptSetProviderA(MS_DEF_PROV_A, PROV_RSA_FULL));
    assert_default(CRYPT_USER_DEFAULT, MS_DEF_PROV_A);
    assert_default(CRYPT_MACHINE_DEFAULT, MS_STRONG_PROV_A);
    assert_works(CryptAcquireContextA(&p, NULL, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT));
    assert_works(CryptGetProvParam(p, PP_NAME, (BYTE *)a, &len, 0));
    assert_string_equal(a, MS_DEF_PROV_A);
    release(p);
    assert_works(CryptSetProviderExW(MS_ENHANCED_PROV_W, 1, NULL, CRYPT_MACHINE_DEFAULT));
    assert_default(CRYPT_MACHINE_DEFAULT, MS_ENHANCED_PROV_A);
    assert_works(
        CryptSetProviderExA(MS_DEF_PROV_A, 1, NULL, CRYPT_USER_DEFAULT | CRYPT_DELETE_DEFAULT));
    assert_default(CRYPT_USER_DEFAULT, MS_ENHANCED_PROV_A);
    assert_works(
        CryptSetProviderExA(MS_DEF_PROV_A, 1, NULL, CRYPT_MACHINE_DEFAULT | CRYPT_DELETE_DEFAULT));
    assert_default(CRYPT_USER_DEFAULT, MS_STRONG_PROV_A);
    assert_works(CryptSetProviderW(MS_STRONG_PROV_W, PROV_RSA_FULL));
    assert_fails(CryptSetProviderExA("No Provider", 1, NULL, 2), NTE_BAD_PROVIDER);
    assert_fails(CryptSetProviderExA(NULL, 1, NULL, 2), ERROR_INVALID_PARAMETER);
    assert_fails(CryptSetProviderExA(MS_DEF_PROV_A, 1, &reserved, 2), ERROR_INVALID_PARAMETER);
    assert_fails(CryptSetProviderExA(MS_DEF_PROV_A, 1000, NULL, 2), NTE_BAD_PROV_TYPE);
    assert_fails(CryptSetProviderExA(MS_DEF_PROV_A, 1, NULL, 8), NTE_BAD_FLAGS);
    assert_fails(CryptSetProviderExA(MS_DEF_PROV_A, 1, NULL, CRYPT_DELETE_DEFAULT), NTE_BAD_FLAGS);
}

#define USER_FILE "config/sparekey/cryptoapi-providers"
#define FILE_ROOM (64 * 1024)

static void
set_user(const char *provider, DWORD type)
{
    assert_works(CryptSetProviderExA(provider, type, NULL, CRYPT_USER_DEFAULT));
}

static void
assert_user_file(const char *want)
{
    static BYTE got[2 * FILE_ROOM];
    DWORD len = read_file(USER_FILE, got, sizeof got - 1);
    got[len] = 0;
    assert_string_equal((const char *)got, want);
}

/* What a later version, or somebody by hand, has written is not this one's to throw away. */
static void
lines_that_say_nothing_here_stay(void **state)
{
    static const char by_hand[] = "# ours\n\n31 Some Provider of Tomorrow\n1 No Such Provider\n"
                                  "13 " MS_DEF_DSS_DH_PROV_A "\n24 " MS_ENH_RSA_AES_PROV_XP_A;
    (void)state;
    set_user(MS_DEF_PROV_A, PROV_RSA_FULL); /* the folder is there from now on */
    write_file(USER_FILE, (const BYTE *)by_hand, sizeof by_hand - 1);
    assert_default(CRYPT_USER_DEFAULT, MS_STRONG_PROV_A);
    set_user(MS_ENHANCED_PROV_A, PROV_RSA_FULL);
    assert_user_file("# ours\n31 Some Provider of Tomorrow\n1 No Such Provider\n"
                     "13 " MS_DEF_DSS_DH_PROV_A "\n24 " MS_ENH_RSA_AES_PROV_XP_A
                     "\n1 " MS_ENHANCED_PROV_A "\n");
    assert_default(CRYPT_USER_DEFAULT, MS_ENHANCED_PROV_A);
    assert_works(CryptSetProviderExA(MS_ENH_RSA_AES_PROV_XP_A, PROV_RSA_AES, NULL,
                                     CRYPT_USER_DEFAULT | CRYPT_DELETE_DEFAULT));
    assert_user_file("# ours\n31 Some Provider of Tomorrow\n1 No Such Provider\n"
                     "13 " MS_DEF_DSS_DH_PROV_A "\n1 " MS_ENHANCED_PROV_A "\n");
}

/* A file that cannot be read is not an empty one: neither a default is told nor the file changed.
 */
static void
a_file_that_cannot_be_read_is_not_empty(void **state)
{
    static BYTE lines[FILE_ROOM + 3], after[sizeof lines];
    char path[512], a[128];
    struct stat st;
    DWORD len = sizeof a;
    (void)state;
    set_user(MS_DEF_PROV_A, PROV_RSA_FULL);
    memset(lines, '\n', sizeof lines);
    memcpy(lines + sizeof lines - 1 - strlen("1 " MS_DEF_PROV_A), "1 " MS_DEF_PROV_A,
           strlen("1 " MS_DEF_PROV_A));
    write_file(USER_FILE, lines, sizeof lines); /* longer than any that is written here */
    assert_fails(CryptGetDefaultProviderA(1, NULL, CRYPT_USER_DEFAULT, a, &len), NTE_FAIL);
    assert_fails(CryptSetProviderA(MS_STRONG_PROV_A, 1), NTE_FAIL);
    assert_int_equal(read_file(USER_FILE, after, sizeof after), sizeof after);
    assert_memory_equal(lines, after, sizeof after);
    (void)snprintf(path, sizeof path, "%s/%s", capi_dir(), USER_FILE);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_fails(CryptGetDefaultProviderA(1, NULL, CRYPT_USER_DEFAULT, a, &len), NTE_FAIL);
    assert_fails(CryptSetProviderA(MS_STRONG_PROV_A, 1), NTE_FAIL);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(rmdir(path), 0);
    assert_default(CRYPT_USER_DEFAULT, MS_STRONG_PROV_A);
}

/* No line of the file is lost because there was no room for the new one. */
static void
a_full_file_refuses_a_line(void **state)
{
    static BYTE lines[FILE_ROOM - 8], after[FILE_ROOM];
    (void)state;
    set_user(MS_DEF_PROV_A, PROV_RSA_FULL);
    memset(lines, '#', sizeof lines);
    lines[sizeof lines - 1] = '\n';
    write_file(USER_FILE, lines, sizeof lines);
    assert_fails(CryptSetProviderA(MS_STRONG_PROV_A, 1), NTE_FAIL);
    assert_int_equal(read_file(USER_FILE, after, sizeof after), sizeof lines);
    assert_memory_equal(lines, after, sizeof lines);
    run_in_dir("rm " USER_FILE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capi_012),
        cmocka_unit_test(capi_013),
        cmocka_unit_test(capi_014),
        cmocka_unit_test(capi_015),
        cmocka_unit_test(lines_that_say_nothing_here_stay),
        cmocka_unit_test(a_file_that_cannot_be_read_is_not_empty),
        cmocka_unit_test(a_full_file_refuses_a_line),
    };
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
