/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of PKCS #8 that are the same for all keys; internal to this folder. */
#ifndef SPK_CRYPTO_PKCS8_INT_H
#define SPK_CRYPTO_PKCS8_INT_H

#include "crypto/rsa.h"

#define SPK_PKCS8_MAX 10240 /* an RSA pair of 16,384 bits, in the clear or not */

/** RSAPrivateKey (RFC 8017 appendix A.1.2). Read, the numbers are borrowed and none is zero. */
SPK_MUST_USE spk_err spk_pkcs8_put_rsa(const struct spk_rsa_parts *parts, struct spk_buf *b);
SPK_MUST_USE spk_err spk_pkcs8_get_rsa(struct spk_span der, struct spk_rsa_parts *ret_parts);
/** EncryptedPrivateKeyInfo of a PrivateKeyInfo, and back. Without or with a wrong passphrase:
 * SPK_CODE_PASS; but one that is wrong may give any bytes, which are no PrivateKeyInfo. */
SPK_MUST_USE spk_err spk_pkcs8_seal(struct spk_span plain, const struct spk_secret *pass,
                                    struct spk_buf *b);
SPK_MUST_USE spk_err spk_pkcs8_unseal(struct spk_span der, const struct spk_secret *pass,
                                      struct spk_secret **ret_plain);

#endif
