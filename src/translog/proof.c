/* SPDX-License-Identifier: Apache-2.0 */
#include "translog/proof.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

#define HEAD "c2sp.org/tlog-proof@v1\n"

static spk_err
parse_extra(struct spk_span *rest, struct spk_proof *ret_p)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_PROOF_EXTRA_MAX);
    struct spk_span line;

    if (!spk_skip_prefix(rest, "extra ")) {
        return SPK_OK;
    }
    SPK_CHECK(spk_split(rest, '\n', &line), FORMAT);
    SPK_TRY(spk_base64_parse(line, &b));
    SPK_CHECK(b.len > 0, FORMAT);
    memcpy(ret_p->extra, b.ptr, b.len);
    ret_p->extra_len = b.len;
    return SPK_OK;
}

spk_err
spk_proof_parse(struct spk_span text, struct spk_proof *ret_p)
{
    struct spk_proof p = {.index = 0};
    struct spk_span rest = text, line;

    SPK_CHECK(text.len <= SPK_PROOF_MAX, LIMIT);
    SPK_CHECK(spk_skip_prefix(&rest, HEAD), FORMAT);
    SPK_TRY(parse_extra(&rest, &p));
    SPK_CHECK(spk_skip_prefix(&rest, "index ") && spk_split(&rest, '\n', &line), FORMAT);
    SPK_TRY(spk_dec_parse(line, SPK_LOG_MAX, &p.index));
    for (;;) {
        SPK_CHECK(spk_split(&rest, '\n', &line), FORMAT);
        if (line.len == 0) {
            break;
        }
        SPK_CHECK(p.len < SPK_PATH_MAX, LIMIT);
        SPK_TRY(spk_base64_fixed(line, p.path[p.len++].b, SPK_HASH_LEN));
    }
    p.checkpoint = rest;
    *ret_p = p;
    return SPK_OK;
}

spk_err
spk_proof_format(const struct spk_proof *p, struct spk_buf *out)
{
    SPK_TRY(spk_buf_str(out, HEAD));
    if (p->extra_len > 0) {
        SPK_TRY(spk_buf_str(out, "extra "));
        SPK_TRY(spk_buf_base64(out, spk_span(p->extra, p->extra_len)));
        SPK_TRY(spk_buf_u8(out, '\n'));
    }
    SPK_TRY(spk_buf_printf(out, "index %" PRIu64 "\n", p->index));
    for (size_t i = 0; i < p->len; i++) {
        SPK_TRY(spk_buf_base64(out, spk_hash_span(&p->path[i])));
        SPK_TRY(spk_buf_u8(out, '\n'));
    }
    SPK_TRY(spk_buf_u8(out, '\n'));
    return spk_buf_add(out, p->checkpoint);
}

spk_err
spk_proof_verify(const struct spk_proof *p, struct spk_span entry, const struct spk_vkey *log,
                 struct spk_checkpoint *ret_c)
{
    struct spk_checkpoint c;
    struct spk_hash leaf;
    struct spk_note note;

    SPK_TRY(spk_note_parse(p->checkpoint, false, &note));
    SPK_TRY(spk_checkpoint_verify(&note, log, &c));
    SPK_TRY(spk_leaf_hash(entry, &leaf));
    SPK_TRY(spk_tree_verify(&leaf, p->index, c.size, p->path, p->len, &c.root));
    if (ret_c != NULL) {
        *ret_c = c;
    }
    return SPK_OK;
}
