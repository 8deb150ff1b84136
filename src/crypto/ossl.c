/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ossl.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <pthread.h>

static pthread_once_t start_once = PTHREAD_ONCE_INIT;
static pthread_once_t md_once = PTHREAD_ONCE_INIT;
static pthread_once_t cipher_once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *lib;
static EVP_MD *mds[SPK_MD_MAX_];
static EVP_CIPHER *aes256_gcm, *aes256_cbc;

static void
start(void)
{
    /* Taking the library down at exit costs a third of a millisecond, and races with threads that
     * still work. */
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    lib = OSSL_LIB_CTX_new(); /* for the life of the process, as what is fetched from it */
}

void
spk_ossl_start(void)
{
    (void)pthread_once(&start_once, start);
}

OSSL_LIB_CTX *
spk_ossl_lib(void)
{
    spk_ossl_start();
    return lib;
}

/* The queue is asked for the outermost scope only: finding it takes longer than a small hash. */
static _Thread_local unsigned scopes;

int
spk_ossl_scope_begin(void)
{
    return scopes++ == 0 ? ERR_set_mark() : 0;
}

void
spk_ossl_scope_end(const int *marked)
{
    (void)marked; /* of an empty queue there is no mark, and all that is in it now is ours */
    if (--scopes == 0) {
        (void)ERR_pop_to_mark();
    }
}

spk_err
spk_ossl_answer(enum spk_code code)
{
    bool nomem = ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
    return (spk_err){nomem ? SPK_CODE_NOMEM : code, 0};
}

void
spk_ossl_params_free(OSSL_PARAM *params)
{
    for (OSSL_PARAM *p = params; p != NULL && p->key != NULL; p++) {
        spk_wipe(p->data, p->data_size);
    }
    OSSL_PARAM_free(params);
}

spk_err
spk_ossl_fail(void)
{
    return spk_ossl_answer(SPK_CODE_CRYPTO);
}

static void
fetch_mds(void)
{
    SPK_OSSL_SCOPE;
    static const char *const names[SPK_MD_MAX_] = {"SHA1", "SHA2-256", "SHA2-384"};
    spk_ossl_start();
    for (size_t i = 0; i < SPK_MD_MAX_; i++) {
        mds[i] = EVP_MD_fetch(spk_ossl_lib(), names[i], NULL);
    }
}

static void
fetch_ciphers(void)
{
    SPK_OSSL_SCOPE;
    spk_ossl_start();
    aes256_gcm = EVP_CIPHER_fetch(spk_ossl_lib(), "AES-256-GCM", NULL);
    aes256_cbc = EVP_CIPHER_fetch(spk_ossl_lib(), "AES-256-CBC", NULL);
}

spk_err
spk_ossl_md(enum spk_md which, const EVP_MD **ret_md)
{
    SPK_OSSL_SCOPE;
    (void)pthread_once(&md_once, fetch_mds);
    SPK_OSSL(mds[which] != NULL);
    *ret_md = mds[which];
    return SPK_OK;
}

spk_err
spk_ossl_aes256_gcm(const EVP_CIPHER **ret_cipher)
{
    SPK_OSSL_SCOPE;
    (void)pthread_once(&cipher_once, fetch_ciphers);
    SPK_OSSL(aes256_gcm != NULL);
    *ret_cipher = aes256_gcm;
    return SPK_OK;
}

spk_err
spk_ossl_aes256_cbc(const EVP_CIPHER **ret_cipher)
{
    SPK_OSSL_SCOPE;
    (void)pthread_once(&cipher_once, fetch_ciphers);
    SPK_OSSL(aes256_cbc != NULL);
    *ret_cipher = aes256_cbc;
    return SPK_OK;
}

spk_err
spk_ossl_digest(EVP_MD_CTX *c, const EVP_MD *md, const struct spk_span *parts, size_t n,
                uint8_t *ret_digest)
{
    SPK_OSSL_SCOPE;
    SPK_OSSL(EVP_DigestInit_ex2(c, md, NULL) == 1);
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len != 0) {
            SPK_OSSL(EVP_DigestUpdate(c, parts[i].ptr, parts[i].len) == 1);
        }
    }
    SPK_OSSL(EVP_DigestFinal_ex(c, ret_digest, NULL) == 1);
    return SPK_OK;
}

spk_err
spk_ossl_raw_pair(const char *type, const struct spk_secret *priv, EVP_PKEY **ret_key)
{
    SPK_OSSL_SCOPE;
    struct spk_span s = spk_secret_span(priv);
    SPK_CHECK(s.len == SPK_RAW_KEY_LEN, USAGE);
    spk_ossl_start();
    EVP_PKEY *k = EVP_PKEY_new_raw_private_key_ex(spk_ossl_lib(), type, NULL, s.ptr, s.len);
    SPK_OSSL(k != NULL);
    *ret_key = k;
    return SPK_OK;
}

spk_err
spk_ossl_raw_public(const char *type, const struct spk_secret *priv,
                    uint8_t ret_pub[SPK_RAW_KEY_LEN])
{
    SPK_OSSL_SCOPE;
    SPK_AUTO_PKEY k = NULL;
    size_t len = SPK_RAW_KEY_LEN;
    SPK_TRY(spk_ossl_raw_pair(type, priv, &k));
    SPK_OSSL(EVP_PKEY_get_raw_public_key(k, ret_pub, &len) == 1 && len == SPK_RAW_KEY_LEN);
    return SPK_OK;
}

spk_err
spk_ossl_put_number(const BIGNUM *bn, struct spk_mut *room, struct spk_span *ret_s)
{
    size_t len = (size_t)BN_num_bytes(bn);

    SPK_CHECK(len <= room->len, CRYPTO);
    (void)BN_bn2bin(bn, room->ptr);
    *ret_s = spk_span(room->ptr, len);
    *room = spk_mut(room->ptr + len, room->len - len);
    return SPK_OK;
}

spk_err
spk_ossl_take_number(const EVP_PKEY *pkey, const char *name, struct spk_mut *room,
                     struct spk_span *ret_s)
{
    SPK_OSSL_SCOPE;
    BIGNUM *bn = NULL;
    SPK_OSSL(EVP_PKEY_get_bn_param(pkey, name, &bn) == 1);
    SPK_AUTO_BN own = bn; /* wiped when freed */
    return spk_ossl_put_number(own, room, ret_s);
}
