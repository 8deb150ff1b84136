/* SPDX-License-Identifier: Apache-2.0 */
/* Reading anywhere in a sealed file (doc/spec/sealed-file.md, "Random access"). */
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "sealed/payload.h"
#include "sealed/seal.h"

#define LANES 4 /* segments held open at once; segment i uses lane i mod LANES */

struct lane {
    pthread_mutex_t lock;
    struct spk_floe_worker worker;
    uint8_t *seg; /* made at first use */
    uint64_t held;
    bool holds;
    size_t plain_len;
};

struct spk_sealed {
    int fd;
    uint64_t off; /* of segment 0 */
    uint64_t segs;
    uint64_t size;
    size_t seg_len;
    size_t unit;
    size_t last_len; /* of the final segment, sealed */
    struct spk_secret *floe;
    struct lane lane[LANES];
};

void
spk_sealed_free(struct spk_sealed *f)
{
    if (f == NULL) {
        return;
    }
    for (unsigned i = 0; i < LANES; i++) {
        spk_floe_worker_end(&f->lane[i].worker);
        if (f->lane[i].seg != NULL) {
            spk_wipe(f->lane[i].seg, f->seg_len);
            spk_mem_free(f->lane[i].seg);
        }
        pthread_mutex_destroy(&f->lane[i].lock);
    }
    spk_secret_free(f->floe);
    spk_mem_free(f);
}

/* Make the lane hold segment i; its lock is held. */
static spk_err
lane_load(struct spk_sealed *f, struct lane *l, uint64_t i)
{
    if (l->holds && l->held == i) {
        return SPK_OK;
    }
    if (l->seg == NULL) {
        SPK_TRY(spk_floe_worker_begin(&l->worker, (const void *)spk_secret_span(f->floe).ptr));
        l->seg = spk_calloc(f->seg_len, 1);
        if (l->seg == NULL) {
            spk_floe_worker_end(&l->worker);
            return SPK_ERR(NOMEM);
        }
    }
    bool final = i == f->segs - 1;
    size_t len = final ? f->last_len : f->seg_len;
    l->holds = false;
    SPK_TRY(spk_pread_full(f->fd, l->seg, len, f->off + i * f->seg_len));
    SPK_TRY(spk_floe_open(&l->worker, i, final, l->seg, len));
    l->held = i;
    l->holds = true;
    l->plain_len = len - SPK_FLOE_OVERHEAD;
    return SPK_OK;
}

/* Sizes from the file's length: claims until the last segment has been opened as final. */
static spk_err
sealed_measure(struct spk_sealed *f, const struct spk_header *h)
{
    struct stat st;
    if (fstat(f->fd, &st) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK(S_ISREG(st.st_mode), USAGE);
    f->off = spk_header_payload_off(h) + SPK_FLOE_HEADER_LEN;
    f->seg_len = spk_header_core(h)->seg_len;
    f->unit = f->seg_len - SPK_FLOE_OVERHEAD;
    SPK_CHECK((uint64_t)st.st_size >= f->off + SPK_FLOE_OVERHEAD, TRUNC);
    uint64_t len = (uint64_t)st.st_size - f->off;
    f->segs = (len + f->seg_len - 1) / f->seg_len;
    f->last_len = (size_t)(len - (f->segs - 1) * f->seg_len);
    SPK_CHECK(f->last_len >= SPK_FLOE_OVERHEAD, TRUNC);
    f->size = len - f->segs * SPK_FLOE_OVERHEAD;
    return SPK_OK;
}

static spk_err
sealed_verify_end(struct spk_sealed *f)
{
    uint8_t says[4];
    uint64_t at = f->off + (f->segs - 1) * f->seg_len;
    SPK_TRY(spk_pread_full(f->fd, says, sizeof says, at));
    SPK_CHECK(spk_get_u32(says) != UINT32_MAX,
              TRUNC); /* an internal segment: more came after it once */

    struct lane *l = &f->lane[(f->segs - 1) % LANES];
    pthread_mutex_lock(&l->lock);
    spk_err e = lane_load(f, l, f->segs - 1);
    pthread_mutex_unlock(&l->lock);
    return e;
}

spk_err
spk_sealed_open(int fd, const struct spk_header *h, const struct spk_secret *key,
                struct spk_sealed **ret_f)
{
    SPK_AUTO(spk_sealed) f = spk_calloc(1, sizeof *f);
    SPK_CHECK(f != NULL, NOMEM);
    f->fd = fd;
    for (unsigned i = 0; i < LANES; i++) {
        (void)pthread_mutex_init(&f->lane[i].lock, NULL);
    }
    uint8_t header[SPK_FLOE_HEADER_LEN];
    SPK_TRY(sealed_measure(f, h));
    SPK_TRY(spk_secret_new(sizeof(struct spk_floe), &f->floe));
    SPK_TRY(spk_pread_full(fd, header, sizeof header, spk_header_payload_off(h)));
    SPK_TRY(spk_payload_open_begin((void *)spk_secret_mut(f->floe).ptr, key, spk_header_core(h),
                                   spk_header_core_hash(h), header));
    SPK_TRY(sealed_verify_end(f));
    *ret_f = SPK_STEAL(f);
    return SPK_OK;
}

uint64_t
spk_sealed_size(const struct spk_sealed *f)
{
    return f->size;
}

spk_err
spk_sealed_read_at(struct spk_sealed *f, uint64_t off, struct spk_mut ret_dst, size_t *ret_n)
{
    size_t done = 0;
    while (done < ret_dst.len && off < f->size) {
        uint64_t i = off / f->unit;
        size_t from = (size_t)(off % f->unit);
        struct lane *l = &f->lane[i % LANES];
        pthread_mutex_lock(&l->lock);
        spk_err e = lane_load(f, l, i);
        size_t n = 0;
        if (spk_ok(e)) {
            n = l->plain_len - from;
            n = n < ret_dst.len - done ? n : ret_dst.len - done;
            memcpy(ret_dst.ptr + done, l->seg + SPK_FLOE_SEG_HEAD + from, n);
        }
        pthread_mutex_unlock(&l->lock);
        SPK_TRY(e);
        done += n;
        off += n;
    }
    *ret_n = done;
    return SPK_OK;
}
