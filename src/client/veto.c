/* SPDX-License-Identifier: Apache-2.0 */
#include "client/veto.h"

#include <stdio.h>

#include "base/text.h"
#include "client/owner.h"

#define PATH_LEN 120

spk_err
spk_requests_each(struct spk_session *s, struct spk_pin *pin, spk_api_row_fn fn, void *ctx)
{
    struct spk_api *api = NULL;

    SPK_TRY(spk_session_api(s, spk_session_index(s, pin), &api));
    return spk_api_get_list(api, "/v1/requests", "requests", fn, ctx);
}

static spk_err
post(struct spk_api *api, const struct spk_hash *request, struct spk_span body, char **ret_state)
{
    SPK_AUTO(spk_json) j = NULL;
    const char *state = NULL;
    char hex[2 * SPK_HASH_LEN + 1];
    char path[PATH_LEN];

    (void)snprintf(path, sizeof(path), "/v1/requests/%s/veto",
                   spk_hex(spk_hash_span(request), hex));
    SPK_TRY(spk_api_post(api, path, body, NULL, &j));
    SPK_CHECK(spk_ok(spk_json_str(j, "state", &state)), PROTO);
    *ret_state = spk_strdup(state);
    SPK_CHECK(*ret_state != NULL, NOMEM);
    return SPK_OK;
}

spk_err
spk_veto_by_key(struct spk_session *s, struct spk_pin *pin, const struct spk_hash *request,
                char **ret_state)
{
    SPK_AUTO_BUF struct spk_buf sig = SPK_BUF((size_t)SPK_RSA_MAX_LEN);
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF((size_t)4096);
    struct spk_jw w = {.b = &body};
    struct spk_rsa *sign = NULL;
    struct spk_api *api = NULL;

    SPK_TRY(spk_session_pair(s, SPK_AT_SIGNATURE, &sign));
    SPK_TRY(spk_statement_sign(sign, SPK_KIND_VETO, spk_rsa_id(spk_pin_now(pin)->key),
                               spk_hash_span(request), &sig));
    spk_jw_open(&w, NULL, '{');
    spk_jw_base64(&w, "signature", spk_buf_span(&sig));
    spk_jw_close(&w, '}');
    SPK_TRY(spk_jw_end(&w));
    SPK_TRY(spk_session_api(s, spk_session_index(s, pin), &api));
    return post(api, request, spk_buf_span(&body), ret_state);
}

static spk_err
build_note(const struct spk_pin *pin, const struct spk_hash *owner, const struct spk_hash *request,
           const struct spk_secret *code, struct spk_buf *note)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)SPK_NOTE_MAX);
    SPK_AUTO(spk_secret) seed = NULL;
    char hex[2 * SPK_HASH_LEN + 1];
    char name[SPK_NOTE_NAME_MAX + 1];

    SPK_TRY(spk_veto_seed(code, &seed));
    SPK_TRY(spk_veto_format(spk_rsa_id(spk_pin_now(pin)->key), request, &text));
    (void)snprintf(name, sizeof(name), "veto/%s", spk_hex(spk_hash_span(owner), hex));
    return spk_note_sign(spk_buf_span(&text), NULL, name, seed, note);
}

spk_err
spk_veto_by_code(struct spk_session *s, struct spk_pin *pin, const struct spk_hash *owner,
                 const struct spk_hash *request, const struct spk_secret *code, char **ret_state)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF((size_t)SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF((size_t)2 * SPK_NOTE_MAX);
    SPK_AUTO(spk_api) api = NULL;
    struct spk_jw w = {.b = &body};

    SPK_TRY(build_note(pin, owner, request, code, &note));
    spk_jw_open(&w, NULL, '{');
    spk_jw_str(&w, "note", spk_buf_span(&note));
    spk_jw_close(&w, '}');
    SPK_TRY(spk_jw_end(&w));
    SPK_TRY(spk_api_open(pin, NULL, &s->trouble, &api));
    return post(api, request, spk_buf_span(&body), ret_state);
}
