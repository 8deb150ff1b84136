/* SPDX-License-Identifier: Apache-2.0 */
#include "keystore/extra.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/rd.h"
#include "crypto/rng.h"
#include "keystore/folder.h"
#include "keystore/format.h"

#define MAGIC_LEN 8
#define FILE_VERSION 1
#define KIND_FLAGS 0
#define KIND_BLOB 1
#define MARK_LEN 64
#define MARK ((enum spk_key_spec)0) /* .0 */

static const uint8_t magic[MAGIC_LEN] = {0x89, 'S', 'P', 'X', '\r', '\n', 0x1a, '\n'};

static const enum spk_key_spec beside[] = {MARK, SPK_AT_KEYEXCHANGE, SPK_AT_SIGNATURE};

struct extra_fname {
    char s[sizeof(struct spk_container_fname) + 2];
};

void
spk_extra_clear(struct spk_extra *x)
{
    spk_secret_free(x->blob);
    *x = (struct spk_extra){0};
}

/* The container's file name with .0, .1 or .2 behind it, which no container's name can be. */
static void
add_spec(const char *base, enum spk_key_spec spec, struct extra_fname *ret_fname)
{
    size_t len = strlen(base);
    memcpy(ret_fname->s, base, len);
    ret_fname->s[len] = '.';
    ret_fname->s[len + 1] = (char)('0' + (int)spec);
    ret_fname->s[len + 2] = '\0';
}

static spk_err
make_fname(const char *name, enum spk_key_spec spec, struct extra_fname *ret_fname)
{
    struct spk_container_fname base;
    SPK_TRY(spk_container_fname(name, &base));
    add_spec(base.s, spec, ret_fname);
    return SPK_OK;
}

spk_err
spk_extra_clean(int dirfd, const char *fname)
{
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
        struct extra_fname old_name;
        add_spec(fname, beside[i], &old_name);
        if (unlinkat(dirfd, old_name.s, 0) != 0 && errno != ENOENT) {
            return spk_err_errno();
        }
    }
    return SPK_OK;
}

spk_err
spk_extra_move(int dirfd, const char *from, const char *to)
{
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
        struct extra_fname old_name;
        struct extra_fname new_name;
        add_spec(from, beside[i], &old_name);
        add_spec(to, beside[i], &new_name);
        if (renameat(dirfd, old_name.s, dirfd, new_name.s) != 0 && errno != ENOENT) {
            return spk_err_errno(); /* ENOENT: there is none, or it was moved before */
        }
    }
    return SPK_OK;
}

spk_err
spk_extra_mark(int dirfd, const char *base)
{
    SPK_AUTO(spk_secret) bytes = NULL;
    struct extra_fname fname;
    add_spec(base, MARK, &fname);
    SPK_TRY(spk_secret_random(MARK_LEN, &bytes));
    return spk_folder_write(dirfd, fname.s, bytes, true);
}

spk_err
spk_extra_marked(int dirfd, const char *base, struct spk_hash *ret_mark)
{
    SPK_AUTO(spk_secret) bytes = NULL;
    struct extra_fname fname;
    add_spec(base, MARK, &fname);
    spk_err e = spk_folder_read(dirfd, fname.s, &bytes);
    if (e.code == SPK_CODE_NOTFOUND) {
        memset(ret_mark, 0, sizeof *ret_mark);
        return SPK_OK;
    }
    SPK_TRY(e);
    return spk_sha256(spk_secret_span(bytes), ret_mark);
}

static spk_err
check_hash(struct spk_span bytes)
{
    struct spk_hash h;
    SPK_CHECK(bytes.len > SPK_HASH_LEN, FORMAT);
    size_t covered = bytes.len - SPK_HASH_LEN;
    SPK_TRY(spk_sha256(spk_span(bytes.ptr, covered), &h));
    SPK_CHECK(spk_ct_eq(h.b, bytes.ptr + covered, SPK_HASH_LEN), FORMAT);
    return SPK_OK;
}

static spk_err
read_head(struct spk_rd *r, enum spk_key_spec spec, uint16_t *ret_flags, uint8_t *ret_kind)
{
    uint8_t got_magic[MAGIC_LEN], got_spec = 0;
    uint16_t version = 0;
    SPK_TRY(spk_rd_copy(r, got_magic, sizeof got_magic));
    SPK_CHECK(spk_span_eq(SPK_SPAN_OF(got_magic), SPK_SPAN_OF(magic)), FORMAT);
    SPK_TRY(spk_rd_u16(r, &version));
    SPK_CHECK(version == FILE_VERSION, VERSION);
    SPK_TRY(spk_rd_u16(r, ret_flags));
    SPK_CHECK((*ret_flags & ~SPK_EXTRA_FLAGS) == 0, VERSION);
    SPK_TRY(spk_rd_u8(r, &got_spec));
    SPK_CHECK(got_spec == (uint8_t)spec, FORMAT);
    SPK_TRY(spk_rd_u8(r, ret_kind));
    SPK_CHECK(*ret_kind == KIND_FLAGS || *ret_kind == KIND_BLOB, VERSION);
    return SPK_OK;
}

static spk_err
parse(struct spk_span bytes, enum spk_key_spec spec, struct spk_extra *x)
{
    struct spk_span blob;
    uint16_t flags = 0;
    uint8_t kind = 0;
    SPK_TRY(check_hash(bytes));
    struct spk_rd r = spk_rd(spk_span(bytes.ptr, bytes.len - SPK_HASH_LEN));
    SPK_TRY(read_head(&r, spec, &flags, &kind));
    SPK_TRY(spk_rd_copy(&r, x->id.b, SPK_HASH_LEN));
    SPK_TRY(spk_rd_var16(&r, SPK_CONTAINER_FILE_MAX, &blob));
    SPK_TRY(spk_rd_end(&r));
    SPK_CHECK((kind == KIND_BLOB) == (blob.len != 0), FORMAT);
    x->flags = flags;
    return blob.len != 0 ? spk_secret_from(blob, &x->blob) : SPK_OK;
}

static spk_err
load(int dirfd, const struct extra_fname *fname, enum spk_key_spec spec, struct spk_extra *ret_x)
{
    SPK_AUTO(spk_secret) bytes = NULL;
    SPK_AUTO_EXTRA x = {0};
    SPK_TRY(spk_folder_read(dirfd, fname->s, &bytes));
    spk_err e = parse(spk_secret_span(bytes), spec, &x);
    SPK_CHECK(e.code != SPK_CODE_TRUNC && e.code != SPK_CODE_LIMIT, FORMAT);
    SPK_TRY(e);
    *ret_x = x;
    x.blob = NULL; /* given away */
    return SPK_OK;
}

spk_err
spk_extra_load(struct spk_keystore *ks, const char *name, enum spk_key_spec spec,
               struct spk_extra *ret_x)
{
    struct extra_fname fname;
    SPK_TRY(make_fname(name, spec, &fname));
    return load(spk_keystore_fd(ks), &fname, spec, ret_x);
}

static spk_err
build(const struct spk_extra *x, enum spk_key_spec spec, struct spk_secret **ret_bytes)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_CONTAINER_FILE_MAX);
    struct spk_span blob = x->blob != NULL ? spk_secret_span(x->blob) : SPK_SPAN_EMPTY;
    struct spk_hash h;
    SPK_TRY(spk_buf_add(&b, SPK_SPAN_OF(magic)));
    SPK_TRY(spk_buf_u16(&b, FILE_VERSION));
    SPK_TRY(spk_buf_u16(&b, (uint16_t)(x->flags & SPK_EXTRA_FLAGS)));
    SPK_TRY(spk_buf_u8(&b, (uint8_t)spec));
    SPK_TRY(spk_buf_u8(&b, blob.len != 0 ? KIND_BLOB : KIND_FLAGS));
    SPK_TRY(spk_buf_add(&b, spk_hash_span(&x->id)));
    SPK_CHECK(blob.len <= UINT16_MAX, LIMIT);
    SPK_TRY(spk_buf_u16(&b, (uint16_t)blob.len));
    SPK_TRY(spk_buf_add(&b, blob));
    SPK_TRY(spk_sha256(spk_buf_span(&b), &h));
    SPK_TRY(spk_buf_add(&b, spk_hash_span(&h)));
    return spk_secret_from(spk_buf_span(&b), ret_bytes);
}

spk_err
spk_extra_put(int dirfd, const char *base, enum spk_key_spec spec, const struct spk_extra *x)
{
    SPK_AUTO(spk_secret) bytes = NULL;
    struct extra_fname fname;
    add_spec(base, spec, &fname);
    if (x->flags == 0 && x->blob == NULL) {
        spk_err e = spk_folder_remove(dirfd, fname.s);
        return e.code == SPK_CODE_NOTFOUND ? SPK_OK : e;
    }
    SPK_TRY(build(x, spec, &bytes));
    return spk_folder_write(dirfd, fname.s, bytes, true);
}

spk_err
spk_extra_save(struct spk_keystore *ks, const char *name, enum spk_key_spec spec,
               const struct spk_extra *x)
{
    SPK_AUTO(spk_secret) bytes = NULL;
    SPK_AUTO_FD int lock = -1;
    SPK_AUTO_EXTRA there = {0};
    struct spk_container_fname base;
    struct extra_fname fname;
    bool container = false;
    SPK_TRY(make_fname(name, spec, &fname));
    SPK_TRY(build(x, spec, &bytes));
    SPK_TRY(spk_container_fname(name, &base));
    SPK_TRY(spk_folder_lock(spk_keystore_fd(ks), &lock));
    SPK_TRY(spk_folder_has(spk_keystore_fd(ks), base.s, &container));
    SPK_CHECK(container, NOTFOUND); /* deleted meanwhile: nothing would ever take this away */
    if (x->blob == NULL && spk_ok(load(spk_keystore_fd(ks), &fname, spec, &there)) &&
        there.blob != NULL) {
        return SPK_OK;
    }
    return spk_folder_write(spk_keystore_fd(ks), fname.s, bytes, true);
}

spk_err
spk_extra_remove(struct spk_keystore *ks, const char *name, enum spk_key_spec spec)
{
    SPK_AUTO_FD int lock = -1;
    struct extra_fname fname;
    SPK_TRY(make_fname(name, spec, &fname));
    SPK_TRY(spk_folder_lock(spk_keystore_fd(ks), &lock));
    spk_err e = spk_folder_remove(spk_keystore_fd(ks), fname.s);
    return e.code == SPK_CODE_NOTFOUND ? SPK_OK : e;
}
