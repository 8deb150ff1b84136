/* SPDX-License-Identifier: Apache-2.0 */
#include "client/spool.h"
#include "framed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(size + 4096);
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(size + 4096);
    struct spk_spool_entry e = {0};

    fuzz_frame("sparekey/1 spool\n", data, size, &b);
    if (spk_ok(spk_spool_entry_parse(spk_buf_span(&b), &e))) {
        if (!spk_ok(spk_spool_entry_build(&e, &again))) {
            abort();
        }
        if (e.parcel.d.rpub.time_ms == 0) { /* a time is read, but never written */
            fuzz_same(&b, &again);
        }
        spk_spool_entry_clear(&e);
    }
    return 0;
}
