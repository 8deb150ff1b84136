/* SPDX-License-Identifier: Apache-2.0 */
/* The decision as a table.  Votes are written as words: officer, round, + or -, then what is
 * unusual:
 * @N signed N seconds after the opening (else 10), ~N runs out N seconds after it, /N under policy
 * N (else 2). Officers a, b, c are three persons; C is a second key of c; o is an officer whose own
 * files these are. */
#include "spk_test.h"

#include <stdlib.h>
#include <string.h>

#include "policy/decide.h"

#define OPENED 1700000000u
#define LIFE 10000
#define N_OFFICERS 5

struct row {
    const char *what;
    const char *votes;
    uint64_t at;  /* seconds after the opening */
    uint64_t ran; /* of them, how many the holder ran; 0: all */
    uint64_t wait;
    bool vetoed, denied, done;
    uint32_t override; /* quorum; its wait is 1000 */
    uint32_t deny;     /* 0: one */
    enum spk_request_state state;
    uint32_t persons, persons2;
};

static const char letters[] = "abcCo";

static struct spk_policy
policy(const struct row *r)
{
    struct spk_policy p = {.number = 2,
                           .quorum = 2,
                           .deny = r->deny == 0 ? 1 : r->deny,
                           .wait = r->wait,
                           .request_life = LIFE,
                           .approval_life = LIFE,
                           .override_quorum = r->override,
                           .override_wait = r->override == 0 ? 0 : 1000,
                           .n_officers = N_OFFICERS};

    for (size_t i = 0; i < N_OFFICERS; i++) {
        struct spk_officer *o = &p.officers[i];
        memset(o->key.key, letters[i], SPK_ED25519_LEN);
        o->person[0] = letters[i] == 'C' ? 'c' : letters[i];
    }
    p.officers[4].n_owners = 2;
    p.officers[4].owners[0] = (struct spk_hash){{1}};
    p.officers[4].owners[1] = (struct spk_hash){{7, 7, 7}};
    return p;
}

static uint64_t
number(const char **s, char mark, uint64_t otherwise)
{
    if (**s != mark) {
        return otherwise;
    }
    char *end;
    unsigned long v = strtoul(*s + 1, &end, 10);
    *s = end;
    return v;
}

static size_t
read_votes(const char *s, struct spk_vote *v)
{
    size_t n = 0;

    for (; *s != 0; s += *s == ' ') {
        memset(v[n].key, s[0], SPK_ED25519_LEN);
        v[n].round = (uint32_t)(s[1] - '0');
        assert_true(s[2] == '+' || s[2] == '-');
        v[n].approve = s[2] == '+';
        s += 3;
        v[n].time = OPENED + number(&s, '@', 10);
        v[n].expires = OPENED + number(&s, '~', 9000);
        v[n].policy = (uint32_t)number(&s, '/', 2);
        assert_true(*s == ' ' || *s == 0);
        n++;
    }
    return n;
}

#define OPEN SPK_STATE_OPEN
#define WAITING SPK_STATE_WAITING
#define CONFIRM SPK_STATE_CONFIRM
#define APPROVED SPK_STATE_APPROVED
#define DENIED SPK_STATE_DENIED
#define VETOED SPK_STATE_VETOED
#define EXPIRED SPK_STATE_EXPIRED
#define DONE SPK_STATE_DONE

static const struct row rows[] = {
    {"nobody yet", "", 20, .state = OPEN},
    {"one person", "a1+", 20, .state = OPEN, .persons = 1},
    {"two persons", "a1+ b1+", 20, .state = APPROVED, .persons = 2},
    {"three persons", "a1+ b1+ c1+", 20, .state = APPROVED, .persons = 3},
    {"one person twice", "a1+ a1+@12", 20, .state = OPEN, .persons = 1},
    {"two keys of one person", "c1+ C1+", 20, .state = OPEN, .persons = 1},
    {"two keys of one person and another", "C1+ c1+ a1+", 20, .state = APPROVED, .persons = 2},
    {"the owner as officer does not count", "a1+ o1+", 20, .state = OPEN, .persons = 1},
    {"somebody who is no officer", "a1+ z1+", 20, .state = OPEN, .persons = 1},
    {"one has run out", "a1+ b1+~15", 20, .state = OPEN, .persons = 1},
    {"runs out this very second", "a1+ b1+~20", 20, .state = OPEN, .persons = 1},
    {"a second before that", "a1+ b1+~20", 19, .state = APPROVED, .persons = 2},
    {"under the policy before", "a1+ b1+/1", 20, .state = OPEN, .persons = 1},
    {"under a policy to come", "a1+ b1+/3", 20, .state = OPEN, .persons = 1},
    {"a clock a little ahead", "a1+ b1+@320", 20, .state = APPROVED, .persons = 2},
    {"signed in the future", "a1+ b1+@321", 20, .state = OPEN, .persons = 1},
    {"round 2 is no round 1", "a1+ b2+", 20, .state = OPEN, .persons = 1},

    {"one denial", "a1+ b1+ c1-", 20, .state = DENIED, .persons = 2},
    {"a denial that has run out", "a1+ b1+ c1-~15", 20, .state = DENIED, .persons = 2},
    {"a denial under the policy before", "a1+ b1+ c1-/1", 20, .state = DENIED, .persons = 2},
    {"a denial from the future", "c1-@9000", 20, .state = DENIED},
    {"a denial in round 2", "a1+ b1+ c2-", 20, .state = DENIED, .persons = 2},
    {"a denial by the owner", "a1+ b1+ o1-", 20, .state = DENIED, .persons = 2},
    {"a denial by a stranger", "a1+ b1+ z1-", 20, .state = APPROVED, .persons = 2},
    {"denied before, and he left since", "a1+ b1+", 20, .denied = true, .state = DENIED,
     .persons = 2},
    {"one of two that it takes", "a1+ b1+ c1-", 20, .deny = 2, .state = APPROVED, .persons = 2},
    {"two of two", "a1+ b1+ c1- o1-", 20, .deny = 2, .state = DENIED, .persons = 2},
    {"two keys of one person do not deny twice", "a1+ b1+ c1- C1-", 20, .deny = 2,
     .state = APPROVED, .persons = 2},
    {"yes and no: no outweighs", "a1+ b1+ b1-", 20, .deny = 2, .state = OPEN, .persons = 1},
    {"no and then yes: no outweighs", "a1+ b1- b1+@15", 20, .deny = 2, .state = OPEN, .persons = 1},
    {"yes with one key, no with the other", "a1+ c1+ C1-", 20, .deny = 2, .state = OPEN,
     .persons = 1},

    {"a veto", "a1+ b1+ c1+", 20, .vetoed = true, .state = VETOED},
    {"a veto that three override, too early", "a1+ b1+ c1+", 999, .vetoed = true, .override = 3,
     .state = VETOED, .persons = 3},
    {"... after the wait, not confirmed", "a1+ b1+ c1+", 1000, .vetoed = true, .override = 3,
     .state = VETOED, .persons = 3},
    {"... by two of three", "a1+ b1+ a2+@1000 b2+@1000", 1000, .vetoed = true, .override = 3,
     .state = VETOED, .persons = 2},
    {"... confirmed by two of three", "a1+ b1+ c1+ a2+@1000 b2+@1000", 1000, .vetoed = true,
     .override = 3, .state = VETOED, .persons = 3, .persons2 = 2},
    {"... confirmed", "a1+ b1+ c1+ a2+@1000 b2+@1000 c2+@1000", 1000, .vetoed = true, .override = 3,
     .state = APPROVED, .persons = 3, .persons2 = 3},
    {"... and denied", "a1+ b1+ c1+ a2+@1000 b2+@1000 c2+@1000 o1-", 1000, .vetoed = true,
     .override = 3, .state = DENIED, .persons = 3, .persons2 = 3},
    {"a veto outlives the request", "", LIFE, .vetoed = true, .state = VETOED},
    {"a denial outlives it too", "c1-", LIFE, .state = DENIED},

    {"with a wait: nobody", "", 20, .wait = 100, .state = OPEN},
    {"with a wait: one", "a1+", 200, .wait = 100, .state = OPEN, .persons = 1},
    {"with a wait: it runs", "a1+ b1+", 99, .wait = 100, .state = WAITING, .persons = 2},
    {"it is over", "a1+ b1+", 100, .wait = 100, .state = CONFIRM, .persons = 2},
    {"over by the wall clock only", "a1+ b1+", 5000, .ran = 99, .wait = 100, .state = WAITING,
     .persons = 2},
    {"one confirms", "a1+ b1+ a2+@100", 100, .wait = 100, .state = CONFIRM, .persons = 2,
     .persons2 = 1},
    {"two confirm", "a1+ b1+ a2+@100 b2+@150", 200, .wait = 100, .state = APPROVED, .persons = 2,
     .persons2 = 2},
    {"others may confirm", "a1+ b1+ b2+@100 c2+@100", 200, .wait = 100, .state = APPROVED,
     .persons = 2, .persons2 = 2},
    {"confirmed before it was over", "a1+ b1+ a2+@99 b2+@150", 200, .wait = 100, .state = CONFIRM,
     .persons = 2, .persons2 = 1},
    {"confirmation without round 1", "a1+ a2+@100 b2+@100", 200, .wait = 100, .state = OPEN,
     .persons = 1},
    {"round 1 runs out during the wait", "a1+~50 b1+~60", 200, .wait = 100, .state = CONFIRM,
     .persons = 2},
    {"round 1 was never complete at one time", "a1+@10~20 b1+@30~40", 200, .wait = 100,
     .state = OPEN},
    {"the confirmation has run out", "a1+ b1+ a2+@100~150 b2+@100", 200, .wait = 100,
     .state = CONFIRM, .persons = 2, .persons2 = 1},
    {"a denial during the wait", "a1+ b1+ a2+@100 b2+@100 c1-@50", 200, .wait = 100,
     .state = DENIED, .persons = 2, .persons2 = 2},
    {"a clock set back: no wait", "a1+@0 b1+@0", 0, .ran = 5000, .wait = 100, .state = WAITING,
     .persons = 2},

    {"life is over", "a1+ b1+~20000", LIFE, .state = EXPIRED, .persons = 1},
    {"a second before that", "a1+~20000 b1+~20000", LIFE - 1, .state = APPROVED, .persons = 2},
    {"done", "a1+ b1+", 20, .done = true, .state = DONE, .persons = 2},
    {"done, approvals have run out since", "a1+~50 b1+~50", 200, .done = true, .state = DONE,
     .persons = 2},
    {"done, under the policy of then", "a1+/1 b1+/1", 200, .done = true, .state = DONE,
     .persons = 2},
    {"done, but one has lost office", "a1+ z1+", 200, .done = true, .state = OPEN, .persons = 1},
    {"done, confirmations have run out", "a1+ b1+ a2+@100~150 b2+@100~150", 200, .wait = 100,
     .done = true, .state = DONE, .persons = 2, .persons2 = 2},
    {"done, then denied", "a1+ b1+ c1-", 20, .done = true, .state = DENIED, .persons = 2},
    {"done, and its life is over", "a1+ b1+", LIFE, .done = true, .state = EXPIRED, .persons = 2},
};

static struct spk_decision
decide(const struct row *r, const struct spk_policy *then, const struct spk_policy *now)
{
    struct spk_vote votes[16];
    struct spk_decision d;
    uint64_t ran = r->ran == 0 ? r->at : r->ran;
    const struct spk_decision_in in = {.then = then,
                                       .now = now,
                                       .owner = {{7, 7, 7}},
                                       .opened = OPENED,
                                       .running_ms = ran * 1000,
                                       .wall = OPENED + r->at,
                                       .n_votes = read_votes(r->votes, votes),
                                       .votes = votes,
                                       .vetoed = r->vetoed,
                                       .denied = r->denied,
                                       .done = r->done,
                                       .done_policy = 1};

    assert_spk_ok(spk_decide(&in, &d));
    return d;
}

static void
table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];
        const struct spk_policy p = policy(r);
        struct spk_decision d = decide(r, NULL, &p);
        if (d.state != r->state || d.persons != r->persons || d.persons2 != r->persons2) {
            fail_msg("%s: %s, %u and %u persons", r->what, spk_request_state_name(d.state),
                     d.persons, d.persons2);
        }
        assert_int_equal(spk_decision_releases(&d), r->state == APPROVED || r->state == DONE);
        assert_true(d.expires == OPENED + LIFE);
        uint64_t wait = r->vetoed ? (r->override > 0 ? 1000 : 0) : r->wait;
        assert_true(d.due == (wait > 0 ? OPENED + wait : 0));
        assert_int_equal(d.needed, r->vetoed ? r->override : 2);
    }
}

/* The two policies of a deposit: each number from the stricter one, the people from today's. */
static void
stricter_of_two(void **state)
{
    (void)state;
    const struct row r = {.votes = "a1+ b1+", .at = 20, .override = 3, .deny = 2};
    struct spk_policy now = policy(&r), then = now, p;

    then.quorum = 3;
    assert_int_equal(decide(&r, &then, &now).state, OPEN);
    assert_int_equal(decide(&r, &then, &now).needed, 3);
    assert_int_equal(decide(&r, &now, &then).needed, 3);
    then = now;
    then.wait = 50;
    assert_int_equal(decide(&r, &then, &now).state, WAITING);
    assert_int_equal(decide(&r, &now, &then).state, WAITING);
    then = now;
    then.n_officers = 1; /* that b was no officer then does not matter */
    assert_int_equal(decide(&r, &then, &now).state, APPROVED);
    now.n_officers = 1; /* that he is none today does */
    assert_int_equal(decide(&r, &then, &now).state, OPEN);

    now = policy(&r);
    then = now;
    then.quorum = 1;
    then.wait = 5;
    then.deny = 1;
    then.request_life = LIFE + 1;
    then.override_quorum = 4;
    then.override_wait = 999;
    then.need_derived = true;
    then.number = 1;
    spk_policy_combine(&then, &now, &p);
    assert_int_equal(p.quorum, 2);
    assert_true(p.wait == 5 && p.request_life == LIFE + 1);
    assert_int_equal(p.deny, 1); /* fewer are enough to stop it */
    assert_int_equal(p.override_quorum, 4);
    assert_true(p.override_wait == 1000);
    assert_true(p.need_derived);
    assert_int_equal(p.number, 2);
    then.override_quorum = 0; /* nothing overrides: neither then nor now */
    then.override_wait = 0;
    spk_policy_combine(&then, &now, &p);
    assert_int_equal(p.override_quorum, 0);
    spk_policy_combine(&now, &then, &p);
    assert_int_equal(p.override_quorum, 0);
    assert_true(p.override_wait == 0);
    spk_policy_combine(NULL, &now, &p);
    assert_memory_equal(&p, &now, sizeof(p));
}

/* One after the other, in any order, the result is the strictest of each number. */
static void
strictest_of_many(void **state)
{
    (void)state;
    const struct row r = {.votes = ""};
    struct spk_policy now = policy(&r), a = now, b = now, p, q;

    now.deny = 3;
    a.quorum = 4;
    a.deny = 2;
    b.wait = 500;
    b.request_life = 2 * LIFE;
    p = now;
    spk_policy_combine(&a, &p, &p);
    spk_policy_combine(&b, &p, &p);
    q = now;
    spk_policy_combine(&b, &q, &q);
    spk_policy_combine(&a, &q, &q);
    assert_memory_equal(&p, &q, sizeof(p));
    assert_int_equal(p.quorum, 4);
    assert_int_equal(p.deny, 1);
    assert_true(p.wait == 500 && p.request_life == 2 * LIFE);
    assert_int_equal(p.number, now.number);
}

/* Done is no way around the stricter policy of an older deposit. */
static void
done_does_not_skip_the_deposits_policy(void **state)
{
    (void)state;
    const struct row r = {.votes = "a1+ b1+", .at = 20, .done = true};
    struct spk_policy now = policy(&r), then = now;

    assert_int_equal(decide(&r, NULL, &now).state, DONE);
    then.quorum = 3;
    assert_int_equal(decide(&r, &then, &now).state, OPEN);
}

/* No set of approvals by fewer than the quorum's persons ever opens anything. */
static void
no_small_crowd(void **state)
{
    (void)state;
    static const char *const words[] = {"a1+ ", "a2+@100 ", "a1+/1 ",  "z1+ ",
                                        "o1+ ", "o2+@100 ", "z2+@100 "};

    for (unsigned set = 0; set < 1u << 7; set++) {
        for (uint64_t wait = 0; wait <= 100; wait += 100) {
            char votes[128] = "";
            for (size_t i = 0; i < 7; i++) {
                if (set & (1u << i)) {
                    strcat(votes, words[i]);
                }
            }
            for (unsigned flags = 0; flags < 4; flags++) {
                const struct row r = {.votes = votes,
                                      .at = 200,
                                      .wait = wait,
                                      .done = flags & 1,
                                      .vetoed = flags & 2,
                                      .override = 3};
                const struct spk_policy p = policy(&r);
                struct spk_decision d = decide(&r, NULL, &p);
                assert_false(spk_decision_releases(&d));
            }
        }
    }
}

static void
bounds(void **state)
{
    (void)state;
    const struct row r = {.votes = ""};
    const struct spk_policy p = policy(&r);
    struct spk_vote *votes = calloc(SPK_DECIDE_VOTES_MAX + 1, sizeof(*votes));
    struct spk_decision_in in = {.now = &p, .votes = votes, .n_votes = SPK_DECIDE_VOTES_MAX};
    struct spk_decision d;

    assert_non_null(votes);
    assert_spk_ok(spk_decide(&in, &d));
    in.n_votes++;
    assert_spk_code(spk_decide(&in, &d), LIMIT);
    free(votes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(stricter_of_two),
        cmocka_unit_test(strictest_of_many),
        cmocka_unit_test(done_does_not_skip_the_deposits_policy),
        cmocka_unit_test(no_small_crowd),
        cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
