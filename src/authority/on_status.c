/* SPDX-License-Identifier: Apache-2.0 */
/* Counters, for whoever watches the server: as JSON, and as text that Prometheus reads. */
#include <inttypes.h>

#include "authority/handle.h"
#include "authority/link.h"
#include "authority/status.h"

#define METRICS_TYPE "text/plain; version=0.0.4"

struct sums {
    struct spk_proof_sums p;
    uint64_t checked;
    uint64_t unchecked_since; /* unix seconds; 0: there is none */
};

static spk_err
take_time(void *arg, const struct spk_deposit_row *row)
{
    *(uint64_t *)arg = row->time_ms / 1000;
    return SPK_OK;
}

static spk_err
sum_up(struct spk_store *store, struct sums *ret_s)
{
    struct spk_deposit_query q = {.limit = 1};
    struct spk_deposit_page page;
    struct sums s = {.checked = 0};

    SPK_TRY(spk_store_proof_sums(store, 0, &s.p));
    SPK_TRY(spk_store_checked(store, &s.checked));
    q.from = s.checked;
    SPK_TRY(spk_store_deposits(store, &q, take_time, &s.unchecked_since, &page));
    *ret_s = s;
    return SPK_OK;
}

static void
write_time(struct spk_jw *w, const char *name, uint64_t time)
{
    if (time != 0) {
        spk_jw_u64(w, name, time);
    } else {
        spk_jw_null(w, name);
    }
}

void
spk_write_proofs(struct spk_jw *w, const struct spk_proof_sums *p)
{
    spk_jw_u64(w, "proven", p->proven);
    spk_jw_u64(w, "wrong", p->wrong);
    write_time(w, "oldest_proof", p->oldest);
}

enum spk_after
spk_on_status(struct spk_exchange *r)
{
    struct sums s;
    spk_err e = sum_up(r->srv->store, &s);

    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "counting deposits");
        return SPK_DONE;
    }
    struct spk_jw *w = spk_exchange_json(r, SPK_HTTP_OK);
    spk_jw_cstr(w, "version", SPK_SERVER_VERSION);
    spk_jw_u64(w, "deposits", s.p.deposits);
    spk_jw_u64(w, "checked", s.checked);
    spk_write_proofs(w, &s.p);
    write_time(w, "unchecked_since", s.unchecked_since);
    spk_jw_cstr(w, "holder", spk_link_ready(r->srv->link) ? "ready" : "absent");
    spk_jw_u64(w, "policy", spk_books_today(r->srv->books)->number);
    spk_exchange_json_end(r);
    return SPK_DONE;
}

/* -- metrics */

struct metric {
    const char *name, *type, *help;
};

static spk_err
put_metric(struct spk_buf *out, const struct metric *m, uint64_t value)
{
    SPK_TRY(spk_buf_printf(out, "# HELP %s %s\n", m->name, m->help));
    SPK_TRY(spk_buf_printf(out, "# TYPE %s %s\n", m->name, m->type));
    return spk_buf_printf(out, "%s %" PRIu64 "\n", m->name, value);
}

static spk_err
put_own(struct spk_exchange *r, const struct sums *s)
{
    const struct {
        struct metric m;
        uint64_t value;
    } own[] = {
        {{"sparekey_deposits", "counter", "Deposits taken in."}, s->p.deposits},
        {{"sparekey_deposits_checked", "counter", "Deposits that were looked at once."},
         s->checked},
        {{"sparekey_deposits_proven", "gauge",
          "Deposits that the holder has opened and found "
          "right."},
         s->p.proven},
        {{"sparekey_deposits_wrong", "gauge", "Deposits that the holder has refused."}, s->p.wrong},
        {{"sparekey_oldest_proof_seconds", "gauge", "Unix time of the oldest proof; 0: none."},
         s->p.oldest},
        {{"sparekey_unchecked_since_seconds", "gauge",
          "Unix time of the oldest deposit that waits for its first check; 0: none."},
         s->unchecked_since},
        {{"sparekey_holder_up", "gauge", "1: the holder answers."},
         spk_link_ready(r->srv->link) ? 1 : 0},
    };

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        SPK_TRY(put_metric(&r->out, &own[i].m, own[i].value));
    }
    return SPK_OK;
}

/* By the numbers of doc/spec/holder.md §9. */
static const struct metric of_holder[SPK_HOLDER_COUNTERS] = {
    [1] = {"sparekey_holder_releases", "counter", "Session keys given out."},
    [2] = {"sparekey_holder_refusals", "counter", "Messages that the holder refused."},
    [3] = {"sparekey_holder_checks", "counter", "Deposits that the holder was asked to check."},
    [4] = {"sparekey_holder_bad_messages", "counter", "Messages that the holder could not read."},
    [5] = {"sparekey_holder_requests", "gauge", "Requests that the holder remembers."},
    [8] = {"sparekey_holder_journal_bytes", "gauge", "Length of the holder's journal."},
    [9] = {"sparekey_holder_unlocked_bytes", "gauge", "Secrets that are not locked into memory."},
    [12] = {"sparekey_holder_advance_refusals", "counter",
            "Steps of a log that the holder did "
            "not sign."},
    [13] = {"sparekey_log_deposits", "gauge", "Signed entries of the deposits log."},
    [14] = {"sparekey_log_recoveries", "gauge", "Signed entries of the recoveries log."},
};

static spk_err
put_holders(struct spk_exchange *r)
{
    for (size_t i = 0; i < SPK_HOLDER_COUNTERS; i++) {
        if (of_holder[i].name != NULL) {
            SPK_TRY(put_metric(&r->out, &of_holder[i], atomic_load(&r->srv->holder_counter[i])));
        }
    }
    return SPK_OK;
}

enum spk_after
spk_on_metrics(struct spk_exchange *r)
{
    struct sums s;
    spk_err e = sum_up(r->srv->store, &s);

    if (spk_ok(e)) {
        e = put_own(r, &s);
    }
    if (spk_ok(e)) {
        e = put_holders(r);
    }
    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "counting deposits");
        return SPK_DONE;
    }
    r->type = METRICS_TYPE;
    r->status = SPK_HTTP_OK;
    r->answered = true;
    return SPK_DONE;
}

spk_err
spk_status_refresh(struct spk_server *s)
{
    SPK_AUTO_ANSWER a = {0};
    struct spk_attrs in = {0};
    struct spk_span v;

    SPK_TRY(spk_link_call(s->link, SPK_MSG_STATUS, &in, &a));
    for (size_t i = 0; spk_attrs_nth(&a.l, SPK_FA_COUNTER, i, &v); i++) {
        SPK_CHECK(v.len == 10, PROTO);
        uint16_t id = spk_get_u16(v.ptr);
        if (id < SPK_HOLDER_COUNTERS) {
            atomic_store(&s->holder_counter[id], spk_get_u64(v.ptr + 2));
        }
    }
    return SPK_OK;
}
