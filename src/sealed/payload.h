/* SPDX-License-Identifier: Apache-2.0 */
/* The payload of a container: FLOE under sub("payload", file_id), bound to H(core). */
#ifndef SPK_SEALED_PAYLOAD_H
#define SPK_SEALED_PAYLOAD_H

#include "sealed/core.h"
#include "sealed/floe.h"

SPK_MUST_USE spk_err spk_payload_seal_begin(struct spk_floe *f, const struct spk_secret *key,
                                            const struct spk_core *core,
                                            const struct spk_hash *core_hash,
                                            const uint8_t iv[SPK_FLOE_IV_LEN],
                                            uint8_t ret_header[SPK_FLOE_HEADER_LEN]);
/** SPK_CODE_AUTH: not the payload of this core and key, or its header was altered. */
SPK_MUST_USE spk_err spk_payload_open_begin(struct spk_floe *f, const struct spk_secret *key,
                                            const struct spk_core *core,
                                            const struct spk_hash *core_hash,
                                            const uint8_t header[SPK_FLOE_HEADER_LEN]);

#endif
