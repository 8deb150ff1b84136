/* SPDX-License-Identifier: Apache-2.0 */
/* A provider context: a provider on a key container, or on no container at all. */
#ifndef SPK_CRYPTOAPI_CONTEXT_H
#define SPK_CRYPTOAPI_CONTEXT_H

#include <sys/stat.h>

#include "crypto/anyrsa.h"
#include "cryptoapi/handle.h"
#include "cryptoapi/provider.h"
#include "keystore/container.h"

#define CAPI_SPECS 2
#define CAPI_STORE_FILES 3

struct capi_pair {
    struct spk_anyrsa *rsa; /* NULL: none */
    bool exportable;
};

/* Which version of the container's files the pairs are from. */
struct capi_stamp {
    struct timespec mtime[CAPI_STORE_FILES];
    ino_t ino[CAPI_STORE_FILES];
};

struct capi_prov {
    struct capi_object obj;
    const struct capi_provider *def;
    bool machine, silent;
    unsigned users;                    /* acquired and not yet released */
    char *container;                   /* NULL: CRYPT_VERIFYCONTEXT */
    struct spk_keystore *ks;           /* where it is; NULL with container */
    char *path;                        /* of its file */
    struct capi_pair pair[CAPI_SPECS]; /* by spec - 1 */
    struct capi_stamp stamp;
    struct spk_secret *pin; /* passphrase set by the program, or NULL */
    size_t next_alg;        /* PP_ENUMALGS */
    char **names;           /* PP_ENUMCONTAINERS: what is still to tell, NULL at its end */
    size_t next_name;
};

DWORD capi_prov_get(HCRYPTPROV handle, struct capi_prov **ret_p) SPK_MUST_USE;
void capi_prov_put(struct capi_prov *p);
void capi_prov_forget_names(struct capi_prov *p);

static inline void
capi_prov_auto_(struct capi_prov **p)
{
    capi_prov_put(*p);
}
/** `CAPI_AUTO_PROV p = NULL;` - a reference given back at the end of the block. */
#define CAPI_AUTO_PROV __attribute__((cleanup(capi_prov_auto_))) struct capi_prov *

/** The context of a key or hash; borrowed. */
static inline struct capi_prov *
capi_owner(const struct capi_object *o)
{
    return (struct capi_prov *)(void *)o->owner;
}

#endif
