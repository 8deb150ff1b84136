/* SPDX-License-Identifier: Apache-2.0 */
/* What a witness takes from strangers: it is written again as the same bytes, and the signatures
 * under its checkpoint are counted without one ever holding by chance. */
#include <stdlib.h>

#include "translog/addcheckpoint.h"
#include "translog/cosign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
count(struct spk_span bytes)
{
    const struct spk_vkey w = {.name = "w", .type = 4};
    static struct spk_note note;
    size_t good = 0;

    if (!spk_ok(spk_note_parse(bytes, false, &note))) {
        return;
    }
    if (spk_ok(spk_cosign_count(&note, &w, 1, &good)) && good != 0) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct spk_add_checkpoint a;
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF((size_t)SPK_ADD_CHECKPOINT_MAX);

    if (!spk_ok(spk_add_checkpoint_parse(spk_span(data, size), &a))) {
        return 0;
    }
    if (!spk_ok(spk_add_checkpoint_format(&a, &again)) ||
        !spk_span_eq(spk_buf_span(&again), spk_span(data, size))) {
        abort();
    }
    count(a.checkpoint);
    return 0;
}
