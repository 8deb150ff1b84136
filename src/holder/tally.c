/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/tally.h"

#include "holder/logstate.h"

static uint64_t
since(uint64_t now, uint64_t from)
{
    return now > from ? now - from : 0;
}

/* A later recovery has replaced the pairs that this request brought: its key is an old one now. */
static bool
superseded(const struct spk_holder *h, const struct spk_hreq *q)
{
    const struct spk_hsuccessor *x = spk_state_successor(h->state, &q->owner);

    return q->done && x != NULL && !spk_hash_eq(&x->request, &q->hash);
}

static spk_err
tally(struct spk_holder *h, const struct spk_hreq *q, const struct spk_policy *then,
      struct spk_decision *ret_d)
{
    const struct spk_decision_in in = {.then = then,
                                       .now = spk_state_policy(h->state),
                                       .owner = q->owner,
                                       .opened = q->opened,
                                       .running_ms =
                                           since(spk_hclock_running(&h->clock), q->opened_run),
                                       .wall = spk_hclock_wall(&h->clock),
                                       .n_votes = q->n_votes,
                                       .votes = q->votes,
                                       .vetoed = q->vetoed,
                                       .denied = q->denied,
                                       .done = q->done,
                                       .done_policy = q->done_policy};
    struct spk_decision d;

    SPK_TRY(spk_decide(&in, &d));
    if (spk_decision_releases(&d) && superseded(h, q)) {
        d.state = SPK_STATE_EXPIRED;
    }
    *ret_d = d;
    return SPK_OK;
}

/* Nobody waits for what nobody can see: once the log has begun, a request gets no further than open
 * before it stands there. */
static void
hold_back(const struct spk_holder *h, const struct spk_hreq *q, struct spk_decision *d)
{
    if (!spk_logs_begun(h->state) || q->logged) {
        return;
    }
    if (d->state == SPK_STATE_WAITING || d->state == SPK_STATE_CONFIRM ||
        d->state == SPK_STATE_APPROVED) {
        d->state = SPK_STATE_OPEN;
        d->due = 0;
    }
}

spk_err
spk_tally(struct spk_holder *h, const struct spk_hreq *q, struct spk_decision *ret_d)
{
    SPK_TRY(spk_tally_unlogged(h, q, ret_d));
    hold_back(h, q, ret_d);
    return SPK_OK;
}

spk_err
spk_tally_unlogged(struct spk_holder *h, const struct spk_hreq *q, struct spk_decision *ret_d)
{
    struct spk_policy rule;

    SPK_CHECK(spk_state_policy(h->state) != NULL, FORMAT);
    spk_state_rule(h->state, q, &rule);
    return tally(h, q, &rule, ret_d);
}

spk_err
spk_tally_deposit(struct spk_holder *h, const struct spk_hreq *q, uint32_t policy,
                  struct spk_decision *ret_d)
{
    const struct spk_policy *known = spk_state_policy_at(h->state, policy);
    struct spk_policy then, rule;

    SPK_CHECK(spk_state_policy(h->state) != NULL, FORMAT);
    then = known != NULL ? *known : *spk_state_policy(h->state);
    spk_state_rule(h->state, q, &rule);
    /* A request ends as a whole: it may have had to wait for deposits that ask for a longer wait
     * than this one's policy lets a request live. */
    then.request_life = rule.request_life;
    SPK_TRY(tally(h, q, &then, ret_d));
    hold_back(h, q, ret_d);
    return SPK_OK;
}
