/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of a log's tree: whole tiles with all that is between their hashes, kept in memory in front
 * of the store.  Safe for many threads; the one that writes adds what it has just made. */
#ifndef SPK_AUTHORITY_TILECACHE_H
#define SPK_AUTHORITY_TILECACHE_H

#include "store/store.h"
#include "translog/tile.h"

struct spk_tilecache;
SPK_MUST_USE spk_err spk_tilecache_new(struct spk_store *store, enum spk_log_id log,
                                       struct spk_tilecache **ret_c);
void spk_tilecache_free(struct spk_tilecache *c);
/** The source of struct spk_nodes: ctx is the cache. SPK_CODE_NOTFOUND: not in the log yet. */
spk_err spk_tilecache_get(void *ctx, unsigned level, uint64_t index, struct spk_hash *ret_h);
/** A node that the newest leaf has completed, in the order of spk_edge_add(). */
void spk_tilecache_add(struct spk_tilecache *c, unsigned level, uint64_t index,
                       const struct spk_hash *h);
/** What was added is not in the store after all. */
void spk_tilecache_clear(struct spk_tilecache *c);

#endif
