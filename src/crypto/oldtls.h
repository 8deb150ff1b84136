/* SPDX-License-Identifier: Apache-2.0 */
/* How SSL 3.0 (RFC 6101) and TLS 1.0 (RFC 2246) make key bytes out of a secret: for programs that
 * still speak them through CryptoAPI. */
#ifndef SPK_CRYPTO_OLDTLS_H
#define SPK_CRYPTO_OLDTLS_H

#include "base/err.h"
#include "base/span.h"

#define SPK_TLS1_SEED_MAX 1024 /* label and seed together */
#define SPK_TLS1_OUT_MAX 4096
#define SPK_SSL3_OUT_MAX (26 * 16) /* the salts are A, BB, .. up to 26 letters */

/** PRF(secret, label, a + b) of RFC 2246 section 5. SPK_CODE_LIMIT: label and seeds too long. */
SPK_MUST_USE spk_err spk_tls1_prf(struct spk_span secret, struct spk_span label, struct spk_span a,
                                  struct spk_span b, struct spk_mut ret_out);
/** MD5(secret + SHA('A' + secret + a + b)) + MD5(secret + SHA('BB' + ..)) + .., as much as is asked
 * for (RFC 6101 sections 6.1 and 6.2.2). */
SPK_MUST_USE spk_err spk_ssl3_expand(struct spk_span secret, struct spk_span a, struct spk_span b,
                                     struct spk_mut ret_out);

#endif
