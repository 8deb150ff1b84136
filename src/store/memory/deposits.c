/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory/mem.h"

bool
mem_is_wrong(struct mem *m, uint64_t index)
{
    for (size_t i = 0; i < mem_count(m, MEM_WRONG); i++) {
        const uint64_t *w = mem_at(m, MEM_WRONG, i);
        if (*w == index) {
            return true;
        }
    }
    return false;
}

/* The row that counts under the same owner, serial and epoch: of several, the last one. */
static const struct spk_deposit_row *
find_standing(struct mem *m, const struct spk_deposit_row *r)
{
    for (size_t i = mem_count(m, MEM_DEPOSITS); i-- > 0;) {
        const struct spk_deposit_row *o = mem_at(m, MEM_DEPOSITS, i);
        if (o->owner_key == r->owner_key && o->epoch == r->epoch &&
            spk_span_eq(SPK_SPAN_OF(o->serial.b), SPK_SPAN_OF(r->serial.b))) {
            return o;
        }
    }
    return NULL;
}

spk_err
mem_put_deposit(struct spk_store *s, const struct spk_deposit_row *row,
                struct spk_put_result *ret_r)
{
    struct mem *m = mem_of(s);
    struct spk_deposit_row r = *row;

    SPK_CHECK(m->in_tx, IO);
    const struct spk_deposit_row *o = find_standing(m, &r);
    bool same = o != NULL && spk_deposit_row_same(o->rpub, &o->p, r.rpub, &r.p);
    if (o != NULL && (same || !mem_is_wrong(m, o->index))) {
        *ret_r = (struct spk_put_result){same ? SPK_PUT_DUPLICATE : SPK_PUT_CONFLICT, o->index,
                                         o->time_ms};
        return SPK_OK;
    }
    SPK_CHECK(r.owner_key >= 1 && r.owner_key <= mem_count(m, MEM_OWNERS), EXISTS);
    r.index = mem_count(m, MEM_DEPOSITS);
    r.mem = SPK_BUF(0);
    SPK_TRY(mem_keep(m, &r.description));
    SPK_TRY(mem_keep(m, &r.rpub));
    SPK_TRY(mem_keep(m, &r.salt));
    SPK_TRY(mem_keep(m, &r.rpriv));
    SPK_TRY(mem_keep(m, &r.sealed));
    SPK_TRY(mem_keep(m, &r.blob));
    SPK_TRY(mem_add(m, MEM_DEPOSITS, &r));
    *ret_r = (struct spk_put_result){SPK_PUT_NEW, r.index, r.time_ms};
    return SPK_OK;
}

static spk_err
visit(struct mem *m, const struct spk_deposit_row *row, spk_deposit_fn fn, void *arg)
{
    struct spk_deposit_row r = *row;
    const struct spk_owner_row *o = mem_at(m, MEM_OWNERS, r.owner_key - 1);

    const struct mem_proof *p = mem_proof_of(m, r.index);

    r.owner = o->owner;
    r.state = p != NULL ? SPK_DEPOSIT_CHECKED : SPK_DEPOSIT_ACCEPTED;
    r.proven = p != NULL ? p->time : 0;
    if (mem_is_wrong(m, r.index)) {
        r.state = SPK_DEPOSIT_WRONG;
        r.proven = 0;
    }
    return fn(arg, &r);
}

static spk_err
walk(struct mem *m, const struct spk_deposit_query *q, spk_deposit_fn fn, void *arg,
     struct spk_deposit_page *page)
{
    uint64_t seen = 0;

    for (size_t i = q->from; i < mem_count(m, MEM_DEPOSITS) && (q->end == 0 || i < q->end); i++) {
        const struct spk_deposit_row *r = mem_at(m, MEM_DEPOSITS, i);
        if (q->owner_key != 0 && r->owner_key != q->owner_key) {
            continue;
        }
        if (page->rows == q->limit || (q->scan != 0 && seen == q->scan)) {
            page->more = true;
            page->next = i;
            return SPK_OK;
        }
        seen++;
        if (spk_deposit_row_fits(r, q)) {
            SPK_TRY(visit(m, r, fn, arg));
            page->rows++;
        }
    }
    return SPK_OK;
}

spk_err
mem_deposits(struct spk_store *s, const struct spk_deposit_query *q, spk_deposit_fn fn, void *arg,
             struct spk_deposit_page *ret_page)
{
    struct mem *m = mem_of(s);
    struct spk_deposit_page page = {0};

    pthread_mutex_lock(&m->lock);
    spk_err e = walk(m, q, fn, arg, &page);
    pthread_mutex_unlock(&m->lock);
    SPK_TRY(e);
    *ret_page = page;
    return SPK_OK;
}

spk_err
mem_deposit_count(struct spk_store *s, uint64_t *ret_n)
{
    struct mem *m = mem_of(s);

    pthread_mutex_lock(&m->lock);
    *ret_n = mem_count(m, MEM_DEPOSITS);
    pthread_mutex_unlock(&m->lock);
    return SPK_OK;
}

spk_err
mem_owner_deposits(struct spk_store *s, uint64_t owner_key, uint64_t *ret_n)
{
    struct mem *m = mem_of(s);
    uint64_t n = 0;

    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < mem_count(m, MEM_DEPOSITS); i++) {
        const struct spk_deposit_row *r = mem_at(m, MEM_DEPOSITS, i);
        n += r->owner_key == owner_key ? 1 : 0;
    }
    pthread_mutex_unlock(&m->lock);
    *ret_n = n;
    return SPK_OK;
}

spk_err
mem_checked(struct spk_store *s, uint64_t *ret_n)
{
    struct mem *m = mem_of(s);

    pthread_mutex_lock(&m->lock);
    *ret_n = m->now.checked;
    pthread_mutex_unlock(&m->lock);
    return SPK_OK;
}

spk_err
mem_set_checked(struct spk_store *s, uint64_t n)
{
    struct mem *m = mem_of(s);

    SPK_CHECK(m->in_tx, IO);
    m->now.checked = n;
    return SPK_OK;
}

spk_err
mem_put_wrong(struct spk_store *s, uint64_t index)
{
    struct mem *m = mem_of(s);

    SPK_CHECK(m->in_tx, IO);
    SPK_CHECK(index < mem_count(m, MEM_DEPOSITS), EXISTS);
    return mem_is_wrong(m, index) ? SPK_OK : mem_add(m, MEM_WRONG, &index);
}
