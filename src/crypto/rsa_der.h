/* SPDX-License-Identifier: Apache-2.0 */
/* The AlgorithmIdentifier rsaEncryption, read and written; internal to this folder. */
#ifndef SPK_CRYPTO_RSA_DER_H
#define SPK_CRYPTO_RSA_DER_H

#include "base/buf.h"
#include "base/rd.h"

SPK_MUST_USE spk_err spk_der_put_rsa_alg(struct spk_buf *b);
/** Another algorithm: SPK_CODE_VERSION. */
SPK_MUST_USE spk_err spk_der_get_rsa_alg(struct spk_rd *r);

#endif
