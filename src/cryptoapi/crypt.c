/* SPDX-License-Identifier: Apache-2.0 */
/* CryptEncrypt and CryptDecrypt. */
#include "cryptoapi/crypt.h"

#include <string.h>

#include "crypto/rsapad.h"
#include "cryptoapi/hash.h"

static DWORD
mode_of(const struct capi_key *k, enum spk_cipher_mode *ret_mode)
{
    switch (k->mode) {
    case CRYPT_MODE_CBC:
        *ret_mode = SPK_MODE_CBC;
        return ERROR_SUCCESS;
    case CRYPT_MODE_ECB:
    case 0: /* of a stream cipher, which has none */
        *ret_mode = SPK_MODE_ECB;
        return ERROR_SUCCESS;
    case CRYPT_MODE_CFB:
        *ret_mode = SPK_MODE_CFB8;
        return ERROR_SUCCESS;
    default: /* can be set, as on Windows, but nothing works with it */
        return NTE_BAD_ALGID;
    }
}

DWORD
capi_session_size(const struct capi_key *k, bool final, size_t len, size_t *ret_need)
{
    enum spk_cipher_mode mode;
    enum spk_cipher_alg alg;
    size_t block = capi_key_block(k);
    CAPI_TRY(capi_cipher_of(k->alg, &alg));
    CAPI_TRY(mode_of(k, &mode));
    CAPI_CHECK(!capi_key_oversize(k), NTE_BAD_KEY);
    if (block == 0) {
        *ret_need = len;
        return ERROR_SUCCESS;
    }
    CAPI_CHECK(final || len % block == 0, NTE_BAD_DATA);
    *ret_need = final ? (len / block + 1) * block : len;
    CAPI_CHECK(*ret_need <= UINT32_MAX, NTE_BAD_LEN);
    return ERROR_SUCCESS;
}

static DWORD
run(struct capi_key *k, bool encrypt, struct spk_mut data)
{
    struct spk_cipher *cipher = NULL;
    struct spk_cipher_op op = {.encrypt = encrypt, .chain = k->chain};
    CAPI_TRY(mode_of(k, &op.mode));
    CAPI_TRY(capi_key_cipher(k, &cipher));
    return capi_code(spk_cipher_run(cipher, &op, data), NTE_FAIL);
}

DWORD
capi_session_encrypt(struct capi_key *k, bool final, uint8_t *data, size_t len)
{
    size_t block = capi_key_block(k);
    if (final && block != 0) {
        size_t pad = block - len % block;
        memset(data + len, (int)pad, pad);
        len += pad;
    }
    CAPI_TRY(run(k, true, spk_mut(data, len)));
    if (final) {
        capi_key_restart(k);
    }
    return ERROR_SUCCESS;
}

/* Every byte of the padding counts, however it is wrong. */
static bool
padding_ok(const uint8_t *last_block, size_t block, size_t *ret_pad)
{
    size_t pad = last_block[block - 1];
    bool ok = pad >= 1 && pad <= block;
    for (size_t i = 0; ok && i < pad; i++) {
        ok = last_block[block - 1 - i] == pad;
    }
    *ret_pad = pad;
    return ok;
}

DWORD
capi_session_decrypt(struct capi_key *k, bool final, uint8_t *data, size_t *len)
{
    size_t block = capi_key_block(k), pad = 0;
    CAPI_CHECK(!final || *len != 0, NTE_BAD_LEN);
    CAPI_CHECK(block == 0 || *len % block == 0, NTE_BAD_DATA);
    CAPI_TRY(run(k, false, spk_mut(data, *len)));
    if (!final) {
        return ERROR_SUCCESS;
    }
    capi_key_restart(k);
    if (block != 0) {
        CAPI_CHECK(padding_ok(data + *len - block, block, &pad), NTE_BAD_DATA);
    }
    *len -= pad;
    return ERROR_SUCCESS;
}

/* Handles and data of one call. */
struct job {
    struct capi_key *k;
    struct capi_hash *h; /* or NULL */
    bool final;
    DWORD flags;
    BYTE *data;
    DWORD *len;
};

static DWORD
check_hash(struct capi_hash *h)
{
    if (h == NULL) {
        return ERROR_SUCCESS;
    }
    CAPI_LOCK(&h->obj);
    return h->finished ? NTE_BAD_HASH_STATE : ERROR_SUCCESS;
}

static DWORD
add_to_hash(struct capi_hash *h, struct spk_span data)
{
    if (h == NULL) {
        return ERROR_SUCCESS;
    }
    CAPI_LOCK(&h->obj);
    return capi_hash_add(h, data);
}

static DWORD
encrypt_rsa(const struct job *j, size_t cap)
{
    uint8_t le[SPK_ANYRSA_MAX_LEN];
    bool go = false;
    CAPI_CHECK(j->k->alg == CALG_RSA_KEYX, NTE_BAD_KEY);
    size_t k = spk_anyrsa_len(j->k->rsa), len = *j->len;
    DWORD have = (DWORD)cap;
    DWORD code = capi_room(k, j->data, &have, &go);
    if (code != ERROR_SUCCESS || !go) {
        *j->len = have;
        return code;
    }
    CAPI_CHECK(len <= cap, NTE_BAD_LEN);
    CAPI_TRY(capi_rsa_encrypt(j->k, j->flags, spk_span(j->data, len), le));
    CAPI_TRY(add_to_hash(j->h, spk_span(j->data, len)));
    memcpy(j->data, le, k);
    *j->len = (DWORD)k;
    return ERROR_SUCCESS;
}

static DWORD
encrypt_session(const struct job *j, size_t cap)
{
    size_t len = *j->len, need = 0;
    CAPI_TRY(capi_session_size(j->k, j->final, len, &need));
    if (j->data == NULL || cap < need) {
        *j->len = (DWORD)need;
        return j->data == NULL ? ERROR_SUCCESS : ERROR_MORE_DATA;
    }
    CAPI_TRY(add_to_hash(j->h, spk_span(j->data, len)));
    CAPI_TRY(capi_session_encrypt(j->k, j->final, j->data, len));
    *j->len = (DWORD)need;
    return ERROR_SUCCESS;
}

static DWORD
encrypt(struct job *j, HCRYPTKEY key, HCRYPTHASH hash, size_t cap)
{
    CAPI_AUTO_KEY k = NULL;
    CAPI_AUTO_HASH h = NULL;
    CAPI_TRY(capi_key_get(key, &k));
    if (hash != 0) {
        CAPI_TRY(capi_hash_get(hash, &h));
    }
    CAPI_CHECK(j->len != NULL, ERROR_INVALID_PARAMETER);
    CAPI_CHECK((j->flags & ~CRYPT_OAEP) == 0, NTE_BAD_FLAGS);
    CAPI_TRY(check_hash(h));
    j->k = k;
    j->h = h;
    CAPI_LOCK(&k->obj);
    CAPI_CHECK(k->rsa != NULL || k->secret != NULL, NTE_BAD_KEY);
    return k->rsa != NULL ? encrypt_rsa(j, cap) : encrypt_session(j, cap);
}

BOOL WINAPI
CryptEncrypt(HCRYPTKEY hKey, HCRYPTHASH hHash, BOOL Final, DWORD dwFlags, BYTE *pbData,
             DWORD *pdwDataLen, DWORD dwBufLen)
{
    struct job j = {NULL, NULL, Final != FALSE, dwFlags, pbData, pdwDataLen};
    return capi_finish(encrypt(&j, hKey, hHash, dwBufLen));
}

static DWORD
unpad_rsa(const struct job *j, struct spk_span em, uint8_t *msg, size_t *ret_len)
{
    if ((j->flags & CRYPT_DECRYPT_RSA_NO_PADDING_CHECK) != 0) {
        memcpy(msg, em.ptr, em.len);
        *ret_len = em.len;
        return ERROR_SUCCESS;
    }
    spk_err e = (j->flags & CRYPT_OAEP) != 0
                    ? spk_oaep_label_decode(em, capi_oaep_label(j->k), msg, ret_len)
                    : spk_type2_decode(em, msg, ret_len);
    return capi_code(e, NTE_BAD_DATA);
}

static DWORD
decrypt_rsa(const struct job *j)
{
    uint8_t em[SPK_ANYRSA_MAX_LEN], msg[SPK_ANYRSA_MAX_LEN];
    SPK_WIPE_ON_EXIT(em);
    SPK_WIPE_ON_EXIT(msg);
    size_t len = 0, k = spk_anyrsa_len(j->k->rsa);
    DWORD both = CRYPT_OAEP | CRYPT_DECRYPT_RSA_NO_PADDING_CHECK;
    CAPI_CHECK(j->k->alg == CALG_RSA_KEYX && spk_anyrsa_is_pair(j->k->rsa), NTE_BAD_KEY);
    CAPI_CHECK((j->flags & both) != both, NTE_BAD_FLAGS);
    CAPI_CHECK(*j->len != 0, NTE_BAD_LEN);
    CAPI_CHECK(*j->len == k, NTE_BAD_DATA);
    CAPI_TRY(capi_rsa_open(j->k, spk_span(j->data, k), em));
    CAPI_TRY(unpad_rsa(j, spk_span(em, k), msg, &len));
    CAPI_TRY(add_to_hash(j->h, spk_span(msg, len)));
    memcpy(j->data, msg, len);
    *j->len = (DWORD)len;
    return ERROR_SUCCESS;
}

static DWORD
decrypt_session(const struct job *j)
{
    size_t len = *j->len;
    CAPI_TRY(capi_session_decrypt(j->k, j->final, j->data, &len));
    CAPI_TRY(add_to_hash(j->h, spk_span(j->data, len)));
    *j->len = (DWORD)len;
    return ERROR_SUCCESS;
}

static DWORD
decrypt(struct job *j, HCRYPTKEY key, HCRYPTHASH hash)
{
    CAPI_AUTO_KEY k = NULL;
    CAPI_AUTO_HASH h = NULL;
    CAPI_TRY(capi_key_get(key, &k));
    if (hash != 0) {
        CAPI_TRY(capi_hash_get(hash, &h));
    }
    CAPI_CHECK(j->len != NULL && (j->data != NULL || *j->len == 0), ERROR_INVALID_PARAMETER);
    CAPI_CHECK((j->flags & ~(CRYPT_OAEP | CRYPT_DECRYPT_RSA_NO_PADDING_CHECK)) == 0, NTE_BAD_FLAGS);
    CAPI_TRY(check_hash(h));
    j->k = k;
    j->h = h;
    CAPI_LOCK(&k->obj);
    CAPI_CHECK(k->rsa != NULL || k->secret != NULL, NTE_BAD_KEY);
    return k->rsa != NULL ? decrypt_rsa(j) : decrypt_session(j);
}

BOOL WINAPI
CryptDecrypt(HCRYPTKEY hKey, HCRYPTHASH hHash, BOOL Final, DWORD dwFlags, BYTE *pbData,
             DWORD *pdwDataLen)
{
    struct job j = {NULL, NULL, Final != FALSE, dwFlags, pbData, pdwDataLen};
    return capi_finish(decrypt(&j, hKey, hHash));
}
