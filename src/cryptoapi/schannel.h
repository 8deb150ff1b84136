/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of SSL 3.0 and TLS 1.0: a master key with the two randoms and the algorithms of a
 * connection, the master hash that takes all of it along, and the keys that are derived from it. A
 * program that speaks one of these protocols does the rest (CryptDeriveKey(3)). */
#ifndef SPK_CRYPTOAPI_SCHANNEL_H
#define SPK_CRYPTOAPI_SCHANNEL_H

#include "cryptoapi/hash.h"

#define CAPI_MASTER_LEN 48
#define CAPI_RANDOM_LEN 32
#define CAPI_VERIFY_DATA_LEN 12 /* of a Finished message of TLS */
#define CAPI_PRF_LABEL_MAX 256
#define CAPI_PRF_SEED_MAX 512

/* What the keys of one connection depend on beside the master secret. */
struct capi_connection {
    ALG_ID protocol;
    uint8_t random[2][CAPI_RANDOM_LEN]; /* the client's, the server's */
    bool has_random[2];
    SCHANNEL_ALG alg[2]; /* by dwUse */
    bool has_alg[2];
};

/* Of a master key, whose own bytes are the premaster secret. */
struct capi_master {
    struct capi_connection connection;
    struct spk_secret *secret; /* the master secret, once both randoms were there; then it stays */
};

/* Of CALG_TLS1PRF. */
struct capi_prf {
    uint8_t label[CAPI_PRF_LABEL_MAX], seed[CAPI_PRF_SEED_MAX];
    size_t label_len, seed_len;
};

static inline bool
capi_is_master(ALG_ID alg)
{
    return alg == CALG_SSL3_MASTER || alg == CALG_TLS1_MASTER;
}
static inline bool
capi_is_schannel_hash(ALG_ID alg)
{
    return alg == CALG_SCHANNEL_MASTER_HASH || alg == CALG_TLS1PRF;
}
static inline bool
capi_is_schannel_key(ALG_ID alg)
{
    return alg == CALG_SCHANNEL_ENC_KEY || alg == CALG_SCHANNEL_MAC_KEY;
}

/* On a key or hash that the caller has locked. */
SPK_MUST_USE DWORD capi_master_init(struct capi_key *k);
SPK_MUST_USE DWORD capi_master_copy(const struct capi_master *m, struct capi_master **ret_m);
void capi_master_free(struct capi_master *m);
/** KP_CLIENT_RANDOM, KP_SERVER_RANDOM, KP_SCHANNEL_ALG; NTE_BAD_TYPE for all else. */
SPK_MUST_USE DWORD capi_master_set(struct capi_key *k, DWORD param, const BYTE *data);
/** The bytes that CryptHashSessionKey adds: the master secret as soon as there is one. */
struct spk_span capi_master_span(const struct capi_key *k);

/** Starts a hash of one of the two kinds on a master key. */
SPK_MUST_USE DWORD capi_schannel_hash_start(struct capi_hash *h, struct capi_key *k);
/** HP_TLS1PRF_LABEL, HP_TLS1PRF_SEED. */
SPK_MUST_USE DWORD capi_prf_set(struct capi_hash *h, DWORD param, const BYTE *data);
/** As many bytes as the program asks for. */
SPK_MUST_USE DWORD capi_prf_value(const struct capi_hash *h, BYTE *data, DWORD *data_len);

/** A premaster secret with the protocol's version and random bytes. */
SPK_MUST_USE DWORD capi_schannel_gen(struct capi_prov *p, ALG_ID alg, DWORD flags,
                                     struct capi_key **ret_k);
/** One of the four keys of a connection. */
SPK_MUST_USE DWORD capi_schannel_derive(struct capi_prov *p, ALG_ID alg, struct capi_hash *h,
                                        DWORD flags, struct capi_key **ret_k);

#endif
