/* SPDX-License-Identifier: Apache-2.0 */
#include "keystore/format.h"

#include "base/rd.h"
#include "keystore/name.h"

#define MAGIC_LEN 8
#define FILE_VERSION 1
#define FLAG_PASSPHRASE 0x0001u

static const uint8_t magic[MAGIC_LEN] = {0x89, 'S', 'P', 'C', '\r', '\n', 0x1a, '\n'};

/** The hash closes files of every version, so damage is told from a later version. */
static spk_err
check_hash(struct spk_span bytes)
{
    struct spk_hash h;
    size_t covered = bytes.len - SPK_HASH_LEN;
    SPK_TRY(spk_sha256(spk_span(bytes.ptr, covered), &h));
    SPK_CHECK(spk_ct_eq(h.b, bytes.ptr + covered, SPK_HASH_LEN), FORMAT);
    return SPK_OK;
}

static spk_err
read_head(struct spk_rd *r, size_t file_len, struct spk_container_file *ret_file)
{
    uint8_t got_magic[MAGIC_LEN];
    uint16_t version = 0;
    uint16_t flags = 0;
    uint32_t total = 0;
    uint8_t count = 0;
    SPK_TRY(spk_rd_copy(r, got_magic, sizeof got_magic));
    SPK_CHECK(spk_span_eq(SPK_SPAN_OF(got_magic), SPK_SPAN_OF(magic)), FORMAT);
    SPK_TRY(spk_rd_u16(r, &version));
    SPK_CHECK(version == FILE_VERSION, VERSION);
    SPK_TRY(spk_rd_u16(r, &flags));
    SPK_CHECK((flags & ~FLAG_PASSPHRASE) == 0, VERSION);
    SPK_TRY(spk_rd_u32(r, &total));
    SPK_CHECK(total == file_len, FORMAT);
    SPK_TRY(spk_rd_var16(r, SPK_CONTAINER_NAME_MAX, &ret_file->name));
    SPK_CHECK(spk_container_name_ok(ret_file->name), FORMAT);
    SPK_TRY(spk_rd_u8(r, &count));
    SPK_CHECK(count <= SPK_CONTAINER_KEYS, FORMAT);
    ret_file->encrypted = (flags & FLAG_PASSPHRASE) != 0;
    ret_file->count = count;
    return SPK_OK;
}

static spk_err
read_entry(struct spk_rd *r, bool encrypted, struct spk_container_entry *ret_entry)
{
    uint8_t spec = 0;
    SPK_TRY(spk_rd_u8(r, &spec));
    SPK_CHECK(spec == SPK_AT_KEYEXCHANGE || spec == SPK_AT_SIGNATURE, FORMAT);
    SPK_TRY(spk_rd_zero(r, 1));
    SPK_TRY(spk_rd_var16(r, SPK_SPKI_MAX_LEN, &ret_entry->spki));
    SPK_TRY(spk_rd_var16(r, SPK_CONTAINER_PKCS8_MAX, &ret_entry->pkcs8));
    SPK_CHECK(ret_entry->spki.len > 0 && ret_entry->pkcs8.len > 0, FORMAT);
    SPK_CHECK(spk_pkcs8_is_encrypted(ret_entry->pkcs8) == encrypted, FORMAT);
    ret_entry->spec = (enum spk_key_spec)spec;
    return SPK_OK;
}

static spk_err
read_file(struct spk_span bytes, struct spk_container_file *ret_file)
{
    struct spk_rd r = spk_rd(spk_span(bytes.ptr, bytes.len - SPK_HASH_LEN));
    SPK_TRY(read_head(&r, bytes.len, ret_file));
    for (unsigned i = 0; i < ret_file->count; i++) {
        SPK_TRY(read_entry(&r, ret_file->encrypted, &ret_file->entry[i]));
        SPK_CHECK(i == 0 || ret_file->entry[i - 1].spec < ret_file->entry[i].spec, FORMAT);
    }
    SPK_CHECK(ret_file->count > 0 || !ret_file->encrypted, FORMAT);
    return spk_rd_end(&r);
}

spk_err
spk_container_file_parse(struct spk_span bytes, struct spk_container_file *ret_file)
{
    struct spk_container_file file = {0};
    SPK_CHECK(bytes.len >= SPK_CONTAINER_FILE_MIN && bytes.len <= SPK_CONTAINER_FILE_MAX, FORMAT);
    SPK_TRY(check_hash(bytes));
    spk_err e = read_file(bytes, &file);
    /* Which way a whole file breaks the rules is of no use to anyone. */
    SPK_CHECK(e.code != SPK_CODE_TRUNC && e.code != SPK_CODE_LIMIT, FORMAT);
    SPK_TRY(e);
    *ret_file = file;
    return SPK_OK;
}

static size_t
file_len(const struct spk_container_file *file)
{
    size_t len = MAGIC_LEN + 2 + 2 + 4 + 2 + file->name.len + 1 + SPK_HASH_LEN;
    for (unsigned i = 0; i < file->count; i++) {
        len += 1 + 1 + 2 + file->entry[i].spki.len + 2 + file->entry[i].pkcs8.len;
    }
    return len;
}

static spk_err
write_var16(struct spk_buf *b, struct spk_span s, size_t max)
{
    SPK_CHECK(s.len <= max, LIMIT);
    SPK_TRY(spk_buf_u16(b, (uint16_t)s.len));
    return spk_buf_add(b, s);
}

static spk_err
write_head(struct spk_buf *b, const struct spk_container_file *file)
{
    SPK_TRY(spk_buf_add(b, SPK_SPAN_OF(magic)));
    SPK_TRY(spk_buf_u16(b, FILE_VERSION));
    SPK_TRY(spk_buf_u16(b, file->encrypted ? FLAG_PASSPHRASE : 0));
    SPK_TRY(spk_buf_u32(b, (uint32_t)file_len(file)));
    SPK_TRY(write_var16(b, file->name, SPK_CONTAINER_NAME_MAX));
    return spk_buf_u8(b, (uint8_t)file->count);
}

static spk_err
write_entry(struct spk_buf *b, const struct spk_container_entry *entry)
{
    SPK_TRY(spk_buf_u8(b, (uint8_t)entry->spec));
    SPK_TRY(spk_buf_u8(b, 0));
    SPK_TRY(write_var16(b, entry->spki, SPK_SPKI_MAX_LEN));
    return write_var16(b, entry->pkcs8, SPK_CONTAINER_PKCS8_MAX);
}

spk_err
spk_container_file_build(const struct spk_container_file *file, struct spk_secret **ret_bytes)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_CONTAINER_FILE_MAX);
    struct spk_hash h;
    SPK_TRY(write_head(&b, file));
    for (unsigned i = 0; i < file->count; i++) {
        SPK_TRY(write_entry(&b, &file->entry[i]));
    }
    SPK_TRY(spk_sha256(spk_buf_span(&b), &h));
    SPK_TRY(spk_buf_add(&b, spk_hash_span(&h)));
    return spk_secret_from(spk_buf_span(&b), ret_bytes);
}
