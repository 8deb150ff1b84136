/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/dh.h"

#include <openssl/core_names.h>

#include "crypto/ffkey_int.h"

#define OLD_BITS 1024
#define OLD_Q_BITS 160
#define Q_BITS 256

spk_err
spk_dh_generate(unsigned bits, struct spk_ffkey **ret_key)
{
    SPK_CHECK(bits >= SPK_FF_MIN_BITS && bits <= SPK_FF_MAX_BITS, LIMIT);
    SPK_CHECK(bits % SPK_DH_STEP_BITS == 0, LIMIT);
    return spk_ffkey_generate(bits, bits <= OLD_BITS ? OLD_Q_BITS : Q_BITS, ret_key);
}

static spk_err
derive(EVP_PKEY *own, EVP_PKEY *peer, struct spk_mut z)
{
    SPK_OSSL_SCOPE;
    SPK_AUTO_PKEY_CTX c = EVP_PKEY_CTX_new_from_pkey(spk_ossl_lib(), own, NULL);
    unsigned pad = 1; /* z keeps its leading zeros */
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_uint(OSSL_EXCHANGE_PARAM_PAD, &pad),
                                 OSSL_PARAM_construct_end()};
    size_t len = z.len;
    SPK_OSSL(c != NULL && EVP_PKEY_derive_init_ex(c, params) == 1);
    SPK_OSSL(EVP_PKEY_derive_set_peer_ex(c, peer, 0) == 1); /* its y has been checked */
    SPK_OSSL(EVP_PKEY_derive(c, z.ptr, &len) == 1 && len == z.len);
    return SPK_OK;
}

spk_err
spk_dh_agree(const struct spk_ffkey *pair, struct spk_span y, struct spk_secret **ret_z)
{
    SPK_AUTO(spk_ffkey) other = NULL;
    SPK_AUTO(spk_secret) z = NULL;
    SPK_AUTO_PKEY own = NULL;
    SPK_AUTO_PKEY peer = NULL;
    struct spk_ff_parts s;
    SPK_CHECK(spk_ffkey_is_pair(pair), USAGE);
    spk_ffkey_parts(pair, &s);
    const char *type = s.q.len != 0 ? "DHX" : "DH";
    s.y = y;
    s.x = SPK_SPAN_EMPTY;
    SPK_TRY(spk_ffkey_from_parts(&s, &other));
    SPK_TRY(spk_ffkey_pkey(pair, type, &own));
    SPK_TRY(spk_ffkey_pkey(other, type, &peer));
    SPK_TRY(spk_secret_new(s.p.len, &z));
    SPK_TRY(derive(own, peer, spk_secret_mut(z)));
    *ret_z = SPK_STEAL(z);
    return SPK_OK;
}
