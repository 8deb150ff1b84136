/* SPDX-License-Identifier: Apache-2.0 */
#include "client/sealing.h"

#include <string.h>

#include "base/text.h"
#include "client/ledger.h"
#include "client/receipts.h"
#include "client/spool.h"
#include "keyblob/wrap.h"

#define TLVS_MAX ((size_t)1024)
/* Room for a receipt: a log of 16 million deposits, and one witness. What outgrows it is kept
 * beside until the file is opened. */
#define RESERVED_PATH 24
#define RESERVED_WITNESSES 1

static spk_err
add_user(struct spk_seal *seal, const struct spk_rsa *pub)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(SPK_SIMPLEBLOB_MAX);
    struct spk_slot slot = {
        .type = SPK_SLOT_USER, .flags = SPK_WRAP_OURS, .recipient = *spk_rsa_id(pub)};

    SPK_TRY(spk_wrap(spk_seal_key(seal), pub, spk_seal_id(seal), SPK_WRAP_OURS, &blob));
    slot.body = spk_buf_span(&blob);
    return spk_slots_put(spk_seal_slots(seal), &slot);
}

static spk_err
build_tlvs(const struct spk_profile *p, struct spk_buf *tlvs)
{
    if (p->deposit_policy == SPK_DEPOSIT_OFF) {
        return SPK_OK;
    }
    for (size_t i = 0; i < p->n_authorities; i++) {
        const struct spk_pin *pin = p->authorities[i];
        const struct spk_authority *now = spk_pin_now(pin);
        const struct spk_core_authority a = {*spk_rsa_id(now->key), now->epoch, pin->policy.number};

        SPK_TRY(spk_core_add_authority(tlvs, &a));
    }
    return SPK_OK;
}

/* The metadata is bound to the core, so it can be made only when the core is fixed; its length is
 * needed before. */
static spk_err
metadata_slot(const struct spk_seal *seal, const struct spk_hash *core_hash,
              const struct spk_metadata *m, struct spk_buf *body)
{
    return spk_metadata_seal(spk_seal_key(seal), spk_seal_id(seal), core_hash, m, body);
}

static spk_err
reserve(struct spk_sealing *s, const struct spk_sealing_opts *o, size_t tlvs_len)
{
    static const struct spk_hash no_hash;
    size_t core_len = SPK_CORE_FIXED + tlvs_len;
    size_t record = spk_parcel_record_len(core_len, strlen(o->description));

    if (o->meta != NULL) {
        SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_AREA_MAX);

        SPK_TRY(metadata_slot(s->seal, &no_hash, o->meta, &body));
        spk_seal_reserve(s->seal, SPK_SLOT_HEAD + body.len);
    }
    for (size_t i = 0; i < s->n; i++) {
        const struct spk_vkey *log = spk_parcel_log(&s->parcels[i]);

        spk_seal_reserve(s->seal, SPK_SLOT_HEAD + record + SPK_SLOT_HEAD + SPK_ACCEPTED_LEN);
        if (log != NULL) {
            spk_seal_reserve(s->seal, SPK_SLOT_HEAD +
                                          spk_receipt_len(log, RESERVED_PATH, RESERVED_WITNESSES));
        }
    }
    return SPK_OK;
}

static spk_err
add_metadata(struct spk_sealing *s, struct spk_span core, const struct spk_metadata *m)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_AREA_MAX);
    struct spk_slot slot = {.type = SPK_SLOT_METADATA};
    struct spk_hash core_hash;

    if (m == NULL) {
        return SPK_OK;
    }
    SPK_TRY(spk_sha256(core, &core_hash));
    SPK_TRY(metadata_slot(s->seal, &core_hash, m, &body));
    slot.body = spk_buf_span(&body);
    return spk_slots_put(spk_seal_slots(s->seal), &slot);
}

static spk_err
wrap_parcels(const struct spk_profile *p, struct spk_sealing *s)
{
    if (p->deposit_policy == SPK_DEPOSIT_OFF) {
        return SPK_OK;
    }
    SPK_CHECK(p->n_authorities > 0, NOTFOUND);
    for (size_t i = 0; i < p->n_authorities; i++) {
        s->n++;
        SPK_TRY(spk_parcel_wrap(&s->parcels[i], p->authorities[i], spk_seal_key(s->seal),
                                spk_seal_id(s->seal)));
        SPK_TRY(spk_parcel_slot_blob(&s->parcels[i], spk_seal_slots(s->seal)));
    }
    return SPK_OK;
}

static spk_err
fill_parcels(const struct spk_profile *p, struct spk_sealing *s, struct spk_span core,
             const char *description)
{
    const struct spk_parcel_from from = {.profile = p,
                                         .key = spk_seal_key(s->seal),
                                         .id = *spk_seal_id(s->seal),
                                         .commitment = *spk_seal_commitment(s->seal),
                                         .core = core,
                                         .description = spk_span_str(description)};

    for (size_t i = 0; i < s->n; i++) {
        SPK_TRY(spk_parcel_fill(&s->parcels[i], &from));
        SPK_TRY(spk_parcel_slot_record(&s->parcels[i], from.key, spk_seal_slots(s->seal)));
    }
    return SPK_OK;
}

spk_err
spk_sealing_begin(const struct spk_profile *p, const struct spk_rsa *keyx,
                  const struct spk_sealing_opts *o, struct spk_sealing **ret_s)
{
    SPK_AUTO(spk_sealing) s = spk_calloc(1, sizeof(*s));
    SPK_AUTO_BUF struct spk_buf tlvs = SPK_BUF(TLVS_MAX);
    struct spk_span core;

    SPK_CHECK(s != NULL, NOMEM);
    SPK_TRY(build_tlvs(p, &tlvs));
    SPK_TRY(spk_seal_begin(o->size, spk_buf_span(&tlvs), o->seal, &s->seal));
    SPK_TRY(add_user(s->seal, keyx));
    SPK_TRY(wrap_parcels(p, s));
    SPK_TRY(reserve(s, o, tlvs.len));
    SPK_TRY(spk_seal_core(s->seal, &core));
    SPK_TRY(add_metadata(s, core, o->meta));
    SPK_TRY(fill_parcels(p, s, core, o->description));
    *ret_s = SPK_STEAL(s);
    return SPK_OK;
}

void
spk_sealing_free(struct spk_sealing *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        spk_parcel_clear(&s->parcels[i]);
    }
    spk_seal_free(s->seal);
    spk_mem_free(s);
}

/* With policy require a deposit counts with its receipt only; with spool it is sent again, which
 * changes nothing there, until one comes. */
static spk_err
want_receipt(const struct spk_profile *p, struct spk_parcel *parcel, const char *final_path)
{
    if (!spk_parcel_lacks_receipt(parcel)) {
        return SPK_OK;
    }
    if (p->deposit_policy == SPK_DEPOSIT_SPOOL) {
        SPK_TRY(spk_spool_put(p, parcel, final_path));
        parcel->waits = true;
        return SPK_OK;
    }
    spk_parcel_fail(parcel, SPK_ERR(BUSY), NULL);
    parcel->log = SPK_LOG_FAULT_MISSING;
    return SPK_OK;
}

static spk_err
put_receipt(const struct spk_profile *p, struct spk_sealing *s, const struct spk_parcel *parcel)
{
    struct spk_span text = spk_buf_span(&parcel->receipt);

    if (parcel->state != SPK_PARCEL_ACCEPTED || text.len == 0) {
        return SPK_OK;
    }
    SPK_TRY(spk_ledger_add_deposit(p, &parcel->d.rpub, parcel->index));
    if (SPK_SLOT_HEAD + text.len > spk_seal_room(s->seal)) {
        return spk_receipts_keep(p, "", &parcel->d, text);
    }
    return spk_receipt_put(spk_seal_slots(s->seal), &parcel->d.rpub.authority, text);
}

static spk_err
spool_failed(const struct spk_profile *p, struct spk_parcel *parcel, const char *final_path)
{
    if (p->deposit_policy != SPK_DEPOSIT_SPOOL || !spk_parcel_may_wait(parcel)) {
        return SPK_OK;
    }
    SPK_TRY(spk_spool_put(p, parcel, final_path));
    parcel->state = SPK_PARCEL_SPOOLED;
    return SPK_OK;
}

spk_err
spk_sealing_settle(const struct spk_profile *p, struct spk_sealing *s, const char *final_path)
{
    size_t good = 0;
    spk_err first = SPK_OK;

    for (size_t i = 0; i < s->n; i++) {
        struct spk_parcel *parcel = &s->parcels[i];

        SPK_TRY(want_receipt(p, parcel, final_path));
        SPK_TRY(spool_failed(p, parcel, final_path));
        SPK_TRY(spk_parcel_slot_accepted(parcel, spk_seal_slots(s->seal)));
        SPK_TRY(put_receipt(p, s, parcel));
        if (parcel->state == SPK_PARCEL_FAILED && spk_ok(first)) {
            first = parcel->err;
        }
        good += parcel->state == SPK_PARCEL_ACCEPTED || parcel->state == SPK_PARCEL_SPOOLED;
    }
    if (p->deposit_policy == SPK_DEPOSIT_OFF || (good > 0 && good >= spk_profile_needed(p))) {
        return SPK_OK;
    }
    return spk_ok(first) ? SPK_ERR(NOTFOUND) : first;
}

void
spk_sealing_take_back(const struct spk_profile *p, struct spk_sealing *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct spk_parcel *parcel = &s->parcels[i];

        /* one that stays is only a deposit of a file that nobody has */
        if (parcel->state != SPK_PARCEL_SPOOLED && !parcel->waits) {
            continue;
        }
        if (spk_ok(spk_spool_take_back(p, parcel)) && parcel->state == SPK_PARCEL_SPOOLED) {
            parcel->state = SPK_PARCEL_NEW;
        }
    }
}
