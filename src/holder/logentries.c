/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/logentries.h"

#include <string.h>

#include "holder/drill.h"
#include "holder/logstate.h"
#include "holder/tally.h"

void
spk_log_adding_begin(struct spk_holder *h, const struct spk_log_extra *x,
                     struct spk_log_adding *ret_a)
{
    *ret_a = (struct spk_log_adding){.h = h,
                                     .left = *x,
                                     .edge = h->state->logs.edge,
                                     .last_ms = h->state->logs.last_ms,
                                     .logged = SPK_BUF(SPK_FRAME_MAX),
                                     .why = "an entry that is none"};
}

void
spk_log_adding_free(struct spk_log_adding *a)
{
    spk_buf_free(&a->logged);
}

static spk_err
untrue(struct spk_log_adding *a, const char *why)
{
    a->why = why;
    return SPK_ERR(DENIED);
}

/* -- entries about a request ------------------------------------------------------------------- */

struct about {
    struct spk_hash request; /* of kind 20: H(text) of the drill's report */
    struct spk_hreq *q;      /* NULL in a drill */
    bool has_detail;
};

static spk_err
take_32(struct spk_span *left, void *ret_b)
{
    SPK_CHECK(left->len >= 32, TRUNC);
    memcpy(ret_b, left->ptr, 32);
    *left = spk_span(left->ptr + 32, left->len - 32);
    return SPK_OK;
}

/* The request whose hash OR hides; the salt makes it checkable here. */
static spk_err
about_take(struct spk_log_adding *a, const struct spk_entry *e, struct about *ret_x)
{
    struct spk_hash detail, none, made;
    uint8_t salt[32];

    a->why = "an entry without its salt, request or detail";
    SPK_TRY(take_32(&a->left.salts, salt));
    SPK_TRY(take_32(&a->left.requests, ret_x->request.b));
    SPK_TRY(take_32(&a->left.details, detail.b));
    SPK_TRY(spk_entry_or_of(salt, &ret_x->request, &detail, &made));
    ret_x->q = spk_state_request(a->h->state, &ret_x->request);
    if (ret_x->q == NULL && e->kind != SPK_ENTRY_DRILL) {
        return untrue(a, "an entry about a request that was never opened");
    }
    if (!spk_hash_eq(&made, &e->hash)) {
        return untrue(a, "an entry that hides another request than it says");
    }
    SPK_TRY(spk_sha256(SPK_SPAN_EMPTY, &none));
    ret_x->has_detail = !spk_hash_eq(&detail, &none);
    return SPK_OK;
}

/* Its index, in the log or among what has just been added. */
static bool
logged_at(const struct spk_log_adding *a, const struct spk_hreq *q, uint64_t *ret_index)
{
    if (q->logged) {
        *ret_index = q->entry;
        return true;
    }
    for (size_t i = 0; i < a->logged.len; i += SPK_LOGGED_LEN) {
        if (spk_span_eq(spk_span(a->logged.ptr + i, SPK_HASH_LEN), spk_hash_span(&q->hash))) {
            *ret_index = spk_get_u64(a->logged.ptr + i + SPK_HASH_LEN);
            return true;
        }
    }
    return false;
}

/* A request that was opened before the log had begun has waited already; if that was long enough,
 * it need not wait again. Who could see the log from its opening on waits from here. */
static spk_err
waits_anew(struct spk_holder *h, const struct spk_hreq *q, bool *ret_waits)
{
    struct spk_decision d;

    if (q->under_log) {
        *ret_waits = true;
        return SPK_OK;
    }
    SPK_TRY(spk_tally_unlogged(h, q, &d));
    *ret_waits = d.state != SPK_STATE_CONFIRM && !spk_decision_releases(&d);
    return SPK_OK;
}

static spk_err
check_requested(struct spk_log_adding *a, const struct spk_entry *e, const struct about *x)
{
    const struct spk_hreq *q = x->q;
    uint64_t index;
    bool waits = true;

    if (logged_at(a, q, &index)) {
        return untrue(a, "a request for the second time");
    }
    if (e->request != a->edge.n || !q->has_first || e->deposit != q->first || x->has_detail) {
        return untrue(a, "a request with other indices than its own");
    }
    SPK_TRY(waits_anew(a->h, q, &waits));
    SPK_TRY(spk_buf_add(&a->logged, spk_hash_span(&q->hash)));
    SPK_TRY(spk_buf_u64(&a->logged, e->request));
    return spk_buf_u8(&a->logged, waits);
}

static spk_err
check_authorised(struct spk_log_adding *a, const struct spk_entry *e, const struct about *x)
{
    struct spk_decision d;

    SPK_TRY(spk_tally(a->h, x->q, &d));
    if (x->q->kind != SPK_REQ_KIND_KEYS || !spk_decision_releases(&d)) {
        return untrue(a, "a release that is not allowed now");
    }
    if (e->deposit >= a->h->state->logs.deposits || x->has_detail) {
        return untrue(a, "a release of a deposit that is in no log");
    }
    return SPK_OK;
}

static bool
has_vote(const struct spk_hreq *q, bool approve)
{
    for (size_t i = 0; i < q->n_votes; i++) {
        if (q->votes[i].approve == approve) {
            return true;
        }
    }
    return false;
}

/* True when what the entry says has happened. */
static bool
has_happened(const struct spk_log_adding *a, const struct spk_entry *e, const struct about *x)
{
    const struct spk_hreq *q = x->q;
    bool known_deposit = e->deposit < a->h->state->logs.deposits;

    switch (e->kind) {
    case SPK_ENTRY_DENIED:
        return has_vote(q, false) && x->has_detail && e->deposit == q->first;
    case SPK_ENTRY_APPROVAL:
        return has_vote(q, true) && x->has_detail && e->deposit == q->first;
    case SPK_ENTRY_VETO:
        return q->vetoed && e->deposit == q->first;
    case SPK_ENTRY_ENDED:
        return !x->has_detail && e->deposit == q->first;
    case SPK_ENTRY_RELEASED:
        return q->released > 0 && !x->has_detail && known_deposit;
    default:
        return false;
    }
}

static spk_err
check_drill(struct spk_log_adding *a, const struct spk_entry *e, const struct about *x)
{
    bool true_ = spk_hdrill_has(a->h->drill, &x->request, e->deposit);

    return true_ && e->request == SPK_NO_REQUEST && !x->has_detail
               ? SPK_OK
               : untrue(a, "a drill that there was not");
}

static spk_err
check_about(struct spk_log_adding *a, const struct spk_entry *e)
{
    struct about x = {.q = NULL};
    uint64_t index = 0;

    SPK_TRY(about_take(a, e, &x));
    if (e->number == 0 || e->number > a->h->keys->n) {
        return untrue(a, "an entry of a key epoch that there is not");
    }
    if (e->kind == SPK_ENTRY_REQUESTED) {
        return check_requested(a, e, &x);
    }
    if (e->kind == SPK_ENTRY_DRILL) {
        return check_drill(a, e, &x);
    }
    if (!logged_at(a, x.q, &index) || e->request != index) {
        return untrue(a, "an entry that names another request's index");
    }
    if (e->kind == SPK_ENTRY_AUTHORISED) {
        return check_authorised(a, e, &x);
    }
    return has_happened(a, e, &x) ? SPK_OK : untrue(a, "something that has not happened");
}

/* -- the others -------------------------------------------------------------------------------- */

static spk_err
check_admin(struct spk_log_adding *a, const struct spk_entry *e)
{
    const struct spk_keys *k = a->h->keys;
    const struct spk_policy *p;

    switch (e->kind) {
    case SPK_ENTRY_REWRAPPED:
        return e->number == spk_keys_newest(k)->number && e->number > 1
                   ? SPK_OK
                   : untrue(a, "a deposit under a key that is not the newest");
    case SPK_ENTRY_EPOCH:
        return e->number > 0 && e->number <= k->n ? SPK_OK
                                                  : untrue(a, "a key epoch that there is not");
    default:
        p = spk_state_policy_at(a->h->state, e->number);
        return p != NULL && spk_hash_eq(&p->hash, &e->hash)
                   ? SPK_OK
                   : untrue(a, "a policy that is not in force here");
    }
}

static spk_err
check_time(struct spk_log_adding *a, const struct spk_entry *e)
{
    uint64_t now = spk_hclock_wall(&a->h->clock), then = e->time_ms / 1000;
    uint64_t off = now > then ? now - then : then - now;

    if (off > SPK_LOG_TIME_SKEW) {
        return untrue(a, "an entry whose time is not the present");
    }
    return e->time_ms >= a->last_ms ? SPK_OK : untrue(a, "an entry older than the one before it");
}

static spk_err
add(struct spk_log_adding *a, struct spk_span bytes)
{
    struct spk_entry e;
    struct spk_hash leaf;

    a->why = "an entry that is none";
    SPK_TRY(spk_entry_parse(bytes, &e));
    SPK_TRY(check_time(a, &e));
    SPK_TRY(spk_entry_is_of_request(e.kind) ? check_about(a, &e) : check_admin(a, &e));
    SPK_TRY(spk_leaf_hash(bytes, &leaf));
    a->why = "the log is full";
    SPK_TRY(spk_edge_add(&a->edge, &leaf, NULL, NULL));
    a->last_ms = e.time_ms;
    return SPK_OK;
}

spk_err
spk_log_adding_all(struct spk_log_adding *a, struct spk_span entries)
{
    struct spk_rd r = spk_rd(entries);
    struct spk_span one;

    while (r.left > 0) {
        a->why = "an entry that is cut";
        SPK_TRY(spk_rd_var16(&r, SPK_LOG_ENTRY_LEN_MAX, &one));
        SPK_TRY(add(a, one));
    }
    if (a->left.salts.len + a->left.requests.len + a->left.details.len > 0) {
        return untrue(a, "more salts, requests or details than entries");
    }
    return SPK_OK;
}
