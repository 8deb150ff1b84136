/* SPDX-License-Identifier: Apache-2.0 */
/* The holder signs how far the deposits log has come (doc/spec/holder.md, "Logs"). */
#ifndef SPK_AUTHORITY_ADVANCE_H
#define SPK_AUTHORITY_ADVANCE_H

#include "authority/link.h"
#include "authority/logs.h"

/* in the answer to STATUS */
#define SPK_COUNT_WALL_TIME 10
#define SPK_COUNT_DEPOSITS_LOG 13
#define SPK_COUNT_RECOVERIES_LOG 14
SPK_MUST_USE spk_err spk_status_count(const struct spk_answer *a, uint16_t id, uint64_t *ret_n);
/** The checkpoint in the answer to ADVANCE. SPK_CODE_PROTO: not the log's own, or not of this tree.
 */
SPK_MUST_USE spk_err spk_signed_take(struct spk_link *link, enum spk_log_id log,
                                     const struct spk_answer *a, const struct spk_edge *edge,
                                     struct spk_signed *ret_s);

struct spk_advance;
SPK_MUST_USE spk_err spk_advance_new(struct spk_store *store, struct spk_logbook *deposits,
                                     struct spk_link *link, struct spk_advance **ret_a);
void spk_advance_free(struct spk_advance *a);
SPK_DEFINE_AUTO(spk_advance)
/** Until the newest checkpoint is that of the whole log. SPK_CODE_NET: no holder at hand;
 * SPK_CODE_NOTFOUND: it has no logs, or the log stands still; SPK_CODE_CHANGED: the holder has
 * signed for more than there is (logged in words, once): nothing may come into its place. */
SPK_MUST_USE spk_err spk_advance_run(struct spk_advance *a);
/** The same, now and then: what an earlier try left behind, and what others have written. */
void spk_advance_tick(struct spk_advance *a);
/** The holder's deposits log stays where it is until spk_advance_let(): proofs under it are good
 * meanwhile. SPK_CODE_NET: no holder at hand.
 * @param ret_s  Its checkpoint; of size 0 when there is none. */
SPK_MUST_USE spk_err spk_advance_hold(struct spk_advance *a, struct spk_signed *ret_s);
void spk_advance_let(struct spk_advance *a);
/** spk_advance_run() has said SPK_CODE_CHANGED. */
bool spk_advance_is_broken(const struct spk_advance *a);

#endif
