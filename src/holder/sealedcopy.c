/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/sealedcopy.h"

#include <string.h>

#include "base/rd.h"
#include "crypto/aead.h"
#include "crypto/rng.h"
#include "crypto/shamir.h"

#define MAGIC "SPKKCOPY"
#define MAGIC_LEN 8
#define COPY_VERSION 1
#define PKCS8_MAX 8192

static const uint8_t zero_iv[SPK_AEAD_IV_LEN]; /* each copy has its own random key */

void
spk_copy_recipients(const struct spk_policy *p, struct spk_copy_to *ret_to)
{
    ret_to->n = 0;
    for (size_t i = 0; i < p->n_officers; i++) {
        if (spk_policy_person(p, i) == i) {
            ret_to->officer[ret_to->n++] = &p->officers[i];
        }
    }
}

static spk_err
share_digest(const uint8_t id[SPK_COPY_ID_LEN], const struct spk_secret *share,
             struct spk_hash *ret_h)
{
    const struct spk_span parts[] = {SPK_SPAN_LIT("sparekey/1 copy share\n"),
                                     spk_span(id, SPK_COPY_ID_LEN), spk_secret_span(share)};

    return spk_sha256_parts(parts, 3, ret_h);
}

/* -- What is inside
 * ---------------------------------------------------------------------------------- */

static spk_err
put_var(struct spk_buf *b, struct spk_span s)
{
    SPK_TRY(spk_buf_u32(b, (uint32_t)s.len));
    return spk_buf_add(b, s);
}

static spk_err
plain_build(const struct spk_copy_from *from, struct spk_buf *b)
{
    const struct spk_keys *k = from->keys;
    const struct spk_hstate *s = from->state;

    SPK_TRY(put_var(b, spk_span_str(k->name)));
    SPK_TRY(spk_buf_add(b, spk_secret_span(k->seed)));
    SPK_TRY(spk_buf_u32(b, (uint32_t)k->n));
    for (size_t i = 0; i < k->n; i++) {
        SPK_AUTO(spk_secret) der = NULL;
        SPK_TRY(spk_rsa_to_pkcs8(k->epoch[i].pair, NULL, &der));
        SPK_TRY(put_var(b, spk_secret_span(der)));
    }
    SPK_TRY(spk_buf_u32(b, (uint32_t)s->n_policies));
    for (size_t i = 0; i < s->n_policies; i++) {
        SPK_TRY(put_var(b, spk_buf_span(&s->policies[i]->note)));
    }
    return put_var(b, from->uselog);
}

static spk_err
plain_keys(struct spk_rd *r, const struct spk_hash *genesis, struct spk_keys *k)
{
    struct spk_span name, seed;
    SPK_AUTO(spk_secret) s = NULL;
    uint32_t n;

    SPK_TRY(spk_rd_var32(r, SPK_HOLDER_NAME_MAX, &name));
    SPK_TRY(spk_rd_span(r, SPK_ED25519_LEN, &seed));
    SPK_TRY(spk_secret_from(seed, &s));
    SPK_TRY(spk_keys_identity(k, name, genesis, s));
    SPK_TRY(spk_rd_u32(r, &n));
    SPK_CHECK(n >= 1 && n <= SPK_EPOCHS_MAX, LIMIT);
    for (uint32_t i = 0; i < n; i++) {
        SPK_AUTO(spk_rsa) pair = NULL;
        struct spk_span der;
        SPK_TRY(spk_rd_var32(r, PKCS8_MAX, &der));
        SPK_TRY(spk_rsa_from_pkcs8(der, NULL, &pair));
        SPK_TRY(spk_keys_add(k, i + 1, pair));
    }
    return SPK_OK;
}

/* The chain from the genesis hash that the head names: a copy cannot be moved under another policy.
 */
static spk_err
plain_chain(const struct spk_copied *c, const struct spk_copy_head *h)
{
    SPK_AUTO_STR struct spk_policy *p = spk_calloc(2, sizeof(*p));
    struct spk_note note;

    SPK_CHECK(p != NULL, NOMEM);
    for (size_t i = 0; i < c->n_policies; i++) {
        SPK_TRY(spk_note_parse(c->policies[i], false, &note));
        SPK_TRY(i == 0 ? spk_policy_verify_genesis(&note, &h->genesis, &p[0])
                       : spk_policy_verify_next(&note, &p[(i + 1) % 2], &p[i % 2]));
    }
    const struct spk_policy *last = &p[(c->n_policies + 1) % 2];
    SPK_CHECK(last->number == h->policy && spk_hash_eq(&last->hash, &h->policy_hash), AUTH);
    return SPK_OK;
}

static spk_err
plain_policies(struct spk_rd *r, struct spk_copied *c)
{
    uint32_t n;

    SPK_TRY(spk_rd_u32(r, &n));
    SPK_CHECK(n >= 1 && n <= SPK_POLICIES_MAX, LIMIT);
    c->policies = spk_calloc(n, sizeof(*c->policies));
    SPK_CHECK(c->policies != NULL, NOMEM);
    for (uint32_t i = 0; i < n; i++) {
        SPK_TRY(spk_rd_var32(r, SPK_NOTE_MAX, &c->policies[i]));
        c->n_policies++;
    }
    return SPK_OK;
}

static spk_err
plain_parse(struct spk_copied *c, const struct spk_copy_head *h)
{
    struct spk_rd r = spk_rd(spk_buf_span(&c->plain));

    c->keys = spk_calloc(1, sizeof(*c->keys));
    SPK_CHECK(c->keys != NULL, NOMEM);
    SPK_TRY(plain_keys(&r, &h->genesis, c->keys));
    SPK_TRY(plain_policies(&r, c));
    SPK_TRY(spk_rd_var32(&r, SPK_COPY_MAX, &c->uselog));
    SPK_TRY(spk_rd_end(&r));
    return plain_chain(c, h);
}

/* -- The file
 * ---------------------------------------------------------------------------------------- */

static spk_err
head_build(const struct spk_copy_head *h, size_t sealed, struct spk_buf *b)
{
    SPK_TRY(spk_buf_str(b, MAGIC));
    SPK_TRY(spk_buf_u16(b, COPY_VERSION));
    SPK_TRY(spk_buf_add(b, SPK_SPAN_OF(h->id)));
    SPK_TRY(spk_buf_add(b, spk_hash_span(&h->genesis)));
    SPK_TRY(spk_buf_u32(b, h->policy));
    SPK_TRY(spk_buf_add(b, spk_hash_span(&h->policy_hash)));
    SPK_TRY(spk_buf_u8(b, h->k));
    SPK_TRY(spk_buf_u8(b, h->n));
    for (size_t i = 0; i < h->n; i++) {
        SPK_TRY(spk_buf_add(b, spk_hash_span(&h->digest[i])));
    }
    return spk_buf_u32(b, (uint32_t)sealed);
}

spk_err
spk_copy_parse(struct spk_span file, struct spk_copy_head *ret_h)
{
    struct spk_rd r = spk_rd(file);
    struct spk_copy_head h = {.k = 0};
    struct spk_span magic;
    uint16_t version;

    SPK_TRY(spk_rd_span(&r, MAGIC_LEN, &magic));
    SPK_CHECK(spk_span_eq(magic, spk_span_str(MAGIC)), FORMAT);
    SPK_TRY(spk_rd_u16(&r, &version));
    SPK_CHECK(version == COPY_VERSION, VERSION);
    SPK_TRY(spk_rd_copy(&r, h.id, sizeof(h.id)));
    SPK_TRY(spk_rd_copy(&r, h.genesis.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_u32(&r, &h.policy));
    SPK_TRY(spk_rd_copy(&r, h.policy_hash.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_u8(&r, &h.k));
    SPK_TRY(spk_rd_u8(&r, &h.n));
    SPK_CHECK(h.k >= 2 && h.k <= h.n && h.n <= SPK_OFFICERS_MAX, FORMAT);
    for (size_t i = 0; i < h.n; i++) {
        SPK_TRY(spk_rd_copy(&r, h.digest[i].b, SPK_HASH_LEN));
    }
    SPK_TRY(spk_rd_var32(&r, SPK_COPY_MAX, &h.sealed));
    h.aad = spk_span(file.ptr, (size_t)(h.sealed.ptr - file.ptr));
    SPK_TRY(spk_rd_copy(&r, h.tag, sizeof(h.tag)));
    SPK_TRY(spk_rd_end(&r));
    *ret_h = h;
    return SPK_OK;
}

static spk_err
aead_for(const struct spk_secret *key, struct spk_aead **ret_a)
{
    SPK_AUTO(spk_aead) a = NULL;

    SPK_TRY(spk_aead_new(&a));
    SPK_TRY(spk_aead_key(a, spk_secret_span(key)));
    *ret_a = SPK_STEAL(a);
    return SPK_OK;
}

static spk_err
file_build(const struct spk_copy_head *h, const struct spk_secret *key, struct spk_span plain,
           struct spk_buf *file)
{
    SPK_AUTO(spk_aead) a = NULL;
    uint8_t tag[SPK_AEAD_TAG_LEN], *dst = NULL;

    SPK_TRY(aead_for(key, &a));
    SPK_TRY(head_build(h, plain.len, file));
    size_t aad = file->len;
    SPK_TRY(spk_buf_grow(file, plain.len, &dst));
    SPK_TRY(spk_aead_seal(a, zero_iv, spk_span(file->ptr, aad), plain, dst, tag));
    return spk_buf_add(file, SPK_SPAN_OF(tag));
}

struct shares {
    struct spk_secret *s[SPK_OFFICERS_MAX];
};

static void
shares_clear(struct shares *x)
{
    for (size_t i = 0; i < SPK_OFFICERS_MAX; i++) {
        spk_secret_free(x->s[i]);
    }
}
#define SHARES_AUTO __attribute__((cleanup(shares_clear))) struct shares

static spk_err
share_file(const struct spk_copy_head *h, const struct spk_officer *o,
           const struct spk_secret *share, struct spk_buf *file)
{
    struct spk_share s = {.kind = SPK_SHARE_KEPT,
                          .genesis = h->genesis,
                          .policy = h->policy,
                          .k = h->k,
                          .n = h->n,
                          .x = spk_secret_span(share).ptr[0]};

    memcpy(s.copy, h->id, sizeof(s.copy));
    memcpy(s.officer, o->key.name, sizeof(s.officer));
    memcpy(s.to, o->seal, sizeof(s.to));
    return spk_share_seal(&s, share, file);
}

static spk_err
head_fill(const struct spk_keys *keys, const struct spk_hstate *state, struct spk_copy_head *h)
{
    const struct spk_policy *p = spk_state_policy(state);

    SPK_CHECK(p != NULL, FORMAT);
    SPK_TRY(spk_random(SPK_MUT_OF(h->id)));
    h->genesis = keys->genesis;
    h->policy = p->number;
    h->policy_hash = p->hash;
    return SPK_OK;
}

spk_err
spk_copy_make(const struct spk_copy_from *from, const struct spk_copy_to *to, unsigned k,
              struct spk_buf *file, struct spk_buf *shares)
{
    SPK_AUTO_BUF struct spk_buf plain = SPK_BUF(SPK_COPY_MAX);
    SPK_AUTO(spk_secret) key = NULL;
    SHARES_AUTO parts = {{NULL}};
    struct spk_copy_head h = {.k = (uint8_t)k, .n = (uint8_t)to->n};

    SPK_CHECK(k >= 2 && k <= to->n && to->n <= SPK_OFFICERS_MAX, LIMIT);
    SPK_TRY(head_fill(from->keys, from->state, &h));
    SPK_TRY(plain_build(from, &plain));
    SPK_TRY(spk_secret_random(SPK_AEAD_KEY_LEN, &key));
    SPK_TRY(spk_shamir_split(key, k, (unsigned)to->n, parts.s));
    for (size_t i = 0; i < to->n; i++) {
        SPK_TRY(share_digest(h.id, parts.s[i], &h.digest[i]));
        SPK_TRY(share_file(&h, to->officer[i], parts.s[i], &shares[i]));
    }
    return file_build(&h, key, spk_buf_span(&plain), file);
}

spk_err
spk_copy_share_fits(const struct spk_copy_head *h, const struct spk_secret *share)
{
    struct spk_hash d;

    SPK_CHECK(spk_secret_len(share) == SPK_SHARE_LEN, AUTH);
    uint8_t x = spk_secret_span(share).ptr[0];
    SPK_CHECK(x >= 1 && x <= h->n, AUTH);
    SPK_TRY(share_digest(h->id, share, &d));
    SPK_CHECK(spk_hash_eq(&d, &h->digest[x - 1]), AUTH);
    return SPK_OK;
}

void
spk_copied_free(struct spk_copied *c)
{
    spk_keys_free(c->keys);
    spk_mem_free(c->policies);
    spk_buf_free(&c->plain);
    c->keys = NULL;
    c->policies = NULL;
}

static spk_err
copy_decrypt(const struct spk_copy_head *h, struct spk_secret *const *shares, struct spk_buf *plain)
{
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO(spk_aead) a = NULL;
    uint8_t *dst = NULL;

    SPK_TRY(spk_shamir_join(shares, h->k, &key));
    SPK_CHECK(spk_secret_len(key) == SPK_AEAD_KEY_LEN, AUTH);
    SPK_TRY(aead_for(key, &a));
    SPK_TRY(spk_buf_grow(plain, h->sealed.len, &dst));
    return spk_aead_open(a, zero_iv, h->aad, h->sealed, h->tag, dst);
}

spk_err
spk_copy_open(const struct spk_copy_head *h, struct spk_secret *const *shares,
              struct spk_copied *ret_c)
{
    __attribute__((cleanup(spk_copied_free))) struct spk_copied c = {.plain =
                                                                         SPK_BUF(SPK_COPY_MAX)};

    SPK_TRY(copy_decrypt(h, shares, &c.plain));
    SPK_TRY(plain_parse(&c, h));
    *ret_c = c;
    c = (struct spk_copied){.plain = SPK_BUF(0)};
    return SPK_OK;
}
