/* SPDX-License-Identifier: Apache-2.0 */
#include "site.h"

#include "authority/books.h"

static struct spk_store *
new_store(void)
{
    struct spk_store *s = NULL;
    const struct spk_store_cfg cfg = {.readers = 1};
    assert_spk_ok(spk_store_open("memory", &cfg, &s));
    return s;
}

static void
next_policy(const struct site *s, const struct spk_policy *prev, size_t signers,
            struct spk_policy *p, struct spk_buf *note)
{
    *p = *prev;
    p->number = prev->number + 1;
    p->previous = prev->hash;
    p->wait = 60;
    site_sign_policy(s, p, signers, note);
}

static void
test_load_and_grow(void **state)
{
    (void)state;
    struct site s;
    struct spk_store *store = new_store();
    struct spk_books *b = NULL;
    struct spk_policy second;
    struct spk_span note;
    char why[SPK_WHY_MAX] = "";
    SPK_AUTO_BUF struct spk_buf weak = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf good = SPK_BUF(SPK_NOTE_MAX);

    site_make(&s);
    assert_spk_ok(spk_books_load(s.dir, store, why, &b));
    assert_int_equal(spk_books_epochs(b), 1);
    assert_ptr_equal(spk_books_by_key(b, spk_rsa_id(s.key)), spk_books_newest(b));
    assert_null(spk_books_by_key(b, &s.policy.hash));
    assert_int_equal(spk_books_today(b)->number, 1);
    assert_null(spk_books_policy(b, 2, &note));
    assert_null(spk_books_policy(b, 0, &note));
    next_policy(&s, &s.policy, 1, &second, &weak);
    assert_false(spk_ok(spk_books_add_policy(b, spk_buf_span(&weak))));
    next_policy(&s, &s.policy, 2, &second, &good);
    assert_spk_ok(spk_books_add_policy(b, spk_buf_span(&good)));
    assert_int_equal(spk_books_today(b)->number, 2);
    assert_false(spk_ok(spk_books_add_policy(b, spk_buf_span(&good)))); /* not the next any more */
    spk_books_free(b);

    /* from the store at the next start */
    assert_spk_ok(spk_store_begin(store));
    assert_spk_ok(spk_store_put_policy(store, 2, spk_buf_span(&good)));
    assert_spk_ok(spk_store_commit(store));
    assert_spk_ok(spk_books_load(s.dir, store, why, &b));
    assert_int_equal(spk_books_today(b)->number, 2);
    assert_non_null(spk_books_policy(b, 2, &note));
    assert_span_equal(note, spk_buf_span(&good));
    spk_books_free(b);
    spk_store_free(store);
    site_clear(&s);
}

static void
test_forged_policy_in_the_store(void **state)
{
    (void)state;
    struct site s;
    struct spk_store *store = new_store();
    struct spk_books *b = NULL;
    struct spk_policy second;
    char why[SPK_WHY_MAX] = "";
    SPK_AUTO_BUF struct spk_buf weak = SPK_BUF(SPK_NOTE_MAX);

    site_make(&s);
    next_policy(&s, &s.policy, 1, &second, &weak);
    assert_spk_ok(spk_store_begin(store));
    assert_spk_ok(spk_store_put_policy(store, 2, spk_buf_span(&weak)));
    assert_spk_ok(spk_store_commit(store));
    assert_false(spk_ok(spk_books_load(s.dir, store, why, &b)));
    assert_non_null(strstr(why, "database"));
    assert_null(b);
    spk_store_free(store);
    site_clear(&s);
}

static void
test_epochs_follow_each_other(void **state)
{
    (void)state;
    struct site s;
    struct spk_store *store = new_store();
    struct spk_books *b = NULL;
    struct spk_authority next;
    char why[SPK_WHY_MAX] = "";
    SPK_AUTO(spk_rsa) key = NULL;
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);

    site_make(&s);
    assert_spk_ok(spk_rsa_generate(2048, &key));
    next = s.statement;
    next.epoch = 2;
    next.key = key;
    next.previous = *spk_rsa_id(s.key);
    assert_spk_ok(spk_authority_format(&next, &text));
    site_write(&s, "statement-2.note", spk_buf_span(&text));
    assert_spk_ok(spk_books_load(s.dir, store, why, &b));
    assert_int_equal(spk_books_epochs(b), 2);
    assert_int_equal(spk_books_newest(b)->epoch, 2);
    assert_int_equal(spk_books_by_key(b, spk_rsa_id(s.key))->epoch, 1);
    spk_books_free(b);
    b = NULL;
    /* Then another TLS key, while the key stays. */
    {
        SPK_AUTO_BUF struct spk_buf third = SPK_BUF(SPK_NOTE_MAX);
        struct spk_authority tls = next;

        assert_spk_ok(spk_sha256(spk_buf_span(&text), &tls.follows));
        tls.tls.b[0] ^= 1;
        assert_spk_ok(spk_authority_format(&tls, &third));
        site_write(&s, "statement-3.note", spk_buf_span(&third));
        assert_spk_ok(spk_books_load(s.dir, store, why, &b));
        assert_int_equal(spk_books_epochs(b), 3);
        assert_int_equal(spk_books_newest(b)->epoch, 2);
        spk_books_free(b);
        b = NULL;
    }
    next.previous.b[0] ^= 1; /* of another authority */
    spk_buf_reset(&text);
    assert_spk_ok(spk_authority_format(&next, &text));
    site_write(&s, "statement-2.note", spk_buf_span(&text));
    assert_spk_code(spk_books_load(s.dir, store, why, &b), FORMAT);
    assert_non_null(strstr(why, "statement 2"));
    spk_store_free(store);
    site_clear(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_and_grow),
        cmocka_unit_test(test_forged_policy_in_the_store),
        cmocka_unit_test(test_epochs_follow_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
