/* SPDX-License-Identifier: Apache-2.0 */
#include "translog/addcheckpoint.h"

#include <inttypes.h>

#include "base/text.h"

spk_err
spk_add_checkpoint_parse(struct spk_span body, struct spk_add_checkpoint *ret_a)
{
    struct spk_add_checkpoint a = {.old = 0};
    struct spk_span rest = body, line;

    SPK_CHECK(body.len <= SPK_ADD_CHECKPOINT_MAX, LIMIT);
    SPK_CHECK(spk_skip_prefix(&rest, "old ") && spk_split(&rest, '\n', &line), FORMAT);
    SPK_TRY(spk_dec_parse(line, SPK_LOG_MAX, &a.old));
    for (;;) {
        SPK_CHECK(spk_split(&rest, '\n', &line), FORMAT);
        if (line.len == 0) {
            break;
        }
        SPK_CHECK(a.len < SPK_ADD_PROOF_MAX, LIMIT);
        SPK_TRY(spk_base64_fixed(line, a.proof[a.len++].b, SPK_HASH_LEN));
    }
    SPK_CHECK(rest.len > 0, FORMAT);
    a.checkpoint = rest;
    *ret_a = a;
    return SPK_OK;
}

spk_err
spk_add_checkpoint_format(const struct spk_add_checkpoint *a, struct spk_buf *out)
{
    SPK_TRY(spk_buf_printf(out, "old %" PRIu64 "\n", a->old));
    for (size_t i = 0; i < a->len; i++) {
        SPK_TRY(spk_buf_base64(out, spk_hash_span(&a->proof[i])));
        SPK_TRY(spk_buf_u8(out, '\n'));
    }
    SPK_TRY(spk_buf_u8(out, '\n'));
    return spk_buf_add(out, a->checkpoint);
}
