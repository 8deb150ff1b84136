/* SPDX-License-Identifier: Apache-2.0 */
/* RSA against the openssl command, both ways: PSS, OAEP, PKCS#1 v1.5. */
#include "cli.h"
#include "crypto/pad.h"
#include "crypto/rng.h"
#include "crypto/rsa.h"
#include "vec.h"

#define N 32

static char *
setup(const struct spk_rsa *pair)
{
    char *dir = spk_test_dir();
    SPK_AUTO(spk_secret) p8 = NULL;
    assert_spk_ok(spk_rsa_to_pkcs8(pair, NULL, &p8));
    cli_put(dir, "key", spk_secret_span(p8));
    cli_put(dir, "pub", spk_rsa_spki(pair));
    return dir;
}

static void
pss(void **state)
{
    (void)state;
    for (unsigned bits = 2048; bits <= 4096; bits += 1024) {
        SPK_AUTO(spk_rsa) pair = vec_pair(bits);
        SPK_AUTO(spk_rsa) pub = NULL;
        char *dir = setup(pair);
        const struct spk_span msg = SPK_SPAN_LIT("sparekey/1 statement\nand more\n");
        SPK_AUTO_BUF struct spk_buf sig = SPK_BUF(SPK_RSA_MAX_LEN);
        SPK_AUTO_BUF struct spk_buf theirs = SPK_BUF(SPK_RSA_MAX_LEN);
        cli_put(dir, "msg", msg);
        assert_spk_ok(spk_rsa_sign(pair, &msg, 1, &sig));
        cli_put(dir, "sig", spk_buf_span(&sig));
        assert_int_equal(CLI(dir, "dgst", "-sha256", "-verify", "pub", "-keyform", "DER", "-sigopt",
                             "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-signature",
                             "sig", "msg"),
                         0);
        assert_int_equal(CLI(dir, "dgst", "-sha256", "-sign", "key", "-keyform", "DER", "-sigopt",
                             "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-out",
                             "sig2", "msg"),
                         0);
        cli_get(dir, "sig2", &theirs);
        assert_spk_ok(spk_rsa_public(pair, &pub));
        assert_spk_ok(spk_rsa_verify(pub, &msg, 1, spk_buf_span(&theirs)));
        spk_test_dir_remove(dir);
    }
}

/* Right signatures of the wrong kind: another salt length, hash, MGF hash, or padding. */
static void
other_signatures(void **state)
{
    (void)state;
    static const char *const kinds[][4] = {
        {"-sha256", "rsa_padding_mode:pss", "rsa_pss_saltlen:20", "rsa_mgf1_md:sha256"},
        {"-sha256", "rsa_padding_mode:pss", "rsa_pss_saltlen:0", "rsa_mgf1_md:sha256"},
        {"-sha256", "rsa_padding_mode:pss", "rsa_pss_saltlen:222", "rsa_mgf1_md:sha256"},
        {"-sha256", "rsa_padding_mode:pss", "rsa_pss_saltlen:32", "rsa_mgf1_md:sha1"},
        {"-sha1", "rsa_padding_mode:pss", "rsa_pss_saltlen:32", "rsa_mgf1_md:sha256"},
        {"-sha512", "rsa_padding_mode:pss", "rsa_pss_saltlen:32", "rsa_mgf1_md:sha512"},
    };
    SPK_AUTO(spk_rsa) pair = vec_pair(2048);
    char *dir = setup(pair);
    const struct spk_span msg = SPK_SPAN_LIT("message");
    cli_put(dir, "msg", msg);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        SPK_AUTO_BUF struct spk_buf sig = SPK_BUF(SPK_RSA_MAX_LEN);
        assert_int_equal(CLI(dir, "dgst", kinds[i][0], "-sign", "key", "-keyform", "DER", "-sigopt",
                             kinds[i][1], "-sigopt", kinds[i][2], "-sigopt", kinds[i][3], "-out",
                             "sig", "msg"),
                         0);
        cli_get(dir, "sig", &sig);
        assert_spk_code(spk_rsa_verify(pair, &msg, 1, spk_buf_span(&sig)), AUTH);
    }
    SPK_AUTO_BUF struct spk_buf sig = SPK_BUF(SPK_RSA_MAX_LEN);
    assert_int_equal(
        CLI(dir, "dgst", "-sha256", "-sign", "key", "-keyform", "DER", "-out", "sig", "msg"), 0);
    cli_get(dir, "sig", &sig);
    assert_spk_code(spk_rsa_verify(pair, &msg, 1, spk_buf_span(&sig)), AUTH);
    spk_test_dir_remove(dir);
}

static void
assert_openssl_decrypts(const char *dir, const char *mode, struct spk_span want)
{
    SPK_AUTO_BUF struct spk_buf got = SPK_BUF(4096);
    assert_int_equal(CLI(dir, "pkeyutl", "-decrypt", "-inkey", "key", "-keyform", "DER", "-pkeyopt",
                         mode, "-in", "c", "-out", "m"),
                     0);
    cli_get(dir, "m", &got);
    assert_span_equal(want, spk_buf_span(&got));
}

static void
ours_to_openssl(void **state)
{
    (void)state;
    for (unsigned bits = 2048; bits <= 4096; bits += 1024) {
        SPK_AUTO(spk_rsa) pair = vec_pair(bits);
        char *dir = setup(pair);
        size_t k = bits / 8;
        uint8_t key[N], seed[20], ps[SPK_RSA_MAX_LEN], em[SPK_RSA_MAX_LEN], c[SPK_RSA_MAX_LEN];
        assert_spk_ok(spk_random(SPK_MUT_OF(key)));
        assert_spk_ok(spk_random(SPK_MUT_OF(seed)));
        assert_spk_ok(spk_random(SPK_MUT_OF(ps)));
        for (size_t i = 0; i < sizeof ps; i++) {
            ps[i] |= 0x40;
        }
        assert_spk_ok(spk_oaep_encode(SPK_SPAN_OF(key), seed, spk_mut(em, k)));
        assert_spk_ok(spk_rsa_raw_public(pair, spk_span(em, k), c));
        cli_put(dir, "c", spk_span(c, k));
        assert_openssl_decrypts(dir, "rsa_padding_mode:oaep", SPK_SPAN_OF(key));
        assert_spk_ok(spk_v15_encode(SPK_SPAN_OF(key), spk_span(ps, k - 3 - N), spk_mut(em, k)));
        assert_spk_ok(spk_rsa_raw_public(pair, spk_span(em, k), c));
        cli_put(dir, "c", spk_span(c, k));
        assert_openssl_decrypts(dir, "rsa_padding_mode:pkcs1", SPK_SPAN_OF(key));
        spk_test_dir_remove(dir);
    }
}

static void
openssl_encrypts(const char *dir, const char *mode, const struct spk_rsa *pair, uint8_t *em)
{
    SPK_AUTO_BUF struct spk_buf c = SPK_BUF(4096);
    assert_int_equal(CLI(dir, "pkeyutl", "-encrypt", "-pubin", "-inkey", "pub", "-keyform", "DER",
                         "-pkeyopt", mode, "-in", "m", "-out", "c"),
                     0);
    cli_get(dir, "c", &c);
    assert_int_equal(c.len, spk_rsa_len(pair));
    assert_spk_ok(spk_rsa_raw_private(pair, spk_buf_span(&c), em));
}

static void
openssl_to_ours(void **state)
{
    (void)state;
    for (unsigned bits = 2048; bits <= 4096; bits += 1024) {
        SPK_AUTO(spk_rsa) pair = vec_pair(bits);
        char *dir = setup(pair);
        uint8_t key[N], em[SPK_RSA_MAX_LEN], got[N], alt[N] = {0};
        assert_spk_ok(spk_random(SPK_MUT_OF(key)));
        cli_put(dir, "m", SPK_SPAN_OF(key));
        openssl_encrypts(dir, "rsa_padding_mode:oaep", pair, em);
        assert_spk_ok(spk_oaep_decode(spk_span(em, bits / 8), got, N));
        assert_memory_equal(got, key, N);
        openssl_encrypts(dir, "rsa_padding_mode:pkcs1", pair, em);
        spk_v15_decode(spk_span(em, bits / 8), alt, got, N);
        assert_memory_equal(got, key, N);
        spk_test_dir_remove(dir);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pss),
        cmocka_unit_test(other_signatures),
        cmocka_unit_test(ours_to_openssl),
        cmocka_unit_test(openssl_to_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
