/* SPDX-License-Identifier: Apache-2.0 */
/* The holder's side of the logs: what it signs can only grow, what it has not seen logged it does
 * not release (doc/spec/holder.md §6). */
#include "logworld.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "holder/logstate.h"

#define DAY 86400

static void
waits(struct spk_policy *p)
{
    p->wait = 3 * DAY;
}

static struct world *
begin(world_tune *tune)
{
    static struct world w;

    world_new(&w, tune);
    logs_begin(&w);
    return &w;
}

static int
setup(void **state)
{
    *state = begin(NULL);
    return 0;
}

static int
setup_waiting(void **state)
{
    *state = begin(waits);
    return 0;
}

static int
teardown(void **state)
{
    logs_end();
    world_free(*state);
    return 0;
}

/* -- keys -------------------------------------------------------------------------------------- */

static void
test_keys_follow_from_the_seed(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < SPK_LOG_IDS; i++) {
        SPK_AUTO(spk_secret) seed = NULL;
        uint8_t pub[SPK_ED25519_LEN];
        assert_spk_ok(
            spk_log_seed(w->keys->seed, &w->keys->genesis, (enum spk_log_id)(i + 1), &seed));
        assert_spk_ok(spk_ed25519_public(seed, pub));
        assert_span_equal(SPK_SPAN_OF(pub), SPK_SPAN_OF(logs.names.key[i].key));
    }
    assert_string_equal(logs.names.key[0].name, "authority.example/deposits");
    assert_string_equal(logs.names.key[1].name, "authority.example/recoveries");
}

/* -- the deposits log -------------------------------------------------------------------------- */

static void
test_deposits_grow(void **state)
{
    struct world *w = *state;
    size_t sizes[] = {0, 1, 5, 8, 30, 31, 64, 100}, was = 0;

    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(advance_deposits(w, was, sizes[i]), SPK_FRAME_OK);
        was = sizes[i];
    }
    assert_int_equal(counter(w, SPK_COUNT_DEPOSITS), 100);
    assert_int_equal(counter(w, SPK_COUNT_ADVANCE_REFUSED), 0);
    uint64_t end = w->h->journal.end;
    assert_int_equal(advance_deposits(w, 100, 100), SPK_FRAME_OK);
    assert_int_equal(w->h->journal.end, end);
    logs_restart(w);
    assert_int_equal(advance_deposits(w, 100, 100), SPK_FRAME_OK);
    assert_int_equal(advance_deposits(w, 100, 101), SPK_FRAME_OK);
}

static void
test_the_store_of_before_is_taken_once(void **state)
{
    struct world *w = *state;
    struct spk_hash root;

    assert_int_equal(advance_deposits(w, 0, 77), SPK_FRAME_OK);
    memset(&root, 5, sizeof(root));
    assert_int_equal(say_deposits(w, 78, &root, SPK_SPAN_EMPTY), SPK_FRAME_REFUSED);
    assert_int_equal(say_deposits(w, 77, &root, SPK_SPAN_EMPTY), SPK_FRAME_REFUSED);
}

/* Each is refused, counted, and changes nothing. */
static void
assert_no_fork(struct world *w, size_t size, const struct spk_hash *root, struct spk_span proof)
{
    uint64_t n = counter(w, SPK_COUNT_ADVANCE_REFUSED), end = w->h->journal.end;

    assert_int_equal(say_deposits(w, size, root, proof), SPK_FRAME_REFUSED);
    assert_int_equal(counter(w, SPK_COUNT_ADVANCE_REFUSED), n + 1);
    assert_int_equal(w->h->journal.end, end);
    assert_int_equal(w->h->state->logs.deposits, 20);
}

static void
test_deposits_cannot_fork(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf proof = SPK_BUF(SPK_FRAME_MAX);
    struct spk_hash good, root, earlier;

    assert_int_equal(advance_deposits(w, 0, 20), SPK_FRAME_OK);
    logs_deposits(w, 40);
    struct leaves other = logs.dep;
    other.h[7].b[0] ^= 1;
    leaves_root(&logs.dep, 40, &good);
    leaves_growth(&logs.dep, 20, 40, &proof);
    struct spk_span p = spk_buf_span(&proof);

    leaves_root(&other, 20, &root); /* another tree of the same size */
    assert_no_fork(w, 20, &root, SPK_SPAN_EMPTY);
    leaves_root(&other, 40, &root); /* and a larger one */
    assert_no_fork(w, 40, &root, p);
    {
        SPK_AUTO_BUF struct spk_buf q = SPK_BUF(SPK_FRAME_MAX);
        leaves_growth(&other, 20, 40, &q);
        assert_no_fork(w, 40, &root, spk_buf_span(&q));
    }
    leaves_root(&logs.dep, 19, &earlier); /* shorter */
    assert_no_fork(w, 19, &earlier, SPK_SPAN_EMPTY);
    leaves_root(&logs.dep, 0, &earlier);
    assert_no_fork(w, 0, &earlier, SPK_SPAN_EMPTY);
    assert_no_fork(w, 40, &good, SPK_SPAN_EMPTY); /* proofs */
    assert_no_fork(w, 40, &good, spk_span(p.ptr, p.len - SPK_HASH_LEN));
    assert_no_fork(w, 65, &good, p);
    for (size_t i = 0; i < proof.len; i += SPK_HASH_LEN) {
        proof.ptr[i] ^= 1;
        assert_no_fork(w, 40, &good, p);
        proof.ptr[i] ^= 1;
    }
    assert_spk_ok(spk_buf_add(&proof, spk_hash_span(&good)));
    assert_no_fork(w, 40, &good, spk_buf_span(&proof));
    assert_no_fork(w, (size_t)UINT64_MAX, &good, p);
    assert_int_equal(advance_deposits(w, 20, 40), SPK_FRAME_OK);
}

static void
test_malformed(void **state)
{
    struct world *w = *state;
    const struct spk_hash h = {{0}};
    uint8_t bytes[40] = {0};

    for (uint64_t log = 0; log < 4; log++) {
        struct msg m = {.n = 0};
        msg_u64(&m, SPK_FA_LOG, log);
        assert_int_equal(world_send(w, SPK_MSG_ADVANCE, &m), SPK_FRAME_BAD);
    }
    assert_int_equal(say_deposits(w, 1, &h, SPK_SPAN_OF(bytes)), SPK_FRAME_BAD);
    struct msg both = {.n = 0};
    msg_u64(&both, SPK_FA_LOG, SPK_LOG_RECOVERIES);
    msg_u64(&both, SPK_FA_SIZE, 0);
    msg_add(&both, SPK_FA_ROOT, spk_hash_span(&h));
    assert_int_equal(world_send(w, SPK_MSG_ADVANCE, &both), SPK_FRAME_BAD);
    assert_int_equal(w->h->state->logs.deposits, 0);
}

/* -- the recoveries log ------------------------------------------------------------------------ */

static void
test_a_recovery_in_the_log(void **state)
{
    struct world *w = *state;
    struct proof p;

    logs_with_request(w);
    approve(w, &w->ask);
    struct ent told[] = {ent_of(w, &w->ask, SPK_ENTRY_APPROVAL),
                         ent_of(w, &w->ask, SPK_ENTRY_APPROVAL)};
    assert_int_equal(log_entries(w, told, 2), SPK_FRAME_OK);
    struct ent x = authorised(w, &w->ask, 2);
    assert_int_equal(log_entry(w, x), SPK_FRAME_OK);
    proof_make(w, &x, logs.rec.n - 1, 2, &p);
    assert_int_equal(say_release_logged(w, &w->ask, 2, &p), SPK_FRAME_OK);
    assert_key_came(w, &w->dep[2], w->new_keyx);
    assert_int_equal(say_release_logged(w, &w->ask, 2, &p), SPK_FRAME_OK); /* to the same */
    struct ent out = ent_of(w, &w->ask, SPK_ENTRY_RELEASED);
    out.e.deposit = w->dep[2].index;
    assert_int_equal(log_entry(w, out), SPK_FRAME_OK);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_OK);
    assert_int_equal(counter(w, SPK_COUNT_RECOVERIES), 6);
    assert_int_equal(counter(w, SPK_COUNT_ADVANCE_REFUSED), 0);
    /* the note of now, again */
    uint64_t end = w->h->journal.end;
    assert_int_equal(log_entries(w, NULL, 0), SPK_FRAME_OK);
    assert_int_equal(w->h->journal.end, end);
    proof_free(&p);
}

static void
test_a_request_says_what_it_is(void **state)
{
    struct world *w = *state;
    struct ask_ other;

    assert_int_equal(advance_deposits(w, 0, 30), SPK_FRAME_OK);
    ask_make(w, &other, NULL);
    assert_int_equal(say_open_first(w, &w->ask), SPK_FRAME_OK);
    const struct ent good = ent_of(w, &w->ask, SPK_ENTRY_REQUESTED);
    struct ent x;

#define UNTRUE(change)                                                                             \
    x = good;                                                                                      \
    change;                                                                                        \
    assert_untrue(w, x)
    UNTRUE(x.e.time_ms += 302 * 1000);
    UNTRUE(x.e.time_ms -= 302 * 1000);
    UNTRUE(x.e.time_ms = 0);
    UNTRUE(x.e.number = 0);
    UNTRUE(x.e.number = 2);
    UNTRUE(x.e.deposit++);
    UNTRUE(x.e.deposit = SPK_NO_DEPOSIT);
    UNTRUE(x.e.request = 1);
    UNTRUE(x.e.hash.b[3] ^= 1);
    UNTRUE(x.salt[0] ^= 1);
    UNTRUE(x.request = other.hash);
    UNTRUE(x.request = other.hash; ent_seal(&x)); /* which was never opened */
    UNTRUE(memset(&x.detail, 1, 32));
    UNTRUE(memset(&x.detail, 1, 32); ent_seal(&x));
    UNTRUE(x.e.kind = SPK_ENTRY_AUTHORISED);
#undef UNTRUE
    assert_false(spk_logs_begun(w->h->state));
    struct ent twice[] = {good, good};
    twice[1].e.request = 1;
    assert_int_equal(log_entries(w, twice, 2), SPK_FRAME_REFUSED);
    assert_int_equal(log_entry(w, good), SPK_FRAME_OK);
    assert_untrue(w, good); /* a replay */
    x = good;
    x.e.request = 1;
    assert_untrue(w, x); /* a second entry */
    assert_int_equal(say_recoveries(w, 0, &x, 1), SPK_FRAME_REFUSED);
    assert_int_equal(say_recoveries(w, 0, NULL, 0), SPK_FRAME_REFUSED);
    assert_int_equal(say_recoveries(w, 2, NULL, 0), SPK_FRAME_REFUSED);
    ask_free(&other);
}

static void
test_nothing_that_has_not_happened(void **state)
{
    struct world *w = *state;
    const enum spk_entry_kind kinds[] = {SPK_ENTRY_AUTHORISED, SPK_ENTRY_DENIED, SPK_ENTRY_APPROVAL,
                                         SPK_ENTRY_VETO, SPK_ENTRY_RELEASED};
    struct ent x;

    logs_with_request(w);
    for (size_t i = 0; i < 5; i++) {
        assert_untrue(w, ent_of(w, &w->ask, kinds[i]));
    }
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, NULL), SPK_FRAME_OK);
    assert_untrue(w, ent_of(w, &w->ask, SPK_ENTRY_AUTHORISED)); /* one is no quorum */
    assert_int_equal(say_vote(w, &w->ask, BOB, true, NULL), SPK_FRAME_OK);
    x = ent_of(w, &w->ask, SPK_ENTRY_AUTHORISED);
    x.e.request = 0; /* the index of something else */
    assert_untrue(w, x);
    x = ent_of(w, &w->ask, SPK_ENTRY_AUTHORISED);
    x.e.deposit = 30; /* beyond the log */
    assert_untrue(w, x);
    x = ent_policy(w);
    x.e.hash.b[0] ^= 1;
    assert_untrue(w, x);
    x = ent_policy(w);
    x.e.number = 2;
    assert_untrue(w, x);
    x = ent_policy(w);
    x.e.kind = SPK_ENTRY_EPOCH;
    x.e.number = 2;
    assert_untrue(w, x);
    x.e.kind = SPK_ENTRY_REWRAPPED;
    x.e.number = 1;
    assert_untrue(w, x);
    x.e.kind = SPK_ENTRY_EPOCH;
    assert_int_equal(log_entry(w, x), SPK_FRAME_OK);
    x = ent_policy(w);
    x.e.time_ms = w->h->state->logs.last_ms - 1; /* time goes on */
    assert_untrue(w, x);
    assert_int_equal(say_vote(w, &w->ask, CAROL, false, NULL), SPK_FRAME_OK);
    assert_untrue(w, ent_of(w, &w->ask, SPK_ENTRY_AUTHORISED));
    assert_int_equal(log_entry(w, ent_of(w, &w->ask, SPK_ENTRY_DENIED)), SPK_FRAME_OK);
    assert_int_equal(say_veto_code(w, &w->ask, &w->owner), SPK_FRAME_OK);
    assert_int_equal(log_entry(w, ent_of(w, &w->ask, SPK_ENTRY_VETO)), SPK_FRAME_OK);
}

static unsigned
say_entries(struct world *w, struct spk_span entries, struct spk_span extra)
{
    struct msg m = {.n = 0};

    msg_u64(&m, SPK_FA_LOG, SPK_LOG_RECOVERIES);
    msg_u64(&m, SPK_FA_SIZE, 0);
    msg_add(&m, SPK_FA_ENTRIES, entries);
    if (extra.len > 0) {
        msg_add(&m, SPK_FA_SALTS, extra);
        msg_add(&m, SPK_FA_REQUESTS, extra);
        msg_add(&m, SPK_FA_DETAILS, extra);
    }
    return world_send(w, SPK_MSG_ADVANCE, &m);
}

static void
test_entries_are_whole(void **state)
{
    struct world *w = *state;
    uint8_t b[2 + SPK_LOG_ENTRY_LEN_MAX], extra[32] = {0};
    struct ent x = ent_policy(w);
    size_t len;

    spk_entry_build(&x.e, b + 2, &len);
    spk_put_u16(b, (uint16_t)len);
    for (size_t cut = 1; cut < len + 2; cut++) {
        assert_int_equal(say_entries(w, spk_span(b, cut), SPK_SPAN_EMPTY), SPK_FRAME_REFUSED);
    }
    assert_int_equal(say_entries(w, spk_span(b, len + 2), SPK_SPAN_OF(extra)), SPK_FRAME_REFUSED);
    for (unsigned i = 2; i < 6; i++) { /* version, kind, zeros */
        b[i] ^= 0x40;
        assert_int_equal(say_entries(w, spk_span(b, len + 2), SPK_SPAN_EMPTY), SPK_FRAME_REFUSED);
        b[i] ^= 0x40;
    }
    struct ent y = ent_of(w, &w->ask, SPK_ENTRY_REQUESTED); /* without what belongs to it */
    spk_entry_build(&y.e, b + 2, &len);
    spk_put_u16(b, (uint16_t)len);
    assert_int_equal(say_entries(w, spk_span(b, len + 2), SPK_SPAN_EMPTY), SPK_FRAME_REFUSED);
    assert_false(spk_logs_begun(w->h->state));
}

/* -- opening ----------------------------------------------------------------------------------- */

struct first {
    uint64_t index;
    bool has_oc, has_path;
    struct spk_hash oc;
    uint64_t position; /* of the path */
};

static unsigned
say_first(struct world *w, const struct ask_ *a, const struct first *f)
{
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF(SPK_FRAME_MAX);
    struct msg m = {.n = 0};

    msg_add(&m, SPK_FA_RECORD, spk_buf_span(&a->record));
    msg_add(&m, SPK_FA_SIG_SIGN, spk_buf_span(&a->sig_sign));
    msg_add(&m, SPK_FA_SIG_KEYX, spk_buf_span(&a->sig_keyx));
    msg_u64(&m, SPK_FA_SCOPE_COUNT, a->count);
    msg_add(&m, SPK_FA_SCOPE_ROOT, spk_hash_span(&a->root));
    msg_u64(&m, SPK_FA_FIRST, f->index);
    if (f->has_oc) {
        msg_add(&m, SPK_FA_FIRST_OC, spk_hash_span(&f->oc));
    }
    if (f->has_path) {
        scope_path(w->dep, WORLD_DEPOSITS, f->position, &path);
        msg_add(&m, SPK_FA_PATH, spk_buf_span(&path));
    }
    return world_send(w, SPK_MSG_OPEN, &m);
}

static void
test_the_lowest_index_is_proven(void **state)
{
    struct world *w = *state;
    const struct first good = {w->dep[0].index, true, true, w->dep[0].oc, 0};
    struct first f = good;

    f.index++;
    assert_int_equal(say_first(w, &w->ask, &f), SPK_FRAME_REFUSED);
    f.index = SPK_NO_DEPOSIT;
    assert_int_equal(say_first(w, &w->ask, &f), SPK_FRAME_REFUSED);
    f = (struct first){w->dep[1].index, true, true, w->dep[1].oc, 1}; /* not the first one */
    assert_int_equal(say_first(w, &w->ask, &f), SPK_FRAME_REFUSED);
    f = good;
    f.oc = w->dep[1].oc;
    assert_int_equal(say_first(w, &w->ask, &f), SPK_FRAME_REFUSED);
    f = good;
    f.has_oc = false;
    assert_int_equal(say_first(w, &w->ask, &f), SPK_FRAME_BAD);
    f = good;
    f.has_path = false;
    assert_int_equal(say_first(w, &w->ask, &f), SPK_FRAME_BAD);
    assert_int_equal(w->h->state->n_requests, 0);
    assert_int_equal(log_entry(w, ent_policy(w)), SPK_FRAME_OK);
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_REFUSED); /* from now on it must be there */
    assert_int_equal(say_first(w, &w->ask, &good), SPK_FRAME_OK);
    logs_restart(w);
    assert_int_equal(say_first(w, &w->ask, &good), SPK_FRAME_OK);
    assert_int_equal(log_entry(w, ent_of(w, &w->ask, SPK_ENTRY_REQUESTED)), SPK_FRAME_OK);
}

static void
test_a_scope_without_deposits(void **state)
{
    struct world *w = *state;
    struct first f = {.index = 0};
    struct ask_ a;

    ask_make(w, &a, NULL);
    a.count = 0;
    assert_spk_ok(spk_sha256(SPK_SPAN_EMPTY, &a.root));
    assert_int_equal(say_first(w, &a, &f), SPK_FRAME_REFUSED);
    f.index = SPK_NO_DEPOSIT;
    assert_int_equal(say_first(w, &a, &f), SPK_FRAME_OK);
    struct ent x = ent_of(w, &a, SPK_ENTRY_REQUESTED);
    assert_untrue(w, x);
    x.e.deposit = SPK_NO_DEPOSIT;
    assert_int_equal(log_entry(w, x), SPK_FRAME_OK);
    ask_free(&a);
}

/* -- waiting ----------------------------------------------------------------------------------- */

static void
second_round(struct spk_approval *a)
{
    a->round = 2;
}

static void
test_the_wait_begins_in_the_log(void **state)
{
    struct world *w = *state;

    assert_int_equal(log_entry(w, ent_policy(w)), SPK_FRAME_OK);
    assert_int_equal(say_open_first(w, &w->ask), SPK_FRAME_OK);
    approve(w, &w->ask);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    assert_int_equal(out_u64(w, SPK_FA_DUE), 0);
    world_pass(4 * DAY, 4 * DAY); /* in secret: it does not count */
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, second_round), SPK_FRAME_REFUSED);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_REFUSED);
    assert_int_equal(log_entry(w, ent_of(w, &w->ask, SPK_ENTRY_REQUESTED)), SPK_FRAME_OK);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_WAITING);
    assert_true(out_u64(w, SPK_FA_DUE) >= spk_now() + 3 * DAY - 2);
    logs_restart(w);
    assert_true(say_state(w, &w->ask) == SPK_STATE_WAITING);
    assert_true(out_u64(w, SPK_FA_DUE) >= spk_now() + 3 * DAY - 2);
    world_pass(3 * DAY + 10, 3 * DAY + 10);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_CONFIRM);
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, second_round), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, &w->ask, BOB, true, second_round), SPK_FRAME_OK);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_APPROVED);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED); /* not without its proofs */
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_OK);
}

/* Of two that were opened before there was a log, the one whose wait is over goes on, the other one
 * waits anew. */
static void
test_requests_of_before_can_be_finished(void **state)
{
    struct world *w = *state;
    struct ask_ young;

    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    approve(w, &w->ask);
    world_pass(3 * DAY - 60, 3 * DAY - 60);
    ask_make(w, &young, NULL);
    assert_int_equal(say_open(w, &young), SPK_FRAME_OK);
    approve(w, &young);
    world_pass(DAY, DAY);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_CONFIRM);
    assert_int_equal(advance_deposits(w, 0, 30), SPK_FRAME_OK);
    assert_int_equal(log_entry(w, ent_policy(w)), SPK_FRAME_OK);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    assert_untrue(w, ent_of(w, &w->ask, SPK_ENTRY_REQUESTED)); /* of which deposit? */
    assert_int_equal(say_open_first(w, &w->ask), SPK_FRAME_OK);
    assert_int_equal(say_open_first(w, &young), SPK_FRAME_OK);
    logs_restart(w);
    struct ent x[] = {ent_of(w, &w->ask, SPK_ENTRY_REQUESTED),
                      ent_of(w, &young, SPK_ENTRY_REQUESTED)};
    x[1].e.request++;
    assert_int_equal(log_entries(w, x, 2), SPK_FRAME_OK);
    logs_restart(w);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_CONFIRM);
    assert_int_equal(say_state(w, &young), SPK_STATE_WAITING);
    assert_true(out_u64(w, SPK_FA_DUE) >= spk_now() + 3 * DAY - 2);
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, second_round), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, &w->ask, BOB, true, second_round), SPK_FRAME_OK);
    struct ent last = authorised(w, &w->ask, 0);
    assert_int_equal(log_entry(w, last), SPK_FRAME_OK);
    struct proof p;
    proof_make(w, &last, logs.rec.n - 1, 0, &p);
    assert_int_equal(say_release_logged(w, &w->ask, 0, &p), SPK_FRAME_OK);
    proof_free(&p);
    ask_free(&young);
}

/* -- votes name the log ------------------------------------------------------------------------ */

static void
no_log(struct spk_approval *a)
{
    a->log[0] = '\0';
}

static void
this_log(struct spk_approval *a)
{
    (void)snprintf(a->log, sizeof(a->log), "%s", logs.names.key[SPK_LOG_RECOVERIES - 1].name);
}

static void
the_other_log(struct spk_approval *a)
{
    (void)snprintf(a->log, sizeof(a->log), "%s", logs.names.key[SPK_LOG_DEPOSITS - 1].name);
}

static void
another_authoritys_log(struct spk_approval *a)
{
    (void)snprintf(a->log, sizeof(a->log), "other.example/recoveries");
}

static void
assert_no_vote(struct world *w, int officer, vote_mutate *mutate)
{
    assert_int_equal(say_vote(w, &w->ask, officer, true, mutate), SPK_FRAME_REFUSED);
    assert_int_equal(say_vote(w, &w->ask, officer, false, mutate), SPK_FRAME_REFUSED);
}

/* None before there is one, this one and no other afterwards; what was taken before stays. */
static void
test_votes_name_the_log(void **state)
{
    struct world *w = *state;

    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    assert_no_vote(w, ALICE, this_log);
    assert_no_vote(w, ALICE, another_authoritys_log);
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, no_log), SPK_FRAME_OK);
    assert_int_equal(advance_deposits(w, 0, 30), SPK_FRAME_OK);
    assert_no_vote(w, BOB, this_log); /* the other log is not what counts */
    assert_int_equal(log_entry(w, ent_policy(w)), SPK_FRAME_OK);
    assert_no_vote(w, BOB, no_log);
    assert_no_vote(w, BOB, the_other_log);
    assert_no_vote(w, BOB, another_authoritys_log);
    assert_int_equal(say_open_first(w, &w->ask), SPK_FRAME_OK);
    assert_int_equal(log_entry(w, ent_of(w, &w->ask, SPK_ENTRY_REQUESTED)), SPK_FRAME_OK);
    logs_restart(w);
    assert_no_vote(w, BOB, no_log);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    assert_int_equal(say_vote(w, &w->ask, BOB, true, this_log), SPK_FRAME_OK);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_APPROVED);
    assert_int_equal(say_vote(w, &w->ask, CAROL, false, this_log), SPK_FRAME_OK);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_DENIED);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TW(f) cmocka_unit_test_setup_teardown(f, setup_waiting, teardown)
    const struct CMUnitTest tests[] = {
        T(test_keys_follow_from_the_seed),
        T(test_deposits_grow),
        T(test_the_store_of_before_is_taken_once),
        T(test_deposits_cannot_fork),
        T(test_malformed),
        T(test_a_recovery_in_the_log),
        T(test_a_request_says_what_it_is),
        T(test_nothing_that_has_not_happened),
        T(test_votes_name_the_log),
        T(test_entries_are_whole),
        T(test_the_lowest_index_is_proven),
        T(test_a_scope_without_deposits),
        TW(test_the_wait_begins_in_the_log),
        TW(test_requests_of_before_can_be_finished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
