/* SPDX-License-Identifier: Apache-2.0 */
/* SubjectPublicKeyInfo of RSA keys (RFC 8017 appendix A.1, RFC 3279 section 2.3.1). */
#include "crypto/rsa_der.h"
#include "crypto/der.h"
#include "crypto/rsa_int.h"

static const uint8_t oid_rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
static const uint8_t der_null[] = {SPK_DER_NULL, 0};

spk_err
spk_der_put_rsa_alg(struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf alg = SPK_BUF(32);
    SPK_TRY(spk_der_put(&alg, SPK_DER_OID, SPK_SPAN_OF(oid_rsa)));
    SPK_TRY(spk_buf_add(&alg, SPK_SPAN_OF(der_null)));
    return spk_der_put(b, SPK_DER_SEQ, spk_buf_span(&alg));
}

spk_err
spk_der_get_rsa_alg(struct spk_rd *r)
{
    struct spk_rd alg;
    struct spk_span oid, none;
    SPK_TRY(spk_der_enter(r, SPK_DER_SEQ, &alg));
    SPK_TRY(spk_der_get(&alg, SPK_DER_OID, &oid));
    SPK_CHECK(spk_span_eq(oid, SPK_SPAN_OF(oid_rsa)), VERSION);
    if (alg.left != 0) { /* some writers leave the parameters out; the canonical form has NULL */
        SPK_TRY(spk_der_get(&alg, SPK_DER_NULL, &none));
        SPK_CHECK(none.len == 0, FORMAT);
    }
    return spk_der_end(&alg);
}

spk_err
spk_rsa_put_spki(struct spk_span n, struct spk_span e, struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf nums = SPK_BUF(SPK_SPKI_MAX_LEN);
    SPK_AUTO_BUF struct spk_buf seq = SPK_BUF(SPK_SPKI_MAX_LEN);
    SPK_AUTO_BUF struct spk_buf info = SPK_BUF(SPK_SPKI_MAX_LEN);
    SPK_TRY(spk_der_put_uint(&nums, n));
    SPK_TRY(spk_der_put_uint(&nums, e));
    SPK_TRY(spk_der_put(&seq, SPK_DER_SEQ, spk_buf_span(&nums)));
    SPK_TRY(spk_der_put_rsa_alg(&info));
    SPK_TRY(spk_der_put_bits(&info, spk_buf_span(&seq)));
    return spk_der_put(b, SPK_DER_SEQ, spk_buf_span(&info));
}

static spk_err
parse_public(struct spk_span der, struct spk_rsa_parts *ret_parts)
{
    struct spk_rd r = spk_rd(der), seq;
    SPK_TRY(spk_der_enter(&r, SPK_DER_SEQ, &seq));
    SPK_TRY(spk_der_end(&r));
    SPK_TRY(spk_der_uint(&seq, &ret_parts->n));
    SPK_TRY(spk_der_uint(&seq, &ret_parts->e));
    return spk_der_end(&seq);
}

spk_err
spk_rsa_from_spki(struct spk_span der, struct spk_rsa **ret_key)
{
    struct spk_rd r = spk_rd(der), info;
    struct spk_span bits;
    struct spk_rsa_parts parts = {0};
    SPK_TRY(spk_der_enter(&r, SPK_DER_SEQ, &info));
    SPK_TRY(spk_der_end(&r));
    SPK_TRY(spk_der_get_rsa_alg(&info));
    SPK_TRY(spk_der_bits(&info, &bits));
    SPK_TRY(spk_der_end(&info));
    SPK_TRY(parse_public(bits, &parts));
    return spk_rsa_from_parts(&parts, ret_key);
}
