/* SPDX-License-Identifier: Apache-2.0 */
/* A logs note and an entry that are read are written to the same bytes. */
#include "fuzz.h"
#include "wire/logs.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(FUZZ_OUT_MAX);
    uint8_t bytes[SPK_LOG_ENTRY_LEN_MAX];
    struct spk_span in = spk_span(data, size);
    struct spk_entry e;
    struct spk_logs l;
    size_t len = 0;

    if (spk_ok(spk_logs_parse(in, &l))) {
        MUST(spk_logs_format(&l, &again));
        must(spk_span_eq(in, spk_buf_span(&again)));
    }
    if (spk_ok(spk_entry_parse(in, &e))) {
        spk_entry_build(&e, bytes, &len);
        must(spk_span_eq(in, spk_span(bytes, len)));
    }
    return 0;
}
