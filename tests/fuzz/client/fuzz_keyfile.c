/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of other programs: BLOB, PVK, PEM, DER. Whatever is read is written again as it was read. */
#include <stdlib.h>

#include "client/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(SPK_KEYFILE_MAX);
    struct spk_keyfile k, again;

    if (!spk_ok(spk_keyfile_parse(spk_span(data, size), "f", NULL, NULL, &k))) {
        return 0;
    }
    if ((k.key.rsa == NULL) == (k.key.ff == NULL)) {
        abort();
    }
    spk_err e =
        k.pair ? spk_keyfile_private(&k, k.form, NULL, &out) : spk_keyfile_public(&k, k.form, &out);

    if (!spk_ok(e) || !spk_ok(spk_keyfile_parse(spk_buf_span(&out), "f", NULL, NULL, &again)) ||
        again.pair != k.pair || (again.rsa == NULL) != (k.rsa == NULL) ||
        (k.rsa != NULL && !spk_hash_eq(spk_rsa_id(again.rsa), spk_rsa_id(k.rsa))) ||
        again.key.dsa != k.key.dsa || (again.key.ff == NULL) != (k.key.ff == NULL)) {
        abort();
    }
    spk_keyfile_clear(&again);
    spk_keyfile_clear(&k);
    return 0;
}
