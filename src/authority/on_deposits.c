/* SPDX-License-Identifier: Apache-2.0 */
/* Deposits: taken in, listed, shown. */
#include "authority/committer.h"
#include "authority/handle.h"
#include "authority/receipts.h"
#include "base/log.h"
#include "base/text.h"

#define NDJSON_TYPE "application/x-ndjson"
#define BROKEN_RETRY_S 60
#define TOO_FAST "This owner deposits faster than this authority allows."

/* -- taking in */

struct work {
    struct spk_commit commit;
    struct spk_exchange *r;
    struct spk_signed checkpoint; /* what the answers' proofs lead to */
    size_t n;
    struct spk_intake in[];
};

static void
work_free(void *p)
{
    struct work *w = p;

    for (size_t i = 0; i < w->n; i++) {
        spk_intake_clear(&w->in[i]);
    }
    spk_mem_free(w);
}

static struct work *
work_new(struct spk_exchange *r, size_t n)
{
    struct work *w = spk_calloc(1, sizeof(*w) + n * sizeof(w->in[0]));

    if (w == NULL) {
        spk_exchange_failed(r, SPK_ERR(NOMEM), "taking a deposit in");
        return NULL;
    }
    w->r = r;
    w->n = n;
    r->work = w;
    r->free_work = work_free;
    return w;
}

static struct spk_logbook *
deposits_log(const struct spk_exchange *r)
{
    return r->srv->log[SPK_LOG_DEPOSITS - 1];
}

static void
render_single(struct spk_exchange *r)
{
    const struct work *w = r->work;
    const struct spk_intake *in = &w->in[0];

    if (in->status != SPK_HTTP_OK) {
        spk_exchange_error(r, in->status, in->message);
        return;
    }
    struct spk_jw *jw = spk_exchange_json(r, spk_intake_status(in));
    spk_intake_answer(in, jw);
    if (spk_receipt_is_due(&w->checkpoint, in)) {
        spk_receipt_answer(deposits_log(r), &w->checkpoint, in, jw);
    }
    spk_exchange_json_end(r);
}

static spk_err
render_line(struct spk_exchange *r, const struct spk_intake *in, bool *ret_proof)
{
    const struct work *w = r->work;
    struct spk_jw jw = {.b = &r->out};

    spk_jw_open(&jw, NULL, '{');
    spk_intake_answer(in, &jw);
    if (spk_receipt_is_due(&w->checkpoint, in)) {
        spk_receipt_path(deposits_log(r), &w->checkpoint, in, &jw);
        *ret_proof = true;
    }
    spk_jw_close(&jw, '}');
    SPK_TRY(spk_jw_end(&jw));
    return spk_buf_str(&r->out, "\n");
}

/* Once for all lines: they were written together. */
static spk_err
render_checkpoint(struct spk_exchange *r)
{
    const struct work *w = r->work;
    struct spk_jw jw = {.b = &r->out};

    spk_jw_open(&jw, NULL, '{');
    spk_jw_str(&jw, "checkpoint", spk_span(w->checkpoint.note, w->checkpoint.len));
    spk_jw_close(&jw, '}');
    SPK_TRY(spk_jw_end(&jw));
    return spk_buf_str(&r->out, "\n");
}

static void
render_batch(struct spk_exchange *r)
{
    const struct work *w = r->work;

    spk_err e = SPK_OK;
    bool proof = false;

    r->type = NDJSON_TYPE;
    r->status = SPK_HTTP_OK;
    for (size_t i = 0; i < w->n && spk_ok(e); i++) {
        e = render_line(r, &w->in[i], &proof);
    }
    if (spk_ok(e) && proof) {
        e = render_checkpoint(r);
    }
    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "writing the answers of a batch");
    }
}

static void
on_written(struct spk_commit *c, spk_err e)
{
    struct work *w = c->arg;

    if (spk_ok(e)) {
        spk_logbook_signed(deposits_log(w->r), &w->checkpoint);
        w->r->answered = true;
        w->r->render = w->r->ndjson ? render_batch : render_single;
    } else {
        spk_exchange_failed(w->r, e, "writing deposits");
    }
    spk_exchange_resume(w->r);
}

/* The connection is suspended already. */
static void
push(struct work *w)
{
    w->commit = (struct spk_commit){.n = w->n, .in = w->in, .done = on_written, .arg = w};
    if (!spk_ok(spk_committer_push(w->r->srv->committer, &w->commit))) {
        spk_exchange_busy(w->r, SPK_HTTP_UNAVAILABLE, 1, "Too many deposits are waiting.");
        spk_exchange_resume(w->r);
    }
}

static bool
rate_ok(struct spk_exchange *r, size_t n)
{
    return spk_rate_ok(r, r->srv->deposit_rate, spk_span(&r->owner_key, sizeof(r->owner_key)), n,
                       TOO_FAST);
}

static enum spk_after
post_single(struct spk_exchange *r)
{
    struct work *w = NULL;

    if (!rate_ok(r, 1) || (w = work_new(r, 1)) == NULL) {
        return SPK_DONE;
    }
    spk_intake_json(r->srv->books, &r->owner, r->owner_key, spk_buf_span(&r->body), &w->in[0]);
    if (w->in[0].status != SPK_HTTP_OK) {
        spk_exchange_error(r, w->in[0].status, w->in[0].message);
        return SPK_DONE;
    }
    spk_exchange_suspend(r);
    push(w);
    return SPK_LATER;
}

/* A last line may end with a newline or not; an empty body is no batch. */
static size_t
count_lines(struct spk_span body)
{
    size_t n = 0;

    for (size_t i = 0; i < body.len; i++) {
        n += body.ptr[i] == '\n' ? 1 : 0;
    }
    return body.len > 0 && body.ptr[body.len - 1] != '\n' ? n + 1 : n;
}

static void
batch_job(void *arg)
{
    struct spk_exchange *r = arg;
    struct spk_span rest = spk_buf_span(&r->body), line;
    size_t n = count_lines(rest);
    struct work *w = NULL;

    if (n == 0) {
        spk_exchange_error(r, SPK_HTTP_BAD_REQUEST, "The batch is empty.");
    } else if (n > r->srv->cfg.max_batch) {
        spk_exchange_error(r, SPK_HTTP_TOO_LARGE,
                           "The batch has more lines than this server takes.");
    } else if (rate_ok(r, n)) {
        w = work_new(r, n);
    }
    if (w == NULL) {
        spk_exchange_resume(r);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (!spk_split(&rest, '\n', &line)) {
            line = rest;
        }
        spk_intake_json(r->srv->books, &r->owner, r->owner_key, line, &w->in[i]);
    }
    push(w);
}

enum spk_after
spk_on_deposit_post(struct spk_exchange *r)
{
    if (spk_advance_is_broken(r->srv->advance)) {
        spk_exchange_busy(r, SPK_HTTP_UNAVAILABLE, BROKEN_RETRY_S,
                          "This authority's database is older than its log; its "
                          "operator finds the reason in its log.");
        return SPK_DONE;
    }
    if (!r->ndjson) {
        return post_single(r);
    }
    /* a thousand lines take milliseconds: not on the thread that serves the other connections */
    spk_exchange_suspend(r);
    if (!spk_ok(spk_jobs_push(r->srv->reads, batch_job, r))) {
        spk_exchange_busy(r, SPK_HTTP_UNAVAILABLE, 2, "Too much other work is waiting.");
        spk_exchange_resume(r);
    }
    return SPK_LATER;
}

/* -- showing */

static bool
is_damaged(const struct spk_deposit_row *row)
{
    if (spk_ok(spk_deposit_row_verify(row))) {
        return false;
    }
    spk_log(SPK_LOG_ERROR, "deposit %llu was altered in the database",
            (unsigned long long)row->index);
    return true;
}

static const char *
state_name(const struct spk_deposit_row *row)
{
    switch (row->state) {
    case SPK_DEPOSIT_CHECKED:
        return "checked";
    case SPK_DEPOSIT_WRONG:
        return "wrong";
    default:
        return "accepted";
    }
}

static void
write_state(struct spk_jw *w, const struct spk_deposit_row *row, bool damaged)
{
    spk_jw_cstr(w, "state", damaged ? "damaged" : state_name(row));
    if (row->proven != 0 && !damaged) {
        spk_jw_u64(w, "proven", row->proven);
    } else {
        spk_jw_null(w, "proven");
    }
}

static spk_err
list_one(void *arg, const struct spk_deposit_row *row)
{
    struct spk_jw *w = arg;

    spk_jw_open(w, NULL, '{');
    spk_jw_hex(w, "serial", spk_span(row->serial.b, SPK_FILE_ID_LEN));
    spk_jw_u64(w, "index", row->index);
    spk_jw_u64(w, "time", row->time_ms);
    spk_jw_u64(w, "epoch", row->epoch);
    spk_jw_u64(w, "policy", row->policy);
    spk_jw_str(w, "description", row->description);
    write_state(w, row, is_damaged(row));
    spk_jw_close(w, '}');
    return SPK_OK;
}

static bool
list_query(struct spk_exchange *r, struct spk_file_id *serial, struct spk_deposit_query *q)
{
    struct spk_span text;

    q->owner_key = r->owner_key;
    q->scan = r->srv->cfg.max_scan;
    if (!spk_param_page(r, r->srv->cfg.max_list, &q->from, &q->limit) ||
        !spk_param_u64(r, "since", SPK_JSON_U64_MAX, 0, &q->since_ms) ||
        !spk_param_u64(r, "until", SPK_JSON_U64_MAX, 0, &q->until_ms)) {
        return false;
    }
    if (spk_target_param(&r->target, "serial", &text)) {
        if (!spk_ok(spk_hex_parse(text, serial->b, SPK_FILE_ID_LEN))) {
            spk_exchange_error(r, SPK_HTTP_BAD_REQUEST, "A serial has 32 hexadecimal digits.");
            return false;
        }
        q->serial = serial;
    }
    if (spk_target_param(&r->target, "description", &text)) {
        q->description = text;
    }
    if (q->description.len > SPK_DESCRIPTION_MAX || !spk_utf8_ok(q->description)) {
        spk_exchange_error(r, SPK_HTTP_BAD_REQUEST, "The description is not UTF-8, or too long.");
        return false;
    }
    return true;
}

enum spk_after
spk_on_deposit_list(struct spk_exchange *r)
{
    struct spk_deposit_query q = {0};
    struct spk_deposit_page page = {0};
    struct spk_file_id serial;

    if (!list_query(r, &serial, &q)) {
        return SPK_DONE;
    }
    struct spk_jw *w = spk_exchange_json(r, SPK_HTTP_OK);
    spk_jw_open(w, "deposits", '[');
    spk_err e = spk_store_deposits(r->srv->store, &q, list_one, w, &page);
    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "listing deposits");
        return SPK_DONE;
    }
    spk_jw_close(w, ']');
    if (page.more) {
        spk_jw_u64(w, "next", page.next - 1); /* what to pass as `after` */
    } else {
        spk_jw_null(w, "next");
    }
    spk_exchange_json_end(r);
    return SPK_DONE;
}

enum spk_after
spk_on_deposit_get(struct spk_exchange *r)
{
    struct spk_deposit_row row = {0};
    spk_err e = spk_store_deposit(r->srv->store, r->owner_key, &r->serial, &row);

    if (e.code == SPK_CODE_NOTFOUND) {
        spk_exchange_error(r, SPK_HTTP_NOT_FOUND, "You have no deposit with this serial.");
        return SPK_DONE;
    }
    if (!spk_ok(e) && e.code != SPK_CODE_CHANGED) {
        spk_exchange_failed(r, e, "reading a deposit");
        return SPK_DONE;
    }
    if (!spk_ok(e) || is_damaged(&row)) {
        spk_exchange_damaged(r, "This deposit was altered in the authority's database; "
                                "nothing in it is to be believed.");
        spk_deposit_row_clear(&row);
        return SPK_DONE;
    }
    struct spk_jw *w = spk_exchange_json(r, SPK_HTTP_OK);
    spk_jw_hex(w, "serial", spk_span(row.serial.b, SPK_FILE_ID_LEN));
    spk_jw_u64(w, "index", row.index);
    spk_jw_u64(w, "time", row.time_ms);
    spk_jw_base64(w, "r_pub", row.rpub);
    spk_jw_base64(w, "p", spk_hash_span(&row.p));
    if (row.sealed.len > 0) {
        spk_jw_base64(w, "sealed", row.sealed);
    } else {
        spk_jw_base64(w, "salt", row.salt);
        spk_jw_base64(w, "r_priv", row.rpriv);
    }
    spk_jw_base64(w, "blob", row.blob);
    write_state(w, &row, false);
    spk_exchange_json_end(r);
    spk_deposit_row_clear(&row);
    return SPK_DONE;
}
