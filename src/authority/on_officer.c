/* SPDX-License-Identifier: Apache-2.0 */
/* The officers' side: what they need to see with their own eyes, and what they decide. */
#include <string.h>

#include "authority/handle.h"
#include "authority/recover.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define LISTED_MAX 1000
#define NAME_PART_MAX ((size_t)200)

#define REQUEST_AUTO __attribute__((cleanup(spk_request_clear))) struct spk_request
#define ENROLMENT_AUTO __attribute__((cleanup(spk_enrolment_clear))) struct spk_enrolment

/* -- requests */

struct hashes {
    size_t n;
    uint64_t last; /* key */
    struct spk_hash h[LISTED_MAX];
};

static spk_err
keep_hash(void *arg, const struct spk_request_row *row)
{
    struct hashes *l = arg;

    l->h[l->n++] = row->hash;
    l->last = row->key;
    return SPK_OK;
}

/* Everything is read before anything is written: a row that cannot be read leaves no half object.
 */
static spk_err
write_summary(struct spk_req *r, const struct spk_request_row *row, struct spk_jw *w)
{
    REQUEST_AUTO q = {.kind = 0};
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
list_one(struct spk_req *r, const struct spk_request_row *row, struct spk_jw *w)
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
state_wanted(struct spk_req *r, uint32_t *ret_state)
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
    spk_req_error(r, SPK_HTTP_BAD_REQUEST, "There is no such state of a request.");
    return false;
}

/* Only what the holder knows: a request for somebody who does not exist concerns no officer. */
static spk_err
list_requests(struct spk_req *r, uint32_t state, uint64_t after, uint64_t limit)
{
    struct hashes l = {0};
    const struct spk_request_query q = {.stage = SPK_STAGE_TOLD,
                                        .created_from = spk_now() - (uint64_t)90 * 86400,
                                        .before_key = spk_newest_first(after),
                                        .limit = limit,
                                        .newest = true};

    const char *wanted = spk_request_state_name((enum spk_request_state)state);

    SPK_TRY(spk_store_requests(r->srv->store, &q, keep_hash, &l));
    struct spk_jw *w = spk_req_json(r, SPK_HTTP_OK);
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
    spk_req_json_end(r);
    return SPK_OK;
}

enum spk_after
spk_on_officer_requests(struct spk_req *r)
{
    uint32_t state = 0;
    uint64_t after = 0, limit = 0;

    if (state_wanted(r, &state) && spk_param_keys(r, spk_list_max(r, LISTED_MAX), &after, &limit)) {
        spk_err e = list_requests(r, state, after, limit);
        if (!spk_ok(e)) {
            spk_req_failed(r, e, "listing requests");
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
write_preimages(struct spk_req *r, const struct spk_request_row *row, const struct spk_owner_row *o)
{
    struct spk_store *s = r->srv->store;
    struct spk_jw *w = spk_req_json(r, SPK_HTTP_OK);

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
    spk_jw_cstr(w, "state", spk_recover_shown(row));
    spk_jw_u64(w, "opened", row->opened);
    spk_jw_u64(w, "due", row->due);
    spk_jw_u64(w, "expires", row->expires);
    spk_jw_u64(w, "persons", row->persons);
    spk_jw_u64(w, "persons2", row->persons2);
    spk_jw_u64(w, "needed", row->needed);
    spk_req_json_end(r);
    return SPK_OK;
}

/* A request that officers may see. */
static bool
find_request(struct spk_req *r, const struct spk_hash *hash, struct spk_request_row *row)
{
    spk_err e = spk_store_request(r->srv->store, hash, row);

    if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
        spk_req_failed(r, e, "reading a request");
    } else if (!spk_ok(e) || row->stage != SPK_STAGE_TOLD) {
        spk_req_error(r, SPK_HTTP_NOT_FOUND, "There is no such request.");
    }
    return !r->answered;
}

enum spk_after
spk_on_officer_request(struct spk_req *r)
{
    struct spk_request_row row = {0};
    struct spk_owner_row owner = {0};

    if (find_request(r, &r->hash, &row)) {
        spk_err e = spk_recover_refresh(r->srv, &row);
        if (spk_ok(e)) {
            e = spk_store_owner(r->srv->store, &row.owner, &owner);
        }
        if (spk_ok(e)) {
            e = write_preimages(r, &row, &owner);
        }
        if (!spk_ok(e)) {
            spk_req_failed(r, e, "reading a request");
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
write_scope(struct spk_req *r, const struct spk_request_row *row, uint64_t from, uint64_t limit)
{
    struct scope_page p = {
        .w = spk_req_json(r, SPK_HTTP_OK), .serials = row->serials, .limit = limit};
    struct spk_deposit_query q = {
        .owner_key = row->owner_key, .from = from, .end = row->scope_end, .limit = UINT64_MAX};
    struct spk_deposit_page page;
    spk_err e = SPK_OK;

    spk_jw_open(p.w, "deposits", '[');
    if (row->scope_end > 0) {
        e = spk_store_deposits(r->srv->store, &q, write_scope_row, &p, &page);
    }
    if (!spk_ok(e) && e.code != SPK_CODE_STOPPED) {
        spk_req_failed(r, e, "reading the scope of a request");
        return;
    }
    spk_jw_close(p.w, ']');
    if (p.more) {
        spk_jw_u64(p.w, "next", p.last);
    } else {
        spk_jw_null(p.w, "next");
    }
    spk_req_json_end(r);
}

enum spk_after
spk_on_officer_scope(struct spk_req *r)
{
    struct spk_request_row row = {0};
    uint64_t from = 0, limit = 0;

    if (spk_param_page(r, r->srv->cfg.max_list, &from, &limit) && find_request(r, &r->hash, &row)) {
        write_scope(r, &row, from, limit);
    }
    spk_request_row_clear(&row);
    return SPK_DONE;
}

/* -- decisions about requests */

struct vote {
    struct spk_span bytes;
    struct spk_approval a;
    const struct spk_officer *officer;
};

/* A denial may be signed under an older policy; whoever signs must be an officer today. */
static const char *
vote_fault(struct spk_req *r, struct vote *v)
{
    const struct spk_policy *p = spk_books_today(r->srv->books);
    struct spk_note note;

    if (!spk_ok(spk_note_parse(v->bytes, false, &note)) ||
        !spk_ok(spk_approval_parse(note.text, &v->a))) {
        return "The note is not an approval or a denial.";
    }
    for (size_t i = 0; i < p->n_officers; i++) {
        if (spk_ok(spk_note_verify(&note, &p->officers[i].key))) {
            v->officer = &p->officers[i];
            return NULL;
        }
    }
    return "The note is not signed by an officer of today's policy.";
}

static spk_err
keep_vote(struct spk_req *r, const struct spk_request_row *row, const struct vote *v)
{
    struct spk_store *s = r->srv->store;
    char hex[2 * SPK_HASH_LEN + 1];

    SPK_TRY(spk_store_begin(s));
    spk_err e = spk_store_put_vote(s, row->key, spk_now(), v->bytes);
    if (spk_ok(e)) {
        e = spk_server_event(
            r->srv, v->a.approve ? "approved" : "denied", "request %.16s by %.100s, round %u",
            spk_hex(spk_hash_span(&row->hash), hex), v->officer->key.name, v->a.round);
    }
    if (!spk_ok(e)) {
        spk_store_rollback(s);
        return e;
    }
    return spk_store_commit(s);
}

static void
cast_vote(struct spk_req *r, struct spk_request_row *row, const struct vote *v)
{
    struct spk_attrs in = {0};
    spk_err e = spk_attrs_add(&in, SPK_FA_NOTE, v->bytes);

    if (spk_ok(e)) {
        e = spk_recover_tell(r->srv, v->a.approve ? SPK_MSG_APPROVE : SPK_MSG_DENY, &in, row);
    }
    if (e.code == SPK_CODE_DENIED) {
        spk_req_error(r, SPK_HTTP_CONFLICT,
                      "The holder does not take this note: it is for another request, scope, "
                      "recipient or policy, expired, or of an officer who may not decide here.");
        return;
    }
    if (spk_ok(e)) {
        e = keep_vote(r, row, v);
    }
    if (!spk_ok(e)) {
        spk_req_failed(r, e, "passing a note on");
        return;
    }
    struct spk_jw *w = spk_req_json(r, SPK_HTTP_OK);
    spk_jw_cstr(w, "state", spk_recover_shown(row));
    spk_jw_u64(w, "persons", v->a.round > 1 ? row->persons2 : row->persons);
    spk_jw_u64(w, "needed", row->needed);
    spk_req_json_end(r);
}

/* A note speaks for itself, so anybody may send one. It is checked before the one thread that talks
 * to the holder hears of it. */
struct posted {
    struct spk_json *j;
    struct vote v; /* v.bytes: any note, borrowed from j */
};

static void
posted_free(void *work)
{
    struct posted *p = work;

    spk_json_free(p->j);
    spk_mem_free(p);
}

/* {"note": text} into r->work; NULL: r is answered. */
static struct posted *
take_posted(struct spk_req *r)
{
    static const char *const keys[] = {"note", NULL};
    struct posted *p = NULL;
    const char *text = NULL;

    if (!spk_rate_ok(r, r->srv->record_rate, spk_span(r->source, r->source_len), 1,
                     "Too many notes come from this address.")) {
        return NULL;
    }
    p = spk_calloc(1, sizeof(*p));
    if (p == NULL) {
        spk_req_failed(r, SPK_ERR(NOMEM), "taking a note");
        return NULL;
    }
    r->work = p;
    r->free_work = posted_free;
    if (!spk_body_json(r, keys, &p->j)) {
        return NULL;
    }
    if (!spk_ok(spk_json_str(p->j, "note", &text))) {
        spk_req_error(r, SPK_HTTP_BAD_REQUEST, "The note is missing.");
        return NULL;
    }
    p->v.bytes = spk_span_str(text);
    return p;
}

static enum spk_after
to_holder(struct spk_req *r, spk_job_fn *job)
{
    if (spk_ok(spk_jobs_push(r->srv->holder_jobs, job, r))) {
        return SPK_LATER;
    }
    spk_req_busy(r, SPK_HTTP_UNAVAILABLE, 2, "Too much other work is waiting.");
    return SPK_DONE;
}

static void
vote_job(void *arg)
{
    struct spk_req *r = arg;
    struct posted *p = r->work;
    struct spk_request_row row = {0};

    if (find_request(r, &p->v.a.request, &row)) {
        cast_vote(r, &row, &p->v);
    }
    spk_request_row_clear(&row);
    spk_req_resume(r);
}

enum spk_after
spk_on_approval_post(struct spk_req *r)
{
    struct posted *p = take_posted(r);

    if (p == NULL) {
        return SPK_DONE;
    }
    const char *fault = vote_fault(r, &p->v);
    if (fault != NULL) {
        spk_req_error(r, SPK_HTTP_FORBIDDEN, fault);
        return SPK_DONE;
    }
    return to_holder(r, vote_job);
}

/* -- policies */

static spk_err
keep_policy(struct spk_req *r, uint32_t number, struct spk_span note)
{
    struct spk_store *s = r->srv->store;

    SPK_TRY(spk_store_begin(s));
    spk_err e = spk_store_put_policy(s, number, note);
    if (spk_ok(e)) {
        e = spk_server_event(r->srv, "policy", "number %u", number);
    }
    if (!spk_ok(e)) {
        spk_store_rollback(s);
        return e;
    }
    return spk_store_commit(s);
}

/* The store first: what the holder has accepted must never be news to us after a crash, and what
 * is in force here must not be gone after it. */
static spk_err
take_policy(struct spk_req *r, struct spk_span bytes)
{
    struct spk_attrs in = {0};
    SPK_AUTO_ANSWER a = {0};
    uint32_t number = 0;

    SPK_TRY(spk_link_reach(r->srv->link));
    SPK_TRY(spk_books_check_policy(r->srv->books, bytes, &number));
    SPK_TRY(keep_policy(r, number, bytes));
    if (number != spk_books_today(r->srv->books)->number) {
        SPK_TRY(spk_books_add_policy(r->srv->books, bytes));
    }
    SPK_TRY(spk_attrs_add(&in, SPK_FA_NOTE, bytes));
    return spk_link_call(r->srv->link, SPK_MSG_POLICY, &in, &a);
}

static void
answer_policy(struct spk_req *r, spk_err e)
{
    switch (e.code) {
    case SPK_CODE_OK:
        spk_jw_u64(spk_req_json(r, SPK_HTTP_OK), "number", spk_books_today(r->srv->books)->number);
        spk_req_json_end(r);
        break;
    case SPK_CODE_NET:
    case SPK_CODE_CHANGED:
        spk_req_failed(r, SPK_ERR(NET), "reaching the holder");
        break;
    case SPK_CODE_IO:
    case SPK_CODE_NOMEM:
    case SPK_CODE_BUSY:
        spk_req_failed(r, e, "taking a policy");
        break;
    default:
        spk_req_error(r, SPK_HTTP_UNPROCESSABLE,
                      "The note is not the next policy, or does not carry the quorum of today's.");
    }
}

static void
policy_job(void *arg)
{
    struct spk_req *r = arg;
    const struct posted *p = r->work;

    answer_policy(r, take_policy(r, p->v.bytes));
    spk_req_resume(r);
}

enum spk_after
spk_on_policy_post(struct spk_req *r)
{
    struct posted *p = take_posted(r);
    uint32_t number = 0;

    if (p == NULL) {
        return SPK_DONE;
    }
    spk_err e = spk_books_check_policy(r->srv->books, p->v.bytes, &number);
    if (!spk_ok(e)) {
        answer_policy(r, e);
        return SPK_DONE;
    }
    return to_holder(r, policy_job);
}

/* -- owners */

struct owner_page {
    struct spk_jw *w;
    uint64_t rows, last;
};

static spk_err
write_enrolment(void *arg, const struct spk_owner_row *o)
{
    struct owner_page *p = arg;

    spk_jw_open(p->w, NULL, '{');
    spk_jw_hex(p->w, "owner", spk_hash_span(&o->owner));
    spk_jw_base64(p->w, "record", o->record);
    spk_jw_base64(p->w, "signature", o->signature);
    spk_jw_close(p->w, '}');
    p->rows++;
    p->last = o->key;
    return SPK_OK;
}

enum spk_after
spk_on_officer_enrolments(struct spk_req *r)
{
    struct spk_owner_query q = {.state = SPK_OWNER_PENDING};

    if (!spk_param_keys(r, r->srv->cfg.max_list, &q.after_key, &q.limit)) {
        return SPK_DONE;
    }
    struct owner_page p = {.w = spk_req_json(r, SPK_HTTP_OK)};
    spk_jw_open(p.w, "enrolments", '[');
    spk_err e = spk_store_owners(r->srv->store, &q, write_enrolment, &p);
    if (!spk_ok(e)) {
        spk_req_failed(r, e, "listing enrolments");
        return SPK_DONE;
    }
    spk_jw_close(p.w, ']');
    spk_write_next(p.w, p.rows == q.limit, p.last);
    spk_req_json_end(r);
    return SPK_DONE;
}

/* SPK_CODE_EXISTS: decided otherwise. In the transaction: two officers may decide at once. */
static spk_err
decide_in(struct spk_req *r, uint32_t wanted)
{
    struct spk_store *s = r->srv->store;
    struct spk_owner_row o = {0};
    char hex[2 * SPK_HASH_LEN + 1];
    spk_err e = spk_store_owner(s, &r->hash, &o);
    uint64_t key = o.key;
    uint32_t state = o.state;

    spk_owner_row_clear(&o);
    SPK_TRY(e);
    if (state == wanted) {
        return SPK_OK;
    }
    SPK_CHECK(state == SPK_OWNER_PENDING, EXISTS);
    SPK_TRY(spk_store_set_owner_state(s, key, wanted));
    return spk_server_event(
        r->srv, wanted == SPK_OWNER_ENROLLED ? "enrolment-approved" : "enrolment-denied",
        "owner %.16s by %.100s", spk_hex(spk_hash_span(&r->hash), hex), r->officer);
}

static spk_err
decide(struct spk_req *r, uint32_t wanted)
{
    struct spk_store *s = r->srv->store;

    SPK_TRY(spk_store_begin(s));
    spk_err e = decide_in(r, wanted);
    if (!spk_ok(e)) {
        spk_store_rollback(s);
        return e;
    }
    return spk_store_commit(s);
}

/* {"decision": "approve" | "deny"} */
static bool
read_decision(struct spk_req *r, bool *ret_approve)
{
    static const char *const keys[] = {"decision", NULL};
    SPK_AUTO(spk_json) j = NULL;
    const char *word = NULL;

    if (!spk_body_json(r, keys, &j)) {
        return false;
    }
    if (!spk_ok(spk_json_str(j, "decision", &word)) ||
        (strcmp(word, "approve") != 0 && strcmp(word, "deny") != 0)) {
        spk_req_error(r, SPK_HTTP_BAD_REQUEST, "The decision is approve or deny.");
        return false;
    }
    *ret_approve = strcmp(word, "approve") == 0;
    return true;
}

enum spk_after
spk_on_officer_decide(struct spk_req *r)
{
    bool approve = false;

    if (!read_decision(r, &approve)) {
        return SPK_DONE;
    }
    uint32_t wanted = approve ? SPK_OWNER_ENROLLED : SPK_OWNER_DENIED;
    spk_err e = decide(r, wanted);
    if (spk_ok(e)) {
        spk_jw_cstr(spk_req_json(r, SPK_HTTP_OK), "state", spk_owner_state_name(wanted));
        spk_req_json_end(r);
    } else if (e.code == SPK_CODE_NOTFOUND) {
        spk_req_error(r, SPK_HTTP_NOT_FOUND, "There is no such enrolment.");
    } else if (e.code == SPK_CODE_EXISTS) {
        spk_req_error(r, SPK_HTTP_CONFLICT, "This enrolment has been decided otherwise.");
    } else {
        spk_req_failed(r, e, "deciding an enrolment");
    }
    return SPK_DONE;
}

static spk_err
write_owner(void *arg, const struct spk_owner_row *o)
{
    struct owner_page *p = arg;
    ENROLMENT_AUTO e = {.n_contacts = 0};

    spk_jw_open(p->w, NULL, '{');
    spk_jw_hex(p->w, "owner", spk_hash_span(&o->owner));
    spk_jw_str(p->w, "name", o->name);
    spk_jw_cstr(p->w, "state", spk_owner_state_name(o->state));
    spk_jw_open(p->w, "contacts", '[');
    if (spk_ok(spk_enrolment_parse(o->record, &e))) {
        for (size_t i = 0; i < e.n_contacts; i++) {
            spk_jw_str(p->w, NULL, e.contacts[i]);
        }
    }
    spk_jw_close(p->w, ']');
    spk_jw_base64(p->w, "record", o->record);
    spk_jw_close(p->w, '}');
    p->rows++;
    p->last = o->key;
    return SPK_OK;
}

enum spk_after
spk_on_officer_owners(struct spk_req *r)
{
    struct spk_owner_query q = {.state = 0};

    if (!spk_param_keys(r, r->srv->cfg.max_list, &q.after_key, &q.limit)) {
        return SPK_DONE;
    }
    if (spk_target_param(&r->target, "name", &q.name) && q.name.len > NAME_PART_MAX) {
        spk_req_error(r, SPK_HTTP_BAD_REQUEST, "The name is too long.");
        return SPK_DONE;
    }
    struct owner_page p = {.w = spk_req_json(r, SPK_HTTP_OK)};
    spk_jw_open(p.w, "owners", '[');
    spk_err e = spk_store_owners(r->srv->store, &q, write_owner, &p);
    if (!spk_ok(e)) {
        spk_req_failed(r, e, "listing owners");
        return SPK_DONE;
    }
    spk_jw_close(p.w, ']');
    spk_write_next(p.w, p.rows == q.limit, p.last);
    spk_req_json_end(r);
    return SPK_DONE;
}
