/* SPDX-License-Identifier: Apache-2.0 */
/* A proof that is taken is written again as the same bytes, and verifying it ends. */
#include <stdlib.h>

#include "translog/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct spk_proof p;
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(SPK_PROOF_MAX);
    const struct spk_vkey log = {.name = "log", .type = 1};

    if (!spk_ok(spk_proof_parse(spk_span(data, size), &p))) {
        return 0;
    }
    if (!spk_ok(spk_proof_format(&p, &again)) ||
        !spk_span_eq(spk_buf_span(&again), spk_span(data, size)) ||
        spk_ok(spk_proof_verify(&p, spk_span(p.extra, p.extra_len), &log, NULL))) {
        abort();
    }
    return 0;
}
