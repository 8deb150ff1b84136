/* SPDX-License-Identifier: Apache-2.0 */
/* A tree is built level by level: neighbours are paired, and a last one without a neighbour moves
 * up as it is. That gives the tree of RFC 6962 §2.1, which splits at the largest power of two below
 * n: the left part of each split is always complete. */
#include "translog/merkle.h"

#include <string.h>

#define LEAF_PREFIX 0x00
#define NODE_PREFIX 0x01

struct spk_tree {
    unsigned levels;
    struct spk_hash *level[SPK_PATH_MAX]; /* level[0] = the leaves; all in one block */
    uint64_t count[SPK_PATH_MAX];
    struct spk_hash root;
};

spk_err
spk_leaf_hash(struct spk_span entry, struct spk_hash *ret_leaf)
{
    static const uint8_t prefix[] = {LEAF_PREFIX};
    const struct spk_span parts[] = {SPK_SPAN_OF(prefix), entry};

    return spk_sha256_parts(parts, 2, ret_leaf);
}

static spk_err
add_node(struct spk_sha256 *c, const struct spk_hash *left, const struct spk_hash *right,
         struct spk_hash *ret_h)
{
    uint8_t in[1 + 2 * SPK_HASH_LEN];

    in[0] = NODE_PREFIX;
    memcpy(in + 1, left->b, SPK_HASH_LEN);
    memcpy(in + 1 + SPK_HASH_LEN, right->b, SPK_HASH_LEN);
    SPK_TRY(spk_sha256_add(c, SPK_SPAN_OF(in)));
    return spk_sha256_final(c, ret_h);
}

spk_err
spk_node_hash(const struct spk_hash *left, const struct spk_hash *right, struct spk_hash *ret_h)
{
    SPK_AUTO(spk_sha256) c = NULL;

    SPK_TRY(spk_sha256_new(&c));
    return add_node(c, left, right, ret_h);
}

void
spk_tree_free(struct spk_tree *t)
{
    if (t != NULL) {
        spk_mem_free(t->level[0]);
        spk_mem_free(t);
    }
}

/* Sizes of all levels; returns the number of nodes. */
static uint64_t
tree_shape(struct spk_tree *t, uint64_t n)
{
    uint64_t total = 0;

    for (t->levels = 0; n > 0; n = n == 1 ? 0 : n / 2 + n % 2) {
        t->count[t->levels++] = n;
        total += n;
    }
    return total;
}

static spk_err
tree_fill(struct spk_tree *t, struct spk_sha256 *c)
{
    for (unsigned l = 0; l + 1 < t->levels; l++) {
        const struct spk_hash *below = t->level[l];
        struct spk_hash *above = t->level[l] + t->count[l];
        t->level[l + 1] = above;
        for (uint64_t i = 0; i + 1 < t->count[l]; i += 2) {
            SPK_TRY(add_node(c, &below[i], &below[i + 1], &above[i / 2]));
        }
        if (t->count[l] % 2 == 1) {
            above[t->count[l] / 2] = below[t->count[l] - 1];
        }
    }
    return SPK_OK;
}

spk_err
spk_tree_new(const struct spk_hash *leaves, uint64_t n, struct spk_tree **ret_t)
{
    SPK_AUTO(spk_sha256) c = NULL;
    SPK_AUTO(spk_tree) t = spk_calloc(1, sizeof(*t));

    SPK_CHECK(t != NULL, NOMEM);
    SPK_CHECK(n <= SPK_TREE_MAX, LIMIT);
    if (n == 0) {
        SPK_TRY(spk_sha256(SPK_SPAN_EMPTY, &t->root));
        *ret_t = SPK_STEAL(t);
        return SPK_OK;
    }
    t->level[0] = spk_calloc((size_t)tree_shape(t, n), sizeof(struct spk_hash));
    SPK_CHECK(t->level[0] != NULL, NOMEM);
    memcpy(t->level[0], leaves, (size_t)n * sizeof(*leaves));
    SPK_TRY(spk_sha256_new(&c));
    SPK_TRY(tree_fill(t, c));
    t->root = t->level[t->levels - 1][0];
    *ret_t = SPK_STEAL(t);
    return SPK_OK;
}

void
spk_tree_get_root(const struct spk_tree *t, struct spk_hash *ret_root)
{
    *ret_root = t->root;
}

spk_err
spk_tree_get_path(const struct spk_tree *t, uint64_t i, struct spk_hash *ret_path, size_t *ret_len)
{
    size_t len = 0;

    SPK_CHECK(t->levels > 0 && i < t->count[0], USAGE);
    for (unsigned l = 0; l + 1 < t->levels; l++, i /= 2) {
        uint64_t sibling = i ^ 1;
        if (sibling < t->count[l]) { /* else this node moves up alone */
            ret_path[len++] = t->level[l][sibling];
        }
    }
    *ret_len = len;
    return SPK_OK;
}

spk_err
spk_tree_root(const struct spk_hash *leaves, uint64_t n, struct spk_hash *ret_root)
{
    SPK_AUTO(spk_tree) t = NULL;

    SPK_TRY(spk_tree_new(leaves, n, &t));
    spk_tree_get_root(t, ret_root);
    return SPK_OK;
}

spk_err
spk_tree_path(const struct spk_hash *leaves, uint64_t n, uint64_t i, struct spk_hash *ret_path,
              size_t *ret_len)
{
    SPK_AUTO(spk_tree) t = NULL;

    SPK_TRY(spk_tree_new(leaves, n, &t));
    return spk_tree_get_path(t, i, ret_path, ret_len);
}

/* One step of RFC 9162 §2.1.3.2: fn is the position on this level, sn that of the last node. */
static spk_err
verify_step(struct spk_sha256 *c, const struct spk_hash *p, uint64_t *fn, uint64_t *sn,
            struct spk_hash *r)
{
    SPK_CHECK(*sn > 0, AUTH); /* the path is longer than the tree is high */
    if (*fn % 2 == 1 || *fn == *sn) {
        SPK_TRY(add_node(c, p, r, r));
        while (*fn % 2 == 0 && *fn != 0) {
            *fn >>= 1;
            *sn >>= 1;
        }
    } else {
        SPK_TRY(add_node(c, r, p, r));
    }
    *fn >>= 1;
    *sn >>= 1;
    return SPK_OK;
}

spk_err
spk_tree_verify(const struct spk_hash *leaf, uint64_t i, uint64_t n, const struct spk_hash *path,
                size_t len, const struct spk_hash *root)
{
    SPK_AUTO(spk_sha256) c = NULL;
    struct spk_hash r = *leaf;
    uint64_t fn = i, sn = n - 1;

    SPK_CHECK(i < n && len <= SPK_PATH_MAX, AUTH);
    SPK_TRY(spk_sha256_new(&c));
    for (size_t k = 0; k < len; k++) {
        SPK_TRY(verify_step(c, &path[k], &fn, &sn, &r));
    }
    SPK_CHECK(sn == 0 && spk_hash_eq(&r, root), AUTH);
    return SPK_OK;
}

/* One step up both trees at once: fr leads to the root of the old one, sr to that of the new. */
static spk_err
growth_step(struct spk_sha256 *c, const struct spk_hash *p, uint64_t *fn, uint64_t *sn,
            struct spk_hash *fr, struct spk_hash *sr)
{
    SPK_CHECK(*sn > 0, AUTH);
    if (*fn % 2 == 1 || *fn == *sn) {
        SPK_TRY(add_node(c, p, fr, fr));
        SPK_TRY(add_node(c, p, sr, sr));
        while (*fn % 2 == 0 && *fn != 0) {
            *fn >>= 1;
            *sn >>= 1;
        }
    } else {
        SPK_TRY(add_node(c, sr, p, sr));
    }
    *fn >>= 1;
    *sn >>= 1;
    return SPK_OK;
}

/* 0 < m < n, len > 0 */
static spk_err
growth_walk(uint64_t m, const struct spk_hash *root_m, uint64_t n, const struct spk_hash *root_n,
            const struct spk_hash *proof, size_t len)
{
    SPK_AUTO(spk_sha256) c = NULL;
    uint64_t fn = m - 1, sn = n - 1;
    bool whole = (m & (m - 1)) == 0; /* the old root is itself a node of the new tree */
    size_t k = whole ? 0 : 1;
    struct spk_hash fr = whole ? *root_m : proof[0], sr = fr;

    for (; fn % 2 == 1; fn >>= 1) {
        sn >>= 1;
    }
    SPK_TRY(spk_sha256_new(&c));
    for (; k < len; k++) {
        SPK_TRY(growth_step(c, &proof[k], &fn, &sn, &fr, &sr));
    }
    SPK_CHECK(sn == 0 && spk_hash_eq(&fr, root_m) && spk_hash_eq(&sr, root_n), AUTH);
    return SPK_OK;
}

spk_err
spk_tree_verify_growth(uint64_t m, const struct spk_hash *root_m, uint64_t n,
                       const struct spk_hash *root_n, const struct spk_hash *proof, size_t len)
{
    struct spk_hash empty;

    if (m == n) {
        SPK_CHECK(len == 0 && spk_hash_eq(root_m, root_n), AUTH);
        return SPK_OK;
    }
    if (m == 0) {
        SPK_TRY(spk_sha256(SPK_SPAN_EMPTY, &empty));
        SPK_CHECK(len == 0 && spk_hash_eq(root_m, &empty), AUTH);
        return SPK_OK;
    }
    SPK_CHECK(m < n && len > 0 && len <= SPK_PATH_MAX, AUTH);
    return growth_walk(m, root_m, n, root_n, proof, len);
}

void
spk_scope_entry(uint64_t index, const struct spk_hash *oc, uint8_t ret_entry[40])
{
    spk_put_u64(ret_entry, index);
    memcpy(ret_entry + 8, oc->b, SPK_HASH_LEN);
}
