/* SPDX-License-Identifier: Apache-2.0 */
/* The enrolment record: who an owner is, for good (doc/spec/statements.md §2). */
#include <string.h>

#include "base/text.h"
#include "wire/lines.h"
#include "wire/statement.h"

void
spk_enrolment_clear(struct spk_enrolment *e)
{
    spk_rsa_free(e->keyx);
    spk_rsa_free(e->sign);
    e->keyx = NULL;
    e->sign = NULL;
}

static spk_err
text_ok(struct spk_span s)
{
    SPK_CHECK(s.len >= 1 && s.len <= SPK_ENROL_TEXT_MAX, LIMIT);
    SPK_CHECK(spk_utf8_plain(s), FORMAT);
    return SPK_OK;
}

static spk_err
enrolment_check(const struct spk_enrolment *e)
{
    SPK_TRY(text_ok(e->name));
    SPK_CHECK(e->n_contacts <= SPK_CONTACTS_MAX, LIMIT);
    for (size_t i = 0; i < e->n_contacts; i++) {
        SPK_TRY(text_ok(e->contacts[i]));
    }
    /* One key, one role: the pair that wraps never signs. */
    SPK_CHECK(!spk_hash_eq(spk_rsa_id(e->keyx), spk_rsa_id(e->sign)), FORMAT);
    SPK_CHECK(!spk_ct_zero(e->veto, sizeof(e->veto)), FORMAT);
    return SPK_OK;
}

spk_err
spk_enrolment_build(const struct spk_enrolment *e, struct spk_buf *bytes)
{
    SPK_AUTO_BUF struct spk_buf made = SPK_BUF(SPK_ENROL_RECORD_MAX);
    struct spk_attrs l = {.n = 0};
    uint8_t time[8];

    SPK_TRY(enrolment_check(e));
    SPK_TRY(spk_attrs_add(&l, SPK_ENROL_NAME, e->name));
    for (size_t i = 0; i < e->n_contacts; i++) {
        SPK_TRY(spk_attrs_add(&l, SPK_ENROL_CONTACT, e->contacts[i]));
    }
    SPK_TRY(spk_attrs_add(&l, SPK_ENROL_KEYX, spk_rsa_spki(e->keyx)));
    SPK_TRY(spk_attrs_add(&l, SPK_ENROL_SIGN, spk_rsa_spki(e->sign)));
    SPK_TRY(spk_attrs_add(&l, SPK_ENROL_VETO, SPK_SPAN_OF(e->veto)));
    SPK_TRY(spk_attrs_add(&l, SPK_ENROL_NONCE, SPK_SPAN_OF(e->nonce)));
    SPK_TRY(spk_attrs_add_u64(&l, SPK_ENROL_TIME, e->time, time));
    SPK_TRY(spk_attrs_build(&l, &made));
    return spk_buf_add(bytes, spk_buf_span(&made));
}

static spk_err
enrolment_keys(const struct spk_attrs *l, struct spk_enrolment *e)
{
    struct spk_span v;

    SPK_TRY(spk_attrs_get(l, SPK_ENROL_KEYX, SPK_SPKI_MAX_LEN, &v));
    SPK_TRY(spk_key_canonical(v, &e->keyx));
    SPK_TRY(spk_attrs_get(l, SPK_ENROL_SIGN, SPK_SPKI_MAX_LEN, &v));
    return spk_key_canonical(v, &e->sign);
}

spk_err
spk_enrolment_parse(struct spk_span bytes, struct spk_enrolment *ret_e)
{
    static const uint16_t known[] = {SPK_ENROL_NAME, SPK_ENROL_CONTACT, SPK_ENROL_KEYX,
                                     SPK_ENROL_SIGN, SPK_ENROL_VETO,    SPK_ENROL_NONCE,
                                     SPK_ENROL_TIME};
    SPK_AUTO_ENROLMENT e = {.n_contacts = 0};
    struct spk_attrs l;
    struct spk_span contact;

    SPK_CHECK(bytes.len <= SPK_ENROL_RECORD_MAX, LIMIT);
    SPK_TRY(spk_attrs_parse_known(bytes, known, sizeof(known) / sizeof(known[0]), &l));
    SPK_TRY(spk_attrs_get(&l, SPK_ENROL_NAME, SIZE_MAX, &e.name));
    while (spk_attrs_nth(&l, SPK_ENROL_CONTACT, e.n_contacts, &contact)) {
        SPK_CHECK(e.n_contacts < SPK_CONTACTS_MAX, LIMIT);
        e.contacts[e.n_contacts++] = contact;
    }
    SPK_TRY(spk_attrs_fixed(&l, SPK_ENROL_VETO, e.veto, sizeof(e.veto)));
    SPK_TRY(spk_attrs_fixed(&l, SPK_ENROL_NONCE, e.nonce, sizeof(e.nonce)));
    SPK_TRY(spk_attrs_u64(&l, SPK_ENROL_TIME, &e.time));
    SPK_TRY(enrolment_keys(&l, &e));
    SPK_TRY(enrolment_check(&e));
    SPK_TRY(spk_sha256(bytes, &e.owner));
    *ret_e = e;
    e.keyx = NULL;
    e.sign = NULL;
    return SPK_OK;
}
