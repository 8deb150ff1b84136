/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/schannel.h"

#include <string.h>

#include "crypto/oldtls.h"
#include "crypto/rng.h"
#include "cryptoapi/genkey.h"

#define CLIENT 0
#define SERVER 1
#define BITS_OF(flags) ((flags) >> 16)
/* MAC keys, keys and IVs of both sides, at their longest */
#define KEY_BLOCK_MAX (2 * (20 + 24 + SPK_CIPHER_BLOCK_MAX))

DWORD
capi_master_init(struct capi_key *k)
{
    k->master = spk_calloc(1, sizeof *k->master);
    CAPI_CHECK(k->master != NULL, NTE_NO_MEMORY);
    k->master->connection.protocol = k->alg;
    return ERROR_SUCCESS;
}

void
capi_master_free(struct capi_master *m)
{
    if (m != NULL) {
        spk_secret_free(m->secret);
        spk_mem_free(m);
    }
}

DWORD
capi_master_copy(const struct capi_master *m, struct capi_master **ret_m)
{
    struct capi_master *copy = spk_calloc(1, sizeof *copy);
    CAPI_CHECK(copy != NULL, NTE_NO_MEMORY);
    copy->connection = m->connection;
    DWORD code = m->secret == NULL ? ERROR_SUCCESS
                                   : capi_code(spk_secret_dup(m->secret, &copy->secret), NTE_FAIL);
    if (code != ERROR_SUCCESS) {
        spk_mem_free(copy);
        return code;
    }
    *ret_m = copy;
    return ERROR_SUCCESS;
}

static DWORD
set_random(struct capi_connection *c, unsigned side, const BYTE *data)
{
    CRYPT_DATA_BLOB b;
    memcpy(&b, data, sizeof b);
    CAPI_CHECK(b.cbData == CAPI_RANDOM_LEN, NTE_BAD_LEN);
    CAPI_CHECK(b.pbData != NULL, ERROR_INVALID_PARAMETER);
    memcpy(c->random[side], b.pbData, CAPI_RANDOM_LEN);
    c->has_random[side] = true;
    return ERROR_SUCCESS;
}

static DWORD
mac_len(const SCHANNEL_ALG *a, size_t *ret_len)
{
    enum spk_digest_alg d;
    CAPI_CHECK((a->Algid == CALG_MD5 || a->Algid == CALG_SHA1) && capi_digest_of(a->Algid, &d),
               NTE_BAD_ALGID);
    CAPI_CHECK(a->cBits == spk_digest_len(d) * 8, NTE_BAD_LEN);
    *ret_len = spk_digest_len(d);
    return ERROR_SUCCESS;
}

/* The short keys of the exportable suites, which dwFlags would ask for, are not there. */
static DWORD
set_alg(const struct capi_key *k, const BYTE *data)
{
    SCHANNEL_ALG a;
    size_t len = 0;
    memcpy(&a, data, sizeof a);
    CAPI_CHECK(a.dwUse == SCHANNEL_MAC_KEY || a.dwUse == SCHANNEL_ENC_KEY, NTE_BAD_DATA);
    CAPI_CHECK(a.dwFlags == 0, NTE_BAD_FLAGS);
    CAPI_TRY(a.dwUse == SCHANNEL_MAC_KEY
                 ? mac_len(&a, &len)
                 : capi_key_length(capi_owner(&k->obj)->def, a.Algid, a.cBits, &len));
    k->master->connection.alg[a.dwUse] = a;
    k->master->connection.has_alg[a.dwUse] = true;
    return ERROR_SUCCESS;
}

DWORD
capi_master_set(struct capi_key *k, DWORD param, const BYTE *data)
{
    switch (param) {
    case KP_CLIENT_RANDOM:
        return set_random(&k->master->connection, CLIENT, data);
    case KP_SERVER_RANDOM:
        return set_random(&k->master->connection, SERVER, data);
    case KP_SCHANNEL_ALG:
        return set_alg(k, data);
    default:
        return NTE_BAD_TYPE;
    }
}

struct spk_span
capi_master_span(const struct capi_key *k)
{
    return spk_secret_span(k->master->secret != NULL ? k->master->secret : k->secret);
}

/* Out of secret, for a connection: the client's random first for the master secret, the server's
 * first for keys (RFC 2246 sections 8.1 and 6.3, RFC 6101 sections 6.1 and 6.2.2). */
static spk_err
expand(const struct capi_connection *c, struct spk_span secret, bool keys, struct spk_mut out)
{
    struct spk_span first = SPK_SPAN_OF(c->random[keys ? SERVER : CLIENT]);
    struct spk_span second = SPK_SPAN_OF(c->random[keys ? CLIENT : SERVER]);
    if (c->protocol == CALG_SSL3_MASTER) {
        return spk_ssl3_expand(secret, first, second, out);
    }
    struct spk_span label = keys ? SPK_SPAN_LIT("key expansion") : SPK_SPAN_LIT("master secret");
    return spk_tls1_prf(secret, label, first, second, out);
}

/* The master secret stays when a session is taken up again with other randoms. */
static DWORD
settle(struct capi_key *k)
{
    struct capi_master *m = k->master;
    const struct capi_connection *c = &m->connection;
    SPK_AUTO(spk_secret) secret = NULL;
    if (m->secret != NULL || !c->has_random[CLIENT] || !c->has_random[SERVER]) {
        return ERROR_SUCCESS;
    }
    CAPI_TRY(capi_code(spk_secret_new(CAPI_MASTER_LEN, &secret), NTE_FAIL));
    CAPI_TRY(
        capi_code(expand(c, spk_secret_span(k->secret), false, spk_secret_mut(secret)), NTE_FAIL));
    m->secret = SPK_STEAL(secret);
    return ERROR_SUCCESS;
}

static DWORD
start_master_hash(struct capi_hash *h, const struct capi_key *k)
{
    const struct capi_connection *c = &k->master->connection;
    CAPI_CHECK(c->has_random[CLIENT] && c->has_random[SERVER], ERROR_INVALID_PARAMETER);
    return capi_master_copy(k->master, &h->master);
}

DWORD
capi_schannel_hash_start(struct capi_hash *h, struct capi_key *k)
{
    CAPI_CHECK(k->master != NULL, NTE_BAD_KEY);
    CAPI_TRY(settle(k));
    if (h->alg == CALG_SCHANNEL_MASTER_HASH) {
        return start_master_hash(h, k);
    }
    CAPI_CHECK(k->alg == CALG_TLS1_MASTER, NTE_BAD_KEY);
    h->prf = spk_calloc(1, sizeof *h->prf);
    CAPI_CHECK(h->prf != NULL, NTE_NO_MEMORY);
    return capi_code(spk_secret_from(capi_master_span(k), &h->key), NTE_FAIL);
}

DWORD
capi_prf_set(struct capi_hash *h, DWORD param, const BYTE *data)
{
    CRYPT_DATA_BLOB b;
    CAPI_CHECK(h->prf != NULL, NTE_BAD_TYPE);
    memcpy(&b, data, sizeof b);
    bool label = param == HP_TLS1PRF_LABEL;
    CAPI_CHECK(b.cbData <= (label ? CAPI_PRF_LABEL_MAX : CAPI_PRF_SEED_MAX), NTE_BAD_LEN);
    CAPI_CHECK(b.pbData != NULL && b.cbData != 0, ERROR_INVALID_PARAMETER);
    memcpy(label ? h->prf->label : h->prf->seed, b.pbData, b.cbData);
    *(label ? &h->prf->label_len : &h->prf->seed_len) = b.cbData;
    return ERROR_SUCCESS;
}

DWORD
capi_prf_value(const struct capi_hash *h, BYTE *data, DWORD *data_len)
{
    const struct capi_prf *f = h->prf;
    CAPI_CHECK(f->label_len != 0 && f->seed_len != 0, NTE_BAD_HASH_STATE);
    if (data == NULL || *data_len == 0) {
        *data_len = CAPI_VERIFY_DATA_LEN;
        return data == NULL ? ERROR_SUCCESS : ERROR_MORE_DATA;
    }
    return capi_code(spk_tls1_prf(spk_secret_span(h->key), spk_span(f->label, f->label_len),
                                  spk_span(f->seed, f->seed_len), SPK_SPAN_EMPTY,
                                  spk_mut(data, *data_len)),
                     NTE_BAD_LEN);
}

DWORD
capi_schannel_gen(struct capi_prov *p, ALG_ID alg, DWORD flags, struct capi_key **ret_k)
{
    uint8_t premaster[CAPI_MASTER_LEN];
    SPK_WIPE_ON_EXIT(premaster);
    CAPI_CHECK(capi_provider_alg(p->def, alg) != NULL, NTE_BAD_ALGID);
    CAPI_CHECK(BITS_OF(flags) == 0 || BITS_OF(flags) == 8 * CAPI_MASTER_LEN, NTE_BAD_DATA);
    CAPI_TRY(capi_code(spk_random(SPK_MUT_OF(premaster)), NTE_FAIL));
    premaster[0] = 3; /* the version that the client offers: 3.0, or 3.1 for TLS 1.0 */
    premaster[1] = alg == CALG_TLS1_MASTER;
    return capi_key_session(p, alg, SPK_SPAN_OF(premaster), (flags & CRYPT_EXPORTABLE) != 0, ret_k);
}

/* Lengths of what a key block has, twice each, the client's before the server's. */
struct layout {
    size_t mac, key, iv;
};

static DWORD
layout_of(const struct capi_provider *def, const struct capi_connection *c, struct layout *ret_l)
{
    enum spk_cipher_alg cipher;
    const SCHANNEL_ALG *enc = &c->alg[SCHANNEL_ENC_KEY];
    CAPI_CHECK(c->has_alg[SCHANNEL_MAC_KEY] && c->has_alg[SCHANNEL_ENC_KEY], NTE_BAD_FLAGS);
    CAPI_TRY(mac_len(&c->alg[SCHANNEL_MAC_KEY], &ret_l->mac));
    CAPI_TRY(capi_key_length(def, enc->Algid, enc->cBits, &ret_l->key));
    CAPI_TRY(capi_cipher_of(enc->Algid, &cipher));
    ret_l->iv = cipher == SPK_CIPHER_RC4 ? 0 : spk_cipher_alg_block(cipher);
    return ERROR_SUCCESS;
}

DWORD
capi_schannel_derive(struct capi_prov *p, ALG_ID alg, struct capi_hash *h, DWORD flags,
                     struct capi_key **ret_k)
{
    uint8_t block[KEY_BLOCK_MAX];
    SPK_WIPE_ON_EXIT(block);
    struct layout l = {0};
    size_t side = (flags & CRYPT_SERVER) != 0 ? SERVER : CLIENT;
    CAPI_CHECK(capi_provider_alg(p->def, alg) != NULL, NTE_BAD_ALGID);
    CAPI_CHECK(h->master != NULL, NTE_BAD_HASH);
    CAPI_TRY(layout_of(p->def, &h->master->connection, &l));
    size_t macs = 2 * l.mac, keys = macs + 2 * l.key, all = keys + 2 * l.iv;
    CAPI_CHECK(all <= sizeof block, NTE_BAD_LEN);
    CAPI_TRY(capi_code(expand(&h->master->connection, spk_secret_span(h->master->secret), true,
                              spk_mut(block, all)),
                       NTE_FAIL));
    bool exportable = (flags & CRYPT_EXPORTABLE) != 0;
    if (alg == CALG_SCHANNEL_MAC_KEY) {
        return capi_key_session(p, alg, spk_span(block + side * l.mac, l.mac), exportable, ret_k);
    }
    CAPI_TRY(capi_key_session(p, h->master->connection.alg[SCHANNEL_ENC_KEY].Algid,
                              spk_span(block + macs + side * l.key, l.key), exportable, ret_k));
    memcpy((*ret_k)->iv, block + keys + side * l.iv, l.iv);
    capi_key_restart(*ret_k);
    return ERROR_SUCCESS;
}
