/* SPDX-License-Identifier: Apache-2.0 */
/* A log over a store: what it proves is what the whole tree in memory proves. */
#include "../store/rows.h"

#include "authority/logs.h"

static const struct spk_store_cfg cfg = {.readers = 1};
static struct spk_store *s;
static struct spk_logbook *l;
static char why[SPK_WHY_MAX];
static struct spk_hash *leaves; /* of what is in the store */
static uint64_t n_leaves;

#define LEAVES_MAX 70000

static int
setup(void **state)
{
    (void)state;
    leaves = spk_calloc(LEAVES_MAX, sizeof(*leaves));
    assert_non_null(leaves);
    n_leaves = 0;
    assert_spk_ok(spk_store_open("memory", &cfg, &s));
    assert_spk_ok(spk_logbook_open(s, SPK_LOG_RECOVERIES, why, &l));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spk_logbook_free(l);
    l = NULL;
    spk_store_free(s);
    spk_mem_free(leaves);
    return 0;
}

/* Inside a transaction: `count` more entries. */
static void
add(uint64_t count)
{
    uint8_t entry[9] = {0};
    uint64_t index = 0;

    for (uint64_t i = 0; i < count; i++) {
        const struct spk_log_entry_row row = {.time_ms = 1, .entry = SPK_SPAN_OF(entry)};
        spk_put_u64(entry + 1, n_leaves);
        assert_spk_ok(spk_store_put_log_entry(s, &row, &index));
        assert_int_equal(index, n_leaves);
        assert_spk_ok(spk_leaf_hash(row.entry, &leaves[n_leaves++]));
    }
}

static void
grow(uint64_t count)
{
    struct spk_growth g;

    assert_spk_ok(spk_store_begin(s));
    add(count);
    assert_spk_ok(spk_logbook_grow(l, UINT64_MAX, &g));
    assert_spk_ok(spk_store_commit(s));
    spk_logbook_grown(l, &g);
}

static void
reopen(void)
{
    spk_logbook_free(l);
    l = NULL;
    assert_spk_ok(spk_logbook_open(s, SPK_LOG_RECOVERIES, why, &l));
}

/* Size, root, and the paths of every step-th entry, under n entries. */
static void
check(uint64_t n, uint64_t step)
{
    struct spk_hash root, path[SPK_PATH_MAX], want[SPK_PATH_MAX];
    SPK_AUTO(spk_tree) t = NULL;
    size_t len = 0, want_len = 0;
    struct spk_edge e;

    assert_spk_ok(spk_tree_new(leaves, n, &t));
    spk_logbook_edge(l, &e);
    assert_int_equal(e.n, n_leaves);
    if (n == n_leaves) {
        struct spk_hash tree_root;
        spk_tree_get_root(t, &tree_root);
        assert_spk_ok(spk_edge_root(&e, &root));
        assert_true(spk_hash_eq(&root, &tree_root));
    }
    for (uint64_t i = 0; i < n; i += step) {
        assert_spk_ok(spk_logbook_path(l, i, n, path, &len));
        assert_spk_ok(spk_tree_get_path(t, i, want, &want_len));
        assert_int_equal(len, want_len);
        assert_memory_equal(path, want, len * sizeof(path[0]));
    }
}

static void
test_grows(void **state)
{
    static const uint64_t parts[] = {1, 1, 3, 250, 1, 1, 0, 511, 257, 2000};
    (void)state;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        grow(parts[i]);
        check(n_leaves, 1);
    }
    check(700, 7);
    check(1, 1);
    reopen();
    check(n_leaves, 3);
    grow(300);
    check(n_leaves, 3);
}

static void
test_growth_between_sizes(void **state)
{
    struct spk_hash proof[SPK_PATH_MAX], old, now;
    size_t len = 0;
    struct spk_edge e;

    (void)state;
    grow(1500);
    spk_logbook_edge(l, &e);
    assert_spk_ok(spk_edge_root(&e, &now));
    for (uint64_t m = 1; m <= 1500; m += 13) {
        assert_spk_ok(spk_tree_root(leaves, m, &old));
        assert_spk_ok(spk_logbook_growth(l, m, 1500, proof, &len));
        assert_spk_ok(spk_tree_verify_growth(m, &old, 1500, &now, proof, len));
    }
}

/* Levels 1 and 2 are there from the first start on, and are not made a second time. */
static void
test_store_without_a_log(void **state)
{
    struct spk_log_hashes h;
    struct spk_hash root;
    uint64_t count = 0;

    (void)state;
    assert_spk_ok(spk_store_begin(s));
    add(66000);
    assert_spk_ok(spk_store_commit(s));
    reopen();
    check(n_leaves, 997);
    assert_spk_ok(spk_store_log_count(s, SPK_LOG_RECOVERIES, 1, &count));
    assert_int_equal(count, 66000 / 256);
    assert_spk_ok(spk_store_log_hashes(s, SPK_LOG_RECOVERIES, 2, 0, 256, &h));
    assert_int_equal(h.n, 1);
    assert_spk_ok(spk_tree_root(leaves, 65536, &root));
    assert_true(spk_hash_eq(&h.h[0], &root));
    reopen();
    check(n_leaves, 997);
}

static void
test_rollback(void **state)
{
    struct spk_growth g;

    (void)state;
    grow(300);
    assert_spk_ok(spk_store_begin(s));
    add(500);
    assert_spk_ok(spk_logbook_grow(l, UINT64_MAX, &g));
    assert_int_equal(g.edge.n, 800);
    spk_store_rollback(s);
    spk_logbook_undo(l);
    n_leaves = 300;
    check(300, 1);
    grow(10);
    check(310, 1);
}

/* Another thread wrote leaves in between: the next transaction takes them in as well. */
static void
test_leaves_of_others(void **state)
{
    (void)state;
    grow(100);
    assert_spk_ok(spk_store_begin(s));
    add(400);
    assert_spk_ok(spk_store_commit(s));
    grow(1);
    check(501, 1);
    assert_spk_ok(spk_store_begin(s));
    add(40);
    assert_spk_ok(spk_store_commit(s));
    assert_spk_ok(spk_logbook_catch_up(l));
    check(541, 1);
}

/* Entries that were not signed give way to others. */
static void
test_cut(void **state)
{
    uint8_t entry[9] = {0};
    const struct spk_log_entry_row row = {.time_ms = 1, .entry = SPK_SPAN_OF(entry)};
    struct spk_growth g;
    uint64_t index = 0;

    (void)state;
    grow(300);
    grow(400);
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_cut_log(s, 400));
    assert_spk_ok(spk_logbook_cut(l, 400));
    assert_spk_ok(spk_store_put_log_entry(s, &row, &index)); /* the first entry once more */
    assert_int_equal(index, 400);
    assert_spk_ok(spk_logbook_grow(l, UINT64_MAX, &g));
    assert_spk_ok(spk_store_commit(s));
    spk_logbook_grown(l, &g);
    leaves[400] = leaves[0];
    n_leaves = 401;
    check(401, 1);
    grow(300);
    check(701, 1);
    reopen();
    check(701, 1);
}

static void
sign(uint64_t size, const struct spk_hash *root)
{
    const struct spk_signed one = {.size = size, .root = *root, .len = 1, .note = {'x'}};
    spk_logbook_sign(l, &one);
}

static void
test_checkpoint(void **state)
{
    struct spk_signed got;
    struct spk_hash root;

    (void)state;
    spk_logbook_signed(l, &got);
    assert_int_equal(got.len, 0);
    grow(300);
    assert_spk_ok(spk_tree_root(leaves, 300, &root));
    sign(300, &root);
    sign(200, &root); /* an older one changes nothing */
    spk_logbook_signed(l, &got);
    assert_int_equal(got.size, 300);
    grow(5); /* which writes it along */
    reopen();
    spk_logbook_signed(l, &got);
    assert_int_equal(got.size, 300);
    assert_int_equal(got.note[0], 'x');
}

static void
test_store_that_was_changed(void **state)
{
    struct spk_hash root;

    (void)state;
    grow(300);
    assert_spk_ok(spk_tree_root(leaves, 299, &root));
    sign(300, &root); /* the holder has seen other leaves */
    assert_spk_ok(spk_logbook_catch_up(l));
    spk_logbook_free(l);
    l = NULL;
    assert_spk_ok(spk_logbook_open(s, SPK_LOG_RECOVERIES, why, &l));
    assert_true(spk_logbook_is_stopped(l));
    struct spk_edge e;
    uint64_t count = 0;
    spk_logbook_edge(l, &e);
    uint64_t n = e.n;
    grow(600); /* and nothing more is built on it */
    assert_spk_ok(spk_logbook_catch_up(l));
    spk_logbook_edge(l, &e);
    assert_int_equal(e.n, n);
    assert_spk_ok(spk_store_log_count(s, SPK_LOG_RECOVERIES, 1, &count));
    assert_int_equal(count, 1);
}

static void
test_checkpoint_of_more_than_there_is(void **state)
{
    struct spk_hash root;

    (void)state;
    grow(300);
    assert_spk_ok(spk_tree_root(leaves, 300, &root));
    sign(301, &root);
    assert_spk_ok(spk_logbook_catch_up(l));
    spk_logbook_free(l);
    l = NULL;
    assert_spk_code(spk_logbook_open(s, SPK_LOG_RECOVERIES, why, &l), CHANGED);
    assert_non_null(strstr(why, "recoveries log"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_grows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_growth_between_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_store_without_a_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rollback, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leaves_of_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_checkpoint, setup, teardown),
        cmocka_unit_test_setup_teardown(test_store_that_was_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_checkpoint_of_more_than_there_is, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
