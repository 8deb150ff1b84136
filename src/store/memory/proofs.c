/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory/mem.h"

const struct mem_proof *
mem_proof_of(struct mem *m, uint64_t index)
{
    for (size_t i = 0; i < mem_count(m, MEM_PROOFS); i++) {
        const struct mem_proof *p = mem_at(m, MEM_PROOFS, i);
        if (p->index == index) {
            return p;
        }
    }
    return NULL;
}

spk_err
mem_put_proof(struct spk_store *s, uint64_t index, uint64_t time)
{
    struct mem *m = mem_of(s);
    struct mem_proof add = {.index = index, .time = time};

    SPK_CHECK(m->in_tx, IO);
    SPK_CHECK(index < mem_count(m, MEM_DEPOSITS) && !mem_is_wrong(m, index), CHANGED);
    for (size_t i = 0; i < mem_count(m, MEM_PROOFS); i++) {
        struct mem_proof *p = mem_at(m, MEM_PROOFS, i);
        if (p->index == index) {
            p->time = time;
            return SPK_OK;
        }
    }
    return mem_add(m, MEM_PROOFS, &add);
}

spk_err
mem_drop_proof(struct spk_store *s, uint64_t index)
{
    struct mem *m = mem_of(s);
    struct mem_array *t = &m->now.t[MEM_PROOFS];

    SPK_CHECK(m->in_tx, IO);
    for (size_t i = 0; i < t->n; i++) {
        struct mem_proof *p = mem_at(m, MEM_PROOFS, i);
        if (p->index == index) {
            *p = *(const struct mem_proof *)mem_at(m, MEM_PROOFS, t->n - 1);
            t->n--;
            return SPK_OK;
        }
    }
    return SPK_OK;
}

static bool
older(const struct mem_proof *a, uint64_t time, uint64_t index)
{
    return a->time < time || (a->time == time && a->index < index);
}

/* Each time the first one behind the last: there are few in here. */
static const struct mem_proof *
next_due(struct mem *m, const struct mem_proof *last)
{
    const struct mem_proof *best = NULL;

    for (size_t i = 0; i < mem_count(m, MEM_PROOFS); i++) {
        const struct mem_proof *p = mem_at(m, MEM_PROOFS, i);
        bool behind = last == NULL || older(last, p->time, p->index);
        if (behind && !mem_is_wrong(m, p->index) &&
            (best == NULL || older(p, best->time, best->index))) {
            best = p;
        }
    }
    return best;
}

spk_err
mem_proofs_due(struct spk_store *s, uint64_t time, size_t max, uint64_t *ret_index, size_t *ret_n)
{
    struct mem *m = mem_of(s);
    const struct mem_proof *p = NULL;
    size_t n = 0;

    pthread_mutex_lock(&m->lock);
    while (n < max && (p = next_due(m, p)) != NULL && p->time <= time) {
        ret_index[n++] = p->index;
    }
    pthread_mutex_unlock(&m->lock);
    *ret_n = n;
    return SPK_OK;
}

static void
add_up(struct mem *m, uint64_t index, struct spk_proof_sums *sums)
{
    const struct mem_proof *p = mem_proof_of(m, index);

    sums->deposits++;
    if (mem_is_wrong(m, index)) {
        sums->wrong++;
    } else if (p != NULL) {
        sums->oldest = sums->proven == 0 || p->time < sums->oldest ? p->time : sums->oldest;
        sums->proven++;
    }
}

spk_err
mem_proof_sums(struct spk_store *s, uint64_t owner_key, struct spk_proof_sums *ret_s)
{
    struct mem *m = mem_of(s);
    struct spk_proof_sums sums = {0};

    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < mem_count(m, MEM_DEPOSITS); i++) {
        const struct spk_deposit_row *r = mem_at(m, MEM_DEPOSITS, i);
        if (owner_key == 0 || r->owner_key == owner_key) {
            add_up(m, i, &sums);
        }
    }
    pthread_mutex_unlock(&m->lock);
    *ret_s = sums;
    return SPK_OK;
}
