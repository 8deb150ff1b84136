/* SPDX-License-Identifier: Apache-2.0 */
#include "keyblob/header.h"

#include "keyblob/blob.h"

void
spk_reverse(struct spk_span src, uint8_t *ret_dst)
{
    for (size_t i = 0; i < src.len; i++) {
        ret_dst[i] = src.ptr[src.len - 1 - i];
    }
}

uint8_t *
spk_blob_put_number(uint8_t *ret_dst, struct spk_span src, size_t width)
{
    src = spk_strip_zeros(src);
    spk_reverse(src, ret_dst);
    for (size_t i = src.len; i < width; i++) {
        ret_dst[i] = 0;
    }
    return ret_dst + width;
}

spk_err
spk_blob_take_number(struct spk_rd *r, size_t width, struct spk_mut *area,
                     struct spk_span *ret_number)
{
    struct spk_span le;
    SPK_CHECK(area->len >= width, FORMAT);
    SPK_TRY(spk_rd_span(r, width, &le));
    spk_reverse(le, area->ptr);
    *ret_number = spk_strip_zeros(spk_span(area->ptr, width));
    *area = spk_mut(area->ptr + width, area->len - width);
    return SPK_OK;
}

void
spk_blob_rsa_head_put(uint8_t ret_head[SPK_BLOB_RSA_HEAD_LEN], bool pair, uint32_t alg,
                      const struct spk_rsa_parts *parts)
{
    spk_blob_header_put(ret_head, pair ? SPK_BLOB_PRIVATE : SPK_BLOB_PUBLIC, alg);
    spk_put_u32le(ret_head + 8, pair ? SPK_BLOB_RSA2 : SPK_BLOB_RSA1);
    spk_put_u32le(ret_head + 12, (uint32_t)(parts->n.len * 8));
    (void)spk_blob_put_number(ret_head + 16, parts->e, SPK_BLOB_E_LEN);
}

void
spk_blob_header_put(uint8_t ret_head[SPK_BLOB_HEADER_LEN], uint8_t type, uint32_t alg)
{
    ret_head[0] = type;
    ret_head[1] = SPK_BLOB_VERSION;
    ret_head[2] = 0;
    ret_head[3] = 0;
    spk_put_u32le(ret_head + 4, alg);
}

spk_err
spk_blob_header_read(struct spk_rd *r, uint8_t type, uint32_t *ret_alg)
{
    uint8_t got_type = 0;
    uint8_t got_version = 0;
    uint16_t reserved = 0;
    SPK_TRY(spk_rd_u8(r, &got_type));
    SPK_CHECK(got_type == type, FORMAT);
    SPK_TRY(spk_rd_u8(r, &got_version));
    SPK_CHECK(got_version == SPK_BLOB_VERSION, VERSION);
    SPK_TRY(spk_rd_u16le(r, &reserved));
    return spk_rd_u32le(r, ret_alg);
}
