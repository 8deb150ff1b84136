/* SPDX-License-Identifier: Apache-2.0 */
#include "client/receipt.h"

#include <string.h>

#define PROOF_FIXED 400u /* head, extra, index and the empty line: 386 bytes at most */
#define NOTE_FIXED 200u  /* size, root, and what stands beside the names: 171 bytes at most */
#define PATH_LINE 45u
#define WITNESS_LINE 160u

size_t
spk_receipt_len(const struct spk_vkey *log, size_t path, size_t witnesses)
{
    return PROOF_FIXED + NOTE_FIXED + 2 * strlen(log->name) + path * PATH_LINE +
           witnesses * WITNESS_LINE;
}

static spk_err
fail(enum spk_log_fault fault, spk_err e, enum spk_log_fault *ret_fault)
{
    *ret_fault = fault;
    return e;
}

/* What is no answer about the receipt stays what it is; everything else is `code`. */
static spk_err
as_code(spk_err e, spk_err code)
{
    return e.code == SPK_CODE_NOMEM || e.code == SPK_CODE_CRYPTO ? e : code;
}

/* How many hashes lead from a leaf to the root (RFC 9162 §2.1.3). */
static size_t
path_len(uint64_t index, uint64_t size)
{
    uint64_t fn = index, sn = size - 1;
    size_t n = 0;

    for (; sn > 0; fn >>= 1, sn >>= 1) {
        n += (fn & 1) != 0 || fn < sn;
    }
    return n;
}

static spk_err
read_extra(const struct spk_proof *p, struct spk_receipt *r)
{
    SPK_CHECK(p->extra_len == SPK_RECEIPT_EXTRA_LEN, FORMAT);
    SPK_TRY(spk_rpub_parse(spk_span(p->extra, SPK_RPUB_LEN), &r->rpub));
    memcpy(r->p.b, p->extra + SPK_RPUB_LEN, SPK_HASH_LEN);
    r->index = p->index;
    return SPK_OK;
}

static spk_err
read_checkpoint(const struct spk_note *note, struct spk_checkpoint *ret_c, struct spk_receipt *r)
{
    SPK_TRY(spk_checkpoint_parse(note->text, ret_c));
    SPK_CHECK(ret_c->origin.len < sizeof(r->origin), FORMAT);
    memcpy(r->origin, ret_c->origin.ptr, ret_c->origin.len);
    r->origin[ret_c->origin.len] = '\0';
    r->size = ret_c->size;
    for (size_t i = 0; i < note->n; i++) {
        r->others += !spk_span_eq(note->sigs[i].name, ret_c->origin);
    }
    return SPK_OK;
}

static spk_err
read_all(struct spk_span text, struct spk_proof *p, struct spk_note *note,
         struct spk_checkpoint *ret_c, struct spk_receipt *r)
{
    SPK_TRY(spk_proof_parse(text, p));
    SPK_TRY(read_extra(p, r));
    SPK_TRY(spk_note_parse(p->checkpoint, false, note));
    return read_checkpoint(note, ret_c, r);
}

/* Number and length of the path, before a hash is made: so that the words name what is wrong. */
static spk_err
check_shape(uint64_t index, uint64_t size, size_t len, enum spk_log_fault *ret_fault)
{
    if (index >= size) {
        return fail(SPK_LOG_FAULT_BEYOND, SPK_ERR(AUTH), ret_fault);
    }
    if (len != path_len(index, size)) {
        return fail(SPK_LOG_FAULT_LENGTH, SPK_ERR(AUTH), ret_fault);
    }
    return SPK_OK;
}

static spk_err
check_path(const struct spk_proof *p, const struct spk_receipt *r, const struct spk_checkpoint *c,
           enum spk_log_fault *ret_fault)
{
    uint8_t entry[SPK_ENTRY_LEN];
    struct spk_hash oc;
    struct spk_hash leaf;
    spk_err e;

    SPK_TRY(check_shape(p->index, c->size, p->len, ret_fault));
    SPK_TRY(spk_deposit_oc(p->extra, &r->p, &oc));
    spk_deposit_entry(&r->rpub, &oc, entry);
    SPK_TRY(spk_leaf_hash(SPK_SPAN_OF(entry), &leaf));
    e = spk_tree_verify(&leaf, p->index, c->size, p->path, p->len, &c->root);
    return spk_ok(e) ? e : fail(SPK_LOG_FAULT_PATH, e, ret_fault);
}

static spk_err
check_signature(const struct spk_note *note, const struct spk_vkey *log,
                struct spk_checkpoint *ret_c, enum spk_log_fault *ret_fault)
{
    spk_err e = spk_checkpoint_verify(note, log, ret_c);

    if (e.code == SPK_CODE_NOTFOUND) {
        return fail(SPK_LOG_FAULT_ORIGIN, SPK_ERR(AUTH), ret_fault);
    }
    if (e.code == SPK_CODE_AUTH) {
        return fail(SPK_LOG_FAULT_SIGNATURE, e, ret_fault);
    }
    return spk_ok(e) ? e : fail(SPK_LOG_FAULT_MALFORMED, as_code(e, SPK_ERR(FORMAT)), ret_fault);
}

/* How many are wanted is for who asks: more may sign later. */
static spk_err
count_witnesses(const struct spk_note *note, const struct spk_witnesses *w, size_t *ret_n,
                enum spk_log_fault *ret_fault)
{
    spk_err e = spk_witnesses_check(w, note, ret_n);

    if (spk_ok(e) || e.code == SPK_CODE_NOTFOUND) {
        return SPK_OK;
    }
    return e.code == SPK_CODE_AUTH ? fail(SPK_LOG_FAULT_WITNESS, e, ret_fault) : e;
}

/* log is NULL: what it says is only read. */
static spk_err
take(struct spk_span text, const struct spk_vkey *log, const struct spk_witnesses *w,
     struct spk_receipt *ret_r, enum spk_log_fault *ret_fault)
{
    SPK_AUTO_STR struct spk_proof *p = spk_calloc(1, sizeof(*p));
    SPK_AUTO_STR struct spk_note *note = spk_calloc(1, sizeof(*note));
    struct spk_receipt r = {.index = 0};
    struct spk_checkpoint c;
    spk_err e;

    *ret_fault = SPK_LOG_FAULT_NONE;
    SPK_CHECK(p != NULL && note != NULL, NOMEM);
    e = read_all(text, p, note, &c, &r);
    if (!spk_ok(e)) {
        return fail(SPK_LOG_FAULT_MALFORMED, as_code(e, SPK_ERR(FORMAT)), ret_fault);
    }
    if (log != NULL) {
        SPK_TRY(check_signature(note, log, &c, ret_fault));
        SPK_TRY(check_path(p, &r, &c, ret_fault));
    }
    if (w != NULL) {
        SPK_TRY(count_witnesses(note, w, &r.witnesses, ret_fault));
    }
    *ret_r = r;
    return SPK_OK;
}

spk_err
spk_receipt_read(struct spk_span text, struct spk_receipt *ret_r, enum spk_log_fault *ret_fault)
{
    return take(text, NULL, NULL, ret_r, ret_fault);
}

spk_err
spk_receipt_verify(struct spk_span text, const struct spk_vkey *log, const struct spk_witnesses *w,
                   struct spk_receipt *ret_r, enum spk_log_fault *ret_fault)
{
    return take(text, log, w, ret_r, ret_fault);
}

/* All of R_pub but the time, which only the authority knows. */
static bool
same_deposit(const struct spk_rpub *a, const struct spk_rpub *b)
{
    struct spk_rpub x = *a;
    struct spk_rpub y = *b;
    uint8_t bx[SPK_RPUB_LEN];
    uint8_t by[SPK_RPUB_LEN];

    x.time_ms = y.time_ms = 0;
    spk_rpub_build(&x, bx);
    spk_rpub_build(&y, by);
    return spk_span_eq(SPK_SPAN_OF(bx), SPK_SPAN_OF(by));
}

enum spk_log_fault
spk_receipt_about(const struct spk_receipt *r, const struct spk_rpub *rpub,
                  const struct spk_hash *p)
{
    if (!spk_span_eq(SPK_SPAN_OF(r->rpub.id.b), SPK_SPAN_OF(rpub->id.b))) {
        return SPK_LOG_FAULT_FILE;
    }
    if (!spk_hash_eq(&r->rpub.commitment, &rpub->commitment)) {
        return SPK_LOG_FAULT_KEY;
    }
    if (!spk_hash_eq(&r->rpub.authority, &rpub->authority)) {
        return SPK_LOG_FAULT_AUTHORITY;
    }
    return same_deposit(&r->rpub, rpub) && spk_hash_eq(&r->p, p) ? SPK_LOG_FAULT_NONE
                                                                 : SPK_LOG_FAULT_DEPOSIT;
}

/* -- of a batch -- */

spk_err
spk_receipt_head(struct spk_span note, const struct spk_vkey *log, struct spk_receipt_head *ret_h,
                 enum spk_log_fault *ret_fault)
{
    SPK_AUTO_STR struct spk_note *n = spk_calloc(1, sizeof(*n));
    spk_err e;

    *ret_fault = SPK_LOG_FAULT_NONE;
    SPK_CHECK(n != NULL, NOMEM);
    e = spk_note_parse(note, false, n);
    if (!spk_ok(e)) {
        return fail(SPK_LOG_FAULT_MALFORMED, as_code(e, SPK_ERR(FORMAT)), ret_fault);
    }
    SPK_TRY(check_signature(n, log, &ret_h->c, ret_fault));
    ret_h->note = note;
    return SPK_OK;
}

spk_err
spk_receipt_make(const struct spk_receipt_head *h, const struct spk_receipt *r,
                 struct spk_span path, struct spk_buf *text, enum spk_log_fault *ret_fault)
{
    SPK_AUTO_STR struct spk_proof *p = spk_calloc(1, sizeof(*p));

    *ret_fault = SPK_LOG_FAULT_NONE;
    SPK_CHECK(p != NULL, NOMEM);
    if (path.len % SPK_HASH_LEN != 0 || path.len > sizeof(p->path)) {
        return fail(SPK_LOG_FAULT_MALFORMED, SPK_ERR(FORMAT), ret_fault);
    }
    spk_rpub_build(&r->rpub, p->extra);
    memcpy(p->extra + SPK_RPUB_LEN, r->p.b, SPK_HASH_LEN);
    p->extra_len = SPK_RECEIPT_EXTRA_LEN;
    p->index = r->index;
    p->len = path.len / SPK_HASH_LEN;
    if (path.len > 0) {
        memcpy(p->path, path.ptr, path.len);
    }
    p->checkpoint = h->note;
    SPK_TRY(check_path(p, r, &h->c, ret_fault));
    return spk_proof_format(p, text);
}
