/* SPDX-License-Identifier: Apache-2.0 */
/* A share that is read opens with no key that it is not sealed to. */
#include "fuzz.h"
#include "wire/share.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO(spk_secret) out = NULL;
    struct spk_share s;

    if (spk_ok(spk_share_parse(spk_span(data, size), &s))) {
        MUST(spk_secret_new(32, &key));
        must(s.k <= s.n && s.x >= 1 && s.x <= s.n && s.officer[0] != 0);
        must(!spk_ok(spk_share_open(&s, key, &out)));
    }
    return 0;
}
