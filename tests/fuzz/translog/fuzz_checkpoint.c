/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint that is taken is written again as the same bytes. */
#include <stdlib.h>

#include "translog/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(SPK_CHECKPOINT_MAX);
    struct spk_checkpoint c;

    if (spk_ok(spk_checkpoint_parse(spk_span(data, size), &c)) &&
        (!spk_ok(spk_checkpoint_format(&c, &again)) ||
         !spk_span_eq(spk_buf_span(&again), spk_span(data, size)))) {
        abort();
    }
    return 0;
}
