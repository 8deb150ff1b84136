/* SPDX-License-Identifier: Apache-2.0 */
#include "vec.h"

#include <stdlib.h>
#include <string.h>

#include "wire/policy.h"

static struct spk_note
the_note(const char *name)
{
    struct spk_note n;

    assert_spk_ok(spk_note_parse(vec(name), false, &n));
    return n;
}

static void
reads_and_writes_the_vector(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);
    struct spk_note n = the_note("policy.genesis");
    struct spk_policy p;
    struct spk_hash alice_1;

    assert_spk_ok(spk_policy_parse(n.text, &p));
    assert_span_equal(spk_hash_span(&p.hash), vec("policy.genesis.hash"));
    assert_int_equal(p.number, 1);
    assert_int_equal(p.quorum, 2);
    assert_int_equal(p.deny, 1);
    assert_int_equal(p.override_quorum, 3);
    assert_true(p.request_life == 2592000 && p.approval_life == 604800);
    assert_true(p.need_derived);
    assert_int_equal(p.n_officers, 3);
    assert_string_equal(p.officers[0].key.name, "officer/alice");
    assert_string_equal(p.officers[0].person, "alice");
    assert_int_equal(p.officers[0].n_owners, 2);
    assert_int_equal(p.officers[1].n_owners, 0);
    assert_spk_ok(spk_sha256(SPK_SPAN_LIT("alice 1"), &alice_1));
    assert_true(spk_hash_eq(&p.officers[0].owners[0], &alice_1) ||
                spk_hash_eq(&p.officers[0].owners[1], &alice_1));
    assert_ptr_equal(spk_policy_officer(&p, SPK_SPAN_LIT("officer/carol")), &p.officers[2]);
    assert_null(spk_policy_officer(&p, SPK_SPAN_LIT("officer/caro")));
    assert_spk_ok(spk_policy_format(&p, &b));
    assert_span_equal(spk_buf_span(&b), n.text);
}

static void
refused(struct spk_span text, const char *from, const char *to)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);
    struct spk_policy p = {.number = 99};

    vec_replace(text, from, to, &b);
    assert_false(spk_ok(spk_policy_parse(spk_buf_span(&b), &p)));
    assert_int_equal(p.number, 99);
}

static void
refuses_senseless_numbers(void **state)
{
    (void)state;
    struct spk_span t = the_note("policy.genesis").text;

    refused(t, "sparekey/1 policy", "sparekey/1 polici");
    refused(t, "number 1", "number 0");
    refused(t, "number 1", "number 2"); /* without the one before */
    refused(t, "number 1", "number 01");
    refused(t, "number 1", "number 4294967297");
    refused(t, "quorum 2", "quorum 1"); /* with three officers */
    refused(t, "quorum 2", "quorum 0");
    refused(t, "quorum 2", "quorum 4"); /* more than there are */
    refused(t, "deny 1", "deny 0");
    refused(t, "deny 1", "deny 4");
    refused(t, "wait 0", "wait 2592000"); /* never over before the request ends */
    refused(t, "request-life 2592000", "request-life 0");
    refused(t, "request-life 2592000", "request-life 315360001");
    refused(t, "approval-life 604800", "approval-life 0");
    refused(t, "approval-life 604800", "approval-life 315360001");
    refused(t, "override-quorum 3", "override-quorum 2"); /* not larger */
    refused(t, "override-quorum 3", "override-quorum 4");
    refused(t, "override-quorum 3", "override-quorum 0");  /* with a wait */
    refused(t, "override-wait 604800", "override-wait 0"); /* not longer */
    refused(t, "override-wait 604800", "override-wait 2592000");
    refused(t, "need-derived yes", "need-derived maybe");
    refused(t, "wait 0", "wait 0 ");
    refused(t, "wait 0", "wait  0");
    refused(t, "wait 0\n", "wait 0\nwait 0\n");
    refused(t, "previous none\n", "");
    refused(t, "owners=none", "owners=");
    refused(t, "owners=none", "owners=none,none");
    refused(t, "person=alice ", "");
    refused(t, "person=alice", "person=al/ice");
    refused(t, "person=alice", "person=");
    refused(t, " person=alice", "  person=alice");
    refused(t, "officer officer/alice", "officer alice");
    refused(t, "seal=", "seal==");
}

static struct spk_policy
genesis(void)
{
    struct spk_policy p;

    assert_spk_ok(spk_policy_parse(the_note("policy.genesis").text, &p));
    return p;
}

static void
unfit(const struct spk_policy *p, enum spk_code code)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);

    assert_string_equal(spk_code_name(spk_policy_format(p, &b).code), spk_code_name(code));
    assert_int_equal(b.len, 0);
}

static void
one_key_one_role(void **state)
{
    (void)state;
    struct spk_policy p = genesis();

    p.officers[1].key = p.officers[0].key; /* twice */
    unfit(&p, SPK_CODE_FORMAT);
    p = genesis();
    assert_spk_ok(
        spk_vkey_make("officer/bob", p.officers[0].key.key, &p.officers[1].key)); /* other name */
    unfit(&p, SPK_CODE_FORMAT);
    p = genesis();
    assert_spk_ok(
        spk_vkey_make("officer/alice", p.officers[1].key.key, &p.officers[1].key)); /* same name */
    unfit(&p, SPK_CODE_FORMAT);
    p = genesis();
    memcpy(p.officers[2].seal, p.officers[0].seal, 32);
    unfit(&p, SPK_CODE_FORMAT);
    p = genesis();
    memcpy(p.officers[2].seal, p.officers[0].key.key, 32); /* a signing key to seal with */
    unfit(&p, SPK_CODE_FORMAT);
    p = genesis();
    memcpy(p.officers[0].seal, p.officers[2].key.key, 32);
    unfit(&p, SPK_CODE_FORMAT);
    p = genesis();
    memcpy(p.officers[0].seal, p.officers[0].key.key, 32);
    unfit(&p, SPK_CODE_FORMAT);
    p = genesis();
    memset(p.officers[0].seal, 0, 32);
    unfit(&p, SPK_CODE_FORMAT);
}

static void
other_limits(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);
    struct spk_policy p = genesis();
    struct spk_hash h = p.officers[0].owners[0];

    p.officers[0].owners[0] = p.officers[0].owners[1]; /* twice the same */
    unfit(&p, SPK_CODE_FORMAT);
    p = genesis();
    p.officers[0].owners[0] = p.officers[0].owners[1];
    p.officers[0].owners[1] = h; /* not in order */
    unfit(&p, SPK_CODE_FORMAT);
    p = genesis();
    p.officers[0].n_owners = SPK_OFFICER_OWNERS_MAX + 1;
    unfit(&p, SPK_CODE_LIMIT);
    p = genesis();
    p.n_officers = 0;
    unfit(&p, SPK_CODE_LIMIT);
    p = genesis();
    p.n_officers = SPK_OFFICERS_MAX + 1;
    unfit(&p, SPK_CODE_LIMIT);
    /* Persons are counted, not keys: two keys of one person are no quorum of two. */
    p = genesis();
    p.override_quorum = 0;
    p.override_wait = 0;
    strcpy(p.officers[1].person, "alice");
    strcpy(p.officers[2].person, "alice");
    unfit(&p, SPK_CODE_FORMAT);
    p.quorum = 1; /* alone, and says so */
    assert_spk_ok(spk_policy_format(&p, &b));
}

static void
takes_as_many_officers_as_allowed(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);
    struct spk_policy p = genesis(), back;

    p.n_officers = SPK_OFFICERS_MAX;
    for (size_t i = 0; i < SPK_OFFICERS_MAX; i++) {
        uint8_t key[32] = {1, (uint8_t)i};
        char name[] = "officer/x0";
        name[9] = (char)('a' + i);
        assert_spk_ok(spk_vkey_make(name, key, &p.officers[i].key));
        key[0] = 2;
        memcpy(p.officers[i].seal, key, 32);
        memset(p.officers[i].person, 'p', 64);
        p.officers[i].person[63] = (char)('a' + i);
        p.officers[i].person[64] = 0;
        p.officers[i].n_owners = SPK_OFFICER_OWNERS_MAX;
        for (size_t k = 0; k < SPK_OFFICER_OWNERS_MAX; k++) {
            p.officers[i].owners[k] = (struct spk_hash){{(uint8_t)(k + 1)}};
        }
    }
    assert_spk_ok(spk_policy_format(&p, &b));
    assert_spk_ok(spk_policy_parse(spk_buf_span(&b), &back));
    assert_int_equal(back.n_officers, SPK_OFFICERS_MAX);
    const char *line = (const char *)memmem(b.ptr, b.len, "officer officer/xx", 18);
    assert_non_null(line);
    assert_spk_ok(spk_buf_str(&b, "officer more\n"));
    assert_spk_code(spk_policy_parse(spk_buf_span(&b), &back), LIMIT);
}

static void
genesis_is_signed_by_everyone(void **state)
{
    (void)state;
    struct spk_note n = the_note("policy.genesis"), two;
    struct spk_hash want = vec_hash("policy.genesis.hash"), other = want;
    struct spk_policy p;

    assert_spk_ok(spk_policy_verify_genesis(&n, &want, &p));
    assert_spk_ok(spk_policy_verify_genesis(&n, NULL, &p));
    other.b[0] ^= 1;
    assert_spk_code(spk_policy_verify_genesis(&n, &other, &p), AUTH);
    two = n;
    two.n = 2; /* one did not sign */
    assert_spk_code(spk_policy_verify_genesis(&two, &want, &p), AUTH);
    two = n;
    two.sigs[1].sig[5] ^= 1;
    assert_spk_code(spk_policy_verify_genesis(&two, &want, &p), AUTH);
    two = the_note("policy.second"); /* a later one is no genesis */
    assert_spk_code(spk_policy_verify_genesis(&two, NULL, &p), FORMAT);
}

static void
next_carries_the_quorum(void **state)
{
    (void)state;
    struct spk_note n = the_note("policy.second"), bad;
    struct spk_policy first = genesis(), other = first, p;
    size_t persons;

    assert_spk_ok(spk_policy_signers(&first, &n, &persons));
    assert_int_equal(persons, 2);
    assert_spk_ok(spk_policy_verify_next(&n, &first, &p));
    assert_int_equal(p.number, 2);
    assert_true(p.wait == 3600);
    bad = n;
    bad.n = 1; /* one person is no quorum */
    assert_spk_code(spk_policy_verify_next(&bad, &first, &p), AUTH);
    bad = n;
    bad.sigs[0].sig[0] ^= 1; /* a bad signature spoils it, whoever else has signed */
    assert_spk_code(spk_policy_verify_next(&bad, &first, &p), AUTH);
    other.hash.b[0] ^= 1; /* another history */
    assert_spk_code(spk_policy_verify_next(&n, &other, &p), AUTH);
    other = first;
    other.number = 2; /* a number that has been */
    assert_spk_code(spk_policy_verify_next(&n, &other, &p), AUTH);
    other = first;
    strcpy(other.officers[2].person, "bob"); /* both keys are one person's */
    assert_spk_code(spk_policy_verify_next(&n, &other, &p), AUTH);
    assert_spk_ok(spk_policy_signers(&other, &n, &persons));
    assert_int_equal(persons, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_the_vector),
        cmocka_unit_test(refuses_senseless_numbers),
        cmocka_unit_test(one_key_one_role),
        cmocka_unit_test(other_limits),
        cmocka_unit_test(takes_as_many_officers_as_allowed),
        cmocka_unit_test(genesis_is_signed_by_everyone),
        cmocka_unit_test(next_carries_the_quorum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
