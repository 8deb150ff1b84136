/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed copies: any k officers open one, fewer cannot, and nothing in it can be changed or
 * exchanged. */
#include "world.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "holder/depositlog.h"
#include "holder/logstate.h"
#include "holder/uselog.h"

struct copied {
    struct spk_buf file;
    struct spk_buf shares[SPK_OFFICERS_MAX];
    struct spk_copy_to to;
};

static struct world *w;
static struct copied c;

/* Officer of each recipient, by his seal key. */
static struct spk_secret *
seal_of(size_t i)
{
    for (size_t k = 0; k < WORLD_OFFICERS; k++) {
        if (memcmp(w->policy.officers[k].seal, c.to.officer[i]->seal, 32) == 0) {
            return w->seal[k];
        }
    }
    fail();
    return NULL;
}

static int
setup(void **state)
{
    (void)state;
    w = spk_calloc(1, sizeof(*w));
    assert_non_null(w);
    world_new(w, NULL);
    c.file = SPK_BUF(SPK_COPY_MAX);
    for (size_t i = 0; i < SPK_OFFICERS_MAX; i++) {
        c.shares[i] = SPK_BUF(SPK_SHARE_FILE_MAX);
    }
    spk_copy_recipients(spk_state_policy(w->h->state), &c.to);
    const struct spk_copy_from from = {w->keys, w->h->state, SPK_SPAN_LIT("")};
    assert_spk_ok(spk_copy_make(&from, &c.to, 3, &c.file, c.shares));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spk_buf_free(&c.file);
    for (size_t i = 0; i < SPK_OFFICERS_MAX; i++) {
        spk_buf_free(&c.shares[i]);
    }
    world_free(w);
    spk_mem_free(w);
    return 0;
}

static struct spk_secret *
share(size_t i)
{
    struct spk_secret *s = NULL;
    struct spk_share parsed;

    assert_spk_ok(spk_share_parse(spk_buf_span(&c.shares[i]), &parsed));
    assert_spk_ok(spk_share_open(&parsed, seal_of(i), &s));
    return s;
}

static spk_err
open_with(struct spk_span file, size_t a, size_t b, size_t d, struct spk_copied *ret)
{
    struct spk_copy_head h;
    struct spk_secret *s[3] = {share(a), share(b), share(d)};
    spk_err e = spk_copy_parse(file, &h);

    if (spk_ok(e)) {
        e = spk_copy_open(&h, s, ret);
    }
    for (size_t i = 0; i < 3; i++) {
        spk_secret_free(s[i]);
    }
    return e;
}

static void
test_one_share_a_person(void **state)
{
    (void)state;
    assert_int_equal(c.to.n, 4); /* carol has two keys, and one share */
}

static void
test_any_three_of_four(void **state)
{
    static const size_t sets[][3] = {{0, 1, 2}, {0, 1, 3}, {3, 2, 0}, {1, 2, 3}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct spk_copied in = {.plain = SPK_BUF(0)};
        assert_spk_ok(open_with(spk_buf_span(&c.file), sets[i][0], sets[i][1], sets[i][2], &in));
        assert_int_equal(in.keys->n, 1);
        assert_true(spk_secret_eq(in.keys->seed, w->keys->seed));
        assert_true(
            spk_hash_eq(spk_rsa_id(in.keys->epoch[0].pair), spk_rsa_id(w->keys->epoch[0].pair)));
        assert_string_equal(in.keys->vkey.name, w->keys->vkey.name);
        assert_int_equal(in.n_policies, 1);
        assert_span_equal(in.policies[0], spk_buf_span(&w->genesis));
        spk_copied_free(&in);
    }
}

static void
test_a_wrong_share(void **state)
{
    struct spk_copy_head h;
    struct spk_copied in = {.plain = SPK_BUF(0)};
    struct spk_secret *s[3] = {share(0), share(1), share(2)};

    (void)state;
    assert_spk_ok(spk_copy_parse(spk_buf_span(&c.file), &h));
    assert_spk_ok(spk_copy_share_fits(&h, s[1]));
    spk_secret_mut(s[1]).ptr[9] ^= 1;
    assert_spk_code(spk_copy_share_fits(&h, s[1]), AUTH); /* named before anything is joined */
    assert_spk_code(spk_copy_open(&h, s, &in), AUTH);
    spk_secret_mut(s[1]).ptr[9] ^= 1;
    spk_secret_mut(s[1]).ptr[0] = 77;
    assert_spk_code(spk_copy_share_fits(&h, s[1]), AUTH);
    for (size_t i = 0; i < 3; i++) {
        spk_secret_free(s[i]);
    }
}

static void
test_two_are_not_enough(void **state)
{
    struct spk_copied in = {.plain = SPK_BUF(0)};

    (void)state;
    assert_spk_code(open_with(spk_buf_span(&c.file), 0, 1, 1, &in), FORMAT);
    c.file.ptr[8 + 2 + 16 + 32 + 4 + 32] = 2; /* k says two now */
    assert_spk_code(open_with(spk_buf_span(&c.file), 0, 1, 2, &in), AUTH);
}

static void
test_every_byte_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < c.file.len; i += i < 300 ? 1 : 97) {
        struct spk_copied in = {.plain = SPK_BUF(0)};
        c.file.ptr[i] ^= 1;
        assert_true(open_with(spk_buf_span(&c.file), 0, 1, 2, &in).code != SPK_CODE_OK);
        c.file.ptr[i] ^= 1;
    }
    for (size_t len = 0; len < c.file.len; len += len < 300 ? 1 : 97) {
        struct spk_copied in = {.plain = SPK_BUF(0)};
        assert_true(open_with(spk_span(c.file.ptr, len), 0, 1, 2, &in).code != SPK_CODE_OK);
    }
}

static void
test_of_another_copy(void **state)
{
    struct copied first = c;
    struct spk_copied in = {.plain = SPK_BUF(0)};
    const struct spk_copy_from from = {w->keys, w->h->state, SPK_SPAN_LIT("")};

    (void)state;
    c.file = SPK_BUF(SPK_COPY_MAX);
    for (size_t i = 0; i < SPK_OFFICERS_MAX; i++) {
        c.shares[i] = SPK_BUF(SPK_SHARE_FILE_MAX);
    }
    assert_spk_ok(spk_copy_make(&from, &c.to, 3, &c.file, c.shares));
    assert_spk_code(open_with(spk_buf_span(&first.file), 0, 1, 2, &in), AUTH);
    spk_buf_free(&first.file);
    for (size_t i = 0; i < SPK_OFFICERS_MAX; i++) {
        spk_buf_free(&first.shares[i]);
    }
}

static void
test_bounds_of_k(void **state)
{
    const struct spk_copy_from from = {w->keys, w->h->state, SPK_SPAN_LIT("")};
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_COPY_MAX);

    (void)state;
    assert_spk_code(spk_copy_make(&from, &c.to, 1, &b, c.shares), LIMIT);
    assert_spk_code(spk_copy_make(&from, &c.to, 5, &b, c.shares), LIMIT);
}

/* -- Opened into a folder
 * ---------------------------------------------------------------------------- */

static int
new_folder(void)
{
    assert_int_equal(mkdirat(w->dirfd, "new", 0700), 0);
    int fd = openat(w->dirfd, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void
test_restore(void **state)
{
    struct spk_copied in = {.plain = SPK_BUF(0)};
    SPK_AUTO_FD int fd = new_folder();
    SPK_AUTO_BUF struct spk_buf log = SPK_BUF(SPK_USELOG_MAX);
    SPK_AUTO(spk_holder) h = NULL;

    (void)state;
    assert_spk_ok(open_with(spk_buf_span(&c.file), 0, 1, 2, &in));
    assert_spk_ok(spk_folder_restore(fd, &in, -1, "opened by three", NULL));
    assert_spk_ok(spk_uselog_read(fd, &log));
    assert_non_null(memmem(log.ptr, log.len, "opened by three", 15));
    assert_spk_ok(spk_holder_open(fd, NULL, &h));
    assert_int_equal(h->state->n_requests, 0);
    assert_true(spk_logs_begun(h->state)); /* so that nothing is released without an entry */
    assert_int_equal(spk_logs_size(h->state, SPK_LOG_RECOVERIES), 0);
    spk_copied_free(&in);
}

/* The denials of the old holder come along, and its use.log goes on. */
static void
test_restore_with_the_old_state(void **state)
{
    struct spk_copied in = {.plain = SPK_BUF(0)};
    SPK_AUTO_FD int fd = new_folder();
    SPK_AUTO_BUF struct spk_buf log = SPK_BUF(SPK_USELOG_MAX);
    SPK_AUTO(spk_holder) h = NULL;

    (void)state;
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, &w->ask, CAROL, false, NULL), SPK_FRAME_OK);
    assert_spk_ok(spk_uselog_add(&log, w->keys, "copy", "the copy", 100));
    assert_spk_ok(spk_uselog_write(w->dirfd, &log));
    assert_spk_ok(open_with(spk_buf_span(&c.file), 0, 1, 2, &in));
    assert_spk_ok(spk_folder_restore(fd, &in, w->dirfd, "opened by three", NULL));
    assert_spk_ok(spk_holder_open(fd, NULL, &h));
    assert_int_equal(h->state->n_uses, 2);
    assert_true(spk_state_request(h->state, &w->ask.hash)->denied);
    spk_copied_free(&in);
}

/* 5, as far as the journal of the old folder knows; 9, as its file does. */
static void
old_log(void)
{
    struct spk_logat at = {.size = 5, .root = {{1}}};

    w->h->unmarked = SPK_DEPOSITLOG_MARK - 1;
    assert_spk_ok(spk_depositlog_advance(w->h, &at)); /* with a mark */
    at.size = 9;
    assert_spk_ok(spk_depositlog_advance(w->h, &at));
}

/* The size at which the log goes on in a restored folder. */
static uint64_t
restored_log(void)
{
    struct spk_copied in = {.plain = SPK_BUF(0)};
    SPK_AUTO_FD int fd = new_folder();
    SPK_AUTO(spk_holder) h = NULL;

    assert_spk_ok(open_with(spk_buf_span(&c.file), 0, 1, 2, &in));
    assert_spk_ok(spk_folder_restore(fd, &in, w->dirfd, "opened by three", NULL));
    assert_spk_ok(spk_holder_open(fd, NULL, &h));
    spk_copied_free(&in);
    return h->state->logs.deposits;
}

static void
test_restore_takes_the_log_along(void **state)
{
    (void)state;
    old_log();
    assert_int_equal(restored_log(), 9);
}

/* The way out when the file is lost: officers agree, and use.log tells. */
static void
test_restore_without_the_file(void **state)
{
    (void)state;
    old_log();
    assert_int_equal(unlinkat(w->dirfd, "logs", 0), 0);
    assert_int_equal(restored_log(), 5);
}

/* Where anything is wrong with what should come along, there is no folder that a holder starts on:
 * it would have forgotten a denial, and that a copy was opened. */
static void
test_restore_is_all_or_nothing(void **state)
{
    struct spk_copied in = {.plain = SPK_BUF(0)};
    SPK_AUTO_FD int fd = new_folder();
    SPK_AUTO_BUF struct spk_buf journal = SPK_BUF(1 << 20);
    struct spk_holder *h = NULL;

    (void)state;
    assert_spk_ok(open_with(spk_buf_span(&c.file), 0, 1, 2, &in));
    world_stop(w);
    assert_spk_ok(spk_file_read(w->dirfd, "journal", &journal));
    journal.ptr[200] ^= 1;
    assert_spk_ok(spk_file_write(w->dirfd, "journal", spk_buf_span(&journal), 0600, true));
    assert_spk_code(spk_folder_restore(fd, &in, w->dirfd, "opened by three", NULL), AUTH);
    assert_true(spk_holder_open(fd, NULL, &h).code != SPK_CODE_OK);
    assert_int_equal(faccessat(fd, "holder.key", F_OK, 0), -1);
    spk_copied_free(&in);
}

/* -- Share files
 * ------------------------------------------------------------------------------------- */

static void
test_share_is_for_one_officer(void **state)
{
    struct spk_share s;
    SPK_AUTO(spk_secret) got = NULL;

    (void)state;
    assert_spk_ok(spk_share_parse(spk_buf_span(&c.shares[0]), &s));
    assert_string_equal(s.officer, "officer/alice");
    assert_int_equal(s.k, 3);
    assert_int_equal(s.n, 4);
    assert_true(spk_hash_eq(&s.genesis, &w->keys->genesis));
    assert_spk_code(spk_share_open(&s, seal_of(1), &got), NOKEY);
}

static void
test_share_passed_on(void **state)
{
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(SPK_SHARE_FILE_MAX);
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(SPK_SHARE_FILE_MAX);
    SPK_AUTO(spk_secret) transport = NULL;
    SPK_AUTO(spk_secret) got = NULL;
    SPK_AUTO(spk_secret) want = share(0);
    struct spk_share s;
    uint8_t pub[32];

    (void)state;
    assert_spk_ok(spk_secret_from(SPK_SPAN_LIT("a transport key of 32 bytes long"), &transport));
    assert_spk_ok(spk_x25519_public(transport, pub));
    assert_spk_code(spk_share_pass_on(spk_buf_span(&c.shares[0]), seal_of(1), pub, &out), NOKEY);
    assert_spk_ok(spk_share_pass_on(spk_buf_span(&c.shares[0]), seal_of(0), pub, &out));
    assert_spk_ok(spk_share_parse(spk_buf_span(&out), &s));
    assert_int_equal(s.kind, SPK_SHARE_PASSED_ON);
    assert_spk_ok(spk_share_open(&s, transport, &got));
    assert_true(spk_secret_eq(got, want));
    /* what was passed on is not passed on again */
    assert_spk_code(spk_share_pass_on(spk_buf_span(&out), transport, pub, &again), FORMAT);
}

static void
test_every_byte_of_a_share_counts(void **state)
{
    struct spk_buf *b = &c.shares[0];

    (void)state;
    for (size_t i = 0; i < b->len; i++) {
        struct spk_share s;
        SPK_AUTO(spk_secret) got = NULL;
        b->ptr[i] ^= 1;
        assert_false(spk_ok(spk_share_parse(spk_buf_span(b), &s)) &&
                     spk_ok(spk_share_open(&s, seal_of(0), &got)));
        b->ptr[i] ^= 1;
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_one_share_a_person),
        T(test_any_three_of_four),
        T(test_a_wrong_share),
        T(test_two_are_not_enough),
        T(test_every_byte_counts),
        T(test_of_another_copy),
        T(test_bounds_of_k),
        T(test_restore),
        T(test_restore_with_the_old_state),
        T(test_restore_takes_the_log_along),
        T(test_restore_without_the_file),
        T(test_restore_is_all_or_nothing),
        T(test_share_is_for_one_officer),
        T(test_share_passed_on),
        T(test_every_byte_of_a_share_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
