/* SPDX-License-Identifier: Apache-2.0 */
/* Slot 5 of a sealed file, and the test of a deposit with K at hand (doc/spec/deposit.md §6, §7).
 */
#include <string.h>

#include "crypto/rng.h"
#include "keyblob/wrap.h"
#include "wire/record.h"
#include "wire/rpub.h"

/* Each r has its own key, so one IV serves them all. */
static const uint8_t zero_iv[SPK_AEAD_IV_LEN];

/* The part that anyone can read: R_pub without its time (the authority sets that later), P, owner
 * id. */
static void
open_part(const struct spk_deposit *d, uint8_t ret_b[SPK_RECORD_OPEN_LEN])
{
    uint8_t rpub[SPK_RPUB_LEN];

    spk_rpub_build(&d->rpub, rpub);
    memcpy(ret_b, rpub, SPK_RPUB_TIME_OFF);
    memcpy(ret_b + SPK_RPUB_TIME_OFF, rpub + SPK_RPUB_TIME_END, SPK_RPUB_LEN - SPK_RPUB_TIME_END);
    memcpy(ret_b + SPK_RPUB_NOTIME_LEN, d->p.b, SPK_HASH_LEN);
    memcpy(ret_b + SPK_RPUB_NOTIME_LEN + SPK_HASH_LEN, d->owner.b, SPK_HASH_LEN);
}

struct record_seal {
    struct spk_aead *aead;
    uint8_t aad[SPK_RECORD_OPEN_LEN + SPK_RECORD_R_LEN]; /* all of the body that is not sealed */
};

static void
record_seal_clear(struct record_seal *s)
{
    spk_aead_free(s->aead);
}

/* Cipher keyed with sub("record", file_id || H(authority SPKI) || r), and what it binds. */
static spk_err
record_seal_init(const struct spk_secret *key, const struct spk_deposit *d,
                 const uint8_t r[SPK_RECORD_R_LEN], struct record_seal *ret_s)
{
    uint8_t ctx[SPK_FILE_ID_LEN + SPK_HASH_LEN + SPK_RECORD_R_LEN], sub[SPK_AEAD_KEY_LEN];
    SPK_WIPE_ON_EXIT(sub);

    memcpy(ctx, d->rpub.id.b, SPK_FILE_ID_LEN);
    memcpy(ctx + SPK_FILE_ID_LEN, d->rpub.authority.b, SPK_HASH_LEN);
    memcpy(ctx + SPK_FILE_ID_LEN + SPK_HASH_LEN, r, SPK_RECORD_R_LEN);
    SPK_TRY(spk_sub(key, "record", SPK_SPAN_OF(ctx), SPK_MUT_OF(sub)));
    open_part(d, ret_s->aad);
    memcpy(ret_s->aad + SPK_RECORD_OPEN_LEN, r, SPK_RECORD_R_LEN);
    SPK_TRY(spk_aead_new(&ret_s->aead));
    return spk_aead_key(ret_s->aead, SPK_SPAN_OF(sub));
}

spk_err
spk_record_build_fixed(const struct spk_secret *key, const struct spk_deposit *d,
                       const uint8_t r[SPK_RECORD_R_LEN], struct spk_buf *body)
{
    __attribute__((cleanup(record_seal_clear))) struct record_seal s = {.aead = NULL};
    size_t plain = SPK_SALT_LEN + d->rpriv.len, start = body->len;
    uint8_t *p;

    SPK_CHECK(d->rpriv.len > 0, USAGE);
    SPK_CHECK(d->rpriv.len <= SPK_RPRIV_MAX, LIMIT);
    SPK_TRY(record_seal_init(key, d, r, &s));
    SPK_TRY(
        spk_buf_grow(body, SPK_RECORD_OPEN_LEN + SPK_RECORD_R_LEN + plain + SPK_AEAD_TAG_LEN, &p));
    open_part(d, p);
    p += SPK_RECORD_OPEN_LEN;
    memcpy(p, r, SPK_RECORD_R_LEN);
    p += SPK_RECORD_R_LEN;
    memcpy(p, d->salt, SPK_SALT_LEN);
    memcpy(p + SPK_SALT_LEN, d->rpriv.ptr, d->rpriv.len);
    spk_err e =
        spk_aead_seal(s.aead, zero_iv, SPK_SPAN_OF(s.aad), spk_span(p, plain), p, p + plain);
    if (!spk_ok(e)) { /* never leave the plaintext behind */
        spk_wipe(body->ptr + start, body->len - start);
        body->len = start;
    }
    return e;
}

spk_err
spk_record_build(const struct spk_secret *key, const struct spk_deposit *d, struct spk_buf *body)
{
    uint8_t r[SPK_RECORD_R_LEN];

    SPK_TRY(spk_random(SPK_MUT_OF(r)));
    return spk_record_build_fixed(key, d, r, body);
}

spk_err
spk_record_parse(struct spk_span body, struct spk_deposit *ret_d)
{
    uint8_t rpub[SPK_RPUB_LEN] = {0};
    struct spk_deposit d = {.rpriv = SPK_SPAN_EMPTY};

    SPK_CHECK(body.len >= SPK_RECORD_OPEN_LEN + SPK_SEALED_MIN, FORMAT);
    SPK_CHECK(body.len <= SPK_RECORD_OPEN_LEN + SPK_SEALED_MAX, LIMIT);
    memcpy(rpub, body.ptr, SPK_RPUB_TIME_OFF);
    memcpy(rpub + SPK_RPUB_TIME_END, body.ptr + SPK_RPUB_TIME_OFF,
           SPK_RPUB_LEN - SPK_RPUB_TIME_END);
    SPK_TRY(spk_rpub_parse(SPK_SPAN_OF(rpub), &d.rpub));
    memcpy(d.p.b, body.ptr + SPK_RPUB_NOTIME_LEN, SPK_HASH_LEN);
    memcpy(d.owner.b, body.ptr + SPK_RPUB_NOTIME_LEN + SPK_HASH_LEN, SPK_HASH_LEN);
    d.sealed = spk_span(body.ptr + SPK_RECORD_OPEN_LEN, body.len - SPK_RECORD_OPEN_LEN);
    *ret_d = d;
    return SPK_OK;
}

/* salt || R_priv into plain, and P checked over them. */
static spk_err
record_decrypt(const struct spk_secret *key, const struct spk_deposit *d, struct spk_buf *plain)
{
    __attribute__((cleanup(record_seal_clear))) struct record_seal s = {.aead = NULL};
    size_t n = d->sealed.len - SPK_RECORD_R_LEN - SPK_AEAD_TAG_LEN;
    const uint8_t *c = d->sealed.ptr + SPK_RECORD_R_LEN;
    struct spk_hash p;
    uint8_t *dst;

    SPK_TRY(record_seal_init(key, d, d->sealed.ptr, &s));
    SPK_TRY(spk_buf_grow(plain, n, &dst));
    SPK_TRY(spk_aead_open(s.aead, zero_iv, SPK_SPAN_OF(s.aad), spk_span(c, n), c + n, dst));
    SPK_TRY(spk_sha256(spk_span(dst, n), &p));
    SPK_CHECK(spk_hash_eq(&p, &d->p), AUTH);
    return SPK_OK;
}

spk_err
spk_record_open(const struct spk_secret *key, const struct spk_deposit *d,
                uint8_t ret_salt[SPK_SALT_LEN], struct spk_buf *rpriv)
{
    SPK_AUTO_BUF struct spk_buf plain = SPK_BUF(SPK_SALT_LEN + SPK_RPRIV_MAX);

    SPK_CHECK(d->sealed.len >= SPK_SEALED_MIN, FORMAT);
    SPK_CHECK(d->sealed.len <= SPK_SEALED_MAX, LIMIT);
    SPK_TRY(record_decrypt(key, d, &plain));
    SPK_TRY(spk_buf_add(rpriv, spk_span(plain.ptr + SPK_SALT_LEN, plain.len - SPK_SALT_LEN)));
    memcpy(ret_salt, plain.ptr, SPK_SALT_LEN);
    return SPK_OK;
}

static spk_err
prove_names(const struct spk_deposit *d, struct spk_span rpriv)
{
    struct spk_rpriv p;

    SPK_TRY(spk_rpriv_parse(rpriv, &p));
    SPK_CHECK(spk_hash_eq(&p.owner, &d->owner), AUTH);
    SPK_CHECK(spk_span_eq(SPK_SPAN_OF(p.id.b), SPK_SPAN_OF(d->rpub.id.b)), AUTH);
    return SPK_OK;
}

static spk_err
prove_key(const struct spk_deposit *d, struct spk_span rpriv, const struct spk_secret *key)
{
    struct spk_hash c, t;

    SPK_TRY(spk_commitment(key, &d->rpub.id, &c));
    SPK_TRY(spk_deposit_tag(key, &d->rpub, &d->owner, rpriv, &t));
    bool c_ok = spk_ct_eq(c.b, d->rpub.commitment.b, SPK_HASH_LEN);
    bool t_ok = spk_ct_eq(t.b, d->rpub.tag.b, SPK_HASH_LEN);
    SPK_CHECK((int)c_ok & (int)t_ok, AUTH);
    return SPK_OK;
}

bool
spk_rpub_is_derived(const struct spk_rpub *r)
{
    return (r->flags & SPK_WRAP_DERIVED) != 0;
}

static spk_err
prove_blob(const struct spk_deposit *d, const struct spk_secret *key,
           const struct spk_rsa *authority)
{
    struct spk_hash h;

    SPK_CHECK(spk_hash_eq(spk_rsa_id(authority), &d->rpub.authority), AUTH);
    SPK_TRY(spk_sha256(d->blob, &h));
    SPK_CHECK(spk_hash_eq(&h, &d->rpub.blob), AUTH);
    if (!spk_rpub_is_derived(&d->rpub)) {
        return SPK_OK;
    }
    return spk_wrap_matches(d->blob, key, authority, &d->rpub.id, d->rpub.flags);
}

static spk_err
prove(const struct spk_deposit *d, const struct spk_secret *key, const struct spk_rsa *authority)
{
    SPK_AUTO_BUF struct spk_buf opened = SPK_BUF(SPK_RPRIV_MAX);
    struct spk_span rpriv = d->rpriv;

    SPK_CHECK(spk_secret_len(key) == SPK_KEY_LEN, AUTH);
    if (rpriv.len == 0) {
        uint8_t salt[SPK_SALT_LEN];
        SPK_TRY(spk_record_open(key, d, salt, &opened));
        rpriv = spk_buf_span(&opened);
    } else {
        struct spk_hash p;
        SPK_TRY(spk_deposit_p(d->salt, rpriv, &p));
        SPK_CHECK(spk_hash_eq(&p, &d->p), AUTH);
    }
    SPK_TRY(prove_key(d, rpriv, key));
    SPK_TRY(prove_names(d, rpriv));
    return prove_blob(d, key, authority);
}

spk_err
spk_deposit_prove(const struct spk_deposit *d, const struct spk_secret *key,
                  const struct spk_rsa *authority)
{
    spk_err e = prove(d, key, authority);

    /* Only "out of memory" says nothing about the deposit; everything else is one answer. */
    return spk_ok(e) || e.code == SPK_CODE_NOMEM ? e : SPK_ERR(AUTH);
}
