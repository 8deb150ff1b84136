/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6962 §2.1 defines trees and proofs by recursion on the split at the largest power of two; the
 * walks here go down the same splits in a loop, so that the depth is bounded by the width of a
 * number. */
#include "translog/nodes.h"

#include <string.h>

static unsigned
top_bit(uint64_t n)
{
    return 63u - (unsigned)__builtin_clzll(n);
}

/* The largest power of two below n > 1. */
static uint64_t
split(uint64_t n)
{
    return (uint64_t)1 << top_bit(n - 1);
}

/* The complete subtrees that n leaves from lo consist of, lowest level first. lo is a multiple of
 * the largest of them. */
static spk_err
load_parts(const struct spk_nodes *s, uint64_t lo, uint64_t n, struct spk_hash *ret_parts)
{
    for (unsigned l = 0; l < SPK_PATH_MAX; l++) {
        if ((n >> l & 1) != 0) {
            uint64_t from = lo + (n >> l >> 1 << l << 1);
            SPK_TRY(s->get(s->ctx, l, from >> l, &ret_parts[l]));
        }
    }
    return SPK_OK;
}

/* Root over such parts, n > 0: the small ones on the right are joined first. */
static spk_err
join_parts(const struct spk_hash *parts, uint64_t n, struct spk_hash *ret_root)
{
    unsigned l = (unsigned)__builtin_ctzll(n);
    struct spk_hash r = parts[l];

    for (l++; l < SPK_PATH_MAX; l++) {
        if ((n >> l & 1) != 0) {
            SPK_TRY(spk_node_hash(&parts[l], &r, &r));
        }
    }
    *ret_root = r;
    return SPK_OK;
}

static spk_err
range_root(const struct spk_nodes *s, uint64_t lo, uint64_t n, struct spk_hash *ret_root)
{
    struct spk_hash parts[SPK_PATH_MAX];

    SPK_TRY(load_parts(s, lo, n, parts));
    return join_parts(parts, n, ret_root);
}

static void
reverse(struct spk_hash *h, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct spk_hash t = h[i];
        h[i] = h[n - 1 - i];
        h[n - 1 - i] = t;
    }
}

spk_err
spk_nodes_root(const struct spk_nodes *s, uint64_t n, struct spk_hash *ret_root)
{
    SPK_CHECK(n <= SPK_LOG_MAX, LIMIT);
    return n == 0 ? spk_sha256(SPK_SPAN_EMPTY, ret_root) : range_root(s, 0, n, ret_root);
}

spk_err
spk_nodes_path(const struct spk_nodes *s, uint64_t i, uint64_t n,
               struct spk_hash ret_path[SPK_PATH_MAX], size_t *ret_len)
{
    struct spk_hash path[SPK_PATH_MAX];
    uint64_t lo = 0;
    size_t len = 0;

    SPK_CHECK(i < n && n <= SPK_LOG_MAX, USAGE);
    while (n > 1) {
        uint64_t k = split(n);
        if (i - lo < k) {
            SPK_TRY(range_root(s, lo + k, n - k, &path[len++]));
            n = k;
        } else {
            SPK_TRY(range_root(s, lo, k, &path[len++]));
            lo += k;
            n -= k;
        }
    }
    reverse(path, len);
    memcpy(ret_path, path, len * sizeof(path[0]));
    *ret_len = len;
    return SPK_OK;
}

spk_err
spk_nodes_growth(const struct spk_nodes *s, uint64_t m, uint64_t n,
                 struct spk_hash ret_proof[SPK_PATH_MAX], size_t *ret_len)
{
    struct spk_hash proof[SPK_PATH_MAX];
    uint64_t lo = 0;
    size_t len = 0;

    SPK_CHECK(m <= n && n <= SPK_LOG_MAX, USAGE);
    while (m > 0 && m < n) {
        uint64_t k = split(n);
        if (m <= k) {
            SPK_TRY(range_root(s, lo + k, n - k, &proof[len++]));
            n = k;
        } else {
            SPK_TRY(range_root(s, lo, k, &proof[len++]));
            lo += k;
            m -= k;
            n -= k;
        }
    }
    if (lo > 0) { /* else the old root itself is where the walk ends, and is known */
        SPK_TRY(range_root(s, lo, m, &proof[len++]));
    }
    reverse(proof, len);
    memcpy(ret_proof, proof, len * sizeof(proof[0]));
    *ret_len = len;
    return SPK_OK;
}

spk_err
spk_edge_add(struct spk_edge *e, const struct spk_hash *leaf, spk_edge_fn fn, void *ctx)
{
    struct spk_hash h = *leaf;
    unsigned l = 0;

    SPK_CHECK(e->n < SPK_LOG_MAX, LIMIT);
    for (;; l++) {
        if (fn != NULL) {
            SPK_TRY(fn(ctx, l, e->n >> l, &h));
        }
        if ((e->n >> l & 1) == 0) {
            break;
        }
        SPK_TRY(spk_node_hash(&e->part[l], &h, &h));
    }
    e->part[l] = h;
    e->n++;
    return SPK_OK;
}

spk_err
spk_edge_root(const struct spk_edge *e, struct spk_hash *ret_root)
{
    return e->n == 0 ? spk_sha256(SPK_SPAN_EMPTY, ret_root) : join_parts(e->part, e->n, ret_root);
}

spk_err
spk_edge_load(const struct spk_nodes *s, uint64_t n, struct spk_edge *ret_e)
{
    struct spk_edge e = {.n = n};

    SPK_CHECK(n <= SPK_LOG_MAX, LIMIT);
    SPK_TRY(load_parts(s, 0, n, e.part));
    *ret_e = e;
    return SPK_OK;
}
