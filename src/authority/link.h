/* SPDX-License-Identifier: Apache-2.0 */
/* The line to the key holder: one message at a time, reconnected when it breaks
 * (doc/spec/holder.md). What the holder says of itself is compared with the authority statement
 * each time it is reached. */
#ifndef SPK_AUTHORITY_LINK_H
#define SPK_AUTHORITY_LINK_H

#include "authority/books.h"
#include "wire/frame.h"
#include "wire/logs.h"

struct spk_link;
struct spk_answer { /* of the holder */
    struct spk_attrs l;
    struct spk_buf mem; /* what l borrows from */
};
void spk_answer_clear(struct spk_answer *a);
#define SPK_AUTO_ANSWER __attribute__((cleanup(spk_answer_clear))) struct spk_answer

SPK_MUST_USE spk_err spk_link_new(const char *socket_path, unsigned timeout_s,
                                  struct spk_books *books, struct spk_link **ret_l);
void spk_link_free(struct spk_link *l);
SPK_DEFINE_AUTO(spk_link)

/** Connect when needed, greet, bring the holder's policies up to ours. SPK_CODE_NET: not there;
 * SPK_CODE_CHANGED: it is not this authority's holder (logged in words). */
SPK_MUST_USE spk_err spk_link_reach(struct spk_link *l);
/** True as long as the last thing heard of it was good. */
bool spk_link_ready(const struct spk_link *l);
/** Counts how often it was greeted: after another holder process has answered, the number is
 * another. */
uint64_t spk_link_sessions(const struct spk_link *l);
/** The logs note that the holder has shown, or that it is known to have shown before; their keys
 * never change. SPK_CODE_NOTFOUND: it has no logs. note may be NULL; else it is appended to. */
SPK_MUST_USE spk_err spk_link_logs(struct spk_link *l, struct spk_logs *ret_l,
                                   struct spk_buf *note);
/** From the store, before the holder is first reached. SPK_CODE_CHANGED: not this authority's. */
SPK_MUST_USE spk_err spk_link_know_logs(struct spk_link *l, struct spk_span note);
/** The holder that was greeted last has logs. */
bool spk_link_has_logs(const struct spk_link *l);
/** One message and its answer. SPK_CODE_NET: no holder; SPK_CODE_DENIED: it refused;
 * SPK_CODE_BUSY: it wants to be asked later; SPK_CODE_IO: it cannot; SPK_CODE_PROTO: it does not
 * understand us. The answer is the caller's on SPK_OK. */
SPK_MUST_USE spk_err spk_link_call(struct spk_link *l, enum spk_frame_type type,
                                   struct spk_attrs *in, struct spk_answer *ret_a);

#endif
