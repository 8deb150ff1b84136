/* SPDX-License-Identifier: Apache-2.0 */
#include "base/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *name = NULL;
    char **items = NULL;
    uint64_t number = 0;
    bool on = false;
    unsigned line = 0;
    const struct spk_conf_key keys[] = {
        {"name", SPK_CONF_STR, &name, 0, 0, false},
        {"item", SPK_CONF_STR, &items, 0, 0, true},
        {"number", SPK_CONF_U64, &number, 1, 100, false},
        {"on", SPK_CONF_BOOL, &on, 0, 0, false},
    };

    spk_err e = spk_conf_parse(spk_span(data, size), keys, 4, &line);
    if (spk_ok(e) != (line == 0) || number > 100) {
        __builtin_trap();
    }
    for (size_t i = 0; items != NULL && items[i] != NULL; i++) {
        spk_mem_free(items[i]);
    }
    spk_mem_free(items);
    spk_mem_free(name);
    return 0;
}
