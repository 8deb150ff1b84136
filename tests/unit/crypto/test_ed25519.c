/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ed25519.h"

#include "crypto/rng.h"
#include "vec.h"

static struct spk_secret *
secret_hex(const char *hex)
{
    struct vec v = vec_hex(hex);
    struct spk_secret *s = NULL;
    assert_spk_ok(spk_secret_from(vec_span(&v), &s));
    return s;
}

/* RFC 8032 section 7.1: TEST 1, 2, 3, SHA(abc). */
static const struct {
    const char *seed, *pub, *msg, *sig;
} cases[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "b"
     "bd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
     "0"
     "303dca179c138ac17ad9bef1177331a704"},
};

static void
rfc8032(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        SPK_AUTO(spk_secret) seed = secret_hex(cases[i].seed);
        struct vec msg = vec_hex(cases[i].msg), want_pub = vec_hex(cases[i].pub),
                   want_sig = vec_hex(cases[i].sig);
        uint8_t pub[32], sig[64];
        assert_spk_ok(spk_ed25519_public(seed, pub));
        assert_span_equal(vec_span(&want_pub), SPK_SPAN_OF(pub));
        assert_spk_ok(spk_ed25519_sign(seed, vec_span(&msg), sig));
        assert_span_equal(vec_span(&want_sig), SPK_SPAN_OF(sig));
        assert_spk_ok(spk_ed25519_verify(pub, vec_span(&msg), SPK_SPAN_OF(sig)));
    }
    SPK_AUTO(spk_secret) seed = secret_hex(cases[0].seed);
    uint8_t sig[64];
    struct vec want = vec_hex(cases[0].sig);
    assert_spk_ok(spk_ed25519_sign(seed, SPK_SPAN_EMPTY, sig)); /* an empty message without bytes */
    assert_span_equal(vec_span(&want), SPK_SPAN_OF(sig));
}

static void
forgeries(void **state)
{
    (void)state;
    struct vec pub = vec_hex(cases[2].pub), msg = vec_hex(cases[2].msg),
               sig = vec_hex(cases[2].sig);
    for (size_t i = 0; i < sig.len; i++) {
        sig.b[i] ^= 0x20;
        assert_spk_code(spk_ed25519_verify(pub.b, vec_span(&msg), vec_span(&sig)), AUTH);
        sig.b[i] ^= 0x20;
    }
    assert_spk_code(spk_ed25519_verify(pub.b, vec_span(&msg), spk_span(sig.b, 63)), AUTH);
    assert_spk_code(spk_ed25519_verify(pub.b, vec_span(&msg), SPK_SPAN_EMPTY), AUTH);
    assert_spk_code(spk_ed25519_verify(pub.b, SPK_SPAN_EMPTY, vec_span(&sig)), AUTH);
    /* S + L: the same equation, but not the canonical form (RFC 8032 section 5.1.7). */
    static const char order[] = "edd3f55c1a631258d69cf7a2def9de14000000000000000000000000000000"
                                "10";
    struct vec l = vec_hex(order), bent = sig;
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)bent.b[32 + i] + l.b[i];
        bent.b[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_spk_code(spk_ed25519_verify(pub.b, vec_span(&msg), vec_span(&bent)), AUTH);
    assert_spk_ok(spk_ed25519_verify(pub.b, vec_span(&msg), vec_span(&sig)));
    uint8_t no_point[32];
    memset(no_point, 0xff, sizeof no_point);
    assert_false(spk_ok(spk_ed25519_verify(no_point, vec_span(&msg), vec_span(&sig))));
}

/* RFC 7748 section 5.2, one iteration; then a box of tests/support/box_model.py. */
static void
x25519_known(void **state)
{
    (void)state;
    SPK_AUTO(spk_secret)
    nine = secret_hex("0900000000000000000000000000000000000000000000000000000000000000");
    SPK_AUTO(spk_secret)
    priv = secret_hex("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20");
    SPK_AUTO(spk_secret) got = NULL;
    uint8_t pub[32];
    assert_spk_ok(spk_x25519_public(nine, pub));
    assert_span_equal(SPK_SPAN_OF(pub),
                      VEC("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"));
    assert_spk_ok(spk_x25519_public(priv, pub));
    assert_span_equal(SPK_SPAN_OF(pub),
                      VEC("07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c"));
    assert_spk_ok(
        spk_x25519_open(priv, SPK_SPAN_LIT("sparekey/1 test"),
                        VEC("64b101b1d0be5a8704bd078f9895001fc03e8e9f9522f188dd128d9846d4846618d5d0"
                            "89a386080ea4fb6a792723650b2fd4e162546d8b6f6dfcf939675f3aef"),
                        &got));
    assert_span_equal(SPK_SPAN_LIT("a share of a key"), spk_secret_span(got));
}

static void
sealed_boxes(void **state)
{
    (void)state;
    SPK_AUTO(spk_secret) priv = NULL;
    SPK_AUTO(spk_secret) other = NULL;
    uint8_t pub[32];
    const struct spk_span info = SPK_SPAN_LIT("sparekey/1 share"), msg = SPK_SPAN_LIT("a share");
    assert_spk_ok(spk_secret_random(32, &priv));
    assert_spk_ok(spk_secret_random(32, &other));
    assert_spk_ok(spk_x25519_public(priv, pub));
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(256);
    assert_spk_ok(spk_buf_str(&b, "head")); /* it appends */
    assert_spk_ok(spk_x25519_seal(pub, info, msg, &b));
    assert_int_equal(b.len, 4 + 32 + msg.len + 16);
    struct spk_span sealed = spk_span(b.ptr + 4, b.len - 4);
    SPK_AUTO(spk_secret) got = NULL;
    assert_spk_ok(spk_x25519_open(priv, info, sealed, &got));
    assert_span_equal(msg, spk_secret_span(got));

    struct spk_secret *none = NULL;
    assert_spk_code(spk_x25519_open(other, info, sealed, &none), AUTH);
    assert_spk_code(spk_x25519_open(priv, SPK_SPAN_LIT("sparekey/1 other"), sealed, &none), AUTH);
    for (size_t i = 4; i < b.len; i++) {
        b.ptr[i] ^= 1;
        assert_spk_code(spk_x25519_open(priv, info, sealed, &none), AUTH);
        b.ptr[i] ^= 1;
    }
    b.ptr[4 + 31] ^= 0x80; /* X25519 ignores this bit; the salt does not */
    assert_spk_code(spk_x25519_open(priv, info, sealed, &none), AUTH);
    b.ptr[4 + 31] ^= 0x80;
    for (size_t len = 0; len < sealed.len; len++) {
        assert_spk_code(spk_x25519_open(priv, info, spk_span(sealed.ptr, len), &none), AUTH);
    }
    memset(b.ptr + 4, 0, 32); /* a key of low order */
    assert_spk_code(spk_x25519_open(priv, info, sealed, &none), AUTH);
    uint8_t zero[32] = {0};
    assert_spk_code(spk_x25519_seal(zero, info, msg, &b), AUTH);
    assert_spk_code(spk_x25519_seal(pub, info, SPK_SPAN_EMPTY, &b), USAGE);
    assert_null(none);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc8032),
        cmocka_unit_test(forgeries),
        cmocka_unit_test(x25519_known),
        cmocka_unit_test(sealed_boxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
