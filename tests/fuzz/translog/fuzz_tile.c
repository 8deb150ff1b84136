/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes as the name of a tile, which has one spelling, and as a bundle of entries. */
#include <stdlib.h>

#include "translog/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(SPK_BUNDLE_MAX);
    struct spk_span entries[SPK_TILE_WIDTH];
    struct spk_tile t;

    if (spk_ok(spk_tile_parse(spk_span(data, size), &t)) &&
        (!spk_ok(spk_tile_path(&t, &again)) ||
         !spk_span_eq(spk_buf_span(&again), spk_span(data, size)))) {
        abort();
    }
    for (unsigned width = 0; width <= 3; width++) {
        if (!spk_ok(spk_bundle_parse(spk_span(data, size), width, entries))) {
            continue;
        }
        spk_buf_reset(&again);
        for (unsigned i = 0; i < width; i++) {
            if (!spk_ok(spk_bundle_add(&again, entries[i]))) {
                abort();
            }
        }
        if (!spk_span_eq(spk_buf_span(&again), spk_span(data, size))) {
            abort();
        }
    }
    return 0;
}
