/* SPDX-License-Identifier: Apache-2.0 */
/* Token buckets by key: how often a source or an owner may do something.  A bounded table: when it
 * is full the bucket that was idle longest gives way. */
#ifndef SPK_AUTHORITY_RATE_H
#define SPK_AUTHORITY_RATE_H

#include "base/err.h"
#include "base/scope.h"
#include "base/span.h"

#define SPK_RATE_KEY_MAX 32
#define SPK_RATE_BUCKETS 4096

struct spk_rate;
/** amount per period (seconds), all of which may come at once. */
SPK_MUST_USE spk_err spk_rate_new(uint64_t amount, uint64_t period, struct spk_rate **ret_r);
void spk_rate_free(struct spk_rate *r);
SPK_DEFINE_AUTO(spk_rate)
/** Take n at now_ms (a running clock). 0: granted; else the seconds after which to try again. */
uint64_t spk_rate_take(struct spk_rate *r, struct spk_span key, uint64_t n, uint64_t now_ms);

#endif
