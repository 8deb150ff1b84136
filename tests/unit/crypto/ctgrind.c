/* SPDX-License-Identifier: Apache-2.0 */
/* Run under valgrind: the padded block is marked undefined, so every jump or address that depends
 * on it is an error.  `ctgrind leak` makes one on purpose, to show that the method sees it. */
#include <stdint.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "crypto/pad.h"
#include "crypto/rsapad.h"

#define K 384
#define N 32

/* A stand-in for code that would leak: stops at the first difference. */
static int
leaky(const uint8_t *em)
{
    for (int i = 0; i < N; i++) {
        if (em[i] != 0) {
            return i;
        }
    }
    return N;
}

/* Other programs' blocks, as CryptImportKey takes them: the length of the key is a secret too. */
static void
pick(uint8_t em[K])
{
    uint8_t out[N], alt[N] = {7};
    size_t len = 0;
    VALGRIND_MAKE_MEM_UNDEFINED(alt, N);
    const struct spk_type2_want want = {5, N, SPK_SPAN_OF(alt), 16};
    spk_type2_pick(spk_span(em, K), &want, out, &len);
}

static int
decode(const uint8_t *block)
{
    uint8_t em[K], out[N], alt[N] = {7};
    uint32_t bad = 0;
    memcpy(em, block, K);
    VALGRIND_MAKE_MEM_UNDEFINED(em, K);
    VALGRIND_MAKE_MEM_UNDEFINED(alt, N);
    spk_v15_decode(spk_span(em, K), alt, out, N);
    pick(em);
    if (!spk_ok(spk_oaep_unmask(spk_span(em, K), out, N, &bad))) {
        return 1;
    }
    VALGRIND_MAKE_MEM_DEFINED(&bad, sizeof bad);
    VALGRIND_MAKE_MEM_DEFINED(out, N);
    return 0;
}

int
main(int argc, char **argv)
{
    uint8_t em[K] = {0}, key[N] = {1}, seed[SPK_OAEP_SEED_LEN] = {2}, ps[K - 3 - N];
    int failed = 0;
    memset(ps, 0x55, sizeof ps);
    if (argc > 1 && strcmp(argv[1], "leak") == 0) {
        VALGRIND_MAKE_MEM_UNDEFINED(em, K);
        return leaky(em) == N ? 0 : 2;
    }
    failed |= decode(em); /* nothing but zeros */
    failed |= !spk_ok(spk_oaep_encode(spk_span(key, N), seed, spk_mut(em, K))) || decode(em);
    failed |=
        !spk_ok(spk_v15_encode(spk_span(key, N), SPK_SPAN_OF(ps), spk_mut(em, K))) || decode(em);
    em[40] = 0; /* a zero within the padding */
    failed |= decode(em);
    return failed;
}
