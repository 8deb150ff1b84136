/* SPDX-License-Identifier: Apache-2.0 */
/* Reading: only the way to the SubjectPublicKeyInfo (RFC 5280 section 4.1).  Whoever pins a key
 * needs nothing else from the certificate, and the TLS library has verified what it must. */
#include "crypto/cert.h"

#include "crypto/der.h"
#include "crypto/pem.h"

#define CERT_DER_MAX 65536

/* The SubjectPublicKeyInfo as it stands, tag and length included. */
static spk_err
find_spki(struct spk_span der, struct spk_span *ret_spki)
{
    struct spk_rd r = spk_rd(der), cert, tbs;
    struct spk_span skip;
    SPK_TRY(spk_der_enter(&r, SPK_DER_SEQ, &cert));
    SPK_TRY(spk_der_end(&r));
    SPK_TRY(spk_der_enter(&cert, SPK_DER_SEQ, &tbs));
    SPK_TRY(spk_der_get(&cert, SPK_DER_SEQ, &skip)); /* signatureAlgorithm */
    SPK_TRY(spk_der_bits(&cert, &skip));             /* signature */
    SPK_TRY(spk_der_end(&cert));
    if (spk_der_next_is(&tbs, SPK_DER_CTX(0))) {
        SPK_TRY(spk_der_get(&tbs, SPK_DER_CTX(0), &skip)); /* version */
    }
    SPK_TRY(spk_der_get(&tbs, SPK_DER_INTEGER, &skip)); /* serialNumber */
    for (int i = 0; i < 4; i++) {                       /* signature, issuer, validity, subject */
        SPK_TRY(spk_der_get(&tbs, SPK_DER_SEQ, &skip));
    }
    return spk_der_whole(&tbs, SPK_DER_SEQ, ret_spki);
}

spk_err
spk_cert_spki_hash(struct spk_span cert, struct spk_hash *ret_h)
{
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(CERT_DER_MAX);
    struct spk_span spki;
    SPK_CHECK(cert.len != 0, FORMAT);
    if (cert.ptr[0] != SPK_DER_SEQ) {
        SPK_TRY(spk_pem_get(cert, "CERTIFICATE", &der));
        cert = spk_buf_span(&der);
    }
    SPK_TRY(find_spki(cert, &spki));
    return spk_sha256(spki, ret_h);
}

spk_err
spk_cert_rsa(struct spk_span der, struct spk_rsa **ret_pub)
{
    struct spk_span spki;
    SPK_TRY(find_spki(der, &spki));
    return spk_rsa_from_spki(spki, ret_pub);
}
