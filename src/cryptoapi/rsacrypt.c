/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/crypt.h"

#include "crypto/rsapad.h"

static void
reverse(const uint8_t *src, size_t len, uint8_t *dst)
{
    for (size_t i = 0; i < len; i++) {
        dst[i] = src[len - 1 - i];
    }
}

struct spk_span
capi_oaep_label(const struct capi_key *k)
{
    return k->label != NULL ? spk_secret_span(k->label) : SPK_SPAN_EMPTY;
}

DWORD
capi_rsa_encrypt(const struct capi_key *k, DWORD flags, struct spk_span msg, uint8_t *ret_le)
{
    uint8_t em[SPK_ANYRSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(em);
    size_t len = spk_anyrsa_len(k->rsa);
    spk_err e = (flags & CRYPT_OAEP) != 0
                    ? spk_oaep_label_encode(msg, capi_oaep_label(k), spk_mut(em, len))
                    : spk_type2_encode(msg, spk_mut(em, len));
    CAPI_TRY(capi_code(e, NTE_BAD_LEN));
    CAPI_TRY(capi_code(spk_anyrsa_raw_public(k->rsa, spk_span(em, len), em), NTE_FAIL));
    reverse(em, len, ret_le);
    return ERROR_SUCCESS;
}

DWORD
capi_rsa_open(const struct capi_key *k, struct spk_span le, uint8_t *ret_em)
{
    uint8_t be[SPK_ANYRSA_MAX_LEN];
    reverse(le.ptr, le.len, be);
    return capi_code(spk_anyrsa_raw_private(k->rsa, spk_span(be, le.len), ret_em), NTE_BAD_DATA);
}
