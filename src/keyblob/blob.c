/* SPDX-License-Identifier: Apache-2.0 */
#include "keyblob/blob.h"

#include "keyblob/header.h"

struct rsa_head {
    enum spk_key_spec spec;
    uint32_t bits;
    uint8_t e[SPK_BLOB_E_LEN]; /* big-endian */
};

static spk_err
alg_of_spec(enum spk_key_spec spec, uint32_t *ret_alg)
{
    SPK_CHECK(spec == SPK_AT_KEYEXCHANGE || spec == SPK_AT_SIGNATURE, USAGE);
    *ret_alg = spec == SPK_AT_KEYEXCHANGE ? SPK_CALG_RSA_KEYX : SPK_CALG_RSA_SIGN;
    return SPK_OK;
}

static spk_err
spec_of_alg(uint32_t alg, enum spk_key_spec *ret_spec)
{
    SPK_CHECK(alg == SPK_CALG_RSA_KEYX || alg == SPK_CALG_RSA_SIGN, FORMAT);
    *ret_spec = alg == SPK_CALG_RSA_KEYX ? SPK_AT_KEYEXCHANGE : SPK_AT_SIGNATURE;
    return SPK_OK;
}

/** Length of the fields for the primes and what belongs to them. */
static size_t
half_len(size_t k)
{
    return (k + 1) / 2;
}

/** Zero is refused: no number of an RSA key is, and an empty one would stand for "not given". */
static spk_err
take_number(struct spk_rd *r, size_t width, struct spk_mut *area, struct spk_span *ret_number)
{
    SPK_TRY(spk_blob_take_number(r, width, area, ret_number));
    SPK_CHECK(ret_number->len > 0, FORMAT);
    return SPK_OK;
}

/** The modulus must fill the field that bitlen announces, to its top bit. */
static spk_err
take_modulus(struct spk_rd *r, size_t k, struct spk_mut *area, struct spk_span *ret_n)
{
    struct spk_span n;
    SPK_TRY(take_number(r, k, area, &n));
    SPK_CHECK(n.len == k && (n.ptr[0] & 0x80) != 0, FORMAT);
    *ret_n = n;
    return SPK_OK;
}

static spk_err
rsa_head_read(struct spk_rd *r, bool pair, struct rsa_head *ret_head)
{
    struct rsa_head head;
    uint32_t alg = 0;
    uint32_t magic = 0;
    uint32_t e = 0;
    SPK_TRY(spk_blob_header_read(r, pair ? SPK_BLOB_PRIVATE : SPK_BLOB_PUBLIC, &alg));
    SPK_TRY(spec_of_alg(alg, &head.spec));
    SPK_TRY(spk_rd_u32le(r, &magic));
    SPK_CHECK(magic == (pair ? SPK_BLOB_RSA2 : SPK_BLOB_RSA1), FORMAT);
    SPK_TRY(spk_rd_u32le(r, &head.bits));
    SPK_CHECK(head.bits >= SPK_RSA_MIN_BITS && head.bits <= SPK_RSA_MAX_BITS, LIMIT);
    SPK_CHECK(head.bits % 8 == 0, LIMIT);
    SPK_TRY(spk_rd_u32le(r, &e));
    SPK_CHECK(e != 0, LIMIT);
    spk_put_u32(head.e, e);
    *ret_head = head;
    return SPK_OK;
}

spk_err
spk_pubblob_build(const struct spk_rsa *key, enum spk_key_spec spec, struct spk_buf *out)
{
    uint32_t alg = 0;
    uint8_t *dst = NULL;
    struct spk_rsa_parts parts;
    SPK_TRY(alg_of_spec(spec, &alg));
    spk_rsa_parts(key, &parts);
    SPK_TRY(spk_buf_grow(out, SPK_BLOB_RSA_HEAD_LEN + parts.n.len, &dst));
    spk_blob_rsa_head_put(dst, false, alg, &parts);
    (void)spk_blob_put_number(dst + SPK_BLOB_RSA_HEAD_LEN, parts.n, parts.n.len);
    return SPK_OK;
}

spk_err
spk_pubblob_parse(struct spk_span blob, enum spk_key_spec *ret_spec, struct spk_rsa **ret_key)
{
    SPK_AUTO(spk_rsa) key = NULL;
    uint8_t n[SPK_RSA_MAX_LEN];
    struct spk_mut area = SPK_MUT_OF(n);
    struct spk_rsa_parts parts = {0};
    struct rsa_head head;
    struct spk_rd r = spk_rd(blob);
    SPK_TRY(rsa_head_read(&r, false, &head));
    SPK_TRY(take_modulus(&r, head.bits / 8, &area, &parts.n));
    SPK_TRY(spk_rd_end(&r));
    parts.e = spk_strip_zeros(SPK_SPAN_OF(head.e));
    SPK_TRY(spk_rsa_from_parts(&parts, &key));
    *ret_spec = head.spec;
    *ret_key = SPK_STEAL(key);
    return SPK_OK;
}

spk_err
spk_privblob_build(const struct spk_rsa *pair, enum spk_key_spec spec, struct spk_secret **ret_blob)
{
    SPK_AUTO(spk_secret) blob = NULL;
    uint32_t alg = 0;
    struct spk_rsa_parts parts;
    SPK_TRY(alg_of_spec(spec, &alg));
    SPK_CHECK(spk_rsa_is_pair(pair), USAGE);
    spk_rsa_parts(pair, &parts);
    size_t k = parts.n.len;
    size_t half = half_len(k);
    SPK_TRY(spk_secret_new(SPK_BLOB_RSA_HEAD_LEN + 2 * k + 5 * half, &blob));
    uint8_t *dst = spk_secret_mut(blob).ptr;
    spk_blob_rsa_head_put(dst, true, alg, &parts);
    dst = spk_blob_put_number(dst + SPK_BLOB_RSA_HEAD_LEN, parts.n, k);
    dst = spk_blob_put_number(dst, parts.p, half);
    dst = spk_blob_put_number(dst, parts.q, half);
    dst = spk_blob_put_number(dst, parts.dp, half);
    dst = spk_blob_put_number(dst, parts.dq, half);
    dst = spk_blob_put_number(dst, parts.qinv, half);
    (void)spk_blob_put_number(dst, parts.d, k);
    *ret_blob = SPK_STEAL(blob);
    return SPK_OK;
}

/** The numbers behind the head, in the order of the BLOB: d comes last. */
static spk_err
take_pair(struct spk_rd *r, size_t k, struct spk_mut area, struct spk_rsa_parts *ret_parts)
{
    SPK_TRY(take_modulus(r, k, &area, &ret_parts->n));
    SPK_TRY(take_number(r, half_len(k), &area, &ret_parts->p));
    SPK_TRY(take_number(r, half_len(k), &area, &ret_parts->q));
    SPK_TRY(take_number(r, half_len(k), &area, &ret_parts->dp));
    SPK_TRY(take_number(r, half_len(k), &area, &ret_parts->dq));
    SPK_TRY(take_number(r, half_len(k), &area, &ret_parts->qinv));
    SPK_TRY(take_number(r, k, &area, &ret_parts->d));
    return spk_rd_end(r);
}

spk_err
spk_privblob_parse(struct spk_span blob, enum spk_key_spec *ret_spec, struct spk_rsa **ret_pair)
{
    SPK_AUTO(spk_rsa) pair = NULL;
    SPK_AUTO(spk_secret) numbers = NULL;
    struct spk_rsa_parts parts = {0};
    struct rsa_head head;
    struct spk_rd r = spk_rd(blob);
    SPK_TRY(rsa_head_read(&r, true, &head));
    size_t k = head.bits / 8;
    SPK_TRY(spk_secret_new(2 * k + 5 * half_len(k), &numbers));
    SPK_TRY(take_pair(&r, k, spk_secret_mut(numbers), &parts));
    parts.e = spk_strip_zeros(SPK_SPAN_OF(head.e));
    SPK_TRY(spk_rsa_from_parts(&parts, &pair));
    *ret_spec = head.spec;
    *ret_pair = SPK_STEAL(pair);
    return SPK_OK;
}
