/* SPDX-License-Identifier: Apache-2.0 */
/* Notes that officers have signed: approvals and denials of requests, and policies. */
#include <string.h>

#include "authority/handle.h"
#include "authority/reclog.h"
#include "authority/recover.h"
#include "base/clock.h"
#include "base/text.h"

/* -- approvals and denials */

struct vote {
    struct spk_span bytes;
    struct spk_approval a;
    const struct spk_officer *officer;
};

/* A denial may be signed under an older policy; whoever signs must be an officer today. */
static const char *
vote_fault(struct spk_exchange *r, struct vote *v)
{
    struct spk_note note;

    if (!spk_ok(spk_note_parse(v->bytes, false, &note)) ||
        !spk_ok(spk_approval_parse(note.text, &v->a))) {
        return "The note is not an approval or a denial.";
    }
    return spk_ok(spk_policy_signer(spk_books_today(r->srv->books), &note, &v->officer))
               ? NULL
               : "The note is not signed by an officer of today's policy.";
}

struct kept_vote {
    struct spk_server *srv;
    const struct spk_request_row *row;
    const struct vote *v;
};

static spk_err
write_vote(struct spk_store *s, void *arg)
{
    const struct kept_vote *k = arg;
    char hex[2 * SPK_HASH_LEN + 1];

    SPK_TRY(spk_store_put_vote(s, k->row->key, spk_now(), k->v->bytes));
    return spk_server_event(
        k->srv, k->v->a.approve ? "approved" : "denied", "request %.16s by %.100s, round %u",
        spk_hex(spk_hash_span(&k->row->hash), hex), k->v->officer->key.name, k->v->a.round);
}

static void
cast_vote(struct spk_exchange *r, struct spk_request_row *row, const struct vote *v)
{
    struct spk_attrs in = {0};
    spk_err e = spk_attrs_add(&in, SPK_FA_NOTE, v->bytes);

    if (spk_ok(e)) {
        e = spk_recover_enter(r->srv, row);
    }
    if (spk_ok(e)) {
        e = spk_recover_tell(r->srv, v->a.approve ? SPK_MSG_APPROVE : SPK_MSG_DENY, &in, row);
    }
    if (e.code == SPK_CODE_DENIED) {
        spk_exchange_error(
            r, SPK_HTTP_CONFLICT,
            "The holder does not take this note: it is for another request, scope, "
            "recipient, log or policy, expired, or of an officer who may not decide here.");
        return;
    }
    if (spk_ok(e)) {
        struct kept_vote k = {.srv = r->srv, .row = row, .v = v};
        const struct spk_news news = {.kind = v->a.approve ? SPK_ENTRY_APPROVAL : SPK_ENTRY_DENIED,
                                      .request = &row->hash,
                                      .n = 1,
                                      .detail = v->bytes,
                                      .also = write_vote,
                                      .arg = &k};
        e = spk_reclog_add(r->srv->reclog, &news);
        e = e.code == SPK_CODE_DENIED ? SPK_OK : e; /* the holder has the note */
    }
    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "passing a note on");
        return;
    }
    struct spk_jw *w = spk_exchange_json(r, SPK_HTTP_OK);
    spk_jw_cstr(w, "state", spk_recover_shown(row));
    spk_jw_u64(w, "persons", v->a.round > 1 ? row->persons2 : row->persons);
    spk_jw_u64(w, "needed", row->needed);
    spk_exchange_json_end(r);
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
take_posted(struct spk_exchange *r)
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
        spk_exchange_failed(r, SPK_ERR(NOMEM), "taking a note");
        return NULL;
    }
    r->work = p;
    r->free_work = posted_free;
    if (!spk_body_json(r, keys, &p->j)) {
        return NULL;
    }
    if (!spk_ok(spk_json_str(p->j, "note", &text))) {
        spk_exchange_error(r, SPK_HTTP_BAD_REQUEST, "The note is missing.");
        return NULL;
    }
    p->v.bytes = spk_span_str(text);
    return p;
}

static enum spk_after
to_holder(struct spk_exchange *r, spk_job_fn *job)
{
    if (spk_ok(spk_jobs_push(r->srv->holder_jobs, job, r))) {
        return SPK_LATER;
    }
    spk_exchange_busy(r, SPK_HTTP_UNAVAILABLE, 2, "Too much other work is waiting.");
    return SPK_DONE;
}

static void
vote_job(void *arg)
{
    struct spk_exchange *r = arg;
    struct posted *p = r->work;
    struct spk_request_row row = {0};

    if (spk_find_told(r, &p->v.a.request, &row)) {
        cast_vote(r, &row, &p->v);
    }
    spk_request_row_clear(&row);
    spk_exchange_resume(r);
}

enum spk_after
spk_on_approval_post(struct spk_exchange *r)
{
    struct posted *p = take_posted(r);

    if (p == NULL) {
        return SPK_DONE;
    }
    const char *fault = vote_fault(r, &p->v);
    if (fault != NULL) {
        spk_exchange_error(r, SPK_HTTP_FORBIDDEN, fault);
        return SPK_DONE;
    }
    return to_holder(r, vote_job);
}

/* -- policies */

struct kept_policy {
    struct spk_server *srv;
    struct spk_span note;
    uint32_t number;
};

static spk_err
write_policy(struct spk_store *s, void *arg)
{
    const struct kept_policy *k = arg;

    SPK_TRY(spk_store_put_policy(s, k->number, k->note));
    return spk_server_event(k->srv, "policy", "number %u", k->number);
}

/* The store first: what the holder has accepted must never be news to us after a crash, and what
 * is in force here must not be gone after it. */
static spk_err
take_policy(struct spk_exchange *r, struct spk_span bytes)
{
    struct spk_attrs in = {0};
    SPK_AUTO_ANSWER a = {0};
    struct kept_policy k = {.srv = r->srv, .note = bytes};

    SPK_TRY(spk_link_reach(r->srv->link));
    SPK_TRY(spk_books_check_policy(r->srv->books, bytes, &k.number));
    SPK_TRY(spk_store_write(r->srv->store, write_policy, &k));
    if (k.number != spk_books_today(r->srv->books)->number) {
        SPK_TRY(spk_books_add_policy(r->srv->books, bytes));
    }
    SPK_TRY(spk_attrs_add(&in, SPK_FA_NOTE, bytes));
    SPK_TRY(spk_link_call(r->srv->link, SPK_MSG_POLICY, &in, &a));
    spk_err e = spk_reclog_tick(r->srv->reclog); /* what fails here is done later */
    (void)e;
    return SPK_OK;
}

static void
answer_policy(struct spk_exchange *r, spk_err e)
{
    switch (e.code) {
    case SPK_CODE_OK:
        spk_jw_u64(spk_exchange_json(r, SPK_HTTP_OK), "number",
                   spk_books_today(r->srv->books)->number);
        spk_exchange_json_end(r);
        break;
    case SPK_CODE_NET:
    case SPK_CODE_CHANGED:
        spk_exchange_failed(r, SPK_ERR(NET), "reaching the holder");
        break;
    case SPK_CODE_IO:
    case SPK_CODE_NOMEM:
    case SPK_CODE_BUSY:
        spk_exchange_failed(r, e, "taking a policy");
        break;
    default:
        spk_exchange_error(
            r, SPK_HTTP_UNPROCESSABLE,
            "The note is not the next policy, or does not carry the quorum of today's.");
    }
}

static void
policy_job(void *arg)
{
    struct spk_exchange *r = arg;
    const struct posted *p = r->work;

    answer_policy(r, take_policy(r, p->v.bytes));
    spk_exchange_resume(r);
}

enum spk_after
spk_on_policy_post(struct spk_exchange *r)
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
