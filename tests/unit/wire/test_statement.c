/* SPDX-License-Identifier: Apache-2.0 */
/* What owners' RSA keys sign: enrolment and recovery request, and the code of a request. */
#include "vec.h"

#include <stdlib.h>
#include <string.h>

#include "wire/statement.h"

/* A list with the value of one attribute changed (empty value: left out). */
static void
with(struct spk_span record, uint16_t type, struct spk_span value, struct spk_buf *b)
{
    struct spk_attrs l;
    size_t n = 0;

    spk_buf_reset(b);
    assert_spk_ok(spk_attrs_parse(record, &l));
    for (size_t i = 0; i < l.n; i++) {
        if (l.a[i].type == type) {
            l.a[i].value = value;
        }
        if (l.a[i].value.len > 0) {
            l.a[n++] = l.a[i];
        }
    }
    l.n = n;
    assert_spk_ok(spk_attrs_build(&l, b));
}

static void
also(struct spk_span record, uint16_t type, struct spk_span value, struct spk_buf *b)
{
    struct spk_attrs l;

    spk_buf_reset(b);
    assert_spk_ok(spk_attrs_parse(record, &l));
    assert_spk_ok(spk_attrs_add(&l, type, value));
    assert_spk_ok(spk_attrs_build(&l, b));
}

static void
signatures_of_the_model_hold(void **state)
{
    (void)state;
    SPK_AUTO(spk_rsa) authority = vec_pair("authority");
    SPK_AUTO(spk_rsa) sign = vec_pair("owner-sign");
    const struct spk_hash *a = spk_rsa_id(authority);
    struct spk_span rec = vec("enrolment.record"), sig = vec("enrolment.signature");
    struct spk_hash other = *a;

    assert_spk_ok(spk_statement_verify(sign, SPK_KIND_ENROL, a, rec, sig));
    /* Not for another kind, another authority, other bytes, by another key. */
    assert_spk_code(spk_statement_verify(sign, SPK_KIND_VETO, a, rec, sig), AUTH);
    other.b[0] ^= 1;
    assert_spk_code(spk_statement_verify(sign, SPK_KIND_ENROL, &other, rec, sig), AUTH);
    assert_spk_code(
        spk_statement_verify(sign, SPK_KIND_ENROL, a, spk_span(rec.ptr, rec.len - 1), sig), AUTH);
    assert_spk_code(spk_statement_verify(authority, SPK_KIND_ENROL, a, rec, sig), AUTH);
}

static void
signatures_of_ours_hold(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf sig = SPK_BUF(SPK_RSA_MAX_LEN);
    SPK_AUTO(spk_rsa) pair = vec_pair("owner-sign");
    struct spk_hash authority = {{1}};

    assert_spk_ok(spk_statement_sign(pair, SPK_KIND_VETO, &authority, SPK_SPAN_LIT("bytes"), &sig));
    assert_spk_ok(spk_statement_verify(pair, SPK_KIND_VETO, &authority, SPK_SPAN_LIT("bytes"),
                                       spk_buf_span(&sig)));
    sig.ptr[10] ^= 1;
    assert_spk_code(spk_statement_verify(pair, SPK_KIND_VETO, &authority, SPK_SPAN_LIT("bytes"),
                                         spk_buf_span(&sig)),
                    AUTH);
}

static void
enrolment_meets_the_vector(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_ENROL_RECORD_MAX);
    SPK_AUTO(spk_rsa) keyx = vec_pair("owner-keyx");
    SPK_AUTO(spk_rsa) sign = vec_pair("owner-sign");
    SPK_AUTO(spk_secret) veto = vec_seed(0x31);
    struct spk_enrolment e = {
        .name = SPK_SPAN_LIT("Ada Lovelace"),
        .n_contacts = 2,
        .contacts = {SPK_SPAN_LIT("ada@example.org"), SPK_SPAN_LIT("+44 20 7946 0018")},
        .keyx = keyx,
        .sign = sign,
        .time = 1700000000 - 86400,
    };

    memset(e.nonce, 0x66, sizeof(e.nonce));
    assert_spk_ok(spk_ed25519_public(veto, e.veto));
    assert_spk_ok(spk_enrolment_build(&e, &b));
    assert_span_equal(spk_buf_span(&b), vec("enrolment.record"));
}

static void
enrolment_reads_back(void **state)
{
    (void)state;
    SPK_AUTO(spk_rsa) sign = vec_pair("owner-sign");
    struct spk_enrolment e;

    assert_spk_ok(spk_enrolment_parse(vec("enrolment.record"), &e));
    assert_span_equal(spk_hash_span(&e.owner), vec("enrolment.owner"));
    assert_span_equal(e.name, SPK_SPAN_LIT("Ada Lovelace"));
    assert_int_equal(e.n_contacts, 2);
    assert_span_equal(e.contacts[0], SPK_SPAN_LIT("+44 20 7946 0018"));
    assert_true(spk_hash_eq(spk_rsa_id(e.sign), spk_rsa_id(sign)));
    assert_true(e.time == 1700000000 - 86400);
    spk_enrolment_clear(&e);
    assert_null(e.keyx);
}

static void
no_enrolment(struct spk_buf *b, enum spk_code code)
{
    struct spk_enrolment e = {.n_contacts = 99};

    assert_string_equal(spk_code_name(spk_enrolment_parse(spk_buf_span(b), &e).code),
                        spk_code_name(code));
    assert_int_equal(e.n_contacts, 99);
}

static void
enrolment_refuses(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(16384);
    struct spk_span rec = vec("enrolment.record");
    static char text[SPK_ENROL_RECORD_MAX];
    static const uint8_t zero[32];
    uint8_t *odd = vec_copy(vec("spki.owner-keyx"), 1);

    memset(text, 'x', sizeof(text));
    for (uint16_t type = SPK_ENROL_NAME; type <= SPK_ENROL_TIME; type++) {
        if (type != SPK_ENROL_CONTACT) { /* contacts may be missing, nothing else may */
            with(rec, type, SPK_SPAN_EMPTY, &b);
            no_enrolment(&b, SPK_CODE_FORMAT);
        }
    }
    with(rec, SPK_ENROL_NAME, spk_span(text, 201), &b);
    no_enrolment(&b, SPK_CODE_LIMIT);
    with(rec, SPK_ENROL_NAME, SPK_SPAN_LIT("a\x1b[2Jb"), &b);
    no_enrolment(&b, SPK_CODE_FORMAT);
    with(rec, SPK_ENROL_NAME, SPK_SPAN_LIT("\xc3\x28"), &b);
    no_enrolment(&b, SPK_CODE_FORMAT);
    with(rec, SPK_ENROL_VETO, spk_span(zero, 32), &b);
    no_enrolment(&b, SPK_CODE_FORMAT);
    with(rec, SPK_ENROL_VETO, spk_span(text, 31), &b);
    no_enrolment(&b, SPK_CODE_FORMAT);
    with(rec, SPK_ENROL_KEYX, vec("spki.owner-sign"), &b); /* one key in two roles */
    no_enrolment(&b, SPK_CODE_FORMAT);
    with(rec, SPK_ENROL_KEYX, spk_span(odd, vec("spki.owner-keyx").len + 1), &b);
    no_enrolment(&b, SPK_CODE_FORMAT);
    with(rec, SPK_ENROL_KEYX, SPK_SPAN_LIT("key"), &b);
    no_enrolment(&b, SPK_CODE_FORMAT);
    also(rec, 8, SPK_SPAN_LIT("?"), &b);
    no_enrolment(&b, SPK_CODE_VERSION);
    also(rec, SPK_ENROL_NAME, SPK_SPAN_LIT("Ada Two"), &b);
    no_enrolment(&b, SPK_CODE_FORMAT);
    also(rec, SPK_ENROL_NAME, SPK_SPAN_OF(text), &b);
    no_enrolment(&b, SPK_CODE_LIMIT); /* the whole record is too long */
    free(odd);
}

static void
enrolment_bounds_contacts(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(16384);
    SPK_AUTO_BUF struct spk_buf c = SPK_BUF(16384);
    static const char digits[] = "0123456";
    struct spk_enrolment e;

    assert_spk_ok(spk_buf_add(&b, vec("enrolment.record")));
    for (size_t i = 0; i < 6; i++) { /* with the two that are there: eight */
        also(spk_buf_span(&b), SPK_ENROL_CONTACT, spk_span(&digits[i], 1), &c);
        spk_buf_reset(&b);
        assert_spk_ok(spk_buf_add(&b, spk_buf_span(&c)));
    }
    assert_spk_ok(spk_enrolment_parse(spk_buf_span(&b), &e));
    assert_int_equal(e.n_contacts, SPK_CONTACTS_MAX);
    spk_enrolment_clear(&e);
    also(spk_buf_span(&b), SPK_ENROL_CONTACT, spk_span(&digits[6], 1), &c);
    no_enrolment(&c, SPK_CODE_LIMIT);
}

/* An SPKI whose DER is correct but not the canonical one: rsaEncryption without its NULL. */
static void
keys_must_be_canonical(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(16384);
    struct spk_span good = vec("spki.owner-keyx");
    uint8_t *der = vec_copy(good, 0);

    assert_memory_equal(der + 4, "\x30\x0d\x06\x09", 4);
    der[3] = (uint8_t)(der[3] - 2);
    der[5] = 0x0b;
    memmove(der + 17, der + 19, good.len - 19);
    with(vec("enrolment.record"), SPK_ENROL_KEYX, spk_span(der, good.len - 2), &b);
    no_enrolment(&b, SPK_CODE_FORMAT);
    free(der);
}

static struct spk_request
sample_request(struct spk_rsa *keyx, struct spk_rsa *sign, const struct spk_rsa *authority)
{
    struct spk_request r = {.authority = *spk_rsa_id(authority),
                            .owner = vec_hash("enrolment.owner"),
                            .kind = SPK_REQ_KIND_KEYS,
                            .select = SPK_SELECT_LISTED,
                            .count = 3,
                            .root = vec_hash("request.root"),
                            .reason = SPK_SPAN_LIT("laptop stolen"),
                            .contact = SPK_SPAN_LIT("ring 0018"),
                            .keyx = keyx,
                            .sign = sign,
                            .time = 1700000000};

    memset(r.nonce, 0x77, sizeof(r.nonce));
    return r;
}

static void
request_meets_the_vector(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_REQ_RECORD_MAX);
    SPK_AUTO(spk_rsa) keyx = vec_pair("new-keyx");
    SPK_AUTO(spk_rsa) sign = vec_pair("new-sign");
    SPK_AUTO(spk_rsa) authority = vec_pair("authority");
    struct spk_request r = sample_request(keyx, sign, authority), back;
    char code[SPK_REQ_CODE_LEN];

    assert_spk_ok(spk_request_build(&r, &b));
    assert_span_equal(spk_buf_span(&b), vec("request.record"));
    assert_spk_ok(spk_request_parse(spk_buf_span(&b), &back));
    assert_span_equal(spk_hash_span(&back.hash), vec("request.hash"));
    assert_int_equal(back.count, 3);
    assert_span_equal(back.reason, r.reason);
    assert_span_equal(back.contact, r.contact);
    assert_spk_ok(spk_request_verify(&back, spk_buf_span(&b), vec("request.sig_sign"),
                                     vec("request.sig_keyx")));
    /* Each proof stands for its own key and kind. */
    assert_spk_code(spk_request_verify(&back, spk_buf_span(&b), vec("request.sig_keyx"),
                                       vec("request.sig_keyx")),
                    AUTH);
    assert_spk_code(spk_request_verify(&back, spk_buf_span(&b), vec("request.sig_sign"),
                                       vec("request.sig_sign")),
                    AUTH);
    spk_request_code(&back.hash, code);
    assert_span_equal(spk_span_str(code), vec("request.code"));
    spk_request_clear(&back);
}

static void
no_request(struct spk_buf *b, enum spk_code code)
{
    struct spk_request r = {.count = 99};

    assert_string_equal(spk_code_name(spk_request_parse(spk_buf_span(b), &r).code),
                        spk_code_name(code));
    assert_int_equal(r.count, 99);
}

static void
request_refuses(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(16384);
    struct spk_span rec = vec("request.record");
    static char text[SPK_REQ_RECORD_MAX];
    static const uint8_t pairs_only[8] = {0, 0, 0, 0, 0, 0, 0, 2},
                         three[8] = {0, 0, 0, 0, 0, 0, 0, 3};
    uint8_t select[37] = {1};

    memset(text, 'x', sizeof(text));
    for (uint16_t type = SPK_REQ_AUTHORITY; type < SPK_REQ_CONTACT; type++) {
        if (type != SPK_REQ_REASON) { /* here it is left out with its attribute */
            with(rec, type, SPK_SPAN_EMPTY, &b);
            no_request(&b, SPK_CODE_FORMAT);
        }
    }
    with(rec, SPK_REQ_REASON, SPK_SPAN_EMPTY, &b);
    no_request(&b, SPK_CODE_FORMAT);
    with(rec, SPK_REQ_REASON, spk_span(text, 1001), &b);
    no_request(&b, SPK_CODE_LIMIT);
    with(rec, SPK_REQ_REASON, SPK_SPAN_LIT("a\nb"), &b);
    no_request(&b, SPK_CODE_FORMAT);
    with(rec, SPK_REQ_CONTACT, spk_span(text, 201), &b);
    no_request(&b, SPK_CODE_LIMIT);
    with(rec, SPK_REQ_KIND, SPK_SPAN_OF(three), &b);
    no_request(&b, SPK_CODE_VERSION);
    with(rec, SPK_REQ_KIND, SPK_SPAN_OF(pairs_only), &b); /* but lists files */
    no_request(&b, SPK_CODE_FORMAT);
    with(rec, SPK_REQ_KEYX, vec("spki.new-sign"), &b);
    no_request(&b, SPK_CODE_FORMAT);
    also(rec, 11, SPK_SPAN_LIT("?"), &b);
    no_request(&b, SPK_CODE_VERSION);
    also(rec, SPK_REQ_CONTACT, SPK_SPAN_OF(text), &b);
    no_request(&b, SPK_CODE_LIMIT);

    with(rec, SPK_REQ_SELECT, SPK_SPAN_OF(select), &b); /* all */
    struct spk_request r;
    assert_spk_ok(spk_request_parse(spk_buf_span(&b), &r));
    spk_request_clear(&r);
    select[4] = 1; /* all, but counted */
    with(rec, SPK_REQ_SELECT, SPK_SPAN_OF(select), &b);
    no_request(&b, SPK_CODE_FORMAT);
    select[4] = 0;
    select[36] = 1; /* all, but with a root */
    with(rec, SPK_REQ_SELECT, SPK_SPAN_OF(select), &b);
    no_request(&b, SPK_CODE_FORMAT);
    select[0] = 2; /* listed, but none */
    with(rec, SPK_REQ_SELECT, SPK_SPAN_OF(select), &b);
    no_request(&b, SPK_CODE_LIMIT);
    select[2] = 1;
    select[4] = 1; /* 65,537 files */
    with(rec, SPK_REQ_SELECT, SPK_SPAN_OF(select), &b);
    no_request(&b, SPK_CODE_LIMIT);
    select[0] = 3;
    with(rec, SPK_REQ_SELECT, SPK_SPAN_OF(select), &b);
    no_request(&b, SPK_CODE_VERSION);
}

static void
codes_as_people_type_them(void **state)
{
    (void)state;
    struct spk_hash h = vec_hash("request.hash"), zero = {{0}}, ones;
    char code[SPK_REQ_CODE_LEN];

    memset(&ones, 0xff, sizeof(ones));
    spk_request_code(&ones, code);
    assert_string_equal(code, "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ");
    assert_true(spk_request_code_fits(&zero, SPK_SPAN_LIT("OOOOO-ooooo-00000-00000")));
    assert_true(spk_request_code_fits(&h, vec("request.code")));
    assert_true(spk_request_code_fits(&h, SPK_SPAN_LIT("o9lqfafx8e gaspj 2d7ma\n")));
    assert_true(spk_request_code_fits(&h, SPK_SPAN_LIT("  09iqf afx8e-GASPJ--2D7MA  ")));
    assert_false(spk_request_code_fits(&h, SPK_SPAN_LIT("")));
    assert_false(spk_request_code_fits(&h, SPK_SPAN_LIT("091QF-AFX8E-GASPJ-2D7M")));
    assert_false(spk_request_code_fits(&h, SPK_SPAN_LIT("091QF-AFX8E-GASPJ-2D7MAA")));
    assert_false(spk_request_code_fits(&h, SPK_SPAN_LIT("091QF-AFX8E-GASPJ-2D7MB")));
    assert_false(spk_request_code_fits(&h, SPK_SPAN_LIT("091QF-AFX8E-GASPJ_2D7MA")));
    assert_false(spk_request_code_fits(&zero, SPK_SPAN_LIT("-")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_the_model_hold),
        cmocka_unit_test(signatures_of_ours_hold),
        cmocka_unit_test(enrolment_meets_the_vector),
        cmocka_unit_test(enrolment_reads_back),
        cmocka_unit_test(enrolment_refuses),
        cmocka_unit_test(enrolment_bounds_contacts),
        cmocka_unit_test(keys_must_be_canonical),
        cmocka_unit_test(request_meets_the_vector),
        cmocka_unit_test(request_refuses),
        cmocka_unit_test(codes_as_people_type_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
