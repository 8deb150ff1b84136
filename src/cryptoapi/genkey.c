/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/genkey.h"

#include <string.h>

#include "crypto/rng.h"
#include "cryptoapi/dss.h"
#include "cryptoapi/schannel.h"
#include "cryptoapi/store.h"

#define GEN_FLAGS                                                                                  \
    (CRYPT_EXPORTABLE | CRYPT_USER_PROTECTED | CRYPT_CREATE_SALT | CRYPT_UPDATE_KEY |              \
     CRYPT_NO_SALT | CRYPT_PREGEN | CRYPT_SERVER | CRYPT_ARCHIVABLE |                              \
     CRYPT_FORCE_KEY_PROTECTION_HIGH)
#define BITS_OF(flags) ((flags) >> 16)
#define DEFAULT_SALT_BITS 40u
#define WIDE_SALT_BITS 56u

static bool
bits_allowed(const struct capi_alg *a, DWORD bits, DWORD *ret_bytes)
{
    switch (a->id) {
    case CALG_DES:
    case CALG_3DES_112:
    case CALG_3DES: {
        DWORD with_parity = a->def / 7 * 8;
        *ret_bytes = with_parity / 8;
        return bits == a->def || bits == with_parity;
    }
    default:
        *ret_bytes = bits / 8;
        return bits % 8 == 0 && bits >= a->min && bits <= a->max;
    }
}

DWORD
capi_key_length(const struct capi_provider *def, ALG_ID alg, DWORD bits, size_t *ret_len)
{
    enum spk_cipher_alg cipher;
    DWORD bytes = 0;
    const struct capi_alg *a = capi_provider_alg(def, alg);
    CAPI_CHECK(a != NULL, NTE_BAD_ALGID);
    CAPI_TRY(capi_cipher_of(alg, &cipher));
    if (!bits_allowed(a, bits == 0 ? a->def : bits, &bytes)) {
        bool des = cipher == SPK_CIPHER_DES || cipher == SPK_CIPHER_3DES;
        return des ? NTE_BAD_FLAGS : NTE_BAD_DATA;
    }
    *ret_len = bytes;
    return ERROR_SUCCESS;
}

size_t
capi_salt_length(const struct capi_key *k, DWORD flags, bool *ret_fill)
{
    enum capi_family family = capi_owner(&k->obj)->def->family;
    DWORD bits = capi_key_bits(k);
    *ret_fill = false;
    if (!capi_alg_salted(k->alg)) {
        return 0;
    }
    if ((flags & CRYPT_CREATE_SALT) != 0) {
        *ret_fill = true;
        bool salted =
            family != CAPI_ENHANCED && (bits == DEFAULT_SALT_BITS || bits == WIDE_SALT_BITS);
        return salted ? CAPI_SALT_STD : 0;
    }
    return bits == DEFAULT_SALT_BITS && (flags & CRYPT_NO_SALT) == 0 ? CAPI_SALT_STD : 0;
}

/* Random bytes of which none is zero. */
static spk_err
random_salt(struct spk_mut salt)
{
    SPK_TRY(spk_random(salt));
    for (size_t i = 0; i < salt.len; i++) {
        while (salt.ptr[i] == 0) {
            SPK_TRY(spk_random(spk_mut(salt.ptr + i, 1)));
        }
    }
    return SPK_OK;
}

/* Each byte of a DES key has an odd number of ones. */
static void
set_parity(struct spk_mut key)
{
    for (size_t i = 0; i < key.len; i++) {
        unsigned ones = (unsigned)__builtin_popcount(key.ptr[i] & 0xfeu);
        key.ptr[i] = (uint8_t)((key.ptr[i] & 0xfeu) | (~ones & 1u));
    }
}

static DWORD
gen_session(struct capi_prov *p, ALG_ID alg, DWORD flags, struct capi_key **ret_k)
{
    CAPI_AUTO_KEY k = NULL;
    SPK_AUTO(spk_secret) secret = NULL;
    enum spk_cipher_alg cipher;
    size_t len = 0;
    bool fill = false;
    CAPI_TRY(capi_cipher_of(alg, &cipher));
    CAPI_TRY(capi_key_length(p->def, alg, BITS_OF(flags), &len));
    CAPI_TRY(capi_code(spk_secret_random(len, &secret), NTE_FAIL));
    if (cipher == SPK_CIPHER_DES || cipher == SPK_CIPHER_3DES) {
        set_parity(spk_secret_mut(secret));
    }
    CAPI_TRY(
        capi_key_session(p, alg, spk_secret_span(secret), (flags & CRYPT_EXPORTABLE) != 0, &k));
    k->salt_len = capi_salt_length(k, flags, &fill);
    if (fill) {
        CAPI_TRY(capi_code(random_salt(spk_mut(k->salt, k->salt_len)), NTE_FAIL));
    }
    /* a cipher that is missing shows here */
    CAPI_TRY(capi_code(spk_cipher_there(cipher, len + k->salt_len), NTE_BAD_KEY));
    *ret_k = SPK_STEAL(k);
    return ERROR_SUCCESS;
}

static DWORD
pair_bits(const struct capi_prov *p, ALG_ID alg, DWORD flags, DWORD *ret_bits)
{
    const struct capi_alg *a = capi_provider_alg(p->def, alg);
    CAPI_CHECK(a != NULL, NTE_BAD_ALGID);
    DWORD bits = BITS_OF(flags) == 0 ? a->def : BITS_OF(flags);
    CAPI_CHECK(bits % 8 == 0 && bits >= a->min && bits <= a->max, NTE_BAD_DATA);
    *ret_bits = bits;
    return ERROR_SUCCESS;
}

static DWORD
gen_rsa(struct capi_prov *p, ALG_ID alg, DWORD flags, struct capi_key **ret_k)
{
    CAPI_AUTO_KEY k = NULL;
    CAPI_AUTO_PAIR pair = {.exportable = (flags & CRYPT_EXPORTABLE) != 0};
    DWORD bits = 0;
    CAPI_CHECK((flags & CRYPT_PREGEN) == 0, NTE_BAD_FLAGS);
    CAPI_TRY(pair_bits(p, alg, flags, &bits));
    CAPI_TRY(capi_code(spk_anyrsa_generate(bits, &pair.rsa), NTE_BAD_DATA));
    CAPI_TRY(capi_key_pair(p, alg, &pair, &k));
    k->archivable = (flags & CRYPT_ARCHIVABLE) != 0;
    CAPI_LOCK(&p->obj);
    CAPI_TRY(capi_store_put(p, capi_pair_spec(alg), &pair));
    *ret_k = SPK_STEAL(k);
    return ERROR_SUCCESS;
}

static DWORD
gen_pair(struct capi_prov *p, ALG_ID alg, DWORD flags, struct capi_key **ret_k)
{
    if ((flags & CRYPT_FORCE_KEY_PROTECTION_HIGH) != 0) {
        CAPI_CHECK(p->container != NULL && !p->silent, NTE_SILENT_CONTEXT);
    }
    return capi_alg_dss(alg) ? capi_dss_gen(p, alg, flags, ret_k) : gen_rsa(p, alg, flags, ret_k);
}

static DWORD
gen_key(HCRYPTPROV prov, ALG_ID alg, DWORD flags, HCRYPTKEY *ret_handle)
{
    CAPI_AUTO_PROV p = NULL;
    CAPI_AUTO_KEY k = NULL;
    CAPI_TRY(capi_prov_get(prov, &p));
    CAPI_CHECK(ret_handle != NULL, ERROR_INVALID_PARAMETER);
    CAPI_CHECK((flags & 0xffffu & ~GEN_FLAGS) == 0, NTE_BAD_FLAGS);
    alg = capi_pair_alg(p->def, alg);
    if (capi_pair_spec(alg) != 0 || capi_alg_dss(alg)) {
        CAPI_TRY(gen_pair(p, alg, flags, &k));
    } else if (capi_is_master(alg)) {
        CAPI_TRY(capi_schannel_gen(p, alg, flags, &k));
    } else {
        CAPI_TRY(gen_session(p, alg, flags, &k));
    }
    return capi_key_hand_out(SPK_STEAL(k), ret_handle);
}

BOOL WINAPI
CryptGenKey(HCRYPTPROV hProv, ALG_ID Algid, DWORD dwFlags, HCRYPTKEY *phKey)
{
    return capi_finish(gen_key(hProv, Algid, dwFlags, phKey));
}

static DWORD
user_key(HCRYPTPROV prov, DWORD spec, HCRYPTKEY *ret_handle)
{
    CAPI_AUTO_PROV p = NULL;
    CAPI_AUTO_KEY k = NULL;
    CAPI_AUTO_PAIR pair = {0};
    CAPI_TRY(capi_prov_get(prov, &p));
    CAPI_CHECK(ret_handle != NULL, ERROR_INVALID_PARAMETER);
    ALG_ID alg = capi_pair_alg(p->def, spec);
    spec = capi_pair_spec(alg);
    CAPI_CHECK(spec != 0 && alg == capi_pair_alg(p->def, spec), NTE_BAD_KEY);
    {
        CAPI_LOCK(&p->obj);
        CAPI_TRY(capi_store_get(p, spec, &pair));
    }
    CAPI_TRY(capi_key_pair(p, alg, &pair, &k));
    return capi_key_hand_out(SPK_STEAL(k), ret_handle);
}

BOOL WINAPI
CryptGetUserKey(HCRYPTPROV hProv, DWORD dwKeySpec, HCRYPTKEY *phUserKey)
{
    return capi_finish(user_key(hProv, dwKeySpec, phUserKey));
}

static DWORD
gen_random(HCRYPTPROV prov, DWORD len, BYTE *out)
{
    CAPI_AUTO_PROV p = NULL;
    CAPI_TRY(capi_prov_get(prov, &p));
    CAPI_CHECK(out != NULL || len == 0, ERROR_INVALID_PARAMETER);
    return len == 0 ? ERROR_SUCCESS : capi_code(spk_random(spk_mut(out, len)), NTE_FAIL);
}

BOOL WINAPI
CryptGenRandom(HCRYPTPROV hProv, DWORD dwLen, BYTE *pbBuffer)
{
    return capi_finish(gen_random(hProv, dwLen, pbBuffer));
}

BOOLEAN WINAPI
SystemFunction036(PVOID RandomBuffer, ULONG RandomBufferLength)
{
    if (RandomBufferLength == 0) {
        return TRUE;
    }
    return RandomBuffer != NULL && spk_ok(spk_random(spk_mut(RandomBuffer, RandomBufferLength)));
}
