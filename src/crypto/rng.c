/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rng.h"

#include <errno.h>
#include <pthread.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define UUID_STEP_MASK 0xffffffffu

spk_err
spk_random(struct spk_mut ret_bytes)
{
    for (size_t done = 0; done < ret_bytes.len;) {
        ssize_t n = getrandom(ret_bytes.ptr + done, ret_bytes.len - done, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return spk_err_errno();
        }
        done += (size_t)n;
    }
    return SPK_OK;
}

spk_err
spk_secret_random(size_t len, struct spk_secret **ret_s)
{
    SPK_AUTO(spk_secret) s = NULL;
    SPK_TRY(spk_secret_new(len, &s));
    SPK_TRY(spk_random(spk_secret_mut(s)));
    *ret_s = SPK_STEAL(s);
    return SPK_OK;
}

/* The last id made, as its time and its 74 random bits (12 + 62). */
struct uuid_state {
    uint64_t ms;
    uint16_t hi; /* 12 bits */
    uint64_t lo; /* 62 bits */
};

/* Next value after the last within the same millisecond: a random step keeps ids hard to guess and
 * lets a forked child part from its parent (RFC 9562 section 6.2, method 2). */
static void
uuid_step(struct uuid_state *s, uint64_t step)
{
    const uint64_t lo_max = ((uint64_t)1 << 62) - 1;
    s->lo += (step & UUID_STEP_MASK) + 1;
    if (s->lo > lo_max) {
        s->lo &= lo_max;
        s->hi++;
    }
    if (s->hi > 0xfff) { /* ran over: borrow from the next millisecond */
        s->hi = 0;
        s->ms++;
    }
}

static void
uuid_write(const struct uuid_state *s, struct spk_file_id *id)
{
    spk_put_u64(id->b, s->ms << 16);
    spk_put_u16(id->b + 6, (uint16_t)(0x7000 | s->hi));
    spk_put_u64(id->b + 8, ((uint64_t)2 << 62) | s->lo);
}

spk_err
spk_uuid7(struct spk_file_id *ret_id)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct uuid_state last;
    static pid_t owner;
    uint8_t r[10];
    SPK_TRY(spk_random(SPK_MUT_OF(r)));
    uint64_t low = spk_get_u64(r + 2), now = spk_now_ms();

    (void)pthread_mutex_lock(&lock);
    if (owner != getpid()) { /* a forked child must not go on from its parent's last id */
        owner = getpid();
        last = (struct uuid_state){0};
    }
    if (now > last.ms) {
        last = (struct uuid_state){now, spk_get_u16(r) & 0xfff, low >> 2};
    } else {
        uuid_step(&last, low);
    }
    uuid_write(&last, ret_id);
    (void)pthread_mutex_unlock(&lock);
    return SPK_OK;
}
