/* SPDX-License-Identifier: Apache-2.0 */
/* The face of libsparekey for session keys of CryptoAPI programs. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "client/foreign.h"
#include "client/library.h"
#include "client/recover.h"

#define BITS_DEFAULT 3072u

_Static_assert((int)SPAREKEY_REC_UNKNOWN == (int)SPK_RECOVER_UNKNOWN, "states are the same");
_Static_assert((int)SPAREKEY_REC_APPROVED == (int)SPK_RECOVER_APPROVED, "states are the same");
_Static_assert((int)SPAREKEY_REC_DONE == (int)SPK_RECOVER_DONE, "states are the same");
_Static_assert(SPAREKEY_SERIAL_LEN == SPK_FILE_ID_LEN, "the serial number is the file_id");

static void
forget(struct sparekey *s)
{
    s->peer[0] = '\0';
    spk_trouble_clear(&s->session->trouble);
}

static int
give(struct spk_span from, void *buf, size_t *len)
{
    size_t room = *len;

    *len = from.len;
    if (buf == NULL) {
        return SPAREKEY_OK;
    }
    if (room < from.len) {
        return SPAREKEY_LIMIT;
    }
    memcpy(buf, from.ptr, from.len);
    return SPAREKEY_OK;
}

const char *
sparekey_container(const struct sparekey *s)
{
    return s->session->profile->container;
}

int
sparekey_authority_blob(struct sparekey *s, const char *authority, void *buf, size_t *len)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_PUBBLOB_MAX);
    struct spk_pin *pin = NULL;
    spk_err e;

    if (s == NULL || len == NULL) {
        return SPAREKEY_USAGE;
    }
    forget(s);
    e = spk_profile_authority(s->session->profile, authority, &pin);
    e = spk_ok(e) ? spk_pubblob_build(spk_pin_now(pin)->key, SPK_AT_KEYEXCHANGE, &b) : e;
    return spk_ok(e) ? give(spk_buf_span(&b), buf, len) : sparekey_result(e);
}

/* -- deposits -- */

static bool
key_makes_sense(const struct sparekey_key *k)
{
    return k != NULL && k->blob != NULL && (k->blob_flags & ~SPAREKEY_OAEP) == 0 &&
           (k->for_authority_flags & ~SPAREKEY_OAEP) == 0 &&
           (k->name == NULL || strlen(k->name) <= SPK_FOREIGN_NAME_MAX) &&
           (k->description == NULL || strlen(k->description) <= SPK_DESCRIPTION_MAX);
}

static spk_err
deposit(struct sparekey *s, const struct sparekey_key *k, struct spk_encrypt_outcome *o)
{
    SPK_AUTO(spk_secret) plain = NULL;
    struct spk_span blob = spk_span(k->blob, k->blob_len);
    struct spk_foreign_deposit d = {.description = k->description == NULL ? "" : k->description,
                                    .name = spk_span_str(k->name == NULL ? "" : k->name)};
    struct spk_pin *pin = NULL;

    SPK_TRY(spk_foreign_open_blob(s->session, blob, (k->blob_flags & SPAREKEY_OAEP) != 0, NULL,
                                  &plain));
    d.key = spk_secret_span(plain);
    if (blob.ptr[0] == SPK_BLOB_SIMPLE) {
        d.simple = blob;
    }
    if (k->for_authority == NULL) {
        return spk_foreign_put(s->session, &d, o);
    }
    SPK_TRY(spk_profile_authority(s->session->profile, k->authority, &pin));
    return spk_foreign_hand(
        s->session, pin, &d, spk_span(k->for_authority, k->for_authority_len),
        (k->for_authority_flags & SPAREKEY_OAEP) != 0 ? (uint16_t)SPK_WRAP_OAEP : (uint16_t)0, o);
}

int
sparekey_deposit_key(struct sparekey *s, const struct sparekey_key *key,
                     unsigned char ret_serial[SPAREKEY_SERIAL_LEN])
{
    struct spk_encrypt_outcome o = {.n = 0};
    spk_err e;

    if (s == NULL || !key_makes_sense(key)) {
        return SPAREKEY_USAGE;
    }
    forget(s);
    e = deposit(s, key, &o);
    if (e.code == SPK_CODE_USAGE && o.n > 0) { /* what makes no sense is the authority's to say */
        e = SPK_ERR(DENIED);
    }
    sparekey_note_peer(s, &o);
    if (ret_serial != NULL && o.accepted > 0) {
        memcpy(ret_serial, o.id.b, SPAREKEY_SERIAL_LEN);
    }
    return sparekey_result(e);
}

/* -- recovery -- */

static spk_err
load(struct sparekey *s, const char *authority, struct spk_pending **ret_p)
{
    struct spk_pin *pin = NULL;

    forget(s);
    SPK_TRY(spk_profile_authority(s->session->profile, authority, &pin));
    return spk_pending_load(s->session, pin, ret_p);
}

static spk_err
recovery_begin(struct sparekey *s, const struct sparekey_recovery *r)
{
    SPK_AUTO(spk_pending) p = NULL;
    struct spk_pin *pin = NULL;
    struct spk_pending_spec spec = {.owner = s->session->profile->owner,
                                    .kind = 1,
                                    .reason = r->reason == NULL ? "" : r->reason,
                                    .contact = r->contact == NULL ? "" : r->contact,
                                    .bits = r->bits == 0 ? BITS_DEFAULT : r->bits};

    SPK_CHECK(s->session->profile->has_owner, NOTFOUND);
    SPK_TRY(spk_profile_authority(s->session->profile, r->authority, &pin));
    SPK_TRY(spk_pending_create(s->session, pin, &spec, &p));
    return spk_recover_submit(p);
}

int
sparekey_recovery_begin(struct sparekey *s, const struct sparekey_recovery *r)
{
    if (s == NULL || r == NULL) {
        return SPAREKEY_USAGE;
    }
    forget(s);
    return sparekey_result(recovery_begin(s, r));
}

/* A request that could not be sent when it was made is sent now. */
static spk_err
poll(struct spk_pending *p, struct spk_recover_status *st)
{
    if (!p->submitted) {
        SPK_TRY(spk_recover_submit(p));
    }
    return spk_recover_poll(p, st);
}

int
sparekey_recovery_status(struct sparekey *s, const char *authority,
                         struct sparekey_recovery_status *ret_status)
{
    SPK_AUTO(spk_pending) p = NULL;
    struct spk_recover_status st = {.state = SPK_RECOVER_UNKNOWN};
    spk_err e;

    if (s == NULL || ret_status == NULL) {
        return SPAREKEY_USAGE;
    }
    e = load(s, authority, &p);
    e = spk_ok(e) ? poll(p, &st) : e;
    if (!spk_ok(e)) {
        return sparekey_result(e);
    }
    memset(ret_status, 0, sizeof(*ret_status));
    ret_status->state = (enum sparekey_recovery_state)st.state;
    ret_status->persons = (unsigned)st.persons;
    ret_status->needed = (unsigned)st.needed;
    spk_request_code(&p->request.hash, ret_status->code);
    (void)spk_hex(spk_hash_span(&p->request.hash), ret_status->request);
    return SPAREKEY_OK;
}

static spk_err
finish(struct sparekey *s, const char *authority, uint64_t *keys, uint64_t *refused)
{
    SPK_AUTO(spk_pending) p = NULL;
    SPK_AUTO_STR char *old = NULL;
    struct spk_recover_status st = {.state = SPK_RECOVER_UNKNOWN};

    SPK_TRY(load(s, authority, &p));
    SPK_TRY(poll(p, &st));
    switch (st.state) {
    case SPK_RECOVER_APPROVED:
    case SPK_RECOVER_DONE:
        SPK_TRY(spk_recover_fetch(s->session, p, keys, refused));
        *refused += p->unfit;
        return spk_recover_finish(s->session, p, &old);
    case SPK_RECOVER_DENIED:
    case SPK_RECOVER_VETOED:
    case SPK_RECOVER_EXPIRED:
        return SPK_ERR(DENIED);
    default:
        return SPK_ERR(WAIT);
    }
}

int
sparekey_recovery_finish(struct sparekey *s, const char *authority, size_t *ret_keys,
                         size_t *ret_refused)
{
    uint64_t keys = 0;
    uint64_t refused = 0;
    spk_err e;

    if (s == NULL) {
        return SPAREKEY_USAGE;
    }
    e = finish(s, authority, &keys, &refused);
    if (!spk_ok(e)) {
        return sparekey_result(e);
    }
    if (ret_keys != NULL) {
        *ret_keys = (size_t)keys;
    }
    if (ret_refused != NULL) {
        *ret_refused = (size_t)refused;
    }
    return SPAREKEY_OK;
}

int
sparekey_recovery_drop(struct sparekey *s, const char *authority)
{
    SPK_AUTO(spk_pending) p = NULL;
    spk_err e;

    if (s == NULL) {
        return SPAREKEY_USAGE;
    }
    e = load(s, authority, &p);
    return sparekey_result(spk_ok(e) ? spk_pending_drop(p) : e);
}

/* -- what came back -- */

static spk_err
wrap_found(struct sparekey *s, const struct spk_foreign_found *f, unsigned flags,
           struct spk_buf *out)
{
    SPK_AUTO(spk_anyrsa) pub = NULL;
    struct spk_plainkey k;

    if ((flags & SPAREKEY_PLAIN) != 0) {
        return spk_buf_add(out, spk_secret_span(f->key));
    }
    SPK_TRY(spk_plainkey_parse(spk_secret_span(f->key), &k));
    SPK_TRY(spk_foreign_public(s->session, &pub));
    return spk_anysimple_build(&k, pub, (flags & SPAREKEY_OAEP) != 0, out);
}

/* serial NULL: by the BLOB that stands with the file. */
static int
take(struct sparekey *s, const unsigned char *serial, struct spk_span old, unsigned flags,
     void *buf, size_t *len)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_FOREIGN_BLOB_MAX);
    struct spk_foreign_found f = {.key = NULL};
    struct spk_file_id id;
    spk_err e;

    if (s == NULL || len == NULL || (flags & ~(SPAREKEY_OAEP | SPAREKEY_PLAIN)) != 0 ||
        flags == (SPAREKEY_OAEP | SPAREKEY_PLAIN)) {
        return SPAREKEY_USAGE;
    }
    forget(s);
    if (serial != NULL) {
        memcpy(id.b, serial, sizeof(id.b));
        e = spk_foreign_get(s->session, &id, &f);
    } else {
        e = spk_foreign_find(s->session, old, &f);
    }
    e = spk_ok(e) ? wrap_found(s, &f, flags, &b) : e;
    spk_foreign_found_clear(&f);
    return spk_ok(e) ? give(spk_buf_span(&b), buf, len) : sparekey_result(e);
}

int
sparekey_renew_blob(struct sparekey *s, const void *old_blob, size_t old_len, unsigned flags,
                    void *buf, size_t *len)
{
    return old_blob == NULL ? (int)SPAREKEY_USAGE
                            : take(s, NULL, spk_span(old_blob, old_len), flags, buf, len);
}

int
sparekey_take_key(struct sparekey *s, const unsigned char serial[SPAREKEY_SERIAL_LEN],
                  unsigned flags, void *buf, size_t *len)
{
    return serial == NULL ? (int)SPAREKEY_USAGE : take(s, serial, SPK_SPAN_EMPTY, flags, buf, len);
}

struct walk {
    int (*each)(void *ctx, const struct sparekey_taken *key);
    void *ctx;
    int answer;
};

static spk_err
tell(void *ctx, const struct spk_foreign_found *f)
{
    struct walk *w = ctx;
    struct sparekey_taken t = {.description = f->description, .name = f->name};

    memcpy(t.serial, f->serial.b, sizeof(t.serial));
    w->answer = w->each(w->ctx, &t);
    SPK_CHECK(w->answer == 0, STOPPED);
    return SPK_OK;
}

int
sparekey_each_taken(struct sparekey *s, int (*each)(void *ctx, const struct sparekey_taken *key),
                    void *ctx)
{
    struct walk w = {each, ctx, 0};
    spk_err e;

    if (s == NULL || each == NULL) {
        return SPAREKEY_USAGE;
    }
    forget(s);
    e = spk_foreign_each(s->session, tell, &w);
    return w.answer != 0 ? w.answer : sparekey_result(e);
}
