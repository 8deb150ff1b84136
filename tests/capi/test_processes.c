/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that use the same key containers at the same time. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capi_test.h"

#define BITS(n) ((DWORD)(n) << 16)
#define PROCESSES 5
#define NAMES 40
#define SHORT_SECONDS 2
#define SOAK_SECONDS 60
#define IMPORTS 30
#define SETTINGS 20

static BOOL
acquire(HCRYPTPROV *p, const char *name, DWORD flags)
{
    return CryptAcquireContextA(p, name, NULL, PROV_RSA_AES, flags);
}

/* work() in so many processes at once; what each of them wrote to fd, as numbers. */
static void
in_processes(unsigned n, void (*work)(unsigned i, int fd), DWORD *ret_reports, size_t max,
             size_t *ret_count)
{
    int pipes[2], go[2];
    char c = 0;
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(pipe(go), 0);
    for (unsigned i = 0; i < n; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            (void)close(go[1]);
            (void)!read(go[0], &c, 1); /* all at once */
            work(i, pipes[1]);
            _exit(0);
        }
    }
    (void)close(go[0]);
    (void)close(go[1]);
    (void)close(pipes[1]);
    *ret_count = 0;
    while (*ret_count < max &&
           read(pipes[0], &ret_reports[*ret_count], sizeof *ret_reports) == sizeof *ret_reports) {
        (*ret_count)++;
    }
    (void)close(pipes[0]);
    for (unsigned i = 0; i < n; i++) {
        int status = 0;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
}

static void
report(int fd, DWORD v)
{
    (void)!write(fd, &v, sizeof v);
}

static const char *
numbered(DWORD i)
{
    static char name[20];
    (void)snprintf(name, sizeof name, "race-%u", (unsigned)i);
    return name;
}

static void
create_all(unsigned self, int fd)
{
    (void)self;
    for (DWORD i = 0; i < NAMES; i++) {
        HCRYPTPROV p = 0;
        if (acquire(&p, numbered(i), CRYPT_NEWKEYSET)) {
            report(fd, i);
            (void)CryptReleaseContext(p, 0);
        } else if (GetLastError() != NTE_EXISTS) {
            report(fd, GetLastError());
        }
    }
}

static void
delete_all(unsigned self, int fd)
{
    (void)self;
    for (DWORD i = 0; i < NAMES; i++) {
        HCRYPTPROV p = 0;
        if (acquire(&p, numbered(i), CRYPT_DELETEKEYSET)) {
            report(fd, i);
        } else if (GetLastError() != NTE_BAD_KEYSET) {
            report(fd, GetLastError());
        }
    }
}

static void
each_once(const DWORD *reports, size_t count)
{
    unsigned seen[NAMES] = {0};
    for (size_t i = 0; i < count; i++) {
        assert_in_range(reports[i], 0, NAMES - 1);
        seen[reports[i]]++;
    }
    for (size_t i = 0; i < NAMES; i++) {
        assert_int_equal(seen[i], 1);
    }
}

static void
one_creates_and_one_deletes(void **state)
{
    DWORD reports[NAMES * PROCESSES + 1];
    size_t count = 0;
    (void)state;
    in_processes(PROCESSES, create_all, reports, COUNT(reports), &count);
    each_once(reports, count);
    in_processes(PROCESSES, delete_all, reports, COUNT(reports), &count);
    each_once(reports, count);
}

static BYTE small_pair[400], large_pair[1300];
static DWORD small_len, large_len;

static void
import_many(unsigned self, int fd)
{
    HCRYPTPROV p = 0;
    HCRYPTKEY k = 0;
    if (!acquire(&p, "imports", 0)) {
        report(fd, GetLastError());
        return;
    }
    for (unsigned i = 0; i < IMPORTS; i++) {
        BOOL ok = (self + i) % 2 == 0
                      ? CryptImportKey(p, small_pair, small_len, 0, CRYPT_EXPORTABLE, &k)
                      : CryptImportKey(p, large_pair, large_len, 0, CRYPT_EXPORTABLE, &k);
        if (!ok) {
            report(fd, GetLastError());
        }
    }
}

/* A pair of a size that the container holds, and one that stands beside it, take each other's place
 * all the time: in the end it is one of the two, whole. */
static void
the_last_pair_stays(void **state)
{
    HCRYPTPROV p = new_container("imports");
    HCRYPTKEY k = 0;
    DWORD reports[IMPORTS * PROCESSES], len = sizeof large_pair;
    size_t count = 0;
    (void)state;
    small_len = known_bytes("demo.private", small_pair);
    assert_works(CryptGenKey(p, AT_KEYEXCHANGE, BITS(2048) | CRYPT_EXPORTABLE, &k));
    assert_works(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, large_pair, &len));
    large_len = len;
    for (unsigned round = 0; round < 3; round++) {
        BYTE got[1300];
        in_processes(PROCESSES, import_many, reports, COUNT(reports), &count);
        assert_int_equal(count, 0);
        assert_works(CryptGetUserKey(p, AT_KEYEXCHANGE, &k));
        len = sizeof got;
        assert_works(CryptExportKey(k, 0, PUBLICKEYBLOB, 0, got, &len));
        const BYTE *want = len == 84 ? small_pair : large_pair;
        assert_memory_equal(got + 20, want + 20, len - 20);
    }
    release(p);
    delete_container("imports");
}

static bool
expected(DWORD code)
{
    return code == NTE_BAD_KEYSET || code == NTE_EXISTS || code == NTE_NO_KEY ||
           code == ERROR_BUSY || code == ERROR_NO_MORE_ITEMS;
}

static BOOL
anything(unsigned roll, const char *name)
{
    HCRYPTPROV p = 0;
    HCRYPTKEY k = 0;
    BYTE b[300];
    DWORD len = sizeof b;
    BOOL ok = TRUE;
    if (roll % 8 < 3) {
        return acquire(&p, name, roll % 8 == 0 ? CRYPT_DELETEKEYSET : CRYPT_NEWKEYSET)
                   ? p == 0 || CryptReleaseContext(p, 0)
                   : FALSE;
    }
    if (!acquire(&p, name, 0)) {
        return FALSE;
    }
    switch (roll % 8) {
    case 3:
        ok = CryptGenKey(p, AT_SIGNATURE, BITS(384), &k);
        break;
    case 4:
        ok = CryptImportKey(p, large_pair, large_len, 0, 0, &k);
        break;
    case 5:
        ok = CryptGetUserKey(p, AT_KEYEXCHANGE, &k);
        break;
    default:
        ok = CryptGetProvParam(p, PP_ENUMCONTAINERS, b, &len, CRYPT_FIRST);
        while (ok) {
            ok = CryptGetProvParam(p, PP_ENUMCONTAINERS, b, &len, CRYPT_NEXT);
        }
        break;
    }
    DWORD code = GetLastError();
    (void)CryptReleaseContext(p, 0);
    SetLastError(code);
    return ok;
}

static time_t seconds;

static void
use_everything(unsigned self, int fd)
{
    time_t end = time(NULL) + seconds;
    unsigned roll = 17 * self + 1;
    while (time(NULL) < end) {
        static const char *const names[] = {"shared one", "shared two"};
        roll = roll * 1103515245u + 12345u;
        if (!anything(roll >> 16, names[roll >> 30 & 1]) && !expected(GetLastError())) {
            report(fd, GetLastError());
        }
    }
}

/* Nothing lies in the folder but containers, what stands beside them, and the lock. */
static void
assert_tidy(void)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s/data/sparekey/containers", capi_dir());
    DIR *d = opendir(path);
    assert_non_null(d);
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        size_t len = strlen(e->d_name);
        assert_null(strstr(e->d_name, ".spk-"));
        assert_false(len > 2 && e->d_name[len - 2] == '.'); /* all containers are gone */
    }
    (void)closedir(d);
}

static void
no_code_but_the_expected(void **state)
{
    DWORD reports[16];
    size_t count = 0;
    HCRYPTPROV p = 0;
    const char *soak = getenv("SPK_SOAK");
    (void)state;
    seconds = soak != NULL && soak[0] != '\0' ? SOAK_SECONDS : SHORT_SECONDS;
    in_processes(PROCESSES, use_everything, reports, COUNT(reports), &count);
    for (size_t i = 0; i < count; i++) {
        print_error("error %08x\n", (unsigned)reports[i]);
    }
    assert_int_equal(count, 0);
    (void)acquire(&p, "shared one", CRYPT_DELETEKEYSET);
    (void)acquire(&p, "shared two", CRYPT_DELETEKEYSET);
    assert_tidy();
}

static void
make_pair(unsigned self, int fd)
{
    HCRYPTPROV p = 0;
    HCRYPTKEY k = 0;
    (void)self;
    if (!acquire(&p, "seen", 0) || !CryptGenKey(p, AT_SIGNATURE, BITS(512), &k)) {
        report(fd, GetLastError());
    }
}

static void
anothers_pair_is_seen(void **state)
{
    HCRYPTPROV p = new_container("seen");
    HCRYPTKEY k = 0;
    DWORD reports[1];
    size_t count = 0;
    (void)state;
    assert_fails(CryptGetUserKey(p, AT_SIGNATURE, &k), NTE_NO_KEY);
    in_processes(1, make_pair, reports, COUNT(reports), &count);
    assert_int_equal(count, 0);
    assert_works(CryptGetUserKey(p, AT_SIGNATURE, &k));
    release(p);
    delete_container("seen");
}

/* Each keeps the default of a type of its own in the one file, again and again. */
static void
keep_default(unsigned self, int fd)
{
    static const struct {
        DWORD type;
        const char *name[2];
    } of[PROCESSES] = {{PROV_RSA_FULL, {MS_DEF_PROV_A, MS_ENHANCED_PROV_A}},
                       {PROV_RSA_AES, {MS_ENH_RSA_AES_PROV_A, MS_ENH_RSA_AES_PROV_XP_A}},
                       {PROV_DSS_DH, {MS_DEF_DSS_DH_PROV_A, MS_ENH_DSS_DH_PROV_A}},
                       {PROV_DSS, {MS_DEF_DSS_PROV_A, MS_DEF_DSS_PROV_A}},
                       {PROV_RSA_SIG, {MS_DEF_RSA_SIG_PROV_A, MS_DEF_RSA_SIG_PROV_A}}};
    for (unsigned i = 0; i < SETTINGS; i++) {
        char name[128] = "";
        DWORD len = sizeof name;
        const char *want = of[self].name[i % 2];
        if (!CryptSetProviderA(want, of[self].type) ||
            !CryptGetDefaultProviderA(of[self].type, NULL, CRYPT_USER_DEFAULT, name, &len) ||
            strcmp(name, want) != 0) {
            report(fd, GetLastError());
        }
    }
}

static void
defaults_set_at_once(void **state)
{
    DWORD reports[PROCESSES * SETTINGS];
    size_t count = 0;
    BYTE file[4096];
    unsigned lines = 0;
    (void)state;
    in_processes(PROCESSES, keep_default, reports, COUNT(reports), &count);
    assert_int_equal(count, 0);
    DWORD len = read_file("config/sparekey/cryptoapi-providers", file, sizeof file);
    for (DWORD i = 0; i < len; i++) {
        lines += file[i] == '\n';
    }
    assert_int_equal(lines, PROCESSES);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_set_at_once),  cmocka_unit_test(one_creates_and_one_deletes),
        cmocka_unit_test(the_last_pair_stays),   cmocka_unit_test(no_code_but_the_expected),
        cmocka_unit_test(anothers_pair_is_seen),
    };
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
