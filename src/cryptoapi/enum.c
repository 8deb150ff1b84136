/* SPDX-License-Identifier: Apache-2.0 */
/* Which providers and types there are, and which is meant when none is named. */
#include <string.h>

#include "cryptoapi/registry.h"
#include "cryptoapi/wide.h"

#define NAME_MAX_BYTES 1024

/* A string to be given out in either character set; lengths count bytes with the terminator. */
struct text_out {
    void *text;
    DWORD *len;
    bool wide;
};

static DWORD
put_text(const char *s, struct text_out out)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(NAME_MAX_BYTES);
    CAPI_CHECK(out.len != NULL, ERROR_INVALID_PARAMETER);
    if (out.wide) {
        CAPI_TRY(capi_widen(s, &b));
        CAPI_TRY(capi_code(spk_buf_zero(&b, sizeof(WCHAR)), NTE_FAIL));
    } else {
        CAPI_TRY(capi_code(spk_buf_add(&b, spk_span(s, strlen(s) + 1)), NTE_FAIL));
    }
    return capi_answer(spk_buf_span(&b), out.text, out.len);
}

struct query {
    DWORD index, *reserved, flags, *type;
};

static DWORD
check_query(const struct query *q, const DWORD *len)
{
    CAPI_CHECK(q->reserved == NULL && q->type != NULL && len != NULL, ERROR_INVALID_PARAMETER);
    return q->flags == 0 ? ERROR_SUCCESS : NTE_BAD_FLAGS;
}

static DWORD
enum_providers(const struct query *q, struct text_out out)
{
    CAPI_TRY(check_query(q, out.len));
    const struct capi_provider *p = capi_provider_at(q->index);
    CAPI_CHECK(p != NULL, ERROR_NO_MORE_ITEMS);
    *q->type = p->type;
    return put_text(p->name, out);
}

static DWORD
enum_types(const struct query *q, struct text_out out)
{
    CAPI_TRY(check_query(q, out.len));
    const struct capi_type *t = capi_type_at(q->index);
    CAPI_CHECK(t != NULL, ERROR_NO_MORE_ITEMS);
    *q->type = t->type;
    return put_text(t->name, out);
}

BOOL WINAPI
CryptEnumProvidersA(DWORD dwIndex, DWORD *pdwReserved, DWORD dwFlags, DWORD *pdwProvType,
                    LPSTR szProvName, DWORD *pcbProvName)
{
    const struct query q = {dwIndex, pdwReserved, dwFlags, pdwProvType};
    return capi_finish(enum_providers(&q, (struct text_out){szProvName, pcbProvName, false}));
}

BOOL WINAPI
CryptEnumProvidersW(DWORD dwIndex, DWORD *pdwReserved, DWORD dwFlags, DWORD *pdwProvType,
                    LPWSTR szProvName, DWORD *pcbProvName)
{
    const struct query q = {dwIndex, pdwReserved, dwFlags, pdwProvType};
    return capi_finish(enum_providers(&q, (struct text_out){szProvName, pcbProvName, true}));
}

BOOL WINAPI
CryptEnumProviderTypesA(DWORD dwIndex, DWORD *pdwReserved, DWORD dwFlags, DWORD *pdwProvType,
                        LPSTR szTypeName, DWORD *pcbTypeName)
{
    const struct query q = {dwIndex, pdwReserved, dwFlags, pdwProvType};
    return capi_finish(enum_types(&q, (struct text_out){szTypeName, pcbTypeName, false}));
}

BOOL WINAPI
CryptEnumProviderTypesW(DWORD dwIndex, DWORD *pdwReserved, DWORD dwFlags, DWORD *pdwProvType,
                        LPWSTR szTypeName, DWORD *pcbTypeName)
{
    const struct query q = {dwIndex, pdwReserved, dwFlags, pdwProvType};
    return capi_finish(enum_types(&q, (struct text_out){szTypeName, pcbTypeName, true}));
}

static DWORD
get_default(DWORD type, const DWORD *reserved, DWORD flags, struct text_out out)
{
    const struct capi_provider *def = NULL;
    CAPI_CHECK(type >= 1 && type <= CAPI_TYPE_MAX, NTE_BAD_PROV_TYPE);
    CAPI_CHECK(flags == CRYPT_MACHINE_DEFAULT || flags == CRYPT_USER_DEFAULT, NTE_BAD_FLAGS);
    CAPI_CHECK(reserved == NULL && out.len != NULL, ERROR_INVALID_PARAMETER);
    CAPI_TRY(flags == CRYPT_MACHINE_DEFAULT ? capi_registry_get(type, true, &def)
                                            : capi_registry_default(type, &def));
    return put_text(def->name, out);
}

BOOL WINAPI
CryptGetDefaultProviderA(DWORD dwProvType, DWORD *pdwReserved, DWORD dwFlags, LPSTR pszProvName,
                         DWORD *pcbProvName)
{
    struct text_out out = {pszProvName, pcbProvName, false};
    return capi_finish(get_default(dwProvType, pdwReserved, dwFlags, out));
}

BOOL WINAPI
CryptGetDefaultProviderW(DWORD dwProvType, DWORD *pdwReserved, DWORD dwFlags, LPWSTR pszProvName,
                         DWORD *pcbProvName)
{
    struct text_out out = {pszProvName, pcbProvName, true};
    return capi_finish(get_default(dwProvType, pdwReserved, dwFlags, out));
}

static DWORD
set_default(const char *name, DWORD type, const DWORD *reserved, DWORD flags)
{
    DWORD which = flags & ~CRYPT_DELETE_DEFAULT;
    CAPI_CHECK(name != NULL && reserved == NULL, ERROR_INVALID_PARAMETER);
    CAPI_CHECK(type >= 1 && type <= CAPI_TYPE_MAX, NTE_BAD_PROV_TYPE);
    CAPI_CHECK(which == CRYPT_MACHINE_DEFAULT || which == CRYPT_USER_DEFAULT, NTE_BAD_FLAGS);
    bool machine = which == CRYPT_MACHINE_DEFAULT;
    if ((flags & CRYPT_DELETE_DEFAULT) != 0) {
        return capi_registry_set(type, machine, NULL);
    }
    const struct capi_provider *def = capi_provider_find(name);
    CAPI_CHECK(def != NULL, NTE_BAD_PROVIDER);
    CAPI_CHECK(def->type == type, NTE_BAD_PROV_TYPE);
    return capi_registry_set(type, machine, def);
}

BOOL WINAPI
CryptSetProviderExA(LPCSTR pszProvName, DWORD dwProvType, DWORD *pdwReserved, DWORD dwFlags)
{
    return capi_finish(set_default(pszProvName, dwProvType, pdwReserved, dwFlags));
}

BOOL WINAPI
CryptSetProviderExW(LPCWSTR pszProvName, DWORD dwProvType, DWORD *pdwReserved, DWORD dwFlags)
{
    SPK_AUTO_STR char *name = NULL;
    DWORD code = capi_narrow(pszProvName, &name);
    code = code == ERROR_SUCCESS ? set_default(name, dwProvType, pdwReserved, dwFlags) : code;
    return capi_finish(code);
}

BOOL WINAPI
CryptSetProviderA(LPCSTR pszProvName, DWORD dwProvType)
{
    return CryptSetProviderExA(pszProvName, dwProvType, NULL, CRYPT_USER_DEFAULT);
}

BOOL WINAPI
CryptSetProviderW(LPCWSTR pszProvName, DWORD dwProvType)
{
    return CryptSetProviderExW(pszProvName, dwProvType, NULL, CRYPT_USER_DEFAULT);
}
