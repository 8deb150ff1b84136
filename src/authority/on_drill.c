/* SPDX-License-Identifier: Apache-2.0 */
/* A recovery drill: the holder opens a sample of deposits as it would for a release, signs what
 * came of it, and each of them gets its entry in the recoveries log (doc/spec/log.md §8). */
#include <inttypes.h>
#include <time.h>

#include "authority/advance.h"
#include "authority/handle.h"
#include "authority/logs.h"
#include "authority/reclog.h"
#include "authority/recover.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "wire/drill.h"

#define BUSY_TRIES 100
#define BUSY_WAIT_NS 20000000L /* the holder takes a hundred a second */

struct drill {
    struct spk_exchange *r;
    size_t n;
    uint64_t index[SPK_DRILL_MAX];
    bool good[SPK_DRILL_MAX];
    uint64_t backup, made; /* backup: entries of its deposits log; 0: none */
    struct spk_hash root;
};

static bool
read_backup(const struct spk_json *j, struct drill *d)
{
    static const char *const keys[] = {"size", "root", "time", NULL};
    const struct spk_json *b = NULL;

    if (!spk_json_has(j, "backup")) {
        return true;
    }
    return spk_ok(spk_json_obj(j, "backup", &b)) && spk_ok(spk_json_only(b, keys)) &&
           spk_ok(spk_json_u64(b, "size", &d->backup)) && d->backup > 0 &&
           spk_ok(spk_json_hex(b, "root", d->root.b, SPK_HASH_LEN)) &&
           spk_ok(spk_json_u64(b, "time", &d->made));
}

static bool
read_body(const struct spk_json *j, struct drill *d)
{
    const struct spk_json *list = NULL;
    size_t n = 0;

    if (!spk_ok(spk_json_array(j, "deposits", &list, &n)) || n == 0 || n > SPK_DRILL_MAX) {
        return false;
    }
    for (; d->n < n; d->n++) {
        if (!spk_ok(spk_json_u64_at(list, d->n, &d->index[d->n])) ||
            (d->n > 0 && d->index[d->n] <= d->index[d->n - 1])) {
            return false;
        }
    }
    return read_backup(j, d);
}

/* Tried here, so that what the holder refuses is the deposit's fault: a leaf that was altered
 * spoils the paths of those beside it. */
static spk_err
add_path(struct spk_logbook *log, const struct spk_deposit_row *row, const struct spk_signed *s,
         struct spk_hash path[SPK_PATH_MAX], struct spk_attrs *in)
{
    size_t n = 0;

    SPK_TRY(spk_logbook_path(log, row->index, s->size, path, &n));
    spk_err e = spk_tree_verify(&row->leaf, row->index, s->size, path, n, &s->root);
    if (!spk_ok(e)) {
        spk_log(SPK_LOG_ERROR,
                "the deposits log does not prove deposit %" PRIu64 ": rows around "
                "it were altered; sparekeyctl store check names them",
                row->index);
        return SPK_ERR(CHANGED);
    }
    return spk_attrs_add(in, SPK_FA_LOG_PATH, spk_span(path, n * sizeof(path[0])));
}

/* The holder needs the log to stand where the path leads to. */
static spk_err
ask_one(struct spk_server *s, const struct spk_deposit_row *row, uint64_t position)
{
    struct spk_logbook *log = s->log[SPK_LOG_DEPOSITS - 1];
    struct spk_hash path[SPK_PATH_MAX];
    struct spk_attrs in = {0};
    SPK_AUTO_ANSWER a = {0};
    uint8_t index[8], at[8];
    struct spk_signed signed_;

    SPK_TRY(spk_attrs_add_u64(&in, SPK_FA_INDEX, row->index, index));
    SPK_TRY(spk_attrs_add_u64(&in, SPK_FA_POSITION, position, at));
    if (row->blob.len > 0) {
        SPK_TRY(spk_recover_add_deposit(&in, row));
    }
    SPK_TRY(spk_advance_hold(s->advance, &signed_));
    spk_err e = SPK_OK;
    if (row->blob.len > 0) {
        e = add_path(log, row, &signed_, path, &in);
    }
    e = spk_ok(e) ? spk_link_call(s->link, SPK_MSG_DRILL, &in, &a) : e;
    spk_advance_let(s->advance);
    return e;
}

static spk_err
ask_patiently(struct spk_server *s, const struct spk_deposit_row *row, uint64_t position)
{
    const struct timespec pause = {.tv_nsec = BUSY_WAIT_NS};
    spk_err e = ask_one(s, row, position);

    for (unsigned i = 0; e.code == SPK_CODE_BUSY && i < BUSY_TRIES; i++) {
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        e = ask_one(s, row, position);
    }
    return e;
}

/* What is damaged or gone is shown to the holder as nothing, and counts as bad there. */
static spk_err
drill_one(struct spk_server *s, uint64_t index, uint64_t position, bool *ret_good)
{
    struct spk_deposit_row row = {0};
    spk_err e = spk_store_deposit_at(s->store, index, &row);

    if (spk_ok(e)) {
        e = spk_deposit_row_verify(&row);
    }
    if (spk_err_passes(e)) {
        spk_deposit_row_clear(&row);
        return e;
    }
    if (spk_ok(e)) {
        e = ask_patiently(s, &row, position);
    } else {
        const struct spk_deposit_row nothing = {.index = index};
        e = ask_patiently(s, &nothing, position);
    }
    spk_deposit_row_clear(&row);
    *ret_good = spk_ok(e);
    return e.code == SPK_CODE_DENIED ? SPK_OK : e;
}

static spk_err
fetch_report(struct drill *d, struct spk_answer *ret_a, struct spk_span *ret_note)
{
    struct spk_server *s = d->r->srv;
    struct spk_logbook *log = s->log[SPK_LOG_DEPOSITS - 1];
    struct spk_hash proof[SPK_PATH_MAX];
    struct spk_attrs in = {0};
    struct spk_signed signed_;
    uint8_t size[8], made[8];
    size_t n = 0;

    SPK_TRY(spk_advance_hold(s->advance, &signed_));
    spk_err e = SPK_OK;
    if (d->backup > 0) {
        e = spk_logbook_growth(log, d->backup, signed_.size, proof, &n);
        e = spk_ok(e) ? spk_attrs_add_u64(&in, SPK_FA_SIZE, d->backup, size) : e;
        e = spk_ok(e) ? spk_attrs_add(&in, SPK_FA_ROOT, spk_hash_span(&d->root)) : e;
        e = spk_ok(e) ? spk_attrs_add(&in, SPK_FA_PROOF, spk_span(proof, n * sizeof(proof[0]))) : e;
        e = spk_ok(e) ? spk_attrs_add_u64(&in, SPK_FA_OPENED, d->made, made) : e;
    }
    e = spk_ok(e) ? spk_link_call(s->link, SPK_MSG_REPORT, &in, ret_a) : e;
    spk_advance_let(s->advance);
    SPK_TRY(e);
    return spk_attrs_get(&ret_a->l, SPK_FA_NOTE, SPK_NOTE_MAX, ret_note);
}

/* A drill is a proof as good as a check. */
static spk_err
write_found(struct spk_store *store, void *arg)
{
    const struct drill *d = arg;
    struct spk_server *s = d->r->srv;
    uint64_t now = spk_now();
    size_t bad = 0;

    for (size_t i = 0; i < d->n; i++) {
        struct spk_deposit_row row = {0};
        spk_err e = spk_store_deposit_at(store, d->index[i], &row);
        bool wrong = row.state == SPK_DEPOSIT_WRONG;

        spk_deposit_row_clear(&row);
        if (d->good[i] && !wrong) {
            SPK_TRY(spk_store_put_proof(store, d->index[i], now));
        } else if (!d->good[i] && !wrong && spk_ok(e)) {
            SPK_TRY(spk_store_put_wrong(store, d->index[i]));
            SPK_TRY(spk_server_event(s, "wrong", "deposit %" PRIu64 ", in a drill", d->index[i]));
        }
        bad += d->good[i] ? 0 : 1;
    }
    return spk_server_event(s, "drill", "%zu deposits, %zu bad", d->n, bad);
}

static spk_err
write_down(struct drill *d, struct spk_span bytes)
{
    struct spk_hash report;
    struct spk_note note;

    SPK_TRY(spk_note_parse(bytes, false, &note));
    SPK_TRY(spk_sha256(note.text, &report));
    const struct spk_news news = {.kind = SPK_ENTRY_DRILL,
                                  .request = &report,
                                  .n = d->n,
                                  .deposits = d->index,
                                  .also = write_found,
                                  .arg = d};
    return spk_reclog_add(d->r->srv->reclog, &news);
}

/* What is not signed for yet is no fault of the deposit's. */
static spk_err
are_signed_for(const struct drill *d)
{
    struct spk_signed s;

    SPK_TRY(spk_advance_hold(d->r->srv->advance, &s));
    spk_advance_let(d->r->srv->advance);
    return d->index[d->n - 1] < s.size && d->backup <= s.size ? SPK_OK : SPK_ERR(DENIED);
}

static spk_err
run(struct drill *d, struct spk_answer *a, struct spk_span *ret_note)
{
    struct spk_server *s = d->r->srv;

    SPK_CHECK(spk_reclog_is_on(s->reclog), NET);
    SPK_TRY(are_signed_for(d));
    for (size_t i = 0; i < d->n; i++) {
        SPK_TRY(drill_one(s, d->index[i], i, &d->good[i]));
        if (!d->good[i]) {
            spk_log(SPK_LOG_ERROR, "deposit %" PRIu64 " is not good: a drill has failed",
                    d->index[i]);
        }
    }
    SPK_TRY(fetch_report(d, a, ret_note));
    return write_down(d, *ret_note);
}

enum spk_after
spk_on_officer_drill(struct spk_exchange *r)
{
    static const char *const keys[] = {"deposits", "backup", NULL};
    SPK_AUTO(spk_json) j = NULL;
    SPK_AUTO_ANSWER a = {0};
    struct drill d = {.r = r};
    struct spk_span note;

    if (!spk_body_json(r, keys, &j)) {
        return SPK_DONE;
    }
    if (!read_body(j, &d)) {
        spk_exchange_error(r, SPK_HTTP_BAD_REQUEST,
                           "Indices of 1 to 64 deposits are wanted, rising, and size, root and "
                           "time of a backup.");
        return SPK_DONE;
    }
    spk_err e = run(&d, &a, &note);
    if (e.code == SPK_CODE_DENIED) {
        spk_exchange_error(r, SPK_HTTP_CONFLICT,
                           "The holder does not sign it: there are no such deposits, or the "
                           "backup's log is not an earlier state of this one.");
    } else if (e.code == SPK_CODE_CHANGED) {
        spk_exchange_damaged(r, "The deposits log was altered in the authority's database: what it "
                                "would say of deposits says nothing about them.");
    } else if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "a drill");
    } else {
        spk_jw_str(spk_exchange_json(r, SPK_HTTP_OK), "report", note);
        spk_exchange_json_end(r);
    }
    return SPK_DONE;
}
