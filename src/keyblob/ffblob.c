/* SPDX-License-Identifier: Apache-2.0 */
#include "keyblob/ffblob.h"

#include "keyblob/blob.h"
#include "keyblob/header.h"

#define VERSION_2 2
#define DSS_Q_LEN 20
#define MAGIC_DSS 0x00535344u /* "DSS" and a digit */
#define MAGIC_DH 0x00484400u  /* a zero byte, "DH" and a digit */

/* The numbers in the order that every BLOB has them in. */
enum { P, Q, G, J, Y, X, NUMS };

/* Which numbers there are, in bytes (0: none), and where the seed stands. */
struct shape {
    size_t width[NUMS];
    bool seed_last;
    struct spk_ff_seed seed;
};

struct kind {
    uint32_t alg;
    uint8_t version;
    bool pair;
};

bool
spk_ffblob_alg_ok(uint32_t alg)
{
    return alg == SPK_CALG_DSS_SIGN || alg == SPK_CALG_DH_SF || alg == SPK_CALG_DH_EPHEM;
}

static bool
is_dss(const struct kind *k)
{
    return k->alg == SPK_CALG_DSS_SIGN;
}

static uint32_t
magic_of(const struct kind *k)
{
    uint32_t digit = '1' + (k->pair ? 1u : 0) + (k->version == SPK_FFBLOB_VERSION ? 2u : 0);
    return (is_dss(k) ? MAGIC_DSS : MAGIC_DH) | digit << 24;
}

/* Version 2 has fixed places for everything but p. */
static void
shape_v2(const struct kind *k, size_t p_len, struct shape *s)
{
    *s = (struct shape){.seed_last = is_dss(k), .seed = spk_ff_no_seed()};
    if (is_dss(k)) {
        s->width[Q] = DSS_Q_LEN;
    }
    if (is_dss(k) || k->pair) {
        s->width[P] = s->width[G] = p_len;
    }
    if (k->pair) {
        s->width[X] = is_dss(k) ? DSS_Q_LEN : p_len;
    } else {
        s->width[Y] = p_len;
    }
}

static spk_err
read_seed(struct spk_rd *r, struct spk_ff_seed *ret_seed)
{
    struct spk_span le;
    SPK_TRY(spk_rd_u32le(r, &ret_seed->counter));
    SPK_TRY(spk_rd_span(r, SPK_FF_SEED_LEN, &le));
    spk_reverse(le, ret_seed->seed);
    return SPK_OK;
}

static spk_err
read_width(struct spk_rd *r, size_t p_len, size_t *ret_width)
{
    uint32_t bits = 0;
    SPK_TRY(spk_rd_u32le(r, &bits));
    SPK_CHECK(bits <= p_len * 8, LIMIT);
    *ret_width = (bits + 7) / 8;
    return SPK_OK;
}

static spk_err
read_v3(struct spk_rd *r, const struct kind *k, size_t p_len, struct shape *s)
{
    *s = (struct shape){.width = {[P] = p_len, [G] = p_len, [Y] = p_len}};
    SPK_TRY(read_width(r, p_len, &s->width[Q]));
    SPK_TRY(read_width(r, p_len, &s->width[J]));
    if (k->pair) {
        SPK_TRY(read_width(r, p_len, &s->width[X]));
        SPK_CHECK(s->width[X] != 0, LIMIT);
    }
    return read_seed(r, &s->seed);
}

/* From the magic on, up to the numbers. */
static spk_err
read_shape(struct spk_rd *r, const struct kind *k, size_t *ret_p_len, struct shape *s)
{
    uint32_t magic = 0, bits = 0;
    SPK_TRY(spk_rd_u32le(r, &magic));
    SPK_CHECK(magic == magic_of(k), FORMAT);
    SPK_TRY(spk_rd_u32le(r, &bits));
    SPK_CHECK(bits >= SPK_FF_MIN_BITS && bits <= SPK_FF_MAX_BITS && bits % 8 == 0, LIMIT);
    *ret_p_len = bits / 8;
    if (k->version == SPK_FFBLOB_VERSION) {
        return read_v3(r, k, bits / 8, s);
    }
    shape_v2(k, bits / 8, s);
    return SPK_OK;
}

static spk_err
read_header(struct spk_rd *r, struct kind *k)
{
    uint8_t type = 0;
    uint16_t reserved = 0;
    SPK_TRY(spk_rd_u8(r, &type));
    SPK_CHECK(type == SPK_BLOB_PUBLIC || type == SPK_BLOB_PRIVATE, FORMAT);
    SPK_TRY(spk_rd_u8(r, &k->version));
    SPK_CHECK(k->version == VERSION_2 || k->version == SPK_FFBLOB_VERSION, VERSION);
    SPK_TRY(spk_rd_u16le(r, &reserved));
    SPK_TRY(spk_rd_u32le(r, &k->alg));
    SPK_CHECK(spk_ffblob_alg_ok(k->alg), FORMAT);
    k->pair = type == SPK_BLOB_PRIVATE;
    return SPK_OK;
}

/* None of the numbers that a BLOB has is zero, and p is as long as it says. */
static spk_err
take_numbers(struct spk_rd *r, const struct shape *s, struct spk_ffblob *b)
{
    struct spk_span *const part[NUMS] = {&b->parts.p, &b->parts.q, &b->parts.g,
                                         &b->parts.j, &b->parts.y, &b->parts.x};
    size_t total = 0;
    for (size_t i = 0; i < NUMS; i++) {
        total += s->width[i];
    }
    SPK_CHECK(r->left >= total, TRUNC);
    SPK_TRY(spk_secret_new(total, &b->numbers));
    struct spk_mut area = spk_secret_mut(b->numbers);
    for (size_t i = 0; i < NUMS; i++) {
        SPK_TRY(spk_blob_take_number(r, s->width[i], &area, part[i]));
        SPK_CHECK((part[i]->len != 0) == (s->width[i] != 0), FORMAT);
    }
    SPK_CHECK(b->parts.p.len == s->width[P], FORMAT);
    b->parts.seed = s->seed;
    return s->seed_last ? read_seed(r, &b->parts.seed) : SPK_OK;
}

static spk_err
parse(struct spk_span blob, struct spk_ffblob *b)
{
    struct spk_rd r = spk_rd(blob);
    struct kind k = {0};
    struct shape s;
    SPK_TRY(read_header(&r, &k));
    b->alg = k.alg;
    b->pair = k.pair;
    SPK_TRY(read_shape(&r, &k, &b->p_len, &s));
    return take_numbers(&r, &s, b);
}

static spk_err
parse_domain(struct spk_span bytes, uint32_t alg, struct spk_ffblob *b)
{
    struct spk_rd r = spk_rd(bytes);
    struct kind k = {0};
    struct shape s;
    if (bytes.len != 0 && bytes.ptr[0] == SPK_BLOB_PUBLIC) { /* no magic begins with it */
        SPK_TRY(read_header(&r, &k));
        SPK_CHECK((k.alg == SPK_CALG_DSS_SIGN) == (alg == SPK_CALG_DSS_SIGN), FORMAT);
        SPK_CHECK(k.version == SPK_FFBLOB_VERSION, VERSION);
    }
    k = (struct kind){alg, SPK_FFBLOB_VERSION, false};
    SPK_TRY(read_shape(&r, &k, &b->p_len, &s));
    s.width[Y] = 0;
    b->alg = alg;
    return take_numbers(&r, &s, b);
}

spk_err
spk_ffblob_parse(struct spk_span blob, struct spk_ffblob *ret_blob)
{
    SPK_AUTO_FFBLOB b = {0};
    SPK_TRY(parse(blob, &b));
    *ret_blob = b;
    b.numbers = NULL; /* given away */
    return SPK_OK;
}

spk_err
spk_ffblob_parse_domain(struct spk_span bytes, uint32_t alg, struct spk_ffblob *ret_blob)
{
    SPK_AUTO_FFBLOB b = {0};
    SPK_TRY(parse_domain(bytes, alg, &b));
    *ret_blob = b;
    b.numbers = NULL;
    return SPK_OK;
}

void
spk_ffblob_clear(struct spk_ffblob *blob)
{
    spk_secret_free(blob->numbers);
    *blob = (struct spk_ffblob){0};
}

static void
shape_of(const struct kind *k, const struct spk_ff_parts *p, struct shape *s)
{
    if (k->version == VERSION_2) {
        shape_v2(k, p->p.len, s);
    } else {
        *s = (struct shape){.width = {p->p.len, p->q.len, p->p.len, p->j.len, p->p.len, 0}};
        s->width[X] = k->pair ? p->x.len : 0;
    }
    s->seed = p->seed;
}

static size_t
blob_len(const struct kind *k, const struct shape *s)
{
    size_t len = SPK_BLOB_HEADER_LEN + 4 + 4; /* magic, bits of p */
    if (k->version == SPK_FFBLOB_VERSION) {
        len += k->pair ? 4 + 4 + 4 : 4 + 4;
    }
    if (k->version == SPK_FFBLOB_VERSION || s->seed_last) {
        len += 4 + SPK_FF_SEED_LEN;
    }
    for (size_t i = 0; i < NUMS; i++) {
        len += s->width[i];
    }
    return len;
}

static uint8_t *
put_bits(uint8_t *dst, size_t width)
{
    spk_put_u32le(dst, (uint32_t)(width * 8));
    return dst + 4;
}

static uint8_t *
put_seed(uint8_t *dst, const struct spk_ff_seed *seed)
{
    spk_put_u32le(dst, seed->counter);
    spk_reverse(SPK_SPAN_OF(seed->seed), dst + 4);
    return dst + 4 + SPK_FF_SEED_LEN;
}

static void
put_blob(const struct kind *k, const struct shape *s, const struct spk_ff_parts *p, uint8_t *dst)
{
    const struct spk_span part[NUMS] = {p->p, p->q, p->g, p->j, p->y, p->x};
    spk_blob_header_put(dst, k->pair ? SPK_BLOB_PRIVATE : SPK_BLOB_PUBLIC, k->alg);
    dst[1] = k->version;
    spk_put_u32le(dst + SPK_BLOB_HEADER_LEN, magic_of(k));
    dst = put_bits(dst + SPK_BLOB_HEADER_LEN + 4, p->p.len);
    if (k->version == SPK_FFBLOB_VERSION) {
        dst = put_bits(put_bits(dst, s->width[Q]), s->width[J]);
        dst = put_seed(k->pair ? put_bits(dst, s->width[X]) : dst, &s->seed);
    }
    for (size_t i = 0; i < NUMS; i++) {
        if (s->width[i] != 0) {
            dst = spk_blob_put_number(dst, part[i], s->width[i]);
        }
    }
    if (s->seed_last) {
        (void)put_seed(dst, &s->seed);
    }
}

static spk_err
make_shape(const struct spk_ffkey *key, const struct kind *k, struct spk_ff_parts *p,
           struct shape *s)
{
    SPK_CHECK(k->version == VERSION_2 || k->version == SPK_FFBLOB_VERSION, USAGE);
    SPK_CHECK(spk_ffblob_alg_ok(k->alg), USAGE);
    SPK_CHECK(!k->pair || spk_ffkey_is_pair(key), USAGE);
    spk_ffkey_parts(key, p);
    SPK_CHECK(!is_dss(k) || p->q.len == DSS_Q_LEN, USAGE);
    shape_of(k, p, s);
    return SPK_OK;
}

spk_err
spk_ffblob_public(const struct spk_ffkey *key, uint32_t alg, uint8_t version, struct spk_buf *out)
{
    const struct kind k = {alg, version, false};
    struct spk_ff_parts p;
    struct shape s;
    uint8_t *dst = NULL;
    SPK_TRY(make_shape(key, &k, &p, &s));
    SPK_TRY(spk_buf_grow(out, blob_len(&k, &s), &dst));
    put_blob(&k, &s, &p, dst);
    return SPK_OK;
}

spk_err
spk_ffblob_private(const struct spk_ffkey *pair, uint32_t alg, uint8_t version,
                   struct spk_secret **ret_blob)
{
    const struct kind k = {alg, version, true};
    struct spk_ff_parts p;
    struct shape s;
    SPK_TRY(make_shape(pair, &k, &p, &s));
    SPK_TRY(spk_secret_new(blob_len(&k, &s), ret_blob));
    put_blob(&k, &s, &p, spk_secret_mut(*ret_blob).ptr);
    return SPK_OK;
}
