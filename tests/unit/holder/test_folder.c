/* SPDX-License-Identifier: Apache-2.0 */
/* The folder across starts: compaction that forgets nothing that counts, use.log, and files that
 * went missing. */
#include "world.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "crypto/rng.h"
#include "holder/uselog.h"

static int
setup(void **state)
{
    struct world *w = spk_calloc(1, sizeof(*w));

    assert_non_null(w);
    world_new(w, NULL);
    *state = w;
    return 0;
}

static int
teardown(void **state)
{
    world_free(*state);
    spk_mem_free(*state);
    return 0;
}

static off_t
journal_size(const struct world *w)
{
    struct stat st;

    assert_int_equal(fstatat(w->dirfd, "journal", &st, 0), 0);
    return st.st_size;
}

static void
restart(struct world *w)
{
    world_stop(w);
    world_start(w);
}

/* Ticks are ballast: enough of them make the next start write the journal anew. */
static void
pile_up(struct world *w)
{
    for (int i = 0; i < 40; i++) {
        assert_spk_ok(spk_holder_commit(w->h, SPK_JREC_TICK, NULL, 0));
    }
}

static void
test_compaction_keeps_what_counts(void **state)
{
    struct world *w = *state;
    struct ask_ denied, vetoed;

    assert_int_equal(say_policy(w, NULL, 3), SPK_FRAME_OK);
    ask_make(w, &denied, NULL);
    ask_make(w, &vetoed, NULL);
    assert_int_equal(say_open(w, &denied), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, &denied, CAROL, false, NULL), SPK_FRAME_OK);
    assert_int_equal(say_open(w, &vetoed), SPK_FRAME_OK);
    assert_int_equal(say_veto_code(w, &vetoed, &w->owner), SPK_FRAME_OK);
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, NULL), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, &w->ask, BOB, true, NULL), SPK_FRAME_OK);
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_OK);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_OK);
    world_pass(1000, 1000);
    pile_up(w);
    uint64_t running = spk_hclock_running(&w->h->clock), high = w->h->clock.high;
    off_t before = journal_size(w);
    restart(w);
    assert_true(journal_size(w) < before);
    assert_true(w->h->state->ballast < 10);
    assert_int_equal(w->h->state->n_policies, 2);
    assert_int_equal(say_state(w, &denied), SPK_STATE_DENIED);
    assert_int_equal(say_state(w, &vetoed), SPK_STATE_VETOED);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_DONE);
    assert_int_equal(out_u64(w, SPK_FA_RELEASED), 1);
    assert_int_equal(say_veto_key(w, &w->ask, &w->owner, w->owner.sign), SPK_FRAME_REFUSED);
    assert_true(w->h->clock.high >= high);
    assert_true(spk_hclock_running(&w->h->clock) + 1000 >= running);
    restart(w);
    assert_int_equal(say_state(w, &denied), SPK_STATE_DENIED);
    ask_free(&denied);
    ask_free(&vetoed);
}

static void
test_compaction_forgets_what_is_long_over(void **state)
{
    struct world *w = *state;

    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, &w->ask, CAROL, false, NULL), SPK_FRAME_OK);
    pile_up(w);
    world_pass(43 * 86400, 0); /* life of 14 days and 30 more, all but one */
    assert_spk_ok(spk_holder_commit(w->h, SPK_JREC_TICK, NULL, 0));
    restart(w);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_DENIED);
    pile_up(w);
    world_pass(2 * 86400, 0);
    assert_spk_ok(spk_holder_commit(w->h, SPK_JREC_TICK, NULL, 0));
    restart(w);
    assert_int_equal(say_state(w, &w->ask), 0);
    /* and it cannot be opened anew: its own time is too old */
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_REFUSED);
}

static void
test_forgotten_and_opened_again(void **state)
{
    struct world *w = *state;
    const struct spk_span part = spk_hash_span(&w->ask.hash);
    static const uint8_t one[] = {0, 0, 0, 1};

    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    assert_spk_ok(spk_holder_commit(w->h, SPK_JREC_FORGET, &part, 1));
    w->ask.policies = SPK_SPAN_OF(one);
    world_pass(100, 100);
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    uint64_t opened = out_u64(w, SPK_FA_OPENED);
    pile_up(w);
    restart(w); /* the compacted journal has the later opening, not the earlier one */
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    assert_int_equal(out_u64(w, SPK_FA_OPENED), opened);
}

/* What nobody has signed: enough for the table, which looks at no signature. */
static void
open_many(struct world *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        SPK_AUTO_BUF struct spk_buf record = SPK_BUF(SPK_REQ_RECORD_MAX);
        static const uint8_t count[8] = {0, 0, 0, 0, 0, 0, 0, WORLD_DEPOSITS};
        assert_spk_ok(spk_random(SPK_MUT_OF(w->ask.req.nonce)));
        assert_spk_ok(spk_request_build(&w->ask.req, &record));
        const struct spk_span parts[] = {SPK_SPAN_OF(count), spk_hash_span(&w->ask.root),
                                         spk_buf_span(&record)};
        assert_spk_ok(spk_holder_commit_late(w->h, SPK_JREC_OPEN, parts, 3));
    }
}

/* Few enough are long over that no start writes the journal anew; all of the others still count. */
static void
test_full_table_starts_again(void **state)
{
    struct world *w = *state;
    struct ask_ a;

    open_many(w, 20);
    world_pass(60 * 86400, 0);
    open_many(w, SPK_REQUESTS_MAX - 20);
    restart(w);
    for (int i = 0; i < 20; i++) {
        ask_make(w, &a, NULL);
        assert_int_equal(say_open(w, &a), SPK_FRAME_OK);
        ask_free(&a);
    }
    restart(w);
    assert_true(w->h->state->n_requests <= SPK_REQUESTS_MAX);
}

static void
test_missing_journal(void **state)
{
    struct world *w = *state;
    struct spk_holder *h = NULL;

    world_stop(w);
    assert_int_equal(renameat(w->dirfd, "journal", w->dirfd, "elsewhere"), 0);
    assert_true(spk_holder_open(w->dirfd, NULL, &h).code != SPK_CODE_OK);
    assert_null(h);
    assert_int_equal(renameat(w->dirfd, "elsewhere", w->dirfd, "journal"), 0);
    world_start(w);
}

static void
test_journal_that_contradicts_itself(void **state)
{
    struct world *w = *state;
    struct spk_holder *h = NULL;
    static const uint8_t body[16]; /* times that go back, under a good MAC */

    assert_spk_ok(spk_journal_append(&w->h->journal, SPK_JREC_TICK, SPK_SPAN_OF(body)));
    world_stop(w);
    assert_spk_code(spk_holder_open(w->dirfd, NULL, &h), FORMAT);
}

static void
test_record_of_a_newer_version(void **state)
{
    struct world *w = *state;
    struct spk_holder *h = NULL;
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(64);

    assert_spk_ok(spk_jrec_begin(&body, w->h->clock.high, spk_hclock_running(&w->h->clock)));
    assert_spk_ok(spk_journal_append(&w->h->journal, 99, spk_buf_span(&body)));
    world_stop(w);
    assert_spk_code(spk_holder_open(w->dirfd, NULL, &h), VERSION);
}

/* -- use.log
 * ----------------------------------------------------------------------------------------- */

static spk_err
count_use(void *arg, const struct spk_use *u)
{
    size_t *n = arg;

    (*n)++;
    assert_int_equal(u->number, *n);
    return SPK_OK;
}

static void
three_uses(const struct world *w, struct spk_buf *b)
{
    assert_spk_ok(spk_uselog_add(b, w->keys, "copy", "a first copy", 100));
    assert_spk_ok(spk_uselog_add(b, w->keys, "restore", "opened \u00e4 copy", 200));
    assert_spk_ok(spk_uselog_add(b, w->keys, "rotate", "epoch 2", 300));
}

static void
test_uselog(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_USELOG_MAX);
    size_t n = 0;

    three_uses(w, &b);
    assert_spk_ok(spk_uselog_walk(spk_buf_span(&b), w->keys, count_use, &n));
    assert_int_equal(n, 3);
    assert_spk_code(spk_uselog_add(&b, w->keys, "copy", "two\nlines", 1), FORMAT);
    assert_spk_code(spk_uselog_add(&b, w->keys, "copy", "", 1), LIMIT);
    for (size_t i = 0; i < b.len; i++) {
        b.ptr[i] ^= 1;
        assert_true(spk_uselog_walk(spk_buf_span(&b), w->keys, NULL, NULL).code != SPK_CODE_OK);
        b.ptr[i] ^= 1;
    }
}

static void
test_uselog_is_a_chain(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_USELOG_MAX);
    const uint8_t *second;

    three_uses(w, &b);
    second = memmem(b.ptr + 5, b.len - 5, "entry ", 6);
    assert_non_null(second);
    /* the first one left out */
    struct spk_span rest = spk_span(second, b.len - (size_t)(second - b.ptr));
    assert_spk_code(spk_uselog_walk(rest, w->keys, NULL, NULL), AUTH);
}

/* As the program writes them, without looking at those before each time. */
static void
many_uses(struct world *w, struct spk_buf *b, size_t n)
{
    struct spk_hash last = {{0}};
    char hex[65];

    spk_hex(spk_hash_span(&w->keys->genesis), hex);
    for (size_t i = 1; i <= n; i++) {
        SPK_AUTO_BUF struct spk_buf text = SPK_BUF(4096);
        SPK_AUTO_BUF struct spk_buf note = SPK_BUF(4096);
        char previous[65];
        assert_spk_ok(spk_buf_printf(&text, "%s\ngenesis %s\n", SPK_USE_KIND, hex));
        assert_spk_ok(spk_buf_printf(&text, "number %zu\nprevious %s\n", i,
                                     i == 1 ? "none" : spk_hex(spk_hash_span(&last), previous)));
        assert_spk_ok(spk_buf_str(&text, "what copy\ntime 1\ndetail one\n"));
        assert_spk_ok(spk_sha256(spk_buf_span(&text), &last));
        assert_spk_ok(
            spk_note_sign(spk_buf_span(&text), NULL, w->keys->vkey.name, w->keys->seed, &note));
        assert_spk_ok(spk_buf_printf(b, "entry %zu\n", note.len));
        assert_spk_ok(spk_buf_add(b, spk_buf_span(&note)));
    }
}

static void
test_uselog_is_bounded(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_USELOG_MAX);
    SPK_AUTO(spk_hstate) again = NULL;
    struct spk_holder *h = NULL;

    many_uses(w, &b, SPK_USES_MAX - SPK_USES_FOR_RESTORE);
    assert_spk_code(spk_uselog_add(&b, w->keys, "copy", "one too many", 1), LIMIT);
    assert_spk_ok(spk_uselog_add(&b, w->keys, SPK_USE_RESTORE, "of a copy", 1));
    /* a file that is longer all the same is refused, and the journal can still be read */
    spk_buf_reset(&b);
    many_uses(w, &b, SPK_USES_MAX + 1);
    assert_spk_code(spk_uselog_add(&b, w->keys, SPK_USE_RESTORE, "of a copy", 1), LIMIT);
    assert_spk_ok(spk_uselog_write(w->dirfd, &b));
    world_stop(w);
    assert_spk_code(spk_holder_open(w->dirfd, NULL, &h), LIMIT);
    assert_spk_ok(spk_folder_state(w->dirfd, w->keys, &again));
    assert_int_equal(again->n_uses, SPK_USES_MAX);
}

static void
test_uses_are_shown_and_then_stay(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_USELOG_MAX);
    struct spk_holder *h = NULL;

    three_uses(w, &b);
    assert_spk_ok(spk_uselog_write(w->dirfd, &b));
    restart(w);
    assert_int_equal(w->h->state->n_uses, 3);
    restart(w);
    assert_int_equal(w->h->state->n_uses, 3);
    world_stop(w);
    /* taken out, or exchanged for others under the same key */
    assert_int_equal(unlinkat(w->dirfd, "use.log", 0), 0);
    assert_spk_code(spk_holder_open(w->dirfd, NULL, &h), CHANGED);
    spk_buf_reset(&b);
    three_uses(w, &b);
    assert_spk_ok(spk_uselog_add(&b, w->keys, "copy", "one more", 400));
    assert_spk_ok(spk_uselog_write(w->dirfd, &b));
    world_start(w); /* the same three, to the byte, since Ed25519 is deterministic, and a new one */
    assert_int_equal(w->h->state->n_uses, 4);
    world_stop(w);
    spk_buf_reset(&b);
    assert_spk_ok(spk_uselog_add(&b, w->keys, "copy", "nothing to see here", 100));
    assert_spk_ok(spk_uselog_write(w->dirfd, &b));
    assert_spk_code(spk_holder_open(w->dirfd, NULL, &h), CHANGED);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_compaction_keeps_what_counts),
        T(test_compaction_forgets_what_is_long_over),
        T(test_forgotten_and_opened_again),
        T(test_full_table_starts_again),
        T(test_missing_journal),
        T(test_journal_that_contradicts_itself),
        T(test_record_of_a_newer_version),
        T(test_uselog),
        T(test_uselog_is_a_chain),
        T(test_uselog_is_bounded),
        T(test_uses_are_shown_and_then_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
