/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pem.h"

#include "base/rd.h"
#include "base/text.h"

#define BYTES_A_LINE 48 /* 64 letters */
#define TEXT_MAX ((size_t)1 << 20)

spk_err
spk_pem_put(struct spk_buf *b, const char *label, struct spk_span der)
{
    SPK_TRY(spk_buf_printf(b, "-----BEGIN %s-----\n", label));
    for (size_t done = 0; done < der.len; done += BYTES_A_LINE) {
        size_t n = der.len - done < BYTES_A_LINE ? der.len - done : BYTES_A_LINE;
        SPK_TRY(spk_buf_base64(b, spk_span(der.ptr + done, n)));
        SPK_TRY(spk_buf_str(b, "\n"));
    }
    return spk_buf_printf(b, "-----END %s-----\n", label);
}

/* A line without its '\r' and trailing blanks; false at the end of the text. */
static bool
next_line(struct spk_span *text, struct spk_span *ret_line)
{
    if (text->len == 0) {
        return false;
    }
    if (!spk_split(text, '\n', ret_line)) {
        *ret_line = *text;
        *text = SPK_SPAN_EMPTY;
    }
    while (ret_line->len != 0) {
        uint8_t last = ret_line->ptr[ret_line->len - 1];
        if (last != '\r' && last != ' ' && last != '\t') {
            break;
        }
        ret_line->len--;
    }
    return true;
}

static bool
is_border(struct spk_span line, const char *word, const char *label)
{
    return spk_skip_prefix(&line, "-----") && spk_skip_prefix(&line, word) &&
           spk_skip_prefix(&line, " ") && spk_skip_prefix(&line, label) &&
           spk_span_eq(line, SPK_SPAN_LIT("-----"));
}

spk_err
spk_pem_get(struct spk_span text, const char *label, struct spk_buf *der)
{
    SPK_AUTO_BUF struct spk_buf letters = SPK_BUF(TEXT_MAX);
    struct spk_span line;
    bool inside = false;
    SPK_CHECK(text.len <= TEXT_MAX, LIMIT);
    while (next_line(&text, &line)) {
        if (!inside) {
            inside = is_border(line, "BEGIN", label);
        } else if (is_border(line, "END", label)) {
            return spk_base64_parse(spk_buf_span(&letters), der);
        } else {
            SPK_TRY(spk_buf_add(&letters, line));
        }
    }
    return SPK_ERR(FORMAT);
}
