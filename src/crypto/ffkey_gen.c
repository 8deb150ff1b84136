/* SPDX-License-Identifier: Apache-2.0 */
/* Domain parameters: p, q and g of FIPS 186-2 up to 1024 bits, of FIPS 186-4 above. Diffie-Hellman
 * keys of X9.42 have the same ones. */
#include "crypto/ffkey_int.h"

#include <openssl/core_names.h>

#define OLD_Q_BITS 160
#define NUMBERS_MAX (SPK_FF_MAX_LEN * 3)

static spk_err
make_domain(unsigned p_bits, unsigned q_bits, EVP_PKEY **ret_pkey)
{
    SPK_OSSL_SCOPE;
    bool old = q_bits == OLD_Q_BITS;
    char type[] = "fips186_4", digest[] = "SHA256";
    char old_type[] = "fips186_2", old_digest[] = "SHA1";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_FFC_PBITS, &p_bits),
        OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_FFC_QBITS, &q_bits),
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_FFC_TYPE, old ? old_type : type, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_FFC_DIGEST, old ? old_digest : digest, 0),
        OSSL_PARAM_construct_end()};
    SPK_AUTO_PKEY_CTX c = EVP_PKEY_CTX_new_from_name(spk_ossl_lib(), "DSA", NULL);
    SPK_OSSL(c != NULL && EVP_PKEY_paramgen_init(c) == 1);
    SPK_OSSL(EVP_PKEY_CTX_set_params(c, params) == 1);
    SPK_OSSL(EVP_PKEY_generate(c, ret_pkey) == 1);
    return SPK_OK;
}

/* j = (p - 1) / q, which X9.42 writes down too. */
static spk_err
cofactor(struct spk_ff_parts *d, uint8_t ret_j[SPK_FF_MAX_LEN])
{
    SPK_OSSL_SCOPE;
    SPK_AUTO_BN_CTX ctx = BN_CTX_new_ex(spk_ossl_lib());
    SPK_AUTO_BN p = BN_bin2bn(d->p.ptr, (int)d->p.len, NULL);
    SPK_AUTO_BN q = BN_bin2bn(d->q.ptr, (int)d->q.len, NULL);
    SPK_OSSL(ctx != NULL && p != NULL && q != NULL);
    SPK_OSSL(BN_sub_word(p, 1) == 1 && BN_div(p, NULL, p, q, ctx) == 1);
    d->j = spk_span(ret_j, (size_t)BN_bn2bin(p, ret_j));
    return SPK_OK;
}

spk_err
spk_ffkey_generate(unsigned p_bits, unsigned q_bits, struct spk_ffkey **ret_key)
{
    SPK_AUTO_PKEY pkey = NULL;
    uint8_t bytes[NUMBERS_MAX], j[SPK_FF_MAX_LEN];
    struct spk_mut room = SPK_MUT_OF(bytes);
    struct spk_ff_parts d = {.seed = spk_ff_no_seed()};
    spk_ossl_start();
    SPK_TRY(make_domain(p_bits, q_bits, &pkey));
    SPK_TRY(spk_ossl_take_number(pkey, OSSL_PKEY_PARAM_FFC_P, &room, &d.p));
    SPK_TRY(spk_ossl_take_number(pkey, OSSL_PKEY_PARAM_FFC_Q, &room, &d.q));
    SPK_TRY(spk_ossl_take_number(pkey, OSSL_PKEY_PARAM_FFC_G, &room, &d.g));
    SPK_TRY(cofactor(&d, j));
    return spk_ffkey_new_pair(&d, ret_key);
}
