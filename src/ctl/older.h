/* SPDX-License-Identifier: Apache-2.0 */
/* What earlier policies still ask for: a deposit keeps the larger quorum and the longer wait of the
 * policy that it was made under, whatever comes later (doc/spec/policy.md §4.2). */
#ifndef SPK_CTL_OLDER_H
#define SPK_CTL_OLDER_H

#include "client/pin.h"

struct ctl_older {
    uint32_t quorum, quorum_by; /* the most persons, and the policy that asks for them */
    uint32_t wait_by;
    uint64_t wait; /* the longest */
    bool any;
    uint32_t override_quorum; /* persons who override a veto; 0: one of them lets nobody do it */
    uint64_t override_wait;
    uint32_t override_most, override_by; /* the most that any of them asks for */
};
void ctl_older_add(struct ctl_older *o, const struct spk_policy *p);

/** Policy `number` of a pinned chain. SPK_CODE_NOTFOUND. */
SPK_MUST_USE spk_err ctl_pin_policy_at(const struct spk_pin *pin, uint32_t number,
                                       struct spk_policy *ret_p);
/** All that came before p: prev and the policies of the pinned chain that p continues; NULL for
 * what is not known. */
SPK_MUST_USE spk_err ctl_older_before(const struct spk_pin *pin, const struct spk_policy *p,
                                      const struct spk_policy *prev, struct ctl_older *ret_o);
/** True when deposits of an earlier policy can never come back under p: it has fewer persons than
 * they need. */
bool ctl_older_lost(const struct ctl_older *o, const struct spk_policy *p);
/** True when p lets a veto be overridden, but has too few persons to do that for deposits of an
 * earlier policy. */
bool ctl_older_final(const struct ctl_older *o, const struct spk_policy *p);

#endif
