/* SPDX-License-Identifier: Apache-2.0 */
#include "client/recover.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "client/kept.h"

#define PAGE 64 /* released keys a call: each costs the holder two RSA operations */
#define PAGES_MAX 100000u
#define PATH_LEN 160
#define SUCCESSORS_MAX 1000

static const char *const state_names[] = {"unknown", "open",   "waiting", "confirm", "approved",
                                          "denied",  "vetoed", "expired", "done"};

const char *
spk_recover_state_name(enum spk_recover_state s)
{
    return state_names[s];
}

static const struct spk_slot *
record_slot(const struct spk_slots *slots, const struct spk_hash *authority)
{
    return slots == NULL ? NULL : spk_slots_find(slots, SPK_SLOT_RECORD, authority, 0);
}

spk_err
spk_recover_claims(const struct spk_pin *pin, const struct spk_slots *slots,
                   struct spk_hash *ret_owner, struct spk_file_id *ret_id)
{
    const struct spk_slot *slot = NULL;
    struct spk_deposit d;

    for (size_t i = 0; slot == NULL && i < pin->n; i++) {
        slot = record_slot(slots, spk_rsa_id(pin->statements[i].key));
    }
    SPK_CHECK(slot != NULL, NOTFOUND);
    SPK_TRY(spk_record_parse(slot->body, &d));
    *ret_owner = d.owner;
    *ret_id = d.rpub.id;
    return SPK_OK;
}

spk_err
spk_recover_index(const struct spk_pin *pin, const struct spk_slots *slots, uint64_t *ret_index)
{
    for (size_t i = 0; slots != NULL && i < pin->n; i++) {
        const struct spk_slot *slot =
            spk_slots_find(slots, SPK_SLOT_ACCEPTED, spk_rsa_id(pin->statements[i].key), 0);
        uint64_t time_ms = 0;

        if (slot != NULL) {
            return spk_accepted_parse(slot->body, ret_index, &time_ms);
        }
    }
    return SPK_ERR(NOTFOUND);
}

/* The first record of the file that is for one of the authority's keys, and its BLOB. */
static spk_err
find_record(const struct spk_pin *pin, const struct spk_slots *slots, struct spk_span *ret_record,
            struct spk_span *ret_blob)
{
    for (size_t i = 0; i < pin->n; i++) {
        const struct spk_hash *key = spk_rsa_id(pin->statements[i].key);
        const struct spk_slot *record = record_slot(slots, key);
        const struct spk_slot *blob = NULL;

        if (record != NULL) {
            blob = spk_slots_find(slots, SPK_SLOT_AUTHORITY, key, 0);
        }
        if (blob != NULL) {
            *ret_record = record->body;
            *ret_blob = blob->body;
            return SPK_OK;
        }
    }
    return SPK_ERR(NOTFOUND);
}

spk_err
spk_recover_file_record(const struct spk_pin *pin, const struct spk_slots *slots,
                        struct spk_trouble *t)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1 << 17);
    SPK_AUTO(spk_api) api = NULL;
    SPK_AUTO(spk_json) j = NULL;
    struct spk_jw w = {.b = &b};
    struct spk_span record;
    struct spk_span blob;

    SPK_TRY(find_record(pin, slots, &record, &blob));
    spk_jw_open(&w, NULL, '{');
    spk_jw_base64(&w, "record", record);
    spk_jw_base64(&w, "blob", blob);
    spk_jw_close(&w, '}');
    SPK_TRY(spk_jw_end(&w));
    SPK_TRY(spk_api_open(pin, NULL, t, &api));
    return spk_api_post(api, "/v1/records", spk_buf_span(&b), NULL, &j);
}

static void
write_serials(struct spk_jw *w, struct spk_span serials)
{
    spk_jw_open(w, "serials", '[');
    for (size_t i = 0; i < serials.len; i += SPK_FILE_ID_LEN) {
        spk_jw_hex(w, NULL, spk_span(serials.ptr + i, SPK_FILE_ID_LEN));
    }
    spk_jw_close(w, ']');
}

spk_err
spk_recover_submit(struct spk_pending *p)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4 << 20);
    SPK_AUTO(spk_api) api = NULL;
    SPK_AUTO(spk_json) j = NULL;
    struct spk_jw w = {.b = &b};
    struct spk_hash hash;

    spk_jw_open(&w, NULL, '{');
    spk_jw_base64(&w, "record", spk_buf_span(&p->record));
    spk_jw_base64(&w, "sig_sign", spk_buf_span(&p->sig_sign));
    spk_jw_base64(&w, "sig_keyx", spk_buf_span(&p->sig_keyx));
    if (p->serials.len > 0) {
        write_serials(&w, spk_buf_span(&p->serials));
    }
    spk_jw_close(&w, '}');
    SPK_TRY(spk_jw_end(&w));
    SPK_TRY(spk_api_open(p->pin, NULL, p->trouble, &api));
    SPK_TRY(spk_api_post(api, "/v1/requests", spk_buf_span(&b), NULL, &j));
    SPK_CHECK(spk_ok(spk_json_hex(j, "request", hash.b, sizeof(hash.b))), PROTO);
    SPK_CHECK(spk_hash_eq(&hash, &p->request.hash), PROTO);
    return spk_pending_set_submitted(p);
}

static void
request_path(const struct spk_pending *p, const char *tail, char ret_path[PATH_LEN])
{
    char hex[2 * SPK_HASH_LEN + 1];

    (void)snprintf(ret_path, PATH_LEN, "/v1/requests/%s%s",
                   spk_hex(spk_hash_span(&p->request.hash), hex), tail);
}

static spk_err
optional_u64(const struct spk_json *j, const char *key, uint64_t *ret_v)
{
    *ret_v = 0;
    return spk_json_has(j, key) ? spk_json_u64(j, key, ret_v) : SPK_OK;
}

static spk_err
read_status(const struct spk_json *j, struct spk_recover_status *st)
{
    const char *state = NULL;

    SPK_TRY(spk_json_str(j, "state", &state));
    for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++) {
        if (strcmp(state, state_names[i]) == 0) {
            st->state = (enum spk_recover_state)i;
        }
    }
    SPK_CHECK(st->state != SPK_RECOVER_UNKNOWN, PROTO);
    SPK_TRY(optional_u64(j, "persons", &st->persons));
    SPK_TRY(optional_u64(j, "needed", &st->needed));
    SPK_TRY(optional_u64(j, "due", &st->due));
    return optional_u64(j, "expires", &st->expires);
}

spk_err
spk_recover_poll(struct spk_pending *p, struct spk_recover_status *ret_st)
{
    SPK_AUTO(spk_json) j = NULL;
    struct spk_recover_status st = {.state = SPK_RECOVER_UNKNOWN};
    struct spk_api *api = NULL;
    char path[PATH_LEN];
    spk_err e;

    SPK_TRY(spk_pending_api(p, &api));
    request_path(p, "", path);
    e = spk_api_get(api, path, &j);
    /* who logs in with a key of no known request is nobody: the answer may be any of these */
    if (e.code == SPK_CODE_NOTFOUND || e.code == SPK_CODE_DENIED) {
        *ret_st = st;
        return SPK_OK;
    }
    SPK_TRY(e);
    e = read_status(j, &st);
    SPK_CHECK(spk_ok(e), PROTO);
    *ret_st = st;
    return SPK_OK;
}

/* -- keys -- */

/* R_priv of a deposit that was filed from a file alone is known to the owner only: under K. */
static spk_err
open_sealed(const struct spk_json *j, const struct spk_pending *p, const struct spk_secret *key,
            struct spk_recovered *r)
{
    SPK_AUTO_BUF struct spk_buf sealed = SPK_BUF((size_t)SPK_RPRIV_MAX + 1024);
    SPK_AUTO_BUF struct spk_buf p_hash = SPK_BUF((size_t)SPK_HASH_LEN);
    struct spk_deposit d = {.rpub = r->rpub, .owner = p->request.owner};

    SPK_TRY(spk_json_base64(j, "p", &p_hash));
    SPK_CHECK(p_hash.len == SPK_HASH_LEN, FORMAT);
    memcpy(d.p.b, p_hash.ptr, SPK_HASH_LEN);
    SPK_TRY(spk_json_base64(j, "sealed", &sealed));
    d.sealed = spk_buf_span(&sealed);
    return spk_record_open(key, &d, r->salt, &r->rpriv);
}

static spk_err
read_private(const struct spk_json *j, const struct spk_pending *p, const struct spk_secret *key,
             struct spk_recovered *r)
{
    SPK_AUTO_BUF struct spk_buf salt = SPK_BUF((size_t)SPK_SALT_LEN);

    if (!spk_json_has(j, "r_priv")) {
        return open_sealed(j, p, key, r);
    }
    SPK_TRY(spk_json_base64(j, "salt", &salt));
    SPK_CHECK(salt.len == SPK_SALT_LEN, FORMAT);
    memcpy(r->salt, salt.ptr, SPK_SALT_LEN);
    return spk_json_base64(j, "r_priv", &r->rpriv);
}

/* The deposit tag proves that key, description and core belong together and to this owner. */
static spk_err
check_tag(const struct spk_pending *p, const struct spk_recovered *r, const struct spk_secret *key)
{
    struct spk_hash tag;

    SPK_TRY(spk_deposit_tag(key, &r->rpub, &p->request.owner, spk_buf_span(&r->rpriv), &tag));
    SPK_CHECK(spk_ct_eq(tag.b, r->rpub.tag.b, SPK_HASH_LEN), AUTH);
    return SPK_OK;
}

static spk_err
read_key(const struct spk_json *j, struct spk_pending *p, struct spk_recovered *r)
{
    SPK_AUTO_BUF struct spk_buf rpub = SPK_BUF((size_t)SPK_RPUB_LEN);
    SPK_AUTO(spk_secret) key = NULL;
    struct spk_rsa *keyx = NULL;

    SPK_TRY(spk_pending_pair(p, SPK_AT_KEYEXCHANGE, &keyx));
    SPK_TRY(spk_json_u64(j, "index", &r->index));
    SPK_TRY(spk_json_base64(j, "r_pub", &rpub));
    SPK_TRY(spk_rpub_parse(spk_buf_span(&rpub), &r->rpub));
    SPK_CHECK(spk_pin_by_key(p->pin, &r->rpub.authority) != NULL, PROTO);
    SPK_CHECK(spk_pending_covers(p, &r->rpub.id), PROTO);
    SPK_TRY(spk_json_base64(j, "blob", &r->blob));
    SPK_TRY(spk_recovered_unwrap(r, keyx, &key));
    SPK_TRY(read_private(j, p, key, r));
    return check_tag(p, r, key);
}

static spk_err
take_key(struct spk_session *s, struct spk_pending *p, const struct spk_json *j)
{
    struct spk_recovered r = {.blob = SPK_BUF(SPK_SIMPLEBLOB_MAX), .rpriv = SPK_BUF(SPK_RPRIV_MAX)};
    spk_err e = read_key(j, p, &r);

    if (spk_ok(e)) {
        e = spk_recovered_put(s->profile, &r);
    }
    spk_recovered_clear(&r);
    return e;
}

/* Does this failure speak of one key? It must not keep the others away. */
static bool
is_unfit(spk_err e)
{
    switch (e.code) {
    case SPK_CODE_AUTH:
    case SPK_CODE_FORMAT:
    case SPK_CODE_LIMIT:
    case SPK_CODE_NOTFOUND:
    case SPK_CODE_PROTO:
    case SPK_CODE_TRUNC:
    case SPK_CODE_VERSION:
        return true;
    default:
        return false;
    }
}

/* For whoever wants to say which: one that does not fit is still counted. */
static void
note_refused(struct spk_pending *p, uint64_t index, uint64_t *count)
{
    if (!spk_ok(spk_buf_u64(&p->refused, index))) {
        spk_buf_reset(&p->refused);
    }
    (*count)++;
}

static spk_err
take_refused(struct spk_pending *p, const struct spk_json *j, uint64_t *count)
{
    const struct spk_json *list = NULL;
    size_t n = 0;

    if (!spk_ok(spk_json_array(j, "refused", &list, &n))) {
        return SPK_OK;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t index = 0;

        SPK_CHECK(spk_ok(spk_json_u64_at(list, i, &index)), PROTO);
        note_refused(p, index, count);
    }
    return SPK_OK;
}

spk_err
spk_recover_take_page(struct spk_session *s, struct spk_pending *p, const struct spk_json *j,
                      uint64_t *keys, uint64_t *refused)
{
    const struct spk_json *list = NULL;
    size_t n = 0;

    SPK_CHECK(spk_ok(spk_json_array(j, "keys", &list, &n)), PROTO);
    for (size_t i = 0; i < n; i++) {
        spk_err e = take_key(s, p, spk_json_at(list, i));

        if (!spk_ok(e) && !is_unfit(e)) {
            return e;
        }
        *keys += spk_ok(e);
        p->unfit += !spk_ok(e);
    }
    return take_refused(p, j, refused);
}

struct page {
    bool more;
    uint64_t after, keys, refused;
};

static spk_err
fetch_page(struct spk_session *s, struct spk_pending *p, struct spk_api *api, struct page *pg)
{
    SPK_AUTO(spk_json) j = NULL;
    char tail[64];
    char path[PATH_LEN];
    uint64_t next = 0;

    if (pg->more) {
        (void)snprintf(tail, sizeof(tail), "/keys?limit=%d&after=%llu", PAGE,
                       (unsigned long long)pg->after);
    } else {
        (void)snprintf(tail, sizeof(tail), "/keys?limit=%d", PAGE);
    }
    request_path(p, tail, path);
    SPK_TRY(spk_api_get(api, path, &j));
    SPK_TRY(spk_recover_take_page(s, p, j, &pg->keys, &pg->refused));
    if (!spk_ok(spk_json_u64(j, "next", &next))) { /* null: this was the last page */
        pg->more = false;
        return SPK_OK;
    }
    SPK_CHECK(!pg->more || next > pg->after, PROTO); /* or it would never end */
    pg->more = true;
    pg->after = next;
    return SPK_OK;
}

spk_err
spk_recover_fetch(struct spk_session *s, struct spk_pending *p, uint64_t *ret_keys,
                  uint64_t *ret_refused)
{
    struct page pg = {0};
    struct spk_api *api = NULL;

    spk_buf_reset(&p->refused);
    p->unfit = 0;
    SPK_TRY(spk_pending_api(p, &api));
    for (unsigned i = 0; i < PAGES_MAX; i++) {
        SPK_TRY(fetch_page(s, p, api, &pg));
        if (!pg.more) {
            *ret_keys = pg.keys;
            *ret_refused = pg.refused;
            return SPK_OK;
        }
    }
    return SPK_ERR(LIMIT); /* more than there can be */
}

/* -- the new pairs become the owner's -- */

static bool
same_key(const struct spk_rsa *a, const struct spk_rsa *b)
{
    return spk_hash_eq(spk_rsa_id(a), spk_rsa_id(b));
}

static spk_err
check_successor(const struct spk_pending *p, struct spk_span text)
{
    SPK_AUTO_STR struct spk_note *n = spk_calloc(1, sizeof(*n));
    struct spk_successor su = {0};
    const struct spk_authority *a = spk_pin_by_key(p->pin, &p->request.authority);
    bool good = false;

    SPK_CHECK(n != NULL, NOMEM);
    SPK_CHECK(a != NULL, CHANGED);
    SPK_TRY(spk_note_parse(text, false, n));
    SPK_TRY(spk_note_verify(n, &a->holder));
    SPK_TRY(spk_successor_parse(n->text, &su));
    good = spk_hash_eq(&su.owner, &p->request.owner) &&
           spk_hash_eq(&su.authority, &p->request.authority) &&
           spk_hash_eq(&su.request, &p->request.hash) && same_key(su.keyx, p->request.keyx) &&
           same_key(su.sign, p->request.sign);
    spk_successor_clear(&su);
    SPK_CHECK(good, AUTH);
    return SPK_OK;
}

/* True when the file holds this text: an earlier run got that far. */
static bool
same_text(const char *path, struct spk_span text)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_NOTE_MAX);

    return spk_ok(spk_file_read(AT_FDCWD, path, &b)) && spk_span_eq(spk_buf_span(&b), text);
}

static spk_err
keep_successor(const struct spk_pin *pin, struct spk_span text)
{
    for (unsigned i = 1; i <= SUCCESSORS_MAX; i++) {
        SPK_AUTO_STR char *path = NULL;
        char name[40];
        spk_err e;

        (void)snprintf(name, sizeof(name), "successor-%u.note", i);
        SPK_TRY(spk_path_join(pin->dir, name, &path));
        e = spk_file_write(AT_FDCWD, path, text, 0600, false);
        if (e.code != SPK_CODE_EXISTS || same_text(path, text)) {
            return e.code == SPK_CODE_EXISTS ? SPK_OK : e;
        }
    }
    return SPK_ERR(LIMIT);
}

static bool
names(const struct spk_pin *pin, struct spk_span text, const struct spk_hash *owner,
      const struct spk_rsa *sign)
{
    SPK_AUTO_STR struct spk_note *n = spk_calloc(1, sizeof(*n));
    struct spk_successor su = {0};
    bool held = false;
    bool good = false;

    if (n == NULL || !spk_ok(spk_note_parse(text, false, n))) {
        return false;
    }
    for (size_t i = 0; i < pin->n; i++) {
        held = held || spk_ok(spk_note_verify(n, &pin->statements[i].holder));
    }
    if (held && spk_ok(spk_successor_parse(n->text, &su))) {
        good = spk_hash_eq(&su.owner, owner) && same_key(su.sign, sign);
        spk_successor_clear(&su);
    }
    return good;
}

bool
spk_recover_led_to(const struct spk_pin *pin, const struct spk_hash *owner,
                   const struct spk_rsa *sign)
{
    for (unsigned i = 1; i <= SUCCESSORS_MAX; i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_NOTE_MAX);
        SPK_AUTO_STR char *path = NULL;
        char name[40];

        (void)snprintf(name, sizeof(name), "successor-%u.note", i);
        if (!spk_ok(spk_path_join(pin->dir, name, &path)) ||
            !spk_ok(spk_file_read(AT_FDCWD, path, &b))) {
            return false;
        }
        if (names(pin, spk_buf_span(&b), owner, sign)) {
            return true;
        }
    }
    return false;
}

static spk_err
take_successor(struct spk_pending *p)
{
    SPK_AUTO(spk_json) j = NULL;
    struct spk_api *api = NULL;
    const char *text = NULL;
    char path[PATH_LEN];
    spk_err e;

    SPK_TRY(spk_pending_api(p, &api));
    request_path(p, "/successor", path);
    SPK_TRY(spk_api_post(api, path, SPK_SPAN_EMPTY, NULL, &j));
    SPK_CHECK(spk_ok(spk_json_str(j, "successor", &text)), PROTO);
    e = check_successor(p, spk_span_str(text));
    SPK_CHECK(e.code != SPK_CODE_FORMAT && e.code != SPK_CODE_NOTFOUND, AUTH);
    SPK_TRY(e);
    return keep_successor(p->pin, spk_span_str(text));
}

/* The old pairs may still open files that no authority has: kept, under a name that says why. */
static spk_err
set_old_aside(struct spk_session *s, char **ret_old)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_CONTAINER_NAME_MAX);
    const char *name = NULL;
    spk_err e;

    SPK_TRY(spk_kept_name(s->profile->container, spk_now(), &b));
    SPK_TRY(spk_buf_cstr(&b, &name));
    e = spk_container_set_aside(s->keystore, s->profile->container, name);
    if (e.code == SPK_CODE_NOTFOUND) {
        return SPK_OK;
    }
    SPK_TRY(e);
    *ret_old = spk_strdup(name);
    SPK_CHECK(*ret_old != NULL, NOMEM);
    return SPK_OK;
}

/* True when the container holds the new pairs already: an earlier run got that far. */
static bool
installed(struct spk_session *s, const struct spk_pending *p)
{
    SPK_AUTO(spk_container) c = NULL;
    struct spk_rsa *keyx = NULL;

    if (!spk_ok(spk_container_open(s->keystore, s->profile->container, &c))) {
        return false;
    }
    keyx = spk_container_key(c, SPK_AT_KEYEXCHANGE);
    return keyx != NULL && same_key(keyx, p->request.keyx);
}

static spk_err
give_pass(void *ctx, const char *container, unsigned wrong, struct spk_secret **ret_pass)
{
    const struct spk_pending *p = ctx;

    (void)container;
    SPK_CHECK(p->pass != NULL && wrong == 0, PASS);
    return spk_secret_dup(p->pass, ret_pass);
}

/* The session sees the new pairs from here on. Whoever has opened them under the request is not
 * asked for the same passphrase again. */
static void
show_new(struct spk_session *s, struct spk_pending *p)
{
    SPK_AUTO(spk_container) c = NULL;

    spk_container_free(s->container);
    s->container = NULL;
    s->unlocked = false;
    spk_kept_free(s->kept);
    s->kept = NULL;
    s->opened_by = NULL;
    if (spk_ok(spk_container_open(s->keystore, s->profile->container, &c)) &&
        spk_ok(spk_container_unlock(c, give_pass, p))) {
        s->container = SPK_STEAL(c);
        s->unlocked = true;
    }
}

static spk_err
install(struct spk_session *s, struct spk_pending *p, char **ret_old)
{
    static const enum spk_key_spec specs[] = {SPK_AT_KEYEXCHANGE, SPK_AT_SIGNATURE};

    if (s->keystore == NULL) {
        SPK_TRY(spk_keystore_user(&s->keystore));
    }
    if (!installed(s, p)) {
        SPK_AUTO(spk_container) c = NULL;

        SPK_TRY(set_old_aside(s, ret_old));
        SPK_TRY(spk_container_create(s->keystore, s->profile->container, &c));
        for (size_t i = 0; i < 2; i++) {
            struct spk_rsa *pair = NULL;

            SPK_TRY(spk_pending_pair(p, specs[i], &pair));
            SPK_TRY(spk_container_set(c, specs[i], pair));
        }
        if (p->pass != NULL) {
            SPK_TRY(spk_container_set_pass(c, p->pass));
        }
        SPK_TRY(spk_container_save(c));
    }
    show_new(s, p);
    return SPK_OK;
}

spk_err
spk_recover_finish(struct spk_session *s, struct spk_pending *p, char **ret_old)
{
    *ret_old = NULL;
    SPK_TRY(take_successor(p));
    SPK_TRY(install(s, p, ret_old));
    SPK_TRY(spk_profile_set_owner_at(s->profile, p->pin, &p->request.owner));
    SPK_TRY(spk_profile_make_monitor(s->profile));
    p->pin->state = SPK_PIN_ENROLLED;
    {
        SPK_AUTO_STR char *parent = NULL;

        SPK_TRY(spk_profile_config_path(s->profile, "authorities", &parent));
        SPK_TRY(spk_pin_save(p->pin, parent));
    }
    return spk_pending_drop(p);
}
