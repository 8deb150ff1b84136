/* SPDX-License-Identifier: Apache-2.0 */
/* CryptImportKey, but for SIMPLEBLOBs. */
#include "cryptoapi/import.h"

#include <string.h>

#include "cryptoapi/crypt.h"
#include "cryptoapi/dss.h"
#include "cryptoapi/genkey.h"
#include "cryptoapi/schannel.h"
#include "cryptoapi/store.h"
#include "keyblob/anyblob.h"
#include "keyblob/anysimple.h"
#include "keyblob/ffblob.h"

#define IMPORT_FLAGS                                                                               \
    (CRYPT_EXPORTABLE | CRYPT_USER_PROTECTED | CRYPT_NO_SALT | CRYPT_OAEP | CRYPT_IPSEC_HMAC_KEY | \
     CRYPT_FORCE_KEY_PROTECTION_HIGH | CRYPT_ARCHIVABLE)

DWORD
capi_import_session(const struct capi_import *in, struct spk_span secret, struct capi_key **ret_k)
{
    bool fill = false;
    CAPI_TRY(capi_key_session(in->p, in->alg, secret, (in->flags & CRYPT_EXPORTABLE) != 0, ret_k));
    (*ret_k)->salt_len = capi_salt_length(*ret_k, in->flags & CRYPT_NO_SALT, &fill);
    return ERROR_SUCCESS;
}

DWORD
capi_import_alg(const struct capi_import *in)
{
    enum spk_cipher_alg cipher;
    CAPI_CHECK(capi_provider_alg(in->p->def, in->alg) != NULL, NTE_BAD_ALGID);
    return capi_is_master(in->alg) ? ERROR_SUCCESS : capi_cipher_of(in->alg, &cipher);
}

bool
capi_import_len_ok(const struct capi_import *in, size_t len)
{
    size_t want = 0;
    if (capi_is_master(in->alg)) {
        return len == CAPI_MASTER_LEN;
    }
    return len <= UINT16_MAX / 8 &&
           capi_key_length(in->p->def, in->alg, (DWORD)(len * 8), &want) == ERROR_SUCCESS &&
           want == len;
}

static DWORD
rsa_alg(const struct capi_import *in, ALG_ID alg, const struct spk_anyrsa *rsa)
{
    CAPI_CHECK(alg == CALG_RSA_KEYX || alg == CALG_RSA_SIGN, NTE_BAD_ALGID);
    const struct capi_alg *a = capi_provider_alg(in->p->def, alg);
    CAPI_CHECK(a != NULL, NTE_BAD_ALGID);
    CAPI_CHECK(spk_anyrsa_len(rsa) * 8 >= a->min && spk_anyrsa_len(rsa) * 8 <= a->max,
               NTE_BAD_DATA);
    return ERROR_SUCCESS;
}

static DWORD
public_key(const struct capi_import *in, struct capi_key **ret_k)
{
    if (capi_alg_dss(in->alg)) {
        return capi_dss_import_public(in, ret_k);
    }
    SPK_AUTO(spk_anyrsa) rsa = NULL;
    uint32_t alg = 0;
    CAPI_TRY(capi_code(spk_anyblob_parse_public(in->blob, &alg, &rsa), NTE_BAD_DATA));
    CAPI_TRY(rsa_alg(in, alg, rsa));
    const struct capi_pair pair = {.rsa = rsa};
    return capi_key_pair(in->p, alg, &pair, ret_k);
}

/* A session key's copy, to open a BLOB with. */
static DWORD
session_aside(struct capi_key *k, struct capi_key **ret_aside)
{
    CAPI_LOCK(&k->obj);
    CAPI_CHECK(k->secret != NULL, NTE_BAD_KEY);
    return capi_key_aside(k, ret_aside);
}

/* With a session key, everything behind the header is encrypted under it. */
static DWORD
open_private(const struct capi_import *in, struct spk_secret **ret_clear, struct spk_span *ret_blob)
{
    CAPI_AUTO_KEY aside = NULL;
    CAPI_TRY(session_aside(in->key, &aside));
    CAPI_TRY(capi_code(spk_secret_from(in->blob, ret_clear), NTE_BAD_DATA));
    size_t len = in->blob.len - CAPI_HEADER_LEN;
    uint8_t *bytes = spk_secret_mut(*ret_clear).ptr;
    CAPI_CHECK(capi_session_decrypt(aside, true, bytes + CAPI_HEADER_LEN, &len) == ERROR_SUCCESS,
               NTE_BAD_DATA);
    *ret_blob = spk_span(bytes, CAPI_HEADER_LEN + len);
    return ERROR_SUCCESS;
}

static DWORD
parse_private(const struct capi_import *in, struct spk_span blob, struct capi_pair *ret_pair)
{
    uint32_t alg = 0;
    if (capi_alg_dss(in->alg)) {
        return capi_dss_parse_private(in, blob, &ret_pair->ff);
    }
    CAPI_TRY(capi_code(spk_anyblob_parse_private(blob, &alg, &ret_pair->rsa), NTE_BAD_DATA));
    return rsa_alg(in, alg, ret_pair->rsa);
}

static DWORD
private_key(const struct capi_import *in, struct capi_key **ret_k)
{
    SPK_AUTO(spk_secret) clear = NULL;
    CAPI_AUTO_PAIR pair = {.exportable = (in->flags & CRYPT_EXPORTABLE) != 0};
    CAPI_AUTO_KEY k = NULL;
    struct spk_span blob = in->blob;
    if (in->key != NULL) {
        CAPI_TRY(open_private(in, &clear, &blob));
    }
    CAPI_TRY(parse_private(in, blob, &pair));
    CAPI_TRY(capi_key_pair(in->p, in->alg, &pair, &k));
    if (capi_pair_spec(in->alg) != 0) { /* an ephemeral one is kept nowhere */
        CAPI_LOCK(&in->p->obj);
        CAPI_TRY(capi_store_put(in->p, capi_pair_spec(in->alg), &pair));
    }
    *ret_k = SPK_STEAL(k);
    return ERROR_SUCCESS;
}

static DWORD
plaintext(const struct capi_import *in, struct capi_key **ret_k)
{
    struct spk_rd r =
        spk_rd(spk_span(in->blob.ptr + CAPI_HEADER_LEN, in->blob.len - CAPI_HEADER_LEN));
    struct spk_span secret;
    uint32_t len = 0;
    CAPI_TRY(capi_import_alg(in));
    CAPI_TRY(capi_code(spk_rd_u32le(&r, &len), NTE_BAD_DATA));
    CAPI_TRY(capi_code(spk_rd_span(&r, len, &secret), NTE_BAD_DATA));
    bool for_hmac = in->alg == CALG_RC2 && (in->flags & CRYPT_IPSEC_HMAC_KEY) != 0;
    CAPI_CHECK(for_hmac || capi_import_len_ok(in, len), NTE_BAD_DATA);
    return capi_import_session(in, secret, ret_k);
}

static DWORD
wrapped(const struct capi_import *in, struct capi_key **ret_k)
{
    enum spk_symwrap_kind kind;
    struct spk_cipher *kek = NULL;
    struct spk_rd r =
        spk_rd(spk_span(in->blob.ptr + CAPI_HEADER_LEN, in->blob.len - CAPI_HEADER_LEN));
    CAPI_AUTO_KEY aside = NULL;
    uint8_t secret[SPK_SYMWRAP_KEY_MAX + SPK_CIPHER_BLOCK_MAX];
    SPK_WIPE_ON_EXIT(secret);
    uint32_t by = 0;
    size_t len = 0;
    CAPI_TRY(capi_import_alg(in));
    CAPI_TRY(capi_code(spk_rd_u32le(&r, &by), NTE_BAD_DATA));
    CAPI_CHECK(in->key != NULL, NTE_NO_KEY);
    CAPI_TRY(session_aside(in->key, &aside));
    CAPI_CHECK(aside->alg == by, NTE_BAD_KEY);
    CAPI_TRY(capi_wrap_kind(by, in->alg, &kind));
    CAPI_TRY(capi_key_cipher(aside, &kek));
    CAPI_TRY(
        capi_code(spk_symunwrap(kek, kind, spk_span(r.ptr, r.left), secret, &len), NTE_BAD_DATA));
    CAPI_CHECK(capi_import_len_ok(in, len), NTE_BAD_DATA);
    return capi_import_session(in, spk_span(secret, len), ret_k);
}

_Static_assert(CAPI_SALT_MAX == SPK_OPAQUE_SALT_MAX && SPK_CIPHER_BLOCK_MAX == SPK_OPAQUE_IV_LEN,
               "an OPAQUEKEYBLOB holds all of a key's state");

static DWORD
opaque(const struct capi_import *in, struct capi_key **ret_k)
{
    CAPI_AUTO_KEY k = NULL;
    struct spk_plainkey o = {.alg = in->alg};
    struct spk_span body = spk_span(in->blob.ptr + CAPI_HEADER_LEN, in->blob.len - CAPI_HEADER_LEN);
    CAPI_TRY(capi_import_alg(in));
    CAPI_TRY(capi_code(spk_opaque_parse(body, &o), NTE_BAD_DATA));
    CAPI_CHECK(in->alg == CALG_RC2 || capi_import_len_ok(in, o.key.len), NTE_BAD_DATA);
    CAPI_TRY(capi_import_session(in, o.key, &k));
    CAPI_CHECK((o.mode == 0) == (capi_key_block(k) == 0), NTE_BAD_DATA);
    CAPI_CHECK(capi_alg_salted(k->alg) || o.salt.len == 0, NTE_BAD_DATA);
    k->mode = o.mode;
    k->mode_bits = o.mode_bits;
    k->rc2_bits = o.rc2_bits;
    k->salt_len = o.salt.len;
    memcpy(k->salt, o.salt.ptr, o.salt.len);
    memcpy(k->iv, o.iv.ptr, sizeof k->iv);
    memcpy(k->chain, o.chain.ptr, sizeof k->chain);
    *ret_k = SPK_STEAL(k);
    return ERROR_SUCCESS;
}

static DWORD
by_type(const struct capi_import *in, DWORD type, struct capi_key **ret_k)
{
    switch (type) {
    case SIMPLEBLOB:
        return capi_import_simple(in, ret_k);
    case PUBLICKEYBLOB:
        return public_key(in, ret_k);
    case PRIVATEKEYBLOB:
        return private_key(in, ret_k);
    case PLAINTEXTKEYBLOB:
        return plaintext(in, ret_k);
    case OPAQUEKEYBLOB:
        return opaque(in, ret_k);
    case SYMMETRICWRAPKEYBLOB:
        return wrapped(in, ret_k);
    default:
        return NTE_BAD_TYPE;
    }
}

/* The header; its reserved field may hold anything. */
static DWORD
read_header(struct capi_import *in, DWORD *ret_type)
{
    struct spk_rd r = spk_rd(in->blob);
    uint8_t type = 0, version = 0;
    uint16_t reserved = 0;
    uint32_t alg = 0;
    CAPI_CHECK(in->blob.len >= CAPI_HEADER_LEN, NTE_BAD_DATA);
    CAPI_CHECK(spk_ok(spk_rd_u8(&r, &type)) && spk_ok(spk_rd_u8(&r, &version)) &&
                   spk_ok(spk_rd_u16le(&r, &reserved)) && spk_ok(spk_rd_u32le(&r, &alg)),
               NTE_BAD_DATA);
    bool has_v3 = (type == PUBLICKEYBLOB || type == PRIVATEKEYBLOB) && capi_alg_dss(alg);
    CAPI_CHECK(version == CUR_BLOB_VERSION || (has_v3 && version == SPK_FFBLOB_VERSION),
               NTE_BAD_VER);
    in->alg = alg;
    *ret_type = type;
    return ERROR_SUCCESS;
}

static DWORD
import_key(HCRYPTPROV prov, struct spk_span blob, HCRYPTKEY key, DWORD flags, HCRYPTKEY *ret_handle)
{
    CAPI_AUTO_PROV p = NULL;
    CAPI_AUTO_KEY with = NULL;
    CAPI_AUTO_KEY k = NULL;
    DWORD type = 0;
    CAPI_TRY(capi_prov_get(prov, &p));
    CAPI_CHECK(ret_handle != NULL && blob.ptr != NULL, ERROR_INVALID_PARAMETER);
    if (key != 0) {
        CAPI_TRY(capi_key_get(key, &with));
    }
    CAPI_CHECK((flags & ~IMPORT_FLAGS) == 0, NTE_BAD_FLAGS);
    struct capi_import in = {p, blob, with, flags, 0};
    CAPI_TRY(read_header(&in, &type));
    CAPI_TRY(by_type(&in, type, &k));
    return capi_key_hand_out(SPK_STEAL(k), ret_handle);
}

BOOL WINAPI
CryptImportKey(HCRYPTPROV hProv, const BYTE *pbData, DWORD dwDataLen, HCRYPTKEY hPubKey,
               DWORD dwFlags, HCRYPTKEY *phKey)
{
    return capi_finish(import_key(hProv, spk_span(pbData, dwDataLen), hPubKey, dwFlags, phKey));
}
