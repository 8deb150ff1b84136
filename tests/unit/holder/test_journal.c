/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: what is in it comes back, what a crash cut short is dropped, what was altered is
 * refused. */
#include "spk_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "holder/journal.h"

static char *dir;
static struct spk_secret *seed;
static struct spk_hash genesis = {{7}};

static int
setup(void **state)
{
    (void)state;
    dir = spk_test_dir();
    assert_spk_ok(spk_secret_from(SPK_SPAN_LIT("the seed of a holder is 32 bytes"), &seed));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spk_secret_free(seed);
    spk_test_dir_remove(dir);
    return 0;
}

static int
open_file(bool fresh)
{
    SPK_AUTO_STR char *path = NULL;

    assert_spk_ok(spk_path_join(dir, "journal", &path));
    int fd = open(path, O_RDWR | O_CLOEXEC | (fresh ? O_CREAT | O_TRUNC : 0), 0600);
    assert_true(fd >= 0);
    return fd;
}

static void
load(struct spk_buf *b)
{
    SPK_AUTO_STR char *path = NULL;

    spk_buf_reset(b);
    assert_spk_ok(spk_path_join(dir, "journal", &path));
    assert_spk_ok(spk_file_read(AT_FDCWD, path, b));
}

static void
store(struct spk_span s)
{
    int fd = open_file(true);

    assert_spk_ok(spk_pwrite_full(fd, s, 0));
    (void)close(fd);
}

static const char *const bodies[] = {"one", "", "three is a longer record than the others", "four"};
#define N_BODIES 4

static void
make(size_t n)
{
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;

    assert_spk_ok(spk_journal_start(open_file(true), seed, &genesis, &j));
    for (size_t i = 0; i < n; i++) {
        assert_spk_ok(spk_journal_append(&j, (uint16_t)(i + 1), spk_span_str(bodies[i])));
    }
}

static spk_err
visit(void *arg, uint16_t type, struct spk_span body)
{
    size_t *n = arg;

    assert_true(*n < N_BODIES);
    assert_int_equal(type, *n + 1);
    assert_span_equal(body, spk_span_str(bodies[*n]));
    (*n)++;
    return SPK_OK;
}

/* How many records come back; the code when it is refused. */
static spk_err
replay(bool repair, size_t *ret_n, struct spk_journal *ret_j)
{
    struct spk_journal_fault fault;
    size_t n = 0;

    const struct spk_journal_how how = {seed, &genesis, repair, visit, &n};
    spk_err e = spk_journal_open(open_file(false), &how, ret_j, &fault);
    assert_true(spk_ok(e) || e.code != SPK_CODE_AUTH || fault.what != NULL);
    *ret_n = n;
    return e;
}

static void
test_comes_back(void **state)
{
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE, again = SPK_JOURNAL_NONE;
    size_t n = 0;

    (void)state;
    make(3);
    assert_spk_ok(replay(true, &n, &j));
    assert_int_equal(n, 3);
    assert_spk_ok(spk_journal_append(&j, 4, spk_span_str(bodies[3])));
    assert_spk_ok(replay(true, &n, &again));
    assert_int_equal(n, 4);
}

static void
test_cut_in_the_last_record(void **state)
{
    SPK_AUTO_BUF struct spk_buf whole = SPK_BUF(65536);
    SPK_AUTO_BUF struct spk_buf now = SPK_BUF(65536);
    size_t n = 0, last = SPK_JOURNAL_REC_HEAD + strlen(bodies[3]) + SPK_JOURNAL_REC_MAC;

    (void)state;
    make(4);
    load(&whole);
    for (size_t cut = 1; cut <= last; cut++) {
        SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE, again = SPK_JOURNAL_NONE;
        store(spk_span(whole.ptr, whole.len - cut));
        assert_spk_ok(replay(true, &n, &j));
        assert_int_equal(n, 3);
        /* the rest is gone from the file, and the next record stands well */
        load(&now);
        assert_int_equal(now.len, whole.len - last);
        assert_spk_ok(spk_journal_append(&j, 4, spk_span_str(bodies[3])));
        assert_spk_ok(replay(true, &n, &again));
        assert_int_equal(n, 4);
    }
}

static void
test_only_looking_repairs_nothing(void **state)
{
    SPK_AUTO_BUF struct spk_buf whole = SPK_BUF(65536);
    SPK_AUTO_BUF struct spk_buf now = SPK_BUF(65536);
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;
    size_t n = 0;

    (void)state;
    make(4);
    load(&whole);
    store(spk_span(whole.ptr, whole.len - 5));
    assert_spk_ok(replay(false, &n, &j));
    assert_int_equal(n, 3);
    load(&now);
    assert_int_equal(now.len, whole.len - 5);
}

static void
test_flipped_anywhere(void **state)
{
    SPK_AUTO_BUF struct spk_buf whole = SPK_BUF(65536);
    size_t n = 0;

    (void)state;
    make(4);
    load(&whole);
    for (size_t i = 0; i < whole.len; i++) {
        for (unsigned bit = 0; bit < 8; bit += 7) {
            SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;
            whole.ptr[i] ^= (uint8_t)(1u << bit);
            store(spk_buf_span(&whole));
            assert_spk_code(replay(true, &n, &j), AUTH);
            whole.ptr[i] ^= (uint8_t)(1u << bit);
        }
    }
}

static void
test_cut_and_flipped(void **state)
{
    SPK_AUTO_BUF struct spk_buf whole = SPK_BUF(65536);
    size_t n = 0, last = SPK_JOURNAL_REC_HEAD + strlen(bodies[3]) + SPK_JOURNAL_REC_MAC;

    /* a torn record does not cover for an altered one before it */
    (void)state;
    make(4);
    load(&whole);
    for (size_t i = 0; i < whole.len - last; i += 5) {
        SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;
        whole.ptr[i] ^= 1;
        store(spk_span(whole.ptr, whole.len - 3));
        assert_spk_code(replay(true, &n, &j), AUTH);
        whole.ptr[i] ^= 1;
    }
}

static void
test_zeros_behind_are_a_torn_record(void **state)
{
    static const uint8_t zeros[4096];
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(65536);
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE, j2 = SPK_JOURNAL_NONE;
    size_t n = 0;

    (void)state;
    make(3);
    load(&b);
    assert_spk_ok(spk_buf_add(&b, SPK_SPAN_OF(zeros)));
    store(spk_buf_span(&b));
    assert_spk_ok(replay(true, &n, &j));
    assert_int_equal(n, 3);
    /* a record whose end never reached the disk */
    make(4);
    load(&b);
    memset(b.ptr + b.len - SPK_JOURNAL_REC_MAC - 2, 0, SPK_JOURNAL_REC_MAC + 2);
    store(spk_buf_span(&b));
    assert_spk_ok(replay(true, &n, &j2));
    assert_int_equal(n, 3);
}

/* Records that were never synced, of which the disk has the first bytes and then nothing: wherever
 * that begins, those before it stand. */
static void
test_zeros_from_anywhere_in_the_tail(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(65536);
    size_t n = 0, ends[N_BODIES + 1] = {SPK_JOURNAL_HEAD_LEN};

    (void)state;
    make(4);
    load(&b);
    for (size_t i = 0; i < N_BODIES; i++) {
        ends[i + 1] = ends[i] + SPK_JOURNAL_REC_HEAD + strlen(bodies[i]) + SPK_JOURNAL_REC_MAC;
    }
    for (size_t at = b.len - 1; at >= SPK_JOURNAL_HEAD_LEN; at--) {
        SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE, again = SPK_JOURNAL_NONE;
        size_t whole = 0;
        b.ptr[at] = 0;
        while (whole < N_BODIES && ends[whole + 1] <= at) {
            whole++;
        }
        store(spk_buf_span(&b));
        /* a final MAC of which something is there is an altered one */
        if (!spk_ct_zero(b.ptr + ends[whole + 1] - SPK_JOURNAL_REC_MAC, SPK_JOURNAL_REC_MAC)) {
            assert_spk_code(replay(true, &n, &j), AUTH);
            continue;
        }
        assert_spk_ok(replay(true, &n, &j));
        assert_int_equal(n, whole);
        assert_true(j.torn == b.len - ends[whole]);
        assert_spk_ok(spk_journal_append(&j, (uint16_t)(whole + 1), spk_span_str(bodies[whole])));
        assert_spk_ok(replay(true, &n, &again));
        assert_int_equal(n, whole + 1);
        assert_true(again.torn == 0);
    }
}

static void
test_zeros_in_the_middle_are_refused(void **state)
{
    static const uint8_t zeros[1 << 20];
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)2 << 20);
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;
    size_t n = 0, last = SPK_JOURNAL_REC_HEAD + strlen(bodies[3]) + SPK_JOURNAL_REC_MAC;

    (void)state;
    make(4);
    load(&b);
    memset(b.ptr + SPK_JOURNAL_HEAD_LEN, 0, b.len - SPK_JOURNAL_HEAD_LEN - last);
    store(spk_buf_span(&b));
    assert_spk_code(replay(true, &n, &j), AUTH);
    /* and more of them than can ever have waited for the disk */
    make(3);
    load(&b);
    assert_spk_ok(spk_buf_add(&b, SPK_SPAN_OF(zeros)));
    assert_spk_ok(spk_buf_add(&b, spk_span(zeros, 100)));
    store(spk_buf_span(&b));
    assert_spk_code(replay(true, &n, &j), AUTH);
}

static void
test_something_behind_is_refused(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(65536);
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;
    size_t n = 0;

    (void)state;
    make(3);
    load(&b);
    assert_spk_ok(spk_buf_str(&b, "something that is at least a head long"));
    store(spk_buf_span(&b));
    assert_spk_code(replay(true, &n, &j), AUTH);
}

static void
test_records_do_not_change_places(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(65536);
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE, j2 = SPK_JOURNAL_NONE;
    size_t n = 0, first = SPK_JOURNAL_HEAD_LEN,
           len = SPK_JOURNAL_REC_HEAD + strlen(bodies[0]) + SPK_JOURNAL_REC_MAC;

    (void)state;
    make(4);
    load(&b);
    /* leave the first out */
    memmove(b.ptr + first, b.ptr + first + len, b.len - first - len);
    store(spk_span(b.ptr, b.len - len));
    assert_spk_code(replay(true, &n, &j), AUTH);
    /* have it twice */
    make(1);
    load(&b);
    assert_spk_ok(spk_buf_reserve(&b, len));
    assert_spk_ok(spk_buf_add(&b, spk_span(b.ptr + first, len)));
    store(spk_buf_span(&b));
    assert_spk_code(replay(true, &n, &j2), AUTH);
}

static void
test_of_another_holder_or_policy(void **state)
{
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;
    SPK_AUTO(spk_secret) other = NULL;
    struct spk_journal_fault fault;
    const struct spk_hash other_genesis = {{8}};
    size_t n = 0;

    (void)state;
    make(2);
    assert_spk_ok(spk_secret_from(SPK_SPAN_LIT("another seed of a holder, 32 byt"), &other));
    const struct spk_journal_how by_other = {other, &genesis, true, visit, &n};
    const struct spk_journal_how under_other = {seed, &other_genesis, true, visit, &n};
    assert_spk_code(spk_journal_open(open_file(false), &by_other, &j, &fault), AUTH);
    assert_spk_code(spk_journal_open(open_file(false), &under_other, &j, &fault), AUTH);
    assert_int_equal(n, 0);
}

static void
test_empty_and_foreign_files(void **state)
{
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;
    size_t n = 0;

    (void)state;
    store(SPK_SPAN_EMPTY);
    assert_spk_code(replay(true, &n, &j), AUTH);
    store(SPK_SPAN_LIT(
        "SPKJRNL2 - not a journal of this version, but long enough to have a head of 88 bytes, and "
        "then some more"));
    assert_spk_code(replay(true, &n, &j), AUTH);
}

static void
test_full_disk_leaves_the_file_as_it_was(void **state)
{
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE, again = SPK_JOURNAL_NONE;
    SPK_AUTO_BUF struct spk_buf before = SPK_BUF(65536);
    SPK_AUTO_BUF struct spk_buf after = SPK_BUF(65536);
    struct rlimit old, small;
    size_t n = 0;

    (void)state;
    make(3);
    load(&before);
    assert_spk_ok(replay(true, &n, &j));
    /* the next record begins below the limit and ends above it */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = before.len + 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_spk_code(spk_journal_append(&j, 4, spk_span_str(bodies[3])), IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    load(&after);
    assert_span_equal(spk_buf_span(&after), spk_buf_span(&before));
    assert_false(j.broken);
    assert_spk_ok(spk_journal_append(&j, 4, spk_span_str(bodies[3])));
    assert_spk_ok(replay(true, &n, &again));
    assert_int_equal(n, 4);
}

static void
test_too_large(void **state)
{
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;
    static uint8_t body[SPK_JOURNAL_BODY_MAX + 1];
    size_t n = 0;

    (void)state;
    make(1);
    assert_spk_ok(replay(true, &n, &j));
    assert_spk_code(spk_journal_append(&j, 2, SPK_SPAN_OF(body)), LIMIT);
    assert_spk_ok(spk_journal_append(&j, 2, spk_span(body, SPK_JOURNAL_BODY_MAX)));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_comes_back),
        T(test_cut_in_the_last_record),
        T(test_only_looking_repairs_nothing),
        T(test_flipped_anywhere),
        T(test_cut_and_flipped),
        T(test_zeros_behind_are_a_torn_record),
        T(test_zeros_from_anywhere_in_the_tail),
        T(test_zeros_in_the_middle_are_refused),
        T(test_something_behind_is_refused),
        T(test_records_do_not_change_places),
        T(test_of_another_holder_or_policy),
        T(test_empty_and_foreign_files),
        T(test_full_disk_leaves_the_file_as_it_was),
        T(test_too_large),
    };

    (void)signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
