/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyd.conf. */
#include "authority/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spk_config c;
    unsigned line = 0;

    if (spk_ok(spk_config_parse(spk_span(data, size), "/etc/sparekey", &c, &line))) {
        if (c.max_batch == 0 || c.readers == 0 || c.listen == NULL || c.database[0] != '/') {
            __builtin_trap();
        }
        spk_config_clear(&c);
    }
    return 0;
}
