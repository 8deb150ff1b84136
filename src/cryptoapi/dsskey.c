/* SPDX-License-Identifier: Apache-2.0 */
/* Making keys of DSS and Diffie-Hellman, and their parameters. */
#include <string.h>

#include "crypto/dh.h"
#include "crypto/dsa.h"
#include "cryptoapi/dss.h"
#include "cryptoapi/store.h"
#include "keyblob/ffblob.h"

#define BITS_OF(flags) ((flags) >> 16)
#define GEN_FLAGS                                                                                  \
    (CRYPT_EXPORTABLE | CRYPT_USER_PROTECTED | CRYPT_PREGEN | CRYPT_ARCHIVABLE |                   \
     CRYPT_FORCE_KEY_PROTECTION_HIGH)

void
capi_pregen_free(struct capi_pregen *g)
{
    if (g != NULL) {
        spk_secret_free(g->p);
        spk_secret_free(g->q);
        spk_secret_free(g->g);
        spk_secret_free(g->j);
        spk_mem_free(g);
    }
}

static void
pregen_auto(struct capi_pregen **g)
{
    capi_pregen_free(*g);
}
#define AUTO_PREGEN __attribute__((cleanup(pregen_auto))) struct capi_pregen *

static spk_err
dup_number(const struct spk_secret *s, struct spk_secret **ret_s)
{
    return s != NULL ? spk_secret_dup(s, ret_s) : SPK_OK;
}

DWORD
capi_pregen_copy(const struct capi_pregen *g, struct capi_pregen **ret_g)
{
    AUTO_PREGEN copy = spk_calloc(1, sizeof *copy);
    CAPI_CHECK(copy != NULL, NTE_NO_MEMORY);
    copy->p_len = g->p_len;
    copy->seed = g->seed;
    CAPI_TRY(capi_code(dup_number(g->p, &copy->p), NTE_FAIL));
    CAPI_TRY(capi_code(dup_number(g->q, &copy->q), NTE_FAIL));
    CAPI_TRY(capi_code(dup_number(g->g, &copy->g), NTE_FAIL));
    CAPI_TRY(capi_code(dup_number(g->j, &copy->j), NTE_FAIL));
    *ret_g = SPK_STEAL(copy);
    return ERROR_SUCCESS;
}

static DWORD
check_bits(const struct capi_provider *def, ALG_ID alg, DWORD bits)
{
    const struct capi_alg *a = capi_provider_alg(def, alg);
    CAPI_CHECK(a != NULL, NTE_BAD_ALGID);
    CAPI_CHECK(bits % SPK_DSA_STEP_BITS == 0 && bits >= a->min && bits <= a->max, NTE_BAD_DATA);
    return ERROR_SUCCESS;
}

DWORD
capi_dss_check(const struct capi_provider *def, ALG_ID alg, const struct spk_ffkey *key)
{
    CAPI_TRY(check_bits(def, alg, (DWORD)(spk_ffkey_len(key) * 8)));
    return alg != CALG_DSS_SIGN || spk_dsa_fits(key) ? ERROR_SUCCESS : NTE_BAD_DATA;
}

/* A pair that is whole goes to its container, but for an ephemeral one. */
static DWORD
keep(const struct capi_key *k, struct spk_ffkey *key)
{
    struct capi_prov *p = capi_owner(&k->obj);
    const struct capi_pair pair = {.ff = key, .exportable = (k->permissions & CRYPT_EXPORT) != 0};
    if (capi_pair_spec(k->alg) == 0) {
        return ERROR_SUCCESS;
    }
    CAPI_LOCK(&p->obj);
    return capi_store_put(p, capi_pair_spec(k->alg), &pair);
}

static DWORD
begin(struct capi_key *k, DWORD bits)
{
    k->pregen = spk_calloc(1, sizeof *k->pregen);
    CAPI_CHECK(k->pregen != NULL, NTE_NO_MEMORY);
    k->pregen->p_len = bits / 8;
    k->pregen->seed = spk_ff_no_seed();
    return ERROR_SUCCESS;
}

DWORD
capi_dss_gen(struct capi_prov *p, ALG_ID alg, DWORD flags, struct capi_key **ret_k)
{
    CAPI_AUTO_KEY k = NULL;
    const struct capi_alg *a = capi_provider_alg(p->def, alg);
    CAPI_CHECK(a != NULL, NTE_BAD_ALGID);
    CAPI_CHECK((flags & 0xffffu & ~GEN_FLAGS) == 0, NTE_BAD_FLAGS);
    DWORD bits = BITS_OF(flags) == 0 ? a->def : BITS_OF(flags);
    CAPI_TRY(check_bits(p->def, alg, bits));
    CAPI_TRY(capi_key_new(p, alg, (flags & CRYPT_EXPORTABLE) != 0, &k));
    k->archivable = (flags & CRYPT_ARCHIVABLE) != 0;
    if ((flags & CRYPT_PREGEN) != 0) {
        CAPI_TRY(begin(k, bits));
    } else {
        spk_err e =
            alg == CALG_DSS_SIGN ? spk_dsa_generate(bits, &k->ff) : spk_dh_generate(bits, &k->ff);
        CAPI_TRY(capi_code(e, NTE_BAD_DATA));
        CAPI_TRY(keep(k, k->ff));
    }
    *ret_k = SPK_STEAL(k);
    return ERROR_SUCCESS;
}

static struct spk_span
span_of(const struct spk_secret *s)
{
    return s != NULL ? spk_secret_span(s) : SPK_SPAN_EMPTY;
}

/* What is known of p, q, g and j so far. */
static void
domain_of(const struct capi_key *k, struct spk_ff_parts *ret_d)
{
    if (k->ff != NULL) {
        spk_ffkey_parts(k->ff, ret_d);
        return;
    }
    const struct capi_pregen *g = k->pregen;
    *ret_d = (struct spk_ff_parts){.p = span_of(g->p),
                                   .q = span_of(g->q),
                                   .g = span_of(g->g),
                                   .j = span_of(g->j),
                                   .seed = g->seed};
}

/* Least significant byte first, with as many bytes as it has in a BLOB. */
static DWORD
answer_number(struct spk_span be, size_t width, BYTE *data, DWORD *len)
{
    uint8_t le[SPK_FF_MAX_LEN] = {0};
    be = spk_strip_zeros(be);
    CAPI_CHECK(be.len != 0, NTE_BAD_KEY_STATE); /* not set yet, or not known */
    for (size_t i = 0; i < be.len; i++) {
        le[i] = be.ptr[be.len - 1 - i];
    }
    return capi_answer(spk_span(le, width), data, len);
}

static DWORD
verify_domain(const struct spk_ff_parts *d, ALG_ID alg, DWORD *len)
{
    CAPI_CHECK(d->p.len != 0 && d->g.len != 0 && (d->q.len != 0 || alg != CALG_DSS_SIGN),
               NTE_BAD_KEY_STATE);
    CAPI_TRY(capi_code(spk_ffkey_check_primes(d), NTE_BAD_DATA));
    *len = 0;
    return ERROR_SUCCESS;
}

static DWORD
get_agreed(const struct capi_key *k, DWORD param, BYTE *data, DWORD *len)
{
    CAPI_CHECK(param == KP_KEYVAL, NTE_BAD_TYPE);
    CAPI_CHECK((k->permissions & CRYPT_EXPORT) != 0, NTE_BAD_KEY_STATE);
    return capi_answer(spk_secret_span(k->agreed), data, len);
}

DWORD
capi_dss_get(const struct capi_key *k, DWORD param, BYTE *data, DWORD *len)
{
    struct spk_ff_parts d;
    if (k->agreed != NULL) {
        return get_agreed(k, param, data, len);
    }
    domain_of(k, &d);
    size_t p_len = k->ff != NULL ? d.p.len : k->pregen->p_len;
    switch (param) {
    case KP_KEYLEN:
        return capi_answer_dword((DWORD)(p_len * 8), data, len);
    case KP_BLOCKLEN: /* it encrypts nothing */
        return capi_answer_dword(0, data, len);
    case KP_P:
        return answer_number(d.p, p_len, data, len);
    case KP_G:
        return answer_number(d.g, p_len, data, len);
    case KP_Q:
        return answer_number(d.q, d.q.len, data, len);
    case KP_VERIFY_PARAMS:
        return verify_domain(&d, k->alg, len);
    default:
        return NTE_BAD_TYPE;
    }
}

/* A number as a program gives it, in a CRYPT_DATA_BLOB; its last byte counts most. */
static DWORD
take_number(const BYTE *data, size_t max, struct spk_secret **ret_number)
{
    CRYPT_DATA_BLOB b;
    struct spk_secret *s = NULL;
    memcpy(&b, data, sizeof b);
    CAPI_CHECK(b.pbData != NULL, ERROR_INVALID_PARAMETER);
    while (b.cbData != 0 && b.pbData[b.cbData - 1] == 0) {
        b.cbData--;
    }
    CAPI_CHECK(b.cbData != 0 && b.cbData <= max, NTE_BAD_DATA);
    CAPI_TRY(capi_code(spk_secret_new(b.cbData, &s), NTE_FAIL));
    for (size_t i = 0; i < b.cbData; i++) {
        spk_secret_mut(s).ptr[i] = b.pbData[b.cbData - 1 - i];
    }
    spk_secret_free(*ret_number);
    *ret_number = s;
    return ERROR_SUCCESS;
}

static DWORD
set_p(struct capi_pregen *g, const BYTE *data)
{
    SPK_AUTO(spk_secret) p = NULL;
    CAPI_TRY(take_number(data, g->p_len, &p));
    CAPI_CHECK(spk_secret_len(p) == g->p_len, NTE_BAD_DATA); /* the size that was asked for */
    spk_secret_free(g->p);
    g->p = SPK_STEAL(p);
    return ERROR_SUCCESS;
}

static spk_err
own_number(struct spk_span s, struct spk_secret **number)
{
    spk_secret_free(*number);
    *number = NULL;
    return s.len != 0 ? spk_secret_from(s, number) : SPK_OK;
}

/* All of them at once, as a version 3 BLOB has them. */
static DWORD
set_domain(struct capi_key *k, const BYTE *data)
{
    SPK_AUTO_FFBLOB b = {0};
    CRYPT_DATA_BLOB bytes;
    struct capi_pregen *g = k->pregen;
    memcpy(&bytes, data, sizeof bytes);
    CAPI_CHECK(bytes.pbData != NULL, ERROR_INVALID_PARAMETER);
    spk_err e = spk_ffblob_parse_domain(spk_span(bytes.pbData, bytes.cbData), k->alg, &b);
    CAPI_TRY(capi_code(e, NTE_BAD_DATA));
    CAPI_CHECK(b.parts.p.len == g->p_len, NTE_BAD_DATA);
    CAPI_TRY(capi_code(own_number(b.parts.p, &g->p), NTE_FAIL));
    CAPI_TRY(capi_code(own_number(b.parts.q, &g->q), NTE_FAIL));
    CAPI_TRY(capi_code(own_number(b.parts.g, &g->g), NTE_FAIL));
    CAPI_TRY(capi_code(own_number(b.parts.j, &g->j), NTE_FAIL));
    g->seed = b.parts.seed;
    return ERROR_SUCCESS;
}

/* With x the key is whole: given, or made up where the program gives none. */
static DWORD
finish(struct capi_key *k, const BYTE *data)
{
    SPK_AUTO(spk_secret) x = NULL;
    SPK_AUTO(spk_ffkey) key = NULL;
    struct spk_ff_parts d;
    domain_of(k, &d);
    CAPI_CHECK(d.p.len != 0 && d.g.len != 0 && (d.q.len != 0 || k->alg != CALG_DSS_SIGN),
               NTE_BAD_KEY_STATE);
    if (data == NULL) {
        CAPI_TRY(capi_code(spk_ffkey_new_pair(&d, &key), NTE_BAD_DATA));
    } else {
        CAPI_TRY(take_number(data, k->pregen->p_len, &x));
        d.x = spk_secret_span(x);
        CAPI_TRY(capi_code(spk_ffkey_from_parts(&d, &key), NTE_BAD_DATA));
    }
    CAPI_TRY(capi_dss_check(capi_owner(&k->obj)->def, k->alg, key));
    CAPI_TRY(keep(k, key));
    k->ff = SPK_STEAL(key);
    capi_pregen_free(k->pregen);
    k->pregen = NULL;
    return ERROR_SUCCESS;
}

DWORD
capi_dss_set(struct capi_key *k, DWORD param, const BYTE *data)
{
    bool ours =
        param == KP_P || param == KP_Q || param == KP_G || param == KP_X || param == KP_PUB_PARAMS;
    CAPI_CHECK(ours, NTE_BAD_TYPE);
    CAPI_CHECK(k->ff == NULL, NTE_FIXEDPARAMETER);
    switch (param) {
    case KP_P:
        return set_p(k->pregen, data);
    case KP_Q:
        return take_number(data, k->alg == CALG_DSS_SIGN ? SPK_DSA_Q_LEN : k->pregen->p_len,
                           &k->pregen->q);
    case KP_G:
        return take_number(data, k->pregen->p_len, &k->pregen->g);
    case KP_X:
        return finish(k, data);
    default:
        return set_domain(k, data);
    }
}
