/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/store.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cryptoapi/dss.h"
#include "cryptoapi/terminal.h"
#include "keyblob/anyblob.h"
#include "keyblob/ffblob.h"
#include "keystore/extra.h"

#define MACHINE_STORE_ENV "CRYPTOAPI_MACHINE_STORE"
#define LOGIN_BUF 4096
#define SAVE_TRIES 8

static spk_err
folder_of_rsa(bool machine, struct spk_keystore **ret_ks)
{
    const char *dir = machine ? secure_getenv(MACHINE_STORE_ENV) : NULL;
    if (dir != NULL) {
        return spk_keystore_at(dir, ret_ks);
    }
    return machine ? spk_keystore_machine(ret_ks) : spk_keystore_user(ret_ks);
}

static spk_err
open_folder(bool machine, bool dss, struct spk_keystore **ret_ks)
{
    SPK_AUTO(spk_keystore) ks = NULL;
    SPK_TRY(folder_of_rsa(machine, &ks));
    if (dss) {
        return spk_keystore_dss(ks, true, ret_ks);
    }
    *ret_ks = SPK_STEAL(ks);
    return SPK_OK;
}

DWORD
capi_store_folder(bool machine, bool dss, struct spk_keystore **ret_ks)
{
    spk_err e = open_folder(machine, dss, ret_ks);
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

/* Zeros for a file that is not there. */
static spk_err
stamp_now(const struct capi_prov *p, struct capi_stamp *ret_stamp)
{
    char name[PATH_MAX];
    memset(ret_stamp, 0, sizeof *ret_stamp);
    size_t len = strlen(p->path);
    SPK_CHECK(len + 3 <= sizeof name, LIMIT);
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
        } else if (errno != ENOENT) {
            return spk_err_errno();
        }
    }
    return SPK_OK;
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

static spk_err
parse_ff(struct spk_span blob, enum spk_key_spec spec, struct spk_ffkey **ret_key)
{
    SPK_AUTO_FFBLOB b = {0};
    SPK_TRY(spk_ffblob_parse(blob, &b));
    SPK_CHECK(b.pair && b.alg == (spec == SPK_AT_KEYEXCHANGE ? CALG_DH_SF : CALG_DSS_SIGN), FORMAT);
    return spk_ffkey_from_parts(&b.parts, ret_key);
}

/* A pair of the other kind of provider is none that can be used here. */
static DWORD
load_blob(const struct capi_prov *p, struct spk_span blob, enum spk_key_spec spec,
          struct capi_pair *ret_pair)
{
    uint32_t alg = 0;
    spk_err e = p->def->dss ? parse_ff(blob, spec, &ret_pair->ff)
                            : spk_anyblob_parse_private(blob, &alg, &ret_pair->rsa);
    return capi_code(e, NTE_KEYSET_ENTRY_BAD);
}

static DWORD
load_one(struct capi_prov *p, struct spk_container *c, enum spk_key_spec spec,
         struct capi_pair *ret_pair)
{
    SPK_AUTO_EXTRA x = {0};
    spk_err e = spk_extra_load(p->ks, p->container, spec, &x);
    if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND) {
        return store_code(e);
    }
    if (x.blob != NULL) {
        ret_pair->exportable = (x.flags & SPK_EXTRA_EXPORTABLE) != 0;
        return load_blob(p, spk_secret_span(x.blob), spec, ret_pair);
    }
    const struct spk_rsa *rsa = spk_container_key(c, spec);
    if (rsa == NULL) {
        return ERROR_SUCCESS;
    }
    CAPI_CHECK(!p->def->dss, NTE_KEYSET_ENTRY_BAD);
    ret_pair->exportable =
        (x.flags & SPK_EXTRA_EXPORTABLE) != 0 && spk_hash_eq(&x.id, spk_rsa_id(rsa));
    CAPI_TRY(unlock(p, c));
    return capi_code(pair_from_container(spk_container_key(c, spec), &ret_pair->rsa),
                     NTE_KEYSET_ENTRY_BAD);
}

/* Another one of that name, made after this one was deleted, is not ours to read or write. */
static bool
same(const struct capi_prov *p, const struct spk_container *c)
{
    return spk_hash_eq(spk_container_mark(c), &p->mark);
}

/* The pairs as they stand in the files now. */
static DWORD
reload(struct capi_prov *p)
{
    struct capi_stamp now;
    struct capi_pair fresh[CAPI_SPECS] = {{0}};
    SPK_AUTO(spk_container) c = NULL;
    spk_err e = stamp_now(p, &now);
    if (!spk_ok(e) || now.ino[0] == 0 || stamp_eq(&now, &p->stamp)) {
        /* as before, deleted, or out of reach: what was read stays usable until release */
        return ERROR_SUCCESS;
    }
    CAPI_TRY(store_code(spk_container_open(p->ks, p->container, &c)));
    if (!same(p, c)) {
        return ERROR_SUCCESS;
    }
    DWORD code = load_one(p, c, SPK_AT_KEYEXCHANGE, &fresh[0]);
    code = code == ERROR_SUCCESS ? load_one(p, c, SPK_AT_SIGNATURE, &fresh[1]) : code;
    for (unsigned i = 0; i < CAPI_SPECS; i++) {
        if (code == ERROR_SUCCESS) {
            capi_pair_clear(&p->pair[i]);
            p->pair[i] = fresh[i];
        } else {
            capi_pair_clear(&fresh[i]);
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
    p->mark = *spk_container_mark(c);
    spk_mem_free(p->path);
    p->path = spk_strdup(spk_container_path(c));
    return p->path != NULL ? ERROR_SUCCESS : NTE_NO_MEMORY;
}

bool
capi_store_there(struct spk_keystore *ks, const char *name)
{
    SPK_AUTO(spk_container) c = NULL;
    return spk_container_open(ks, name, &c).code != SPK_CODE_NOTFOUND;
}

DWORD
capi_store_create(struct capi_prov *p)
{
    SPK_AUTO(spk_container) c = NULL;
    CAPI_TRY(store_code(spk_container_create(p->ks, p->container, &c)));
    spk_container_want_mark(c);
    CAPI_TRY(store_code(spk_container_save(c)));
    return keep_path(p, c);
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

/* What cannot be opened may be something else's, or hold keys that a repair brings back. */
DWORD
capi_store_delete(struct capi_prov *p)
{
    CAPI_TRY(capi_store_open(p));
    return store_code(spk_container_delete(p->ks, p->container));
}

DWORD
capi_store_get(struct capi_prov *p, DWORD spec, struct capi_pair *ret_pair)
{
    if (p->container != NULL) {
        CAPI_TRY(reload(p));
    }
    const struct capi_pair *pair = &p->pair[spec - 1];
    CAPI_CHECK(capi_pair_there(pair), NTE_NO_KEY);
    *ret_pair = capi_pair_ref(pair);
    return ERROR_SUCCESS;
}

/* NULL for a pair that a container cannot hold. */
static spk_err
pair_for_container(const struct capi_pair *pair, struct spk_rsa **ret_rsa)
{
    struct spk_rsa_parts parts;
    if (pair->rsa == NULL) {
        return SPK_OK;
    }
    spk_anyrsa_parts(pair->rsa, &parts);
    spk_err e = spk_rsa_from_parts(&parts, ret_rsa);
    return e.code == SPK_CODE_LIMIT ? SPK_OK : e;
}

static spk_err
pair_blob(const struct capi_prov *p, enum spk_key_spec spec, const struct capi_pair *pair,
          struct spk_secret **ret_blob)
{
    ALG_ID alg = capi_pair_alg(p->def, spec);
    return pair->ff != NULL ? spk_ffblob_private(pair->ff, alg, SPK_FFBLOB_VERSION, ret_blob)
                            : spk_anyblob_private(pair->rsa, alg, ret_blob);
}

static bool
pair_there(const struct capi_prov *p, const struct spk_container *c, enum spk_key_spec spec)
{
    SPK_AUTO_EXTRA x = {0};
    spk_err e = spk_extra_load(p->ks, p->container, spec, &x);
    return spk_container_key(c, spec) != NULL || x.blob != NULL ||
           (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND);
}

/* One try to write. The passphrase comes before anything changes on disk. What stands beside a
 * container is in the clear, so that nothing goes there that a passphrase is to protect. */
static DWORD
save_once(struct capi_prov *p, enum spk_key_spec spec, struct spk_rsa *rsa,
          const struct spk_extra *x, bool *ret_again)
{
    SPK_AUTO(spk_container) c = NULL;
    spk_err e = spk_container_open(p->ks, p->container, &c);
    if (e.code == SPK_CODE_NOTFOUND || (spk_ok(e) && !same(p, c))) {
        return ERROR_SUCCESS; /* deleted meanwhile: the context goes on in memory */
    }
    CAPI_TRY(store_code(e));
    CAPI_CHECK(!p->unnamed || !pair_there(p, c, spec), NTE_PERM);
    if (rsa != NULL) {
        CAPI_TRY(unlock(p, c));
        CAPI_TRY(store_code(spk_container_set(c, spec, rsa)));
    } else {
        CAPI_CHECK(!spk_container_has_pass(c), NTE_PERM);
        CAPI_TRY(store_code(spk_container_drop(c, spec)));
    }
    e = spk_container_save_beside(c, spec, x);
    *ret_again = e.code == SPK_CODE_CHANGED; /* another program was faster */
    return store_code(e);
}

/* A pair that a container can hold goes into it, for Sparekey to see; only its flags stand beside.
 * Whatever moment a crash comes at, there is one pair or the other, never one with wrong flags. */
static DWORD
save_pair(struct capi_prov *p, enum spk_key_spec spec, const struct capi_pair *pair)
{
    SPK_AUTO(spk_rsa) rsa = NULL;
    SPK_AUTO_EXTRA x = {.flags = pair->exportable ? SPK_EXTRA_EXPORTABLE : 0};
    CAPI_TRY(store_code(pair_for_container(pair, &rsa)));
    if (rsa == NULL) {
        CAPI_TRY(store_code(pair_blob(p, spec, pair, &x.blob)));
    } else {
        x.id = *spk_rsa_id(rsa);
    }
    for (unsigned i = 0; i < SAVE_TRIES; i++) {
        bool again = false;
        DWORD code = save_once(p, spec, rsa, &x, &again);
        if (!again) {
            return code;
        }
    }
    return ERROR_BUSY;
}

DWORD
capi_store_put(struct capi_prov *p, DWORD spec, const struct capi_pair *pair)
{
    struct capi_stamp now;
    if (p->container != NULL) {
        CAPI_TRY(store_code(stamp_now(p, &now)));
        if (now.ino[0] != 0) { /* deleted meanwhile: the context goes on in memory */
            CAPI_TRY(save_pair(p, (enum spk_key_spec)spec, pair));
        }
    }
    struct capi_pair own = capi_pair_ref(pair);
    capi_pair_clear(&p->pair[spec - 1]);
    p->pair[spec - 1] = own;
    return ERROR_SUCCESS;
}
