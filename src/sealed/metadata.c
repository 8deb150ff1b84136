/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/metadata.h"

#include <string.h>

#include "base/rd.h"
#include "crypto/aead.h"
#include "crypto/rng.h"

#define META_R_LEN 16
#define META_BODY_MAX 4096
#define META_ITEM_HEAD 6 /* u16 type, u32 length */
#define META_MODE_BITS 07777u

/* Tags in doc/spec/registry.md, "Metadata tags". */
enum { META_NAME = 1, META_MODE = 2, META_MTIME = 3, META_SIZE = 4 };

/* A name that is safe to join to a folder: whoever sealed the file may be anyone. */
static bool
name_ok(struct spk_span s)
{
    if (s.len == 0 || s.len > SPK_META_NAME_MAX || memchr(s.ptr, '/', s.len) != NULL ||
        memchr(s.ptr, '\0', s.len) != NULL) {
        return false;
    }
    return !spk_span_eq(s, SPK_SPAN_LIT(".")) && !spk_span_eq(s, SPK_SPAN_LIT(".."));
}

static spk_err
item_put(struct spk_buf *b, uint16_t type, struct spk_span value)
{
    SPK_TRY(spk_buf_u16(b, type));
    SPK_TRY(spk_buf_u32(b, (uint32_t)value.len));
    return spk_buf_add(b, value);
}

static spk_err
meta_encode(const struct spk_metadata *m, struct spk_buf *b)
{
    struct spk_span name = spk_span_str(m->name);
    bool sized = m->size != UINT64_MAX;
    uint8_t v[8];
    SPK_CHECK(name.len == 0 || name_ok(name), USAGE);
    SPK_TRY(spk_buf_u16(b, (uint16_t)(2 + (name.len > 0) + sized)));
    if (name.len > 0) {
        SPK_TRY(item_put(b, META_NAME, name));
    }
    spk_put_u32(v, m->mode & META_MODE_BITS);
    SPK_TRY(item_put(b, META_MODE, spk_span(v, 4)));
    spk_put_u64(v, m->mtime_ns);
    SPK_TRY(item_put(b, META_MTIME, spk_span(v, 8)));
    if (sized) {
        spk_put_u64(v, m->size);
        SPK_TRY(item_put(b, META_SIZE, spk_span(v, 8)));
    }
    return SPK_OK;
}

static spk_err
item_take(uint16_t type, struct spk_span value, struct spk_metadata *m)
{
    switch (type) {
    case META_NAME:
        SPK_CHECK(name_ok(value), FORMAT);
        memcpy(m->name, value.ptr, value.len);
        m->name[value.len] = '\0';
        return SPK_OK;
    case META_MODE:
        SPK_CHECK(value.len == 4, FORMAT);
        m->mode = spk_get_u32(value.ptr);
        SPK_CHECK((m->mode & ~META_MODE_BITS) == 0, FORMAT);
        return SPK_OK;
    case META_MTIME:
        SPK_CHECK(value.len == 8, FORMAT);
        m->mtime_ns = spk_get_u64(value.ptr);
        return SPK_OK;
    case META_SIZE:
        SPK_CHECK(value.len == 8, FORMAT);
        m->size = spk_get_u64(value.ptr);
        return SPK_OK;
    default:
        return SPK_OK; /* a newer writer's; nothing here is needed to open the file */
    }
}

static spk_err
meta_decode(struct spk_span text, struct spk_metadata *ret_m)
{
    struct spk_metadata m = {.mode = 0600, .size = UINT64_MAX};
    struct spk_rd r = spk_rd(text);
    uint16_t count;
    uint32_t least = 0;
    SPK_TRY(spk_rd_u16(&r, &count));
    for (unsigned i = 0; i < count; i++) {
        uint16_t type;
        struct spk_span value;
        SPK_TRY(spk_rd_u16(&r, &type));
        SPK_TRY(spk_rd_var32(&r, META_BODY_MAX, &value));
        SPK_CHECK(type >= least, FORMAT); /* ascending, none twice */
        least = (uint32_t)type + 1;
        SPK_TRY(item_take(type, value, &m));
    }
    SPK_TRY(spk_rd_end(&r));
    *ret_m = m;
    return SPK_OK;
}

/* A context under sub("metadata", file_id || r). Each r makes a key of its own, so the IV may be
 * zero. */
static spk_err
meta_aead(const struct spk_secret *key, const struct spk_file_id *id, const uint8_t r[META_R_LEN],
          struct spk_aead **ret_a)
{
    uint8_t ctx[SPK_FILE_ID_LEN + META_R_LEN];
    uint8_t k[SPK_AEAD_KEY_LEN];
    SPK_WIPE_ON_EXIT(k);
    SPK_AUTO(spk_aead) a = NULL;
    memcpy(ctx, id->b, SPK_FILE_ID_LEN);
    memcpy(ctx + SPK_FILE_ID_LEN, r, META_R_LEN);
    SPK_TRY(spk_sub(key, "metadata", SPK_SPAN_OF(ctx), SPK_MUT_OF(k)));
    SPK_TRY(spk_aead_new(&a));
    SPK_TRY(spk_aead_key(a, SPK_SPAN_OF(k)));
    *ret_a = SPK_STEAL(a);
    return SPK_OK;
}

size_t
spk_metadata_body_len(const struct spk_metadata *m)
{
    size_t name = spk_span_str(m->name).len;
    size_t text = 2 + (META_ITEM_HEAD + 4) + (META_ITEM_HEAD + 8);
    text += name > 0 ? META_ITEM_HEAD + name : 0;
    text += m->size != UINT64_MAX ? META_ITEM_HEAD + 8 : 0;
    return META_R_LEN + text + SPK_AEAD_TAG_LEN;
}

static const uint8_t iv_zero[SPK_AEAD_IV_LEN];

spk_err
spk_metadata_seal(const struct spk_secret *key, const struct spk_file_id *id,
                  const struct spk_hash *core_hash, const struct spk_metadata *m,
                  struct spk_buf *body)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(META_BODY_MAX);
    SPK_AUTO(spk_aead) a = NULL;
    uint8_t r[META_R_LEN];
    uint8_t *dst;
    SPK_TRY(meta_encode(m, &text));
    SPK_TRY(spk_random(SPK_MUT_OF(r)));
    SPK_TRY(meta_aead(key, id, r, &a));
    SPK_TRY(spk_buf_grow(body, sizeof r + text.len + SPK_AEAD_TAG_LEN, &dst));
    memcpy(dst, r, sizeof r);
    return spk_aead_seal(a, iv_zero, spk_hash_span(core_hash), spk_buf_span(&text), dst + sizeof r,
                         dst + sizeof r + text.len);
}

spk_err
spk_metadata_open(const struct spk_secret *key, const struct spk_file_id *id,
                  const struct spk_hash *core_hash, struct spk_span body,
                  struct spk_metadata *ret_m)
{
    SPK_CHECK(body.len >= META_R_LEN + SPK_AEAD_TAG_LEN, TRUNC);
    SPK_CHECK(body.len <= META_BODY_MAX, LIMIT);
    size_t n = body.len - META_R_LEN - SPK_AEAD_TAG_LEN;
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(META_BODY_MAX);
    SPK_AUTO(spk_aead) a = NULL;
    uint8_t *dst;
    SPK_TRY(spk_buf_grow(&text, n > 0 ? n : 1, &dst));
    SPK_TRY(meta_aead(key, id, body.ptr, &a));
    SPK_TRY(spk_aead_open(a, iv_zero, spk_hash_span(core_hash), spk_span(body.ptr + META_R_LEN, n),
                          body.ptr + META_R_LEN + n, dst));
    return meta_decode(spk_span(dst, n), ret_m);
}
