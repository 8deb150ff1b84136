/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of policies: genesis by everyone it names, each next one by the quorum before it
 * (doc/spec/policy.md §3). */
#include "wire/policy.h"

/* Which of p's officers have signed: a bit each. */
static spk_err
signers(const struct spk_policy *p, const struct spk_note *n, bool ret_signed[SPK_OFFICERS_MAX])
{
    for (size_t i = 0; i < p->n_officers; i++) {
        spk_err e = spk_note_verify(n, &p->officers[i].key);
        if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
            return e;
        }
        ret_signed[i] = spk_ok(e);
    }
    return SPK_OK;
}

spk_err
spk_policy_signers(const struct spk_policy *p, const struct spk_note *n, size_t *ret_persons)
{
    bool has_signed[SPK_OFFICERS_MAX] = {false};
    size_t persons = 0;

    SPK_TRY(signers(p, n, has_signed));
    for (size_t i = 0; i < p->n_officers; i++) {
        bool counted = false;
        for (size_t k = 0; k < i && !counted; k++) {
            counted = has_signed[k] && spk_span_eq(spk_span_str(p->officers[k].person),
                                                   spk_span_str(p->officers[i].person));
        }
        persons += has_signed[i] && !counted ? 1 : 0;
    }
    *ret_persons = persons;
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
