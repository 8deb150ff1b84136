/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of DSS and Diffie-Hellman: made at once or number by number (CRYPT_PREGEN), imported, and,
 * for Diffie-Hellman, the key that two sides agree on, which becomes a session key when it is told
 * of which algorithm. Whoever calls has locked the key. */
#ifndef SPK_CRYPTOAPI_DSS_H
#define SPK_CRYPTOAPI_DSS_H

#include "cryptoapi/hash.h"
#include "cryptoapi/import.h"

/* The numbers of a key that is being made, big-endian. */
struct capi_pregen {
    size_t p_len; /* as CryptGenKey was asked for */
    struct spk_secret *p, *q, *g, *j;
    struct spk_ff_seed seed;
};
void capi_pregen_free(struct capi_pregen *g);
DWORD capi_pregen_copy(const struct capi_pregen *g, struct capi_pregen **ret_g) SPK_MUST_USE;

DWORD capi_dss_gen(struct capi_prov *p, ALG_ID alg, DWORD flags,
                   struct capi_key **ret_k) SPK_MUST_USE;
/** The provider has the algorithm, and keys of this size: NTE_BAD_ALGID, NTE_BAD_DATA. */
DWORD capi_dss_check(const struct capi_provider *def, ALG_ID alg,
                     const struct spk_ffkey *key) SPK_MUST_USE;
/** KP_* of a key that is no session key and not of RSA. */
DWORD capi_dss_get(const struct capi_key *k, DWORD param, BYTE *data, DWORD *len) SPK_MUST_USE;
DWORD capi_dss_set(struct capi_key *k, DWORD param, const BYTE *data) SPK_MUST_USE;

/** A public key, or what the key that comes along agrees on with it. */
DWORD capi_dss_import_public(const struct capi_import *in, struct capi_key **ret_k) SPK_MUST_USE;
/** The pair of a BLOB in the clear. */
DWORD capi_dss_parse_private(const struct capi_import *in, struct spk_span blob,
                             struct spk_ffkey **ret_key) SPK_MUST_USE;
/** An agreed key becomes a session key of alg; flags as those of CryptGenKey. */
DWORD capi_agreed_become(struct capi_key *k, ALG_ID alg, DWORD flags) SPK_MUST_USE;

#endif
