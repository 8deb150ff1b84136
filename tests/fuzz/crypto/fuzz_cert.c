/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, DER and PEM: an RSA key found in one has the hash that the pin is made of, or
 * differs from it only by not being canonical. */
#include <stdlib.h>

#include "crypto/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO(spk_rsa) key = NULL;
    struct spk_hash h;
    spk_err hashed = spk_cert_spki_hash(spk_span(data, size), &h);
    if (spk_ok(spk_cert_rsa(spk_span(data, size), &key)) && !spk_ok(hashed)) {
        abort();
    }
    return 0;
}
