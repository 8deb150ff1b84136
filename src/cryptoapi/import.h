/* SPDX-License-Identifier: Apache-2.0 */
/* The import of key BLOBs, in two files: SIMPLEBLOBs (importsimple.c) and all others. */
#ifndef SPK_CRYPTOAPI_IMPORT_H
#define SPK_CRYPTOAPI_IMPORT_H

#include "cryptoapi/blob.h"

struct capi_import {
    struct capi_prov *p;
    struct spk_span blob;
    struct capi_key *key; /* what it is under, or NULL */
    DWORD flags;
    ALG_ID alg; /* of the key inside */
};

/** NTE_BAD_ALGID unless the key inside is a session key that the provider knows. */
DWORD capi_import_alg(const struct capi_import *in) SPK_MUST_USE;
/** A session key of that algorithm may have so many bytes. */
bool capi_import_len_ok(const struct capi_import *in, size_t len);
/** With the salt that imported keys have: nothing of the exporter's comes along. */
DWORD capi_import_session(const struct capi_import *in, struct spk_span secret,
                          struct capi_key **ret_k) SPK_MUST_USE;
DWORD capi_import_simple(const struct capi_import *in, struct capi_key **ret_k) SPK_MUST_USE;

#endif
