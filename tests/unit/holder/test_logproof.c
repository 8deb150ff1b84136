/* SPDX-License-Identifier: Apache-2.0 */
/* Releases with their proofs, and what the holder remembers of the logs (doc/spec/holder.md §6.3,
 * doc/spec/holder-state.md §2). */
#include "logworld.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/rng.h"
#include "holder/logstate.h"

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

/* -- releasing --------------------------------------------------------------------------------- */

static void
thiefs(struct spk_request *r)
{
    r->reason = SPK_SPAN_LIT("another one of the same owner");
}

static void
test_no_release_around_the_logs(void **state)
{
    struct world *w = *state;
    struct ask_ other;
    struct proof p, q, old;
    struct spk_buf swap;

    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    approve(w, &w->ask);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_OK); /* there is no log yet */
    logs_with_request(w);
    ask_make(w, &other, thiefs);
    assert_int_equal(say_open_first(w, &other), SPK_FRAME_OK);
    assert_int_equal(log_entry(w, ent_of(w, &other, SPK_ENTRY_REQUESTED)), SPK_FRAME_OK);
    approve(w, &other);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED); /* no entry at all */
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_REFUSED);
    struct ent first = authorised(w, &w->ask, 0), theirs = authorised(w, &other, 1);
    assert_int_equal(log_entry(w, first), SPK_FRAME_OK);
    uint64_t at = logs.rec.n - 1;
    proof_make(w, &first, at, 0, &old);
    assert_int_equal(log_entry(w, theirs), SPK_FRAME_OK);
    assert_int_equal(say_release_logged(w, &w->ask, 0, &old), SPK_FRAME_REFUSED); /* old root */
    proof_make(w, &first, at, 1, &p);
    assert_int_equal(say_release_logged(w, &w->ask, 1, &p), SPK_FRAME_REFUSED); /* other deposit */
    spk_put_u64(p.entry + 48, w->dep[1].index); /* an entry that is not in the log */
    assert_int_equal(say_release_logged(w, &w->ask, 1, &p), SPK_FRAME_REFUSED);
    proof_make(w, &theirs, at + 1, 1, &q);
    assert_int_equal(say_release_logged(w, &w->ask, 1, &q), SPK_FRAME_REFUSED); /* other request */
    assert_int_equal(say_release_logged(w, &other, 1, &q), SPK_FRAME_OK);
    /* the deposit's own proof: another's, cut, none */
    swap = q.deposit;
    q.deposit = old.deposit;
    assert_int_equal(say_release_logged(w, &other, 1, &q), SPK_FRAME_REFUSED);
    q.deposit = swap;
    q.deposit.len -= SPK_HASH_LEN;
    assert_int_equal(say_release_logged(w, &other, 1, &q), SPK_FRAME_REFUSED);
    q.deposit.len += SPK_HASH_LEN;
    q.index--;
    assert_int_equal(say_release_logged(w, &other, 1, &q), SPK_FRAME_REFUSED);
    q.index += 2;
    assert_int_equal(say_release_logged(w, &other, 1, &q), SPK_FRAME_REFUSED);
    q.index = UINT64_MAX;
    assert_int_equal(say_release_logged(w, &other, 1, &q), SPK_FRAME_REFUSED);
    spk_buf_free(&p.deposit);
    spk_buf_free(&p.path);
    proof_free(&q);
    proof_free(&old);
    ask_free(&other);
}

static void
test_a_forked_tree_releases_nothing(void **state)
{
    struct world *w = *state;
    struct proof p;

    logs_with_request(w);
    approve(w, &w->ask);
    struct ent x = authorised(w, &w->ask, 0); /* only in the thief's tree */
    uint8_t bytes[SPK_LOG_ENTRY_LEN_MAX];
    size_t len;
    spk_entry_build(&x.e, bytes, &len);
    struct leaves was = logs.rec;
    assert_spk_ok(spk_leaf_hash(spk_span(bytes, len), &logs.rec.h[logs.rec.n++]));
    proof_make(w, &x, logs.rec.n - 1, 0, &p);
    assert_int_equal(say_release_logged(w, &w->ask, 0, &p), SPK_FRAME_REFUSED);
    logs.rec = was;
    assert_int_equal(log_entry(w, ent_policy(w)), SPK_FRAME_OK); /* something else in its place */
    assert_int_equal(say_release_logged(w, &w->ask, 0, &p), SPK_FRAME_REFUSED);
    proof_free(&p);
    /* a deposit that is not in the deposits log where its request says */
    assert_int_equal(log_entry(w, x), SPK_FRAME_OK);
    struct spk_hash one = logs.dep.h[w->dep[0].index];
    logs.dep.h[w->dep[0].index] = logs.dep.h[0];
    proof_make(w, &x, logs.rec.n - 1, 0, &p);
    logs.dep.h[w->dep[0].index] = one;
    assert_int_equal(say_release_logged(w, &w->ask, 0, &p), SPK_FRAME_OK); /* its own path stands */
    proof_free(&p);
    proof_make(w, &x, logs.rec.n - 1, 1, &p);
    assert_int_equal(say_release_logged(w, &w->ask, 0, &p), SPK_FRAME_REFUSED);
    proof_free(&p);
}

/* A veto behind the entry, before the release. */
static void
test_an_entry_is_no_right(void **state)
{
    struct world *w = *state;
    struct proof p;

    logs_with_request(w);
    approve(w, &w->ask);
    struct ent x = authorised(w, &w->ask, 0);
    assert_int_equal(log_entry(w, x), SPK_FRAME_OK);
    assert_int_equal(say_veto_key(w, &w->ask, &w->owner, w->owner.sign), SPK_FRAME_OK);
    proof_make(w, &x, logs.rec.n - 1, 0, &p);
    assert_int_equal(say_release_logged(w, &w->ask, 0, &p), SPK_FRAME_REFUSED);
    proof_free(&p);
}

/* -- the journal ------------------------------------------------------------------------------- */

static void
test_compaction_keeps_how_far_it_was(void **state)
{
    struct world *w = *state;
    struct spk_hash root;
    struct ask_ before, after;
    struct stat a, b;

    ask_make(w, &before, NULL);
    ask_make(w, &after, NULL);
    assert_int_equal(say_open(w, &before), SPK_FRAME_OK);
    logs_with_request(w);
    assert_int_equal(say_open_first(w, &after), SPK_FRAME_OK);
    for (size_t n = 31; n < 80; n++) {
        assert_int_equal(advance_deposits(w, n - 1, n), SPK_FRAME_OK);
        assert_int_equal(log_entry(w, ent_policy(w)), SPK_FRAME_OK);
    }
    leaves_root(&logs.rec, logs.rec.n, &root);
    assert_return_code(fstat(w->h->journal.fd, &a), 0);
    logs_restart(w);
    assert_return_code(fstat(w->h->journal.fd, &b), 0);
    assert_true(b.st_size < a.st_size - 5000);
    assert_int_equal(w->h->state->logs.deposits, 79);
    assert_int_equal(say_recoveries(w, logs.rec.n, NULL, 0), SPK_FRAME_OK);
    assert_checkpoint(w, SPK_LOG_RECOVERIES, logs.rec.n, &root);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    const struct spk_hstate *s = w->h->state;
    assert_true(spk_state_request(s, &w->ask.hash)->logged);
    assert_int_equal(spk_state_request(s, &w->ask.hash)->entry, 1);
    assert_true(spk_state_request(s, &w->ask.hash)->under_log);
    assert_true(spk_state_request(s, &after.hash)->under_log);
    assert_false(spk_state_request(s, &before.hash)->under_log);
    assert_false(spk_state_request(s, &after.hash)->logged);
    assert_int_equal(advance_deposits(w, 79, 80), SPK_FRAME_OK);
    assert_int_equal(log_entry(w, ent_of(w, &after, SPK_ENTRY_REQUESTED)), SPK_FRAME_OK);
    ask_free(&before);
    ask_free(&after);
}

/* What cannot be written down is not signed. */
static void
test_no_signature_before_the_disk(void **state)
{
    struct world *w = *state;
    int journal = w->h->journal.fd, file = w->h->logsfile.fd;
    int full = open("/dev/full", O_RDWR | O_CLOEXEC);

    assert_int_equal(advance_deposits(w, 0, 10), SPK_FRAME_OK);
    w->h->journal.fd = full;
    w->h->logsfile.fd = full;
    assert_int_equal(advance_deposits(w, 10, 11), SPK_FRAME_FAILED);
    assert_int_equal(log_entry(w, ent_policy(w)), SPK_FRAME_FAILED);
    close(full);
    w->h->journal.fd = journal;
    w->h->logsfile.fd = file;
    logs_restart(w);
    assert_int_equal(w->h->state->logs.deposits, 10);
    assert_int_equal(advance_deposits(w, 10, 11), SPK_FRAME_OK);
}

/* -- after a restore --------------------------------------------------------------------------- */

static unsigned
say_before(struct world *w, struct spk_span note, struct spk_span edge, struct spk_span proof)
{
    struct msg m = {.n = 0};

    msg_u64(&m, SPK_FA_LOG, SPK_LOG_RECOVERIES);
    msg_add(&m, SPK_FA_NOTE, note);
    msg_add(&m, SPK_FA_EDGE, edge);
    msg_add(&m, SPK_FA_PROOF, proof);
    return world_send(w, SPK_MSG_ADVANCE, &m);
}

static void
other_note(const struct world *w, uint64_t size, const struct spk_hash *root, bool holders,
           struct spk_buf *note)
{
    SPK_AUTO(spk_secret) seed = NULL;
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);
    const char *name = logs.names.key[1].name;
    const struct spk_checkpoint c = {spk_span_str(name), size, *root};

    assert_spk_ok(spk_checkpoint_format(&c, &text));
    assert_spk_ok(spk_secret_random(32, &seed));
    assert_spk_ok(
        spk_note_sign(spk_buf_span(&text), NULL, name, holders ? w->keys->seed : seed, note));
}

static void
test_a_restored_holder_goes_on(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf edge = SPK_BUF(SPK_FRAME_MAX);
    SPK_AUTO_BUF struct spk_buf forged = SPK_BUF(SPK_FRAME_MAX);
    SPK_AUTO_BUF struct spk_buf own = SPK_BUF(SPK_FRAME_MAX);
    const struct spk_span genesis = spk_buf_span(&w->genesis);
    struct spk_hash root;

    logs_with_request(w);
    assert_int_equal(log_entry(w, ent_policy(w)), SPK_FRAME_OK);
    leaves_root(&logs.rec, 3, &root);
    leaves_edge(&logs.rec, 3, &edge);
    world_stop(w);
    assert_return_code(unlinkat(w->dirfd, "journal", 0), 0); /* from a copy: keys, policies */
    assert_return_code(unlinkat(w->dirfd, "holder.key", 0), 0);
    assert_return_code(unlinkat(w->dirfd, "epoch-1.key", 0), 0);
    assert_spk_ok(spk_folder_make(w->dirfd, w->keys, NULL, &genesis, 1));
    world_start(w);
    assert_false(spk_logs_begun(w->h->state));
    other_note(w, 3, &root, false, &forged);
    other_note(w, 3, &root, true, &own);
    struct spk_span note = spk_buf_span(&logs.note), e = spk_buf_span(&edge);
    assert_int_equal(say_before(w, spk_buf_span(&forged), e, SPK_SPAN_EMPTY), SPK_FRAME_REFUSED);
    assert_int_equal(say_before(w, spk_buf_span(&own), e, SPK_SPAN_EMPTY), SPK_FRAME_REFUSED);
    edge.ptr[5] ^= 1;
    assert_int_equal(say_before(w, note, e, SPK_SPAN_EMPTY), SPK_FRAME_REFUSED);
    edge.ptr[5] ^= 1;
    assert_int_equal(say_before(w, note, spk_span(e.ptr, 32), SPK_SPAN_EMPTY), SPK_FRAME_REFUSED);
    assert_int_equal(say_before(w, note, e, spk_span(e.ptr, 32)), SPK_FRAME_REFUSED);
    assert_int_equal(counter(w, SPK_COUNT_ADVANCE_REFUSED), 5);
    assert_int_equal(say_before(w, note, e, SPK_SPAN_EMPTY), SPK_FRAME_OK);
    assert_span_equal(spk_buf_span(&logs.note), w->out.a[0].value);
    logs_restart(w);
    assert_int_equal(log_entry(w, ent_policy(w)), SPK_FRAME_OK);
    assert_int_equal(advance_deposits(w, 0, 30), SPK_FRAME_OK);
    /* a request of before is opened and logged anew */
    assert_int_equal(say_open_first(w, &w->ask), SPK_FRAME_OK);
    assert_int_equal(log_entry(w, ent_of(w, &w->ask, SPK_ENTRY_REQUESTED)), SPK_FRAME_OK);
    assert_int_equal(say_before(w, note, e, SPK_SPAN_EMPTY), SPK_FRAME_REFUSED); /* back again? */
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_no_release_around_the_logs),   T(test_a_forked_tree_releases_nothing),
        T(test_an_entry_is_no_right),         T(test_compaction_keeps_how_far_it_was),
        T(test_no_signature_before_the_disk), T(test_a_restored_holder_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
