/* SPDX-License-Identifier: Apache-2.0 */
#include "client/session.h"

#include <string.h>

#include "base/file.h"
#include "client/kept.h"
#include "keystore/name.h"

spk_err
spk_session_open(const char *container, spk_pass_fn ask, void *ask_ctx,
                 struct spk_trouble *ret_trouble, struct spk_session **ret_s)
{
    SPK_AUTO(spk_session) s = spk_calloc(1, sizeof(*s));

    SPK_CHECK(s != NULL, NOMEM);
    s->ask = ask;
    s->ask_ctx = ask_ctx;
    SPK_TRY(spk_profile_load(ret_trouble, &s->profile));
    if (container != NULL) {
        spk_mem_free(s->profile->container);
        s->profile->container = spk_strdup(container);
        SPK_CHECK(s->profile->container != NULL, NOMEM);
    }
    *ret_s = SPK_STEAL(s);
    return SPK_OK;
}

void
spk_session_free(struct spk_session *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < SPK_AUTHORITIES_MAX; i++) {
        spk_api_free(s->api[i]);
    }
    spk_kept_free(s->kept);
    spk_container_free(s->container);
    spk_keystore_free(s->keystore);
    spk_profile_free(s->profile);
    spk_mem_free(s);
}

struct spk_session
spk_session_view(const struct spk_session *s)
{
    struct spk_session v = *s;

    v.kept = NULL;
    v.opened_by = NULL;
    memset(v.api, 0, sizeof(v.api));
    spk_trouble_clear(&v.trouble);
    return v;
}

void
spk_session_view_end(const struct spk_session *s, struct spk_session *v)
{
    for (size_t i = 0; i < SPK_AUTHORITIES_MAX; i++) {
        spk_api_free(v->api[i]);
    }
    spk_kept_free(v->kept);
    if (v->container != s->container) {
        spk_container_free(v->container);
    }
    if (v->keystore != s->keystore) {
        spk_keystore_free(v->keystore);
    }
}

/* A failure that is the container's must not be told as one of the file at hand. */
static spk_err
container_failed(struct spk_session *s, spk_err e)
{
    SPK_AUTO_STR char *dir = NULL;
    SPK_AUTO_STR char *path = NULL;
    struct spk_container_fname fname;

    SPK_TRY(spk_profile_data_path(s->profile, "containers", &dir));
    spk_trouble_file(&s->trouble, dir);
    if (s->keystore != NULL && spk_ok(spk_container_fname(s->profile->container, &fname)) &&
        spk_ok(spk_path_join(dir, fname.s, &path))) {
        spk_trouble_file(&s->trouble, path);
    }
    return e;
}

static spk_err
open_container(struct spk_session *s)
{
    spk_err e = SPK_OK;

    if (s->container != NULL) {
        return SPK_OK;
    }
    if (s->keystore == NULL) {
        e = spk_keystore_user_there(&s->keystore);
    }
    if (spk_ok(e)) {
        e = spk_container_open(s->keystore, s->profile->container, &s->container);
    }
    SPK_CHECK(e.code != SPK_CODE_NOTFOUND, NOKEY);
    return spk_ok(e) ? SPK_OK : container_failed(s, e);
}

spk_err
spk_session_key(struct spk_session *s, enum spk_key_spec spec, struct spk_rsa **ret_key)
{
    struct spk_rsa *key = NULL;

    SPK_TRY(open_container(s));
    key = spk_container_key(s->container, spec);
    SPK_CHECK(key != NULL, NOKEY);
    *ret_key = key;
    return SPK_OK;
}

spk_err
spk_session_pair(struct spk_session *s, enum spk_key_spec spec, struct spk_rsa **ret_pair)
{
    SPK_TRY(open_container(s));
    if (!s->unlocked) {
        spk_err e = spk_container_unlock(s->container, s->ask, s->ask_ctx);

        if (!spk_ok(e)) {
            return e.code == SPK_CODE_STOPPED ? e : container_failed(s, e);
        }
        s->unlocked = true;
    }
    return spk_session_key(s, spec, ret_pair);
}

spk_err
spk_session_logs(struct spk_session *s, struct spk_pin *pin, struct spk_api *api)
{
    SPK_AUTO(spk_chain) c = NULL;
    spk_err e = SPK_OK;

    if (pin->has_logs || pin->dir == NULL) {
        return SPK_OK;
    }
    SPK_TRY(spk_api_authority(api, &c, NULL));
    if (c->logs.len > 0) {
        e = spk_pin_take_logs(pin, spk_buf_span(&c->logs));
        s->trouble.log = e.code == SPK_CODE_CHANGED ? SPK_LOG_FAULT_KEYS : SPK_LOG_FAULT_NONE;
    }
    return e.code == SPK_CODE_IO ? SPK_OK : e; /* where it cannot be kept it serves this run */
}

spk_err
spk_session_api(struct spk_session *s, size_t i, struct spk_api **ret_api)
{
    struct spk_rsa *sign = NULL;

    if (s->api[i] == NULL) {
        SPK_AUTO(spk_api) api = NULL;

        SPK_TRY(spk_session_pair(s, SPK_AT_SIGNATURE, &sign));
        SPK_TRY(spk_api_open(s->profile->authorities[i], sign, &s->trouble, &api));
        SPK_TRY(spk_session_logs(s, s->profile->authorities[i], api));
        s->api[i] = SPK_STEAL(api);
    }
    *ret_api = s->api[i];
    return SPK_OK;
}

size_t
spk_session_index(const struct spk_session *s, const struct spk_pin *pin)
{
    size_t i = 0;

    while (i < s->profile->n_authorities && s->profile->authorities[i] != pin) {
        i++;
    }
    return i;
}
