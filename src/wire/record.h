/* SPDX-License-Identifier: Apache-2.0 */
/* Slot 5 with a chosen r: for test vectors only. Everyone else calls spk_record_build(). */
#ifndef SPK_WIRE_RECORD_H
#define SPK_WIRE_RECORD_H

#include "wire/deposit.h"

SPK_MUST_USE spk_err spk_record_build_fixed(const struct spk_secret *key,
                                            const struct spk_deposit *d, const uint8_t r[16],
                                            struct spk_buf *body);

#endif
