/* SPDX-License-Identifier: Apache-2.0 */
#include "translog/checkpoint.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

spk_err
spk_checkpoint_parse(struct spk_span text, struct spk_checkpoint *ret_c)
{
    struct spk_checkpoint c;
    struct spk_span rest = text, size, root;

    SPK_CHECK(text.len <= SPK_CHECKPOINT_MAX, LIMIT);
    SPK_CHECK(spk_split(&rest, '\n', &c.origin) && spk_split(&rest, '\n', &size) &&
                  spk_split(&rest, '\n', &root),
              FORMAT);
    SPK_CHECK(rest.len == 0 && c.origin.len > 0 && spk_utf8_plain(c.origin), FORMAT);
    SPK_TRY(spk_dec_parse(size, SPK_LOG_MAX, &c.size));
    SPK_TRY(spk_base64_fixed(root, c.root.b, SPK_HASH_LEN));
    *ret_c = c;
    return SPK_OK;
}

spk_err
spk_checkpoint_format(const struct spk_checkpoint *c, struct spk_buf *out)
{
    SPK_TRY(spk_buf_add(out, c->origin));
    SPK_TRY(spk_buf_printf(out, "\n%" PRIu64 "\n", c->size));
    SPK_TRY(spk_buf_base64(out, spk_hash_span(&c->root)));
    return spk_buf_u8(out, '\n');
}

spk_err
spk_checkpoint_verify(const struct spk_note *note, const struct spk_vkey *log,
                      struct spk_checkpoint *ret_c)
{
    struct spk_checkpoint c;

    SPK_TRY(spk_checkpoint_parse(note->text, &c));
    SPK_CHECK(spk_span_eq(c.origin, spk_span_str(log->name)), NOTFOUND);
    SPK_TRY(spk_note_verify(note, log));
    *ret_c = c;
    return SPK_OK;
}
