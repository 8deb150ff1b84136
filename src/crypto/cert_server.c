/* SPDX-License-Identifier: Apache-2.0 */
/* A server's key and certificate: P-256, because every TLS library takes it and a handshake costs
 * little. */
#include <arpa/inet.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>

#include "crypto/cert_int.h"
#include "crypto/der.h"
#include "crypto/ossl.h"

#define P256_LEN 32
#define P256_POINT_LEN (2 * P256_LEN + 1)
#define SAN_DNS 0x82 /* dNSName [2] */
#define SAN_IP 0x87  /* iPAddress [7] */

static const uint8_t oid_server_auth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
static const uint8_t oid_ec_key[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
static const uint8_t oid_p256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
/* The whole AlgorithmIdentifier of the signature. */
static const uint8_t alg_ecdsa_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                           0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};

struct p256 {
    EVP_PKEY *key;
    uint8_t point[P256_POINT_LEN];
    uint8_t scalar[P256_LEN];
};

static void
p256_clear(struct p256 *k)
{
    EVP_PKEY_free(k->key);
    spk_wipe(k, sizeof *k);
}

static spk_err
p256_make(struct p256 *k)
{
    SPK_OSSL_SCOPE;
    size_t len = 0;
    BIGNUM *bn = NULL;
    spk_ossl_start();
    k->key = EVP_EC_gen("P-256");
    SPK_OSSL(k->key != NULL);
    SPK_OSSL(EVP_PKEY_get_octet_string_param(k->key, OSSL_PKEY_PARAM_PUB_KEY, k->point,
                                             sizeof k->point, &len) == 1);
    SPK_CHECK(len == sizeof k->point && k->point[0] == 4, CRYPTO); /* uncompressed */
    SPK_OSSL(EVP_PKEY_get_bn_param(k->key, OSSL_PKEY_PARAM_PRIV_KEY, &bn) == 1);
    SPK_AUTO_BN own = bn;
    SPK_OSSL(BN_bn2binpad(own, k->scalar, P256_LEN) == P256_LEN);
    return SPK_OK;
}

static spk_err
put_ec_alg(struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf alg = SPK_BUF(64);
    SPK_TRY(spk_der_put(&alg, SPK_DER_OID, SPK_SPAN_OF(oid_ec_key)));
    SPK_TRY(spk_der_put(&alg, SPK_DER_OID, SPK_SPAN_OF(oid_p256)));
    return spk_der_put(b, SPK_DER_SEQ, spk_buf_span(&alg));
}

static spk_err
p256_put_spki(const struct p256 *k, struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf info = SPK_BUF(128);
    SPK_TRY(put_ec_alg(&info));
    SPK_TRY(spk_der_put_bits(&info, SPK_SPAN_OF(k->point)));
    return spk_der_put(b, SPK_DER_SEQ, spk_buf_span(&info));
}

/* PKCS#8 around ECPrivateKey (RFC 5915). */
static spk_err
p256_to_pem(const struct p256 *k, struct spk_secret **ret_pem)
{
    SPK_AUTO_BUF struct spk_buf pub = SPK_BUF(128);
    SPK_AUTO_BUF struct spk_buf ec = SPK_BUF(256);
    SPK_AUTO_BUF struct spk_buf seq = SPK_BUF(256);
    SPK_AUTO_BUF struct spk_buf info = SPK_BUF(256);
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(256);
    SPK_TRY(spk_der_put_bits(&pub, SPK_SPAN_OF(k->point)));
    SPK_TRY(spk_der_put_u32(&ec, 1));
    SPK_TRY(spk_der_put(&ec, SPK_DER_OCTETS, SPK_SPAN_OF(k->scalar)));
    SPK_TRY(spk_der_put(&ec, SPK_DER_CTX(1), spk_buf_span(&pub)));
    SPK_TRY(spk_der_put(&seq, SPK_DER_SEQ, spk_buf_span(&ec)));
    SPK_TRY(spk_der_put_u32(&info, 0));
    SPK_TRY(put_ec_alg(&info));
    SPK_TRY(spk_der_put(&info, SPK_DER_OCTETS, spk_buf_span(&seq)));
    SPK_TRY(spk_der_put(&der, SPK_DER_SEQ, spk_buf_span(&info)));
    return spk_pkcs8_to_pem(spk_buf_span(&der), ret_pem);
}

static spk_err
p256_sign(const struct p256 *k, struct spk_span tbs, struct spk_buf *sig)
{
    SPK_OSSL_SCOPE;
    struct spk_hash h;
    uint8_t out[128];
    size_t len = sizeof out;
    SPK_TRY(spk_sha256(tbs, &h));
    SPK_AUTO_PKEY_CTX c = EVP_PKEY_CTX_new_from_pkey(spk_ossl_lib(), k->key, NULL);
    SPK_OSSL(c != NULL && EVP_PKEY_sign_init(c) == 1);
    SPK_OSSL(EVP_PKEY_sign(c, out, &len, h.b, SPK_HASH_LEN) == 1);
    return spk_buf_add(sig, spk_span(out, len));
}

static bool
is_dns_name(struct spk_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i], lower = c | 0x20;
        if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' &&
            c != '_') {
            return false;
        }
    }
    return s.len != 0 && s.ptr[0] != '.' && s.ptr[0] != '-';
}

/* GeneralName (RFC 5280 section 4.2.1.6). */
static spk_err
put_san(const char *host, struct spk_buf *b)
{
    uint8_t ip[16];
    if (inet_pton(AF_INET, host, ip) == 1) {
        return spk_der_put(b, SAN_IP, spk_span(ip, 4));
    }
    if (inet_pton(AF_INET6, host, ip) == 1) {
        return spk_der_put(b, SAN_IP, spk_span(ip, 16));
    }
    SPK_CHECK(is_dns_name(spk_span_str(host)), USAGE);
    return spk_der_put(b, SAN_DNS, spk_span_str(host));
}

spk_err
spk_cert_server(const char *host, struct spk_buf *cert_pem, struct spk_secret **ret_key_pem)
{
    __attribute__((cleanup(p256_clear))) struct p256 k = {0};
    SPK_AUTO_BUF struct spk_buf san = SPK_BUF(SPK_CERT_MAX);
    SPK_AUTO_BUF struct spk_buf spki = SPK_BUF(128);
    SPK_AUTO_BUF struct spk_buf tbs = SPK_BUF(SPK_CERT_MAX);
    SPK_AUTO_BUF struct spk_buf sig = SPK_BUF(128);
    SPK_AUTO(spk_secret) key = NULL;
    SPK_CHECK(spk_span_str(host).len <= SPK_CERT_NAME_MAX, LIMIT);
    SPK_TRY(put_san(host, &san));
    SPK_TRY(p256_make(&k));
    SPK_TRY(p256_put_spki(&k, &spki));
    const struct spk_cert_draft d = {.cn = spk_span_str(host),
                                     .spki = spk_buf_span(&spki),
                                     .sig_alg = SPK_SPAN_OF(alg_ecdsa_sha256),
                                     .purpose = SPK_SPAN_OF(oid_server_auth),
                                     .san = spk_buf_span(&san)};
    SPK_TRY(spk_cert_put_tbs(&d, &tbs));
    SPK_TRY(p256_sign(&k, spk_buf_span(&tbs), &sig));
    SPK_TRY(p256_to_pem(&k, &key));
    SPK_TRY(spk_cert_put(spk_buf_span(&tbs), d.sig_alg, spk_buf_span(&sig), cert_pem));
    *ret_key_pem = SPK_STEAL(key);
    return SPK_OK;
}
