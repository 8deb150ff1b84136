/* SPDX-License-Identifier: Apache-2.0 */
#include "keyblob/anysimple.h"

#include <string.h>

#include "crypto/mac.h"
#include "crypto/rsapad.h"
#include "keyblob/header.h"
#include "keyblob/simple.h"

#define RC_KEY_MIN 5
#define RC4_KEY_MAX 16
#define RC2_USUAL_MAX 16
#define MODE_MAX 4        /* CRYPT_MODE_CFB; 0 for a stream cipher */
#define RC2_BITS_MAX 1024 /* RFC 2268 section 2 */

static const struct {
    uint32_t alg;
    const char *name;
    struct spk_key_lens lens;
} algs[] = {
    {SPK_CALG_DES, "DES", {8, 8}},
    {SPK_CALG_3DES_112, "3DES-112", {16, 16}},
    {SPK_CALG_3DES, "3DES", {24, 24}},
    {SPK_CALG_RC2, "RC2", {RC_KEY_MIN, SPK_ANYKEY_MAX}},
    {SPK_CALG_RC4, "RC4", {RC_KEY_MIN, RC4_KEY_MAX}},
    {SPK_CALG_AES_128, "AES-128", {16, 16}},
    {SPK_CALG_AES_192, "AES-192", {24, 24}},
    {SPK_CALG_AES_256, "AES-256", {32, 32}},
};
#define N_ALGS (sizeof(algs) / sizeof(algs[0]))

const char *
spk_alg_name(uint32_t alg)
{
    for (size_t i = 0; i < N_ALGS; i++) {
        if (algs[i].alg == alg) {
            return algs[i].name;
        }
    }
    return NULL;
}

spk_err
spk_alg_lens(uint32_t alg, struct spk_key_lens *ret_lens)
{
    for (size_t i = 0; i < N_ALGS; i++) {
        if (algs[i].alg == alg) {
            *ret_lens = algs[i].lens;
            return SPK_OK;
        }
    }
    return SPK_ERR(VERSION);
}

/* -- in the clear -- */

spk_err
spk_opaque_parse(struct spk_span body, struct spk_plainkey *ret_k)
{
    struct spk_rd r = spk_rd(body);
    struct spk_plainkey k = {.alg = ret_k->alg, .opaque = true};
    uint32_t magic = 0, salt_len = 0, len = 0;

    SPK_TRY(spk_rd_u32le(&r, &magic));
    SPK_TRY(spk_rd_u32le(&r, &k.mode));
    SPK_TRY(spk_rd_u32le(&r, &k.mode_bits));
    SPK_TRY(spk_rd_u32le(&r, &k.rc2_bits));
    SPK_TRY(spk_rd_u32le(&r, &salt_len));
    SPK_TRY(spk_rd_span(&r, SPK_OPAQUE_SALT_MAX, &k.salt));
    SPK_TRY(spk_rd_span(&r, SPK_OPAQUE_IV_LEN, &k.iv));
    SPK_TRY(spk_rd_span(&r, SPK_OPAQUE_IV_LEN, &k.chain));
    SPK_TRY(spk_rd_u32le(&r, &len));
    SPK_TRY(spk_rd_span(&r, len, &k.key));
    SPK_CHECK(magic == SPK_OPAQUE_MAGIC && salt_len <= SPK_OPAQUE_SALT_MAX, FORMAT);
    SPK_CHECK(k.mode <= MODE_MAX && k.rc2_bits >= 1 && k.rc2_bits <= RC2_BITS_MAX, FORMAT);
    SPK_TRY(spk_rd_end(&r));
    k.salt.len = salt_len;
    *ret_k = k;
    return SPK_OK;
}

spk_err
spk_opaque_build(const struct spk_plainkey *k, struct spk_buf *out)
{
    static const uint8_t zeros[SPK_OPAQUE_SALT_MAX];
    const uint32_t fields[] = {SPK_OPAQUE_MAGIC, k->mode, k->mode_bits, k->rc2_bits,
                               (uint32_t)k->salt.len};
    uint8_t *head = NULL;

    SPK_CHECK(k->salt.len <= SPK_OPAQUE_SALT_MAX, USAGE);
    SPK_CHECK(k->iv.len == SPK_OPAQUE_IV_LEN && k->chain.len == SPK_OPAQUE_IV_LEN, USAGE);
    SPK_TRY(spk_buf_grow(out, SPK_BLOB_HEADER_LEN, &head));
    spk_blob_header_put(head, SPK_BLOB_OPAQUE, k->alg);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        SPK_TRY(spk_buf_u32le(out, fields[i]));
    }
    SPK_TRY(spk_buf_add(out, k->salt));
    SPK_TRY(spk_buf_add(out, spk_span(zeros, SPK_OPAQUE_SALT_MAX - k->salt.len)));
    SPK_TRY(spk_buf_add(out, k->iv));
    SPK_TRY(spk_buf_add(out, k->chain));
    SPK_TRY(spk_buf_u32le(out, (uint32_t)k->key.len));
    return spk_buf_add(out, k->key);
}

/* How many bytes, and as many as it says. */
static spk_err
read_plain(struct spk_span body, struct spk_plainkey *k)
{
    struct spk_rd r = spk_rd(body);
    uint32_t len = 0;

    SPK_TRY(spk_rd_u32le(&r, &len));
    SPK_TRY(spk_rd_span(&r, len, &k->key));
    return spk_rd_end(&r);
}

spk_err
spk_plainkey_parse(struct spk_span blob, struct spk_plainkey *ret_k)
{
    struct spk_rd r = spk_rd(blob);
    struct spk_plainkey k = {.opaque = false};
    struct spk_key_lens lens;
    uint8_t type = blob.len > 0 ? blob.ptr[0] : 0;
    struct spk_span body;

    SPK_CHECK(type == SPK_BLOB_PLAINTEXT || type == SPK_BLOB_OPAQUE, FORMAT);
    SPK_TRY(spk_blob_header_read(&r, type, &k.alg));
    SPK_TRY(spk_alg_lens(k.alg, &lens));
    body = spk_span(r.ptr, r.left);
    SPK_TRY(type == SPK_BLOB_OPAQUE ? spk_opaque_parse(body, &k) : read_plain(body, &k));
    SPK_CHECK(k.key.len >= lens.min && k.key.len <= lens.max, FORMAT);
    *ret_k = k;
    return SPK_OK;
}

spk_err
spk_plainkey_build(uint32_t alg, struct spk_span key, struct spk_secret **ret_blob)
{
    SPK_AUTO(spk_secret) blob = NULL;
    struct spk_key_lens lens;
    uint8_t *p = NULL;

    SPK_TRY(spk_alg_lens(alg, &lens));
    SPK_CHECK(key.len >= lens.min && key.len <= lens.max, USAGE);
    SPK_TRY(spk_secret_new(SPK_BLOB_HEADER_LEN + 4 + key.len, &blob));
    p = spk_secret_mut(blob).ptr;
    spk_blob_header_put(p, SPK_BLOB_PLAINTEXT, alg);
    spk_put_u32le(p + SPK_BLOB_HEADER_LEN, (uint32_t)key.len);
    memcpy(p + SPK_BLOB_HEADER_LEN + 4, key.ptr, key.len);
    *ret_blob = SPK_STEAL(blob);
    return SPK_OK;
}

/* -- under an RSA key -- */

spk_err
spk_anysimple_parse(struct spk_span blob, struct spk_simpleblob *ret_sb)
{
    struct spk_rd r = spk_rd(blob);
    struct spk_simpleblob sb;
    struct spk_key_lens lens;
    uint32_t by = 0;

    SPK_TRY(spk_blob_header_read(&r, SPK_BLOB_SIMPLE, &sb.alg));
    SPK_TRY(spk_rd_u32le(&r, &by));
    SPK_CHECK(by == SPK_CALG_RSA_KEYX, FORMAT);
    SPK_TRY(spk_alg_lens(sb.alg, &lens));
    SPK_CHECK(r.left >= SPK_ANYRSA_MIN_BITS / 8, TRUNC);
    SPK_CHECK(r.left <= SPK_ANYRSA_MAX_LEN, FORMAT);
    sb.cipher = spk_span(r.ptr, r.left);
    *ret_sb = sb;
    return SPK_OK;
}

/* What stands in for the key of a badly padded BLOB: fixed for pair and BLOB, unknown to who does
 * not have the pair. The last block chooses the length. */
static spk_err
stand_in(const struct spk_anyrsa *pair, struct spk_span cipher, const struct spk_key_lens *l,
         uint8_t ret_alt[SPK_ANYKEY_MAX], size_t *ret_len)
{
    struct spk_rsa_parts n;
    struct spk_hash secret, block;
    SPK_WIPE_ON_EXIT(secret);
    SPK_WIPE_ON_EXIT(block);

    spk_anyrsa_parts(pair, &n);
    const struct spk_span from[] = {SPK_SPAN_LIT("cryptoapi/1 reject"), n.d};
    SPK_TRY(spk_sha256_parts(from, 2, &secret));
    for (uint8_t i = 0; i * SPK_HASH_LEN <= SPK_ANYKEY_MAX; i++) {
        const struct spk_span parts[] = {spk_span(&i, 1), cipher};

        SPK_TRY(spk_hmac_sha256(spk_hash_span(&secret), parts, 2, &block));
        if (i * SPK_HASH_LEN < SPK_ANYKEY_MAX) {
            memcpy(ret_alt + i * SPK_HASH_LEN, block.b, SPK_HASH_LEN);
        }
    }
    size_t usual = l->max > RC2_USUAL_MAX && l->min != l->max ? RC2_USUAL_MAX : l->max;
    *ret_len = l->min + block.b[0] % (usual - l->min + 1);
    return SPK_OK;
}

spk_err
spk_anysimple_pick(const struct spk_anyrsa *pair, struct spk_span cipher, struct spk_span em,
                   const struct spk_key_lens *lens, uint8_t *ret_key, size_t *ret_len)
{
    uint8_t alt[SPK_ANYKEY_MAX];
    SPK_WIPE_ON_EXIT(alt);
    size_t alt_len = 0;

    SPK_CHECK(lens->min <= lens->max && lens->max <= SPK_ANYKEY_MAX, USAGE);
    SPK_TRY(stand_in(pair, cipher, lens, alt, &alt_len)); /* always, for the time it takes */
    const struct spk_type2_want want = {lens->min, lens->max, spk_span(alt, lens->max), alt_len};
    spk_type2_pick(em, &want, ret_key, ret_len);
    return SPK_OK;
}

static spk_err
raw_open(const struct spk_anyrsa *pair, struct spk_span cipher, uint8_t *ret_em)
{
    uint8_t c[SPK_ANYRSA_MAX_LEN];

    SPK_CHECK(cipher.len == spk_anyrsa_len(pair), FORMAT);
    spk_reverse(cipher, c);
    return spk_anyrsa_raw_private(pair, spk_span(c, cipher.len), ret_em);
}

spk_err
spk_anysimple_open(struct spk_span blob, const struct spk_anyrsa *pair, bool oaep,
                   struct spk_secret **ret_plain)
{
    uint8_t em[SPK_ANYRSA_MAX_LEN];
    uint8_t key[SPK_ANYRSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(em);
    SPK_WIPE_ON_EXIT(key);
    struct spk_simpleblob sb;
    struct spk_key_lens lens;
    size_t len = 0;

    SPK_TRY(spk_anysimple_parse(blob, &sb));
    SPK_TRY(spk_alg_lens(sb.alg, &lens));
    SPK_TRY(raw_open(pair, sb.cipher, em));
    struct spk_span block = spk_span(em, sb.cipher.len);
    if (oaep) {
        SPK_TRY(spk_oaep_label_decode(block, SPK_SPAN_EMPTY, key, &len));
        SPK_CHECK(len >= lens.min && len <= lens.max, AUTH);
    } else {
        SPK_TRY(spk_anysimple_pick(pair, sb.cipher, block, &lens, key, &len));
    }
    return spk_plainkey_build(sb.alg, spk_span(key, len), ret_plain);
}

spk_err
spk_anysimple_build(const struct spk_plainkey *k, const struct spk_anyrsa *pub, bool oaep,
                    struct spk_buf *out)
{
    uint8_t em[SPK_ANYRSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(em);
    struct spk_mut block = spk_mut(em, spk_anyrsa_len(pub));

    SPK_TRY(oaep ? spk_oaep_label_encode(k->key, SPK_SPAN_EMPTY, block)
                 : spk_type2_encode(k->key, block));
    SPK_TRY(spk_anyrsa_raw_public(pub, spk_span(em, block.len), em));
    return spk_simpleblob_build(k->alg, spk_span(em, block.len), out);
}
