/* SPDX-License-Identifier: Apache-2.0 */
/* Diffie-Hellman key agreement (PKCS #3), for CryptoAPI programs. */
#ifndef SPK_CRYPTO_DH_H
#define SPK_CRYPTO_DH_H

#include "crypto/ffkey.h"

#define SPK_DH_STEP_BITS 64

/** New p, q and g and a pair: q has 160 bits where p has 1024 or fewer, else 256. Takes seconds for
 * the largest. Out of SPK_FF_*_BITS or between the steps: SPK_CODE_LIMIT. */
SPK_MUST_USE spk_err spk_dh_generate(unsigned bits, struct spk_ffkey **ret_key);
/** y^x mod p for the other side's y (big-endian), with as many bytes as p. SPK_CODE_FORMAT for a y
 * that is no public key with the pair's p, q and g. */
SPK_MUST_USE spk_err spk_dh_agree(const struct spk_ffkey *pair, struct spk_span y,
                                  struct spk_secret **ret_z);

#endif
