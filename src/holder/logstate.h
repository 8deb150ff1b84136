/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the holder's memory that is about the logs: how far each has come, and which requests
 * stand in the recoveries log (doc/spec/holder-state.md §2.1). */
#ifndef SPK_HOLDER_LOGSTATE_H
#define SPK_HOLDER_LOGSTATE_H

#include "base/rd.h"
#include "holder/state.h"

/** True from the first entry of the recoveries log on, for good: from then on nothing is released
 * that does not stand in the logs. */
bool spk_logs_begun(const struct spk_hstate *s);
SPK_MUST_USE spk_err spk_logs_root(const struct spk_hstate *s, enum spk_log_id log,
                                   struct spk_hash *ret_root);
uint64_t spk_logs_size(const struct spk_hstate *s, enum spk_log_id log);

/* Behind the two times of a record; s has the times already. */
SPK_MUST_USE spk_err spk_logs_apply_deposits(struct spk_hstate *s, struct spk_rd *r);
SPK_MUST_USE spk_err spk_logs_apply_mark(struct spk_hstate *s, struct spk_rd *r);
SPK_MUST_USE spk_err spk_logs_apply_recoveries(struct spk_hstate *s, struct spk_rd *r);
SPK_MUST_USE spk_err spk_logs_apply_first(struct spk_hstate *s, struct spk_rd *r);
/** For spk_state_keeps(): the record is DEPOSITS, DEPOSITS_MARK or RECOVERIES. */
bool spk_logs_keeps(const struct spk_hstate *s, uint16_t type, struct spk_span body);

#define SPK_LOGGED_LEN (SPK_HASH_LEN + 9) /* request hash, u64 index, u8: its wait starts now */
/** What a RECOVERIES record has behind the times.
 * @param logged  SPK_LOGGED_LEN bytes for each request that the new entries begin with */
SPK_MUST_USE spk_err spk_logs_recoveries_body(const struct spk_edge *e, uint64_t last_ms,
                                              struct spk_span logged, struct spk_buf *body);
/** The hashes of an edge, lowest level first: as many as n has bits. */
SPK_MUST_USE spk_err spk_logs_edge(uint64_t n, struct spk_span hashes, struct spk_edge *ret_e);

#endif
