/* SPDX-License-Identifier: Apache-2.0 */
#include "client/recovered.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "client/framed.h"

/* doc/spec/client-files.md, "Recovered keys" */
#define FILE_MAX ((size_t)32768)
#define FOLDER "recovered"
enum { A_RPUB = 1, A_SALT = 2, A_RPRIV = 3, A_BLOB = 4, A_INDEX = 5 };
static const uint16_t known[] = {A_RPUB, A_SALT, A_RPRIV, A_BLOB, A_INDEX};
static const struct spk_framed frame = {"sparekey/1 recovered\n", FILE_MAX, known,
                                        sizeof(known) / sizeof(known[0])};

void
spk_recovered_clear(struct spk_recovered *r)
{
    spk_buf_free(&r->blob);
    spk_buf_free(&r->rpriv);
    memset(r, 0, sizeof(*r));
}

spk_err
spk_recovered_build(const struct spk_recovered *r, struct spk_buf *out)
{
    struct spk_attrs l = {0};
    uint8_t rpub[SPK_RPUB_LEN];
    uint8_t index[8];

    spk_rpub_build(&r->rpub, rpub);
    SPK_TRY(spk_attrs_add(&l, A_RPUB, SPK_SPAN_OF(rpub)));
    SPK_TRY(spk_attrs_add(&l, A_SALT, SPK_SPAN_OF(r->salt)));
    SPK_TRY(spk_attrs_add(&l, A_RPRIV, spk_buf_span(&r->rpriv)));
    SPK_TRY(spk_attrs_add(&l, A_BLOB, spk_buf_span(&r->blob)));
    SPK_TRY(spk_attrs_add_u64(&l, A_INDEX, r->index, index));
    return spk_framed_build(&frame, &l, out);
}

static spk_err
fill(const struct spk_attrs *l, struct spk_recovered *r)
{
    struct spk_span s;
    struct spk_rpriv priv;

    SPK_TRY(spk_attrs_get(l, A_RPUB, SPK_RPUB_LEN, &s));
    SPK_TRY(spk_rpub_parse(s, &r->rpub));
    SPK_TRY(spk_attrs_fixed(l, A_SALT, r->salt, sizeof(r->salt)));
    SPK_TRY(spk_attrs_u64(l, A_INDEX, &r->index));
    SPK_TRY(spk_attrs_get(l, A_RPRIV, SPK_RPRIV_MAX, &s));
    SPK_TRY(spk_rpriv_parse(s, &priv));
    SPK_TRY(spk_buf_add(&r->rpriv, s));
    SPK_TRY(spk_attrs_get(l, A_BLOB, SPK_SIMPLEBLOB_MAX, &s));
    return spk_buf_add(&r->blob, s);
}

spk_err
spk_recovered_parse(struct spk_span bytes, struct spk_recovered *ret_r)
{
    struct spk_recovered r = {.blob = SPK_BUF(SPK_SIMPLEBLOB_MAX), .rpriv = SPK_BUF(SPK_RPRIV_MAX)};
    SPK_AUTO_STR struct spk_attrs *l = spk_calloc(1, sizeof(*l));
    spk_err e;

    SPK_CHECK(l != NULL, NOMEM);
    SPK_TRY(spk_framed_parse(&frame, bytes, l));
    e = fill(l, &r);
    if (!spk_ok(e)) {
        spk_recovered_clear(&r);
        return e;
    }
    *ret_r = r;
    return SPK_OK;
}

/* ID, or ID-COMMITMENT for another session key under a serial number that is taken. */
static spk_err
path_of(const struct spk_profile *p, const struct spk_file_id *id,
        const struct spk_hash *commitment, char **ret_path)
{
    SPK_AUTO_STR char *dir = NULL;
    char hex[2 * SPK_FILE_ID_LEN + 1];
    char other[2 * SPK_HASH_LEN + 1] = "";
    char name[sizeof(hex) + sizeof(other)];

    if (commitment != NULL) {
        (void)spk_hex(spk_hash_span(commitment), other);
    }
    (void)snprintf(name, sizeof(name), "%s%s%s", spk_hex(SPK_SPAN_OF(id->b), hex),
                   commitment == NULL ? "" : "-", other);
    SPK_TRY(spk_profile_data_path(p, FOLDER, &dir));
    return spk_path_join(dir, name, ret_path);
}

static spk_err
read_path(const char *path, struct spk_recovered *ret_r)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(FILE_MAX);

    SPK_TRY(spk_file_read(AT_FDCWD, path, &b));
    return spk_recovered_parse(spk_buf_span(&b), ret_r);
}

/* Is there one of this serial number with another session key? */
static bool
is_taken(const char *path, const struct spk_hash *commitment)
{
    struct spk_recovered r = {0};
    bool taken = spk_ok(read_path(path, &r)) && !spk_hash_eq(&r.rpub.commitment, commitment);

    spk_recovered_clear(&r);
    return taken;
}

spk_err
spk_recovered_put(const struct spk_profile *p, const struct spk_recovered *r)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(FILE_MAX);
    SPK_AUTO_STR char *dir = NULL;
    SPK_AUTO_STR char *path = NULL;
    SPK_AUTO_STR char *other = NULL;

    SPK_TRY(spk_recovered_build(r, &b));
    SPK_TRY(spk_profile_data_path(p, FOLDER, &dir));
    SPK_TRY(spk_mkdirs(dir, 0700));
    SPK_TRY(path_of(p, &r->rpub.id, NULL, &path));
    SPK_TRY(path_of(p, &r->rpub.id, &r->rpub.commitment, &other));
    return spk_file_write(AT_FDCWD, is_taken(path, &r->rpub.commitment) ? other : path,
                          spk_buf_span(&b), 0600, true);
}

bool
spk_recovered_has(const struct spk_profile *p, const struct spk_file_id *id)
{
    SPK_AUTO_STR char *path = NULL;

    return spk_ok(path_of(p, id, NULL, &path)) && access(path, F_OK) == 0;
}

spk_err
spk_recovered_get(const struct spk_profile *p, const struct spk_file_id *id,
                  const struct spk_core *core, struct spk_recovered *ret_r)
{
    SPK_AUTO_STR char *path = NULL;
    SPK_AUTO_STR char *other = NULL;

    SPK_TRY(path_of(p, id, NULL, &path));
    if (core != NULL && is_taken(path, &core->commitment)) {
        SPK_TRY(path_of(p, id, &core->commitment, &other));
        if (spk_ok(read_path(other, ret_r))) {
            return SPK_OK;
        }
    }
    return read_path(path, ret_r);
}

static spk_err
each_name(DIR *d, spk_err (*each)(void *, const struct spk_file_id *), void *ctx)
{
    for (;;) {
        struct dirent *de = NULL;
        struct spk_file_id id;

        errno = 0;
        de = readdir(d);
        if (de == NULL) {
            return errno == 0 ? SPK_OK : spk_err_errno();
        }
        if (spk_ok(spk_hex_parse(spk_span_str(de->d_name), id.b, sizeof(id.b)))) {
            SPK_TRY(each(ctx, &id));
        }
    }
}

spk_err
spk_recovered_each(const struct spk_profile *p, spk_err (*each)(void *, const struct spk_file_id *),
                   void *ctx)
{
    SPK_AUTO_STR char *dir = NULL;
    DIR *d = NULL;
    spk_err e;

    SPK_TRY(spk_profile_data_path(p, FOLDER, &dir));
    d = opendir(dir);
    if (d == NULL) {
        return errno == ENOENT ? SPK_OK : spk_err_errno();
    }
    e = each_name(d, each, ctx);
    (void)closedir(d);
    return e;
}

spk_err
spk_recovered_unwrap(const struct spk_recovered *r, const struct spk_rsa *pair,
                     struct spk_secret **ret_key)
{
    SPK_AUTO(spk_secret) key = NULL;
    struct spk_hash c;

    SPK_TRY(spk_unwrap(spk_buf_span(&r->blob), pair, SPK_WRAP_OAEP, &key));
    SPK_TRY(spk_commitment(key, &r->rpub.id, &c));
    SPK_CHECK(spk_ct_eq(c.b, r->rpub.commitment.b, SPK_HASH_LEN), AUTH);
    *ret_key = SPK_STEAL(key);
    return SPK_OK;
}

spk_err
spk_recovered_key(const struct spk_profile *p, const struct spk_core *core,
                  const struct spk_rsa *pair, struct spk_secret **ret_key)
{
    struct spk_recovered r = {0};
    spk_err e = spk_recovered_get(p, &core->id, core, &r);

    if (spk_ok(e)) {
        e = spk_recovered_unwrap(&r, pair, ret_key);
    }
    spk_recovered_clear(&r);
    return e;
}
