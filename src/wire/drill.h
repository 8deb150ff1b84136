/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a recovery drill (doc/spec/log.md §8). */
#ifndef SPK_WIRE_DRILL_H
#define SPK_WIRE_DRILL_H

#include "base/buf.h"
#include "crypto/hash.h"

#define SPK_DRILL_KIND "sparekey/1 drill"
#define SPK_DRILL_MAX 64 /* deposits in one */
#define SPK_DRILL_TEXT_MAX 8192

struct spk_drilled {
    uint64_t index;
    bool good;
};
struct spk_drill {
    struct spk_hash genesis;
    uint64_t time;                 /* unix seconds, the holder's */
    uint64_t deposits, recoveries; /* entries of the logs */
    uint64_t backup; /* entries of its deposits log; with root and made all zero: none */
    struct spk_hash root;
    uint64_t made; /* unix seconds, as whoever asked has said */
    size_t n;
    struct spk_drilled of[SPK_DRILL_MAX];
};
SPK_MUST_USE spk_err spk_drill_format(const struct spk_drill *d, struct spk_buf *text);
SPK_MUST_USE spk_err spk_drill_parse(struct spk_span text, struct spk_drill *ret_d);

#endif
