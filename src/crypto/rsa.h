/* SPDX-License-Identifier: Apache-2.0 */
/* RSA keys: public or whole pairs, in canonical form (SubjectPublicKeyInfo re-encoded from (N, e),
 * rsaEncryption with NULL), raw operations, PSS, and our own encoders for SIMPLEBLOB paddings.
 *
 * Accepted everywhere (doc/spec/key-blobs.md, "Keys that are accepted"): N odd, 2048 to 4096 bits,
 * a multiple of 8; e odd, 65537 <= e < 2^32. Anything else: SPK_CODE_LIMIT. */
#ifndef SPK_CRYPTO_RSA_H
#define SPK_CRYPTO_RSA_H

#include "base/buf.h"
#include "base/secret.h"
#include "crypto/hash.h"

#define SPK_RSA_MIN_BITS 2048
#define SPK_RSA_MAX_BITS 4096
#define SPK_RSA_DEFAULT_BITS 3072
#define SPK_RSA_MAX_LEN (SPK_RSA_MAX_BITS / 8)
#define SPK_SPKI_MAX_LEN 600 /* DER of a 4096-bit key is 550 bytes */

struct spk_rsa; /* immutable once made; safe to use from many threads */

/** A new pair, e = 65537. */
SPK_MUST_USE spk_err spk_rsa_generate(unsigned bits, struct spk_rsa **ret_key);

/* The numbers, big-endian without leading zeros. p..d empty: a public key.
 * dp, dq, qinv may be empty when p, q, d are given: they are computed. */
struct spk_rsa_parts {
    struct spk_span n, e, d, p, q, dp, dq, qinv;
};
/** Checks the bounds above and, for a pair, that the numbers fit together (p*q = N, e*d = 1 ...):
 * else SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_rsa_from_parts(const struct spk_rsa_parts *parts,
                                        struct spk_rsa **ret_key);
/** Borrowed numbers of the key, each padded to its natural fixed length (n, d: k bytes; p, q, dp,
 * dq, qinv: k/2). A public key has the private ones empty. */
void spk_rsa_parts(const struct spk_rsa *key, struct spk_rsa_parts *ret_parts);

/** DER SubjectPublicKeyInfo in; anything that is not canonical RSA after re-encoding is taken by
 * its (N, e) alone; other algorithms: SPK_CODE_VERSION; bad DER or trailing bytes: SPK_CODE_FORMAT.
 */
SPK_MUST_USE spk_err spk_rsa_from_spki(struct spk_span der, struct spk_rsa **ret_key);
/** Canonical DER, borrowed from the key. */
struct spk_span spk_rsa_spki(const struct spk_rsa *key);
/** H(canonical DER): the recipient field of slots, the name of an authority. */
const struct spk_hash *spk_rsa_id(const struct spk_rsa *key);
/** Modulus length k in bytes. */
size_t spk_rsa_len(const struct spk_rsa *key);
bool spk_rsa_is_pair(const struct spk_rsa *key);
/** The public half alone. */
SPK_MUST_USE spk_err spk_rsa_public(const struct spk_rsa *key, struct spk_rsa **ret_pub);
/** New reference to the same key (cheap). */
struct spk_rsa *spk_rsa_ref(struct spk_rsa *key);
void spk_rsa_free(struct spk_rsa *key);
SPK_DEFINE_AUTO(spk_rsa)

/** PKCS#8 DER of a pair, as secret: plain, or under a passphrase (PBES2, scrypt N=2^14 r=8 p=4,
 * AES-256-CBC: the most that `openssl pkey` reads). Read takes both; an encrypted one without or
 * with a wrong passphrase: SPK_CODE_PASS. Scrypt parameters above 2^17/8/4 are refused
 * (SPK_CODE_LIMIT). */
SPK_MUST_USE spk_err spk_rsa_to_pkcs8(const struct spk_rsa *key,
                                      const struct spk_secret *pass_or_null,
                                      struct spk_secret **ret_der);
SPK_MUST_USE spk_err spk_rsa_from_pkcs8(struct spk_span der, const struct spk_secret *pass_or_null,
                                        struct spk_rsa **ret_key);
/** True when der is an EncryptedPrivateKeyInfo (needs a passphrase). */
bool spk_pkcs8_is_encrypted(struct spk_span der);

/** m^e mod N; in and out are exactly k bytes, big-endian; m >= N: SPK_CODE_FORMAT. */
SPK_MUST_USE spk_err spk_rsa_raw_public(const struct spk_rsa *key, struct spk_span in,
                                        uint8_t *ret_out);
/** c^d mod N, blinded, constant time. Needs a pair. */
SPK_MUST_USE spk_err spk_rsa_raw_private(const struct spk_rsa *key, struct spk_span in,
                                         uint8_t *ret_out);

/** RSASSA-PSS, SHA-256, MGF1-SHA-256, salt 32 bytes. The message is the concatenation of parts. */
SPK_MUST_USE spk_err spk_rsa_sign(const struct spk_rsa *key, const struct spk_span *parts, size_t n,
                                  struct spk_buf *sig);
/** SPK_CODE_AUTH when it does not hold. */
SPK_MUST_USE spk_err spk_rsa_verify(const struct spk_rsa *key, const struct spk_span *parts,
                                    size_t n, struct spk_span sig);

#endif
