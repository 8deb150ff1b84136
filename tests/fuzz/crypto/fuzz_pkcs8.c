/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys: a pair that parses works, and survives being written. */
#include <stdlib.h>

#include "crypto/rsa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO(spk_rsa) key = NULL;
    SPK_AUTO(spk_rsa) again = NULL;
    SPK_AUTO(spk_secret) der = NULL;
    (void)spk_pkcs8_is_encrypted(spk_span(data, size));
    if (!spk_ok(spk_rsa_from_pkcs8(spk_span(data, size), NULL, &key))) {
        return 0;
    }
    if (!spk_ok(spk_rsa_to_pkcs8(key, NULL, &der)) ||
        !spk_ok(spk_rsa_from_pkcs8(spk_secret_span(der), NULL, &again)) ||
        !spk_hash_eq(spk_rsa_id(key), spk_rsa_id(again))) {
        abort();
    }
    return 0;
}
