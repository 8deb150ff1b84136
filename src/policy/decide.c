/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide.h"

#include <string.h>

static uint32_t
max32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint64_t
max64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void
spk_policy_combine(const struct spk_policy *then, const struct spk_policy *now,
                   struct spk_policy *ret_p)
{
    *ret_p = *now;
    if (then == NULL) {
        return;
    }
    ret_p->quorum = max32(then->quorum, now->quorum);
    ret_p->wait = max64(then->wait, now->wait);
    /* As long as a wait that is the longer of two, or it could never end. */
    ret_p->request_life = max64(then->request_life, now->request_life);
    /* Fewer denials stop a request, so here the smaller number is the stricter one. */
    ret_p->deny = then->deny < now->deny ? then->deny : now->deny;
    if (then->override_quorum == 0 || now->override_quorum == 0) {
        ret_p->override_quorum = 0;
        ret_p->override_wait = 0;
    } else {
        ret_p->override_quorum = max32(then->override_quorum, now->override_quorum);
        ret_p->override_wait = max64(then->override_wait, now->override_wait);
    }
    ret_p->need_derived = then->need_derived || now->need_derived;
}

struct tally { /* persons as spk_policy_person() numbers them */
    const struct spk_decision_in *in;
    struct spk_policy rule;
    bool is_owner[SPK_OFFICERS_MAX];   /* of each person: one of the entries names the owner's id */
    bool has_denied[SPK_OFFICERS_MAX]; /* of each person */
};

static void
tally_owners(struct tally *t)
{
    for (size_t i = 0; i < t->rule.n_officers; i++) {
        if (spk_officer_owns(&t->rule.officers[i], &t->in->owner)) {
            t->is_owner[spk_policy_person(&t->rule, i)] = true;
        }
    }
}

/* The person who cast v, by today's officers; false when it is nobody's key any more. */
static bool
person_of(const struct tally *t, const struct spk_vote *v, size_t *ret_person)
{
    const struct spk_officer *o = spk_policy_officer_by_key(&t->rule, v->key);

    if (o == NULL) {
        return false;
    }
    *ret_person = spk_policy_person(&t->rule, (size_t)(o - t->rule.officers));
    return true;
}

/* A no counts under any policy, at any age, and from the owner too: it can only keep things closed.
 */
static uint32_t
tally_denials(struct tally *t)
{
    uint32_t n = 0;

    for (size_t i = 0; i < t->in->n_votes; i++) {
        size_t who;
        if (t->in->votes[i].approve || !person_of(t, &t->in->votes[i], &who)) {
            continue;
        }
        n += t->has_denied[who] ? 0 : 1;
        t->has_denied[who] = true;
    }
    return n;
}

/* Under today's policy; once the successor is signed, also under the one that was today's then. */
static bool
policy_fits(const struct spk_decision_in *in, const struct spk_vote *v)
{
    return v->policy == in->now->number || (in->done && v->policy == in->done_policy);
}

/* Distinct persons with an approval of this round in force at time at, signed from `from` to `to`.
 */
static uint32_t
approvals_at(const struct tally *t, uint32_t round, uint64_t at, uint64_t from, uint64_t to)
{
    bool counted[SPK_OFFICERS_MAX] = {false};
    uint32_t n = 0;

    for (size_t i = 0; i < t->in->n_votes; i++) {
        const struct spk_vote *v = &t->in->votes[i];
        size_t who;
        if (!v->approve || v->round != round || v->time < from || v->time > to ||
            v->expires <= at || !policy_fits(t->in, v) || !person_of(t, v, &who)) {
            continue;
        }
        if (!counted[who] && !t->is_owner[who] && !t->has_denied[who]) {
            counted[who] = true;
            n++;
        }
    }
    return n;
}

static uint32_t
approvals_now(const struct tally *t, uint32_t round, uint64_t from)
{
    return approvals_at(t, round, t->in->wall, from, t->in->wall + SPK_VOTE_AHEAD);
}

/* The most that were ever in force at one moment, if that is enough, else those of now. The moments
 * to look at are those at which one of them was signed. */
static uint32_t
approvals_ever(const struct tally *t, uint32_t round, uint64_t from, uint32_t needed)
{
    uint32_t n = approvals_now(t, round, from);

    for (size_t i = 0; i < t->in->n_votes && n < needed; i++) {
        uint64_t at = t->in->votes[i].time;
        uint32_t then = at <= t->in->wall ? approvals_at(t, round, at, from, at) : 0;
        n = then >= needed ? then : n;
    }
    return n;
}

/* Approvals of the round that decides must be in force now. Once the successor is signed the
 * decision has been taken: then it is enough that they were, so that a long recovery can go on. */
static uint32_t
approvals_last(const struct tally *t, uint32_t round, uint64_t from, uint32_t needed)
{
    return t->in->done ? approvals_ever(t, round, from, needed) : approvals_now(t, round, from);
}

static bool
wait_over(const struct spk_decision_in *in, uint64_t wait)
{
    uint64_t wall = in->wall > in->opened ? in->wall - in->opened : 0;

    /* In both clocks: setting the wall clock forward is not waiting. */
    return wall >= wait && in->running_ms / 1000 >= wait;
}

/* What officers' approvals alone amount to, with this quorum and wait. */
static enum spk_request_state
approved_state(const struct tally *t, uint32_t quorum, uint64_t wait, struct spk_decision *d)
{
    d->needed = quorum;
    if (wait == 0) {
        d->persons = approvals_last(t, 1, 0, quorum);
        return d->persons >= quorum ? SPK_STATE_APPROVED : SPK_STATE_OPEN;
    }
    d->due = t->in->opened + wait;
    /* They may run out during the wait: the second round asks again. */
    d->persons = approvals_ever(t, 1, 0, quorum);
    if (d->persons < quorum) {
        return SPK_STATE_OPEN;
    }
    if (!wait_over(t->in, wait)) {
        return SPK_STATE_WAITING;
    }
    d->persons2 = approvals_last(t, 2, d->due, quorum);
    return d->persons2 >= quorum ? SPK_STATE_APPROVED : SPK_STATE_CONFIRM;
}

static enum spk_request_state
vetoed_state(const struct tally *t, struct spk_decision *d)
{
    if (t->rule.override_quorum == 0) {
        return SPK_STATE_VETOED;
    }
    enum spk_request_state s = approved_state(t, t->rule.override_quorum, t->rule.override_wait, d);
    return s == SPK_STATE_APPROVED ? s : SPK_STATE_VETOED;
}

static enum spk_request_state
decide_state(const struct tally *t, struct spk_decision *d)
{
    const struct spk_decision_in *in = t->in;
    enum spk_request_state s =
        in->vetoed ? vetoed_state(t, d) : approved_state(t, t->rule.quorum, t->rule.wait, d);

    if (in->denied || d->denials >= t->rule.deny) {
        return SPK_STATE_DENIED;
    }
    if (s == SPK_STATE_VETOED) {
        return s;
    }
    if (in->wall >= d->expires) {
        return SPK_STATE_EXPIRED;
    }
    return in->done && s == SPK_STATE_APPROVED ? SPK_STATE_DONE : s;
}

spk_err
spk_decide(const struct spk_decision_in *in, struct spk_decision *ret_d)
{
    struct spk_decision d = {.needed = 0};
    struct tally t = {.in = in};

    SPK_CHECK(in->n_votes <= SPK_DECIDE_VOTES_MAX, LIMIT);
    spk_policy_combine(in->then, in->now, &t.rule);
    tally_owners(&t);
    d.denials = tally_denials(&t);
    d.expires = in->opened + t.rule.request_life;
    d.state = decide_state(&t, &d);
    *ret_d = d;
    return SPK_OK;
}

bool
spk_decision_releases(const struct spk_decision *d)
{
    return d->state == SPK_STATE_APPROVED || d->state == SPK_STATE_DONE;
}
