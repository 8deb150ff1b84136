/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes for the tests of this folder: from hex, and from tests/vectors/crypto/derive.txt. */
#ifndef SPK_TEST_CRYPTO_VEC_H
#define SPK_TEST_CRYPTO_VEC_H

#include <stdio.h>
#include <string.h>

#include "base/rd.h"
#include "base/secret.h"
#include "base/text.h"
#include "crypto/rsa.h"
#include "spk_test.h"

#define VEC_MAX 2048

struct vec {
    uint8_t b[VEC_MAX];
    size_t len;
};

static inline struct vec
vec_hex_span(struct spk_span hex)
{
    struct vec v = {.len = hex.len / 2};
    assert_true(v.len <= VEC_MAX);
    assert_spk_ok(spk_hex_parse(hex, v.b, v.len));
    return v;
}
static inline struct vec
vec_hex(const char *hex)
{
    return vec_hex_span(spk_span_str(hex));
}
static inline struct spk_span
vec_span(const struct vec *v)
{
    return spk_span(v->b, v->len);
}
#define VEC(hex) vec_span(&(struct vec[1]){vec_hex(hex)}[0])

/** The value of `name = hex` in derive.txt. */
static inline struct vec
vec_get(const char *name)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(1 << 20);
    spk_test_vector("crypto/derive.txt", &text);
    struct spk_rd r = spk_rd(spk_buf_span(&text));
    struct spk_span line;
    while (spk_ok(spk_rd_line(&r, 2 * VEC_MAX, &line))) {
        if (spk_skip_prefix(&line, name) && spk_skip_prefix(&line, " = ")) {
            return vec_hex_span(line);
        }
    }
    fail_msg("no vector %s", name);
    return (struct vec){0};
}
static inline struct vec
vec_rsa(unsigned bits, const char *field)
{
    char name[32];
    (void)snprintf(name, sizeof name, "rsa%u %s", bits, field);
    return vec_get(name);
}

/** The fixed pair of this size. */
static inline struct spk_rsa *
vec_pair(unsigned bits)
{
    static const uint8_t e[] = {1, 0, 1};
    struct vec n = vec_rsa(bits, "n"), d = vec_rsa(bits, "d"), p = vec_rsa(bits, "p"),
               q = vec_rsa(bits, "q");
    struct spk_rsa_parts parts = {.n = vec_span(&n),
                                  .e = SPK_SPAN_OF(e),
                                  .d = vec_span(&d),
                                  .p = vec_span(&p),
                                  .q = vec_span(&q)};
    struct spk_rsa *key = NULL;
    assert_spk_ok(spk_rsa_from_parts(&parts, &key));
    return key;
}
static inline struct spk_secret *
vec_secret(const char *name)
{
    struct vec v = vec_get(name);
    struct spk_secret *s = NULL;
    assert_spk_ok(spk_secret_from(vec_span(&v), &s));
    return s;
}

#endif
