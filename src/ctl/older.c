/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/older.h"

#include "ctl/draft.h"

static void
add_override(struct ctl_older *o, const struct spk_policy *p)
{
    bool never = p->override_quorum == 0 || (o->any && o->override_quorum == 0);

    o->any = true;
    if (never) {
        o->override_quorum = 0;
        o->override_wait = 0;
        return;
    }
    o->override_quorum =
        p->override_quorum > o->override_quorum ? p->override_quorum : o->override_quorum;
    o->override_wait = p->override_wait > o->override_wait ? p->override_wait : o->override_wait;
}

void
ctl_older_add(struct ctl_older *o, const struct spk_policy *p)
{
    if (p->quorum > o->quorum) {
        o->quorum = p->quorum;
        o->quorum_by = p->number;
    }
    if (p->wait > o->wait) {
        o->wait = p->wait;
        o->wait_by = p->number;
    }
    if (p->override_quorum > o->override_most) {
        o->override_most = p->override_quorum;
        o->override_by = p->number;
    }
    add_override(o, p);
}

spk_err
ctl_pin_policy_at(const struct spk_pin *pin, uint32_t number, struct spk_policy *ret_p)
{
    SPK_AUTO_STR struct spk_note *n = spk_calloc(1, sizeof(*n));

    SPK_CHECK(n != NULL, NOMEM);
    SPK_CHECK(number >= 1 && number <= pin->chain->n_policies, NOTFOUND);
    SPK_TRY(spk_note_parse(spk_buf_span(&pin->chain->policies[number - 1]), false, n));
    return spk_policy_parse(n->text, ret_p);
}

spk_err
ctl_older_before(const struct spk_pin *pin, const struct spk_policy *p,
                 const struct spk_policy *prev, struct ctl_older *ret_o)
{
    SPK_AUTO_STR struct spk_policy *old = spk_calloc(1, sizeof(*old));
    struct ctl_older o = {0};

    SPK_CHECK(old != NULL, NOMEM);
    for (uint32_t i = 1; pin != NULL && i < p->number && i <= pin->chain->n_policies; i++) {
        SPK_TRY(ctl_pin_policy_at(pin, i, old));
        ctl_older_add(&o, old);
    }
    if (prev != NULL) {
        ctl_older_add(&o, prev);
    }
    *ret_o = o;
    return SPK_OK;
}

bool
ctl_older_lost(const struct ctl_older *o, const struct spk_policy *p)
{
    return spk_policy_persons(p) < o->quorum;
}

bool
ctl_older_final(const struct ctl_older *o, const struct spk_policy *p)
{
    return p->override_quorum > 0 && spk_policy_persons(p) < o->override_most;
}
