/* SPDX-License-Identifier: Apache-2.0 */
/* Hash objects: plain digests, HMAC, CBC-MAC, values set from outside, and the two of TLS. */
#ifndef SPK_CRYPTOAPI_HASH_H
#define SPK_CRYPTOAPI_HASH_H

#include "crypto/digest.h"
#include "cryptoapi/key.h"

#define CAPI_HASH_MAX 64
#define CAPI_SHAMD5_LEN 36
#define CAPI_PAD_MAX 4096u /* a program's own inner or outer string of HMAC */

struct capi_master;
struct capi_prf;

struct capi_hash {
    struct capi_object obj;
    ALG_ID alg;
    bool finished;
    uint8_t value[CAPI_HASH_MAX]; /* once finished */
    struct spk_digest *digest;    /* plain, or the inner one of HMAC; NULL: nothing to add to yet */
    /* HMAC */
    struct spk_secret *key;
    enum spk_digest_alg inner;
    bool has_info;
    uint8_t *outer; /* the key under the outer string */
    size_t outer_len;
    /* MAC */
    struct spk_cipher *cipher;
    size_t block, used;
    uint8_t chain[SPK_CIPHER_BLOCK_MAX], part[SPK_CIPHER_BLOCK_MAX];
    /* SSL 3.0 and TLS 1.0: schannel.h */
    struct capi_master *master; /* CALG_SCHANNEL_MASTER_HASH */
    struct capi_prf *prf;       /* CALG_TLS1PRF, whose secret is in key */
};

DWORD capi_hash_get(HCRYPTHASH handle, struct capi_hash **ret_h) SPK_MUST_USE;
void capi_hash_put(struct capi_hash *h);
static inline void
capi_hash_auto_(struct capi_hash **h)
{
    capi_hash_put(*h);
}
#define CAPI_AUTO_HASH __attribute__((cleanup(capi_hash_auto_))) struct capi_hash *

/** False when alg is no plain digest. */
bool capi_digest_of(ALG_ID alg, enum spk_digest_alg *ret_digest);

/* On a hash that the caller has locked. */
/** Length of the value in bytes; 0 while it cannot be known. */
size_t capi_hash_len(const struct capi_hash *h);
/** NTE_BAD_HASH_STATE when finished. */
DWORD capi_hash_add(struct capi_hash *h, struct spk_span data) SPK_MUST_USE;
/** Finishes it (once) and makes its value ready. */
DWORD capi_hash_finish(struct capi_hash *h) SPK_MUST_USE;

/* mac.c */
DWORD capi_hmac_info(struct capi_hash *h, const HMAC_INFO *info) SPK_MUST_USE;
DWORD capi_hmac_finish(struct capi_hash *h) SPK_MUST_USE;
DWORD capi_mac_start(struct capi_hash *h, struct capi_key *k) SPK_MUST_USE;
DWORD capi_mac_add(struct capi_hash *h, struct spk_span data) SPK_MUST_USE;
DWORD capi_mac_finish(struct capi_hash *h) SPK_MUST_USE;

#endif
