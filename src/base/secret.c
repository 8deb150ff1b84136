/* SPDX-License-Identifier: Apache-2.0 */
/* Small secrets (session keys, MAC keys) come and go by the thousand, so they share locked pages: a
 * slab is one page of 64 slots.  Anything larger gets pages of its own.  Slabs are kept for reuse
 * until the process ends; a slot is wiped before it is given back, so a free slab holds zeros only.
 */
#include "base/secret.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE ((size_t)4096)
#define SLOT_LEN ((size_t)64)
#define SLOTS (PAGE / SLOT_LEN)
#define ALL_FREE UINT64_MAX

_Static_assert(SLOTS == 64, "the free slots of a slab are the bits of one uint64_t");

struct slab {
    uint8_t *page;
    uint64_t free; /* bit i set: slot i is free */
    struct slab *next;
};

struct spk_secret {
    uint8_t *ptr;
    size_t len;
    size_t cap;        /* bytes to wipe; of own pages also the mapped length */
    struct slab *slab; /* NULL: own pages */
};

static pthread_mutex_t slab_lock = PTHREAD_MUTEX_INITIALIZER;
static struct slab *slabs;
static _Atomic size_t unlocked;

static spk_err
pages_new(size_t len, uint8_t **ret_p)
{
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    SPK_CHECK(p != MAP_FAILED, NOMEM);
    if (mlock(p, len) != 0) {
        atomic_fetch_add(&unlocked, len);
    }
    (void)madvise(p, len, MADV_DONTDUMP);
    *ret_p = p;
    return SPK_OK;
}

/* The first slab with a free slot, made when there is none; slab_lock is held. */
static spk_err
slab_get(struct slab **ret_slab)
{
    for (struct slab *s = slabs; s != NULL; s = s->next) {
        if (s->free != 0) {
            *ret_slab = s;
            return SPK_OK;
        }
    }
    SPK_AUTO_STR struct slab *s = spk_calloc(1, sizeof(*s));
    SPK_CHECK(s != NULL, NOMEM);
    SPK_TRY(pages_new(PAGE, &s->page));
    s->free = ALL_FREE;
    s->next = slabs;
    slabs = s;
    *ret_slab = SPK_STEAL(s);
    return SPK_OK;
}

static spk_err
slot_take(struct spk_secret *s)
{
    (void)pthread_mutex_lock(&slab_lock);
    spk_err e = slab_get(&s->slab);
    if (spk_ok(e)) {
        unsigned i = (unsigned)__builtin_ctzll(s->slab->free);
        s->slab->free &= ~((uint64_t)1 << i);
        s->ptr = s->slab->page + i * SLOT_LEN;
        s->cap = SLOT_LEN;
    }
    (void)pthread_mutex_unlock(&slab_lock);
    return e;
}

static void
slot_give(struct spk_secret *s)
{
    size_t i = (size_t)(s->ptr - s->slab->page) / SLOT_LEN;

    (void)pthread_mutex_lock(&slab_lock);
    s->slab->free |= (uint64_t)1 << i;
    (void)pthread_mutex_unlock(&slab_lock);
}

spk_err
spk_secret_new(size_t len, struct spk_secret **ret_s)
{
    SPK_CHECK(len >= 1, USAGE);
    SPK_CHECK(len <= SPK_SECRET_MAX, LIMIT);
    SPK_AUTO_STR struct spk_secret *s = spk_calloc(1, sizeof(*s));
    SPK_CHECK(s != NULL, NOMEM);
    s->len = len;
    if (len <= SLOT_LEN) {
        SPK_TRY(slot_take(s));
    } else {
        s->cap = (len + PAGE - 1) / PAGE * PAGE;
        SPK_TRY(pages_new(s->cap, &s->ptr));
    }
    *ret_s = SPK_STEAL(s);
    return SPK_OK;
}

spk_err
spk_secret_from(struct spk_span bytes, struct spk_secret **ret_s)
{
    SPK_AUTO(spk_secret) s = NULL;

    SPK_TRY(spk_secret_new(bytes.len, &s));
    memcpy(s->ptr, bytes.ptr, bytes.len);
    *ret_s = SPK_STEAL(s);
    return SPK_OK;
}

spk_err
spk_secret_dup(const struct spk_secret *s, struct spk_secret **ret_s)
{
    return spk_secret_from(spk_secret_span(s), ret_s);
}

void
spk_secret_free(struct spk_secret *s)
{
    if (s == NULL) {
        return;
    }
    spk_wipe(s->ptr, s->cap);
    if (s->slab != NULL) {
        slot_give(s);
    } else {
        (void)munmap(s->ptr, s->cap); /* unlocks as well */
    }
    spk_mem_free(s);
}

struct spk_span
spk_secret_span(const struct spk_secret *s)
{
    return spk_span(s->ptr, s->len);
}

struct spk_mut
spk_secret_mut(struct spk_secret *s)
{
    return spk_mut(s->ptr, s->len);
}

size_t
spk_secret_len(const struct spk_secret *s)
{
    return s->len;
}

void
spk_secret_truncate(struct spk_secret *s, size_t len)
{
    if (len < s->len) {
        spk_wipe(s->ptr + len, s->len - len);
        s->len = len;
    }
}

bool
spk_secret_eq(const struct spk_secret *a, const struct spk_secret *b)
{
    return a->len == b->len && spk_ct_eq(a->ptr, b->ptr, a->len);
}

size_t
spk_secret_unlocked(void)
{
    return atomic_load(&unlocked);
}
