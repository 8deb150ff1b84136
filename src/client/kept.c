/* SPDX-License-Identifier: Apache-2.0 */
#include "client/kept.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"

#define MARK " (old "
#define BASE_MAX 80 /* bytes of the container's own name that fit beside the time */

struct entry {
    char *name;
    struct spk_container *c; /* NULL: not opened yet */
    bool useless;            /* damaged, or its passphrase is not to be had */
};
struct spk_kept {
    size_t n;
    struct entry at[SPK_KEPT_MAX]; /* the newest last */
};

void
spk_kept_free(struct spk_kept *k)
{
    if (k == NULL) {
        return;
    }
    for (size_t i = 0; i < k->n; i++) {
        spk_mem_free(k->at[i].name);
        spk_container_free(k->at[i].c);
    }
    spk_mem_free(k);
}

spk_err
spk_kept_name(const char *container, uint64_t unix_seconds, struct spk_buf *out)
{
    char when[21];

    return spk_buf_printf(out, "%.*s" MARK "%s)", BASE_MAX, container,
                          spk_time_iso(unix_seconds, when));
}

/* Names of containers are compared without regard to case. */
static bool
is_kept(const char *container, const char *name)
{
    size_t base = strnlen(container, BASE_MAX);
    size_t len = strlen(name);

    return len > base + strlen(MARK) && strncasecmp(name, container, base) == 0 &&
           strncasecmp(name + base, MARK, strlen(MARK)) == 0 && name[len - 1] == ')';
}

static spk_err
list_one(void *ctx, const char *name)
{
    struct spk_session *s = ctx;
    struct spk_kept *k = s->kept;

    if (!is_kept(s->profile->container, name)) {
        return SPK_OK;
    }
    if (k->n == SPK_KEPT_MAX) {
        spk_mem_free(k->at[0].name);
        memmove(&k->at[0], &k->at[1], (SPK_KEPT_MAX - 1) * sizeof(k->at[0]));
        k->n--;
    }
    k->at[k->n] = (struct entry){.name = spk_strdup(name)};
    SPK_CHECK(k->at[k->n].name != NULL, NOMEM);
    k->n++;
    return SPK_OK;
}

static spk_err
load(struct spk_session *s)
{
    if (s->kept != NULL) {
        return SPK_OK;
    }
    spk_err e = s->keystore == NULL ? spk_keystore_user_there(&s->keystore) : SPK_OK;

    s->kept = spk_calloc(1, sizeof(*s->kept));
    SPK_CHECK(s->kept != NULL, NOMEM);
    if (e.code == SPK_CODE_NOTFOUND) {
        return SPK_OK;
    }
    SPK_TRY(e);
    return spk_container_list(s->keystore, list_one, s);
}

spk_err
spk_kept_count(struct spk_session *s, size_t *ret_n)
{
    SPK_TRY(load(s));
    *ret_n = s->kept->n;
    return SPK_OK;
}

const char *
spk_kept_at(const struct spk_session *s, size_t i)
{
    return s->kept->at[s->kept->n - 1 - i].name;
}

/* The key exchange key of one, its public half at least; NULL when it cannot be had. */
static struct spk_rsa *
key_of(struct spk_session *s, struct entry *e)
{
    if (e->c == NULL && !e->useless) {
        e->useless = !spk_ok(spk_container_open(s->keystore, e->name, &e->c));
    }
    return e->useless ? NULL : spk_container_key(e->c, SPK_AT_KEYEXCHANGE);
}

/* The same as a pair. */
static spk_err
pair_of(struct spk_session *s, struct entry *e, struct spk_rsa **ret_pair)
{
    spk_err err = spk_container_unlock(e->c, s->ask, s->ask_ctx);

    if (!spk_ok(err)) {
        e->useless = err.code != SPK_CODE_STOPPED;
        spk_trouble_file(&s->trouble, spk_container_path(e->c));
        return err;
    }
    *ret_pair = spk_container_key(e->c, SPK_AT_KEYEXCHANGE);
    return SPK_OK;
}

static spk_err
by_slot(struct spk_session *s, struct entry *e, struct spk_header *h, struct spk_secret **ret_key)
{
    struct spk_rsa *key = key_of(s, e);

    SPK_CHECK(key != NULL && spk_header_meets(h, spk_rsa_id(key)), NOKEY);
    SPK_TRY(pair_of(s, e, &key));
    return spk_header_open(h, key, ret_key);
}

/* A recovered key does not say under which of them it is: only those that are open are tried. */
static spk_err
by_any(struct spk_session *s, const struct spk_recovered *r, const char **ret_name,
       struct spk_secret **ret_key)
{
    for (size_t i = s->kept->n; i > 0; i--) {
        struct entry *e = &s->kept->at[i - 1];
        struct spk_rsa *key = key_of(s, e);

        if (key != NULL && !spk_rsa_is_pair(key) && !spk_container_has_pass(e->c)) {
            spk_err err = pair_of(s, e, &key);

            if (err.code == SPK_CODE_NOMEM) {
                return err;
            }
        }
        if (key != NULL && spk_rsa_is_pair(key) && spk_ok(spk_recovered_unwrap(r, key, ret_key))) {
            *ret_name = e->name;
            return SPK_OK;
        }
    }
    return SPK_ERR(NOKEY);
}

static spk_err
by_recovered(struct spk_session *s, struct spk_header *h, const char **ret_name,
             struct spk_secret **ret_key)
{
    struct spk_recovered r = {0};
    SPK_AUTO(spk_secret) key = NULL;
    bool mac_ok = false;
    spk_err e = spk_recovered_get(s->profile, &spk_header_core(h)->id, spk_header_core(h), &r);

    e = spk_ok(e) ? by_any(s, &r, ret_name, &key) : SPK_ERR(NOKEY);
    e = spk_ok(e) ? spk_header_open_key(h, key, &mac_ok) : e;
    spk_recovered_clear(&r);
    SPK_TRY(e);
    *ret_key = SPK_STEAL(key);
    return SPK_OK;
}

spk_err
spk_kept_open(struct spk_session *s, struct spk_header *h, struct spk_secret **ret_key)
{
    spk_err worst = SPK_ERR(NOKEY);

    SPK_TRY(load(s));
    for (size_t i = s->kept->n; i > 0; i--) {
        struct entry *at = &s->kept->at[i - 1];
        spk_err e = by_slot(s, at, h, ret_key);

        if (spk_ok(e)) {
            s->opened_by = at->name;
            return SPK_OK;
        }
        if (e.code == SPK_CODE_STOPPED || e.code == SPK_CODE_NOMEM) {
            return e;
        }
        worst = e.code == SPK_CODE_NOKEY ? worst : e;
    }
    if (spk_ok(by_recovered(s, h, &s->opened_by, ret_key))) {
        spk_trouble_file(&s->trouble, "");
        return SPK_OK;
    }
    return worst;
}

spk_err
spk_kept_unwrap(struct spk_session *s, const struct spk_recovered *r, struct spk_secret **ret_key)
{
    struct spk_rsa *keyx = NULL;
    const char *name = NULL;
    spk_err e = spk_session_pair(s, SPK_AT_KEYEXCHANGE, &keyx);

    if (!spk_ok(e) && e.code != SPK_CODE_NOKEY) {
        return e;
    }
    if (spk_ok(e) && spk_ok(spk_recovered_unwrap(r, keyx, ret_key))) {
        return SPK_OK;
    }
    SPK_TRY(load(s));
    return by_any(s, r, &name, ret_key);
}
