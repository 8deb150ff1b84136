/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/kdf.h"

#include "cli.h"
#include "vec.h"

/* RFC 5869 appendix A, test cases 1 to 3. */
static void
hkdf_sha256_rfc5869(void **state)
{
    (void)state;
    uint8_t ikm[80], salt[80], info[80], out[82];
    memset(ikm, 0x0b, 22);
    for (size_t i = 0; i < 13; i++) {
        salt[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < 10; i++) {
        info[i] = (uint8_t)(0xf0 + i);
    }
    assert_spk_ok(spk_hkdf_sha256(spk_span(ikm, 22), spk_span(salt, 13), spk_span(info, 10),
                                  spk_mut(out, 42)));
    assert_span_equal(spk_span(out, 42), VEC("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02"
                                             "d56ecc4c5bf34007208d5b887185865"));
    for (size_t i = 0; i < 80; i++) {
        ikm[i] = (uint8_t)i;
        salt[i] = (uint8_t)(0x60 + i);
        info[i] = (uint8_t)(0xb0 + i);
    }
    assert_spk_ok(
        spk_hkdf_sha256(SPK_SPAN_OF(ikm), SPK_SPAN_OF(salt), SPK_SPAN_OF(info), spk_mut(out, 82)));
    assert_span_equal(
        spk_span(out, 82),
        VEC("b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41"
            "c65e"
            "590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"));
    memset(ikm, 0x0b, 22);
    assert_spk_ok(
        spk_hkdf_sha256(spk_span(ikm, 22), SPK_SPAN_EMPTY, SPK_SPAN_EMPTY, spk_mut(out, 42)));
    assert_span_equal(spk_span(out, 42), VEC("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454"
                                             "e5f3c738d2d9d201395faa4b61a96c8"));
}

/* The same bytes as the HKDF of the openssl command, at lengths around the block's. */
static void
expand_sha384_as_openssl(void **state)
{
    (void)state;
    char *dir = spk_test_dir();
    static const size_t lens[] = {1, 32, 47, 48, 49, 96, 97, 1000};
    const struct spk_span prk =
        VEC("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        char len[16];
        uint8_t out[1000];
        SPK_AUTO_BUF struct spk_buf want = SPK_BUF(4096);
        (void)snprintf(len, sizeof len, "%zu", lens[i]);
        assert_int_equal(
            CLI(dir, "kdf", "-binary", "-keylen", len, "-kdfopt", "digest:SHA384", "-kdfopt",
                "mode:EXPAND_ONLY", "-kdfopt",
                "hexkey:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                "-kdfopt", "info:some info", "-out", "k", "HKDF"),
            0);
        cli_get(dir, "k", &want);
        assert_spk_ok(
            spk_hkdf_expand_sha384(prk, SPK_SPAN_LIT("some info"), spk_mut(out, lens[i])));
        assert_span_equal(spk_buf_span(&want), spk_span(out, lens[i]));
    }
    spk_test_dir_remove(dir);
}

static void
hkdf_limits(void **state)
{
    (void)state;
    static uint8_t info[32001], out[12241];
    const struct spk_span prk = SPK_SPAN_LIT("0123456789abcdef0123456789abcdef");
    assert_spk_ok(spk_hkdf_expand_sha384(prk, spk_span(info, 32000), spk_mut(out, 12240)));
    assert_spk_code(spk_hkdf_expand_sha384(prk, SPK_SPAN_OF(info), spk_mut(out, 32)), LIMIT);
    assert_spk_code(spk_hkdf_expand_sha384(prk, SPK_SPAN_EMPTY, SPK_MUT_OF(out)), LIMIT);
    assert_spk_code(spk_hkdf_expand_sha384(prk, SPK_SPAN_EMPTY, spk_mut(out, 0)), USAGE);
    assert_spk_code(spk_hkdf_sha256(prk, prk, prk, spk_mut(out, 8161)), LIMIT);
}

/* RFC 7914 section 12. */
static void
scrypt_rfc7914(void **state)
{
    (void)state;
    uint8_t out[64];
    assert_spk_ok(spk_scrypt(SPK_SPAN_EMPTY, SPK_SPAN_EMPTY, 4, 1, 1, SPK_MUT_OF(out)));
    assert_span_equal(SPK_SPAN_OF(out),
                      VEC("77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                          "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"));
    assert_spk_ok(
        spk_scrypt(SPK_SPAN_LIT("password"), SPK_SPAN_LIT("NaCl"), 10, 8, 16, SPK_MUT_OF(out)));
    assert_span_equal(SPK_SPAN_OF(out),
                      VEC("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                          "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"));
    assert_spk_ok(spk_scrypt(SPK_SPAN_LIT("pleaseletmein"), SPK_SPAN_LIT("SodiumChloride"), 14, 8,
                             1, SPK_MUT_OF(out)));
    assert_span_equal(SPK_SPAN_OF(out),
                      VEC("7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                          "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"));
}

static void
scrypt_limits(void **state)
{
    (void)state;
    uint8_t out[32];
    const struct spk_span p = SPK_SPAN_LIT("x");
    assert_spk_code(spk_scrypt(p, p, 18, 8, 1, SPK_MUT_OF(out)), LIMIT); /* 256 MiB */
    assert_spk_code(spk_scrypt(p, p, 31, 8, 1, SPK_MUT_OF(out)), LIMIT);
    assert_spk_code(spk_scrypt(p, p, 63, 8, 1, SPK_MUT_OF(out)), LIMIT);
    assert_spk_code(spk_scrypt(p, p, 1, UINT32_MAX, 1, SPK_MUT_OF(out)), LIMIT);
    assert_spk_code(spk_scrypt(p, p, 4, 8, UINT32_MAX, SPK_MUT_OF(out)), LIMIT);
    assert_spk_code(spk_scrypt(p, p, 0, 8, 1, SPK_MUT_OF(out)), USAGE);
    assert_spk_code(spk_scrypt(p, p, 16, 1, 1, SPK_MUT_OF(out)), USAGE);
    assert_spk_code(spk_scrypt(p, p, 4, 0, 1, SPK_MUT_OF(out)), USAGE);
    assert_spk_code(spk_scrypt(p, p, 4, 1, 0, SPK_MUT_OF(out)), USAGE);
    assert_spk_code(spk_scrypt(p, p, 4, 1, 1, spk_mut(out, 0)), USAGE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hkdf_sha256_rfc5869), cmocka_unit_test(expand_sha384_as_openssl),
        cmocka_unit_test(hkdf_limits),         cmocka_unit_test(scrypt_rfc7914),
        cmocka_unit_test(scrypt_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
