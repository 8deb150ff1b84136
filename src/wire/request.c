/* SPDX-License-Identifier: Apache-2.0 */
/* The recovery request record, its proofs of possession, and the code that a requester reads out
 * (doc/spec/statements.md §3). */
#include <string.h>

#include "base/text.h"
#include "wire/lines.h"
#include "wire/statement.h"

#define SELECT_LEN 37
#define CODE_LETTERS 20

void
spk_request_clear(struct spk_request *r)
{
    spk_rsa_free(r->keyx);
    spk_rsa_free(r->sign);
    r->keyx = NULL;
    r->sign = NULL;
}

static spk_err
select_check(const struct spk_request *r)
{
    if (r->select == SPK_SELECT_ALL) {
        SPK_CHECK(r->count == 0 && spk_hash_zero(&r->root), FORMAT);
        return SPK_OK;
    }
    SPK_CHECK(r->select == SPK_SELECT_LISTED, VERSION);
    SPK_CHECK(r->kind == SPK_REQ_KIND_KEYS, FORMAT); /* the other kind gives no keys back */
    SPK_CHECK(r->count > 0 && r->count <= SPK_REQ_LISTED_MAX, LIMIT);
    return SPK_OK;
}

static spk_err
request_check(const struct spk_request *r)
{
    SPK_CHECK(r->kind == SPK_REQ_KIND_KEYS || r->kind == SPK_REQ_KIND_PAIRS, VERSION);
    SPK_TRY(select_check(r));
    SPK_CHECK(r->reason.len <= SPK_REQ_REASON_MAX && r->contact.len <= SPK_REQ_CONTACT_MAX, LIMIT);
    SPK_CHECK(spk_utf8_plain(r->reason) && spk_utf8_plain(r->contact), FORMAT);
    SPK_CHECK(!spk_hash_eq(spk_rsa_id(r->keyx), spk_rsa_id(r->sign)), FORMAT);
    return SPK_OK;
}

static void
select_put(const struct spk_request *r, uint8_t ret_b[SELECT_LEN])
{
    ret_b[0] = (uint8_t)r->select;
    spk_put_u32(ret_b + 1, r->count);
    memcpy(ret_b + 5, r->root.b, SPK_HASH_LEN);
}

spk_err
spk_request_build(const struct spk_request *r, struct spk_buf *bytes)
{
    SPK_AUTO_BUF struct spk_buf made = SPK_BUF(SPK_REQ_RECORD_MAX);
    struct spk_attrs l = {.n = 0};
    uint8_t kind[8], time[8], select[SELECT_LEN];

    SPK_TRY(request_check(r));
    select_put(r, select);
    SPK_TRY(spk_attrs_add(&l, SPK_REQ_AUTHORITY, spk_hash_span(&r->authority)));
    SPK_TRY(spk_attrs_add(&l, SPK_REQ_OWNER, spk_hash_span(&r->owner)));
    SPK_TRY(spk_attrs_add_u64(&l, SPK_REQ_KIND, r->kind, kind));
    SPK_TRY(spk_attrs_add(&l, SPK_REQ_SELECT, SPK_SPAN_OF(select)));
    SPK_TRY(spk_attrs_add(&l, SPK_REQ_REASON, r->reason));
    SPK_TRY(spk_attrs_add(&l, SPK_REQ_KEYX, spk_rsa_spki(r->keyx)));
    SPK_TRY(spk_attrs_add(&l, SPK_REQ_SIGN, spk_rsa_spki(r->sign)));
    SPK_TRY(spk_attrs_add(&l, SPK_REQ_NONCE, SPK_SPAN_OF(r->nonce)));
    SPK_TRY(spk_attrs_add_u64(&l, SPK_REQ_TIME, r->time, time));
    if (r->contact.len > 0) {
        SPK_TRY(spk_attrs_add(&l, SPK_REQ_CONTACT, r->contact));
    }
    SPK_TRY(spk_attrs_build(&l, &made));
    return spk_buf_add(bytes, spk_buf_span(&made));
}

static spk_err
request_keys(const struct spk_attrs *l, struct spk_request *r)
{
    struct spk_span v;

    SPK_TRY(spk_attrs_get(l, SPK_REQ_KEYX, SPK_SPKI_MAX_LEN, &v));
    SPK_TRY(spk_key_canonical(v, &r->keyx));
    SPK_TRY(spk_attrs_get(l, SPK_REQ_SIGN, SPK_SPKI_MAX_LEN, &v));
    return spk_key_canonical(v, &r->sign);
}

static spk_err
request_select(const struct spk_attrs *l, struct spk_request *r)
{
    uint8_t b[SELECT_LEN];

    SPK_TRY(spk_attrs_fixed(l, SPK_REQ_SELECT, b, SELECT_LEN));
    SPK_CHECK(b[0] == SPK_SELECT_ALL || b[0] == SPK_SELECT_LISTED, VERSION);
    r->select = b[0] == SPK_SELECT_ALL ? SPK_SELECT_ALL : SPK_SELECT_LISTED;
    r->count = spk_get_u32(b + 1);
    memcpy(r->root.b, b + 5, SPK_HASH_LEN);
    return SPK_OK;
}

static spk_err
request_attrs(const struct spk_attrs *l, struct spk_request *r)
{
    SPK_TRY(spk_attrs_fixed(l, SPK_REQ_AUTHORITY, r->authority.b, SPK_HASH_LEN));
    SPK_TRY(spk_attrs_fixed(l, SPK_REQ_OWNER, r->owner.b, SPK_HASH_LEN));
    SPK_TRY(spk_attrs_u64(l, SPK_REQ_KIND, &r->kind));
    SPK_TRY(request_select(l, r));
    SPK_TRY(spk_attrs_get(l, SPK_REQ_REASON, SIZE_MAX, &r->reason));
    SPK_TRY(spk_attrs_fixed(l, SPK_REQ_NONCE, r->nonce, sizeof(r->nonce)));
    SPK_TRY(spk_attrs_u64(l, SPK_REQ_TIME, &r->time));
    if (spk_attrs_has(l, SPK_REQ_CONTACT)) {
        SPK_TRY(spk_attrs_get(l, SPK_REQ_CONTACT, SIZE_MAX, &r->contact));
        SPK_CHECK(r->contact.len > 0, FORMAT);
    }
    return request_keys(l, r);
}

spk_err
spk_request_parse(struct spk_span bytes, struct spk_request *ret_r)
{
    static const uint16_t known[] = {
        SPK_REQ_AUTHORITY, SPK_REQ_OWNER, SPK_REQ_KIND,  SPK_REQ_SELECT, SPK_REQ_REASON,
        SPK_REQ_KEYX,      SPK_REQ_SIGN,  SPK_REQ_NONCE, SPK_REQ_TIME,   SPK_REQ_CONTACT};
    SPK_AUTO_REQUEST r = {.kind = 0};
    struct spk_attrs l;

    SPK_CHECK(bytes.len <= SPK_REQ_RECORD_MAX, LIMIT);
    SPK_TRY(spk_attrs_parse_known(bytes, known, sizeof(known) / sizeof(known[0]), &l));
    SPK_TRY(request_attrs(&l, &r));
    SPK_TRY(request_check(&r));
    SPK_TRY(spk_sha256(bytes, &r.hash));
    *ret_r = r;
    r.keyx = NULL;
    r.sign = NULL;
    return SPK_OK;
}

spk_err
spk_request_verify(const struct spk_request *r, struct spk_span bytes, struct spk_span sig_sign,
                   struct spk_span sig_keyx)
{
    SPK_TRY(spk_statement_verify(r->sign, SPK_KIND_REQUEST, &r->authority, bytes, sig_sign));
    return spk_statement_verify(r->keyx, SPK_KIND_POSSESSION, &r->authority, bytes, sig_keyx);
}

/* The i-th five bits from the front. */
static unsigned
code_bits(const struct spk_hash *hash, size_t i)
{
    size_t bit = 5 * i;
    unsigned two = (unsigned)(hash->b[bit / 8] << 8) | hash->b[bit / 8 + 1];

    return (two >> (11 - bit % 8)) & 31;
}

void
spk_request_code(const struct spk_hash *hash, char ret_code[SPK_REQ_CODE_LEN])
{
    size_t at = 0;

    for (size_t i = 0; i < CODE_LETTERS; i++) {
        if (i > 0 && i % 5 == 0) {
            ret_code[at++] = '-';
        }
        ret_code[at++] = spk_code_digit(code_bits(hash, i));
    }
    ret_code[at] = 0;
}

bool
spk_request_code_fits(const struct spk_hash *hash, struct spk_span typed)
{
    size_t n = 0;

    for (size_t i = 0; i < typed.len; i++) {
        unsigned v = spk_code_value(typed.ptr[i]);
        if (v == SPK_CODE_FILLER) {
            continue;
        }
        if (n == CODE_LETTERS || v != code_bits(hash, n)) {
            return false;
        }
        n++;
    }
    return n == CODE_LETTERS;
}
