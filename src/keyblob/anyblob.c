/* SPDX-License-Identifier: Apache-2.0 */
#include "keyblob/anyblob.h"

#include "keyblob/header.h"

#define PAIR_FIELDS 6 /* p q dp dq qinv d */

struct head {
    uint32_t alg;
    size_t k;
    uint8_t e[SPK_BLOB_E_LEN];
};

static size_t
half_len(size_t k)
{
    return (k + 1) / 2;
}

static spk_err
read_head(struct spk_rd *r, bool pair, struct head *ret_head)
{
    struct head h;
    uint32_t magic = 0, bits = 0, e = 0;
    SPK_TRY(spk_blob_header_read(r, pair ? SPK_BLOB_PRIVATE : SPK_BLOB_PUBLIC, &h.alg));
    SPK_TRY(spk_rd_u32le(r, &magic));
    SPK_CHECK(magic == (pair ? SPK_BLOB_RSA2 : SPK_BLOB_RSA1), FORMAT);
    SPK_TRY(spk_rd_u32le(r, &bits));
    SPK_CHECK(bits >= SPK_ANYRSA_MIN_BITS && bits <= SPK_ANYRSA_MAX_BITS, LIMIT);
    SPK_CHECK(bits % 8 == 0, LIMIT);
    SPK_TRY(spk_rd_u32le(r, &e));
    spk_put_u32(h.e, e);
    h.k = bits / 8;
    *ret_head = h;
    return SPK_OK;
}

static spk_err
take_modulus(struct spk_rd *r, size_t k, struct spk_mut *area, struct spk_span *ret_n)
{
    SPK_TRY(spk_blob_take_number(r, k, area, ret_n));
    SPK_CHECK(ret_n->len == k, FORMAT);
    return SPK_OK;
}

spk_err
spk_anyblob_public(const struct spk_anyrsa *key, uint32_t alg, struct spk_buf *out)
{
    struct spk_rsa_parts parts;
    uint8_t *dst = NULL;
    spk_anyrsa_parts(key, &parts);
    SPK_TRY(spk_buf_grow(out, SPK_BLOB_RSA_HEAD_LEN + parts.n.len, &dst));
    spk_blob_rsa_head_put(dst, false, alg, &parts);
    (void)spk_blob_put_number(dst + SPK_BLOB_RSA_HEAD_LEN, parts.n, parts.n.len);
    return SPK_OK;
}

spk_err
spk_anyblob_private(const struct spk_anyrsa *pair, uint32_t alg, struct spk_secret **ret_blob)
{
    SPK_AUTO(spk_secret) blob = NULL;
    struct spk_rsa_parts p;
    SPK_CHECK(spk_anyrsa_is_pair(pair), USAGE);
    spk_anyrsa_parts(pair, &p);
    size_t k = p.n.len, half = half_len(k);
    const struct spk_span fields[PAIR_FIELDS] = {p.p, p.q, p.dp, p.dq, p.qinv, p.d};
    SPK_TRY(spk_secret_new(SPK_BLOB_RSA_HEAD_LEN + 2 * k + 5 * half, &blob));
    uint8_t *dst = spk_secret_mut(blob).ptr;
    spk_blob_rsa_head_put(dst, true, alg, &p);
    dst = spk_blob_put_number(dst + SPK_BLOB_RSA_HEAD_LEN, p.n, k);
    for (size_t i = 0; i < PAIR_FIELDS; i++) {
        dst = spk_blob_put_number(dst, fields[i], i == PAIR_FIELDS - 1 ? k : half);
    }
    *ret_blob = SPK_STEAL(blob);
    return SPK_OK;
}

spk_err
spk_anyblob_parse_public(struct spk_span blob, uint32_t *ret_alg, struct spk_anyrsa **ret_key)
{
    SPK_AUTO(spk_anyrsa) key = NULL;
    uint8_t n[SPK_ANYRSA_MAX_LEN];
    struct spk_mut area = SPK_MUT_OF(n);
    struct spk_rsa_parts parts = {0};
    struct head h;
    struct spk_rd r = spk_rd(blob);
    SPK_TRY(read_head(&r, false, &h));
    SPK_TRY(take_modulus(&r, h.k, &area, &parts.n));
    parts.e = spk_strip_zeros(SPK_SPAN_OF(h.e));
    SPK_TRY(spk_anyrsa_from_parts(&parts, &key));
    *ret_alg = h.alg;
    *ret_key = SPK_STEAL(key);
    return SPK_OK;
}

/* In the order of the BLOB; without d when it is not whole. */
static spk_err
take_pair(struct spk_rd *r, size_t k, struct spk_mut area, struct spk_rsa_parts *p)
{
    struct spk_span *const fields[PAIR_FIELDS - 1] = {&p->p, &p->q, &p->dp, &p->dq, &p->qinv};
    SPK_TRY(take_modulus(r, k, &area, &p->n));
    for (size_t i = 0; i < PAIR_FIELDS - 1; i++) {
        SPK_TRY(spk_blob_take_number(r, half_len(k), &area, fields[i]));
        SPK_CHECK(fields[i]->len != 0, FORMAT);
    }
    if (r->left >= k) {
        SPK_TRY(spk_blob_take_number(r, k, &area, &p->d));
        SPK_CHECK(p->d.len != 0, FORMAT);
    }
    return SPK_OK;
}

spk_err
spk_anyblob_parse_private(struct spk_span blob, uint32_t *ret_alg, struct spk_anyrsa **ret_pair)
{
    SPK_AUTO(spk_anyrsa) pair = NULL;
    SPK_AUTO(spk_secret) numbers = NULL;
    struct spk_rsa_parts parts = {0};
    struct head h;
    struct spk_rd r = spk_rd(blob);
    SPK_TRY(read_head(&r, true, &h));
    SPK_TRY(spk_secret_new(2 * h.k + 5 * half_len(h.k), &numbers));
    SPK_TRY(take_pair(&r, h.k, spk_secret_mut(numbers), &parts));
    parts.e = spk_strip_zeros(SPK_SPAN_OF(h.e));
    SPK_TRY(spk_anyrsa_from_parts(&parts, &pair));
    *ret_alg = h.alg;
    *ret_pair = SPK_STEAL(pair);
    return SPK_OK;
}
