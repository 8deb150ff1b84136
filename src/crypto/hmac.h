/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC (RFC 2104) and HKDF (RFC 5869) over any digest of ossl.h, internal to this folder.
 * Written on plain digests: a MAC and a KDF object of the library would each cost a table at
 * start-up and several times the work per call. */
#ifndef SPK_CRYPTO_HMAC_H
#define SPK_CRYPTO_HMAC_H

#include "crypto/ossl.h"

#define SPK_HKDF_INFO_MAX 32000
#define SPK_HKDF_PARTS_MAX 4

/** One key, many messages; wiped when freed. */
struct spk_hmac {
    const EVP_MD *md;
    EVP_MD_CTX *ctx;
    size_t len, block;
    uint8_t key[SPK_MD_BLOCK_MAX]; /* K', padded with zeros to the block */
};

SPK_MUST_USE spk_err spk_hmac_init(struct spk_hmac *h, enum spk_md md, struct spk_span key);
/** MAC of the concatenation of parts; the key stays for the next message. */
SPK_MUST_USE spk_err spk_hmac_run(struct spk_hmac *h, const struct spk_span *parts, size_t n,
                                  uint8_t ret_mac[SPK_MD_LEN_MAX]);
void spk_hmac_clear(struct spk_hmac *h);
#define SPK_AUTO_HMAC __attribute__((cleanup(spk_hmac_clear))) struct spk_hmac

/** HKDF-Expand with info as the concatenation of at most SPK_HKDF_PARTS_MAX parts. */
SPK_MUST_USE spk_err spk_hkdf_expand_parts(enum spk_md md, struct spk_span prk,
                                           const struct spk_span *info, size_t n,
                                           struct spk_mut ret_out);

#endif
