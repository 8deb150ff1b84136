/* SPDX-License-Identifier: Apache-2.0 */
#include "client/watchstate.h"
#include "framed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(size + 4096);
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(size + 4096);
    SPK_AUTO(spk_watchstate) w = NULL;

    if (!spk_ok(spk_watchstate_new(&w))) {
        abort();
    }
    fuzz_frame("sparekey/1 watch\n", data, size, &b);
    if (spk_ok(spk_watchstate_parse(spk_buf_span(&b), w))) {
        if (!spk_ok(spk_watchstate_build(w, &again))) {
            abort();
        }
        fuzz_same(&b, &again);
    }
    return 0;
}
