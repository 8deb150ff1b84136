/* SPDX-License-Identifier: Apache-2.0 */
#include "keyblob/undersession.h"

#include <string.h>

#include "keyblob/header.h"
#include "keyblob/symwrap.h"

#define SALTED_LEN 5 /* bytes of a key that has a salt */
#define SALT_LEN 11
/* KP_MODE */
#define MODE_ECB 2
#define MODE_OFB 3
#define MODE_CFB 4
#define CFB_BITS 8

static const struct {
    uint32_t alg;
    enum spk_cipher_alg cipher;
} ciphers[] = {
    {SPK_CALG_RC4, SPK_CIPHER_RC4},       {SPK_CALG_RC2, SPK_CIPHER_RC2},
    {SPK_CALG_DES, SPK_CIPHER_DES},       {SPK_CALG_3DES, SPK_CIPHER_3DES},
    {SPK_CALG_3DES_112, SPK_CIPHER_3DES}, {SPK_CALG_AES_128, SPK_CIPHER_AES},
    {SPK_CALG_AES_192, SPK_CIPHER_AES},   {SPK_CALG_AES_256, SPK_CIPHER_AES},
};

spk_err
spk_under_cipher(const struct spk_plainkey *k, struct spk_cipher **ret_c)
{
    uint8_t key[SPK_ANYKEY_MAX + SPK_OPAQUE_SALT_MAX] = {0};
    SPK_WIPE_ON_EXIT(key);
    bool salted = k->alg == SPK_CALG_RC4 || k->alg == SPK_CALG_RC2;
    size_t salt = salted && !k->opaque && k->key.len == SALTED_LEN ? SALT_LEN : 0;
    unsigned bits = k->opaque ? k->rc2_bits : (unsigned)k->key.len * 8;
    SPK_CHECK(k->key.len <= SPK_ANYKEY_MAX, LIMIT);
    memcpy(key, k->key.ptr, k->key.len);
    if (k->opaque && salted) {
        SPK_CHECK(k->salt.len <= SPK_OPAQUE_SALT_MAX, LIMIT);
        memcpy(key + k->key.len, k->salt.ptr, k->salt.len);
        salt = k->salt.len;
    }
    for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0]; i++) {
        if (ciphers[i].alg == k->alg) {
            return spk_cipher_new(ciphers[i].cipher, spk_span(key, k->key.len + salt), bits, ret_c);
        }
    }
    return SPK_ERR(VERSION);
}

/* The state that a message starts with. */
struct start {
    struct spk_cipher *c;
    struct spk_cipher_op op;
    uint8_t chain[SPK_CIPHER_BLOCK_MAX];
    size_t block;
};

static spk_err
begin(const struct spk_plainkey *k, bool encrypt, struct start *s)
{
    enum spk_cipher_mode mode = SPK_MODE_CBC;
    if (k->opaque) {
        SPK_CHECK((k->mode == 0) == (k->alg == SPK_CALG_RC4), FORMAT);
        SPK_CHECK(k->iv.len == sizeof s->chain, FORMAT);
        memcpy(s->chain, k->iv.ptr, sizeof s->chain);
        mode = k->mode == MODE_ECB ? SPK_MODE_ECB : k->mode == MODE_CFB ? SPK_MODE_CFB8 : mode;
        SPK_CHECK(k->mode != MODE_OFB && (k->mode != MODE_CFB || k->mode_bits == CFB_BITS),
                  VERSION);
    }
    SPK_TRY(spk_under_cipher(k, &s->c));
    s->block = spk_cipher_block(s->c);
    s->op = (struct spk_cipher_op){mode, encrypt, s->chain};
    return SPK_OK;
}

static spk_err
check_padding(struct spk_span plain, size_t block, size_t *ret_len)
{
    uint8_t n = plain.ptr[plain.len - 1];
    SPK_CHECK(n >= 1 && n <= block, AUTH);
    for (size_t i = plain.len - n; i < plain.len; i++) {
        SPK_CHECK(plain.ptr[i] == n, AUTH);
    }
    *ret_len = plain.len - n;
    return SPK_OK;
}

spk_err
spk_under_open(const struct spk_plainkey *k, struct spk_span blob, struct spk_secret **ret_blob)
{
    SPK_AUTO(spk_secret) clear = NULL;
    SPK_AUTO(spk_cipher) c = NULL;
    struct start s = {.c = NULL};
    SPK_CHECK(blob.len > SPK_BLOB_HEADER_LEN, TRUNC);
    size_t len = blob.len - SPK_BLOB_HEADER_LEN;
    SPK_TRY(begin(k, false, &s));
    c = s.c;
    SPK_CHECK(len % s.block == 0, AUTH);
    SPK_TRY(spk_secret_from(blob, &clear));
    struct spk_mut body = spk_mut(spk_secret_mut(clear).ptr + SPK_BLOB_HEADER_LEN, len);
    SPK_TRY(spk_cipher_run(c, &s.op, body));
    if (s.block > 1) {
        SPK_TRY(check_padding(spk_span(body.ptr, len), s.block, &len));
    }
    spk_secret_truncate(clear, SPK_BLOB_HEADER_LEN + len);
    *ret_blob = SPK_STEAL(clear);
    return SPK_OK;
}

spk_err
spk_under_seal(const struct spk_plainkey *k, struct spk_span blob, struct spk_secret **ret_blob)
{
    SPK_AUTO(spk_secret) out = NULL;
    SPK_AUTO(spk_cipher) c = NULL;
    struct start s = {.c = NULL};
    SPK_CHECK(blob.len > SPK_BLOB_HEADER_LEN, USAGE);
    size_t len = blob.len - SPK_BLOB_HEADER_LEN;
    SPK_TRY(begin(k, true, &s));
    c = s.c;
    size_t pad = s.block > 1 ? s.block - len % s.block : 0;
    SPK_TRY(spk_secret_new(blob.len + pad, &out));
    uint8_t *dst = spk_secret_mut(out).ptr;
    memcpy(dst, blob.ptr, blob.len);
    memset(dst + blob.len, (int)pad, pad);
    SPK_TRY(spk_cipher_run(c, &s.op, spk_mut(dst + SPK_BLOB_HEADER_LEN, len + pad)));
    *ret_blob = SPK_STEAL(out);
    return SPK_OK;
}

static spk_err
kind_of(uint32_t alg, enum spk_symwrap_kind *ret_kind)
{
    SPK_CHECK(alg == SPK_CALG_3DES || alg == SPK_CALG_RC2, VERSION);
    *ret_kind = alg == SPK_CALG_3DES ? SPK_SYMWRAP_3DES : SPK_SYMWRAP_RC2;
    return SPK_OK;
}

spk_err
spk_under_unwrap(const struct spk_plainkey *k, struct spk_span blob, struct spk_secret **ret_plain)
{
    SPK_AUTO(spk_cipher) kek = NULL;
    struct spk_rd r = spk_rd(blob);
    uint8_t key[SPK_SYMWRAP_KEY_MAX + SPK_CIPHER_BLOCK_MAX];
    SPK_WIPE_ON_EXIT(key);
    enum spk_symwrap_kind kind;
    uint32_t alg = 0, by = 0;
    size_t len = 0;
    SPK_TRY(spk_blob_header_read(&r, SPK_BLOB_WRAPPED, &alg));
    SPK_TRY(spk_rd_u32le(&r, &by));
    SPK_TRY(kind_of(by, &kind));
    SPK_CHECK(alg == by, VERSION);
    SPK_CHECK(k->alg == by, AUTH);
    SPK_TRY(spk_under_cipher(k, &kek));
    SPK_TRY(spk_symunwrap(kek, kind, spk_span(r.ptr, r.left), key, &len));
    return spk_plainkey_build(alg, spk_span(key, len), ret_plain);
}

spk_err
spk_under_wrap(const struct spk_plainkey *k, const struct spk_plainkey *key, struct spk_buf *out)
{
    SPK_AUTO(spk_cipher) kek = NULL;
    enum spk_symwrap_kind kind;
    uint8_t *head = NULL;
    SPK_TRY(kind_of(key->alg, &kind));
    SPK_CHECK(k->alg == key->alg, VERSION);
    SPK_TRY(spk_under_cipher(k, &kek));
    SPK_TRY(spk_buf_grow(out, SPK_BLOB_HEADER_LEN, &head));
    spk_blob_header_put(head, SPK_BLOB_WRAPPED, key->alg);
    SPK_TRY(spk_buf_u32le(out, k->alg));
    return spk_symwrap(kek, kind, key->key, NULL, out);
}
