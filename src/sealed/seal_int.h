/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing with everything that is random chosen by the caller: for known answers in tests only. */
#ifndef SPK_SEALED_SEAL_INT_H
#define SPK_SEALED_SEAL_INT_H

#include "sealed/pump.h"

struct spk_seal_fixed {
    struct spk_span key;
    struct spk_file_id id;
    uint64_t created;
    uint8_t floe_iv[SPK_FLOE_IV_LEN];
    spk_iv_fn ivs;
    void *ivs_ctx;
};
/** As spk_seal_begin(); fixed is borrowed until spk_seal_free(). */
SPK_MUST_USE spk_err spk_seal_begin_fixed(uint64_t size_or_unknown, struct spk_span tlvs,
                                          const struct spk_seal_opts *opts,
                                          const struct spk_seal_fixed *fixed,
                                          struct spk_seal **ret_s);

#endif
