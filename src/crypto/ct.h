/* SPDX-License-Identifier: Apache-2.0 */
/* Masks without branches, internal to this folder. The barrier hides a value's origin from the
 * compiler, which would otherwise be free to turn masks back into jumps. */
#ifndef SPK_CRYPTO_CT_H
#define SPK_CRYPTO_CT_H

#include <stdint.h>

static inline uint32_t
spk_ct_barrier(uint32_t v)
{
    __asm__("" : "+r"(v));
    return v;
}
/** All ones when v is zero, else zero. */
static inline uint32_t
spk_ct_is_zero(uint32_t v)
{
    v = spk_ct_barrier(v);
    return (uint32_t)0 - ((~v & (v - 1)) >> 31);
}
/** a where mask is all ones, b where it is zero. */
static inline uint8_t
spk_ct_pick(uint32_t mask, uint8_t a, uint8_t b)
{
    mask = spk_ct_barrier(mask);
    return (uint8_t)((a & mask) | (b & ~mask));
}

#endif
