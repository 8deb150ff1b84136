/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata as a hostile sender would make it: the input is the text, sealed here, so that it always
 * gets past the tag. What opens can be sealed again. */
#include <stdlib.h>
#include <string.h>

#include "crypto/aead.h"
#include "sealed/metadata.h"

#define TEXT_MAX 4000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool yes)
{
    if (!yes) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t k[32], iv[12], ctx[32];
    static const struct spk_file_id id;
    static const struct spk_hash core_hash;
    static uint8_t body[16 + TEXT_MAX + 16];
    uint8_t derived[32];
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO(spk_aead) a = NULL;
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(4096);
    struct spk_metadata m;
    if (size > TEXT_MAX) {
        return 0;
    }
    memset(body, 0, 16);
    must(spk_ok(spk_secret_from(SPK_SPAN_OF(k), &key)));
    must(spk_ok(spk_sub(key, "metadata", SPK_SPAN_OF(ctx), SPK_MUT_OF(derived))));
    must(spk_ok(spk_aead_new(&a)));
    must(spk_ok(spk_aead_key(a, SPK_SPAN_OF(derived))));
    must(spk_ok(spk_aead_seal(a, iv, spk_hash_span(&core_hash), spk_span(data, size), body + 16,
                              body + 16 + size)));
    spk_err e = spk_metadata_open(key, &id, &core_hash, spk_span(body, 32 + size), &m);
    must(e.code != SPK_CODE_AUTH);
    if (spk_ok(e)) {
        must(strchr(m.name, '/') == NULL && (m.mode & ~07777u) == 0);
        must(spk_ok(spk_metadata_seal(key, &id, &core_hash, &m, &again)));
        must(again.len == spk_metadata_body_len(&m));
    }
    return 0;
}
