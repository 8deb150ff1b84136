/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/seal.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "crypto/rng.h"
#include "sealed/area.h"
#include "sealed/io.h"
#include "sealed/payload.h"
#include "sealed/seal_int.h"

#define SIZE_UNKNOWN UINT64_MAX
/* Room in a default two-area file: a receipt with 32 inclusion hashes and two cosignatures, and one
 * more 4096-bit slot, so that a recovery or a receipt hardly ever needs the payload to move. */
#define ROOM_RECEIPT (SPK_SLOT_HEAD + 2560u)
#define ROOM_SLOT (SPK_SLOT_HEAD + 12u + 512u)
#define AREA_STEP 4096u

struct spk_seal {
    struct spk_secret *key;
    struct spk_core core;
    struct spk_buf tlvs;
    struct spk_buf core_bytes; /* empty until fixed by spk_seal_core() */
    struct spk_hash core_hash;
    struct spk_slots *slots;
    size_t reserve;
    uint64_t size;
    uint64_t bytes;
    uint64_t generation;
    struct spk_seal_opts opts;
    const struct spk_seal_fixed *fixed;
    bool ran;
};

void
spk_seal_free(struct spk_seal *s)
{
    if (s == NULL) {
        return;
    }
    spk_secret_free(s->key);
    spk_slots_free(s->slots);
    spk_buf_free(&s->tlvs);
    spk_buf_free(&s->core_bytes);
    spk_mem_free(s);
}

static bool
seal_is_compact(const struct spk_seal *s)
{
    if (s->opts.compact >= 0) {
        return s->opts.compact > 0;
    }
    return s->size < SPK_COMPACT_BELOW;
}

/* K, id and time: fresh, or as a known answer wants them. */
static spk_err
seal_identity(struct spk_seal *s)
{
    if (s->fixed != NULL) {
        s->core.id = s->fixed->id;
        s->core.created = s->fixed->created;
        return spk_secret_from(s->fixed->key, &s->key);
    }
    SPK_TRY(spk_uuid7(&s->core.id));
    s->core.created = spk_now();
    return spk_secret_random(SPK_KEY_LEN, &s->key);
}

spk_err
spk_seal_begin_fixed(uint64_t size_or_unknown, struct spk_span tlvs,
                     const struct spk_seal_opts *opts, const struct spk_seal_fixed *fixed,
                     struct spk_seal **ret_s)
{
    SPK_AUTO(spk_seal) s = spk_calloc(1, sizeof *s);
    SPK_CHECK(s != NULL, NOMEM);
    s->opts = opts != NULL ? *opts : (struct spk_seal_opts){.compact = -1};
    s->size = size_or_unknown;
    s->fixed = fixed;
    s->tlvs = SPK_BUF(SPK_CORE_MAX);
    s->core_bytes = SPK_BUF(SPK_CORE_MAX);
    s->core.seg_len = s->opts.seg_len != 0 ? s->opts.seg_len : SPK_SEG_DEFAULT;
    s->core.flags = seal_is_compact(s) ? SPK_CORE_FLAG_COMPACT : 0;
    SPK_CHECK(s->core.seg_len >= SPK_SEG_MIN && s->core.seg_len <= SPK_SEG_MAX, USAGE);

    SPK_TRY(spk_buf_add(&s->tlvs, tlvs));
    SPK_TRY(spk_slots_new(&s->slots));
    SPK_TRY(seal_identity(s));
    SPK_TRY(spk_commitment(s->key, &s->core.id, &s->core.commitment));
    *ret_s = SPK_STEAL(s);
    return SPK_OK;
}

spk_err
spk_seal_begin(uint64_t size_or_unknown, struct spk_span tlvs, const struct spk_seal_opts *opts,
               struct spk_seal **ret_s)
{
    return spk_seal_begin_fixed(size_or_unknown, tlvs, opts, NULL, ret_s);
}

const struct spk_secret *
spk_seal_key(const struct spk_seal *s)
{
    return s->key;
}

const struct spk_file_id *
spk_seal_id(const struct spk_seal *s)
{
    return &s->core.id;
}

const struct spk_hash *
spk_seal_commitment(const struct spk_seal *s)
{
    return &s->core.commitment;
}

struct spk_slots *
spk_seal_slots(struct spk_seal *s)
{
    return s->slots;
}

void
spk_seal_reserve(struct spk_seal *s, size_t bytes)
{
    size_t sum = s->reserve + bytes;
    s->reserve = sum < bytes ? SIZE_MAX : sum;
}

size_t
spk_seal_room(const struct spk_seal *s)
{
    size_t need = spk_slots_area_need(s->slots);

    return need < s->core.area_len ? s->core.area_len - need : 0;
}

static size_t
round_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* A compact area is just what is needed; a two-area file has room for what may come. */
static spk_err
seal_area_len(struct spk_seal *s)
{
    bool compact = (s->core.flags & SPK_CORE_FLAG_COMPACT) != 0;
    SPK_CHECK(s->reserve <= SPK_AREA_MAX, LIMIT);
    size_t need = spk_slots_area_need(s->slots) + s->reserve;
    if (s->opts.area_len != 0) {
        SPK_CHECK(s->opts.area_len % SPK_AREA_UNIT == 0, USAGE);
        SPK_CHECK(need <= s->opts.area_len, LIMIT);
        s->core.area_len = s->opts.area_len;
        return SPK_OK;
    }
    SPK_CHECK(need <= SPK_AREA_MAX, LIMIT);
    size_t len = compact ? round_up(need, SPK_AREA_UNIT)
                         : round_up(need + ROOM_RECEIPT + ROOM_SLOT, AREA_STEP);
    size_t least = compact ? SPK_AREA_MIN_COMPACT : SPK_AREA_DEFAULT;
    len = len < least ? least : len;
    s->core.area_len = (uint32_t)(len > SPK_AREA_MAX ? SPK_AREA_MAX : len);
    return SPK_OK;
}

spk_err
spk_seal_core(struct spk_seal *s, struct spk_span *ret_core)
{
    if (s->core_bytes.len == 0) {
        SPK_TRY(seal_area_len(s));
        s->core.tlvs = spk_buf_span(&s->tlvs);
        SPK_TRY(spk_core_build(&s->core, &s->core_bytes));
        SPK_TRY(spk_sha256(spk_buf_span(&s->core_bytes), &s->core_hash));
    }
    *ret_core = spk_buf_span(&s->core_bytes);
    return SPK_OK;
}

/* One or two copies of the same record. */
static spk_err
seal_areas(struct spk_seal *s, struct spk_buf *out)
{
    for (unsigned i = 0; i < spk_core_areas(&s->core); i++) {
        SPK_TRY(spk_area_build(&s->core, &s->core_hash, s->key, s->generation, s->slots, out));
    }
    return SPK_OK;
}

/* ---- the input ---- */

struct input {
    struct spk_pump_end end;
    uint64_t len; /* SIZE_UNKNOWN for a stream */
    struct stat before;
};

static spk_err
input_begin(const struct spk_seal *s, int fd, struct input *ret_in)
{
    struct input in = {.end = {fd, SPK_IO_STREAM}, .len = SIZE_UNKNOWN};
    if (fstat(fd, &in.before) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK(!S_ISDIR(in.before.st_mode), FORMAT);
    off_t at = S_ISREG(in.before.st_mode) ? lseek(fd, 0, SEEK_CUR) : -1;
    if (at >= 0) {
        in.end.off = (uint64_t)at;
        in.len = in.before.st_size > at ? (uint64_t)(in.before.st_size - at) : 0;
        SPK_CHECK(s->size == SIZE_UNKNOWN || s->size == in.len, CHANGED);
    }
    *ret_in = in;
    return SPK_OK;
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Nothing may have touched the file since, and nothing may stand behind the size that it told: some
 * files of the kernel's say 0 and are not empty. */
static spk_err
input_end(const struct input *in)
{
    if (in->end.off == SPK_IO_STREAM) {
        return SPK_OK;
    }
    struct stat now;
    uint8_t more;
    size_t n;
    SPK_TRY(spk_io_pread_some(in->end.fd, &more, 1, in->end.off + in->len, &n));
    SPK_CHECK(n == 0, CHANGED);
    if (fstat(in->end.fd, &now) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK(now.st_size == in->before.st_size, CHANGED);
    SPK_CHECK(same_time(&now.st_mtim, &in->before.st_mtim), CHANGED);
    SPK_CHECK(same_time(&now.st_ctim, &in->before.st_ctim), CHANGED);
    return SPK_OK;
}

/* ---- the output ---- */

/* Core, areas, FLOE header. Gives where the payload's segments begin. */
static spk_err
header_write(struct spk_seal *s, const uint8_t floe_header[SPK_FLOE_HEADER_LEN], int out, bool seek,
             uint64_t *ret_off)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_HEADER_MAX + SPK_FLOE_HEADER_LEN);
    SPK_TRY(spk_buf_reserve(&b, s->core_bytes.len + 2 * (size_t)s->core.area_len +
                                    SPK_FLOE_HEADER_LEN));
    SPK_TRY(spk_buf_add(&b, spk_buf_span(&s->core_bytes)));
    SPK_TRY(seal_areas(s, &b));
    SPK_TRY(spk_buf_add(&b, spk_span(floe_header, SPK_FLOE_HEADER_LEN)));
    *ret_off = b.len;
    return seek ? spk_pwrite_full(out, spk_buf_span(&b), 0) : spk_write_full(out, spk_buf_span(&b));
}

static spk_err
payload_begin(const struct spk_seal *s, struct spk_floe *f, uint8_t ret_header[SPK_FLOE_HEADER_LEN])
{
    uint8_t iv[SPK_FLOE_IV_LEN];
    if (s->fixed != NULL) {
        memcpy(iv, s->fixed->floe_iv, sizeof iv);
    } else {
        SPK_TRY(spk_random(SPK_MUT_OF(iv)));
    }
    return spk_payload_seal_begin(f, s->key, &s->core, &s->core_hash, iv, ret_header);
}

spk_err
spk_seal_run(struct spk_seal *s, int in, int out)
{
    SPK_CHECK(!s->ran, USAGE); /* no second payload under the same promise to the authority */
    struct spk_span core;
    SPK_TRY(spk_seal_core(s, &core));
    struct input input = {0};
    SPK_TRY(input_begin(s, in, &input));
    s->ran = true;
    s->generation = 1;

    struct spk_floe floe;
    SPK_WIPE_ON_EXIT(floe);
    uint8_t floe_header[SPK_FLOE_HEADER_LEN];
    uint64_t off;
    bool seek = spk_io_out_seekable(out);
    SPK_TRY(payload_begin(s, &floe, floe_header));
    SPK_TRY(header_write(s, floe_header, out, seek, &off));

    struct spk_pump p = {
        .to = &floe,
        .in = input.end,
        .out = {out, seek ? off : SPK_IO_STREAM},
        .in_len = input.len,
        .threads = s->opts.threads,
        .progress = s->opts.progress,
        .ivs = s->fixed != NULL ? s->fixed->ivs : NULL,
        .ivs_ctx = s->fixed != NULL ? s->fixed->ivs_ctx : NULL,
    };
    SPK_TRY(spk_pump_run(&p));
    SPK_TRY(input_end(&input));
    SPK_CHECK(s->size == SIZE_UNKNOWN || s->size == p.in_bytes, CHANGED);
    s->bytes = p.in_bytes;
    return seek ? spk_io_out_end(out, off + p.out_bytes) : SPK_OK;
}

uint64_t
spk_seal_bytes(const struct spk_seal *s)
{
    return s->bytes;
}

spk_err
spk_seal_rewrite_areas(struct spk_seal *s, int out)
{
    SPK_CHECK(s->ran, USAGE);
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(2 * SPK_AREA_MAX);
    s->generation++;
    SPK_TRY(seal_areas(s, &b));
    return spk_pwrite_full(out, spk_buf_span(&b), s->core_bytes.len);
}
