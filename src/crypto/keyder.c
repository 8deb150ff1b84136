/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keyder.h"

#include "crypto/der.h"
#include "crypto/pkcs8_int.h"
#include "crypto/rsa_der.h"

enum kind { DSA, DH, DHX, FF_KINDS, RSA = FF_KINDS };

/* id-dsa, dhKeyAgreement, dhpublicnumber */
static const uint8_t oid_dsa[] = {0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01};
static const uint8_t oid_dh[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x03, 0x01};
static const uint8_t oid_dhx[] = {0x2a, 0x86, 0x48, 0xce, 0x3e, 0x02, 0x01};
static const struct spk_span oids[FF_KINDS] = {
    {oid_dsa, sizeof oid_dsa}, {oid_dh, sizeof oid_dh}, {oid_dhx, sizeof oid_dhx}};

void
spk_keyder_clear(struct spk_keyder *k)
{
    spk_anyrsa_free(k->rsa);
    spk_ffkey_free(k->ff);
    *k = (struct spk_keyder){0};
}

/* ---- writing ---- */

static spk_err
put_ff_alg(const struct spk_ff_parts *p, bool dsa, struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf nums = SPK_BUF(SPK_PKCS8_MAX);
    SPK_AUTO_BUF struct spk_buf alg = SPK_BUF(SPK_PKCS8_MAX);
    enum kind kind = dsa ? DSA : p->q.len != 0 ? DHX : DH;
    SPK_TRY(spk_der_put_uint(&nums, p->p));
    SPK_TRY(spk_der_put_uint(&nums, dsa ? p->q : p->g));
    if (kind != DH) {
        SPK_TRY(spk_der_put_uint(&nums, dsa ? p->g : p->q));
    }
    SPK_TRY(spk_der_put(&alg, SPK_DER_OID, oids[kind]));
    SPK_TRY(spk_der_put(&alg, SPK_DER_SEQ, spk_buf_span(&nums)));
    return spk_der_put(b, SPK_DER_SEQ, spk_buf_span(&alg));
}

/* The algorithm to info, and the public or private number of it to body. */
static spk_err
put_ff(const struct spk_keyder *k, bool pair, struct spk_buf *info, struct spk_buf *body)
{
    struct spk_ff_parts p;
    spk_ffkey_parts(k->ff, &p);
    SPK_TRY(put_ff_alg(&p, k->dsa, info));
    return spk_der_put_uint(body, pair ? p.x : p.y);
}

static spk_err
put_rsa(const struct spk_keyder *k, bool pair, struct spk_buf *info, struct spk_buf *body)
{
    SPK_AUTO_BUF struct spk_buf nums = SPK_BUF(SPK_PKCS8_MAX);
    struct spk_rsa_parts p;
    spk_anyrsa_parts(k->rsa, &p);
    SPK_TRY(spk_der_put_rsa_alg(info));
    if (pair) {
        return spk_pkcs8_put_rsa(&p, body);
    }
    SPK_TRY(spk_der_put_uint(&nums, p.n));
    SPK_TRY(spk_der_put_uint(&nums, p.e));
    return spk_der_put(body, SPK_DER_SEQ, spk_buf_span(&nums));
}

spk_err
spk_keyder_put_public(const struct spk_keyder *k, struct spk_buf *out)
{
    SPK_AUTO_BUF struct spk_buf info = SPK_BUF(SPK_PKCS8_MAX);
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_PKCS8_MAX);
    SPK_TRY(k->rsa != NULL ? put_rsa(k, false, &info, &body) : put_ff(k, false, &info, &body));
    SPK_TRY(spk_der_put_bits(&info, spk_buf_span(&body)));
    return spk_der_put(out, SPK_DER_SEQ, spk_buf_span(&info));
}

spk_err
spk_keyder_put_pair(const struct spk_keyder *k, const struct spk_secret *pass,
                    struct spk_secret **ret_der)
{
    SPK_AUTO_BUF struct spk_buf info = SPK_BUF(SPK_PKCS8_MAX);
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_PKCS8_MAX);
    SPK_AUTO_BUF struct spk_buf plain = SPK_BUF(SPK_PKCS8_MAX);
    SPK_AUTO_BUF struct spk_buf sealed = SPK_BUF(SPK_PKCS8_MAX);
    SPK_CHECK(k->rsa != NULL ? spk_anyrsa_is_pair(k->rsa) : spk_ffkey_is_pair(k->ff), USAGE);
    SPK_TRY(spk_der_put_u32(&info, 0));
    SPK_TRY(k->rsa != NULL ? put_rsa(k, true, &info, &body) : put_ff(k, true, &info, &body));
    SPK_TRY(spk_der_put(&info, SPK_DER_OCTETS, spk_buf_span(&body)));
    SPK_TRY(spk_der_put(&plain, SPK_DER_SEQ, spk_buf_span(&info)));
    if (pass == NULL) {
        return spk_secret_from(spk_buf_span(&plain), ret_der);
    }
    SPK_TRY(spk_pkcs8_seal(spk_buf_span(&plain), pass, &sealed));
    return spk_secret_from(spk_buf_span(&sealed), ret_der);
}

/* ---- reading ---- */

static spk_err
get_domain(struct spk_rd *alg, enum kind kind, struct spk_ff_parts *p)
{
    struct spk_rd nums;
    SPK_CHECK(alg->left != 0, VERSION); /* inherited: from where, the file does not say */
    SPK_TRY(spk_der_enter(alg, SPK_DER_SEQ, &nums));
    SPK_TRY(spk_der_uint(&nums, &p->p));
    SPK_TRY(spk_der_uint(&nums, kind == DSA ? &p->q : &p->g));
    if (kind != DH) {
        SPK_TRY(spk_der_uint(&nums, kind == DSA ? &p->g : &p->q));
    }
    /* DH: the length of x; DHX: j, and how the primes were made */
    return kind == DSA ? spk_der_end(&nums) : SPK_OK;
}

static spk_err
get_alg(struct spk_rd *info, enum kind *ret_kind, struct spk_ff_parts *p)
{
    struct spk_rd alg, rest = *info;
    struct spk_span oid;
    SPK_TRY(spk_der_enter(info, SPK_DER_SEQ, &alg));
    SPK_TRY(spk_der_get(&alg, SPK_DER_OID, &oid));
    for (size_t i = 0; i < FF_KINDS; i++) {
        if (spk_span_eq(oid, oids[i])) {
            *ret_kind = (enum kind)i;
            SPK_TRY(get_domain(&alg, *ret_kind, p));
            return spk_der_end(&alg);
        }
    }
    *ret_kind = RSA;
    return spk_der_get_rsa_alg(&rest);
}

static spk_err
get_rsa_public(struct spk_span body, struct spk_rsa_parts *p)
{
    struct spk_rd r = spk_rd(body), seq;
    SPK_TRY(spk_der_enter(&r, SPK_DER_SEQ, &seq));
    SPK_TRY(spk_der_end(&r));
    SPK_TRY(spk_der_uint(&seq, &p->n));
    SPK_TRY(spk_der_uint(&seq, &p->e));
    return spk_der_end(&seq);
}

/* The key of a body that goes with the algorithm. */
static spk_err
make(enum kind kind, struct spk_ff_parts *ff, struct spk_span body, bool pair,
     struct spk_keyder *ret_k)
{
    struct spk_rd r = spk_rd(body);
    struct spk_keyder k = {.dsa = kind == DSA};
    struct spk_rsa_parts rsa = {0};
    if (kind == RSA) {
        SPK_TRY(pair ? spk_pkcs8_get_rsa(body, &rsa) : get_rsa_public(body, &rsa));
        SPK_TRY(spk_anyrsa_from_parts(&rsa, &k.rsa));
    } else {
        ff->seed = spk_ff_no_seed();
        SPK_TRY(spk_der_uint(&r, pair ? &ff->x : &ff->y));
        SPK_TRY(spk_der_end(&r));
        SPK_TRY(spk_ffkey_from_parts(ff, &k.ff));
    }
    *ret_k = k;
    return SPK_OK;
}

spk_err
spk_keyder_get_public(struct spk_span der, struct spk_keyder *ret_k)
{
    struct spk_rd r = spk_rd(der), info;
    struct spk_ff_parts ff = {0};
    struct spk_span body;
    enum kind kind;
    SPK_TRY(spk_der_enter(&r, SPK_DER_SEQ, &info));
    SPK_TRY(spk_der_end(&r));
    SPK_TRY(get_alg(&info, &kind, &ff));
    SPK_TRY(spk_der_bits(&info, &body));
    SPK_TRY(spk_der_end(&info));
    return make(kind, &ff, body, false, ret_k);
}

static spk_err
get_plain(struct spk_span der, struct spk_keyder *ret_k)
{
    struct spk_rd r = spk_rd(der), info;
    struct spk_ff_parts ff = {0};
    struct spk_span body, ignored;
    uint32_t version = 0;
    enum kind kind;
    SPK_TRY(spk_der_enter(&r, SPK_DER_SEQ, &info));
    SPK_TRY(spk_der_end(&r));
    SPK_TRY(spk_der_u32(&info, &version));
    SPK_CHECK(version == 0, VERSION);
    SPK_TRY(get_alg(&info, &kind, &ff));
    SPK_TRY(spk_der_get(&info, SPK_DER_OCTETS, &body));
    if (spk_der_next_is(&info, SPK_DER_CTX(0))) { /* attributes: nothing that we use */
        SPK_TRY(spk_der_get(&info, SPK_DER_CTX(0), &ignored));
    }
    SPK_TRY(spk_der_end(&info));
    return make(kind, &ff, body, true, ret_k);
}

spk_err
spk_keyder_get_pair(struct spk_span der, const struct spk_secret *pass, struct spk_keyder *ret_k)
{
    SPK_AUTO(spk_secret) plain = NULL;
    if (!spk_pkcs8_is_encrypted(der)) {
        return get_plain(der, ret_k);
    }
    SPK_TRY(spk_pkcs8_unseal(der, pass, &plain));
    spk_err e = get_plain(spk_secret_span(plain), ret_k);
    SPK_CHECK(e.code != SPK_CODE_FORMAT, PASS); /* by chance the padding was right */
    return e;
}
