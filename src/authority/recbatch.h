/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of the recoveries log on their way: made, or read back, timed, written and sent together
 * (doc/spec/log.md §6). */
#ifndef SPK_AUTHORITY_RECBATCH_H
#define SPK_AUTHORITY_RECBATCH_H

#include "store/store.h"
#include "wire/frame.h"

#define SPK_RECBATCH_MAX 256 /* entries; ADVANCE with all of them still is one frame */

struct spk_recbatch;
SPK_MUST_USE spk_err spk_recbatch_new(struct spk_recbatch **ret_b);
void spk_recbatch_free(struct spk_recbatch *b);
SPK_DEFINE_AUTO(spk_recbatch)
size_t spk_recbatch_count(const struct spk_recbatch *b);

/** e->hash is made here when it is about a request (else NULL, and no salt). SPK_CODE_LIMIT: full.
 */
SPK_MUST_USE spk_err spk_recbatch_add(struct spk_recbatch *b, const struct spk_entry *e,
                                      const struct spk_hash *request, const uint8_t salt[32],
                                      struct spk_span detail);
/** What the store has from an index on. */
SPK_MUST_USE spk_err spk_recbatch_load(struct spk_recbatch *b, struct spk_store *store,
                                       uint64_t from);
/** All of them happened at that moment. */
void spk_recbatch_time(struct spk_recbatch *b, uint64_t time_ms);
/** Inside a transaction, at the end of the log. */
SPK_MUST_USE spk_err spk_recbatch_put(const struct spk_recbatch *b, struct spk_store *store);

struct spk_recsent { /* what the attributes borrow from */
    struct spk_buf entries, salts, requests, details;
};
void spk_recsent_clear(struct spk_recsent *m);
/** ENTRIES, and what opens them to the holder (doc/spec/holder.md §6.2). */
SPK_MUST_USE spk_err spk_recbatch_attrs(const struct spk_recbatch *b, struct spk_recsent *m,
                                        struct spk_attrs *in);

#endif
