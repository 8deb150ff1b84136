/* SPDX-License-Identifier: Apache-2.0 */
/* CryptSignHash and CryptVerifySignature: PKCS#1 v1.5, X9.31 and DSS, least significant byte first.
 */
#include <string.h>

#include "crypto/dsa.h"
#include "crypto/rsapad.h"
#include "cryptoapi/hash.h"
#include "cryptoapi/store.h"
#include "cryptoapi/wide.h"

#define SIGN_FLAGS (CRYPT_NOHASHOID | CRYPT_TYPE2_FORMAT | CRYPT_X931_FORMAT)
#define PREFIX_MAX 19
#define X931_SHA1 0x33
#define DESCRIPTION_MAX (CAPI_STRING_MAX * 2)

/* DigestInfo up to the value (RFC 8017 section 9.2, RFC 2313 for MD2 and MD4). */
static struct spk_span
oid_prefix(ALG_ID alg)
{
    static const struct {
        ALG_ID alg;
        uint8_t len, bytes[PREFIX_MAX];
    } table[] = {
        {CALG_MD2,
         18,
         {0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x02, 0x05,
          0x00, 0x04, 0x10}},
        {CALG_MD4,
         18,
         {0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x04, 0x05,
          0x00, 0x04, 0x10}},
        {CALG_MD5,
         18,
         {0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05,
          0x00, 0x04, 0x10}},
        {CALG_SHA1,
         15,
         {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04,
          0x14}},
        {CALG_SHA_256,
         19,
         {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
          0x05, 0x00, 0x04, 0x20}},
        {CALG_SHA_384,
         19,
         {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
          0x05, 0x00, 0x04, 0x30}},
        {CALG_SHA_512,
         19,
         {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03,
          0x05, 0x00, 0x04, 0x40}},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].alg == alg) {
            return spk_span(table[i].bytes, table[i].len);
        }
    }
    return SPK_SPAN_EMPTY;
}

struct value {
    ALG_ID alg;
    uint8_t bytes[CAPI_HASH_MAX];
    size_t len;
};

/* The hash's value, after the description's UTF-16 bytes if there is one. */
static DWORD
final_value(struct capi_hash *h, struct spk_span description, struct value *ret_v)
{
    CAPI_LOCK(&h->obj);
    CAPI_CHECK(h->alg != CALG_MAC && h->alg != CALG_HMAC, NTE_BAD_ALGID);
    if (description.len != 0) {
        CAPI_TRY(capi_hash_add(h, description));
    }
    CAPI_TRY(capi_hash_finish(h));
    ret_v->alg = h->alg;
    ret_v->len = capi_hash_len(h);
    memcpy(ret_v->bytes, h->value, ret_v->len);
    return ERROR_SUCCESS;
}

static DWORD
encode(const struct value *v, DWORD flags, struct spk_mut em)
{
    struct spk_span msg = spk_span(v->bytes, v->len), prefix = SPK_SPAN_EMPTY;
    if ((flags & CRYPT_X931_FORMAT) != 0) {
        CAPI_CHECK(v->alg == CALG_SHA1, NTE_BAD_ALGID);
        return capi_code(spk_x931_encode(msg, X931_SHA1, em), NTE_BAD_LEN);
    }
    if ((flags & CRYPT_NOHASHOID) == 0) {
        prefix = oid_prefix(v->alg); /* none for the two hashes of SSL 3 */
    }
    return capi_code(spk_type1_encode(prefix, msg, em), NTE_BAD_LEN);
}

/* Whether a value of this hash can be signed at all: a refusal leaves the hash open. */
static DWORD
check_encodes(struct capi_hash *h, DWORD flags, struct spk_mut em)
{
    CAPI_LOCK(&h->obj);
    CAPI_CHECK(h->alg != CALG_MAC && h->alg != CALG_HMAC, NTE_BAD_ALGID);
    const struct value any = {.alg = h->alg, .len = capi_hash_len(h)};
    return encode(&any, flags, em);
}

static void
reverse(const uint8_t *src, size_t len, uint8_t *dst)
{
    for (size_t i = 0; i < len; i++) {
        dst[i] = src[len - 1 - i];
    }
}

struct sign_out {
    BYTE *sig;
    DWORD *len;
};

static DWORD
sign_with(const struct spk_anyrsa *rsa, struct capi_hash *h, struct spk_span description,
          DWORD flags, struct sign_out out)
{
    uint8_t em[SPK_ANYRSA_MAX_LEN];
    struct value v;
    bool go = false;
    size_t k = spk_anyrsa_len(rsa);
    CAPI_TRY(capi_room(k, out.sig, out.len, &go));
    if (!go) {
        return ERROR_SUCCESS; /* a size query does not finish the hash */
    }
    CAPI_TRY(check_encodes(h, flags, spk_mut(em, k)));
    CAPI_TRY(final_value(h, description, &v));
    CAPI_TRY(encode(&v, flags, spk_mut(em, k)));
    CAPI_TRY(capi_code(spk_anyrsa_raw_private(rsa, spk_span(em, k), em), NTE_FAIL));
    reverse(em, k, out.sig);
    *out.len = (DWORD)k;
    return ERROR_SUCCESS;
}

/* Of DSS: r and s. There is nothing that flags could choose. */
static DWORD
sign_dss(const struct spk_ffkey *key, struct capi_hash *h, struct spk_span description,
         struct sign_out out)
{
    uint8_t sig[SPK_DSA_SIG_LEN];
    struct value v;
    bool go = false;
    CAPI_CHECK(h->alg == CALG_SHA1, NTE_BAD_ALGID);
    CAPI_TRY(capi_room(sizeof sig, out.sig, out.len, &go));
    if (!go) {
        return ERROR_SUCCESS;
    }
    CAPI_TRY(final_value(h, description, &v));
    CAPI_TRY(capi_code(spk_dsa_sign(key, v.bytes, sig), NTE_FAIL));
    reverse(sig, SPK_DSA_Q_LEN, out.sig);
    reverse(sig + SPK_DSA_Q_LEN, SPK_DSA_Q_LEN, out.sig + SPK_DSA_Q_LEN);
    *out.len = SPK_DSA_SIG_LEN;
    return ERROR_SUCCESS;
}

static DWORD
sign(HCRYPTHASH hash, DWORD spec, struct spk_span description, DWORD flags, struct sign_out out)
{
    CAPI_AUTO_HASH h = NULL;
    CAPI_AUTO_PAIR pair = {0};
    CAPI_TRY(capi_hash_get(hash, &h));
    CAPI_CHECK(out.len != NULL, ERROR_INVALID_PARAMETER);
    CAPI_CHECK((flags & ~SIGN_FLAGS) == 0, NTE_BAD_FLAGS);
    CAPI_CHECK(spec == AT_KEYEXCHANGE || spec == AT_SIGNATURE, NTE_NO_KEY);
    struct capi_prov *p = capi_owner(&h->obj);
    {
        CAPI_LOCK(&p->obj);
        CAPI_TRY(capi_store_get(p, spec, &pair));
    }
    if (pair.ff != NULL) {
        CAPI_CHECK(spec == AT_SIGNATURE, NTE_BAD_KEY);
        CAPI_CHECK(flags == 0, NTE_BAD_FLAGS);
        return sign_dss(pair.ff, h, description, out);
    }
    return sign_with(pair.rsa, h, description, flags, out);
}

BOOL WINAPI
CryptSignHashA(HCRYPTHASH hHash, DWORD dwKeySpec, LPCSTR szDescription, DWORD dwFlags,
               BYTE *pbSignature, DWORD *pdwSigLen)
{
    SPK_AUTO_BUF struct spk_buf wide = SPK_BUF(DESCRIPTION_MAX);
    struct sign_out out = {pbSignature, pdwSigLen};
    DWORD code = szDescription == NULL ? ERROR_SUCCESS : capi_widen_le(szDescription, &wide);
    if (code == ERROR_SUCCESS) {
        code = sign(hHash, dwKeySpec, spk_buf_span(&wide), dwFlags, out);
    }
    return capi_finish(code);
}

/* Little-endian bytes of a wide string, as the hash wants them on every machine. */
static DWORD
wide_bytes(const WCHAR *s, struct spk_buf *out)
{
    for (; s != NULL && *s != 0; s++) {
        CAPI_TRY(capi_code(spk_buf_u16le(out, (uint16_t)*s), ERROR_INVALID_PARAMETER));
    }
    return ERROR_SUCCESS;
}

BOOL WINAPI
CryptSignHashW(HCRYPTHASH hHash, DWORD dwKeySpec, LPCWSTR szDescription, DWORD dwFlags,
               BYTE *pbSignature, DWORD *pdwSigLen)
{
    SPK_AUTO_BUF struct spk_buf wide = SPK_BUF(DESCRIPTION_MAX);
    struct sign_out out = {pbSignature, pdwSigLen};
    DWORD code = wide_bytes(szDescription, &wide);
    if (code == ERROR_SUCCESS) {
        code = sign(hHash, dwKeySpec, spk_buf_span(&wide), dwFlags, out);
    }
    return capi_finish(code);
}

/* Without flags, a signature with and one without the digest's name are both good. */
static DWORD
compare(const struct value *v, DWORD flags, struct spk_span em)
{
    uint8_t want[SPK_ANYRSA_MAX_LEN];
    if (encode(v, flags, spk_mut(want, em.len)) == ERROR_SUCCESS &&
        spk_ct_eq(want, em.ptr, em.len)) {
        return ERROR_SUCCESS;
    }
    if (flags == 0 && encode(v, CRYPT_NOHASHOID, spk_mut(want, em.len)) == ERROR_SUCCESS &&
        spk_ct_eq(want, em.ptr, em.len)) {
        return ERROR_SUCCESS;
    }
    return NTE_BAD_SIGNATURE;
}

static DWORD
verify_dss(const struct spk_ffkey *key, struct capi_hash *h, struct spk_span sig,
           struct spk_span description)
{
    uint8_t be[SPK_DSA_SIG_LEN];
    struct value v;
    CAPI_CHECK(h->alg == CALG_SHA1, NTE_BAD_ALGID);
    CAPI_CHECK(sig.len == sizeof be, NTE_BAD_SIGNATURE);
    CAPI_CHECK(sig.ptr != NULL, ERROR_INVALID_PARAMETER);
    CAPI_TRY(final_value(h, description, &v));
    reverse(sig.ptr, SPK_DSA_Q_LEN, be);
    reverse(sig.ptr + SPK_DSA_Q_LEN, SPK_DSA_Q_LEN, be + SPK_DSA_Q_LEN);
    return capi_code(spk_dsa_verify(key, v.bytes, be), NTE_BAD_SIGNATURE);
}

static DWORD
verify_with(const struct capi_key *key, struct capi_hash *h, struct spk_span sig,
            struct spk_span description, DWORD flags)
{
    uint8_t em[SPK_ANYRSA_MAX_LEN];
    struct value v;
    CAPI_CHECK(sig.len == spk_anyrsa_len(key->rsa), NTE_BAD_SIGNATURE);
    CAPI_CHECK(sig.ptr != NULL, ERROR_INVALID_PARAMETER);
    CAPI_TRY(final_value(h, description, &v));
    reverse(sig.ptr, sig.len, em);
    CAPI_TRY(
        capi_code(spk_anyrsa_raw_public(key->rsa, spk_span(em, sig.len), em), NTE_BAD_SIGNATURE));
    return compare(&v, flags, spk_span(em, sig.len));
}

/* A reference to a DSS key, which another thread may be about to complete. */
static DWORD
dss_of(struct capi_key *k, struct spk_ffkey **ret_key)
{
    CAPI_LOCK(&k->obj);
    CAPI_CHECK(k->alg == CALG_DSS_SIGN, NTE_BAD_KEY);
    CAPI_CHECK(k->ff != NULL, NTE_BAD_KEY_STATE); /* still being made */
    *ret_key = spk_ffkey_ref(k->ff);
    return ERROR_SUCCESS;
}

static DWORD
verify(HCRYPTHASH hash, struct spk_span sig, HCRYPTKEY key, struct spk_span description,
       DWORD flags)
{
    CAPI_AUTO_HASH h = NULL;
    CAPI_AUTO_KEY k = NULL;
    SPK_AUTO(spk_ffkey) key_ff = NULL;
    CAPI_TRY(capi_hash_get(hash, &h));
    CAPI_TRY(capi_key_get(key, &k));
    CAPI_CHECK((flags & ~SIGN_FLAGS) == 0, NTE_BAD_FLAGS);
    if (k->rsa == NULL) {
        CAPI_TRY(dss_of(k, &key_ff));
        CAPI_CHECK(flags == 0, NTE_BAD_FLAGS);
        return verify_dss(key_ff, h, sig, description);
    }
    return verify_with(k, h, sig, description, flags);
}

BOOL WINAPI
CryptVerifySignatureA(HCRYPTHASH hHash, const BYTE *pbSignature, DWORD dwSigLen, HCRYPTKEY hPubKey,
                      LPCSTR szDescription, DWORD dwFlags)
{
    SPK_AUTO_BUF struct spk_buf wide = SPK_BUF(DESCRIPTION_MAX);
    DWORD code = szDescription == NULL ? ERROR_SUCCESS : capi_widen_le(szDescription, &wide);
    if (code == ERROR_SUCCESS) {
        code =
            verify(hHash, spk_span(pbSignature, dwSigLen), hPubKey, spk_buf_span(&wide), dwFlags);
    }
    return capi_finish(code);
}

BOOL WINAPI
CryptVerifySignatureW(HCRYPTHASH hHash, const BYTE *pbSignature, DWORD dwSigLen, HCRYPTKEY hPubKey,
                      LPCWSTR szDescription, DWORD dwFlags)
{
    SPK_AUTO_BUF struct spk_buf wide = SPK_BUF(DESCRIPTION_MAX);
    DWORD code = wide_bytes(szDescription, &wide);
    if (code == ERROR_SUCCESS) {
        code =
            verify(hHash, spk_span(pbSignature, dwSigLen), hPubKey, spk_buf_span(&wide), dwFlags);
    }
    return capi_finish(code);
}
