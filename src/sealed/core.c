/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/core.h"

#include <string.h>

#include "base/rd.h"

#define CORE_VERSION 1
#define CORE_SUITE 1 /* FLOE AES-256-GCM / HKDF-SHA-384, HMAC-SHA-256, SHA-256 */
#define CORE_TLV_OFF 56
#define CORE_FLAGS_KNOWN SPK_CORE_FLAG_COMPACT
#define TLV_HEAD 4
#define TLV_MAY_SKIP 0x8000u
#define TLV_AUTHORITY_LEN 40

static const uint8_t core_magic[8] = {0x89, 0x53, 0x50, 0x4B, 0x0D, 0x0A, 0x1A, 0x0A};

/* One TLV off the front. */
static spk_err
tlv_next(struct spk_rd *r, uint16_t *ret_type, struct spk_span *ret_value)
{
    uint16_t type;
    struct spk_span value;
    SPK_TRY(spk_rd_u16(r, &type));
    SPK_TRY(spk_rd_var16(r, SPK_CORE_MAX, &value));
    *ret_type = type;
    *ret_value = value;
    return SPK_OK;
}

/* Lengths first, so that nothing later has to be checked again; then what is unknown and critical.
 */
static spk_err
tlvs_check(struct spk_span tlvs)
{
    struct spk_rd r = spk_rd(tlvs);
    bool unknown = false;
    while (r.left > 0) {
        uint16_t type;
        struct spk_span value;
        spk_err e = tlv_next(&r, &type, &value);
        SPK_CHECK(spk_ok(e), FORMAT);
        if (type == SPK_TLV_AUTHORITY) {
            SPK_CHECK(value.len == TLV_AUTHORITY_LEN, FORMAT);
        } else if (type < TLV_MAY_SKIP) {
            unknown = true;
        }
    }
    SPK_CHECK(!unknown, VERSION);
    return SPK_OK;
}

static spk_err
core_check_sizes(const struct spk_core *c)
{
    SPK_CHECK((c->flags & ~CORE_FLAGS_KNOWN) == 0, VERSION);
    uint32_t least = (c->flags & SPK_CORE_FLAG_COMPACT) ? SPK_AREA_MIN_COMPACT : SPK_AREA_MIN;
    SPK_CHECK(c->area_len >= least && c->area_len <= SPK_AREA_MAX, FORMAT);
    SPK_CHECK(!(c->flags & SPK_CORE_FLAG_COMPACT) || c->area_len % SPK_AREA_UNIT == 0, FORMAT);
    SPK_CHECK(c->seg_len >= SPK_SEG_MIN && c->seg_len <= SPK_SEG_MAX, FORMAT);
    return SPK_OK;
}

/* What comes before core_len; the same for every version, so that any reader can say what it met.
 */
static spk_err
core_start(struct spk_rd *r, uint32_t *ret_len)
{
    uint8_t magic[sizeof core_magic];
    uint16_t version;
    uint16_t suite;
    uint32_t len;
    SPK_TRY(spk_rd_copy(r, magic, sizeof magic));
    SPK_CHECK(spk_span_eq(SPK_SPAN_OF(magic), SPK_SPAN_OF(core_magic)), FORMAT);
    SPK_TRY(spk_rd_u16(r, &version));
    SPK_TRY(spk_rd_u16(r, &suite));
    SPK_TRY(spk_rd_u32(r, &len));
    SPK_CHECK(version == CORE_VERSION && suite == CORE_SUITE, VERSION);
    SPK_CHECK(len >= SPK_CORE_FIXED && len <= SPK_CORE_MAX, FORMAT);
    *ret_len = len;
    return SPK_OK;
}

spk_err
spk_core_peek(struct spk_span first16, uint32_t *ret_len)
{
    struct spk_rd r = spk_rd(first16);
    return core_start(&r, ret_len);
}

spk_err
spk_core_parse(struct spk_span bytes, struct spk_core *ret_core)
{
    struct spk_rd r = spk_rd(bytes);
    struct spk_core c = {0};
    uint32_t len;
    uint32_t zero;
    SPK_TRY(core_start(&r, &len));
    SPK_CHECK(bytes.len >= len, TRUNC);
    SPK_CHECK(bytes.len == len, FORMAT);
    SPK_TRY(spk_rd_copy(&r, c.id.b, sizeof c.id.b));
    SPK_TRY(spk_rd_u64(&r, &c.created));
    SPK_TRY(spk_rd_u32(&r, &c.area_len));
    SPK_TRY(spk_rd_u32(&r, &c.seg_len));
    SPK_TRY(spk_rd_u32(&r, &c.flags));
    SPK_TRY(spk_rd_u32(&r, &zero));
    SPK_CHECK(zero == 0, FORMAT);
    SPK_TRY(spk_rd_span(&r, len - SPK_CORE_FIXED, &c.tlvs));
    SPK_TRY(spk_rd_copy(&r, c.commitment.b, sizeof c.commitment.b));
    SPK_TRY(spk_rd_end(&r));
    SPK_TRY(core_check_sizes(&c));
    SPK_TRY(tlvs_check(c.tlvs));
    *ret_core = c;
    return SPK_OK;
}

spk_err
spk_core_build(const struct spk_core *core, struct spk_buf *out)
{
    SPK_TRY(core_check_sizes(core));
    SPK_CHECK(core->tlvs.len <= SPK_CORE_MAX - SPK_CORE_FIXED, LIMIT);
    SPK_TRY(tlvs_check(core->tlvs));

    SPK_TRY(spk_buf_reserve(out, SPK_CORE_FIXED + core->tlvs.len));
    SPK_TRY(spk_buf_add(out, SPK_SPAN_OF(core_magic)));
    SPK_TRY(spk_buf_u16(out, CORE_VERSION));
    SPK_TRY(spk_buf_u16(out, CORE_SUITE));
    SPK_TRY(spk_buf_u32(out, (uint32_t)(SPK_CORE_FIXED + core->tlvs.len)));
    SPK_TRY(spk_buf_add(out, SPK_SPAN_OF(core->id.b)));
    SPK_TRY(spk_buf_u64(out, core->created));
    SPK_TRY(spk_buf_u32(out, core->area_len));
    SPK_TRY(spk_buf_u32(out, core->seg_len));
    SPK_TRY(spk_buf_u32(out, core->flags));
    SPK_TRY(spk_buf_u32(out, 0));
    SPK_TRY(spk_buf_add(out, core->tlvs));
    return spk_buf_add(out, spk_hash_span(&core->commitment));
}

spk_err
spk_core_authority(const struct spk_core *core, size_t i, struct spk_core_authority *ret_a)
{
    struct spk_rd r = spk_rd(core->tlvs);
    while (r.left > 0) {
        uint16_t type;
        struct spk_span value;
        SPK_TRY(tlv_next(&r, &type, &value));
        if (type != SPK_TLV_AUTHORITY || i-- > 0) {
            continue;
        }
        struct spk_core_authority a;
        struct spk_rd v = spk_rd(value);
        SPK_TRY(spk_rd_copy(&v, a.spki.b, sizeof a.spki.b));
        SPK_TRY(spk_rd_u32(&v, &a.epoch));
        SPK_TRY(spk_rd_u32(&v, &a.policy));
        SPK_TRY(spk_rd_end(&v));
        *ret_a = a;
        return SPK_OK;
    }
    return SPK_ERR(NOTFOUND);
}

spk_err
spk_core_add_authority(struct spk_buf *tlvs, const struct spk_core_authority *a)
{
    SPK_CHECK(tlvs->len + TLV_HEAD + TLV_AUTHORITY_LEN <= SPK_CORE_MAX - SPK_CORE_FIXED, LIMIT);
    SPK_TRY(spk_buf_u16(tlvs, SPK_TLV_AUTHORITY));
    SPK_TRY(spk_buf_u16(tlvs, TLV_AUTHORITY_LEN));
    SPK_TRY(spk_buf_add(tlvs, spk_hash_span(&a->spki)));
    SPK_TRY(spk_buf_u32(tlvs, a->epoch));
    return spk_buf_u32(tlvs, a->policy);
}
