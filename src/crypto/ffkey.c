/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ffkey.h"

#include <stdatomic.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "crypto/ffkey_int.h"

#define PUBLIC_PARTS 5 /* p q g j y */

struct spk_ffkey {
    atomic_uint refs;
    struct spk_span part[PUBLIC_PARTS]; /* into bytes */
    uint8_t *bytes;
    struct spk_secret *x; /* NULL: public */
    struct spk_ff_seed seed;
};

enum { P, Q, G, J, Y, X, P1, TMP, NUMS };

struct nums {
    BIGNUM *v[NUMS];
    BN_CTX *ctx;
    BN_MONT_CTX *mont;
    bool has_q, has_j, has_y, has_x;
};

static void
nums_clear(struct nums *n)
{
    for (size_t i = 0; i < NUMS; i++) {
        BN_clear_free(n->v[i]);
    }
    BN_MONT_CTX_free(n->mont);
    BN_CTX_free(n->ctx);
}
#define AUTO_NUMS __attribute__((cleanup(nums_clear))) struct nums

/* Sizes first, so that nobody makes the library compute with numbers without bound. */
static spk_err
check_sizes(const struct spk_ff_parts *s)
{
    const struct spk_span all[] = {s->q, s->g, s->j, s->y, s->x};
    struct spk_span p = spk_strip_zeros(s->p), q = spk_strip_zeros(s->q);
    SPK_CHECK(p.len >= SPK_FF_MIN_BITS / 8 && p.len <= SPK_FF_MAX_LEN, LIMIT);
    SPK_CHECK((p.ptr[p.len - 1] & 1) != 0, FORMAT);
    SPK_CHECK(q.len == s->q.len || q.len != 0, FORMAT); /* given, and zero */
    SPK_CHECK(q.len == 0 || q.len >= SPK_FF_Q_MIN_BITS / 8, FORMAT);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        SPK_CHECK(spk_strip_zeros(all[i]).len <= p.len, FORMAT);
    }
    return SPK_OK;
}

static spk_err
nums_load(struct nums *n, const struct spk_ff_parts *s)
{
    SPK_OSSL_SCOPE;
    const struct spk_span in[] = {s->p, s->q, s->g, s->j, s->y, s->x};
    SPK_TRY(check_sizes(s));
    spk_ossl_start();
    n->ctx = BN_CTX_secure_new_ex(spk_ossl_lib());
    n->mont = BN_MONT_CTX_new();
    SPK_OSSL(n->ctx != NULL && n->mont != NULL);
    for (size_t i = 0; i < NUMS; i++) {
        n->v[i] = BN_new();
        SPK_OSSL(n->v[i] != NULL);
        if (i <= X && in[i].len != 0) {
            SPK_OSSL(BN_bin2bn(in[i].ptr, (int)in[i].len, n->v[i]) != NULL);
        }
    }
    BN_set_flags(n->v[X], BN_FLG_CONSTTIME);
    n->has_q = s->q.len != 0;
    n->has_j = spk_strip_zeros(s->j).len != 0;
    n->has_y = s->y.len != 0;
    n->has_x = s->x.len != 0;
    SPK_OSSL(BN_sub(n->v[P1], n->v[P], BN_value_one()) == 1);
    SPK_OSSL(BN_MONT_CTX_set(n->mont, n->v[P], n->ctx) == 1);
    return SPK_OK;
}

/* An element other than 0, 1 and -1 and, where q is known, of that order. */
static spk_err
check_element(struct nums *n, const BIGNUM *e)
{
    SPK_OSSL_SCOPE;
    SPK_CHECK(BN_num_bits(e) > 1 && BN_ucmp(e, n->v[P1]) < 0, FORMAT);
    if (!n->has_q) {
        return SPK_OK;
    }
    SPK_OSSL(BN_mod_exp_mont(n->v[TMP], e, n->v[Q], n->v[P], n->ctx, n->mont) == 1);
    return BN_is_one(n->v[TMP]) ? SPK_OK : SPK_ERR(FORMAT);
}

static spk_err
check_domain(struct nums *n)
{
    SPK_OSSL_SCOPE;
    if (n->has_q) {
        SPK_CHECK(BN_is_odd(n->v[Q]) && BN_ucmp(n->v[Q], n->v[P]) < 0, FORMAT);
        SPK_OSSL(BN_mod(n->v[TMP], n->v[P1], n->v[Q], n->ctx) == 1);
        SPK_CHECK(BN_is_zero(n->v[TMP]), FORMAT);
    }
    if (n->has_j) {
        SPK_CHECK(n->has_q, FORMAT);
        SPK_OSSL(BN_mul(n->v[TMP], n->v[J], n->v[Q], n->ctx) == 1);
        SPK_CHECK(BN_ucmp(n->v[TMP], n->v[P1]) == 0, FORMAT);
    }
    return check_element(n, n->v[G]);
}

static const BIGNUM *
x_bound(const struct nums *n)
{
    return n->has_q ? n->v[Q] : n->v[P1];
}

/* y as g^x, or as given: then it must be that. */
static spk_err
fit_pair(struct nums *n)
{
    SPK_OSSL_SCOPE;
    SPK_CHECK(!BN_is_zero(n->v[X]) && BN_ucmp(n->v[X], x_bound(n)) < 0, FORMAT);
    SPK_OSSL(BN_mod_exp_mont_consttime(n->v[TMP], n->v[G], n->v[X], n->v[P], n->ctx, n->mont) == 1);
    SPK_CHECK(!n->has_y || BN_ucmp(n->v[TMP], n->v[Y]) == 0, FORMAT);
    SPK_OSSL(BN_copy(n->v[Y], n->v[TMP]) != NULL);
    return SPK_OK;
}

static spk_err
keep_public(struct spk_ffkey *key, const struct nums *n)
{
    size_t total = 0;
    for (size_t i = 0; i < PUBLIC_PARTS; i++) {
        total += (size_t)BN_num_bytes(n->v[i]);
    }
    key->bytes = spk_calloc(1, total);
    SPK_CHECK(key->bytes != NULL, NOMEM);
    uint8_t *dst = key->bytes;
    for (size_t i = 0; i < PUBLIC_PARTS; i++) {
        key->part[i] = spk_span(dst, (size_t)BN_bn2bin(n->v[i], dst));
        dst += key->part[i].len;
    }
    return SPK_OK;
}

static spk_err
keep(const struct nums *n, const struct spk_ff_seed *seed, struct spk_ffkey **ret_key)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO(spk_ffkey) key = spk_calloc(1, sizeof *key);
    SPK_CHECK(key != NULL, NOMEM);
    atomic_init(&key->refs, 1);
    key->seed = *seed;
    SPK_TRY(keep_public(key, n));
    if (n->has_x) {
        int width = BN_num_bytes(x_bound(n));
        SPK_TRY(spk_secret_new((size_t)width, &key->x));
        SPK_OSSL(BN_bn2binpad(n->v[X], spk_secret_mut(key->x).ptr, width) == width);
    }
    *ret_key = SPK_STEAL(key);
    return SPK_OK;
}

spk_err
spk_ffkey_from_parts(const struct spk_ff_parts *parts, struct spk_ffkey **ret_key)
{
    AUTO_NUMS n = {0};
    SPK_TRY(nums_load(&n, parts));
    SPK_CHECK(n.has_x || n.has_y, FORMAT);
    SPK_TRY(check_domain(&n));
    if (n.has_x) {
        SPK_TRY(fit_pair(&n));
    }
    SPK_TRY(check_element(&n, n.v[Y]));
    return keep(&n, &parts->seed, ret_key);
}

spk_err
spk_ffkey_new_pair(const struct spk_ff_parts *domain, struct spk_ffkey **ret_key)
{
    SPK_OSSL_SCOPE;
    AUTO_NUMS n = {0};
    struct spk_ff_parts d = *domain;
    d.y = d.x = SPK_SPAN_EMPTY;
    SPK_TRY(nums_load(&n, &d));
    SPK_TRY(check_domain(&n));
    n.has_x = true;
    do {
        SPK_OSSL(BN_priv_rand_range(n.v[X], x_bound(&n)) == 1);
        BN_set_flags(n.v[X], BN_FLG_CONSTTIME);
    } while (BN_is_zero(n.v[X]));
    SPK_TRY(fit_pair(&n));
    SPK_TRY(check_element(&n, n.v[Y]));
    return keep(&n, &d.seed, ret_key);
}

static spk_err
check_prime(const struct nums *n, const BIGNUM *v)
{
    SPK_OSSL_SCOPE;
    int r = BN_check_prime(v, n->ctx, NULL);
    SPK_OSSL(r >= 0);
    return r == 1 ? SPK_OK : SPK_ERR(FORMAT);
}

spk_err
spk_ffkey_check_primes(const struct spk_ff_parts *domain)
{
    AUTO_NUMS n = {0};
    SPK_TRY(nums_load(&n, domain));
    SPK_TRY(check_domain(&n));
    SPK_TRY(check_prime(&n, n.v[P]));
    return n.has_q ? check_prime(&n, n.v[Q]) : SPK_OK;
}

void
spk_ffkey_parts(const struct spk_ffkey *key, struct spk_ff_parts *ret_parts)
{
    *ret_parts = (struct spk_ff_parts){
        .p = key->part[P],
        .q = key->part[Q],
        .g = key->part[G],
        .j = key->part[J],
        .y = key->part[Y],
        .x = key->x != NULL ? spk_secret_span(key->x) : SPK_SPAN_EMPTY,
        .seed = key->seed,
    };
}

size_t
spk_ffkey_len(const struct spk_ffkey *key)
{
    return key->part[P].len;
}

bool
spk_ffkey_is_pair(const struct spk_ffkey *key)
{
    return key->x != NULL;
}

struct spk_ffkey *
spk_ffkey_ref(struct spk_ffkey *key)
{
    if (key != NULL) {
        atomic_fetch_add(&key->refs, 1);
    }
    return key;
}

void
spk_ffkey_free(struct spk_ffkey *key)
{
    if (key == NULL || atomic_fetch_sub(&key->refs, 1) != 1) {
        return;
    }
    spk_secret_free(key->x);
    spk_mem_free(key->bytes);
    spk_mem_free(key);
}

/* Where the library finds each number. */
static const char *const names[] = {OSSL_PKEY_PARAM_FFC_P,   OSSL_PKEY_PARAM_FFC_Q,
                                    OSSL_PKEY_PARAM_FFC_G,   NULL,
                                    OSSL_PKEY_PARAM_PUB_KEY, OSSL_PKEY_PARAM_PRIV_KEY};

static spk_err
push(OSSL_PARAM_BLD *bld, const struct spk_ff_parts *s, BIGNUM *bn[X + 1])
{
    SPK_OSSL_SCOPE;
    const struct spk_span in[] = {s->p, s->q, s->g, s->j, s->y, s->x};
    for (size_t i = 0; i <= X; i++) {
        if (names[i] == NULL || in[i].len == 0) {
            continue;
        }
        bn[i] = BN_bin2bn(in[i].ptr, (int)in[i].len, NULL);
        SPK_OSSL(bn[i] != NULL && OSSL_PARAM_BLD_push_BN(bld, names[i], bn[i]) == 1);
    }
    return SPK_OK;
}

static spk_err
pkey_from(OSSL_PARAM_BLD *bld, const char *type, EVP_PKEY **ret_pkey)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO_PKEY_CTX c = EVP_PKEY_CTX_new_from_name(spk_ossl_lib(), type, NULL);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    bool ok = c != NULL && params != NULL && EVP_PKEY_fromdata_init(c) == 1 &&
              EVP_PKEY_fromdata(c, ret_pkey, EVP_PKEY_KEYPAIR, params) == 1;
    spk_ossl_params_free(params);
    return ok ? SPK_OK : spk_ossl_fail();
}

spk_err
spk_ffkey_pkey(const struct spk_ffkey *key, const char *type, EVP_PKEY **ret_pkey)
{
    SPK_OSSL_SCOPE;
    BIGNUM *bn[X + 1] = {NULL};
    struct spk_ff_parts s;
    spk_ffkey_parts(key, &s);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    spk_err e = bld != NULL ? push(bld, &s, bn) : spk_ossl_fail();
    if (spk_ok(e)) {
        e = pkey_from(bld, type, ret_pkey);
    }
    OSSL_PARAM_BLD_free(bld);
    for (size_t i = 0; i <= X; i++) {
        BN_clear_free(bn[i]);
    }
    return e;
}
