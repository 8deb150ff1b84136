/* SPDX-License-Identifier: Apache-2.0 */
/* The recoveries log as the server writes it: everything that happens to a request, to the keys and
 * to the policy gets its entry, which the holder checks and signs for (doc/spec/log.md §6,
 * doc/spec/holder.md §6.2).
 *
 * Entries are in the store before the holder hears of them, so that it has never signed for what is
 * not there. Those behind the last checkpoint are then either signed, too, or timed anew, or taken
 * out again. All of it runs on the one thread that talks to the holder. */
#ifndef SPK_AUTHORITY_RECLOG_H
#define SPK_AUTHORITY_RECLOG_H

#include "authority/link.h"
#include "authority/logs.h"

struct spk_reclog;
SPK_MUST_USE spk_err spk_reclog_new(struct spk_store *store, struct spk_books *books,
                                    struct spk_logbook *recoveries, struct spk_link *link,
                                    struct spk_reclog **ret_l);
void spk_reclog_free(struct spk_reclog *l);
SPK_DEFINE_AUTO(spk_reclog)

/** The holder keeps logs, so that a request stands in one, or will. */
bool spk_reclog_is_on(const struct spk_reclog *l);
/** All that the store has is signed for. SPK_CODE_CHANGED: the holder has signed for more than
 * there is (logged in words). */
SPK_MUST_USE spk_err spk_reclog_settle(struct spk_reclog *l);
/** The same when something has changed, and the entries of new key epochs and policies: the first
 * of them begin the log. */
SPK_MUST_USE spk_err spk_reclog_tick(struct spk_reclog *l);

/* Something that has happened to a request, once or to several of its deposits, and what is
 * written in the same transaction; without logs that is all. SPK_CODE_DENIED: the holder does not
 * sign for it (logged in words); what `also` wrote stays, the entries are gone. */
struct spk_news {
    enum spk_entry_kind kind;
    const struct spk_hash *request; /* of 20: H(text) of the report */
    size_t n; /* entries, at most SPK_RECBATCH_MAX: of 17, 20 and 24 one for each deposit, else 1 */
    const uint64_t *deposits; /* of 16, too: the lowest one of the scope */
    struct spk_span record;   /* of 16: the request's */
    struct spk_span detail;   /* of 18, 22, 23: the note; the same one is not written twice */
    spk_store_work *also;     /* may be NULL */
    void *arg;
};
SPK_MUST_USE spk_err spk_reclog_add(struct spk_reclog *l, const struct spk_news *news);

/* What stands there about a request, by its newest entry of kind 16. */
struct spk_logged {
    bool ended; /* kind 19 */
    uint64_t own, first;
    uint8_t salt[32];
};
/** SPK_CODE_NOTFOUND: nothing. */
SPK_MUST_USE spk_err spk_reclog_find(struct spk_reclog *l, const struct spk_hash *request,
                                     struct spk_logged *ret_x);
/** Deposits of a request, rising: ret_entry[i] is the index of the newest entry of this kind about
 * at[i], or SPK_NO_ENTRY. */
#define SPK_NO_ENTRY UINT64_MAX
SPK_MUST_USE spk_err spk_reclog_find_deposits(struct spk_reclog *l, const struct spk_hash *request,
                                              enum spk_entry_kind kind, const uint64_t *at,
                                              size_t n, uint64_t *ret_entry);
/* An entry as it is shown to the holder. */
struct spk_log_proven {
    size_t entry_len, path_len;
    uint8_t entry[SPK_LOG_ENTRY_LEN_MAX];
    struct spk_hash path[SPK_PATH_MAX];
};
/** Under the newest checkpoint. */
SPK_MUST_USE spk_err spk_reclog_prove(struct spk_reclog *l, uint64_t index,
                                      struct spk_log_proven *ret_p);

#endif
