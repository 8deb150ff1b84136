/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "store/memory/mem.h"

static uint64_t
count_level(struct mem *m, enum spk_log_id log, unsigned level)
{
    uint64_t n = 0;

    if (level == 0) {
        return mem_count(m, log == SPK_LOG_DEPOSITS ? MEM_DEPOSITS : MEM_LOG_ENTRIES);
    }
    for (size_t i = 0; i < mem_count(m, MEM_LOG_HASHES); i++) {
        const struct mem_log_hash *h = mem_at(m, MEM_LOG_HASHES, i);
        n += h->log == log && h->level == level ? 1 : 0;
    }
    return n;
}

spk_err
mem_log_count(struct spk_store *s, enum spk_log_id log, unsigned level, uint64_t *ret_n)
{
    struct mem *m = mem_of(s);

    pthread_mutex_lock(&m->lock);
    *ret_n = count_level(m, log, level);
    pthread_mutex_unlock(&m->lock);
    return SPK_OK;
}

static const struct spk_hash *
find_hash(struct mem *m, enum spk_log_id log, unsigned level, uint64_t index)
{
    if (level == 0 && log == SPK_LOG_DEPOSITS) {
        return &((const struct spk_deposit_row *)mem_at(m, MEM_DEPOSITS, index))->leaf;
    }
    if (level == 0) {
        return &((const struct mem_log_entry *)mem_at(m, MEM_LOG_ENTRIES, index))->row.leaf;
    }
    for (size_t i = 0; i < mem_count(m, MEM_LOG_HASHES); i++) {
        const struct mem_log_hash *h = mem_at(m, MEM_LOG_HASHES, i);
        if (h->log == log && h->level == level && h->index == index) {
            return &h->h;
        }
    }
    return NULL;
}

spk_err
mem_log_hashes(struct spk_store *s, enum spk_log_id log, unsigned level, uint64_t from, size_t max,
               struct spk_log_hashes *ret_l)
{
    struct mem *m = mem_of(s);
    size_t n = 0;

    pthread_mutex_lock(&m->lock);
    uint64_t count = count_level(m, log, level);
    while (n < max && from + n < count) {
        ret_l->h[n] = *find_hash(m, log, level, from + n);
        n++;
    }
    pthread_mutex_unlock(&m->lock);
    ret_l->n = n;
    return SPK_OK;
}

spk_err
mem_put_log_hash(struct spk_store *s, enum spk_log_id log, unsigned level, uint64_t index,
                 const struct spk_hash *h)
{
    const struct mem_log_hash e = {.log = log, .level = level, .index = index, .h = *h};

    return mem_add(mem_of(s), MEM_LOG_HASHES, &e);
}

spk_err
mem_drop_log_hashes(struct spk_store *s, enum spk_log_id log)
{
    struct mem *m = mem_of(s);
    size_t kept = 0;

    SPK_CHECK(m->in_tx, IO);
    for (size_t i = 0; i < mem_count(m, MEM_LOG_HASHES); i++) {
        struct mem_log_hash h = *(const struct mem_log_hash *)mem_at(m, MEM_LOG_HASHES, i);
        if (h.log != log) {
            *(struct mem_log_hash *)mem_at(m, MEM_LOG_HASHES, kept++) = h;
        }
    }
    m->now.t[MEM_LOG_HASHES].n = kept;
    return SPK_OK;
}

static struct mem_log_note *
find_note(struct mem *m, enum spk_log_id log)
{
    for (size_t i = 0; i < mem_count(m, MEM_LOG_NOTES); i++) {
        struct mem_log_note *n = mem_at(m, MEM_LOG_NOTES, i);
        if (n->log == log) {
            return n;
        }
    }
    return NULL;
}

spk_err
mem_put_log_note(struct spk_store *s, enum spk_log_id log, const struct spk_log_note_row *row)
{
    struct mem *m = mem_of(s);
    struct mem_log_note n = {.log = log, .row = *row};

    SPK_CHECK(m->in_tx, IO);
    n.row.mem = SPK_BUF(0);
    SPK_TRY(mem_keep(m, &n.row.note));
    struct mem_log_note *old = find_note(m, log);
    if (old != NULL) {
        *old = n;
        return SPK_OK;
    }
    return mem_add(m, MEM_LOG_NOTES, &n);
}

spk_err
mem_log_note(struct spk_store *s, enum spk_log_id log, struct spk_log_note_row *ret_row)
{
    struct mem *m = mem_of(s);
    spk_err e = SPK_ERR(NOTFOUND);

    pthread_mutex_lock(&m->lock);
    const struct mem_log_note *n = find_note(m, log);
    if (n != NULL) {
        ret_row->size = n->row.size;
        ret_row->root = n->row.root;
        e = spk_buf_add(&ret_row->mem, n->row.note);
    }
    pthread_mutex_unlock(&m->lock);
    return e;
}

spk_err
mem_put_log_entry(struct spk_store *s, const struct spk_log_entry_row *row, uint64_t *ret_index)
{
    struct mem *m = mem_of(s);
    struct mem_log_entry e = {.row = *row};

    SPK_CHECK(m->in_tx, IO);
    e.row.index = mem_count(m, MEM_LOG_ENTRIES);
    if (row->request != NULL) {
        e.request = *row->request;
    }
    SPK_TRY(mem_keep(m, &e.row.entry));
    SPK_TRY(mem_keep(m, &e.row.salt));
    SPK_TRY(mem_keep(m, &e.row.detail));
    SPK_TRY(mem_add(m, MEM_LOG_ENTRIES, &e));
    *ret_index = e.row.index;
    return SPK_OK;
}

spk_err
mem_cut_log(struct spk_store *s, unsigned level, uint64_t n)
{
    struct mem *m = mem_of(s);
    size_t kept = 0;

    SPK_CHECK(m->in_tx, IO);
    if (level == 0) {
        size_t count = mem_count(m, MEM_LOG_ENTRIES);
        m->now.t[MEM_LOG_ENTRIES].n = n < count ? (size_t)n : count;
        return SPK_OK;
    }
    for (size_t i = 0; i < mem_count(m, MEM_LOG_HASHES); i++) {
        struct mem_log_hash h = *(const struct mem_log_hash *)mem_at(m, MEM_LOG_HASHES, i);
        if (h.log != SPK_LOG_RECOVERIES || h.level != level || h.index < n) {
            memcpy(mem_at(m, MEM_LOG_HASHES, kept++), &h, sizeof(h));
        }
    }
    m->now.t[MEM_LOG_HASHES].n = kept;
    return SPK_OK;
}

spk_err
mem_log_entries(struct spk_store *s, const struct spk_hash *request, uint64_t from, uint64_t limit,
                spk_log_entry_fn fn, void *arg)
{
    struct mem *m = mem_of(s);
    spk_err e = SPK_OK;

    pthread_mutex_lock(&m->lock);
    for (size_t i = from; spk_ok(e) && limit > 0 && i < mem_count(m, MEM_LOG_ENTRIES); i++) {
        const struct mem_log_entry *have = mem_at(m, MEM_LOG_ENTRIES, i);
        struct spk_log_entry_row row = have->row;
        row.request = row.request != NULL ? &have->request : NULL;
        if (request == NULL || (row.request != NULL && spk_hash_eq(row.request, request))) {
            e = fn(arg, &row);
            limit--;
        }
    }
    pthread_mutex_unlock(&m->lock);
    return e;
}
