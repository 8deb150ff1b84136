/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <string.h>

#include "store/ops.h"

static const struct spk_store_ops *const backends[] = {&spk_store_sqlite, &spk_store_memory};

const char *
spk_owner_state_name(uint32_t state)
{
    return state == SPK_OWNER_PENDING    ? "pending"
           : state == SPK_OWNER_ENROLLED ? "enrolled"
           : state == SPK_OWNER_DENIED   ? "denied"
                                         : "?";
}

spk_err
spk_store_open(const char *name, const struct spk_store_cfg *cfg, struct spk_store **ret_s)
{
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
        if (strcmp(name, backends[i]->name) == 0) {
            struct spk_store *s = NULL;
            SPK_TRY(backends[i]->open(cfg, &s));
            s->ops = backends[i];
            atomic_init(&s->owner_changes, 1);
            s->owners_dirty = false;
            *ret_s = s;
            return SPK_OK;
        }
    }
    return SPK_ERR(USAGE);
}

void
spk_store_free(struct spk_store *s)
{
    if (s != NULL) {
        s->ops->close(s);
    }
}

spk_err
spk_store_begin(struct spk_store *s)
{
    SPK_TRY(s->ops->begin(s));
    s->owners_dirty = false;
    return SPK_OK;
}

spk_err
spk_store_commit(struct spk_store *s)
{
    /* read before the next writer may come in, counted only once the change can be seen */
    bool dirty = s->owners_dirty;

    SPK_TRY(s->ops->commit(s));
    if (dirty) {
        atomic_fetch_add(&s->owner_changes, 1);
    }
    return SPK_OK;
}

void
spk_store_rollback(struct spk_store *s)
{
    s->ops->rollback(s);
}

spk_err
spk_store_write(struct spk_store *s, spk_store_work *work, void *arg)
{
    SPK_TRY(spk_store_begin(s));
    spk_err e = work(s, arg);
    if (!spk_ok(e)) {
        spk_store_rollback(s);
        return e;
    }
    return spk_store_commit(s);
}

uint64_t
spk_store_owner_changes(const struct spk_store *s)
{
    return atomic_load(&s->owner_changes);
}

spk_err
spk_store_copy(struct spk_store *s, const char *path, volatile const int *stop)
{
    SPK_CHECK(s->ops->copy != NULL, USAGE);
    return s->ops->copy(s, path, stop);
}

spk_err
spk_store_integrity(struct spk_store *s)
{
    return s->ops->integrity != NULL ? s->ops->integrity(s) : SPK_OK;
}

/* -- owners */

spk_err
spk_store_put_owner(struct spk_store *s, const struct spk_owner_row *row, uint64_t *ret_key)
{
    SPK_TRY(s->ops->put_owner(s, row, ret_key));
    s->owners_dirty = true;
    return SPK_OK;
}

spk_err
spk_store_set_owner_state(struct spk_store *s, uint64_t key, uint32_t state)
{
    SPK_TRY(s->ops->set_owner_state(s, key, state));
    s->owners_dirty = true;
    return SPK_OK;
}

spk_err
spk_store_put_successor(struct spk_store *s, uint64_t key, uint32_t number,
                        const struct spk_hash *login, struct spk_span note)
{
    SPK_TRY(s->ops->put_successor(s, key, number, login, note));
    s->owners_dirty = true;
    return SPK_OK;
}

/* Move a span's bytes into mem, which has room for them (so that nothing moves afterwards). */
static spk_err
keep(struct spk_buf *mem, struct spk_span *span)
{
    uint8_t *dst = NULL;

    if (span->len == 0) {
        *span = SPK_SPAN_EMPTY;
        return SPK_OK;
    }
    SPK_TRY(spk_buf_grow(mem, span->len, &dst));
    memcpy(dst, span->ptr, span->len);
    span->ptr = dst;
    return SPK_OK;
}

static spk_err
keep_all(struct spk_buf *mem, struct spk_span *const *spans, size_t n)
{
    size_t need = 0;

    for (size_t i = 0; i < n; i++) {
        need += spans[i]->len;
    }
    *mem = SPK_BUF(need == 0 ? 1 : need);
    SPK_TRY(spk_buf_reserve(mem, need));
    for (size_t i = 0; i < n; i++) {
        SPK_TRY(keep(mem, spans[i]));
    }
    return SPK_OK;
}

static spk_err
copy_owner(void *arg, const struct spk_owner_row *row)
{
    struct spk_owner_row *r = arg;

    *r = *row;
    struct spk_span *const spans[] = {&r->name, &r->record, &r->signature, &r->successor};
    return keep_all(&r->mem, spans, 4);
}

static spk_err
get_owner(struct spk_store *s, const struct spk_hash *owner, const struct spk_hash *login,
          struct spk_owner_row *ret_row)
{
    struct spk_owner_row r = {0};
    spk_err e = s->ops->owner(s, owner, login, copy_owner, &r);

    if (!spk_ok(e)) {
        spk_owner_row_clear(&r);
        return e;
    }
    *ret_row = r;
    return SPK_OK;
}

spk_err
spk_store_owner(struct spk_store *s, const struct spk_hash *owner, struct spk_owner_row *ret_row)
{
    return get_owner(s, owner, NULL, ret_row);
}

spk_err
spk_store_owner_by_login(struct spk_store *s, const struct spk_hash *login,
                         struct spk_owner_row *ret_row)
{
    return get_owner(s, NULL, login, ret_row);
}

void
spk_owner_row_clear(struct spk_owner_row *row)
{
    spk_buf_free(&row->mem);
    *row = (struct spk_owner_row){0};
}

spk_err
spk_store_owners(struct spk_store *s, const struct spk_owner_query *q, spk_owner_fn fn, void *arg)
{
    return s->ops->owners(s, q, fn, arg);
}

spk_err
spk_store_successors(struct spk_store *s, uint64_t key, spk_note_fn fn, void *arg)
{
    return s->ops->successors(s, key, fn, arg);
}

spk_err
spk_store_put_token(struct spk_store *s, const struct spk_hash *token, uint64_t expires,
                    uint32_t uses)
{
    return s->ops->put_token(s, token, expires, uses);
}

spk_err
spk_store_use_token(struct spk_store *s, const struct spk_hash *token, uint64_t now)
{
    return s->ops->use_token(s, token, now);
}

/* -- deposits */

spk_err
spk_store_put_deposit(struct spk_store *s, const struct spk_deposit_row *row,
                      struct spk_put_result *ret_r)
{
    SPK_CHECK(row->rpub.len == SPK_RPUB_LEN && row->blob.len > 0, USAGE);
    SPK_CHECK((row->salt.len == SPK_SALT_LEN && row->rpriv.len > 0) || row->sealed.len > 0, USAGE);
    return s->ops->put_deposit(s, row, ret_r);
}

spk_err
spk_store_deposits(struct spk_store *s, const struct spk_deposit_query *q, spk_deposit_fn fn,
                   void *arg, struct spk_deposit_page *ret_page)
{
    return s->ops->deposits(s, q, fn, arg, ret_page);
}

static spk_err
copy_deposit(void *arg, const struct spk_deposit_row *row)
{
    struct spk_deposit_row *r = arg;

    if (r->rpub.len > 0 && r->epoch > row->epoch) {
        return SPK_OK; /* several epochs of one serial: the newest is kept */
    }
    spk_buf_free(&r->mem);
    *r = *row;
    struct spk_span *const spans[] = {&r->description, &r->rpub,   &r->salt,
                                      &r->rpriv,       &r->sealed, &r->blob};
    return keep_all(&r->mem, spans, 6);
}

static spk_err
get_deposit(struct spk_store *s, const struct spk_deposit_query *q, struct spk_deposit_row *ret_row)
{
    struct spk_deposit_row r = {0};
    struct spk_deposit_page page = {0};
    spk_err e = s->ops->deposits(s, q, copy_deposit, &r, &page);

    if (spk_ok(e) && page.rows == 0) {
        e = SPK_ERR(NOTFOUND);
    }
    if (!spk_ok(e)) {
        spk_deposit_row_clear(&r);
        return e;
    }
    *ret_row = r;
    return SPK_OK;
}

spk_err
spk_store_deposit(struct spk_store *s, uint64_t owner_key, const struct spk_file_id *serial,
                  struct spk_deposit_row *ret_row)
{
    struct spk_deposit_query q = {.owner_key = owner_key, .serial = serial, .limit = UINT64_MAX};

    return get_deposit(s, &q, ret_row);
}

spk_err
spk_store_deposit_at(struct spk_store *s, uint64_t index, struct spk_deposit_row *ret_row)
{
    struct spk_deposit_query q = {.from = index, .end = index + 1, .limit = 1};

    return get_deposit(s, &q, ret_row);
}

void
spk_deposit_row_clear(struct spk_deposit_row *row)
{
    spk_buf_free(&row->mem);
    *row = (struct spk_deposit_row){0};
}

spk_err
spk_store_deposit_count(struct spk_store *s, uint64_t *ret_n)
{
    return s->ops->deposit_count(s, ret_n);
}

spk_err
spk_store_owner_deposits(struct spk_store *s, uint64_t owner_key, uint64_t *ret_n)
{
    return s->ops->owner_deposits(s, owner_key, ret_n);
}

spk_err
spk_store_checked(struct spk_store *s, uint64_t *ret_n)
{
    return s->ops->checked(s, ret_n);
}

spk_err
spk_store_set_checked(struct spk_store *s, uint64_t n)
{
    return s->ops->set_checked(s, n);
}

spk_err
spk_store_put_wrong(struct spk_store *s, uint64_t index)
{
    return s->ops->put_wrong(s, index);
}

spk_err
spk_store_put_proof(struct spk_store *s, uint64_t index, uint64_t time)
{
    return s->ops->put_proof(s, index, time);
}

spk_err
spk_store_drop_proof(struct spk_store *s, uint64_t index)
{
    return s->ops->drop_proof(s, index);
}

spk_err
spk_store_proofs_due(struct spk_store *s, uint64_t time, size_t max, uint64_t *ret_index,
                     size_t *ret_n)
{
    return s->ops->proofs_due(s, time, max, ret_index, ret_n);
}

spk_err
spk_store_proof_sums(struct spk_store *s, uint64_t owner_key, struct spk_proof_sums *ret_s)
{
    return s->ops->proof_sums(s, owner_key, ret_s);
}

/* -- requests */

spk_err
spk_store_put_request(struct spk_store *s, const struct spk_request_row *row)
{
    return s->ops->put_request(s, row);
}

spk_err
spk_store_set_request(struct spk_store *s, const struct spk_request_row *row)
{
    return s->ops->set_request(s, row);
}

static spk_err
copy_request(void *arg, const struct spk_request_row *row)
{
    struct spk_request_row *r = arg;

    *r = *row;
    struct spk_span *const spans[] = {&r->record, &r->sig_sign, &r->sig_keyx, &r->serials,
                                      &r->successor};
    return keep_all(&r->mem, spans, 5);
}

spk_err
spk_store_request(struct spk_store *s, const struct spk_hash *hash, struct spk_request_row *ret_row)
{
    struct spk_request_row r = {0};
    spk_err e = s->ops->request(s, hash, copy_request, &r);

    if (!spk_ok(e)) {
        spk_request_row_clear(&r);
        return e;
    }
    *ret_row = r;
    return SPK_OK;
}

void
spk_request_row_clear(struct spk_request_row *row)
{
    spk_buf_free(&row->mem);
    *row = (struct spk_request_row){0};
}

spk_err
spk_store_requests(struct spk_store *s, const struct spk_request_query *q, spk_request_fn fn,
                   void *arg)
{
    return s->ops->requests(s, q, fn, arg);
}

spk_err
spk_store_request_count(struct spk_store *s, const struct spk_hash *owner, uint64_t created_from,
                        uint64_t *ret_n)
{
    return s->ops->request_count(s, owner, created_from, ret_n);
}

spk_err
spk_store_prune_requests(struct spk_store *s, const struct spk_request_prune *p, uint64_t *ret_n)
{
    return s->ops->prune_requests(s, p, ret_n);
}

spk_err
spk_store_put_vote(struct spk_store *s, uint64_t request_key, uint64_t time, struct spk_span note)
{
    return s->ops->put_vote(s, request_key, time, note);
}

spk_err
spk_store_votes(struct spk_store *s, uint64_t request_key, spk_note_fn fn, void *arg)
{
    return s->ops->votes(s, request_key, fn, arg);
}

/* -- the rest */

spk_err
spk_store_put_record(struct spk_store *s, uint64_t time, struct spk_span body, struct spk_span blob,
                     uint64_t max)
{
    return s->ops->put_record(s, time, body, blob, max);
}

spk_err
spk_store_records(struct spk_store *s, uint64_t limit, spk_record_fn fn, void *arg)
{
    return s->ops->records(s, limit, fn, arg);
}

spk_err
spk_store_drop_record(struct spk_store *s, uint64_t key)
{
    return s->ops->drop_record(s, key);
}

spk_err
spk_store_put_policy(struct spk_store *s, uint32_t number, struct spk_span note)
{
    return s->ops->put_policy(s, number, note);
}

spk_err
spk_store_policies(struct spk_store *s, spk_note_fn fn, void *arg)
{
    return s->ops->policies(s, fn, arg);
}

spk_err
spk_store_put_nonce(struct spk_store *s, const uint8_t nonce[16], uint64_t time, uint64_t forget)
{
    return s->ops->put_nonce(s, nonce, time, forget);
}

spk_err
spk_store_put_event(struct spk_store *s, uint64_t time_ms, const char *kind, struct spk_span detail)
{
    return s->ops->put_event(s, time_ms, kind, detail);
}

spk_err
spk_store_events(struct spk_store *s, uint64_t after, uint64_t limit, spk_event_fn fn, void *arg)
{
    return s->ops->events(s, after, limit, fn, arg);
}
