/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory/mem.h"

static struct spk_owner_row *
owner_at(struct mem *m, uint64_t key)
{
    return key >= 1 && key <= mem_count(m, MEM_OWNERS) ? mem_at(m, MEM_OWNERS, key - 1) : NULL;
}

static struct mem_login *
login_find(struct mem *m, const struct spk_hash *login)
{
    for (size_t i = 0; i < mem_count(m, MEM_LOGINS); i++) {
        struct mem_login *l = mem_at(m, MEM_LOGINS, i);
        if (spk_hash_eq(&l->login, login)) {
            return l;
        }
    }
    return NULL;
}

static struct spk_owner_row *
owner_find(struct mem *m, const struct spk_hash *owner)
{
    for (size_t i = 0; i < mem_count(m, MEM_OWNERS); i++) {
        struct spk_owner_row *r = mem_at(m, MEM_OWNERS, i);
        if (spk_hash_eq(&r->owner, owner)) {
            return r;
        }
    }
    return NULL;
}

spk_err
mem_put_owner(struct spk_store *s, const struct spk_owner_row *row, uint64_t *ret_key)
{
    struct mem *m = mem_of(s);
    struct spk_owner_row r = *row;

    SPK_CHECK(m->in_tx, IO);
    SPK_CHECK(owner_find(m, &row->owner) == NULL, EXISTS);
    SPK_CHECK(login_find(m, &row->login) == NULL, DENIED);
    r.key = mem_count(m, MEM_OWNERS) + 1;
    r.successors = 0;
    r.successor = SPK_SPAN_EMPTY;
    r.mem = SPK_BUF(0);
    SPK_TRY(mem_keep(m, &r.name));
    SPK_TRY(mem_keep(m, &r.record));
    SPK_TRY(mem_keep(m, &r.signature));
    SPK_TRY(mem_add(m, MEM_OWNERS, &r));
    const struct mem_login l = {.login = row->login, .owner = r.key, .current = true};
    SPK_TRY(mem_add(m, MEM_LOGINS, &l));
    *ret_key = r.key;
    return SPK_OK;
}

spk_err
mem_set_owner_state(struct spk_store *s, uint64_t key, uint32_t state)
{
    struct mem *m = mem_of(s);
    struct spk_owner_row *r = owner_at(m, key);

    SPK_CHECK(m->in_tx, IO);
    SPK_CHECK(r != NULL, NOTFOUND);
    r->state = state;
    return SPK_OK;
}

static const struct mem_note *
note_find(struct mem *m, enum mem_table t, uint64_t of, uint64_t number)
{
    for (size_t i = 0; i < mem_count(m, t); i++) {
        const struct mem_note *n = mem_at(m, t, i);
        if (n->of == of && n->number == number) {
            return n;
        }
    }
    return NULL;
}

spk_err
mem_put_successor(struct spk_store *s, uint64_t key, uint32_t number, const struct spk_hash *login,
                  struct spk_span note)
{
    struct mem *m = mem_of(s);
    struct spk_owner_row *r = owner_at(m, key);

    SPK_CHECK(m->in_tx, IO);
    SPK_CHECK(r != NULL, NOTFOUND);
    const struct mem_note *have = note_find(m, MEM_SUCCESSORS, key, number);
    if (have != NULL) {
        return spk_span_eq(have->note, note) ? SPK_OK : SPK_ERR(EXISTS);
    }
    SPK_CHECK(number == r->successors + 1, FORMAT);
    SPK_CHECK(login_find(m, login) == NULL, DENIED);
    struct mem_note n = {.of = key, .number = number, .note = note};
    SPK_TRY(mem_keep(m, &n.note));
    SPK_TRY(mem_add(m, MEM_SUCCESSORS, &n));
    login_find(m, &r->login)->current = false;
    const struct mem_login l = {.login = *login, .owner = key, .current = true};
    SPK_TRY(mem_add(m, MEM_LOGINS, &l));
    r->login = *login;
    r->successors = number;
    r->successor = n.note;
    return SPK_OK;
}

spk_err
mem_owner(struct spk_store *s, const struct spk_hash *owner, const struct spk_hash *login,
          spk_owner_fn fn, void *arg)
{
    struct mem *m = mem_of(s);
    spk_err e = SPK_ERR(NOTFOUND);

    pthread_mutex_lock(&m->lock);
    const struct mem_login *l = login != NULL ? login_find(m, login) : NULL;
    const struct spk_owner_row *r =
        login == NULL ? owner_find(m, owner) : (l != NULL ? owner_at(m, l->owner) : NULL);
    if (l != NULL && !l->current) {
        e = SPK_ERR(CHANGED);
    } else if (r != NULL) {
        e = fn(arg, r);
    }
    pthread_mutex_unlock(&m->lock);
    return e;
}

spk_err
mem_owners(struct spk_store *s, const struct spk_owner_query *q, spk_owner_fn fn, void *arg)
{
    struct mem *m = mem_of(s);
    spk_err e = SPK_OK;
    uint64_t n = 0;

    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; spk_ok(e) && n < q->limit && i < mem_count(m, MEM_OWNERS); i++) {
        const struct spk_owner_row *r = mem_at(m, MEM_OWNERS, i);
        if (r->key > q->after_key && (q->state == 0 || r->state == q->state) &&
            spk_name_fits(r->name, q->name)) {
            e = fn(arg, r);
            n++;
        }
    }
    pthread_mutex_unlock(&m->lock);
    return e;
}

spk_err
mem_successors(struct spk_store *s, uint64_t key, spk_note_fn fn, void *arg)
{
    struct mem *m = mem_of(s);
    spk_err e = SPK_OK;

    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; spk_ok(e) && i < mem_count(m, MEM_SUCCESSORS); i++) {
        const struct mem_note *n = mem_at(m, MEM_SUCCESSORS, i);
        if (n->of == key) {
            e = fn(arg, n->number, n->note);
        }
    }
    pthread_mutex_unlock(&m->lock);
    return e;
}

static struct mem_token *
token_find(struct mem *m, const struct spk_hash *token)
{
    for (size_t i = 0; i < mem_count(m, MEM_TOKENS); i++) {
        struct mem_token *t = mem_at(m, MEM_TOKENS, i);
        if (spk_hash_eq(&t->token, token)) {
            return t;
        }
    }
    return NULL;
}

spk_err
mem_put_token(struct spk_store *s, const struct spk_hash *token, uint64_t expires, uint32_t uses)
{
    struct mem *m = mem_of(s);
    const struct mem_token t = {.token = *token, .expires = expires, .uses = uses};

    SPK_CHECK(m->in_tx, IO);
    SPK_CHECK(token_find(m, token) == NULL, EXISTS);
    return mem_add(m, MEM_TOKENS, &t);
}

spk_err
mem_use_token(struct spk_store *s, const struct spk_hash *token, uint64_t now)
{
    struct mem *m = mem_of(s);
    struct mem_token *t = token_find(m, token);

    SPK_CHECK(m->in_tx, IO);
    SPK_CHECK(t != NULL && t->uses > 0 && t->expires > now, DENIED);
    t->uses--;
    return SPK_OK;
}
