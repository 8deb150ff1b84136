/* SPDX-License-Identifier: Apache-2.0 */
/* MD2 (RFC 1319), which OpenSSL no longer brings: to verify old data, for nothing else. */
#ifndef SPK_CRYPTO_MD2_H
#define SPK_CRYPTO_MD2_H

#include "base/span.h"

#define SPK_MD2_LEN 16

struct spk_md2 { /* start from all zeros */
    uint8_t state[48], checksum[16], part[16];
    size_t used; /* bytes in part */
};

void spk_md2_add(struct spk_md2 *c, struct spk_span s);
/** c is of no use afterwards. */
void spk_md2_final(struct spk_md2 *c, uint8_t ret_digest[SPK_MD2_LEN]);

#endif
