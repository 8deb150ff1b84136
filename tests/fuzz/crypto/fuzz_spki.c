/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys: what parses comes out canonical, and parses again to the same key. */
#include <stdlib.h>

#include "crypto/rsa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO(spk_rsa) key = NULL;
    SPK_AUTO(spk_rsa) again = NULL;
    if (!spk_ok(spk_rsa_from_spki(spk_span(data, size), &key))) {
        return 0;
    }
    if (!spk_ok(spk_rsa_from_spki(spk_rsa_spki(key), &again)) ||
        !spk_hash_eq(spk_rsa_id(key), spk_rsa_id(again))) {
        abort();
    }
    return 0;
}
