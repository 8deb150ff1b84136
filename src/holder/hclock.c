/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/hclock.h"

#include <stddef.h>

#include "base/clock.h"

void
spk_hclock_init(struct spk_hclock *c, uint64_t high, uint64_t run_ms)
{
    if (c->wall == NULL) {
        c->wall = spk_now;
    }
    if (c->running == NULL) {
        c->running = spk_running_ms;
    }
    c->high = high;
    c->run_base = run_ms;
    c->boot_start = c->running();
}

uint64_t
spk_hclock_wall(struct spk_hclock *c)
{
    uint64_t now = c->wall();

    if (now > c->high) {
        c->high = now;
    }
    return c->high;
}

uint64_t
spk_hclock_running(const struct spk_hclock *c)
{
    uint64_t now = c->running();

    return c->run_base + (now > c->boot_start ? now - c->boot_start : 0);
}
