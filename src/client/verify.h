/* SPDX-License-Identifier: Apache-2.0 */
/* Can it come back? What a sealed file says about its deposits, and what of that can be proven. */
#ifndef SPK_CLIENT_VERIFY_H
#define SPK_CLIENT_VERIFY_H

#include "client/receipt.h"
#include "client/session.h"
#include "sealed/header.h"

enum spk_verdict {
    SPK_VERDICT_ACCEPTED,
    SPK_VERDICT_SPOOLED,
    SPK_VERDICT_NOT_DEPOSITED,
    SPK_VERDICT_BROKEN,
    SPK_VERDICT_PROVEN /* more than accepted: receipt good, and the BLOB made again from the key */
};
const char *spk_verdict_name(enum spk_verdict v); /* "proven", "accepted", ... */
/** Accepted or more: it can come back. */
bool spk_verdict_is_good(enum spk_verdict v);

struct spk_verify_at { /* one authority */
    struct spk_hash key;
    char name[SPK_PIN_NAME_MAX + 1]; /* "" when it is not pinned here */
    uint32_t epoch, policy;
    enum spk_verdict verdict;
    bool proven;   /* with K: the deposit is ours, holds this key, and its BLOB can be re-made */
    bool has_logs; /* its log's key is known here; without it no receipt can be checked */
    enum spk_log_fault receipt_fault; /* why there is no good receipt: MISSING, or what is wrong */
    bool receipt_inside;              /* the fault is of the one in the file itself */
    struct spk_receipt receipt;       /* good, when has_logs and no fault */
    bool alone;     /* the file carries what a recovery from the file alone takes */
    bool confirmed; /* the authority was asked and has the same */
    uint64_t index, time_ms;
    uint64_t
        opened_at; /* unix seconds: its key holder last opened the deposit; 0: not, or not said */
    spk_err why;   /* when broken */
    spk_err asked; /* why it could not be asked: the rest is without its answer */
};
struct spk_verify {
    struct spk_file_id id;
    bool opened; /* with a key: what is said below was checked, not only read */
    const char
        *opened_by; /* the old container that it took; NULL: the present one; the session's */
    enum spk_verdict verdict;
    size_t n, needed;
    size_t folded; /* receipts that waited beside it, and are in it now */
    struct spk_verify_at at[SPK_AUTHORITIES_MAX];
    spk_err why;
    spk_err asked;              /* of the first authority that could not be asked */
    struct spk_trouble trouble; /* then: what was in the way */
};
struct spk_verify_opts {
    bool with_key; /* try our keys */
    bool online;   /* ask the authorities too */
    bool payload;  /* decrypt the whole payload, to nowhere */
    const volatile int *stop;
};
/** SPK_OK whenever there is a verdict, also "broken"; an error only when there is none. */
SPK_MUST_USE spk_err spk_verify_file(struct spk_session *s, const char *path,
                                     const struct spk_verify_opts *o, struct spk_verify *ret_v);

#endif
