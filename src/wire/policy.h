/* SPDX-License-Identifier: Apache-2.0 */
/* The policy note: who the officers are and what a release takes (doc/spec/policy.md). */
#ifndef SPK_WIRE_POLICY_H
#define SPK_WIRE_POLICY_H

#include "wire/note.h"

#define SPK_OFFICERS_MAX 24
#define SPK_OFFICER_OWNERS_MAX 4
#define SPK_POLICY_KIND "sparekey/1 policy"

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
const struct spk_officer *spk_policy_officer(const struct spk_policy *p, struct spk_span name);
/** The number of a person: which officer is the first entry of the person of officer i. Persons are
 * what is counted, with however many keys. */
size_t spk_policy_person(const struct spk_policy *p, size_t i);

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

#endif
