/* SPDX-License-Identifier: Apache-2.0 */
/* Other programs' keys as SubjectPublicKeyInfo and PKCS #8: RSA keys of any size, DSA, and
 * Diffie-Hellman keys of PKCS #3 and, where the order of g is known, of X9.42 (RFC 3279). */
#ifndef SPK_CRYPTO_KEYDER_H
#define SPK_CRYPTO_KEYDER_H

#include "crypto/anyrsa.h"
#include "crypto/ffkey.h"

struct spk_keyder { /* one of the two */
    struct spk_anyrsa *rsa;
    struct spk_ffkey *ff;
    bool dsa; /* ff is for signatures */
};
void spk_keyder_clear(struct spk_keyder *k);

/** SubjectPublicKeyInfo, appended. */
SPK_MUST_USE spk_err spk_keyder_put_public(const struct spk_keyder *k, struct spk_buf *out);
/** PrivateKeyInfo; with pass, EncryptedPrivateKeyInfo as spk_rsa_to_pkcs8() makes it. */
SPK_MUST_USE spk_err spk_keyder_put_pair(const struct spk_keyder *k, const struct spk_secret *pass,
                                         struct spk_secret **ret_der);
/** Nothing behind it. SPK_CODE_FORMAT, SPK_CODE_LIMIT (a size out of bounds), SPK_CODE_VERSION
 * (another algorithm). */
SPK_MUST_USE spk_err spk_keyder_get_public(struct spk_span der, struct spk_keyder *ret_k);
/** The same; an encrypted one without or with a wrong passphrase: SPK_CODE_PASS. */
SPK_MUST_USE spk_err spk_keyder_get_pair(struct spk_span der, const struct spk_secret *pass,
                                         struct spk_keyder *ret_k);

#endif
