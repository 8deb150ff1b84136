/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment, what an owner is told of himself, and what everybody is told of the authority. */
#include <string.h>

#include "authority/handle.h"
#include "authority/link.h"
#include "authority/status.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define TOKEN_MAX 256

/* -- the authority */

static void
write_limits(struct spk_jw *w, const struct spk_config *c)
{
    spk_jw_open(w, "limits", '{');
    spk_jw_u64(w, "batch", c->max_batch);
    spk_jw_u64(w, "body", c->max_body);
    spk_jw_u64(w, "list", c->max_list);
    spk_jw_u64(w, "release", c->max_release);
    spk_jw_u64(w, "description", SPK_DESCRIPTION_MAX);
    spk_jw_u64(w, "listed", SPK_REQ_LISTED_MAX);
    spk_jw_u64(w, "deposits_per_second", c->deposits_per_second);
    spk_jw_close(w, '}');
}

/* Which keys sign the logs; nothing when the holder has none. */
static void
write_logs(struct spk_jw *w, struct spk_link *link)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    struct spk_logs logs;

    if (spk_ok(spk_link_logs(link, &logs, &note))) {
        spk_jw_str(w, "logs", spk_buf_span(&note));
    }
}

enum spk_after
spk_on_authority(struct spk_exchange *r)
{
    struct spk_books *b = r->srv->books;
    struct spk_span note = SPK_SPAN_EMPTY;
    struct spk_jw *w = spk_exchange_json(r, SPK_HTTP_OK);

    (void)spk_books_epoch(b, spk_books_epochs(b) - 1, &note);
    spk_jw_str(w, "statement", note);
    write_logs(w, r->srv->link);
    spk_jw_open(w, "statements", '[');
    for (size_t i = 0; i < spk_books_epochs(b); i++) {
        (void)spk_books_epoch(b, i, &note);
        spk_jw_str(w, NULL, note);
    }
    spk_jw_close(w, ']');
    spk_jw_open(w, "policies", '[');
    uint32_t today = spk_books_today(b)->number;
    for (uint32_t n = 1; n <= today; n++) {
        if (spk_books_policy(b, n, &note) != NULL) {
            spk_jw_str(w, NULL, note);
        }
    }
    spk_jw_close(w, ']');
    spk_jw_bool(w, "holder", spk_link_ready(r->srv->link));
    spk_jw_cstr(w, "enrolment", r->srv->cfg.enrolment);
    write_limits(w, &r->srv->cfg);
    spk_exchange_json_end(r);
    return SPK_DONE;
}

/* -- enrolment */

struct enrol_in {
    struct spk_buf record, signature;
    bool has_token;
    struct spk_hash token;
};

static bool
enrol_read(struct spk_exchange *r, struct enrol_in *in)
{
    static const char *const keys[] = {"record", "signature", "token", NULL};
    SPK_AUTO(spk_json) j = NULL;
    const char *token = NULL;

    if (!spk_body_json(r, keys, &j)) {
        return false;
    }
    spk_err e = spk_json_base64(j, "record", &in->record);
    if (spk_ok(e)) {
        e = spk_json_base64(j, "signature", &in->signature);
    }
    if (spk_ok(e) && spk_json_has(j, "token")) {
        in->has_token = true;
        e = spk_json_str(j, "token", &token);
        if (spk_ok(e) && strlen(token) > TOKEN_MAX) {
            e = SPK_ERR(LIMIT);
        }
        if (spk_ok(e)) {
            e = spk_sha256(spk_span_str(token), &in->token);
        }
    }
    if (!spk_ok(e)) {
        spk_exchange_error(
            r, SPK_HTTP_BAD_REQUEST,
            "An enrolment has a record and a signature in base64, and perhaps a token.");
    }
    return !r->answered;
}

/* By the key that the record names, for one of this authority's keys. */
static bool
enrol_signed(struct spk_exchange *r, const struct spk_enrolment *e, const struct enrol_in *in)
{
    struct spk_span note;

    for (size_t i = spk_books_epochs(r->srv->books); i > 0; i--) {
        const struct spk_authority *a = spk_books_epoch(r->srv->books, i - 1, &note);
        if (spk_ok(spk_statement_verify(e->sign, SPK_KIND_ENROL, spk_rsa_id(a->key),
                                        spk_buf_span(&in->record), spk_buf_span(&in->signature)))) {
            return true;
        }
    }
    return false;
}

/* An owner's key must not be the authority's own. */
static bool
enrol_keys_ok(struct spk_exchange *r, const struct spk_enrolment *e)
{
    return spk_books_by_key(r->srv->books, spk_rsa_id(e->sign)) == NULL &&
           spk_books_by_key(r->srv->books, spk_rsa_id(e->keyx)) == NULL;
}

/* What the mode of this authority makes of a newcomer; a token takes him in at once. */
static spk_err
enrol_state(struct spk_exchange *r, const struct enrol_in *in, uint32_t *ret_state)
{
    enum spk_enrolment_mode mode = r->srv->cfg.enrolment_mode;

    *ret_state = SPK_OWNER_ENROLLED;
    if (mode == SPK_ENROLMENT_OPEN) {
        return SPK_OK;
    }
    if (in->has_token) {
        return spk_store_use_token(r->srv->store, &in->token, spk_now());
    }
    *ret_state = SPK_OWNER_PENDING;
    return mode == SPK_ENROLMENT_APPROVAL ? SPK_OK : SPK_ERR(DENIED);
}

enum enrol_end { ENROL_NEW, ENROL_THERE, ENROL_KEY_TAKEN, ENROL_TOKEN };

struct enrol {
    struct spk_exchange *r;
    const struct enrol_in *in;
    const struct spk_enrolment *e;
    uint32_t state;
    enum enrol_end end;
};

/* What is already there, or may not be, ends the transaction as well. */
static spk_err
end_with(struct enrol *d, enum enrol_end end)
{
    d->end = end;
    return SPK_ERR(STOPPED);
}

static spk_err
find_owner(struct spk_store *s, struct enrol *d)
{
    struct spk_owner_row have = {0};
    spk_err e = spk_store_owner(s, &d->e->owner, &have);

    if (!spk_ok(e)) {
        return e.code == SPK_CODE_NOTFOUND ? SPK_OK : e;
    }
    d->state = have.state;
    spk_owner_row_clear(&have);
    return end_with(d, ENROL_THERE);
}

static spk_err
enrol_write(struct spk_store *s, void *arg)
{
    struct enrol *d = arg;
    uint64_t key = 0;
    char id[2 * SPK_HASH_LEN + 1];

    SPK_TRY(find_owner(s, d));
    spk_err e = enrol_state(d->r, d->in, &d->state);
    if (!spk_ok(e)) {
        return e.code == SPK_CODE_DENIED ? end_with(d, ENROL_TOKEN) : e;
    }
    const struct spk_owner_row row = {.owner = d->e->owner,
                                      .login = *spk_rsa_id(d->e->sign),
                                      .state = d->state,
                                      .time_ms = spk_now_ms(),
                                      .name = d->e->name,
                                      .record = spk_buf_span(&d->in->record),
                                      .signature = spk_buf_span(&d->in->signature)};
    e = spk_store_put_owner(s, &row, &key);
    if (!spk_ok(e)) {
        return e.code == SPK_CODE_DENIED ? end_with(d, ENROL_KEY_TAKEN) : e;
    }
    return spk_server_event(d->r->srv, "enrolled", "owner %.16s %s",
                            spk_hex(spk_hash_span(&row.owner), id),
                            d->state == SPK_OWNER_ENROLLED ? "enrolled" : "pending");
}

/* One transaction: a token is used up only if its owner is there afterwards. */
static spk_err
enrol_commit(struct enrol *d)
{
    spk_err e = spk_store_write(d->r->srv->store, enrol_write, d);

    return e.code == SPK_CODE_STOPPED ? SPK_OK : e;
}

static void
enrol_answer(struct spk_exchange *r, const struct spk_enrolment *e, uint32_t state,
             enum enrol_end end)
{
    struct spk_jw *w;

    switch (end) {
    case ENROL_TOKEN:
        spk_exchange_error(
            r, SPK_HTTP_FORBIDDEN,
            "This authority enrols with a one-time token: there was none, or it is used "
            "up or too old.");
        return;
    case ENROL_KEY_TAKEN:
        spk_exchange_error(r, SPK_HTTP_CONFLICT,
                           "The signature key is, or once was, that of another enrolment.");
        return;
    default:
        w = spk_exchange_json(r, end == ENROL_NEW ? SPK_HTTP_CREATED : SPK_HTTP_OK);
        spk_jw_hex(w, "owner", spk_hash_span(&e->owner));
        spk_jw_cstr(w, "state", spk_owner_state_name(state));
        spk_exchange_json_end(r);
    }
}

static void
enrol(struct spk_exchange *r, struct enrol_in *in)
{
    SPK_AUTO_ENROLMENT e = {.n_contacts = 0};
    struct enrol d = {.r = r, .in = in, .e = &e, .end = ENROL_NEW};

    if (!enrol_read(r, in)) {
        return;
    }
    if (!spk_ok(spk_enrolment_parse(spk_buf_span(&in->record), &e)) || !enrol_keys_ok(r, &e)) {
        spk_exchange_error(r, SPK_HTTP_UNPROCESSABLE,
                           "The enrolment record is malformed, or its keys are not acceptable.");
        return;
    }
    if (!enrol_signed(r, &e, in)) {
        spk_exchange_error(r, SPK_HTTP_UNPROCESSABLE,
                           "The enrolment record is not signed by its signature key for this "
                           "authority.");
        return;
    }
    spk_err err = enrol_commit(&d);
    if (!spk_ok(err)) {
        spk_exchange_failed(r, err, "enrolling an owner");
        return;
    }
    enrol_answer(r, &e, d.state, d.end);
}

enum spk_after
spk_on_enrol(struct spk_exchange *r)
{
    struct enrol_in in = {.record = SPK_BUF(SPK_ENROL_RECORD_MAX),
                          .signature = SPK_BUF(SPK_RSA_MAX_LEN)};

    if (spk_rate_ok(r, r->srv->enrol_rate, spk_span(r->source, r->source_len), 1,
                    "Too many enrolments come from this address.")) {
        enrol(r, &in);
    }
    spk_buf_free(&in.record);
    spk_buf_free(&in.signature);
    return SPK_DONE;
}

enum spk_after
spk_on_self(struct spk_exchange *r)
{
    struct spk_owner_row row = {0};
    struct spk_proof_sums sums = {0};
    spk_err e = spk_store_owner(r->srv->store, &r->owner, &row);

    if (spk_ok(e)) {
        e = spk_store_proof_sums(r->srv->store, r->owner_key, &sums);
    }
    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "reading an owner");
        spk_owner_row_clear(&row);
        return SPK_DONE;
    }
    struct spk_jw *w = spk_exchange_json(r, SPK_HTTP_OK);
    spk_jw_hex(w, "owner", spk_hash_span(&row.owner));
    spk_jw_cstr(w, "state", spk_owner_state_name(row.state));
    spk_jw_str(w, "name", row.name);
    spk_jw_u64(w, "deposits", sums.deposits);
    spk_write_proofs(w, &sums);
    spk_jw_base64(w, "record", row.record);
    if (row.successor.len > 0) {
        spk_jw_str(w, "successor", row.successor);
    } else {
        spk_jw_null(w, "successor");
    }
    spk_exchange_json_end(r);
    spk_owner_row_clear(&row);
    return SPK_DONE;
}
