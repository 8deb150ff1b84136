/* SPDX-License-Identifier: Apache-2.0 */
/* A provider context: a provider on a key container, or on no container at all. */
#ifndef SPK_CRYPTOAPI_CONTEXT_H
#define SPK_CRYPTOAPI_CONTEXT_H

#include <sys/stat.h>

#include "crypto/anyrsa.h"
#include "crypto/ffkey.h"
#include "cryptoapi/handle.h"
#include "cryptoapi/provider.h"
#include "keystore/container.h"

#define CAPI_SPECS 2
#define CAPI_STORE_FILES 3

/* A key pair of one kind or the other, or none. */
struct capi_pair {
    struct spk_anyrsa *rsa;
    struct spk_ffkey *ff; /* of DSS or Diffie-Hellman */
    bool exportable;
};

static inline bool
capi_pair_there(const struct capi_pair *p)
{
    return p->rsa != NULL || p->ff != NULL;
}
/** New references to the same keys. */
static inline struct capi_pair
capi_pair_ref(const struct capi_pair *p)
{
    return (struct capi_pair){p->rsa != NULL ? spk_anyrsa_ref(p->rsa) : NULL, spk_ffkey_ref(p->ff),
                              p->exportable};
}
static inline void
capi_pair_clear(struct capi_pair *p)
{
    spk_anyrsa_free(p->rsa);
    spk_ffkey_free(p->ff);
    *p = (struct capi_pair){0};
}
/** `CAPI_AUTO_PAIR pair = {0};` - references given back at the end of the block. */
#define CAPI_AUTO_PAIR __attribute__((cleanup(capi_pair_clear))) struct capi_pair

/* Which version of the container's files the pairs are from. */
struct capi_stamp {
    struct timespec mtime[CAPI_STORE_FILES];
    ino_t ino[CAPI_STORE_FILES];
};

struct capi_prov {
    struct capi_object obj;
    const struct capi_provider *def;
    bool machine, silent;
    bool unnamed;            /* Sparekey's own, opened by NULL: its pairs are not replaced */
    unsigned users;          /* acquired and not yet released */
    char *container;         /* NULL: CRYPT_VERIFYCONTEXT */
    struct spk_keystore *ks; /* where it is; NULL with container */
    char *path;              /* of its file */
    struct spk_hash mark;    /* which container of that name it is */
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
