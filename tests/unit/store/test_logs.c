/* SPDX-License-Identifier: Apache-2.0 */
/* What every store does for the logs, run over each back end: argv[1] is its name. */
#include <stdio.h>

#include "rows.h"

#include "base/file.h"

static const char *backend;
static char *dir;

static int
setup(void **state)
{
    struct spk_store *s = NULL;
    char *path = NULL;

    dir = spk_test_dir();
    assert_spk_ok(spk_path_join(dir, "test.db", &path));
    const struct spk_store_cfg cfg = {
        .path = path, .readers = 2, .exclusive = true, .create = true};
    assert_spk_ok(spk_store_open(backend, &cfg, &s));
    spk_mem_free(path);
    *state = s;
    return 0;
}

static int
teardown(void **state)
{
    spk_store_free(*state);
    spk_test_dir_remove(dir);
    return 0;
}

static struct spk_hash
numbered(unsigned n)
{
    char text[16];
    snprintf(text, sizeof(text), "%u", n);
    return hash_of(text);
}

static void
test_leaves_of_deposits(void **state)
{
    struct spk_store *s = *state;
    struct spk_hash ann = hash_of("Ann"), leaves[300];
    struct spk_log_hashes got;
    uint64_t key = add_owner(s, "Ann", SPK_OWNER_ENROLLED), count = 1;
    struct spk_put_result r;
    struct made m;

    assert_spk_ok(spk_store_log_count(s, SPK_LOG_DEPOSITS, 0, &count));
    assert_int_equal(count, 0);
    assert_spk_ok(spk_store_log_hashes(s, SPK_LOG_DEPOSITS, 0, 0, 256, &got));
    assert_int_equal(got.n, 0);
    assert_spk_ok(spk_store_begin(s));
    for (uint32_t i = 0; i < 300; i++) {
        make_deposit(&m, key, &ann, i, 1);
        leaves[i] = m.row.leaf;
        assert_spk_ok(spk_store_put_deposit(s, &m.row, &r));
    }
    assert_spk_ok(spk_store_log_count(s, SPK_LOG_DEPOSITS, 0, &count));
    assert_int_equal(count, 300); /* the writer sees what it has written */
    assert_spk_ok(spk_store_commit(s));
    for (uint64_t from = 0; from <= 300; from += 50) {
        assert_spk_ok(spk_store_log_hashes(s, SPK_LOG_DEPOSITS, 0, from, 256, &got));
        assert_int_equal(got.n, 300 - from > 256 ? 256 : 300 - from);
        assert_memory_equal(got.h, leaves + from, got.n * sizeof(got.h[0]));
    }
    assert_spk_code(spk_store_log_hashes(s, SPK_LOG_DEPOSITS, 0, 0, 257, &got), USAGE);
    assert_spk_code(spk_store_log_count(s, SPK_LOG_DEPOSITS, 8, &count), USAGE);
    assert_spk_code(spk_store_log_count(s, (enum spk_log_id)3, 0, &count), USAGE);
}

static void
test_hashes(void **state)
{
    struct spk_store *s = *state;
    struct spk_hash h[3] = {numbered(0), numbered(1), numbered(2)};
    struct spk_log_hashes got;
    uint64_t count = 9;

    assert_false(spk_ok(spk_store_put_log_hash(s, SPK_LOG_DEPOSITS, 1, 0, &h[0])));
    assert_spk_ok(spk_store_begin(s));
    for (unsigned i = 0; i < 3; i++) {
        assert_spk_ok(spk_store_put_log_hash(s, SPK_LOG_DEPOSITS, 1, i, &h[i]));
    }
    assert_spk_ok(spk_store_put_log_hash(s, SPK_LOG_DEPOSITS, 1, 1, &h[1]));
    assert_spk_code(spk_store_put_log_hash(s, SPK_LOG_DEPOSITS, 1, 1, &h[0]), EXISTS);
    assert_spk_code(spk_store_put_log_hash(s, SPK_LOG_DEPOSITS, 1, 4, &h[0]), FORMAT);
    assert_spk_code(spk_store_put_log_hash(s, SPK_LOG_DEPOSITS, 0, 0, &h[0]), USAGE);
    assert_spk_ok(spk_store_put_log_hash(s, SPK_LOG_RECOVERIES, 1, 0, &h[2]));
    assert_spk_ok(spk_store_put_log_hash(s, SPK_LOG_DEPOSITS, 2, 0, &h[1]));
    assert_spk_ok(spk_store_commit(s));
    assert_spk_ok(spk_store_log_count(s, SPK_LOG_DEPOSITS, 1, &count));
    assert_int_equal(count, 3);
    assert_spk_ok(spk_store_log_hashes(s, SPK_LOG_DEPOSITS, 1, 1, 256, &got));
    assert_int_equal(got.n, 2);
    assert_memory_equal(got.h, h + 1, 2 * sizeof(got.h[0]));
    assert_spk_ok(spk_store_log_count(s, SPK_LOG_RECOVERIES, 1, &count));
    assert_int_equal(count, 1);
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_log_hash(s, SPK_LOG_DEPOSITS, 1, 3, &h[0]));
    spk_store_rollback(s);
    assert_spk_ok(spk_store_log_count(s, SPK_LOG_DEPOSITS, 1, &count));
    assert_int_equal(count, 3);
}

static void
test_hashes_dropped(void **state)
{
    struct spk_store *s = *state;
    struct spk_hash h[2] = {numbered(0), numbered(1)};
    uint64_t count = 9;

    assert_false(spk_ok(spk_store_drop_log_hashes(s, SPK_LOG_DEPOSITS)));
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_log_hash(s, SPK_LOG_DEPOSITS, 1, 0, &h[0]));
    assert_spk_ok(spk_store_put_log_hash(s, SPK_LOG_RECOVERIES, 1, 0, &h[1]));
    assert_spk_ok(spk_store_put_log_hash(s, SPK_LOG_DEPOSITS, 2, 0, &h[1]));
    assert_spk_ok(spk_store_commit(s));
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_drop_log_hashes(s, SPK_LOG_DEPOSITS));
    assert_spk_ok(spk_store_put_log_hash(s, SPK_LOG_DEPOSITS, 1, 0, &h[1]));
    assert_spk_ok(spk_store_commit(s));
    assert_spk_ok(spk_store_log_count(s, SPK_LOG_DEPOSITS, 1, &count));
    assert_int_equal(count, 1);
    assert_spk_ok(spk_store_log_count(s, SPK_LOG_DEPOSITS, 2, &count));
    assert_int_equal(count, 0);
    assert_spk_ok(spk_store_log_count(s, SPK_LOG_RECOVERIES, 1, &count));
    assert_int_equal(count, 1);
}

static void
test_notes(void **state)
{
    struct spk_store *s = *state;
    struct spk_log_note_row row = {.size = 5, .root = numbered(5), .note = SPK_SPAN_LIT("five")};
    struct spk_log_note_row got = {0};
    SPK_AUTO_BUF struct spk_buf keys = SPK_BUF(100);

    assert_spk_code(spk_store_log_note(s, SPK_LOG_DEPOSITS, &got), NOTFOUND);
    assert_spk_code(spk_store_log_keys(s, &keys), NOTFOUND);
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_log_note(s, SPK_LOG_DEPOSITS, &row));
    row = (struct spk_log_note_row){7, numbered(7), SPK_SPAN_LIT("seven"), {0}};
    assert_spk_ok(spk_store_put_log_note(s, SPK_LOG_DEPOSITS, &row));
    assert_spk_ok(spk_store_put_log_keys(s, SPK_SPAN_LIT("keys")));
    assert_spk_ok(spk_store_put_log_keys(s, SPK_SPAN_LIT("keys")));
    assert_spk_code(spk_store_put_log_keys(s, SPK_SPAN_LIT("others")), EXISTS);
    assert_spk_ok(spk_store_commit(s));
    assert_spk_ok(spk_store_log_note(s, SPK_LOG_DEPOSITS, &got));
    assert_int_equal(got.size, 7);
    assert_true(spk_hash_eq(&got.root, &row.root));
    assert_span_equal(got.note, row.note);
    spk_log_note_row_clear(&got);
    assert_spk_code(spk_store_log_note(s, SPK_LOG_RECOVERIES, &got), NOTFOUND);
    assert_spk_ok(spk_store_log_keys(s, &keys));
    assert_span_equal(spk_buf_span(&keys), SPK_SPAN_LIT("keys"));
}

struct seen {
    size_t n;
    uint64_t index[8];
    bool of_request[8];
};

static spk_err
see(void *arg, const struct spk_log_entry_row *row)
{
    struct seen *seen = arg;
    uint8_t bytes[1 + SPK_LOG_ENTRY_LEN_MAX] = {0};
    struct spk_hash leaf;

    memcpy(bytes + 1, row->entry.ptr, row->entry.len);
    assert_spk_ok(spk_sha256(spk_span(bytes, 1 + row->entry.len), &leaf));
    assert_true(spk_hash_eq(&leaf, &row->leaf));
    assert_int_equal(row->salt.len, row->request != NULL ? 32 : 0);
    assert_int_equal(row->time_ms, 100 + row->index);
    seen->of_request[seen->n] = row->request != NULL;
    seen->index[seen->n++] = row->index;
    return seen->n == 8 ? SPK_ERR(STOPPED) : SPK_OK;
}

static void
test_entries(void **state)
{
    struct spk_store *s = *state;
    struct spk_hash a = hash_of("a"), b = hash_of("b");
    struct spk_log_hashes leaves;
    const struct spk_hash *of[] = {&a, &b, NULL, &a};
    uint8_t salt[32] = {7}, entry[64] = {1};
    struct seen seen = {0};
    uint64_t index = 0, count = 0;

    assert_spk_ok(spk_store_begin(s));
    for (unsigned i = 0; i < 4; i++) {
        entry[10] = (uint8_t)i;
        struct spk_log_entry_row row = {.time_ms = 100 + i,
                                        .entry = SPK_SPAN_OF(entry),
                                        .request = of[i],
                                        .salt = SPK_SPAN_OF(salt),
                                        .detail = spk_span_str(i == 0 ? "note" : "")};
        if (of[i] == NULL) {
            assert_spk_code(spk_store_put_log_entry(s, &row, &index),
                            USAGE); /* a salt for nothing */
            row.salt = row.detail = SPK_SPAN_EMPTY;
        }
        assert_spk_ok(spk_store_put_log_entry(s, &row, &index));
        assert_int_equal(index, i);
    }
    assert_spk_ok(spk_store_commit(s));
    assert_spk_ok(spk_store_log_count(s, SPK_LOG_RECOVERIES, 0, &count));
    assert_int_equal(count, 4);
    assert_spk_ok(spk_store_log_hashes(s, SPK_LOG_RECOVERIES, 0, 1, 256, &leaves));
    assert_int_equal(leaves.n, 3);
    assert_spk_ok(spk_store_log_entries(s, 1, 2, see, &seen));
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.index[1], 2);
    assert_false(seen.of_request[1]);
    seen.n = 0;
    assert_spk_ok(spk_store_log_entries_of(s, &a, see, &seen));
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.index[1], 3);
    seen.n = 7;
    assert_spk_code(spk_store_log_entries(s, 0, 99, see, &seen), STOPPED);
    struct spk_log_entry_row empty = {.time_ms = 1};
    assert_spk_ok(spk_store_begin(s));
    assert_spk_code(spk_store_put_log_entry(s, &empty, &index), USAGE);
    spk_store_rollback(s);
}

/* What was never signed may go again; what was may not. */
static void
test_cut(void **state)
{
    struct spk_store *s = *state;
    uint8_t entry[48] = {1};
    const struct spk_log_entry_row row = {.time_ms = 1, .entry = SPK_SPAN_OF(entry)};
    const struct spk_hash h = hash_of("x");
    const struct spk_log_note_row note = {.size = 300, .root = h, .note = spk_span_str("note")};
    uint64_t index = 0, count = 0;

    assert_spk_ok(spk_store_begin(s));
    for (unsigned i = 0; i < 600; i++) {
        assert_spk_ok(spk_store_put_log_entry(s, &row, &index));
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_spk_ok(spk_store_put_log_hash(s, SPK_LOG_RECOVERIES, 1, i, &h));
        assert_spk_ok(spk_store_put_log_hash(s, SPK_LOG_DEPOSITS, 1, i, &h));
    }
    assert_spk_ok(spk_store_put_log_note(s, SPK_LOG_RECOVERIES, &note));
    assert_spk_code(spk_store_cut_log(s, 299), DENIED);
    assert_spk_ok(spk_store_cut_log(s, 512));
    assert_spk_ok(spk_store_log_count(s, SPK_LOG_RECOVERIES, 1, &count));
    assert_int_equal(count, 2);
    assert_spk_ok(spk_store_cut_log(s, 511));
    assert_spk_ok(spk_store_commit(s));
    assert_spk_ok(spk_store_log_count(s, SPK_LOG_RECOVERIES, 0, &count));
    assert_int_equal(count, 511);
    assert_spk_ok(spk_store_log_count(s, SPK_LOG_RECOVERIES, 1, &count));
    assert_int_equal(count, 1);
    assert_spk_ok(spk_store_log_count(s, SPK_LOG_DEPOSITS, 1, &count));
    assert_int_equal(count, 2);
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_log_entry(s, &row, &index));
    assert_int_equal(index, 511);
    assert_spk_ok(spk_store_commit(s));
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: test_store_logs BACKEND\n");
        return 2;
    }
    backend = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_leaves_of_deposits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hashes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hashes_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_notes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_entries, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
