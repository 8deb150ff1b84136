/* SPDX-License-Identifier: Apache-2.0 */
/* How far the deposits log was signed, across crashes and lost files (doc/spec/holder-state.md §4).
 */
#include "logworld.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/rng.h"
#include "holder/depositlog.h"

#define SECTOR SPK_LOGSFILE_SECTOR
#define SLOT SPK_LOGSFILE_SLOT

static int
setup(void **state)
{
    static struct world w;

    world_new(&w, NULL);
    logs_begin(&w);
    *state = &w;
    return 0;
}

static int
teardown(void **state)
{
    logs_end();
    world_free(*state);
    return 0;
}

static struct spk_logat
at(uint64_t size)
{
    struct spk_logat a = {.size = size};

    memset(a.root.b, (int)(size & 0xff), SPK_HASH_LEN);
    return a;
}

static void
image_read(const struct world *w, uint8_t image[SPK_LOGSFILE_LEN])
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_LOGSFILE_LEN);

    assert_spk_ok(spk_file_read(w->dirfd, "logs", &b));
    assert_int_equal(b.len, SPK_LOGSFILE_LEN);
    memcpy(image, b.ptr, b.len);
}

static void
image_write(const struct world *w, const uint8_t *image, size_t len)
{
    int fd = openat(w->dirfd, "logs", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_spk_ok(spk_pwrite_full(fd, spk_span(image, len), 0));
    assert_int_equal(close(fd), 0);
}

/* The size that the file speaks of, or 0 when it is refused. */
static uint64_t
file_size(const struct world *w)
{
    SPK_AUTO_LOGSFILE f = SPK_LOGSFILE_NONE;
    struct spk_logat a;
    spk_err e = spk_logsfile_open(w->dirfd, w->keys, &f, &a);

    if (!spk_ok(e)) {
        assert_int_equal(e.code, SPK_CODE_AUTH);
        return 0;
    }
    const struct spk_logat all = at(a.size);
    assert_true(spk_hash_eq(&a.root, &all.root));
    return a.size;
}

/* -- the file ---------------------------------------------------------------------------------- */

/* A file that has been at 21, then at 22: before and after that last step. */
static void
two_steps(const struct world *w, uint8_t before[SPK_LOGSFILE_LEN], uint8_t after[SPK_LOGSFILE_LEN])
{
    SPK_AUTO_LOGSFILE f = SPK_LOGSFILE_NONE;
    struct spk_logat a = at(20);

    assert_spk_ok(spk_logsfile_make(w->dirfd, w->keys, &a, true));
    assert_spk_ok(spk_logsfile_open(w->dirfd, w->keys, &f, &a));
    assert_false(f.torn);
    a = at(21);
    assert_spk_ok(spk_logsfile_put(&f, &a));
    image_read(w, before);
    a = at(22);
    assert_spk_ok(spk_logsfile_put(&f, &a));
    image_read(w, after);
    assert_int_equal(f.sequence, 3); /* in the second slot, where 20 was */
    assert_memory_equal(before, after, SECTOR);
}

static void
test_slots_take_turns(void **state)
{
    const struct world *w = *state;
    struct spk_logat a = at(1);

    assert_spk_ok(spk_logsfile_make(w->dirfd, w->keys, &a, true));
    for (uint64_t n = 2; n < 40; n++) {
        SPK_AUTO_LOGSFILE f = SPK_LOGSFILE_NONE;
        struct stat st;
        assert_spk_ok(spk_logsfile_open(w->dirfd, w->keys, &f, &a));
        assert_int_equal(a.size, n - 1);
        a = at(n);
        assert_spk_ok(spk_logsfile_put(&f, &a));
        assert_int_equal(fstat(f.fd, &st), 0);
        assert_int_equal(st.st_size, SPK_LOGSFILE_LEN);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    assert_int_equal(file_size(w), 39);
}

/* Cut after each byte, with what was there before behind it, or with zeros. */
static void
test_torn_at_every_byte(void **state)
{
    const struct world *w = *state;
    uint8_t before[SPK_LOGSFILE_LEN], after[SPK_LOGSFILE_LEN], torn[SPK_LOGSFILE_LEN];

    two_steps(w, before, after);
    for (size_t cut = 0; cut <= SLOT; cut++) {
        memcpy(torn, before, sizeof(torn));
        memcpy(torn + SECTOR, after + SECTOR, cut);
        bool whole = memcmp(torn + SECTOR, after + SECTOR, SLOT) == 0;
        image_write(w, torn, sizeof(torn));
        assert_int_equal(file_size(w), whole ? 22 : 21);
        memset(torn + SECTOR + cut, 0, SLOT - cut);
        whole = memcmp(torn + SECTOR, after + SECTOR, SLOT) == 0;
        image_write(w, torn, sizeof(torn));
        assert_int_equal(file_size(w), whole ? 22 : 21);
    }
    assert_int_equal(file_size(w), 22);
}

static void
test_altered_at_every_byte(void **state)
{
    const struct world *w = *state;
    uint8_t before[SPK_LOGSFILE_LEN], image[SPK_LOGSFILE_LEN];

    two_steps(w, before, image);
    for (size_t i = 0; i < SLOT; i++) {
        image[SECTOR + i] ^= 1;
        image_write(w, image, sizeof(image));
        assert_int_equal(file_size(w), 21);
        image[i] ^= 1; /* both */
        image_write(w, image, sizeof(image));
        assert_int_equal(file_size(w), 0);
        image[SECTOR + i] ^= 1; /* the older one alone */
        image_write(w, image, sizeof(image));
        assert_int_equal(file_size(w), 22);
        image[i] ^= 1;
    }
}

static void
test_foreign_files(void **state)
{
    const struct world *w = *state;
    uint8_t before[SPK_LOGSFILE_LEN], image[SPK_LOGSFILE_LEN + 1] = {0};
    SPK_AUTO(spk_secret) seed = NULL;
    SPK_AUTO(spk_keys) k = spk_calloc(1, sizeof(*k));
    struct spk_hash other = w->keys->genesis;
    struct spk_logat a = at(9);

    two_steps(w, before, image);
    image_write(w, image, sizeof(before) - 1);
    assert_int_equal(file_size(w), 0);
    image_write(w, image, sizeof(image));
    assert_int_equal(file_size(w), 0);
    memcpy(image, before + SECTOR, SLOT); /* each in the other's place */
    memcpy(image + SECTOR, before, SLOT);
    image_write(w, image, sizeof(before));
    assert_int_equal(file_size(w), 0);
    /* of another seed, and of the same under another policy */
    assert_non_null(k);
    assert_spk_ok(spk_secret_random(32, &seed));
    assert_spk_ok(spk_keys_identity(k, SPK_SPAN_LIT("authority.example"), &other, seed));
    assert_spk_ok(spk_logsfile_make(w->dirfd, k, &a, true));
    assert_int_equal(file_size(w), 0);
    other.b[0] ^= 1;
    assert_spk_ok(spk_keys_identity(k, SPK_SPAN_LIT("authority.example"), &other, w->keys->seed));
    assert_spk_ok(spk_logsfile_make(w->dirfd, k, &a, true));
    assert_int_equal(file_size(w), 0);
    assert_spk_ok(spk_logsfile_make(w->dirfd, w->keys, &a, true));
    assert_int_equal(file_size(w), 9);
}

/* -- crashes ----------------------------------------------------------------------------------- */

/* Killed with the step on disk and its note unsigned: the step counts, and is signed when it is
 * asked for again. */
static void
test_killed_between_disk_and_signature(void **state)
{
    struct world *w = *state;
    struct spk_logat a = {.size = 11};
    int status = 0;

    assert_int_equal(advance_deposits(w, 0, 10), SPK_FRAME_OK);
    logs_deposits(w, 11);
    leaves_root(&logs.dep, 11, &a.root);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(spk_ok(spk_logsfile_put(&w->h->logsfile, &a)) ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    logs_restart(w);
    assert_int_equal(w->h->state->logs.deposits, 11);
    assert_int_equal(advance_deposits(w, 10, 10), SPK_FRAME_REFUSED);
    assert_int_equal(advance_deposits(w, 11, 11), SPK_FRAME_OK);
    assert_int_equal(advance_deposits(w, 11, 12), SPK_FRAME_OK);
}

/* Killed in the middle of the step: it never was. */
static void
test_killed_in_the_middle(void **state)
{
    struct world *w = *state;
    uint8_t before[SPK_LOGSFILE_LEN], image[SPK_LOGSFILE_LEN];

    assert_int_equal(advance_deposits(w, 0, 10), SPK_FRAME_OK);
    image_read(w, before);
    assert_int_equal(advance_deposits(w, 10, 11), SPK_FRAME_OK);
    image_read(w, image);
    size_t slot = memcmp(before, image, SLOT) != 0 ? 0 : SECTOR;
    memcpy(image + slot + 40, before + slot + 40, SLOT - 40);
    world_stop(w);
    image_write(w, image, sizeof(image));
    world_start(w);
    assert_int_equal(w->h->state->logs.deposits, 10);
    assert_int_equal(advance_deposits(w, 10, 11), SPK_FRAME_OK);
}

/* Nobody knows what the disk holds: nothing is signed before a restart has read it. */
static void
test_failed_sync(void **state)
{
    struct world *w = *state;
    int fd = w->h->logsfile.fd;

    assert_int_equal(advance_deposits(w, 0, 10), SPK_FRAME_OK);
    w->h->logsfile.fd = open("/dev/null", O_RDWR | O_CLOEXEC); /* takes bytes, syncs nothing */
    assert_int_equal(advance_deposits(w, 10, 11), SPK_FRAME_FAILED);
    close(w->h->logsfile.fd);
    w->h->logsfile.fd = fd;
    assert_int_equal(advance_deposits(w, 10, 11), SPK_FRAME_FAILED);
    logs_restart(w);
    assert_int_equal(advance_deposits(w, 10, 11), SPK_FRAME_OK);
}

/* -- files that went missing ------------------------------------------------------------------- */

static void
assert_no_start(struct world *w, enum spk_code code)
{
    struct spk_holder *h = NULL;

    assert_int_equal(spk_holder_open(w->dirfd, NULL, &h).code, code);
    assert_null(h);
}

static void
test_lost_file(void **state)
{
    struct world *w = *state;
    uint8_t good[SPK_LOGSFILE_LEN], bad[SPK_LOGSFILE_LEN];

    assert_int_equal(advance_deposits(w, 0, 10), SPK_FRAME_OK);
    world_stop(w);
    image_read(w, good);
    assert_int_equal(unlinkat(w->dirfd, "logs", 0), 0);
    assert_no_start(w, SPK_CODE_NOTFOUND);
    assert_int_equal(faccessat(w->dirfd, "logs", F_OK, 0), -1);
    memset(bad, 0, sizeof(bad));
    image_write(w, bad, sizeof(bad));
    assert_no_start(w, SPK_CODE_AUTH);
    memcpy(bad, good, sizeof(bad));
    bad[9] ^= 1;
    bad[SECTOR + 9] ^= 1;
    image_write(w, bad, sizeof(bad));
    assert_no_start(w, SPK_CODE_AUTH);
    image_write(w, good, sizeof(good));
    world_start(w);
    assert_int_equal(advance_deposits(w, 10, 11), SPK_FRAME_OK);
}

/* Each start leaves a mark when the log has grown: no file of before that start is taken. */
static void
test_file_put_back(void **state)
{
    struct world *w = *state;
    uint8_t old[SPK_LOGSFILE_LEN], now[SPK_LOGSFILE_LEN];

    assert_int_equal(advance_deposits(w, 0, 10), SPK_FRAME_OK);
    image_read(w, old);
    assert_int_equal(advance_deposits(w, 10, 20), SPK_FRAME_OK);
    logs_restart(w);
    world_stop(w);
    image_read(w, now);
    image_write(w, old, sizeof(old));
    assert_no_start(w, SPK_CODE_CHANGED);
    image_write(w, now, sizeof(now));
    world_start(w);
    uint64_t end = w->h->journal.end;
    logs_restart(w); /* nothing new, no mark */
    assert_int_equal(w->h->journal.end, end);
    /* the same size, another tree */
    world_stop(w);
    struct spk_logat a = at(20);
    assert_spk_ok(spk_logsfile_make(w->dirfd, w->keys, &a, true));
    assert_no_start(w, SPK_CODE_CHANGED);
    image_write(w, now, sizeof(now));
    world_start(w);
}

/* -- folders of before ------------------------------------------------------------------------- */

/* A folder whose journal has kept the log alone, at 3, 6, ... n. */
static int
old_folder(const struct world *w, uint64_t n)
{
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;
    SPK_AUTO(spk_hstate) s = NULL;
    struct spk_journal_fault fault;
    const struct spk_span genesis = spk_buf_span(&w->genesis);

    assert_int_equal(mkdirat(w->dirfd, "old", 0700), 0);
    int dir = openat(w->dirfd, "old", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_spk_ok(spk_folder_make(dir, w->keys, NULL, &genesis, 1));
    assert_spk_ok(spk_state_new(&w->keys->genesis, &s));
    const struct spk_journal_how how = {w->keys->seed, &w->keys->genesis, true, spk_state_visit, s};
    int fd = openat(dir, "journal", O_RDWR | O_CLOEXEC);
    assert_spk_ok(spk_journal_open(fd, &how, &j, &fault));
    for (uint64_t i = 3; i <= n; i += 3) {
        SPK_AUTO_BUF struct spk_buf body = SPK_BUF(100);
        const struct spk_logat a = at(i);
        assert_spk_ok(spk_jrec_begin(&body, s->wall, s->running));
        assert_spk_ok(spk_buf_u64(&body, a.size));
        assert_spk_ok(spk_buf_add(&body, spk_hash_span(&a.root)));
        assert_spk_ok(spk_journal_append(&j, SPK_JREC_DEPOSITS, spk_buf_span(&body)));
    }
    return dir;
}

static void
assert_at(const struct spk_holder *h, uint64_t size)
{
    const struct spk_logat a = at(size);

    assert_int_equal(h->state->logs.deposits, size);
    assert_true(spk_hash_eq(&h->state->logs.deposits_root, &a.root));
}

static void
take_over(struct world *w, uint64_t n)
{
    SPK_AUTO_FD int dir = old_folder(w, n);
    struct spk_holder *h = NULL;
    struct spk_logat a = at(1);

    /* the leavings of a first try */
    assert_spk_ok(spk_logsfile_make(dir, w->keys, &a, true));
    for (int i = 0; i < 3; i++) {
        assert_spk_ok(spk_holder_open(dir, NULL, &h));
        assert_at(h, n + (i > 0));
        a = at(n + 1);
        assert_spk_ok(spk_depositlog_advance(h, &a));
        spk_holder_free(h);
        h = NULL;
    }
    assert_int_equal(unlinkat(dir, "logs", 0), 0);
    assert_spk_code(spk_holder_open(dir, NULL, &h), NOTFOUND);
}

static void
test_old_folder_is_taken_over(void **state)
{
    take_over(*state, 9);
}

static void
test_old_folder_is_taken_over_and_compacted(void **state)
{
    struct world *w = *state;
    struct stat st;

    take_over(w, 300);
    assert_int_equal(fstatat(w->dirfd, "old/journal", &st, 0), 0);
    assert_true(st.st_size < 6000); /* a hundred records had 10,200 bytes */
}

/* -- much to do -------------------------------------------------------------------------------- */

/* A log of equal leaves: its complete subtrees of one height are all the same. */
struct equal {
    struct spk_hash level[SPK_PATH_MAX];
};

static spk_err
equal_get(void *ctx, unsigned level, uint64_t index, struct spk_hash *ret_h)
{
    const struct equal *e = ctx;

    (void)index;
    *ret_h = e->level[level];
    return SPK_OK;
}

static void
equal_make(struct equal *e)
{
    assert_spk_ok(spk_leaf_hash(SPK_SPAN_LIT("the same"), &e->level[0]));
    for (size_t i = 1; i < 20; i++) {
        assert_spk_ok(spk_node_hash(&e->level[i - 1], &e->level[i - 1], &e->level[i]));
    }
}

static void
step(struct world *w, struct equal *e, uint64_t from, uint64_t to)
{
    const struct spk_nodes s = {.ctx = e, .get = equal_get};
    struct spk_hash proof[SPK_PATH_MAX], root;
    size_t len = 0;

    assert_spk_ok(spk_nodes_root(&s, to, &root));
    assert_spk_ok(spk_nodes_growth(&s, from, to, proof, &len));
    if (from == 0) {
        len = 0;
    }
    const struct spk_span p = {(const uint8_t *)proof, len * SPK_HASH_LEN};
    assert_int_equal(say_deposits(w, to, &root, p), SPK_FRAME_OK);
}

static void
test_journal_stays_small(void **state)
{
    struct world *w = *state;
    struct equal e;
    uint8_t early[SPK_LOGSFILE_LEN], now[SPK_LOGSFILE_LEN];

    equal_make(&e);
    uint64_t end = w->h->journal.end;
    for (uint64_t n = 1; n <= 10000; n++) {
        step(w, &e, n - 1, n);
        if (n == 4000) {
            image_read(w, early);
        }
    }
    assert_int_equal(counter(w, SPK_COUNT_DEPOSITS), 10000);
    assert_true(w->h->journal.end > end);
    assert_true(w->h->journal.end <= end + (uint64_t)2 * 110); /* two marks */
    world_stop(w);
    image_read(w, now);
    image_write(w, early, sizeof(early));
    assert_no_start(w, SPK_CODE_CHANGED);
    image_write(w, now, sizeof(now));
    world_start(w);
    assert_int_equal(w->h->state->logs.deposits, 10000);
    step(w, &e, 10000, 10001);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_slots_take_turns),
        T(test_torn_at_every_byte),
        T(test_altered_at_every_byte),
        T(test_foreign_files),
        T(test_killed_between_disk_and_signature),
        T(test_killed_in_the_middle),
        T(test_failed_sync),
        T(test_lost_file),
        T(test_file_put_back),
        T(test_old_folder_is_taken_over),
        T(test_old_folder_is_taken_over_and_compacted),
        T(test_journal_stays_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
