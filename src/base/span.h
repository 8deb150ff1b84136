/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed bytes: pointer and length travel as one value. */
#ifndef SPK_BASE_SPAN_H
#define SPK_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spk_span { /* read only */
    const uint8_t *ptr;
    size_t len;
};
struct spk_mut { /* writable */
    uint8_t *ptr;
    size_t len;
};

#define SPK_SPAN_EMPTY ((struct spk_span){NULL, 0})
/** Span of an array variable (not a pointer). */
#define SPK_SPAN_OF(arr) ((struct spk_span){(const uint8_t *)(arr), sizeof(arr)})
#define SPK_MUT_OF(arr) ((struct spk_mut){(uint8_t *)(arr), sizeof(arr)})
/** Span of a string literal without its NUL. */
#define SPK_SPAN_LIT(s) ((struct spk_span){(const uint8_t *)(s), sizeof(s) - 1})

static inline struct spk_span
spk_span(const void *ptr, size_t len)
{
    return (struct spk_span){ptr, len};
}
static inline struct spk_mut
spk_mut(void *ptr, size_t len)
{
    return (struct spk_mut){ptr, len};
}
/** A big-endian number without its leading zeros; zero gives the empty span. */
static inline struct spk_span
spk_strip_zeros(struct spk_span s)
{
    while (s.len > 0 && s.ptr[0] == 0) {
        s = spk_span(s.ptr + 1, s.len - 1);
    }
    return s;
}
/** Span of a C string without its NUL; NULL gives the empty span. */
struct spk_span spk_span_str(const char *s);
/** Equal length and bytes. For public bytes only: not constant time. */
bool spk_span_eq(struct spk_span a, struct spk_span b);
/** Memory order compare, shorter first on a common prefix: <0, 0, >0. For public bytes. */
int spk_span_cmp(struct spk_span a, struct spk_span b);
/** Equal, in time that depends on len only. */
bool spk_ct_eq(const void *a, const void *b, size_t len);
/** All bytes zero, in time that depends on len only. */
bool spk_ct_zero(const void *a, size_t len);

#endif
