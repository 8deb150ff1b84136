/* SPDX-License-Identifier: Apache-2.0 */
/* SIMPLEBLOBs. A program that opens them for others would be an oracle for PKCS#1 v1.5 padding, so
 * a bad padding gives a key that nobody knows and no error (doc/spec/key-blobs.md). Windows' error
 * is there for a process that asks for it, and unsafe for a service. */
#include <stdlib.h>
#include <string.h>

#include "crypto/rsapad.h"
#include "cryptoapi/crypt.h"
#include "cryptoapi/import.h"
#include "cryptoapi/store.h"
#include "keyblob/anysimple.h"

#define PADDING_ENV "CRYPTOAPI_BAD_PADDING"
#define PADDING_REPORT "report"
#define RC_KEY_MIN 5
#define RC2_IMPORT_MAX SPK_ANYKEY_MAX /* longer than the provider's maximum, to read with */
#define RC2_KEPT_MAX 64
#define BASE_RC2_BITS 40u

/* Lengths that a key of this algorithm may come with. */
static struct spk_key_lens
lengths_of(const struct capi_import *in)
{
    const struct capi_alg *a = capi_provider_alg(in->p->def, in->alg);
    if (in->alg == CALG_RC2) {
        return (struct spk_key_lens){RC_KEY_MIN, RC2_IMPORT_MAX};
    }
    if (in->alg == CALG_RC4) {
        return (struct spk_key_lens){RC_KEY_MIN, a->max / 8};
    }
    size_t n = in->alg == CALG_DES || in->alg == CALG_3DES || in->alg == CALG_3DES_112 ? a->def / 7
                                                                                       : a->def / 8;
    return (struct spk_key_lens){n, n};
}

struct found {
    uint8_t key[SPK_ANYRSA_MAX_LEN];
    size_t len;
};

static bool
errors_are_told(void)
{
    const char *v = secure_getenv(PADDING_ENV);
    return v != NULL && strcmp(v, PADDING_REPORT) == 0;
}

static DWORD
unwrap(const struct capi_import *in, const struct capi_key *pair, struct found *f)
{
    uint8_t em[SPK_ANYRSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(em);
    size_t k = spk_anyrsa_len(pair->rsa);
    const struct spk_key_lens l = lengths_of(in);
    struct spk_span cipher = spk_span(in->blob.ptr + CAPI_SIMPLE_HEAD_LEN, k);
    CAPI_TRY(capi_rsa_open(pair, cipher, em));
    struct spk_span block = spk_span(em, k);
    if ((in->flags & CRYPT_OAEP) == 0 && !errors_are_told()) {
        return capi_code(spk_anysimple_pick(pair->rsa, cipher, block, &l, f->key, &f->len),
                         NTE_BAD_DATA);
    }
    spk_err e = (in->flags & CRYPT_OAEP) != 0
                    ? spk_oaep_label_decode(block, capi_oaep_label(pair), f->key, &f->len)
                    : spk_type2_decode(block, f->key, &f->len);
    CAPI_TRY(capi_code(e, NTE_BAD_DATA));
    return f->len >= l.min && f->len <= l.max ? ERROR_SUCCESS : NTE_BAD_DATA;
}

/* The pair that opens the BLOB: the one given, or the context's. */
static DWORD
find_pair(const struct capi_import *in, struct capi_key **ret_pair)
{
    CAPI_AUTO_PAIR own = {0};
    if (in->key != NULL) {
        CAPI_CHECK(in->key->rsa != NULL && in->key->alg == CALG_RSA_KEYX &&
                       spk_anyrsa_is_pair(in->key->rsa),
                   NTE_BAD_PUBLIC_KEY);
        capi_object_ref(&in->key->obj);
        *ret_pair = in->key;
        return ERROR_SUCCESS;
    }
    {
        CAPI_LOCK(&in->p->obj);
        CAPI_TRY(capi_store_get(in->p, AT_KEYEXCHANGE, &own));
    }
    CAPI_CHECK(own.rsa != NULL, NTE_BAD_PUBLIC_KEY);
    return capi_key_pair(in->p, CALG_RSA_KEYX, &own, ret_pair);
}

static DWORD
check_structure(const struct capi_import *in, const struct capi_key *pair)
{
    struct spk_rd r = spk_rd(in->blob);
    struct spk_span head;
    uint32_t by = 0;
    CAPI_TRY(capi_code(spk_rd_span(&r, CAPI_HEADER_LEN, &head), NTE_BAD_DATA));
    CAPI_TRY(capi_code(spk_rd_u32le(&r, &by), NTE_BAD_DATA));
    CAPI_CHECK(by == CALG_RSA_KEYX, NTE_BAD_ALGID);
    return r.left >= spk_anyrsa_len(pair->rsa) ? ERROR_SUCCESS : NTE_BAD_DATA;
}

DWORD
capi_import_simple(const struct capi_import *in, struct capi_key **ret_k)
{
    CAPI_AUTO_KEY pair = NULL;
    CAPI_AUTO_KEY k = NULL;
    struct found f = {.len = 0};
    SPK_WIPE_ON_EXIT(f);
    CAPI_TRY(capi_import_alg(in));
    CAPI_TRY(find_pair(in, &pair));
    CAPI_TRY(check_structure(in, pair));
    {
        CAPI_LOCK(&pair->obj); /* for its label */
        CAPI_TRY(unwrap(in, pair, &f));
    }
    if (in->alg == CALG_RC2 && f.len > RC2_KEPT_MAX) {
        f.len = RC2_KEPT_MAX;
    }
    CAPI_TRY(capi_import_session(in, spk_span(f.key, f.len), &k));
    if (in->alg == CALG_RC2 && in->p->def->family == CAPI_BASE) {
        k->rc2_bits = BASE_RC2_BITS;
    }
    *ret_k = SPK_STEAL(k);
    return ERROR_SUCCESS;
}
