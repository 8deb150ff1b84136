/* SPDX-License-Identifier: Apache-2.0 */
#include "client/enrol.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

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
fetch(const char *url, uint32_t from_policy, struct spk_trouble *t, struct spk_pin **ret_pin)
{
    SPK_AUTO(spk_api) api = NULL;
    SPK_AUTO(spk_chain) chain = NULL;
    SPK_AUTO(spk_pin) pin = NULL;

    SPK_TRY(spk_api_first_contact(url, t, &api));
    SPK_TRY(spk_api_authority(api, &chain, NULL));
    SPK_TRY(spk_pin_make(&chain, url, from_policy, &pin));
    *ret_pin = SPK_STEAL(pin);
    return SPK_OK;
}

spk_err
spk_enrol_fetch(const char *url, struct spk_trouble *t, struct spk_pin **ret_pin)
{
    SPK_AUTO(spk_pin) pin = NULL;

    SPK_TRY(fetch(url, 1, t, &pin));
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

static spk_err
build_registration(struct spk_session *s, const struct spk_pin *pin, const char *token,
                   struct spk_buf *body)
{
    SPK_AUTO_BUF struct spk_buf sig = SPK_BUF((size_t)SPK_RSA_MAX_LEN);
    struct spk_span record = spk_buf_span(&s->profile->record);
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

spk_err
spk_enrol_register(struct spk_session *s, struct spk_pin *pin, const char *token_or_null)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF((size_t)65536);
    SPK_AUTO(spk_api) api = NULL;
    SPK_AUTO(spk_json) j = NULL;
    struct spk_hash owner;
    const char *state = NULL;

    SPK_CHECK(s->profile->record.len > 0, NOKEY);
    SPK_TRY(build_registration(s, pin, token_or_null, &body));
    SPK_TRY(spk_api_open(pin, NULL, &s->trouble, &api));
    SPK_TRY(spk_api_post(api, "/v1/owners", spk_buf_span(&body), NULL, &j));
    SPK_CHECK(spk_ok(spk_json_hex(j, "owner", owner.b, sizeof(owner.b))), PROTO);
    SPK_CHECK(spk_ok(spk_json_str(j, "state", &state)), PROTO);
    SPK_CHECK(spk_hash_eq(&owner, &s->profile->owner), PROTO);
    if (strcmp(state, "enrolled") == 0) {
        pin->state = SPK_PIN_ENROLLED;
    } else if (strcmp(state, "pending") == 0) {
        pin->state = SPK_PIN_PENDING;
    } else {
        return SPK_ERR(PROTO);
    }
    return SPK_OK;
}

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
    e = spk_pin_make(&chain, where, old->policy.number, &pin);
    if (!spk_ok(e)) {
        return e.code == SPK_CODE_NOMEM ? e : SPK_ERR(CHANGED);
    }
    SPK_CHECK(spk_pin_continues(old, pin), CHANGED);
    (void)snprintf(pin->name, sizeof(pin->name), "%s", old->name);
    pin->state = old->state;
    SPK_TRY(confirm_tls(pin, t));
    *ret_changed = pin->n != old->n || pin->chain->n_policies != old->chain->n_policies ||
                   strcmp(pin->url, old->url) != 0;
    *ret_pin = SPK_STEAL(pin);
    return SPK_OK;
}
