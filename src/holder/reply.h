/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler sees of a message and fills of its answer. */
#ifndef SPK_HOLDER_REPLY_H
#define SPK_HOLDER_REPLY_H

#include "holder/core.h"

#define SPK_REPLY_INTS 24

struct spk_reply {
    struct spk_attrs l;
    size_t n_ints;
    uint8_t ints[SPK_REPLY_INTS][16];
    struct spk_buf mem; /* values that the handler made; filled before they are added */
};
SPK_MUST_USE spk_err spk_reply_u64(struct spk_reply *r, uint16_t type, uint64_t v);
/** "state" of doc/spec/holder.md: STATE OPENED DUE EXPIRES PERSONS PERSONS2 NEEDED RELEASED. */
SPK_MUST_USE spk_err spk_reply_state(struct spk_holder *h, const struct spk_hreq *q,
                                     struct spk_reply *r);

typedef enum spk_frame_status spk_handler(struct spk_holder *h, const struct spk_hsession *s,
                                          const struct spk_attrs *in, struct spk_reply *out);
spk_handler spk_on_check, spk_on_release, spk_on_rewrap;             /* handle_key.c */
spk_handler spk_on_open, spk_on_approve, spk_on_deny, spk_on_state;  /* handle_request.c */
spk_handler spk_on_veto, spk_on_successor;                           /* handle_owner.c */
spk_handler spk_on_hello, spk_on_health, spk_on_stop, spk_on_policy; /* handle_admin.c */
spk_handler spk_on_advance;                                          /* handle_logs.c */
spk_handler spk_on_drill, spk_on_report;                             /* handle_drill.c */

/** CHECK, REWRAP and DRILL share one rate. */
bool spk_may_check(struct spk_holder *h);

/** LAST, when the message has it: the newest successor note of owner that the server knows. One
 * that is newer than those of the journal is taken over. */
SPK_MUST_USE spk_err spk_successor_catch_up(struct spk_holder *h, const struct spk_hash *owner,
                                            struct spk_span note);
/** The note of LAST, or nothing. */
SPK_MUST_USE spk_err spk_successor_last(const struct spk_attrs *in, struct spk_span *ret_note);

/** The status of an error that is not the message's form: the holder's own trouble, or a refusal.
 */
enum spk_frame_status spk_status_of(spk_err e);
bool spk_bucket_take(struct spk_bucket *b, uint64_t now_ms, unsigned rate, unsigned burst);

#endif
