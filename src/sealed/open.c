/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include "base/file.h"
#include "sealed/io.h"
#include "sealed/payload.h"
#include "sealed/pump.h"
#include "sealed/seal.h"

/* Where the payload comes from: offsets and length of a regular file, or what remains of a stream.
 */
static spk_err
input_begin(const struct spk_header *h, int fd, struct spk_pump_end *ret_end, uint64_t *ret_len)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return spk_err_errno();
    }
    *ret_end = (struct spk_pump_end){fd, SPK_IO_STREAM};
    *ret_len = UINT64_MAX;
    if (S_ISREG(st.st_mode)) {
        uint64_t off = spk_header_payload_off(h) + SPK_FLOE_HEADER_LEN;
        SPK_CHECK((uint64_t)st.st_size >= off, TRUNC);
        ret_end->off = off;
        *ret_len = (uint64_t)st.st_size - off;
    }
    return SPK_OK;
}

static spk_err
payload_header_read(const struct spk_header *h, const struct spk_pump_end *in,
                    uint8_t ret_header[SPK_FLOE_HEADER_LEN])
{
    size_t n;
    if (in->off != SPK_IO_STREAM) {
        return spk_pread_full(in->fd, ret_header, SPK_FLOE_HEADER_LEN, spk_header_payload_off(h));
    }
    SPK_TRY(spk_read_full(in->fd, ret_header, SPK_FLOE_HEADER_LEN, &n));
    SPK_CHECK(n == SPK_FLOE_HEADER_LEN, TRUNC);
    return SPK_OK;
}

static spk_err
length_field(const struct spk_pump_end *in, uint64_t at, uint32_t *ret_len)
{
    uint8_t b[4];
    SPK_TRY(spk_pread_full(in->fd, b, sizeof b, in->off + at));
    *ret_len = spk_get_u32(b);
    return SPK_OK;
}

spk_err
spk_open_check_end(const struct spk_header *h, int in)
{
    uint64_t seg_len = spk_header_core(h)->seg_len;
    struct spk_pump_end end;
    uint64_t len;
    uint32_t says;
    SPK_TRY(input_begin(h, in, &end, &len));
    SPK_CHECK(end.off != SPK_IO_STREAM, USAGE);
    SPK_CHECK(len >= SPK_FLOE_OVERHEAD, TRUNC);
    uint64_t last = (len - 1) / seg_len * seg_len;
    if (last > 0) {
        SPK_TRY(length_field(&end, last - seg_len, &says));
        SPK_CHECK(says == SPK_FLOE_INTERNAL || says <= seg_len, AUTH);
        SPK_CHECK(says == SPK_FLOE_INTERNAL, FORMAT);
    }
    SPK_CHECK(len - last >= SPK_FLOE_OVERHEAD, TRUNC);
    SPK_TRY(length_field(&end, last, &says));
    SPK_CHECK(says == SPK_FLOE_INTERNAL || says <= seg_len, AUTH);
    SPK_CHECK(says <= len - last, TRUNC);
    SPK_CHECK(says == len - last, FORMAT);
    return SPK_OK;
}

spk_err
spk_open_run(const struct spk_header *h, const struct spk_secret *key, int in, int out,
             const struct spk_open_opts *opts, uint64_t *ret_bytes)
{
    const struct spk_core *core = spk_header_core(h);
    uint32_t most = opts != NULL && opts->max_seg_len != 0 ? opts->max_seg_len : SPK_SEG_MAX;
    SPK_CHECK(core->seg_len <= most, LIMIT);

    struct spk_floe floe;
    SPK_WIPE_ON_EXIT(floe);
    uint8_t header[SPK_FLOE_HEADER_LEN];
    bool seek = spk_io_out_seekable(out);
    struct spk_pump p = {
        .from = &floe,
        .out = {out, seek ? 0 : SPK_IO_STREAM},
        .threads = opts != NULL ? opts->threads : 0,
        .progress = opts != NULL ? opts->progress : NULL,
    };
    SPK_TRY(input_begin(h, in, &p.in, &p.in_len));
    SPK_TRY(payload_header_read(h, &p.in, header));
    SPK_TRY(spk_payload_open_begin(&floe, key, core, spk_header_core_hash(h), header));
    spk_err e = spk_pump_run(&p);
    if (!spk_ok(e)) {
        if (opts != NULL && opts->bad_segment != NULL) {
            *opts->bad_segment = p.bad_segment;
        }
        return e;
    }
    SPK_TRY(seek ? spk_io_out_end(out, p.out_bytes) : SPK_OK);
    *ret_bytes = p.out_bytes;
    return SPK_OK;
}
