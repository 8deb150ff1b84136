/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted: of deposits in the store, of the rest by the holder. */
#ifndef SPK_AUTHORITY_STATUS_H
#define SPK_AUTHORITY_STATUS_H

#include "authority/server.h"
#include "wire/json.h"

/** Take over the holder's counters, so that whoever watches need not disturb it. */
SPK_MUST_USE spk_err spk_status_refresh(struct spk_server *s);
void spk_write_proofs(struct spk_jw *w, const struct spk_proof_sums *p);

#endif
