/* SPDX-License-Identifier: Apache-2.0 */
/* The requester's side of a recovery: file records, open a request, see how it stands, take the
 * keys. */
#include <string.h>

#include "authority/advance.h"
#include "authority/handle.h"
#include "authority/intake.h"
#include "authority/keeper.h"
#include "authority/reclog.h"
#include "authority/recover.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define DAY ((uint64_t)86400)
#define REQUEST_SKEW DAY /* how far a new request's own time may be off */
#define SLOT_BODY_MAX ((size_t)32768)

/* -- records that come with a file alone */

struct new_record {
    const struct spk_buf *body, *blob;
    uint64_t max;
};

static spk_err
write_record(struct spk_store *s, void *arg)
{
    const struct new_record *n = arg;

    return spk_store_put_record(s, spk_now(), spk_buf_span(n->body), spk_buf_span(n->blob), n->max);
}

static spk_err
store_record(struct spk_exchange *r, const struct spk_buf *body, const struct spk_buf *blob)
{
    struct new_record n = {.body = body, .blob = blob, .max = r->srv->cfg.max_records};

    return spk_store_write(r->srv->store, write_record, &n);
}

static void
take_record(struct spk_exchange *r, const struct spk_json *j, struct spk_buf *body,
            struct spk_buf *blob)
{
    struct spk_intake in;

    if (!spk_ok(spk_json_base64(j, "record", body)) || !spk_ok(spk_json_base64(j, "blob", blob))) {
        spk_exchange_error(r, SPK_HTTP_BAD_REQUEST, "A record and its blob come in base64.");
        return;
    }
    spk_intake_record(r->srv->books, spk_buf_span(body), spk_buf_span(blob), &in);
    bool malformed = in.status == SPK_HTTP_BAD_REQUEST;
    spk_intake_clear(&in);
    if (malformed) {
        spk_exchange_error(r, SPK_HTTP_BAD_REQUEST, "The record is not one of a sealed file.");
        return;
    }
    spk_err e = store_record(r, body, blob);
    if (e.code == SPK_CODE_BUSY) {
        spk_exchange_busy(r, SPK_HTTP_TOO_MANY, 10, "Too many records are waiting; try again.");
    } else if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "keeping a record");
    } else {
        (void)spk_exchange_json(r, SPK_HTTP_ACCEPTED);
        spk_exchange_json_end(r);
        spk_keeper_poke(r->srv->keeper);
    }
}

enum spk_after
spk_on_record_post(struct spk_exchange *r)
{
    static const char *const keys[] = {"record", "blob", NULL};
    struct spk_buf body = SPK_BUF(SLOT_BODY_MAX), blob = SPK_BUF(SPK_INTAKE_BLOB_MAX);
    SPK_AUTO(spk_json) j = NULL;

    if (spk_rate_ok(r, r->srv->record_rate, spk_span(r->source, r->source_len), 1,
                    "Too many records come from this address.") &&
        spk_body_json(r, keys, &j)) {
        take_record(r, j, &body, &blob);
    }
    spk_buf_free(&body);
    spk_buf_free(&blob);
    return SPK_DONE;
}

/* -- opening */

struct opening {
    struct spk_buf record, sig_sign, sig_keyx, serials;
};

static spk_err
read_serials(const struct spk_json *j, struct spk_buf *serials)
{
    const struct spk_json *list = NULL;
    size_t n = 0;
    uint8_t id[SPK_FILE_ID_LEN];

    if (!spk_json_has(j, "serials")) {
        return SPK_OK;
    }
    SPK_TRY(spk_json_array(j, "serials", &list, &n));
    SPK_CHECK(n <= SPK_REQ_LISTED_MAX, LIMIT);
    for (size_t i = 0; i < n; i++) {
        const char *text = spk_json_text(spk_json_at(list, i));
        SPK_CHECK(text != NULL, FORMAT);
        SPK_TRY(spk_hex_parse(spk_span_str(text), id, sizeof(id)));
        SPK_TRY(spk_buf_add(serials, SPK_SPAN_OF(id)));
    }
    return SPK_OK;
}

static bool
read_opening(struct spk_exchange *r, struct opening *o)
{
    static const char *const keys[] = {"record", "sig_sign", "sig_keyx", "serials", NULL};
    SPK_AUTO(spk_json) j = NULL;

    if (!spk_body_json(r, keys, &j)) {
        return false;
    }
    spk_err e = spk_json_base64(j, "record", &o->record);
    if (spk_ok(e)) {
        e = spk_json_base64(j, "sig_sign", &o->sig_sign);
    }
    if (spk_ok(e)) {
        e = spk_json_base64(j, "sig_keyx", &o->sig_keyx);
    }
    if (spk_ok(e)) {
        e = read_serials(j, &o->serials);
    }
    if (!spk_ok(e)) {
        spk_exchange_error(
            r, e.code == SPK_CODE_LIMIT ? SPK_HTTP_TOO_LARGE : SPK_HTTP_BAD_REQUEST,
            "A request has a record and two signatures in base64, and perhaps a list of "
            "serials in hexadecimal.");
    }
    return !r->answered;
}

/* The list must be the one that the record was signed over. */
static bool
serials_fit(const struct spk_request *q, struct spk_span serials)
{
    SPK_AUTO(spk_tree) t = NULL;
    struct spk_hash root;

    if (q->select == SPK_SELECT_ALL) {
        return serials.len == 0;
    }
    if (serials.len != (size_t)q->count * SPK_FILE_ID_LEN ||
        !spk_ok(spk_serials_tree(serials, &t))) {
        return false;
    }
    spk_tree_get_root(t, &root);
    return spk_hash_eq(&root, &q->root);
}

static const char *
opening_fault(struct spk_exchange *r, const struct opening *o, const struct spk_request *q)
{
    uint64_t now = spk_now();

    if (spk_books_by_key(r->srv->books, &q->authority) == NULL) {
        return "The request is for another authority.";
    }
    if (q->time > now + REQUEST_SKEW || q->time + REQUEST_SKEW < now) {
        return "The request's time is more than a day off: is the clock right?";
    }
    if (!serials_fit(q, spk_buf_span(&o->serials))) {
        return "The list of serials is not the one that the request record names.";
    }
    if (!spk_ok(spk_request_verify(q, spk_buf_span(&o->record), spk_buf_span(&o->sig_sign),
                                   spk_buf_span(&o->sig_keyx)))) {
        return "The request is not signed by both of its new keys.";
    }
    return NULL;
}

static bool
login_is_new(struct spk_exchange *r, const struct spk_request *q)
{
    struct spk_owner_row row = {0};
    spk_err e = spk_store_owner_by_login(r->srv->store, spk_rsa_id(q->sign), &row);

    spk_owner_row_clear(&row);
    if (spk_ok(e) || e.code == SPK_CODE_CHANGED) {
        spk_exchange_error(r, SPK_HTTP_UNPROCESSABLE, "The new signature key is not new here.");
    } else if (e.code != SPK_CODE_NOTFOUND) {
        spk_exchange_failed(r, e, "looking for a key");
    }
    return !r->answered;
}

/* Counts what was asked for this owner id, whether there is such an owner or not. What was sent
 * before and is sent again counts no more. */
static bool
owner_cap_ok(struct spk_exchange *r, const struct spk_request *q)
{
    struct spk_request_row row = {0};
    uint64_t n = 0;
    spk_err e = spk_store_request(r->srv->store, &q->hash, &row);

    spk_request_row_clear(&row);
    if (spk_ok(e)) {
        return true;
    }
    if (e.code != SPK_CODE_NOTFOUND) {
        spk_exchange_failed(r, e, "looking for a request");
        return false;
    }
    e = spk_store_request_count(r->srv->store, &q->owner, spk_now() - DAY, &n);

    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "counting requests");
    } else if (n >= r->srv->cfg.requests_per_owner) {
        spk_exchange_busy(r, SPK_HTTP_TOO_MANY, (unsigned)DAY,
                          "Too many requests name this owner today.");
    }
    return !r->answered;
}

struct new_request {
    struct spk_server *srv;
    const struct spk_request_row *row;
};

static spk_err
write_request(struct spk_store *s, void *arg)
{
    const struct new_request *n = arg;
    char hex[2 * SPK_HASH_LEN + 1];

    SPK_TRY(spk_store_put_request(s, n->row));
    return spk_server_event(n->srv, "requested", "request %.16s",
                            spk_hex(spk_hash_span(&n->row->hash), hex));
}

static spk_err
store_request(struct spk_exchange *r, const struct opening *o, const struct spk_request *q)
{
    const struct spk_request_row row = {.hash = q->hash,
                                        .owner = q->owner,
                                        .login = *spk_rsa_id(q->sign),
                                        .recipient = *spk_rsa_id(q->keyx),
                                        .stage = SPK_STAGE_FILED,
                                        .state = SPK_STATE_OPEN,
                                        .created = spk_now(),
                                        .record = spk_buf_span(&o->record),
                                        .sig_sign = spk_buf_span(&o->sig_sign),
                                        .sig_keyx = spk_buf_span(&o->sig_keyx),
                                        .serials = spk_buf_span(&o->serials)};
    struct new_request n = {.srv = r->srv, .row = &row};
    spk_err e = spk_store_write(r->srv->store, write_request, &n);

    return e.code == SPK_CODE_EXISTS ? SPK_OK : e; /* sent again: the same answer */
}

static void
open_request(struct spk_exchange *r, struct opening *o)
{
    SPK_AUTO_REQUEST q = {.kind = 0};

    if (!read_opening(r, o)) {
        return;
    }
    if (!spk_ok(spk_request_parse(spk_buf_span(&o->record), &q))) {
        spk_exchange_error(r, SPK_HTTP_UNPROCESSABLE, "The request record is malformed.");
        return;
    }
    const char *fault = opening_fault(r, o, &q);
    if (fault != NULL) {
        spk_exchange_error(r, SPK_HTTP_UNPROCESSABLE, fault);
        return;
    }
    if (!login_is_new(r, &q) || !owner_cap_ok(r, &q)) {
        return;
    }
    spk_err e = store_request(r, o, &q);
    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "keeping a request");
        return;
    }
    spk_jw_hex(spk_exchange_json(r, SPK_HTTP_ACCEPTED), "request", spk_hash_span(&q.hash));
    spk_exchange_json_end(r);
    /* everything that depends on the owner happens behind this answer */
    spk_keeper_poke(r->srv->keeper);
}

enum spk_after
spk_on_request_post(struct spk_exchange *r)
{
    struct opening o = {.record = SPK_BUF(SPK_REQ_RECORD_MAX),
                        .sig_sign = SPK_BUF(SPK_RSA_MAX_LEN),
                        .sig_keyx = SPK_BUF(SPK_RSA_MAX_LEN),
                        .serials = SPK_BUF((size_t)SPK_REQ_LISTED_MAX * SPK_FILE_ID_LEN)};

    if (spk_rate_ok(r, r->srv->request_rate, spk_span(r->source, r->source_len), 1,
                    "Too many requests are opened from this address.")) {
        open_request(r, &o);
    }
    spk_buf_free(&o.record);
    spk_buf_free(&o.sig_sign);
    spk_buf_free(&o.sig_keyx);
    spk_buf_free(&o.serials);
    return SPK_DONE;
}

/* -- how it stands */

/* The request of the path if it is the peer's own; others learn nothing, not even that it exists.
 */
static bool
own_request(struct spk_exchange *r, struct spk_request_row *row)
{
    spk_err e = spk_store_request(r->srv->store, &r->hash, row);

    if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
        spk_exchange_failed(r, e, "reading a request");
    } else if (!spk_ok(e) || !spk_hash_eq(&row->login, &r->key)) {
        spk_exchange_error(r, SPK_HTTP_NOT_FOUND, "You have no such request.");
    } else {
        e = spk_recover_refresh(r->srv, row);
        if (!spk_ok(e)) {
            spk_exchange_failed(r, e, "asking the holder about a request");
        }
    }
    return !r->answered;
}

static bool
is_approved(const struct spk_request_row *row)
{
    return row->state == SPK_STATE_APPROVED || row->state == SPK_STATE_DONE;
}

enum spk_after
spk_on_request_get(struct spk_exchange *r)
{
    struct spk_request_row row = {0};

    if (own_request(r, &row)) {
        bool second = row.state == SPK_STATE_CONFIRM;
        struct spk_jw *w = spk_exchange_json(r, SPK_HTTP_OK);
        spk_jw_hex(w, "request", spk_hash_span(&row.hash));
        spk_jw_cstr(w, "state", spk_recover_shown(&row));
        spk_jw_u64(w, "persons", second ? row.persons2 : row.persons);
        spk_jw_u64(w, "needed", row.needed);
        spk_jw_u64(w, "due", row.due);
        spk_jw_u64(w, "expires", row.expires);
        if (is_approved(&row)) {
            spk_jw_u64(w, "count", row.scope_count);
        }
        spk_exchange_json_end(r);
    }
    spk_request_row_clear(&row);
    return SPK_DONE;
}

/* Approved, and nothing came in between. */
static bool
approved(struct spk_exchange *r, const struct spk_request_row *row)
{
    if (!is_approved(row)) {
        spk_exchange_error(r, SPK_HTTP_FORBIDDEN, "The request is not approved.");
    }
    return !r->answered;
}

static bool
succeed(struct spk_exchange *r, struct spk_request_row *row)
{
    spk_err e = spk_recover_succeed(r->srv, row);

    if (e.code == SPK_CODE_DENIED) {
        spk_exchange_error(r, SPK_HTTP_FORBIDDEN,
                           "The holder does not make a successor statement.");
    } else if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "making a successor statement");
    }
    return !r->answered;
}

enum spk_after
spk_on_request_successor(struct spk_exchange *r)
{
    struct spk_request_row row = {0};

    if (own_request(r, &row) && approved(r, &row) && succeed(r, &row)) {
        spk_jw_str(spk_exchange_json(r, SPK_HTTP_OK), "successor", row.successor);
        spk_exchange_json_end(r);
    }
    spk_request_row_clear(&row);
    return SPK_DONE;
}

/* -- the keys */

#define REFUSED_MAX 256

struct giving {
    struct spk_exchange *r;
    struct spk_request_row row;
    const struct spk_scope *scope;
    struct spk_jw *w;
    size_t n_refused;
    uint64_t refused[REFUSED_MAX];
    const uint64_t *at; /* this page's deposits */
    size_t n;
    uint64_t entry[REFUSED_MAX]; /* [i]: what authorises at[i], or SPK_NO_ENTRY */
    size_t n_given;
    uint64_t given[REFUSED_MAX];
};

static void
write_key(struct spk_jw *w, const struct spk_deposit_row *d, struct spk_span blob)
{
    spk_jw_open(w, NULL, '{');
    spk_jw_u64(w, "index", d->index);
    spk_jw_base64(w, "r_pub", d->rpub);
    spk_jw_base64(w, "blob", blob);
    if (d->rpriv.len > 0) {
        spk_jw_base64(w, "salt", d->salt);
        spk_jw_base64(w, "r_priv", d->rpriv);
    } else {
        spk_jw_base64(w, "p", spk_hash_span(&d->p));
        spk_jw_base64(w, "sealed", d->sealed);
    }
    spk_jw_close(w, '}');
}

/* Entries of this kind for those of the page that have none, in one step. What stands in no signed
 * deposits log cannot have one, and is refused by the holder by itself. */
static spk_err
log_page(struct giving *g, enum spk_entry_kind kind, const uint64_t *at, size_t n, uint64_t *entry)
{
    struct spk_server *s = g->r->srv;
    uint64_t lacks[REFUSED_MAX];
    struct spk_signed deposits;
    struct spk_news news = {.kind = kind, .request = &g->row.hash, .deposits = lacks};

    SPK_TRY(spk_reclog_find_deposits(s->reclog, &g->row.hash, kind, at, n, entry));
    spk_logbook_signed(s->log[SPK_LOG_DEPOSITS - 1], &deposits);
    for (size_t i = 0; i < n; i++) {
        if (entry[i] == SPK_NO_ENTRY && at[i] < deposits.size) {
            lacks[news.n++] = at[i];
        }
    }
    if (news.n == 0) {
        return SPK_OK;
    }
    SPK_TRY(spk_reclog_add(s->reclog, &news));
    return spk_reclog_find_deposits(s->reclog, &g->row.hash, kind, at, n, entry);
}

static spk_err
authorise(struct giving *g)
{
    struct spk_server *s = g->r->srv;

    for (size_t i = 0; i < g->n; i++) {
        g->entry[i] = SPK_NO_ENTRY;
    }
    if (!spk_reclog_is_on(s->reclog)) {
        return SPK_OK;
    }
    spk_err e = spk_advance_run(s->advance);
    SPK_CHECK(e.code != SPK_CODE_NET, NET);
    e = spk_reclog_tick(s->reclog); /* what was written before is signed for, too, or is gone */
    SPK_CHECK(spk_ok(e) || e.code == SPK_CODE_DENIED, NET);
    return log_page(g, SPK_ENTRY_AUTHORISED, g->at, g->n, g->entry);
}

static spk_err
note_given(struct giving *g)
{
    uint64_t entry[REFUSED_MAX];

    return spk_reclog_is_on(g->r->srv->reclog)
               ? log_page(g, SPK_ENTRY_RELEASED, g->given, g->n_given, entry)
               : SPK_OK;
}

/* One deposit; a refusal or a damaged row is noted and does not stop the others. */
static spk_err
give_one(struct giving *g, size_t i)
{
    struct spk_deposit_row d = {0};
    SPK_AUTO_ANSWER a = {0};
    struct spk_span blob = SPK_SPAN_EMPTY;
    uint64_t index = g->at[i];

    SPK_TRY(spk_store_deposit_at(g->r->srv->store, index, &d));
    const struct spk_release what = {.row = &g->row,
                                     .scope = g->scope,
                                     .position = (uint64_t)(&g->at[i] - g->scope->index),
                                     .deposit = &d,
                                     .entry = g->entry[i]};
    spk_err e = spk_recover_release(g->r->srv, &what, &a);
    if (spk_ok(e)) {
        e = spk_attrs_get(&a.l, SPK_FA_BLOB, SPK_INTAKE_BLOB_MAX, &blob);
    }
    if (spk_ok(e)) {
        write_key(g->w, &d, blob);
        g->given[g->n_given++] = index;
    }
    spk_deposit_row_clear(&d);
    if (e.code == SPK_CODE_DENIED || e.code == SPK_CODE_CHANGED) {
        spk_log(SPK_LOG_WARN, "deposit %llu is not released (%s)", (unsigned long long)index,
                spk_code_name(e.code));
        g->refused[g->n_refused++] = index;
        return SPK_OK;
    }
    return e;
}

static void
write_end(struct giving *g, uint64_t end)
{
    spk_jw_close(g->w, ']');
    if (end < g->scope->n) {
        spk_jw_u64(g->w, "next", g->scope->index[end - 1]);
    } else {
        spk_jw_null(g->w, "next");
    }
    spk_jw_open(g->w, "refused", '[');
    for (size_t i = 0; i < g->n_refused; i++) {
        spk_jw_u64(g->w, NULL, g->refused[i]);
    }
    spk_jw_close(g->w, ']');
    spk_exchange_json_end(g->r);
}

/* Before a key leaves, the log says so; before the answer leaves, it says which have left. */
static spk_err
give_page(struct giving *g)
{
    SPK_TRY(authorise(g));
    g->w = spk_exchange_json(g->r, SPK_HTTP_OK);
    spk_jw_open(g->w, "keys", '[');
    for (size_t i = 0; i < g->n; i++) {
        SPK_TRY(give_one(g, i));
    }
    return note_given(g);
}

static void
give(struct giving *g, uint64_t from, uint64_t limit)
{
    uint64_t at = spk_scope_from(g->scope, from);
    uint64_t end = g->scope->n - at > limit ? at + limit : g->scope->n;

    g->at = g->scope->index + at;
    g->n = (size_t)(end - at);
    spk_err e = give_page(g);
    if (e.code == SPK_CODE_DENIED) {
        spk_exchange_error(g->r, SPK_HTTP_FORBIDDEN,
                           "The holder does not sign the log of these releases.");
    } else if (!spk_ok(e)) {
        spk_exchange_failed(g->r, e, "releasing a deposit");
    } else {
        write_end(g, end);
    }
}

static bool
find_scope(struct giving *g)
{
    struct spk_server *s = g->r->srv;
    spk_err e = spk_scopes_get(s->scopes, s->store, &g->row, &g->scope);

    if (e.code == SPK_CODE_CHANGED) {
        spk_log(SPK_LOG_ERROR, "deposits of an approved request were altered in the database");
        spk_exchange_damaged(g->r,
                             "Deposits of this request were altered in the authority's database "
                             "after it was opened; open a new one.");
    } else if (!spk_ok(e)) {
        spk_exchange_failed(g->r, e, "reading the scope of a request");
    }
    return !g->r->answered;
}

/* What must hold before the first key goes out; the old keys end here, not afterwards, but not for
 * a scope of which nothing can be given. */
static bool
may_give(struct giving *g)
{
    SPK_AUTO_REQUEST q = {.kind = 0};

    if (!own_request(g->r, &g->row) || !approved(g->r, &g->row)) {
        return false;
    }
    if (!spk_ok(spk_request_parse(g->row.record, &q)) || q.kind != SPK_REQ_KIND_KEYS) {
        spk_exchange_error(g->r, SPK_HTTP_CONFLICT, "This request asks for new key pairs only.");
        return false;
    }
    return find_scope(g) && succeed(g->r, &g->row);
}

enum spk_after
spk_on_request_keys(struct spk_exchange *r)
{
    struct giving g = {.r = r};
    uint64_t from = 0, limit = 0;
    uint64_t most = r->srv->cfg.max_release < REFUSED_MAX ? r->srv->cfg.max_release : REFUSED_MAX;

    if (spk_param_page(r, most, &from, &limit) && may_give(&g)) {
        give(&g, from, limit);
    }
    spk_request_row_clear(&g.row);
    return SPK_DONE;
}
