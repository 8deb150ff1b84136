/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/reclog.h"

#include <inttypes.h>
#include <string.h>

#include "authority/advance.h"
#include "authority/recbatch.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/rng.h"

#define SKEW_S 60   /* further off, the holder's clock is believed: it decides (holder.md §6.2) */
#define AHEAD_S 300 /* that far the holder lets an entry be off its clock (holder.md §6.2) */
#define AGAIN_MS 60000 /* entries that the holder did not take are not offered all the time */
#define SEEN_MAX 256

/* What was looked up of requests; only ever a copy of what the store says. */
struct seen {
    bool used;
    struct spk_hash request;
    struct spk_logged x;
};
struct spk_reclog {
    struct spk_store *store;
    struct spk_books *books;
    struct spk_logbook *book;
    struct spk_link *link;
    uint64_t session;    /* of the link, in which everything was signed for; 0: not yet */
    uint64_t size, wall; /* the holder's, at the last STATUS */
    uint64_t last_ms;    /* time of the last entry */
    bool broken;
    bool knows_admin;
    uint32_t epoch, policy; /* the newest that stand in the log */
    uint64_t refused_ms;    /* when the holder did not take the last of those */
    struct seen seen[SEEN_MAX];
};

static spk_err
keep_time(void *arg, const struct spk_log_entry_row *row)
{
    struct spk_reclog *l = arg;

    l->last_ms = row->time_ms;
    return SPK_OK;
}

static uint64_t
size_of(struct spk_reclog *l)
{
    struct spk_edge e;

    spk_logbook_edge(l->book, &e);
    return e.n;
}

static spk_err
load_time(struct spk_reclog *l)
{
    uint64_t n = size_of(l);

    l->last_ms = 0;
    return n > 0 ? spk_store_log_entries(l->store, n - 1, 1, keep_time, l) : SPK_OK;
}

spk_err
spk_reclog_new(struct spk_store *store, struct spk_books *books, struct spk_logbook *recoveries,
               struct spk_link *link, struct spk_reclog **ret_l)
{
    SPK_AUTO(spk_reclog) l = spk_calloc(1, sizeof(*l));

    SPK_CHECK(l != NULL, NOMEM);
    l->store = store;
    l->books = books;
    l->book = recoveries;
    l->link = link;
    SPK_TRY(load_time(l));
    *ret_l = SPK_STEAL(l);
    return SPK_OK;
}

void
spk_reclog_free(struct spk_reclog *l)
{
    spk_mem_free(l);
}

bool
spk_reclog_is_on(const struct spk_reclog *l)
{
    return spk_link_has_logs(l->link);
}

/* -- what the holder signs */

static spk_err
ask(struct spk_reclog *l)
{
    SPK_AUTO_ANSWER a = {0};
    struct spk_attrs in = {0};

    SPK_TRY(spk_link_call(l->link, SPK_MSG_STATUS, &in, &a));
    SPK_TRY(spk_status_count(&a, SPK_COUNT_RECOVERIES_LOG, &l->size));
    return spk_status_count(&a, SPK_COUNT_WALL_TIME, &l->wall);
}

/* ADVANCE with what is in `in` already: the note must be of all that the store has. */
static spk_err
advance(struct spk_reclog *l, struct spk_attrs *in)
{
    SPK_AUTO_ANSWER a = {0};
    uint8_t log[8];
    struct spk_edge edge;
    struct spk_signed s;

    spk_logbook_edge(l->book, &edge);
    SPK_TRY(spk_attrs_add_u64(in, SPK_FA_LOG, SPK_LOG_RECOVERIES, log));
    SPK_TRY(spk_link_call(l->link, SPK_MSG_ADVANCE, in, &a));
    spk_err e = spk_signed_take(l->link, SPK_LOG_RECOVERIES, &a, &edge, &s);
    if (e.code == SPK_CODE_PROTO) {
        spk_logbook_stop(l->book);
        return SPK_ERR(DENIED);
    }
    SPK_TRY(e);
    spk_logbook_sign(l->book, &s);
    l->size = s.size;
    return spk_logbook_catch_up(l->book);
}

/* The note again, of what the holder has. */
static spk_err
advance_none(struct spk_reclog *l)
{
    struct spk_attrs in = {0};
    uint8_t size[8];

    SPK_TRY(spk_attrs_add_u64(&in, SPK_FA_SIZE, l->size, size));
    return advance(l, &in);
}

static spk_err
advance_batch(struct spk_reclog *l, const struct spk_recbatch *b)
{
    __attribute__((cleanup(spk_recsent_clear))) struct spk_recsent m = {0};
    struct spk_attrs in = {0};
    uint8_t size[8];

    SPK_TRY(spk_attrs_add_u64(&in, SPK_FA_SIZE, l->size, size));
    SPK_TRY(spk_recbatch_attrs(b, &m, &in));
    return advance(l, &in);
}

/* A holder that was restored takes up where its own signature says that it was. */
static spk_err
remind(struct spk_reclog *l, const struct spk_signed *s)
{
    SPK_AUTO_ANSWER a = {0};
    struct spk_attrs in = {0};
    struct spk_hash proof[SPK_PATH_MAX], part[SPK_PATH_MAX];
    struct spk_edge edge;
    uint8_t log[8];
    size_t n = 0, n_part = 0;

    if (l->size > 0) {
        SPK_TRY(spk_logbook_growth(l->book, l->size, s->size, proof, &n));
    }
    SPK_TRY(spk_logbook_edge_at(l->book, s->size, &edge));
    for (unsigned level = 0; level < SPK_PATH_MAX; level++) {
        if ((edge.n >> level & 1) != 0) {
            part[n_part++] = edge.part[level];
        }
    }
    SPK_TRY(spk_attrs_add_u64(&in, SPK_FA_LOG, SPK_LOG_RECOVERIES, log));
    SPK_TRY(spk_attrs_add(&in, SPK_FA_NOTE, spk_span(s->note, s->len)));
    SPK_TRY(spk_attrs_add(&in, SPK_FA_EDGE, spk_span(part, n_part * sizeof(part[0]))));
    SPK_TRY(spk_attrs_add(&in, SPK_FA_PROOF, spk_span(proof, n * sizeof(proof[0]))));
    SPK_TRY(spk_link_call(l->link, SPK_MSG_ADVANCE, &in, &a));
    spk_log(SPK_LOG_WARN,
            "the holder's journal is older than the recoveries log: it had %" PRIu64 " of %" PRIu64
            " entries",
            l->size, s->size);
    l->size = s->size;
    return SPK_OK;
}

/* -- writing */

struct writing {
    struct spk_reclog *l;
    const struct spk_recbatch *batch; /* NULL: none */
    uint64_t cut;                     /* what stands from here on goes first */
    spk_store_work *also;
    void *arg;
    struct spk_growth g;
};

static spk_err
write_in(struct spk_store *store, void *arg)
{
    struct writing *w = arg;

    if (w->cut < size_of(w->l)) {
        SPK_TRY(spk_store_cut_log(store, w->cut));
        SPK_TRY(spk_logbook_cut(w->l->book, w->cut));
    }
    if (w->batch != NULL) {
        SPK_TRY(spk_recbatch_put(w->batch, store));
    }
    if (w->also != NULL) {
        SPK_TRY(w->also(store, w->arg));
    }
    return spk_logbook_grow(w->l->book, UINT64_MAX, &w->g);
}

/* What could not be written is as it was, but for the tree in memory: a later transaction takes in
 * again what the store has. */
static spk_err
commit(struct spk_reclog *l, struct writing *w)
{
    w->l = l;
    memset(l->seen, 0, sizeof(l->seen));
    l->session = 0; /* until it is signed for */
    spk_err e = spk_store_write(l->store, write_in, w);
    if (spk_ok(e)) {
        spk_logbook_grown(l->book, &w->g);
    } else {
        spk_logbook_undo(l->book);
    }
    SPK_TRY(e);
    return load_time(l);
}

static uint64_t
time_now(const struct spk_reclog *l)
{
    uint64_t now = spk_now_ms(), s = now / 1000;
    uint64_t off = s > l->wall ? s - l->wall : l->wall - s;

    now = off > SKEW_S ? l->wall * 1000 : now;
    return now > l->last_ms ? now : l->last_ms;
}

/* Nothing is older than what stands before it, and nothing may be ahead of the holder's clock. */
static void
tell_ahead(const struct spk_reclog *l)
{
    uint64_t last = l->last_ms / 1000;

    if (last > l->wall + AHEAD_S) {
        spk_log(SPK_LOG_ERROR,
                "the last entry of the recoveries log is %" PRIu64 " seconds ahead of the holder's "
                "clock, and no other is taken before the clock gets there: set it right if it is "
                "behind, or wait",
                last - l->wall);
    }
}

/* Takes out again what the holder did not sign for. That is certain only once it says how far it
 * has come: an answer may have been lost, and the question asked twice. */
static spk_err
refused(struct spk_reclog *l, uint64_t from)
{
    struct writing w = {.cut = from};
    uint64_t n = size_of(l);

    SPK_TRY(ask(l));
    if (l->size == n) {
        return advance_none(l);
    }
    SPK_CHECK(l->size == from, DENIED);
    SPK_TRY(commit(l, &w));
    spk_log(SPK_LOG_ERROR, "the holder does not sign for %" PRIu64 " entries of the recoveries log",
            n - from);
    tell_ahead(l); /* of the entries that are left */
    return SPK_ERR(DENIED);
}

/* Writes the batch and has it signed. */
static spk_err
append(struct spk_reclog *l, struct spk_recbatch *b, struct writing *w)
{
    spk_recbatch_time(b, time_now(l));
    w->batch = b;
    SPK_TRY(commit(l, w));
    spk_err e = advance_batch(l, b);
    if (e.code == SPK_CODE_DENIED && !spk_logbook_is_stopped(l->book)) {
        e = refused(l, w->cut);
    }
    if (spk_ok(e)) {
        l->session = spk_link_sessions(l->link);
    }
    return e;
}

/* -- catching up */

static spk_err
is_ahead(struct spk_reclog *l, uint64_t ours)
{
    if (!l->broken) {
        spk_log(SPK_LOG_ERROR,
                "the database is older than the recoveries log: the holder has signed for %" PRIu64
                " entries, the database has %" PRIu64 ". Bring back the newest copy of the "
                "database, with its -wal file. If what is missing is gone for good, restore the "
                "holder from its sealed copy, without its journal: it then goes on from what is "
                "here, and says so in use.log",
                l->size, ours);
    }
    l->broken = true;
    return SPK_ERR(CHANGED);
}

/* Entries that were written, and then came a crash: they are timed anew and signed, or they go. */
static spk_err
settle_tail(struct spk_reclog *l)
{
    SPK_AUTO(spk_recbatch) b = NULL;
    struct writing w = {.cut = l->size};

    SPK_TRY(spk_recbatch_new(&b));
    SPK_TRY(spk_recbatch_load(b, l->store, l->size));
    l->last_ms = 0; /* of the entry before them: */
    if (l->size > 0) {
        SPK_TRY(spk_store_log_entries(l->store, l->size - 1, 1, keep_time, l));
    }
    spk_err e = append(l, b, &w);
    return e.code == SPK_CODE_DENIED && !spk_logbook_is_stopped(l->book) ? SPK_OK : e;
}

spk_err
spk_reclog_settle(struct spk_reclog *l)
{
    struct spk_signed s;

    SPK_CHECK(spk_reclog_is_on(l), NOTFOUND);
    SPK_CHECK(!spk_logbook_is_stopped(l->book), DENIED);
    SPK_TRY(spk_logbook_catch_up(l->book));
    SPK_TRY(ask(l));
    spk_logbook_signed(l->book, &s);
    uint64_t n = size_of(l);
    if (l->size > n) {
        return is_ahead(l, n);
    }
    l->broken = false;
    if (l->size < s.size) {
        SPK_TRY(remind(l, &s));
    }
    if (l->size < n) {
        SPK_TRY(settle_tail(l));
    } else if (n > 0 && (s.len == 0 || s.size < n)) {
        SPK_TRY(advance_none(l));
    }
    l->session = spk_link_sessions(l->link);
    return SPK_OK;
}

/* -- key epochs and policies */

static spk_err
see_admin(void *arg, const struct spk_log_entry_row *row)
{
    struct spk_reclog *l = arg;
    struct spk_entry e;

    if (row->request != NULL) {
        return SPK_OK;
    }
    SPK_TRY(spk_entry_parse(row->entry, &e));
    if (e.kind == SPK_ENTRY_EPOCH && e.number > l->epoch) {
        l->epoch = e.number;
    } else if (e.kind == SPK_ENTRY_POLICY && e.number > l->policy) {
        l->policy = e.number;
    }
    return SPK_OK;
}

static spk_err
admin_batch(struct spk_reclog *l, struct spk_recbatch *b)
{
    struct spk_span note;

    for (size_t i = 0; i < spk_books_epochs(l->books); i++) {
        const struct spk_authority *a = spk_books_epoch(l->books, i, &note);
        const struct spk_entry e = {.kind = SPK_ENTRY_EPOCH, .number = a->epoch, .hash = a->hash};
        if (a->epoch > l->epoch) {
            SPK_TRY(spk_recbatch_add(b, &e, NULL, NULL, SPK_SPAN_EMPTY));
        }
    }
    uint32_t today = spk_books_today(l->books)->number;
    for (uint32_t n = l->policy + 1; n <= today && spk_recbatch_count(b) < SPK_RECBATCH_MAX; n++) {
        const struct spk_policy *p = spk_books_policy(l->books, n, &note);
        SPK_CHECK(p != NULL, CHANGED);
        const struct spk_entry e = {.kind = SPK_ENTRY_POLICY, .number = n, .hash = p->hash};
        SPK_TRY(spk_recbatch_add(b, &e, NULL, NULL, SPK_SPAN_EMPTY));
    }
    return SPK_OK;
}

static bool
admin_is_due(const struct spk_reclog *l)
{
    return !l->knows_admin || l->policy < spk_books_today(l->books)->number ||
           l->epoch < spk_books_newest(l->books)->epoch;
}

static spk_err
add_admin(struct spk_reclog *l)
{
    SPK_AUTO(spk_recbatch) b = NULL;
    struct writing w = {.also = NULL};

    if (!l->knows_admin) {
        SPK_TRY(spk_store_log_entries(l->store, 0, UINT64_MAX, see_admin, l));
        l->knows_admin = true;
    }
    SPK_TRY(spk_recbatch_new(&b));
    SPK_TRY(admin_batch(l, b));
    if (spk_recbatch_count(b) == 0) {
        return SPK_OK;
    }
    SPK_TRY(spk_reclog_settle(l));
    w.cut = l->size;
    spk_err e = append(l, b, &w);
    l->refused_ms = e.code == SPK_CODE_DENIED ? spk_running_ms() : 0;
    l->knows_admin = false; /* read again: some of them may have been written */
    return e;
}

spk_err
spk_reclog_tick(struct spk_reclog *l)
{
    SPK_CHECK(spk_reclog_is_on(l), NOTFOUND);
    if (l->session == 0 || l->session != spk_link_sessions(l->link)) {
        SPK_TRY(spk_reclog_settle(l));
    }
    bool later = l->refused_ms != 0 && spk_running_ms() - l->refused_ms < AGAIN_MS;
    return admin_is_due(l) && !later ? add_admin(l) : SPK_OK;
}

/* -- requests */

struct finding {
    bool found;
    struct spk_logged x;
};

static spk_err
see_request(void *arg, const struct spk_log_entry_row *row)
{
    struct finding *f = arg;
    struct spk_entry e;

    SPK_TRY(spk_entry_parse(row->entry, &e));
    if (e.kind == SPK_ENTRY_REQUESTED) {
        SPK_CHECK(row->salt.len == sizeof(f->x.salt), CHANGED);
        f->found = true;
        f->x = (struct spk_logged){.own = row->index, .first = e.deposit};
        memcpy(f->x.salt, row->salt.ptr, row->salt.len);
    }
    f->x.ended = f->x.ended || e.kind == SPK_ENTRY_ENDED;
    return SPK_OK;
}

spk_err
spk_reclog_find(struct spk_reclog *l, const struct spk_hash *request, struct spk_logged *ret_x)
{
    struct seen *s = &l->seen[request->b[0] % SEEN_MAX];
    struct finding f = {.found = false};

    if (!s->used || !spk_hash_eq(&s->request, request)) {
        SPK_TRY(spk_store_log_entries_of(l->store, request, see_request, &f));
        SPK_CHECK(f.found, NOTFOUND);
        *s = (struct seen){.used = true, .request = *request, .x = f.x};
    }
    *ret_x = s->x;
    return SPK_OK;
}

static spk_err
news_batch(struct spk_reclog *l, const struct spk_news *news, struct spk_recbatch *b)
{
    struct spk_logged x = {.own = size_of(l)};

    if (news->kind == SPK_ENTRY_DRILL) {
        x.own = SPK_NO_REQUEST;
        SPK_TRY(spk_random(SPK_MUT_OF(x.salt)));
    } else if (news->kind == SPK_ENTRY_REQUESTED) {
        SPK_TRY(spk_entry_salt(news->record, x.salt));
    } else {
        SPK_TRY(spk_reclog_find(l, news->request, &x));
    }
    for (size_t i = 0; i < news->n; i++) {
        const struct spk_entry e = {.kind = news->kind,
                                    .number = spk_books_newest(l->books)->epoch,
                                    .deposit = news->deposits != NULL ? news->deposits[i] : x.first,
                                    .request = x.own};
        SPK_TRY(spk_recbatch_add(b, &e, news->request, x.salt, news->detail));
    }
    return SPK_OK;
}

struct twin {
    const struct spk_news *news;
    bool found;
};

static spk_err
see_twin(void *arg, const struct spk_log_entry_row *row)
{
    struct twin *t = arg;
    struct spk_entry e;

    SPK_TRY(spk_entry_parse(row->entry, &e));
    if (e.kind == SPK_ENTRY_REQUESTED) {
        t->found = false; /* a holder that began anew is told again */
    }
    t->found = t->found || (e.kind == t->news->kind && spk_span_eq(row->detail, t->news->detail));
    return SPK_OK;
}

/* A note is sent again by people who got no answer; its entry may stand there already. */
static spk_err
is_there(struct spk_reclog *l, const struct spk_news *news, bool *ret_there)
{
    struct twin t = {.news = news};

    if (news->deposits == NULL) {
        SPK_TRY(spk_store_log_entries_of(l->store, news->request, see_twin, &t));
    }
    *ret_there = t.found;
    return SPK_OK;
}

spk_err
spk_reclog_add(struct spk_reclog *l, const struct spk_news *news)
{
    SPK_AUTO(spk_recbatch) b = NULL;
    struct writing w = {.also = news->also, .arg = news->arg};
    bool there = !spk_reclog_is_on(l);
    spk_err e = SPK_OK;

    if (!there) {
        e = spk_reclog_settle(l);
        if (!spk_ok(e) && e.code != SPK_CODE_DENIED) {
            return e.code == SPK_CODE_CHANGED ? SPK_ERR(NET) : e;
        }
    }
    if (spk_ok(e) && !there) {
        SPK_TRY(is_there(l, news, &there));
    }
    w.cut = size_of(l);
    if (there || !spk_ok(e)) {
        SPK_TRY(news->also != NULL ? spk_store_write(l->store, news->also, news->arg) : SPK_OK);
        return e;
    }
    SPK_TRY(spk_recbatch_new(&b));
    e = news_batch(l, news, b);
    if (e.code == SPK_CODE_NOTFOUND) { /* its own entry is not taken by the holder */
        return news->also != NULL ? spk_store_write(l->store, news->also, news->arg) : SPK_OK;
    }
    SPK_TRY(e);
    return append(l, b, &w);
}

/* -- releases */

struct places {
    enum spk_entry_kind kind;
    const uint64_t *at;
    size_t n;
    uint64_t *entry;
};

static spk_err
see_place(void *arg, const struct spk_log_entry_row *row)
{
    const struct places *p = arg;
    struct spk_entry e;

    SPK_TRY(spk_entry_parse(row->entry, &e));
    for (size_t i = 0; e.kind == SPK_ENTRY_REQUESTED && i < p->n; i++) {
        p->entry[i] = SPK_NO_ENTRY; /* those before it are another request's to the holder */
    }
    if (e.kind != p->kind) {
        return SPK_OK;
    }
    for (size_t low = 0, high = p->n; low < high;) {
        size_t mid = (low + high) / 2;
        if (p->at[mid] == e.deposit) {
            p->entry[mid] = row->index;
            break;
        }
        low = p->at[mid] < e.deposit ? mid + 1 : low;
        high = p->at[mid] > e.deposit ? mid : high;
    }
    return SPK_OK;
}

spk_err
spk_reclog_find_deposits(struct spk_reclog *l, const struct spk_hash *request,
                         enum spk_entry_kind kind, const uint64_t *at, size_t n,
                         uint64_t *ret_entry)
{
    struct places p = {.kind = kind, .at = at, .n = n, .entry = ret_entry};

    for (size_t i = 0; i < n; i++) {
        ret_entry[i] = SPK_NO_ENTRY;
    }
    return spk_store_log_entries_of(l->store, request, see_place, &p);
}

static spk_err
copy_entry(void *arg, const struct spk_log_entry_row *row)
{
    struct spk_log_proven *p = arg;

    SPK_CHECK(row->entry.len <= sizeof(p->entry), CHANGED);
    memcpy(p->entry, row->entry.ptr, row->entry.len);
    p->entry_len = row->entry.len;
    return SPK_OK;
}

spk_err
spk_reclog_prove(struct spk_reclog *l, uint64_t index, struct spk_log_proven *ret_p)
{
    struct spk_signed s;

    spk_logbook_signed(l->book, &s);
    ret_p->entry_len = 0;
    SPK_TRY(spk_store_log_entries(l->store, index, 1, copy_entry, ret_p));
    SPK_CHECK(ret_p->entry_len > 0 && index < s.size, NOTFOUND);
    return spk_logbook_path(l->book, index, s.size, ret_p->path, &ret_p->path_len);
}
