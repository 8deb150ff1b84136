/* SPDX-License-Identifier: Apache-2.0 */
#include "spk_test.h"

#include <stdio.h>
#include <string.h>

#include "policy/decide.h"

#define NOW 1700000000u

struct kit {
    struct spk_policy now;
    struct spk_vote_facts facts;
    struct spk_approval a;
};

static struct spk_secret *
seed(uint8_t byte)
{
    struct spk_secret *s = NULL;
    uint8_t raw[32];

    memset(raw, byte, sizeof(raw));
    assert_spk_ok(spk_secret_from(SPK_SPAN_OF(raw), &s));
    return s;
}

static void
officer(struct spk_officer *o, const char *name, uint8_t byte)
{
    SPK_AUTO(spk_secret) s = seed(byte);
    uint8_t pub[SPK_ED25519_LEN];

    assert_spk_ok(spk_ed25519_public(s, pub));
    assert_spk_ok(spk_vkey_make(name, pub, &o->key));
}

static struct kit
kit(void)
{
    struct kit k = {.now = {.number = 3, .hash = {{3}}, .approval_life = 1000, .n_officers = 2},
                    .facts = {.authority = {{1}},
                              .request = {{2}},
                              .owner = {{4}},
                              .scope_count = 5,
                              .scope_root = {{6}},
                              .recipient = {{7}},
                              .signer = {{8}}}};

    officer(&k.now.officers[0], "officer/a", 11);
    officer(&k.now.officers[1], "officer/b", 12);
    k.a = (struct spk_approval){.authority = k.facts.authority,
                                .request = k.facts.request,
                                .owner = k.facts.owner,
                                .scope_count = k.facts.scope_count,
                                .scope_root = k.facts.scope_root,
                                .recipient = k.facts.recipient,
                                .signer = k.facts.signer,
                                .evidence = {{9}},
                                .approve = true,
                                .policy = 3,
                                .policy_hash = {{3}},
                                .round = 1,
                                .time = NOW - 10,
                                .expires = NOW + 500};
    return k;
}

/* Signs k->a by name with the seed byte and checks it. */
static spk_err
check_by(const struct kit *k, const char *name, uint8_t byte, struct spk_vote *ret_v)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX), note = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO(spk_secret) s = seed(byte);
    struct spk_note n;

    assert_spk_ok(spk_approval_format(&k->a, &text));
    assert_spk_ok(spk_note_sign(spk_buf_span(&text), NULL, name, s, &note));
    assert_spk_ok(spk_note_parse(spk_buf_span(&note), false, &n));
    return spk_vote_check(&n, &k->facts, &k->now, NOW, ret_v, NULL);
}

static spk_err
check(const struct kit *k)
{
    struct spk_vote v;

    return check_by(k, "officer/a", 11, &v);
}

static void
takes_a_good_one(void **state)
{
    (void)state;
    struct kit k = kit();
    struct spk_vote v;

    assert_spk_ok(check_by(&k, "officer/b", 12, &v));
    assert_memory_equal(v.key, k.now.officers[1].key.key, SPK_ED25519_LEN);
    assert_true(v.approve);
    assert_int_equal(v.round, 1);
    assert_int_equal(v.policy, 3);
    assert_true(v.time == NOW - 10 && v.expires == NOW + 500);
}

static void
by_officers_only(void **state)
{
    (void)state;
    struct kit k = kit();
    struct spk_vote v;

    assert_spk_code(check_by(&k, "officer/x", 13, &v), AUTH);
    assert_spk_code(check_by(&k, "officer/a", 13, &v), AUTH); /* his name, another key */
    assert_spk_code(check_by(&k, "officer/b", 11, &v), AUTH); /* his key, another name */
}

static void
signed_by_exactly_one_and_rightly(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX), one = SPK_BUF(SPK_NOTE_MAX),
                                two = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO(spk_secret) a = seed(11);
    SPK_AUTO(spk_secret) b = seed(12);
    struct kit k = kit();
    struct spk_approval shown;
    struct spk_note n;
    struct spk_vote v;

    assert_spk_ok(spk_approval_format(&k.a, &text));
    assert_spk_ok(spk_note_sign(spk_buf_span(&text), NULL, "officer/a", a, &one));
    assert_spk_ok(spk_note_parse(spk_buf_span(&one), false, &n));
    assert_spk_ok(spk_vote_check(&n, &k.facts, &k.now, NOW, &v, &shown));
    assert_true(spk_hash_eq(&shown.evidence, &k.a.evidence));
    assert_spk_ok(spk_note_sign(spk_buf_span(&text), &n, "officer/b", b, &two));
    n.sigs[0].sig[0] ^= 1;
    assert_spk_code(spk_vote_check(&n, &k.facts, &k.now, NOW, &v, NULL), AUTH);
    assert_spk_ok(spk_note_parse(spk_buf_span(&two), false, &n));
    assert_spk_code(spk_vote_check(&n, &k.facts, &k.now, NOW, &v, NULL), FORMAT);
}

static void
other_kinds_of_notes(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX), note = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO(spk_secret) s = seed(11);
    struct kit k = kit();
    struct spk_vote v;
    struct spk_note n;

    assert_spk_ok(spk_veto_format(&k.facts.authority, &k.facts.request, &text));
    assert_spk_ok(spk_note_sign(spk_buf_span(&text), NULL, "officer/a", s, &note));
    assert_spk_ok(spk_note_parse(spk_buf_span(&note), false, &n));
    assert_spk_code(spk_vote_check(&n, &k.facts, &k.now, NOW, &v, NULL), FORMAT);
}

static void
for_exactly_this_request(void **state)
{
    (void)state;
    struct kit k = kit();

    k.a.authority.b[5] = 1;
    assert_spk_code(check(&k), DENIED);
    k = kit();
    k.a.request.b[5] = 1;
    assert_spk_code(check(&k), DENIED);
    k = kit();
    k.a.owner.b[5] = 1;
    assert_spk_code(check(&k), DENIED);
    k = kit();
    k.a.scope_count++;
    assert_spk_code(check(&k), DENIED);
    k = kit();
    k.a.scope_root.b[5] = 1;
    assert_spk_code(check(&k), DENIED);
    k = kit();
    k.a.recipient.b[5] = 1; /* the server's own key */
    assert_spk_code(check(&k), DENIED);
    k = kit();
    k.a.signer.b[5] = 1;
    assert_spk_code(check(&k), DENIED);
    k.a.approve = false; /* a denial of another request is none of this one */
    assert_spk_code(check(&k), DENIED);
}

static void
for_exactly_this_log(void **state)
{
    (void)state;
    static const char *const other[] = {"", "b/recoveries", "a/deposits", "a/recoveries2", "A"};
    struct kit k = kit();

    (void)snprintf(k.a.log, sizeof(k.a.log), "a/recoveries");
    assert_spk_code(check(&k), DENIED); /* there is none */
    k.facts.log = "a/recoveries";
    assert_spk_ok(check(&k));
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        (void)snprintf(k.a.log, sizeof(k.a.log), "%s", other[i]);
        k.a.approve = true;
        assert_spk_code(check(&k), DENIED);
        k.a.approve = false;
        assert_spk_code(check(&k), DENIED);
    }
}

static void
under_todays_policy_and_in_time(void **state)
{
    (void)state;
    struct kit k = kit();

    k.a.policy = 2;
    assert_spk_code(check(&k), DENIED);
    k = kit();
    k.a.policy_hash.b[0] = 9;
    assert_spk_code(check(&k), DENIED);
    k = kit();
    k.a.expires = NOW; /* has just run out */
    assert_spk_code(check(&k), DENIED);
    k.a.expires = NOW + 1;
    assert_spk_ok(check(&k));
    k = kit();
    k.a.time = NOW + SPK_VOTE_AHEAD;
    assert_spk_ok(check(&k));
    k.a.time++; /* a clock that is too far ahead */
    assert_spk_code(check(&k), DENIED);
    k = kit();
    k.a.expires = k.a.time + 1000;
    assert_spk_ok(check(&k));
    k.a.expires++; /* meant to live longer than approvals may */
    assert_spk_code(check(&k), DENIED);
}

/* A no is not refused for being old or under another policy. */
static void
denials_always_count(void **state)
{
    (void)state;
    struct kit k = kit();

    k.a.approve = false;
    k.a.policy = 1;
    k.a.policy_hash.b[0] = 9;
    k.a.expires = NOW - 1;
    assert_spk_ok(check(&k));
    k.a.time = NOW + 100000;
    k.a.expires = NOW + 1000000;
    assert_spk_ok(check(&k));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_good_one),
        cmocka_unit_test(by_officers_only),
        cmocka_unit_test(signed_by_exactly_one_and_rightly),
        cmocka_unit_test(other_kinds_of_notes),
        cmocka_unit_test(for_exactly_this_request),
        cmocka_unit_test(for_exactly_this_log),
        cmocka_unit_test(under_todays_policy_and_in_time),
        cmocka_unit_test(denials_always_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
