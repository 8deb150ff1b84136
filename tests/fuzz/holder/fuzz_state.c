/* SPDX-License-Identifier: Apache-2.0 */
/* Records of any bytes, as if their MACs had held. */
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO(spk_hstate) s = NULL;
    struct spk_hash genesis = {{1}};
    struct spk_rd r = spk_rd(spk_span(data, size));
    struct spk_span body;
    uint16_t type;

    MUST(spk_state_new(&genesis, &s));
    while (fuzz_piece(&r, &type, &body)) {
        uint64_t wall = s->wall, running = s->running;
        if (spk_ok(spk_state_apply(s, type, body))) {
            (void)spk_state_keeps(s, type, body);
        }
        must(s->wall >= wall && s->running >= running);
    }
    must(spk_state_ballast(s) >= s->ballast);
    s->wall = UINT64_MAX; /* everything is long over */
    spk_state_forget_old(s);
    return 0;
}
