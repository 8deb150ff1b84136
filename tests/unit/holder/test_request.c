/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN, APPROVE, DENY, VETO, POLICY and time: when officers' words count, and when they do not. */
#include "world.h"

#include <stdio.h>
#include <string.h>

static int
setup_with(void **state, world_tune *tune)
{
    struct world *w = spk_calloc(1, sizeof(*w));

    assert_non_null(w);
    world_new(w, tune);
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    *state = w;
    return 0;
}

static int
setup(void **state)
{
    return setup_with(state, NULL);
}

static void
with_wait(struct spk_policy *p)
{
    p->wait = 3 * 86400;
    p->override_quorum = 3;
    p->override_wait = 6 * 86400;
}

static int
setup_wait(void **state)
{
    return setup_with(state, with_wait);
}

static void
deny_two(struct spk_policy *p)
{
    p->deny = 2;
}

static int
setup_deny_two(void **state)
{
    return setup_with(state, deny_two);
}

static int
teardown(void **state)
{
    world_free(*state);
    spk_mem_free(*state);
    return 0;
}

static void
restart(struct world *w)
{
    world_stop(w);
    world_start(w);
}

static void
approve(struct world *w, int officer)
{
    assert_int_equal(say_vote(w, &w->ask, officer, true, NULL), SPK_FRAME_OK);
}

/* -- Who counts
 * -------------------------------------------------------------------------------------- */

static void
test_one_officer_twice(void **state)
{
    struct world *w = *state;

    approve(w, ALICE);
    approve(w, ALICE);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    assert_int_equal(out_u64(w, SPK_FA_PERSONS), 1);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
}

static void
test_two_keys_of_one_person(void **state)
{
    struct world *w = *state;

    approve(w, CAROL);
    approve(w, CAROL2);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    assert_int_equal(out_u64(w, SPK_FA_PERSONS), 1);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    approve(w, BOB);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_OK);
}

static void
test_the_owner_as_officer(void **state)
{
    struct world *w = *state;

    approve(w, ALICE);
    assert_int_equal(say_vote(w, &w->ask, DAVE, true, NULL), SPK_FRAME_REFUSED);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
}

static void
test_a_stranger(void **state)
{
    struct world *w = *state;
    SPK_AUTO(spk_secret) stranger = NULL;

    assert_spk_ok(spk_secret_dup(w->owner.veto, &stranger));
    spk_secret_free(w->officer[BOB]);
    w->officer[BOB] = SPK_STEAL(stranger);
    approve(w, ALICE);
    /* under bob's name: another key has another key id, so no line of an officer is there */
    assert_int_equal(say_vote(w, &w->ask, BOB, true, NULL), SPK_FRAME_REFUSED);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
}

static void
test_altered_note(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);

    vote_note(w, &w->ask, ALICE, true, NULL, &note);
    for (size_t i = 0; i < note.len; i += 3) {
        struct msg m = {.n = 0};
        note.ptr[i] ^= 1;
        msg_add(&m, SPK_FA_NOTE, spk_buf_span(&note));
        assert_int_equal(world_send(w, SPK_MSG_APPROVE, &m), SPK_FRAME_REFUSED);
        note.ptr[i] ^= 1;
    }
    struct msg m = {.n = 0};
    msg_add(&m, SPK_FA_NOTE, spk_buf_span(&note));
    assert_int_equal(world_send(w, SPK_MSG_APPROVE, &m), SPK_FRAME_OK);
}

static void
test_two_officers_under_one_note(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf one = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf two = SPK_BUF(SPK_NOTE_MAX);
    struct msg m = {.n = 0};
    struct spk_note n;

    vote_note(w, &w->ask, ALICE, true, NULL, &one);
    assert_spk_ok(spk_note_parse(spk_buf_span(&one), false, &n));
    assert_spk_ok(spk_note_sign(n.text, &n, "officer/bob", w->officer[BOB], &two));
    msg_add(&m, SPK_FA_NOTE, spk_buf_span(&two));
    assert_int_equal(world_send(w, SPK_MSG_APPROVE, &m), SPK_FRAME_REFUSED);
}

/* -- What is signed
 * ---------------------------------------------------------------------------------- */

static void
other_request(struct spk_approval *a)
{
    a->request.b[0] ^= 1;
}
static void
other_owner(struct spk_approval *a)
{
    a->owner.b[0] ^= 1;
}
static void
other_recipient(struct spk_approval *a)
{
    a->recipient.b[0] ^= 1;
}
static void
other_signer(struct spk_approval *a)
{
    a->signer.b[0] ^= 1;
}
static void
other_authority(struct spk_approval *a)
{
    a->authority.b[0] ^= 1;
}
static void
other_scope_root(struct spk_approval *a)
{
    a->scope_root.b[0] ^= 1;
}
static void
other_scope_count(struct spk_approval *a)
{
    a->scope_count++;
}
static void
other_policy(struct spk_approval *a)
{
    a->policy = 2;
}
static void
other_policy_hash(struct spk_approval *a)
{
    a->policy_hash.b[0] ^= 1;
}
static void
expired(struct spk_approval *a)
{
    a->time -= 7200;
    a->expires = a->time + 3600;
}
static void
too_long(struct spk_approval *a)
{
    a->expires = a->time + 8 * 86400;
}
static void
from_the_future(struct spk_approval *a)
{
    a->time += 3600;
    a->expires += 3600;
}
static void
second_round(struct spk_approval *a)
{
    a->round = 2;
}

static void
test_every_field_counts(void **state)
{
    struct world *w = *state;
    vote_mutate *const wrong[] = {
        other_request,    other_owner,       other_recipient, other_signer,      other_authority,
        other_scope_root, other_scope_count, other_policy,    other_policy_hash, expired,
        too_long,         from_the_future,   second_round};

    approve(w, ALICE);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(say_vote(w, &w->ask, BOB, true, wrong[i]), SPK_FRAME_REFUSED);
    }
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    approve(w, BOB);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_OK);
}

static void
test_approval_is_not_a_denial(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    struct msg m = {.n = 0}, m2 = {.n = 0};

    vote_note(w, &w->ask, ALICE, false, NULL, &note);
    msg_add(&m, SPK_FA_NOTE, spk_buf_span(&note));
    assert_int_equal(world_send(w, SPK_MSG_APPROVE, &m), SPK_FRAME_REFUSED);
    spk_buf_reset(&note);
    vote_note(w, &w->ask, ALICE, true, NULL, &note);
    msg_add(&m2, SPK_FA_NOTE, spk_buf_span(&note));
    assert_int_equal(world_send(w, SPK_MSG_DENY, &m2), SPK_FRAME_REFUSED);
}

static void
test_approvals_run_out(void **state)
{
    struct world *w = *state;

    approve(w, ALICE);
    approve(w, BOB);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_OK);
    world_pass(2 * 86400, 2 * 86400);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_REFUSED);
    approve(w, ALICE);
    approve(w, CAROL);
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_OK);
    world_pass(14 * 86400, 14 * 86400);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_EXPIRED);
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, NULL), SPK_FRAME_REFUSED);
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_REFUSED);
}

static void
test_the_same_note_again_costs_nothing(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);

    vote_note(w, &w->ask, ALICE, true, NULL, &note);
    for (int i = 0; i < 3; i++) {
        struct msg m = {.n = 0};
        uint64_t before = w->h->journal.end;
        msg_add(&m, SPK_FA_NOTE, spk_buf_span(&note));
        assert_int_equal(world_send(w, SPK_MSG_APPROVE, &m), SPK_FRAME_OK);
        assert_true((w->h->journal.end == before) == (i > 0));
    }
}

/* -- No
 * ---------------------------------------------------------------------------------------------- */

static void
test_denial_stops_and_is_remembered(void **state)
{
    struct world *w = *state;

    approve(w, ALICE);
    approve(w, BOB);
    assert_int_equal(say_vote(w, &w->ask, CAROL, false, NULL), SPK_FRAME_OK);
    assert_int_equal(out_u64(w, SPK_FA_STATE), SPK_STATE_DENIED);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_REFUSED);
    restart(w);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_DENIED);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    approve(w, CAROL); /* changing one's mind does not undo it */
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_DENIED);
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK); /* nor does opening it again */
    assert_int_equal(out_u64(w, SPK_FA_STATE), SPK_STATE_DENIED);
}

static void
without_carol(struct spk_policy *p)
{
    p->officers[CAROL] = p->officers[DAVE];
    p->n_officers = 3;
}

static void
test_denial_outlives_its_officer(void **state)
{
    struct world *w = *state;

    assert_int_equal(say_vote(w, &w->ask, CAROL, false, NULL), SPK_FRAME_OK);
    assert_int_equal(say_policy(w, without_carol, 3), SPK_FRAME_OK);
    approve(w, ALICE);
    approve(w, BOB);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_DENIED);
    restart(w);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_DENIED);
}

static void
test_two_denials_when_two_are_needed(void **state)
{
    struct world *w = *state;

    assert_int_equal(say_vote(w, &w->ask, CAROL, false, NULL), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, &w->ask, CAROL2, false, NULL), SPK_FRAME_OK); /* the same person */
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    assert_int_equal(say_vote(w, &w->ask, BOB, false, NULL), SPK_FRAME_OK);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_DENIED);
}

static void
test_denial_under_an_older_policy(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    struct msg m = {.n = 0};

    vote_note(w, &w->ask, CAROL, false, NULL, &note);
    assert_int_equal(say_policy(w, NULL, 3), SPK_FRAME_OK);
    msg_add(&m, SPK_FA_NOTE, spk_buf_span(&note));
    assert_int_equal(world_send(w, SPK_MSG_DENY, &m), SPK_FRAME_OK);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_DENIED);
}

static void
test_veto_by_code(void **state)
{
    struct world *w = *state;

    approve(w, ALICE);
    approve(w, BOB);
    assert_int_equal(say_veto_code(w, &w->ask, &w->thief), SPK_FRAME_REFUSED);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_OK);
    assert_int_equal(say_veto_code(w, &w->ask, &w->owner), SPK_FRAME_OK);
    assert_int_equal(out_u64(w, SPK_FA_STATE), SPK_STATE_VETOED);
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_REFUSED);
    restart(w);
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_REFUSED);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_VETOED);
}

/* An owner whose veto key is also an officer's: he would veto as the one what he approves as the
 * other. */
static void
test_veto_key_with_two_roles(void **state)
{
    struct world *w = *state;
    struct spk_enrolment e = {.name = SPK_SPAN_LIT("Olga Officer"), .time = 1};
    struct person p = {.keyx = w->thief.keyx, .sign = w->thief.sign, .veto = w->officer[ALICE]};
    struct ask_ a;

    e.keyx = p.keyx;
    e.sign = p.sign;
    memcpy(e.veto, w->policy.officers[ALICE].key.key, sizeof(e.veto));
    p.enrol = SPK_BUF(SPK_ENROL_RECORD_MAX);
    assert_spk_ok(spk_enrolment_build(&e, &p.enrol));
    assert_spk_ok(spk_sha256(spk_buf_span(&p.enrol), &p.owner));
    const struct spk_hash real = w->owner.owner;
    w->owner.owner = p.owner;
    ask_make(w, &a, NULL);
    w->owner.owner = real;
    assert_int_equal(say_open(w, &a), SPK_FRAME_OK);
    assert_int_equal(say_veto_code(w, &a, &p), SPK_FRAME_REFUSED);
    assert_int_equal(say_veto_key(w, &a, &p, p.sign), SPK_FRAME_OK);
    ask_free(&a);
    spk_buf_free(&p.enrol);
}

static void
test_veto_by_signature_key(void **state)
{
    struct world *w = *state;

    approve(w, ALICE);
    approve(w, BOB);
    assert_int_equal(say_veto_key(w, &w->ask, &w->owner, w->thief.sign), SPK_FRAME_REFUSED);
    assert_int_equal(say_veto_key(w, &w->ask, &w->owner, w->owner.keyx), SPK_FRAME_REFUSED);
    assert_int_equal(say_veto_key(w, &w->ask, &w->thief, w->thief.sign), SPK_FRAME_REFUSED);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_APPROVED);
    assert_int_equal(say_veto_key(w, &w->ask, &w->owner, w->owner.sign), SPK_FRAME_OK);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
}

/* -- Time
 * -------------------------------------------------------------------------------------------- */

static void
test_waiting_time_and_second_round(void **state)
{
    struct world *w = *state;

    approve(w, ALICE);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    approve(w, BOB);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_WAITING);
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, second_round), SPK_FRAME_REFUSED);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    world_pass(3 * 86400 + 2, 3 * 86400 + 2);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_CONFIRM);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, second_round), SPK_FRAME_OK);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    assert_int_equal(say_vote(w, &w->ask, BOB, true, second_round), SPK_FRAME_OK);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_OK);
}

static void
test_setting_the_clock_forward_is_not_waiting(void **state)
{
    struct world *w = *state;

    approve(w, ALICE);
    approve(w, BOB);
    world_pass(4 * 86400, 60);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_WAITING);
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, second_round), SPK_FRAME_REFUSED);
    restart(w);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_WAITING);
    world_pass(0, 3 * 86400);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_CONFIRM);
}

static void
test_running_alone_is_not_waiting(void **state)
{
    struct world *w = *state;

    approve(w, ALICE);
    approve(w, BOB);
    world_pass(0, 4 * 86400);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_WAITING);
}

static void
test_time_never_goes_back(void **state)
{
    struct world *w = *state;

    world_pass(86400, 86400);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    approve(w, ALICE); /* any record: the time is written down with it */
    uint64_t high = w->h->clock.high;
    world_pass((uint64_t)-2 * 86400, 0);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    assert_true(w->h->clock.high >= high);
    restart(w);
    assert_true(w->h->clock.high >= high);
    world_pass((uint64_t)2 * 86400, 0);
}

static void
test_running_time_is_written_down_each_minute(void **state)
{
    struct world *w = *state;
    uint64_t end = w->h->journal.end;

    spk_holder_tick(w->h);
    assert_int_equal(w->h->journal.end, end);
    for (int i = 0; i < 10; i++) {
        world_pass(61, 61);
        spk_holder_tick(w->h);
    }
    assert_true(w->h->journal.end > end);
    uint64_t running = spk_hclock_running(&w->h->clock);
    restart(w);
    /* at most a minute is lost */
    assert_true(spk_hclock_running(&w->h->clock) + 61000 >= running);
    assert_true(w->h->clock.run_base >= 10 * 61 * 1000);
}

static void
test_larger_quorum_and_longer_wait_override_a_veto(void **state)
{
    struct world *w = *state;

    assert_int_equal(say_veto_code(w, &w->ask, &w->owner), SPK_FRAME_OK);
    approve(w, ALICE);
    approve(w, BOB);
    approve(w, CAROL);
    world_pass(4 * 86400, 4 * 86400);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_VETOED);
    world_pass(2 * 86400 + 2, 2 * 86400 + 2);
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, second_round), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, &w->ask, BOB, true, second_round), SPK_FRAME_OK);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    assert_int_equal(say_vote(w, &w->ask, CAROL, true, second_round), SPK_FRAME_OK);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_APPROVED);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_OK);
}

/* -- OPEN
 * -------------------------------------------------------------------------------------------- */

static void
test_scope_is_frozen(void **state)
{
    struct world *w = *state;

    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    w->ask.count++;
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_REFUSED);
    w->ask.count--;
    w->ask.root.b[0] ^= 1;
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_REFUSED);
}

static struct world *opening;

static void
foreign_authority(struct spk_request *r)
{
    r->authority.b[0] ^= 1;
}
static void
long_ago(struct spk_request *r)
{
    r->time -= 8 * 86400;
}
static void
far_ahead(struct spk_request *r)
{
    r->time += 8 * 86400;
}
static void
authority_as_recipient(struct spk_request *r)
{
    r->keyx = spk_keys_newest(opening->keys)->pair;
}

static void
test_open_checks(void **state)
{
    struct world *w = *state;
    void (*const wrong[])(struct spk_request *) = {foreign_authority, long_ago, far_ahead,
                                                   authority_as_recipient};

    opening = w;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct ask_ a;
        ask_make(w, &a, wrong[i]);
        assert_int_equal(say_open(w, &a), SPK_FRAME_REFUSED);
        assert_int_equal(say_state(w, &a), 0);
        ask_free(&a);
    }
}

static void
test_open_wants_both_proofs(void **state)
{
    struct world *w = *state;
    struct ask_ a;

    ask_make(w, &a, NULL);
    a.sig_sign.ptr[5] ^= 1;
    assert_int_equal(say_open(w, &a), SPK_FRAME_REFUSED);
    a.sig_sign.ptr[5] ^= 1;
    struct spk_buf t = a.sig_sign; /* a signature of the other kind is none */
    a.sig_sign = a.sig_keyx;
    assert_int_equal(say_open(w, &a), SPK_FRAME_REFUSED);
    a.sig_keyx = t;
    assert_int_equal(say_open(w, &a), SPK_FRAME_REFUSED);
    a.sig_keyx = a.sig_sign;
    a.sig_sign = t;
    assert_int_equal(say_open(w, &a), SPK_FRAME_OK);
    ask_free(&a);
}

static void
test_a_full_table_lets_the_next_one_in(void **state)
{
    struct world *w = *state;
    struct ask_ a;
    size_t n = w->h->state->n_requests;

    /* as if the table were full: no stranger's request may keep an owner out */
    approve(w, ALICE);
    ask_make(w, &a, NULL);
    assert_int_equal(say_open(w, &a), SPK_FRAME_OK);
    const struct spk_hreq *victim = spk_state_spare(w->h->state);
    assert_non_null(victim);
    assert_true(spk_hash_eq(&victim->hash, &a.hash)); /* never one that has been voted on */
    const struct spk_span part = spk_hash_span(&a.hash);
    assert_spk_ok(spk_holder_commit(w->h, SPK_JREC_FORGET, &part, 1));
    assert_int_equal(w->h->state->n_requests, n);
    assert_int_equal(say_state(w, &a), 0);
    assert_int_equal(say_open(w, &a), SPK_FRAME_OK);
    restart(w);
    assert_int_equal(say_state(w, &a), SPK_STATE_OPEN);
    ask_free(&a);
}

/* -- POLICY
 * ------------------------------------------------------------------------------------------ */

static void
test_policy_moves_on_and_never_back(void **state)
{
    struct world *w = *state;
    struct spk_policy first = w->policy;
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(SPK_NOTE_MAX);

    assert_int_equal(say_policy(w, NULL, 1), SPK_FRAME_REFUSED); /* one is no quorum */
    assert_int_equal(say_policy(w, NULL, 12),
                     SPK_FRAME_REFUSED); /* two keys of one person neither */
    assert_int_equal(say_policy(w, NULL, 3), SPK_FRAME_OK);
    assert_int_equal(out_u64(w, SPK_FA_POLICY_NUMBER), 2);
    struct msg m = {.n = 0}, m2 = {.n = 0};
    msg_add(&m, SPK_FA_NOTE, spk_buf_span(&w->genesis));
    assert_int_equal(world_send(w, SPK_MSG_POLICY, &m), SPK_FRAME_REFUSED);
    /* another number 2, as good as the first */
    first.number = 2;
    first.previous = first.hash;
    first.approval_life = 9;
    policy_note(w, &first, 3, &again);
    msg_add(&m2, SPK_FA_NOTE, spk_buf_span(&again));
    assert_int_equal(world_send(w, SPK_MSG_POLICY, &m2), SPK_FRAME_REFUSED);
    restart(w);
    assert_int_equal(out_u64(w, SPK_FA_POLICY_NUMBER), 2);
}

static void
test_present_policy_again_is_no_news(void **state)
{
    struct world *w = *state;
    struct msg m = {.n = 0};
    uint64_t end = w->h->journal.end;

    msg_add(&m, SPK_FA_NOTE, spk_buf_span(&w->genesis));
    assert_int_equal(world_send(w, SPK_MSG_POLICY, &m), SPK_FRAME_OK);
    assert_int_equal(w->h->journal.end, end);
}

static struct world *electing;

static void
holder_as_officer(struct spk_policy *p)
{
    memcpy(p->officers[BOB].key.key, electing->h->keys->vkey.key, SPK_ED25519_LEN);
    assert_spk_ok(
        spk_vkey_make("officer/robot", electing->h->keys->vkey.key, &p->officers[BOB].key));
}

static void
test_the_holder_is_no_officer(void **state)
{
    struct world *w = *state;

    electing = w;
    assert_int_equal(say_policy(w, holder_as_officer, 3), SPK_FRAME_REFUSED);
}

static void
test_approvals_of_an_older_policy_do_not_count(void **state)
{
    struct world *w = *state;

    approve(w, ALICE);
    approve(w, BOB);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_APPROVED);
    assert_int_equal(say_policy(w, NULL, 3), SPK_FRAME_OK);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_OPEN);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    approve(w, ALICE);
    approve(w, BOB);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_OK);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define W(f) cmocka_unit_test_setup_teardown(f, setup_wait, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_one_officer_twice),
        T(test_two_keys_of_one_person),
        T(test_the_owner_as_officer),
        T(test_a_stranger),
        T(test_altered_note),
        T(test_two_officers_under_one_note),
        T(test_every_field_counts),
        T(test_approval_is_not_a_denial),
        T(test_approvals_run_out),
        T(test_the_same_note_again_costs_nothing),
        T(test_denial_stops_and_is_remembered),
        T(test_denial_outlives_its_officer),
        cmocka_unit_test_setup_teardown(test_two_denials_when_two_are_needed, setup_deny_two,
                                        teardown),
        T(test_denial_under_an_older_policy),
        T(test_veto_by_code),
        T(test_veto_key_with_two_roles),
        T(test_veto_by_signature_key),
        W(test_waiting_time_and_second_round),
        W(test_setting_the_clock_forward_is_not_waiting),
        W(test_running_alone_is_not_waiting),
        W(test_time_never_goes_back),
        W(test_running_time_is_written_down_each_minute),
        W(test_larger_quorum_and_longer_wait_override_a_veto),
        T(test_scope_is_frozen),
        T(test_open_checks),
        T(test_open_wants_both_proofs),
        T(test_a_full_table_lets_the_next_one_in),
        T(test_policy_moves_on_and_never_back),
        T(test_present_policy_again_is_no_news),
        T(test_the_holder_is_no_officer),
        T(test_approvals_of_an_older_policy_do_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
