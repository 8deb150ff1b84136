/* SPDX-License-Identifier: Apache-2.0 */
/* The facts that the holder knows about a request, put to spk_decide(). */
#ifndef SPK_HOLDER_TALLY_H
#define SPK_HOLDER_TALLY_H

#include "holder/core.h"

/** Where a request stands now.
 * @param then  The policy under which a deposit was made, for its release; NULL: today's. */
SPK_MUST_USE spk_err spk_tally(struct spk_holder *h, const struct spk_hreq *q,
                               const struct spk_policy *then, struct spk_decision *ret_d);

#endif
