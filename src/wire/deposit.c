/* SPDX-License-Identifier: Apache-2.0 */
/* R_pub, R_priv, P, T, OC and the log entry (doc/spec/deposit.md §1-§5). */
#include "wire/deposit.h"

#include <string.h>

#include "base/text.h"
#include "crypto/mac.h"
#include "keyblob/wrap.h"
#include "wire/rpub.h"

#define RPUB_VERSION 1
#define DEPOSIT_DOMAIN "sparekey/1 deposit" /* with its NUL */
#define ENTRY_VERSION 1
#define ENTRY_DEPOSIT 1

/* What a deposit copies out of a core (doc/spec/sealed-file.md, "Core"): enough to see that it is
 * this file's. */
#define CORE_MIN 88
#define CORE_ID_OFF 16

void
spk_rpub_build(const struct spk_rpub *r, uint8_t ret_bytes[SPK_RPUB_LEN])
{
    uint8_t *b = ret_bytes;

    spk_put_u16(b, RPUB_VERSION);
    spk_put_u16(b + 2, r->flags);
    spk_put_u32(b + 4, r->alg);
    spk_put_u32(b + 8, r->epoch);
    spk_put_u32(b + 12, r->policy);
    spk_put_u64(b + SPK_RPUB_TIME_OFF, r->time_ms);
    memcpy(b + SPK_RPUB_TIME_END, r->id.b, SPK_FILE_ID_LEN);
    memcpy(b + 40, r->commitment.b, SPK_HASH_LEN);
    memcpy(b + 72, r->authority.b, SPK_HASH_LEN);
    memcpy(b + 104, r->blob.b, SPK_HASH_LEN);
    memcpy(b + SPK_RPUB_TAG_OFF, r->tag.b, SPK_HASH_LEN);
    memcpy(b + SPK_RPUB_TAG_END, r->owner_tag.b, SPK_HASH_LEN);
}

spk_err
spk_rpub_parse(struct spk_span bytes, struct spk_rpub *ret_r)
{
    const uint8_t *b = bytes.ptr;

    SPK_CHECK(bytes.len == SPK_RPUB_LEN, FORMAT);
    SPK_CHECK(spk_get_u16(b) == RPUB_VERSION, VERSION);
    SPK_CHECK((spk_get_u16(b + 2) & ~SPK_WRAP_FLAGS) == 0, VERSION);
    ret_r->flags = spk_get_u16(b + 2);
    ret_r->alg = spk_get_u32(b + 4);
    ret_r->epoch = spk_get_u32(b + 8);
    ret_r->policy = spk_get_u32(b + 12);
    ret_r->time_ms = spk_get_u64(b + SPK_RPUB_TIME_OFF);
    memcpy(ret_r->id.b, b + SPK_RPUB_TIME_END, SPK_FILE_ID_LEN);
    memcpy(ret_r->commitment.b, b + 40, SPK_HASH_LEN);
    memcpy(ret_r->authority.b, b + 72, SPK_HASH_LEN);
    memcpy(ret_r->blob.b, b + 104, SPK_HASH_LEN);
    memcpy(ret_r->tag.b, b + SPK_RPUB_TAG_OFF, SPK_HASH_LEN);
    memcpy(ret_r->owner_tag.b, b + SPK_RPUB_TAG_END, SPK_HASH_LEN);
    return SPK_OK;
}

static spk_err
rpriv_check(const struct spk_rpriv *p)
{
    SPK_CHECK(p->description.len <= SPK_DESCRIPTION_MAX, LIMIT);
    SPK_CHECK(spk_utf8_plain(p->description), FORMAT);
    SPK_CHECK(p->core.len <= SPK_RPRIV_CORE_MAX, LIMIT);
    SPK_CHECK(p->foreign.len <= SPK_RPRIV_FOREIGN_MAX, LIMIT);
    SPK_CHECK(p->core.len == 0 || p->foreign.len == 0, FORMAT); /* such a key seals no file */
    return SPK_OK;
}

spk_err
spk_rpriv_build(const struct spk_rpriv *p, struct spk_buf *out)
{
    struct spk_attrs l = {.n = 0};

    SPK_TRY(rpriv_check(p));
    SPK_TRY(spk_attrs_add(&l, SPK_RPRIV_OWNER, spk_hash_span(&p->owner)));
    SPK_TRY(spk_attrs_add(&l, SPK_RPRIV_SERIAL, SPK_SPAN_OF(p->id.b)));
    SPK_TRY(spk_attrs_add(&l, SPK_RPRIV_DESCRIPTION, p->description));
    if (p->core.len > 0) {
        SPK_TRY(spk_attrs_add(&l, SPK_RPRIV_CORE, p->core));
    }
    if (p->foreign.len > 0) {
        SPK_TRY(spk_attrs_add(&l, SPK_RPRIV_FOREIGN, p->foreign));
    }
    return spk_attrs_build(&l, out);
}

spk_err
spk_rpriv_parse(struct spk_span bytes, struct spk_rpriv *ret_p)
{
    static const uint16_t known[] = {SPK_RPRIV_OWNER, SPK_RPRIV_SERIAL, SPK_RPRIV_DESCRIPTION,
                                     SPK_RPRIV_CORE, SPK_RPRIV_FOREIGN};
    struct spk_rpriv p = {.core = SPK_SPAN_EMPTY};
    struct spk_attrs l;

    SPK_CHECK(bytes.len <= SPK_RPRIV_MAX, LIMIT);
    SPK_TRY(spk_attrs_parse_known(bytes, known, sizeof(known) / sizeof(known[0]), &l));
    SPK_TRY(spk_attrs_fixed(&l, SPK_RPRIV_OWNER, p.owner.b, SPK_HASH_LEN));
    SPK_TRY(spk_attrs_fixed(&l, SPK_RPRIV_SERIAL, p.id.b, SPK_FILE_ID_LEN));
    SPK_TRY(spk_attrs_get(&l, SPK_RPRIV_DESCRIPTION, SIZE_MAX, &p.description));
    if (spk_attrs_has(&l, SPK_RPRIV_CORE)) {
        SPK_TRY(spk_attrs_get(&l, SPK_RPRIV_CORE, SIZE_MAX, &p.core));
        SPK_CHECK(p.core.len > 0, FORMAT);
    }
    if (spk_attrs_has(&l, SPK_RPRIV_FOREIGN)) {
        SPK_TRY(spk_attrs_get(&l, SPK_RPRIV_FOREIGN, SIZE_MAX, &p.foreign));
        SPK_CHECK(p.foreign.len > 0, FORMAT);
    }
    SPK_TRY(rpriv_check(&p));
    *ret_p = p;
    return SPK_OK;
}

spk_err
spk_deposit_p(const uint8_t salt[SPK_SALT_LEN], struct spk_span rpriv, struct spk_hash *ret_p)
{
    const struct spk_span parts[] = {spk_span(salt, SPK_SALT_LEN), rpriv};

    return spk_sha256_parts(parts, 2, ret_p);
}

spk_err
spk_deposit_tag(const struct spk_secret *key, const struct spk_rpub *r,
                const struct spk_hash *owner, struct spk_span rpriv, struct spk_hash *ret_t)
{
    uint8_t b[SPK_RPUB_LEN], sub[SPK_HASH_LEN];
    SPK_WIPE_ON_EXIT(sub);
    struct spk_hash h_owner, h_rpriv;

    spk_rpub_build(r, b);
    SPK_TRY(spk_sha256(spk_hash_span(owner), &h_owner));
    SPK_TRY(spk_sha256(rpriv, &h_rpriv));
    SPK_TRY(spk_sub(key, "deposit", SPK_SPAN_OF(r->id.b), SPK_MUT_OF(sub)));
    const struct spk_span parts[] = {
        SPK_SPAN_OF(DEPOSIT_DOMAIN),
        spk_span(b, SPK_RPUB_TIME_OFF),
        spk_span(b + SPK_RPUB_TIME_END, SPK_RPUB_TAG_OFF - SPK_RPUB_TIME_END),
        spk_span(b + SPK_RPUB_TAG_END, SPK_RPUB_LEN - SPK_RPUB_TAG_END),
        spk_hash_span(&h_owner),
        spk_hash_span(&h_rpriv),
    };
    return spk_hmac_sha256(SPK_SPAN_OF(sub), parts, sizeof(parts) / sizeof(parts[0]), ret_t);
}

spk_err
spk_deposit_oc(const uint8_t rpub[SPK_RPUB_LEN], const struct spk_hash *p, struct spk_hash *ret_oc)
{
    const struct spk_span parts[] = {SPK_SPAN_OF(DEPOSIT_DOMAIN), spk_span(rpub, SPK_RPUB_LEN),
                                     spk_hash_span(p)};

    return spk_sha256_parts(parts, 3, ret_oc);
}

void
spk_deposit_entry(const struct spk_rpub *r, const struct spk_hash *oc,
                  uint8_t ret_entry[SPK_ENTRY_LEN])
{
    ret_entry[0] = ENTRY_VERSION;
    ret_entry[1] = ENTRY_DEPOSIT;
    spk_put_u16(ret_entry + 2, 0);
    spk_put_u32(ret_entry + 4, r->epoch);
    spk_put_u64(ret_entry + 8, r->time_ms);
    memcpy(ret_entry + 16, oc->b, SPK_HASH_LEN);
    memcpy(ret_entry + 48, r->owner_tag.b, SPK_HASH_LEN);
}

/* A core that a damaged header is to be repaired from must at least be this file's own. */
static spk_err
check_core(struct spk_span core, const struct spk_rpub *r)
{
    if (core.len == 0) {
        return SPK_OK;
    }
    SPK_CHECK(core.len >= CORE_MIN, FORMAT);
    SPK_CHECK(spk_span_eq(spk_span(core.ptr + CORE_ID_OFF, SPK_FILE_ID_LEN), SPK_SPAN_OF(r->id.b)),
              FORMAT);
    SPK_CHECK(spk_span_eq(spk_span(core.ptr + core.len - SPK_HASH_LEN, SPK_HASH_LEN),
                          spk_hash_span(&r->commitment)),
              FORMAT);
    return SPK_OK;
}

static spk_err
check_private(const struct spk_deposit *d)
{
    struct spk_rpriv p;
    struct spk_hash made;

    SPK_TRY(spk_rpriv_parse(d->rpriv, &p));
    SPK_CHECK(spk_hash_eq(&p.owner, &d->owner), FORMAT);
    SPK_CHECK(spk_span_eq(SPK_SPAN_OF(p.id.b), SPK_SPAN_OF(d->rpub.id.b)), FORMAT);
    SPK_TRY(check_core(p.core, &d->rpub));
    SPK_TRY(spk_deposit_p(d->salt, d->rpriv, &made));
    SPK_CHECK(spk_hash_eq(&made, &d->p), FORMAT);
    return SPK_OK;
}

spk_err
spk_deposit_check_public(const struct spk_deposit *d)
{
    struct spk_simpleblob sb;
    struct spk_hash h;

    SPK_CHECK((d->rpub.flags & ~SPK_WRAP_FLAGS) == 0, VERSION);
    SPK_TRY(spk_simpleblob_parse(d->blob, &sb));
    SPK_CHECK(sb.alg == SPK_CALG_AES_256, VERSION);
    SPK_CHECK(sb.alg == d->rpub.alg, FORMAT);
    SPK_TRY(spk_sha256(d->blob, &h));
    SPK_CHECK(spk_hash_eq(&h, &d->rpub.blob), FORMAT);
    if (d->rpriv.len > 0) {
        return check_private(d);
    }
    SPK_CHECK(d->sealed.len >= SPK_SEALED_MIN, FORMAT);
    SPK_CHECK(d->sealed.len <= SPK_SEALED_MAX, LIMIT);
    return SPK_OK;
}
