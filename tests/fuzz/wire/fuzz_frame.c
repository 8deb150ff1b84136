/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "wire/frame.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(FUZZ_OUT_MAX);
    struct spk_attrs l;
    struct spk_frame f;

    if (spk_ok(spk_frame_parse(spk_span(data, size), &f))) {
        (void)!spk_ok(spk_attrs_parse(f.body, &l));
        MUST(spk_frame_build(f.type, f.status, f.seq, f.body, &again));
        must(spk_span_eq(spk_buf_span(&again), spk_span(data, size)));
    }
    return 0;
}
