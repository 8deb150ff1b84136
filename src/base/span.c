/* SPDX-License-Identifier: Apache-2.0 */
#include "base/span.h"

#include <string.h>

struct spk_span
spk_span_str(const char *s)
{
    if (s == NULL) {
        return SPK_SPAN_EMPTY;
    }
    return spk_span(s, strlen(s));
}

bool
spk_span_eq(struct spk_span a, struct spk_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int
spk_span_cmp(struct spk_span a, struct spk_span b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n > 0 ? memcmp(a.ptr, b.ptr, n) : 0;

    if (c != 0 || a.len == b.len) {
        return c;
    }
    return a.len < b.len ? -1 : 1;
}

/* The accumulator is volatile so that no compiler may leave the loop early. */
__attribute__((noinline)) bool
spk_ct_eq(const void *a, const void *b, size_t len)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    volatile uint8_t diff = 0;

    for (size_t i = 0; i < len; i++) {
        diff = (uint8_t)(diff | (x[i] ^ y[i]));
    }
    return diff == 0;
}

__attribute__((noinline)) bool
spk_ct_zero(const void *a, size_t len)
{
    const uint8_t *x = a;
    volatile uint8_t any = 0;

    for (size_t i = 0; i < len; i++) {
        any = (uint8_t)(any | x[i]);
    }
    return any == 0;
}
