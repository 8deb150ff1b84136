/* SPDX-License-Identifier: Apache-2.0 */
/* A path made of any bytes leads nowhere, at any position of a tree of any size. */
#include <string.h>

#include "base/rd.h"
#include "translog/merkle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spk_rd r = spk_rd(spk_span(data, size));
    struct spk_hash path[SPK_PATH_MAX + 1], leaf = {{1}}, root = {{2}};
    uint64_t i, n;
    size_t len = 0;

    if (!spk_ok(spk_rd_u64(&r, &i)) || !spk_ok(spk_rd_u64(&r, &n))) {
        return 0;
    }
    while (len <= SPK_PATH_MAX && spk_ok(spk_rd_copy(&r, path[len].b, SPK_HASH_LEN))) {
        len++;
    }
    if (spk_ok(spk_tree_verify(&leaf, i, n, path, len, &root))) {
        __builtin_trap();
    }
    return 0;
}
