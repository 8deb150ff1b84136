/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/area.h"

#include <string.h>

#include "base/rd.h"
#include "crypto/mac.h"
#include "keyblob/wrap.h"

#define SLOT_MAY_SKIP 0x8000u

/* Flags that a slot type may carry; a bit that we do not know could change what the body means. */
static bool
slot_known(const struct spk_slot *slot)
{
    if (slot->type >= SLOT_MAY_SKIP) {
        return true;
    }
    if (slot->type == SPK_SLOT_USER || slot->type == SPK_SLOT_AUTHORITY) {
        return (slot->flags & ~SPK_WRAP_FLAGS) == 0;
    }
    return slot->type >= SPK_SLOT_RECEIPT && slot->type <= SPK_SLOT_ACCEPTED && slot->flags == 0;
}

static spk_err
slot_read(struct spk_rd *r, struct spk_slot *ret_slot)
{
    struct spk_slot slot;
    uint32_t len;
    SPK_TRY(spk_rd_u16(r, &slot.type));
    SPK_TRY(spk_rd_u16(r, &slot.flags));
    SPK_TRY(spk_rd_u32(r, &len));
    SPK_TRY(spk_rd_copy(r, slot.recipient.b, sizeof slot.recipient.b));
    SPK_TRY(spk_rd_span(r, len, &slot.body));
    *ret_slot = slot;
    return SPK_OK;
}

static spk_err
slots_read(struct spk_rd *r, unsigned count, struct spk_area *a)
{
    SPK_CHECK(count <= SPK_SLOTS_MAX, LIMIT);
    SPK_TRY(spk_slots_new(&a->slots));
    for (unsigned i = 0; i < count; i++) {
        struct spk_slot slot;
        SPK_TRY(slot_read(r, &slot));
        a->unknown |= !slot_known(&slot);
        SPK_TRY(spk_slots_add(a->slots, &slot));
    }
    SPK_TRY(spk_rd_end(r));
    SPK_CHECK(!a->unknown, VERSION);
    return SPK_OK;
}

/* Bounds and SUM: is this a whole record, as some writer wrote it? */
static spk_err
area_frame(struct spk_span bytes, struct spk_rd *ret_r, struct spk_area *a)
{
    struct spk_rd r = spk_rd(bytes);
    uint8_t magic[SPK_AREA_MAGIC_LEN];
    uint32_t used;
    SPK_TRY(spk_rd_copy(&r, magic, sizeof magic));
    SPK_CHECK(spk_span_eq(SPK_SPAN_OF(magic), SPK_SPAN_LIT(SPK_AREA_MAGIC)), FORMAT);
    SPK_TRY(spk_rd_u32(&r, &used));
    SPK_CHECK(used >= SPK_AREA_HEAD && used <= bytes.len - SPK_AREA_TRAILER, FORMAT);
    SPK_TRY(spk_rd_u64(&r, &a->generation));

    struct spk_hash sum;
    SPK_TRY(spk_sha256(spk_span(bytes.ptr, used + SPK_HASH_LEN), &sum));
    SPK_CHECK(spk_ct_eq(sum.b, bytes.ptr + used + SPK_HASH_LEN, SPK_HASH_LEN), FORMAT);
    memcpy(a->mac.b, bytes.ptr + used, SPK_HASH_LEN);
    a->mac_over = spk_span(bytes.ptr, used);
    *ret_r = (struct spk_rd){r.ptr, used - (SPK_AREA_HEAD - 4)};
    return SPK_OK;
}

static spk_err
area_read(struct spk_span bytes, struct spk_area *a)
{
    struct spk_rd r;
    uint16_t count;
    uint16_t zero;
    SPK_CHECK(bytes.len >= SPK_AREA_HEAD + SPK_AREA_TRAILER, FORMAT);
    SPK_TRY(area_frame(bytes, &r, a));
    SPK_TRY(spk_rd_u16(&r, &count));
    SPK_TRY(spk_rd_u16(&r, &zero));
    SPK_CHECK(zero == 0, FORMAT);
    return slots_read(&r, count, a);
}

spk_err
spk_area_parse(struct spk_span bytes, struct spk_area *ret_a)
{
    struct spk_area a = {.state = SPK_AREA_GOOD};
    spk_err e = area_read(bytes, &a);
    if (!spk_ok(e)) {
        spk_slots_free(a.slots);
        a.slots = NULL;
        a.state = SPK_AREA_BAD;
    }
    if (e.code == SPK_CODE_NOMEM || e.code == SPK_CODE_CRYPTO) {
        return e;
    }
    *ret_a = a;
    return SPK_OK;
}

void
spk_area_end(struct spk_area *a)
{
    spk_slots_free(a->slots);
    a->slots = NULL;
}

spk_err
spk_area_mac(const struct spk_file_id *id, const struct spk_hash *core_hash,
             const struct spk_secret *key, struct spk_span mac_over, struct spk_hash *ret_mac)
{
    static const char label[] = "sparekey/1 area"; /* with its NUL */
    uint8_t mac_key[SPK_HASH_LEN];
    SPK_WIPE_ON_EXIT(mac_key);
    SPK_TRY(spk_sub(key, "key area", SPK_SPAN_OF(id->b), SPK_MUT_OF(mac_key)));
    struct spk_span parts[] = {SPK_SPAN_OF(label), spk_hash_span(core_hash), mac_over};
    return spk_hmac_sha256(SPK_SPAN_OF(mac_key), parts, 3, ret_mac);
}

spk_err
spk_area_mac_ok(const struct spk_area *a, const struct spk_file_id *id,
                const struct spk_hash *core_hash, const struct spk_secret *key, bool *ret_ok)
{
    struct spk_hash mac;
    SPK_TRY(spk_area_mac(id, core_hash, key, a->mac_over, &mac));
    *ret_ok = spk_ct_eq(mac.b, a->mac.b, sizeof mac.b);
    return SPK_OK;
}

static spk_err
slot_write(const struct spk_slot *slot, struct spk_buf *out)
{
    SPK_TRY(spk_buf_u16(out, slot->type));
    SPK_TRY(spk_buf_u16(out, slot->flags));
    SPK_TRY(spk_buf_u32(out, (uint32_t)slot->body.len));
    SPK_TRY(spk_buf_add(out, spk_hash_span(&slot->recipient)));
    return spk_buf_add(out, slot->body);
}

spk_err
spk_area_build(const struct spk_core *core, const struct spk_hash *core_hash,
               const struct spk_secret *key, uint64_t generation, const struct spk_slots *slots,
               struct spk_buf *out)
{
    size_t need = spk_slots_area_need(slots);
    SPK_CHECK(need <= core->area_len, LIMIT);
    size_t used = need - SPK_AREA_TRAILER;
    size_t start = out->len;
    SPK_TRY(spk_buf_reserve(out, core->area_len));
    SPK_TRY(spk_buf_str(out, SPK_AREA_MAGIC));
    SPK_TRY(spk_buf_u32(out, (uint32_t)used));
    SPK_TRY(spk_buf_u64(out, generation));
    SPK_TRY(spk_buf_u16(out, (uint16_t)spk_slots_count(slots)));
    SPK_TRY(spk_buf_u16(out, 0));
    for (size_t i = 0; i < spk_slots_count(slots); i++) {
        SPK_TRY(slot_write(spk_slots_at(slots, i), out));
    }

    struct spk_hash h;
    SPK_TRY(spk_area_mac(&core->id, core_hash, key, spk_span(out->ptr + start, used), &h));
    SPK_TRY(spk_buf_add(out, spk_hash_span(&h)));
    SPK_TRY(spk_sha256(spk_span(out->ptr + start, used + SPK_HASH_LEN), &h));
    SPK_TRY(spk_buf_add(out, spk_hash_span(&h)));
    return spk_buf_zero(out, core->area_len - need);
}
