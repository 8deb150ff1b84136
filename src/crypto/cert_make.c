/* SPDX-License-Identifier: Apache-2.0 */
/* Writing self-signed certificates (RFC 5280). They carry a key through TLS and are pinned by its
 * hash, so there is one name, no chain, and a long life. */
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/cert_int.h"
#include "crypto/der.h"
#include "crypto/pem.h"
#include "crypto/rng.h"
#include "crypto/rsa_int.h"

#define PEM_MAX 8192
#define SERIAL_LEN 16
#define DAY ((uint64_t)24 * 60 * 60)
#define LIFE (3650 * DAY)

static const uint8_t oid_cn[] = {0x55, 0x04, 0x03};
static const uint8_t oid_basic_constraints[] = {0x55, 0x1d, 0x13};
static const uint8_t oid_key_usage[] = {0x55, 0x1d, 0x0f};
static const uint8_t oid_ext_key_usage[] = {0x55, 0x1d, 0x25};
static const uint8_t oid_san[] = {0x55, 0x1d, 0x11};
static const uint8_t oid_client_auth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02};
/* The whole AlgorithmIdentifier of the signature. */
static const uint8_t alg_rsa_sha256[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};

static spk_err
put_name(struct spk_span cn, struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf attr = SPK_BUF(SPK_CERT_MAX);
    SPK_AUTO_BUF struct spk_buf set = SPK_BUF(SPK_CERT_MAX);
    SPK_AUTO_BUF struct spk_buf seq = SPK_BUF(SPK_CERT_MAX);
    SPK_TRY(spk_der_put(&attr, SPK_DER_OID, SPK_SPAN_OF(oid_cn)));
    SPK_TRY(spk_der_put(&attr, SPK_DER_UTF8, cn));
    SPK_TRY(spk_der_put(&set, SPK_DER_SEQ, spk_buf_span(&attr)));
    SPK_TRY(spk_der_put(&seq, SPK_DER_SET, spk_buf_span(&set)));
    return spk_der_put(b, SPK_DER_SEQ, spk_buf_span(&seq));
}

/* UTCTime through 2049, GeneralizedTime from 2050 (section 4.1.2.5). */
static spk_err
put_time(uint64_t t, struct spk_buf *b)
{
    struct tm tm;
    char text[32];
    time_t when = (time_t)t;
    SPK_CHECK(gmtime_r(&when, &tm) != NULL, USAGE);
    size_t n = strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &tm);
    if (tm.tm_year + 1900 >= 2050) {
        return spk_der_put(b, SPK_DER_GENTIME, spk_span(text, n));
    }
    return spk_der_put(b, SPK_DER_UTCTIME, spk_span(text + 2, n - 2));
}

static spk_err
put_validity(struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf seq = SPK_BUF(64);
    uint64_t from = spk_now() - DAY; /* clocks differ */
    SPK_TRY(put_time(from, &seq));
    SPK_TRY(put_time(from + LIFE, &seq));
    return spk_der_put(b, SPK_DER_SEQ, spk_buf_span(&seq));
}

static spk_err
put_ext(struct spk_span oid, bool critical, struct spk_span value, struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf seq = SPK_BUF(SPK_CERT_MAX);
    SPK_TRY(spk_der_put(&seq, SPK_DER_OID, oid));
    if (critical) {
        SPK_TRY(spk_der_put(&seq, SPK_DER_BOOLEAN, SPK_SPAN_LIT("\xff")));
    }
    SPK_TRY(spk_der_put(&seq, SPK_DER_OCTETS, value));
    return spk_der_put(b, SPK_DER_SEQ, spk_buf_span(&seq));
}

static spk_err
put_seq_ext(struct spk_span oid, struct spk_span inner, struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf seq = SPK_BUF(SPK_CERT_MAX);
    SPK_TRY(spk_der_put(&seq, SPK_DER_SEQ, inner));
    return put_ext(oid, false, spk_buf_span(&seq), b);
}

static spk_err
put_extensions(const struct spk_cert_draft *d, struct spk_buf *b)
{
    static const uint8_t not_ca[] = {SPK_DER_SEQ, 0};
    static const uint8_t digital_signature[] = {SPK_DER_BITS, 2, 7, 0x80};
    SPK_AUTO_BUF struct spk_buf all = SPK_BUF(SPK_CERT_MAX);
    SPK_AUTO_BUF struct spk_buf seq = SPK_BUF(SPK_CERT_MAX);
    SPK_AUTO_BUF struct spk_buf usage = SPK_BUF(32);
    SPK_TRY(spk_der_put(&usage, SPK_DER_OID, d->purpose));
    SPK_TRY(put_ext(SPK_SPAN_OF(oid_basic_constraints), true, SPK_SPAN_OF(not_ca), &all));
    SPK_TRY(put_ext(SPK_SPAN_OF(oid_key_usage), true, SPK_SPAN_OF(digital_signature), &all));
    SPK_TRY(put_seq_ext(SPK_SPAN_OF(oid_ext_key_usage), spk_buf_span(&usage), &all));
    if (d->san.len != 0) {
        SPK_TRY(put_seq_ext(SPK_SPAN_OF(oid_san), d->san, &all));
    }
    SPK_TRY(spk_der_put(&seq, SPK_DER_SEQ, spk_buf_span(&all)));
    return spk_der_put(b, SPK_DER_CTX(3), spk_buf_span(&seq));
}

spk_err
spk_cert_put_tbs(const struct spk_cert_draft *d, struct spk_buf *b)
{
    static const uint8_t v3[] = {SPK_DER_CTX(0), 3, SPK_DER_INTEGER, 1, 2};
    uint8_t serial[SERIAL_LEN];
    SPK_AUTO_BUF struct spk_buf tbs = SPK_BUF(SPK_CERT_MAX);
    SPK_TRY(spk_random(SPK_MUT_OF(serial)));
    serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and always of the same length */
    SPK_TRY(spk_buf_add(&tbs, SPK_SPAN_OF(v3)));
    SPK_TRY(spk_der_put_uint(&tbs, SPK_SPAN_OF(serial)));
    SPK_TRY(spk_buf_add(&tbs, d->sig_alg));
    SPK_TRY(put_name(d->cn, &tbs));
    SPK_TRY(put_validity(&tbs));
    SPK_TRY(put_name(d->cn, &tbs));
    SPK_TRY(spk_buf_add(&tbs, d->spki));
    SPK_TRY(put_extensions(d, &tbs));
    return spk_der_put(b, SPK_DER_SEQ, spk_buf_span(&tbs));
}

spk_err
spk_cert_put(struct spk_span tbs, struct spk_span sig_alg, struct spk_span sig, struct spk_buf *pem)
{
    SPK_AUTO_BUF struct spk_buf seq = SPK_BUF(SPK_CERT_MAX);
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(SPK_CERT_MAX);
    SPK_TRY(spk_buf_add(&seq, tbs));
    SPK_TRY(spk_buf_add(&seq, sig_alg));
    SPK_TRY(spk_der_put_bits(&seq, sig));
    SPK_TRY(spk_der_put(&der, SPK_DER_SEQ, spk_buf_span(&seq)));
    return spk_pem_put(pem, "CERTIFICATE", spk_buf_span(&der));
}

spk_err
spk_pkcs8_to_pem(struct spk_span pkcs8, struct spk_secret **ret_pem)
{
    SPK_AUTO_BUF struct spk_buf pem = SPK_BUF(PEM_MAX);
    SPK_TRY(spk_pem_put(&pem, "PRIVATE KEY", pkcs8));
    return spk_secret_from(spk_buf_span(&pem), ret_pem);
}

spk_err
spk_rsa_to_pem(const struct spk_rsa *pair, struct spk_secret **ret_pem)
{
    SPK_AUTO(spk_secret) der = NULL;
    SPK_TRY(spk_rsa_to_pkcs8(pair, NULL, &der));
    return spk_pkcs8_to_pem(spk_secret_span(der), ret_pem);
}

spk_err
spk_cert_client(const struct spk_rsa *pair, const char *name, struct spk_buf *pem)
{
    SPK_AUTO_BUF struct spk_buf tbs = SPK_BUF(SPK_CERT_MAX);
    SPK_AUTO_BUF struct spk_buf sig = SPK_BUF(SPK_RSA_MAX_LEN);
    const struct spk_cert_draft d = {.cn = spk_span_str(name),
                                     .spki = spk_rsa_spki(pair),
                                     .sig_alg = SPK_SPAN_OF(alg_rsa_sha256),
                                     .purpose = SPK_SPAN_OF(oid_client_auth)};
    SPK_CHECK(d.cn.len != 0 && spk_utf8_plain(d.cn), USAGE);
    SPK_CHECK(d.cn.len <= SPK_CERT_NAME_MAX, LIMIT);
    SPK_TRY(spk_cert_put_tbs(&d, &tbs));
    SPK_TRY(spk_rsa_sign_v15(pair, spk_buf_span(&tbs), &sig));
    return spk_cert_put(spk_buf_span(&tbs), d.sig_alg, spk_buf_span(&sig), pem);
}
