/* SPDX-License-Identifier: Apache-2.0 */
/* What every store does, run over each back end: argv[1] is its name. */
#include <stdio.h>
#include <stdlib.h>

#include "rows.h"

#include "base/file.h"

static const char *backend;
static char *dir;

static struct spk_store *
open_store(void)
{
    struct spk_store *s = NULL;
    char *path = NULL;
    assert_spk_ok(spk_path_join(dir, "test.db", &path));
    const struct spk_store_cfg cfg = {
        .path = path, .readers = 2, .exclusive = true, .create = true};
    assert_spk_ok(spk_store_open(backend, &cfg, &s));
    spk_mem_free(path);
    return s;
}

static int
setup(void **state)
{
    dir = spk_test_dir();
    *state = open_store();
    return 0;
}

static int
teardown(void **state)
{
    spk_store_free(*state);
    spk_test_dir_remove(dir);
    return 0;
}

static void
test_owner_and_its_keys(void **state)
{
    struct spk_store *s = *state;
    struct spk_owner_row r = {0};
    struct spk_hash owner = hash_of("Ann"), login = hash_of("login of Ann");
    struct spk_hash next = hash_of("a new key"), third = hash_of("third");
    uint64_t changes = spk_store_owner_changes(s);
    uint64_t key = add_owner(s, "Ann", SPK_OWNER_PENDING);

    assert_true(spk_store_owner_changes(s) > changes);
    assert_spk_code(spk_store_owner(s, &login, &r), NOTFOUND);
    assert_spk_ok(spk_store_owner(s, &owner, &r));
    assert_int_equal(r.key, key);
    assert_int_equal(r.state, SPK_OWNER_PENDING);
    assert_span_equal(r.name, SPK_SPAN_LIT("Ann"));
    assert_span_equal(r.record, SPK_SPAN_LIT("record"));
    assert_span_equal(r.signature, SPK_SPAN_LIT("signature"));
    assert_int_equal(r.successor.len, 0);
    spk_owner_row_clear(&r);

    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_set_owner_state(s, key, SPK_OWNER_ENROLLED));
    assert_spk_code(spk_store_set_owner_state(s, key + 99, SPK_OWNER_ENROLLED), NOTFOUND);
    assert_spk_code(spk_store_put_successor(s, key, 2, &next, SPK_SPAN_LIT("gap")), FORMAT);
    assert_spk_ok(spk_store_put_successor(s, key, 1, &next, SPK_SPAN_LIT("note 1")));
    assert_spk_ok(spk_store_put_successor(s, key, 1, &next, SPK_SPAN_LIT("note 1")));
    assert_spk_code(spk_store_put_successor(s, key, 1, &third, SPK_SPAN_LIT("else")), EXISTS);
    /* a key that once logged in never does again */
    assert_spk_code(spk_store_put_successor(s, key, 2, &login, SPK_SPAN_LIT("back")), DENIED);
    assert_spk_ok(spk_store_commit(s));

    assert_spk_code(spk_store_owner_by_login(s, &login, &r), CHANGED);
    assert_spk_code(spk_store_owner_by_login(s, &third, &r), NOTFOUND);
    assert_spk_ok(spk_store_owner_by_login(s, &next, &r));
    assert_int_equal(r.state, SPK_OWNER_ENROLLED);
    assert_int_equal(r.successors, 1);
    assert_span_equal(r.successor, SPK_SPAN_LIT("note 1"));
    assert_true(spk_hash_eq(&r.login, &next));
    spk_owner_row_clear(&r);
}

static void
test_owner_twice(void **state)
{
    struct spk_store *s = *state;
    uint64_t key = 0;
    add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    struct spk_owner_row row = {.owner = hash_of("Ann"), .login = hash_of("x"), .state = 2};

    assert_spk_ok(spk_store_begin(s));
    assert_spk_code(spk_store_put_owner(s, &row, &key), EXISTS);
    row.owner = hash_of("Bob");
    row.login = hash_of("login of Ann");
    assert_spk_code(spk_store_put_owner(s, &row, &key), DENIED);
    spk_store_rollback(s);
    assert_int_equal(key, 0);
}

static spk_err
count_owner(void *arg, const struct spk_owner_row *row)
{
    int *n = arg;
    assert_true(row->key > 0);
    ++*n;
    return SPK_OK;
}

static void
test_owners_by_name_and_state(void **state)
{
    struct spk_store *s = *state;
    int n = 0;

    add_owner(s, "Ann Miller", SPK_OWNER_ENROLLED);
    uint64_t bob = add_owner(s, "Bob MILLER", SPK_OWNER_PENDING);
    add_owner(s, "Cid 100%", SPK_OWNER_ENROLLED);
    struct spk_owner_query q = {.name = SPK_SPAN_LIT("miller"), .limit = 10};
    assert_spk_ok(spk_store_owners(s, &q, count_owner, &n));
    assert_int_equal(n, 2);
    n = 0;
    q = (struct spk_owner_query){.state = SPK_OWNER_PENDING, .limit = 10};
    assert_spk_ok(spk_store_owners(s, &q, count_owner, &n));
    assert_int_equal(n, 1);
    n = 0;
    q = (struct spk_owner_query){.name = SPK_SPAN_LIT("%"), .after_key = bob, .limit = 10};
    assert_spk_ok(spk_store_owners(s, &q, count_owner, &n));
    assert_int_equal(n, 1);
    n = 0;
    q = (struct spk_owner_query){.limit = 2};
    assert_spk_ok(spk_store_owners(s, &q, count_owner, &n));
    assert_int_equal(n, 2);
}

static void
test_tokens(void **state)
{
    struct spk_store *s = *state;
    struct spk_hash t = hash_of("token"), old = hash_of("old"), never = hash_of("never");

    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_token(s, &t, 1000, 2));
    assert_spk_ok(spk_store_put_token(s, &old, 10, 1));
    assert_spk_code(spk_store_put_token(s, &t, 2000, 5), EXISTS);
    assert_spk_ok(spk_store_commit(s));
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_use_token(s, &t, 500));
    assert_spk_ok(spk_store_use_token(s, &t, 500));
    assert_spk_code(spk_store_use_token(s, &t, 500), DENIED);
    assert_spk_code(spk_store_use_token(s, &old, 10), DENIED);
    assert_spk_code(spk_store_use_token(s, &never, 1), DENIED);
    spk_store_rollback(s); /* a use that was not committed is not used up */
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_use_token(s, &t, 500));
    assert_spk_ok(spk_store_commit(s));
}

static void
test_deposit_comes_back_whole(void **state)
{
    struct spk_store *s = *state;
    struct made m;
    struct spk_deposit_row r = {0};
    struct spk_hash ann = hash_of("Ann");
    uint64_t key = add_owner(s, "Ann", SPK_OWNER_ENROLLED), n = 99;

    assert_spk_ok(spk_store_deposit_count(s, &n));
    assert_int_equal(n, 0);
    make_deposit(&m, key, &ann, 7, 1234567);
    struct spk_put_result res = put(s, &m);
    assert_int_equal(res.what, SPK_PUT_NEW);
    assert_int_equal(res.index, 0);
    assert_int_equal(res.time_ms, 1234567);

    assert_spk_ok(spk_store_deposit(s, key, &m.row.serial, &r));
    assert_int_equal(r.index, 0);
    assert_int_equal(r.state, SPK_DEPOSIT_ACCEPTED);
    assert_true(spk_hash_eq(&r.owner, &ann));
    assert_span_equal(r.rpub, m.row.rpub);
    assert_span_equal(r.rpriv, m.row.rpriv);
    assert_span_equal(r.salt, m.row.salt);
    assert_span_equal(r.blob, m.row.blob);
    assert_span_equal(r.description, m.row.description);
    assert_int_equal(r.sealed.len, 0);
    assert_spk_ok(spk_deposit_row_verify(&r));
    spk_deposit_row_clear(&r);
    struct spk_file_id none = serial_of(8);
    assert_spk_code(spk_store_deposit(s, key, &none, &r), NOTFOUND);
    assert_spk_code(spk_store_deposit(s, key + 1, &m.row.serial, &r), NOTFOUND);
}

static void
test_deposit_twice(void **state)
{
    struct spk_store *s = *state;
    struct made m, other;
    struct spk_hash ann = hash_of("Ann"), bob = hash_of("Bob");
    uint64_t a = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    uint64_t b = add_owner(s, "Bob", SPK_OWNER_ENROLLED);

    make_deposit(&m, a, &ann, 7, 1000);
    assert_int_equal(put(s, &m).what, SPK_PUT_NEW);
    /* the same again, later: the answer of the first time */
    make_deposit(&m, a, &ann, 7, 2000);
    struct spk_put_result r = put(s, &m);
    assert_int_equal(r.what, SPK_PUT_DUPLICATE);
    assert_int_equal(r.index, 0);
    assert_int_equal(r.time_ms, 1000);
    /* another content under the same serial */
    m.salt[0] ^= 1;
    assert_spk_ok(spk_deposit_p(m.salt, m.row.rpriv, &m.row.p));
    assert_int_equal(put(s, &m).what, SPK_PUT_CONFLICT);
    m.salt[0] ^= 1;
    assert_spk_ok(spk_deposit_p(m.salt, m.row.rpriv, &m.row.p));
    m.rpub[100] ^= 1;
    assert_int_equal(put(s, &m).what, SPK_PUT_CONFLICT);
    /* another owner's row never matters */
    make_deposit(&other, b, &bob, 7, 3000);
    r = put(s, &other);
    assert_int_equal(r.what, SPK_PUT_NEW);
    assert_int_equal(r.index, 1);
    /* another epoch is another deposit */
    make_deposit(&m, a, &ann, 7, 4000);
    m.row.epoch = 2;
    r = put(s, &m);
    assert_int_equal(r.what, SPK_PUT_NEW);
    assert_int_equal(r.index, 2);
}

static void
test_rollback_leaves_no_gap(void **state)
{
    struct spk_store *s = *state;
    struct made m;
    struct spk_put_result r;
    struct spk_hash ann = hash_of("Ann");
    uint64_t a = add_owner(s, "Ann", SPK_OWNER_ENROLLED), n = 0;

    make_deposit(&m, a, &ann, 1, 1);
    put(s, &m);
    assert_spk_ok(spk_store_begin(s));
    for (uint32_t i = 2; i < 9; i++) {
        make_deposit(&m, a, &ann, i, 1);
        assert_spk_ok(spk_store_put_deposit(s, &m.row, &r));
    }
    spk_store_rollback(s);
    assert_spk_ok(spk_store_deposit_count(s, &n));
    assert_int_equal(n, 1);
    assert_int_equal(put(s, &m).index, 1);
    assert_spk_ok(spk_store_owner_deposits(s, a, &n));
    assert_int_equal(n, 2);
}

static void
test_deposit_of_nobody(void **state)
{
    struct spk_store *s = *state;
    struct made m;
    struct spk_put_result r;
    struct spk_hash ann = hash_of("Ann");

    make_deposit(&m, 12345, &ann, 1, 1);
    assert_spk_ok(spk_store_begin(s));
    assert_spk_code(spk_store_put_deposit(s, &m.row, &r), EXISTS);
    spk_store_rollback(s);
}

struct seen {
    uint64_t n, index[64];
};

static spk_err
see(void *arg, const struct spk_deposit_row *row)
{
    struct seen *v = arg;
    assert_true(v->n < 64);
    v->index[v->n++] = row->index;
    return SPK_OK;
}

static void
fill(struct spk_store *s, uint64_t a, uint64_t b)
{
    struct made m;
    struct spk_hash ann = hash_of("Ann"), bob = hash_of("Bob");
    for (uint32_t i = 0; i < 20; i++) {
        if (i % 2 == 0) {
            make_deposit(&m, a, &ann, i, 100 + i);
        } else {
            make_deposit(&m, b, &bob, i, 100 + i);
        }
        assert_int_equal(put(s, &m).index, i);
    }
}

static void
test_search(void **state)
{
    struct spk_store *s = *state;
    struct spk_deposit_page page;
    struct seen v = {0};
    uint64_t a = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    uint64_t b = add_owner(s, "Bob", SPK_OWNER_ENROLLED);

    fill(s, a, b);
    struct spk_deposit_query q = {.owner_key = a, .limit = 4};
    assert_spk_ok(spk_store_deposits(s, &q, see, &v, &page));
    assert_int_equal(v.n, 4);
    assert_int_equal(v.index[3], 6);
    assert_true(page.more);
    assert_int_equal(page.next, 8);
    q.from = page.next;
    q.limit = 100;
    v.n = 0;
    assert_spk_ok(spk_store_deposits(s, &q, see, &v, &page));
    assert_int_equal(v.n, 6);
    assert_false(page.more);

    q = (struct spk_deposit_query){.owner_key = a, .since_ms = 104, .until_ms = 108, .limit = 100};
    v.n = 0;
    assert_spk_ok(spk_store_deposits(s, &q, see, &v, &page));
    assert_int_equal(v.n, 3);
    assert_int_equal(v.index[0], 4);

    q = (struct spk_deposit_query){
        .owner_key = a, .description = SPK_SPAN_LIT("number 1"), .limit = 100};
    v.n = 0;
    assert_spk_ok(spk_store_deposits(s, &q, see, &v, &page));
    assert_int_equal(v.n, 5); /* 10, 12, 14, 16, 18 */
    /* looking at three rows only, none fits, and it says where to go on */
    q.scan = 3;
    v.n = 0;
    assert_spk_ok(spk_store_deposits(s, &q, see, &v, &page));
    assert_int_equal(v.n, 0);
    assert_true(page.more);
    assert_int_equal(page.next, 6);

    q = (struct spk_deposit_query){.limit = 100, .from = 5, .end = 9};
    v.n = 0;
    assert_spk_ok(spk_store_deposits(s, &q, see, &v, &page));
    assert_int_equal(v.n, 4);
    assert_int_equal(v.index[0], 5);
}

static spk_err
refuse(void *arg, const struct spk_deposit_row *row)
{
    (void)row;
    ++*(int *)arg;
    return SPK_ERR(STOPPED);
}

static void
test_visitor_ends_the_walk(void **state)
{
    struct spk_store *s = *state;
    struct spk_deposit_page page;
    int n = 0;
    uint64_t a = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    uint64_t b = add_owner(s, "Bob", SPK_OWNER_ENROLLED);

    fill(s, a, b);
    struct spk_deposit_query q = {.owner_key = a, .limit = 100};
    assert_spk_code(spk_store_deposits(s, &q, refuse, &n, &page), STOPPED);
    assert_int_equal(n, 1);
}

static spk_err
keep_state(void *arg, const struct spk_deposit_row *row)
{
    ((uint32_t *)arg)[row->index] = row->state;
    return SPK_OK;
}

static void
test_checked_and_wrong(void **state)
{
    struct spk_store *s = *state;
    struct spk_deposit_page page;
    uint32_t states[20] = {0};
    uint64_t n = 9;
    uint64_t a = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    uint64_t b = add_owner(s, "Bob", SPK_OWNER_ENROLLED);

    fill(s, a, b);
    assert_spk_ok(spk_store_checked(s, &n));
    assert_int_equal(n, 0);
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_set_checked(s, 3));
    assert_spk_ok(spk_store_put_proof(s, 0, 100));
    assert_spk_ok(spk_store_put_proof(s, 2, 100));
    assert_spk_ok(spk_store_put_wrong(s, 1));
    assert_spk_ok(spk_store_put_wrong(s, 1));
    assert_spk_code(spk_store_put_wrong(s, 1000), EXISTS);
    assert_spk_ok(spk_store_commit(s));
    struct spk_deposit_query q = {.limit = 100};
    assert_spk_ok(spk_store_deposits(s, &q, keep_state, states, &page));
    assert_int_equal(states[0], SPK_DEPOSIT_CHECKED);
    assert_int_equal(states[1], SPK_DEPOSIT_WRONG);
    assert_int_equal(states[2], SPK_DEPOSIT_CHECKED);
    assert_int_equal(states[3], SPK_DEPOSIT_ACCEPTED);
    assert_spk_ok(spk_store_checked(s, &n));
    assert_int_equal(n, 3);
}

static void
mark_wrong(struct spk_store *s, uint64_t index)
{
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_wrong(s, index));
    assert_spk_ok(spk_store_commit(s));
}

/* A deposit that the holder has refused must not keep the true one out for ever. */
static void
test_wrong_gives_way(void **state)
{
    struct spk_store *s = *state;
    struct made wrong, good, third;
    struct spk_deposit_row r = {0};
    struct spk_deposit_page page;
    uint32_t states[20] = {0};
    struct spk_hash ann = hash_of("Ann");
    uint64_t a = add_owner(s, "Ann", SPK_OWNER_ENROLLED), n = 0;

    make_deposit(&wrong, a, &ann, 7, 1000);
    make_deposit(&good, a, &ann, 7, 2000);
    good.salt[0] ^= 1;
    assert_spk_ok(spk_deposit_p(good.salt, good.row.rpriv, &good.row.p));
    assert_spk_ok(spk_deposit_row_leaf(&good.row));
    assert_int_equal(put(s, &wrong).what, SPK_PUT_NEW);
    assert_int_equal(put(s, &good).what, SPK_PUT_CONFLICT); /* nobody has said yet that it is bad */
    mark_wrong(s, 0);
    assert_int_equal(put(s, &wrong).what, SPK_PUT_DUPLICATE);
    struct spk_put_result res = put(s, &good);
    assert_int_equal(res.what, SPK_PUT_NEW);
    assert_int_equal(res.index, 1);
    assert_int_equal(res.time_ms, 2000);
    /* the good one stands: it is what is given out, and it gives way to nothing */
    assert_spk_ok(spk_store_deposit(s, a, &good.row.serial, &r));
    assert_int_equal(r.index, 1);
    assert_int_equal(r.state, SPK_DEPOSIT_ACCEPTED);
    assert_spk_ok(spk_deposit_row_verify(&r));
    spk_deposit_row_clear(&r);
    assert_int_equal(put(s, &good).what, SPK_PUT_DUPLICATE);
    assert_int_equal(put(s, &wrong).what, SPK_PUT_CONFLICT);
    /* the refused one is still there, and still refused */
    struct spk_deposit_query q = {.owner_key = a, .serial = &good.row.serial, .limit = 20};
    assert_spk_ok(spk_store_deposits(s, &q, keep_state, states, &page));
    assert_int_equal(page.rows, 2);
    assert_int_equal(states[0], SPK_DEPOSIT_WRONG);
    assert_int_equal(states[1], SPK_DEPOSIT_ACCEPTED);
    assert_spk_ok(spk_store_owner_deposits(s, a, &n));
    assert_int_equal(n, 2);
    /* and once more, when that one turns out to be wrong as well */
    mark_wrong(s, 1);
    make_deposit(&third, a, &ann, 7, 3000);
    third.salt[0] ^= 2;
    assert_spk_ok(spk_deposit_p(third.salt, third.row.rpriv, &third.row.p));
    assert_spk_ok(spk_deposit_row_leaf(&third.row));
    assert_int_equal(put(s, &third).index, 2);
    assert_int_equal(put(s, &good).what, SPK_PUT_CONFLICT);
}

static spk_err
count_request(void *arg, const struct spk_request_row *row)
{
    (void)row;
    ++*(int *)arg;
    return SPK_OK;
}

static spk_err
count_note(void *arg, uint64_t number, struct spk_span note)
{
    (void)number;
    assert_true(note.len > 0);
    ++*(int *)arg;
    return SPK_OK;
}

static void
test_requests(void **state)
{
    struct spk_store *s = *state;
    struct spk_request_row r = {0}, got = {0};
    int n = 0;
    uint64_t count = 0;

    r.hash = hash_of("request 1");
    r.owner = hash_of("Ann");
    r.login = hash_of("new key");
    r.stage = SPK_STAGE_FILED;
    r.state = 1;
    r.created = 1000;
    r.record = SPK_SPAN_LIT("record");
    r.sig_sign = SPK_SPAN_LIT("s1");
    r.sig_keyx = SPK_SPAN_LIT("s2");
    r.serials = SPK_SPAN_LIT("0123456789abcdef");
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_request(s, &r));
    assert_spk_code(spk_store_put_request(s, &r), EXISTS);
    assert_spk_ok(spk_store_commit(s));

    assert_spk_ok(spk_store_request(s, &r.hash, &got));
    assert_span_equal(got.record, r.record);
    assert_span_equal(got.serials, r.serials);
    assert_int_equal(got.created, 1000);
    got.stage = SPK_STAGE_TOLD;
    got.state = 4;
    got.scope_count = 77;
    got.scope_root = hash_of("root");
    got.successor = SPK_SPAN_LIT("successor note");
    got.persons = 2;
    got.record = SPK_SPAN_LIT("is not changed");
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_set_request(s, &got));
    assert_spk_ok(spk_store_put_vote(s, got.key, 5, SPK_SPAN_LIT("note a")));
    assert_spk_ok(spk_store_put_vote(s, got.key, 6, SPK_SPAN_LIT("note b")));
    assert_spk_ok(spk_store_put_vote(s, got.key, 7, SPK_SPAN_LIT("note a")));
    assert_spk_code(spk_store_put_vote(s, got.key + 5, 7, SPK_SPAN_LIT("note a")), EXISTS);
    assert_spk_ok(spk_store_commit(s));
    assert_spk_ok(spk_store_votes(s, got.key, count_note, &n));
    assert_int_equal(n, 2);
    spk_request_row_clear(&got);
    assert_spk_ok(spk_store_request(s, &r.hash, &got));
    assert_int_equal(got.state, 4);
    assert_int_equal(got.scope_count, 77);
    assert_int_equal(got.persons, 2);
    assert_span_equal(got.record, r.record);
    assert_span_equal(got.successor, SPK_SPAN_LIT("successor note"));
    spk_request_row_clear(&got);

    assert_spk_ok(spk_store_request_count(s, &r.owner, 1000, &count));
    assert_int_equal(count, 1);
    assert_spk_ok(spk_store_request_count(s, &r.owner, 1001, &count));
    assert_int_equal(count, 0);
    n = 0;
    struct spk_request_query q = {.owner = &r.owner, .stage = SPK_STAGE_TOLD, .limit = 9};
    assert_spk_ok(spk_store_requests(s, &q, count_request, &n));
    assert_int_equal(n, 1);
    q.stage = SPK_STAGE_FILED;
    assert_spk_ok(spk_store_requests(s, &q, count_request, &n));
    assert_int_equal(n, 1);
    q = (struct spk_request_query){.state = 4, .limit = 9};
    assert_spk_ok(spk_store_requests(s, &q, count_request, &n));
    assert_int_equal(n, 2);
    struct spk_hash other = hash_of("request 2");
    assert_spk_code(spk_store_request(s, &other, &got), NOTFOUND);
}

static spk_err
last_created(void *arg, const struct spk_request_row *row)
{
    uint64_t *created = arg;

    *created = row->created;
    return SPK_OK;
}

/* A heap of old requests must not hide the newest one. */
static void
test_newest_requests(void **state)
{
    struct spk_store *s = *state;
    struct spk_request_query q = {.limit = 1};
    struct spk_hash hash = hash_of("request 0");
    uint64_t created = 0;

    assert_spk_ok(spk_store_begin(s));
    for (uint64_t i = 0; i < 3; i++) {
        hash.b[0] = (uint8_t)i;
        const struct spk_request_row r = {.hash = hash,
                                          .owner = hash_of("owner"),
                                          .login = hash,
                                          .recipient = hash_of("keyx"),
                                          .stage = SPK_STAGE_FILED,
                                          .state = 1,
                                          .created = 1000 + i,
                                          .record = SPK_SPAN_LIT("record"),
                                          .sig_sign = SPK_SPAN_LIT("sig"),
                                          .sig_keyx = SPK_SPAN_LIT("sig")};
        assert_spk_ok(spk_store_put_request(s, &r));
    }
    assert_spk_ok(spk_store_commit(s));
    assert_spk_ok(spk_store_requests(s, &q, last_created, &created));
    assert_int_equal(created, 1000);
    q.newest = true;
    assert_spk_ok(spk_store_requests(s, &q, last_created, &created));
    assert_int_equal(created, 1002);
    q.limit = 9;
    assert_spk_ok(spk_store_requests(s, &q, last_created, &created));
    assert_int_equal(created, 1000);
    /* the page behind the newest one */
    struct spk_request_row newest = {0};
    hash.b[0] = 2;
    assert_spk_ok(spk_store_request(s, &hash, &newest));
    q.limit = 1;
    q.before_key = newest.key;
    spk_request_row_clear(&newest);
    assert_spk_ok(spk_store_requests(s, &q, last_created, &created));
    assert_int_equal(created, 1001);
}

static spk_err
see_event(void *arg, uint64_t number, uint64_t time_ms, struct spk_span kind,
          struct spk_span detail)
{
    int *n = arg;
    ++*n;
    assert_int_equal(number, *n);
    assert_int_equal(time_ms, 100 + *n);
    assert_span_equal(kind, SPK_SPAN_LIT("kind"));
    assert_true(detail.len > 0);
    return SPK_OK;
}

static void
test_policies_nonces_events(void **state)
{
    struct spk_store *s = *state;
    uint8_t nonce[16] = {1}, second[16] = {2};
    int n = 0;

    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_policy(s, 1, SPK_SPAN_LIT("genesis")));
    assert_spk_ok(spk_store_put_policy(s, 1, SPK_SPAN_LIT("genesis")));
    assert_spk_code(spk_store_put_policy(s, 1, SPK_SPAN_LIT("forged")), EXISTS);
    assert_spk_ok(spk_store_put_policy(s, 2, SPK_SPAN_LIT("next")));
    assert_spk_ok(spk_store_put_nonce(s, nonce, 1000, 0));
    assert_spk_code(spk_store_put_nonce(s, nonce, 1001, 0), EXISTS);
    assert_spk_ok(spk_store_put_nonce(s, second, 1500, 0));
    assert_spk_ok(spk_store_put_nonce(s, nonce, 2000, 1200)); /* long ago: forgotten */
    assert_spk_code(spk_store_put_nonce(s, second, 2000, 1200), EXISTS);
    assert_spk_ok(spk_store_put_event(s, 101, "kind", SPK_SPAN_LIT("one")));
    assert_spk_ok(spk_store_put_event(s, 102, "kind", SPK_SPAN_LIT("two")));
    assert_spk_ok(spk_store_commit(s));
    assert_spk_ok(spk_store_policies(s, count_note, &n));
    assert_int_equal(n, 2);
    n = 0;
    assert_spk_ok(spk_store_events(s, 0, 10, see_event, &n));
    assert_int_equal(n, 2);
    n = 1;
    assert_spk_ok(spk_store_events(s, 1, 10, see_event, &n));
    assert_int_equal(n, 2);
}

static spk_err
see_record(void *arg, const struct spk_record_row *row)
{
    *(uint64_t *)arg = row->key;
    assert_span_equal(row->blob, SPK_SPAN_LIT("blob"));
    return SPK_OK;
}

static void
test_records(void **state)
{
    struct spk_store *s = *state;
    uint64_t key = 0, first;

    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_record(s, 1, SPK_SPAN_LIT("a"), SPK_SPAN_LIT("blob"), 2));
    assert_spk_ok(spk_store_put_record(s, 2, SPK_SPAN_LIT("b"), SPK_SPAN_LIT("blob"), 2));
    assert_spk_code(spk_store_put_record(s, 2, SPK_SPAN_LIT("c"), SPK_SPAN_LIT("blob"), 2), BUSY);
    assert_spk_ok(spk_store_commit(s));
    assert_spk_ok(spk_store_records(s, 1, see_record, &key));
    first = key;
    assert_spk_ok(spk_store_records(s, 10, see_record, &key));
    assert_true(key > first);
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_drop_record(s, first));
    assert_spk_ok(spk_store_put_record(s, 3, SPK_SPAN_LIT("d"), SPK_SPAN_LIT("blob"), 2));
    assert_spk_ok(spk_store_commit(s));
    first = key;
    assert_spk_ok(spk_store_records(s, 1, see_record, &key));
    assert_int_equal(key, first);
    assert_spk_ok(spk_store_records(s, 10, see_record, &key));
    assert_true(key > first); /* keys are never used twice */
}

static void
test_write_outside_a_transaction(void **state)
{
    struct spk_store *s = *state;
    struct spk_hash t = hash_of("t");
    struct made m;
    struct spk_put_result r;
    uint64_t a = add_owner(s, "Ann", SPK_OWNER_ENROLLED);

    make_deposit(&m, a, &t, 1, 1);
    assert_false(spk_ok(spk_store_put_token(s, &t, 1, 1)));
    assert_false(spk_ok(spk_store_put_deposit(s, &m.row, &r)));
    assert_false(spk_ok(spk_store_set_checked(s, 1)));
    assert_spk_code(spk_store_commit(s), USAGE);
    assert_spk_ok(spk_store_begin(s));
    assert_spk_code(spk_store_begin(s), USAGE);
    spk_store_rollback(s);
}

/* Uses the token up, then ends as it is told. */
static spk_err
use_once(struct spk_store *s, void *arg)
{
    const enum spk_code *end = arg;
    struct spk_hash t = hash_of("t");

    SPK_TRY(spk_store_use_token(s, &t, 1));
    return *end == SPK_CODE_OK ? SPK_OK : SPK_ERR(DENIED);
}

static spk_err
put_once(struct spk_store *s, void *arg)
{
    return spk_store_put_token(s, arg, 1000, 1);
}

static void
test_write_is_whole_or_nothing(void **state)
{
    struct spk_store *s = *state;
    struct spk_hash t = hash_of("t");
    enum spk_code fail = SPK_CODE_DENIED, good = SPK_CODE_OK;

    assert_spk_ok(spk_store_write(s, put_once, &t));
    assert_spk_code(spk_store_write(s, put_once, &t), EXISTS);
    assert_spk_code(spk_store_write(s, use_once, &fail), DENIED);
    assert_spk_ok(spk_store_write(s, use_once, &good)); /* the one before did not use it up */
    assert_spk_code(spk_store_write(s, use_once, &good), DENIED);
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        return 2;
    }
    backend = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_owner_and_its_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_owner_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_owners_by_name_and_state, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tokens, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deposit_comes_back_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deposit_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rollback_leaves_no_gap, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deposit_of_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_search, setup, teardown),
        cmocka_unit_test_setup_teardown(test_visitor_ends_the_walk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_checked_and_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_gives_way, setup, teardown),
        cmocka_unit_test_setup_teardown(test_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(test_newest_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(test_policies_nonces_events, setup, teardown),
        cmocka_unit_test_setup_teardown(test_records, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write_outside_a_transaction, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write_is_whole_or_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
