/* SPDX-License-Identifier: Apache-2.0 */
/* Scope frees, not labels; giving away is visible.
 *
 * A type struct spk_x with `void spk_x_free(struct spk_x *x)` (NULL allowed) gets SPK_AUTO support
 * from one line SPK_DEFINE_AUTO(spk_x) after its declaration:
 *
 *     SPK_AUTO(spk_x) x = NULL;       declares `struct spk_x *x`, freed on every exit
 *     *ret_x = SPK_STEAL(x);          ownership leaves here
 */
#ifndef SPK_BASE_SCOPE_H
#define SPK_BASE_SCOPE_H

#include <stddef.h>

#define SPK_DEFINE_AUTO(name)                                                                      \
    static inline void name##_auto_(struct name **p)                                               \
    {                                                                                              \
        name##_free(*p);                                                                           \
        *p = NULL;                                                                                 \
    }
#define SPK_AUTO(name) __attribute__((cleanup(name##_auto_))) struct name *

#define SPK_STEAL(p)                                                                               \
    __extension__({                                                                                \
        __typeof__(p) steal_ = (p);                                                                \
        (p) = NULL;                                                                                \
        steal_;                                                                                    \
    })

/** Overwrite with zeros in a way the compiler keeps. p may be NULL when len is 0. */
void spk_wipe(void *p, size_t len);

struct spk_wipe_range {
    void *p;
    size_t len;
};
static inline void
spk_wipe_range_auto_(struct spk_wipe_range *r)
{
    spk_wipe(r->p, r->len);
}
/** `uint8_t prk[32]; SPK_WIPE_ON_EXIT(prk);` - a stack secret (array or struct) wiped on every
 * exit. */
#define SPK_WIPE_ON_EXIT(var)                                                                      \
    __attribute__((cleanup(spk_wipe_range_auto_), unused)) struct spk_wipe_range wipe_##var##_ = { \
        &(var), sizeof(var)}

/** A descriptor closed on every exit: `SPK_AUTO_FD int fd = -1;` */
void spk_fd_auto_(int *fd);
#define SPK_AUTO_FD __attribute__((cleanup(spk_fd_auto_)))

/** A malloc'ed char* or void* freed on every exit: `SPK_AUTO_STR char *s = NULL;` */
void spk_mem_auto_(void *pp);
#define SPK_AUTO_STR __attribute__((cleanup(spk_mem_auto_)))

/** calloc that counts its arguments' product; NULL when it fails. The only allocators used in src/.
 */
void *spk_calloc(size_t n, size_t size);
/** Duplicate of a C string; NULL when it fails. */
char *spk_strdup(const char *s);
/** Array growth; NULL when it fails (p stays valid). Not for secrets. */
void *spk_reallocarray(void *p, size_t n, size_t size);
/** free(); NULL allowed. */
void spk_mem_free(void *p);

#endif
