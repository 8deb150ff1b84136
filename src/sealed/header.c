/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/header_int.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "sealed/floe.h"
#include "sealed/io.h"

#define HEADER_PEEK 16
/* Each try costs a private-key operation: a file may not make us spend hundreds of them. */
#define HEADER_TRIES_MAX 16

void
spk_header_free(struct spk_header *h)
{
    if (h == NULL) {
        return;
    }
    spk_area_end(&h->area[0]);
    spk_area_end(&h->area[1]);
    spk_mem_free(h->bytes);
    spk_mem_free(h);
}

unsigned
spk_header_order(const struct spk_header *h, unsigned ret_order[2])
{
    unsigned n = 0;
    for (unsigned i = 0; i < spk_core_areas(&h->core); i++) {
        if (h->area[i].state == SPK_AREA_GOOD) {
            ret_order[n++] = i;
        }
    }
    if (n == 2 && h->area[1].generation > h->area[0].generation) {
        ret_order[0] = 1;
        ret_order[1] = 0;
    }
    return n;
}

/* h->bytes holds core and areas: find out what they say. */
static spk_err
header_digest(struct spk_header *h, size_t core_len)
{
    h->core_bytes = spk_span(h->bytes, core_len);
    SPK_TRY(spk_sha256(h->core_bytes, &h->core_hash));
    h->area[1].state = SPK_AREA_ABSENT;
    for (unsigned i = 0; i < spk_core_areas(&h->core); i++) {
        const uint8_t *at = h->bytes + core_len + (size_t)i * h->core.area_len;
        SPK_TRY(spk_area_parse(spk_span(at, h->core.area_len), &h->area[i]));
    }
    unsigned order[2];
    h->best = spk_header_order(h, order) > 0 ? h->area[order[0]].slots : NULL;
    return SPK_OK;
}

/* From where a header is read: bytes in memory, a regular file, or the front of a pipe. */
struct source {
    struct spk_span bytes;
    int fd;
    bool seek;
    uint64_t at;
};

/* The next up to len bytes. */
static spk_err
source_read(struct source *s, uint8_t *dst, size_t len, size_t *ret_n)
{
    if (s->fd < 0) {
        size_t n = s->bytes.len < len ? s->bytes.len : len;
        if (n > 0) {
            memcpy(dst, s->bytes.ptr, n);
        }
        s->bytes = spk_span(s->bytes.ptr + n, s->bytes.len - n);
        *ret_n = n;
        return SPK_OK;
    }
    if (!s->seek) {
        return spk_read_full(s->fd, dst, len, ret_n);
    }
    SPK_TRY(spk_io_pread_some(s->fd, dst, len, s->at, ret_n));
    s->at += *ret_n;
    return SPK_OK;
}

/* A file that stops within its first bytes was cut short if it began like ours. */
static spk_err
source_peek(struct source *s, uint8_t first[HEADER_PEEK], uint32_t *ret_len)
{
    static const uint8_t like[HEADER_PEEK] = {0x89, 'S', 'P', 'K', '\r', '\n', 0x1a, '\n'};
    size_t n;
    SPK_TRY(source_read(s, first, HEADER_PEEK, &n));
    if (n < HEADER_PEEK) {
        size_t of_magic = n < 8 ? n : 8;
        SPK_CHECK(n == 0 || !spk_span_eq(spk_span(first, of_magic), spk_span(like, of_magic)),
                  TRUNC);
        return SPK_ERR(FORMAT);
    }
    return spk_core_peek(spk_span(first, HEADER_PEEK), ret_len);
}

static spk_err
header_from(struct source *s, struct spk_header **ret_h)
{
    uint8_t first[HEADER_PEEK];
    uint32_t core_len;
    SPK_TRY(source_peek(s, first, &core_len));

    SPK_AUTO(spk_header) h = spk_calloc(1, sizeof *h);
    SPK_CHECK(h != NULL, NOMEM);
    uint8_t core[SPK_CORE_MAX];
    size_t n;
    memcpy(core, first, HEADER_PEEK);
    SPK_TRY(source_read(s, core + HEADER_PEEK, core_len - HEADER_PEEK, &n));
    SPK_CHECK(n == core_len - HEADER_PEEK, TRUNC);
    SPK_TRY(spk_core_parse(spk_span(core, core_len), &h->core));

    h->len = core_len + (size_t)spk_core_areas(&h->core) * h->core.area_len;
    h->bytes = spk_calloc(h->len, 1);
    SPK_CHECK(h->bytes != NULL, NOMEM);
    memcpy(h->bytes, core, core_len);
    h->core.tlvs.ptr = h->bytes + (h->core.tlvs.ptr - core);
    SPK_TRY(source_read(s, h->bytes + core_len, h->len - core_len, &n));
    h->cut = n < h->len - core_len;
    SPK_TRY(header_digest(h, core_len));
    *ret_h = SPK_STEAL(h);
    return SPK_OK;
}

spk_err
spk_header_read(int fd, struct spk_header **ret_h)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK(!S_ISDIR(st.st_mode), FORMAT);
    struct source s = {.fd = fd, .seek = S_ISREG(st.st_mode)};
    return header_from(&s, ret_h);
}

spk_err
spk_header_parse(struct spk_span bytes, struct spk_header **ret_h)
{
    struct source s = {.bytes = bytes, .fd = -1};
    return header_from(&s, ret_h);
}

const struct spk_core *
spk_header_core(const struct spk_header *h)
{
    return &h->core;
}

struct spk_span
spk_header_core_bytes(const struct spk_header *h)
{
    return h->core_bytes;
}

const struct spk_hash *
spk_header_core_hash(const struct spk_header *h)
{
    return &h->core_hash;
}

uint64_t
spk_header_payload_off(const struct spk_header *h)
{
    return h->len;
}

uint64_t
spk_header_file_len(const struct spk_header *h, uint64_t plain_len)
{
    uint64_t unit = h->core.seg_len - SPK_FLOE_OVERHEAD;
    uint64_t segs = plain_len / unit + (plain_len % unit != 0);
    segs = segs == 0 ? 1 : segs;
    return h->len + SPK_FLOE_HEADER_LEN + plain_len + segs * SPK_FLOE_OVERHEAD;
}

enum spk_area_state
spk_header_area_state(const struct spk_header *h, unsigned area, uint64_t *ret_generation)
{
    if (area > 1) {
        return SPK_AREA_ABSENT;
    }
    if (h->area[area].state == SPK_AREA_GOOD && ret_generation != NULL) {
        *ret_generation = h->area[area].generation;
    }
    return h->area[area].state;
}

struct spk_slots *
spk_header_slots(struct spk_header *h)
{
    return h->best;
}

spk_err
spk_header_fault(const struct spk_header *h)
{
    SPK_CHECK(!h->area[0].unknown && !h->area[1].unknown, VERSION);
    SPK_CHECK(!h->cut, TRUNC);
    return SPK_ERR(AUTH);
}

static bool
slot_is_for(const struct spk_slot *slot, const struct spk_hash *spki)
{
    return (slot->type == SPK_SLOT_USER || slot->type == SPK_SLOT_AUTHORITY) &&
           spk_hash_eq(&slot->recipient, spki);
}

bool
spk_header_meets(const struct spk_header *h, const struct spk_hash *spki)
{
    unsigned order[2];
    unsigned n = spk_header_order(h, order);
    for (unsigned i = 0; i < n; i++) {
        const struct spk_slots *slots = h->area[order[i]].slots;
        for (size_t k = 0; k < spk_slots_count(slots); k++) {
            if (slot_is_for(spk_slots_at(slots, k), spki)) {
                return true;
            }
        }
    }
    return false;
}

/* One slot against C, the area's MAC and, where its flag says so, its own re-made BLOB. All three
 * are always worked out and only their conjunction is looked at: what failed must not show
 * (doc/spec/sealed-file.md, "Opening"). */
static spk_err
slot_try(const struct spk_header *h, const struct spk_area *a, const struct spk_slot *slot,
         const struct spk_rsa *pair, struct spk_secret **ret_key)
{
    SPK_AUTO(spk_secret) key = NULL;
    SPK_TRY(spk_unwrap(slot->body, pair, slot->flags, &key));
    SPK_CHECK(spk_secret_len(key) == SPK_KEY_LEN, AUTH);

    struct spk_hash c;
    bool mac_ok;
    SPK_TRY(spk_commitment(key, &h->core.id, &c));
    SPK_TRY(spk_area_mac_ok(a, &h->core.id, &h->core_hash, key, &mac_ok));
    bool c_ok = spk_ct_eq(c.b, h->core.commitment.b, sizeof c.b);
    bool remade_ok = true;
    if (slot->flags & SPK_WRAP_DERIVED) {
        remade_ok = spk_ok(spk_wrap_matches(slot->body, key, pair, &h->core.id, slot->flags));
    }
    SPK_CHECK(c_ok & mac_ok & remade_ok, AUTH);
    *ret_key = SPK_STEAL(key);
    return SPK_OK;
}

/* All slots of one area that are for this pair. */
static spk_err
area_try(const struct spk_header *h, const struct spk_area *a, const struct spk_rsa *pair,
         bool *met, struct spk_secret **ret_key)
{
    const struct spk_hash *id = spk_rsa_id(pair);
    unsigned tries = 0;
    for (size_t i = 0; i < spk_slots_count(a->slots) && tries < HEADER_TRIES_MAX; i++) {
        const struct spk_slot *slot = spk_slots_at(a->slots, i);
        if (!slot_is_for(slot, id)) {
            continue;
        }
        *met = true;
        tries++;
        spk_err e = slot_try(h, a, slot, pair, ret_key);
        if (e.code != SPK_CODE_AUTH && e.code != SPK_CODE_FORMAT) {
            return e; /* opened, or a failure that says nothing about the slot */
        }
    }
    return SPK_ERR(NOKEY);
}

spk_err
spk_header_open(struct spk_header *h, const struct spk_rsa *pair, struct spk_secret **ret_key)
{
    unsigned order[2];
    unsigned n = spk_header_order(h, order);
    bool met = false;
    for (unsigned i = 0; i < n; i++) {
        struct spk_area *a = &h->area[order[i]];
        spk_err e = area_try(h, a, pair, &met, ret_key);
        if (spk_ok(e)) {
            h->best = a->slots;
            h->mac_ok = true;
        }
        if (e.code != SPK_CODE_NOKEY) {
            return e;
        }
    }
    SPK_CHECK(!h->area[0].unknown && !h->area[1].unknown, VERSION);
    SPK_CHECK(!met, AUTH);
    return n > 0 ? SPK_ERR(NOKEY) : spk_header_fault(h);
}

spk_err
spk_header_open_key(struct spk_header *h, const struct spk_secret *key, bool *ret_mac_ok)
{
    SPK_CHECK(spk_secret_len(key) == SPK_KEY_LEN, USAGE);
    struct spk_hash c;
    SPK_TRY(spk_commitment(key, &h->core.id, &c));
    SPK_CHECK(spk_ct_eq(c.b, h->core.commitment.b, sizeof c.b), AUTH);

    unsigned order[2];
    unsigned n = spk_header_order(h, order);
    bool ok = false;
    for (unsigned i = 0; i < n && !ok; i++) {
        struct spk_area *a = &h->area[order[i]];
        SPK_TRY(spk_area_mac_ok(a, &h->core.id, &h->core_hash, key, &ok));
        if (ok) {
            h->best = a->slots;
        }
    }
    h->mac_ok = ok;
    *ret_mac_ok = ok;
    return SPK_OK;
}

bool
spk_header_slots_hold(const struct spk_header *h)
{
    return h->mac_ok;
}
