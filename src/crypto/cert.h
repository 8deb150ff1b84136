/* SPDX-License-Identifier: Apache-2.0 */
/* X.509 only as a carrier of a key: certificates are pinned by H(SPKI), never validated by a chain.
 */
#ifndef SPK_CRYPTO_CERT_H
#define SPK_CRYPTO_CERT_H

#include "crypto/rsa.h"

/** Self-signed certificate (PEM) for an RSA pair: CN = name, valid from a day ago for 10 years,
 * RSA-PSS-free signature sha256WithRSAEncryption, extendedKeyUsage clientAuth. */
SPK_MUST_USE spk_err spk_cert_client(const struct spk_rsa *pair, const char *name,
                                     struct spk_buf *pem);
/** A fresh P-256 key with a self-signed certificate for a server: CN and subjectAltName = host (a
 * DNS name or an IP address). Certificate to cert_pem, key (PKCS#8 PEM) as secret. */
SPK_MUST_USE spk_err spk_cert_server(const char *host, struct spk_buf *cert_pem,
                                     struct spk_secret **ret_key_pem);
/** PEM of a pair's private key, for TLS libraries that want text. */
SPK_MUST_USE spk_err spk_rsa_to_pem(const struct spk_rsa *pair, struct spk_secret **ret_pem);
/** H(SubjectPublicKeyInfo as it stands in the certificate), any algorithm, DER or PEM. */
SPK_MUST_USE spk_err spk_cert_spki_hash(struct spk_span cert, struct spk_hash *ret_h);
/** The RSA key of a DER certificate. Other algorithms: SPK_CODE_VERSION. */
SPK_MUST_USE spk_err spk_cert_rsa(struct spk_span der, struct spk_rsa **ret_pub);

#endif
