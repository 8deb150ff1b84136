/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/lines.h"

#include <inttypes.h>

#include "base/text.h"
#include "wire/note.h"

spk_err
spk_lines_begin(struct spk_span text, const char *kind, struct spk_rd *ret_r)
{
    struct spk_rd r = spk_rd(text);
    struct spk_span first;

    SPK_CHECK(text.len <= SPK_NOTE_MAX, LIMIT);
    SPK_TRY(spk_rd_line(&r, SPK_LINE_MAX, &first));
    SPK_CHECK(spk_span_eq(first, spk_span_str(kind)), FORMAT);
    *ret_r = r;
    return SPK_OK;
}

spk_err
spk_lines_get(struct spk_rd *r, const char *key, struct spk_span *ret_v)
{
    struct spk_span line;

    SPK_TRY(spk_rd_line(r, SPK_LINE_MAX, &line));
    SPK_CHECK(spk_skip_prefix(&line, key), FORMAT);
    SPK_CHECK(spk_skip_prefix(&line, " "), FORMAT);
    SPK_CHECK(line.len > 0, FORMAT);
    *ret_v = line;
    return SPK_OK;
}

spk_err
spk_lines_hash(struct spk_rd *r, const char *key, struct spk_hash *ret_h)
{
    struct spk_span v;

    SPK_TRY(spk_lines_get(r, key, &v));
    return spk_hex_parse(v, ret_h->b, SPK_HASH_LEN);
}

spk_err
spk_lines_hash_none(struct spk_rd *r, const char *key, struct spk_hash *ret_h)
{
    struct spk_span v;

    SPK_TRY(spk_lines_get(r, key, &v));
    if (spk_span_eq(v, SPK_SPAN_LIT("none"))) {
        *ret_h = (struct spk_hash){{0}};
        return SPK_OK;
    }
    return spk_hex_parse(v, ret_h->b, SPK_HASH_LEN);
}

spk_err
spk_lines_u64(struct spk_rd *r, const char *key, uint64_t *ret_v)
{
    struct spk_span v;

    SPK_TRY(spk_lines_get(r, key, &v));
    return spk_dec_parse(v, UINT64_MAX, ret_v);
}

spk_err
spk_lines_u32(struct spk_rd *r, const char *key, uint32_t *ret_v)
{
    struct spk_span v;
    uint64_t u;

    SPK_TRY(spk_lines_get(r, key, &v));
    SPK_TRY(spk_dec_parse(v, UINT32_MAX, &u));
    *ret_v = (uint32_t)u;
    return SPK_OK;
}

spk_err
spk_lines_u64_hash(struct spk_rd *r, const char *key, uint64_t *ret_v, struct spk_hash *ret_h)
{
    struct spk_span v, number;

    SPK_TRY(spk_lines_get(r, key, &v));
    SPK_CHECK(spk_split(&v, ' ', &number), FORMAT);
    SPK_TRY(spk_dec_parse(number, UINT64_MAX, ret_v));
    return spk_hex_parse(v, ret_h->b, SPK_HASH_LEN);
}

spk_err
spk_key_canonical(struct spk_span der, struct spk_rsa **ret_k)
{
    SPK_AUTO(spk_rsa) k = NULL;

    SPK_CHECK(der.len <= SPK_SPKI_MAX_LEN, LIMIT);
    SPK_TRY(spk_rsa_from_spki(der, &k));
    SPK_CHECK(spk_span_eq(spk_rsa_spki(k), der), FORMAT);
    *ret_k = SPK_STEAL(k);
    return SPK_OK;
}

spk_err
spk_lines_rsa(struct spk_rd *r, const char *key, struct spk_rsa **ret_k)
{
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(SPK_SPKI_MAX_LEN);
    struct spk_span v;

    SPK_TRY(spk_lines_get(r, key, &v));
    SPK_TRY(spk_base64_parse(v, &der));
    return spk_key_canonical(spk_buf_span(&der), ret_k);
}

spk_err
spk_lines_end(const struct spk_rd *r, struct spk_span text, struct spk_span again)
{
    SPK_TRY(spk_rd_end(r));
    SPK_CHECK(spk_span_eq(text, again), FORMAT);
    return SPK_OK;
}

spk_err
spk_lines_put(struct spk_buf *b, const char *key, const char *value)
{
    return spk_buf_printf(b, "%s %s\n", key, value);
}

spk_err
spk_lines_put_hash(struct spk_buf *b, const char *key, const struct spk_hash *h)
{
    char hex[2 * SPK_HASH_LEN + 1];

    return spk_lines_put(b, key, spk_hex(spk_hash_span(h), hex));
}

spk_err
spk_lines_put_hash_none(struct spk_buf *b, const char *key, const struct spk_hash *h)
{
    return spk_hash_zero(h) ? spk_lines_put(b, key, "none") : spk_lines_put_hash(b, key, h);
}

spk_err
spk_lines_put_u64(struct spk_buf *b, const char *key, uint64_t v)
{
    return spk_buf_printf(b, "%s %" PRIu64 "\n", key, v);
}

spk_err
spk_lines_put_u64_hash(struct spk_buf *b, const char *key, uint64_t v, const struct spk_hash *h)
{
    char hex[2 * SPK_HASH_LEN + 1];

    return spk_buf_printf(b, "%s %" PRIu64 " %s\n", key, v, spk_hex(spk_hash_span(h), hex));
}

spk_err
spk_lines_put_rsa(struct spk_buf *b, const char *key, const struct spk_rsa *k)
{
    SPK_TRY(spk_buf_str(b, key));
    SPK_TRY(spk_buf_u8(b, ' '));
    SPK_TRY(spk_buf_base64(b, spk_rsa_spki(k)));
    return spk_buf_u8(b, '\n');
}
