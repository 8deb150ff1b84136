/* SPDX-License-Identifier: Apache-2.0 */
/* CryptGetKeyParam and CryptSetKeyParam. */
#include <string.h>

#include "cryptoapi/dss.h"
#include "cryptoapi/schannel.h"

#define RC2_BITS_MAX 1024u
#define BASE_RC2_BITS 40u
#define LABEL_MAX 4096u

static DWORD
get_salt(const struct capi_key *k, BYTE *data, DWORD *len)
{
    CAPI_CHECK(k->rsa == NULL, NTE_BAD_KEY);
    bool aes = k->alg == CALG_AES_128 || k->alg == CALG_AES_192 || k->alg == CALG_AES_256;
    CAPI_CHECK(aes || capi_alg_salted(k->alg), NTE_BAD_KEY);
    return capi_answer(spk_span(k->salt, k->salt_len), data, len);
}

static DWORD
get_rsa(const struct capi_key *k, DWORD param, BYTE *data, DWORD *len)
{
    DWORD bits = (DWORD)(spk_anyrsa_len(k->rsa) * 8);
    switch (param) {
    case KP_BLOCKLEN:
    case KP_KEYLEN:
    case KP_EFFECTIVE_KEYLEN:
        return capi_answer_dword(bits, data, len);
    case KP_MODE:
    case KP_MODE_BITS:
        return capi_answer_dword(0, data, len);
    default:
        return NTE_BAD_TYPE;
    }
}

static DWORD
get_session(const struct capi_key *k, DWORD param, BYTE *data, DWORD *len)
{
    switch (param) {
    case KP_IV:
        return capi_answer(spk_span(k->iv, capi_key_block(k)), data, len);
    case KP_MODE:
        return capi_answer_dword(k->mode, data, len);
    case KP_MODE_BITS:
        return capi_answer_dword(k->mode_bits, data, len);
    case KP_BLOCKLEN:
        return capi_answer_dword((DWORD)(capi_key_block(k) * 8), data, len);
    case KP_KEYLEN:
        return capi_answer_dword(capi_key_bits(k), data, len);
    case KP_EFFECTIVE_KEYLEN:
        return capi_answer_dword(k->alg == CALG_RC2 ? k->rc2_bits : capi_key_bits(k), data, len);
    default:
        return NTE_BAD_TYPE;
    }
}

static DWORD
get_param(HCRYPTKEY handle, DWORD param, BYTE *data, DWORD *len, DWORD flags)
{
    CAPI_AUTO_KEY k = NULL;
    CAPI_TRY(capi_key_get(handle, &k));
    CAPI_CHECK(len != NULL, ERROR_INVALID_PARAMETER);
    CAPI_CHECK(flags == 0, NTE_BAD_FLAGS);
    CAPI_LOCK(&k->obj);
    switch (param) {
    case KP_ALGID:
        return capi_answer_dword(k->alg, data, len);
    case KP_PERMISSIONS:
        return capi_answer_dword(k->permissions, data, len);
    case KP_PADDING:
        return capi_answer_dword(PKCS5_PADDING, data, len);
    case KP_SALT:
        return get_salt(k, data, len);
    default:
        break;
    }
    if (k->secret != NULL) {
        return get_session(k, param, data, len);
    }
    return k->rsa != NULL ? get_rsa(k, param, data, len) : capi_dss_get(k, param, data, len);
}

BOOL WINAPI
CryptGetKeyParam(HCRYPTKEY hKey, DWORD dwParam, BYTE *pbData, DWORD *pdwDataLen, DWORD dwFlags)
{
    return capi_finish(get_param(hKey, dwParam, pbData, pdwDataLen, dwFlags));
}

static DWORD
dword_at(const BYTE *data)
{
    DWORD v = 0;
    memcpy(&v, data, sizeof v);
    return v;
}

static DWORD
set_iv(struct capi_key *k, const BYTE *data)
{
    memcpy(k->iv, data, capi_key_block(k));
    memcpy(k->chain, k->iv, sizeof k->chain);
    return ERROR_SUCCESS;
}

/* No length comes along: the enhanced provider takes as much as the key has, others the standard.
 */
static DWORD
set_salt(struct capi_key *k, const BYTE *data)
{
    CAPI_CHECK(k->rsa == NULL && capi_alg_salted(k->alg), NTE_BAD_KEY);
    if (capi_owner(&k->obj)->def->family != CAPI_ENHANCED) {
        k->salt_len = CAPI_SALT_STD;
    }
    memcpy(k->salt, data, k->salt_len);
    capi_key_rekey(k);
    return ERROR_SUCCESS;
}

static DWORD
set_salt_ex(struct capi_key *k, const BYTE *data)
{
    CRYPT_INTEGER_BLOB b;
    memcpy(&b, data, sizeof b);
    CAPI_CHECK(k->rsa == NULL && capi_alg_salted(k->alg), NTE_BAD_KEY);
    CAPI_CHECK(b.cbData <= CAPI_SALT_MAX, NTE_BAD_DATA);
    CAPI_CHECK(b.pbData != NULL || b.cbData == 0, ERROR_INVALID_PARAMETER);
    if (b.cbData != 0) {
        memcpy(k->salt, b.pbData, b.cbData);
    }
    k->salt_len = b.cbData;
    capi_key_rekey(k);
    return ERROR_SUCCESS;
}

static DWORD
set_mode(struct capi_key *k, DWORD mode)
{
    CAPI_CHECK(mode == CRYPT_MODE_CBC || mode == CRYPT_MODE_ECB || mode == CRYPT_MODE_OFB ||
                   mode == CRYPT_MODE_CFB,
               NTE_BAD_DATA);
    if (capi_key_block(k) != 0) {
        k->mode = mode;
    }
    return ERROR_SUCCESS;
}

static DWORD
set_permissions(struct capi_key *k, DWORD permissions)
{
    CAPI_CHECK((permissions & CRYPT_EXPORT) == 0 || (k->permissions & CRYPT_EXPORT) != 0,
               NTE_BAD_DATA);
    k->permissions = permissions | (k->permissions & CRYPT_EXPORT); /* that one stays */
    return ERROR_SUCCESS;
}

/* A refused value still leaves the base provider's only one behind. */
static DWORD
set_effective(struct capi_key *k, DWORD bits)
{
    CAPI_CHECK(k->alg == CALG_RC2, NTE_BAD_TYPE);
    bool base = capi_owner(&k->obj)->def->family == CAPI_BASE;
    DWORD code = ERROR_SUCCESS;
    if (base && bits != BASE_RC2_BITS) {
        bits = BASE_RC2_BITS;
        code = NTE_BAD_DATA;
    }
    CAPI_CHECK(bits >= 1 && bits <= RC2_BITS_MAX, NTE_BAD_DATA);
    k->rc2_bits = bits;
    capi_key_rekey(k);
    return code;
}

static DWORD
set_label(struct capi_key *k, const BYTE *data)
{
    CRYPT_DATA_BLOB b;
    struct spk_secret *label = NULL;
    memcpy(&b, data, sizeof b);
    CAPI_CHECK(k->rsa != NULL, NTE_BAD_TYPE);
    CAPI_CHECK(b.cbData <= LABEL_MAX, NTE_BAD_LEN);
    CAPI_CHECK(b.pbData != NULL || b.cbData == 0, ERROR_INVALID_PARAMETER);
    if (b.cbData != 0) {
        CAPI_TRY(capi_code(spk_secret_from(spk_span(b.pbData, b.cbData), &label), NTE_FAIL));
    }
    spk_secret_free(k->label);
    k->label = label;
    return ERROR_SUCCESS;
}

static DWORD
set_session(struct capi_key *k, DWORD param, const BYTE *data)
{
    if (k->master != NULL) {
        return capi_master_set(k, param, data);
    }
    switch (param) {
    case KP_IV:
        return set_iv(k, data);
    case KP_PADDING:
        return dword_at(data) == PKCS5_PADDING ? ERROR_SUCCESS : NTE_BAD_DATA;
    case KP_MODE:
        return set_mode(k, dword_at(data));
    case KP_MODE_BITS:
        k->mode_bits = dword_at(data);
        return ERROR_SUCCESS;
    case KP_EFFECTIVE_KEYLEN:
        return set_effective(k, dword_at(data));
    default:
        return NTE_BAD_TYPE;
    }
}

static DWORD
set_param(HCRYPTKEY handle, DWORD param, const BYTE *data, DWORD flags)
{
    CAPI_AUTO_KEY k = NULL;
    CAPI_TRY(capi_key_get(handle, &k));
    CAPI_LOCK(&k->obj);
    bool making = k->ff != NULL || k->pregen != NULL; /* KP_X without data makes one up */
    CAPI_CHECK(data != NULL || (making && param == KP_X), ERROR_INVALID_PARAMETER);
    if (k->agreed != NULL && param == KP_ALGID) {
        return capi_agreed_become(k, dword_at(data), flags);
    }
    CAPI_CHECK(flags == 0, NTE_BAD_FLAGS);
    switch (param) {
    case KP_PERMISSIONS:
        return set_permissions(k, dword_at(data));
    case KP_SALT:
        return set_salt(k, data);
    case KP_SALT_EX:
        return set_salt_ex(k, data);
    case KP_OAEP_PARAMS:
        return set_label(k, data);
    default:
        break;
    }
    if (k->secret != NULL) {
        return set_session(k, param, data);
    }
    return making ? capi_dss_set(k, param, data) : NTE_BAD_TYPE;
}

BOOL WINAPI
CryptSetKeyParam(HCRYPTKEY hKey, DWORD dwParam, const BYTE *pbData, DWORD dwFlags)
{
    return capi_finish(set_param(hKey, dwParam, pbData, dwFlags));
}
