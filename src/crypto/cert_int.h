/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of a certificate in the making; internal to this folder. */
#ifndef SPK_CRYPTO_CERT_INT_H
#define SPK_CRYPTO_CERT_INT_H

#include "crypto/cert.h"

#define SPK_CERT_MAX 4096
#define SPK_CERT_NAME_MAX 253 /* the longest DNS name */

struct spk_cert_draft {
    struct spk_span cn, spki;
    struct spk_span sig_alg; /* AlgorithmIdentifier */
    struct spk_span purpose; /* the OID of the one extended key usage */
    struct spk_span san;     /* a GeneralName, or empty */
};

/** TBSCertificate of a draft: what is signed. */
SPK_MUST_USE spk_err spk_cert_put_tbs(const struct spk_cert_draft *d, struct spk_buf *b);
/** The certificate as PEM. */
SPK_MUST_USE spk_err spk_cert_put(struct spk_span tbs, struct spk_span sig_alg, struct spk_span sig,
                                  struct spk_buf *pem);
/** PEM of a plain PKCS#8. */
SPK_MUST_USE spk_err spk_pkcs8_to_pem(struct spk_span pkcs8, struct spk_secret **ret_pem);

#endif
