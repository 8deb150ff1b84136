/* SPDX-License-Identifier: Apache-2.0 */
/* From a note to a vote (doc/spec/policy.md §4.1). */
#include <string.h>

#include "policy/decide.h"

static spk_err
facts_check(const struct spk_approval *a, const struct spk_vote_facts *f)
{
    SPK_CHECK(spk_hash_eq(&a->authority, &f->authority), DENIED);
    SPK_CHECK(spk_hash_eq(&a->request, &f->request), DENIED);
    SPK_CHECK(spk_hash_eq(&a->owner, &f->owner), DENIED);
    SPK_CHECK(a->scope_count == f->scope_count, DENIED);
    SPK_CHECK(spk_hash_eq(&a->scope_root, &f->scope_root), DENIED);
    SPK_CHECK(spk_hash_eq(&a->recipient, &f->recipient), DENIED);
    SPK_CHECK(spk_hash_eq(&a->signer, &f->signer), DENIED);
    SPK_CHECK(strcmp(a->log, f->log != NULL ? f->log : "") == 0, DENIED);
    return SPK_OK;
}

static spk_err
terms_check(const struct spk_approval *a, const struct spk_policy *now, uint64_t wall)
{
    if (!a->approve) {
        return SPK_OK;
    }
    SPK_CHECK(a->policy == now->number && spk_hash_eq(&a->policy_hash, &now->hash), DENIED);
    SPK_CHECK(a->time <= wall || a->time - wall <= SPK_VOTE_AHEAD, DENIED);
    SPK_CHECK(a->expires > wall, DENIED);
    SPK_CHECK(a->expires - a->time <= now->approval_life, DENIED); /* time < expires: parsed so */
    return SPK_OK;
}

spk_err
spk_vote_check(const struct spk_note *note, const struct spk_vote_facts *facts,
               const struct spk_policy *now, uint64_t wall, struct spk_vote *ret_v,
               struct spk_approval *ret_a)
{
    const struct spk_officer *o;
    struct spk_approval a;

    SPK_TRY(spk_approval_parse(note->text, &a));
    SPK_TRY(spk_policy_signer(now, note, &o));
    SPK_TRY(facts_check(&a, facts));
    SPK_TRY(terms_check(&a, now, wall));
    *ret_v = (struct spk_vote){.approve = a.approve,
                               .round = a.round,
                               .policy = a.policy,
                               .time = a.time,
                               .expires = a.expires};
    memcpy(ret_v->key, o->key.key, SPK_ED25519_LEN);
    if (ret_a != NULL) {
        *ret_a = a;
    }
    return SPK_OK;
}
