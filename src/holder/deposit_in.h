/* SPDX-License-Identifier: Apache-2.0 */
/* A deposit out of a message, and the one private operation that is made on it. */
#ifndef SPK_HOLDER_DEPOSIT_IN_H
#define SPK_HOLDER_DEPOSIT_IN_H

#include "holder/core.h"

struct spk_hdeposit {
    struct spk_deposit d; /* spans borrowed from the message */
    uint8_t rpub[SPK_RPUB_LEN];
    struct spk_hash oc; /* made here from rpub and P */
};
/** SPK_CODE_FORMAT: not what the message must look like. Nothing inside is judged yet. */
SPK_MUST_USE spk_err spk_hdeposit_take(const struct spk_attrs *in, struct spk_hdeposit *ret_d);

/** K, if all of it holds: public structure, padding, C, T, owner and serial of R_priv, the re-made
 * BLOB. One code for whatever fails, after the same work from the private operation on. */
SPK_MUST_USE spk_err spk_hdeposit_open(const struct spk_holder *h, const struct spk_hdeposit *hd,
                                       struct spk_secret **ret_key);

#endif
