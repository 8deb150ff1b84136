/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are text for the reader, and a string for the writer, which the reader must take back.
 */
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "wire/json.h"

static void
read_it(struct spk_span in)
{
    SPK_AUTO(spk_json) j = NULL;
    const struct spk_json *a;
    const char *s;
    uint64_t u;
    size_t n;

    if (!spk_ok(spk_json_parse(in, &j))) {
        must(j == NULL);
        return;
    }
    if (spk_ok(spk_json_str(j, "a", &s))) {
        must(spk_utf8_ok(spk_span_str(s)) && strlen(s) < in.len);
    }
    if (spk_ok(spk_json_u64(j, "a", &u))) {
        must(u <= SPK_JSON_U64_MAX);
    }
    if (spk_ok(spk_json_array(j, "a", &a, &n))) {
        must(spk_json_at(a, n) == NULL && (n == 0 || spk_json_at(a, n - 1) != NULL));
    }
}

static void
write_it(struct spk_span in)
{
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(8 * FUZZ_OUT_MAX);
    SPK_AUTO(spk_json) j = NULL;
    struct spk_jw w = {.b = &out};
    const char *s;

    if (in.len > FUZZ_OUT_MAX || memchr(in.ptr, 0, in.len) != NULL) {
        return;
    }
    spk_jw_open(&w, NULL, '{');
    spk_jw_str(&w, "s", in);
    spk_jw_close(&w, '}');
    MUST(spk_jw_end(&w));
    MUST(spk_json_parse(spk_buf_span(&out), &j));
    MUST(spk_json_str(j, "s", &s));
    must(!spk_utf8_ok(in) || spk_span_eq(in, spk_span_str(s)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_it(spk_span(data, size));
    if (size > 0) {
        write_it(spk_span(data, size));
    }
    return 0;
}
