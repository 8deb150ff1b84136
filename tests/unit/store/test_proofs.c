/* SPDX-License-Identifier: Apache-2.0 */
/* When deposits were proven, run over each back end: argv[1] is its name. */
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

struct dates {
    uint64_t at[20];
};

static spk_err
keep_proven(void *arg, const struct spk_deposit_row *row)
{
    ((struct dates *)arg)->at[row->index] = row->proven;
    return SPK_OK;
}

static void
assert_due(struct spk_store *s, uint64_t time, size_t max, size_t n, const uint64_t *expected)
{
    uint64_t got[20] = {0};
    size_t k = 99;

    assert_spk_ok(spk_store_proofs_due(s, time, max, got, &k));
    assert_int_equal(k, n);
    assert_memory_equal(got, expected, n * sizeof(got[0]));
}

/* Ann has the even ones (fill), Bob the odd ones. */
static void
test_proofs(void **state)
{
    struct spk_store *s = *state;
    struct spk_deposit_page page;
    struct spk_deposit_query q = {.limit = 100};
    struct spk_proof_sums sums;
    struct dates d = {{0}};
    uint64_t a = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    uint64_t b = add_owner(s, "Bob", SPK_OWNER_ENROLLED), of_a = 0;

    fill(s, a, b);
    assert_spk_ok(spk_store_owner_deposits(s, a, &of_a));
    assert_due(s, UINT32_MAX, 20, 0, NULL);
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_proof(s, 0, 300));
    assert_spk_ok(spk_store_put_proof(s, 1, 100));
    assert_spk_ok(spk_store_put_proof(s, 2, 200));
    assert_spk_ok(spk_store_put_proof(s, 3, 100));
    assert_spk_code(spk_store_put_proof(s, 1000, 100), CHANGED);
    assert_spk_ok(spk_store_commit(s));
    assert_due(s, UINT32_MAX, 20, 4, (const uint64_t[]){1, 3, 2, 0});
    assert_due(s, 200, 20, 3, (const uint64_t[]){1, 3, 2});
    assert_due(s, 200, 2, 2, (const uint64_t[]){1, 3});
    assert_due(s, 99, 20, 0, NULL);
    /* proven again; and one that turns out to be wrong is not asked about any more */
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_proof(s, 1, 400));
    assert_spk_ok(spk_store_put_wrong(s, 2));
    assert_spk_code(spk_store_put_proof(s, 2, 500), CHANGED);
    assert_spk_ok(spk_store_commit(s));
    assert_due(s, UINT32_MAX, 20, 3, (const uint64_t[]){3, 0, 1});
    assert_spk_ok(spk_store_deposits(s, &q, keep_proven, &d, &page));
    assert_memory_equal(d.at, ((const uint64_t[]){300, 400, 0, 100, 0}), 5 * sizeof(d.at[0]));
    assert_spk_ok(spk_store_proof_sums(s, 0, &sums));
    assert_int_equal(sums.deposits, page.rows);
    assert_int_equal(sums.proven, 3);
    assert_int_equal(sums.wrong, 1);
    assert_int_equal(sums.oldest, 100);
    assert_spk_ok(spk_store_proof_sums(s, a, &sums));
    assert_int_equal(sums.deposits, of_a);
    assert_int_equal(sums.proven, 1);
    assert_int_equal(sums.wrong, 1);
    assert_int_equal(sums.oldest, 300);
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_proof(s, 6, 50));
    assert_spk_ok(spk_store_drop_proof(s, 6));
    assert_spk_ok(spk_store_drop_proof(s, 6));
    assert_spk_ok(spk_store_commit(s));
    assert_due(s, UINT32_MAX, 20, 3, (const uint64_t[]){3, 0, 1});
    /* what was not committed is not there */
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_proof(s, 4, 1));
    spk_store_rollback(s);
    assert_spk_ok(spk_store_proof_sums(s, 0, &sums));
    assert_int_equal(sums.proven, 3);
    assert_int_equal(sums.oldest, 100);
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        return 2;
    }
    backend = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_proofs, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
