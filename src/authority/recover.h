/* SPDX-License-Identifier: Apache-2.0 */
/* Recovery requests between the store and the holder.  All of it runs on the one thread that talks
 * to the holder, so that a row is never changed by two at once. */
#ifndef SPK_AUTHORITY_RECOVER_H
#define SPK_AUTHORITY_RECOVER_H

#include "authority/link.h"
#include "authority/scope.h"
#include "authority/server.h"
#include "wire/statement.h"

/** Freeze the scope of a request that was filed, and tell the holder. What cannot be done now is
 * left for the next time (SPK_CODE_NET, _BUSY). */
SPK_MUST_USE spk_err spk_recover_open(struct spk_server *s, struct spk_request_row *row);
/** Ask the holder how it stands, and write down what has changed. A request that the holder does
 * not know is asked about all the same, and gets what a pending one would: the answer and its time
 * are the same whether its owner exists. */
SPK_MUST_USE spk_err spk_recover_refresh(struct spk_server *s, struct spk_request_row *row);
/** A request that the holder knows from before the recoveries log had begun gets its entry there.
 */
SPK_MUST_USE spk_err spk_recover_enter(struct spk_server *s, struct spk_request_row *row);
/** Send a message about a request and take over the state in the answer. */
SPK_MUST_USE spk_err spk_recover_tell(struct spk_server *s, enum spk_frame_type type,
                                      struct spk_attrs *in, struct spk_request_row *row);
/** The successor statement of an approved request: made by the holder, written down, and from then
 * on the old keys are nothing. row->successor holds it afterwards. */
SPK_MUST_USE spk_err spk_recover_succeed(struct spk_server *s, struct spk_request_row *row);
/** LAST for a message: the owner's newest successor note, when there is one. A holder whose journal
 * began anew learns from it which keys have ended. Borrows from owner. */
SPK_MUST_USE spk_err spk_recover_add_last(const struct spk_owner_row *owner, struct spk_attrs *in);
/** The state as people are shown it. What has led to new keys and given all that it asked for stays
 * done, whatever becomes of its approvals; while keys are still to come, they see what keeps them.
 */
const char *spk_recover_shown(const struct spk_request_row *row);
struct spk_release {
    const struct spk_request_row *row;
    const struct spk_scope *scope;
    uint64_t position; /* in the scope */
    const struct spk_deposit_row *deposit;
    uint64_t entry; /* of the recoveries log, that authorises it; SPK_NO_ENTRY: there is no log */
};
/** One session key under the new key. SPK_CODE_DENIED: refused; SPK_CODE_CHANGED: damaged row. */
SPK_MUST_USE spk_err spk_recover_release(struct spk_server *s, const struct spk_release *what,
                                         struct spk_answer *ret_a);
/** What goes away by itself, so that the work is tried again later. Anything else is the fault of
 * the row at hand, which must not keep the others waiting. */
bool spk_err_passes(spk_err e);
/** Everything that the holder needs to open it; borrows from d. */
SPK_MUST_USE spk_err spk_recover_add_deposit(struct spk_attrs *in, const struct spk_deposit_row *d);
/** CHECK of one deposit. SPK_OK, SPK_CODE_DENIED, or what kept it from being asked. */
SPK_MUST_USE spk_err spk_recover_check(struct spk_server *s, const struct spk_deposit_row *d);

/* Requests by their hashes, taken out of the store before one is worked on. */
#define SPK_REQUEST_LIST_MAX 1000
struct spk_request_list {
    size_t n;
    uint64_t last; /* key of the last one */
    struct spk_hash h[SPK_REQUEST_LIST_MAX];
};
/** A row function of the store, arg is the list; who asks for rows bounds their number. */
SPK_MUST_USE spk_err spk_request_list_add(void *arg, const struct spk_request_row *row);

#endif
