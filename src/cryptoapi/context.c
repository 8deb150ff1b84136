/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/context.h"

#include <stdlib.h>

#include "cryptoapi/registry.h"
#include "cryptoapi/store.h"
#include "cryptoapi/wide.h"

#define KNOWN_FLAGS                                                                                \
    (CRYPT_VERIFYCONTEXT | CRYPT_NEWKEYSET | CRYPT_DELETEKEYSET | CRYPT_MACHINE_KEYSET |           \
     CRYPT_SILENT | CRYPT_DEFAULT_CONTAINER_OPTIONAL)

static void
context_destroy(struct capi_object *o)
{
    struct capi_prov *p = (struct capi_prov *)(void *)o;
    capi_prov_forget_names(p);
    for (unsigned i = 0; i < CAPI_SPECS; i++) {
        capi_pair_clear(&p->pair[i]);
    }
    spk_keystore_free(p->ks);
    spk_secret_free(p->pin);
    spk_mem_free(p->path);
    spk_mem_free(p->container);
    spk_mem_free(p);
}

DWORD
capi_prov_get(HCRYPTPROV handle, struct capi_prov **ret_p)
{
    struct capi_object *o = NULL;
    CAPI_TRY(capi_handle_get(handle, CAPI_PROV, &o));
    *ret_p = (struct capi_prov *)(void *)o;
    return ERROR_SUCCESS;
}

void
capi_prov_put(struct capi_prov *p)
{
    if (p != NULL) {
        capi_object_unref(&p->obj);
    }
}

static DWORD
check_flags(const char *container, DWORD flags)
{
    bool verify = (flags & CRYPT_VERIFYCONTEXT) == CRYPT_VERIFYCONTEXT;
    CAPI_CHECK((flags & ~KNOWN_FLAGS) == 0, NTE_BAD_FLAGS);
    CAPI_CHECK(verify || (flags & CRYPT_VERIFYCONTEXT) == 0, NTE_BAD_FLAGS);
    CAPI_CHECK((flags & CRYPT_NEWKEYSET) == 0 || (flags & CRYPT_DELETEKEYSET) == 0, NTE_BAD_FLAGS);
    if (verify) {
        CAPI_CHECK(container == NULL, NTE_BAD_FLAGS);
        CAPI_CHECK((flags & CRYPT_DELETEKEYSET) == 0, NTE_BAD_FLAGS);
    }
    return ERROR_SUCCESS;
}

static DWORD
context_new(const struct capi_provider *def, DWORD flags, struct capi_prov **ret_p)
{
    struct capi_prov *p = spk_calloc(1, sizeof *p);
    CAPI_CHECK(p != NULL, NTE_NO_MEMORY);
    DWORD code = capi_object_init(&p->obj, CAPI_PROV, NULL, context_destroy);
    if (code != ERROR_SUCCESS) {
        spk_mem_free(p);
        return code;
    }
    p->def = def;
    p->users = 1;
    p->machine = (flags & CRYPT_MACHINE_KEYSET) != 0;
    p->silent = (flags & CRYPT_SILENT) != 0;
    *ret_p = p;
    return ERROR_SUCCESS;
}

/* The container that NULL means: the one named by the login user; where there is none to open, the
 * one that `sparekey init` makes, so that its keys are there for CryptoAPI programs too. That one
 * is neither deleted nor has a pair replaced but by its name: programs begin with deleting what
 * NULL means, or making keys there, and the user's sealed files hang on those that are there. */
static DWORD
name_default(struct capi_prov *p, DWORD flags)
{
    CAPI_TRY(capi_store_login(&p->container));
    if ((flags & (CRYPT_DELETEKEYSET | CRYPT_NEWKEYSET)) != 0 || p->machine || p->def->dss ||
        capi_store_there(p->ks, p->container) || !capi_store_there(p->ks, SPK_CONTAINER_DEFAULT)) {
        return ERROR_SUCCESS; /* one that is there and refused is not replaced by another's keys */
    }
    char *name = spk_strdup(SPK_CONTAINER_DEFAULT);
    CAPI_CHECK(name != NULL, NTE_NO_MEMORY);
    spk_mem_free(p->container);
    p->container = name;
    p->unnamed = true;
    return ERROR_SUCCESS;
}

static DWORD
attach(struct capi_prov *p, const char *container, DWORD flags)
{
    if ((flags & CRYPT_VERIFYCONTEXT) != 0) {
        return ERROR_SUCCESS;
    }
    CAPI_TRY(capi_store_folder(p->machine, p->def->dss, &p->ks));
    if (container == NULL) {
        CAPI_TRY(name_default(p, flags));
    } else {
        p->container = spk_strdup(container);
        CAPI_CHECK(p->container != NULL, NTE_NO_MEMORY);
    }
    if ((flags & CRYPT_DELETEKEYSET) != 0) {
        return capi_store_delete(p);
    }
    if ((flags & CRYPT_NEWKEYSET) != 0) {
        return capi_store_create(p);
    }
    return capi_store_open(p);
}

static DWORD
choose_provider(const char *name, DWORD type, const struct capi_provider **ret_def)
{
    CAPI_CHECK(type >= 1 && type <= CAPI_TYPE_MAX, NTE_BAD_PROV_TYPE);
    if (name == NULL || name[0] == '\0') {
        CAPI_CHECK(capi_type_find(type) != NULL, NTE_PROV_TYPE_NOT_DEF);
        return capi_registry_default(type, ret_def);
    }
    const struct capi_provider *def = capi_provider_find(name);
    CAPI_CHECK(def != NULL, NTE_KEYSET_NOT_DEF);
    CAPI_CHECK(def->type == type, NTE_PROV_TYPE_NO_MATCH);
    *ret_def = def;
    return ERROR_SUCCESS;
}

static DWORD
acquire(HCRYPTPROV *ret_handle, const char *container, const char *provider, DWORD type,
        DWORD flags)
{
    const struct capi_provider *def = NULL;
    struct capi_prov *p = NULL;
    CAPI_TRY(choose_provider(provider, type, &def));
    CAPI_CHECK(ret_handle != NULL, ERROR_INVALID_PARAMETER);
    container = container != NULL && container[0] == '\0' ? NULL : container;
    CAPI_TRY(check_flags(container, flags));
    CAPI_TRY(context_new(def, flags, &p));
    DWORD code = attach(p, container, flags);
    if (code != ERROR_SUCCESS || (flags & CRYPT_DELETEKEYSET) != 0) {
        capi_prov_put(p);
        *ret_handle = code == ERROR_SUCCESS ? 0 : *ret_handle;
        return code;
    }
    return capi_handle_open(&p->obj, ret_handle);
}

BOOL WINAPI
CryptAcquireContextA(HCRYPTPROV *phProv, LPCSTR szContainer, LPCSTR szProvider, DWORD dwProvType,
                     DWORD dwFlags)
{
    return capi_finish(acquire(phProv, szContainer, szProvider, dwProvType, dwFlags));
}

BOOL WINAPI
CryptAcquireContextW(HCRYPTPROV *phProv, LPCWSTR szContainer, LPCWSTR szProvider, DWORD dwProvType,
                     DWORD dwFlags)
{
    SPK_AUTO_STR char *container = NULL;
    SPK_AUTO_STR char *provider = NULL;
    DWORD code = capi_narrow(szContainer, &container);
    code = code == ERROR_NO_UNICODE_TRANSLATION ? NTE_BAD_KEYSET_PARAM : code;
    code = code == ERROR_SUCCESS ? capi_narrow(szProvider, &provider) : code;
    if (code == ERROR_SUCCESS) {
        code = acquire(phProv, container, provider, dwProvType, dwFlags);
    }
    return capi_finish(code);
}

static DWORD
release(HCRYPTPROV handle, DWORD flags)
{
    CAPI_AUTO_PROV p = NULL;
    bool last = false;
    CAPI_TRY(capi_prov_get(handle, &p));
    {
        CAPI_LOCK(&p->obj);
        CAPI_CHECK(p->users > 0, ERROR_INVALID_PARAMETER); /* another thread is doing it */
        last = --p->users == 0;
    }
    if (last) {
        CAPI_TRY(capi_handle_close(handle, CAPI_PROV));
        capi_handle_close_owned(&p->obj);
    }
    return flags == 0 ? ERROR_SUCCESS : NTE_BAD_FLAGS; /* and yet the reference is gone */
}

BOOL WINAPI
CryptReleaseContext(HCRYPTPROV hProv, DWORD dwFlags)
{
    return capi_finish(release(hProv, dwFlags));
}

static DWORD
add_ref(HCRYPTPROV handle, const DWORD *reserved, DWORD flags)
{
    CAPI_AUTO_PROV p = NULL;
    CAPI_TRY(capi_prov_get(handle, &p));
    CAPI_CHECK(reserved == NULL && flags == 0, ERROR_INVALID_PARAMETER);
    CAPI_LOCK(&p->obj);
    CAPI_CHECK(p->users > 0, ERROR_INVALID_PARAMETER); /* being released by another thread */
    p->users++;
    return ERROR_SUCCESS;
}

BOOL WINAPI
CryptContextAddRef(HCRYPTPROV hProv, DWORD *pdwReserved, DWORD dwFlags)
{
    return capi_finish(add_ref(hProv, pdwReserved, dwFlags));
}
