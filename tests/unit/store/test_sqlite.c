/* SPDX-License-Identifier: Apache-2.0 */
/* What only a store in a file has: durability, its schema number, one server at a time, and rows
 * that somebody edited by hand. */
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rows.h"

#include "base/file.h"

static char *dir, *path;

static int
setup(void **state)
{
    (void)state;
    dir = spk_test_dir();
    assert_spk_ok(spk_path_join(dir, "test.db", &path));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spk_mem_free(path);
    spk_test_dir_remove(dir);
    return 0;
}

static spk_err
try_open(bool exclusive, struct spk_store **ret_s)
{
    const struct spk_store_cfg cfg = {
        .path = path, .readers = 2, .exclusive = exclusive, .create = true};
    return spk_store_open("sqlite", &cfg, ret_s);
}

static void
edit(const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
    sqlite3_close(db);
}

/* Descriptors of this process on the database file. */
static unsigned
connections(void)
{
    unsigned n = 0;

    for (int fd = 0; fd < 256; fd++) {
        char name[32], target[4096];
        (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
        ssize_t len = readlink(name, target, sizeof(target) - 1);
        if (len > 0) {
            target[len] = 0;
            n += strcmp(target, path) == 0;
        }
    }
    return n;
}

/* A store of which a part could not be opened is not open: least of all without the part that moves
 * the log into the file, which nobody would miss before the disk is full. */
static void
test_all_of_it_or_nothing(void **state)
{
    (void)state;
    const struct rlimit all = {.rlim_cur = 256, .rlim_max = 256};
    struct spk_store *s = NULL;
    unsigned whole = 0, refused = 0;

    assert_spk_ok(try_open(true, &s));
    spk_store_free(s);
    for (unsigned n = 3; n < 40; n++) {
        const struct rlimit few = {.rlim_cur = n, .rlim_max = 256};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        spk_err e = try_open(true, &s);
        if (spk_ok(e)) {
            assert_int_equal(connections(), 4); /* a writer, two readers, the one that moves */
            spk_store_free(s);
        }
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
        whole += spk_ok(e);
        refused += !spk_ok(e);
    }
    assert_true(whole > 0 && refused > 0);
}

static void
test_survives_close(void **state)
{
    (void)state;
    struct spk_store *s = NULL;
    struct made m;
    struct spk_hash ann = hash_of("Ann");
    struct spk_deposit_row r = {0};
    struct stat st;

    assert_spk_ok(try_open(true, &s));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    uint64_t key = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    make_deposit(&m, key, &ann, 5, 1);
    put(s, &m);
    spk_store_free(s);
    assert_spk_ok(try_open(true, &s));
    assert_spk_ok(spk_store_deposit(s, key, &m.row.serial, &r));
    assert_spk_ok(spk_deposit_row_verify(&r));
    spk_deposit_row_clear(&r);
    spk_store_free(s);
}

static void
test_one_server(void **state)
{
    (void)state;
    struct spk_store *s = NULL, *second = NULL;

    assert_spk_ok(try_open(true, &s));
    assert_spk_code(try_open(true, &second), BUSY);
    assert_spk_ok(try_open(false, &second)); /* a tool beside the server is welcome */
    struct spk_hash t = hash_of("token");
    assert_spk_ok(spk_store_begin(second));
    assert_spk_ok(spk_store_put_token(second, &t, 100, 1));
    assert_spk_ok(spk_store_commit(second));
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_use_token(s, &t, 50));
    assert_spk_ok(spk_store_commit(s));
    spk_store_free(second);
    spk_store_free(s);
}

static void
test_refuses_what_is_not_ours(void **state)
{
    (void)state;
    struct spk_store *s = NULL;
    const struct spk_store_cfg cfg = {.path = path, .readers = 1};

    assert_spk_code(spk_store_open("oracle", &cfg, &s), USAGE);
    assert_spk_ok(spk_file_write(-100, path, SPK_SPAN_LIT("this is a text file, not a database"),
                                 0600, false));
    assert_spk_code(try_open(false, &s), FORMAT);
    assert_int_equal(unlink(path), 0);
    edit("CREATE TABLE theirs(x)");
    assert_spk_code(try_open(false, &s), FORMAT);
    assert_int_equal(unlink(path), 0);
    assert_spk_ok(try_open(false, &s));
    spk_store_free(s);
    edit("PRAGMA user_version = 6");
    assert_spk_code(try_open(false, &s), VERSION);
}

/* An entry without a row has its place in the log, and the next deposit comes behind it. */
static void
test_lost_places(void **state)
{
    (void)state;
    static struct spk_lost lost;
    uint8_t entry[SPK_LOST_ENTRY_LEN] = {1, 1};
    struct spk_log_hashes leaves;
    struct spk_hash ann = hash_of("Ann"), leaf;
    struct spk_store *s = NULL;
    struct made m;
    uint64_t n = 0;

    assert_spk_ok(try_open(true, &s));
    uint64_t key = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    make_deposit(&m, key, &ann, 1, 1);
    put(s, &m);
    assert_false(spk_ok(spk_store_put_lost(s, entry)));
    assert_spk_ok(spk_store_begin(s));
    for (uint8_t i = 0; i < 3; i++) {
        entry[2] = i;
        assert_spk_ok(spk_store_put_lost(s, entry));
    }
    assert_spk_ok(spk_store_commit(s));
    make_deposit(&m, key, &ann, 2, 1);
    put(s, &m);
    assert_spk_ok(spk_store_deposit_count(s, &n));
    assert_int_equal(n, 5);
    assert_spk_ok(spk_store_lost(s, 0, 5, &lost));
    assert_int_equal(lost.n, 3);
    assert_int_equal(lost.at[2].index, 3);
    assert_memory_equal(lost.at[2].entry, entry, sizeof(entry));
    assert_spk_ok(spk_store_lost(s, 2, 3, &lost));
    assert_int_equal(lost.n, 1);
    assert_spk_ok(spk_store_log_hashes(s, SPK_LOG_DEPOSITS, 0, 0, 256, &leaves));
    assert_int_equal(leaves.n, 5);
    const uint8_t mark = 0;
    const struct spk_span parts[] = {spk_span(&mark, 1), SPK_SPAN_OF(entry)};
    assert_spk_ok(spk_sha256_parts(parts, 2, &leaf));
    assert_memory_equal(leaves.h[3].b, leaf.b, sizeof(leaf.b));
    spk_store_free(s);
}

/* Where there is no store, or only an empty file, none is made unless that is asked for. */
static void
test_opens_only_what_is_there(void **state)
{
    (void)state;
    struct spk_store *s = NULL;
    const struct spk_store_cfg cfg = {.path = path, .readers = 1, .exclusive = true};

    assert_spk_code(spk_store_open("sqlite", &cfg, &s), NOTFOUND);
    assert_int_equal(access(path, F_OK), -1);
    assert_spk_ok(spk_file_write(-100, path, SPK_SPAN_EMPTY, 0600, false));
    assert_spk_code(spk_store_open("sqlite", &cfg, &s), FORMAT);
    assert_int_equal(unlink(path), 0);
    assert_spk_ok(try_open(false, &s));
    spk_store_free(s);
    assert_spk_ok(spk_store_open("sqlite", &cfg, &s));
    spk_store_free(s);
}

/* Stores of the first four versions: the same tables, but for what their successors added. */
static void
test_takes_over_an_older_store(void **state)
{
    (void)state;
    struct spk_store *s = NULL;
    struct made m;
    struct spk_hash ann = hash_of("Ann");
    struct spk_deposit_row r = {0};
    struct spk_proof_sums sums;

    assert_spk_ok(try_open(true, &s));
    uint64_t key = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    make_deposit(&m, key, &ann, 5, 1);
    put(s, &m);
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_set_checked(s, 1));
    assert_spk_ok(spk_store_commit(s));
    spk_store_free(s);
    for (int i = 0; i < 5; i++) {
        if (i < 4) {
            edit("DROP TABLE lost; PRAGMA user_version = 4");
        }
        if (i < 3) {
            edit("DROP TABLE proofs; DELETE FROM counters WHERE name = 'proven';"
                 "PRAGMA user_version = 3");
        }
        if (i < 2) {
            edit("DROP TABLE log_tile; DROP TABLE log_note; DROP TABLE log_entry;"
                 "PRAGMA user_version = 2");
        }
        if (i == 0) {
            edit("DROP INDEX deposit_serial; ALTER TABLE deposits DROP COLUMN again;"
                 "CREATE UNIQUE INDEX deposit_serial ON deposits(owner, serial, epoch);"
                 "PRAGMA user_version = 1");
        }
        assert_spk_ok(try_open(true, &s));
        assert_spk_ok(spk_store_deposit(s, key, &m.row.serial, &r));
        assert_spk_ok(spk_deposit_row_verify(&r));
        /* proven, but nobody knows when */
        assert_int_equal(r.state, SPK_DEPOSIT_CHECKED);
        assert_int_equal(r.proven, 0);
        spk_deposit_row_clear(&r);
        assert_spk_ok(spk_store_proof_sums(s, 0, &sums));
        assert_int_equal(sums.proven, 1);
        assert_int_equal(put(s, &m).what, SPK_PUT_DUPLICATE);
        assert_spk_ok(spk_store_begin(s));
        assert_spk_ok(spk_store_put_log_hash(s, SPK_LOG_DEPOSITS, 1, 0, &ann));
        assert_spk_ok(spk_store_commit(s));
        spk_store_free(s);
    }
}

static void
test_leaf_taken_out(void **state)
{
    (void)state;
    struct spk_hash ann = hash_of("Ann");
    struct spk_log_hashes got;
    struct spk_store *s = NULL;
    struct made m;

    assert_spk_ok(try_open(true, &s));
    uint64_t key = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    for (uint32_t i = 0; i < 3; i++) {
        make_deposit(&m, key, &ann, i, 1);
        put(s, &m);
    }
    edit("UPDATE deposits SET leaf = x'00' WHERE idx = 2");
    assert_spk_ok(spk_store_log_hashes(s, SPK_LOG_DEPOSITS, 0, 0, 2, &got));
    assert_spk_code(spk_store_log_hashes(s, SPK_LOG_DEPOSITS, 0, 0, 3, &got), CHANGED);
    edit("DELETE FROM deposits WHERE idx = 1");
    assert_spk_code(spk_store_log_hashes(s, SPK_LOG_DEPOSITS, 0, 0, 2, &got), CHANGED);
    spk_store_free(s);
}

static int
open_write_close(uint8_t who)
{
    struct spk_store *s = NULL;
    struct spk_hash token = {{who}};

    if (!spk_ok(try_open(false, &s))) {
        return 1;
    }
    bool good = spk_ok(spk_store_begin(s)) && spk_ok(spk_store_put_token(s, &token, 100, 1)) &&
                spk_ok(spk_store_commit(s));
    spk_store_free(s);
    return good ? 0 : 2;
}

/* Programs that meet at a file that is not there yet, and that the last of them folds up. */
static void
test_many_open_at_once(void **state)
{
    (void)state;
    for (int round = 0; round < 12; round++) {
        pid_t pids[6];
        for (uint8_t i = 0; i < 6; i++) {
            pids[i] = fork();
            if (pids[i] == 0) {
                _exit(open_write_close(i));
            }
        }
        for (int i = 0; i < 6; i++) {
            int status = -1;
            assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
            assert_int_equal(status, 0);
        }
        assert_int_equal(unlink(path), 0);
    }
}

/* Each edit of one column of one row, and nothing of the row is believed any more. */
static void
test_edited_by_hand(void **state)
{
    (void)state;
    static const char *const edits[] = {
        "UPDATE deposits SET owner = 2 WHERE idx = 0",
        "UPDATE deposits SET serial = x'00112233445566778899aabbccddeeff' WHERE idx = 0",
        "UPDATE deposits SET epoch = 9 WHERE idx = 0",
        "UPDATE deposits SET policy = 9 WHERE idx = 0",
        "UPDATE deposits SET time_ms = 9 WHERE idx = 0",
        "UPDATE deposits SET description = 'harmless' WHERE idx = 0",
        "UPDATE deposits SET oc = zeroblob(32) WHERE idx = 0",
        "UPDATE deposits SET leaf = zeroblob(32) WHERE idx = 0",
        "UPDATE deposits SET p = zeroblob(32) WHERE idx = 0",
        "UPDATE deposits SET rpub = zeroblob(200) WHERE idx = 0",
        "UPDATE deposits SET salt = zeroblob(32) WHERE idx = 0",
        "UPDATE deposits SET rpriv = zeroblob(80) WHERE idx = 0",
        "UPDATE deposits SET rpriv = x'' WHERE idx = 0",
        "UPDATE deposits SET rpriv = x'', salt = x'', sealed = zeroblob(80) WHERE idx = 0",
        "UPDATE deposits SET blob = zeroblob(64) WHERE idx = 0",
        "UPDATE deposits SET p = x'00' WHERE idx = 0",
        "UPDATE deposits SET oc = oc || x'00' WHERE idx = 0",
        "UPDATE deposits SET leaf = substr(leaf, 1, 31) WHERE idx = 0",
        "UPDATE deposits SET rpub = x'' WHERE idx = 0",
        "UPDATE deposits SET salt = x'00' WHERE idx = 0",
    };
    struct spk_hash ann = hash_of("Ann");

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        struct spk_store *s = NULL;
        struct made m;
        struct spk_deposit_row r = {0};
        assert_spk_ok(try_open(true, &s));
        uint64_t a = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
        uint64_t b = add_owner(s, "Bob", SPK_OWNER_ENROLLED);
        make_deposit(&m, a, &ann, 5, 1);
        put(s, &m);
        edit(edits[i]);
        struct spk_file_id moved = {{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99,
                                     0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}};
        if (!spk_ok(spk_store_deposit(s, a, &m.row.serial, &r)) &&
            !spk_ok(spk_store_deposit(s, a, &moved, &r))) {
            assert_spk_ok(spk_store_deposit(s, b, &m.row.serial, &r));
        }
        assert_spk_code(spk_deposit_row_verify(&r), CHANGED);
        spk_deposit_row_clear(&r);
        /* nor does it keep the true one out, once more */
        assert_int_equal(put(s, &m).what, SPK_PUT_NEW);
        assert_spk_ok(spk_store_deposit_at(s, 1, &r));
        assert_spk_ok(spk_deposit_row_verify(&r));
        spk_deposit_row_clear(&r);
        assert_int_equal(put(s, &m).what, SPK_PUT_DUPLICATE);
        spk_store_free(s);
        unlink(path);
    }
}

static spk_err
verify_row(void *arg, const struct spk_deposit_row *row)
{
    uint64_t *expect = arg;
    SPK_CHECK(row->index == *expect, CHANGED);
    ++*expect;
    return spk_deposit_row_verify(row);
}

/* Deposits until killed; each index is told only after commit. */
static void
child_deposits(int fd)
{
    struct spk_store *s = NULL;
    struct made m;
    struct spk_hash ann = hash_of("Ann");
    if (!spk_ok(try_open(true, &s))) {
        _exit(1);
    }
    struct spk_owner_row o = {0};
    if (!spk_ok(spk_store_owner(s, &ann, &o))) {
        _exit(2);
    }
    uint64_t n = 0;
    if (!spk_ok(spk_store_deposit_count(s, &n))) {
        _exit(3);
    }
    for (uint32_t i = (uint32_t)n;; i++) {
        make_deposit(&m, o.key, &ann, i, 1);
        struct spk_put_result r = put(s, &m);
        if (r.what != SPK_PUT_NEW || write(fd, &r.index, sizeof(r.index)) != sizeof(r.index)) {
            _exit(4);
        }
    }
}

static uint64_t
last_told(int fd, uint64_t last)
{
    uint64_t v = 0;
    while (read(fd, &v, sizeof(v)) == sizeof(v)) {
        last = v;
    }
    return last;
}

static void
test_kill_loses_nothing(void **state)
{
    (void)state;
    struct spk_store *s = NULL;
    uint64_t told = 0, n = 0;

    assert_spk_ok(try_open(true, &s));
    add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    spk_store_free(s);
    for (int round = 0; round < 5; round++) {
        int fds[2], status = 0;
        assert_int_equal(pipe(fds), 0);
        pid_t pid = fork();
        if (pid == 0) {
            close(fds[0]);
            child_deposits(fds[1]);
        }
        close(fds[1]);
        uint64_t first = 0;
        assert_int_equal(read(fds[0], &first, sizeof(first)), sizeof(first));
        assert_int_equal(first, n);
        usleep(1000 * (5 + 17 * (unsigned)round));
        kill(pid, SIGKILL);
        told = last_told(fds[0], first);
        close(fds[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_spk_ok(try_open(true, &s));
        assert_spk_ok(spk_store_deposit_count(s, &n));
        assert_true(n >= told + 1);
        struct spk_deposit_query q = {.limit = UINT64_MAX};
        struct spk_deposit_page page;
        uint64_t rows = 0;
        assert_spk_ok(spk_store_deposits(s, &q, verify_row, &rows, &page));
        assert_int_equal(page.rows, n);
        spk_store_free(s);
    }
}

struct load {
    struct spk_store *s;
    uint64_t key;
    uint32_t from;
    int failures;
};

static void *
writer_main(void *arg)
{
    struct load *l = arg;
    struct made m;
    struct spk_hash ann = hash_of("Ann");
    for (uint32_t i = 0; i < 50; i++) {
        make_deposit(&m, l->key, &ann, l->from + i, 1);
        put(l->s, &m);
    }
    return NULL;
}

static void *
reader_main(void *arg)
{
    struct load *l = arg;
    for (int i = 0; i < 30; i++) {
        struct spk_deposit_query q = {.limit = 1000};
        struct spk_deposit_page page;
        uint64_t expect = 0;
        if (!spk_ok(spk_store_deposits(l->s, &q, verify_row, &expect, &page))) {
            l->failures++;
        }
    }
    return NULL;
}

static void
test_many_threads(void **state)
{
    (void)state;
    struct load l[6] = {0};
    pthread_t t[6];
    uint64_t n = 0;
    struct spk_store *s = NULL;

    assert_spk_ok(try_open(true, &s));
    uint64_t key = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    for (unsigned i = 0; i < 6; i++) {
        l[i] = (struct load){.s = s, .key = key, .from = i * 1000};
        assert_int_equal(pthread_create(&t[i], NULL, i < 3 ? writer_main : reader_main, &l[i]), 0);
    }
    for (unsigned i = 0; i < 6; i++) {
        pthread_join(t[i], NULL);
        assert_int_equal(l[i].failures, 0);
    }
    assert_spk_ok(spk_store_deposit_count(s, &n));
    assert_int_equal(n, 150);
    spk_store_free(s);
}

static void
test_log_is_folded_in(void **state)
{
    (void)state;
    struct spk_store *s = NULL;
    struct made m;
    struct stat st = {0};
    struct spk_hash ann = hash_of("Ann");

    assert_spk_ok(try_open(true, &s));
    uint64_t key = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    for (uint32_t i = 0; i < 200; i++) {
        make_deposit(&m, key, &ann, i, 1);
        put(s, &m);
    }
    /* the checkpoint thread moves it into the file while the store is open */
    for (int i = 0; i < 50 && st.st_size < 100 * 1000; i++) {
        usleep(100 * 1000);
        assert_int_equal(stat(path, &st), 0);
    }
    assert_true(st.st_size >= 100 * 1000);
    spk_store_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_survives_close, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_server, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refuses_what_is_not_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(test_takes_over_an_older_store, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leaf_taken_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_open_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edited_by_hand, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kill_loses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log_is_folded_in, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_places, setup, teardown),
        cmocka_unit_test_setup_teardown(test_opens_only_what_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_of_it_or_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
