/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hash.h"

#include "crypto/ossl.h"

struct spk_sha256 {
    EVP_MD_CTX *ctx;
    const EVP_MD *md;
};

bool
spk_hash_eq(const struct spk_hash *a, const struct spk_hash *b)
{
    return spk_ct_eq(a->b, b->b, SPK_HASH_LEN);
}

bool
spk_hash_zero(const struct spk_hash *h)
{
    return spk_ct_zero(h->b, SPK_HASH_LEN);
}

spk_err
spk_sha256(struct spk_span s, struct spk_hash *ret_h)
{
    return spk_sha256_parts(&s, 1, ret_h);
}

spk_err
spk_sha256_parts(const struct spk_span *parts, size_t n, struct spk_hash *ret_h)
{
    SPK_OSSL_SCOPE;
    const EVP_MD *md = NULL;
    SPK_TRY(spk_ossl_md(SPK_MD_SHA256, &md));
    SPK_AUTO_MD_CTX c = EVP_MD_CTX_new();
    SPK_OSSL(c != NULL);
    struct spk_hash h;
    SPK_TRY(spk_ossl_digest(c, md, parts, n, h.b));
    *ret_h = h;
    return SPK_OK;
}

spk_err
spk_sha256_new(struct spk_sha256 **ret_c)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO(spk_sha256) c = spk_calloc(1, sizeof *c);
    SPK_CHECK(c != NULL, NOMEM);
    SPK_TRY(spk_ossl_md(SPK_MD_SHA256, &c->md));
    c->ctx = EVP_MD_CTX_new();
    SPK_OSSL(c->ctx != NULL && EVP_DigestInit_ex2(c->ctx, c->md, NULL) == 1);
    *ret_c = SPK_STEAL(c);
    return SPK_OK;
}

spk_err
spk_sha256_add(struct spk_sha256 *c, struct spk_span s)
{
    SPK_OSSL_SCOPE;
    if (s.len != 0) {
        SPK_OSSL(EVP_DigestUpdate(c->ctx, s.ptr, s.len) == 1);
    }
    return SPK_OK;
}

spk_err
spk_sha256_final(struct spk_sha256 *c, struct spk_hash *ret_h)
{
    SPK_OSSL_SCOPE;
    struct spk_hash h;
    SPK_OSSL(EVP_DigestFinal_ex(c->ctx, h.b, NULL) == 1);
    SPK_OSSL(EVP_DigestInit_ex2(c->ctx, c->md, NULL) == 1);
    *ret_h = h;
    return SPK_OK;
}

void
spk_sha256_free(struct spk_sha256 *c)
{
    if (c != NULL) {
        EVP_MD_CTX_free(c->ctx);
        spk_mem_free(c);
    }
}
