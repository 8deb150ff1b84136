/* SPDX-License-Identifier: Apache-2.0 */
/* The import of DSS and Diffie-Hellman keys, and what becomes of a key that two sides agreed on
 * (doc/spec/key-blobs.md, "DSS and Diffie-Hellman"). */
#include <string.h>

#include "crypto/dh.h"
#include "cryptoapi/dss.h"
#include "cryptoapi/genkey.h"
#include "cryptoapi/schannel.h"
#include "keyblob/ffblob.h"

#define BECOME_FLAGS (CRYPT_EXPORTABLE | CRYPT_CREATE_SALT | CRYPT_NO_SALT)
#define BITS_OF(flags) ((flags) >> 16)

DWORD
capi_dss_parse_private(const struct capi_import *in, struct spk_span blob,
                       struct spk_ffkey **ret_key)
{
    SPK_AUTO_FFBLOB b = {0};
    SPK_AUTO(spk_ffkey) key = NULL;
    CAPI_CHECK(capi_provider_alg(in->p->def, in->alg) != NULL, NTE_BAD_ALGID);
    CAPI_TRY(capi_code(spk_ffblob_parse(blob, &b), NTE_BAD_DATA));
    CAPI_CHECK(b.pair && b.alg == in->alg, NTE_BAD_DATA);
    CAPI_TRY(capi_code(spk_ffkey_from_parts(&b.parts, &key), NTE_BAD_DATA));
    CAPI_TRY(capi_dss_check(in->p->def, in->alg, key));
    *ret_key = SPK_STEAL(key);
    return ERROR_SUCCESS;
}

/* The other side's p, q and g, where it names them, are ours. */
static bool
same_domain(const struct spk_ff_parts *own, const struct spk_ff_parts *other)
{
    if (other->p.len == 0) {
        return true;
    }
    return spk_span_eq(own->p, other->p) && spk_span_eq(own->g, other->g) &&
           (own->q.len == 0 || other->q.len == 0 || spk_span_eq(own->q, other->q));
}

static void
reverse(struct spk_mut b)
{
    for (size_t i = 0; i < b.len / 2; i++) {
        uint8_t t = b.ptr[i];
        b.ptr[i] = b.ptr[b.len - 1 - i];
        b.ptr[b.len - 1 - i] = t;
    }
}

static DWORD
agree(const struct capi_import *in, const struct spk_ffblob *b, struct capi_key **ret_k)
{
    CAPI_AUTO_KEY k = NULL;
    SPK_AUTO(spk_ffkey) own = NULL;
    struct spk_ff_parts parts;
    {
        CAPI_LOCK(&in->key->obj);
        CAPI_CHECK(in->key->ff != NULL && in->key->alg != CALG_DSS_SIGN, NTE_BAD_KEY);
        own = spk_ffkey_ref(in->key->ff);
    }
    CAPI_CHECK(spk_ffkey_is_pair(own), NTE_BAD_KEY);
    spk_ffkey_parts(own, &parts);
    CAPI_CHECK(b->p_len == parts.p.len && same_domain(&parts, &b->parts), NTE_BAD_DATA);
    CAPI_TRY(capi_key_new(in->p, CALG_AGREEDKEY_ANY, (in->flags & CRYPT_EXPORTABLE) != 0, &k));
    CAPI_TRY(capi_code(spk_dh_agree(own, b->parts.y, &k->agreed), NTE_BAD_DATA));
    reverse(spk_secret_mut(k->agreed));
    *ret_k = SPK_STEAL(k);
    return ERROR_SUCCESS;
}

DWORD
capi_dss_import_public(const struct capi_import *in, struct capi_key **ret_k)
{
    SPK_AUTO_FFBLOB b = {0};
    SPK_AUTO(spk_ffkey) key = NULL;
    CAPI_CHECK(capi_provider_alg(in->p->def, in->alg) != NULL, NTE_BAD_ALGID);
    CAPI_TRY(capi_code(spk_ffblob_parse(in->blob, &b), NTE_BAD_DATA));
    if (in->alg != CALG_DSS_SIGN && in->key != NULL) {
        return agree(in, &b, ret_k);
    }
    CAPI_CHECK(b.parts.p.len != 0, NTE_NO_KEY); /* y alone is of use to a pair only */
    CAPI_TRY(capi_code(spk_ffkey_from_parts(&b.parts, &key), NTE_BAD_DATA));
    CAPI_TRY(capi_dss_check(in->p->def, in->alg, key));
    const struct capi_pair pair = {.ff = key};
    return capi_key_pair(in->p, in->alg, &pair, ret_k);
}

/* The premaster secret of SSL and TLS is the agreed number without leading zeros (RFC 2246, section
 * 8.1.2), and big-endian as everything there. */
static DWORD
master(const struct capi_key *k, ALG_ID alg, bool exportable, struct capi_key **ret_k)
{
    SPK_AUTO(spk_secret) be = NULL;
    CAPI_CHECK(capi_provider_alg(capi_owner(&k->obj)->def, alg) != NULL, NTE_BAD_ALGID);
    CAPI_TRY(capi_code(spk_secret_dup(k->agreed, &be), NTE_FAIL));
    reverse(spk_secret_mut(be));
    return capi_key_session(capi_owner(&k->obj), alg, spk_strip_zeros(spk_secret_span(be)),
                            exportable, ret_k);
}

static DWORD
session(const struct capi_key *k, ALG_ID alg, DWORD flags, bool exportable, struct capi_key **ret_k)
{
    struct capi_prov *p = capi_owner(&k->obj);
    struct spk_span z = spk_secret_span(k->agreed);
    size_t len = 0;
    bool fill = false;
    CAPI_TRY(capi_key_length(p->def, alg, BITS_OF(flags), &len));
    CAPI_TRY(capi_key_session(p, alg, spk_span(z.ptr, len), exportable, ret_k));
    (*ret_k)->salt_len = capi_salt_length(*ret_k, flags, &fill);
    if (fill) { /* p has 512 bits at least: there are bytes enough */
        memcpy((*ret_k)->salt, z.ptr + len, (*ret_k)->salt_len);
    }
    return ERROR_SUCCESS;
}

DWORD
capi_agreed_become(struct capi_key *k, ALG_ID alg, DWORD flags)
{
    CAPI_AUTO_KEY made = NULL;
    bool exportable = (k->permissions & CRYPT_EXPORT) != 0 || (flags & CRYPT_EXPORTABLE) != 0;
    CAPI_CHECK((flags & 0xffffu & ~BECOME_FLAGS) == 0, NTE_BAD_FLAGS);
    CAPI_TRY(capi_is_master(alg) ? master(k, alg, exportable, &made)
                                 : session(k, alg, flags, exportable, &made));
    spk_secret_free(k->agreed);
    k->agreed = NULL;
    k->alg = alg;
    k->permissions = made->permissions;
    k->secret = SPK_STEAL(made->secret);
    k->master = SPK_STEAL(made->master);
    memcpy(k->salt, made->salt, sizeof k->salt);
    k->salt_len = made->salt_len;
    k->rc2_bits = made->rc2_bits;
    k->mode = made->mode;
    return ERROR_SUCCESS;
}
