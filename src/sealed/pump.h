/* SPDX-License-Identifier: Apache-2.0 */
/* The pump moves the segments of one payload from a descriptor to another, through as many threads
 * as are worth it, in flat memory.
 *
 * Each thread owns one buffer of a group of segments and goes round: take the next group, seal or
 * open it in place, put it.  Where a descriptor has offsets, taking (or putting) needs nobody else;
 * where it is a stream, taking is behind a lock and putting waits for its turn, so that order and
 * memory stay bounded without a queue. */
#ifndef SPK_SEALED_PUMP_H
#define SPK_SEALED_PUMP_H

#include "sealed/floe.h"
#include "sealed/seal.h"

struct spk_pump_end {
    int fd;
    uint64_t off; /* of the first byte; SPK_IO_STREAM: where it stands, in order */
};

/* IVs for n segments from position first on. */
typedef spk_err (*spk_iv_fn)(void *ctx, uint64_t first, struct spk_mut ret_ivs);

struct spk_pump {
    const struct spk_floe *from; /* opens what comes in; NULL: it is plaintext */
    const struct spk_floe *to;   /* seals what goes out; NULL: plaintext goes out */
    struct spk_pump_end in;
    struct spk_pump_end out;
    uint64_t in_len; /* needed when in has offsets; else UINT64_MAX */
    unsigned threads;
    const struct spk_progress *progress; /* or NULL */
    spk_iv_fn ivs;                       /* NULL: random */
    void *ivs_ctx;
    /* Results. */
    uint64_t in_bytes;
    uint64_t out_bytes;
    uint64_t bad_segment; /* after SPK_CODE_AUTH, _TRUNC, _FORMAT */
};

/** Errors of the data are those of spk_open_run(); the first by position wins. A source with
 * offsets that is shorter than in_len: SPK_CODE_CHANGED. */
SPK_MUST_USE spk_err spk_pump_run(struct spk_pump *p);

#endif
