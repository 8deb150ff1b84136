/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of policies: genesis by everyone it names, each next one by the quorum before it
 * (doc/spec/policy.md §3). */
#include "wire/policy.h"

spk_err
spk_policy_signers(const struct spk_policy *p, const struct spk_note *n, size_t *ret_persons)
{
    bool counted[SPK_OFFICERS_MAX] = {false};
    size_t persons = 0;

    for (size_t i = 0; i < p->n_officers; i++) {
        size_t who = spk_policy_person(p, i);
        spk_err e = spk_note_verify(n, &p->officers[i].key);
        if (e.code == SPK_CODE_NOTFOUND) {
            continue;
        }
        SPK_TRY(e);
        persons += counted[who] ? 0 : 1;
        counted[who] = true;
    }
    *ret_persons = persons;
    return SPK_OK;
}

spk_err
spk_policy_signer(const struct spk_policy *p, const struct spk_note *n,
                  const struct spk_officer **ret_o)
{
    const struct spk_officer *found = NULL;

    for (size_t i = 0; i < p->n_officers; i++) {
        spk_err e = spk_note_verify(n, &p->officers[i].key);
        if (e.code == SPK_CODE_NOTFOUND) {
            continue;
        }
        SPK_TRY(e);
        SPK_CHECK(found == NULL, FORMAT);
        found = &p->officers[i];
    }
    SPK_CHECK(found != NULL, AUTH);
    *ret_o = found;
    return SPK_OK;
}

spk_err
spk_policy_verify_genesis(const struct spk_note *n, const struct spk_hash *expect,
                          struct spk_policy *ret_p)
{
    struct spk_policy p;

    SPK_TRY(spk_policy_parse(n->text, &p));
    SPK_CHECK(p.number == 1, FORMAT);
    SPK_CHECK(expect == NULL || spk_hash_eq(&p.hash, expect), AUTH);
    for (size_t i = 0; i < p.n_officers; i++) {
        spk_err e = spk_note_verify(n, &p.officers[i].key);
        SPK_CHECK(e.code != SPK_CODE_NOTFOUND,
                  AUTH); /* everyone: nobody is made an officer unasked */
        SPK_TRY(e);
    }
    *ret_p = p;
    return SPK_OK;
}

spk_err
spk_policy_verify_next(const struct spk_note *n, const struct spk_policy *prev,
                       struct spk_policy *ret_p)
{
    struct spk_policy p;
    size_t persons;

    SPK_TRY(spk_policy_parse(n->text, &p));
    SPK_CHECK(prev->number < UINT32_MAX && p.number == prev->number + 1, AUTH);
    SPK_CHECK(spk_hash_eq(&p.previous, &prev->hash), AUTH);
    SPK_TRY(spk_policy_signers(prev, n, &persons));
    SPK_CHECK(persons >= prev->quorum, AUTH);
    *ret_p = p;
    return SPK_OK;
}
