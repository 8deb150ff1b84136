/* SPDX-License-Identifier: Apache-2.0 */
/* Fetching receipts for files that were deposited without one, or whose receipt does not hold, or
 * lacks the signatures of witnesses that are wanted (doc/spec/receipt.md §3). */
#ifndef SPK_CLIENT_FETCH_H
#define SPK_CLIENT_FETCH_H

#include "client/session.h"

struct spk_fetched {
    size_t had;     /* receipts that were good already */
    size_t got;     /* new ones */
    size_t beside;  /* of these, kept outside the file, which could not be opened */
    size_t without; /* deposits at authorities that have no logs, or are not pinned here */
};
/** All receipts of one sealed file. On an error ret_f says what came before it, and s->trouble what
 * was wrong. SPK_CODE_WAIT: the authority has not signed for this deposit yet. */
SPK_MUST_USE spk_err spk_receipts_fetch(struct spk_session *s, const char *path,
                                        struct spk_fetched *ret_f);

#endif
