/* SPDX-License-Identifier: Apache-2.0 */
/* The drill that is under way, or was reported last: in memory only, since it decides nothing but
 * which entries of kind 20 are true. */
#ifndef SPK_HOLDER_DRILL_H
#define SPK_HOLDER_DRILL_H

#include "wire/drill.h"

struct spk_hdrill;
void spk_hdrill_free(struct spk_hdrill *x);
/** The deposit was in the drill whose report has this hash, and it was signed. x may be NULL. */
bool spk_hdrill_has(const struct spk_hdrill *x, const struct spk_hash *report, uint64_t deposit);

#endif
