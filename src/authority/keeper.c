/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/keeper.h"

#include <pthread.h>
#include <time.h>

#include "authority/advance.h"
#include "authority/intake.h"
#include "authority/proving.h"
#include "authority/reclog.h"
#include "authority/recover.h"
#include "authority/status.h"
#include "base/clock.h"
#include "base/log.h"

#define TICK_MS 250
#define FULL_LOOK_MS 5000 /* without being poked: what an earlier try left behind */
#define RECORDS_AT_ONCE 32
#define REQUESTS_AT_ONCE 16
#define RECORDS_STUCK_MS ((uint64_t)10000) /* then requests wait for them no longer */
#define SAY_AGAIN_MS ((uint64_t)600000)
#define PRUNE_EVERY_MS ((uint64_t)600000)
#define REQUEST_KEPT ((uint64_t)90 * 86400) /* as long as lists show requests */

/* What goes wrong in one kind of work: told when it is new, and now and then while it lasts. */
struct trouble {
    const char *what;
    enum spk_code code;
    uint64_t since_ms, said_ms;
};
struct spk_keeper {
    struct spk_server *srv;
    struct spk_proving proving;
    struct trouble records, requests, checks, counting, pruning, log, ends;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping, poked, busy; /* busy: a round is in the holder thread's queue */
    uint64_t looked_ms, pruned_ms;
    uint64_t checks_due; /* thousandths of a deposit that may be checked */
    pthread_t thread;
};

static void
notice(struct trouble *t, spk_err e)
{
    uint64_t now = spk_running_ms();

    if (spk_ok(e)) {
        t->code = SPK_CODE_OK;
        return;
    }
    if (t->code == SPK_CODE_OK) {
        t->since_ms = now;
    }
    bool passes = e.code == SPK_CODE_BUSY || e.code == SPK_CODE_NET;
    if (!passes && (t->code != e.code || now - t->said_ms >= SAY_AGAIN_MS)) {
        spk_log(SPK_LOG_ERROR, "%s: %s (%d)", t->what, spk_code_name(e.code), e.sys);
        t->said_ms = now;
    }
    t->code = e.code;
}

/* -- records from files */

struct record {
    uint64_t key, time;
    struct spk_buf body, blob;
};
struct records {
    size_t n;
    struct record r[RECORDS_AT_ONCE];
};

static spk_err
keep_record(void *arg, const struct spk_record_row *row)
{
    struct records *l = arg;
    struct record *r = &l->r[l->n++];

    r->key = row->key;
    r->time = row->time;
    r->body = SPK_BUF(row->body.len + 1);
    r->blob = SPK_BUF(row->blob.len + 1);
    SPK_TRY(spk_buf_add(&r->body, row->body));
    return spk_buf_add(&r->blob, row->blob);
}

/* SPK_CODE_DENIED: not to be filed. The owner must be enrolled; a deposit that is there already is
 * as good, unless the holder has refused it or it was altered in the database; and the holder must
 * find the tag right, which only who knows the key can make. */
static spk_err
record_wanted(struct spk_server *s, struct spk_intake *in)
{
    struct spk_owner_row owner = {0};
    struct spk_deposit_row have = {0};

    SPK_CHECK(in->status == SPK_HTTP_OK, DENIED);
    spk_err e = spk_store_owner(s->store, &in->row.owner, &owner);
    bool enrolled = spk_ok(e) && owner.state == SPK_OWNER_ENROLLED;
    in->row.owner_key = owner.key;
    spk_owner_row_clear(&owner);
    if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
        return e;
    }
    if (enrolled) {
        e = spk_store_deposit(s->store, in->row.owner_key, &in->row.serial, &have);
        bool there = spk_ok(e) && have.epoch >= in->row.epoch && have.state != SPK_DEPOSIT_WRONG &&
                     spk_ok(spk_deposit_row_verify(&have));
        spk_deposit_row_clear(&have);
        SPK_CHECK(!there, DENIED);
    }
    /* the holder is asked about records of strangers as well: the work and its time are the same */
    SPK_TRY(spk_recover_check(s, &in->row));
    return enrolled ? SPK_OK : SPK_ERR(DENIED);
}

struct record_end {
    struct spk_intake *in; /* NULL: nothing is filed */
    uint64_t key;
};

static spk_err
write_record_end(struct spk_store *store, void *arg)
{
    const struct record_end *end = arg;
    uint64_t now = 0;

    if (end->in != NULL) {
        SPK_TRY(spk_intake_time(store, &now));
        SPK_TRY(spk_intake_stamp(end->in, now));
        SPK_TRY(spk_store_put_deposit(store, &end->in->row, &end->in->result));
    }
    return spk_store_drop_record(store, end->key);
}

static spk_err
record_end(struct spk_server *s, struct spk_intake *in, uint64_t key, bool file)
{
    struct record_end end = {.in = file ? in : NULL, .key = key};

    return spk_store_write(s->store, write_record_end, &end);
}

static spk_err
file_record(struct spk_server *s, const struct record *r)
{
    struct spk_intake in;

    spk_intake_record(s->books, spk_buf_span(&r->body), spk_buf_span(&r->blob), &in);
    spk_err e = record_wanted(s, &in);
    if (spk_ok(e)) {
        e = record_end(s, &in, r->key, true);
    }
    if (!spk_ok(e) && !spk_err_passes(e)) {
        if (e.code != SPK_CODE_DENIED) {
            spk_log(SPK_LOG_ERROR, "a file's record cannot be filed: %s", spk_code_name(e.code));
        }
        e = record_end(s, &in, r->key, false);
    }
    spk_intake_clear(&in);
    return e;
}

/* *ret_oldest: arrival of the oldest record that is left, UINT64_MAX when none is. */
static spk_err
file_records(struct spk_server *s, uint64_t *ret_oldest)
{
    struct records l = {0};
    spk_err e = spk_store_records(s->store, RECORDS_AT_ONCE, keep_record, &l);

    *ret_oldest = UINT64_MAX;
    for (size_t i = 0; i < l.n; i++) {
        if (spk_ok(e)) {
            e = file_record(s, &l.r[i]);
        }
        if (!spk_ok(e) && *ret_oldest == UINT64_MAX) {
            *ret_oldest = l.r[i].time;
        }
        spk_buf_free(&l.r[i].body);
        spk_buf_free(&l.r[i].blob);
    }
    if (spk_ok(e) && l.n == RECORDS_AT_ONCE) {
        *ret_oldest = l.r[l.n - 1].time; /* there may be more */
    }
    return e;
}

/* -- requests */

/* *ret_moved: it is further than it was. */
static spk_err
open_one(struct spk_server *s, const struct spk_hash *hash, uint64_t before, bool *ret_moved)
{
    struct spk_request_row row = {0};
    spk_err e = spk_store_request(s->store, hash, &row);

    if (spk_ok(e) && row.created < before) {
        e = spk_recover_open(s, &row);
        *ret_moved = *ret_moved || spk_ok(e);
    }
    spk_request_row_clear(&row);
    return e;
}

/* A request waits for the records that came before it: they belong to its scope. Those that stay
 * where they are, for whatever reason, must not hide the ones behind them. */
static spk_err
open_stage(struct spk_server *s, uint32_t stage, uint64_t before, bool *ret_more)
{
    struct spk_request_query q = {.stage = stage, .limit = REQUESTS_AT_ONCE};
    struct spk_request_list l = {.n = REQUESTS_AT_ONCE};
    spk_err first = SPK_OK; /* of what went wrong */
    bool moved = false;

    while (l.n == REQUESTS_AT_ONCE && !moved) {
        l.n = 0;
        SPK_TRY(spk_store_requests(s->store, &q, spk_request_list_add, &l));
        for (size_t i = 0; i < l.n; i++) {
            spk_err e = open_one(s, &l.h[i], before, &moved);
            if (spk_err_passes(e)) {
                return e;
            }
            first = spk_ok(first) ? e : first;
        }
        q.after_key = l.last;
    }
    *ret_more = *ret_more || (moved && l.n == REQUESTS_AT_ONCE);
    return first;
}

/* Those whose time is over, and of which nobody has asked since: their end stands in the log, too.
 */
struct ended {
    struct spk_request_list l;
    uint64_t now;
};

static spk_err
keep_ended(void *arg, const struct spk_request_row *row)
{
    struct ended *x = arg;

    SPK_CHECK(x->l.n < REQUESTS_AT_ONCE, STOPPED);
    return row->expires < x->now ? spk_request_list_add(&x->l, row) : SPK_OK;
}

static spk_err
end_state(struct spk_server *s, uint32_t state)
{
    const struct spk_request_query q = {
        .stage = SPK_STAGE_TOLD, .state = state, .limit = UINT64_MAX};
    struct ended x = {.now = spk_now()};
    spk_err e = spk_store_requests(s->store, &q, keep_ended, &x);

    SPK_CHECK(spk_ok(e) || e.code == SPK_CODE_STOPPED, IO);
    for (size_t i = 0; i < x.l.n; i++) {
        struct spk_request_row row = {0};
        e = spk_store_request(s->store, &x.l.h[i], &row);
        if (spk_ok(e)) {
            e = spk_recover_refresh(s, &row);
        }
        spk_request_row_clear(&row);
        SPK_TRY(e);
    }
    return SPK_OK;
}

static spk_err
end_requests(struct spk_server *s)
{
    for (uint32_t state = SPK_STATE_OPEN; state <= SPK_STATE_APPROVED; state++) {
        SPK_TRY(end_state(s, state));
    }
    return SPK_OK;
}

/* The same for a request whose owner exists and for one whose owner does not: what can be seen of
 * either must not tell which it is. */
struct prune {
    struct spk_request_prune which;
    uint64_t n;
};

static spk_err
prune_in(struct spk_store *store, void *arg)
{
    struct prune *p = arg;

    return spk_store_prune_requests(store, &p->which, &p->n);
}

static spk_err
prune(struct spk_server *s, uint64_t *ret_n)
{
    uint64_t life = spk_books_today(s->books)->request_life;
    uint64_t now = spk_now(), kept = life > REQUEST_KEPT ? life : REQUEST_KEPT;
    struct prune p = {.which = {.created_before = now > kept ? now - kept : 0,
                                .expired_before = now,
                                .unknown_max = s->cfg.max_unknown_requests}};

    SPK_TRY(spk_store_write(s->store, prune_in, &p));
    *ret_n = p.n;
    return SPK_OK;
}

/* A part at a time, so that deposits need not wait for it. */
static void
prune_when_due(struct spk_keeper *k)
{
    uint64_t now = spk_running_ms(), n = 0;

    if (k->pruned_ms != 0 && now - k->pruned_ms < PRUNE_EVERY_MS) {
        return;
    }
    spk_err e = prune(k->srv, &n);
    notice(&k->pruning, e);
    if (n < SPK_PRUNE_MAX) {
        k->pruned_ms = now;
    }
}

/* -- one round */

static void
look(struct spk_keeper *k, bool *ret_again)
{
    struct spk_server *s = k->srv;
    uint64_t oldest = UINT64_MAX;
    bool more = false;
    spk_err e = file_records(s, &oldest);

    notice(&k->records, e);
    *ret_again = oldest != UINT64_MAX && (spk_ok(e) || e.code == SPK_CODE_BUSY);
    if (e.code == SPK_CODE_NET) {
        return;
    }
    if (!spk_ok(e) && spk_running_ms() - k->records.since_ms >= RECORDS_STUCK_MS) {
        oldest = UINT64_MAX;
    }
    e = open_stage(s, SPK_STAGE_FILED, oldest, &more);
    if (!spk_err_passes(e)) {
        spk_err e2 = open_stage(s, SPK_STAGE_SCOPED, UINT64_MAX, &more);
        e = spk_ok(e2) ? e : e2;
    }
    *ret_again = *ret_again || more || e.code == SPK_CODE_BUSY;
    notice(&k->requests, e);
    notice(&k->ends, end_requests(s));
    notice(&k->counting, spk_status_refresh(s));
}

static void
round_job(void *arg)
{
    struct spk_keeper *k = arg;
    struct spk_server *s = k->srv;
    bool again = false;

    pthread_mutex_lock(&k->lock);
    bool due = k->poked || spk_running_ms() - k->looked_ms >= FULL_LOOK_MS;
    uint64_t budget = k->checks_due / 1000;
    k->poked = false;
    pthread_mutex_unlock(&k->lock);

    prune_when_due(k);
    bool there = spk_ok(spk_link_reach(s->link));
    if (there && spk_reclog_is_on(s->reclog)) { /* its first entries come before any request */
        notice(&k->log, spk_reclog_tick(s->reclog));
    }
    if (there && due) {
        look(k, &again);
    }
    spk_advance_tick(s->advance);
    if (there && budget > 0) {
        notice(&k->checks, spk_proving_run(&k->proving, budget));
    }
    pthread_mutex_lock(&k->lock);
    k->checks_due = budget > 0 ? 0 : k->checks_due;
    k->poked = k->poked || again || (due && !there);
    if (due && there) {
        k->looked_ms = spk_running_ms();
    }
    k->busy = false;
    if (k->stopping) {
        pthread_cond_signal(&k->wake);
    }
    pthread_mutex_unlock(&k->lock);
}

/* -- its thread only keeps time */

static void
wait_tick(struct spk_keeper *k)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until); /* a clock set back must not stop this */
    until.tv_nsec += TICK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_cond_clockwait(&k->wake, &k->lock, CLOCK_MONOTONIC, &until);
}

static void *
keeper_main(void *arg)
{
    struct spk_keeper *k = arg;
    uint64_t last = spk_running_ms();

    pthread_mutex_lock(&k->lock);
    while (!k->stopping) {
        uint64_t now = spk_running_ms();
        uint64_t most = k->srv->cfg.check_per_second * 1000;
        k->checks_due += (now - last) * k->srv->cfg.check_per_second;
        k->checks_due = k->checks_due > most ? most : k->checks_due;
        last = now;
        if (!k->busy) {
            k->busy = spk_ok(spk_jobs_push(k->srv->holder_jobs, round_job, k));
        }
        wait_tick(k);
    }
    while (k->busy) {
        pthread_cond_wait(&k->wake, &k->lock);
    }
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

spk_err
spk_keeper_new(struct spk_server *s, struct spk_keeper **ret_k)
{
    struct spk_keeper *k = spk_calloc(1, sizeof(*k));

    SPK_CHECK(k != NULL, NOMEM);
    k->srv = s;
    k->proving.srv = s;
    k->records.what = "filing records of files";
    k->requests.what = "opening requests";
    k->checks.what = "checking deposits";
    k->counting.what = "reading the holder's counters";
    k->pruning.what = "forgetting old requests";
    k->ends.what = "noting the end of requests";
    k->log.what = "the recoveries log";
    k->poked = true;
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->wake, NULL);
    if (pthread_create(&k->thread, NULL, keeper_main, k) != 0) {
        spk_mem_free(k);
        return SPK_ERR(NOMEM);
    }
    *ret_k = k;
    return SPK_OK;
}

void
spk_keeper_poke(struct spk_keeper *k)
{
    pthread_mutex_lock(&k->lock);
    k->poked = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
}

void
spk_keeper_free(struct spk_keeper *k)
{
    if (k == NULL) {
        return;
    }
    pthread_mutex_lock(&k->lock);
    k->stopping = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
    pthread_join(k->thread, NULL);
    pthread_cond_destroy(&k->wake);
    pthread_mutex_destroy(&k->lock);
    spk_mem_free(k);
}
