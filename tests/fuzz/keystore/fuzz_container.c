/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a key container file. The hash at its end is set right first, or nothing behind it
 * would ever be reached. What parses must come out as it went in. */
#include <stdlib.h>
#include <string.h>

#include "keystore/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
round_trip(struct spk_span in)
{
    SPK_AUTO(spk_secret) out = NULL;
    struct spk_container_file file;
    if (!spk_ok(spk_container_file_parse(in, &file))) {
        return;
    }
    if (!spk_ok(spk_container_file_build(&file, &out)) || !spk_span_eq(in, spk_secret_span(out))) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t fixed[SPK_CONTAINER_FILE_MAX];
    struct spk_hash h;
    round_trip(spk_span(data, size));
    if (size < SPK_HASH_LEN || size > sizeof fixed) {
        return 0;
    }
    memcpy(fixed, data, size);
    if (!spk_ok(spk_sha256(spk_span(fixed, size - SPK_HASH_LEN), &h))) {
        abort();
    }
    memcpy(fixed + size - SPK_HASH_LEN, h.b, SPK_HASH_LEN);
    round_trip(spk_span(fixed, size));
    return 0;
}
