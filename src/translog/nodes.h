/* SPDX-License-Identifier: Apache-2.0 */
/* Roots and proofs of a large tree from the hashes of its complete subtrees, wherever they are
 * kept: at most 2 log2(n) of them are asked for (doc/spec/log.md, "Tree").  What is asked for is
 * there from the moment its last leaf is. */
#ifndef SPK_TRANSLOG_NODES_H
#define SPK_TRANSLOG_NODES_H

#include "translog/merkle.h"

#define SPK_LOG_MAX ((uint64_t)1 << 62) /* leaves of a log */

struct spk_nodes {
    void *ctx;
    /* root of the leaves from index << level up to (index + 1) << level */
    spk_err (*get)(void *ctx, unsigned level, uint64_t index, struct spk_hash *ret_h);
};
SPK_MUST_USE spk_err spk_nodes_root(const struct spk_nodes *s, uint64_t n,
                                    struct spk_hash *ret_root);
/** Inclusion path of leaf i in the first n: as spk_tree_path(). */
SPK_MUST_USE spk_err spk_nodes_path(const struct spk_nodes *s, uint64_t i, uint64_t n,
                                    struct spk_hash ret_path[SPK_PATH_MAX], size_t *ret_len);
/** What spk_tree_verify_growth() wants to see between m and n leaves; m > n: SPK_CODE_USAGE. */
SPK_MUST_USE spk_err spk_nodes_growth(const struct spk_nodes *s, uint64_t m, uint64_t n,
                                      struct spk_hash ret_proof[SPK_PATH_MAX], size_t *ret_len);

/* The right edge of a growing tree: all that is needed to add leaves and to tell the root. */
struct spk_edge {
    uint64_t n;
    struct spk_hash part[SPK_PATH_MAX]; /* [l] is there when bit l of n is set */
};
/* Called for each complete subtree that a leaf finishes, the leaf itself first. */
typedef spk_err (*spk_edge_fn)(void *ctx, unsigned level, uint64_t index, const struct spk_hash *h);
/** fn may be NULL. On an error the edge is as it was. */
SPK_MUST_USE spk_err spk_edge_add(struct spk_edge *e, const struct spk_hash *leaf, spk_edge_fn fn,
                                  void *ctx);
SPK_MUST_USE spk_err spk_edge_root(const struct spk_edge *e, struct spk_hash *ret_root);
/** The edge of the first n leaves. */
SPK_MUST_USE spk_err spk_edge_load(const struct spk_nodes *s, uint64_t n, struct spk_edge *ret_e);

#endif
