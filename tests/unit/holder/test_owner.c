/* SPDX-License-Identifier: Apache-2.0 */
/* SUCCESSOR: the new pairs become the owner's, the old ones nothing. */
#include <unistd.h>

#include "world.h"

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

static void
approved(struct world *w, const struct ask_ *a)
{
    assert_int_equal(say_open(w, a), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, a, ALICE, true, NULL), SPK_FRAME_OK);
    assert_int_equal(say_vote(w, a, BOB, true, NULL), SPK_FRAME_OK);
}

/* The note of the last answer, verified. */
static void
successor_of_answer(const struct world *w, struct spk_successor *ret_s, struct spk_hash *ret_hash)
{
    struct spk_span bytes;
    struct spk_note n;

    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_NOTE, SPK_NOTE_MAX, &bytes));
    assert_spk_ok(spk_note_parse(bytes, false, &n));
    assert_string_equal(w->keys->vkey.name, "authority.example/holder");
    assert_spk_ok(spk_note_verify(&n, &w->keys->vkey));
    assert_spk_ok(spk_note_hash(&n, ret_hash));
    assert_spk_ok(spk_successor_parse(n.text, ret_s));
}

static void
test_successor(void **state)
{
    struct world *w = *state;
    struct spk_successor s = {.number = 0};
    struct spk_hash hash;

    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_REFUSED);
    approved(w, &w->ask);
    assert_int_equal(say_successor(w, &w->ask, &w->thief), SPK_FRAME_REFUSED);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_OK);
    successor_of_answer(w, &s, &hash);
    assert_int_equal(s.number, 1);
    assert_true(spk_hash_eq(&s.owner, &w->owner.owner));
    assert_true(spk_hash_eq(&s.previous, &w->owner.owner));
    assert_true(spk_hash_eq(&s.request, &w->ask.hash));
    assert_true(spk_hash_eq(spk_rsa_id(s.keyx), spk_rsa_id(w->new_keyx)));
    assert_true(spk_hash_eq(spk_rsa_id(s.sign), spk_rsa_id(w->new_sign)));
    spk_successor_clear(&s);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_DONE);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_OK);
    assert_key_came(w, &w->dep[0], w->new_keyx);
}

static void
test_again_is_the_same_note(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf first = SPK_BUF(SPK_NOTE_MAX);
    struct spk_span note;

    approved(w, &w->ask);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_OK);
    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_NOTE, SPK_NOTE_MAX, &note));
    assert_spk_ok(spk_buf_add(&first, note));
    world_pass(100, 100);
    world_stop(w);
    world_start(w);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_OK);
    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_NOTE, SPK_NOTE_MAX, &note));
    assert_span_equal(note, spk_buf_span(&first));
}

static void
test_releases_go_on_when_approvals_have_run_out(void **state)
{
    struct world *w = *state;

    approved(w, &w->ask);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_OK);
    world_pass(2 * 86400, 2 * 86400);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_DONE);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_OK);
    world_pass(14 * 86400, 14 * 86400);
    assert_int_equal(say_state(w, &w->ask), SPK_STATE_EXPIRED);
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_REFUSED);
}

static void
same_as_before(struct spk_request *r)
{
    r->reason = SPK_SPAN_LIT("again");
}

static void
test_old_key_says_nothing_any_more(void **state)
{
    struct world *w = *state;
    struct ask_ next;

    approved(w, &w->ask);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_OK);
    /* the thief has the old signature key and would stop the owner from now on */
    assert_int_equal(say_veto_key(w, &w->ask, &w->owner, w->owner.sign), SPK_FRAME_REFUSED);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_OK);
    assert_int_equal(say_veto_key(w, &w->ask, &w->owner, w->new_sign), SPK_FRAME_OK);
    assert_int_equal(say_release(w, &w->ask, 1), SPK_FRAME_REFUSED);
    /* pairs that the owner has had before cannot come back */
    ask_make(w, &next, same_as_before);
    assert_int_equal(say_open(w, &next), SPK_FRAME_REFUSED);
    ask_free(&next);
}

static struct world *choosing;

static void
first_pairs_again(struct spk_request *r)
{
    r->keyx = choosing->owner.keyx;
    r->sign = choosing->owner.sign;
}

static void
first_signature_key_wraps(struct spk_request *r)
{
    r->keyx = choosing->owner.sign;
}

static void
test_new_pairs_are_new(void **state)
{
    struct world *w = *state;
    void (*const wrong[])(struct spk_request *) = {first_pairs_again, first_signature_key_wraps};

    choosing = w;
    for (size_t i = 0; i < 2; i++) {
        struct ask_ a;
        ask_make(w, &a, wrong[i]);
        approved(w, &a);
        assert_int_equal(say_successor(w, &a, &w->owner), SPK_FRAME_REFUSED);
        ask_free(&a);
    }
}

static struct spk_rsa *third[2];

static void
third_pairs(struct spk_request *r)
{
    r->keyx = third[0];
    r->sign = third[1];
}

static void
test_second_recovery_continues_the_chain(void **state)
{
    struct world *w = *state;
    struct spk_successor s = {.number = 0};
    struct spk_hash first, second;
    struct ask_ next;

    for (size_t i = 0; i < 2; i++) {
        assert_spk_ok(spk_rsa_generate(2048, &third[i]));
    }
    approved(w, &w->ask);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_OK);
    successor_of_answer(w, &s, &first);
    spk_successor_clear(&s);
    ask_make(w, &next, third_pairs);
    approved(w, &next);
    world_stop(w);
    world_start(w);
    assert_int_equal(say_successor(w, &next, &w->owner), SPK_FRAME_OK);
    successor_of_answer(w, &s, &second);
    assert_int_equal(s.number, 2);
    assert_true(spk_hash_eq(&s.previous, &first));
    spk_successor_clear(&s);
    /* the first recovery's key is an old one now */
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    assert_int_equal(say_release(w, &next, 0), SPK_FRAME_OK);
    assert_key_came(w, &w->dep[0], third[0]);
    /* asked again, the first one still tells what it was */
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_OK);
    successor_of_answer(w, &s, &second);
    assert_int_equal(s.number, 1);
    spk_successor_clear(&s);
    ask_free(&next);
    spk_rsa_free(third[0]);
    spk_rsa_free(third[1]);
}

/* The holder on a folder with the same keys, which remembers nothing. */
static void
journal_anew(struct world *w)
{
    static const char *const files[] = {"journal", "holder.key", "epoch-1.key", "lock"};
    const struct spk_span genesis = spk_buf_span(&w->genesis);

    world_stop(w);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        assert_int_equal(unlinkat(w->dirfd, files[i], 0), 0);
    }
    (void)unlinkat(w->dirfd, "use.log", 0);
    assert_spk_ok(spk_folder_make(w->dirfd, w->keys, NULL, &genesis, 1));
    world_start(w);
}

/* The same text under another key of the same name. */
static void
forged(const struct world *w, struct spk_span good, struct spk_buf *note)
{
    struct spk_note n;

    assert_spk_ok(spk_note_parse(good, false, &n));
    assert_spk_ok(spk_note_sign(n.text, NULL, w->keys->vkey.name, w->officer[ALICE], note));
}

static void
keep_note(const struct world *w, struct spk_buf *kept, struct spk_hash *ret_hash)
{
    struct spk_successor s = {.number = 0};
    struct spk_span bytes;

    successor_of_answer(w, &s, ret_hash);
    spk_successor_clear(&s);
    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_NOTE, SPK_NOTE_MAX, &bytes));
    spk_buf_free(kept);
    *kept = SPK_BUF(SPK_NOTE_MAX);
    assert_spk_ok(spk_buf_add(kept, bytes));
}

static void
test_journal_begins_anew(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf first = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf second = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf bad = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO(spk_rsa) keyx = NULL;
    SPK_AUTO(spk_rsa) sign = NULL;
    struct spk_rsa *const older[2] = {w->new_keyx, w->new_sign};
    struct spk_successor s = {.number = 0};
    struct spk_hash hash, hash2;
    struct ask_ next, again;

    for (size_t i = 0; i < 2; i++) {
        assert_spk_ok(spk_rsa_generate(2048, &third[i]));
    }
    assert_spk_ok(spk_rsa_generate(2048, &keyx));
    assert_spk_ok(spk_rsa_generate(2048, &sign));
    approved(w, &w->ask);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_OK);
    keep_note(w, &first, &hash);
    ask_make(w, &next, third_pairs);
    ask_make(w, &again, third_pairs);
    approved(w, &next);
    assert_int_equal(say_successor(w, &next, &w->owner), SPK_FRAME_OK);
    keep_note(w, &second, &hash2);

    journal_anew(w);
    /* the newest keys are known to have had their turn, and so is the number */
    again.last = spk_buf_span(&second);
    assert_int_equal(say_open(w, &again), SPK_FRAME_REFUSED);
    assert_int_equal(w->h->state->n_successors, 1);
    world_stop(w);
    world_start(w);
    ask_free(&next);
    third[0] = keyx;
    third[1] = sign;
    ask_make(w, &next, third_pairs);
    /* an older one changes nothing; one that is not the holder's own refuses the message */
    next.last = spk_buf_span(&first);
    assert_int_equal(say_open(w, &next), SPK_FRAME_OK);
    assert_int_equal(w->h->state->n_successors, 1);
    forged(w, spk_buf_span(&second), &bad);
    next.last = spk_buf_span(&bad);
    assert_int_equal(say_open(w, &next), SPK_FRAME_REFUSED);
    next.last = spk_buf_span(&second);
    approved(w, &next);
    assert_int_equal(say_veto_key(w, &next, &w->owner, w->owner.sign), SPK_FRAME_REFUSED);
    assert_int_equal(say_veto_key(w, &next, &w->owner, older[1]), SPK_FRAME_REFUSED);
    assert_int_equal(say_successor(w, &next, &w->owner), SPK_FRAME_OK);
    successor_of_answer(w, &s, &hash);
    assert_int_equal(s.number, 3);
    assert_true(spk_hash_eq(&s.previous, &hash2));
    spk_successor_clear(&s);
    ask_free(&next);
    spk_rsa_free(again.req.keyx);
    spk_rsa_free(again.req.sign);
    ask_free(&again);
}

/* The note of somebody else's recovery says nothing about this owner. */
static void
test_another_owners_statement(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);
    struct spk_successor u = {.authority = w->ask.req.authority,
                              .owner = w->thief.owner,
                              .number = 1,
                              .previous = w->thief.owner,
                              .keyx = w->thief.keyx,
                              .sign = w->thief.sign,
                              .request = w->ask.hash,
                              .time = 1};

    assert_spk_ok(spk_successor_format(&u, &text));
    assert_spk_ok(
        spk_note_sign(spk_buf_span(&text), NULL, w->keys->vkey.name, w->keys->seed, &note));
    w->ask.last = spk_buf_span(&note);
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_REFUSED);
    assert_int_equal(w->h->state->n_successors, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_successor),
        T(test_again_is_the_same_note),
        T(test_releases_go_on_when_approvals_have_run_out),
        T(test_old_key_says_nothing_any_more),
        T(test_new_pairs_are_new),
        T(test_second_recovery_continues_the_chain),
        T(test_journal_begins_anew),
        T(test_another_owners_statement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
