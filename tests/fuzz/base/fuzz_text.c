/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever text is read can be written again, and means the same. */
#include "base/text.h"

#define OUT_MAX ((size_t)1 << 20)
#define FIXED 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
    if (!ok) {
        __builtin_trap();
    }
}

static void
base64(struct spk_span in)
{
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(OUT_MAX), text = SPK_BUF(OUT_MAX);

    if (spk_ok(spk_base64_parse(in, &bytes))) {
        must(spk_ok(spk_buf_base64(&text, spk_buf_span(&bytes))));
        must(spk_span_eq(in, spk_buf_span(&text))); /* strict: one text for one string of bytes */
    }
}

static void
fixed(struct spk_span in)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(OUT_MAX);
    uint8_t a[FIXED], b[FIXED];
    uint64_t v;

    if (spk_ok(spk_hex_parse(in, a, FIXED))) {
        must(in.len == 2 * FIXED);
    }
    if (spk_ok(spk_base64_fixed(in, a, FIXED))) {
        must(in.len == (FIXED + 2) / 3 * 4);
    }
    if (spk_ok(spk_code_parse(in, a, FIXED))) {
        must(spk_ok(spk_buf_code(&text, SPK_SPAN_OF(a))));
        must(spk_ok(spk_code_parse(spk_buf_span(&text), b, FIXED)));
        must(spk_ct_eq(a, b, FIXED));
    }
    if (spk_ok(spk_dec_parse(in, 1000, &v))) {
        must(v <= 1000 && in.len <= 4);
    }
}

static void
escape(struct spk_span in)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(OUT_MAX);

    must(spk_ok(spk_buf_escape(&text, in)));
    must(spk_utf8_plain(spk_buf_span(&text)));
    must(spk_utf8_ok(in) || !spk_utf8_plain(in));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < OUT_MAX / 16) {
        base64(spk_span(data, size));
        fixed(spk_span(data, size));
        escape(spk_span(data, size));
    }
    return 0;
}
