/* SPDX-License-Identifier: Apache-2.0 */
#include "keyblob/symwrap.h"

#include <string.h>

#include "crypto/digest.h"
#include "crypto/rng.h"

#define BLOCK 8
#define ICV_LEN 8
#define PAD_MAX 7
#define PLAIN_MAX (1 + SPK_SYMWRAP_KEY_MAX + PAD_MAX)
#define WRAP_MAX (SPK_SYMWRAP_IV_LEN + PLAIN_MAX + ICV_LEN)
#define TRIPLE_DES_LEN 24

/* The IV of the second encryption (RFC 3217 section 3.1). */
static const uint8_t second_iv[BLOCK] = {0x4a, 0xdd, 0xa2, 0x2c, 0x79, 0xe8, 0x21, 0x05};

static void
turn_round(uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len / 2; i++) {
        uint8_t t = p[i];
        p[i] = p[len - 1 - i];
        p[len - 1 - i] = t;
    }
}

static spk_err
icv(struct spk_span plain, uint8_t ret_icv[ICV_LEN])
{
    uint8_t h[SPK_DIGEST_LEN_MAX];
    SPK_WIPE_ON_EXIT(h);
    SPK_TRY(spk_digest_parts(SPK_DIGEST_SHA1, &plain, 1, h));
    memcpy(ret_icv, h, ICV_LEN);
    return SPK_OK;
}

static spk_err
cbc(struct spk_cipher *kek, bool encrypt, const uint8_t *iv, struct spk_mut data)
{
    uint8_t chain[SPK_CIPHER_BLOCK_MAX] = {0};
    memcpy(chain, iv, BLOCK);
    const struct spk_cipher_op op = {SPK_MODE_CBC, encrypt, chain};
    return spk_cipher_run(kek, &op, data);
}

static void
odd_parity(uint8_t *key, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned ones = (unsigned)__builtin_popcount(key[i] & 0xfeu);
        key[i] = (uint8_t)((key[i] & 0xfeu) | (~ones & 1u));
    }
}

/* What is encrypted, without its check value: the key, for RC2 with its length before it. */
static size_t
put_plain(enum spk_symwrap_kind kind, struct spk_span key, const uint8_t *pad, uint8_t *dst)
{
    if (kind == SPK_SYMWRAP_3DES) {
        memcpy(dst, key.ptr, key.len);
        odd_parity(dst, key.len);
        return key.len;
    }
    size_t len = 1 + key.len;
    dst[0] = (uint8_t)key.len;
    memcpy(dst + 1, key.ptr, key.len);
    for (size_t i = 0; len % BLOCK != 0; i++) {
        dst[len++] = pad[i];
    }
    return len;
}

spk_err
spk_symwrap(struct spk_cipher *kek, enum spk_symwrap_kind kind, struct spk_span key,
            const uint8_t *iv_pad, struct spk_buf *out)
{
    uint8_t w[WRAP_MAX], fresh[SPK_SYMWRAP_IV_LEN + PAD_MAX];
    SPK_WIPE_ON_EXIT(w);
    SPK_CHECK(kind != SPK_SYMWRAP_3DES || key.len == TRIPLE_DES_LEN, USAGE);
    SPK_CHECK(key.len >= 1 && spk_cipher_block(kek) == BLOCK, USAGE);
    SPK_CHECK(key.len <= SPK_SYMWRAP_KEY_MAX, LIMIT);
    if (iv_pad == NULL) {
        SPK_TRY(spk_random(SPK_MUT_OF(fresh)));
        iv_pad = fresh;
    }
    uint8_t *plain = w + SPK_SYMWRAP_IV_LEN;
    memcpy(w, iv_pad, SPK_SYMWRAP_IV_LEN);
    size_t len = put_plain(kind, key, iv_pad + SPK_SYMWRAP_IV_LEN, plain);
    SPK_TRY(icv(spk_span(plain, len), plain + len));
    len += ICV_LEN;
    SPK_TRY(cbc(kek, true, w, spk_mut(plain, len)));
    len += SPK_SYMWRAP_IV_LEN;
    turn_round(w, len);
    SPK_TRY(cbc(kek, true, second_iv, spk_mut(w, len)));
    return spk_buf_add(out, spk_span(w, len));
}

static spk_err
take_key(enum spk_symwrap_kind kind, struct spk_span plain, uint8_t *ret_key, size_t *ret_len)
{
    struct spk_span key = plain;
    if (kind == SPK_SYMWRAP_RC2) {
        SPK_CHECK(plain.ptr[0] >= 1 && plain.ptr[0] <= plain.len - 1, AUTH);
        SPK_CHECK(plain.len - 1 - plain.ptr[0] <= PAD_MAX, AUTH);
        key = spk_span(plain.ptr + 1, plain.ptr[0]);
    } else {
        SPK_CHECK(plain.len == TRIPLE_DES_LEN, AUTH);
        for (size_t i = 0; i < plain.len; i++) {
            SPK_CHECK(__builtin_popcount(plain.ptr[i]) % 2 == 1, AUTH);
        }
    }
    memcpy(ret_key, key.ptr, key.len);
    *ret_len = key.len;
    return SPK_OK;
}

spk_err
spk_symunwrap(struct spk_cipher *kek, enum spk_symwrap_kind kind, struct spk_span wrapped,
              uint8_t *ret_key, size_t *ret_len)
{
    uint8_t w[WRAP_MAX], want[ICV_LEN];
    SPK_WIPE_ON_EXIT(w);
    SPK_WIPE_ON_EXIT(want);
    SPK_CHECK(spk_cipher_block(kek) == BLOCK, USAGE);
    SPK_CHECK(wrapped.len % BLOCK == 0 && wrapped.len <= sizeof w, AUTH);
    SPK_CHECK(wrapped.len >= SPK_SYMWRAP_IV_LEN + BLOCK + ICV_LEN, AUTH);
    memcpy(w, wrapped.ptr, wrapped.len);
    SPK_TRY(cbc(kek, false, second_iv, spk_mut(w, wrapped.len)));
    turn_round(w, wrapped.len);
    uint8_t *plain = w + SPK_SYMWRAP_IV_LEN;
    size_t len = wrapped.len - SPK_SYMWRAP_IV_LEN;
    SPK_TRY(cbc(kek, false, w, spk_mut(plain, len)));
    len -= ICV_LEN;
    SPK_TRY(icv(spk_span(plain, len), want));
    SPK_CHECK(spk_ct_eq(want, plain + len, ICV_LEN), AUTH);
    return take_key(kind, spk_span(plain, len), ret_key, ret_len);
}
