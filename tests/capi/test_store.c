/* SPDX-License-Identifier: Apache-2.0 */
/* What a write that fails leaves in a key container: the pair that was there, as it was. */
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "capi_test.h"

#define RSA_512 (512u << 16)   /* kept beside the container */
#define RSA_2048 (2048u << 16) /* kept in it */
#define DISK_FULL 600          /* bytes that a file may have: less than any container with a pair */

/* CryptGenKey while no file can grow; it must fail. */
static void
gen_on_full_disk(HCRYPTPROV p, DWORD flags)
{
    HCRYPTKEY k = 0;
    struct rlimit r;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
    const struct rlimit small = {DISK_FULL, r.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    BOOL worked = CryptGenKey(p, AT_KEYEXCHANGE, flags, &k);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
    assert_false(worked);
}

static HCRYPTPROV
open_again(HCRYPTPROV p, const char *name)
{
    HCRYPTPROV q = 0;
    release(p);
    assert_works(CryptAcquireContextA(&q, name, MS_ENH_RSA_AES_PROV_A, PROV_RSA_AES, 0));
    return q;
}

static void
a_failing_write_keeps_the_pair_beside(void **state)
{
    HCRYPTPROV p = new_container("full");
    HCRYPTKEY k = 0;
    (void)state;
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, RSA_512, &k));
    gen_on_full_disk(p, RSA_2048);
    p = open_again(p, "full");
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &k));
    assert_int_equal(key_dword(k, KP_KEYLEN), 512);
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, RSA_2048, &k)); /* and room again */
    p = open_again(p, "full");
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &k));
    assert_int_equal(key_dword(k, KP_KEYLEN), 2048);
    release(p);
}

static void
a_failing_write_keeps_the_flags(void **state)
{
    HCRYPTPROV p = new_container("flags");
    HCRYPTKEY k = 0;
    DWORD n = 0;
    (void)state;
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, RSA_2048 | CRYPT_EXPORTABLE, &k));
    gen_on_full_disk(p, RSA_2048);
    p = open_again(p, "flags");
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &k));
    assert_works(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, NULL, &n));
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, RSA_2048, &k)); /* the next pair has none */
    p = open_again(p, "flags");
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &k));
    assert_fails(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, NULL, &n), NTE_BAD_KEY_STATE);
    release(p);
}

/* Only what is known to be deleted is not written to. */
static void
a_folder_out_of_reach_is_no_success(void **state)
{
    HCRYPTPROV p = new_container("reach");
    HCRYPTKEY k = 0;
    (void)state;
    run_in_dir("mv data/sparekey data/away && touch data/sparekey");
    assert_false(CryptGenKey(p, AT_KEYEXCHANGE, RSA_2048, &k));
    run_in_dir("rm data/sparekey && mv data/away data/sparekey");
    assert_fails(CryptGetUserKey(p, AT_KEYEXCHANGE, &k), NTE_NO_KEY);
    release(p);
}

/* One that is there, and may not be opened, is not replaced by another's keys. */
static void
a_refused_default_stays_refused(void **state)
{
    HCRYPTPROV p = 0;
    const struct passwd *pw = getpwuid(geteuid());
    (void)state;
    assert_non_null(pw);
    release(new_container(pw->pw_name));
    run_in_dir("chmod 640 data/sparekey/containers/*");
    release(new_container("default"));
    assert_fails(CryptAcquireContextA(&p, NULL, NULL, PROV_RSA_AES, 0), NTE_BAD_KEYSET);
    assert_int_equal(p, 0);
    run_in_dir("chmod 600 data/sparekey/containers/*");
    delete_container(pw->pw_name);
    assert_works(CryptAcquireContextA(&p, NULL, NULL, PROV_RSA_AES, 0));
    release(p);
    delete_container("default");
}

static void
assert_container(HCRYPTPROV p, const char *want)
{
    char name[64] = {0};
    DWORD len = sizeof name;
    assert_works(CryptGetProvParam(p, PP_CONTAINER, (BYTE *)name, &len, 0));
    assert_string_equal(name, want);
}

#define OWNERS "data/sparekey/containers/64656661756c74" /* "default" */

/* By NULL a program uses the pairs that `sparekey init` has made; it costs nobody any of them. */
static void
without_a_name_no_pair_is_replaced(void **state)
{
    static BYTE before[8192], after[8192], blob[4096];
    HCRYPTPROV p = new_container("default");
    HCRYPTKEY k = 0;
    DWORD n = sizeof blob;
    (void)state;
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, RSA_2048, &k));
    release(p);
    p = verify_prov(MS_ENH_RSA_AES_PROV_A, PROV_RSA_AES);
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, RSA_2048 | CRYPT_EXPORTABLE, &k));
    assert_works(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, blob, &n));
    release(p);
    DWORD len = read_file(OWNERS, before, sizeof before);
    assert_works(CryptAcquireContextA(&p, NULL, NULL, PROV_RSA_AES, 0));
    assert_container(p, "default");
    k = 0;
    assert_fails(CryptGenKey(p, AT_KEYEXCHANGE, RSA_2048, &k), NTE_PERM);
    assert_fails(CryptGenKey(p, AT_KEYEXCHANGE, RSA_512, &k), NTE_PERM);
    assert_fails(CryptImportKey(p, blob, n, 0, 0, &k), NTE_PERM);
    assert_int_equal(k, 0);
    assert_int_equal(read_file(OWNERS, after, sizeof after), len);
    assert_memory_equal(before, after, len);
    run_in_dir("test ! -e " OWNERS ".1");
    /* the one that is missing is added, in the container or beside it, once */
    assert_works(CryptGenKey(p, AT_SIGNATURE, RSA_512, &k));
    assert_fails(CryptGenKey(p, AT_SIGNATURE, RSA_2048, &k), NTE_PERM);
    assert_works(CryptGetUserKey(p, AT_SIGNATURE, &k));
    assert_int_equal(key_dword(k, KP_KEYLEN), 512);
    release(p);
    /* whoever names it knows what it is */
    assert_works(CryptAcquireContextA(&p, "default", NULL, PROV_RSA_AES, 0));
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, RSA_2048, &k));
    release(p);
    delete_container("default");
}

/* "Delete, then make anew" by NULL works as if there were no second default, and costs no keys. */
static void
without_a_name_the_login_one_is_made(void **state)
{
    HCRYPTPROV q = 0;
    HCRYPTKEY k = 0;
    const struct passwd *pw = getpwuid(geteuid());
    (void)state;
    assert_non_null(pw);
    release(new_container("default"));
    assert_fails(CryptAcquireContextA(&q, NULL, NULL, PROV_RSA_AES, CRYPT_DELETEKEYSET),
                 NTE_BAD_KEYSET);
    for (int i = 0; i < 2; i++) {
        assert_works(CryptAcquireContextA(&q, NULL, NULL, PROV_RSA_AES, CRYPT_NEWKEYSET));
        assert_container(q, pw->pw_name);
        assert_works(CryptGenKey(q, AT_KEYEXCHANGE, RSA_2048, &k));
        assert_works(CryptGenKey(q, AT_KEYEXCHANGE, RSA_2048, &k)); /* its own to replace */
        release(q);
        assert_fails(CryptAcquireContextA(&q, NULL, NULL, PROV_RSA_AES, CRYPT_NEWKEYSET),
                     NTE_EXISTS);
        assert_works(CryptAcquireContextA(&q, NULL, NULL, PROV_RSA_AES, 0));
        assert_container(q, pw->pw_name);
        release(q);
        assert_works(CryptAcquireContextA(&q, NULL, NULL, PROV_RSA_AES, CRYPT_DELETEKEYSET));
    }
    assert_works(CryptAcquireContextA(&q, NULL, NULL, PROV_RSA_AES, 0));
    assert_container(q, "default");
    release(q);
    delete_container("default");
    assert_fails(CryptAcquireContextA(&q, NULL, NULL, PROV_RSA_AES, 0), NTE_BAD_KEYSET);
}

/* A handle of a deleted container neither reads nor writes the next one of that name, not even
 * while that is as empty as its own was. */
static void
a_successor_is_another_container(void **state)
{
    HCRYPTPROV old = new_container("again"), now = 0;
    HCRYPTKEY k = 0;
    (void)state;
    now = new_container("again"); /* deleted, and made anew */
    assert_works(CryptGenKey(old, AT_SIGNATURE, RSA_2048, &k));
    assert_works(CryptGenKey(old, AT_KEYEXCHANGE, RSA_512, &k));
    assert_fails(CryptGetUserKey(now, AT_SIGNATURE, &k), NTE_NO_KEY);
    assert_fails(CryptGetUserKey(now, AT_KEYEXCHANGE, &k), NTE_NO_KEY);
    assert_works(CryptGenKey(now, AT_SIGNATURE, 1024u << 16, &k));
    assert_works(CryptGetUserKey(old, AT_SIGNATURE, &k)); /* its own, in memory */
    assert_int_equal(key_dword(k, KP_KEYLEN), 2048);
    release(old);
    now = open_again(now, "again");
    assert_works(CryptGetUserKey(now, AT_SIGNATURE, &k));
    assert_int_equal(key_dword(k, KP_KEYLEN), 1024);
    assert_fails(CryptGetUserKey(now, AT_KEYEXCHANGE, &k), NTE_NO_KEY);
    release(now);
    delete_container("again");
}

#define BROKEN "data/sparekey/containers/62726f6b656e"

/* What is there now is refused with the code, by every way in, and stays as it is. */
static void
refused_and_left(const BYTE *bytes, DWORD len, DWORD code)
{
    static BYTE after[8192];
    HCRYPTPROV p = 0;
    write_file(BROKEN, bytes, len);
    assert_fails(CryptAcquireContextA(&p, "broken", NULL, PROV_RSA_AES, 0), code);
    assert_fails(CryptAcquireContextA(&p, "broken", NULL, PROV_RSA_AES, CRYPT_SILENT), code);
    assert_fails(CryptAcquireContextA(&p, "broken", NULL, PROV_RSA_AES, CRYPT_NEWKEYSET),
                 NTE_EXISTS);
    assert_fails(CryptAcquireContextA(&p, "broken", NULL, PROV_RSA_AES, CRYPT_DELETEKEYSET), code);
    assert_int_equal(p, 0);
    assert_int_equal(read_file(BROKEN, after, sizeof after), len);
    assert_memory_equal(after, bytes, len);
}

/* Bits turned all over the file, every kind of cut, and bytes that were never a container. */
static void
a_damaged_container_stays_on_disk(void **state)
{
    static BYTE whole[8192], bad[8192];
    HCRYPTPROV p = new_container("broken");
    HCRYPTKEY k = 0;
    (void)state;
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, RSA_2048, &k));
    release(p);
    DWORD len = read_file(BROKEN, whole, sizeof whole - 1);
    assert_in_range(len, 1000, sizeof whole - 2);
    for (DWORD at = 0; at < len; at += 41) {
        memcpy(bad, whole, len);
        bad[at] ^= 0x10;
        refused_and_left(bad, len, NTE_KEYSET_ENTRY_BAD);
    }
    for (DWORD cut = 0; cut < len; cut += cut < 64 ? 1 : 97) {
        refused_and_left(whole, cut, NTE_KEYSET_ENTRY_BAD);
    }
    refused_and_left(whole, len - 1, NTE_KEYSET_ENTRY_BAD);
    memcpy(bad, whole, len);
    bad[len] = 0;
    refused_and_left(bad, len + 1, NTE_KEYSET_ENTRY_BAD);
    memset(bad, 'x', sizeof bad);
    refused_and_left(bad, 1000, NTE_KEYSET_ENTRY_BAD);
    run_in_dir("mv " BROKEN " elsewhere && ln -s ../../../elsewhere " BROKEN);
    assert_fails(CryptAcquireContextA(&p, "broken", NULL, PROV_RSA_AES, 0), NTE_BAD_KEYSET);
    assert_fails(CryptAcquireContextA(&p, "broken", NULL, PROV_RSA_AES, CRYPT_DELETEKEYSET),
                 NTE_BAD_KEYSET);
    run_in_dir("rm " BROKEN " && mkdir " BROKEN);
    assert_fails(CryptAcquireContextA(&p, "broken", NULL, PROV_RSA_AES, 0), NTE_KEYSET_ENTRY_BAD);
    run_in_dir("rmdir " BROKEN);
    write_file(BROKEN, whole, len); /* and whole again */
    run_in_dir("chmod 600 " BROKEN);
    assert_works(CryptAcquireContextA(&p, "broken", NULL, PROV_RSA_AES, 0));
    assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &k));
    release(p);
    write_file(BROKEN ".2", whole, 100); /* beside it too */
    run_in_dir("chmod 600 " BROKEN ".2");
    assert_fails(CryptAcquireContextA(&p, "broken", NULL, PROV_RSA_AES, CRYPT_DELETEKEYSET),
                 NTE_KEYSET_ENTRY_BAD);
    run_in_dir("test -e " BROKEN " && rm " BROKEN ".2");
    delete_container("broken");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_write_keeps_the_pair_beside),
        cmocka_unit_test(a_failing_write_keeps_the_flags),
        cmocka_unit_test(a_folder_out_of_reach_is_no_success),
        cmocka_unit_test(a_refused_default_stays_refused),
        cmocka_unit_test(without_a_name_no_pair_is_replaced),
        cmocka_unit_test(without_a_name_the_login_one_is_made),
        cmocka_unit_test(a_successor_is_another_container),
        cmocka_unit_test(a_damaged_container_stays_on_disk),
    };
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
