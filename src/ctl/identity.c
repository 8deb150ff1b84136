/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/identity.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rd.h"
#include "base/text.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/rng.h"
#include "wire/attrs.h"

#define MAGIC "sparekey/1 officer-identity\n"
#define FILE_MAX 4096
#define SALT_LEN 16
#define KEYS_LEN 64 /* Ed25519 seed, X25519 key */
#define SCRYPT_LOG2_N 15
#define SCRYPT_R 8
#define SCRYPT_P 1

enum {
    ATTR_NAME = 1,
    ATTR_PERSON = 2,
    ATTR_SIGN = 3,
    ATTR_SEAL = 4,
    ATTR_KEYS = 5,
    ATTR_LOCKED = 6,
    ATTR_OWNER = 7 /* repeated */
};
static const uint16_t known[] = {ATTR_NAME, ATTR_PERSON, ATTR_SIGN, ATTR_SEAL,
                                 ATTR_KEYS, ATTR_LOCKED, ATTR_OWNER};

void
spk_identity_free(struct spk_identity *id)
{
    if (id != NULL) {
        spk_secret_free(id->sign);
        spk_secret_free(id->seal);
        spk_mem_free(id);
    }
}

bool
spk_officer_name_ok(const char *name)
{
    size_t len = strlen(name);
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    return len > 0 && len <= SPK_OFFICER_NAME_MAX && name[0] != '.' && name[0] != '-' &&
           strspn(name, allowed) == len;
}

static spk_err
set_names(struct spk_identity *id, struct spk_span name, struct spk_span person)
{
    SPK_CHECK(name.len < sizeof(id->name) && person.len < sizeof(id->person), FORMAT);
    memcpy(id->name, name.ptr, name.len);
    memcpy(id->person, person.ptr, person.len);
    SPK_CHECK(spk_officer_name_ok(id->name) && spk_officer_name_ok(id->person), FORMAT);
    memcpy(id->officer.person, id->person, sizeof(id->person));
    return SPK_OK;
}

/* The public half as a policy names it: key "officer/NAME", person, seal key. */
static spk_err
set_public(struct spk_identity *id, const uint8_t sign[32], const uint8_t seal[32])
{
    char key_name[SPK_OFFICER_NAME_MAX + 16];

    (void)snprintf(key_name, sizeof(key_name), SPK_OFFICER_PREFIX "%s", id->name);
    SPK_TRY(spk_vkey_make(key_name, sign, &id->officer.key));
    memcpy(id->officer.seal, seal, sizeof(id->officer.seal));
    return SPK_OK;
}

spk_err
spk_identity_new(const char *name, const char *person, struct spk_identity **ret_id)
{
    SPK_AUTO(spk_identity) id = spk_calloc(1, sizeof(*id));
    uint8_t sign[SPK_ED25519_LEN];
    uint8_t seal[32];

    SPK_CHECK(id != NULL, NOMEM);
    SPK_TRY(set_names(id, spk_span_str(name), spk_span_str(person)));
    SPK_TRY(spk_secret_random(SPK_ED25519_LEN, &id->sign));
    SPK_TRY(spk_secret_random(32, &id->seal));
    SPK_TRY(spk_ed25519_public(id->sign, sign));
    SPK_TRY(spk_x25519_public(id->seal, seal));
    SPK_TRY(set_public(id, sign, seal));
    *ret_id = SPK_STEAL(id);
    return SPK_OK;
}

/* The key that a passphrase gives for one file. */
static spk_err
pass_key(const struct spk_secret *pass, struct spk_span salt, struct spk_secret **ret_key)
{
    SPK_AUTO(spk_secret) key = NULL;

    SPK_TRY(spk_secret_new(SPK_AEAD_KEY_LEN, &key));
    SPK_TRY(spk_scrypt(spk_secret_span(pass), salt, SCRYPT_LOG2_N, SCRYPT_R, SCRYPT_P,
                       spk_secret_mut(key)));
    *ret_key = SPK_STEAL(key);
    return SPK_OK;
}

/* A fresh salt makes a fresh key, so the IV may be constant. */
static const uint8_t zero_iv[SPK_AEAD_IV_LEN];

static spk_err
lock_keys(const uint8_t keys[KEYS_LEN], const struct spk_secret *pass, struct spk_buf *out)
{
    uint8_t salt[SALT_LEN];
    uint8_t sealed[KEYS_LEN];
    uint8_t tag[SPK_AEAD_TAG_LEN];
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO(spk_aead) aead = NULL;

    SPK_TRY(spk_random(SPK_MUT_OF(salt)));
    SPK_TRY(pass_key(pass, SPK_SPAN_OF(salt), &key));
    SPK_TRY(spk_aead_new(&aead));
    SPK_TRY(spk_aead_key(aead, spk_secret_span(key)));
    SPK_TRY(
        spk_aead_seal(aead, zero_iv, SPK_SPAN_LIT(MAGIC), spk_span(keys, KEYS_LEN), sealed, tag));
    SPK_TRY(spk_buf_add(out, SPK_SPAN_OF(salt)));
    SPK_TRY(spk_buf_add(out, SPK_SPAN_OF(sealed)));
    return spk_buf_add(out, SPK_SPAN_OF(tag));
}

spk_err
spk_identity_save(const struct spk_identity *id, const char *path, const struct spk_secret *pass)
{
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(FILE_MAX);
    SPK_AUTO_BUF struct spk_buf locked = SPK_BUF(FILE_MAX);
    uint8_t keys[KEYS_LEN];
    SPK_WIPE_ON_EXIT(keys);
    struct spk_attrs l = {0};

    SPK_CHECK(!id->locked, USAGE);
    memcpy(keys, spk_secret_span(id->sign).ptr, 32);
    memcpy(keys + 32, spk_secret_span(id->seal).ptr, 32);
    SPK_TRY(spk_attrs_add(&l, ATTR_NAME, spk_span_str(id->name)));
    SPK_TRY(spk_attrs_add(&l, ATTR_PERSON, spk_span_str(id->person)));
    SPK_TRY(spk_attrs_add(&l, ATTR_SIGN, SPK_SPAN_OF(id->officer.key.key)));
    SPK_TRY(spk_attrs_add(&l, ATTR_SEAL, SPK_SPAN_OF(id->officer.seal)));
    for (size_t i = 0; i < id->officer.n_owners; i++) {
        SPK_TRY(spk_attrs_add(&l, ATTR_OWNER, spk_hash_span(&id->officer.owners[i])));
    }
    if (pass != NULL) {
        SPK_TRY(lock_keys(keys, pass, &locked));
        SPK_TRY(spk_attrs_add(&l, ATTR_LOCKED, spk_buf_span(&locked)));
    } else {
        SPK_TRY(spk_attrs_add(&l, ATTR_KEYS, SPK_SPAN_OF(keys)));
    }
    SPK_TRY(spk_buf_str(&out, MAGIC));
    SPK_TRY(spk_attrs_build(&l, &out));
    return spk_file_write(AT_FDCWD, path, spk_buf_span(&out), 0600, false);
}

/* Take the keys and see that they are those of the public half. */
static spk_err
take_keys(struct spk_identity *id, struct spk_span keys)
{
    SPK_AUTO(spk_secret) sign = NULL;
    SPK_AUTO(spk_secret) seal = NULL;
    uint8_t pub[32];

    SPK_TRY(spk_secret_from(spk_span(keys.ptr, 32), &sign));
    SPK_TRY(spk_secret_from(spk_span(keys.ptr + 32, 32), &seal));
    SPK_TRY(spk_ed25519_public(sign, pub));
    SPK_CHECK(spk_ct_eq(pub, id->officer.key.key, sizeof(pub)), FORMAT);
    SPK_TRY(spk_x25519_public(seal, pub));
    SPK_CHECK(spk_ct_eq(pub, id->officer.seal, sizeof(pub)), FORMAT);
    id->sign = SPK_STEAL(sign);
    id->seal = SPK_STEAL(seal);
    id->locked = false;
    return SPK_OK;
}

static spk_err
parse_file(struct spk_span raw, struct spk_attrs *ret_l)
{
    SPK_CHECK(spk_skip_prefix(&raw, MAGIC), FORMAT);
    return spk_attrs_parse_known(raw, known, sizeof(known) / sizeof(known[0]), ret_l);
}

/* The person's own owner ids: in ascending order, as an attribute list has them. */
static spk_err
take_owners(const struct spk_attrs *l, struct spk_identity *id)
{
    struct spk_span v;

    for (size_t i = 0; spk_attrs_nth(l, ATTR_OWNER, i, &v); i++) {
        SPK_CHECK(v.len == SPK_HASH_LEN && i < SPK_OFFICER_OWNERS_MAX, FORMAT);
        memcpy(id->officer.owners[i].b, v.ptr, v.len);
        id->officer.n_owners = i + 1;
    }
    return SPK_OK;
}

static spk_err
from_attrs(const struct spk_attrs *l, struct spk_identity *id)
{
    struct spk_span name;
    struct spk_span person;
    struct spk_span keys;
    uint8_t sign[32];
    uint8_t seal[32];

    SPK_TRY(spk_attrs_get(l, ATTR_NAME, SPK_OFFICER_NAME_MAX, &name));
    SPK_TRY(spk_attrs_get(l, ATTR_PERSON, sizeof(id->person) - 1, &person));
    SPK_TRY(set_names(id, name, person));
    SPK_TRY(spk_attrs_fixed(l, ATTR_SIGN, sign, sizeof(sign)));
    SPK_TRY(spk_attrs_fixed(l, ATTR_SEAL, seal, sizeof(seal)));
    SPK_TRY(set_public(id, sign, seal));
    SPK_TRY(take_owners(l, id));
    SPK_CHECK(spk_attrs_has(l, ATTR_KEYS) != spk_attrs_has(l, ATTR_LOCKED), FORMAT);
    id->locked = true;
    if (spk_attrs_has(l, ATTR_LOCKED)) {
        return SPK_OK;
    }
    SPK_TRY(spk_attrs_get(l, ATTR_KEYS, KEYS_LEN, &keys));
    SPK_CHECK(keys.len == KEYS_LEN, FORMAT);
    return take_keys(id, keys);
}

/* Nobody but its owner may read or write the file. */
static spk_err
check_private(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK((st.st_mode & 077) == 0 && (st.st_uid == geteuid() || geteuid() == 0), DENIED);
    return SPK_OK;
}

spk_err
spk_identity_parse(struct spk_span raw, struct spk_identity **ret_id)
{
    struct spk_attrs l;
    SPK_AUTO(spk_identity) id = spk_calloc(1, sizeof(*id));

    SPK_CHECK(id != NULL, NOMEM);
    SPK_TRY(parse_file(raw, &l));
    SPK_TRY(from_attrs(&l, id));
    *ret_id = SPK_STEAL(id);
    return SPK_OK;
}

spk_err
spk_identity_load(const char *path, struct spk_buf *raw, struct spk_identity **ret_id)
{
    SPK_TRY(check_private(path));
    SPK_TRY(spk_file_read(AT_FDCWD, path, raw));
    return spk_identity_parse(spk_buf_span(raw), ret_id);
}

spk_err
spk_identity_unlock(struct spk_identity *id, struct spk_span raw, const struct spk_secret *pass)
{
    struct spk_attrs l;
    struct spk_span locked;
    uint8_t keys[KEYS_LEN];
    SPK_WIPE_ON_EXIT(keys);
    SPK_AUTO(spk_secret) key = NULL;
    SPK_AUTO(spk_aead) aead = NULL;
    spk_err e;

    SPK_TRY(parse_file(raw, &l));
    SPK_TRY(spk_attrs_get(&l, ATTR_LOCKED, SALT_LEN + KEYS_LEN + SPK_AEAD_TAG_LEN, &locked));
    SPK_CHECK(locked.len == SALT_LEN + KEYS_LEN + SPK_AEAD_TAG_LEN, FORMAT);
    SPK_TRY(pass_key(pass, spk_span(locked.ptr, SALT_LEN), &key));
    SPK_TRY(spk_aead_new(&aead));
    SPK_TRY(spk_aead_key(aead, spk_secret_span(key)));
    e = spk_aead_open(aead, zero_iv, SPK_SPAN_LIT(MAGIC), spk_span(locked.ptr + SALT_LEN, KEYS_LEN),
                      locked.ptr + SALT_LEN + KEYS_LEN, keys);
    SPK_CHECK(e.code != SPK_CODE_AUTH, PASS);
    SPK_TRY(e);
    return take_keys(id, SPK_SPAN_OF(keys));
}
