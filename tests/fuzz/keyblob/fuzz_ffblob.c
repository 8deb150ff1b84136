/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a key BLOB of DSS or Diffie-Hellman, and as domain parameters. What makes a key is
 * the same key after it was written and read again. */
#include <stdlib.h>
#include <string.h>

#include "keyblob/ffblob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same_key(const struct spk_ffkey *key, const struct spk_ffblob *b)
{
    struct spk_ff_parts k;
    spk_ffkey_parts(key, &k);
    const struct spk_span have[] = {k.p, k.q, k.g, k.j, k.y, spk_strip_zeros(k.x)};
    const struct spk_span got[] = {b->parts.p, b->parts.q, b->parts.g,
                                   b->parts.j, b->parts.y, b->parts.x};
    for (size_t i = 0; i < sizeof have / sizeof have[0]; i++) {
        if (!spk_span_eq(have[i], got[i])) {
            abort();
        }
    }
}

static void
write_again(const struct spk_ffkey *key, uint32_t alg)
{
    SPK_AUTO_FFBLOB b = {0};
    SPK_AUTO(spk_secret) out = NULL;
    SPK_AUTO_BUF struct spk_buf pub = SPK_BUF(SPK_FFBLOB_MAX);
    struct spk_span s = SPK_SPAN_EMPTY;
    if (spk_ffkey_is_pair(key)) {
        if (!spk_ok(spk_ffblob_private(key, alg, SPK_FFBLOB_VERSION, &out))) {
            abort();
        }
        s = spk_secret_span(out);
    } else {
        if (!spk_ok(spk_ffblob_public(key, alg, SPK_FFBLOB_VERSION, &pub))) {
            abort();
        }
        s = spk_buf_span(&pub);
    }
    if (!spk_ok(spk_ffblob_parse(s, &b))) {
        abort();
    }
    same_key(key, &b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_FFBLOB b = {0};
    SPK_AUTO_FFBLOB d = {0};
    SPK_AUTO(spk_ffkey) key = NULL;
    struct spk_span in = spk_span(data, size);
    (void)spk_ok(spk_ffblob_parse_domain(in, SPK_CALG_DSS_SIGN, &d));
    if (spk_ok(spk_ffblob_parse(in, &b)) && spk_ok(spk_ffkey_from_parts(&b.parts, &key)) &&
        (b.alg != SPK_CALG_DSS_SIGN || b.parts.q.len == 20)) {
        write_again(key, b.alg);
    }
    return 0;
}
