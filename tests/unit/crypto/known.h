/* SPDX-License-Identifier: Apache-2.0 */
/* The known answers of libcryptoapi, for the layers below it. */
#ifndef SPK_TEST_CRYPTO_KNOWN_H
#define SPK_TEST_CRYPTO_KNOWN_H

#include "vec.h"

/** The value of `name` in tests/vectors/capi/known.txt. */
static inline struct vec
known(const char *name)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(1 << 20);
    spk_test_vector("capi/known.txt", &text);
    struct spk_rd r = spk_rd(spk_buf_span(&text));
    struct spk_span line;
    while (spk_ok(spk_rd_line(&r, 1 << 16, &line))) {
        if (spk_skip_prefix(&line, name) && spk_skip_prefix(&line, " ")) {
            return vec_hex_span(line);
        }
    }
    fail_msg("no known answer %s", name);
    return (struct vec){0};
}

#endif
