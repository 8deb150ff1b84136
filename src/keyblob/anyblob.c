/* SPDX-License-Identifier: Apache-2.0 */
#include "keyblob/anyblob.h"

#include <string.h>

#include "keyblob/header.h"

#define RSA_HEAD_LEN (SPK_BLOB_HEADER_LEN + 12)
#define MAGIC_RSA1 0x31415352u
#define MAGIC_RSA2 0x32415352u
#define EXPONENT_LEN 4
#define PAIR_FIELDS 6 /* p q dp dq qinv d */

struct head {
    uint32_t alg;
    size_t k;
    uint8_t e[EXPONENT_LEN];
};

static size_t
half_len(size_t k)
{
    return (k + 1) / 2;
}

static struct spk_span
strip(struct spk_span s)
{
    while (s.len > 0 && s.ptr[0] == 0) {
        s = spk_span(s.ptr + 1, s.len - 1);
    }
    return s;
}

/* Least significant byte first, zero-extended to width; the place behind it. */
static uint8_t *
put_number(uint8_t *dst, struct spk_span src, size_t width)
{
    src = strip(src);
    spk_reverse(src, dst);
    memset(dst + src.len, 0, width - src.len);
    return dst + width;
}

static void
put_head(uint8_t *dst, bool pair, uint32_t alg, const struct spk_rsa_parts *parts)
{
    spk_blob_header_put(dst, pair ? SPK_BLOB_PRIVATE : SPK_BLOB_PUBLIC, alg);
    spk_put_u32le(dst + 8, pair ? MAGIC_RSA2 : MAGIC_RSA1);
    spk_put_u32le(dst + 12, (uint32_t)(parts->n.len * 8));
    (void)put_number(dst + 16, parts->e, EXPONENT_LEN);
}

static spk_err
read_head(struct spk_rd *r, bool pair, struct head *ret_head)
{
    struct head h;
    uint32_t magic = 0, bits = 0, e = 0;
    SPK_TRY(spk_blob_header_read(r, pair ? SPK_BLOB_PRIVATE : SPK_BLOB_PUBLIC, &h.alg));
    SPK_TRY(spk_rd_u32le(r, &magic));
    SPK_CHECK(magic == (pair ? MAGIC_RSA2 : MAGIC_RSA1), FORMAT);
    SPK_TRY(spk_rd_u32le(r, &bits));
    SPK_CHECK(bits >= SPK_ANYRSA_MIN_BITS && bits <= SPK_ANYRSA_MAX_BITS, LIMIT);
    SPK_CHECK(bits % 8 == 0, LIMIT);
    SPK_TRY(spk_rd_u32le(r, &e));
    spk_put_u32(h.e, e);
    h.k = bits / 8;
    *ret_head = h;
    return SPK_OK;
}

/* The next width bytes as a big-endian number in *area, which moves on. */
static spk_err
take_number(struct spk_rd *r, size_t width, struct spk_mut *area, struct spk_span *ret_number)
{
    struct spk_span le;
    SPK_CHECK(area->len >= width, FORMAT);
    SPK_TRY(spk_rd_span(r, width, &le));
    spk_reverse(le, area->ptr);
    *ret_number = strip(spk_span(area->ptr, width));
    *area = spk_mut(area->ptr + width, area->len - width);
    return SPK_OK;
}

static spk_err
take_modulus(struct spk_rd *r, size_t k, struct spk_mut *area, struct spk_span *ret_n)
{
    SPK_TRY(take_number(r, k, area, ret_n));
    SPK_CHECK(ret_n->len == k, FORMAT);
    return SPK_OK;
}

spk_err
spk_anyblob_public(const struct spk_anyrsa *key, uint32_t alg, struct spk_buf *out)
{
    struct spk_rsa_parts parts;
    uint8_t *dst = NULL;
    spk_anyrsa_parts(key, &parts);
    SPK_TRY(spk_buf_grow(out, RSA_HEAD_LEN + parts.n.len, &dst));
    put_head(dst, false, alg, &parts);
    (void)put_number(dst + RSA_HEAD_LEN, parts.n, parts.n.len);
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
    SPK_TRY(spk_secret_new(RSA_HEAD_LEN + 2 * k + 5 * half, &blob));
    uint8_t *dst = spk_secret_mut(blob).ptr;
    put_head(dst, true, alg, &p);
    dst = put_number(dst + RSA_HEAD_LEN, p.n, k);
    for (size_t i = 0; i < PAIR_FIELDS; i++) {
        dst = put_number(dst, fields[i], i == PAIR_FIELDS - 1 ? k : half);
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
    parts.e = strip(SPK_SPAN_OF(h.e));
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
        SPK_TRY(take_number(r, half_len(k), &area, fields[i]));
        SPK_CHECK(fields[i]->len != 0, FORMAT);
    }
    if (r->left >= k) {
        SPK_TRY(take_number(r, k, &area, &p->d));
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
    parts.e = strip(SPK_SPAN_OF(h.e));
    SPK_TRY(spk_anyrsa_from_parts(&parts, &pair));
    *ret_alg = h.alg;
    *ret_pair = SPK_STEAL(pair);
    return SPK_OK;
}
