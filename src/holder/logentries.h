/* SPDX-License-Identifier: Apache-2.0 */
/* New entries of the recoveries log, one after the other: each must be true as far as the holder
 * knows (doc/spec/holder.md §6.2). */
#ifndef SPK_HOLDER_LOGENTRIES_H
#define SPK_HOLDER_LOGENTRIES_H

#include "holder/core.h"
#include "translog/nodes.h"

#define SPK_LOG_TIME_SKEW 300 /* seconds between an entry's time and the holder's */

/* Beside the entries, for each that is about a request, in their order. */
struct spk_log_extra {
    struct spk_span salts, requests, details; /* 32 bytes each */
};
struct spk_log_adding {
    struct spk_holder *h;
    struct spk_log_extra left;
    struct spk_edge edge; /* with what was taken so far */
    uint64_t last_ms;
    struct spk_buf logged; /* of the RECOVERIES record */
    const char *why;       /* the entry was not taken, for people */
};
void spk_log_adding_begin(struct spk_holder *h, const struct spk_log_extra *x,
                          struct spk_log_adding *ret_a);
void spk_log_adding_free(struct spk_log_adding *a);
#define SPK_AUTO_LOG_ADDING __attribute__((cleanup(spk_log_adding_free)))
/** u16 length || entry, repeated; all of them or an error. Writes nothing down. */
SPK_MUST_USE spk_err spk_log_adding_all(struct spk_log_adding *a, struct spk_span entries);

#endif
