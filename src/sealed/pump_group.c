/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>

#include "base/buf.h"
#include "crypto/rng.h"
#include "sealed/io.h"
#include "sealed/pump_int.h"

/* ---- taking ---- */

/* The pieces of the group's segments, the last of which has last_len bytes, at pad in every
 * segment's place. */
static int
group_pieces(const struct pump_run *r, const struct pump_group *g, size_t pad, size_t unit,
             size_t last_len, struct iovec *ret_iov)
{
    if (pad == 0 && unit == r->seg_len) {
        ret_iov[0] = (struct iovec){g->buf, (g->n - 1) * unit + last_len};
        return 1;
    }
    for (size_t i = 0; i < g->n; i++) {
        uint8_t *seg = g->buf + i * r->seg_len;
        ret_iov[i] = (struct iovec){seg + pad, i == g->n - 1 ? last_len : unit};
    }
    return (int)g->n;
}

static void
group_touch(const struct pump_run *r, struct pump_group *g)
{
    size_t end = g->n == 0 ? 0 : (g->n - 1) * r->seg_len + g->last_len + SPK_FLOE_OVERHEAD;
    g->touched = end > g->touched ? end : g->touched;
}

/* The size is known: every thread reads its own part. */
static void
take_at(struct pump_run *r, struct pump_group *g)
{
    struct iovec iov[PUMP_GROUP_SEGS];
    uint64_t left = r->segs - g->first;
    g->final = left <= r->group_segs;
    g->n = g->final ? (size_t)left : r->group_segs;
    g->last_len = r->in_unit;
    if (g->final) {
        g->last_len = (size_t)(r->p->in_len - (r->segs - 1) * r->in_unit);
    }
    group_touch(r, g);
    int pieces = group_pieces(r, g, r->in_pad, r->in_unit, g->last_len, iov);
    size_t got = 0;
    g->err =
        spk_io_readv(r->p->in.fd, iov, pieces, r->p->in.off + g->first * r->in_unit, r->stop, &got);
    if (spk_ok(g->err) && got < (g->n - 1) * r->in_unit + g->last_len) {
        g->err = SPK_ERR(CHANGED);
    }
}

/* A stream: one byte more than the group is read, so that its last segment is known to be final or
 * not. */
static void
take_next(struct pump_run *r, struct pump_group *g)
{
    struct iovec iov[PUMP_GROUP_SEGS + 1];
    size_t had = r->carried ? 1 : 0;
    g->buf[r->in_pad] = r->carry;
    g->n = r->group_segs;
    int pieces = group_pieces(r, g, r->in_pad, r->in_unit, r->in_unit, iov);
    iov[0].iov_base = (uint8_t *)iov[0].iov_base + had;
    iov[0].iov_len -= had;
    iov[pieces] = (struct iovec){&r->carry, 1};

    size_t got = 0;
    g->err = spk_io_readv(r->p->in.fd, iov, pieces + 1, SPK_IO_STREAM, r->stop, &got);
    got += had;
    size_t full = r->group_segs * r->in_unit;
    r->carried = got > full;
    r->ended = !r->carried;
    g->final = r->ended;
    got = r->carried ? full : got;
    g->n = (got + r->in_unit - 1) / r->in_unit;
    if (g->n == 0 && r->p->from == NULL) {
        g->n = 1; /* even nothing at all makes one segment */
    }
    g->last_len = g->n == 0 ? 0 : got - (g->n - 1) * r->in_unit;
    group_touch(r, g);
    if (!spk_ok(g->err)) {
        g->touched = r->group_segs * r->seg_len; /* nobody knows how far the read came */
    }
    if (spk_ok(g->err) && g->n == 0) {
        g->err = SPK_ERR(TRUNC);
    }
}

bool
pump_take(struct pump_run *r, struct pump_group *g)
{
    bool stream = r->p->in.off == SPK_IO_STREAM;
    pthread_mutex_lock(&r->take_lock);
    bool more = !r->ended && !atomic_load(&r->failed);
    if (more) {
        g->seq = r->next++;
        g->first = g->seq * r->group_segs;
        g->n = 0;
        g->err = SPK_OK;
        if (spk_stopped(r->stop)) {
            g->err = SPK_ERR(STOPPED);
        } else if (stream) {
            take_next(r, g);
        } else {
            r->ended = r->segs - g->first <= r->group_segs;
        }
    }
    pthread_mutex_unlock(&r->take_lock);
    if (more && !stream && spk_ok(g->err)) {
        take_at(r, g);
    }
    if (more && !spk_ok(g->err)) {
        g->n = 0; /* bytes that came before a failed read are not used */
    }
    return more;
}

/* ---- sealing and opening ---- */

/* A segment that did not open: find the word for it. Its length field has not been believed so far,
 * and is here only to choose which authenticated question to ask (doc/spec/sealed-file.md, "Ends").
 */
static spk_err
segment_fault(struct spk_floe_worker *w, uint64_t position, bool final, uint8_t *seg, size_t len)
{
    if (len < SPK_FLOE_OVERHEAD) {
        return SPK_ERR(TRUNC);
    }
    uint32_t says = spk_get_u32(seg);
    if (says >= SPK_FLOE_OVERHEAD && says <= w->floe->seg_len && !(final && says == len)) {
        if (says > len) {
            return SPK_ERR(TRUNC);
        }
        spk_err e = spk_floe_open(w, position, true, seg, says);
        return spk_ok(e) ? SPK_ERR(FORMAT) : e;
    }
    if (final && says == UINT32_MAX) {
        if (len < w->floe->seg_len) {
            return SPK_ERR(TRUNC);
        }
        spk_err e = spk_floe_open(w, position, false, seg, len);
        return spk_ok(e) ? SPK_ERR(TRUNC) : e;
    }
    return SPK_ERR(AUTH);
}

static spk_err
segment_open(struct spk_floe_worker *w, uint64_t position, bool final, uint8_t *seg, size_t len)
{
    spk_err e = spk_floe_open(w, position, final, seg, len);
    return e.code == SPK_CODE_AUTH ? segment_fault(w, position, final, seg, len) : e;
}

static spk_err
group_ivs(const struct pump_run *r, const struct pump_group *g, uint8_t *ret_ivs)
{
    struct spk_mut ivs = spk_mut(ret_ivs, g->n * SPK_AEAD_IV_LEN);
    if (r->p->ivs != NULL) {
        return r->p->ivs(r->p->ivs_ctx, g->first, ivs);
    }
    return spk_random(ivs);
}

static spk_err
segment_crypt(struct pump_worker *w, size_t i, const uint8_t *iv)
{
    struct pump_group *g = &w->g;
    uint8_t *seg = g->buf + i * w->run->seg_len;
    bool last = i == g->n - 1;
    bool final = last && g->final;
    size_t len = last ? g->last_len : w->run->in_unit;
    if (w->run->p->from != NULL) {
        SPK_TRY(segment_open(&w->from, g->first + i, final, seg, len));
        len -= SPK_FLOE_OVERHEAD;
    }
    if (w->run->p->to != NULL) {
        SPK_TRY(spk_floe_seal(&w->to, g->first + i, final, iv, seg, len));
    }
    return SPK_OK;
}

void
pump_crypt(struct pump_worker *w)
{
    struct pump_group *g = &w->g;
    uint8_t ivs[PUMP_GROUP_SEGS * SPK_AEAD_IV_LEN];
    if (!spk_ok(g->err)) {
        return;
    }
    if (w->run->p->to != NULL) {
        g->err = group_ivs(w->run, g, ivs);
    }
    size_t good = 0;
    while (spk_ok(g->err) && good < g->n) {
        g->err = segment_crypt(w, good, ivs + good * SPK_AEAD_IV_LEN);
        good += spk_ok(g->err) ? 1 : 0;
    }
    if (good < g->n) {
        g->n = good;
        g->last_len = w->run->in_unit;
        g->final = false;
    }
}

/* ---- putting ---- */

/* Bytes that the group's last segment has on its way out. */
static size_t
group_last_out(const struct pump_run *r, const struct pump_group *g)
{
    return g->last_len + r->out_unit - r->in_unit;
}

static spk_err
group_write(struct pump_run *r, struct pump_group *g)
{
    struct iovec iov[PUMP_GROUP_SEGS];
    if (g->n == 0) {
        return SPK_OK;
    }
    size_t last = group_last_out(r, g);
    int pieces = group_pieces(r, g, r->out_pad, r->out_unit, last, iov);
    if (r->p->out.off == SPK_IO_STREAM) {
        return spk_io_writev(r->p->out.fd, iov, pieces, SPK_IO_STREAM, r->stop);
    }
    uint64_t off = r->p->out.off + g->first * r->out_unit;
    SPK_TRY(spk_io_writev(r->p->out.fd, iov, pieces, off, r->stop));
    if (g->seq > 0 || !g->final) {
        /* Start the disk now: an fsync at the end of a large file then finds little left to do. */
        (void)sync_file_range(r->p->out.fd, (off_t)off, (off_t)((g->n - 1) * r->out_unit + last),
                              SYNC_FILE_RANGE_WRITE);
    }
    return SPK_OK;
}

/* The first fault by position is the one that is told. All groups before a failed one have been
 * taken by somebody already and are finished, so the choice does not depend on who was faster. */
static void
run_fail(struct pump_run *r, spk_err e, uint64_t at)
{
    if (!atomic_load(&r->failed) || at < r->err_at) {
        r->err = e;
        r->err_at = at;
    }
    atomic_store(&r->failed, true);
}

static void
run_account(struct pump_run *r, const struct pump_group *g)
{
    struct spk_pump *p = r->p;
    if (g->n == 0) {
        return;
    }
    p->in_bytes += (g->n - 1) * r->in_unit + g->last_len;
    p->out_bytes += (g->n - 1) * r->out_unit + group_last_out(r, g);
    if (p->progress == NULL || p->progress->tick == NULL || p->in_bytes - r->ticked < PUMP_TICK) {
        return;
    }
    r->ticked = p->in_bytes;
    p->progress->tick(p->progress->ctx, p->in_bytes, p->in_len == UINT64_MAX ? 0 : p->in_len);
}

/* Wait for our turn, with put_lock held; false when somebody before us failed. */
static bool
run_wait_turn(struct pump_run *r, const struct pump_group *g)
{
    while (r->turn != g->seq && !atomic_load(&r->failed)) {
        pthread_cond_wait(&r->turned, &r->put_lock);
    }
    return !atomic_load(&r->failed);
}

void
pump_put(struct pump_run *r, struct pump_group *g)
{
    bool write = spk_ok(g->err);
    if (r->ordered) {
        pthread_mutex_lock(&r->put_lock);
        bool ours = run_wait_turn(r, g);
        pthread_mutex_unlock(&r->put_lock);
        if (!ours) {
            return;
        }
        write = true; /* what verified before a fault goes out, as promised for pipes */
    }
    spk_err e = write ? group_write(r, g) : SPK_OK;
    uint64_t at = spk_ok(e) ? g->first + g->n : g->first;

    pthread_mutex_lock(&r->put_lock);
    if (!spk_ok(e) || !spk_ok(g->err)) {
        run_fail(r, spk_ok(e) ? g->err : e, at);
    } else {
        run_account(r, g);
    }
    r->turn++;
    pthread_cond_broadcast(&r->turned);
    pthread_mutex_unlock(&r->put_lock);
}
