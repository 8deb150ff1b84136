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
