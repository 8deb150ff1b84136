/* SPDX-License-Identifier: Apache-2.0 */
#include "spk_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "translog/merkle.h"

#define MOST 65

/* The leaves that certificate transparency logs have been tested with since RFC 6962, and their
 * roots. */
static const struct {
    const char *leaf, *root;
} reference[] = {
    {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {"606162636465666768696a6b6c6d6e6f",
     "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};
#define REFERENCES (sizeof(reference) / sizeof(reference[0]))

static struct spk_hash
hash(const char *hex)
{
    struct spk_hash h;

    assert_spk_ok(spk_hex_parse(spk_span_str(hex), h.b, SPK_HASH_LEN));
    return h;
}

static void
reference_leaves(struct spk_hash ret_l[REFERENCES])
{
    for (size_t i = 0; i < REFERENCES; i++) {
        uint8_t b[16];
        size_t n = strlen(reference[i].leaf) / 2;
        assert_spk_ok(spk_hex_parse(spk_span_str(reference[i].leaf), b, n));
        assert_spk_ok(spk_leaf_hash(spk_span(b, n), &ret_l[i]));
    }
}

static void
meets_the_reference_roots(void **state)
{
    (void)state;
    struct spk_hash l[REFERENCES], r, want;

    reference_leaves(l);
    for (size_t n = 1; n <= REFERENCES; n++) {
        want = hash(reference[n - 1].root);
        assert_spk_ok(spk_tree_root(l, n, &r));
        assert_span_equal(spk_hash_span(&r), spk_hash_span(&want));
    }
    want = hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_spk_ok(spk_tree_root(NULL, 0, &r));
    assert_span_equal(spk_hash_span(&r), spk_hash_span(&want));
}

static void
meets_the_reference_path(void **state)
{
    (void)state;
    static const char *const want[] = {
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"};
    struct spk_hash l[REFERENCES], path[SPK_PATH_MAX], root = hash(reference[7].root);
    size_t len;

    reference_leaves(l);
    assert_spk_ok(spk_tree_path(l, 8, 5, path, &len));
    assert_int_equal(len, 3);
    for (size_t i = 0; i < 3; i++) {
        struct spk_hash h = hash(want[i]);
        assert_span_equal(spk_hash_span(&path[i]), spk_hash_span(&h));
    }
    assert_spk_ok(spk_tree_verify(&l[5], 5, 8, path, 3, &root));
}

static void
numbered_leaves(struct spk_hash *ret_l, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t b[8];
        spk_put_u64(b, i);
        assert_spk_ok(spk_leaf_hash(SPK_SPAN_OF(b), &ret_l[i]));
    }
}

/* RFC 6962 §2.1 as it is written: split at the largest power of two below n. */
static struct spk_hash
root_by_definition(const struct spk_hash *l, size_t n)
{
    struct spk_hash left, right, r;
    uint8_t one = 1;
    size_t k = 1;

    if (n == 1) {
        return l[0];
    }
    while (2 * k < n) {
        k *= 2;
    }
    left = root_by_definition(l, k);
    right = root_by_definition(l + k, n - k);
    const struct spk_span parts[] = {spk_span(&one, 1), spk_hash_span(&left),
                                     spk_hash_span(&right)};
    assert_spk_ok(spk_sha256_parts(parts, 3, &r));
    return r;
}

static void
roots_follow_the_definition(void **state)
{
    (void)state;
    struct spk_hash l[200], r;

    numbered_leaves(l, 200);
    for (size_t n = 1; n <= 200; n++) {
        struct spk_hash want = root_by_definition(l, n);
        assert_spk_ok(spk_tree_root(l, n, &r));
        assert_true(spk_hash_eq(&r, &want));
    }
}

/* One path, and everything about it changed in turn. */
static void
one_path(const struct spk_hash *l, size_t n, size_t i, const struct spk_hash *root,
         const struct spk_tree *t)
{
    struct spk_hash path[SPK_PATH_MAX + 1], other[SPK_PATH_MAX], bad = *root;
    size_t len, other_len;

    assert_spk_ok(spk_tree_get_path(t, i, path, &len));
    assert_spk_ok(spk_tree_path(l, n, i, other, &other_len));
    assert_int_equal(len, other_len);
    assert_memory_equal(path, other, len * sizeof(path[0]));
    assert_spk_ok(spk_tree_verify(&l[i], i, n, path, len, root));

    bad.b[31] ^= 1;
    assert_spk_code(spk_tree_verify(&l[i], i, n, path, len, &bad), AUTH);
    bad = l[i];
    bad.b[0] ^= 1;
    assert_spk_code(spk_tree_verify(&bad, i, n, path, len, root), AUTH);
    for (size_t k = 0; k < n; k++) { /* the leaf at another place */
        if (k != i) {
            assert_spk_code(spk_tree_verify(&l[i], k, n, path, len, root), AUTH);
        }
    }
    for (size_t k = 0; k < len; k++) { /* each step changed, and left out */
        path[k].b[7] ^= 0x80;
        assert_spk_code(spk_tree_verify(&l[i], i, n, path, len, root), AUTH);
        path[k].b[7] ^= 0x80;
        memcpy(other, path, len * sizeof(path[0]));
        memmove(&other[k], &other[k + 1], (len - 1 - k) * sizeof(path[0]));
        assert_spk_code(spk_tree_verify(&l[i], i, n, other, len - 1, root), AUTH);
    }
    path[len] = path[0]; /* a step too many */
    assert_spk_code(spk_tree_verify(&l[i], i, n, path, len + 1, root), AUTH);
}

static void
every_path_of_every_tree(void **state)
{
    (void)state;
    struct spk_hash l[MOST];

    numbered_leaves(l, MOST);
    for (size_t n = 1; n <= MOST; n++) {
        SPK_AUTO(spk_tree) t = NULL;
        struct spk_hash root;
        assert_spk_ok(spk_tree_new(l, n, &t));
        spk_tree_get_root(t, &root);
        for (size_t i = 0; i < n; i++) {
            one_path(l, n, i, &root, t);
        }
    }
}

/* A path never fits a tree of a size that gives it another shape; where the shape of this path is
 * the same the root is not. */
static void
sizes_are_told_apart(void **state)
{
    (void)state;
    struct spk_hash l[MOST], roots[MOST + 1], path[SPK_PATH_MAX];
    size_t len;

    numbered_leaves(l, MOST);
    for (size_t n = 1; n <= MOST; n++) {
        assert_spk_ok(spk_tree_root(l, n, &roots[n]));
    }
    for (size_t n = 1; n <= MOST; n++) {
        assert_spk_ok(spk_tree_path(l, n, n / 2, path, &len));
        for (size_t m = 1; m <= MOST; m++) {
            spk_err e = spk_tree_verify(&l[n / 2], n / 2, m, path, len, &roots[m]);
            assert_int_equal(spk_ok(e), m == n);
        }
    }
}

static void
limits(void **state)
{
    (void)state;
    struct spk_hash l[2], path[SPK_PATH_MAX + 1], root;
    SPK_AUTO(spk_tree) none = NULL;
    size_t len;

    numbered_leaves(l, 2);
    memset(path, 0, sizeof(path));
    assert_spk_code(spk_tree_path(l, 2, 2, path, &len), USAGE);
    assert_spk_code(spk_tree_path(l, 0, 0, path, &len), USAGE);
    assert_spk_code(spk_tree_new(l, SPK_TREE_MAX + 1, &none), LIMIT);
    assert_null(none);
    assert_spk_ok(spk_tree_root(l, 2, &root));
    assert_spk_code(spk_tree_verify(&l[0], 0, 0, path, 0, &root), AUTH);
    assert_spk_code(spk_tree_verify(&l[0], UINT64_MAX, UINT64_MAX, path, 0, &root), AUTH);
    assert_spk_code(spk_tree_verify(&l[0], 0, UINT64_MAX, path, SPK_PATH_MAX, &root), AUTH);
    assert_spk_code(spk_tree_verify(&l[0], 0, UINT64_MAX, path, SPK_PATH_MAX + 1, &root), AUTH);
}

static void
scope_entries(void **state)
{
    (void)state;
    struct spk_hash oc;
    uint8_t e[40];

    memset(oc.b, 0xab, SPK_HASH_LEN);
    spk_scope_entry(0x0102030405060708u, &oc, e);
    assert_memory_equal(e, "\x01\x02\x03\x04\x05\x06\x07\x08\xab", 9);
    assert_int_equal(e[39], 0xab);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meets_the_reference_roots),
        cmocka_unit_test(meets_the_reference_path),
        cmocka_unit_test(roots_follow_the_definition),
        cmocka_unit_test(every_path_of_every_tree),
        cmocka_unit_test(sizes_are_told_apart),
        cmocka_unit_test(limits),
        cmocka_unit_test(scope_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
