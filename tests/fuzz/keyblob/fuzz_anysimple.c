/* SPDX-License-Identifier: Apache-2.0 */
/* Session-key BLOBs of other programs. What parses must be made again as it was. */
#include <stdlib.h>

#include "keyblob/anysimple.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
plain(struct spk_span in)
{
    SPK_AUTO(spk_secret) again = NULL;
    struct spk_plainkey k;

    if (!spk_ok(spk_plainkey_parse(in, &k)) || k.opaque) {
        return;
    }
    if (!spk_ok(spk_plainkey_build(k.alg, k.key, &again)) || spk_secret_len(again) != in.len) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spk_simpleblob sb;

    plain(spk_span(data, size));
    if (spk_ok(spk_anysimple_parse(spk_span(data, size), &sb)) && spk_alg_name(sb.alg) == NULL) {
        abort();
    }
    return 0;
}
