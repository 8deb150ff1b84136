/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN, APPROVE, DENY, STATE: a request and what the officers say about it (doc/spec/holder.md §4).
 */
#include "holder/hpath.h"
#include "holder/logstate.h"
#include "holder/reply.h"
#include "holder/tally.h"

static spk_err
reply_request(struct spk_holder *h, const struct spk_hreq *q, struct spk_reply *out)
{
    SPK_TRY(spk_reply_state(h, q, out));
    return spk_attrs_add(&out->l, SPK_FA_REQUEST, spk_hash_span(&q->hash));
}

/* -- OPEN ----------------------------------------------------------------------------------------
 */

struct open_in {
    struct spk_span record, sig_sign, sig_keyx;
    uint64_t count;
    struct spk_hash root;
    struct spk_span policies; /* u32 each */
    struct spk_span last;     /* successor note, or empty */
    bool has_first;           /* the deposit of the scope with the lowest index */
    uint64_t first;
    struct spk_hash first_oc;
    struct spk_hpath first_path;
};

static spk_err
take_policies(const struct spk_attrs *in, struct spk_span *ret_p)
{
    uint32_t last = 0;

    if (!spk_attrs_has(in, SPK_FA_POLICIES)) {
        return SPK_OK;
    }
    SPK_TRY(spk_attrs_get(in, SPK_FA_POLICIES, (size_t)4 * SPK_POLICIES_MAX, ret_p));
    SPK_CHECK(ret_p->len % 4 == 0, FORMAT);
    for (size_t i = 0; i < ret_p->len; i += 4) {
        uint32_t number = spk_get_u32(ret_p->ptr + i);
        SPK_CHECK(number > last, FORMAT);
        last = number;
    }
    return SPK_OK;
}

static spk_err
take_first(const struct spk_attrs *in, struct open_in *ret_o)
{
    ret_o->has_first = spk_attrs_has(in, SPK_FA_FIRST);
    if (ret_o->has_first && ret_o->count > 0) {
        SPK_TRY(spk_attrs_u64(in, SPK_FA_FIRST, &ret_o->first));
        SPK_TRY(spk_attrs_fixed(in, SPK_FA_FIRST_OC, ret_o->first_oc.b, SPK_HASH_LEN));
        return spk_hpath_take(in, SPK_FA_PATH, &ret_o->first_path);
    }
    SPK_CHECK(!spk_attrs_has(in, SPK_FA_FIRST_OC) && !spk_attrs_has(in, SPK_FA_PATH), FORMAT);
    return ret_o->has_first ? spk_attrs_u64(in, SPK_FA_FIRST, &ret_o->first) : SPK_OK;
}

static spk_err
open_take(const struct spk_attrs *in, struct open_in *ret_o)
{
    SPK_TRY(spk_attrs_get(in, SPK_FA_RECORD, SPK_REQ_RECORD_MAX, &ret_o->record));
    SPK_TRY(spk_attrs_get(in, SPK_FA_SIG_SIGN, SPK_RSA_MAX_LEN, &ret_o->sig_sign));
    SPK_TRY(spk_attrs_get(in, SPK_FA_SIG_KEYX, SPK_RSA_MAX_LEN, &ret_o->sig_keyx));
    SPK_TRY(spk_attrs_u64(in, SPK_FA_SCOPE_COUNT, &ret_o->count));
    SPK_TRY(take_policies(in, &ret_o->policies));
    SPK_TRY(take_first(in, ret_o));
    SPK_TRY(spk_successor_last(in, &ret_o->last));
    return spk_attrs_fixed(in, SPK_FA_SCOPE_ROOT, ret_o->root.b, SPK_HASH_LEN);
}

static uint64_t
distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* Keys of one role only: never the authority's own, never one that this owner has had before. */
static bool
key_is_new(const struct spk_holder *h, const struct spk_request *r, const struct spk_rsa *key)
{
    const struct spk_hash *id = spk_rsa_id(key);

    return spk_keys_find(h->keys, id) == NULL && !spk_state_key_used(h->state, &r->owner, id);
}

static spk_err
open_check(struct spk_holder *h, const struct spk_request *r, const struct open_in *o)
{
    SPK_CHECK(spk_keys_find(h->keys, &r->authority) != NULL, DENIED);
    SPK_CHECK(distance(r->time, spk_hclock_wall(&h->clock)) <= SPK_OPEN_SKEW, DENIED);
    SPK_CHECK(key_is_new(h, r, r->keyx) && key_is_new(h, r, r->sign), DENIED);
    SPK_CHECK(o->count <= SPK_SCOPE_MAX, LIMIT);
    return spk_request_verify(r, o->record, o->sig_sign, o->sig_keyx);
}

/* A full table must not let strangers keep the next one out: what is long over gives way, or what
 * no officer has spoken about yet, which can be opened again. */
static spk_err
open_room(struct spk_holder *h)
{
    const struct spk_hreq *old;

    if (h->state->n_requests < SPK_REQUESTS_MAX) {
        return SPK_OK;
    }
    old = spk_state_spare(h->state);
    SPK_CHECK(old != NULL, BUSY);
    const struct spk_span part = spk_hash_span(&old->hash);
    return spk_holder_commit(h, SPK_JREC_FORGET, &part, 1);
}

static spk_err
open_new(struct spk_holder *h, const struct spk_request *r, const struct open_in *o)
{
    uint8_t count[8], n_policies[2];

    SPK_CHECK(
        spk_bucket_take(&h->opens, spk_hclock_running(&h->clock), SPK_OPEN_RATE, SPK_OPEN_BURST),
        BUSY);
    SPK_TRY(open_check(h, r, o));
    SPK_TRY(open_room(h));
    spk_put_u64(count, o->count);
    spk_put_u16(n_policies, (uint16_t)(o->policies.len / 4));
    const struct spk_span parts[] = {SPK_SPAN_OF(count), spk_hash_span(&o->root),
                                     SPK_SPAN_OF(n_policies), o->policies, o->record};
    /* with the lowest index one more record follows, and both are made durable together */
    return o->has_first ? spk_holder_commit_late(h, SPK_JREC_ASKED, parts, 5)
                        : spk_holder_commit(h, SPK_JREC_ASKED, parts, 5);
}

/* What the request's entry in the log will point at. */
static spk_err
open_check_first(const struct spk_holder *h, const struct open_in *o)
{
    uint8_t entry[40];

    if (!o->has_first) {
        SPK_CHECK(!spk_logs_begun(h->state), DENIED);
        return SPK_OK;
    }
    if (o->count == 0) {
        SPK_CHECK(o->first == SPK_NO_DEPOSIT, DENIED);
        return SPK_OK;
    }
    spk_scope_entry(o->first, &o->first_oc, entry);
    return spk_hpath_verify(&o->first_path, SPK_SPAN_OF(entry), 0, o->count, &o->root);
}

static spk_err
open_first(struct spk_holder *h, const struct spk_hreq *q, const struct open_in *o)
{
    uint8_t first[8];

    if (q->has_first) {
        SPK_CHECK(!o->has_first || q->first == o->first, DENIED);
        return SPK_OK;
    }
    if (!o->has_first) {
        return SPK_OK;
    }
    spk_put_u64(first, o->first);
    const struct spk_span parts[] = {spk_hash_span(&q->hash), SPK_SPAN_OF(first)};
    return spk_holder_commit(h, SPK_JREC_FIRST, parts, 2);
}

static spk_err
open_request(struct spk_holder *h, const struct open_in *o, struct spk_reply *out)
{
    SPK_AUTO_REQUEST r = {0};

    SPK_TRY(open_check_first(h, o));
    SPK_TRY(spk_request_parse(o->record, &r));
    SPK_TRY(spk_successor_catch_up(h, &r.owner, o->last));
    if (spk_state_request(h->state, &r.hash) == NULL) {
        SPK_TRY(open_new(h, &r, o));
    }
    const struct spk_hreq *q = spk_state_request(h->state, &r.hash);
    SPK_CHECK(q != NULL, DENIED);
    /* the scope is what it was when the request was opened */
    SPK_CHECK(q->scope_count == o->count && spk_hash_eq(&q->scope_root, &o->root), DENIED);
    SPK_TRY(open_first(h, q, o));
    return reply_request(h, q, out);
}

enum spk_frame_status
spk_on_open(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
            struct spk_reply *out)
{
    struct open_in o = {.count = 0};

    (void)s;
    if (!spk_ok(open_take(in, &o))) {
        return SPK_FRAME_BAD;
    }
    return spk_status_of(open_request(h, &o, out));
}

/* -- APPROVE, DENY -------------------------------------------------------------------------------
 */

/* An officer's own files are for the others to decide about. */
static bool
own_request(const struct spk_policy *p, const struct spk_vote *v, const struct spk_hash *owner)
{
    const struct spk_officer *o = spk_policy_officer_by_key(p, v->key);

    return o != NULL && spk_officer_owns(o, owner);
}

/* An approval that could not count any more, or not yet, is turned away, so that its officer learns
 * of it. */
static spk_err
approval_in_time(struct spk_holder *h, const struct spk_hreq *q, const struct spk_vote *v)
{
    struct spk_decision d;

    SPK_CHECK(!own_request(spk_state_policy(h->state), v, &q->owner), DENIED);
    SPK_TRY(spk_tally(h, q, &d));
    SPK_CHECK(d.state != SPK_STATE_EXPIRED, DENIED);
    SPK_CHECK(v->round == 1 || (d.state != SPK_STATE_OPEN && d.state != SPK_STATE_WAITING), DENIED);
    return SPK_OK;
}

/* The same note again, or an older one, changes nothing and costs no space. */
static bool
vote_known(const struct spk_hreq *q, const struct spk_vote *v)
{
    for (size_t i = 0; i < q->n_votes; i++) {
        const struct spk_vote *old = &q->votes[i];
        if (spk_ct_eq(old->key, v->key, SPK_ED25519_LEN) && old->approve == v->approve &&
            old->round == v->round &&
            (!v->approve || (old->policy == v->policy && old->expires >= v->expires))) {
            return true;
        }
    }
    return false;
}

/* The log that officers must have known of: from its first entry on, a word that leaves it out is
 * none. What was taken before stays. */
static const char *
log_of(const struct spk_holder *h)
{
    return spk_logs_begun(h->state) ? spk_logs_key(&h->logkeys->names, SPK_LOG_RECOVERIES)->name
                                    : NULL;
}

static spk_err
vote_check(struct spk_holder *h, const struct spk_note *note, const struct spk_hreq *q,
           struct spk_vote *ret_v)
{
    const struct spk_vote_facts facts = {.authority = q->authority,
                                         .request = q->hash,
                                         .owner = q->owner,
                                         .scope_count = q->scope_count,
                                         .scope_root = q->scope_root,
                                         .recipient = q->recipient,
                                         .signer = q->signer,
                                         .log = log_of(h)};

    return spk_vote_check(note, &facts, spk_state_policy(h->state), spk_hclock_wall(&h->clock),
                          ret_v, NULL);
}

static spk_err
vote(struct spk_holder *h, struct spk_span bytes, bool approve, struct spk_reply *out)
{
    struct spk_note note;
    struct spk_approval a;
    struct spk_vote v;

    SPK_TRY(spk_note_parse(bytes, false, &note));
    SPK_TRY(spk_approval_parse(note.text, &a));
    SPK_CHECK(a.approve == approve, DENIED);
    const struct spk_hreq *q = spk_state_request(h->state, &a.request);
    SPK_CHECK(q != NULL, DENIED);
    SPK_TRY(vote_check(h, &note, q, &v));
    if (approve) {
        SPK_TRY(approval_in_time(h, q, &v));
    }
    if (!vote_known(q, &v)) {
        SPK_CHECK(q->n_votes < SPK_DECIDE_VOTES_MAX, BUSY);
        const struct spk_span parts[] = {SPK_SPAN_OF(v.key), bytes};
        SPK_TRY(spk_holder_commit(h, SPK_JREC_VOTE, parts, 2));
    }
    return reply_request(h, q, out);
}

static enum spk_frame_status
on_vote(struct spk_holder *h, const struct spk_attrs *in, bool approve, struct spk_reply *out)
{
    struct spk_span note;

    if (!spk_ok(spk_attrs_get(in, SPK_FA_NOTE, SPK_NOTE_MAX, &note))) {
        return SPK_FRAME_BAD;
    }
    return spk_status_of(vote(h, note, approve, out));
}

enum spk_frame_status
spk_on_approve(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
               struct spk_reply *out)
{
    (void)s;
    return on_vote(h, in, true, out);
}

enum spk_frame_status
spk_on_deny(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
            struct spk_reply *out)
{
    (void)s;
    return on_vote(h, in, false, out);
}

/* -- STATE ---------------------------------------------------------------------------------------
 */

enum spk_frame_status
spk_on_state(struct spk_holder *h, const struct spk_hsession *s, const struct spk_attrs *in,
             struct spk_reply *out)
{
    struct spk_hash hash;

    (void)s;
    if (!spk_ok(spk_attrs_fixed(in, SPK_FA_REQUEST, hash.b, SPK_HASH_LEN))) {
        return SPK_FRAME_BAD;
    }
    const struct spk_hreq *q = spk_state_request(h->state, &hash);
    if (q == NULL) {
        return SPK_FRAME_REFUSED;
    }
    return spk_status_of(reply_request(h, q, out));
}
