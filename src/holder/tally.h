/* SPDX-License-Identifier: Apache-2.0 */
/* The facts that the holder knows about a request, put to spk_decide(). */
#ifndef SPK_HOLDER_TALLY_H
#define SPK_HOLDER_TALLY_H

#include "holder/core.h"

/** Where a request as a whole stands now: what this calls approved holds for each of the deposits
 * whose policies it was opened with. */
SPK_MUST_USE spk_err spk_tally(struct spk_holder *h, const struct spk_hreq *q,
                               struct spk_decision *ret_d);
/** The same as if no log had begun: what spk_tally() says of a request that is not in the log is no
 * more than that it is open. */
SPK_MUST_USE spk_err spk_tally_unlogged(struct spk_holder *h, const struct spk_hreq *q,
                                        struct spk_decision *ret_d);
/** Where it stands for one deposit, made under this policy number. This alone is what a release
 * goes by. */
SPK_MUST_USE spk_err spk_tally_deposit(struct spk_holder *h, const struct spk_hreq *q,
                                       uint32_t policy, struct spk_decision *ret_d);

#endif
