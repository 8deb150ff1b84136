/* SPDX-License-Identifier: Apache-2.0 */
/* From the JSON of a deposit to a row that may be written: everything that can be checked without a
 * key (doc/spec/deposit.md §7). */
#ifndef SPK_AUTHORITY_INTAKE_H
#define SPK_AUTHORITY_INTAKE_H

#include "authority/books.h"
#include "authority/http.h"

#define SPK_INTAKE_BLOB_MAX (12 + (size_t)SPK_RSA_MAX_LEN) /* a SIMPLEBLOB */
#define SPK_DEPOSIT_JSON_MAX ((size_t)40960)               /* one object, or one line of a batch */

struct spk_intake {
    struct spk_deposit_row row; /* spans into the members below */
    uint8_t rpub[SPK_RPUB_LEN]; /* time 0 until it is written */
    struct spk_rpub r;
    struct spk_buf mem; /* salt, R_priv, BLOB */
    bool has_serial;
    enum spk_status status; /* of an answer that is an error already; else SPK_HTTP_OK */
    const char *message;    /* static */
    struct spk_put_result result;
};
void spk_intake_clear(struct spk_intake *in);
/** Never fails: what is wrong stands in ->status and ->message. */
void spk_intake_json(struct spk_books *books, const struct spk_hash *owner, uint64_t owner_key,
                     struct spk_span text, struct spk_intake *in);
/** The same checks for a record that came with a file (row.sealed instead of salt and R_priv).
 * body and blob are borrowed until the intake is cleared. */
void spk_intake_record(struct spk_books *books, struct spk_span body, struct spk_span blob,
                       struct spk_intake *in);
/** The time of acceptance of what this transaction adds: now, or that of the newest deposit while a
 * clock is set back. Times never fall along the index, whoever adds and whenever he started. */
SPK_MUST_USE spk_err spk_intake_time(struct spk_store *s, uint64_t *ret_ms);
/** Log it, once, when that time is more than a minute ahead of this clock; *told keeps that. */
void spk_intake_tell_clock(uint64_t time_ms, bool *told);
/** Set the time of acceptance: R_pub, OC and leaf. */
SPK_MUST_USE spk_err spk_intake_stamp(struct spk_intake *in, uint64_t time_ms);
/** {"serial", "index", "time", "state", "duplicate"} or {"serial", "error", "message"}: members of
 * an object that is open. */
void spk_intake_answer(const struct spk_intake *in, struct spk_jw *w);
/** Status of the answer to a single deposit. */
unsigned spk_intake_status(const struct spk_intake *in);

#endif
