/* SPDX-License-Identifier: Apache-2.0 */
#include "keyblob/pvk.h"

#include <string.h>

#include "base/rd.h"
#include "crypto/cipher.h"
#include "crypto/digest.h"
#include "crypto/rng.h"
#include "keyblob/header.h"

#define PVK_MAGIC 0xb0b5f11eu
#define PVK_SALT_LEN 16
#define PVK_KEY_LEN 16
#define PVK_WEAK_LEN 5 /* the rest of the RC4 key is zeros then */
#define MAGIC_LEN 4

bool
spk_pvk_looks(struct spk_span bytes)
{
    struct spk_rd r = spk_rd(bytes);
    uint32_t word = 0;
    return spk_ok(spk_rd_u32le(&r, &word)) && word == PVK_MAGIC;
}

spk_err
spk_pvk_parse(struct spk_span bytes, struct spk_pvk *ret_pvk)
{
    struct spk_rd r = spk_rd(bytes);
    struct spk_pvk p = {0};
    uint32_t word = 0, reserved = 0, encrypted = 0, salt_len = 0, blob_len = 0;
    SPK_TRY(spk_rd_u32le(&r, &word));
    SPK_CHECK(word == PVK_MAGIC, FORMAT);
    SPK_TRY(spk_rd_u32le(&r, &reserved)); /* anything, as others have it */
    SPK_TRY(spk_rd_u32le(&r, &p.spec));
    SPK_TRY(spk_rd_u32le(&r, &encrypted));
    SPK_TRY(spk_rd_u32le(&r, &salt_len));
    SPK_TRY(spk_rd_u32le(&r, &blob_len));
    SPK_CHECK((encrypted != 0) == (salt_len != 0), FORMAT);
    SPK_TRY(spk_rd_span(&r, salt_len, &p.salt));
    SPK_TRY(spk_rd_span(&r, blob_len, &p.blob));
    SPK_TRY(spk_rd_end(&r));
    SPK_CHECK(p.blob.len > SPK_BLOB_HEADER_LEN + MAGIC_LEN, FORMAT);
    *ret_pvk = p;
    return SPK_OK;
}

/* RC4 over all behind the header, by the first key_len bytes of SHA-1(salt, password). */
static spk_err
crypt(struct spk_span salt, const struct spk_secret *pass, size_t key_len, struct spk_mut blob)
{
    SPK_AUTO(spk_cipher) rc4 = NULL;
    uint8_t hash[SPK_DIGEST_LEN_MAX], key[PVK_KEY_LEN] = {0};
    SPK_WIPE_ON_EXIT(hash);
    SPK_WIPE_ON_EXIT(key);
    const struct spk_span parts[] = {salt, spk_secret_span(pass)};
    const struct spk_cipher_op op = {.encrypt = true}; /* both ways the same */
    SPK_TRY(spk_digest_parts(SPK_DIGEST_SHA1, parts, 2, hash));
    memcpy(key, hash, key_len);
    SPK_TRY(spk_cipher_new(SPK_CIPHER_RC4, SPK_SPAN_OF(key), 0, &rc4));
    return spk_cipher_run(rc4, &op,
                          spk_mut(blob.ptr + SPK_BLOB_HEADER_LEN, blob.len - SPK_BLOB_HEADER_LEN));
}

/* A pair's magic behind the header is the only sign of the right password. */
static bool
has_pair(struct spk_span blob)
{
    static const char *const magics[] = {"RSA2", "DSS2", "DSS4"};
    struct spk_span m = spk_span(blob.ptr + SPK_BLOB_HEADER_LEN, MAGIC_LEN);
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        if (spk_span_eq(m, spk_span_str(magics[i]))) {
            return true;
        }
    }
    return false;
}

spk_err
spk_pvk_open(const struct spk_pvk *pvk, const struct spk_secret *pass, struct spk_secret **ret_blob)
{
    static const size_t lens[] = {PVK_KEY_LEN, PVK_WEAK_LEN}; /* the file does not say which */
    if (pvk->salt.len == 0) {
        return spk_secret_from(pvk->blob, ret_blob);
    }
    SPK_CHECK(pass != NULL, PASS);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        SPK_AUTO(spk_secret) blob = NULL;
        SPK_TRY(spk_secret_from(pvk->blob, &blob));
        SPK_TRY(crypt(pvk->salt, pass, lens[i], spk_secret_mut(blob)));
        if (has_pair(spk_secret_span(blob))) {
            *ret_blob = SPK_STEAL(blob);
            return SPK_OK;
        }
    }
    return SPK_ERR(PASS);
}

spk_err
spk_pvk_build(struct spk_span blob, uint32_t spec, const struct spk_secret *pass,
              struct spk_buf *out)
{
    SPK_AUTO(spk_secret) copy = NULL;
    uint8_t salt[PVK_SALT_LEN] = {0};
    size_t salt_len = pass != NULL ? sizeof salt : 0;
    SPK_CHECK(blob.len > SPK_BLOB_HEADER_LEN + MAGIC_LEN && blob.len <= UINT32_MAX, USAGE);
    SPK_TRY(spk_secret_from(blob, &copy));
    if (pass != NULL) {
        SPK_TRY(spk_random(SPK_MUT_OF(salt)));
        SPK_TRY(crypt(SPK_SPAN_OF(salt), pass, PVK_KEY_LEN, spk_secret_mut(copy)));
    }
    const uint32_t head[] = {PVK_MAGIC,         0, spec, pass != NULL, (uint32_t)salt_len,
                             (uint32_t)blob.len};
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++) {
        SPK_TRY(spk_buf_u32le(out, head[i]));
    }
    SPK_TRY(spk_buf_add(out, spk_span(salt, salt_len)));
    return spk_buf_add(out, spk_secret_span(copy));
}
