/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/handle.h"

#include "base/scope.h"

#define FIRST_CELLS 2048u
#define IDLE_CELLS 1024u /* a cell rests while so many others are free */
#define BLOCKS_MAX 20u   /* each twice the one before: two thousand million handles */

struct cell {
    const void *readable; /* not NULL: itself */
    struct capi_object *object;
    struct cell *next_free;
};

static pthread_rwlock_t table_lock = PTHREAD_RWLOCK_INITIALIZER;
static struct cell *blocks[BLOCKS_MAX];
static unsigned block_count;
static size_t free_count;
static struct cell *free_first, *free_last;

DWORD
capi_object_init(struct capi_object *o, enum capi_kind kind, struct capi_object *owner,
                 void (*destroy)(struct capi_object *))
{
    CAPI_CHECK(pthread_mutex_init(&o->lock, NULL) == 0, NTE_NO_MEMORY);
    o->kind = kind;
    atomic_init(&o->refs, 1);
    o->owner = owner;
    o->destroy = destroy;
    if (owner != NULL) {
        capi_object_ref(owner);
    }
    return ERROR_SUCCESS;
}

void
capi_object_ref(struct capi_object *o)
{
    (void)atomic_fetch_add_explicit(&o->refs, 1, memory_order_relaxed);
}

void
capi_object_unref(struct capi_object *o)
{
    if (o == NULL || atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    struct capi_object *owner = o->owner;
    (void)pthread_mutex_destroy(&o->lock);
    o->destroy(o);
    if (owner != NULL) { /* a context has no owner itself */
        if (atomic_fetch_sub_explicit(&owner->refs, 1, memory_order_acq_rel) == 1) {
            (void)pthread_mutex_destroy(&owner->lock);
            owner->destroy(owner);
        }
    }
}

static size_t
block_len(unsigned i)
{
    return (size_t)FIRST_CELLS << i;
}

/* The cell of a handle, or NULL; the table is locked. */
static struct cell *
cell_of(ULONG_PTR handle)
{
    for (unsigned i = 0; i < block_count; i++) {
        ULONG_PTR base = (ULONG_PTR)blocks[i];
        if (handle >= base && handle < base + block_len(i) * sizeof(struct cell)) {
            return (handle - base) % sizeof(struct cell) == 0 ? (struct cell *)handle : NULL;
        }
    }
    return NULL;
}

static void
give_back(struct cell *c)
{
    c->object = NULL;
    c->next_free = NULL;
    if (free_last != NULL) {
        free_last->next_free = c;
    } else {
        free_first = c;
    }
    free_last = c;
    free_count++;
}

static bool
grow(void)
{
    if (block_count == BLOCKS_MAX) {
        return false;
    }
    size_t n = block_len(block_count);
    struct cell *b = spk_calloc(n, sizeof *b);
    if (b == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        b[i].readable = &b[i];
        give_back(&b[i]);
    }
    blocks[block_count++] = b; /* for the life of the process: handles into it are in use */
    return true;
}

static struct cell *
take(void)
{
    if (free_count <= IDLE_CELLS && !grow()) {
        return NULL;
    }
    struct cell *c = free_first;
    free_first = c->next_free;
    free_last = free_first == NULL ? NULL : free_last;
    free_count--;
    return c;
}

DWORD
capi_handle_open(struct capi_object *o, ULONG_PTR *ret_handle)
{
    DWORD code = NTE_NO_MEMORY;
    (void)pthread_rwlock_wrlock(&table_lock);
    struct cell *c = NULL;
    if (o->owner != NULL && o->owner->closed) {
        code = ERROR_INVALID_PARAMETER;
    } else {
        c = take();
    }
    if (c != NULL) {
        c->object = o;
        code = ERROR_SUCCESS;
    }
    (void)pthread_rwlock_unlock(&table_lock);
    if (code == ERROR_SUCCESS) {
        *ret_handle = (ULONG_PTR)c;
    } else {
        capi_object_unref(o);
    }
    return code;
}

DWORD
capi_handle_get(ULONG_PTR handle, enum capi_kind kind, struct capi_object **ret_o)
{
    struct capi_object *o = NULL;
    (void)pthread_rwlock_rdlock(&table_lock);
    const struct cell *c = cell_of(handle);
    if (c != NULL && c->object != NULL && c->object->kind == kind) {
        o = c->object;
        capi_object_ref(o);
    }
    (void)pthread_rwlock_unlock(&table_lock);
    CAPI_CHECK(o != NULL, ERROR_INVALID_PARAMETER);
    *ret_o = o;
    return ERROR_SUCCESS;
}

DWORD
capi_handle_close(ULONG_PTR handle, enum capi_kind kind)
{
    struct capi_object *o = NULL;
    (void)pthread_rwlock_wrlock(&table_lock);
    struct cell *c = cell_of(handle);
    if (c != NULL && c->object != NULL && c->object->kind == kind) {
        o = c->object;
        o->closed = true;
        give_back(c);
    }
    (void)pthread_rwlock_unlock(&table_lock);
    CAPI_CHECK(o != NULL, ERROR_INVALID_PARAMETER);
    capi_object_unref(o);
    return ERROR_SUCCESS;
}

/* One handle of what belongs to owner, taken out of the table; false: no more. */
static bool
take_owned(const struct capi_object *owner, size_t *at, struct capi_object **ret_o)
{
    size_t seen = 0;
    for (unsigned i = 0; i < block_count; seen += block_len(i), i++) {
        for (size_t j = *at > seen ? *at - seen : 0; j < block_len(i); j++) {
            struct cell *c = &blocks[i][j];
            if (c->object != NULL && c->object->owner == owner) {
                *ret_o = c->object;
                *at = seen + j + 1;
                give_back(c);
                return true;
            }
        }
    }
    return false;
}

void
capi_handle_close_owned(const struct capi_object *owner)
{
    size_t at = 0;
    struct capi_object *o = NULL;
    (void)pthread_rwlock_wrlock(&table_lock);
    while (take_owned(owner, &at, &o)) {
        capi_object_unref(o); /* owner is held by the caller, so this is no context's end */
    }
    (void)pthread_rwlock_unlock(&table_lock);
}
