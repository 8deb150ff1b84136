/* SPDX-License-Identifier: Apache-2.0 */
/* What officers need to see of a request with their own eyes before they decide. */
#include <string.h>

#include "authority/handle.h"
#include "authority/recover.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

/* -- requests */

/* Everything is read before anything is written: a row that cannot be read leaves no half object.
 */
static spk_err
write_summary(struct spk_exchange *r, const struct spk_request_row *row, struct spk_jw *w)
{
    SPK_AUTO_REQUEST q = {.kind = 0};
    struct spk_owner_row o = {0};

    SPK_TRY(spk_request_parse(row->record, &q));
    SPK_TRY(spk_store_owner(r->srv->store, &row->owner, &o));
    spk_jw_open(w, NULL, '{');
    spk_jw_hex(w, "request", spk_hash_span(&row->hash));
    spk_jw_cstr(w, "state", spk_recover_shown(row));
    spk_jw_hex(w, "owner", spk_hash_span(&row->owner));
    spk_jw_str(w, "name", o.name);
    spk_owner_row_clear(&o);
    spk_jw_str(w, "reason", q.reason);
    spk_jw_u64(w, "opened", row->opened);
    spk_jw_u64(w, "persons", row->state == SPK_STATE_CONFIRM ? row->persons2 : row->persons);
    spk_jw_u64(w, "needed", row->needed);
    spk_jw_close(w, '}');
    return SPK_OK;
}

/* One that was spoilt in the database is left out, and hides none of the others. */
static spk_err
list_one(struct spk_exchange *r, const struct spk_request_row *row, struct spk_jw *w)
{
    char hex[2 * SPK_HASH_LEN + 1];
    spk_err e = write_summary(r, row, w);

    if (spk_ok(e) || e.code == SPK_CODE_NOMEM || e.code == SPK_CODE_IO) {
        return e;
    }
    spk_log(SPK_LOG_ERROR, "request %.16s was altered in the database: not listed",
            spk_hex(spk_hash_span(&row->hash), hex));
    return SPK_OK;
}

static bool
state_wanted(struct spk_exchange *r, uint32_t *ret_state)
{
    struct spk_span text;

    *ret_state = 0;
    if (!spk_target_param(&r->target, "state", &text)) {
        return true;
    }
    for (uint32_t s = SPK_STATE_OPEN; s <= SPK_STATE_DONE; s++) {
        if (spk_span_eq(text, spk_span_str(spk_request_state_name(s)))) {
            *ret_state = s;
            return true;
        }
    }
    spk_exchange_error(r, SPK_HTTP_BAD_REQUEST, "There is no such state of a request.");
    return false;
}

/* Only what the holder knows: a request for somebody who does not exist concerns no officer. */
static spk_err
list_requests(struct spk_exchange *r, uint32_t state, uint64_t after, uint64_t limit)
{
    struct spk_request_list l = {0};
    const struct spk_request_query q = {.stage = SPK_STAGE_TOLD,
                                        .created_from = spk_now() - (uint64_t)90 * 86400,
                                        .before_key = spk_newest_first(after),
                                        .limit = limit,
                                        .newest = true};

    const char *wanted = spk_request_state_name((enum spk_request_state)state);

    SPK_TRY(spk_store_requests(r->srv->store, &q, spk_request_list_add, &l));
    struct spk_jw *w = spk_exchange_json(r, SPK_HTTP_OK);
    spk_jw_open(w, "requests", '[');
    for (size_t i = 0; i < l.n; i++) {
        struct spk_request_row row = {0};
        SPK_TRY(spk_store_request(r->srv->store, &l.h[i], &row));
        spk_err e = spk_recover_refresh(r->srv, &row);
        if (spk_ok(e) && (state == 0 || strcmp(spk_recover_shown(&row), wanted) == 0)) {
            e = list_one(r, &row, w);
        }
        spk_request_row_clear(&row);
        SPK_TRY(e);
    }
    spk_jw_close(w, ']');
    spk_write_next(w, l.n == limit, spk_newest_first(l.last));
    spk_exchange_json_end(r);
    return SPK_OK;
}

enum spk_after
spk_on_officer_requests(struct spk_exchange *r)
{
    uint32_t state = 0;
    uint64_t after = 0, limit = 0;

    if (state_wanted(r, &state) &&
        spk_param_keys(r, spk_list_max(r, SPK_REQUEST_LIST_MAX), &after, &limit)) {
        spk_err e = list_requests(r, state, after, limit);
        if (!spk_ok(e)) {
            spk_exchange_failed(r, e, "listing requests");
        }
    }
    return SPK_DONE;
}

static spk_err
write_note(void *arg, uint64_t number, struct spk_span note)
{
    (void)number;
    spk_jw_str(arg, NULL, note);
    return SPK_OK;
}

static void
write_serials(struct spk_jw *w, struct spk_span serials)
{
    if (serials.len == 0) {
        return;
    }
    spk_jw_open(w, "serials", '[');
    for (size_t i = 0; i < serials.len; i += SPK_FILE_ID_LEN) {
        spk_jw_hex(w, NULL, spk_span(serials.ptr + i, SPK_FILE_ID_LEN));
    }
    spk_jw_close(w, ']');
}

/* Every byte that the officer's tool needs to find out for itself what it is about to sign. */
static spk_err
write_preimages(struct spk_exchange *r, const struct spk_request_row *row,
                const struct spk_owner_row *o)
{
    struct spk_store *s = r->srv->store;
    struct spk_jw *w = spk_exchange_json(r, SPK_HTTP_OK);

    spk_jw_base64(w, "record", row->record);
    spk_jw_base64(w, "sig_sign", row->sig_sign);
    spk_jw_base64(w, "sig_keyx", row->sig_keyx);
    write_serials(w, row->serials);
    spk_jw_base64(w, "enrolment", o->record);
    spk_jw_base64(w, "enrolment_signature", o->signature);
    spk_jw_open(w, "successors", '[');
    SPK_TRY(spk_store_successors(s, o->key, write_note, w));
    spk_jw_close(w, ']');
    spk_jw_open(w, "scope", '{');
    spk_jw_u64(w, "count", row->scope_count);
    spk_jw_hex(w, "root", spk_hash_span(&row->scope_root));
    spk_jw_close(w, '}');
    spk_jw_open(w, "approvals", '[');
    SPK_TRY(spk_store_votes(s, row->key, write_note, w));
    spk_jw_close(w, ']');
    SPK_TRY(spk_write_entries(w, s, &row->hash));
    spk_jw_cstr(w, "state", spk_recover_shown(row));
    spk_jw_u64(w, "opened", row->opened);
    spk_jw_u64(w, "due", row->due);
    spk_jw_u64(w, "expires", row->expires);
    spk_jw_u64(w, "persons", row->persons);
    spk_jw_u64(w, "persons2", row->persons2);
    spk_jw_u64(w, "needed", row->needed);
    spk_exchange_json_end(r);
    return SPK_OK;
}

bool
spk_find_told(struct spk_exchange *r, const struct spk_hash *hash, struct spk_request_row *row)
{
    spk_err e = spk_store_request(r->srv->store, hash, row);

    if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
        spk_exchange_failed(r, e, "reading a request");
    } else if (!spk_ok(e) || row->stage != SPK_STAGE_TOLD) {
        spk_exchange_error(r, SPK_HTTP_NOT_FOUND, "There is no such request.");
    }
    return !r->answered;
}

enum spk_after
spk_on_officer_request(struct spk_exchange *r)
{
    struct spk_request_row row = {0};
    struct spk_owner_row owner = {0};

    if (spk_find_told(r, &r->hash, &row)) {
        spk_err e = spk_recover_refresh(r->srv, &row);
        if (spk_ok(e)) {
            e = spk_store_owner(r->srv->store, &row.owner, &owner);
        }
        if (spk_ok(e)) {
            e = write_preimages(r, &row, &owner);
        }
        if (!spk_ok(e)) {
            spk_exchange_failed(r, e, "reading a request");
        }
    }
    spk_owner_row_clear(&owner);
    spk_request_row_clear(&row);
    return SPK_DONE;
}

/* -- the deposits of a request */

struct scope_page {
    struct spk_jw *w;
    struct spk_span serials;
    uint64_t rows, limit;
    uint64_t last;
    bool more;
};

static spk_err
write_scope_row(void *arg, const struct spk_deposit_row *d)
{
    struct scope_page *p = arg;
    uint64_t i = 0;

    if ((p->serials.len > 0 && !spk_serial_find(p->serials, &d->serial, &i)) ||
        !spk_ok(spk_deposit_row_verify(d))) {
        return SPK_OK; /* as when the scope was frozen */
    }
    if (p->rows == p->limit) {
        p->more = true;
        return SPK_ERR(STOPPED);
    }
    spk_jw_open(p->w, NULL, '{');
    spk_jw_u64(p->w, "index", d->index);
    spk_jw_base64(p->w, "r_pub", d->rpub);
    spk_jw_base64(p->w, "p", spk_hash_span(&d->p));
    if (d->rpriv.len > 0) {
        spk_jw_base64(p->w, "salt", d->salt);
        spk_jw_base64(p->w, "r_priv", d->rpriv);
    } else {
        spk_jw_null(p->w, "salt");
        spk_jw_null(p->w, "r_priv");
    }
    spk_jw_close(p->w, '}');
    p->rows++;
    p->last = d->index;
    return SPK_OK;
}

static void
write_scope(struct spk_exchange *r, const struct spk_request_row *row, uint64_t from,
            uint64_t limit)
{
    struct scope_page p = {
        .w = spk_exchange_json(r, SPK_HTTP_OK), .serials = row->serials, .limit = limit};
    struct spk_deposit_query q = {
        .owner_key = row->owner_key, .from = from, .end = row->scope_end, .limit = UINT64_MAX};
    struct spk_deposit_page page;
    spk_err e = SPK_OK;

    spk_jw_open(p.w, "deposits", '[');
    if (row->scope_end > 0) {
        e = spk_store_deposits(r->srv->store, &q, write_scope_row, &p, &page);
    }
    if (!spk_ok(e) && e.code != SPK_CODE_STOPPED) {
        spk_exchange_failed(r, e, "reading the scope of a request");
        return;
    }
    spk_jw_close(p.w, ']');
    if (p.more) {
        spk_jw_u64(p.w, "next", p.last);
    } else {
        spk_jw_null(p.w, "next");
    }
    spk_exchange_json_end(r);
}

enum spk_after
spk_on_officer_scope(struct spk_exchange *r)
{
    struct spk_request_row row = {0};
    uint64_t from = 0, limit = 0;

    if (spk_param_page(r, r->srv->cfg.max_list, &from, &limit) &&
        spk_find_told(r, &r->hash, &row)) {
        write_scope(r, &row, from, limit);
    }
    spk_request_row_clear(&row);
    return SPK_DONE;
}
