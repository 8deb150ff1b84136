/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/payload.h"

#include <string.h>

#define PAYLOAD_LABEL "sparekey/1 payload" /* with its NUL */
#define PAYLOAD_AAD_LEN (sizeof PAYLOAD_LABEL + SPK_HASH_LEN)

static void
payload_aad(uint8_t aad[PAYLOAD_AAD_LEN], const struct spk_hash *core_hash)
{
    memcpy(aad, PAYLOAD_LABEL, sizeof PAYLOAD_LABEL);
    memcpy(aad + sizeof PAYLOAD_LABEL, core_hash->b, SPK_HASH_LEN);
}

spk_err
spk_payload_seal_begin(struct spk_floe *f, const struct spk_secret *key,
                       const struct spk_core *core, const struct spk_hash *core_hash,
                       const uint8_t iv[SPK_FLOE_IV_LEN], uint8_t ret_header[SPK_FLOE_HEADER_LEN])
{
    uint8_t file_key[SPK_AEAD_KEY_LEN];
    SPK_WIPE_ON_EXIT(file_key);
    uint8_t aad[PAYLOAD_AAD_LEN];
    payload_aad(aad, core_hash);
    SPK_TRY(spk_sub(key, "payload", SPK_SPAN_OF(core->id.b), SPK_MUT_OF(file_key)));
    return spk_floe_seal_begin(f, SPK_SPAN_OF(file_key), SPK_SPAN_OF(aad), core->seg_len, iv,
                               ret_header);
}

spk_err
spk_payload_open_begin(struct spk_floe *f, const struct spk_secret *key,
                       const struct spk_core *core, const struct spk_hash *core_hash,
                       const uint8_t header[SPK_FLOE_HEADER_LEN])
{
    uint8_t file_key[SPK_AEAD_KEY_LEN];
    SPK_WIPE_ON_EXIT(file_key);
    uint8_t aad[PAYLOAD_AAD_LEN];
    payload_aad(aad, core_hash);
    SPK_TRY(spk_sub(key, "payload", SPK_SPAN_OF(core->id.b), SPK_MUT_OF(file_key)));
    return spk_floe_open_begin(f, SPK_SPAN_OF(file_key), SPK_SPAN_OF(aad), core->seg_len, header);
}
