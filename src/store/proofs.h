/* SPDX-License-Identifier: Apache-2.0 */
/* When the holder has last opened a deposit and found it right. Beside the deposits, which never
 * change. */
#ifndef SPK_STORE_PROOFS_H
#define SPK_STORE_PROOFS_H

#include "base/buf.h"

struct spk_store;
struct spk_proof_sums {
    uint64_t deposits;
    uint64_t proven; /* and not found wrong since */
    uint64_t wrong;
    uint64_t oldest; /* of these proofs, unix seconds; 0: none, or from before dates were kept */
};

/** Proven at this time (unix seconds). Of a deposit that is wrong: SPK_CODE_CHANGED. */
SPK_MUST_USE spk_err spk_store_put_proof(struct spk_store *s, uint64_t index, uint64_t time);
/** Nothing is proven about it any more, if ever it was. */
SPK_MUST_USE spk_err spk_store_drop_proof(struct spk_store *s, uint64_t index);
/** Up to max deposits whose proof is of that time or older, the oldest first. */
SPK_MUST_USE spk_err spk_store_proofs_due(struct spk_store *s, uint64_t time, size_t max,
                                          uint64_t *ret_index, size_t *ret_n);
/** Of one owner's deposits, or of all (owner_key 0). */
SPK_MUST_USE spk_err spk_store_proof_sums(struct spk_store *s, uint64_t owner_key,
                                          struct spk_proof_sums *ret_s);

#endif
