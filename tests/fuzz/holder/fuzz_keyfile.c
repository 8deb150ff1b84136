/* SPDX-License-Identifier: Apache-2.0 */
/* Key files of any bytes: refused. The first byte says which of the two it is. */
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO(spk_keys) k = spk_calloc(1, sizeof(*k));
    SPK_AUTO(spk_secret) seed = fuzz_seed();
    const struct spk_hash genesis = {{1}};

    must(k != NULL);
    if (size == 0) {
        return 0;
    }
    struct spk_span file = spk_span(data + 1, size - 1);
    if (data[0] % 2 == 0) {
        must(!spk_ok(spk_seed_parse(file, NULL, k)) || k->seed != NULL);
        return 0;
    }
    MUST(spk_keys_identity(k, SPK_SPAN_LIT("fuzz"), &genesis, seed));
    must(!spk_ok(spk_epoch_parse(k, file, 1)));
    return 0;
}
