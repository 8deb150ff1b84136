/* SPDX-License-Identifier: Apache-2.0 */
/* What an authority answers to a deposit. */
#include <stdlib.h>

#include "client/parcel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO(spk_json) j = NULL;
    struct spk_parcel p = {.state = SPK_PARCEL_NEW};

    if (spk_ok(spk_json_parse(spk_span(data, size), &j))) {
        spk_err e = spk_parcel_answer(&p, j);

        if (spk_ok(e) == (p.state == SPK_PARCEL_NEW)) {
            abort(); /* an answer that is taken decides, one that is not does not */
        }
    }
    spk_parcel_clear(&p);
    return 0;
}
