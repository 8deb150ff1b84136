/* SPDX-License-Identifier: Apache-2.0 */
/* The store without a file: for tests, and for an authority to play with. */
#include <string.h>

#include "store/memory/mem.h"

static const size_t sizes[MEM_TABLES_] = {
    [MEM_OWNERS] = sizeof(struct spk_owner_row),
    [MEM_LOGINS] = sizeof(struct mem_login),
    [MEM_SUCCESSORS] = sizeof(struct mem_note),
    [MEM_TOKENS] = sizeof(struct mem_token),
    [MEM_DEPOSITS] = sizeof(struct spk_deposit_row),
    [MEM_WRONG] = sizeof(uint64_t),
    [MEM_REQUESTS] = sizeof(struct spk_request_row),
    [MEM_VOTES] = sizeof(struct mem_note),
    [MEM_RECORDS] = sizeof(struct spk_record_row),
    [MEM_POLICIES] = sizeof(struct mem_note),
    [MEM_NONCES] = sizeof(struct mem_nonce),
    [MEM_EVENTS] = sizeof(struct mem_event),
    [MEM_PROOFS] = sizeof(struct mem_proof),
    [MEM_LOG_HASHES] = sizeof(struct mem_log_hash),
    [MEM_LOG_NOTES] = sizeof(struct mem_log_note),
    [MEM_LOG_ENTRIES] = sizeof(struct mem_log_entry),
};

static void
tables_free(struct mem_tables *t)
{
    for (size_t i = 0; i < MEM_TABLES_; i++) {
        spk_mem_free(t->t[i].p);
    }
    *t = (struct mem_tables){0};
}

static spk_err
tables_copy(const struct mem_tables *from, struct mem_tables *ret_t)
{
    struct mem_tables t = *from;

    for (size_t i = 0; i < MEM_TABLES_; i++) {
        t.t[i].p = NULL;
    }
    for (size_t i = 0; i < MEM_TABLES_; i++) {
        if (from->t[i].cap == 0) {
            continue;
        }
        t.t[i].p = spk_calloc(from->t[i].cap, sizes[i]);
        if (t.t[i].p == NULL) {
            tables_free(&t);
            return SPK_ERR(NOMEM);
        }
        memcpy(t.t[i].p, from->t[i].p, from->t[i].n * sizes[i]);
    }
    *ret_t = t;
    return SPK_OK;
}

static spk_err
mem_open(const struct spk_store_cfg *cfg, struct spk_store **ret_s)
{
    pthread_mutexattr_t a;
    struct mem *m = spk_calloc(1, sizeof(*m));

    (void)cfg;
    SPK_CHECK(m != NULL, NOMEM);
    pthread_mutexattr_init(&a);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&m->lock, &a);
    pthread_mutexattr_destroy(&a);
    *ret_s = &m->base;
    return SPK_OK;
}

static void
mem_close(struct spk_store *s)
{
    struct mem *m = mem_of(s);

    tables_free(&m->now);
    tables_free(&m->before);
    while (m->arena != NULL) {
        struct mem_block *b = m->arena;
        m->arena = b->next;
        spk_mem_free(b);
    }
    pthread_mutex_destroy(&m->lock);
    spk_mem_free(m);
}

static spk_err
mem_begin(struct spk_store *s)
{
    struct mem *m = mem_of(s);

    pthread_mutex_lock(&m->lock);
    spk_err e = m->in_tx ? SPK_ERR(USAGE) : tables_copy(&m->now, &m->before);
    if (!spk_ok(e)) {
        pthread_mutex_unlock(&m->lock);
        return e;
    }
    m->in_tx = true;
    return SPK_OK;
}

static spk_err
mem_commit(struct spk_store *s)
{
    struct mem *m = mem_of(s);

    SPK_CHECK(m->in_tx, USAGE);
    tables_free(&m->before);
    m->in_tx = false;
    pthread_mutex_unlock(&m->lock);
    return SPK_OK;
}

static void
mem_rollback(struct spk_store *s)
{
    struct mem *m = mem_of(s);

    if (m->in_tx) {
        tables_free(&m->now);
        m->now = m->before;
        m->before = (struct mem_tables){0};
        m->in_tx = false;
        pthread_mutex_unlock(&m->lock);
    }
}

spk_err
mem_keep(struct mem *m, struct spk_span *span)
{
    if (span->len == 0) {
        *span = SPK_SPAN_EMPTY;
        return SPK_OK;
    }
    struct mem_block *b = spk_calloc(1, sizeof(*b) + span->len);
    SPK_CHECK(b != NULL, NOMEM);
    memcpy(b->bytes, span->ptr, span->len);
    b->next = m->arena;
    m->arena = b;
    span->ptr = b->bytes;
    return SPK_OK;
}

spk_err
mem_add(struct mem *m, enum mem_table t, const void *element)
{
    struct mem_array *a = &m->now.t[t];

    SPK_CHECK(m->in_tx, IO);
    if (a->n == a->cap) {
        size_t cap = a->cap == 0 ? 8 : a->cap * 2;
        void *p = spk_reallocarray(a->p, cap, sizes[t]);
        SPK_CHECK(p != NULL, NOMEM);
        a->p = p;
        a->cap = cap;
    }
    memcpy((uint8_t *)a->p + a->n * sizes[t], element, sizes[t]);
    a->n++;
    return SPK_OK;
}

void *
mem_at(struct mem *m, enum mem_table t, size_t i)
{
    return (uint8_t *)m->now.t[t].p + i * sizes[t];
}

size_t
mem_count(const struct mem *m, enum mem_table t)
{
    return m->now.t[t].n;
}

const struct spk_store_ops spk_store_memory = {
    .name = "memory",
    .open = mem_open,
    .close = mem_close,
    .begin = mem_begin,
    .commit = mem_commit,
    .rollback = mem_rollback,
    .put_owner = mem_put_owner,
    .set_owner_state = mem_set_owner_state,
    .put_successor = mem_put_successor,
    .owner = mem_owner,
    .owners = mem_owners,
    .successors = mem_successors,
    .put_token = mem_put_token,
    .use_token = mem_use_token,
    .put_deposit = mem_put_deposit,
    .deposits = mem_deposits,
    .deposit_count = mem_deposit_count,
    .owner_deposits = mem_owner_deposits,
    .checked = mem_checked,
    .set_checked = mem_set_checked,
    .put_wrong = mem_put_wrong,
    .put_proof = mem_put_proof,
    .drop_proof = mem_drop_proof,
    .proofs_due = mem_proofs_due,
    .proof_sums = mem_proof_sums,
    .put_request = mem_put_request,
    .set_request = mem_set_request,
    .request = mem_request,
    .requests = mem_requests,
    .request_count = mem_request_count,
    .prune_requests = mem_prune_requests,
    .put_vote = mem_put_vote,
    .votes = mem_votes,
    .put_record = mem_put_record,
    .records = mem_records,
    .drop_record = mem_drop_record,
    .put_policy = mem_put_policy,
    .policies = mem_policies,
    .put_nonce = mem_put_nonce,
    .put_event = mem_put_event,
    .events = mem_events,
    .log_count = mem_log_count,
    .log_hashes = mem_log_hashes,
    .put_log_hash = mem_put_log_hash,
    .drop_log_hashes = mem_drop_log_hashes,
    .put_log_note = mem_put_log_note,
    .log_note = mem_log_note,
    .put_log_entry = mem_put_log_entry,
    .cut_log = mem_cut_log,
    .log_entries = mem_log_entries,
};
