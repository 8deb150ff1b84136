/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/advance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/log.h"
#include "translog/checkpoint.h"

struct spk_advance {
    struct spk_store *store;
    struct spk_logbook *book;
    struct spk_link *link;
    pthread_mutex_t lock; /* one at a time */
    uint64_t session;     /* of the link, in which the holder's size was asked for */
    bool knows;           /* the holder's size */
    uint64_t size;
    bool kept; /* the logs' keys are in the store */
    atomic_bool broken;
};

spk_err
spk_advance_new(struct spk_store *store, struct spk_logbook *deposits, struct spk_link *link,
                struct spk_advance **ret_a)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO(spk_advance) a = spk_calloc(1, sizeof(*a));

    SPK_CHECK(a != NULL, NOMEM);
    a->store = store;
    a->book = deposits;
    a->link = link;
    pthread_mutex_init(&a->lock, NULL);
    atomic_init(&a->broken, false);
    spk_err e = spk_store_log_keys(store, &note);
    if (spk_ok(e)) {
        a->kept = true;
        e = spk_link_know_logs(link, spk_buf_span(&note));
    }
    if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
        return e;
    }
    *ret_a = SPK_STEAL(a);
    return SPK_OK;
}

void
spk_advance_free(struct spk_advance *a)
{
    if (a != NULL) {
        pthread_mutex_destroy(&a->lock);
        spk_mem_free(a);
    }
}

bool
spk_advance_is_broken(const struct spk_advance *a)
{
    return atomic_load(&a->broken);
}

static spk_err
write_keys(struct spk_store *store, void *arg)
{
    return spk_store_put_log_keys(store, spk_buf_span(arg));
}

/* The keys of the logs outlive the holder's absence. */
static spk_err
keep_keys(struct spk_advance *a)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    struct spk_logs logs;

    if (a->kept) {
        return SPK_OK;
    }
    SPK_TRY(spk_link_logs(a->link, &logs, &note));
    SPK_TRY(spk_store_write(a->store, write_keys, &note));
    a->kept = true;
    return SPK_OK;
}

spk_err
spk_status_count(const struct spk_answer *a, uint16_t id, uint64_t *ret_n)
{
    struct spk_span v;

    for (size_t i = 0; spk_attrs_nth(&a->l, SPK_FA_COUNTER, i, &v); i++) {
        if (v.len == 10 && spk_get_u16(v.ptr) == id) {
            *ret_n = spk_get_u64(v.ptr + 2);
            return SPK_OK;
        }
    }
    return SPK_ERR(PROTO);
}

/* How far the holder's own memory of the log goes. */
static spk_err
ask_size(struct spk_advance *a)
{
    SPK_AUTO_ANSWER answer = {0};
    struct spk_attrs in = {0};

    SPK_TRY(spk_link_call(a->link, SPK_MSG_STATUS, &in, &answer));
    SPK_TRY(spk_status_count(&answer, SPK_COUNT_DEPOSITS_LOG, &a->size));
    a->session = spk_link_sessions(a->link);
    a->knows = true;
    return SPK_OK;
}

spk_err
spk_signed_take(struct spk_link *link, enum spk_log_id log, const struct spk_answer *a,
                const struct spk_edge *edge, struct spk_signed *ret_s)
{
    struct spk_signed s = {.size = edge->n};
    struct spk_logs logs;
    struct spk_checkpoint c;
    struct spk_span bytes;
    struct spk_note note;

    SPK_TRY(spk_edge_root(edge, &s.root));
    SPK_CHECK(spk_ok(spk_attrs_get(&a->l, SPK_FA_NOTE, SPK_SIGNED_MAX, &bytes)) &&
                  spk_ok(spk_note_parse(bytes, false, &note)),
              PROTO);
    SPK_TRY(spk_link_logs(link, &logs, NULL));
    SPK_CHECK(spk_ok(spk_checkpoint_verify(&note, spk_logs_key(&logs, log), &c)), PROTO);
    SPK_CHECK(c.size == s.size && spk_hash_eq(&c.root, &s.root), PROTO);
    s.len = bytes.len;
    memcpy(s.note, bytes.ptr, bytes.len);
    *ret_s = s;
    return SPK_OK;
}

static spk_err
send_advance(struct spk_advance *a, const struct spk_edge *edge)
{
    SPK_AUTO_ANSWER answer = {0};
    struct spk_attrs in = {0};
    struct spk_hash proof[SPK_PATH_MAX], root;
    struct spk_signed s;
    uint8_t log[8], size[8];
    size_t n = 0;

    SPK_TRY(spk_edge_root(edge, &root));
    if (a->size > 0) {
        SPK_TRY(spk_logbook_growth(a->book, a->size, edge->n, proof, &n));
    }
    SPK_TRY(spk_attrs_add_u64(&in, SPK_FA_LOG, SPK_LOG_DEPOSITS, log));
    SPK_TRY(spk_attrs_add_u64(&in, SPK_FA_SIZE, edge->n, size));
    SPK_TRY(spk_attrs_add(&in, SPK_FA_ROOT, spk_hash_span(&root)));
    SPK_TRY(spk_attrs_add(&in, SPK_FA_PROOF, spk_span(proof, n * sizeof(proof[0]))));
    SPK_TRY(spk_link_call(a->link, SPK_MSG_ADVANCE, &in, &answer));
    SPK_TRY(spk_signed_take(a->link, SPK_LOG_DEPOSITS, &answer, edge, &s));
    spk_logbook_sign(a->book, &s);
    a->size = s.size;
    return SPK_OK;
}

/* The holder remembers more than there is: a copy of the database from before. */
static spk_err
is_behind(struct spk_advance *a, uint64_t ours)
{
    unsigned long long holder = a->size, here = ours;

    if (!atomic_exchange(&a->broken, true)) {
        spk_log(SPK_LOG_ERROR,
                "the database is older than the log: the holder has signed for %llu deposits, the "
                "database has %llu. No deposit is taken until the newest copy of the database is "
                "back, with its -wal file. If the %llu that are missing are gone for good, "
                "'sparekeyctl "
                "log adopt' takes their entries from an export of the log or a mirror of it; if "
                "there is none, restore the holder from its sealed copy, without its journal: it "
                "then begins the log "
                "anew with what is here, says so in use.log, and whoever has a receipt for one of "
                "them can show the loss",
                holder, here, holder - here);
    }
    return SPK_ERR(CHANGED);
}

/* Either another holder process answers by now, with another memory, or the log is another one. */
static spk_err
refused(struct spk_advance *a, const struct spk_edge *edge)
{
    uint64_t before = a->size;

    SPK_TRY(ask_size(a));
    if (a->size > edge->n) {
        return is_behind(a, edge->n);
    }
    if (a->size == before) {
        spk_logbook_stop(a->book);
        return SPK_ERR(DENIED);
    }
    spk_err e = send_advance(a, edge);
    a->knows = spk_ok(e);
    return e;
}

static spk_err
advance(struct spk_advance *a)
{
    struct spk_edge edge;
    struct spk_signed s;

    SPK_CHECK(!spk_advance_is_broken(a), CHANGED);
    SPK_CHECK(spk_link_has_logs(a->link) && !spk_logbook_is_stopped(a->book), NOTFOUND);
    SPK_TRY(keep_keys(a));
    spk_logbook_edge(a->book, &edge);
    bool asked = !a->knows || a->session != spk_link_sessions(a->link);
    if (asked) {
        SPK_TRY(ask_size(a));
    }
    spk_logbook_signed(a->book, &s);
    if (!asked && s.len > 0 && s.size == edge.n) {
        return SPK_OK;
    }
    spk_err e = a->size <= edge.n ? send_advance(a, &edge) : SPK_ERR(DENIED);
    a->knows = spk_ok(e);
    return e.code == SPK_CODE_DENIED ? refused(a, &edge) : e;
}

spk_err
spk_advance_run(struct spk_advance *a)
{
    /* a holder that is away is waited for by others: deposits are not kept waiting with it */
    SPK_CHECK(spk_link_ready(a->link), NET);
    pthread_mutex_lock(&a->lock);
    spk_err e = advance(a);
    pthread_mutex_unlock(&a->lock);
    return e;
}

spk_err
spk_advance_hold(struct spk_advance *a, struct spk_signed *ret_s)
{
    SPK_CHECK(spk_link_ready(a->link), NET);
    pthread_mutex_lock(&a->lock);
    spk_err e = advance(a);
    if (e.code == SPK_CODE_NET) {
        pthread_mutex_unlock(&a->lock);
        return e;
    }
    /* a log that stands still has proofs all the same, of what was signed before */
    spk_logbook_signed(a->book, ret_s);
    return SPK_OK;
}

void
spk_advance_let(struct spk_advance *a)
{
    pthread_mutex_unlock(&a->lock);
}

void
spk_advance_tick(struct spk_advance *a)
{
    spk_err e = spk_logbook_catch_up(a->book);

    if (spk_ok(e)) {
        e = spk_advance_run(a);
    }
    if (!spk_ok(e) && e.code != SPK_CODE_NET && e.code != SPK_CODE_NOTFOUND &&
        e.code != SPK_CODE_BUSY && e.code != SPK_CODE_CHANGED) {
        spk_log(SPK_LOG_ERROR, "the deposits log: %s (%d)", spk_code_name(e.code), e.sys);
    }
}
