/* SPDX-License-Identifier: Apache-2.0 */
/* Facts in, decision out: may this request be released now? Pure: no clock, no files, no signatures
 * (doc/spec/policy.md §4).  The holder's answer is what counts; the authority asks the same
 * question to tell people where they are, and `policy simulate` to show what a policy would do.
 *
 * Votes go in only after spk_vote_check(). */
#ifndef SPK_POLICY_DECIDE_H
#define SPK_POLICY_DECIDE_H

#include "wire/frame.h"
#include "wire/policy.h"
#include "wire/statement.h"

#define SPK_DECIDE_VOTES_MAX 512 /* of one request */
#define SPK_VOTE_AHEAD 300       /* seconds that an officer's clock may be ahead of ours */

struct spk_vote {                 /* one note of one officer, verified */
    uint8_t key[SPK_ED25519_LEN]; /* the officer's approval key */
    bool approve;
    uint32_t round;
    uint32_t policy; /* number of the policy it was signed under */
    uint64_t time;
    uint64_t expires;
};

struct spk_decision_in {
    const struct spk_policy *then; /* at the deposit; NULL: today's */
    const struct spk_policy *now;
    struct spk_hash owner; /* whose session keys these are */
    uint64_t opened;       /* wall time at which the holder learnt of the request */
    uint64_t running_ms;   /* how long the holder has run since then */
    uint64_t wall;         /* now; the highest time ever seen when clocks go back */
    size_t n_votes;
    const struct spk_vote *votes;
    bool vetoed;
    bool denied;          /* stopped by denials before: that stays, whoever leaves office */
    bool done;            /* the successor statement is signed ... */
    uint32_t done_policy; /* ... and this was today's policy number when it was */
};

struct spk_decision {
    enum spk_request_state state;
    uint32_t needed;   /* persons; while vetoed: those of the override, 0 when nothing overrides */
    uint32_t persons;  /* approving, round 1 */
    uint32_t persons2; /* confirming, round 2; 0 without a waiting time */
    uint32_t denials;  /* denying persons */
    uint64_t due;      /* wall time at which the wait is over; 0 when there is none */
    uint64_t expires;  /* wall time */
};

/** More than SPK_DECIDE_VOTES_MAX votes: SPK_CODE_LIMIT. */
SPK_MUST_USE spk_err spk_decide(const struct spk_decision_in *in, struct spk_decision *ret_d);
/** True when session keys may be given back in this state. */
bool spk_decision_releases(const struct spk_decision *d);

/** What holds when a deposit was made under `then` (NULL: now) and is asked for under `now`: the
 * stricter of each number. Officers, number and hash are those of now. ret_p may be now, so that
 * several are combined one after the other. */
void spk_policy_combine(const struct spk_policy *then, const struct spk_policy *now,
                        struct spk_policy *ret_p);

/* What a vote must say to count for a request. */
struct spk_vote_facts {
    struct spk_hash authority, request, owner;
    uint64_t scope_count;
    struct spk_hash scope_root;
    struct spk_hash recipient, signer; /* H(SPKI) of the new pairs */
    const char *log; /* origin of the recoveries log, borrowed; NULL: none has begun */
};
/** An approval or denial note against the facts and today's policy: signed by one of its officers,
 * every field equal, the policy number and hash today's, not from the future, not expired at wall,
 * no longer-lived than the policy allows. A denial is taken under any policy number and however
 * old. SPK_CODE_FORMAT: not such a note; SPK_CODE_AUTH: no officer of ours, or a signature that
 * does not hold; SPK_CODE_DENIED: anything else that does not fit.
 * @param ret_a  The parsed text, for what the caller wants to show; may be NULL. */
SPK_MUST_USE spk_err spk_vote_check(const struct spk_note *note, const struct spk_vote_facts *facts,
                                    const struct spk_policy *now, uint64_t wall,
                                    struct spk_vote *ret_v, struct spk_approval *ret_a);

#endif
