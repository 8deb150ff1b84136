/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "crypto/hmac.h"

#define HKDF_BLOCKS_MAX 255 /* RFC 5869 section 2.3 */
#define SCRYPT_MEM_MAX ((uint64_t)256 << 20)
#define SCRYPT_LOG2_N_MAX 30
#define SCRYPT_RP_MAX ((uint64_t)1 << 30) /* RFC 7914 section 6: r * p < 2^30 */

static spk_err
check_expand(enum spk_md md, const struct spk_span *info, size_t n, struct spk_mut out)
{
    const EVP_MD *m = NULL;
    SPK_TRY(spk_ossl_md(md, &m));
    size_t total = 0;
    SPK_CHECK(n <= SPK_HKDF_PARTS_MAX && out.len != 0, USAGE);
    for (size_t i = 0; i < n; i++) {
        SPK_CHECK(info[i].len <= SPK_HKDF_INFO_MAX - total, LIMIT);
        total += info[i].len;
    }
    SPK_CHECK(out.len <= HKDF_BLOCKS_MAX * (size_t)EVP_MD_get_size(m), LIMIT);
    return SPK_OK;
}

/* T(i) = HMAC(PRK, T(i-1) || info || i), RFC 5869 section 2.3. */
static spk_err
expand(struct spk_hmac *h, const struct spk_span *info, size_t n, struct spk_mut out)
{
    uint8_t t[SPK_MD_LEN_MAX];
    SPK_WIPE_ON_EXIT(t);
    struct spk_span parts[SPK_HKDF_PARTS_MAX + 2] = {SPK_SPAN_EMPTY};
    for (size_t i = 0; i < n; i++) {
        parts[i + 1] = info[i];
    }
    uint8_t counter = 0;
    parts[n + 1] = spk_span(&counter, 1);
    for (size_t done = 0; done < out.len;) {
        counter++;
        SPK_TRY(spk_hmac_run(h, parts, n + 2, t));
        size_t take = out.len - done < h->len ? out.len - done : h->len;
        memcpy(out.ptr + done, t, take);
        done += take;
        parts[0] = spk_span(t, h->len);
    }
    return SPK_OK;
}

spk_err
spk_hkdf_expand_parts(enum spk_md md, struct spk_span prk, const struct spk_span *info, size_t n,
                      struct spk_mut ret_out)
{
    SPK_AUTO_HMAC h = {0};
    SPK_TRY(check_expand(md, info, n, ret_out));
    SPK_TRY(spk_hmac_init(&h, md, prk));
    return expand(&h, info, n, ret_out);
}

spk_err
spk_hkdf_expand_sha384(struct spk_span prk, struct spk_span info, struct spk_mut ret_out)
{
    return spk_hkdf_expand_parts(SPK_MD_SHA384, prk, &info, 1, ret_out);
}

spk_err
spk_hkdf_sha256(struct spk_span ikm, struct spk_span salt, struct spk_span info,
                struct spk_mut ret_out)
{
    SPK_AUTO_HMAC h = {0};
    uint8_t prk[SPK_MD_LEN_MAX];
    SPK_WIPE_ON_EXIT(prk);
    SPK_TRY(check_expand(SPK_MD_SHA256, &info, 1, ret_out));
    /* An absent salt is a block of zeros, which is how HMAC pads an empty key. */
    SPK_TRY(spk_hmac_init(&h, SPK_MD_SHA256, salt));
    SPK_TRY(spk_hmac_run(&h, &ikm, 1, prk));
    return spk_hkdf_expand_parts(SPK_MD_SHA256, spk_span(prk, h.len), &info, 1, ret_out);
}

static spk_err
check_scrypt(unsigned log2_n, uint64_t r, uint64_t p)
{
    SPK_CHECK(log2_n >= 1 && r >= 1 && p >= 1 && log2_n < 16 * r, USAGE); /* N < 2^(128 r / 8) */
    SPK_CHECK(log2_n <= SCRYPT_LOG2_N_MAX && r * p < SCRYPT_RP_MAX, LIMIT);
    SPK_CHECK((r << log2_n) * 128 < SCRYPT_MEM_MAX && 128 * r * p < SCRYPT_MEM_MAX, LIMIT);
    return SPK_OK;
}

static spk_err
kdf_run(EVP_KDF_CTX *c, OSSL_PARAM *params, struct spk_mut out)
{
    SPK_OSSL_SCOPE;
    if (EVP_KDF_derive(c, out.ptr, out.len, params) != 1) {
        spk_wipe(out.ptr, out.len);
        return spk_ossl_fail();
    }
    return SPK_OK;
}

spk_err
spk_scrypt(struct spk_span pass, struct spk_span salt, unsigned log2_n, unsigned r, unsigned p,
           struct spk_mut ret_out)
{
    SPK_OSSL_SCOPE;
    SPK_TRY(check_scrypt(log2_n, r, p));
    SPK_CHECK(ret_out.len != 0, USAGE);
    uint64_t n = (uint64_t)1 << log2_n;
    uint64_t rr = r, pp = p, maxmem = 2 * SCRYPT_MEM_MAX + (1 << 20);
    static uint8_t none; /* the library wants a pointer for an empty string */
    void *pw = (void *)(uintptr_t)(pass.len != 0 ? pass.ptr : &none);
    void *sa = (void *)(uintptr_t)(salt.len != 0 ? salt.ptr : &none);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, pw, pass.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, sa, salt.len),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_R, &rr),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_P, &pp),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &maxmem),
        OSSL_PARAM_construct_end(),
    };
    spk_ossl_start();
    EVP_KDF *kdf = EVP_KDF_fetch(spk_ossl_lib(), "SCRYPT", NULL);
    EVP_KDF_CTX *c = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    spk_err e = c != NULL ? kdf_run(c, params, ret_out) : spk_ossl_fail();
    EVP_KDF_CTX_free(c);
    EVP_KDF_free(kdf);
    return e;
}

spk_err
spk_pbkdf2(bool sha256, struct spk_span pass, struct spk_span salt, unsigned rounds,
           struct spk_mut ret_out)
{
    SPK_OSSL_SCOPE;
    static uint8_t none;
    char sha1_name[] = "SHA1", sha256_name[] = "SHA256";
    uint64_t iter = rounds;
    int as_it_is = 1; /* rounds and lengths are the file's; the caller has bounds */
    void *pw = (void *)(uintptr_t)(pass.len != 0 ? pass.ptr : &none);
    void *sa = (void *)(uintptr_t)(salt.len != 0 ? salt.ptr : &none);
    SPK_CHECK(ret_out.len != 0 && rounds != 0, USAGE);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, pw, pass.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, sa, salt.len),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_ITER, &iter),
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_PKCS5, &as_it_is),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256 ? sha256_name : sha1_name,
                                         0),
        OSSL_PARAM_construct_end(),
    };
    spk_ossl_start();
    EVP_KDF *kdf = EVP_KDF_fetch(spk_ossl_lib(), "PBKDF2", NULL);
    EVP_KDF_CTX *c = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    spk_err e = c != NULL ? kdf_run(c, params, ret_out) : spk_ossl_fail();
    EVP_KDF_CTX_free(c);
    EVP_KDF_free(kdf);
    return e;
}
