/* SPDX-License-Identifier: Apache-2.0 */
/* CryptDeriveKey: a session key from the value of a hash. */
#include <string.h>

#include "cryptoapi/genkey.h"
#include "cryptoapi/schannel.h"

#define DERIVE_FLAGS                                                                               \
    (CRYPT_EXPORTABLE | CRYPT_CREATE_SALT | CRYPT_UPDATE_KEY | CRYPT_NO_SALT | CRYPT_SERVER |      \
     CRYPT_USER_PROTECTED)
#define BUFFER_LEN 64 /* the two buffers of the expansion, whatever the hash's block is */

static bool
is_sha2(ALG_ID alg)
{
    return alg == CALG_SHA_256 || alg == CALG_SHA_384 || alg == CALG_SHA_512;
}

static bool
is_aes(ALG_ID alg)
{
    return alg == CALG_AES_128 || alg == CALG_AES_192 || alg == CALG_AES_256;
}

/* hash(0x36.. xor value) and hash(0x5c.. xor value), one behind the other. */
static DWORD
expand(enum spk_digest_alg d, struct spk_span value, uint8_t ret_out[2 * SPK_DIGEST_LEN_MAX])
{
    static const uint8_t fill[2] = {0x36, 0x5c};
    uint8_t buf[BUFFER_LEN];
    SPK_WIPE_ON_EXIT(buf);
    for (unsigned i = 0; i < 2; i++) {
        memset(buf, fill[i], sizeof buf);
        for (size_t j = 0; j < value.len && j < sizeof buf; j++) {
            buf[j] ^= value.ptr[j];
        }
        const struct spk_span whole = SPK_SPAN_OF(buf);
        CAPI_TRY(
            capi_code(spk_digest_parts(d, &whole, 1, ret_out + i * spk_digest_len(d)), NTE_FAIL));
    }
    return ERROR_SUCCESS;
}

struct material {
    uint8_t bytes[2 * SPK_DIGEST_LEN_MAX];
    size_t len;
};

static DWORD
make_material(struct capi_hash *h, ALG_ID alg, size_t need, struct material *m)
{
    enum spk_digest_alg d = SPK_DIGEST_SHA1;
    CAPI_LOCK(&h->obj);
    CAPI_CHECK(!h->finished, NTE_BAD_HASH_STATE);
    size_t k = capi_hash_len(h);
    bool enough = k >= need && (!is_aes(alg) || is_sha2(h->alg));
    if (k == 0) { /* a hash that cannot be finished yet, or never */
        CAPI_TRY(capi_hash_finish(h));
    }
    if (!enough) { /* a refusal leaves the hash open */
        CAPI_CHECK(capi_digest_of(h->alg, &d), NTE_BAD_HASH);
        CAPI_CHECK(2 * k >= need, NTE_BAD_LEN);
    }
    CAPI_TRY(capi_hash_finish(h));
    memcpy(m->bytes, h->value, k);
    m->len = enough ? k : 2 * k;
    return enough ? ERROR_SUCCESS : expand(d, spk_span(h->value, k), m->bytes);
}

static DWORD
derive(struct capi_prov *p, ALG_ID alg, struct capi_hash *h, DWORD flags, struct capi_key **ret_k)
{
    CAPI_AUTO_KEY k = NULL;
    struct material m = {0};
    SPK_WIPE_ON_EXIT(m);
    size_t len = 0;
    bool fill = false;
    CAPI_TRY(capi_key_length(p->def, alg, flags >> 16, &len));
    CAPI_TRY(make_material(h, alg, len, &m));
    CAPI_TRY(capi_key_session(p, alg, spk_span(m.bytes, len), (flags & CRYPT_EXPORTABLE) != 0, &k));
    k->salt_len = capi_salt_length(k, flags, &fill);
    if (fill) { /* the salt is what follows the key in the hash, as far as that goes */
        k->salt_len = m.len - len < k->salt_len ? m.len - len : k->salt_len;
        memcpy(k->salt, m.bytes + len, k->salt_len);
    }
    *ret_k = SPK_STEAL(k);
    return ERROR_SUCCESS;
}

static DWORD
derive_key(HCRYPTPROV prov, ALG_ID alg, HCRYPTHASH hash, DWORD flags, HCRYPTKEY *ret_handle)
{
    CAPI_AUTO_PROV p = NULL;
    CAPI_AUTO_HASH h = NULL;
    CAPI_AUTO_KEY k = NULL;
    CAPI_TRY(capi_prov_get(prov, &p));
    CAPI_CHECK(ret_handle != NULL, ERROR_INVALID_PARAMETER);
    CAPI_TRY(capi_hash_get(hash, &h));
    CAPI_CHECK((flags & 0xffffu & ~DERIVE_FLAGS) == 0, NTE_BAD_FLAGS);
    if (capi_is_schannel_key(alg)) {
        CAPI_TRY(capi_schannel_derive(p, alg, h, flags, &k));
    } else {
        CAPI_CHECK(GET_ALG_CLASS(alg) == ALG_CLASS_DATA_ENCRYPT, NTE_BAD_ALGID);
        CAPI_TRY(derive(p, alg, h, flags, &k));
    }
    return capi_key_hand_out(SPK_STEAL(k), ret_handle);
}

BOOL WINAPI
CryptDeriveKey(HCRYPTPROV hProv, ALG_ID Algid, HCRYPTHASH hBaseData, DWORD dwFlags,
               HCRYPTKEY *phKey)
{
    return capi_finish(derive_key(hProv, Algid, hBaseData, dwFlags, phKey));
}
