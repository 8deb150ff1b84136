/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/oldtls.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include "crypto/digest.h"
#include "crypto/ossl.h"

#define MD5_LEN 16
#define SHA1_LEN 20
#define SALT_MAX 26

static spk_err
run_prf(struct spk_span secret, struct spk_span seed, struct spk_mut out)
{
    SPK_OSSL_SCOPE;
    char digest[] = "MD5-SHA1";
    void *s = (void *)(uintptr_t)secret.ptr, *d = (void *)(uintptr_t)seed.ptr;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, s, secret.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, d, seed.len),
        OSSL_PARAM_construct_end(),
    };
    spk_ossl_start();
    EVP_KDF *kdf = EVP_KDF_fetch(spk_ossl_lib(), "TLS1-PRF", NULL);
    EVP_KDF_CTX *c = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    bool ok = c != NULL && EVP_KDF_derive(c, out.ptr, out.len, params) == 1;
    EVP_KDF_CTX_free(c);
    EVP_KDF_free(kdf);
    SPK_OSSL(ok);
    return SPK_OK;
}

spk_err
spk_tls1_prf(struct spk_span secret, struct spk_span label, struct spk_span a, struct spk_span b,
             struct spk_mut ret_out)
{
    uint8_t seed[SPK_TLS1_SEED_MAX];
    const struct spk_span parts[] = {label, a, b};
    size_t len = 0;
    SPK_CHECK(secret.len != 0 && ret_out.len != 0, USAGE);
    SPK_CHECK(ret_out.len <= SPK_TLS1_OUT_MAX, LIMIT);
    for (size_t i = 0; i < 3; i++) {
        SPK_CHECK(parts[i].len <= sizeof seed - len, LIMIT);
        if (parts[i].len != 0) {
            memcpy(seed + len, parts[i].ptr, parts[i].len);
        }
        len += parts[i].len;
    }
    SPK_CHECK(len != 0, USAGE); /* the library takes an empty seed for a missing one */
    return run_prf(secret, spk_span(seed, len), ret_out);
}

/* The next 16 bytes, salted with i + 1 letters. */
static spk_err
expand_one(struct spk_span secret, struct spk_span a, struct spk_span b, size_t i,
           uint8_t ret_block[SPK_DIGEST_LEN_MAX])
{
    uint8_t salt[SALT_MAX], inner[SPK_DIGEST_LEN_MAX];
    SPK_WIPE_ON_EXIT(inner);
    memset(salt, (int)('A' + i), i + 1);
    const struct spk_span in[] = {spk_span(salt, i + 1), secret, a, b};
    SPK_TRY(spk_digest_parts(SPK_DIGEST_SHA1, in, 4, inner));
    const struct spk_span out[] = {secret, spk_span(inner, SHA1_LEN)};
    return spk_digest_parts(SPK_DIGEST_MD5, out, 2, ret_block);
}

spk_err
spk_ssl3_expand(struct spk_span secret, struct spk_span a, struct spk_span b,
                struct spk_mut ret_out)
{
    uint8_t block[SPK_DIGEST_LEN_MAX];
    SPK_WIPE_ON_EXIT(block);
    SPK_CHECK(ret_out.len <= SPK_SSL3_OUT_MAX, LIMIT);
    for (size_t i = 0, done = 0; done < ret_out.len; i++) {
        size_t n = ret_out.len - done < MD5_LEN ? ret_out.len - done : MD5_LEN;
        SPK_TRY(expand_one(secret, a, b, i, block));
        memcpy(ret_out.ptr + done, block, n);
        done += n;
    }
    return SPK_OK;
}
