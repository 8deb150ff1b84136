/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "../store/rows.h"

#include "authority/scope.h"
#include "translog/merkle.h"

static void
assert_tree_over(const struct spk_tree *t, struct spk_span serials)
{
    struct spk_hash leaves[8], got, want;
    size_t n = serials.len / SPK_FILE_ID_LEN;

    assert_true(n <= 8);
    for (size_t i = 0; i < n; i++) {
        struct spk_span one = spk_span(serials.ptr + i * SPK_FILE_ID_LEN, SPK_FILE_ID_LEN);
        assert_spk_ok(spk_leaf_hash(one, &leaves[i]));
    }
    assert_spk_ok(spk_tree_root(leaves, n, &want));
    spk_tree_get_root(t, &got);
    assert_true(spk_hash_eq(&got, &want));
}

static void
test_serials(void **state)
{
    (void)state;
    uint8_t list[5 * SPK_FILE_ID_LEN];
    SPK_AUTO(spk_tree) t = NULL;
    uint64_t at = 99;

    for (uint32_t i = 0; i < 5; i++) {
        struct spk_file_id id = serial_of(10 * i + 10);
        memcpy(list + (size_t)i * SPK_FILE_ID_LEN, id.b, SPK_FILE_ID_LEN);
    }
    for (uint32_t i = 0; i < 60; i++) {
        struct spk_file_id id = serial_of(i);
        bool there = i >= 10 && i % 10 == 0;
        assert_int_equal(spk_serial_find(SPK_SPAN_OF(list), &id, &at), there);
        if (there) {
            assert_int_equal(at, i / 10 - 1);
        }
    }
    assert_spk_ok(spk_serials_tree(SPK_SPAN_OF(list), &t));
    assert_tree_over(t, SPK_SPAN_OF(list));
    spk_tree_free(SPK_STEAL(t));
    assert_spk_code(spk_serials_tree(SPK_SPAN_EMPTY, &t), FORMAT);
    assert_spk_code(spk_serials_tree(spk_span(list, 17), &t), FORMAT);
    memcpy(list + SPK_FILE_ID_LEN, list, SPK_FILE_ID_LEN); /* one twice */
    assert_spk_code(spk_serials_tree(SPK_SPAN_OF(list), &t), FORMAT);
}

static struct spk_store *
filled(uint64_t *ret_ann)
{
    struct spk_store *s = NULL;
    struct made m;
    const struct spk_store_cfg cfg = {.readers = 1};
    struct spk_hash ann = hash_of("Ann"), bob = hash_of("Bob");

    assert_spk_ok(spk_store_open("memory", &cfg, &s));
    uint64_t a = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    uint64_t b = add_owner(s, "Bob", SPK_OWNER_ENROLLED);
    for (uint32_t i = 0; i < 12; i++) {
        make_deposit(&m, i % 3 == 0 ? b : a, i % 3 == 0 ? &bob : &ann, i, 100 + i);
        if (i == 7) {
            m.row.leaf.b[0] ^= 1; /* as if altered */
        }
        put(s, &m);
    }
    *ret_ann = a;
    return s;
}

static void
test_scope_of_an_owner(void **state)
{
    (void)state;
    uint64_t ann = 0;
    struct spk_store *s = filled(&ann);
    SPK_AUTO(spk_scope) all = NULL;
    SPK_AUTO(spk_scope) early = NULL;
    SPK_AUTO(spk_scope) none = NULL;

    assert_spk_ok(spk_scope_build(s, ann, SPK_SPAN_EMPTY, 12, &all));
    assert_int_equal(all->n, 7); /* 1 2 4 5 8 10 11: the altered 7 is left out */
    assert_int_equal(all->index[4], 8);
    assert_int_equal(spk_scope_from(all, 0), 0);
    assert_int_equal(spk_scope_from(all, 6), 4);
    assert_int_equal(spk_scope_from(all, 11), 6);
    assert_int_equal(spk_scope_from(all, 12), 7);
    assert_spk_ok(spk_scope_build(s, ann, SPK_SPAN_EMPTY, 5, &early));
    assert_int_equal(early->n, 3);
    assert_spk_ok(spk_scope_build(s, ann, SPK_SPAN_EMPTY, 0, &none));
    assert_int_equal(none->n, 0);
    struct spk_hash root, empty;
    spk_tree_get_root(none->tree, &root);
    assert_spk_ok(spk_sha256(SPK_SPAN_EMPTY, &empty));
    assert_true(spk_hash_eq(&root, &empty));
    spk_store_free(s);
}

static void
test_scope_of_listed_files(void **state)
{
    (void)state;
    uint64_t ann = 0;
    struct spk_store *s = filled(&ann);
    SPK_AUTO(spk_scope) scope = NULL;
    uint8_t list[3 * SPK_FILE_ID_LEN];
    static const uint32_t wanted[] = {2, 3, 10}; /* 3 is Bob's */

    for (size_t i = 0; i < 3; i++) {
        struct spk_file_id id = serial_of(wanted[i]);
        memcpy(list + i * SPK_FILE_ID_LEN, id.b, SPK_FILE_ID_LEN);
    }
    assert_spk_ok(spk_scope_build(s, ann, SPK_SPAN_OF(list), 12, &scope));
    assert_int_equal(scope->n, 2);
    assert_int_equal(scope->index[0], 2);
    assert_int_equal(scope->index[1], 10);
    assert_tree_over(scope->listed, SPK_SPAN_OF(list));
    spk_store_free(s);
}

static void
put_under(struct spk_store *s, uint64_t key, uint32_t serial, uint32_t policy)
{
    struct made m;
    struct spk_rpub r;
    struct spk_hash ann = hash_of("Ann");

    make_deposit(&m, key, &ann, serial, 100 + serial);
    assert_spk_ok(spk_rpub_parse(m.row.rpub, &r));
    r.policy = policy;
    spk_rpub_build(&r, m.rpub);
    m.row.policy = policy;
    assert_spk_ok(spk_deposit_row_leaf(&m.row));
    put(s, &m);
}

/* Each once and in order, those of this scope only. */
static void
test_policies_of_a_scope(void **state)
{
    (void)state;
    static const uint32_t made_under[] = {3, 1, 3, 7, 2, 1, 9};
    static const uint32_t want[] = {1, 2, 3, 7};
    const struct spk_store_cfg cfg = {.readers = 1};
    struct spk_store *s = NULL;
    SPK_AUTO(spk_scope) all = NULL;
    SPK_AUTO(spk_scope) many = NULL;

    assert_spk_ok(spk_store_open("memory", &cfg, &s));
    uint64_t key = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    for (uint32_t i = 0; i < 7; i++) {
        put_under(s, key, i, made_under[i]);
    }
    assert_spk_ok(spk_scope_build(s, key, SPK_SPAN_EMPTY, 6, &all));
    assert_int_equal(all->n_policies, 4);
    assert_memory_equal(all->policies, want, sizeof(want));
    for (uint32_t i = 0; i < SPK_SCOPE_POLICIES_MAX; i++) {
        put_under(s, key, 100 + i, 5000 - i);
    }
    assert_spk_ok(spk_scope_build(s, key, SPK_SPAN_EMPTY, 7 + SPK_SCOPE_POLICIES_MAX, &many));
    assert_int_equal(many->n, 7 + SPK_SCOPE_POLICIES_MAX);
    assert_int_equal(many->n_policies, SPK_SCOPE_POLICIES_MAX);
    spk_store_free(s);
}

static void
test_frozen_scopes(void **state)
{
    (void)state;
    uint64_t ann = 0;
    struct spk_store *s = filled(&ann);
    SPK_AUTO(spk_scopes) c = NULL;
    SPK_AUTO(spk_scope) now = NULL;
    const struct spk_scope *got = NULL, *again = NULL;
    struct spk_request_row row = {.owner_key = ann, .scope_end = 12};

    assert_spk_ok(spk_scopes_new(&c));
    assert_spk_ok(spk_scope_build(s, ann, SPK_SPAN_EMPTY, 12, &now));
    row.scope_count = now->n;
    spk_tree_get_root(now->tree, &row.scope_root);
    for (int i = 0; i < 10; i++) { /* more than are kept */
        row.hash.b[0] = (uint8_t)i;
        assert_spk_ok(spk_scopes_get(c, s, &row, &got));
        assert_int_equal(got->n, now->n);
        assert_spk_ok(spk_scopes_get(c, s, &row, &again));
        assert_ptr_equal(got, again);
    }
    row.hash.b[0] = 200;
    row.scope_root.b[3] ^= 1;
    assert_spk_code(spk_scopes_get(c, s, &row, &got), CHANGED);
    row.scope_root.b[3] ^= 1;
    row.scope_end = 11;
    assert_spk_code(spk_scopes_get(c, s, &row, &got), CHANGED);
    spk_store_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serials),
        cmocka_unit_test(test_scope_of_an_owner),
        cmocka_unit_test(test_scope_of_listed_files),
        cmocka_unit_test(test_policies_of_a_scope),
        cmocka_unit_test(test_frozen_scopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
