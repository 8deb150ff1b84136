/* SPDX-License-Identifier: Apache-2.0 */
#include "client/parcel.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/rng.h"
#include "keyblob/wrap.h"

/* attribute list: count, then type and length of each of the four */
#define RPRIV_FIXED (2 + 4 * 6 + SPK_HASH_LEN + SPK_FILE_ID_LEN)

size_t
spk_parcel_rpriv_len(size_t core_len, size_t description_len)
{
    return RPRIV_FIXED + core_len + description_len;
}

size_t
spk_parcel_record_len(size_t core_len, size_t description_len)
{
    return SPK_RECORD_FIXED + SPK_SALT_LEN + spk_parcel_rpriv_len(core_len, description_len);
}

static spk_err
begin(struct spk_parcel *p, const struct spk_pin *pin, uint16_t flags, const struct spk_file_id *id)
{
    const struct spk_authority *now = spk_pin_now(pin);

    p->d.blob = spk_buf_span(&p->blob);
    p->d.rpub = (struct spk_rpub){.flags = flags,
                                  .alg = SPK_CALG_AES_256,
                                  .epoch = now->epoch,
                                  .policy = pin->policy.number,
                                  .id = *id,
                                  .authority = *spk_rsa_id(now->key)};
    return spk_sha256(p->d.blob, &p->d.rpub.blob);
}

spk_err
spk_parcel_wrap(struct spk_parcel *p, const struct spk_pin *pin, const struct spk_secret *key,
                const struct spk_file_id *id)
{
    p->pin = pin;
    p->rpriv = SPK_BUF(SPK_RPRIV_MAX);
    p->blob = SPK_BUF(SPK_SIMPLEBLOB_MAX);
    SPK_TRY(spk_wrap(key, spk_pin_now(pin)->key, id, SPK_WRAP_OURS, &p->blob));
    return begin(p, pin, SPK_WRAP_OURS, id);
}

spk_err
spk_parcel_take(struct spk_parcel *p, const struct spk_pin *pin, struct spk_span blob,
                uint16_t flags, const struct spk_file_id *id)
{
    struct spk_simpleblob sb;

    p->pin = pin;
    p->rpriv = SPK_BUF(SPK_RPRIV_MAX);
    p->blob = SPK_BUF(SPK_SIMPLEBLOB_MAX);
    SPK_CHECK((flags & ~SPK_WRAP_OAEP) == 0, USAGE);
    SPK_TRY(spk_simpleblob_parse(blob, &sb));
    SPK_CHECK(sb.alg == SPK_CALG_AES_256, USAGE);
    SPK_CHECK(sb.cipher.len == spk_rsa_len(spk_pin_now(pin)->key), USAGE); /* another's key */
    SPK_TRY(spk_buf_add(&p->blob, blob));
    return begin(p, pin, flags, id);
}

spk_err
spk_parcel_fill(struct spk_parcel *p, const struct spk_parcel_from *f)
{
    const struct spk_hash *owner = spk_profile_owner_at(f->profile, p->pin);

    SPK_CHECK(owner != NULL, NOTFOUND);
    struct spk_rpriv priv = {.owner = *owner,
                             .id = f->id,
                             .description = f->description,
                             .core = f->core,
                             .foreign = f->foreign};

    SPK_TRY(spk_rpriv_build(&priv, &p->rpriv));
    p->d.rpriv = spk_buf_span(&p->rpriv);
    p->d.owner = *owner;
    p->d.rpub.commitment = f->commitment;
    SPK_TRY(spk_profile_owner_tag(f->profile, &f->id, &p->d.rpub.owner_tag));
    SPK_TRY(spk_deposit_tag(f->key, &p->d.rpub, &p->d.owner, p->d.rpriv, &p->d.rpub.tag));
    SPK_TRY(spk_random(SPK_MUT_OF(p->d.salt)));
    return spk_deposit_p(p->d.salt, p->d.rpriv, &p->d.p);
}

void
spk_parcel_clear(struct spk_parcel *p)
{
    spk_buf_free(&p->rpriv);
    spk_buf_free(&p->blob);
    spk_buf_free(&p->path);
    spk_buf_free(&p->receipt);
    memset(p, 0, sizeof(*p));
}

spk_err
spk_parcel_slot_blob(const struct spk_parcel *p, struct spk_slots *s)
{
    const struct spk_slot slot = {SPK_SLOT_AUTHORITY, p->d.rpub.flags, p->d.rpub.authority,
                                  p->d.blob};

    return spk_slots_put(s, &slot);
}

spk_err
spk_parcel_slot_record(const struct spk_parcel *p, const struct spk_secret *key,
                       struct spk_slots *s)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_RECORD_FIXED + SPK_SALT_LEN + SPK_RPRIV_MAX);
    struct spk_slot slot = {.type = SPK_SLOT_RECORD, .recipient = p->d.rpub.authority};

    SPK_TRY(spk_record_build(key, &p->d, &body));
    slot.body = spk_buf_span(&body);
    return spk_slots_put(s, &slot);
}

spk_err
spk_accepted_put(struct spk_slots *s, const struct spk_hash *authority, uint64_t index,
                 uint64_t time_ms)
{
    uint8_t body[SPK_ACCEPTED_LEN];
    const struct spk_slot slot = {SPK_SLOT_ACCEPTED, 0, *authority, SPK_SPAN_OF(body)};

    spk_put_u64(body, index);
    spk_put_u64(body + 8, time_ms);
    return spk_slots_put(s, &slot);
}

spk_err
spk_accepted_parse(struct spk_span body, uint64_t *ret_index, uint64_t *ret_time_ms)
{
    SPK_CHECK(body.len == SPK_ACCEPTED_LEN, FORMAT);
    *ret_index = spk_get_u64(body.ptr);
    *ret_time_ms = spk_get_u64(body.ptr + 8);
    return SPK_OK;
}

spk_err
spk_parcel_slot_accepted(const struct spk_parcel *p, struct spk_slots *s)
{
    if (p->state != SPK_PARCEL_ACCEPTED) {
        return SPK_OK;
    }
    return spk_accepted_put(s, &p->d.rpub.authority, p->index, p->time_ms);
}

void
spk_parcel_rpub(const struct spk_parcel *p, uint8_t ret_bytes[SPK_RPUB_LEN])
{
    struct spk_rpub r = p->d.rpub;

    r.time_ms = 0;
    spk_rpub_build(&r, ret_bytes);
}

spk_err
spk_parcel_json(const struct spk_parcel *p, struct spk_buf *out)
{
    struct spk_jw w = {.b = out};
    uint8_t rpub[SPK_RPUB_LEN];

    spk_parcel_rpub(p, rpub);
    spk_jw_open(&w, NULL, '{');
    spk_jw_base64(&w, "r_pub", SPK_SPAN_OF(rpub));
    spk_jw_base64(&w, "salt", SPK_SPAN_OF(p->d.salt));
    spk_jw_base64(&w, "r_priv", p->d.rpriv);
    spk_jw_base64(&w, "blob", p->d.blob);
    spk_jw_close(&w, '}');
    return spk_jw_end(&w);
}

void
spk_parcel_fail(struct spk_parcel *p, spk_err why, const struct spk_trouble *t)
{
    p->state = SPK_PARCEL_FAILED;
    p->err = why;
    p->said[0] = '\0';
    p->status = 0;
    p->replaced = false;
    p->log = SPK_LOG_FAULT_NONE;
    if (t != NULL) {
        p->log = t->log;
        (void)snprintf(p->said, sizeof(p->said), "%.*s", (int)sizeof(p->said) - 1, t->said);
        p->status = t->status;
        p->replaced = t->replaced;
    }
}

/* The codes of the API as ours. */
static spk_err
code_to_err(const char *code)
{
    static const struct {
        const char *name;
        spk_err err;
    } codes[] = {
        {"conflict", {SPK_CODE_EXISTS, 0}},     {"forbidden", {SPK_CODE_DENIED, 0}},
        {"unauthorized", {SPK_CODE_DENIED, 0}}, {"too-many", {SPK_CODE_BUSY, 0}},
        {"unavailable", {SPK_CODE_BUSY, 0}},    {"bad-request", {SPK_CODE_USAGE, 0}},
        {"unprocessable", {SPK_CODE_USAGE, 0}}, {"too-large", {SPK_CODE_USAGE, 0}},
    };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strcmp(code, codes[i].name) == 0) {
            return codes[i].err;
        }
    }
    return SPK_ERR(PROTO);
}

static spk_err
take_refusal(struct spk_parcel *p, const struct spk_json *j)
{
    struct spk_trouble t = {.said = ""};
    const char *code = NULL;
    const char *message = "";

    SPK_TRY(spk_json_str(j, "error", &code));
    if (spk_json_has(j, "message")) {
        SPK_TRY(spk_json_str(j, "message", &message));
    }
    spk_trouble_said(&t, 0, message);
    spk_parcel_fail(p, code_to_err(code), &t);
    return SPK_OK;
}

const struct spk_vkey *
spk_parcel_log(const struct spk_parcel *p)
{
    return p->pin != NULL && p->pin->has_logs ? spk_logs_key(&p->pin->logs, SPK_LOG_DEPOSITS)
                                              : NULL;
}

bool
spk_parcel_lacks_receipt(const struct spk_parcel *p)
{
    return p->state == SPK_PARCEL_ACCEPTED && spk_parcel_log(p) != NULL && p->receipt.len == 0;
}

/* The authority has taken the deposit, but what it says of its log does not hold. */
static void
bad_receipt(struct spk_parcel *p, enum spk_log_fault fault)
{
    spk_parcel_fail(p, SPK_ERR(AUTH), NULL);
    p->log = fault;
}

/* Faults are this parcel's failure; errors are something else's. */
static spk_err
fault_to_state(struct spk_parcel *p, spk_err e, enum spk_log_fault fault)
{
    if (fault == SPK_LOG_FAULT_NONE) {
        return e;
    }
    bad_receipt(p, fault);
    return SPK_OK;
}

/* In the answer to a single deposit. */
static spk_err
take_receipt(struct spk_parcel *p, const struct spk_json *j)
{
    const struct spk_vkey *log = spk_parcel_log(p);
    enum spk_log_fault fault = SPK_LOG_FAULT_NONE;
    struct spk_receipt r;
    const char *text = NULL;
    spk_err e;

    if (!spk_json_has(j, "receipt") || log == NULL) {
        return SPK_OK;
    }
    SPK_TRY(spk_json_str(j, "receipt", &text));
    e = spk_receipt_verify(spk_span_str(text), log, NULL, &r, &fault);
    if (spk_ok(e)) {
        fault = spk_receipt_about(&r, &p->d.rpub, &p->d.p);
    }
    if (spk_ok(e) && fault == SPK_LOG_FAULT_NONE &&
        (r.index != p->index || r.rpub.time_ms != p->time_ms)) {
        fault = SPK_LOG_FAULT_INDEX;
    }
    if (!spk_ok(e) || fault != SPK_LOG_FAULT_NONE) {
        return fault_to_state(p, e, fault);
    }
    p->receipt = SPK_BUF((size_t)SPK_PROOF_MAX);
    return spk_buf_add(&p->receipt, spk_span_str(text));
}

/* In a batch's answer: it is a receipt once the checkpoint is known. */
static spk_err
take_path(struct spk_parcel *p, const struct spk_json *j)
{
    spk_buf_free(&p->path);
    p->path = SPK_BUF((size_t)SPK_PATH_MAX * SPK_HASH_LEN);
    p->has_path = spk_json_has(j, "path");
    return p->has_path ? spk_json_base64(j, "path", &p->path) : SPK_OK;
}

spk_err
spk_parcel_seal_receipt(struct spk_parcel *p, const struct spk_receipt_head *h,
                        enum spk_log_fault fault)
{
    struct spk_receipt r = {.rpub = p->d.rpub, .p = p->d.p, .index = p->index};
    spk_err e;

    if (p->state != SPK_PARCEL_ACCEPTED || !p->has_path || spk_parcel_log(p) == NULL) {
        return SPK_OK;
    }
    if (h == NULL) {
        return fault_to_state(p, SPK_OK, fault);
    }
    r.rpub.time_ms = p->time_ms;
    spk_buf_free(&p->receipt);
    p->receipt = SPK_BUF((size_t)SPK_PROOF_MAX);
    e = spk_receipt_make(h, &r, spk_buf_span(&p->path), &p->receipt, &fault);
    return spk_ok(e) ? e : fault_to_state(p, e, fault);
}

spk_err
spk_parcel_answer(struct spk_parcel *p, const struct spk_json *j)
{
    struct spk_file_id serial;
    uint64_t index = 0;
    uint64_t time_ms = 0;
    spk_err e;

    if (spk_json_has(j, "error")) {
        return take_refusal(p, j);
    }
    SPK_TRY(spk_json_hex(j, "serial", serial.b, sizeof(serial.b)));
    SPK_TRY(spk_json_u64(j, "index", &index));
    SPK_TRY(spk_json_u64(j, "time", &time_ms));
    SPK_CHECK(spk_span_eq(SPK_SPAN_OF(serial.b), SPK_SPAN_OF(p->d.rpub.id.b)), PROTO);
    p->state = SPK_PARCEL_ACCEPTED;
    p->index = index;
    p->time_ms = time_ms;
    p->err = SPK_OK;
    p->log = SPK_LOG_FAULT_NONE;
    spk_buf_free(&p->receipt); /* of a call that was tried before */
    e = take_path(p, j);
    e = spk_ok(e) ? take_receipt(p, j) : e;
    if (!spk_ok(e)) {
        p->state = SPK_PARCEL_NEW; /* what is not taken decides nothing */
    }
    return e;
}

bool
spk_parcel_may_wait(const struct spk_parcel *p)
{
    switch (p->err.code) {
    case SPK_CODE_NET:
    case SPK_CODE_TLS:
    case SPK_CODE_BUSY:
    case SPK_CODE_DENIED:
    case SPK_CODE_PROTO:
    case SPK_CODE_LIMIT:
        return p->state == SPK_PARCEL_FAILED;
    default: /* what the log says may be right another time */
        return p->state == SPK_PARCEL_FAILED && p->log != SPK_LOG_FAULT_NONE;
    }
}
