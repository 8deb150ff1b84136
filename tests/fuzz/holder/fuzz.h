/* SPDX-License-Identifier: Apache-2.0 */
/* What every target here has. */
#ifndef SPK_FUZZ_HOLDER_FUZZ_H
#define SPK_FUZZ_HOLDER_FUZZ_H

#include "base/buf.h"
#include "base/rd.h"
#include "holder/core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void
must(bool ok)
{
    if (!ok) {
        __builtin_trap();
    }
}

/** The call must succeed. */
#define MUST(expr) must(spk_ok(expr))

/** A seed that is the same in every run. */
static inline struct spk_secret *
fuzz_seed(void)
{
    struct spk_secret *s = NULL;

    MUST(spk_secret_from(SPK_SPAN_LIT("the seed of a holder is 32 bytes"), &s));
    return s;
}

/** u16 type, u16 length, bytes: one of several pieces in an input. False at the end. */
static inline bool
fuzz_piece(struct spk_rd *r, uint16_t *ret_type, struct spk_span *ret_bytes)
{
    return spk_ok(spk_rd_u16(r, ret_type)) && spk_ok(spk_rd_var16(r, UINT16_MAX, ret_bytes));
}

#endif
