/* SPDX-License-Identifier: Apache-2.0 */
/* What every target here has. */
#ifndef SPK_FUZZ_WIRE_FUZZ_H
#define SPK_FUZZ_WIRE_FUZZ_H

#include "base/buf.h"

#define FUZZ_OUT_MAX ((size_t)1 << 20)

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

#endif
