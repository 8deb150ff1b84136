/* SPDX-License-Identifier: Apache-2.0 */
/* CryptExportKey. */
#include <string.h>

#include "cryptoapi/blob.h"
#include "cryptoapi/crypt.h"
#include "cryptoapi/dss.h"
#include "cryptoapi/schannel.h"
#include "keyblob/anyblob.h"
#include "keyblob/anysimple.h"
#include "keyblob/ffblob.h"

#define EXPORT_FLAGS                                                                               \
    (CRYPT_Y_ONLY | CRYPT_SSL2_FALLBACK | CRYPT_DESTROYKEY | CRYPT_OAEP | CRYPT_BLOB_VER3)

spk_err
capi_put_header(struct spk_buf *b, uint8_t type, ALG_ID alg)
{
    SPK_TRY(spk_buf_u8(b, type));
    SPK_TRY(spk_buf_u8(b, CUR_BLOB_VERSION));
    SPK_TRY(spk_buf_u16le(b, 0));
    return spk_buf_u32le(b, alg);
}

DWORD
capi_wrap_kind(ALG_ID kek, ALG_ID key, enum spk_symwrap_kind *ret_kind)
{
    CAPI_CHECK(kek == key && (kek == CALG_3DES || kek == CALG_RC2), NTE_BAD_TYPE);
    *ret_kind = kek == CALG_3DES ? SPK_SYMWRAP_3DES : SPK_SYMWRAP_RC2;
    return ERROR_SUCCESS;
}

DWORD
capi_key_aside(const struct capi_key *k, struct capi_key **ret_copy)
{
    CAPI_AUTO_KEY copy = NULL;
    CAPI_TRY(
        capi_key_session(capi_owner(&k->obj), k->alg, spk_secret_span(k->secret), false, &copy));
    memcpy(copy->salt, k->salt, sizeof copy->salt);
    memcpy(copy->iv, k->iv, sizeof copy->iv);
    copy->salt_len = k->salt_len;
    copy->rc2_bits = k->rc2_bits;
    copy->mode = k->mode;
    capi_key_restart(copy);
    *ret_copy = SPK_STEAL(copy);
    return ERROR_SUCCESS;
}

/* One export: the key, the key that it is to be under or NULL, and where the BLOB goes. */
struct job {
    struct capi_key *k, *under;
    DWORD flags;
    struct spk_buf *out;
};

/* A master key goes to the other side before it is mixed with the randoms, never afterwards. */
static DWORD
check_master(const struct capi_key *k)
{
    return k->master == NULL || k->master->secret == NULL ? ERROR_SUCCESS : NTE_BAD_KEY_STATE;
}

static DWORD
simple(const struct job *j)
{
    uint8_t cipher[SPK_ANYRSA_MAX_LEN];
    CAPI_CHECK(j->k->secret != NULL, NTE_BAD_KEY);
    CAPI_CHECK((j->flags & CRYPT_SSL2_FALLBACK) == 0, NTE_BAD_KEY); /* no such key is made here */
    CAPI_CHECK(j->under != NULL, NTE_NO_KEY);
    CAPI_CHECK(j->under->rsa != NULL && j->under->alg == CALG_RSA_KEYX, NTE_BAD_KEY);
    CAPI_CHECK((j->k->permissions & CRYPT_EXPORT) != 0, NTE_BAD_KEY_STATE);
    CAPI_TRY(check_master(j->k));
    CAPI_TRY(capi_rsa_encrypt(j->under, j->flags, spk_secret_span(j->k->secret), cipher));
    CAPI_TRY(capi_code(capi_put_header(j->out, SIMPLEBLOB, j->k->alg), NTE_FAIL));
    CAPI_TRY(capi_code(spk_buf_u32le(j->out, CALG_RSA_KEYX), NTE_FAIL));
    return capi_code(spk_buf_add(j->out, spk_span(cipher, spk_anyrsa_len(j->under->rsa))),
                     NTE_FAIL);
}

static uint8_t
ff_version(const struct job *j)
{
    return (j->flags & CRYPT_BLOB_VER3) != 0 ? SPK_FFBLOB_VERSION : CUR_BLOB_VERSION;
}

static DWORD
public_key(const struct job *j)
{
    CAPI_CHECK(j->under == NULL, NTE_BAD_KEY);
    if (j->k->ff != NULL) {
        return capi_code(spk_ffblob_public(j->k->ff, j->k->alg, ff_version(j), j->out), NTE_FAIL);
    }
    CAPI_CHECK(j->k->rsa != NULL, NTE_BAD_KEY);
    return capi_code(spk_anyblob_public(j->k->rsa, j->k->alg, j->out), NTE_FAIL);
}

/* Everything behind the header goes through the session key, as CryptEncrypt would do it. */
static DWORD
encrypt_tail(const struct job *j, struct spk_span blob)
{
    CAPI_AUTO_KEY aside = NULL;
    size_t len = blob.len - CAPI_HEADER_LEN, need = 0;
    uint8_t *dst = NULL;
    CAPI_TRY(capi_key_aside(j->under, &aside));
    CAPI_TRY(capi_session_size(aside, true, len, &need));
    CAPI_TRY(capi_code(spk_buf_add(j->out, spk_span(blob.ptr, CAPI_HEADER_LEN)), NTE_FAIL));
    CAPI_TRY(capi_code(spk_buf_grow(j->out, need, &dst), NTE_FAIL));
    memcpy(dst, blob.ptr + CAPI_HEADER_LEN, len);
    return capi_session_encrypt(aside, true, dst, len);
}

static DWORD
private_blob(const struct job *j, struct spk_secret **ret_blob)
{
    if (j->k->ff != NULL) {
        return capi_code(spk_ffblob_private(j->k->ff, j->k->alg, ff_version(j), ret_blob),
                         NTE_FAIL);
    }
    return capi_code(spk_anyblob_private(j->k->rsa, j->k->alg, ret_blob), NTE_FAIL);
}

static DWORD
private_key(const struct job *j)
{
    SPK_AUTO(spk_secret) blob = NULL;
    CAPI_CHECK(j->k->ff != NULL ? spk_ffkey_is_pair(j->k->ff)
                                : j->k->rsa != NULL && spk_anyrsa_is_pair(j->k->rsa),
               NTE_BAD_KEY);
    CAPI_CHECK((j->k->permissions & CRYPT_EXPORT) != 0 || j->k->archivable, NTE_BAD_KEY_STATE);
    CAPI_CHECK(j->under == NULL || j->under->secret != NULL, NTE_BAD_KEY);
    CAPI_TRY(private_blob(j, &blob));
    if (j->under != NULL) {
        return encrypt_tail(j, spk_secret_span(blob));
    }
    return capi_code(spk_buf_add(j->out, spk_secret_span(blob)), NTE_FAIL);
}

static DWORD
check_session(const struct job *j)
{
    CAPI_CHECK(j->k->secret != NULL, NTE_BAD_KEY);
    CAPI_CHECK((j->k->permissions & CRYPT_EXPORT) != 0, NTE_BAD_KEY_STATE);
    return check_master(j->k);
}

static spk_err
put_plain(const struct job *j)
{
    struct spk_span key = spk_secret_span(j->k->secret);
    SPK_TRY(capi_put_header(j->out, PLAINTEXTKEYBLOB, j->k->alg));
    SPK_TRY(spk_buf_u32le(j->out, (uint32_t)key.len));
    return spk_buf_add(j->out, key);
}

static DWORD
plaintext(const struct job *j)
{
    CAPI_TRY(check_session(j));
    CAPI_CHECK(j->under == NULL, NTE_BAD_KEY);
    return capi_code(put_plain(j), NTE_FAIL);
}

/* Our own: the key with the state that other BLOBs lose (doc/spec/key-blobs.md). */
static spk_err
put_opaque(const struct job *j)
{
    const struct capi_key *k = j->k;
    const struct spk_plainkey o = {.alg = k->alg,
                                   .key = spk_secret_span(k->secret),
                                   .opaque = true,
                                   .mode = k->mode,
                                   .mode_bits = k->mode_bits,
                                   .rc2_bits = k->rc2_bits,
                                   .salt = spk_span(k->salt, k->salt_len),
                                   .iv = SPK_SPAN_OF(k->iv),
                                   .chain = SPK_SPAN_OF(k->chain)};
    return spk_opaque_build(&o, j->out);
}

static DWORD
opaque(const struct job *j)
{
    enum spk_cipher_alg cipher;
    CAPI_TRY(check_session(j));
    CAPI_CHECK(j->under == NULL, NTE_BAD_KEY);
    CAPI_CHECK(capi_cipher_of(j->k->alg, &cipher) == ERROR_SUCCESS, NTE_BAD_TYPE);
    return capi_code(put_opaque(j), NTE_FAIL);
}

static DWORD
wrapped(const struct job *j)
{
    enum spk_symwrap_kind kind;
    struct spk_cipher *kek = NULL;
    CAPI_AUTO_KEY aside = NULL;
    CAPI_TRY(check_session(j));
    CAPI_CHECK(j->under != NULL, NTE_NO_KEY);
    CAPI_CHECK(j->under->secret != NULL, NTE_BAD_KEY);
    CAPI_TRY(capi_wrap_kind(j->under->alg, j->k->alg, &kind));
    CAPI_TRY(capi_key_aside(j->under, &aside));
    CAPI_TRY(capi_key_cipher(aside, &kek));
    CAPI_TRY(capi_code(capi_put_header(j->out, SYMMETRICWRAPKEYBLOB, j->k->alg), NTE_FAIL));
    CAPI_TRY(capi_code(spk_buf_u32le(j->out, j->under->alg), NTE_FAIL));
    return capi_code(spk_symwrap(kek, kind, spk_secret_span(j->k->secret), NULL, j->out),
                     NTE_BAD_LEN);
}

static DWORD
build(const struct job *j, DWORD type)
{
    switch (type) {
    case SIMPLEBLOB:
        return simple(j);
    case PUBLICKEYBLOB:
        return public_key(j);
    case PRIVATEKEYBLOB:
        return private_key(j);
    case PLAINTEXTKEYBLOB:
        return plaintext(j);
    case OPAQUEKEYBLOB:
        return opaque(j);
    case SYMMETRICWRAPKEYBLOB:
        return wrapped(j);
    default:
        return NTE_BAD_TYPE;
    }
}

/* A copy of the other key's fields that are needed, so that two locks are never held at once. */
static DWORD
copy_under(HCRYPTKEY under, struct capi_key **ret_copy)
{
    CAPI_AUTO_KEY u = NULL;
    CAPI_TRY(capi_key_get(under, &u));
    CAPI_LOCK(&u->obj);
    if (u->secret != NULL) {
        return capi_key_aside(u, ret_copy);
    }
    const struct capi_pair pair = {.rsa = u->rsa, .ff = u->ff};
    CAPI_TRY(capi_key_pair(capi_owner(&u->obj), u->alg, &pair, ret_copy));
    return u->label == NULL ? ERROR_SUCCESS
                            : capi_code(spk_secret_dup(u->label, &(*ret_copy)->label), NTE_FAIL);
}

struct out {
    BYTE *data;
    DWORD *len;
};

static DWORD
export_key(HCRYPTKEY key, HCRYPTKEY under, DWORD type, DWORD flags, struct out out)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(CAPI_BLOB_MAX);
    CAPI_AUTO_KEY k = NULL;
    CAPI_AUTO_KEY u = NULL;
    CAPI_TRY(capi_key_get(key, &k));
    CAPI_CHECK(out.len != NULL, ERROR_INVALID_PARAMETER);
    CAPI_CHECK((flags & ~EXPORT_FLAGS) == 0, NTE_BAD_FLAGS);
    if (under != 0) {
        CAPI_TRY(copy_under(under, &u));
    }
    const struct job j = {k, u, flags, &b};
    {
        CAPI_LOCK(&k->obj);
        CAPI_TRY(build(&j, type));
    }
    CAPI_TRY(capi_answer(spk_buf_span(&b), out.data, out.len));
    if (type == OPAQUEKEYBLOB && (flags & CRYPT_DESTROYKEY) != 0 && out.data != NULL) {
        return capi_handle_close(key, CAPI_KEY);
    }
    return ERROR_SUCCESS;
}

BOOL WINAPI
CryptExportKey(HCRYPTKEY hKey, HCRYPTKEY hExpKey, DWORD dwBlobType, DWORD dwFlags, BYTE *pbData,
               DWORD *pdwDataLen)
{
    struct out out = {pbData, pdwDataLen};
    return capi_finish(export_key(hKey, hExpKey, dwBlobType, dwFlags, out));
}
