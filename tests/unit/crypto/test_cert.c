/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cert.h"

#include "cli.h"
#include "vec.h"

/* openssl's own idea of H(SPKI). */
static struct spk_hash
spki_by_openssl(const char *dir, const char *cert)
{
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(8192);
    struct spk_hash h;
    assert_int_equal(CLI(dir, "x509", "-in", cert, "-pubkey", "-noout", "-out", "pub.pem"), 0);
    assert_int_equal(CLI(dir, "pkey", "-pubin", "-in", "pub.pem", "-outform", "DER", "-out", "pub"),
                     0);
    cli_get(dir, "pub", &der);
    assert_spk_ok(spk_sha256(spk_buf_span(&der), &h));
    return h;
}

static bool
out_has(const char *dir, const char *text)
{
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(65536);
    const char *s = NULL;
    cli_get(dir, "out", &out);
    assert_spk_ok(spk_buf_cstr(&out, &s));
    return strstr(s, text) != NULL;
}

static void
client(void **state)
{
    (void)state;
    char *dir = spk_test_dir();
    SPK_AUTO(spk_rsa) pair = vec_pair(3072);
    SPK_AUTO_BUF struct spk_buf pem = SPK_BUF(8192);
    SPK_AUTO(spk_secret) key = NULL;
    assert_spk_ok(spk_cert_client(pair, "J\xc3\xb6rg <j@example.org>", &pem));
    assert_spk_ok(spk_rsa_to_pem(pair, &key));
    cli_put(dir, "c.pem", spk_buf_span(&pem));
    cli_put(dir, "k.pem", spk_secret_span(key));
    assert_int_equal(CLI(dir, "verify", "-check_ss_sig", "-x509_strict", "-purpose", "sslclient",
                         "-CAfile", "c.pem", "c.pem"),
                     0);
    assert_int_equal(CLI(dir, "verify", "-purpose", "sslserver", "-CAfile", "c.pem", "c.pem"), 2);
    assert_int_equal(
        CLI(dir, "x509", "-in", "c.pem", "-noout", "-text", "-nameopt", "utf8,sep_comma_plus"), 0);
    assert_true(out_has(dir, "CN=J\xc3\xb6rg <j@example.org>"));
    assert_true(out_has(dir, "TLS Web Client Authentication"));
    assert_true(out_has(dir, "sha256WithRSAEncryption"));
    /* valid for years, but not for ever: 9 years on, not 11 */
    assert_int_equal(CLI(dir, "x509", "-in", "c.pem", "-noout", "-checkend", "283824000"), 0);
    assert_int_equal(CLI(dir, "x509", "-in", "c.pem", "-noout", "-checkend", "346896000"), 1);

    struct spk_hash h, want = spki_by_openssl(dir, "c.pem");
    assert_spk_ok(spk_cert_spki_hash(spk_buf_span(&pem), &h));
    assert_true(spk_hash_eq(&h, &want));
    assert_true(spk_hash_eq(&h, spk_rsa_id(pair)));
    assert_int_equal(CLI(dir, "x509", "-in", "c.pem", "-outform", "DER", "-out", "c.der"), 0);
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(8192);
    SPK_AUTO(spk_rsa) pub = NULL;
    cli_get(dir, "c.der", &der);
    assert_spk_ok(spk_cert_rsa(spk_buf_span(&der), &pub));
    assert_true(spk_hash_eq(spk_rsa_id(pub), spk_rsa_id(pair)));
    memset(&h, 0, sizeof h);
    assert_spk_ok(spk_cert_spki_hash(spk_buf_span(&der), &h));
    assert_true(spk_hash_eq(&h, &want));
    /* the key belongs to the certificate */
    assert_int_equal(CLI(dir, "dgst", "-sha256", "-sign", "k.pem", "-out", "sig", "c.der"), 0);
    assert_int_equal(
        CLI(dir, "dgst", "-sha256", "-verify", "pub.pem", "-signature", "sig", "c.der"), 0);
    spk_test_dir_remove(dir);
}

static void
server_one(const char *host, const char *flag, const char *wrong)
{
    char *dir = spk_test_dir();
    SPK_AUTO_BUF struct spk_buf pem = SPK_BUF(8192);
    SPK_AUTO(spk_secret) key = NULL;
    assert_spk_ok(spk_cert_server(host, &pem, &key));
    cli_put(dir, "c.pem", spk_buf_span(&pem));
    cli_put(dir, "k.pem", spk_secret_span(key));
    assert_int_equal(CLI(dir, "verify", "-check_ss_sig", "-x509_strict", "-purpose", "sslserver",
                         flag, host, "-CAfile", "c.pem", "c.pem"),
                     0);
    assert_int_equal(CLI(dir, "verify", flag, wrong, "-CAfile", "c.pem", "c.pem"), 2);
    assert_int_equal(CLI(dir, "pkey", "-in", "k.pem", "-check", "-noout"), 0);
    struct spk_hash h, want = spki_by_openssl(dir, "c.pem");
    assert_spk_ok(spk_cert_spki_hash(spk_buf_span(&pem), &h));
    assert_true(spk_hash_eq(&h, &want));
    /* key and certificate belong together */
    assert_int_equal(CLI(dir, "pkey", "-in", "k.pem", "-pubout", "-outform", "DER", "-out", "p2"),
                     0);
    SPK_AUTO_BUF struct spk_buf p2 = SPK_BUF(4096);
    cli_get(dir, "p2", &p2);
    assert_spk_ok(spk_sha256(spk_buf_span(&p2), &h));
    assert_true(spk_hash_eq(&h, &want));
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(8192);
    struct spk_rsa *none = NULL;
    assert_int_equal(CLI(dir, "x509", "-in", "c.pem", "-outform", "DER", "-out", "c.der"), 0);
    cli_get(dir, "c.der", &der);
    assert_spk_code(spk_cert_rsa(spk_buf_span(&der), &none), VERSION);
    spk_test_dir_remove(dir);
}

static void
server(void **state)
{
    (void)state;
    server_one("escrow.example.org", "-verify_hostname", "escrow.example.com");
    server_one("localhost", "-verify_hostname", "localhos");
    server_one("127.0.0.1", "-verify_ip", "127.0.0.2");
    server_one("::1", "-verify_ip", "::2");
}

static void
refused(void **state)
{
    (void)state;
    static const char *const hosts[] = {"", "a b", "x\ny", "*.example.org", "-x", ".x", "[::1]"};
    SPK_AUTO_BUF struct spk_buf pem = SPK_BUF(8192);
    SPK_AUTO(spk_rsa) pair = vec_pair(2048);
    SPK_AUTO(spk_rsa) pub = NULL;
    struct spk_secret *none = NULL;
    char longest[300];
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        assert_spk_code(spk_cert_server(hosts[i], &pem, &none), USAGE);
    }
    memset(longest, 'a', sizeof longest);
    longest[254] = 0;
    assert_spk_code(spk_cert_server(longest, &pem, &none), LIMIT);
    assert_spk_code(spk_cert_client(pair, longest, &pem), LIMIT);
    assert_spk_code(spk_cert_client(pair, "", &pem), USAGE);
    assert_spk_code(spk_cert_client(pair, "a\nb", &pem), USAGE);
    assert_spk_code(spk_cert_client(pair, "a\xff", &pem), USAGE);
    assert_spk_ok(spk_rsa_public(pair, &pub));
    assert_spk_code(spk_cert_client(pub, "x", &pem), USAGE);
    assert_spk_code(spk_rsa_to_pem(pub, &none), USAGE);
    assert_int_equal(pem.len, 0);
    assert_null(none);
}

static void
damaged(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf pem = SPK_BUF(8192);
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(8192);
    SPK_AUTO(spk_rsa) pair = vec_pair(2048);
    struct spk_hash h;
    struct spk_rsa *none = NULL;
    assert_spk_ok(spk_cert_client(pair, "x", &pem));
    struct spk_rd r = spk_rd(spk_buf_span(&pem));
    struct spk_span line;
    while (spk_ok(spk_rd_line(&r, 100, &line))) {
        if (line.ptr[0] != '-') {
            assert_spk_ok(spk_base64_parse(line, &der));
        }
    }
    assert_spk_ok(spk_cert_spki_hash(spk_buf_span(&der), &h));
    for (size_t len = 0; len < der.len; len++) {
        assert_spk_code(spk_cert_spki_hash(spk_span(der.ptr, len), &h), FORMAT);
        assert_spk_code(spk_cert_rsa(spk_span(der.ptr, len), &none), FORMAT);
    }
    for (size_t len = 0; len < pem.len - 1; len++) { /* the last line break may be missing */
        assert_false(spk_ok(spk_cert_spki_hash(spk_span(pem.ptr, len), &h)));
    }
    assert_spk_ok(spk_buf_u8(&der, 0));
    assert_spk_code(spk_cert_spki_hash(spk_buf_span(&der), &h), FORMAT);
    assert_spk_code(spk_cert_spki_hash(SPK_SPAN_LIT("-----BEGIN CERTIFICATE-----\n!\n"
                                                    "-----END CERTIFICATE-----\n"),
                                       &h),
                    FORMAT);
    assert_null(none);
}

/* Text before the block, CRLF, and a second certificate behind do not matter. */
static void
pem_in_the_wild(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf pem = SPK_BUF(8192);
    SPK_AUTO_BUF struct spk_buf wild = SPK_BUF(32768);
    SPK_AUTO(spk_rsa) pair = vec_pair(2048);
    struct spk_hash h;
    assert_spk_ok(spk_cert_client(pair, "x", &pem));
    assert_spk_ok(
        spk_buf_str(&wild, "subject=CN = x\n\n-----BEGIN X-----\nAAAA\n-----END X-----\n"));
    for (size_t i = 0; i < pem.len; i++) {
        if (pem.ptr[i] == '\n') {
            assert_spk_ok(spk_buf_u8(&wild, '\r'));
        }
        assert_spk_ok(spk_buf_u8(&wild, pem.ptr[i]));
    }
    assert_spk_ok(spk_buf_str(&wild, "-----BEGIN CERTIFICATE-----\nAAAA\n"));
    assert_spk_ok(spk_cert_spki_hash(spk_buf_span(&wild), &h));
    assert_true(spk_hash_eq(&h, spk_rsa_id(pair)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client),  cmocka_unit_test(server),          cmocka_unit_test(refused),
        cmocka_unit_test(damaged), cmocka_unit_test(pem_in_the_wild),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
