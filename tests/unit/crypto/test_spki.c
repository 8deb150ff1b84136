/* SPDX-License-Identifier: Apache-2.0 */
/* DER of public keys: what is read, what is refused, and that only the canonical form comes out. */
#include "crypto/der.h"
#include "crypto/rsa.h"
#include "vec.h"

#define ALG_NULL "300d06092a864886f70d0101010500"
#define ALG_ABSENT "300b06092a864886f70d010101"

/* SEQUENCE { alg, BIT STRING { 0, SEQUENCE { n, e } } } with pieces of choice. */
static void
build(struct spk_buf *out, const char *alg, struct spk_span n, struct spk_span e)
{
    SPK_AUTO_BUF struct spk_buf nums = SPK_BUF(2048);
    SPK_AUTO_BUF struct spk_buf seq = SPK_BUF(2048);
    SPK_AUTO_BUF struct spk_buf info = SPK_BUF(2048);
    struct vec a = vec_hex(alg);
    assert_spk_ok(spk_der_put_uint(&nums, n));
    assert_spk_ok(spk_der_put_uint(&nums, e));
    assert_spk_ok(spk_der_put(&seq, SPK_DER_SEQ, spk_buf_span(&nums)));
    assert_spk_ok(spk_buf_add(&info, vec_span(&a)));
    assert_spk_ok(spk_der_put_bits(&info, spk_buf_span(&seq)));
    spk_buf_reset(out);
    assert_spk_ok(spk_der_put(out, SPK_DER_SEQ, spk_buf_span(&info)));
}

static void
assert_refused(const struct spk_buf *der, enum spk_code code)
{
    struct spk_rsa *none = NULL;
    spk_err e = spk_rsa_from_spki(spk_buf_span(der), &none);
    assert_string_equal(spk_code_name(e.code), spk_code_name(code));
    assert_null(none);
}

static void
algorithms(void **state)
{
    (void)state;
    static const uint8_t e[] = {1, 0, 1};
    struct vec n = vec_rsa(2048, "n"), canonical = vec_rsa(2048, "spki");
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(2048);
    SPK_AUTO(spk_rsa) a = NULL;
    SPK_AUTO(spk_rsa) b = NULL;
    build(&der, ALG_NULL, vec_span(&n), SPK_SPAN_OF(e));
    assert_span_equal(spk_buf_span(&der), vec_span(&canonical));
    assert_spk_ok(spk_rsa_from_spki(spk_buf_span(&der), &a));
    build(&der, ALG_ABSENT, vec_span(&n), SPK_SPAN_OF(e)); /* taken, and written canonically */
    assert_int_equal(der.len, canonical.len - 2);
    assert_spk_ok(spk_rsa_from_spki(spk_buf_span(&der), &b));
    assert_span_equal(spk_rsa_spki(b), vec_span(&canonical));
    assert_true(spk_hash_eq(spk_rsa_id(a), spk_rsa_id(b)));

    static const struct {
        const char *alg;
        enum spk_code code;
    } others[] = {
        {"300d06092a864886f70d01010a0500", SPK_CODE_VERSION},             /* RSASSA-PSS */
        {"300d06092a864886f70d01010b0500", SPK_CODE_VERSION},             /* a signature */
        {"301306072a8648ce3d020106082a8648ce3d030107", SPK_CODE_VERSION}, /* P-256 */
        {"300506032b6570", SPK_CODE_VERSION},                             /* Ed25519 */
        {"300d06092a864886f70d0101013000", SPK_CODE_FORMAT},              /* parameters not NULL */
        {"300e06092a864886f70d010101050100", SPK_CODE_FORMAT},   /* a NULL with a byte in it */
        {"300f06092a864886f70d01010105000500", SPK_CODE_FORMAT}, /* two of them */
        {"3000", SPK_CODE_FORMAT},
        {"0500", SPK_CODE_FORMAT},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        build(&der, others[i].alg, vec_span(&n), SPK_SPAN_OF(e));
        assert_refused(&der, others[i].code);
    }
}

static void
bounds(void **state)
{
    (void)state;
    static const uint8_t e[] = {1, 0, 1};
    struct vec n = vec_rsa(2048, "n");
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(2048);
    build(&der, ALG_NULL, vec_span(&n), SPK_SPAN_LIT("\x03"));
    assert_refused(&der, SPK_CODE_LIMIT);
    build(&der, ALG_NULL, vec_span(&n), SPK_SPAN_LIT("\x01\x00\x00"));
    assert_refused(&der, SPK_CODE_LIMIT);
    build(&der, ALG_NULL, vec_span(&n), SPK_SPAN_LIT("\x01\x00\x00\x00\x01"));
    assert_refused(&der, SPK_CODE_LIMIT);
    build(&der, ALG_NULL, spk_span(n.b, 128), SPK_SPAN_OF(e));
    assert_refused(&der, SPK_CODE_LIMIT);
    build(&der, ALG_NULL, SPK_SPAN_EMPTY, SPK_SPAN_OF(e));
    assert_refused(&der, SPK_CODE_LIMIT);
}

static void
every_cut_and_tail(void **state)
{
    (void)state;
    struct vec der = vec_rsa(3072, "spki");
    struct spk_rsa *none = NULL;
    for (size_t len = 0; len < der.len; len++) {
        assert_spk_code(spk_rsa_from_spki(spk_span(der.b, len), &none), FORMAT);
    }
    der.b[der.len] = 0;
    assert_spk_code(spk_rsa_from_spki(spk_span(der.b, der.len + 1), &none), FORMAT);
}

/* Every changed byte gives an error or another key: no two encodings of one key but the one with
 * absent parameters. */
static void
every_byte_counts(void **state)
{
    (void)state;
    struct vec der = vec_rsa(2048, "spki"), id = vec_rsa(2048, "id");
    for (size_t i = 0; i < der.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            SPK_AUTO(spk_rsa) key = NULL;
            der.b[i] ^= (uint8_t)(1u << bit);
            if (spk_ok(spk_rsa_from_spki(vec_span(&der), &key))) {
                assert_memory_not_equal(spk_rsa_id(key)->b, id.b, SPK_HASH_LEN);
            }
            der.b[i] ^= (uint8_t)(1u << bit);
        }
    }
}

static void
der_forms(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",         "02",         "0201",         "0200",             /* ends early, empty */
        "02810101", "0282000101", "028001010000", "0285000000000101", /* lengths */
        "0202007f", "020180",     "0203000001",   "030101", /* not minimal, negative, tag */
        "02ff01",
    };
    struct spk_span s;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct vec v = vec_hex(bad[i]);
        struct spk_rd r = spk_rd(vec_span(&v));
        assert_spk_code(spk_der_uint(&r, &s), FORMAT);
        assert_int_equal(r.left, v.len); /* nothing moves */
    }
    static const struct {
        const char *der;
        uint32_t v;
    } good[] = {{"020100", 0},
                {"02017f", 127},
                {"02020080", 128},
                {"0203010001", 65537},
                {"020500ffffffff", UINT32_MAX}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct vec v = vec_hex(good[i].der);
        struct spk_rd r = spk_rd(vec_span(&v));
        uint32_t got = 1;
        assert_spk_ok(spk_der_u32(&r, &got));
        assert_int_equal(got, good[i].v);
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(16);
        assert_spk_ok(spk_der_put_u32(&b, got));
        assert_span_equal(spk_buf_span(&b), vec_span(&v));
    }
    struct vec big = vec_hex("02050100000000");
    struct spk_rd r = spk_rd(vec_span(&big));
    uint32_t got = 0;
    assert_spk_code(spk_der_u32(&r, &got), LIMIT);
    struct vec bits = vec_hex("03020780"), none = vec_hex("0300");
    r = spk_rd(vec_span(&bits));
    assert_spk_code(spk_der_bits(&r, &s), FORMAT);
    r = spk_rd(vec_span(&none));
    assert_spk_code(spk_der_bits(&r, &s), FORMAT);
}

static void
der_lengths(void **state)
{
    (void)state;
    static uint8_t body[65536];
    static const size_t lens[] = {0, 1, 127, 128, 255, 256, 65534, 65535};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(70000);
        struct spk_span got;
        assert_spk_ok(spk_der_put(&b, SPK_DER_OCTETS, spk_span(body, lens[i])));
        struct spk_rd r = spk_rd(spk_buf_span(&b));
        assert_spk_ok(spk_der_get(&r, SPK_DER_OCTETS, &got));
        assert_int_equal(got.len, lens[i]);
        assert_spk_ok(spk_der_end(&r));
    }
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(70000);
    assert_spk_code(spk_der_put(&b, SPK_DER_OCTETS, SPK_SPAN_OF(body)), LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(algorithms),         cmocka_unit_test(bounds),
        cmocka_unit_test(every_cut_and_tail), cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(der_forms),          cmocka_unit_test(der_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
