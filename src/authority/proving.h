/* SPDX-License-Identifier: Apache-2.0 */
/* Deposits that the holder opens in the background, to see that they are right: new ones once, then
 * every one again, the oldest proof first. Runs on the one thread that talks to the holder. */
#ifndef SPK_AUTHORITY_PROVING_H
#define SPK_AUTHORITY_PROVING_H

#include "authority/server.h"

struct spk_proving {
    struct spk_server *srv;
    struct { /* of the deposit that is to be checked next */
        uint64_t index, due_ms;
        unsigned tries;
    } retry;
};
/** Up to budget of them. */
SPK_MUST_USE spk_err spk_proving_run(struct spk_proving *p, uint64_t budget);

#endif
