/* SPDX-License-Identifier: Apache-2.0 */
/* A sealed copy of any bytes: its head is in bounds, and no made-up shares open it. */
#include "fuzz.h"
#include "holder/sealedcopy.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spk_copy_head h;
    struct spk_copied in = {.plain = SPK_BUF(0)};
    struct spk_secret *shares[SPK_OFFICERS_MAX] = {NULL};

    if (!spk_ok(spk_copy_parse(spk_span(data, size), &h))) {
        return 0;
    }
    must(h.k >= 2 && h.k <= h.n && h.n <= SPK_OFFICERS_MAX);
    must(h.sealed.ptr >= data && h.sealed.ptr + h.sealed.len <= data + size);
    for (uint8_t i = 0; i < h.k; i++) {
        MUST(spk_secret_new(SPK_SHARE_LEN, &shares[i]));
        spk_secret_mut(shares[i]).ptr[0] = (uint8_t)(i + 1);
        must(!spk_ok(spk_copy_share_fits(&h, shares[i])));
    }
    must(!spk_ok(spk_copy_open(&h, shares, &in)));
    for (uint8_t i = 0; i < h.k; i++) {
        spk_secret_free(shares[i]);
    }
    return 0;
}
