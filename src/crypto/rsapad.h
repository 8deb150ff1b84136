/* SPDX-License-Identifier: Apache-2.0 */
/* Paddings of RSA blocks of any size with messages of any length: what crypto/pad.h does for
 * Sparekey's own 32-byte keys, for other programs' data. Blocks are big-endian. */
#ifndef SPK_CRYPTO_RSAPAD_H
#define SPK_CRYPTO_RSAPAD_H

#include "base/err.h"
#include "base/span.h"

#define SPK_V15_OVERHEAD 11
#define SPK_OAEP_OVERHEAD 42

/** PKCS#1 v1.5, block type 2, random padding. Too long: SPK_CODE_LIMIT. */
SPK_MUST_USE spk_err spk_type2_encode(struct spk_span msg, struct spk_mut ret_em);
/** Finds the message of a block; constant time but for the answer. SPK_CODE_AUTH: no padding. */
SPK_MUST_USE spk_err spk_type2_decode(struct spk_span em, uint8_t *ret_msg, size_t *ret_len);

/* Implicit rejection: a block without a good padding, or whose message has a length that is not
 * allowed, gives the stand-in instead, and nothing else tells. */
struct spk_type2_want {
    size_t min, max;     /* lengths of a message that is believed */
    struct spk_span alt; /* max bytes that stand in */
    size_t alt_len;      /* how many of them */
};
/** ret_msg has room for want->max bytes, all of which are written. */
void spk_type2_pick(struct spk_span em, const struct spk_type2_want *want, uint8_t *ret_msg,
                    size_t *ret_len);

/** OAEP with SHA-1, MGF1-SHA-1 and a label. */
SPK_MUST_USE spk_err spk_oaep_label_encode(struct spk_span msg, struct spk_span label,
                                           struct spk_mut ret_em);
/** One error, SPK_CODE_AUTH, for whatever is wrong; ret_msg has room for a block. */
SPK_MUST_USE spk_err spk_oaep_label_decode(struct spk_span em, struct spk_span label,
                                           uint8_t *ret_msg, size_t *ret_len);

/** PKCS#1 v1.5, block type 1: 00 01 FF .. FF 00 prefix msg. Too long: SPK_CODE_LIMIT. */
SPK_MUST_USE spk_err spk_type1_encode(struct spk_span prefix, struct spk_span msg,
                                      struct spk_mut ret_em);
/** ANSI X9.31: 6B BB .. BB BA msg trailer CC. */
SPK_MUST_USE spk_err spk_x931_encode(struct spk_span msg, uint8_t trailer, struct spk_mut ret_em);

#endif
