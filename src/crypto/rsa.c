/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rsa_int.h"

#include <string.h>

#define E_MIN 65537u

static uint32_t
number(struct spk_span be)
{
    uint32_t v = 0;
    for (size_t i = 0; i < be.len; i++) {
        v = v << 8 | be.ptr[i];
    }
    return v;
}

/* The bounds that hold everywhere (doc/spec/key-blobs.md). Without leading zeros, a length in bits
 * that is a multiple of 8 means that the top bit is set. */
static spk_err
check_bounds(struct spk_span n, struct spk_span e)
{
    SPK_CHECK(n.len >= SPK_RSA_MIN_BITS / 8 && n.len <= SPK_RSA_MAX_LEN, LIMIT);
    SPK_CHECK((n.ptr[0] & 0x80) != 0 && (n.ptr[n.len - 1] & 1) != 0, LIMIT);
    SPK_CHECK(e.len != 0 && e.len <= SPK_RSA_E_MAX_LEN, LIMIT);
    SPK_CHECK((e.ptr[e.len - 1] & 1) != 0 && number(e) >= E_MIN, LIMIT);
    return SPK_OK;
}

static spk_err
set_public(struct spk_rsa *key, struct spk_span n, struct spk_span e)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_SPKI_MAX_LEN);
    key->k = n.len;
    key->e_len = e.len;
    memcpy(key->n, n.ptr, n.len);
    memcpy(key->e, e.ptr, e.len);
    SPK_TRY(spk_rsa_put_spki(n, e, &b));
    key->spki_len = b.len;
    memcpy(key->spki, b.ptr, b.len);
    return spk_sha256(spk_buf_span(&b), &key->id);
}

static spk_err
key_new(struct spk_rsa **ret_key)
{
    struct spk_rsa *key = spk_calloc(1, sizeof *key);
    SPK_CHECK(key != NULL, NOMEM);
    if (pthread_mutex_init(&key->lock, NULL) != 0) {
        spk_mem_free(key);
        return SPK_ERR(NOMEM);
    }
    atomic_init(&key->refs, 1);
    *ret_key = key;
    return SPK_OK;
}

spk_err
spk_rsa_from_parts(const struct spk_rsa_parts *parts, struct spk_rsa **ret_key)
{
    SPK_AUTO(spk_rsa) key = NULL;
    struct spk_rsa_parts p = *parts;
    p.n = spk_strip_zeros(p.n);
    p.e = spk_strip_zeros(p.e);
    SPK_TRY(check_bounds(p.n, p.e));
    SPK_TRY(key_new(&key));
    SPK_TRY(set_public(key, p.n, p.e));
    if (p.d.len != 0 || p.p.len != 0 || p.q.len != 0) {
        SPK_TRY(spk_rsa_fit(&p, key->k, &key->priv));
    }
    *ret_key = SPK_STEAL(key);
    return SPK_OK;
}

void
spk_rsa_parts(const struct spk_rsa *key, struct spk_rsa_parts *ret_parts)
{
    *ret_parts =
        (struct spk_rsa_parts){.n = spk_span(key->n, key->k), .e = spk_span(key->e, key->e_len)};
    if (key->priv == NULL) {
        return;
    }
    const uint8_t *b = spk_secret_span(key->priv).ptr;
    size_t half = spk_rsa_half(key->k);
    struct spk_span *const fields[] = {&ret_parts->p, &ret_parts->q, &ret_parts->dp, &ret_parts->dq,
                                       &ret_parts->qinv};
    ret_parts->d = spk_span(b, key->k);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        *fields[i] = spk_span(b + key->k + i * half, half);
    }
}

struct spk_span
spk_rsa_spki(const struct spk_rsa *key)
{
    return spk_span(key->spki, key->spki_len);
}

const struct spk_hash *
spk_rsa_id(const struct spk_rsa *key)
{
    return &key->id;
}

size_t
spk_rsa_len(const struct spk_rsa *key)
{
    return key->k;
}

bool
spk_rsa_is_pair(const struct spk_rsa *key)
{
    return key->priv != NULL;
}

spk_err
spk_rsa_public(const struct spk_rsa *key, struct spk_rsa **ret_pub)
{
    const struct spk_rsa_parts parts = {.n = spk_span(key->n, key->k),
                                        .e = spk_span(key->e, key->e_len)};
    return spk_rsa_from_parts(&parts, ret_pub);
}

struct spk_rsa *
spk_rsa_ref(struct spk_rsa *key)
{
    (void)atomic_fetch_add_explicit(&key->refs, 1, memory_order_relaxed);
    return key;
}

void
spk_rsa_free(struct spk_rsa *key)
{
    if (key == NULL || atomic_fetch_sub_explicit(&key->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    spk_secret_free(key->priv);
    EVP_PKEY_free(key->pkey);
    BN_MONT_CTX_free(key->mont);
    BN_free(key->bn_n);
    BN_free(key->bn_e);
    (void)pthread_mutex_destroy(&key->lock);
    spk_mem_free(key);
}
