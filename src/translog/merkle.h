/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6962 trees: roots, inclusion paths and their check, iterative (doc/spec/statements.md,
 * "Trees"). leaf = H(0x00 || entry), node = H(0x01 || left || right), empty = H(""). */
#ifndef SPK_TRANSLOG_MERKLE_H
#define SPK_TRANSLOG_MERKLE_H

#include "base/buf.h"
#include "crypto/hash.h"

#define SPK_PATH_MAX 64
#define SPK_TREE_MAX ((uint64_t)1 << 32) /* leaves that can be held in memory at once */

SPK_MUST_USE spk_err spk_leaf_hash(struct spk_span entry, struct spk_hash *ret_leaf);
SPK_MUST_USE spk_err spk_node_hash(const struct spk_hash *left, const struct spk_hash *right,
                                   struct spk_hash *ret_h);
/** Root of n leaf hashes (none: H("")). More than SPK_TREE_MAX: SPK_CODE_LIMIT. */
SPK_MUST_USE spk_err spk_tree_root(const struct spk_hash *leaves, uint64_t n,
                                   struct spk_hash *ret_root);
/** Inclusion path of leaf i in n leaves, from the leaf upwards: at most SPK_PATH_MAX hashes.
 * Hashes the whole tree; for many paths of one tree use spk_tree_new(). i >= n: SPK_CODE_USAGE. */
SPK_MUST_USE spk_err spk_tree_path(const struct spk_hash *leaves, uint64_t n, uint64_t i,
                                   struct spk_hash *ret_path, size_t *ret_len);
/** SPK_CODE_AUTH when the path does not lead from leaf i of n to root. */
SPK_MUST_USE spk_err spk_tree_verify(const struct spk_hash *leaf, uint64_t i, uint64_t n,
                                     const struct spk_hash *path, size_t len,
                                     const struct spk_hash *root);

/** SPK_CODE_AUTH unless the tree of n leaves under root_n begins with the m leaves under root_m
 * (RFC 9162 §2.1.4.2). Every tree begins with the empty one: then, and when m == n, the proof is
 * empty. */
SPK_MUST_USE spk_err spk_tree_verify_growth(uint64_t m, const struct spk_hash *root_m, uint64_t n,
                                            const struct spk_hash *root_n,
                                            const struct spk_hash *proof, size_t len);

/* A tree with all its nodes in memory (64 bytes a leaf): every path is then a few copies. */
struct spk_tree;
/** leaves is copied. */
SPK_MUST_USE spk_err spk_tree_new(const struct spk_hash *leaves, uint64_t n,
                                  struct spk_tree **ret_t);
void spk_tree_free(struct spk_tree *t);
SPK_DEFINE_AUTO(spk_tree)
void spk_tree_get_root(const struct spk_tree *t, struct spk_hash *ret_root);
SPK_MUST_USE spk_err spk_tree_get_path(const struct spk_tree *t, uint64_t i,
                                       struct spk_hash *ret_path, size_t *ret_len);

/** Scope of a request: entry i = u64 index || OC, sorted by index. */
void spk_scope_entry(uint64_t index, const struct spk_hash *oc, uint8_t ret_entry[40]);

#endif
