/* SPDX-License-Identifier: Apache-2.0 */
/* One run of the pump: for pump.c (threads, order) and pump_group.c (what happens to a group). */
#ifndef SPK_SEALED_PUMP_INT_H
#define SPK_SEALED_PUMP_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "sealed/pump.h"

#define PUMP_GROUP_BYTES ((size_t)1 << 20) /* what one thread reads and writes at a time */
#define PUMP_GROUP_SEGS 256                /* also bounds the iovec of one call */
#define PUMP_MEMORY ((size_t)40 << 20)     /* for all buffers together, but at least one */
#define PUMP_TICK ((uint64_t)8 << 20)

struct pump_run {
    struct spk_pump *p;
    size_t seg_len;
    size_t in_unit, in_pad;   /* bytes of one full segment coming in, and where they stand in it */
    size_t out_unit, out_pad; /* the same going out */
    size_t group_segs;
    uint64_t segs; /* all of them; UINT64_MAX when not known before the end */
    bool ordered;  /* put in turn */
    const volatile int *stop;

    pthread_mutex_t take_lock; /* next, ended, carry */
    uint64_t next;
    bool ended;
    bool carried; /* a stream is read one byte ahead, to know which segment is final */
    uint8_t carry;

    pthread_mutex_t put_lock; /* what follows; failed may be read without */
    pthread_cond_t turned;
    uint64_t turn;
    atomic_bool failed;
    spk_err err;
    uint64_t err_at; /* segment */
    uint64_t ticked;
};

struct pump_group {
    uint8_t *buf;
    size_t touched; /* bytes of buf that ever held something */
    uint64_t seq;
    uint64_t first; /* segment */
    size_t n;
    size_t last_len; /* bytes of the n-th segment, as it came in */
    bool final;      /* the n-th segment is the payload's last */
    spk_err err;     /* of the n-th segment + 1: the ones before it are good */
};

struct pump_worker {
    struct pump_run *run;
    struct spk_floe_worker from;
    struct spk_floe_worker to;
    struct pump_group g;
    void *mem;
    pthread_t thread;
};

/** Get the bytes of the next group; false when there is none. Faults are left in g->err, for
 * pump_put(). */
bool pump_take(struct pump_run *r, struct pump_group *g);
/** Open, seal, or both, in place. */
void pump_crypt(struct pump_worker *w);
/** Write what is good and tell what is not. */
void pump_put(struct pump_run *r, struct pump_group *g);

#endif
