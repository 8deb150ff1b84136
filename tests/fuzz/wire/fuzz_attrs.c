/* SPDX-License-Identifier: Apache-2.0 */
/* A list that is read can be written, to the very same bytes. */
#include "fuzz.h"
#include "wire/attrs.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(FUZZ_OUT_MAX);
    struct spk_span in = spk_span(data, size), v;
    struct spk_attrs l;
    uint64_t u;

    if (!spk_ok(spk_attrs_parse(in, &l))) {
        return 0;
    }
    for (size_t i = 0; i < l.n; i++) {
        must(spk_attrs_has(&l, l.a[i].type));
        if (spk_ok(spk_attrs_u64(&l, l.a[i].type, &u))) {
            MUST(spk_attrs_get(&l, l.a[i].type, 8, &v));
        }
    }
    MUST(spk_attrs_build(&l, &again));
    must(spk_span_eq(spk_buf_span(&again), in));
    return 0;
}
