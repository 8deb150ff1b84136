/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/key.h"

#include <string.h>

#include "cryptoapi/dss.h"
#include "cryptoapi/schannel.h"

static void
key_destroy(struct capi_object *o)
{
    struct capi_key *k = (struct capi_key *)(void *)o;
    spk_anyrsa_free(k->rsa);
    spk_ffkey_free(k->ff);
    capi_pregen_free(k->pregen);
    spk_secret_free(k->agreed);
    spk_secret_free(k->label);
    spk_secret_free(k->secret);
    capi_master_free(k->master);
    spk_cipher_free(k->cipher);
    spk_wipe(k, sizeof *k);
    spk_mem_free(k);
}

DWORD
capi_key_get(HCRYPTKEY handle, struct capi_key **ret_k)
{
    struct capi_object *o = NULL;
    CAPI_TRY(capi_handle_get(handle, CAPI_KEY, &o));
    *ret_k = (struct capi_key *)(void *)o;
    return ERROR_SUCCESS;
}

void
capi_key_put(struct capi_key *k)
{
    if (k != NULL) {
        capi_object_unref(&k->obj);
    }
}

static DWORD
key_new(struct capi_object *owner, ALG_ID alg, bool exportable, struct capi_key **ret_k)
{
    struct capi_key *k = spk_calloc(1, sizeof *k);
    CAPI_CHECK(k != NULL, NTE_NO_MEMORY);
    DWORD code = capi_object_init(&k->obj, CAPI_KEY, owner, key_destroy);
    if (code != ERROR_SUCCESS) {
        spk_mem_free(k);
        return code;
    }
    k->alg = alg;
    k->permissions = CAPI_PERMISSIONS | (exportable ? CRYPT_EXPORT : 0);
    *ret_k = k;
    return ERROR_SUCCESS;
}

DWORD
capi_key_new(struct capi_prov *p, ALG_ID alg, bool exportable, struct capi_key **ret_k)
{
    return key_new(&p->obj, alg, exportable, ret_k);
}

DWORD
capi_key_pair(struct capi_prov *p, ALG_ID alg, const struct capi_pair *pair,
              struct capi_key **ret_k)
{
    CAPI_TRY(key_new(&p->obj, alg, pair->exportable, ret_k));
    struct capi_pair own = capi_pair_ref(pair);
    (*ret_k)->rsa = own.rsa;
    (*ret_k)->ff = own.ff;
    return ERROR_SUCCESS;
}

DWORD
capi_key_session(struct capi_prov *p, ALG_ID alg, struct spk_span secret, bool exportable,
                 struct capi_key **ret_k)
{
    CAPI_AUTO_KEY k = NULL;
    CAPI_CHECK(secret.len >= 1 && secret.len <= CAPI_KEY_BYTES_MAX, NTE_BAD_DATA);
    CAPI_TRY(key_new(&p->obj, alg, exportable, &k));
    CAPI_TRY(capi_code(spk_secret_from(secret, &k->secret), NTE_BAD_DATA));
    k->mode = capi_key_block(k) == 0 ? 0 : CRYPT_MODE_CBC;
    k->rc2_bits = capi_key_bits(k);
    if (capi_is_master(alg)) {
        CAPI_TRY(capi_master_init(k));
    }
    *ret_k = SPK_STEAL(k);
    return ERROR_SUCCESS;
}

DWORD
capi_key_hand_out(struct capi_key *k, HCRYPTKEY *ret_handle)
{
    return capi_handle_open(&k->obj, ret_handle);
}

DWORD
capi_cipher_of(ALG_ID alg, enum spk_cipher_alg *ret_cipher)
{
    switch (alg) {
    case CALG_RC2:
        *ret_cipher = SPK_CIPHER_RC2;
        return ERROR_SUCCESS;
    case CALG_RC4:
        *ret_cipher = SPK_CIPHER_RC4;
        return ERROR_SUCCESS;
    case CALG_DES:
        *ret_cipher = SPK_CIPHER_DES;
        return ERROR_SUCCESS;
    case CALG_3DES:
    case CALG_3DES_112:
        *ret_cipher = SPK_CIPHER_3DES;
        return ERROR_SUCCESS;
    case CALG_AES_128:
    case CALG_AES_192:
    case CALG_AES_256:
        *ret_cipher = SPK_CIPHER_AES;
        return ERROR_SUCCESS;
    default:
        return NTE_BAD_ALGID;
    }
}

bool
capi_alg_salted(ALG_ID alg)
{
    return alg == CALG_RC2 || alg == CALG_RC4;
}

size_t
capi_key_block(const struct capi_key *k)
{
    enum spk_cipher_alg c;
    if (k->rsa != NULL || capi_cipher_of(k->alg, &c) != ERROR_SUCCESS) {
        return 0;
    }
    return c == SPK_CIPHER_RC4 ? 0 : spk_cipher_alg_block(c);
}

bool
capi_key_oversize(const struct capi_key *k)
{
    const struct capi_alg *a = capi_provider_alg(capi_owner(&k->obj)->def, k->alg);
    return k->alg == CALG_RC2 && a != NULL && capi_key_bits(k) > a->max;
}

static DWORD
make_cipher(struct capi_key *k)
{
    enum spk_cipher_alg alg;
    uint8_t material[SPK_CIPHER_KEY_MAX + CAPI_SALT_MAX];
    SPK_WIPE_ON_EXIT(material);
    struct spk_span s = spk_secret_span(k->secret);
    CAPI_TRY(capi_cipher_of(k->alg, &alg));
    CAPI_CHECK(s.len <= SPK_CIPHER_KEY_MAX, NTE_BAD_KEY);
    memcpy(material, s.ptr, s.len);
    memcpy(material + s.len, k->salt, k->salt_len);
    spk_err e =
        spk_cipher_new(alg, spk_span(material, s.len + k->salt_len), k->rc2_bits, &k->cipher);
    return capi_code(e, NTE_BAD_KEY);
}

DWORD
capi_key_cipher(struct capi_key *k, struct spk_cipher **ret_c)
{
    if (k->cipher == NULL) {
        CAPI_TRY(make_cipher(k));
    }
    *ret_c = k->cipher;
    return ERROR_SUCCESS;
}

void
capi_key_restart(struct capi_key *k)
{
    memcpy(k->chain, k->iv, sizeof k->chain);
    if (k->cipher != NULL) {
        spk_cipher_restart(k->cipher);
    }
}

void
capi_key_rekey(struct capi_key *k)
{
    memcpy(k->chain, k->iv, sizeof k->chain);
    spk_cipher_free(k->cipher);
    k->cipher = NULL;
}

BOOL WINAPI
CryptDestroyKey(HCRYPTKEY hKey)
{
    return capi_finish(capi_handle_close(hKey, CAPI_KEY));
}

/* Everything that a handle knows, running state too. */
static DWORD
copy_state(const struct capi_key *k, struct capi_key *copy)
{
    copy->permissions = k->permissions;
    copy->archivable = k->archivable;
    if (k->rsa != NULL) {
        copy->rsa = spk_anyrsa_ref(k->rsa);
    }
    copy->ff = spk_ffkey_ref(k->ff);
    if (k->pregen != NULL) {
        CAPI_TRY(capi_pregen_copy(k->pregen, &copy->pregen));
    }
    if (k->agreed != NULL) {
        CAPI_TRY(capi_code(spk_secret_dup(k->agreed, &copy->agreed), NTE_FAIL));
    }
    if (k->label != NULL) {
        CAPI_TRY(capi_code(spk_secret_dup(k->label, &copy->label), NTE_FAIL));
    }
    if (k->secret != NULL) {
        CAPI_TRY(capi_code(spk_secret_dup(k->secret, &copy->secret), NTE_FAIL));
    }
    if (k->master != NULL) {
        CAPI_TRY(capi_master_copy(k->master, &copy->master));
    }
    if (k->cipher != NULL) {
        CAPI_TRY(capi_code(spk_cipher_dup(k->cipher, &copy->cipher), NTE_FAIL));
    }
    memcpy(copy->salt, k->salt, sizeof copy->salt);
    memcpy(copy->iv, k->iv, sizeof copy->iv);
    memcpy(copy->chain, k->chain, sizeof copy->chain);
    copy->salt_len = k->salt_len;
    copy->rc2_bits = k->rc2_bits;
    copy->mode = k->mode;
    copy->mode_bits = k->mode_bits;
    return ERROR_SUCCESS;
}

static DWORD
duplicate(HCRYPTKEY handle, const DWORD *reserved, DWORD flags, HCRYPTKEY *ret_handle)
{
    CAPI_AUTO_KEY k = NULL;
    CAPI_AUTO_KEY copy = NULL;
    CAPI_TRY(capi_key_get(handle, &k));
    CAPI_CHECK(reserved == NULL && flags == 0 && ret_handle != NULL, ERROR_INVALID_PARAMETER);
    CAPI_LOCK(&k->obj);
    CAPI_TRY(key_new(k->obj.owner, k->alg, false, &copy));
    CAPI_TRY(copy_state(k, copy));
    return capi_key_hand_out(SPK_STEAL(copy), ret_handle);
}

BOOL WINAPI
CryptDuplicateKey(HCRYPTKEY hKey, DWORD *pdwReserved, DWORD dwFlags, HCRYPTKEY *phKey)
{
    return capi_finish(duplicate(hKey, pdwReserved, dwFlags, phKey));
}
