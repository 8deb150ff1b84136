/* SPDX-License-Identifier: Apache-2.0 */
/* A core that parses builds to the same bytes, and its authorities can be walked. */
#include <stdlib.h>

#include "sealed/core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spk_core core;
    struct spk_core_authority a;
    uint32_t len;
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(SPK_CORE_MAX);
    if (!spk_ok(spk_core_parse(spk_span(data, size), &core))) {
        return 0;
    }
    if (!spk_ok(spk_core_peek(spk_span(data, 16), &len)) || len != size ||
        !spk_ok(spk_core_build(&core, &out)) ||
        !spk_span_eq(spk_buf_span(&out), spk_span(data, size))) {
        abort();
    }
    for (size_t i = 0; spk_ok(spk_core_authority(&core, i, &a)); i++) {
    }
    return 0;
}
