/* SPDX-License-Identifier: Apache-2.0 */
/* VETO and SUCCESSOR: what an owner can say against a request, and what he gets when it ends well
 * (doc/spec/holder.md §4). */
#include <stdio.h>

#include "base/text.h"
#include "holder/reply.h"
#include "holder/tally.h"

/* The record of a request's owner: whatever its bytes say, their hash is who he is. */
static spk_err
owner_record(const struct spk_hreq *q, struct spk_span bytes, struct spk_enrolment *ret_e)
{
    SPK_TRY(spk_enrolment_parse(bytes, ret_e));
    SPK_CHECK(spk_hash_eq(&ret_e->owner, &q->owner), DENIED);
    return SPK_OK;
}

/* -- What was signed before this journal ---------------------------------------------------------
 */

spk_err
spk_successor_last(const struct spk_attrs *in, struct spk_span *ret_note)
{
    return spk_attrs_has(in, SPK_FA_LAST) ? spk_attrs_get(in, SPK_FA_LAST, SPK_NOTE_MAX, ret_note)
                                          : SPK_OK;
}

/* Signed by this holder, whenever that was, for this owner. */
static spk_err
own_successor(const struct spk_holder *h, const struct spk_hash *owner, struct spk_span bytes,
              uint32_t *ret_number)
{
    SPK_AUTO_SUCCESSOR u = {.number = 0};
    struct spk_note note;

    SPK_TRY(spk_note_parse(bytes, false, &note));
    SPK_TRY(spk_note_verify(&note, &h->keys->vkey));
    SPK_TRY(spk_successor_parse(note.text, &u));
    SPK_CHECK(spk_hash_eq(&u.owner, owner) && spk_keys_find(h->keys, &u.authority) != NULL, DENIED);
    *ret_number = u.number;
    return SPK_OK;
}

/* A journal that began anew knows no successors. Without the newest one, old keys would be the
 * owner's again, and the next statement would have a number that there is already. */
spk_err
spk_successor_catch_up(struct spk_holder *h, const struct spk_hash *owner, struct spk_span note)
{
    const struct spk_hsuccessor *have = spk_state_successor(h->state, owner);
    uint32_t number = 0;

    if (note.len == 0) {
        return SPK_OK;
    }
    SPK_TRY(own_successor(h, owner, note, &number));
    if (have != NULL && have->number >= number) {
        return SPK_OK;
    }
    SPK_CHECK(h->state->n_successors < SPK_SUCCESSORS_MAX, BUSY);
    return spk_holder_commit(h, SPK_JREC_SUCCESSOR, &note, 1);
}

/* -- VETO ----------------------------------------------------------------------------------------
 */

struct veto_in {
    struct spk_hash request;
    struct spk_span enrol, last, note, sig;
    bool by_code;
};

static spk_err
veto_take(const struct spk_attrs *in, struct veto_in *ret_v)
{
    SPK_TRY(spk_attrs_fixed(in, SPK_FA_REQUEST, ret_v->request.b, SPK_HASH_LEN));
    SPK_TRY(spk_attrs_get(in, SPK_FA_ENROL, SPK_ENROL_RECORD_MAX, &ret_v->enrol));
    SPK_TRY(spk_successor_last(in, &ret_v->last));
    ret_v->by_code = spk_attrs_has(in, SPK_FA_NOTE);
    SPK_CHECK(ret_v->by_code != spk_attrs_has(in, SPK_FA_SIG), FORMAT);
    if (ret_v->by_code) {
        return spk_attrs_get(in, SPK_FA_NOTE, SPK_NOTE_MAX, &ret_v->note);
    }
    return spk_attrs_get(in, SPK_FA_SIG, SPK_RSA_MAX_LEN, &ret_v->sig);
}

/* One key, one role: what an officer or the holder signs with is no veto code. */
static bool
has_a_role(const struct spk_holder *h, const uint8_t key[SPK_ED25519_LEN])
{
    return spk_policy_officer_by_key(spk_state_policy(h->state), key) != NULL ||
           spk_ct_eq(h->keys->vkey.key, key, SPK_ED25519_LEN) || spk_logkeys_has(h->logkeys, key);
}

static spk_err
veto_by_code(const struct spk_holder *h, const struct spk_hreq *q, const struct spk_enrolment *e,
             struct spk_span bytes)
{
    char name[SPK_NOTE_NAME_MAX + 1], owner[2 * SPK_HASH_LEN + 1];
    struct spk_note note;
    struct spk_vkey key;
    struct spk_hash authority, request;

    SPK_CHECK(!has_a_role(h, e->veto), DENIED);
    (void)snprintf(name, sizeof(name), "veto/%s", spk_hex(spk_hash_span(&q->owner), owner));
    SPK_TRY(spk_vkey_make(name, e->veto, &key));
    SPK_TRY(spk_note_parse(bytes, false, &note));
    SPK_TRY(spk_note_verify(&note, &key));
    SPK_TRY(spk_veto_parse(note.text, &authority, &request));
    SPK_CHECK(spk_hash_eq(&authority, &q->authority) && spk_hash_eq(&request, &q->hash), DENIED);
    return SPK_OK;
}

/* By the signature key that is the owner's today: after a recovery, the old one says nothing any
 * more. */
static spk_err
veto_by_key(const struct spk_holder *h, const struct spk_hreq *q, const struct spk_enrolment *e,
            struct spk_span sig)
{
    const struct spk_hsuccessor *x = spk_state_successor(h->state, &q->owner);
    SPK_AUTO(spk_rsa) key = NULL;

    if (x == NULL) {
        key = spk_rsa_ref(e->sign);
    } else {
        SPK_TRY(spk_rsa_from_spki(spk_buf_span(&x->sign_spki), &key));
    }
    return spk_statement_verify(key, SPK_KIND_VETO, &q->authority, spk_hash_span(&q->hash), sig);
}

static spk_err
veto(struct spk_holder *h, const struct veto_in *v, struct spk_reply *out)
{
    SPK_AUTO_ENROLMENT e = {.n_contacts = 0};
    const struct spk_hreq *q = spk_state_request(h->state, &v->request);
    uint8_t how = v->by_code ? SPK_VETO_BY_CODE : SPK_VETO_BY_KEY;

    SPK_CHECK(q != NULL, DENIED);
    SPK_TRY(owner_record(q, v->enrol, &e));
    SPK_TRY(spk_successor_catch_up(h, &q->owner, v->last));
    SPK_TRY(v->by_code ? veto_by_code(h, q, &e, v->note) : veto_by_key(h, q, &e, v->sig));
    if (!q->vetoed) {
        const struct spk_span parts[] = {spk_hash_span(&q->hash), spk_span(&how, 1)};
        SPK_TRY(spk_holder_commit(h, SPK_JREC_VETO, parts, 2));
    }
    return spk_reply_state(h, q, out);
}

enum spk_frame_status
spk_on_veto(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
            struct spk_reply *out)
{
    struct veto_in v = {.by_code = false};

    (void)s;
    if (!spk_ok(veto_take(in, &v))) {
        return SPK_FRAME_BAD;
    }
    return spk_status_of(veto(h, &v, out));
}

/* -- SUCCESSOR -----------------------------------------------------------------------------------
 */

static bool
id_in(const struct spk_hash *id, const struct spk_enrolment *e)
{
    return spk_hash_eq(id, spk_rsa_id(e->keyx)) || spk_hash_eq(id, spk_rsa_id(e->sign));
}

/* A key that stood in a role before, this owner's or the authority's, cannot take a new one. */
static spk_err
successor_keys(const struct spk_holder *h, const struct spk_hreq *q, const struct spk_enrolment *e)
{
    const struct spk_hash *ids[] = {&q->recipient, &q->signer};

    SPK_CHECK(!spk_hash_eq(ids[0], ids[1]), DENIED);
    for (size_t i = 0; i < 2; i++) {
        SPK_CHECK(!id_in(ids[i], e), DENIED);
        SPK_CHECK(spk_keys_find(h->keys, ids[i]) == NULL, DENIED);
        SPK_CHECK(!spk_state_key_used(h->state, &q->owner, ids[i]), DENIED);
    }
    return SPK_OK;
}

static spk_err
successor_build(struct spk_holder *h, const struct spk_hreq *q, struct spk_buf *note)
{
    const struct spk_hsuccessor *last = spk_state_successor(h->state, &q->owner);
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_REQUEST req = {.kind = 0};
    SPK_AUTO_SUCCESSOR u = {.number = 1};

    SPK_TRY(spk_request_parse(spk_buf_span(&q->record), &req));
    u.authority = q->authority;
    u.owner = q->owner;
    u.previous = q->owner;
    if (last != NULL) {
        u.number = last->number + 1;
        u.previous = last->hash;
    }
    u.keyx = spk_rsa_ref(req.keyx);
    u.sign = spk_rsa_ref(req.sign);
    u.request = q->hash;
    u.time = spk_hclock_wall(&h->clock);
    SPK_TRY(spk_successor_format(&u, &text));
    return spk_note_sign(spk_buf_span(&text), NULL, h->keys->vkey.name, h->keys->seed, note);
}

static spk_err
successor_new(struct spk_holder *h, const struct spk_hreq *q, const struct spk_enrolment *e)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    struct spk_decision v;

    SPK_TRY(spk_tally(h, q, &v));
    SPK_CHECK(v.state == SPK_STATE_APPROVED, DENIED);
    SPK_CHECK(h->state->n_successors < SPK_SUCCESSORS_MAX, BUSY);
    SPK_TRY(successor_keys(h, q, e));
    SPK_TRY(successor_build(h, q, &note));
    const struct spk_span part = spk_buf_span(&note);
    return spk_holder_commit(h, SPK_JREC_SUCCESSOR, &part, 1);
}

struct successor_in {
    struct spk_hash request;
    struct spk_span enrol, last;
};

static spk_err
successor(struct spk_holder *h, const struct successor_in *w, struct spk_reply *out)
{
    SPK_AUTO_ENROLMENT e = {.n_contacts = 0};
    const struct spk_hreq *q = spk_state_request(h->state, &w->request);

    SPK_CHECK(q != NULL, DENIED);
    SPK_TRY(owner_record(q, w->enrol, &e));
    SPK_TRY(spk_successor_catch_up(h, &q->owner, w->last));
    if (spk_state_successor_of(h->state, &w->request) == NULL) {
        SPK_TRY(successor_new(h, q, &e));
    }
    const struct spk_hsuccessor *x = spk_state_successor_of(h->state, &w->request);
    SPK_CHECK(x != NULL, DENIED);
    return spk_attrs_add(&out->l, SPK_FA_NOTE, spk_buf_span(&x->note));
}

enum spk_frame_status
spk_on_successor(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
                 struct spk_reply *out)
{
    struct successor_in w = {.enrol = SPK_SPAN_EMPTY};

    (void)s;
    if (!spk_ok(spk_attrs_fixed(in, SPK_FA_REQUEST, w.request.b, SPK_HASH_LEN)) ||
        !spk_ok(spk_attrs_get(in, SPK_FA_ENROL, SPK_ENROL_RECORD_MAX, &w.enrol)) ||
        !spk_ok(spk_successor_last(in, &w.last))) {
        return SPK_FRAME_BAD;
    }
    return spk_status_of(successor(h, &w, out));
}
