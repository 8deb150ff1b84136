/* SPDX-License-Identifier: Apache-2.0 */
/* One receipt (doc/spec/receipt.md): read, checked offline, and said to be about a deposit or not.
 * Every function here is pure. */
#ifndef SPK_CLIENT_RECEIPT_H
#define SPK_CLIENT_RECEIPT_H

#include "client/trouble.h"
#include "client/witnesses.h"
#include "translog/proof.h"
#include "wire/deposit.h"

#define SPK_RECEIPT_EXTRA_LEN (SPK_RPUB_LEN + SPK_HASH_LEN)
/** Bytes of a receipt of this log, with so many hashes and lines of witnesses. */
size_t spk_receipt_len(const struct spk_vkey *log, size_t path, size_t witnesses);

struct spk_receipt {
    struct spk_rpub rpub; /* with the authority's time */
    struct spk_hash p;    /* P */
    uint64_t index;
    uint64_t size; /* of the log at the time of the checkpoint */
    char origin[SPK_NOTE_NAME_MAX + 1];
    size_t others;    /* signature lines beside the log's */
    size_t witnesses; /* of ours that have signed, once it is verified */
};
/** What it says, read strictly and believed by nobody. On failure *ret_fault says what is wrong
 * with it: SPK_CODE_AUTH or SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_receipt_read(struct spk_span text, struct spk_receipt *ret_r,
                                      enum spk_log_fault *ret_fault);
/** The same, and the log's key has signed that this entry stands there.
 * @param w  Whose signatures are counted, and must hold where there are any; may be NULL. */
SPK_MUST_USE spk_err spk_receipt_verify(struct spk_span text, const struct spk_vkey *log,
                                        const struct spk_witnesses *w, struct spk_receipt *ret_r,
                                        enum spk_log_fault *ret_fault);
/** Is it about this deposit, whatever its time? R_pub and P are the file's own. */
enum spk_log_fault spk_receipt_about(const struct spk_receipt *r, const struct spk_rpub *rpub,
                                     const struct spk_hash *p);

/* Receipts of a batch: many paths to one checkpoint, whose signature is checked once. */
struct spk_receipt_head {
    struct spk_span note; /* borrowed */
    struct spk_checkpoint c;
};
SPK_MUST_USE spk_err spk_receipt_head(struct spk_span note, const struct spk_vkey *log,
                                      struct spk_receipt_head *ret_h,
                                      enum spk_log_fault *ret_fault);
/** Put together and checked: R_pub with its time, P, the index, and the path's hashes one after the
 * other. */
SPK_MUST_USE spk_err spk_receipt_make(const struct spk_receipt_head *h, const struct spk_receipt *r,
                                      struct spk_span path, struct spk_buf *text,
                                      enum spk_log_fault *ret_fault);

#endif
