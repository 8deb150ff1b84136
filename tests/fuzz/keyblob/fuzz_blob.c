/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as any key BLOB. What parses must come out as it went in, but for the reserved field.
 */
#include <stdlib.h>
#include <string.h>

#include "keyblob/blob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(struct spk_span in, struct spk_span out)
{
    if (in.len != out.len || memcmp(in.ptr, out.ptr, 2) != 0 ||
        memcmp(in.ptr + 4, out.ptr + 4, in.len - 4) != 0) {
        abort();
    }
}

static void
public_blob(struct spk_span in)
{
    SPK_AUTO(spk_rsa) key = NULL;
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(SPK_PUBBLOB_MAX);
    enum spk_key_spec spec;
    if (spk_ok(spk_pubblob_parse(in, &spec, &key))) {
        if (!spk_ok(spk_pubblob_build(key, spec, &out))) {
            abort();
        }
        same(in, spk_buf_span(&out));
    }
}

static void
private_blob(struct spk_span in)
{
    SPK_AUTO(spk_rsa) pair = NULL;
    SPK_AUTO(spk_secret) out = NULL;
    enum spk_key_spec spec;
    if (spk_ok(spk_privblob_parse(in, &spec, &pair))) {
        if (!spk_ok(spk_privblob_build(pair, spec, &out))) {
            abort();
        }
        same(in, spk_secret_span(out));
    }
}

static void
simple_blob(struct spk_span in)
{
    struct spk_simpleblob sb;
    if (spk_ok(spk_simpleblob_parse(in, &sb)) &&
        (sb.cipher.ptr != in.ptr + 12 || sb.cipher.len != in.len - 12)) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    public_blob(spk_span(data, size));
    private_blob(spk_span(data, size));
    simple_blob(spk_span(data, size));
    return 0;
}
