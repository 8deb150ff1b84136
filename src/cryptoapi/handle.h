/* SPDX-License-Identifier: Apache-2.0 */
/* Handles and the objects behind them.
 *
 * A handle is a number that the program may get wrong: it is looked up in a table, never followed.
 * Its value is the address of a readable cell, since some programs read there, and a cell is used
 * again only after a thousand others, so that a stale handle does not soon name a new object.
 * Objects are counted: one that is closed while a call works on it goes when that call is done. */
#ifndef SPK_CRYPTOAPI_HANDLE_H
#define SPK_CRYPTOAPI_HANDLE_H

#include <pthread.h>
#include <stdatomic.h>

#include "cryptoapi/error.h"

enum capi_kind { CAPI_PROV = 1, CAPI_KEY, CAPI_HASH };

struct capi_object {
    enum capi_kind kind;
    atomic_uint refs;
    struct capi_object *owner; /* the context of a key or hash, held; NULL for a context */
    bool closed;               /* has no handle any more; of the table */
    pthread_mutex_t lock;      /* of the fields of the object; a key's is taken before a hash's or a
                                * context's */
    void (*destroy)(struct capi_object *o);
};

/** One reference, the caller's. */
DWORD capi_object_init(struct capi_object *o, enum capi_kind kind, struct capi_object *owner,
                       void (*destroy)(struct capi_object *)) SPK_MUST_USE;
void capi_object_ref(struct capi_object *o);
/** NULL allowed. */
void capi_object_unref(struct capi_object *o);

/** Gives the object a handle; the caller's reference goes to the table, also on failure. An object
 * whose context has been released gets none: ERROR_INVALID_PARAMETER. */
DWORD capi_handle_open(struct capi_object *o, ULONG_PTR *ret_handle) SPK_MUST_USE;
/** A new reference to the object of a handle; ERROR_INVALID_PARAMETER when there is none of this
 * kind. */
DWORD capi_handle_get(ULONG_PTR handle, enum capi_kind kind,
                      struct capi_object **ret_o) SPK_MUST_USE;
/** Ends the handle. */
DWORD capi_handle_close(ULONG_PTR handle, enum capi_kind kind) SPK_MUST_USE;
/** Ends the handles of all that belongs to a context. */
void capi_handle_close_owned(const struct capi_object *owner);

static inline void
capi_unlock_auto_(pthread_mutex_t **m)
{
    if (*m != NULL) {
        (void)pthread_mutex_unlock(*m);
    }
}
/** `CAPI_LOCK(&key->obj);` until the end of the block. */
#define CAPI_LOCK(o) CAPI_LOCK_AT(o, __LINE__)
#define CAPI_LOCK_AT(o, n) CAPI_LOCK_AT2(o, n)
#define CAPI_LOCK_AT2(o, n)                                                                        \
    __attribute__((cleanup(capi_unlock_auto_), unused)) pthread_mutex_t *lock_##n##_ = &(o)->lock; \
    (void)pthread_mutex_lock(lock_##n##_)

#endif
