/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/keyfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/rd.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/mac.h"
#include "crypto/rng.h"

#define SEED_MAGIC "SPKHSEED"
#define EPOCH_MAGIC "SPKHPAIR"
#define MAGIC_LEN 8
#define FILE_VERSION 1
#define FLAG_PASS 0x0001u
#define SALT_LEN 32
#define LOG2_N 15 /* scrypt: 32 MiB, about a tenth of a second */
#define MAC_LEN SPK_HASH_LEN

static const uint8_t zero_iv[SPK_AEAD_IV_LEN]; /* each key below seals one message */

void
spk_keys_free(struct spk_keys *k)
{
    if (k == NULL) {
        return;
    }
    for (size_t i = 0; i < k->n; i++) {
        spk_rsa_free(k->epoch[i].pair);
    }
    spk_secret_free(k->seed);
    spk_mem_free(k);
}

const struct spk_epoch *
spk_keys_newest(const struct spk_keys *k)
{
    return &k->epoch[k->n - 1];
}

const struct spk_epoch *
spk_keys_find(const struct spk_keys *k, const struct spk_hash *id)
{
    for (size_t i = 0; i < k->n; i++) {
        if (spk_hash_eq(spk_rsa_id(k->epoch[i].pair), id)) {
            return &k->epoch[i];
        }
    }
    return NULL;
}

spk_err
spk_keys_identity(struct spk_keys *k, struct spk_span name, const struct spk_hash *genesis,
                  const struct spk_secret *seed)
{
    char key_name[SPK_NOTE_NAME_MAX + 1];
    uint8_t pub[SPK_ED25519_LEN];
    SPK_AUTO(spk_secret) copy = NULL;

    SPK_CHECK(name.len > 0 && name.len <= SPK_HOLDER_NAME_MAX, LIMIT);
    SPK_CHECK(memchr(name.ptr, 0, name.len) == NULL, FORMAT);
    SPK_CHECK(spk_secret_len(seed) == SPK_ED25519_LEN, FORMAT);
    SPK_TRY(spk_secret_dup(seed, &copy));
    memcpy(k->name, name.ptr, name.len);
    k->name[name.len] = '\0';
    (void)snprintf(key_name, sizeof(key_name), "%.*s%s", (int)SPK_HOLDER_NAME_MAX, k->name,
                   SPK_HOLDER_SUFFIX);
    SPK_TRY(spk_ed25519_public(copy, pub));
    SPK_TRY(spk_vkey_make(key_name, pub, &k->vkey));
    k->genesis = *genesis;
    spk_secret_free(k->seed);
    k->seed = SPK_STEAL(copy);
    return SPK_OK;
}

spk_err
spk_keys_add(struct spk_keys *k, uint32_t number, struct spk_rsa *pair)
{
    SPK_CHECK(k->n < SPK_EPOCHS_MAX, LIMIT);
    SPK_CHECK(number == k->n + 1 && spk_rsa_is_pair(pair), FORMAT);
    SPK_CHECK(spk_keys_find(k, spk_rsa_id(pair)) == NULL, FORMAT);
    struct spk_epoch *e = &k->epoch[k->n];
    e->number = number;
    memset(&e->previous, 0, sizeof(e->previous));
    if (k->n > 0) {
        e->previous = *spk_rsa_id(spk_keys_newest(k)->pair);
    }
    e->pair = spk_rsa_ref(pair);
    k->n++;
    return SPK_OK;
}

spk_err
spk_keys_rotate(struct spk_keys *k, unsigned bits)
{
    SPK_AUTO(spk_rsa) pair = NULL;

    SPK_TRY(spk_rsa_generate(bits, &pair));
    return spk_keys_add(k, (uint32_t)k->n + 1, pair);
}

spk_err
spk_keys_new(const char *name, const struct spk_hash *genesis, unsigned bits,
             struct spk_keys **ret_k)
{
    SPK_AUTO(spk_keys) k = spk_calloc(1, sizeof(*k));
    SPK_AUTO(spk_secret) seed = NULL;

    SPK_CHECK(k != NULL, NOMEM);
    SPK_TRY(spk_secret_random(SPK_ED25519_LEN, &seed));
    SPK_TRY(spk_keys_identity(k, spk_span_str(name), genesis, seed));
    SPK_TRY(spk_keys_rotate(k, bits));
    *ret_k = SPK_STEAL(k);
    return SPK_OK;
}

/* -- holder.key ----------------------------------------------------------------------------------
 */

static spk_err
seed_mac(const struct spk_secret *seed, struct spk_span bytes, struct spk_hash *ret_mac)
{
    uint8_t key[32];
    SPK_WIPE_ON_EXIT(key);

    SPK_TRY(spk_hkdf_sha256(spk_secret_span(seed), SPK_SPAN_EMPTY,
                            SPK_SPAN_LIT("sparekey/1 holder key file"), SPK_MUT_OF(key)));
    return spk_hmac_sha256(SPK_SPAN_OF(key), &bytes, 1, ret_mac);
}

/* The seed as it stands in the file: itself, or XORed with a pad from the passphrase. The MAC that
 * follows is keyed with the seed, so it also tells whether the passphrase was right. */
static spk_err
seed_box(struct spk_span in, const struct spk_secret *pass, const uint8_t salt[SALT_LEN],
         uint8_t ret_out[SPK_ED25519_LEN])
{
    uint8_t pad[SPK_ED25519_LEN] = {0};
    SPK_WIPE_ON_EXIT(pad);

    if (pass != NULL) {
        SPK_TRY(spk_scrypt(spk_secret_span(pass), spk_span(salt, SALT_LEN), LOG2_N, 8, 1,
                           SPK_MUT_OF(pad)));
    }
    for (size_t i = 0; i < SPK_ED25519_LEN; i++) {
        ret_out[i] = in.ptr[i] ^ pad[i];
    }
    return SPK_OK;
}

static spk_err
seed_build(const struct spk_keys *k, const struct spk_secret *pass, struct spk_buf *out)
{
    uint8_t salt[SALT_LEN], box[SPK_ED25519_LEN];
    SPK_WIPE_ON_EXIT(box);
    struct spk_hash mac;

    SPK_TRY(spk_random(SPK_MUT_OF(salt)));
    SPK_TRY(spk_buf_str(out, SEED_MAGIC));
    SPK_TRY(spk_buf_u16(out, FILE_VERSION));
    SPK_TRY(spk_buf_u16(out, pass != NULL ? FLAG_PASS : 0));
    SPK_TRY(spk_buf_u16(out, (uint16_t)strlen(k->name)));
    SPK_TRY(spk_buf_str(out, k->name));
    SPK_TRY(spk_buf_add(out, spk_hash_span(&k->genesis)));
    SPK_TRY(spk_buf_add(out, SPK_SPAN_OF(salt)));
    SPK_TRY(seed_box(spk_secret_span(k->seed), pass, salt, box));
    SPK_TRY(spk_buf_add(out, SPK_SPAN_OF(box)));
    SPK_TRY(seed_mac(k->seed, spk_buf_span(out), &mac));
    return spk_buf_add(out, spk_hash_span(&mac));
}

static spk_err
magic_read(struct spk_rd *r, const char *magic, uint16_t *ret_flags)
{
    struct spk_span m;
    uint16_t version;

    SPK_TRY(spk_rd_span(r, MAGIC_LEN, &m));
    SPK_CHECK(spk_span_eq(m, spk_span_str(magic)), FORMAT);
    SPK_TRY(spk_rd_u16(r, &version));
    SPK_CHECK(version == FILE_VERSION, VERSION);
    SPK_TRY(spk_rd_u16(r, ret_flags));
    SPK_CHECK((*ret_flags & ~FLAG_PASS) == 0, VERSION);
    return SPK_OK;
}

spk_err
spk_seed_parse(struct spk_span file, const struct spk_secret *pass_or_null, struct spk_keys *ret_k)
{
    struct spk_rd r = spk_rd(file);
    struct spk_span name, box;
    struct spk_hash genesis, mac, expect;
    uint8_t salt[SALT_LEN];
    uint16_t flags;
    SPK_AUTO(spk_secret) seed = NULL;

    SPK_TRY(magic_read(&r, SEED_MAGIC, &flags));
    SPK_TRY(spk_rd_var16(&r, SPK_HOLDER_NAME_MAX, &name));
    SPK_TRY(spk_rd_copy(&r, genesis.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_copy(&r, salt, SALT_LEN));
    SPK_TRY(spk_rd_span(&r, SPK_ED25519_LEN, &box));
    SPK_TRY(spk_rd_copy(&r, mac.b, MAC_LEN));
    SPK_TRY(spk_rd_end(&r));
    bool locked = (flags & FLAG_PASS) != 0;
    SPK_CHECK(!locked || pass_or_null != NULL, PASS);
    SPK_TRY(spk_secret_new(SPK_ED25519_LEN, &seed));
    SPK_TRY(seed_box(box, locked ? pass_or_null : NULL, salt, spk_secret_mut(seed).ptr));
    SPK_TRY(seed_mac(seed, spk_span(file.ptr, file.len - MAC_LEN), &expect));
    if (!spk_ct_eq(mac.b, expect.b, MAC_LEN)) {
        return locked ? SPK_ERR(PASS) : SPK_ERR(AUTH);
    }
    return spk_keys_identity(ret_k, name, &genesis, seed);
}

spk_err
spk_keys_write_seed(int dirfd, const struct spk_keys *k, const struct spk_secret *pass_or_null)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);

    SPK_TRY(seed_build(k, pass_or_null, &b));
    return spk_file_write(dirfd, SPK_SEED_FILE, spk_buf_span(&b), 0600, false);
}

/* -- epoch-N.key ---------------------------------------------------------------------------------
 */

static void
epoch_name(uint32_t number, char ret[32])
{
    (void)snprintf(ret, 32, "epoch-%u.key", (unsigned)number);
}

static spk_err
epoch_aead(const struct spk_keys *k, const uint8_t salt[SALT_LEN], struct spk_aead **ret_a)
{
    SPK_AUTO(spk_aead) a = NULL;
    uint8_t key[SPK_AEAD_KEY_LEN];
    SPK_WIPE_ON_EXIT(key);

    SPK_TRY(spk_hkdf_sha256(spk_secret_span(k->seed), spk_span(salt, SALT_LEN),
                            SPK_SPAN_LIT("sparekey/1 holder pair"), SPK_MUT_OF(key)));
    SPK_TRY(spk_aead_new(&a));
    SPK_TRY(spk_aead_key(a, SPK_SPAN_OF(key)));
    *ret_a = SPK_STEAL(a);
    return SPK_OK;
}

static spk_err
epoch_build(const struct spk_keys *k, const struct spk_epoch *e, struct spk_buf *out)
{
    uint8_t salt[SALT_LEN], tag[SPK_AEAD_TAG_LEN], *dst = NULL;
    SPK_AUTO(spk_secret) der = NULL;
    SPK_AUTO(spk_aead) a = NULL;

    SPK_TRY(spk_rsa_to_pkcs8(e->pair, NULL, &der));
    SPK_TRY(spk_random(SPK_MUT_OF(salt)));
    SPK_TRY(spk_buf_str(out, EPOCH_MAGIC));
    SPK_TRY(spk_buf_u16(out, FILE_VERSION));
    SPK_TRY(spk_buf_u16(out, 0));
    SPK_TRY(spk_buf_u32(out, e->number));
    SPK_TRY(spk_buf_add(out, spk_hash_span(&k->genesis)));
    SPK_TRY(spk_buf_add(out, spk_hash_span(spk_rsa_id(e->pair))));
    SPK_TRY(spk_buf_add(out, spk_hash_span(&e->previous)));
    SPK_TRY(spk_buf_add(out, SPK_SPAN_OF(salt)));
    SPK_TRY(spk_buf_u32(out, (uint32_t)spk_secret_len(der)));
    size_t head = out->len;
    SPK_TRY(epoch_aead(k, salt, &a));
    SPK_TRY(spk_buf_grow(out, spk_secret_len(der), &dst));
    SPK_TRY(spk_aead_seal(a, zero_iv, spk_span(out->ptr, head), spk_secret_span(der), dst, tag));
    return spk_buf_add(out, SPK_SPAN_OF(tag));
}

struct epoch_head {
    uint32_t number;
    struct spk_hash genesis, id, previous;
    uint8_t salt[SALT_LEN];
    struct spk_span aad, sealed;
    uint8_t tag[SPK_AEAD_TAG_LEN];
};

static spk_err
epoch_head_parse(struct spk_span file, struct epoch_head *ret_h)
{
    struct spk_rd r = spk_rd(file);
    uint16_t flags;

    SPK_TRY(magic_read(&r, EPOCH_MAGIC, &flags));
    SPK_CHECK(flags == 0, VERSION);
    SPK_TRY(spk_rd_u32(&r, &ret_h->number));
    SPK_TRY(spk_rd_copy(&r, ret_h->genesis.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_copy(&r, ret_h->id.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_copy(&r, ret_h->previous.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_copy(&r, ret_h->salt, SALT_LEN));
    SPK_TRY(spk_rd_var32(&r, SPK_KEYFILE_MAX, &ret_h->sealed));
    ret_h->aad = spk_span(file.ptr, (size_t)(ret_h->sealed.ptr - file.ptr));
    SPK_TRY(spk_rd_copy(&r, ret_h->tag, SPK_AEAD_TAG_LEN));
    return spk_rd_end(&r);
}

spk_err
spk_epoch_parse(struct spk_keys *k, struct spk_span file, uint32_t number)
{
    struct epoch_head h;
    SPK_AUTO(spk_aead) a = NULL;
    SPK_AUTO(spk_secret) der = NULL;
    SPK_AUTO(spk_rsa) pair = NULL;

    SPK_TRY(epoch_head_parse(file, &h));
    SPK_CHECK(h.sealed.len > 0, FORMAT);
    SPK_CHECK(h.number == number && spk_hash_eq(&h.genesis, &k->genesis), AUTH);
    SPK_TRY(spk_secret_new(h.sealed.len, &der));
    SPK_TRY(epoch_aead(k, h.salt, &a));
    SPK_TRY(spk_aead_open(a, zero_iv, h.aad, h.sealed, h.tag, spk_secret_mut(der).ptr));
    SPK_TRY(spk_rsa_from_pkcs8(spk_secret_span(der), NULL, &pair));
    SPK_CHECK(spk_hash_eq(spk_rsa_id(pair), &h.id), AUTH);
    SPK_TRY(spk_keys_add(k, number, pair));
    SPK_CHECK(spk_hash_eq(&spk_keys_newest(k)->previous, &h.previous), AUTH);
    return SPK_OK;
}

spk_err
spk_keys_write_epoch(int dirfd, const struct spk_keys *k, const struct spk_epoch *e)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);
    char name[32];

    epoch_name(e->number, name);
    SPK_TRY(epoch_build(k, e, &b));
    return spk_file_write(dirfd, name, spk_buf_span(&b), 0600, false);
}

/* -- The folder ----------------------------------------------------------------------------------
 */

spk_err
spk_keys_locked(int dirfd, bool *ret_locked)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);
    uint16_t flags;

    SPK_TRY(spk_file_read(dirfd, SPK_SEED_FILE, &b));
    struct spk_rd r = spk_rd(spk_buf_span(&b));
    SPK_TRY(magic_read(&r, SEED_MAGIC, &flags));
    *ret_locked = (flags & FLAG_PASS) != 0;
    return SPK_OK;
}

static spk_err
read_epochs(int dirfd, struct spk_keys *k)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);
    char name[32];

    for (uint32_t number = 1; number <= SPK_EPOCHS_MAX; number++) {
        spk_buf_reset(&b);
        epoch_name(number, name);
        spk_err e = spk_file_read(dirfd, name, &b);
        if (e.code == SPK_CODE_NOTFOUND && number > 1) {
            return SPK_OK;
        }
        SPK_TRY(e);
        SPK_TRY(spk_epoch_parse(k, spk_buf_span(&b), number));
    }
    return SPK_OK;
}

spk_err
spk_keys_read(int dirfd, const struct spk_secret *pass_or_null, struct spk_keys **ret_k)
{
    SPK_AUTO(spk_keys) k = spk_calloc(1, sizeof(*k));
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);

    SPK_CHECK(k != NULL, NOMEM);
    SPK_TRY(spk_file_read(dirfd, SPK_SEED_FILE, &b));
    SPK_TRY(spk_seed_parse(spk_buf_span(&b), pass_or_null, k));
    SPK_TRY(read_epochs(dirfd, k));
    *ret_k = SPK_STEAL(k);
    return SPK_OK;
}
