/* SPDX-License-Identifier: Apache-2.0 */
/* What a release needs once the recoveries log has begun: that everybody can see the deposit and
 * that it is being given out (doc/spec/holder.md §6.3). */
#ifndef SPK_HOLDER_LOGPROOF_H
#define SPK_HOLDER_LOGPROOF_H

#include "holder/deposit_in.h"
#include "holder/hpath.h"

struct spk_log_proof {
    bool given;
    struct spk_hpath deposit; /* of the deposit's entry */
    struct spk_span entry;    /* of kind 17 */
    uint64_t index;
    struct spk_hpath path;
};
/** All four attributes or none. */
SPK_MUST_USE spk_err spk_log_proof_take(const struct spk_attrs *in, struct spk_log_proof *ret_p);
/** Both entries stand under the roots of now, and are about this deposit and this request. */
SPK_MUST_USE spk_err spk_log_proof_check(const struct spk_hstate *s, const struct spk_hreq *q,
                                         const struct spk_hdeposit *hd, uint64_t index,
                                         const struct spk_log_proof *p);

/** The deposit is in its log, at this index. */
SPK_MUST_USE spk_err spk_log_deposit_check(const struct spk_hstate *s,
                                           const struct spk_hdeposit *hd, uint64_t index,
                                           const struct spk_hpath *path);

#endif
