/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spk_test.h"

/* AddressSanitizer makes mlock() do nothing. */
#if defined(__SANITIZE_ADDRESS__)
#define LOCKS false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOCKS false
#endif
#endif
#ifndef LOCKS
#define LOCKS true
#endif

static void
test_copies(void **state)
{
    SPK_AUTO(spk_secret) a = NULL;
    SPK_AUTO(spk_secret) b = NULL;

    (void)state;
    assert_spk_ok(spk_secret_from(SPK_SPAN_LIT("correct horse"), &a));
    assert_spk_ok(spk_secret_dup(a, &b));
    assert_int_equal(spk_secret_len(b), 13);
    assert_true(spk_secret_eq(a, b));
    assert_ptr_not_equal(spk_secret_span(a).ptr, spk_secret_span(b).ptr);
    spk_secret_mut(b).ptr[12] ^= 1;
    assert_false(spk_secret_eq(a, b));
    spk_secret_mut(b).ptr[12] ^= 1;
    spk_secret_truncate(b, 7);
    assert_int_equal(spk_secret_len(b), 7);
    assert_span_equal(spk_secret_span(b), SPK_SPAN_LIT("correct"));
    assert_true(spk_ct_zero(spk_secret_span(b).ptr + 7, 6));
    assert_false(spk_secret_eq(a, b));
    spk_secret_truncate(b, 100); /* never longer */
    assert_int_equal(spk_secret_len(b), 7);
}

static void
test_lengths(void **state)
{
    static const size_t lens[] = {1, 32, 63, 64, 65, 4096, 4097, SPK_SECRET_MAX};
    struct spk_secret *none = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        SPK_AUTO(spk_secret) s = NULL;
        assert_spk_ok(spk_secret_new(lens[i], &s));
        assert_true(spk_ct_zero(spk_secret_span(s).ptr, lens[i]));
        memset(spk_secret_mut(s).ptr, 0xff, lens[i]);
    }
    assert_spk_code(spk_secret_new(0, &none), USAGE);
    assert_spk_code(spk_secret_new(SPK_SECRET_MAX + 1, &none), LIMIT);
    assert_null(none);
    spk_secret_free(NULL);
}

/* A freed slot comes back as zeros, and no two live secrets overlap. */
static void
test_reuse_is_wiped(void **state)
{
    enum { N = 300 };
    struct spk_secret *s[N];

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < N; i++) {
            assert_spk_ok(spk_secret_new(32, &s[i]));
            assert_true(spk_ct_zero(spk_secret_span(s[i]).ptr, 32));
            memset(spk_secret_mut(s[i]).ptr, (int)(i % 255) + 1, 32);
        }
        for (size_t i = 0; i < N; i++) {
            const uint8_t *p = spk_secret_span(s[i]).ptr;
            assert_int_equal(p[0], (i % 255) + 1);
            assert_int_equal(p[31], (i % 255) + 1);
            spk_secret_free(s[i]);
            assert_true(spk_ct_zero(p, 32)); /* the page stays mapped */
        }
    }
}

static void *
churn(void *arg)
{
    int *fails = arg;

    for (unsigned i = 0; i < 20000; i++) {
        SPK_AUTO(spk_secret) s = NULL;
        if (!spk_ok(spk_secret_new(1 + i % 64, &s)) ||
            !spk_ct_zero(spk_secret_span(s).ptr, spk_secret_len(s))) {
            (*fails)++;
            return NULL;
        }
        memset(spk_secret_mut(s).ptr, 0x5a, spk_secret_len(s));
    }
    return NULL;
}

static void
test_threads(void **state)
{
    pthread_t t[4];
    int fails[4] = {0};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, churn, &fails[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
        assert_int_equal(fails[i], 0);
    }
}

/* The line "VmFlags:" of the mapping that holds p; empty when the kernel does not tell. */
static void
vm_flags(const void *p, char *ret_flags, size_t cap)
{
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[1000];
    bool here = false;

    ret_flags[0] = 0;
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        uintptr_t from, to;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2) {
            here = (uintptr_t)p >= from && (uintptr_t)p < to;
        } else if (here && strncmp(line, "VmFlags:", 8) == 0) {
            (void)snprintf(ret_flags, cap, "%s", line + 8);
        }
    }
    if (f != NULL) {
        assert_int_equal(fclose(f), 0);
    }
}

static void
test_not_dumped(void **state)
{
    static const size_t lens[] = {32, 5000};
    char flags[1000];

    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        SPK_AUTO(spk_secret) s = NULL;
        assert_spk_ok(spk_secret_new(lens[i], &s));
        vm_flags(spk_secret_span(s).ptr, flags, sizeof(flags));
        if (flags[0] == 0) {
            skip();
        }
        assert_non_null(strstr(flags, " dd"));
        if (LOCKS && spk_secret_unlocked() == 0) {
            assert_non_null(strstr(flags, " lo"));
        }
    }
}

/* Without the right to lock memory, secrets work and are counted. */
static int
unlockable(void)
{
    const struct rlimit none = {0, 0};
    struct spk_secret *s = NULL;
    size_t before = spk_secret_unlocked();

    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0)) {
        return 1;
    }
    if (!spk_ok(spk_secret_from(SPK_SPAN_OF((uint8_t[5000]){1}), &s))) {
        return 2;
    }
    size_t counted = spk_secret_unlocked() - before;
    bool right = spk_secret_span(s).ptr[0] == 1 && spk_secret_len(s) == 5000;
    spk_secret_free(s);
    return counted < 5000 ? 3 : !right ? 4 : 0;
}

static void
test_lock_refused(void **state)
{
    int status = -1;

    (void)state;
    if (!LOCKS) {
        skip();
    }
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(unlockable());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void
test_wipe_on_exit(void **state)
{
    uint8_t outer[16];

    (void)state;
    memset(outer, 0xff, sizeof(outer));
    {
        SPK_WIPE_ON_EXIT(outer);
        assert_int_equal(outer[15], 0xff);
    }
    assert_true(spk_ct_zero(outer, sizeof(outer)));
    spk_wipe(NULL, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies),         cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_reuse_is_wiped), cmocka_unit_test(test_threads),
        cmocka_unit_test(test_wipe_on_exit),   cmocka_unit_test(test_not_dumped),
        cmocka_unit_test(test_lock_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
