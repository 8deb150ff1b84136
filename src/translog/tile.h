/* SPDX-License-Identifier: Apache-2.0 */
/* The files that a log is served as (https://c2sp.org/tlog-tiles, doc/spec/log.md, "Tiles"): 256
 * hashes of one level each, or 256 entries. */
#ifndef SPK_TRANSLOG_TILE_H
#define SPK_TRANSLOG_TILE_H

#include "translog/nodes.h"

#define SPK_TILE_HEIGHT 8
#define SPK_TILE_WIDTH 256
#define SPK_TILE_LEVELS 8 /* 256^8 entries and more do not come */
#define SPK_TILE_PATH_MAX 64
#define SPK_LOG_ENTRY_MAX 1024
#define SPK_BUNDLE_MAX (SPK_TILE_WIDTH * (2 + SPK_LOG_ENTRY_MAX))

struct spk_tile {
    bool entries;   /* a bundle of entries; level is 0 then */
    unsigned level; /* hash i = root of the entries (256 n + i) 256^level and on */
    uint64_t n;
    unsigned width; /* 1 to 256 */
};
/** "tile/0/x001/x234/067", "tile/1/000.p/17", "tile/entries/000". */
SPK_MUST_USE spk_err spk_tile_path(const struct spk_tile *t, struct spk_buf *out);
/** The same back, strictly: one spelling for each tile. */
SPK_MUST_USE spk_err spk_tile_parse(struct spk_span path, struct spk_tile *ret_t);
/** How many hashes tile n of a level has when the log has size entries; 0: there is none. */
unsigned spk_tile_width(uint64_t size, unsigned level, uint64_t n);
/** A node of the tree out of the tile that holds it: level is the node's, hashes the tile's. */
SPK_MUST_USE spk_err spk_tile_node(const struct spk_hash *hashes, unsigned width, unsigned level,
                                   uint64_t index, struct spk_hash *ret_h);
/** The tile that holds a node (level, index) of the tree. */
void spk_tile_of(unsigned level, uint64_t index, struct spk_tile *ret_t);

/** One more entry of a bundle: u16 length, bytes. */
SPK_MUST_USE spk_err spk_bundle_add(struct spk_buf *out, struct spk_span entry);
/** Entries of a bundle, borrowed; their number must be width. */
SPK_MUST_USE spk_err spk_bundle_parse(struct spk_span bytes, unsigned width,
                                      struct spk_span ret_entries[SPK_TILE_WIDTH]);

#endif
