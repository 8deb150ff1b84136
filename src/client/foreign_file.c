/* SPDX-License-Identifier: Apache-2.0 */
#include "client/foreign_file.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "keyblob/undersession.h"

#define LEN_LEN 4
#define HEAD_MAX ((size_t)LEN_LEN + SPK_ANYSIMPLE_MAX)
#define SIMPLE_MIN (12 + SPK_ANYRSA_MIN_BITS / 8)
#define PIECE ((size_t)65536) /* a multiple of every block */
/* A 40-bit key has, unless a program says otherwise, a salt of zeros. */

void
spk_foreign_file_clear(struct spk_foreign_file *f)
{
    spk_buf_free(&f->blob);
    f->payload = 0;
}

static bool
is_header(const uint8_t *p, uint8_t type)
{
    return p[0] == type && p[1] == SPK_BLOB_VERSION;
}

/* A BLOB alone is the whole file; in the other layout its length stands in front. */
static spk_err
split(struct spk_span head, uint64_t size, struct spk_foreign_file *f)
{
    uint32_t len = 0;

    SPK_CHECK(head.len >= LEN_LEN + 8, FORMAT);
    if (is_header(head.ptr, SPK_BLOB_SIMPLE) || is_header(head.ptr, SPK_BLOB_PLAINTEXT) ||
        is_header(head.ptr, SPK_BLOB_OPAQUE)) {
        SPK_CHECK(size <= head.len, FORMAT);
        return spk_buf_add(&f->blob, head);
    }
    SPK_CHECK(is_header(head.ptr + LEN_LEN, SPK_BLOB_SIMPLE), FORMAT);
    len = (uint32_t)head.ptr[0] | (uint32_t)head.ptr[1] << 8 | (uint32_t)head.ptr[2] << 16 |
          (uint32_t)head.ptr[3] << 24;
    SPK_CHECK(len >= SIMPLE_MIN && len <= SPK_ANYSIMPLE_MAX, FORMAT);
    SPK_CHECK(head.len >= LEN_LEN + len, TRUNC);
    f->payload = LEN_LEN + len;
    return spk_buf_add(&f->blob, spk_span(head.ptr + LEN_LEN, len));
}

spk_err
spk_foreign_file_read(int fd, struct spk_foreign_file *ret_f)
{
    struct spk_foreign_file f = {.blob = SPK_BUF(HEAD_MAX)};
    uint8_t head[HEAD_MAX];
    SPK_WIPE_ON_EXIT(head);
    off_t size = lseek(fd, 0, SEEK_END);
    struct spk_simpleblob sb;
    size_t n = 0;
    spk_err e;

    if (size < 0 || lseek(fd, 0, SEEK_SET) != 0) {
        return spk_err_errno();
    }
    SPK_TRY(spk_read_full(fd, head, sizeof(head), &n));
    e = split(spk_span(head, n), (uint64_t)size, &f);
    if (spk_ok(e) && f.payload > 0) {
        e = spk_anysimple_parse(spk_buf_span(&f.blob), &sb);
    }
    if (!spk_ok(e)) {
        spk_foreign_file_clear(&f);
        return e;
    }
    *ret_f = f;
    return SPK_OK;
}

static spk_err
to_payload(int fd, const struct spk_foreign_file *f)
{
    SPK_CHECK(f->payload > 0, USAGE);
    return lseek(fd, (off_t)f->payload, SEEK_SET) < 0 ? spk_err_errno() : SPK_OK;
}

spk_err
spk_foreign_file_renew(int fd, const struct spk_foreign_file *f, struct spk_span blob, int out)
{
    uint8_t piece[PIECE];
    uint8_t len[LEN_LEN];
    size_t n = 0;

    SPK_TRY(to_payload(fd, f));
    spk_put_u32le(len, (uint32_t)blob.len);
    SPK_TRY(spk_write_full(out, SPK_SPAN_OF(len)));
    SPK_TRY(spk_write_full(out, blob));
    do {
        SPK_TRY(spk_read_full(fd, piece, sizeof(piece), &n));
        SPK_TRY(spk_write_full(out, spk_span(piece, n)));
    } while (n == sizeof(piece));
    return SPK_OK;
}

/* -- decrypting -- */

/* Bytes of the last block that are padding. */
static spk_err
pad_len(struct spk_span last, size_t *ret_n)
{
    uint8_t n = last.ptr[last.len - 1];

    SPK_CHECK(n >= 1 && n <= last.len, AUTH);
    for (size_t i = last.len - n; i < last.len; i++) {
        SPK_CHECK(last.ptr[i] == n, AUTH);
    }
    *ret_n = n;
    return SPK_OK;
}

/* The last block waits until it is known to be the last. */
struct pump {
    struct spk_cipher *c;
    struct spk_cipher_op op;
    size_t block;
    uint8_t held[SPK_CIPHER_BLOCK_MAX];
    bool has_held;
    int out;
};

static spk_err
pump_blocks(struct pump *p, uint8_t *piece, size_t n)
{
    SPK_CHECK(n % p->block == 0, TRUNC);
    SPK_TRY(spk_cipher_run(p->c, &p->op, spk_mut(piece, n)));
    if (p->block == 1) {
        return spk_write_full(p->out, spk_span(piece, n));
    }
    if (p->has_held) {
        SPK_TRY(spk_write_full(p->out, spk_span(p->held, p->block)));
    }
    memcpy(p->held, piece + n - p->block, p->block);
    p->has_held = true;
    return spk_write_full(p->out, spk_span(piece, n - p->block));
}

static spk_err
pump_end(struct pump *p)
{
    size_t pad = 0;

    if (p->block == 1) {
        return SPK_OK;
    }
    SPK_CHECK(p->has_held, TRUNC);
    SPK_TRY(pad_len(spk_span(p->held, p->block), &pad));
    return spk_write_full(p->out, spk_span(p->held, p->block - pad));
}

spk_err
spk_foreign_file_decrypt(int fd, const struct spk_foreign_file *f, const struct spk_plainkey *k,
                         int out)
{
    SPK_AUTO(spk_cipher) c = NULL;
    uint8_t piece[PIECE];
    SPK_WIPE_ON_EXIT(piece);
    uint8_t chain[SPK_CIPHER_BLOCK_MAX] = {0};
    struct pump p = {.op = {SPK_MODE_CBC, false, chain}, .out = out};
    SPK_WIPE_ON_EXIT(p);
    /* as the examples import it: of another state of the key the file knows nothing */
    const struct spk_plainkey plain = {.alg = k->alg, .key = k->key};
    size_t n = 0;

    SPK_TRY(to_payload(fd, f));
    SPK_TRY(spk_under_cipher(&plain, &c));
    p.c = c;
    p.block = spk_cipher_block(c);
    do {
        SPK_TRY(spk_read_full(fd, piece, sizeof(piece), &n));
        if (n > 0) {
            SPK_TRY(pump_blocks(&p, piece, n));
        }
    } while (n == sizeof(piece));
    return pump_end(&p);
}
