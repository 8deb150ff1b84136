/* SPDX-License-Identifier: Apache-2.0 */
/* The owner's side: requests that concern him, and his veto. */
#include <stdio.h>
#include <string.h>

#include "authority/handle.h"
#include "authority/reclog.h"
#include "authority/recover.h"
#include "base/clock.h"
#include "base/text.h"

#define LISTED_DAYS ((uint64_t)90 * 86400)

/* The newest policy that asks for as many persons as the request takes: today's, unless it is
 * looser than one of those that its deposits were made under. */
static uint32_t
asking_policy(struct spk_books *b, const struct spk_request_row *row)
{
    uint32_t today = spk_books_today(b)->number;
    bool vetoed = row->state == SPK_STATE_VETOED;

    for (uint32_t n = today; n > 0; n--) {
        const struct spk_policy *p = spk_books_policy(b, n, NULL);

        if (p != NULL && (vetoed ? p->override_quorum : p->quorum) == row->needed) {
            return n;
        }
    }
    return today;
}

static spk_err
write_request(struct spk_server *srv, struct spk_jw *w, const struct spk_request_row *row)
{
    SPK_AUTO_REQUEST q = {.kind = 0};
    bool read = spk_ok(spk_request_parse(row->record, &q));

    spk_jw_open(w, NULL, '{');
    spk_jw_hex(w, "request", spk_hash_span(&row->hash));
    spk_jw_cstr(w, "state", spk_recover_shown(row));
    spk_jw_str(w, "reason", read ? q.reason : SPK_SPAN_EMPTY);
    spk_jw_u64(w, "opened", row->opened);
    spk_jw_u64(w, "due", row->due);
    spk_jw_u64(w, "expires", row->expires);
    spk_jw_hex(w, "recipient", spk_hash_span(&row->recipient));
    spk_jw_u64(w, "needed", row->needed);
    spk_jw_u64(w, "policy", asking_policy(srv->books, row));
    spk_jw_u64(w, "today", spk_books_today(srv->books)->number);
    SPK_TRY(spk_write_entries(w, srv->store, &row->hash));
    spk_jw_close(w, '}');
    return SPK_OK;
}

static spk_err
list_requests(struct spk_exchange *r, const struct spk_request_list *l, bool more)
{
    struct spk_jw *w = spk_exchange_json(r, SPK_HTTP_OK);

    spk_jw_open(w, "requests", '[');
    for (size_t i = 0; i < l->n; i++) {
        struct spk_request_row row = {0};
        SPK_TRY(spk_store_request(r->srv->store, &l->h[i], &row));
        spk_err e = spk_recover_refresh(r->srv, &row);
        if (e.code == SPK_CODE_NET && row.opened == 0) {
            row.opened =
                row.created; /* never seen by the holder, which is absent: say what is known */
        }
        if (spk_ok(e) || e.code == SPK_CODE_NET) {
            e = write_request(r->srv, w, &row);
        }
        spk_request_row_clear(&row);
        SPK_TRY(e);
    }
    spk_jw_close(w, ']');
    spk_write_next(w, more, spk_newest_first(l->last));
    spk_exchange_json_end(r);
    return SPK_OK;
}

enum spk_after
spk_on_request_list(struct spk_exchange *r)
{
    struct spk_request_list l = {0};
    struct spk_request_query q = {
        .owner = &r->owner,
        .created_from = spk_now() - LISTED_DAYS,
        .newest = true}; /* a heap of old ones must not hide the one that matters */

    if (!spk_param_keys(r, spk_list_max(r, SPK_REQUEST_LIST_MAX), &q.before_key, &q.limit)) {
        return SPK_DONE;
    }
    q.before_key = spk_newest_first(q.before_key);
    spk_err e = spk_store_requests(r->srv->store, &q, spk_request_list_add, &l);
    if (spk_ok(e)) {
        e = list_requests(r, &l, l.n == q.limit);
    }
    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "listing requests");
    }
    return SPK_DONE;
}

/* -- veto */

struct veto {
    struct spk_span note; /* borrowed from the JSON, or */
    struct spk_buf sig;
};

/* The owner's signature key of today: the newest successor's, else that of the enrolment. */
static spk_err
current_key(const struct spk_owner_row *o, const struct spk_enrolment *e, struct spk_rsa **ret_key)
{
    SPK_AUTO_SUCCESSOR u = {.number = 0};
    struct spk_note note;

    if (o->successor.len == 0) {
        *ret_key = spk_rsa_ref(e->sign);
        return SPK_OK;
    }
    SPK_TRY(spk_note_parse(o->successor, false, &note));
    SPK_TRY(spk_successor_parse(note.text, &u));
    *ret_key = spk_rsa_ref(u.sign);
    return SPK_OK;
}

static spk_err
check_code(const struct spk_request_row *row, const struct spk_enrolment *e, struct spk_span bytes)
{
    char name[SPK_NOTE_NAME_MAX + 1], hex[2 * SPK_HASH_LEN + 1];
    struct spk_note note;
    struct spk_vkey key;
    struct spk_hash authority, request;

    (void)snprintf(name, sizeof(name), "veto/%s", spk_hex(spk_hash_span(&row->owner), hex));
    SPK_TRY(spk_vkey_make(name, e->veto, &key));
    SPK_TRY(spk_note_parse(bytes, false, &note));
    SPK_TRY(spk_note_verify(&note, &key));
    SPK_TRY(spk_veto_parse(note.text, &authority, &request));
    SPK_CHECK(spk_hash_eq(&request, &row->hash), DENIED);
    return SPK_OK;
}

static spk_err
check_signature(struct spk_exchange *r, const struct spk_request_row *row,
                const struct spk_owner_row *owner, const struct spk_enrolment *e,
                const struct spk_buf *sig)
{
    SPK_AUTO_REQUEST q = {.kind = 0};
    SPK_AUTO(spk_rsa) key = NULL;

    SPK_TRY(current_key(owner, e, &key));
    SPK_CHECK(r->has_key && spk_hash_eq(spk_rsa_id(key), &r->key), DENIED);
    SPK_TRY(spk_request_parse(row->record, &q));
    return spk_statement_verify(key, SPK_KIND_VETO, &q.authority, spk_hash_span(&row->hash),
                                spk_buf_span(sig));
}

/* Checked here before the holder is bothered; it checks for itself. */
static spk_err
veto_request(struct spk_exchange *r, struct spk_request_row *row, const struct veto *v)
{
    struct spk_owner_row owner = {0};
    SPK_AUTO_ENROLMENT e = {.n_contacts = 0};
    struct spk_attrs in = {0};

    SPK_CHECK(row->stage == SPK_STAGE_TOLD, DENIED);
    SPK_TRY(spk_recover_enter(r->srv, row));
    SPK_TRY(spk_store_owner(r->srv->store, &row->owner, &owner));
    spk_err err = spk_enrolment_parse(owner.record, &e);
    if (spk_ok(err)) {
        err = v->note.len > 0 ? check_code(row, &e, v->note)
                              : check_signature(r, row, &owner, &e, &v->sig);
    }
    if (spk_ok(err)) {
        err = spk_attrs_add(&in, SPK_FA_REQUEST, spk_hash_span(&row->hash));
    }
    if (spk_ok(err)) {
        err = spk_attrs_add(&in, SPK_FA_ENROL, owner.record);
    }
    if (spk_ok(err)) {
        err = spk_recover_add_last(&owner, &in);
    }
    if (spk_ok(err)) {
        err = v->note.len > 0 ? spk_attrs_add(&in, SPK_FA_NOTE, v->note)
                              : spk_attrs_add(&in, SPK_FA_SIG, spk_buf_span(&v->sig));
    }
    if (spk_ok(err)) {
        err = spk_recover_tell(r->srv, SPK_MSG_VETO, &in, row);
    }
    spk_owner_row_clear(&owner);
    return err;
}

static bool
read_veto(struct spk_exchange *r, const struct spk_json *j, struct veto *v)
{
    const char *note = NULL;
    bool by_note = spk_json_has(j, "note");

    spk_err e = by_note == spk_json_has(j, "signature") ? SPK_ERR(FORMAT) : SPK_OK;
    if (spk_ok(e)) {
        e = by_note ? spk_json_str(j, "note", &note) : spk_json_base64(j, "signature", &v->sig);
    }
    if (!spk_ok(e) || (by_note && note[0] == 0)) {
        spk_exchange_error(r, SPK_HTTP_BAD_REQUEST,
                           "A veto has either a signature in base64 or a note.");
        return false;
    }
    v->note = by_note ? spk_span_str(note) : SPK_SPAN_EMPTY;
    return true;
}

struct vetoed {
    struct spk_server *srv;
    const struct spk_request_row *row;
    const struct veto *v;
};

static spk_err
write_veto(struct spk_store *s, void *arg)
{
    const struct vetoed *d = arg;
    char hex[2 * SPK_HASH_LEN + 1];
    bool by_code = d->v->note.len > 0;

    SPK_TRY(spk_server_event(d->srv, "vetoed", "request %.16s by %s",
                             spk_hex(spk_hash_span(&d->row->hash), hex), by_code ? "code" : "key"));
    return by_code ? spk_store_put_vote(s, d->row->key, spk_now(), d->v->note) : SPK_OK;
}

static void
veto(struct spk_exchange *r, struct veto *v)
{
    struct spk_request_row row = {0};
    spk_err e = spk_store_request(r->srv->store, &r->hash, &row);

    if (e.code == SPK_CODE_NOTFOUND) {
        spk_exchange_error(r, SPK_HTTP_NOT_FOUND, "There is no such request.");
        return;
    }
    if (spk_ok(e)) {
        e = veto_request(r, &row, v);
    }
    if (spk_ok(e)) {
        struct vetoed d = {.srv = r->srv, .row = &row, .v = v};
        const struct spk_news news = {.kind = SPK_ENTRY_VETO,
                                      .request = &row.hash,
                                      .n = 1,
                                      .detail = v->note,
                                      .also = write_veto,
                                      .arg = &d};
        e = spk_reclog_add(r->srv->reclog, &news);
        e = e.code == SPK_CODE_DENIED ? SPK_OK : e; /* the holder has the veto */
    }
    switch (e.code) {
    case SPK_CODE_OK:
        spk_jw_cstr(spk_exchange_json(r, SPK_HTTP_OK), "state", spk_recover_shown(&row));
        spk_exchange_json_end(r);
        break;
    case SPK_CODE_NET:
    case SPK_CODE_BUSY:
    case SPK_CODE_IO:
    case SPK_CODE_NOMEM:
        spk_exchange_failed(r, e, "vetoing a request");
        break;
    default:
        spk_exchange_error(r, SPK_HTTP_FORBIDDEN,
                           "This is not a veto of this request by its owner's key or code.");
    }
    spk_request_row_clear(&row);
}

enum spk_after
spk_on_request_veto(struct spk_exchange *r)
{
    static const char *const keys[] = {"signature", "note", NULL};
    SPK_AUTO(spk_json) j = NULL;
    struct veto v = {.sig = SPK_BUF(SPK_RSA_MAX_LEN)};

    if (spk_rate_ok(r, r->srv->record_rate, spk_span(r->source, r->source_len), 1,
                    "Too many messages come from this address.") &&
        spk_body_json(r, keys, &j) && read_veto(r, j, &v)) {
        veto(r, &v);
    }
    spk_buf_free(&v.sig);
    return SPK_DONE;
}
