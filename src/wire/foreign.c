/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/foreign.h"

#include <string.h>

#include "crypto/aead.h"
#include "crypto/rng.h"

#define A_KEY 1
#define A_NAME 2
#define A_BLOB 3
#define R_LEN SPK_FILE_ID_LEN
#define PLAIN_MAX (2 + 3 * 6 + SPK_FOREIGN_BLOB_MAX + SPK_FOREIGN_NAME_MAX + SPK_HASH_LEN)
#define SEALED_OVERHEAD ((size_t)R_LEN + SPK_AEAD_TAG_LEN)

_Static_assert(PLAIN_MAX + SEALED_OVERHEAD <= SPK_RPRIV_FOREIGN_MAX, "it fits");

/* Each r has its own key, so one IV serves them all. */
static const uint8_t zero_iv[SPK_AEAD_IV_LEN];

static spk_err
cipher_for(const struct spk_secret *key, const struct spk_file_id *id, const uint8_t *r,
           struct spk_aead **ret_a)
{
    uint8_t ctx[SPK_FILE_ID_LEN + R_LEN], sub[SPK_AEAD_KEY_LEN];
    SPK_WIPE_ON_EXIT(sub);
    SPK_AUTO(spk_aead) a = NULL;

    memcpy(ctx, id->b, SPK_FILE_ID_LEN);
    memcpy(ctx + SPK_FILE_ID_LEN, r, R_LEN);
    SPK_TRY(spk_sub(key, "foreign", SPK_SPAN_OF(ctx), SPK_MUT_OF(sub)));
    SPK_TRY(spk_aead_new(&a));
    SPK_TRY(spk_aead_key(a, SPK_SPAN_OF(sub)));
    *ret_a = SPK_STEAL(a);
    return SPK_OK;
}

static spk_err
build_plain(const struct spk_foreign *f, struct spk_buf *out)
{
    struct spk_attrs l = {.n = 0};

    SPK_CHECK(f->key.len <= SPK_FOREIGN_BLOB_MAX && f->name.len <= SPK_FOREIGN_NAME_MAX, LIMIT);
    if (f->key.len > 0) {
        SPK_TRY(spk_attrs_add(&l, A_KEY, f->key));
    }
    if (f->name.len > 0) {
        SPK_TRY(spk_attrs_add(&l, A_NAME, f->name));
    }
    if (f->has_blob) {
        SPK_TRY(spk_attrs_add(&l, A_BLOB, spk_hash_span(&f->blob)));
    }
    return spk_attrs_build(&l, out);
}

spk_err
spk_foreign_seal(const struct spk_secret *key, const struct spk_file_id *id,
                 const struct spk_foreign *f, struct spk_buf *out)
{
    SPK_AUTO_BUF struct spk_buf plain = SPK_BUF(PLAIN_MAX); /* wiped when freed */
    SPK_AUTO(spk_aead) a = NULL;
    uint8_t r[R_LEN];
    uint8_t *p = NULL;

    SPK_TRY(build_plain(f, &plain));
    SPK_TRY(spk_random(SPK_MUT_OF(r)));
    SPK_TRY(cipher_for(key, id, r, &a));
    SPK_TRY(spk_buf_grow(out, SEALED_OVERHEAD + plain.len, &p));
    memcpy(p, r, R_LEN);
    return spk_aead_seal(a, zero_iv, SPK_SPAN_OF(r), spk_buf_span(&plain), p + R_LEN,
                         p + R_LEN + plain.len);
}

static spk_err
parse_plain(struct spk_span plain, struct spk_foreign *ret_f)
{
    static const uint16_t known[] = {A_KEY, A_NAME, A_BLOB};
    struct spk_foreign f = {.has_blob = false};
    struct spk_attrs l;

    SPK_TRY(spk_attrs_parse_known(plain, known, sizeof(known) / sizeof(known[0]), &l));
    if (spk_attrs_has(&l, A_KEY)) {
        SPK_TRY(spk_attrs_get(&l, A_KEY, SPK_FOREIGN_BLOB_MAX, &f.key));
        SPK_CHECK(f.key.len > 0, FORMAT);
    }
    if (spk_attrs_has(&l, A_NAME)) {
        SPK_TRY(spk_attrs_get(&l, A_NAME, SPK_FOREIGN_NAME_MAX, &f.name));
        SPK_CHECK(f.name.len > 0, FORMAT);
    }
    f.has_blob = spk_attrs_has(&l, A_BLOB);
    if (f.has_blob) {
        SPK_TRY(spk_attrs_fixed(&l, A_BLOB, f.blob.b, SPK_HASH_LEN));
    }
    *ret_f = f;
    return SPK_OK;
}

spk_err
spk_foreign_open(const struct spk_secret *key, const struct spk_file_id *id, struct spk_span sealed,
                 struct spk_secret **ret_plain, struct spk_foreign *ret_f)
{
    SPK_AUTO(spk_secret) plain = NULL;
    SPK_AUTO(spk_aead) a = NULL;
    size_t n;

    SPK_CHECK(sealed.len > SEALED_OVERHEAD, FORMAT);
    SPK_CHECK(sealed.len <= SPK_RPRIV_FOREIGN_MAX, LIMIT);
    n = sealed.len - SEALED_OVERHEAD;
    SPK_TRY(cipher_for(key, id, sealed.ptr, &a));
    SPK_TRY(spk_secret_new(n, &plain));
    SPK_TRY(spk_aead_open(a, zero_iv, spk_span(sealed.ptr, R_LEN), spk_span(sealed.ptr + R_LEN, n),
                          sealed.ptr + R_LEN + n, spk_secret_mut(plain).ptr));
    SPK_TRY(parse_plain(spk_secret_span(plain), ret_f));
    *ret_plain = SPK_STEAL(plain);
    return SPK_OK;
}
