/* SPDX-License-Identifier: Apache-2.0 */
/* Several processes at once, and processes killed at any moment: keys are never lost. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypto/rng.h"
#include "keystore/folder.h"
#include "kit.h"

#define KILLS 20
#define KILL_WITHIN_US 30000
#define CHILDREN 6
#define KX SPK_AT_KEYEXCHANGE
#define SIG SPK_AT_SIGNATURE

static void
sleep_us(unsigned us)
{
    const struct timespec t = {us / 1000000, (long)(us % 1000000) * 1000};
    (void)nanosleep(&t, NULL);
}

static void
random_pause(void)
{
    uint8_t r[2];
    assert_spk_ok(spk_random(SPK_MUT_OF(r)));
    sleep_us(spk_get_u16(r) % KILL_WITHIN_US);
}

/* In a child: no assert here, it would run the rest of the tests twice. */
static void
save_for_ever(const char *path, const char *name)
{
    for (unsigned i = 0;; i++) {
        SPK_AUTO(spk_keystore) ks = NULL;
        SPK_AUTO(spk_container) c = NULL;
        if (!spk_ok(spk_keystore_at(path, &ks)) || !spk_ok(spk_container_open(ks, name, &c)) ||
            !spk_ok(spk_container_set(c, KX, kit_pair(i % 2))) ||
            !spk_ok(spk_container_set(c, SIG, kit_pair(i % 2))) || !spk_ok(spk_container_save(c))) {
            _exit(1);
        }
    }
}

static void
rename_for_ever(const char *path, const char *a, const char *b)
{
    for (;;) {
        SPK_AUTO(spk_keystore) ks = NULL;
        if (!spk_ok(spk_keystore_at(path, &ks))) {
            _exit(1);
        }
        spk_err e = spk_container_rename(ks, a, b);
        if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
            _exit(1);
        }
        e = spk_container_rename(ks, b, a);
        if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
            _exit(1);
        }
    }
}

/* It must have lived until we killed it. */
static void
kill_child(pid_t pid)
{
    int status = 0;
    random_pause();
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void
test_kill_save(void **state)
{
    struct kit *k = *state;
    kit_save(k, "a", kit_pair(0), kit_pair(0), NULL);
    (void)kit_pair(1);
    for (unsigned i = 0; i < KILLS; i++) {
        SPK_AUTO(spk_container) c = NULL;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            save_for_ever(k->path, "a");
        }
        kill_child(pid);
        assert_spk_ok(spk_container_open(k->ks, "a", &c));
        assert_spk_ok(spk_container_unlock(c, NULL, NULL));
        assert_true(spk_rsa_is_pair(spk_container_key(c, KX)));
        /* Both pairs of one save. */
        assert_span_equal(spk_rsa_spki(spk_container_key(c, KX)),
                          spk_rsa_spki(spk_container_key(c, SIG)));
        assert_spk_ok(spk_container_save(c));
        assert_int_equal(kit_count(k), 1); /* no leftovers */
    }
}

static void
test_kill_rename(void **state)
{
    struct kit *k = *state;
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    for (unsigned i = 0; i < KILLS; i++) {
        SPK_AUTO(spk_container) c = NULL;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            rename_for_ever(k->path, "a", "b");
        }
        kill_child(pid);
        /* Whichever half was reached, doing it again ends with one file. */
        spk_err e = spk_container_rename(k->ks, "b", "a");
        assert_true(spk_ok(e) || e.code == SPK_CODE_NOTFOUND);
        assert_spk_ok(spk_container_open(k->ks, "a", &c));
        assert_spk_ok(spk_container_unlock(c, NULL, NULL));
        assert_int_equal(kit_count(k), 1);
    }
}

/* Exit status of a child: the code of its save. */
static void
create_and_save(const char *path, unsigned i, int start)
{
    SPK_AUTO(spk_keystore) ks = NULL;
    SPK_AUTO(spk_container) c = NULL;
    char byte = 0;
    if (!spk_ok(spk_keystore_at(path, &ks)) || !spk_ok(spk_container_create(ks, "same", &c)) ||
        !spk_ok(spk_container_set(c, KX, kit_pair(i % 4)))) {
        _exit(100);
    }
    (void)!read(start, &byte, 1); /* until all have found the name free */
    _exit((int)spk_container_save(c).code);
}

/* Two programs that make the same container at once: one of them does, the others are told. */
static void
test_create_at_once(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    pid_t pid[CHILDREN];
    int start[2];
    unsigned winner = CHILDREN;
    assert_int_equal(pipe(start), 0);
    for (unsigned i = 0; i < CHILDREN; i++) {
        (void)kit_pair(i % 4);
        pid[i] = fork();
        assert_true(pid[i] >= 0);
        if (pid[i] == 0) {
            (void)close(start[1]);
            create_and_save(k->path, i, start[0]);
        }
    }
    sleep_us(100000);
    (void)close(start[0]);
    (void)close(start[1]);
    for (unsigned i = 0; i < CHILDREN; i++) {
        int status = 0;
        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == SPK_CODE_OK) {
            assert_int_equal(winner, CHILDREN);
            winner = i;
        } else {
            assert_int_equal(WEXITSTATUS(status), SPK_CODE_EXISTS);
        }
    }
    assert_true(winner < CHILDREN);
    assert_spk_ok(spk_container_open(k->ks, "same", &c));
    assert_span_equal(spk_rsa_spki(spk_container_key(c, KX)), spk_rsa_spki(kit_pair(winner % 4)));
}

/* The second to save is told that what it read is not there any more; the first one's keys stay. */
static void
test_lost_update(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) one = NULL;
    SPK_AUTO(spk_container) two = NULL;
    SPK_AUTO(spk_container) now = NULL;
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    assert_spk_ok(spk_container_open(k->ks, "a", &one));
    assert_spk_ok(spk_container_open(k->ks, "a", &two));
    assert_spk_ok(spk_container_set(one, KX, kit_pair(2)));
    assert_spk_ok(spk_container_save(one));
    assert_spk_ok(spk_container_set(two, SIG, kit_pair(3)));
    assert_spk_code(spk_container_save(two), CHANGED);
    assert_spk_ok(spk_container_save(one)); /* it knows its own */
    assert_spk_ok(spk_container_open(k->ks, "a", &now));
    assert_span_equal(spk_rsa_spki(spk_container_key(now, KX)), spk_rsa_spki(kit_pair(2)));
    assert_span_equal(spk_rsa_spki(spk_container_key(now, SIG)), spk_rsa_spki(kit_pair(1)));
}

/* A pid of a child that holds the lock for so long: a shared one, which only an exclusive one
 * minds. */
static pid_t
hold_lock(const struct kit *k, unsigned ms)
{
    char *path = kit_file(k, ".lock");
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || flock(fd, LOCK_SH) != 0 || write(ready[1], "x", 1) != 1) {
            _exit(1);
        }
        sleep_us(ms * 1000);
        _exit(0);
    }
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    free(path);
    return pid;
}

static void
test_lock_waits(void **state)
{
    struct kit *k = *state;
    int status = 0;
    pid_t pid = hold_lock(k, 200);
    uint64_t start = spk_running_ms();
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    assert_true(spk_running_ms() - start >= 100);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void
test_lock_busy(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_container) c = NULL;
    int status = 0;
    kit_save(k, "a", kit_pair(0), kit_pair(1), NULL);
    pid_t pid = hold_lock(k, 60000);
    assert_spk_ok(spk_container_open(k->ks, "a", &c)); /* readers need none */
    uint64_t start = spk_running_ms();
    assert_spk_code(spk_container_save(c), BUSY);
    assert_true(spk_running_ms() - start >= SPK_KEYSTORE_LOCK_MS);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_spk_ok(spk_container_save(c)); /* whoever dies lets go of it */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_kill_save),   TEST(test_kill_rename), TEST(test_create_at_once),
        TEST(test_lost_update), TEST(test_lock_waits),  TEST(test_lock_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
