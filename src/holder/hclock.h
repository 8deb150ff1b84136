/* SPDX-License-Identifier: Apache-2.0 */
/* The holder's own time (doc/spec/holder.md, "Time"): wall time that never goes below the highest
 * seen, and running time that adds up over restarts and that no setting of the clock can move. */
#ifndef SPK_HOLDER_HCLOCK_H
#define SPK_HOLDER_HCLOCK_H

#include <stdint.h>

struct spk_hclock {
    uint64_t high;             /* highest wall time seen, unix seconds */
    uint64_t run_base;         /* running time of earlier runs, milliseconds */
    uint64_t boot_start;       /* CLOCK_BOOTTIME when this run began, milliseconds */
    uint64_t (*wall)(void);    /* seconds; tests give their own */
    uint64_t (*running)(void); /* milliseconds */
};
/** Take up where the journal left off. */
void spk_hclock_init(struct spk_hclock *c, uint64_t high, uint64_t run_ms);
/** Unix seconds; remembers the highest. */
uint64_t spk_hclock_wall(struct spk_hclock *c);
/** Milliseconds for which a holder with this journal has been running, as far as it was written
 * down. */
uint64_t spk_hclock_running(const struct spk_hclock *c);

#endif
