/* SPDX-License-Identifier: Apache-2.0 */
/* Requests, votes, policies, nonces, events. */
#include <string.h>

#include "store/memory/mem.h"
#include "wire/frame.h"

static struct spk_request_row *
request_find(struct mem *m, const struct spk_hash *hash)
{
    for (size_t i = 0; i < mem_count(m, MEM_REQUESTS); i++) {
        struct spk_request_row *r = mem_at(m, MEM_REQUESTS, i);
        if (spk_hash_eq(&r->hash, hash)) {
            return r;
        }
    }
    return NULL;
}

static struct spk_request_row *
request_at(struct mem *m, uint64_t key)
{
    for (size_t i = 0; i < mem_count(m, MEM_REQUESTS); i++) {
        struct spk_request_row *r = mem_at(m, MEM_REQUESTS, i);
        if (r->key == key) {
            return r;
        }
    }
    return NULL;
}

spk_err
mem_put_request(struct spk_store *s, const struct spk_request_row *row)
{
    struct mem *m = mem_of(s);
    struct spk_request_row r = *row;

    SPK_CHECK(m->in_tx, IO);
    SPK_CHECK(request_find(m, &row->hash) == NULL, EXISTS);
    r.key = ++m->now.request_key;
    r.mem = SPK_BUF(0);
    SPK_TRY(mem_keep(m, &r.record));
    SPK_TRY(mem_keep(m, &r.sig_sign));
    SPK_TRY(mem_keep(m, &r.sig_keyx));
    SPK_TRY(mem_keep(m, &r.serials));
    SPK_TRY(mem_keep(m, &r.successor));
    return mem_add(m, MEM_REQUESTS, &r);
}

spk_err
mem_set_request(struct spk_store *s, const struct spk_request_row *row)
{
    struct mem *m = mem_of(s);

    SPK_CHECK(m->in_tx, IO);
    struct spk_request_row *r = request_at(m, row->key);
    SPK_CHECK(r != NULL, NOTFOUND);
    struct spk_request_row n = *row;
    SPK_TRY(mem_keep(m, &n.successor));
    n.hash = r->hash;
    n.owner = r->owner;
    n.login = r->login;
    n.recipient = r->recipient;
    n.created = r->created;
    n.record = r->record;
    n.sig_sign = r->sig_sign;
    n.sig_keyx = r->sig_keyx;
    n.serials = r->serials;
    n.mem = SPK_BUF(0);
    *r = n;
    return SPK_OK;
}

spk_err
mem_request(struct spk_store *s, const struct spk_hash *hash, spk_request_fn fn, void *arg)
{
    struct mem *m = mem_of(s);

    pthread_mutex_lock(&m->lock);
    const struct spk_request_row *r = request_find(m, hash);
    spk_err e = r != NULL ? fn(arg, r) : SPK_ERR(NOTFOUND);
    pthread_mutex_unlock(&m->lock);
    return e;
}

static bool
request_fits(const struct spk_request_row *r, const struct spk_request_query *q)
{
    return r->key > q->after_key && (q->before_key == 0 || r->key < q->before_key) &&
           (q->owner == NULL || spk_hash_eq(&r->owner, q->owner)) &&
           (q->stage == 0 || r->stage == q->stage) && (q->state == 0 || r->state == q->state) &&
           r->created >= q->created_from;
}

spk_err
mem_requests(struct spk_store *s, const struct spk_request_query *q, spk_request_fn fn, void *arg)
{
    struct mem *m = mem_of(s);
    spk_err e = SPK_OK;
    uint64_t n = 0;

    pthread_mutex_lock(&m->lock);
    size_t count = mem_count(m, MEM_REQUESTS);
    for (size_t i = 0; spk_ok(e) && n < q->limit && i < count; i++) {
        const struct spk_request_row *r = mem_at(m, MEM_REQUESTS, q->newest ? count - 1 - i : i);
        if (request_fits(r, q)) {
            e = fn(arg, r);
            n++;
        }
    }
    pthread_mutex_unlock(&m->lock);
    return e;
}

spk_err
mem_request_count(struct spk_store *s, const struct spk_hash *owner, uint64_t created_from,
                  uint64_t *ret_n)
{
    struct mem *m = mem_of(s);
    const struct spk_request_query q = {.owner = owner, .created_from = created_from};
    uint64_t n = 0;

    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < mem_count(m, MEM_REQUESTS); i++) {
        n += request_fits(mem_at(m, MEM_REQUESTS, i), &q) ? 1 : 0;
    }
    pthread_mutex_unlock(&m->lock);
    *ret_n = n;
    return SPK_OK;
}

static bool
has_votes(struct mem *m, uint64_t request_key)
{
    for (size_t i = 0; i < mem_count(m, MEM_VOTES); i++) {
        const struct mem_note *n = mem_at(m, MEM_VOTES, i);
        if (n->of == request_key) {
            return true;
        }
    }
    return false;
}

static bool
is_over(struct mem *m, const struct spk_request_row *r, const struct spk_request_prune *p)
{
    return r->created < p->created_before && r->expires < p->expired_before &&
           (r->state == SPK_STATE_OPEN || r->state == SPK_STATE_EXPIRED) && !has_votes(m, r->key);
}

static void
remove_request(struct mem_array *a, size_t i)
{
    struct spk_request_row *r = a->p;

    memmove(r + i, r + i + 1, (a->n - i - 1) * sizeof(*r));
    a->n--;
}

spk_err
mem_prune_requests(struct spk_store *s, const struct spk_request_prune *p, uint64_t *ret_n)
{
    struct mem *m = mem_of(s);
    struct mem_array *a = &m->now.t[MEM_REQUESTS];
    uint64_t gone = 0, unknown = 0;

    SPK_CHECK(m->in_tx, IO);
    for (size_t i = 0; i < a->n && gone < SPK_PRUNE_MAX;) {
        if (is_over(m, mem_at(m, MEM_REQUESTS, i), p)) {
            remove_request(a, i);
            gone++;
        } else {
            i++;
        }
    }
    for (size_t i = a->n; i-- > 0;) { /* newest first */
        struct spk_request_row *r = mem_at(m, MEM_REQUESTS, i);
        if (r->stage != SPK_STAGE_UNKNOWN) {
            continue;
        }
        r->serials = SPK_SPAN_EMPTY;
        if (++unknown > p->unknown_max) {
            remove_request(a, i);
            gone++;
        }
    }
    *ret_n = gone;
    return SPK_OK;
}

static spk_err
walk_notes(struct mem *m, enum mem_table t, uint64_t of, spk_note_fn fn, void *arg)
{
    spk_err e = SPK_OK;

    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; spk_ok(e) && i < mem_count(m, t); i++) {
        const struct mem_note *n = mem_at(m, t, i);
        if (n->of == of) {
            e = fn(arg, n->number, n->note);
        }
    }
    pthread_mutex_unlock(&m->lock);
    return e;
}

spk_err
mem_put_vote(struct spk_store *s, uint64_t request_key, uint64_t time, struct spk_span note)
{
    struct mem *m = mem_of(s);
    struct mem_note n = {.of = request_key, .time = time, .note = note};

    SPK_CHECK(m->in_tx, IO);
    SPK_CHECK(request_at(m, request_key) != NULL, EXISTS);
    for (size_t i = 0; i < mem_count(m, MEM_VOTES); i++) {
        const struct mem_note *o = mem_at(m, MEM_VOTES, i);
        if (o->of == request_key && spk_span_eq(o->note, note)) {
            return SPK_OK;
        }
    }
    n.number = mem_count(m, MEM_VOTES) + 1;
    SPK_TRY(mem_keep(m, &n.note));
    return mem_add(m, MEM_VOTES, &n);
}

spk_err
mem_votes(struct spk_store *s, uint64_t request_key, spk_note_fn fn, void *arg)
{
    return walk_notes(mem_of(s), MEM_VOTES, request_key, fn, arg);
}

spk_err
mem_put_policy(struct spk_store *s, uint32_t number, struct spk_span note)
{
    struct mem *m = mem_of(s);
    struct mem_note n = {.of = 0, .number = number, .note = note};

    SPK_CHECK(m->in_tx, IO);
    for (size_t i = 0; i < mem_count(m, MEM_POLICIES); i++) {
        const struct mem_note *o = mem_at(m, MEM_POLICIES, i);
        if (o->number == number) {
            return spk_span_eq(o->note, note) ? SPK_OK : SPK_ERR(EXISTS);
        }
    }
    SPK_TRY(mem_keep(m, &n.note));
    return mem_add(m, MEM_POLICIES, &n);
}

spk_err
mem_policies(struct spk_store *s, spk_note_fn fn, void *arg)
{
    return walk_notes(mem_of(s), MEM_POLICIES, 0, fn, arg);
}

spk_err
mem_put_nonce(struct spk_store *s, const uint8_t nonce[16], uint64_t time, uint64_t forget)
{
    struct mem *m = mem_of(s);
    struct mem_nonce n = {.time = time};
    size_t kept = 0;
    bool seen = false;

    SPK_CHECK(m->in_tx, IO);
    memcpy(n.b, nonce, sizeof(n.b));
    for (size_t i = 0; i < mem_count(m, MEM_NONCES); i++) {
        struct mem_nonce o;
        memcpy(&o, mem_at(m, MEM_NONCES, i), sizeof(o));
        if (o.time < forget) {
            continue;
        }
        seen = seen || spk_span_eq(SPK_SPAN_OF(o.b), spk_span(nonce, sizeof(o.b)));
        memcpy(mem_at(m, MEM_NONCES, kept), &o, sizeof(o));
        kept++;
    }
    m->now.t[MEM_NONCES].n = kept;
    return seen ? SPK_ERR(EXISTS) : mem_add(m, MEM_NONCES, &n);
}

spk_err
mem_put_event(struct spk_store *s, uint64_t time_ms, const char *kind, struct spk_span detail)
{
    struct mem *m = mem_of(s);
    struct mem_event e = {.time_ms = time_ms, .kind = spk_span_str(kind), .detail = detail};

    SPK_CHECK(m->in_tx, IO);
    SPK_TRY(mem_keep(m, &e.kind));
    SPK_TRY(mem_keep(m, &e.detail));
    return mem_add(m, MEM_EVENTS, &e);
}

spk_err
mem_events(struct spk_store *s, uint64_t after, uint64_t limit, spk_event_fn fn, void *arg)
{
    struct mem *m = mem_of(s);
    spk_err e = SPK_OK;

    pthread_mutex_lock(&m->lock);
    for (size_t i = after; spk_ok(e) && limit > 0 && i < mem_count(m, MEM_EVENTS); i++) {
        const struct mem_event *v = mem_at(m, MEM_EVENTS, i);
        e = fn(arg, i + 1, v->time_ms, v->kind, v->detail);
        limit--;
    }
    pthread_mutex_unlock(&m->lock);
    return e;
}

spk_err
mem_put_record(struct spk_store *s, uint64_t time, struct spk_span body, struct spk_span blob,
               uint64_t max)
{
    struct mem *m = mem_of(s);
    struct spk_record_row r = {.time = time, .body = body, .blob = blob};

    SPK_CHECK(m->in_tx, IO);
    SPK_CHECK(mem_count(m, MEM_RECORDS) < max, BUSY);
    r.key = ++m->now.record_key;
    SPK_TRY(mem_keep(m, &r.body));
    SPK_TRY(mem_keep(m, &r.blob));
    return mem_add(m, MEM_RECORDS, &r);
}

spk_err
mem_records(struct spk_store *s, uint64_t limit, spk_record_fn fn, void *arg)
{
    struct mem *m = mem_of(s);
    spk_err e = SPK_OK;

    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; spk_ok(e) && i < limit && i < mem_count(m, MEM_RECORDS); i++) {
        e = fn(arg, mem_at(m, MEM_RECORDS, i));
    }
    pthread_mutex_unlock(&m->lock);
    return e;
}

spk_err
mem_drop_record(struct spk_store *s, uint64_t key)
{
    struct mem *m = mem_of(s);
    size_t kept = 0, n = mem_count(m, MEM_RECORDS);

    SPK_CHECK(m->in_tx, IO);
    for (size_t i = 0; i < n; i++) {
        struct spk_record_row r;
        memcpy(&r, mem_at(m, MEM_RECORDS, i), sizeof(r));
        if (r.key != key) {
            memcpy(mem_at(m, MEM_RECORDS, kept), &r, sizeof(r));
            kept++;
        }
    }
    m->now.t[MEM_RECORDS].n = kept;
    return SPK_OK;
}
