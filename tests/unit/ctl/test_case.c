/* SPDX-License-Identifier: Apache-2.0 */
/* What an officer's tool believes: a world in which everything holds, and then one lie at a time.
 */
#include "spk_test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "case_world.h"

/* Everything as the tool does it, two files a page. */
static spk_err
look(struct world *w, struct ctl_case **ret_c)
{
    SPK_AUTO(ctl_case) c = NULL;
    SPK_AUTO(spk_json) j = preimages(w);
    size_t at = 0;

    assert_spk_ok(ctl_case_new(w->pin, &w->ask, &c));
    spk_err e = ctl_case_take(c, j);
    while (spk_ok(e) && c->more) {
        size_t to = at + 2 < w->n_files ? at + 2 : w->n_files;
        SPK_AUTO(spk_json) page = scope(w, at, to);

        e = ctl_case_page(c, page);
        at = to;
    }
    e = spk_ok(e) ? ctl_case_end(c) : e;
    w->fault = c->fault;
    *ret_c = SPK_STEAL(c);
    return e;
}

static void
assert_holds(struct world *w)
{
    SPK_AUTO(ctl_case) c = NULL;
    spk_err e = look(w, &c);

    if (w->fault != NULL) {
        print_message("fault: %s\n", w->fault);
    }
    assert_spk_ok(e);
    assert_null(w->fault);
}

/* It is refused, and the sentence is about this. */
static void
assert_lie(struct world *w, const char *about)
{
    SPK_AUTO(ctl_case) c = NULL;
    spk_err e = look(w, &c);

    assert_spk_code(e, AUTH);
    assert_non_null(w->fault);
    if (strstr(w->fault, about) == NULL) {
        print_message("fault: %s\n", w->fault);
    }
    assert_non_null(strstr(w->fault, about));
}

/* -- what holds */

static void
all_holds(void **state)
{
    struct world *w = *state;
    struct ctl_case *c = NULL;
    struct spk_vote_facts f;

    assert_spk_ok(look(w, &c));
    assert_int_equal(c->n_files, FILES);
    assert_string_equal(c->files[0].description, "one.txt");
    assert_true(c->files[0].readable);
    ctl_case_facts(c, &f);
    assert_memory_equal(f.request.b, w->ask.b, SPK_HASH_LEN);
    assert_memory_equal(f.recipient.b, spk_rsa_id(keys[K_NEW_KEYX])->b, SPK_HASH_LEN);
    assert_memory_equal(f.signer.b, spk_rsa_id(keys[K_NEW_SIGN])->b, SPK_HASH_LEN);
    assert_int_equal(f.scope_count, FILES);
    assert_memory_equal(f.scope_root.b, w->root.b, SPK_HASH_LEN);
    ctl_case_free(c);
}

static void
listed_files_hold(void **state)
{
    struct world *w = *state;

    list_files(w, 2);
    w->n_files = 2;
    sign_request(w, K_NEW_SIGN, K_NEW_KEYX);
    freeze(w);
    assert_holds(w);
}

static void
no_files_hold(void **state)
{
    struct world *w = *state;

    w->request.kind = SPK_REQ_KIND_PAIRS;
    w->n_files = 0;
    sign_request(w, K_NEW_SIGN, K_NEW_KEYX);
    freeze(w);
    assert_holds(w);
}

/* Every line is marked, and nothing in a record can make a line of its own. */
/* What the files' own policies ask for stands beside what today's does. */
static void
takes_the_most(void **state)
{
    struct world *w = *state;
    SPK_AUTO(ctl_case) c = NULL;
    SPK_AUTO(ctl_case) again = NULL;
    struct spk_buf b = SPK_BUF(TEXT_MAX);
    const char *text = NULL;

    w->files[1].rpub.policy = 77; /* nobody knows it: as today's */
    freeze(w);
    sign_request(w, K_NEW_SIGN, K_NEW_KEYX);
    assert_spk_ok(look(w, &c));
    assert_int_equal(c->takes.quorum, 2);
    assert_int_equal(c->takes.quorum_by, 1);
    assert_true(c->takes.wait == 0);

    w->pin->policy.number = 2; /* as if the officers had loosened it */
    w->pin->policy.quorum = 1;
    w->pin->policy.wait = 3600;
    assert_spk_ok(look(w, &again));
    assert_int_equal(again->takes.quorum, 2);
    assert_int_equal(again->takes.quorum_by, 1);
    assert_true(again->takes.wait == 3600);
    assert_int_equal(again->takes.wait_by, 2);
    assert_spk_ok(ctl_case_render(again, 2, &b));
    assert_spk_ok(spk_buf_cstr(&b, &text));
    assert_non_null(strstr(text, "2 persons, because files were deposited under policy 1\n"));
    assert_non_null(strstr(text, "1 hour\n"));
    spk_buf_free(&b);
}

static void
render(void **state)
{
    struct world *w = *state;
    struct ctl_case *c = NULL;
    struct spk_buf b = SPK_BUF(TEXT_MAX);
    struct spk_span rest;
    struct spk_span line;
    const char *text = NULL;

    w->files[2].hidden = true;
    assert_spk_ok(look(w, &c));
    assert_spk_ok(ctl_case_render(c, 2, &b));
    rest = spk_buf_span(&b);
    while (spk_split(&rest, '\n', &line)) {
        assert_true(line.len > 10);
        assert_true(memcmp(line.ptr, "verified  ", 10) == 0 ||
                    memcmp(line.ptr, "claimed   ", 10) == 0);
    }
    assert_int_equal(rest.len, 0);
    assert_spk_ok(spk_buf_cstr(&b, &text));
    assert_non_null(strstr(text, "verified  name             Olga Owner\n"));
    assert_non_null(strstr(text, "claimed   reason           laptop stolen\n"));
    assert_non_null(strstr(text, "one.txt\n"));
    assert_non_null(strstr(text, "two \\u{202E}.txt\n")); /* right-to-left override, escaped */
    assert_non_null(strstr(text, "... and 1 more\n"));
    assert_non_null(strstr(text, "claimed   owner of         1 files"));
    assert_non_null(strstr(text, "claimed   log entry        7 2023-11-14T22:13:22Z request\n"));
    ctl_case_free(c);
    spk_buf_free(&b);
}

/* -- lies about the request */

static void
another_request(void **state)
{
    struct world *w = *state;

    w->ask.b[0] ^= 1;
    assert_lie(w, "another request");
}

static void
another_authority(void **state)
{
    struct world *w = *state;

    w->request.authority = *spk_rsa_id(keys[K_OTHER]);
    sign_request(w, K_NEW_SIGN, K_NEW_KEYX);
    assert_lie(w, "another authority");
}

static void
exchanged_recipient(void **state)
{
    struct world *w = *state;
    struct spk_hash asked = w->ask;

    /* the server puts its own key in: the hash that was read out does not fit any more */
    w->request.keyx = keys[K_OTHER];
    sign_request(w, K_NEW_SIGN, K_OTHER);
    w->ask = asked;
    assert_lie(w, "another request");
}

static void
no_possession_of_keyx(void **state)
{
    struct world *w = *state;

    sign_request(w, K_NEW_SIGN, K_OTHER);
    assert_lie(w, "not proven");
}

static void
no_possession_of_sign(void **state)
{
    struct world *w = *state;

    sign_request(w, K_OTHER, K_NEW_KEYX);
    assert_lie(w, "not proven");
}

static void
old_key_again(void **state)
{
    struct world *w = *state;

    w->request.sign = keys[K_SIGN]; /* the stolen one */
    sign_request(w, K_SIGN, K_NEW_KEYX);
    assert_lie(w, "in use already");
}

static void
authority_key_as_recipient(void **state)
{
    struct world *w = *state;

    w->request.keyx = keys[K_AUTHORITY];
    sign_request(w, K_NEW_SIGN, K_AUTHORITY);
    assert_lie(w, "in use already");
}

/* -- lies about the owner */

static void
another_owner(void **state)
{
    struct world *w = *state;

    w->enrolment.name = SPK_SPAN_LIT("Mallory");
    sign_enrolment(w, K_SIGN);
    assert_lie(w, "another owner");
}

static void
enrolment_signed_by_another(void **state)
{
    struct world *w = *state;

    sign_enrolment(w, K_OTHER);
    assert_lie(w, "under the enrolment");
}

static void
add_successor(struct world *w, const struct spk_successor *s, const struct spk_secret *by)
{
    struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);

    assert_spk_ok(spk_successor_format(s, &text));
    sign_note(spk_buf_span(&text), "authority/holder", by, &w->successors[w->n_notes++]);
    spk_buf_free(&text);
}

static struct spk_successor
successor(const struct world *w)
{
    struct spk_successor s = {.authority = w->request.authority,
                              .owner = w->request.owner,
                              .number = 1,
                              .previous = w->request.owner,
                              .keyx = keys[K_OTHER],
                              .sign = keys[K_SIGN],
                              .time = 1700000000};

    memset(s.request.b, 5, sizeof(s.request.b));
    return s;
}

static void
chain_of_keys_holds(void **state)
{
    struct world *w = *state;
    struct spk_successor s = successor(w);
    struct ctl_case *c = NULL;

    add_successor(w, &s, w->holder);
    assert_spk_ok(look(w, &c));
    assert_int_equal(c->n_successors, 1);
    assert_memory_equal(c->keyx_now.b, spk_rsa_id(keys[K_OTHER])->b, SPK_HASH_LEN);
    ctl_case_free(c);
}

static void
done_request_still_shows(void **state)
{
    struct world *w = *state;
    struct spk_successor s = successor(w);
    struct ctl_case *c = NULL;

    s.keyx = keys[K_NEW_KEYX];
    s.sign = keys[K_NEW_SIGN];
    s.request = w->ask;
    add_successor(w, &s, w->holder);
    assert_spk_ok(look(w, &c));
    assert_int_equal(c->n_successors, 1);
    assert_memory_equal(c->sign_now.b, spk_rsa_id(keys[K_SIGN])->b, SPK_HASH_LEN); /* as before */
    ctl_case_free(c);
}

static void
successor_by_another(void **state)
{
    struct world *w = *state;
    struct spk_successor s = successor(w);

    add_successor(w, &s, w->bob->sign);
    assert_lie(w, "chain of the owner's keys");
}

static void
successor_with_a_gap(void **state)
{
    struct world *w = *state;
    struct spk_successor s = successor(w);

    s.number = 2;
    memset(s.previous.b, 8, sizeof(s.previous.b));
    add_successor(w, &s, w->holder);
    assert_lie(w, "chain of the owner's keys");
}

static void
successor_of_another_owner(void **state)
{
    struct world *w = *state;
    struct spk_successor s = successor(w);

    memset(s.owner.b, 8, sizeof(s.owner.b));
    s.previous = s.owner;
    add_successor(w, &s, w->holder);
    assert_lie(w, "chain of the owner's keys");
}

/* -- lies about the files */

static void
list_was_exchanged(void **state)
{
    struct world *w = *state;

    list_files(w, 2);
    w->n_files = 2;
    sign_request(w, K_NEW_SIGN, K_NEW_KEYX);
    freeze(w);
    w->serials[1] = w->files[2].rpub.id;
    assert_lie(w, "list of files is not the one");
}

static void
more_than_was_asked_for(void **state)
{
    struct world *w = *state;

    list_files(w, 2);
    sign_request(w, K_NEW_SIGN, K_NEW_KEYX);
    freeze(w); /* all three */
    assert_lie(w, "not asked for");
}

static void
file_left_out(void **state)
{
    struct world *w = *state;

    w->n_files = 2; /* the frozen scope has three */
    assert_lie(w, "count and root");
}

static void
file_relabelled(void **state)
{
    struct world *w = *state;

    w->files[1].priv.description = SPK_SPAN_LIT("harmless.txt"); /* with a P of its own */
    assert_lie(w, "count and root");
}

static void
file_of_another_owner(void **state)
{
    struct world *w = *state;

    memset(w->files[1].priv.owner.b, 6, SPK_HASH_LEN);
    freeze(w);
    assert_lie(w, "not this owner's");
}

static void
serial_of_another_file(void **state)
{
    struct world *w = *state;

    w->files[1].priv.id = w->files[0].rpub.id;
    freeze(w);
    assert_lie(w, "not this owner's");
}

static void
same_file_twice(void **state)
{
    struct world *w = *state;

    w->files[2] = w->files[1];
    freeze(w);
    assert_lie(w, "does not hold");
}

static void
files_with_pairs_only(void **state)
{
    struct world *w = *state;

    w->request.kind = SPK_REQ_KIND_PAIRS;
    sign_request(w, K_NEW_SIGN, K_NEW_KEYX);
    assert_lie(w, "new key pairs only");
}

static void
scope_without_end(void **state)
{
    struct world *w = *state;
    SPK_AUTO(ctl_case) c = NULL;
    SPK_AUTO(spk_json) j = preimages(w);
    SPK_AUTO(spk_json) page = NULL;

    assert_spk_ok(ctl_case_new(w->pin, &w->ask, &c));
    assert_spk_ok(ctl_case_take(c, j));
    assert_spk_ok(spk_json_parse(SPK_SPAN_LIT("{\"deposits\":[],\"next\":7}"), &page));
    assert_spk_code(ctl_case_page(c, page), AUTH);
    assert_non_null(strstr(c->fault, "no end"));
}

/* -- votes */

static void
add_vote_for(struct world *w, const struct spk_identity *by, const struct spk_hash *request,
             const char *log)
{
    struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);
    struct spk_approval a = {.authority = w->request.authority,
                             .request = *request,
                             .owner = w->request.owner,
                             .scope_count = w->count,
                             .scope_root = w->root,
                             .recipient = *spk_rsa_id(keys[K_NEW_KEYX]),
                             .signer = *spk_rsa_id(keys[K_NEW_SIGN]),
                             .approve = true,
                             .policy = 1,
                             .policy_hash = w->pin->policy.hash,
                             .round = 1,
                             .time = spk_now(),
                             .expires = spk_now() + 3600};

    (void)snprintf(a.log, sizeof(a.log), "%s", log);
    assert_spk_ok(spk_approval_format(&a, &text));
    sign_note(spk_buf_span(&text), by->officer.key.name, by->sign, &w->votes[w->n_votes++]);
    spk_buf_free(&text);
}

static void
add_vote(struct world *w, const struct spk_identity *by, const struct spk_hash *request)
{
    add_vote_for(w, by, request, "");
}

/* Shown are those that today's officers have signed for this very request. */
static void
only_real_votes_count(void **state)
{
    struct world *w = *state;
    struct spk_hash other = w->ask;
    struct ctl_case *c = NULL;

    other.b[5] ^= 1;
    add_vote(w, w->stranger, &w->ask);
    add_vote(w, w->alice, &other);
    add_vote(w, w->bob, &w->ask);
    assert_spk_ok(look(w, &c));
    assert_int_equal(c->n_votes, 1);
    assert_string_equal(c->votes[0].officer, "bob");
    ctl_case_free(c);
}

/* With a log, votes are for this one; those of before it are marked, those for another not shown.
 */
static void
votes_name_the_log(void **state)
{
    struct world *w = *state;
    struct spk_vkey *key = &w->pin->logs.key[SPK_LOG_RECOVERIES - 1];
    SPK_AUTO(ctl_case) c = NULL;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(TEXT_MAX);
    struct spk_vote_facts f;
    const char *text = NULL;

    w->pin->has_logs = true;
    (void)snprintf(key->name, sizeof(key->name), "a.example/recoveries");
    add_vote_for(w, w->alice, &w->ask, "b.example/recoveries");
    add_vote_for(w, w->alice, &w->ask, "a.example/recoveries");
    add_vote_for(w, w->bob, &w->ask, "");
    assert_spk_ok(look(w, &c));
    ctl_case_facts(c, &f);
    assert_string_equal(f.log, "a.example/recoveries");
    assert_int_equal(c->n_votes, 2);
    assert_false(c->votes[0].no_log);
    assert_true(c->votes[1].no_log);
    assert_spk_ok(ctl_case_render(c, 2, &b));
    assert_spk_ok(spk_buf_cstr(&b, &text));
    const char *first = strstr(text, "alice");
    const char *second = strstr(text, "bob");
    assert_true(first != NULL && second != NULL && first < second);
    assert_non_null(strstr(second, "names no log"));
    assert_null(memmem(first, (size_t)(second - first), "names no log", 12));
}

/* A no can be said when the record itself is right, whatever else is wrong. */
static void
what_can_be_denied(void **state)
{
    struct world *w = *state;
    struct ctl_case *c = NULL;

    sign_enrolment(w, K_OTHER);
    assert_spk_code(look(w, &c), AUTH);
    assert_true(c->deniable);
    ctl_case_free(c);
    w->ask.b[0] ^= 1;
    assert_spk_code(look(w, &c), AUTH);
    assert_false(c->deniable);
    ctl_case_free(c);
}

/* -- the round of an approval */

static void
round_of_an_approval(void **state)
{
    static const struct {
        const char *state;
        uint64_t due, persons, needed, now;
        uint32_t round;
    } cases[] = {
        {"open", 0, 0, 2, 100, 1},      {"waiting", 200, 2, 2, 100, 1},
        {"confirm", 200, 2, 2, 250, 2}, {"vetoed", 200, 3, 3, 199, 1},
        {"vetoed", 200, 3, 3, 200, 2},  {"vetoed", 200, 2, 3, 250, 1},
        {"vetoed", 0, 3, 3, 250, 1},    {"vetoed", 200, 0, 3, 250, 1},
    };
    struct world *w = *state;
    SPK_AUTO(ctl_case) c = NULL;

    assert_spk_ok(ctl_case_new(w->pin, &w->ask, &c));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)snprintf(c->state, sizeof(c->state), "%s", cases[i].state);
        c->due = cases[i].due;
        c->persons = cases[i].persons;
        c->needed = cases[i].needed;
        assert_int_equal(ctl_case_round(c, cases[i].now), cases[i].round);
    }
}

/* An override asks for the most of all policies; one of them without it forbids it. */
static void
what_overrides(void **state)
{
    struct spk_policy a = {.number = 1, .override_quorum = 3, .override_wait = 60};
    struct spk_policy b = {.number = 2, .override_quorum = 2, .override_wait = 90};
    struct spk_policy never = {.number = 3};
    struct ctl_older o = {0};

    (void)state;
    ctl_older_add(&o, &a);
    ctl_older_add(&o, &b);
    assert_int_equal(o.override_quorum, 3);
    assert_int_equal(o.override_wait, 90);
    ctl_older_add(&o, &never);
    ctl_older_add(&o, &a);
    assert_int_equal(o.override_quorum, 0);
    assert_int_equal(o.override_wait, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(all_holds),
        T(listed_files_hold),
        T(no_files_hold),
        T(takes_the_most),
        T(render),
        T(another_request),
        T(another_authority),
        T(exchanged_recipient),
        T(no_possession_of_keyx),
        T(no_possession_of_sign),
        T(old_key_again),
        T(authority_key_as_recipient),
        T(another_owner),
        T(enrolment_signed_by_another),
        T(chain_of_keys_holds),
        T(done_request_still_shows),
        T(successor_by_another),
        T(successor_with_a_gap),
        T(successor_of_another_owner),
        T(list_was_exchanged),
        T(more_than_was_asked_for),
        T(file_left_out),
        T(file_relabelled),
        T(file_of_another_owner),
        T(serial_of_another_file),
        T(same_file_twice),
        T(files_with_pairs_only),
        T(scope_without_end),
        T(only_real_votes_count),
        T(votes_name_the_log),
        T(what_can_be_denied),
        T(round_of_an_approval),
        T(what_overrides),
    };

    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
