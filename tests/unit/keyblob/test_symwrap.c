/* SPDX-License-Identifier: Apache-2.0 */
#include "keyblob/symwrap.h"

#include <string.h>

#include "base/text.h"
#include "spk_test.h"

#define ROOM 200

struct vec {
    uint8_t b[ROOM];
    size_t len;
};

static struct vec
hex(const char *s)
{
    struct vec v = {.len = strlen(s) / 2};
    assert_spk_ok(spk_hex_parse(spk_span_str(s), v.b, v.len));
    return v;
}

/* RFC 3217 sections 3.3 and 4.3. */
static const struct {
    enum spk_symwrap_kind kind;
    enum spk_cipher_alg alg;
    unsigned bits;
    const char *kek, *cek, *iv_pad, *wrapped;
} known[] = {
    {SPK_SYMWRAP_3DES, SPK_CIPHER_3DES, 0, "255e0d1c07b646dfb3134cc843ba8aa71f025b7c0838251f",
     "2923bf85e06dd6ae529149f1f1bae9eab3a7da3d860d3e98", "5dd4cbfc96f5453b",
     "690107618ef092b3b48ca1796b234ae9fa33ebb4159604037db5d6a84eb3aac2768c632775a467d4"},
    {SPK_SYMWRAP_RC2, SPK_CIPHER_RC2, 40, "fd04fd08060707fb0003fefffd02fe05",
     "b70a25fbc9d86a86050ce0d711ead4d9", "c7d90059b29e97f74845cce7fd1250",
     "70e699fb5701f7833330fb71e87c85a420bdc99af05d22af5a0e48d35f3138986cbaafb4b28d4f35"},
};

static struct spk_cipher *
kek_of(size_t i)
{
    struct vec k = hex(known[i].kek);
    struct spk_cipher *c = NULL;
    assert_spk_ok(spk_cipher_new(known[i].alg, spk_span(k.b, k.len), known[i].bits, &c));
    return c;
}

static void
answers_of_the_rfc(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        SPK_AUTO(spk_cipher) kek = kek_of(i);
        SPK_AUTO_BUF struct spk_buf out = SPK_BUF(ROOM);
        struct vec cek = hex(known[i].cek), iv = hex(known[i].iv_pad), want = hex(known[i].wrapped);
        uint8_t got[ROOM];
        size_t len = 0;
        assert_spk_ok(spk_symwrap(kek, known[i].kind, spk_span(cek.b, cek.len), iv.b, &out));
        assert_span_equal(spk_buf_span(&out), spk_span(want.b, want.len));
        assert_spk_ok(spk_symunwrap(kek, known[i].kind, spk_buf_span(&out), got, &len));
        assert_span_equal(spk_span(got, len), spk_span(cek.b, cek.len));
    }
}

/* Every length that RC2 keys have, with random IV and padding: never twice the same. */
static void
every_length(void **state)
{
    SPK_AUTO(spk_cipher) kek = kek_of(1);
    uint8_t key[SPK_SYMWRAP_KEY_MAX + 1], got[ROOM];
    (void)state;
    memset(key, 0xc3, sizeof key);
    for (size_t n = 1; n <= SPK_SYMWRAP_KEY_MAX; n++) {
        SPK_AUTO_BUF struct spk_buf a = SPK_BUF(ROOM);
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(ROOM);
        size_t len = 0;
        assert_spk_ok(spk_symwrap(kek, SPK_SYMWRAP_RC2, spk_span(key, n), NULL, &a));
        assert_spk_ok(spk_symwrap(kek, SPK_SYMWRAP_RC2, spk_span(key, n), NULL, &b));
        assert_int_equal(spk_buf_span(&a).len % 8, 0);
        assert_false(spk_span_eq(spk_buf_span(&a), spk_buf_span(&b)));
        assert_spk_ok(spk_symunwrap(kek, SPK_SYMWRAP_RC2, spk_buf_span(&a), got, &len));
        assert_span_equal(spk_span(got, len), spk_span(key, n));
    }
}

/* Each bit counts, and each byte of the length; one code for all of it. */
static void
damage_is_one_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        SPK_AUTO(spk_cipher) kek = kek_of(i);
        SPK_AUTO(spk_cipher) other = NULL;
        struct vec w = hex(known[i].wrapped);
        struct vec bad_kek = hex(known[i].kek);
        uint8_t got[ROOM];
        size_t len = 99;
        for (size_t bit = 0; bit < w.len * 8; bit++) {
            w.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_spk_code(spk_symunwrap(kek, known[i].kind, spk_span(w.b, w.len), got, &len),
                            AUTH);
            w.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t n = 0; n < ROOM; n++) {
            if (n != w.len) {
                assert_spk_code(spk_symunwrap(kek, known[i].kind, spk_span(w.b, n), got, &len),
                                AUTH);
            }
        }
        bad_kek.b[3] ^= 0x10;
        assert_spk_ok(
            spk_cipher_new(known[i].alg, spk_span(bad_kek.b, bad_kek.len), known[i].bits, &other));
        assert_spk_code(spk_symunwrap(other, known[i].kind, spk_span(w.b, w.len), got, &len), AUTH);
        assert_int_equal(len, 99);
    }
}

static void
lengths_that_are_refused(void **state)
{
    SPK_AUTO(spk_cipher) des3 = kek_of(0);
    SPK_AUTO(spk_cipher) rc2 = kek_of(1);
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(ROOM);
    static const uint8_t key[ROOM] = {1};
    (void)state;
    assert_false(spk_ok(spk_symwrap(des3, SPK_SYMWRAP_3DES, spk_span(key, 16), NULL, &out)));
    assert_false(spk_ok(spk_symwrap(des3, SPK_SYMWRAP_3DES, spk_span(key, 25), NULL, &out)));
    assert_false(spk_ok(
        spk_symwrap(rc2, SPK_SYMWRAP_RC2, spk_span(key, SPK_SYMWRAP_KEY_MAX + 1), NULL, &out)));
    assert_int_equal(spk_buf_span(&out).len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_the_rfc), cmocka_unit_test(every_length),
        cmocka_unit_test(damage_is_one_code), cmocka_unit_test(lengths_that_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
