/* SPDX-License-Identifier: Apache-2.0 */
/* A row of deposits as somebody may have edited it: verified, it is either what it says or refused.
 */
#include <string.h>

#include "base/rd.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static spk_err
read_row(struct spk_span bytes, struct spk_deposit_row *row)
{
    struct spk_rd r = spk_rd(bytes);
    uint16_t n = 0;

    SPK_TRY(spk_rd_span(&r, SPK_RPUB_LEN, &row->rpub));
    SPK_TRY(spk_rd_copy(&r, row->p.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_copy(&r, row->oc.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_copy(&r, row->leaf.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_copy(&r, row->owner.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_copy(&r, row->serial.b, SPK_FILE_ID_LEN));
    SPK_TRY(spk_rd_u32(&r, &row->epoch));
    SPK_TRY(spk_rd_u32(&r, &row->policy));
    SPK_TRY(spk_rd_u64(&r, &row->time_ms));
    SPK_TRY(spk_rd_span(&r, SPK_SALT_LEN, &row->salt));
    SPK_TRY(spk_rd_u16(&r, &n));
    SPK_TRY(spk_rd_span(&r, n, &row->rpriv));
    row->blob = spk_span(r.ptr, r.left);
    return SPK_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spk_deposit_row row = {0};
    struct spk_rpriv priv;

    if (!spk_ok(read_row(spk_span(data, size), &row))) {
        return 0;
    }
    if (spk_ok(spk_rpriv_parse(row.rpriv, &priv))) {
        row.description = priv.description;
    }
    if (spk_ok(spk_deposit_row_verify(&row))) {
        /* then changing any one byte of it must be found */
        uint8_t blob[4096];
        if (row.blob.len == 0 || row.blob.len > sizeof(blob)) {
            return 0;
        }
        memcpy(blob, row.blob.ptr, row.blob.len);
        blob[row.blob.len / 2] ^= 1;
        row.blob.ptr = blob;
        if (spk_ok(spk_deposit_row_verify(&row))) {
            __builtin_trap();
        }
    }
    return 0;
}
