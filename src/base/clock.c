/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

/* 9999-12-31T23:59:59Z: later times do not fit the four digits of the year. */
#define ISO_MAX ((uint64_t)253402300799)

static _Atomic int64_t offset_ms;

static uint64_t
read_clock(clockid_t id)
{
    struct timespec ts = {0, 0};

    (void)clock_gettime(id, &ts); /* cannot fail for the two clocks used here */
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t
spk_now_ms(void)
{
    int64_t off = atomic_load(&offset_ms);

    return read_clock(CLOCK_REALTIME) + (uint64_t)off;
}

uint64_t
spk_now(void)
{
    return spk_now_ms() / 1000;
}

uint64_t
spk_running_ms(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

void
spk_clock_set_offset(int64_t ms)
{
    atomic_store(&offset_ms, ms);
}

char *
spk_time_iso(uint64_t unix_seconds, char ret[21])
{
    time_t t = (time_t)(unix_seconds < ISO_MAX ? unix_seconds : ISO_MAX);
    struct tm tm;

    memset(ret, 0, 21);
    if (gmtime_r(&t, &tm) != NULL) {
        (void)strftime(ret, 21, "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
    return ret;
}
