/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the client end with a hash over all before it. A fuzzer cannot guess one, so the
 * targets take what is in between and make magic and hash themselves. */
#ifndef SPK_FUZZ_CLIENT_FRAMED_H
#define SPK_FUZZ_CLIENT_FRAMED_H

#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "crypto/hash.h"

static inline void
fuzz_frame(const char *magic, const uint8_t *data, size_t size, struct spk_buf *b)
{
    struct spk_hash sum;

    if (!spk_ok(spk_buf_str(b, magic)) || !spk_ok(spk_buf_add(b, spk_span(data, size))) ||
        !spk_ok(spk_sha256(spk_buf_span(b), &sum)) ||
        !spk_ok(spk_buf_add(b, spk_hash_span(&sum)))) {
        abort();
    }
}

/* What is read and written again is the same. */
static inline void
fuzz_same(const struct spk_buf *a, const struct spk_buf *b)
{
    if (!spk_span_eq(spk_buf_span(a), spk_buf_span(b))) {
        abort();
    }
}

#endif
