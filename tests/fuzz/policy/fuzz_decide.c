/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the votes: no release without approvals by the keys of as many persons as the policy
 * wants, none of them the owner, none of whom has denied. */
#include <string.h>

#include "base/rd.h"
#include "policy/decide.h"

#define OFFICERS 6 /* two keys of one person among them */
#define VOTES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
policy(struct spk_policy *p, uint8_t bits)
{
    *p = (struct spk_policy){.number = 2,
                             .quorum = 2 + (bits & 1),
                             .deny = 1 + ((bits >> 1) & 1),
                             .wait = bits & 4 ? 100 : 0,
                             .request_life = 1000,
                             .override_quorum = bits & 8 ? 4 : 0,
                             .override_wait = bits & 8 ? 200 : 0,
                             .n_officers = OFFICERS};
    for (size_t i = 0; i < OFFICERS; i++) {
        p->officers[i].key.key[0] = (uint8_t)i;
        p->officers[i].person[0] = (char)('a' + (i < 5 ? i : 4));
    }
    p->officers[0].n_owners = 1; /* whose owner id is zero, as the request's */
}

static size_t
votes(struct spk_rd *r, struct spk_vote v[VOTES])
{
    uint8_t b[4];
    size_t n = 0;

    while (n < VOTES && spk_ok(spk_rd_copy(r, b, sizeof(b)))) {
        v[n] = (struct spk_vote){.key = {b[0] % 8},
                                 .approve = b[0] & 0x80 ? false : true,
                                 .round = 1 + (b[1] & 1),
                                 .policy = 1 + ((b[1] >> 1) & 3),
                                 .time = 10000 + 4u * b[2],
                                 .expires = 10000 + 4u * b[2] + 4u * b[3]};
        n++;
    }
    return n;
}

static unsigned
persons_for(const struct spk_vote *v, size_t n)
{
    bool yes[5] = {false}, no[5] = {false};
    unsigned count = 0;

    for (size_t i = 0; i < n; i++) {
        if (v[i].key[0] < OFFICERS) {
            size_t who = v[i].key[0] < 5 ? v[i].key[0] : 4;
            yes[who] |= v[i].approve;
            no[who] |= !v[i].approve;
        }
    }
    for (size_t i = 1; i < 5; i++) {
        count += yes[i] && !no[i] ? 1 : 0;
    }
    return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spk_rd r = spk_rd(spk_span(data, size));
    struct spk_policy now, then;
    struct spk_vote v[VOTES];
    struct spk_decision d;
    uint8_t head[4];

    if (!spk_ok(spk_rd_copy(&r, head, sizeof(head)))) {
        return 0;
    }
    policy(&now, head[0]);
    policy(&then, head[0] >> 4);
    const struct spk_decision_in in = {.then = head[1] & 1 ? &then : NULL,
                                       .now = &now,
                                       .opened = 10000,
                                       .running_ms = 8000u * head[2],
                                       .wall = 10000 + 5u * head[3],
                                       .vetoed = head[1] & 2,
                                       .denied = head[1] & 4,
                                       .done = head[1] & 8,
                                       .done_policy = 1,
                                       .n_votes = votes(&r, v),
                                       .votes = v};
    if (!spk_ok(spk_decide(&in, &d)) ||
        (spk_decision_releases(&d) && (in.denied || persons_for(v, in.n_votes) < now.quorum ||
                                       (in.vetoed && now.override_quorum == 0)))) {
        __builtin_trap();
    }
    return 0;
}
