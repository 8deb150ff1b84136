/* SPDX-License-Identifier: Apache-2.0 */
/* A use.log of any bytes: nothing in it counts without the holder's signature. */
#include "fuzz.h"
#include "holder/uselog.h"

static spk_err
visit(void *arg, const struct spk_use *u)
{
    (void)arg;
    must(u->number >= 1 && u->what.len > 0 && u->detail.len > 0);
    return SPK_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO(spk_keys) k = spk_calloc(1, sizeof(*k));
    SPK_AUTO(spk_secret) seed = fuzz_seed();
    const struct spk_hash genesis = {{1}};

    must(k != NULL);
    MUST(spk_keys_identity(k, SPK_SPAN_LIT("fuzz"), &genesis, seed));
    (void)spk_uselog_walk(spk_span(data, size), k, visit, NULL).code;
    return 0;
}
