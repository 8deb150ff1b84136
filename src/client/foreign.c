/* SPDX-License-Identifier: Apache-2.0 */
#include "client/foreign.h"

#include <string.h>

#include "base/text.h"
#include "client/beside.h"
#include "client/send.h"
#include "crypto/rng.h"

/* -- the owner's key -- */

spk_err
spk_foreign_any(const struct spk_rsa *key, struct spk_anyrsa **ret_any)
{
    struct spk_rsa_parts parts;

    spk_rsa_parts(key, &parts);
    return spk_anyrsa_from_parts(&parts, ret_any);
}

/* What get gives of the container, or the key that stands beside it. */
static spk_err
own_key(struct spk_session *s,
        spk_err (*get)(struct spk_session *s, enum spk_key_spec spec, struct spk_rsa **ret_key),
        struct spk_anyrsa **ret_key)
{
    struct spk_keyder k = {.rsa = NULL};
    struct spk_rsa *own = NULL;
    spk_err e = get(s, SPK_AT_KEYEXCHANGE, &own);

    if (e.code == SPK_CODE_NOKEY) {
        SPK_TRY(spk_beside_get(s, SPK_AT_KEYEXCHANGE, false, &k));
        *ret_key = k.rsa;
        return SPK_OK;
    }
    SPK_TRY(e);
    return spk_foreign_any(own, ret_key);
}

spk_err
spk_foreign_pair(struct spk_session *s, struct spk_anyrsa **ret_pair)
{
    return own_key(s, spk_session_pair, ret_pair);
}

spk_err
spk_foreign_public(struct spk_session *s, struct spk_anyrsa **ret_pub)
{
    return own_key(s, spk_session_key, ret_pub);
}

spk_err
spk_foreign_open_blob(struct spk_session *s, struct spk_span blob, bool oaep,
                      const struct spk_anyrsa *pair, struct spk_secret **ret_plain)
{
    SPK_AUTO(spk_anyrsa) own = NULL;
    struct spk_simpleblob sb;
    struct spk_plainkey k;

    if (blob.len > 0 && blob.ptr[0] != SPK_BLOB_SIMPLE) {
        SPK_TRY(spk_plainkey_parse(blob, &k));
        return spk_secret_from(blob, ret_plain);
    }
    SPK_TRY(spk_anysimple_parse(blob, &sb));
    if (pair == NULL) {
        SPK_TRY(spk_foreign_pair(s, &own));
        pair = own;
    }
    SPK_CHECK(sb.cipher.len == spk_anyrsa_len(pair), AUTH); /* made for another key */
    return spk_anysimple_open(blob, pair, oaep, ret_plain);
}

/* -- deposits -- */

struct handover { /* one deposit with each authority */
    struct spk_session *s;
    size_t n;
    struct spk_parcel parcels[SPK_AUTHORITIES_MAX];
};

static void
handover_free(struct handover *h)
{
    if (h != NULL) {
        for (size_t i = 0; i < h->n; i++) {
            spk_parcel_clear(&h->parcels[i]);
        }
        spk_mem_free(h);
    }
}

static void
handover_cleanup(struct handover **h)
{
    handover_free(*h);
}

static spk_err
fill(struct handover *h, const struct spk_secret *key, const struct spk_file_id *id,
     const struct spk_foreign_deposit *d, struct spk_foreign *f)
{
    SPK_AUTO_BUF struct spk_buf sealed = SPK_BUF(SPK_RPRIV_FOREIGN_MAX);
    struct spk_parcel_from from = {.profile = h->s->profile,
                                   .key = key,
                                   .id = *id,
                                   .description = spk_span_str(d->description)};

    f->name = d->name;
    f->has_blob = d->simple.len > 0;
    if (f->has_blob) {
        SPK_TRY(spk_sha256(d->simple, &f->blob));
    }
    SPK_TRY(spk_foreign_seal(key, id, f, &sealed));
    from.foreign = spk_buf_span(&sealed);
    SPK_TRY(spk_commitment(key, id, &from.commitment));
    for (size_t i = 0; i < h->n; i++) {
        SPK_TRY(spk_parcel_fill(&h->parcels[i], &from));
    }
    return SPK_OK;
}

static spk_err
settle(const struct handover *h, const struct spk_file_id *id, size_t needed,
       struct spk_encrypt_outcome *o)
{
    spk_err first = SPK_ERR(NOTFOUND);

    o->id = *id;
    o->n = h->n;
    for (size_t i = 0; i < h->n; i++) {
        const struct spk_parcel *p = &h->parcels[i];

        o->at[i].name = p->pin->name;
        o->at[i].state = p->state;
        o->at[i].index = p->index;
        o->at[i].err = p->err;
        o->at[i].status = p->status;
        o->at[i].replaced = p->replaced;
        memcpy(o->at[i].said, p->said, sizeof(p->said));
        if (p->state == SPK_PARCEL_ACCEPTED) {
            o->accepted++;
        } else if (first.code == SPK_CODE_NOTFOUND) {
            first = p->err;
        }
    }
    return o->accepted > 0 && o->accepted >= needed ? SPK_OK : first;
}

static spk_err
handover_new(struct spk_session *s, const struct spk_foreign_deposit *d, struct handover **ret_h,
             struct spk_file_id *ret_id)
{
    struct spk_plainkey k;

    SPK_CHECK(s->profile->has_owner && s->profile->n_authorities > 0, NOTFOUND);
    SPK_TRY(spk_plainkey_parse(d->key, &k));
    SPK_TRY(spk_uuid7(ret_id));
    *ret_h = spk_calloc(1, sizeof(**ret_h));
    SPK_CHECK(*ret_h != NULL, NOMEM);
    (*ret_h)->s = s;
    return SPK_OK;
}

spk_err
spk_foreign_put(struct spk_session *s, const struct spk_foreign_deposit *d,
                struct spk_encrypt_outcome *ret_o)
{
    __attribute__((cleanup(handover_cleanup))) struct handover *h = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    struct spk_foreign f = {.key = d->key};
    struct spk_file_id id;

    memset(ret_o, 0, sizeof(*ret_o));
    SPK_TRY(handover_new(s, d, &h, &id));
    SPK_TRY(spk_secret_random(SPK_KEY_LEN, &key));
    for (size_t i = 0; i < s->profile->n_authorities; i++) {
        h->n++;
        SPK_TRY(spk_parcel_wrap(&h->parcels[i], s->profile->authorities[i], key, &id));
    }
    SPK_TRY(fill(h, key, &id, d, &f));
    spk_send_all(h->s, h->parcels, h->n);
    return settle(h, &id, spk_profile_needed(s->profile), ret_o);
}

spk_err
spk_foreign_hand(struct spk_session *s, const struct spk_pin *pin,
                 const struct spk_foreign_deposit *d, struct spk_span blob, uint16_t flags,
                 struct spk_encrypt_outcome *ret_o)
{
    __attribute__((cleanup(handover_cleanup))) struct handover *h = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    struct spk_foreign f = {.has_blob = false}; /* K is the key itself */
    struct spk_plainkey k;
    struct spk_file_id id;

    memset(ret_o, 0, sizeof(*ret_o));
    SPK_TRY(handover_new(s, d, &h, &id));
    SPK_TRY(spk_plainkey_parse(d->key, &k));
    SPK_CHECK(k.alg == SPK_CALG_AES_256, USAGE);
    SPK_TRY(spk_secret_from(k.key, &key));
    h->n = 1;
    SPK_TRY(spk_parcel_take(&h->parcels[0], pin, blob, flags, &id));
    SPK_TRY(fill(h, key, &id, d, &f));
    spk_send_all(h->s, h->parcels, h->n);
    return settle(h, &id, 1, ret_o);
}

/* -- what came back -- */

void
spk_foreign_found_clear(struct spk_foreign_found *f)
{
    spk_secret_free(f->key);
    memset(f, 0, sizeof(*f));
}

static void
copy_text(struct spk_span from, char *ret_text)
{
    memcpy(ret_text, from.ptr, from.len);
    ret_text[from.len] = '\0';
}

static spk_err
take_foreign(const struct spk_secret *k, const struct spk_rpriv *priv, struct spk_foreign_found *f)
{
    SPK_AUTO(spk_secret) plain = NULL;
    struct spk_foreign in;
    struct spk_plainkey parsed;

    SPK_TRY(spk_foreign_open(k, &priv->id, priv->foreign, &plain, &in));
    if (in.key.len > 0) {
        SPK_TRY(spk_plainkey_parse(in.key, &parsed));
        SPK_TRY(spk_secret_from(in.key, &f->key));
    } else {
        SPK_TRY(spk_plainkey_build(SPK_CALG_AES_256, spk_secret_span(k), &f->key));
    }
    f->serial = priv->id;
    f->has_blob = in.has_blob;
    f->blob = in.blob;
    if (in.name.len > 0) {
        copy_text(in.name, f->name);
    }
    if (priv->description.len > 0) {
        copy_text(priv->description, f->description);
    }
    return SPK_OK;
}

static spk_err
read_found(struct spk_session *s, const struct spk_recovered *r, struct spk_foreign_found *f)
{
    SPK_AUTO(spk_secret) k = NULL;
    struct spk_rpriv priv;
    struct spk_rsa *pair = NULL;

    SPK_TRY(spk_rpriv_parse(spk_buf_span(&r->rpriv), &priv));
    SPK_CHECK(priv.foreign.len > 0, NOTFOUND);
    SPK_TRY(spk_session_pair(s, SPK_AT_KEYEXCHANGE, &pair));
    SPK_TRY(spk_recovered_unwrap(r, pair, &k));
    return take_foreign(k, &priv, f);
}

spk_err
spk_foreign_get(struct spk_session *s, const struct spk_file_id *serial,
                struct spk_foreign_found *ret_f)
{
    struct spk_foreign_found f = {.key = NULL};
    struct spk_recovered r = {.index = 0};
    spk_err e = spk_recovered_get(s->profile, serial, NULL, &r);

    e = spk_ok(e) ? read_found(s, &r, &f) : e;
    spk_recovered_clear(&r);
    if (spk_ok(e)) {
        *ret_f = f;
    } else {
        spk_foreign_found_clear(&f);
    }
    return e;
}

struct walk {
    struct spk_session *s;
    spk_err (*each)(void *, const struct spk_foreign_found *);
    void *ctx;
};

/* One that cannot be read must not keep the others away. */
static spk_err
visit(void *ctx, const struct spk_file_id *id)
{
    struct walk *w = ctx;
    struct spk_foreign_found f = {.key = NULL};
    spk_err e = spk_foreign_get(w->s, id, &f);

    if (spk_ok(e)) {
        e = w->each(w->ctx, &f);
        spk_foreign_found_clear(&f);
        return e;
    }
    switch (e.code) {
    case SPK_CODE_NOTFOUND:
    case SPK_CODE_AUTH:
    case SPK_CODE_FORMAT:
    case SPK_CODE_TRUNC:
    case SPK_CODE_VERSION:
        return SPK_OK;
    default:
        return e;
    }
}

spk_err
spk_foreign_each(struct spk_session *s, spk_err (*each)(void *, const struct spk_foreign_found *),
                 void *ctx)
{
    struct walk w = {s, each, ctx};

    return spk_recovered_each(s->profile, visit, &w);
}

struct search {
    struct spk_hash blob;
    struct spk_file_id serial;
    bool found;
};

static spk_err
compare(void *ctx, const struct spk_foreign_found *f)
{
    struct search *q = ctx;

    if (f->has_blob && spk_hash_eq(&f->blob, &q->blob)) {
        q->serial = f->serial;
        q->found = true;
    }
    return SPK_OK;
}

spk_err
spk_foreign_find(struct spk_session *s, struct spk_span simple, struct spk_foreign_found *ret_f)
{
    struct search q = {.found = false};

    SPK_TRY(spk_sha256(simple, &q.blob));
    SPK_TRY(spk_foreign_each(s, compare, &q));
    SPK_CHECK(q.found, NOTFOUND);
    return spk_foreign_get(s, &q.serial, ret_f);
}
