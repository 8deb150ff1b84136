/* SPDX-License-Identifier: Apache-2.0 */
/* The policy note: who the officers are and what a release takes (doc/spec/policy.md). */
#ifndef SPK_WIRE_POLICY_H
#define SPK_WIRE_POLICY_H

#include "wire/note.h"

#define SPK_OFFICERS_MAX 24
#define SPK_OFFICER_OWNERS_MAX 4
#define SPK_POLICY_KIND "sparekey/1 policy"
#define SPK_OFFICER_PREFIX "officer/" /* of the names of their keys */

struct spk_officer {
    struct spk_vkey key; /* name "officer/NAME" */
    char person[65];     /* one person may have several keys; persons are counted */
    uint8_t seal[32];    /* X25519 key for shares */
    size_t n_owners;     /* this person's own owner ids: never counted for those */
    struct spk_hash owners[SPK_OFFICER_OWNERS_MAX];
};
struct spk_policy {
    uint32_t number;          /* 1 = genesis */
    struct spk_hash previous; /* H(text) of policy number-1; zero for genesis ("none") */
    uint32_t quorum; /* approving persons, >= 2 unless the file says "quorum 1" in a single-officer
                        policy */
    uint32_t deny;   /* denying persons that stop a request, >= 1 */
    uint64_t wait;   /* seconds between opening and release; with wait > 0 approvals need round 2 */
    uint64_t request_life;    /* seconds a request stays open */
    uint64_t approval_life;   /* longest accepted lifetime of an approval */
    uint32_t override_quorum; /* persons that override a veto; 0: nothing does */
    uint64_t override_wait;
    bool need_derived; /* new deposits must carry SPK_WRAP_DERIVED */
    size_t n_officers;
    struct spk_officer officers[SPK_OFFICERS_MAX];
    struct spk_hash hash; /* H(text), set by parse */
};
SPK_MUST_USE spk_err spk_policy_parse(struct spk_span text, struct spk_policy *ret_p);
SPK_MUST_USE spk_err spk_policy_format(const struct spk_policy *p, struct spk_buf *text);
/* What a policy must keep (doc/spec/policy.md §2), in the order in which it is looked at. */
enum spk_policy_rule {
    SPK_POLICY_SOUND,
    SPK_POLICY_NOBODY,        /* at least one officer */
    SPK_POLICY_OFFICERS,      /* each well formed, and no two the same */
    SPK_POLICY_QUORUM_MANY,   /* quorum: no more than there are persons */
    SPK_POLICY_QUORUM_ALONE,  /* ... and two at least, where there are two */
    SPK_POLICY_DENY,          /* deny: 1 to the number of persons */
    SPK_POLICY_WAIT,          /* the wait ends before the request does */
    SPK_POLICY_OVERRIDE_NONE, /* no override-wait without an override-quorum */
    SPK_POLICY_OVERRIDE_MANY, /* an override takes more persons than a release, and they exist */
    SPK_POLICY_OVERRIDE_WAIT, /* ... and more time, and that ends before the request does */
    SPK_POLICY_NUMBERS,       /* number, previous, quorum: as the place in the chain wants them */
    SPK_POLICY_LIVES,         /* request-life, approval-life: 1 second to ten years */
};
/** The first rule that p breaks. spk_policy_format() takes nothing but sound ones. */
enum spk_policy_rule spk_policy_broken(const struct spk_policy *p);
/** By the name of the key, by the key; NULL: there is none. */
const struct spk_officer *spk_policy_officer(const struct spk_policy *p, struct spk_span name);
const struct spk_officer *spk_policy_officer_by_key(const struct spk_policy *p,
                                                    const uint8_t key[SPK_ED25519_LEN]);
/** The officer's name without SPK_OFFICER_PREFIX. */
const char *spk_officer_short(const struct spk_officer *o);
/** True when owner is one of the person's own ids. */
bool spk_officer_owns(const struct spk_officer *o, const struct spk_hash *owner);
/** The number of a person: which officer is the first entry of the person of officer i. Persons are
 * what is counted, with however many keys. */
size_t spk_policy_person(const struct spk_policy *p, size_t i);
size_t spk_policy_persons(const struct spk_policy *p);

/** Genesis: signed by every officer it names. expect is H(text) as pinned; NULL: not pinned yet. */
SPK_MUST_USE spk_err spk_policy_verify_genesis(const struct spk_note *n,
                                               const struct spk_hash *expect,
                                               struct spk_policy *ret_p);
/** Policy n+1: names prev's hash, number + 1, and carries prev's quorum of persons. */
SPK_MUST_USE spk_err spk_policy_verify_next(const struct spk_note *n, const struct spk_policy *prev,
                                            struct spk_policy *ret_p);
/** Distinct persons of p whose valid signatures stand under n (a bad signature of a known key:
 * SPK_CODE_AUTH). */
SPK_MUST_USE spk_err spk_policy_signers(const struct spk_policy *p, const struct spk_note *n,
                                        size_t *ret_persons);
/** The one officer of p who has signed n. None: SPK_CODE_AUTH, as is a bad signature of a known
 * key; several: SPK_CODE_FORMAT, for such a note is nobody's. */
SPK_MUST_USE spk_err spk_policy_signer(const struct spk_policy *p, const struct spk_note *n,
                                       const struct spk_officer **ret_o);

#endif
