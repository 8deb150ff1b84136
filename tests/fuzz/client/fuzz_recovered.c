/* SPDX-License-Identifier: Apache-2.0 */
#include "client/recovered.h"
#include "framed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(size + 4096);
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(size + 4096);
    struct spk_recovered r;

    fuzz_frame("sparekey/1 recovered\n", data, size, &b);
    if (spk_ok(spk_recovered_parse(spk_buf_span(&b), &r))) {
        if (!spk_ok(spk_recovered_build(&r, &again))) {
            abort();
        }
        fuzz_same(&b, &again);
        spk_recovered_clear(&r);
    }
    return 0;
}
