/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include <pthread.h>
#include <string.h>

#include "crypto/legacy.h"
#include "crypto/md2.h"

struct spk_digest {
    enum spk_digest_alg alg;
    struct spk_md2 md2;
    EVP_MD_CTX *ctx; /* NULL for MD2 */
};

static pthread_mutex_t fetch_lock = PTHREAD_MUTEX_INITIALIZER;
static EVP_MD *fetched[SPK_DIGEST_MAX_];

size_t
spk_digest_len(enum spk_digest_alg alg)
{
    static const uint8_t len[SPK_DIGEST_MAX_] = {16, 16, 16, 20, 32, 48, 64};
    return len[alg];
}

size_t
spk_digest_block(enum spk_digest_alg alg)
{
    return alg == SPK_DIGEST_SHA384 || alg == SPK_DIGEST_SHA512 ? 128 : 64;
}

static spk_err
fetch(enum spk_digest_alg alg, EVP_MD **ret_md)
{
    SPK_OSSL_SCOPE;
    static const char *const names[SPK_DIGEST_MAX_] = {NULL,       "MD4",      "MD5",     "SHA1",
                                                       "SHA2-256", "SHA2-384", "SHA2-512"};
    OSSL_LIB_CTX *lib = spk_ossl_lib();
    if (alg == SPK_DIGEST_MD4) {
        SPK_TRY(spk_ossl_legacy(&lib));
    }
    (void)pthread_mutex_lock(&fetch_lock);
    if (fetched[alg] == NULL) {
        fetched[alg] = EVP_MD_fetch(lib, names[alg], NULL);
    }
    *ret_md = fetched[alg];
    (void)pthread_mutex_unlock(&fetch_lock);
    SPK_OSSL(*ret_md != NULL);
    return SPK_OK;
}

spk_err
spk_digest_new(enum spk_digest_alg alg, struct spk_digest **ret_d)
{
    SPK_OSSL_SCOPE;
    EVP_MD *md = NULL;
    SPK_CHECK(alg < SPK_DIGEST_MAX_, USAGE);
    SPK_AUTO(spk_digest) d = spk_calloc(1, sizeof *d);
    SPK_CHECK(d != NULL, NOMEM);
    d->alg = alg;
    if (alg != SPK_DIGEST_MD2) {
        SPK_TRY(fetch(alg, &md));
        d->ctx = EVP_MD_CTX_new();
        SPK_OSSL(d->ctx != NULL && EVP_DigestInit_ex2(d->ctx, md, NULL) == 1);
    }
    *ret_d = SPK_STEAL(d);
    return SPK_OK;
}

spk_err
spk_digest_add(struct spk_digest *d, struct spk_span s)
{
    SPK_OSSL_SCOPE;
    if (s.len == 0) {
        return SPK_OK;
    }
    if (d->ctx == NULL) {
        spk_md2_add(&d->md2, s);
        return SPK_OK;
    }
    SPK_OSSL(EVP_DigestUpdate(d->ctx, s.ptr, s.len) == 1);
    return SPK_OK;
}

spk_err
spk_digest_dup(const struct spk_digest *d, struct spk_digest **ret_d)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO(spk_digest) copy = NULL;
    SPK_TRY(spk_digest_new(d->alg, &copy));
    copy->md2 = d->md2;
    if (d->ctx != NULL) {
        SPK_OSSL(EVP_MD_CTX_copy_ex(copy->ctx, d->ctx) == 1);
    }
    *ret_d = SPK_STEAL(copy);
    return SPK_OK;
}

spk_err
spk_digest_final(struct spk_digest *d, uint8_t ret_value[SPK_DIGEST_LEN_MAX])
{
    SPK_OSSL_SCOPE;
    if (d->ctx == NULL) {
        spk_md2_final(&d->md2, ret_value);
        return SPK_OK;
    }
    SPK_OSSL(EVP_DigestFinal_ex(d->ctx, ret_value, NULL) == 1);
    return SPK_OK;
}

spk_err
spk_digest_restart(struct spk_digest *d)
{
    SPK_OSSL_SCOPE;
    d->md2 = (struct spk_md2){0};
    SPK_OSSL(d->ctx == NULL || EVP_DigestInit_ex2(d->ctx, NULL, NULL) == 1);
    return SPK_OK;
}

void
spk_digest_free(struct spk_digest *d)
{
    if (d != NULL) {
        EVP_MD_CTX_free(d->ctx);
        spk_wipe(&d->md2, sizeof d->md2);
        spk_mem_free(d);
    }
}

spk_err
spk_digest_parts(enum spk_digest_alg alg, const struct spk_span *parts, size_t n,
                 uint8_t ret_value[SPK_DIGEST_LEN_MAX])
{
    SPK_AUTO(spk_digest) d = NULL;
    SPK_TRY(spk_digest_new(alg, &d));
    for (size_t i = 0; i < n; i++) {
        SPK_TRY(spk_digest_add(d, parts[i]));
    }
    return spk_digest_final(d, ret_value);
}
