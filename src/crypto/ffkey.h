/* SPDX-License-Identifier: Apache-2.0 */
/* Keys modulo a prime p, y = g^x: those of DSA (FIPS 186-2) and of Diffie-Hellman (PKCS #3, and
 * X9.42 where the order q of g is known). For other programs' keys and data only. */
#ifndef SPK_CRYPTO_FFKEY_H
#define SPK_CRYPTO_FFKEY_H

#include "base/secret.h"
#include "base/span.h"

#define SPK_FF_MIN_BITS 512
#define SPK_FF_MAX_BITS 4096
#define SPK_FF_MAX_LEN ((size_t)SPK_FF_MAX_BITS / 8)
#define SPK_FF_Q_MIN_BITS 128
#define SPK_FF_SEED_LEN 20
#define SPK_FF_NO_SEED UINT32_MAX

/* What p and q were made from (FIPS 186-2, appendix 2.2); carried along, never used. */
struct spk_ff_seed {
    uint32_t counter; /* SPK_FF_NO_SEED: not known */
    uint8_t seed[SPK_FF_SEED_LEN];
};
static inline struct spk_ff_seed
spk_ff_no_seed(void)
{
    struct spk_ff_seed s = {.counter = SPK_FF_NO_SEED};
    for (size_t i = 0; i < SPK_FF_SEED_LEN; i++) {
        s.seed[i] = 0xff; /* as everyone writes one that is not known */
    }
    return s;
}
/* The numbers, big-endian; leading zeros do not count. */
struct spk_ff_parts {
    struct spk_span p, q, g; /* q empty: the order of g is not known */
    struct spk_span j;       /* (p - 1) / q, or empty */
    struct spk_span y, x;
    struct spk_ff_seed seed;
};

struct spk_ffkey; /* immutable once made; safe to use from many threads */

/** A public key from p, g and y; a pair from p, g and x, whose y is computed where it is empty.
 * SPK_CODE_LIMIT: a modulus out of the bounds; SPK_CODE_FORMAT: an even one, or numbers that do not
 * fit together (g or y of another order than q, y that is not g^x, j that is not (p - 1) / q). That
 * p and q are primes is believed: spk_ffkey_check_primes(). */
SPK_MUST_USE spk_err spk_ffkey_from_parts(const struct spk_ff_parts *parts,
                                          struct spk_ffkey **ret_key);
/** A new pair with these p, q, g, j and seed; y and x are not looked at. Errors as above. */
SPK_MUST_USE spk_err spk_ffkey_new_pair(const struct spk_ff_parts *domain,
                                        struct spk_ffkey **ret_key);
/** SPK_CODE_FORMAT when p or q is no prime. */
SPK_MUST_USE spk_err spk_ffkey_check_primes(const struct spk_ff_parts *domain);

/** Borrowed numbers without leading zeros; x has as many bytes as q, or as p where q is unknown. */
void spk_ffkey_parts(const struct spk_ffkey *key, struct spk_ff_parts *ret_parts);
/** Length of p in bytes. */
size_t spk_ffkey_len(const struct spk_ffkey *key);
bool spk_ffkey_is_pair(const struct spk_ffkey *key);
struct spk_ffkey *spk_ffkey_ref(struct spk_ffkey *key);
void spk_ffkey_free(struct spk_ffkey *key);
SPK_DEFINE_AUTO(spk_ffkey)

#endif
