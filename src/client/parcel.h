/* SPDX-License-Identifier: Apache-2.0 */
/* One deposit on its way to one authority: made from a session key, sent, and what came of it. */
#ifndef SPK_CLIENT_PARCEL_H
#define SPK_CLIENT_PARCEL_H

#include "client/profile.h"
#include "client/receipt.h"
#include "keyblob/wrap.h"
#include "sealed/slots.h"
#include "wire/deposit.h"
#include "wire/json.h"

#define SPK_ACCEPTED_LEN                                                                           \
    16 /* body of slot 6: u64 index || u64 time in ms (doc/spec/registry.md)                       \
        */

enum spk_parcel_state {
    SPK_PARCEL_NEW,
    SPK_PARCEL_ACCEPTED,
    SPK_PARCEL_SPOOLED,
    SPK_PARCEL_FAILED /* .err says why */
};
struct spk_parcel {
    const struct spk_pin *pin;
    struct spk_deposit d;       /* its spans point into the two buffers */
    struct spk_buf rpriv, blob; /* R_priv and SIMPLEBLOB */
    enum spk_parcel_state state;
    uint64_t index, time_ms; /* once accepted */
    bool has_path;           /* in a batch's answer; the next is those hashes, perhaps none */
    struct spk_buf path;
    struct spk_buf receipt; /* verified; empty: none was given, or the log's key is not known */
    bool waits;             /* accepted, and in the spool for its receipt */
    enum spk_log_fault log; /* what was wrong with the receipt, when that is why it failed */
    spk_err err;
    char said[160]; /* what the authority answered; hostile */
    long status;
    bool replaced; /* as in struct spk_trouble */
};

struct spk_parcel_from {
    const struct spk_profile *profile;
    const struct spk_secret *key; /* K */
    struct spk_file_id id;
    struct spk_hash commitment;
    struct spk_span core; /* verbatim; empty for a foreign key */
    struct spk_span description;
    struct spk_span foreign; /* instead of a core */
};
/** The SIMPLEBLOB under the authority's key. First of two steps: the core may not be fixed yet. */
SPK_MUST_USE spk_err spk_parcel_wrap(struct spk_parcel *p, const struct spk_pin *pin,
                                     const struct spk_secret *key, const struct spk_file_id *id);
/** The same first step for a BLOB that was made elsewhere, with random padding; flags: how. */
SPK_MUST_USE spk_err spk_parcel_take(struct spk_parcel *p, const struct spk_pin *pin,
                                     struct spk_span blob, uint16_t flags,
                                     const struct spk_file_id *id);
/** R_priv, R_pub with the deposit tag, salt, P. */
SPK_MUST_USE spk_err spk_parcel_fill(struct spk_parcel *p, const struct spk_parcel_from *f);
void spk_parcel_clear(struct spk_parcel *p);

/** Bytes of R_priv, and of the record slot's body, for a core and a description of these lengths.
 */
size_t spk_parcel_rpriv_len(size_t core_len, size_t description_len);
size_t spk_parcel_record_len(size_t core_len, size_t description_len);

/** Add the slots to a list: the authority's BLOB; the record; the acceptance when there is one.
 * The receipt has a slot of its own. */
SPK_MUST_USE spk_err spk_parcel_slot_blob(const struct spk_parcel *p, struct spk_slots *s);
SPK_MUST_USE spk_err spk_parcel_slot_record(const struct spk_parcel *p,
                                            const struct spk_secret *key, struct spk_slots *s);
SPK_MUST_USE spk_err spk_parcel_slot_accepted(const struct spk_parcel *p, struct spk_slots *s);
SPK_MUST_USE spk_err spk_accepted_put(struct spk_slots *s, const struct spk_hash *authority,
                                      uint64_t index, uint64_t time_ms);
SPK_MUST_USE spk_err spk_accepted_parse(struct spk_span body, uint64_t *ret_index,
                                        uint64_t *ret_time_ms);

/** One line of JSON, without '\n'. */
SPK_MUST_USE spk_err spk_parcel_json(const struct spk_parcel *p, struct spk_buf *out);
/** Take an answer: it must name our serial. Sets state, index, time, receipt, or the failure. A
 * receipt that does not hold is one: SPK_CODE_AUTH, .log says what. */
SPK_MUST_USE spk_err spk_parcel_answer(struct spk_parcel *p, const struct spk_json *j);
/** The receipt of a batch's answer that has a path. fault: what is wrong with h, which is NULL
 * then; SPK_LOG_FAULT_NONE and NULL: the log's key is not known. */
SPK_MUST_USE spk_err spk_parcel_seal_receipt(struct spk_parcel *p, const struct spk_receipt_head *h,
                                             enum spk_log_fault fault);
/** The authority has logs, and has given no receipt. */
bool spk_parcel_lacks_receipt(const struct spk_parcel *p);
/** The key of the log that this deposit is in; NULL when it is not known. */
const struct spk_vkey *spk_parcel_log(const struct spk_parcel *p);
void spk_parcel_fail(struct spk_parcel *p, spk_err why, const struct spk_trouble *t);
/** True when trying again later may help: what a spool is for. */
bool spk_parcel_may_wait(const struct spk_parcel *p);
/** The time that may not be: R_pub as it stands in the file and in what we send has time 0. */
void spk_parcel_rpub(const struct spk_parcel *p, uint8_t ret_bytes[SPK_RPUB_LEN]);

#endif
