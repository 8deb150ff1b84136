/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a changed key of an authority believable, attack by attack. */
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "spk_test.h"

static struct fix f;

static struct spk_chain *
start(void)
{
    struct spk_chain *c = NULL;

    assert_spk_ok(spk_chain_new(&c));
    assert_spk_ok(spk_chain_add_statement(c, spk_buf_span(&f.statement1_note)));
    assert_spk_ok(spk_chain_add_policy(c, spk_buf_span(&f.policy1_note)));
    return c;
}

/* The chain with one more statement: what becomes of it. */
static spk_err
with_statement(uint32_t epoch, void (*change)(struct spk_authority *), unsigned signers)
{
    struct spk_chain *c = start();
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF((size_t)SPK_NOTE_MAX);
    struct spk_pin *p = NULL;
    spk_err e;

    fix_statement(&f, 1, epoch, change, signers, &note);
    assert_spk_ok(spk_chain_add_statement(c, spk_buf_span(&note)));
    e = spk_pin_make(&c, "https://h:1", NULL, &p);
    spk_chain_free(c);
    spk_pin_free(p);
    return e;
}

static void
first_statement_alone(void **state)
{
    struct spk_pin *p = fix_pin(&f);

    (void)state;
    assert_int_equal(spk_pin_now(p)->epoch, 1);
    assert_int_equal(p->policy.number, 1);
    assert_ptr_equal(spk_pin_by_key(p, spk_rsa_id(f.keys[0])), spk_pin_now(p));
    assert_null(spk_pin_by_key(p, spk_rsa_id(f.keys[1])));
    spk_pin_free(p);
}

static void
quorum_makes_a_new_key(void **state)
{
    (void)state;
    assert_spk_ok(with_statement(2, NULL, 3));
    assert_spk_ok(with_statement(2, NULL, 6));
    assert_spk_ok(with_statement(7, NULL, 7));
}

static void
one_officer_is_not_enough(void **state)
{
    (void)state;
    assert_spk_code(with_statement(2, NULL, 1), AUTH);
    assert_spk_code(with_statement(2, NULL, 4), AUTH);
}

static void
no_signature_at_all(void **state)
{
    spk_err e = with_statement(2, NULL, 0);

    (void)state;
    assert_false(spk_ok(e));
}

static void
other_name(struct spk_authority *a)
{
    (void)snprintf(a->name, sizeof(a->name), "other.test");
}

static void
other_previous(struct spk_authority *a)
{
    memset(a->previous.b, 9, sizeof(a->previous.b));
}

static void
other_genesis(struct spk_authority *a)
{
    a->policy.b[0] ^= 1;
}

static void
must_continue_the_one_before(void **state)
{
    (void)state;
    assert_spk_code(with_statement(2, other_name, 7), CHANGED);
    assert_spk_code(with_statement(2, other_previous, 7), CHANGED);
    assert_spk_code(with_statement(2, other_genesis, 7), CHANGED);
}

/* -- Only the TLS key changes. */
static void
other_tls(struct spk_authority *a)
{
    SPK_AUTO_STR struct spk_note *n = spk_calloc(1, sizeof(*n));
    struct spk_authority first = {0};

    assert_spk_ok(spk_note_parse(spk_buf_span(&f.statement1_note), true, n));
    assert_spk_ok(spk_authority_parse(n->text, &first));
    a->follows = first.hash;
    a->key = f.keys[0];
    a->tls = first.tls;
    a->tls.b[5] ^= 1;
    spk_authority_clear(&first);
}

static void
same_tls(struct spk_authority *a)
{
    other_tls(a);
    a->tls.b[5] ^= 1;
}

static void
tls_and_key(struct spk_authority *a)
{
    other_tls(a);
    a->key = f.keys[1];
}

static void
tls_and_holder(struct spk_authority *a)
{
    uint8_t pub[SPK_ED25519_LEN];

    other_tls(a);
    assert_spk_ok(spk_ed25519_public(f.officers[1].seed, pub));
    assert_spk_ok(spk_vkey_make("backup.test", pub, &a->holder));
}

static void
tls_after_another(struct spk_authority *a)
{
    other_tls(a);
    a->follows.b[0] ^= 1;
}

static void
tls_named_by_nothing(struct spk_authority *a)
{
    other_tls(a);
    memset(&a->follows, 0, sizeof(a->follows));
}

static void
tls_key_alone(void **state)
{
    (void)state;
    assert_spk_ok(with_statement(1, other_tls, 3));
    assert_spk_code(with_statement(1, other_tls, 1), AUTH);
    assert_false(spk_ok(with_statement(1, other_tls, 0)));
    assert_spk_code(with_statement(1, same_tls, 7), CHANGED);
    assert_spk_code(with_statement(1, tls_and_key, 7), CHANGED);
    assert_spk_code(with_statement(1, tls_and_holder, 7), CHANGED);
    assert_spk_code(with_statement(1, tls_after_another, 7), CHANGED);
    assert_spk_code(with_statement(1, tls_named_by_nothing, 7), CHANGED);
}

/* Of two changes the first does not come back: what it follows is not the newest. */
static void
tls_key_does_not_come_back(void **state)
{
    SPK_AUTO_BUF struct spk_buf second = SPK_BUF((size_t)SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf third = SPK_BUF((size_t)SPK_NOTE_MAX);
    struct spk_pin *p = NULL;

    (void)state;
    fix_statement(&f, 0, 1, other_tls, 7, &second);
    fix_statement(&f, 1, 2, NULL, 7, &third);
    for (unsigned again = 0; again < 2; again++) {
        struct spk_chain *c = start();

        assert_spk_ok(spk_chain_add_statement(c, spk_buf_span(&second)));
        assert_spk_ok(spk_chain_add_statement(c, spk_buf_span(&third)));
        if (again) {
            assert_spk_ok(spk_chain_add_statement(c, spk_buf_span(&second)));
            assert_spk_code(spk_pin_make(&c, "https://h:1", NULL, &p), CHANGED);
        } else {
            assert_spk_ok(spk_pin_make(&c, "https://h:1", NULL, &p));
            assert_int_equal(spk_pin_now(p)->epoch, 2);
        }
        spk_chain_free(c);
        spk_pin_free(p);
        p = NULL;
    }
}

static void
epoch_never_stays(void **state)
{
    struct spk_chain *c = start();
    struct spk_pin *p = NULL;

    (void)state;
    assert_spk_ok(spk_chain_add_statement(c, spk_buf_span(&f.statement1_note)));
    assert_false(spk_ok(spk_pin_make(&c, "https://h:1", NULL, &p)));
    spk_chain_free(c);
}

/* The chain with one more policy and up to two more statements, for one who knows `known`. */
static spk_err
fetched(const struct spk_buf *policy, const struct spk_buf *second, const struct spk_buf *third,
        const struct spk_pin *known, struct spk_pin **ret_p)
{
    const struct spk_buf *const more[] = {second, third};
    struct spk_chain *c = start();
    spk_err e;

    assert_spk_ok(spk_chain_add_policy(c, spk_buf_span(policy)));
    for (size_t i = 0; i < 2 && more[i] != NULL; i++) {
        assert_spk_ok(spk_chain_add_statement(c, spk_buf_span(more[i])));
    }
    e = spk_pin_make(&c, "https://h:1", known, ret_p);
    spk_chain_free(c);
    return e;
}

static void
officers_who_left_before_have_no_say(void **state)
{
    SPK_AUTO_BUF struct spk_buf policy = SPK_BUF((size_t)SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf statement = SPK_BUF((size_t)SPK_NOTE_MAX);
    struct spk_pin *first = fix_pin(&f);
    struct spk_policy two;
    struct spk_pin *second = NULL;
    struct spk_pin *p = NULL;

    (void)state;
    fix_next_policy(&f, &f.policy1, 6, 3, &two, &policy); /* officer 0 leaves */
    fix_statement(&f, 1, 2, NULL, 3, &statement);         /* signed by 0 and 1 */
    assert_spk_ok(fetched(&policy, &statement, NULL, first, &p));
    spk_pin_free(p);
    p = NULL;
    assert_spk_ok(fetched(&policy, NULL, NULL, first, &second));
    assert_spk_code(fetched(&policy, &statement, NULL, second, &p), AUTH);
    spk_pin_free(first);
    spk_pin_free(second);
}

/* What was taken stays taken, whoever of its signers has left since; the next one is the business
 * of those who stayed. */
static void
signers_of_a_pinned_key_may_leave(void **state)
{
    SPK_AUTO_BUF struct spk_buf policy = SPK_BUF((size_t)SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf second = SPK_BUF((size_t)SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf third = SPK_BUF((size_t)SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf other = SPK_BUF((size_t)SPK_NOTE_MAX);
    struct spk_policy two;
    struct spk_pin *known = NULL;
    struct spk_pin *p = NULL;

    (void)state;
    fix_statement(&f, 0, 1, other_tls, 3, &second);       /* signed by 0 and 1 */
    fix_next_policy(&f, &f.policy1, 6, 3, &two, &policy); /* officer 0 leaves */
    assert_spk_ok(fetched(&policy, &second, NULL, NULL, &known));
    assert_spk_ok(fetched(&policy, &second, NULL, known, &p));
    assert_true(spk_pin_continues(known, p));
    spk_pin_free(p);
    p = NULL;
    fix_statement(&f, 1, 2, NULL, 3, &third);
    assert_spk_code(fetched(&policy, &second, &third, known, &p), AUTH);
    spk_buf_reset(&third);
    fix_statement(&f, 1, 2, NULL, 7, &third);
    assert_spk_ok(fetched(&policy, &second, &third, known, &p));
    spk_pin_free(p);
    p = NULL;
    fix_statement(&f, 1, 2, NULL, 3, &other); /* in the place of a pinned one */
    assert_spk_code(fetched(&policy, &other, NULL, known, &p), AUTH);
    spk_pin_free(known);
}

static void
policy_needs_the_quorum_of_the_one_before(void **state)
{
    static const struct {
        unsigned signers;
        bool good;
    } cases[] = {{3, true}, {7, true}, {1, false}, {4, false}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        SPK_AUTO_BUF struct spk_buf note = SPK_BUF((size_t)SPK_NOTE_MAX);
        struct spk_chain *c = start();
        struct spk_policy two;
        struct spk_pin *p = NULL;

        fix_next_policy(&f, &f.policy1, 7, cases[i].signers, &two, &note);
        assert_spk_ok(spk_chain_add_policy(c, spk_buf_span(&note)));
        assert_int_equal(spk_ok(spk_pin_make(&c, "https://h:1", NULL, &p)), cases[i].good);
        spk_chain_free(c);
        spk_pin_free(p);
    }
}

static void
genesis_must_be_the_one_of_the_statement(void **state)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF((size_t)SPK_NOTE_MAX);
    struct spk_policy other = f.policy1;
    struct spk_chain *c = NULL;
    struct spk_pin *p = NULL;
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)SPK_NOTE_MAX);

    (void)state;
    other.wait = 5;
    assert_spk_ok(spk_policy_format(&other, &text));
    fix_sign(&f, spk_buf_span(&text), 7, &note);
    assert_spk_ok(spk_chain_new(&c));
    assert_spk_ok(spk_chain_add_statement(c, spk_buf_span(&f.statement1_note)));
    assert_spk_ok(spk_chain_add_policy(c, spk_buf_span(&note)));
    assert_false(spk_ok(spk_pin_make(&c, "https://h:1", NULL, &p)));
    spk_chain_free(c);
}

static void
empty_chains(void **state)
{
    struct spk_chain *c = NULL;
    struct spk_pin *p = NULL;

    (void)state;
    assert_spk_ok(spk_chain_new(&c));
    assert_spk_code(spk_pin_make(&c, "https://h:1", NULL, &p), FORMAT);
    spk_chain_free(c);
}

static void
continues(void **state)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF((size_t)SPK_NOTE_MAX);
    struct spk_chain *c = start();
    struct spk_pin *old = fix_pin(&f);
    struct spk_pin *next = NULL;

    (void)state;
    fix_statement(&f, 1, 2, NULL, 7, &note);
    assert_spk_ok(spk_chain_add_statement(c, spk_buf_span(&note)));
    assert_spk_ok(spk_pin_make(&c, "https://h:1", NULL, &next));
    assert_true(spk_pin_continues(old, next));
    assert_true(spk_pin_continues(old, old));
    assert_false(spk_pin_continues(next, old)); /* rolled back */
    spk_pin_free(old);
    spk_pin_free(next);
}

/* The logs note of these keys, signed by officer number `signer`; 0 is the holder here. */
static void
logs_note(size_t deposits, size_t recoveries, size_t signer, bool other_genesis,
          struct spk_buf *note)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)SPK_NOTE_MAX);
    const size_t who[SPK_LOG_IDS] = {deposits, recoveries};
    struct spk_logs l = {.genesis = f.policy1.hash};
    uint8_t pub[SPK_ED25519_LEN];

    for (size_t i = 0; i < SPK_LOG_IDS; i++) {
        assert_spk_ok(spk_ed25519_public(f.officers[who[i]].seed, pub));
        assert_spk_ok(spk_vkey_make(i == 0 ? "backup.test/deposits" : "backup.test/recoveries", pub,
                                    &l.key[i]));
    }
    l.genesis.b[0] ^= other_genesis;
    assert_spk_ok(spk_logs_format(&l, &text));
    spk_buf_reset(note);
    assert_spk_ok(
        spk_note_sign(spk_buf_span(&text), NULL, "backup.test", f.officers[signer].seed, note));
}

static spk_err
pin_with_logs(const struct spk_buf *note, struct spk_pin **ret_p)
{
    struct spk_chain *c = start();
    spk_err e;

    assert_spk_ok(spk_chain_set_logs(c, spk_buf_span(note)));
    e = spk_pin_make(&c, "https://h:1", NULL, ret_p);
    spk_chain_free(c);
    if (spk_ok(e)) {
        (void)snprintf((*ret_p)->name, sizeof((*ret_p)->name), "backup.test");
    }
    return e;
}

/* Only the pinned holder names the logs' keys, and those of this authority. */
static void
logs_are_the_holders(void **state)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF((size_t)SPK_NOTE_MAX);
    struct spk_pin *p = NULL;

    (void)state;
    logs_note(1, 2, 0, false, &note);
    assert_spk_ok(pin_with_logs(&note, &p));
    assert_true(p->has_logs);
    assert_string_equal(p->logs.key[0].name, "backup.test/deposits");
    spk_pin_free(p);
    p = NULL;
    logs_note(1, 2, 2, false, &note); /* another has signed */
    assert_spk_code(pin_with_logs(&note, &p), AUTH);
    logs_note(0, 2, 0, false, &note); /* the holder's own key in a second role */
    assert_spk_code(pin_with_logs(&note, &p), AUTH);
    logs_note(1, 2, 0, true, &note); /* of another authority */
    assert_spk_code(pin_with_logs(&note, &p), CHANGED);
    note.ptr[note.len / 3] ^= 1;
    assert_false(spk_ok(pin_with_logs(&note, &p)));
    assert_null(p);
}

/* Who was pinned before takes them up once; what is there stays, whatever is said later. */
static void
logs_never_change(void **state)
{
    SPK_AUTO_BUF struct spk_buf first = SPK_BUF((size_t)SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf other = SPK_BUF((size_t)SPK_NOTE_MAX);
    char *dir = spk_test_dir();
    struct spk_trouble t = {.file = ""};
    struct spk_pin *p = fix_pin(&f);
    struct spk_pin *again = NULL;
    struct spk_pin *changed = NULL;

    (void)state;
    logs_note(1, 2, 0, false, &first);
    logs_note(2, 1, 0, false, &other);
    assert_spk_ok(spk_pin_save(p, dir));
    logs_note(1, 2, 1, false, &first);
    assert_spk_code(spk_pin_take_logs(p, spk_buf_span(&first)), CHANGED);
    assert_false(p->has_logs);
    logs_note(1, 2, 0, false, &first);
    assert_spk_ok(spk_pin_take_logs(p, spk_buf_span(&first)));
    assert_spk_code(spk_pin_take_logs(p, spk_buf_span(&other)), USAGE);
    assert_spk_ok(spk_pin_load(dir, "backup.test", &t, &again));
    assert_true(again->has_logs && !spk_pin_other_logs(p, again));

    assert_spk_ok(pin_with_logs(&other, &changed));
    assert_true(spk_pin_other_logs(again, changed));
    assert_false(spk_pin_continues(again, changed));
    assert_spk_code(spk_pin_save(changed, dir), CHANGED); /* not even by mistake */
    spk_pin_free(changed);
    /* an authority that says nothing of its logs any more takes nothing away */
    changed = fix_pin(&f);
    assert_true(spk_pin_continues(again, changed));
    assert_spk_ok(spk_pin_inherit(changed, again));
    assert_true(changed->has_logs && !spk_pin_other_logs(again, changed));
    assert_spk_ok(spk_pin_save(changed, dir));
    spk_pin_free(changed);
    spk_pin_free(again);
    spk_pin_free(p);
    spk_test_dir_remove(dir);
}

static void
saved_and_loaded(void **state)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF((size_t)SPK_NOTE_MAX);
    struct spk_chain *c = start();
    char *dir = spk_test_dir();
    struct spk_trouble t = {.file = ""};
    struct spk_pin *p = fix_pin(&f);
    struct spk_pin *again = NULL;

    (void)state;
    p->state = SPK_PIN_PENDING;
    assert_spk_ok(spk_pin_save(p, dir));
    assert_spk_ok(spk_pin_load(dir, "backup.test", &t, &again));
    assert_int_equal(again->state, SPK_PIN_PENDING);
    assert_string_equal(again->url, p->url);
    assert_true(spk_pin_continues(p, again));
    spk_pin_free(again);
    again = NULL;

    fix_statement(&f, 1, 2, NULL, 7, &note);
    assert_spk_ok(spk_chain_add_statement(c, spk_buf_span(&note)));
    spk_pin_free(p);
    assert_spk_ok(spk_pin_make(&c, "https://new:2", NULL, &p));
    (void)snprintf(p->name, sizeof(p->name), "backup.test");
    p->state = SPK_PIN_ENROLLED;
    assert_spk_ok(spk_pin_save(p, dir));
    assert_spk_ok(spk_pin_load(dir, "backup.test", &t, &again));
    assert_int_equal(again->n, 2);
    assert_string_equal(again->url, "https://new:2");
    spk_pin_free(again);
    again = NULL;
    assert_spk_code(spk_pin_load(dir, "nobody", &t, &again), NOTFOUND);
    assert_spk_code(spk_pin_load(dir, "../x", &t, &again), USAGE);
    spk_pin_free(p);
    spk_test_dir_remove(dir);
}

static void
names(void **state)
{
    (void)state;
    assert_true(spk_pin_name_ok("backup.example-1_x"));
    assert_false(spk_pin_name_ok(""));
    assert_false(spk_pin_name_ok(".hidden"));
    assert_false(spk_pin_name_ok("a/b"));
    assert_false(spk_pin_name_ok("a b"));
    assert_false(spk_pin_name_ok("0123456789012345678901234567890123456789012345678901234567890123"
                                 "4"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_statement_alone),
        cmocka_unit_test(quorum_makes_a_new_key),
        cmocka_unit_test(one_officer_is_not_enough),
        cmocka_unit_test(no_signature_at_all),
        cmocka_unit_test(must_continue_the_one_before),
        cmocka_unit_test(tls_key_alone),
        cmocka_unit_test(tls_key_does_not_come_back),
        cmocka_unit_test(epoch_never_stays),
        cmocka_unit_test(officers_who_left_before_have_no_say),
        cmocka_unit_test(signers_of_a_pinned_key_may_leave),
        cmocka_unit_test(policy_needs_the_quorum_of_the_one_before),
        cmocka_unit_test(genesis_must_be_the_one_of_the_statement),
        cmocka_unit_test(empty_chains),
        cmocka_unit_test(continues),
        cmocka_unit_test(logs_are_the_holders),
        cmocka_unit_test(logs_never_change),
        cmocka_unit_test(saved_and_loaded),
        cmocka_unit_test(names),
    };
    int failed;

    fix_make(&f);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fix_clear(&f);
    return failed;
}
