/* SPDX-License-Identifier: Apache-2.0 */
/* Two MACs a record (doc/spec/holder-state.md, "Journal"): the short one over length and type tells
 * a record that a crash cut short from one whose length was altered, so that "cut short" can only
 * ever mean the last one. */
#include "holder/journal.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rd.h"
#include "crypto/kdf.h"
#include "crypto/mac.h"
#include "crypto/rng.h"

#define MAGIC "SPKJRNL1"
#define MAGIC_LEN 8
#define NONCE_LEN 16
#define PLAIN_HEAD (MAGIC_LEN + SPK_HASH_LEN + NONCE_LEN)
#define LEN_TYPE 6
#define HEAD_TAG 8
#define TAIL_MAX ((uint64_t)1 << 20) /* more was never unsynced at one time */
#define REC_MAX ((uint64_t)SPK_JOURNAL_REC_HEAD + SPK_JOURNAL_BODY_MAX + SPK_JOURNAL_REC_MAC)

_Static_assert(PLAIN_HEAD + SPK_HASH_LEN == SPK_JOURNAL_HEAD_LEN, "head of the journal");
_Static_assert(LEN_TYPE + HEAD_TAG == SPK_JOURNAL_REC_HEAD, "head of a record");

void
spk_journal_close(struct spk_journal *j)
{
    if (j->fd >= 0) {
        (void)close(j->fd);
    }
    spk_secret_free(j->key);
    *j = SPK_JOURNAL_NONE;
}

static spk_err
journal_key(const struct spk_secret *seed, const struct spk_hash *genesis,
            struct spk_secret **ret_key)
{
    SPK_AUTO(spk_secret) key = NULL;

    SPK_TRY(spk_secret_new(32, &key));
    SPK_TRY(spk_hkdf_sha256(spk_secret_span(seed), spk_hash_span(genesis),
                            SPK_SPAN_LIT("sparekey/1 holder journal"), spk_secret_mut(key)));
    *ret_key = SPK_STEAL(key);
    return SPK_OK;
}

static spk_err
head_mac(const struct spk_journal *j, struct spk_span head, struct spk_hash *ret_mac)
{
    const struct spk_span parts[] = {SPK_SPAN_LIT("J"), head};

    return spk_hmac_sha256(spk_secret_span(j->key), parts, 2, ret_mac);
}

/* H: over length and type; R: over the whole record. Both go on from the record before. */
static spk_err
record_mac(const struct spk_journal *j, const char *use, struct spk_span len_type,
           struct spk_span body, struct spk_hash *ret_mac)
{
    const struct spk_span parts[] = {spk_span_str(use), spk_hash_span(&j->chain), len_type, body};

    return spk_hmac_sha256(spk_secret_span(j->key), parts, 4, ret_mac);
}

spk_err
spk_journal_start(int fd, const struct spk_secret *seed, const struct spk_hash *genesis,
                  struct spk_journal *ret_j)
{
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;
    uint8_t head[SPK_JOURNAL_HEAD_LEN];

    j.fd = fd;
    SPK_TRY(journal_key(seed, genesis, &j.key));
    memcpy(head, MAGIC, MAGIC_LEN);
    memcpy(head + MAGIC_LEN, genesis->b, SPK_HASH_LEN);
    SPK_TRY(spk_random(spk_mut(head + MAGIC_LEN + SPK_HASH_LEN, NONCE_LEN)));
    SPK_TRY(head_mac(&j, spk_span(head, PLAIN_HEAD), &j.chain));
    memcpy(head + PLAIN_HEAD, j.chain.b, SPK_HASH_LEN);
    SPK_TRY(spk_pwrite_full(fd, SPK_SPAN_OF(head), 0));
    j.end = SPK_JOURNAL_HEAD_LEN;
    *ret_j = j;
    j = SPK_JOURNAL_NONE;
    return SPK_OK;
}

/* -- Reading -------------------------------------------------------------------------------------
 */

struct scan {
    struct spk_journal *j;
    uint64_t size;
    struct spk_buf rec; /* one record */
    struct spk_journal_fault *fault;
};

static spk_err
scan_fault(struct scan *s, const char *what)
{
    s->fault->offset = s->j->end;
    s->fault->what = what;
    return SPK_ERR(AUTH);
}

static spk_err
scan_read(struct scan *s, uint64_t off, size_t len)
{
    uint8_t *p = NULL;

    SPK_TRY(spk_buf_grow(&s->rec, len, &p));
    return spk_pread_full(s->j->fd, p, len, off);
}

static spk_err
scan_head(struct scan *s, const struct spk_hash *genesis)
{
    uint8_t head[SPK_JOURNAL_HEAD_LEN];
    struct spk_hash mac;

    if (s->size < SPK_JOURNAL_HEAD_LEN) {
        return scan_fault(s, "it is shorter than its head");
    }
    SPK_TRY(spk_pread_full(s->j->fd, head, sizeof(head), 0));
    if (!spk_span_eq(spk_span(head, MAGIC_LEN), spk_span_str(MAGIC))) {
        return scan_fault(s, "it is not a journal of this version");
    }
    if (!spk_span_eq(spk_span(head + MAGIC_LEN, SPK_HASH_LEN), spk_hash_span(genesis))) {
        return scan_fault(s, "it belongs to another genesis policy");
    }
    SPK_TRY(head_mac(s->j, spk_span(head, PLAIN_HEAD), &mac));
    if (!spk_ct_eq(mac.b, head + PLAIN_HEAD, SPK_HASH_LEN)) {
        return scan_fault(s, "its head was altered, or it belongs to another holder");
    }
    s->j->chain = mac;
    s->j->end = SPK_JOURNAL_HEAD_LEN;
    return SPK_OK;
}

/* Does the file end in zeros from here on? They are space that was given to the file before its
 * bytes arrived: of records that were never synced, and that nothing was done because of. */
static spk_err
scan_torn(struct scan *s, uint64_t from, const char *fault)
{
    uint8_t part[4096];

    if (s->size - from > TAIL_MAX) {
        return scan_fault(s, fault);
    }
    while (from < s->size) {
        size_t n = s->size - from < sizeof(part) ? (size_t)(s->size - from) : sizeof(part);
        SPK_TRY(spk_pread_full(s->j->fd, part, n, from));
        if (!spk_ct_zero(part, n)) {
            return scan_fault(s, fault);
        }
        from += n;
    }
    return SPK_OK;
}

/* Reads the record at j->end. *ret_done: the file ends here, or in a record that was never
 * finished. */
static spk_err
scan_record(struct scan *s, uint16_t *ret_type, struct spk_span *ret_body, bool *ret_done)
{
    uint64_t left = s->size - s->j->end;
    struct spk_hash mac;

    *ret_done = true;
    if (left < SPK_JOURNAL_REC_HEAD) {
        return SPK_OK;
    }
    spk_buf_reset(&s->rec);
    SPK_TRY(scan_read(s, s->j->end, SPK_JOURNAL_REC_HEAD));
    SPK_TRY(record_mac(s->j, "H", spk_span(s->rec.ptr, LEN_TYPE), SPK_SPAN_EMPTY, &mac));
    if (!spk_ct_eq(mac.b, s->rec.ptr + LEN_TYPE, HEAD_TAG)) {
        return scan_torn(s, s->j->end + SPK_JOURNAL_REC_HEAD - 1,
                         "the head of a record was altered");
    }
    uint64_t len = spk_get_u32(s->rec.ptr);
    uint64_t whole = SPK_JOURNAL_REC_HEAD + len + SPK_JOURNAL_REC_MAC;
    SPK_CHECK(len <= SPK_JOURNAL_BODY_MAX, LIMIT);
    if (left < whole) {
        return SPK_OK;
    }
    SPK_TRY(scan_read(s, s->j->end + SPK_JOURNAL_REC_HEAD, (size_t)(whole - SPK_JOURNAL_REC_HEAD)));
    const uint8_t *p = s->rec.ptr;
    *ret_type = spk_get_u16(p + 4);
    *ret_body = spk_span(p + SPK_JOURNAL_REC_HEAD, (size_t)len);
    SPK_TRY(record_mac(s->j, "R", spk_span(p, LEN_TYPE), *ret_body, &mac));
    if (!spk_ct_eq(mac.b, p + whole - SPK_JOURNAL_REC_MAC, SPK_JOURNAL_REC_MAC)) {
        return scan_torn(s, s->j->end + whole - SPK_JOURNAL_REC_MAC, "a record was altered");
    }
    s->j->chain = mac;
    s->j->end += whole;
    *ret_done = false;
    return SPK_OK;
}

static spk_err
scan_all(struct scan *s, const struct spk_journal_how *how)
{
    for (;;) {
        uint16_t type = 0;
        struct spk_span body = SPK_SPAN_EMPTY;
        bool done = false;
        uint64_t at = s->j->end;

        SPK_TRY(scan_record(s, &type, &body, &done));
        if (done) {
            return SPK_OK;
        }
        spk_err e = how->visit(how->arg, type, body);
        if (!spk_ok(e)) {
            s->fault->offset = at;
            return e;
        }
    }
}

spk_err
spk_journal_open(int fd, const struct spk_journal_how *how, struct spk_journal *ret_j,
                 struct spk_journal_fault *ret_fault)
{
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;
    SPK_AUTO_BUF struct spk_buf rec = SPK_BUF(REC_MAX);

    j.fd = fd;
    *ret_fault = (struct spk_journal_fault){0, NULL};
    off_t size = lseek(fd, 0, SEEK_END);
    if (size < 0) {
        return spk_err_errno();
    }
    SPK_TRY(journal_key(how->seed, how->genesis, &j.key));
    struct scan s = {.j = &j, .size = (uint64_t)size, .rec = rec, .fault = ret_fault};
    spk_err e = scan_head(&s, how->genesis);
    if (spk_ok(e)) {
        e = scan_all(&s, how);
    }
    rec = s.rec; /* freed here, whatever happened */
    SPK_TRY(e);
    j.torn = s.size - j.end;
    if (how->repair && j.end < s.size && (ftruncate(fd, (off_t)j.end) != 0 || fsync(fd) != 0)) {
        return spk_err_errno();
    }
    *ret_j = j;
    j = SPK_JOURNAL_NONE;
    return SPK_OK;
}

/* -- Writing -------------------------------------------------------------------------------------
 */

spk_err
spk_journal_add(struct spk_journal *j, uint16_t type, struct spk_span body)
{
    SPK_AUTO_BUF struct spk_buf rec = SPK_BUF(REC_MAX);
    struct spk_hash head, mac;

    SPK_CHECK(!j->broken, IO);
    SPK_CHECK(body.len <= SPK_JOURNAL_BODY_MAX, LIMIT);
    SPK_TRY(spk_buf_u32(&rec, (uint32_t)body.len));
    SPK_TRY(spk_buf_u16(&rec, type));
    SPK_TRY(record_mac(j, "H", spk_span(rec.ptr, LEN_TYPE), SPK_SPAN_EMPTY, &head));
    SPK_TRY(record_mac(j, "R", spk_span(rec.ptr, LEN_TYPE), body, &mac));
    SPK_TRY(spk_buf_add(&rec, spk_span(head.b, HEAD_TAG)));
    SPK_TRY(spk_buf_add(&rec, body));
    SPK_TRY(spk_buf_add(&rec, spk_hash_span(&mac)));
    spk_err e = spk_pwrite_full(j->fd, spk_buf_span(&rec), j->end);
    if (!spk_ok(e)) {
        /* a full disk must not leave half a record for the next one to stand behind */
        j->broken = ftruncate(j->fd, (off_t)j->end) != 0;
        return e;
    }
    j->end += rec.len;
    j->chain = mac;
    j->dirty = true;
    return SPK_OK;
}

spk_err
spk_journal_append(struct spk_journal *j, uint16_t type, struct spk_span body)
{
    SPK_TRY(spk_journal_add(j, type, body));
    return spk_journal_sync(j);
}

spk_err
spk_journal_sync(struct spk_journal *j)
{
    SPK_CHECK(!j->broken, IO);
    if (j->dirty && fdatasync(j->fd) != 0) {
        /* after a failed sync nobody knows what the disk holds: only a restart, which reads it, can
         * tell */
        j->broken = true;
        return spk_err_errno();
    }
    j->dirty = false;
    return SPK_OK;
}
