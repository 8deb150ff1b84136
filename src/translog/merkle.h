/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6962 trees: roots, inclusion paths and their check, iterative (doc/spec/statements.md,
 * "Trees"). leaf = H(0x00 || entry), node = H(0x01 || left || right), empty = H(""). */
#ifndef SPK_TRANSLOG_MERKLE_H
#define SPK_TRANSLOG_MERKLE_H

#include "base/buf.h"
#include "crypto/hash.h"

#define SPK_PATH_MAX 64

SPK_MUST_USE spk_err spk_leaf_hash(struct spk_span entry, struct spk_hash *ret_leaf);
/** Root of n leaf hashes. */
SPK_MUST_USE spk_err spk_tree_root(const struct spk_hash *leaves, uint64_t n,
                                   struct spk_hash *ret_root);
/** Inclusion path of leaf i in n leaves: at most SPK_PATH_MAX hashes. */
SPK_MUST_USE spk_err spk_tree_path(const struct spk_hash *leaves, uint64_t n, uint64_t i,
                                   struct spk_hash *ret_path, size_t *ret_len);
/** SPK_CODE_AUTH when the path does not lead from leaf i of n to root. */
SPK_MUST_USE spk_err spk_tree_verify(const struct spk_hash *leaf, uint64_t i, uint64_t n,
                                     const struct spk_hash *path, size_t len,
                                     const struct spk_hash *root);

/** Scope of a request: entry i = u64 index || OC, sorted by index. */
void spk_scope_entry(uint64_t index, const struct spk_hash *oc, uint8_t ret_entry[40]);

#endif
