/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/md2.h"

#include <string.h>

#define BLOCK 16
#define ROUNDS 18

/* The digits of pi as a permutation (RFC 1319, appendix). */
static const uint8_t pi_subst[256] = {
    41,  46,  67,  201, 162, 216, 124, 1,   61,  54,  84,  161, 236, 240, 6,   19,  98,  167, 5,
    243, 192, 199, 115, 140, 152, 147, 43,  217, 188, 76,  130, 202, 30,  155, 87,  60,  253, 212,
    224, 22,  103, 66,  111, 24,  138, 23,  229, 18,  190, 78,  196, 214, 218, 158, 222, 73,  160,
    251, 245, 142, 187, 47,  238, 122, 169, 104, 121, 145, 21,  178, 7,   63,  148, 194, 16,  137,
    11,  34,  95,  33,  128, 127, 93,  154, 90,  144, 50,  39,  53,  62,  204, 231, 191, 247, 151,
    3,   255, 25,  48,  179, 72,  165, 181, 209, 215, 94,  146, 42,  172, 86,  170, 198, 79,  184,
    56,  210, 150, 164, 125, 182, 118, 252, 107, 226, 156, 116, 4,   241, 69,  157, 112, 89,  100,
    113, 135, 32,  134, 91,  207, 101, 230, 45,  168, 2,   27,  96,  37,  173, 174, 176, 185, 246,
    28,  70,  97,  105, 52,  64,  126, 15,  85,  71,  163, 35,  221, 81,  175, 58,  195, 92,  249,
    206, 186, 197, 234, 38,  44,  83,  13,  110, 133, 40,  132, 9,   211, 223, 205, 244, 65,  129,
    77,  82,  106, 220, 55,  200, 108, 193, 171, 250, 36,  225, 123, 8,   12,  189, 177, 74,  120,
    136, 149, 139, 227, 99,  232, 109, 233, 203, 213, 254, 59,  0,   29,  57,  242, 239, 183, 14,
    102, 88,  208, 228, 166, 119, 114, 248, 235, 117, 75,  10,  49,  68,  80,  180, 143, 237, 31,
    26,  219, 153, 141, 51,  159, 17,  131, 20};

static void
block(struct spk_md2 *c, const uint8_t in[BLOCK])
{
    uint8_t last = c->checksum[BLOCK - 1];
    for (size_t i = 0; i < BLOCK; i++) {
        c->checksum[i] ^= pi_subst[in[i] ^ last];
        last = c->checksum[i];
        c->state[BLOCK + i] = in[i];
        c->state[2 * BLOCK + i] = in[i] ^ c->state[i];
    }
    unsigned t = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < sizeof c->state; i++) {
            c->state[i] ^= pi_subst[t];
            t = c->state[i];
        }
        t = (t + round) & 0xff;
    }
}

void
spk_md2_add(struct spk_md2 *c, struct spk_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        c->part[c->used++] = s.ptr[i];
        if (c->used == BLOCK) {
            block(c, c->part);
            c->used = 0;
        }
    }
}

void
spk_md2_final(struct spk_md2 *c, uint8_t ret_digest[SPK_MD2_LEN])
{
    uint8_t sum[BLOCK];
    memset(c->part + c->used, (int)(BLOCK - c->used), BLOCK - c->used);
    block(c, c->part);
    memcpy(sum, c->checksum, sizeof sum);
    block(c, sum);
    memcpy(ret_digest, c->state, SPK_MD2_LEN);
}
