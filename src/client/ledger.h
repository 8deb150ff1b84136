/* SPDX-License-Identifier: Apache-2.0 */
/* What this computer remembers of its own doings at an authority, so that a log can be compared
 * with it (doc/spec/client-files.md, "Ledgers"): files of records of one length that only grow. */
#ifndef SPK_CLIENT_LEDGER_H
#define SPK_CLIENT_LEDGER_H

#include "client/profile.h"
#include "wire/deposit.h"

/* -- Deposits that have a receipt. */
SPK_MUST_USE spk_err spk_ledger_add_deposit(const struct spk_profile *p,
                                            const struct spk_rpub *rpub, uint64_t index);
/** Their indices, ascending; spk_mem_free() them. None yet: n is 0. */
SPK_MUST_USE spk_err spk_ledger_indices(const struct spk_profile *p, const struct spk_pin *pin,
                                        uint64_t **ret_list, size_t *ret_n);
/** Was one added within so many milliseconds? */
bool spk_ledger_is_fresh(const struct spk_profile *p, const struct spk_pin *pin, uint64_t ms);

/* -- Recovery requests that were opened here. */
SPK_MUST_USE spk_err spk_ledger_add_request(const struct spk_profile *p, const struct spk_pin *pin,
                                            const struct spk_hash *request);
SPK_MUST_USE spk_err spk_ledger_has_request(const struct spk_profile *p, const struct spk_pin *pin,
                                            const struct spk_hash *request, bool *ret_has);

#endif
