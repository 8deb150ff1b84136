/* SPDX-License-Identifier: Apache-2.0 */
/* Trees that grow, and what is said about them: against the independent model, then for all small
 * sizes, then with everything wrong. */
#include "spk_test.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "translog/nodes.h"
#include "translog/proof.h"
#include "translog/tile.h"

#define MOST 65
#define LARGE 70000

/* -- a log in memory, of which leaf i is u64 i -- */

static struct spk_hash *kept[32]; /* complete subtrees by level */
static struct spk_hash roots[LARGE + 1];

static spk_err
keep(void *ctx, unsigned level, uint64_t index, const struct spk_hash *h)
{
    (void)ctx;
    kept[level][index] = *h;
    return SPK_OK;
}

static spk_err
kept_get(void *ctx, unsigned level, uint64_t index, struct spk_hash *ret_h)
{
    const uint64_t *n = ctx;

    assert_true((index + 1) << level <= *n); /* only what is complete may be asked for */
    *ret_h = kept[level][index];
    return SPK_OK;
}

static int
grow(void **state)
{
    (void)state;
    static struct spk_edge e;

    for (unsigned l = 0; (LARGE >> l) > 0; l++) {
        kept[l] = spk_calloc(LARGE >> l, sizeof(struct spk_hash));
        assert_non_null(kept[l]);
    }
    assert_spk_ok(spk_edge_root(&e, &roots[0]));
    for (uint64_t i = 0; i < LARGE; i++) {
        struct spk_hash leaf;
        uint8_t b[8];
        spk_put_u64(b, i);
        assert_spk_ok(spk_leaf_hash(SPK_SPAN_OF(b), &leaf));
        assert_spk_ok(spk_edge_add(&e, &leaf, keep, NULL));
        assert_spk_ok(spk_edge_root(&e, &roots[i + 1]));
    }
    return 0;
}

static int
shrink(void **state)
{
    (void)state;
    for (unsigned l = 0; l < 32; l++) {
        spk_mem_free(kept[l]);
    }
    return 0;
}

/* -- vectors -- */

#define VECTOR(name_, buf)                                                                         \
    SPK_AUTO_BUF struct spk_buf buf = SPK_BUF(65536);                                              \
    spk_test_hex_vector("log/log.txt", name_, &buf)

static void
roots_meet_the_vectors(void **state)
{
    (void)state;
    static const unsigned sizes[] = {1, 2, 3, 5, 8, 255, 256, 257, 511, 512, 513, LARGE};

    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "root.%u", sizes[k]);
        VECTOR(name, want);
        assert_span_equal(spk_hash_span(&roots[sizes[k]]), spk_buf_span(&want));
    }
}

static void
proofs_meet_the_vectors(void **state)
{
    (void)state;
    static const unsigned paths[][2] = {{0, 1},     {5, 8},     {6, 7},         {255, 256},
                                        {256, 257}, {300, 513}, {69999, LARGE}, {1, LARGE}};
    static const unsigned growths[][2] = {{1, 2},     {3, 5},     {6, 8},       {255, 257},
                                          {256, 512}, {257, 513}, {512, LARGE}, {69999, LARGE}};
    struct spk_hash got[SPK_PATH_MAX];
    size_t len = 0;

    for (size_t k = 0; k < 8; k++) {
        char name[32];
        uint64_t n = paths[k][1];
        const struct spk_nodes s = {.ctx = &n, .get = kept_get};
        (void)snprintf(name, sizeof(name), "path.%u.%u", paths[k][0], paths[k][1]);
        VECTOR(name, want);
        assert_spk_ok(spk_nodes_path(&s, paths[k][0], n, got, &len));
        assert_span_equal(spk_span(got, len * sizeof(got[0])), spk_buf_span(&want));
        n = growths[k][1];
        (void)snprintf(name, sizeof(name), "growth.%u.%u", growths[k][0], growths[k][1]);
        spk_test_hex_vector("log/log.txt", name, &want);
        assert_spk_ok(spk_nodes_growth(&s, growths[k][0], n, got, &len));
        assert_span_equal(spk_span(got, len * sizeof(got[0])), spk_buf_span(&want));
        assert_spk_ok(
            spk_tree_verify_growth(growths[k][0], &roots[growths[k][0]], n, &roots[n], got, len));
    }
}

static void
log_key(struct spk_vkey *ret_v)
{
    VECTOR("log.vkey", text);
    assert_spk_ok(spk_vkey_parse(spk_buf_span(&text), ret_v));
}

static void
checkpoint_meets_the_vector(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(4096);
    VECTOR("checkpoint", bytes);
    struct spk_checkpoint c;
    struct spk_note note;
    struct spk_vkey v;

    log_key(&v);
    assert_spk_ok(spk_note_parse(spk_buf_span(&bytes), false, &note));
    assert_spk_ok(spk_checkpoint_verify(&note, &v, &c));
    assert_int_equal(c.size, 513);
    assert_span_equal(spk_hash_span(&c.root), spk_hash_span(&roots[513]));
    assert_spk_ok(spk_checkpoint_format(&c, &again));
    assert_span_equal(spk_buf_span(&again), note.text);
}

static void
proof_meets_the_vector(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(SPK_PROOF_MAX);
    VECTOR("proof", bytes);
    static struct spk_proof p;
    struct spk_checkpoint c;
    struct spk_vkey v;
    uint8_t entry[8];

    log_key(&v);
    assert_spk_ok(spk_proof_parse(spk_buf_span(&bytes), &p));
    assert_int_equal(p.index, 300);
    spk_put_u64(entry, 300);
    assert_span_equal(spk_span(p.extra, p.extra_len), SPK_SPAN_OF(entry));
    assert_spk_ok(spk_proof_verify(&p, SPK_SPAN_OF(entry), &v, &c));
    assert_int_equal(c.size, 513);
    assert_spk_ok(spk_proof_format(&p, &again));
    assert_span_equal(spk_buf_span(&again), spk_buf_span(&bytes));
}

static void
tiles_meet_the_vectors(void **state)
{
    (void)state;
    static const struct spk_tile some[] = {
        {.level = 0, .n = 0, .width = 256},   {.level = 0, .n = 272, .width = 256},
        {.level = 0, .n = 273, .width = 112}, {.level = 1, .n = 0, .width = 256},
        {.level = 1, .n = 1, .width = 17},    {.level = 2, .n = 0, .width = 1}};
    const struct spk_tile large = {.level = 0, .n = 1234067, .width = 256};
    SPK_AUTO_BUF struct spk_buf got = SPK_BUF(4096);
    VECTOR("tiles.70000", want);

    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        assert_spk_ok(i > 0 ? spk_buf_u8(&got, '\n') : SPK_OK);
        assert_spk_ok(spk_tile_path(&some[i], &got));
        assert_int_equal(spk_tile_width(LARGE, some[i].level, some[i].n), some[i].width);
    }
    assert_span_equal(spk_buf_span(&got), spk_buf_span(&want));
    assert_int_equal(spk_tile_width(LARGE, 0, 274), 0);
    assert_int_equal(spk_tile_width(LARGE, 2, 1), 0);
    assert_int_equal(spk_tile_width(LARGE, 3, 0), 0);
    spk_test_hex_vector("log/log.txt", "tile.large", &want);
    spk_buf_reset(&got);
    assert_spk_ok(spk_tile_path(&large, &got));
    assert_span_equal(spk_buf_span(&got), spk_buf_span(&want));
}

/* -- properties -- */

static void
every_small_log_agrees_with_the_tree(void **state)
{
    (void)state;
    struct spk_hash got[SPK_PATH_MAX], want[SPK_PATH_MAX], r;
    size_t len = 0, want_len = 0;

    for (uint64_t n = 1; n <= MOST; n++) {
        const struct spk_nodes s = {.ctx = &n, .get = kept_get};
        struct spk_edge e;
        assert_spk_ok(spk_tree_root(kept[0], n, &r));
        assert_true(spk_hash_eq(&r, &roots[n]));
        assert_spk_ok(spk_nodes_root(&s, n, &r));
        assert_true(spk_hash_eq(&r, &roots[n]));
        assert_spk_ok(spk_edge_load(&s, n, &e));
        assert_spk_ok(spk_edge_root(&e, &r));
        assert_true(spk_hash_eq(&r, &roots[n]));
        for (uint64_t i = 0; i < n; i++) {
            assert_spk_ok(spk_nodes_path(&s, i, n, got, &len));
            assert_spk_ok(spk_tree_path(kept[0], n, i, want, &want_len));
            assert_int_equal(len, want_len);
            assert_memory_equal(got, want, len * sizeof(got[0]));
        }
    }
}

/* One proof of growth, and everything about it changed in turn. */
static void
one_growth(uint64_t m, uint64_t n)
{
    const struct spk_nodes s = {.ctx = &n, .get = kept_get};
    struct spk_hash p[SPK_PATH_MAX + 1], bad = roots[n];
    size_t len = 0;

    assert_spk_ok(spk_nodes_growth(&s, m, n, p, &len));
    assert_spk_ok(spk_tree_verify_growth(m, &roots[m], n, &roots[n], p, len));
    bad.b[0] ^= 1;
    if (m > 0) { /* every tree begins with the empty one */
        assert_spk_code(spk_tree_verify_growth(m, &roots[m], n, &bad, p, len), AUTH);
    }
    bad = roots[m];
    bad.b[31] ^= 1;
    assert_spk_code(spk_tree_verify_growth(m, &bad, n, &roots[n], p, len), AUTH);
    p[len] = roots[1]; /* a step too many */
    assert_spk_code(spk_tree_verify_growth(m, &roots[m], n, &roots[n], p, len + 1), AUTH);
    for (size_t k = 0; k < len; k++) {
        p[k].b[7] ^= 0x80;
        assert_spk_code(spk_tree_verify_growth(m, &roots[m], n, &roots[n], p, len), AUTH);
        p[k].b[7] ^= 0x80;
    }
    if (len > 0) { /* a step too few */
        assert_spk_code(spk_tree_verify_growth(m, &roots[m], n, &roots[n], p, len - 1), AUTH);
    }
    for (uint64_t other = 0; other <= MOST; other++) { /* the same root at another size */
        if (other != m && m > 0 && m < n) {
            assert_spk_code(spk_tree_verify_growth(other, &roots[m], n, &roots[n], p, len), AUTH);
        }
    }
}

static void
every_growth_of_every_small_log(void **state)
{
    (void)state;
    for (uint64_t n = 0; n <= MOST; n++) {
        for (uint64_t m = 0; m <= n; m++) {
            one_growth(m, n);
        }
    }
}

static void
every_node_is_in_its_tile(void **state)
{
    (void)state;
    for (unsigned level = 0; level < 17; level++) {
        uint64_t nodes = LARGE >> level;
        for (uint64_t i = 0; i < nodes; i = 3 * i + 1) {
            struct spk_tile t;
            struct spk_hash h;
            spk_tile_of(level, i, &t);
            unsigned width = spk_tile_width(LARGE, t.level, t.n);
            const struct spk_hash *hashes = kept[t.level * SPK_TILE_HEIGHT] + t.n * SPK_TILE_WIDTH;
            assert_spk_ok(spk_tile_node(hashes, width, level, i, &h));
            assert_span_equal(spk_hash_span(&h), spk_hash_span(&kept[level][i]));
        }
    }
}

static void
tile_names_come_back(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {0, 1, 999, 1000, 1001, 999999, 1000000, 1234067, 1ull << 50};

    for (unsigned level = 0; level <= SPK_TILE_LEVELS; level++) {
        for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
            for (unsigned width = 1; width <= 256; width += 85) {
                SPK_AUTO_BUF struct spk_buf name = SPK_BUF(128);
                struct spk_tile got, t = {.entries = level == SPK_TILE_LEVELS,
                                          .level = level % SPK_TILE_LEVELS,
                                          .n = numbers[k],
                                          .width = width};
                assert_spk_ok(spk_tile_path(&t, &name));
                assert_spk_ok(spk_tile_parse(spk_buf_span(&name), &got));
                assert_true(got.entries == t.entries && got.level == t.level && got.n == t.n &&
                            got.width == t.width);
            }
        }
    }
}

static void
bundles_come_back(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_BUNDLE_MAX);
    struct spk_span got[SPK_TILE_WIDTH];
    uint8_t bytes[300] = {7};

    for (unsigned i = 0; i < SPK_TILE_WIDTH; i++) {
        assert_spk_ok(spk_bundle_add(&b, spk_span(bytes, i)));
    }
    assert_spk_ok(spk_bundle_parse(spk_buf_span(&b), SPK_TILE_WIDTH, got));
    for (unsigned i = 0; i < SPK_TILE_WIDTH; i++) {
        assert_span_equal(got[i], spk_span(bytes, i));
    }
    assert_spk_code(spk_bundle_parse(spk_buf_span(&b), SPK_TILE_WIDTH - 1, got), FORMAT);
    assert_spk_code(spk_bundle_parse(spk_span(b.ptr, b.len - 1), SPK_TILE_WIDTH, got), TRUNC);
}

/* -- unhappy paths -- */

static void
refuses_other_spellings_of_tiles(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "tile/",
                                      "tile/0",
                                      "tile/0/",
                                      "tile/0/1",
                                      "tile/0/01",
                                      "tile/0/0000",
                                      "tile/00/000",
                                      "tile/8/000",
                                      "tile/-1/000",
                                      "tile/0/x000/000",
                                      "tile/0/x001/",
                                      "tile/0/x001",
                                      "tile/0/001/000",
                                      "tile/0/000.p/0",
                                      "tile/0/000.p/256",
                                      "tile/0/000.p/",
                                      "tile/0/000.p/01",
                                      "tile/0/000/",
                                      "tile/entries/000.p/1/",
                                      "tile/entries/00a",
                                      "tile/0/../000",
                                      "/tile/0/000",
                                      "tile/0/x999/x999/x999/x999/x999/x999/999"};
    struct spk_tile t;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_true(!spk_ok(spk_tile_parse(spk_span_str(bad[i]), &t)));
    }
}

static void
refuses_other_spellings_of_checkpoints(void **state)
{
    (void)state;
#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    static const char *const bad[] = {"",
                                      "log\n0\n",
                                      "log\n0\n" ROOT "extension\n",
                                      "log\n00\n" ROOT,
                                      "log\n-1\n" ROOT,
                                      "log\n 1\n" ROOT,
                                      "log\n99999999999999999999\n" ROOT,
                                      "log\r\n0\r\n" ROOT,
                                      "\n0\n" ROOT,
                                      "log\n0\n47DEQpj8HBSa\n",
                                      "log\n0\n" ROOT "\n"};
    struct spk_checkpoint c;

    assert_spk_ok(spk_checkpoint_parse(spk_span_str("log\n0\n" ROOT), &c));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_true(!spk_ok(spk_checkpoint_parse(spk_span_str(bad[i]), &c)));
    }
}

static void
refuses_a_checkpoint_of_another_log(void **state)
{
    (void)state;
    VECTOR("checkpoint", bytes);
    struct spk_checkpoint c;
    struct spk_note note;
    struct spk_vkey v, other;

    log_key(&v);
    assert_spk_ok(spk_note_parse(spk_buf_span(&bytes), false, &note));
    assert_spk_ok(spk_vkey_make("sparekey.example/recoveries", v.key, &other));
    assert_spk_code(spk_checkpoint_verify(&note, &other, &c), NOTFOUND);
    other = v;
    other.keyid[0] ^= 1;
    assert_spk_code(spk_checkpoint_verify(&note, &other, &c), NOTFOUND);
    note.sigs[0].sig[5] ^= 1;
    assert_spk_code(spk_checkpoint_verify(&note, &v, &c), AUTH);
}

/* Every byte of a proof stands for something: changed, it does not hold. */
static void
refuses_a_proof_with_any_byte_changed(void **state)
{
    (void)state;
    VECTOR("proof", bytes);
    static struct spk_proof p;
    size_t note_at = 0, line = 0;
    struct spk_vkey v;
    uint8_t entry[8];

    log_key(&v);
    spk_put_u64(entry, 300);
    assert_spk_ok(spk_proof_parse(spk_buf_span(&bytes), &p));
    note_at = (size_t)(p.checkpoint.ptr - bytes.ptr);
    for (size_t i = 0; i < bytes.len; i++) {
        line += bytes.ptr[i] == '\n' && i >= note_at; /* up to the log's own signature line */
        if (line == 5) {
            break;
        }
        bytes.ptr[i] ^= 2;
        bool same_extra = spk_ok(spk_proof_parse(spk_buf_span(&bytes), &p)) && p.extra_len == 8 &&
                          memcmp(p.extra, entry, 8) == 0;
        if (same_extra) {
            assert_false(spk_ok(spk_proof_verify(&p, SPK_SPAN_OF(entry), &v, NULL)));
        }
        bytes.ptr[i] ^= 2;
    }
}

static void
refuses_proofs_that_do_not_fit(void **state)
{
    (void)state;
    VECTOR("proof", bytes);
    static struct spk_proof p;
    struct spk_vkey v;
    uint8_t entry[8];

    log_key(&v);
    spk_put_u64(entry, 300);
    assert_spk_ok(spk_proof_parse(spk_buf_span(&bytes), &p));
    p.index = 301;
    assert_spk_code(spk_proof_verify(&p, SPK_SPAN_OF(entry), &v, NULL), AUTH);
    p.index = 513;
    assert_spk_code(spk_proof_verify(&p, SPK_SPAN_OF(entry), &v, NULL), AUTH);
    p.index = 300;
    p.len--;
    assert_spk_code(spk_proof_verify(&p, SPK_SPAN_OF(entry), &v, NULL), AUTH);
    p.len++;
    spk_put_u64(entry, 299);
    assert_spk_code(spk_proof_verify(&p, SPK_SPAN_OF(entry), &v, NULL), AUTH);
    for (size_t n = 0; n < bytes.len; n += 7) {
        spk_err e = spk_proof_parse(spk_span(bytes.ptr, n), &p);
        spk_put_u64(entry, 300);
        assert_false(spk_ok(e) && spk_ok(spk_proof_verify(&p, SPK_SPAN_OF(entry), &v, NULL)) &&
                     n < bytes.len - 180); /* behind the log's line only the witness's is lost */
    }
}

static void
refuses_growth_backwards(void **state)
{
    (void)state;
    uint64_t n = 8;
    const struct spk_nodes s = {.ctx = &n, .get = kept_get};
    struct spk_hash p[SPK_PATH_MAX];
    size_t len = 0;

    assert_spk_code(spk_nodes_growth(&s, 9, 8, p, &len), USAGE);
    assert_spk_code(spk_tree_verify_growth(9, &roots[9], 8, &roots[8], p, 1), AUTH);
    assert_spk_code(spk_tree_verify_growth(6, &roots[6], 8, &roots[8], p, SPK_PATH_MAX + 1), AUTH);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_meet_the_vectors),
        cmocka_unit_test(proofs_meet_the_vectors),
        cmocka_unit_test(checkpoint_meets_the_vector),
        cmocka_unit_test(proof_meets_the_vector),
        cmocka_unit_test(tiles_meet_the_vectors),
        cmocka_unit_test(every_small_log_agrees_with_the_tree),
        cmocka_unit_test(every_growth_of_every_small_log),
        cmocka_unit_test(every_node_is_in_its_tile),
        cmocka_unit_test(tile_names_come_back),
        cmocka_unit_test(bundles_come_back),
        cmocka_unit_test(refuses_other_spellings_of_tiles),
        cmocka_unit_test(refuses_other_spellings_of_checkpoints),
        cmocka_unit_test(refuses_a_checkpoint_of_another_log),
        cmocka_unit_test(refuses_a_proof_with_any_byte_changed),
        cmocka_unit_test(refuses_proofs_that_do_not_fit),
        cmocka_unit_test(refuses_growth_backwards),
    };

    return cmocka_run_group_tests(tests, grow, shrink);
}
