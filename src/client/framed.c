/* SPDX-License-Identifier: Apache-2.0 */
#include "client/framed.h"

#include <string.h>

#include "crypto/hash.h"

spk_err
spk_framed_build(const struct spk_framed *f, struct spk_attrs *l, struct spk_buf *out)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(f->max);
    struct spk_hash sum;

    SPK_TRY(spk_buf_str(&b, f->magic));
    SPK_TRY(spk_attrs_build(l, &b));
    SPK_TRY(spk_sha256(spk_buf_span(&b), &sum));
    SPK_TRY(spk_buf_add(&b, spk_hash_span(&sum)));
    return spk_buf_add(out, spk_buf_span(&b));
}

spk_err
spk_framed_parse(const struct spk_framed *f, struct spk_span bytes, struct spk_attrs *ret_l)
{
    struct spk_span magic = spk_span_str(f->magic);
    struct spk_span all = bytes;
    struct spk_hash sum;

    SPK_CHECK(bytes.len <= f->max, LIMIT);
    SPK_CHECK(bytes.len >= magic.len + SPK_HASH_LEN, TRUNC);
    SPK_CHECK(spk_span_eq(spk_span(bytes.ptr, magic.len), magic), FORMAT);
    all.len -= SPK_HASH_LEN;
    SPK_TRY(spk_sha256(all, &sum));
    SPK_CHECK(spk_span_eq(spk_hash_span(&sum), spk_span(all.ptr + all.len, SPK_HASH_LEN)), FORMAT);
    return spk_attrs_parse_known(spk_span(all.ptr + magic.len, all.len - magic.len), f->known,
                                 f->n_known, ret_l);
}
