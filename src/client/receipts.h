/* SPDX-License-Identifier: Apache-2.0 */
/* Where the receipts of a file are: in it (slot 3), or, as long as nobody has opened it, beside it
 * or with our own notes (doc/spec/client-files.md, "Receipts"). */
#ifndef SPK_CLIENT_RECEIPTS_H
#define SPK_CLIENT_RECEIPTS_H

#include "client/profile.h"
#include "client/receipt.h"
#include "sealed/header.h"

/** Put it into the slot of this authority. */
SPK_MUST_USE spk_err spk_receipt_put(struct spk_slots *s, const struct spk_hash *authority,
                                     struct spk_span text);
/** Keep the receipt of a deposit that could not be put into its file: beside the file, if it is at
 * path and carries this deposit, else with our notes. path "" is no file. */
SPK_MUST_USE spk_err spk_receipts_keep(const struct spk_profile *p, const char *path,
                                       const struct spk_deposit *d, struct spk_span text);

struct spk_receipt_found {
    struct spk_receipt r;
    bool inside;              /* in the file itself */
    enum spk_log_fault fault; /* why there is no receipt that holds: MISSING when there is none */
    struct spk_buf text;      /* when it holds */
    char *path;               /* where it was, if not inside; malloc'ed */
};
void spk_receipt_found_clear(struct spk_receipt_found *f);
struct spk_receipt_search {
    const struct spk_profile *profile;
    const struct spk_slots *slots;
    const char *path;            /* of the sealed file */
    const struct spk_deposit *d; /* of its record: rpub and p */
    const struct spk_vkey *log;  /* that must have signed it */
};
/** The receipt of one deposit: the one in the file decides, the others are asked when there is
 * none. An error only where nothing could be found out. */
SPK_MUST_USE spk_err spk_receipt_find(const struct spk_receipt_search *w,
                                      struct spk_receipt_found *ret_f);

/** Put what waits beside an opened file into it, and remove it there. *ret_n says how many. */
SPK_MUST_USE spk_err spk_receipts_fold(const struct spk_profile *p, const char *path,
                                       struct spk_header *h, const struct spk_secret *key,
                                       size_t *ret_n);

#endif
