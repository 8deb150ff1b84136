/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "base/file.h"
#include "crypto/rng.h"
#include "sealed/io.h"
#include "sealed/metadata.h"
#include "sealed/payload.h"
#include "sealed/pump.h"
#include "sealed/replace_int.h"

#define COPY_STEP ((size_t)256 * 1024)
#define MODE_KEPT 0777u

/* The file as it will be. */
struct made {
    struct spk_core core;
    struct spk_buf core_bytes;
    struct spk_hash core_hash;
    struct spk_slots *slots;
    bool moved; /* area_len is another: core, MAC and payload are bound to new bytes */
};

static void
made_end(struct made *m)
{
    spk_buf_free(&m->core_bytes);
    spk_slots_free(m->slots);
}

/* Private metadata is bound to H(core). What does not open stays as it is: it was lost before. */
static spk_err
metadata_move(const struct spk_header *h, const struct spk_secret *key, const struct made *m,
              const struct spk_slot *old, struct spk_slots *to)
{
    struct spk_metadata meta;
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_AREA_MAX);
    if (!spk_ok(spk_metadata_open(key, &h->core.id, &h->core_hash, old->body, &meta))) {
        return spk_slots_add(to, old);
    }
    SPK_TRY(spk_metadata_seal(key, &h->core.id, &m->core_hash, &meta, &body));
    struct spk_slot slot = *old;
    slot.body = spk_buf_span(&body);
    return spk_slots_add(to, &slot);
}

static spk_err
slots_move(const struct spk_header *h, const struct spk_secret *key, const struct spk_slots *slots,
           struct made *m)
{
    SPK_TRY(spk_slots_new(&m->slots));
    for (size_t i = 0; i < spk_slots_count(slots); i++) {
        const struct spk_slot *slot = spk_slots_at(slots, i);
        if (m->moved && slot->type == SPK_SLOT_METADATA) {
            SPK_TRY(metadata_move(h, key, m, slot, m->slots));
        } else {
            SPK_TRY(spk_slots_add(m->slots, slot));
        }
    }
    return SPK_OK;
}

static spk_err
made_plan(const struct spk_header *h, const struct spk_secret *key, const struct spk_slots *slots,
          uint32_t area_len, struct made *m)
{
    m->core = h->core;
    m->core.area_len = area_len;
    m->moved = area_len != h->core.area_len;
    SPK_TRY(spk_core_build(&m->core, &m->core_bytes));
    SPK_TRY(spk_sha256(spk_buf_span(&m->core_bytes), &m->core_hash));
    return slots_move(h, key, slots, m);
}

static spk_err
header_write(const struct spk_header *h, const struct spk_secret *key, const struct made *m,
             int out)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_HEADER_MAX);
    uint64_t generation;
    unsigned newest;
    SPK_TRY(spk_next_generation(h, key, &generation, &newest));
    SPK_TRY(spk_buf_add(&b, spk_buf_span(&m->core_bytes)));
    for (unsigned i = 0; i < spk_core_areas(&m->core); i++) {
        SPK_TRY(spk_area_build(&m->core, &m->core_hash, key, generation, m->slots, &b));
    }
    return spk_pwrite_full(out, spk_buf_span(&b), 0);
}

/* The payload as it is. */
static spk_err
payload_copy(int in, int out, uint64_t off)
{
    uint8_t *buf = spk_calloc(COPY_STEP, 1);
    SPK_CHECK(buf != NULL, NOMEM);
    spk_err e = SPK_OK;
    size_t n = COPY_STEP;
    while (spk_ok(e) && n == COPY_STEP) {
        e = spk_io_pread_some(in, buf, COPY_STEP, off, &n);
        if (spk_ok(e)) {
            e = spk_pwrite_full(out, spk_span(buf, n), off);
            off += n;
        }
    }
    spk_mem_free(buf);
    return e;
}

/* The payload under the same K and a fresh FLOE IV: nothing that binds K or file_id changes, so the
 * authority's deposit stays good. */
static spk_err
payload_reseal(const struct spk_target *t, const struct spk_header *h, const struct spk_secret *key,
               const struct made *m, int out)
{
    struct spk_floe from;
    struct spk_floe to;
    SPK_WIPE_ON_EXIT(from);
    SPK_WIPE_ON_EXIT(to);
    uint8_t header[SPK_FLOE_HEADER_LEN];
    uint8_t iv[SPK_FLOE_IV_LEN];
    uint64_t off = m->core_bytes.len + (uint64_t)spk_core_areas(&m->core) * m->core.area_len;
    uint64_t old = spk_header_payload_off(h);
    SPK_CHECK((uint64_t)t->st.st_size >= old + sizeof header, TRUNC);
    SPK_TRY(spk_pread_full(t->fd, header, sizeof header, old));
    SPK_TRY(spk_payload_open_begin(&from, key, &h->core, &h->core_hash, header));
    SPK_TRY(spk_random(SPK_MUT_OF(iv)));
    SPK_TRY(spk_payload_seal_begin(&to, key, &m->core, &m->core_hash, iv, header));
    SPK_TRY(spk_pwrite_full(out, SPK_SPAN_OF(header), off));

    struct spk_pump p = {
        .from = &from,
        .to = &to,
        .in = {t->fd, old + sizeof header},
        .out = {out, off + sizeof header},
        .in_len = (uint64_t)t->st.st_size - old - sizeof header,
    };
    return spk_pump_run(&p);
}

/* Owner, mode, times: as far as we may. */
static void
keep_attributes(const struct stat *st, int out)
{
    const struct timespec times[2] = {st->st_atim, st->st_mtim};
    if (fchown(out, st->st_uid, st->st_gid) == 0) {
        (void)fchmod(out, st->st_mode & MODE_KEPT);
    }
    (void)futimens(out, times);
}

spk_err
spk_target_rewrite(const struct spk_target *t, const struct spk_header *h,
                   const struct spk_secret *key, const struct spk_slots *slots, uint32_t area_len)
{
    __attribute__((cleanup(made_end))) struct made m = {.core_bytes = SPK_BUF(SPK_CORE_MAX)};
    SPK_AUTO(spk_newfile) f = NULL;
    SPK_TRY(made_plan(h, key, slots, area_len, &m));
    SPK_TRY(spk_newfile_open(t->dirfd, t->path, t->st.st_mode & MODE_KEPT, &f));
    int out = spk_newfile_fd(f);
    SPK_TRY(header_write(h, key, &m, out));
    if (m.moved) {
        SPK_TRY(payload_reseal(t, h, key, &m, out));
    } else {
        SPK_TRY(payload_copy(t->fd, out, spk_header_payload_off(h)));
    }
    keep_attributes(&t->st, out);
    return spk_newfile_commit(f, true);
}
