/* SPDX-License-Identifier: Apache-2.0 */
/* DSA and Diffie-Hellman keys as OpenSSL has them; internal to this folder. */
#ifndef SPK_CRYPTO_FFKEY_INT_H
#define SPK_CRYPTO_FFKEY_INT_H

#include "crypto/ffkey.h"
#include "crypto/ossl.h"

/** The library's form of a key; type is "DSA", "DHX" (q is known) or "DH". */
SPK_MUST_USE spk_err spk_ffkey_pkey(const struct spk_ffkey *key, const char *type,
                                    EVP_PKEY **ret_pkey);
/** New p, q and g, and a pair with them. The sizes are those that the standards have together. */
SPK_MUST_USE spk_err spk_ffkey_generate(unsigned p_bits, unsigned q_bits,
                                        struct spk_ffkey **ret_key);

#endif
