/* SPDX-License-Identifier: Apache-2.0 */
#include "keyblob/simple.h"

#include "keyblob/header.h"

#define CIPHER_MIN (SPK_RSA_MIN_BITS / 8)

spk_err
spk_simpleblob_build(uint32_t alg, struct spk_span cipher, struct spk_buf *out)
{
    uint8_t *dst = NULL;
    SPK_TRY(spk_buf_grow(out, SPK_SIMPLEBLOB_HEAD_LEN + cipher.len, &dst));
    spk_blob_header_put(dst, SPK_BLOB_SIMPLE, alg);
    spk_put_u32le(dst + SPK_BLOB_HEADER_LEN, SPK_CALG_RSA_KEYX);
    spk_reverse(cipher, dst + SPK_SIMPLEBLOB_HEAD_LEN);
    return SPK_OK;
}

spk_err
spk_simpleblob_parse(struct spk_span blob, struct spk_simpleblob *ret_sb)
{
    struct spk_simpleblob sb;
    uint32_t key_alg = 0;
    struct spk_rd r = spk_rd(blob);
    SPK_CHECK(blob.len >= SPK_SIMPLEBLOB_HEAD_LEN + CIPHER_MIN, FORMAT);
    SPK_CHECK(blob.len <= SPK_SIMPLEBLOB_MAX, FORMAT);
    /* One code for whatever is wrong here: a BLOB is good or it is not, and all of it is public. */
    SPK_CHECK(spk_ok(spk_blob_header_read(&r, SPK_BLOB_SIMPLE, &sb.alg)), FORMAT);
    SPK_TRY(spk_rd_u32le(&r, &key_alg));
    SPK_CHECK(key_alg == SPK_CALG_RSA_KEYX, FORMAT);
    SPK_TRY(spk_rd_span(&r, r.left, &sb.cipher));
    *ret_sb = sb;
    return SPK_OK;
}
