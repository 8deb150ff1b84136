/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/store.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cryptoapi/terminal.h"
#include "keyblob/anyblob.h"
#include "keystore/extra.h"

#define MACHINE_STORE_ENV "CRYPTOAPI_MACHINE_STORE"
#define LOGIN_BUF 4096
#define SAVE_TRIES 8

DWORD
capi_store_folder(bool machine, struct spk_keystore **ret_ks)
{
    const char *dir = machine ? secure_getenv(MACHINE_STORE_ENV) : NULL;
    spk_err e = dir != NULL ? spk_keystore_at(dir, ret_ks)
                : machine   ? spk_keystore_machine(ret_ks)
                            : spk_keystore_user(ret_ks);
    if (e.code == SPK_CODE_DENIED || (e.code == SPK_CODE_IO && e.sys == EACCES)) {
        return ERROR_ACCESS_DENIED;
    }
    return e.code == SPK_CODE_NOTFOUND ? ERROR_FILE_NOT_FOUND : capi_code(e, NTE_FAIL);
}

DWORD
capi_store_login(char **ret_name)
{
    char buf[LOGIN_BUF];
    struct passwd pw, *found = NULL;
    int err = getpwuid_r(geteuid(), &pw, buf, sizeof buf, &found);
    CAPI_CHECK(err == 0 && found != NULL, NTE_BAD_KEYSET_PARAM);
    *ret_name = spk_strdup(found->pw_name);
    return *ret_name != NULL ? ERROR_SUCCESS : NTE_NO_MEMORY;
}

/* What a failure of the keystore means to a program. */
static DWORD
store_code(spk_err e)
{
    switch (e.code) {
    case SPK_CODE_NOTFOUND:
        return NTE_BAD_KEYSET;
    case SPK_CODE_EXISTS:
        return NTE_EXISTS;
    case SPK_CODE_FORMAT:
    case SPK_CODE_VERSION:
        return NTE_KEYSET_ENTRY_BAD;
    case SPK_CODE_USAGE:
    case SPK_CODE_LIMIT:
        return NTE_BAD_KEYSET_PARAM;
    case SPK_CODE_DENIED:
        return NTE_BAD_KEYSET;
    case SPK_CODE_PASS:
        return NTE_PERM;
    default:
        return capi_code(e, NTE_FAIL);
    }
}

static void
stamp_now(const struct capi_prov *p, struct capi_stamp *ret_stamp)
{
    char name[PATH_MAX];
    memset(ret_stamp, 0, sizeof *ret_stamp);
    size_t len = strlen(p->path);
    if (len + 3 > sizeof name) {
        return;
    }
    memcpy(name, p->path, len + 1);
    for (unsigned i = 0; i < CAPI_STORE_FILES; i++) {
        struct stat st;
        if (i != 0) {
            name[len] = '.';
            name[len + 1] = (char)('0' + (int)i);
            name[len + 2] = '\0';
        }
        if (stat(name, &st) == 0) {
            ret_stamp->mtime[i] = st.st_mtim;
            ret_stamp->ino[i] = st.st_ino;
        }
    }
}

static bool
stamp_eq(const struct capi_stamp *a, const struct capi_stamp *b)
{
    bool eq = true;
    for (unsigned i = 0; i < CAPI_STORE_FILES; i++) {
        eq = eq && a->ino[i] == b->ino[i] && a->mtime[i].tv_sec == b->mtime[i].tv_sec &&
             a->mtime[i].tv_nsec == b->mtime[i].tv_nsec;
    }
    return eq;
}

static spk_err
ask_pass(void *ctx, const char *container, unsigned wrong, struct spk_secret **ret_pass)
{
    const struct capi_prov *p = ctx;
    if (p->pin != NULL) {
        SPK_CHECK(wrong == 0, PASS);
        return spk_secret_dup(p->pin, ret_pass);
    }
    SPK_CHECK(!p->silent, PASS);
    return capi_terminal_pass(container, wrong, ret_pass);
}

static DWORD
unlock(struct capi_prov *p, struct spk_container *c)
{
    spk_err e = spk_container_unlock(c, ask_pass, p);
    if (e.code == SPK_CODE_PASS && p->silent && p->pin == NULL) {
        return NTE_SILENT_CONTEXT;
    }
    return store_code(e);
}

/* A pair that Sparekey itself could use, as any other. */
static spk_err
pair_from_container(const struct spk_rsa *rsa, struct spk_anyrsa **ret_rsa)
{
    struct spk_rsa_parts parts;
    spk_rsa_parts(rsa, &parts);
    return spk_anyrsa_from_parts(&parts, ret_rsa);
}

static DWORD
load_one(struct capi_prov *p, struct spk_container *c, enum spk_key_spec spec,
         struct capi_pair *ret_pair)
{
    SPK_AUTO_EXTRA x = {0};
    uint32_t alg = 0;
    spk_err e = spk_extra_load(p->ks, p->container, spec, &x);
    if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
        return store_code(e);
    }
    if (x.blob != NULL) {
        ret_pair->exportable = (x.flags & SPK_EXTRA_EXPORTABLE) != 0;
        e = spk_anyblob_parse_private(spk_secret_span(x.blob), &alg, &ret_pair->rsa);
        return capi_code(e, NTE_KEYSET_ENTRY_BAD);
    }
    const struct spk_rsa *rsa = spk_container_key(c, spec);
    if (rsa == NULL) {
        return ERROR_SUCCESS;
    }
    ret_pair->exportable =
        (x.flags & SPK_EXTRA_EXPORTABLE) != 0 && spk_hash_eq(&x.id, spk_rsa_id(rsa));
    CAPI_TRY(unlock(p, c));
    return capi_code(pair_from_container(spk_container_key(c, spec), &ret_pair->rsa),
                     NTE_KEYSET_ENTRY_BAD);
}

/* The pairs as they stand in the files now. */
static DWORD
reload(struct capi_prov *p)
{
    struct capi_stamp now;
    struct capi_pair fresh[CAPI_SPECS] = {{0}};
    SPK_AUTO(spk_container) c = NULL;
    stamp_now(p, &now);
    if (now.ino[0] == 0 || stamp_eq(&now, &p->stamp)) {
        return ERROR_SUCCESS; /* as before, or deleted: what was read stays usable until release */
    }
    CAPI_TRY(store_code(spk_container_open(p->ks, p->container, &c)));
    DWORD code = load_one(p, c, SPK_AT_KEYEXCHANGE, &fresh[0]);
    code = code == ERROR_SUCCESS ? load_one(p, c, SPK_AT_SIGNATURE, &fresh[1]) : code;
    for (unsigned i = 0; i < CAPI_SPECS; i++) {
        if (code == ERROR_SUCCESS) {
            spk_anyrsa_free(p->pair[i].rsa);
            p->pair[i] = fresh[i];
        } else {
            spk_anyrsa_free(fresh[i].rsa);
        }
    }
    if (code == ERROR_SUCCESS) {
        p->stamp = now;
    }
    return code;
}

static DWORD
keep_path(struct capi_prov *p, const struct spk_container *c)
{
    p->path = spk_strdup(spk_container_path(c));
    return p->path != NULL ? ERROR_SUCCESS : NTE_NO_MEMORY;
}

DWORD
capi_store_create(struct capi_prov *p)
{
    SPK_AUTO(spk_container) c = NULL;
    CAPI_TRY(store_code(spk_container_create(p->ks, p->container, &c)));
    CAPI_TRY(keep_path(p, c));
    /* Left by a container of that name that was deleted in another way. */
    CAPI_TRY(store_code(spk_extra_remove(p->ks, p->container, SPK_AT_KEYEXCHANGE)));
    CAPI_TRY(store_code(spk_extra_remove(p->ks, p->container, SPK_AT_SIGNATURE)));
    return store_code(spk_container_save(c));
}

DWORD
capi_store_open(struct capi_prov *p)
{
    SPK_AUTO(spk_container) c = NULL;
    CAPI_TRY(store_code(spk_container_open(p->ks, p->container, &c)));
    CAPI_TRY(keep_path(p, c));
    if (spk_container_has_pass(c)) {
        return ERROR_SUCCESS; /* nobody is asked before a key is used */
    }
    return reload(p);
}

DWORD
capi_store_delete(struct spk_keystore *ks, const char *name)
{
    CAPI_TRY(store_code(spk_container_delete(ks, name)));
    CAPI_TRY(store_code(spk_extra_remove(ks, name, SPK_AT_KEYEXCHANGE)));
    return store_code(spk_extra_remove(ks, name, SPK_AT_SIGNATURE));
}

DWORD
capi_store_get(struct capi_prov *p, DWORD spec, struct capi_pair *ret_pair)
{
    if (p->container != NULL) {
        CAPI_TRY(reload(p));
    }
    const struct capi_pair *pair = &p->pair[spec - 1];
    CAPI_CHECK(pair->rsa != NULL, NTE_NO_KEY);
    *ret_pair = (struct capi_pair){spk_anyrsa_ref(pair->rsa), pair->exportable};
    return ERROR_SUCCESS;
}

/* One try to write; SPK_CODE_CHANGED when another program was faster. */
static spk_err
save_inside(struct capi_prov *p, enum spk_key_spec spec, struct spk_rsa *rsa)
{
    SPK_AUTO(spk_container) c = NULL;
    SPK_TRY(spk_container_open(p->ks, p->container, &c));
    SPK_TRY(spk_container_unlock(c, ask_pass, p));
    if (rsa == NULL && spk_container_key(c, spec) == NULL) {
        return SPK_OK;
    }
    SPK_TRY(rsa != NULL ? spk_container_set(c, spec, rsa) : spk_container_drop(c, spec));
    return spk_container_save(c);
}

static spk_err
save_retry(struct capi_prov *p, enum spk_key_spec spec, struct spk_rsa *rsa)
{
    spk_err e = SPK_OK;
    for (unsigned i = 0; i < SAVE_TRIES; i++) {
        e = save_inside(p, spec, rsa);
        if (e.code != SPK_CODE_CHANGED) {
            return e;
        }
    }
    return SPK_ERR(BUSY);
}

/* What stands beside a container is in the clear, so that nothing goes there that a passphrase is
 * to protect. */
static spk_err
check_no_pass(struct capi_prov *p)
{
    SPK_AUTO(spk_container) c = NULL;
    SPK_TRY(spk_container_open(p->ks, p->container, &c));
    SPK_CHECK(!spk_container_has_pass(c), PASS);
    return SPK_OK;
}

/* A pair that a container can hold goes into it, for Sparekey to see; only its flags stand beside.
 * Whatever moment a crash comes at, there is one pair or the other, never one with wrong flags. */
static spk_err
save_pair(struct capi_prov *p, enum spk_key_spec spec, const struct capi_pair *pair)
{
    SPK_AUTO(spk_rsa) rsa = NULL;
    SPK_AUTO_EXTRA x = {.flags = pair->exportable ? SPK_EXTRA_EXPORTABLE : 0};
    struct spk_rsa_parts parts;
    spk_anyrsa_parts(pair->rsa, &parts);
    spk_err e = spk_rsa_from_parts(&parts, &rsa);
    if (e.code == SPK_CODE_LIMIT) {
        uint32_t alg = spec == SPK_AT_KEYEXCHANGE ? SPK_CALG_RSA_KEYX : SPK_CALG_RSA_SIGN;
        SPK_TRY(check_no_pass(p));
        SPK_TRY(spk_anyblob_private(pair->rsa, alg, &x.blob));
        SPK_TRY(spk_extra_save(p->ks, p->container, spec, &x));
        return save_retry(p, spec, NULL);
    }
    SPK_TRY(e);
    SPK_TRY(spk_extra_remove(p->ks, p->container, spec));
    SPK_TRY(save_retry(p, spec, rsa));
    x.id = *spk_rsa_id(rsa);
    return x.flags == 0 ? SPK_OK : spk_extra_save(p->ks, p->container, spec, &x);
}

DWORD
capi_store_put(struct capi_prov *p, DWORD spec, const struct capi_pair *pair)
{
    struct capi_stamp now;
    if (p->container != NULL) {
        stamp_now(p, &now);
        if (now.ino[0] != 0) { /* deleted meanwhile: the context goes on in memory */
            CAPI_TRY(store_code(save_pair(p, (enum spk_key_spec)spec, pair)));
        }
    }
    spk_anyrsa_free(p->pair[spec - 1].rsa);
    p->pair[spec - 1] = (struct capi_pair){spk_anyrsa_ref(pair->rsa), pair->exportable};
    return ERROR_SUCCESS;
}
