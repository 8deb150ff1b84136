/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, in one place so that unit tests can bend them through spk_clock_set_offset(). */
#ifndef SPK_BASE_CLOCK_H
#define SPK_BASE_CLOCK_H

#include <stdint.h>

/** Wall time: milliseconds, and seconds, since 1970. */
uint64_t spk_now_ms(void);
uint64_t spk_now(void);
/** Time that runs on through settings of the clock (CLOCK_BOOTTIME), in milliseconds. */
uint64_t spk_running_ms(void);
/** For tests: added to both wall clocks from now on. */
void spk_clock_set_offset(int64_t ms);
/** "2026-11-22T12:53:03Z" with NUL; ret holds at least 21 bytes. Returns ret. */
char *spk_time_iso(uint64_t unix_seconds, char ret[21]);

#endif
