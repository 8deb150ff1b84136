/* SPDX-License-Identifier: Apache-2.0 */
/* Any session key in the clear (its length in the first byte), and behind it any BLOB that may be
 * under it. What comes out goes in again. */
#include <stdlib.h>

#include "keyblob/undersession.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
pair(const struct spk_plainkey *k, struct spk_span blob)
{
    SPK_AUTO(spk_secret) clear = NULL;
    SPK_AUTO(spk_secret) again = NULL;
    if (!spk_ok(spk_under_open(k, blob, &clear)) || spk_secret_len(clear) <= 8) {
        return;
    }
    /* a padding is the only one, so the same bytes */
    if (!spk_ok(spk_under_seal(k, spk_secret_span(clear), &again)) ||
        !spk_span_eq(spk_secret_span(again), blob)) {
        abort();
    }
}

static void
session_key(const struct spk_plainkey *k, struct spk_span blob)
{
    SPK_AUTO(spk_secret) clear = NULL;
    SPK_AUTO(spk_secret) again = NULL;
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(1024);
    struct spk_plainkey inner;
    if (!spk_ok(spk_under_unwrap(k, blob, &clear)) ||
        !spk_ok(spk_plainkey_parse(spk_secret_span(clear), &inner))) {
        return;
    }
    if (!spk_ok(spk_under_wrap(k, &inner, &out)) ||
        !spk_ok(spk_under_unwrap(k, spk_buf_span(&out), &again)) ||
        !spk_span_eq(spk_secret_span(clear), spk_secret_span(again))) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spk_plainkey k;
    if (size < 1 || size < (size_t)1 + data[0] ||
        !spk_ok(spk_plainkey_parse(spk_span(data + 1, data[0]), &k))) {
        return 0;
    }
    struct spk_span blob = spk_span(data + 1 + data[0], size - 1 - data[0]);
    pair(&k, blob);
    session_key(&k, blob);
    return 0;
}
