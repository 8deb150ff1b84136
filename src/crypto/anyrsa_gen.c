/* SPDX-License-Identifier: Apache-2.0 */
/* Key generation. OpenSSL makes no RSA keys below 512 bits, so those are made here from two of its
 * primes; every larger one comes from its own generator. */
#include "crypto/anyrsa.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "crypto/rsa_int.h"

#define OSSL_MIN_BITS 512
#define NUMBERS_MAX (SPK_ANYRSA_MAX_LEN * 4)

static const uint8_t f4[] = {1, 0, 1};

static spk_err
generate_large(unsigned bits, struct spk_mut room, struct spk_rsa_parts *p)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO_PKEY pkey = EVP_RSA_gen(bits);
    SPK_OSSL(pkey != NULL);
    SPK_TRY(spk_ossl_take_number(pkey, OSSL_PKEY_PARAM_RSA_N, &room, &p->n));
    SPK_TRY(spk_ossl_take_number(pkey, OSSL_PKEY_PARAM_RSA_D, &room, &p->d));
    SPK_TRY(spk_ossl_take_number(pkey, OSSL_PKEY_PARAM_RSA_FACTOR1, &room, &p->p));
    return spk_ossl_take_number(pkey, OSSL_PKEY_PARAM_RSA_FACTOR2, &room, &p->q);
}

/* Two top bits are set, so that the product of two has its top bit; p - 1 has no factor e. */
static spk_err
make_prime(BIGNUM *p, int bits)
{
    SPK_OSSL_SCOPE;
    do {
        SPK_OSSL(BN_generate_prime_ex(p, bits, 0, NULL, NULL, NULL) == 1);
    } while (!BN_is_bit_set(p, bits - 2) || BN_mod_word(p, RSA_F4) == 1);
    return SPK_OK;
}

static spk_err
generate_small(unsigned bits, struct spk_mut room, struct spk_rsa_parts *p)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO_BN_CTX ctx = BN_CTX_new_ex(spk_ossl_lib());
    SPK_AUTO_BN prime1 = BN_new();
    SPK_AUTO_BN prime2 = BN_new();
    SPK_AUTO_BN n = BN_new();
    SPK_OSSL(ctx != NULL && prime1 != NULL && prime2 != NULL && n != NULL);
    int half = (int)(bits + 1) / 2;
    do {
        SPK_TRY(make_prime(prime1, half));
        SPK_TRY(make_prime(prime2, (int)bits - half));
        SPK_OSSL(BN_mul(n, prime1, prime2, ctx) == 1);
    } while (BN_ucmp(prime1, prime2) == 0 || BN_num_bits(n) != (int)bits);
    if (BN_ucmp(prime1, prime2) < 0) {
        BN_swap(prime1, prime2); /* p the larger one, as everyone has it */
    }
    SPK_TRY(spk_ossl_put_number(n, &room, &p->n));
    SPK_TRY(spk_ossl_put_number(prime1, &room, &p->p));
    return spk_ossl_put_number(prime2, &room, &p->q);
}

spk_err
spk_anyrsa_generate(unsigned bits, struct spk_anyrsa **ret_key)
{
    SPK_CHECK(bits >= SPK_ANYRSA_MIN_BITS && bits <= SPK_ANYRSA_MAX_BITS && bits % 8 == 0, LIMIT);
    spk_ossl_start();
    uint8_t bytes[NUMBERS_MAX];
    SPK_WIPE_ON_EXIT(bytes);
    struct spk_rsa_parts p = {.e = SPK_SPAN_OF(f4)};
    if (bits >= OSSL_MIN_BITS) {
        SPK_TRY(generate_large(bits, SPK_MUT_OF(bytes), &p));
    } else {
        SPK_TRY(generate_small(bits, SPK_MUT_OF(bytes), &p));
    }
    return spk_anyrsa_from_parts(&p, ret_key);
}
