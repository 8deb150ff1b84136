/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts: the proof that a deposit stands in the log (doc/spec/receipt.md). */
#ifndef SPK_AUTHORITY_RECEIPTS_H
#define SPK_AUTHORITY_RECEIPTS_H

#include "authority/intake.h"
#include "authority/logs.h"

/** The checkpoint has an entry for this deposit. */
bool spk_receipt_is_due(const struct spk_signed *s, const struct spk_intake *in);
/** Member "receipt" of the object that is open. */
void spk_receipt_answer(struct spk_logbook *l, const struct spk_signed *s,
                        const struct spk_intake *in, struct spk_jw *w);
/** Member "path": the hashes, one after the other, in base64. */
void spk_receipt_path(struct spk_logbook *l, const struct spk_signed *s,
                      const struct spk_intake *in, struct spk_jw *w);

#endif
