/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the bytes of a SIMPLEBLOB; reading them is spk_simpleblob_parse(). Inside this folder
 * only. */
#ifndef SPK_KEYBLOB_SIMPLE_H
#define SPK_KEYBLOB_SIMPLE_H

#include "keyblob/blob.h"

#define SPK_SIMPLEBLOB_HEAD_LEN 12

/** Appends the BLOB for a session key of ALG_ID alg; cipher is big-endian, as RSA gives it. */
SPK_MUST_USE spk_err spk_simpleblob_build(uint32_t alg, struct spk_span cipher,
                                          struct spk_buf *out);

#endif
