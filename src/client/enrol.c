/* SPDX-License-Identifier: Apache-2.0 */
#include "client/enrol.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "client/owner.h"

/* Ask again, over a connection that is pinned to the key in the statement: what was fetched without
 * a pin must come from the server that the statement speaks of. */
static spk_err
confirm_tls(const struct spk_pin *pin, struct spk_trouble *t)
{
    SPK_AUTO(spk_api) api = NULL;

    SPK_TRY(spk_api_open(pin, NULL, t, &api));
    return spk_api_authority(api, NULL, NULL);
}

static spk_err
fetch(const char *url, struct spk_trouble *t, struct spk_pin **ret_pin)
{
    SPK_AUTO(spk_api) api = NULL;
    SPK_AUTO(spk_chain) chain = NULL;
    SPK_AUTO(spk_pin) pin = NULL;

    SPK_TRY(spk_api_first_contact(url, t, &api));
    SPK_TRY(spk_api_authority(api, &chain, NULL));
    SPK_TRY(spk_pin_make(&chain, url, NULL, &pin));
    *ret_pin = SPK_STEAL(pin);
    return SPK_OK;
}

spk_err
spk_enrol_fetch(const char *url, struct spk_trouble *t, struct spk_pin **ret_pin)
{
    SPK_AUTO(spk_pin) pin = NULL;

    SPK_TRY(fetch(url, t, &pin));
    (void)snprintf(pin->name, sizeof(pin->name), "%.*s", SPK_PIN_NAME_MAX, spk_pin_now(pin)->name);
    SPK_TRY(confirm_tls(pin, t));
    *ret_pin = SPK_STEAL(pin);
    return SPK_OK;
}

bool
spk_enrol_has_hash(const struct spk_pin *pin, const struct spk_hash *hash)
{
    for (size_t i = 0; i < pin->n; i++) {
        if (spk_hash_eq(&pin->statements[i].hash, hash)) {
            return true;
        }
    }
    return false;
}

/* The same 100 bits as a request's code, so the same comparison. */
bool
spk_enrol_has_code(const struct spk_pin *pin, struct spk_span typed)
{
    for (size_t i = 0; i < pin->n; i++) {
        if (spk_request_code_fits(&pin->statements[i].hash, typed)) {
            return true;
        }
    }
    return false;
}

/* -- the record -- */

static bool
names_keys(const struct spk_buf *record, const struct spk_rsa *keyx, const struct spk_rsa *sign)
{
    SPK_AUTO_ENROLMENT e = {.n_contacts = 0};

    return record->len > 0 && spk_ok(spk_enrolment_parse(spk_buf_span(record), &e)) &&
           spk_hash_eq(spk_rsa_id(e.keyx), spk_rsa_id(keyx)) &&
           spk_hash_eq(spk_rsa_id(e.sign), spk_rsa_id(sign));
}

spk_err
spk_enrol_record(struct spk_session *s, struct spk_span *ret_record)
{
    const struct spk_buf *const records[] = {&s->profile->record, &s->profile->record_new};
    struct spk_rsa *keyx = NULL;
    struct spk_rsa *sign = NULL;

    SPK_TRY(spk_session_key(s, SPK_AT_KEYEXCHANGE, &keyx));
    SPK_TRY(spk_session_key(s, SPK_AT_SIGNATURE, &sign));
    for (size_t i = 0; i < 2; i++) {
        if (names_keys(records[i], keyx, sign)) {
            *ret_record = spk_buf_span(records[i]);
            return SPK_OK;
        }
    }
    return SPK_ERR(NOTFOUND);
}

/* The owner id is the hash of the record, so the authority cannot give another one. */
static spk_err
fetch_record(struct spk_session *s, size_t i, struct spk_buf *record)
{
    SPK_AUTO(spk_json) j = NULL;
    const struct spk_pin *pin = s->profile->authorities[i];
    const struct spk_hash *owner = spk_profile_owner_at(s->profile, pin);
    struct spk_api *api = NULL;
    struct spk_hash hash;

    SPK_CHECK(owner != NULL && pin->state == SPK_PIN_ENROLLED, NOTFOUND);
    SPK_TRY(spk_session_api(s, i, &api));
    SPK_TRY(spk_api_get(api, "/v1/owners/self", &j));
    SPK_CHECK(spk_ok(spk_json_base64(j, "record", record)), PROTO);
    SPK_TRY(spk_sha256(spk_buf_span(record), &hash));
    SPK_CHECK(spk_hash_eq(&hash, owner), PROTO);
    return SPK_OK;
}

/* The record of former keys: ours, or what an authority has. */
static spk_err
former_record(struct spk_session *s, struct spk_buf *record)
{
    spk_err e = SPK_ERR(NOTFOUND);

    if (s->profile->record.len > 0) {
        return spk_buf_add(record, spk_buf_span(&s->profile->record));
    }
    for (size_t i = 0; !spk_ok(e) && i < s->profile->n_authorities; i++) {
        spk_buf_reset(record);
        e = fetch_record(s, i, record);
    }
    return e;
}

spk_err
spk_enrol_renew(struct spk_session *s, struct spk_span *ret_record)
{
    SPK_AUTO_BUF struct spk_buf old = SPK_BUF(SPK_ENROL_RECORD_MAX);
    SPK_AUTO_BUF struct spk_buf made = SPK_BUF(SPK_ENROL_RECORD_MAX);
    struct spk_rsa *keyx = NULL;
    struct spk_rsa *sign = NULL;

    SPK_TRY(former_record(s, &old));
    SPK_TRY(spk_session_key(s, SPK_AT_KEYEXCHANGE, &keyx));
    SPK_TRY(spk_session_key(s, SPK_AT_SIGNATURE, &sign));
    SPK_TRY(spk_owner_renew(spk_buf_span(&old), keyx, sign, &made));
    SPK_TRY(spk_profile_set_record_new(s->profile, spk_buf_span(&made)));
    *ret_record = spk_buf_span(&s->profile->record_new);
    return SPK_OK;
}

/* -- the registration -- */

static spk_err
build_registration(struct spk_session *s, const struct spk_pin *pin, struct spk_span record,
                   const char *token, struct spk_buf *body)
{
    SPK_AUTO_BUF struct spk_buf sig = SPK_BUF((size_t)SPK_RSA_MAX_LEN);
    struct spk_jw w = {.b = body};
    struct spk_rsa *sign = NULL;

    SPK_TRY(spk_session_pair(s, SPK_AT_SIGNATURE, &sign));
    SPK_TRY(
        spk_statement_sign(sign, SPK_KIND_ENROL, spk_rsa_id(spk_pin_now(pin)->key), record, &sig));
    spk_jw_open(&w, NULL, '{');
    spk_jw_base64(&w, "record", record);
    spk_jw_base64(&w, "signature", spk_buf_span(&sig));
    if (token != NULL) {
        spk_jw_cstr(&w, "token", token);
    }
    spk_jw_close(&w, '}');
    return spk_jw_end(&w);
}

/* {"owner", "state", ...}: of this owner. */
static spk_err
take_state(const struct spk_json *j, const struct spk_hash *owner, struct spk_pin *pin)
{
    const char *state = NULL;
    struct spk_hash said;

    SPK_CHECK(spk_ok(spk_json_hex(j, "owner", said.b, sizeof(said.b))), PROTO);
    SPK_CHECK(spk_ok(spk_json_str(j, "state", &state)), PROTO);
    SPK_CHECK(spk_hash_eq(&said, owner), PROTO);
    if (strcmp(state, "enrolled") == 0) {
        pin->state = SPK_PIN_ENROLLED;
    } else if (strcmp(state, "pending") == 0) {
        pin->state = SPK_PIN_PENDING;
    } else {
        return SPK_ERR(PROTO);
    }
    return SPK_OK;
}

spk_err
spk_enrol_register(struct spk_session *s, struct spk_pin *pin, struct spk_span record,
                   const char *token_or_null)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF((size_t)65536);
    SPK_AUTO(spk_api) api = NULL;
    SPK_AUTO(spk_json) j = NULL;
    struct spk_hash owner;

    SPK_TRY(spk_sha256(record, &owner));
    SPK_TRY(build_registration(s, pin, record, token_or_null, &body));
    SPK_TRY(spk_api_open(pin, NULL, &s->trouble, &api));
    SPK_TRY(spk_api_post(api, "/v1/owners", spk_buf_span(&body), NULL, &j));
    SPK_TRY(take_state(j, &owner, pin));
    pin->has_owner = !s->profile->has_owner || !spk_hash_eq(&owner, &s->profile->owner);
    pin->owner = owner;
    return SPK_OK;
}

spk_err
spk_enrol_ask(struct spk_session *s, struct spk_pin *pin)
{
    SPK_AUTO(spk_api) api = NULL;
    SPK_AUTO(spk_json) j = NULL;
    const struct spk_hash *owner = spk_profile_owner_at(s->profile, pin);
    struct spk_rsa *sign = NULL;

    SPK_CHECK(owner != NULL, NOTFOUND);
    SPK_TRY(spk_session_pair(s, SPK_AT_SIGNATURE, &sign));
    SPK_TRY(spk_api_open(pin, sign, &s->trouble, &api));
    SPK_TRY(spk_api_get(api, "/v1/owners/self", &j));
    return take_state(j, owner, pin);
}

/* -- what changes afterwards -- */

/* Over the pinned connection when the server still has its key; else over any, for the signatures
 * decide. */
static spk_err
fetch_chain(const struct spk_pin *old, const char *url, struct spk_trouble *t,
            struct spk_chain **ret_chain)
{
    SPK_AUTO(spk_api) api = NULL;
    SPK_AUTO(spk_api) any = NULL;
    spk_err e;

    if (strcmp(url, old->url) == 0) {
        SPK_TRY(spk_api_open(old, NULL, t, &api));
        e = spk_api_authority(api, ret_chain, NULL);
        if (e.code != SPK_CODE_TLS) {
            return e;
        }
    }
    SPK_TRY(spk_api_first_contact(url, t, &any));
    return spk_api_authority(any, ret_chain, NULL);
}

spk_err
spk_enrol_update(const struct spk_pin *old, const char *url, struct spk_trouble *t,
                 bool *ret_changed, struct spk_pin **ret_pin)
{
    SPK_AUTO(spk_chain) chain = NULL;
    SPK_AUTO(spk_pin) pin = NULL;
    const char *where = url == NULL ? old->url : url;
    spk_err e;

    SPK_TRY(fetch_chain(old, where, t, &chain));
    e = spk_pin_make(&chain, where, old, &pin);
    if (!spk_ok(e)) {
        return e.code == SPK_CODE_NOMEM ? e : SPK_ERR(CHANGED);
    }
    if (t != NULL && spk_pin_other_logs(old, pin)) {
        t->log = SPK_LOG_FAULT_KEYS;
    }
    SPK_CHECK(spk_pin_continues(old, pin), CHANGED);
    SPK_TRY(spk_pin_inherit(pin, old));
    SPK_TRY(confirm_tls(pin, t));
    *ret_changed = pin->n != old->n || pin->chain->n_policies != old->chain->n_policies ||
                   pin->has_logs != old->has_logs || strcmp(pin->url, old->url) != 0;
    *ret_pin = SPK_STEAL(pin);
    return SPK_OK;
}
