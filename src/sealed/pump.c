/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>

#include "sealed/io.h"
#include "sealed/pump_int.h"

#define PUMP_ALIGN 64
#define PUMP_WORKERS (SPK_THREADS_MAX + 1)
#define PUMP_STACK ((size_t)1 << 20)

static void
worker_end(struct pump_worker *w)
{
    spk_floe_worker_end(&w->from);
    spk_floe_worker_end(&w->to);
    spk_wipe(w->g.buf, w->g.touched); /* it held plaintext */
    spk_mem_free(w->mem);
}

/* Contexts and a buffer of size bytes. */
static spk_err
worker_begin(struct pump_worker *w, struct pump_run *r, size_t size)
{
    *w = (struct pump_worker){.run = r};
    w->mem = spk_calloc(size + PUMP_ALIGN, 1);
    SPK_CHECK(w->mem != NULL, NOMEM);
    uintptr_t at = (uintptr_t)w->mem;
    w->g.buf = (uint8_t *)w->mem + (PUMP_ALIGN - at % PUMP_ALIGN) % PUMP_ALIGN;
    spk_err e = SPK_OK;
    if (r->p->from != NULL) {
        e = spk_floe_worker_begin(&w->from, r->p->from);
    }
    if (spk_ok(e) && r->p->to != NULL) {
        e = spk_floe_worker_begin(&w->to, r->p->to);
    }
    if (!spk_ok(e)) {
        worker_end(w);
    }
    return e;
}

/* One group through; the group has been taken. */
static void
worker_step(struct pump_worker *w)
{
    pump_crypt(w);
    pump_put(w->run, &w->g);
}

static void *
worker_main(void *arg)
{
    struct pump_worker *w = arg;
    while (pump_take(w->run, &w->g)) {
        worker_step(w);
    }
    return NULL;
}

/* Sizes that follow from what is asked. */
static spk_err
run_plan(struct pump_run *r)
{
    struct spk_pump *p = r->p;
    SPK_CHECK(p->from != NULL || p->to != NULL, USAGE);
    r->seg_len = p->from != NULL ? p->from->seg_len : p->to->seg_len;
    SPK_CHECK(p->from == NULL || p->to == NULL || p->to->seg_len == r->seg_len, USAGE);
    r->in_unit = p->from != NULL ? r->seg_len : r->seg_len - SPK_FLOE_OVERHEAD;
    r->in_pad = p->from != NULL ? 0 : SPK_FLOE_SEG_HEAD;
    r->out_unit = p->to != NULL ? r->seg_len : r->seg_len - SPK_FLOE_OVERHEAD;
    r->out_pad = p->to != NULL ? 0 : SPK_FLOE_SEG_HEAD;
    r->group_segs = PUMP_GROUP_BYTES / r->seg_len;
    r->group_segs = r->group_segs < 1 ? 1 : r->group_segs;
    r->group_segs = r->group_segs > PUMP_GROUP_SEGS ? PUMP_GROUP_SEGS : r->group_segs;
    r->ordered = p->out.off == SPK_IO_STREAM;
    r->stop = p->progress != NULL ? p->progress->stop : NULL;
    r->segs = UINT64_MAX;
    if (p->in.off != SPK_IO_STREAM) {
        SPK_CHECK(p->in_len < (uint64_t)INT64_MAX - p->in.off, LIMIT);
        r->segs = p->in_len / r->in_unit + (p->in_len % r->in_unit != 0);
        SPK_CHECK(r->segs > 0 || p->from == NULL, TRUNC);
        r->segs = r->segs == 0 ? 1 : r->segs;
        SPK_CHECK(r->segs <= SPK_FLOE_SEGMENTS_MAX, LIMIT);
    }
    return SPK_OK;
}

static size_t
run_buffer_size(const struct pump_run *r)
{
    if (r->segs == 1) {
        return (size_t)r->p->in_len + SPK_FLOE_OVERHEAD;
    }
    uint64_t segs = r->segs < r->group_segs ? r->segs : r->group_segs;
    return (size_t)segs * r->seg_len + SPK_FLOE_OVERHEAD;
}

/* How many threads, this one included. A stream gets one more: one is mostly waiting for it. */
static unsigned
run_threads(const struct pump_run *r, size_t buffer)
{
    unsigned n = r->p->threads > 0 ? r->p->threads : spk_cpus();
    n = n > SPK_THREADS_MAX ? SPK_THREADS_MAX : n;
    if (n > 1 && (r->ordered || r->segs == UINT64_MAX)) {
        n++;
    }
    if (r->segs != UINT64_MAX) {
        uint64_t groups = (r->segs + r->group_segs - 1) / r->group_segs;
        n = groups < n ? (unsigned)groups : n;
    }
    size_t by_memory = PUMP_MEMORY / buffer;
    n = by_memory < n ? (unsigned)by_memory : n;
    return n < 1 ? 1 : n;
}

/* Start up to n more workers; fewer is no error. Gives how many run. */
static unsigned
helpers_start(struct pump_run *r, struct pump_worker *w, unsigned n, size_t buffer)
{
    unsigned started = 0;
    pthread_attr_t attr;
    if (n == 0 || pthread_attr_init(&attr) != 0) {
        return 0;
    }
    (void)pthread_attr_setstacksize(&attr, PUMP_STACK);
    while (started < n && spk_ok(worker_begin(&w[started], r, buffer))) {
        if (pthread_create(&w[started].thread, &attr, worker_main, &w[started]) != 0) {
            worker_end(&w[started]);
            break;
        }
        started++;
    }
    pthread_attr_destroy(&attr);
    return started;
}

/* This thread takes the first group alone: if it was the only one, no thread is ever started. */
static spk_err
run_all(struct pump_run *r)
{
    struct pump_worker w[PUMP_WORKERS];
    size_t buffer = run_buffer_size(r);
    SPK_TRY(worker_begin(&w[0], r, buffer));
    unsigned helpers = 0;
    if (pump_take(r, &w[0].g)) {
        if (!r->ended && spk_ok(w[0].g.err)) {
            if (r->segs != UINT64_MAX) {
                (void)posix_fadvise(r->p->in.fd, 0, 0, POSIX_FADV_SEQUENTIAL);
            }
            helpers = helpers_start(r, &w[1], run_threads(r, buffer) - 1, buffer);
        }
        worker_step(&w[0]);
        worker_main(&w[0]);
    }
    for (unsigned i = 1; i <= helpers; i++) {
        pthread_join(w[i].thread, NULL);
        worker_end(&w[i]);
    }
    worker_end(&w[0]);
    return SPK_OK;
}

spk_err
spk_pump_run(struct spk_pump *p)
{
    struct pump_run r = {
        .p = p,
        .take_lock = PTHREAD_MUTEX_INITIALIZER,
        .put_lock = PTHREAD_MUTEX_INITIALIZER,
        .turned = PTHREAD_COND_INITIALIZER,
    };
    p->in_bytes = 0;
    p->out_bytes = 0;
    p->bad_segment = 0;
    SPK_TRY(run_plan(&r));
    SPK_TRY(run_all(&r));
    if (atomic_load(&r.failed)) {
        p->bad_segment = r.err_at;
        return r.err;
    }
    if (p->progress != NULL && p->progress->tick != NULL && r.ticked != p->in_bytes) {
        p->progress->tick(p->progress->ctx, p->in_bytes, p->in_len == UINT64_MAX ? 0 : p->in_len);
    }
    return SPK_OK;
}
