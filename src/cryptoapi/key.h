/* SPDX-License-Identifier: Apache-2.0 */
/* Keys behind HCRYPTKEY: session keys with their running state, and RSA keys or pairs. */
#ifndef SPK_CRYPTOAPI_KEY_H
#define SPK_CRYPTOAPI_KEY_H

#include "crypto/cipher.h"
#include "cryptoapi/context.h"

#define CAPI_SALT_STD 11 /* bytes of salt that 40-bit keys have */
#define CAPI_SALT_MAX 24
#define CAPI_KEY_BYTES_MAX 65536u /* a key for HMAC may have any length up to this */
#define CAPI_PERMISSIONS (CRYPT_ENCRYPT | CRYPT_DECRYPT | CRYPT_READ | CRYPT_WRITE | CRYPT_MAC)

struct capi_master;
struct capi_pregen;

struct capi_key {
    struct capi_object obj;
    ALG_ID alg;
    DWORD permissions;
    /* an RSA key */
    struct spk_anyrsa *rsa;
    struct spk_secret *label; /* of OAEP, or NULL */
    bool archivable;          /* may be exported through this handle only */
    /* a key of DSS or Diffie-Hellman: dss.h */
    struct spk_ffkey *ff;
    struct capi_pregen *pregen; /* not yet one: what is known of its numbers */
    struct spk_secret *agreed;  /* what two sides agreed on, before it has become a session key */
    /* a session key, where there is a secret */
    struct spk_secret *secret;  /* without salt */
    struct capi_master *master; /* of SSL 3.0 or TLS 1.0, or NULL: schannel.h */
    uint8_t salt[CAPI_SALT_MAX];
    size_t salt_len;
    DWORD rc2_bits; /* effective */
    DWORD mode, mode_bits;
    uint8_t iv[SPK_CIPHER_BLOCK_MAX], chain[SPK_CIPHER_BLOCK_MAX];
    struct spk_cipher *cipher; /* NULL: to be made from the above */
};

DWORD capi_key_get(HCRYPTKEY handle, struct capi_key **ret_k) SPK_MUST_USE;
void capi_key_put(struct capi_key *k);
static inline void
capi_key_auto_(struct capi_key **k)
{
    capi_key_put(*k);
}
#define CAPI_AUTO_KEY __attribute__((cleanup(capi_key_auto_))) struct capi_key *

/** A key without anything in it yet. */
DWORD capi_key_new(struct capi_prov *p, ALG_ID alg, bool exportable,
                   struct capi_key **ret_k) SPK_MUST_USE;
/** A public key or pair of a context (new references are taken). */
DWORD capi_key_pair(struct capi_prov *p, ALG_ID alg, const struct capi_pair *pair,
                    struct capi_key **ret_k) SPK_MUST_USE;
/** A session key with the state that every new one has: CBC, IV zero, no salt. */
DWORD capi_key_session(struct capi_prov *p, ALG_ID alg, struct spk_span secret, bool exportable,
                       struct capi_key **ret_k) SPK_MUST_USE;
/** Hands a key to the program: the reference goes to the handle. */
DWORD capi_key_hand_out(struct capi_key *k, HCRYPTKEY *ret_handle) SPK_MUST_USE;

/** NTE_BAD_ALGID when alg is no session key algorithm. */
DWORD capi_cipher_of(ALG_ID alg, enum spk_cipher_alg *ret_cipher) SPK_MUST_USE;
bool capi_alg_salted(ALG_ID alg);
static inline DWORD
capi_key_bits(const struct capi_key *k)
{
    return (DWORD)(spk_secret_len(k->secret) * 8);
}
/** Block length in bytes, 0 for a stream cipher. */
size_t capi_key_block(const struct capi_key *k);
/** Longer than the provider's maximum: decrypts and authenticates, but does not encrypt. */
bool capi_key_oversize(const struct capi_key *k);
/** The cipher in its present state, borrowed; the key is locked by the caller. */
DWORD capi_key_cipher(struct capi_key *k, struct spk_cipher **ret_c) SPK_MUST_USE;
/** Another salt, effective length or the end of a message: back to the initial state. */
void capi_key_restart(struct capi_key *k);
/** The same, and the cipher is made anew, since its key is another one. */
void capi_key_rekey(struct capi_key *k);

#endif
