/* SPDX-License-Identifier: Apache-2.0 */
/* CryptGetProvParam and CryptSetProvParam. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/dsa.h"
#include "cryptoapi/store.h"
#include "cryptoapi/unique.h"

#define VERSION_2_0 0x0200u
#define KEYSIZE_STEP 8u
#define PIN_MAX SPK_CONTAINER_PASS_MAX
#define NAMES_MAX 65536

void
capi_prov_forget_names(struct capi_prov *p)
{
    for (size_t i = 0; p->names != NULL && p->names[i] != NULL; i++) {
        spk_mem_free(p->names[i]);
    }
    spk_mem_free(p->names);
    p->names = NULL;
    p->next_name = 0;
}

struct names {
    char **list;
    size_t len, cap;
};

static spk_err
add_name(void *ctx, const char *name)
{
    struct names *n = ctx;
    if (n->len + 1 >= n->cap) {
        SPK_CHECK(n->cap < NAMES_MAX, LIMIT);
        size_t cap = n->cap == 0 ? 16 : n->cap * 2;
        char **grown = spk_reallocarray(n->list, cap, sizeof *grown);
        SPK_CHECK(grown != NULL, NOMEM);
        n->list = grown;
        n->cap = cap;
    }
    n->list[n->len] = spk_strdup(name);
    SPK_CHECK(n->list[n->len] != NULL, NOMEM);
    n->list[++n->len] = NULL;
    return SPK_OK;
}

/* All names at the time of the first call: what others add or delete later changes nothing. */
static DWORD
take_names(struct capi_prov *p, bool machine)
{
    SPK_AUTO(spk_keystore) ks = NULL;
    struct names n = {0};
    capi_prov_forget_names(p);
    CAPI_TRY(capi_store_folder(machine, p->def->dss, &ks));
    spk_err e = spk_container_list(ks, add_name, &n);
    p->names = n.list;
    if (!spk_ok(e)) {
        capi_prov_forget_names(p);
    }
    return capi_code(e, NTE_FAIL);
}

static DWORD
enum_containers(struct capi_prov *p, BYTE *data, DWORD *len, DWORD flags)
{
    bool machine = p->machine || (flags & CRYPT_MACHINE_KEYSET) != 0;
    CAPI_CHECK((flags & ~(CRYPT_FIRST | CRYPT_NEXT | CRYPT_MACHINE_KEYSET)) == 0, NTE_BAD_FLAGS);
    if ((flags & CRYPT_FIRST) != 0) {
        CAPI_TRY(take_names(p, machine));
    }
    CAPI_CHECK(p->names != NULL && p->names[p->next_name] != NULL, ERROR_NO_MORE_ITEMS);
    if (data == NULL) {
        *len = MAX_PATH + 1;
        return ERROR_SUCCESS;
    }
    size_t need = strlen(p->names[p->next_name]) + 1;
    if (*len < need) {
        *len = MAX_PATH + 1;
        return ERROR_MORE_DATA;
    }
    memcpy(data, p->names[p->next_name++], need);
    return ERROR_SUCCESS;
}

static void
fill_plain(const struct capi_alg *a, PROV_ENUMALGS *e)
{
    const struct capi_alg_name *n = capi_alg_name(a->id);
    memset(e, 0, sizeof *e);
    e->aiAlgid = a->id;
    e->dwBitLen = a->def;
    e->dwNameLen = (DWORD)strlen(n->name) + 1;
    memcpy(e->szName, n->name, e->dwNameLen);
}

static void
fill_ex(const struct capi_alg *a, PROV_ENUMALGS_EX *e)
{
    const struct capi_alg_name *n = capi_alg_name(a->id);
    memset(e, 0, sizeof *e);
    e->aiAlgid = a->id;
    e->dwDefaultLen = a->def;
    e->dwMinLen = a->min;
    e->dwMaxLen = a->max;
    e->dwProtocols = a->protocols;
    e->dwNameLen = (DWORD)strlen(n->name) + 1;
    memcpy(e->szName, n->name, e->dwNameLen);
    e->dwLongNameLen = (DWORD)strlen(n->long_name) + 1;
    memcpy(e->szLongName, n->long_name, e->dwLongNameLen);
}

static DWORD
enum_algs(struct capi_prov *p, bool ex, BYTE *data, DWORD *len, DWORD flags)
{
    PROV_ENUMALGS plain;
    PROV_ENUMALGS_EX full;
    CAPI_CHECK((flags & ~(CRYPT_FIRST | CRYPT_NEXT)) == 0, NTE_BAD_FLAGS);
    if ((flags & CRYPT_FIRST) != 0) {
        p->next_alg = 0;
    }
    CAPI_CHECK(p->next_alg < p->def->alg_count, ERROR_NO_MORE_ITEMS);
    fill_plain(&p->def->algs[p->next_alg], &plain);
    fill_ex(&p->def->algs[p->next_alg], &full);
    CAPI_TRY(
        capi_answer(ex ? spk_span(&full, sizeof full) : spk_span(&plain, sizeof plain), data, len));
    if (data != NULL) {
        p->next_alg++;
    }
    return ERROR_SUCCESS;
}

static DWORD
answer_text(const char *s, BYTE *data, DWORD *len)
{
    return capi_answer(spk_span(s, strlen(s) + 1), data, len);
}

static DWORD
unique_container(const struct capi_prov *p, BYTE *data, DWORD *len)
{
    struct capi_unique u;
    CAPI_CHECK(p->container != NULL, NTE_BAD_TYPE);
    CAPI_TRY(capi_unique_name(p->container, &u));
    return answer_text(u.name, data, len);
}

/* An empty, self-relative security descriptor: file modes do that work here. */
static DWORD
security(BYTE *data, DWORD *len)
{
    static const uint8_t empty[20] = {1, 0, 4, 0x80};
    DWORD code = capi_answer(SPK_SPAN_OF(empty), data, len);
    if (data == NULL && code == ERROR_SUCCESS) {
        SetLastError(ERROR_INSUFFICIENT_BUFFER); /* as Windows leaves it after the size query */
    }
    return code;
}

static DWORD
get_number(const struct capi_prov *p, DWORD param, DWORD *ret_v)
{
    const struct capi_alg *kx = capi_provider_alg(p->def, capi_pair_alg(p->def, AT_KEYEXCHANGE));
    switch (param) {
    case PP_IMPTYPE:
        *ret_v = CRYPT_IMPL_SOFTWARE;
        return ERROR_SUCCESS;
    case PP_VERSION:
        *ret_v = VERSION_2_0;
        return ERROR_SUCCESS;
    case PP_PROVTYPE:
        *ret_v = p->def->type;
        return ERROR_SUCCESS;
    case PP_KEYSTORAGE:
        *ret_v = CRYPT_SEC_DESCR;
        return ERROR_SUCCESS;
    case PP_KEYSET_TYPE:
        *ret_v = p->machine ? CRYPT_MACHINE_KEYSET : 0;
        return ERROR_SUCCESS;
    case PP_SIG_KEYSIZE_INC:
    case PP_KEYX_KEYSIZE_INC:
        *ret_v = p->def->dss ? SPK_DSA_STEP_BITS : KEYSIZE_STEP;
        return ERROR_SUCCESS;
    case PP_KEYSPEC:
        *ret_v = kx != NULL ? AT_KEYEXCHANGE | AT_SIGNATURE : AT_SIGNATURE;
        return ERROR_SUCCESS;
    case PP_ENUMEX_SIGNING_PROT:
        *ret_v = TRUE;
        return ERROR_SUCCESS;
    default:
        return NTE_BAD_TYPE;
    }
}

static DWORD
get_param(HCRYPTPROV handle, DWORD param, BYTE *data, DWORD *len, DWORD flags)
{
    CAPI_AUTO_PROV p = NULL;
    DWORD v = 0;
    CAPI_TRY(capi_prov_get(handle, &p));
    CAPI_CHECK(len != NULL, ERROR_INVALID_PARAMETER);
    CAPI_LOCK(&p->obj);
    switch (param) {
    case PP_ENUMALGS:
    case PP_ENUMALGS_EX:
        return enum_algs(p, param == PP_ENUMALGS_EX, data, len, flags);
    case PP_ENUMCONTAINERS:
        return enum_containers(p, data, len, flags);
    case PP_KEYSET_SEC_DESCR:
        CAPI_CHECK(flags < 16, NTE_BAD_FLAGS);
        return security(data, len);
    default:
        break;
    }
    CAPI_CHECK(flags == 0, NTE_BAD_FLAGS);
    switch (param) {
    case PP_NAME:
        return answer_text(p->def->name, data, len);
    case PP_CONTAINER:
        return answer_text(p->container != NULL ? p->container : "", data, len);
    case PP_UNIQUE_CONTAINER:
        return unique_container(p, data, len);
    default:
        CAPI_TRY(get_number(p, param, &v));
        return capi_answer_dword(v, data, len);
    }
}

BOOL WINAPI
CryptGetProvParam(HCRYPTPROV hProv, DWORD dwParam, BYTE *pbData, DWORD *pdwDataLen, DWORD dwFlags)
{
    return capi_finish(get_param(hProv, dwParam, pbData, pdwDataLen, dwFlags));
}

/* The passphrase of the container, for a program that does not want the terminal asked. */
static DWORD
set_pin(struct capi_prov *p, const BYTE *data)
{
    struct spk_secret *pin = NULL;
    if (data != NULL) {
        size_t len = strnlen((const char *)data, PIN_MAX + 1);
        CAPI_CHECK(len >= 1 && len <= PIN_MAX, NTE_BAD_LEN);
        CAPI_TRY(capi_code(spk_secret_from(spk_span(data, len), &pin), NTE_FAIL));
    }
    spk_secret_free(p->pin);
    p->pin = pin;
    return ERROR_SUCCESS;
}

static DWORD
set_param(HCRYPTPROV handle, DWORD param, const BYTE *data, DWORD flags)
{
    CAPI_AUTO_PROV p = NULL;
    if (param == PP_CLIENT_HWND && handle == 0) {
        return ERROR_SUCCESS; /* for every context to come: there are no windows here */
    }
    CAPI_TRY(capi_prov_get(handle, &p));
    CAPI_LOCK(&p->obj);
    switch (param) {
    case PP_CLIENT_HWND:
    case PP_UI_PROMPT:
        return flags == 0 ? ERROR_SUCCESS : NTE_BAD_FLAGS;
    case PP_USE_HARDWARE_RNG:
        return flags != 0 ? NTE_BAD_FLAGS : NTE_BAD_TYPE; /* there is none to be had */
    case PP_KEYSET_SEC_DESCR:
        CAPI_CHECK(data != NULL, ERROR_INVALID_PARAMETER);
        return flags < 16 ? ERROR_SUCCESS : NTE_BAD_FLAGS; /* file modes hold instead */
    case PP_KEYEXCHANGE_PIN:
    case PP_SIGNATURE_PIN:
        CAPI_CHECK(flags == 0, NTE_BAD_FLAGS);
        return set_pin(p, data);
    default:
        return NTE_BAD_TYPE;
    }
}

BOOL WINAPI
CryptSetProvParam(HCRYPTPROV hProv, DWORD dwParam, const BYTE *pbData, DWORD dwFlags)
{
    return capi_finish(set_param(hProv, dwParam, pbData, dwFlags));
}
