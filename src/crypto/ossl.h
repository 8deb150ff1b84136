/* SPDX-License-Identifier: Apache-2.0 */
/* The one door to OpenSSL, internal to this folder: a library context of our own, which no
 * configuration file reaches, algorithms fetched once a process, and the error queue left as it
 * was. libcryptoapi and libsparekey live in other people's processes: openssl.cnf and the errors
 * that wait in the queue are theirs.
 *
 * Starting lean matters: a program that seals one small file spends most of its time in the
 * library's start-up, so each table of algorithms is built only when its first user comes. */
#ifndef SPK_CRYPTO_OSSL_H
#define SPK_CRYPTO_OSSL_H

#include <openssl/bn.h>
#include <openssl/evp.h>

#include "base/err.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/span.h"

enum spk_md { SPK_MD_SHA1, SPK_MD_SHA256, SPK_MD_SHA384, SPK_MD_MAX_ };

#define SPK_MD_LEN_MAX 48
#define SPK_MD_BLOCK_MAX 128

/** Start the library (once); called by every function here. */
void spk_ossl_start(void);
/** The context of our own: everything is fetched from it, nothing from the process's. */
OSSL_LIB_CTX *spk_ossl_lib(void);
/** First in every function that calls the library and may see it fail: at its end, the errors that
 * have come since are taken off the queue. One inside another leaves that to the outer one, and
 * costs nothing. */
int spk_ossl_scope_begin(void);
void spk_ossl_scope_end(const int *marked);
#define SPK_OSSL_SCOPE                                                                             \
    __attribute__((cleanup(spk_ossl_scope_end), unused)) const int ossl_scope_ =                   \
        spk_ossl_scope_begin()
/** SPK_CODE_NOMEM or SPK_CODE_CRYPTO, after the last error. */
SPK_MUST_USE spk_err spk_ossl_fail(void);
/** The same where failure is an answer about the data: SPK_CODE_NOMEM or code. */
SPK_MUST_USE spk_err spk_ossl_answer(enum spk_code code);

/** Frees what OSSL_PARAM_BLD_to_param() made, wiped: the library itself does not wipe the numbers
 * of a private key there. NULL allowed. */
void spk_ossl_params_free(OSSL_PARAM *params);

/** Fetched once a process, never freed. */
SPK_MUST_USE spk_err spk_ossl_md(enum spk_md which, const EVP_MD **ret_md);
SPK_MUST_USE spk_err spk_ossl_aes256_gcm(const EVP_CIPHER **ret_cipher);
SPK_MUST_USE spk_err spk_ossl_aes256_cbc(const EVP_CIPHER **ret_cipher);

/** A private key of Ed25519 or X25519 (type "ED25519", "X25519") from its 32 bytes; another length:
 * SPK_CODE_USAGE. And its public key. */
#define SPK_RAW_KEY_LEN 32
SPK_MUST_USE spk_err spk_ossl_raw_pair(const char *type, const struct spk_secret *priv,
                                       EVP_PKEY **ret_key);
SPK_MUST_USE spk_err spk_ossl_raw_public(const char *type, const struct spk_secret *priv,
                                         uint8_t ret_pub[SPK_RAW_KEY_LEN]);

/** Digest of parts into ret_digest (EVP_MD_get_size bytes). c is wiped by EVP_MD_CTX_free(). */
SPK_MUST_USE spk_err spk_ossl_digest(EVP_MD_CTX *c, const EVP_MD *md, const struct spk_span *parts,
                                     size_t n, uint8_t *ret_digest);

/** A number without leading zeros to the front of room, which becomes what is left of it. Too
 * little room: SPK_CODE_CRYPTO. */
SPK_MUST_USE spk_err spk_ossl_put_number(const BIGNUM *bn, struct spk_mut *room,
                                         struct spk_span *ret_s);
/** The same of a key's parameter (OSSL_PKEY_PARAM_...). */
SPK_MUST_USE spk_err spk_ossl_take_number(const EVP_PKEY *pkey, const char *name,
                                          struct spk_mut *room, struct spk_span *ret_s);

static inline void
spk_ossl_md_ctx_auto_(EVP_MD_CTX **c)
{
    EVP_MD_CTX_free(*c);
}
static inline void
spk_ossl_pkey_auto_(EVP_PKEY **k)
{
    EVP_PKEY_free(*k);
}
static inline void
spk_ossl_pkey_ctx_auto_(EVP_PKEY_CTX **c)
{
    EVP_PKEY_CTX_free(*c);
}
static inline void
spk_ossl_bn_auto_(BIGNUM **b)
{
    BN_clear_free(*b);
}
static inline void
spk_ossl_bn_ctx_auto_(BN_CTX **c)
{
    BN_CTX_free(*c);
}
#define SPK_AUTO_MD_CTX __attribute__((cleanup(spk_ossl_md_ctx_auto_))) EVP_MD_CTX *
#define SPK_AUTO_PKEY __attribute__((cleanup(spk_ossl_pkey_auto_))) EVP_PKEY *
#define SPK_AUTO_PKEY_CTX __attribute__((cleanup(spk_ossl_pkey_ctx_auto_))) EVP_PKEY_CTX *
#define SPK_AUTO_BN __attribute__((cleanup(spk_ossl_bn_auto_))) BIGNUM *
#define SPK_AUTO_BN_CTX __attribute__((cleanup(spk_ossl_bn_ctx_auto_))) BN_CTX *

/* A failed call of the library ends the function. */
#define SPK_OSSL(cond)                                                                             \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            return spk_ossl_fail();                                                                \
        }                                                                                          \
    } while (0)

#endif
