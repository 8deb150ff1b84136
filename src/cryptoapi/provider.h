/* SPDX-License-Identifier: Apache-2.0 */
/* The providers, what each of them can do, and the types that they have: tables, nothing else. */
#ifndef SPK_CRYPTOAPI_PROVIDER_H
#define SPK_CRYPTOAPI_PROVIDER_H

#include "cryptoapi/error.h"

struct capi_alg {
    ALG_ID id;
    DWORD def, min, max; /* key bits, or bits of a hash value */
    DWORD protocols;     /* CRYPT_FLAG_* */
};
struct capi_alg_name {
    ALG_ID id;
    const char *name, *long_name;
};

/* Rules that differ between providers that have the same algorithms. */
enum capi_family {
    CAPI_BASE,
    CAPI_STRONG,
    CAPI_ENHANCED, /* no salt but what a program sets */
    CAPI_AES,
    CAPI_SIGN_ONLY,
    CAPI_SCHANNEL
};

struct capi_provider {
    const char *name;
    DWORD type;
    enum capi_family family;
    bool dss; /* its pairs are of DSS and Diffie-Hellman, in containers of their own */
    const struct capi_alg *algs;
    size_t alg_count;
};
struct capi_type {
    DWORD type;
    const char *name;         /* "" where it has none */
    const char *default_prov; /* of the machine, unless it is set otherwise */
};

/** In the order of CryptEnumProviders; NULL past the end. */
const struct capi_provider *capi_provider_at(size_t i);
const struct capi_provider *capi_provider_find(const char *name);
/** In the order of CryptEnumProviderTypes; NULL past the end. */
const struct capi_type *capi_type_at(size_t i);
const struct capi_type *capi_type_find(DWORD type);
/** NULL when the provider does not have it. */
const struct capi_alg *capi_provider_alg(const struct capi_provider *p, ALG_ID id);
/** Of an algorithm that a provider has. */
const struct capi_alg_name *capi_alg_name(ALG_ID id);
/** What AT_KEYEXCHANGE and AT_SIGNATURE mean to a provider; every other ALG_ID as it is. */
ALG_ID capi_pair_alg(const struct capi_provider *p, ALG_ID alg);
/** The key spec that a pair of this algorithm is kept under; 0 when there is none. */
DWORD capi_pair_spec(ALG_ID alg);
/** CALG_DSS_SIGN, CALG_DH_SF, CALG_DH_EPHEM. */
bool capi_alg_dss(ALG_ID alg);

#endif
