/* SPDX-License-Identifier: Apache-2.0 */
/* A receipt out of a file that anybody may have written: what is read is said to be wrong in one
 * way or none, and nothing is believed under a key that has signed nothing. */
#include <stdlib.h>

#include "client/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct spk_vkey log = {.name = "log", .type = 1};
    enum spk_log_fault fault = SPK_LOG_FAULT_NONE;
    struct spk_receipt r;
    spk_err e = spk_receipt_read(spk_span(data, size), &r, &fault);

    if (spk_ok(e) != (fault == SPK_LOG_FAULT_NONE) ||
        (spk_ok(e) && spk_receipt_about(&r, &r.rpub, &r.p) != SPK_LOG_FAULT_NONE)) {
        abort();
    }
    if (spk_ok(spk_receipt_verify(spk_span(data, size), &log, NULL, &r, &fault)) ||
        fault == SPK_LOG_FAULT_NONE) {
        abort();
    }
    return 0;
}
