/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/state.h"

#include <string.h>

#include "base/rd.h"
#include "holder/logstate.h"

static void
hreq_free(struct spk_hreq *r)
{
    if (r == NULL) {
        return;
    }
    spk_buf_free(&r->record);
    spk_rsa_free(r->keyx);
    spk_mem_free(r->policies);
    spk_mem_free(r->votes);
    spk_mem_free(r->released_bits);
    spk_mem_free(r);
}

static void
hsuccessor_free(struct spk_hsuccessor *x)
{
    if (x == NULL) {
        return;
    }
    spk_buf_free(&x->note);
    spk_buf_free(&x->sign_spki);
    spk_mem_free(x);
}

static void
hpolicy_free(struct spk_hpolicy *p)
{
    if (p == NULL) {
        return;
    }
    spk_buf_free(&p->note);
    spk_mem_free(p);
}

void
spk_hstate_free(struct spk_hstate *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->n_policies; i++) {
        hpolicy_free(s->policies[i]);
    }
    for (size_t i = 0; i < s->n_requests; i++) {
        hreq_free(s->requests[i]);
    }
    for (size_t i = 0; i < s->n_successors; i++) {
        hsuccessor_free(s->successors[i]);
    }
    spk_mem_free(s->successors);
    spk_mem_free(s->epochs);
    spk_mem_free(s->uses);
    spk_mem_free(s);
}

spk_err
spk_state_new(const struct spk_hash *genesis, struct spk_hstate **ret_s)
{
    struct spk_hstate *s = spk_calloc(1, sizeof(*s));

    SPK_CHECK(s != NULL, NOMEM);
    s->genesis = *genesis;
    *ret_s = s;
    return SPK_OK;
}

/* -- Asking --------------------------------------------------------------------------------------
 */

struct spk_hreq *
spk_state_request(const struct spk_hstate *s, const struct spk_hash *hash)
{
    for (size_t i = 0; i < s->n_requests; i++) {
        if (spk_hash_eq(&s->requests[i]->hash, hash)) {
            return s->requests[i];
        }
    }
    return NULL;
}

const struct spk_policy *
spk_state_policy(const struct spk_hstate *s)
{
    return s->n_policies > 0 ? &s->policies[s->n_policies - 1]->p : NULL;
}

const struct spk_policy *
spk_state_policy_at(const struct spk_hstate *s, uint32_t number)
{
    return number >= 1 && number <= s->n_policies ? &s->policies[number - 1]->p : NULL;
}

void
spk_state_rule(const struct spk_hstate *s, const struct spk_hreq *q, struct spk_policy *ret_p)
{
    *ret_p = *spk_state_policy(s);
    for (size_t i = 0; i < q->n_policies; i++) {
        spk_policy_combine(spk_state_policy_at(s, q->policies[i]), ret_p, ret_p);
    }
}

const struct spk_hsuccessor *
spk_state_successor(const struct spk_hstate *s, const struct spk_hash *owner)
{
    for (size_t i = s->n_successors; i > 0; i--) {
        if (spk_hash_eq(&s->successors[i - 1]->owner, owner)) {
            return s->successors[i - 1];
        }
    }
    return NULL;
}

const struct spk_hsuccessor *
spk_state_successor_of(const struct spk_hstate *s, const struct spk_hash *request)
{
    for (size_t i = 0; i < s->n_successors; i++) {
        if (spk_hash_eq(&s->successors[i]->request, request)) {
            return s->successors[i];
        }
    }
    return NULL;
}

bool
spk_state_key_used(const struct spk_hstate *s, const struct spk_hash *owner,
                   const struct spk_hash *id)
{
    for (size_t i = 0; i < s->n_successors; i++) {
        const struct spk_hsuccessor *x = s->successors[i];
        if (spk_hash_eq(&x->owner, owner) &&
            (spk_hash_eq(&x->keyx, id) || spk_hash_eq(&x->sign, id))) {
            return true;
        }
    }
    return false;
}

bool
spk_state_released(const struct spk_hreq *r, uint64_t position)
{
    return r->released_bits != NULL && position < r->scope_count &&
           (r->released_bits[position / 8] >> (position % 8) & 1) != 0;
}

bool
spk_state_reserved(const struct spk_hreq *r, uint64_t position)
{
    return position >= r->reserved && position - r->reserved < r->n_reserved;
}

uint64_t
spk_state_latest_end(const struct spk_hstate *s, const struct spk_hreq *r)
{
    uint64_t life = 0;

    for (size_t i = 0; i < s->n_policies; i++) {
        const struct spk_policy *p = &s->policies[i]->p;
        life = p->request_life > life ? p->request_life : life;
    }
    return life > UINT64_MAX - r->opened ? UINT64_MAX : r->opened + life;
}

/* -- Applying ------------------------------------------------------------------------------------
 */

static spk_err
apply_policy(struct spk_hstate *s, struct spk_rd *r)
{
    struct spk_note note;

    SPK_CHECK(s->n_policies < SPK_POLICIES_MAX, LIMIT);
    struct spk_hpolicy *p = spk_calloc(1, sizeof(*p));
    SPK_CHECK(p != NULL, NOMEM);
    p->note = SPK_BUF(SPK_NOTE_MAX);
    spk_err e = spk_buf_add(&p->note, spk_span(r->ptr, r->left));
    if (spk_ok(e)) {
        e = spk_note_parse(spk_buf_span(&p->note), false, &note);
    }
    if (spk_ok(e)) {
        e = s->n_policies == 0 ? spk_policy_verify_genesis(&note, &s->genesis, &p->p)
                               : spk_policy_verify_next(&note, spk_state_policy(s), &p->p);
    }
    if (!spk_ok(e)) {
        hpolicy_free(p);
        return e;
    }
    s->policies[s->n_policies++] = p;
    return SPK_OK;
}

static void
hreq_take(struct spk_hreq *q, const struct spk_request *req)
{
    q->hash = req->hash;
    q->owner = req->owner;
    q->authority = req->authority;
    q->recipient = *spk_rsa_id(req->keyx);
    q->signer = *spk_rsa_id(req->sign);
    q->kind = req->kind;
    q->asked = req->time;
    q->select = req->select;
    q->select_count = req->count;
    q->select_root = req->root;
}

static spk_err
hreq_policies(struct spk_hreq *q, struct spk_rd *r)
{
    uint16_t n;

    SPK_TRY(spk_rd_u16(r, &n));
    SPK_CHECK(n <= SPK_POLICIES_MAX, LIMIT);
    if (n == 0) {
        return SPK_OK;
    }
    q->policies = spk_calloc(n, sizeof(*q->policies));
    SPK_CHECK(q->policies != NULL, NOMEM);
    for (; q->n_policies < n; q->n_policies++) {
        SPK_TRY(spk_rd_u32(r, &q->policies[q->n_policies]));
    }
    return SPK_OK;
}

static spk_err
hreq_fill(struct spk_hreq *q, uint16_t type, struct spk_rd *r)
{
    struct spk_request req = {0};

    SPK_TRY(spk_rd_u64(r, &q->scope_count));
    SPK_TRY(spk_rd_copy(r, q->scope_root.b, SPK_HASH_LEN));
    if (type == SPK_JREC_ASKED) {
        SPK_TRY(hreq_policies(q, r));
    }
    q->record = SPK_BUF(SPK_REQ_RECORD_MAX);
    SPK_TRY(spk_buf_add(&q->record, spk_span(r->ptr, r->left)));
    SPK_TRY(spk_request_parse(spk_buf_span(&q->record), &req));
    hreq_take(q, &req);
    spk_request_clear(&req);
    SPK_CHECK(q->scope_count <= SPK_SCOPE_MAX, LIMIT);
    return SPK_OK;
}

static spk_err
apply_open(struct spk_hstate *s, uint16_t type, struct spk_rd *r)
{
    SPK_CHECK(s->n_requests < SPK_REQUESTS_MAX, LIMIT);
    struct spk_hreq *q = spk_calloc(1, sizeof(*q));
    SPK_CHECK(q != NULL, NOMEM);
    q->born = q->opened = s->wall;
    q->born_run = q->opened_run = s->running;
    q->under_log = spk_logs_begun(s);
    spk_err e = hreq_fill(q, type, r);
    if (!spk_ok(e) || spk_state_request(s, &q->hash) != NULL) {
        hreq_free(q); /* one that is open already stays as it is */
        return e;
    }
    s->requests[s->n_requests++] = q;
    return SPK_OK;
}

/* The same officer, decision and round: the later note stands. A denial stands for good. */
static struct spk_vote *
vote_slot(struct spk_hreq *q, const struct spk_vote *v)
{
    for (size_t i = 0; i < q->n_votes; i++) {
        struct spk_vote *old = &q->votes[i];
        if (spk_ct_eq(old->key, v->key, SPK_ED25519_LEN) && old->approve == v->approve &&
            old->round == v->round) {
            return old;
        }
    }
    struct spk_vote *votes = spk_reallocarray(q->votes, q->n_votes + 1, sizeof(*votes));
    if (votes == NULL) {
        return NULL;
    }
    q->votes = votes;
    return &votes[q->n_votes++];
}

/* Judged when the denial comes, with the officers of that moment: who leaves office later takes no
 * "no" along. */
static spk_err
note_denial(const struct spk_hstate *s, struct spk_hreq *q)
{
    const struct spk_policy *now = spk_state_policy(s);
    struct spk_policy rule;
    const struct spk_decision_in in = {.then = &rule,
                                       .now = now,
                                       .owner = q->owner,
                                       .opened = q->opened,
                                       .wall = s->wall,
                                       .n_votes = q->n_votes,
                                       .votes = q->votes,
                                       .denied = q->denied};
    struct spk_decision d;

    SPK_CHECK(now != NULL, FORMAT);
    spk_state_rule(s, q, &rule);
    SPK_TRY(spk_decide(&in, &d));
    q->denied = d.state == SPK_STATE_DENIED;
    return SPK_OK;
}

static spk_err
apply_vote(struct spk_hstate *s, struct spk_rd *r)
{
    struct spk_vote v = {.round = 0};
    struct spk_note note;
    struct spk_approval a;

    SPK_TRY(spk_rd_copy(r, v.key, sizeof(v.key)));
    SPK_TRY(spk_note_parse(spk_span(r->ptr, r->left), false, &note));
    SPK_TRY(spk_approval_parse(note.text, &a));
    struct spk_hreq *q = spk_state_request(s, &a.request);
    SPK_CHECK(q != NULL, FORMAT);
    v.approve = a.approve;
    v.round = a.round;
    v.policy = a.policy;
    v.time = a.time;
    v.expires = a.expires;
    SPK_CHECK(q->n_votes < SPK_DECIDE_VOTES_MAX, LIMIT);
    struct spk_vote *slot = vote_slot(q, &v);
    SPK_CHECK(slot != NULL, NOMEM);
    *slot = v;
    return v.approve ? SPK_OK : note_denial(s, q);
}

static spk_err
rd_request(struct spk_hstate *s, struct spk_rd *r, struct spk_hreq **ret_q)
{
    struct spk_hash h;

    SPK_TRY(spk_rd_copy(r, h.b, SPK_HASH_LEN));
    *ret_q = spk_state_request(s, &h);
    SPK_CHECK(*ret_q != NULL, FORMAT);
    return SPK_OK;
}

static spk_err
apply_veto(struct spk_hstate *s, struct spk_rd *r)
{
    struct spk_hreq *q = NULL;
    uint8_t how;

    SPK_TRY(rd_request(s, r, &q));
    SPK_TRY(spk_rd_u8(r, &how));
    SPK_CHECK(how == SPK_VETO_BY_CODE || how == SPK_VETO_BY_KEY, FORMAT);
    q->vetoed = true;
    return spk_rd_end(r);
}

static spk_err
apply_released(struct spk_hstate *s, struct spk_rd *r)
{
    struct spk_hreq *q = NULL;
    uint64_t position, idx;
    struct spk_hash recipient;

    SPK_TRY(rd_request(s, r, &q));
    SPK_TRY(spk_rd_u64(r, &position));
    SPK_TRY(spk_rd_u64(r, &idx));
    SPK_TRY(spk_rd_copy(r, recipient.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_end(r));
    SPK_CHECK(position < q->scope_count && spk_hash_eq(&recipient, &q->recipient), FORMAT);
    if (q->released_bits == NULL) {
        q->released_bits = spk_calloc((size_t)((q->scope_count + 7) / 8), 1);
        SPK_CHECK(q->released_bits != NULL, NOMEM);
    }
    if (!spk_state_released(q, position)) {
        q->released_bits[position / 8] |= (uint8_t)(1u << (position % 8));
        q->released++;
    }
    return SPK_OK;
}

static spk_err
apply_reserved(struct spk_hstate *s, struct spk_rd *r)
{
    struct spk_hreq *q = NULL;
    uint64_t first, count;

    SPK_TRY(rd_request(s, r, &q));
    SPK_TRY(spk_rd_u64(r, &first));
    SPK_TRY(spk_rd_u64(r, &count));
    SPK_TRY(spk_rd_end(r));
    SPK_CHECK(first < q->scope_count && count <= q->scope_count - first, FORMAT);
    q->reserved = first;
    q->n_reserved = count;
    return SPK_OK;
}

static spk_err
successor_fill(struct spk_hsuccessor *x, struct spk_span bytes)
{
    struct spk_note note;
    struct spk_successor u = {0};

    x->note = SPK_BUF(SPK_NOTE_MAX);
    x->sign_spki = SPK_BUF(SPK_SPKI_MAX_LEN);
    SPK_TRY(spk_buf_add(&x->note, bytes));
    SPK_TRY(spk_note_parse(spk_buf_span(&x->note), false, &note));
    SPK_TRY(spk_note_hash(&note, &x->hash));
    SPK_TRY(spk_successor_parse(note.text, &u));
    x->owner = u.owner;
    x->request = u.request;
    x->number = u.number;
    x->keyx = *spk_rsa_id(u.keyx);
    x->sign = *spk_rsa_id(u.sign);
    spk_err e = spk_buf_add(&x->sign_spki, spk_rsa_spki(u.sign));
    spk_successor_clear(&u);
    return e;
}

static spk_err
successor_append(struct spk_hstate *s, struct spk_hsuccessor *x)
{
    const struct spk_hsuccessor *last = spk_state_successor(s, &x->owner);

    SPK_CHECK(s->n_successors < SPK_SUCCESSORS_MAX, LIMIT);
    /* there may be a gap: those in between were signed before the journal began */
    SPK_CHECK(last == NULL || x->number > last->number, FORMAT);
    struct spk_hsuccessor **all =
        spk_reallocarray(s->successors, s->n_successors + 1, sizeof(struct spk_hsuccessor *));
    SPK_CHECK(all != NULL, NOMEM);
    s->successors = all;
    s->successors[s->n_successors++] = x;
    return SPK_OK;
}

static spk_err
apply_successor(struct spk_hstate *s, struct spk_rd *r)
{
    struct spk_hsuccessor *x = spk_calloc(1, sizeof(*x));

    SPK_CHECK(x != NULL, NOMEM);
    spk_err e = successor_fill(x, spk_span(r->ptr, r->left));
    if (spk_ok(e)) {
        e = successor_append(s, x);
    }
    if (!spk_ok(e)) {
        hsuccessor_free(x);
        return e;
    }
    struct spk_hreq *q = spk_state_request(s, &x->request);
    if (q != NULL) { /* a request may be forgotten, what it led to never */
        q->done = true;
        q->done_policy = (uint32_t)s->n_policies;
    }
    return SPK_OK;
}

/* About how many records there are of a request. */
static uint64_t
request_records(const struct spk_hreq *q)
{
    return 1 + q->n_votes + q->released;
}

static void
request_drop(struct spk_hstate *s, const struct spk_hreq *q)
{
    for (size_t i = 0; i < s->n_requests; i++) {
        if (s->requests[i] == q) {
            s->ballast += request_records(q);
            hreq_free(s->requests[i]);
            memmove(&s->requests[i], &s->requests[i + 1],
                    (s->n_requests - i - 1) * sizeof(s->requests[0]));
            s->n_requests--;
            return;
        }
    }
}

static spk_err
apply_forget(struct spk_hstate *s, struct spk_rd *r)
{
    struct spk_hreq *q = NULL;

    SPK_TRY(rd_request(s, r, &q));
    request_drop(s, q);
    s->ballast++;
    return spk_rd_end(r);
}

static spk_err
hashes_add(struct spk_hash **list, size_t *n, size_t max, const struct spk_hash *h)
{
    SPK_CHECK(*n < max, LIMIT);
    struct spk_hash *more = spk_reallocarray(*list, *n + 1, sizeof(*more));
    SPK_CHECK(more != NULL, NOMEM);
    *list = more;
    more[(*n)++] = *h;
    return SPK_OK;
}

static spk_err
apply_epoch(struct spk_hstate *s, struct spk_rd *r)
{
    uint32_t number;
    struct spk_hash id;

    SPK_TRY(spk_rd_u32(r, &number));
    SPK_TRY(spk_rd_copy(r, id.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_end(r));
    SPK_CHECK(number == s->n_epochs + 1, FORMAT);
    return hashes_add(&s->epochs, &s->n_epochs, UINT16_MAX, &id);
}

static spk_err
apply_use(struct spk_hstate *s, struct spk_rd *r)
{
    struct spk_hash h;

    SPK_TRY(spk_rd_copy(r, h.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_end(r));
    return hashes_add(&s->uses, &s->n_uses, SPK_USES_MAX, &h);
}

static spk_err
apply_times(struct spk_hstate *s, struct spk_rd *r)
{
    uint64_t wall, running;

    SPK_TRY(spk_rd_u64(r, &wall));
    SPK_TRY(spk_rd_u64(r, &running));
    SPK_CHECK(wall >= s->wall && running >= s->running, FORMAT);
    s->wall = wall;
    s->running = running;
    return SPK_OK;
}

spk_err
spk_state_apply(struct spk_hstate *s, uint16_t type, struct spk_span body)
{
    struct spk_rd r = spk_rd(body);

    SPK_TRY(apply_times(s, &r));
    switch (type) {
    case SPK_JREC_POLICY:
        return apply_policy(s, &r);
    case SPK_JREC_OPEN:
    case SPK_JREC_ASKED:
        return apply_open(s, type, &r);
    case SPK_JREC_VOTE:
        return apply_vote(s, &r);
    case SPK_JREC_VETO:
        return apply_veto(s, &r);
    case SPK_JREC_RELEASED:
        return apply_released(s, &r);
    case SPK_JREC_SUCCESSOR:
        return apply_successor(s, &r);
    case SPK_JREC_TICK:
        s->ballast++;
        return spk_rd_end(&r);
    case SPK_JREC_FORGET:
        return apply_forget(s, &r);
    case SPK_JREC_EPOCH:
        return apply_epoch(s, &r);
    case SPK_JREC_USE:
        return apply_use(s, &r);
    case SPK_JREC_RESERVED:
        return apply_reserved(s, &r);
    case SPK_JREC_DEPOSITS:
        return spk_logs_apply_deposits(s, &r);
    case SPK_JREC_DEPOSITS_MARK:
        return spk_logs_apply_mark(s, &r);
    case SPK_JREC_RECOVERIES:
        return spk_logs_apply_recoveries(s, &r);
    case SPK_JREC_FIRST:
        return spk_logs_apply_first(s, &r);
    default:
        return SPK_ERR(VERSION);
    }
}

spk_err
spk_state_visit(void *arg, uint16_t type, struct spk_span body)
{
    return spk_state_apply(arg, type, body);
}

/* -- Forgetting ----------------------------------------------------------------------------------
 */

static bool
long_over(const struct spk_hstate *s, const struct spk_hreq *q)
{
    return s->wall > SPK_FORGET_AFTER && spk_state_latest_end(s, q) < s->wall - SPK_FORGET_AFTER;
}

uint64_t
spk_state_ballast(const struct spk_hstate *s)
{
    uint64_t n = s->ballast;

    for (size_t i = 0; i < s->n_requests; i++) {
        n += long_over(s, s->requests[i]) ? request_records(s->requests[i]) : 0;
    }
    return n;
}

void
spk_state_forget_old(struct spk_hstate *s)
{
    for (size_t i = s->n_requests; i > 0; i--) {
        if (long_over(s, s->requests[i - 1])) {
            request_drop(s, s->requests[i - 1]);
        }
    }
}

const struct spk_hreq *
spk_state_spare(const struct spk_hstate *s)
{
    const struct spk_hreq *voteless = NULL;

    for (size_t i = 0; i < s->n_requests; i++) { /* in the order of opening */
        const struct spk_hreq *r = s->requests[i];
        if (long_over(s, r)) {
            return r;
        }
        if (voteless == NULL && r->n_votes == 0 && !r->vetoed && !r->done) {
            voteless = r;
        }
    }
    return voteless;
}

static bool
is_opening(uint16_t type)
{
    return type == SPK_JREC_OPEN || type == SPK_JREC_ASKED;
}

/* The request that a record is about, read as apply does. */
static spk_err
record_subject(uint16_t type, struct spk_span body, struct spk_hash *ret_h)
{
    struct spk_rd r = spk_rd(body);
    struct spk_span skipped;
    struct spk_note note;
    struct spk_approval a;

    SPK_TRY(spk_rd_span(&r, SPK_JREC_TIMES, &skipped));
    if (is_opening(type)) {
        SPK_TRY(spk_rd_span(&r, 8 + SPK_HASH_LEN, &skipped));
        if (type == SPK_JREC_ASKED) {
            uint16_t n;
            SPK_TRY(spk_rd_u16(&r, &n));
            SPK_TRY(spk_rd_span(&r, (size_t)n * 4, &skipped));
        }
        return spk_sha256(spk_span(r.ptr, r.left), ret_h);
    }
    if (type == SPK_JREC_VOTE) {
        SPK_TRY(spk_rd_span(&r, SPK_ED25519_LEN, &skipped));
        SPK_TRY(spk_note_parse(spk_span(r.ptr, r.left), false, &note));
        SPK_TRY(spk_approval_parse(note.text, &a));
        *ret_h = a.request;
        return SPK_OK;
    }
    return spk_rd_copy(&r, ret_h->b, SPK_HASH_LEN);
}

/* A request that was forgotten and opened again has two records; the later one counts. */
static bool
opened_by(const struct spk_hreq *q, struct spk_span body)
{
    return spk_get_u64(body.ptr) == q->born && spk_get_u64(body.ptr + 8) == q->born_run;
}

bool
spk_state_keeps(const struct spk_hstate *s, uint16_t type, struct spk_span body)
{
    struct spk_hash h;

    switch (type) {
    case SPK_JREC_TICK:
    case SPK_JREC_FORGET:
        return false;
    case SPK_JREC_DEPOSITS:
    case SPK_JREC_DEPOSITS_MARK:
    case SPK_JREC_RECOVERIES:
        return spk_logs_keeps(s, type, body);
    case SPK_JREC_OPEN:
    case SPK_JREC_ASKED:
    case SPK_JREC_VOTE:
    case SPK_JREC_VETO:
    case SPK_JREC_RESERVED:
    case SPK_JREC_RELEASED:
    case SPK_JREC_FIRST: {
        if (!spk_ok(record_subject(type, body, &h))) {
            return true; /* when in doubt: a record too many costs space, one too few a denial */
        }
        const struct spk_hreq *q = spk_state_request(s, &h);
        return q != NULL && (!is_opening(type) || opened_by(q, body));
    }
    default:
        return true;
    }
}

spk_err
spk_jrec_begin(struct spk_buf *body, uint64_t wall, uint64_t running)
{
    SPK_TRY(spk_buf_u64(body, wall));
    return spk_buf_u64(body, running);
}
