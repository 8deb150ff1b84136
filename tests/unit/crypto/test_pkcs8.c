/* SPDX-License-Identifier: Apache-2.0 */

#include "cli.h"
#include "crypto/rsa.h"
#include "vec.h"

static struct spk_secret *
secret(const char *text)
{
    struct spk_secret *s = NULL;
    assert_spk_ok(spk_secret_from(spk_span_str(text), &s));
    return s;
}

static void
assert_same_pair(const struct spk_rsa *a, const struct spk_rsa *b)
{
    struct spk_rsa_parts p, q;
    spk_rsa_parts(a, &p);
    spk_rsa_parts(b, &q);
    assert_span_equal(p.n, q.n);
    assert_span_equal(p.d, q.d);
    assert_span_equal(p.qinv, q.qinv);
}

static void
plain_round_trips(void **state)
{
    (void)state;
    SPK_AUTO(spk_secret) pass = secret("not needed");
    for (unsigned bits = 2048; bits <= 4096; bits += 1024) {
        SPK_AUTO(spk_rsa) pair = vec_pair(bits);
        SPK_AUTO(spk_rsa) a = NULL;
        SPK_AUTO(spk_rsa) b = NULL;
        SPK_AUTO(spk_secret) plain = NULL;
        assert_spk_ok(spk_rsa_to_pkcs8(pair, NULL, &plain));
        assert_false(spk_pkcs8_is_encrypted(spk_secret_span(plain)));
        assert_spk_ok(spk_rsa_from_pkcs8(spk_secret_span(plain), NULL, &a));
        assert_same_pair(pair, a);
        assert_spk_ok(spk_rsa_from_pkcs8(spk_secret_span(plain), pass, &b));
        assert_same_pair(pair, b);
    }
}

static void
sealed_round_trip(void **state)
{
    (void)state;
    SPK_AUTO(spk_secret) pass = secret("correct horse");
    SPK_AUTO(spk_secret) wrong = secret("correct horsf");
    SPK_AUTO(spk_rsa) pair = vec_pair(3072);
    SPK_AUTO(spk_rsa) got = NULL;
    SPK_AUTO(spk_secret) sealed = NULL;
    struct spk_rsa *none = NULL;
    assert_spk_ok(spk_rsa_to_pkcs8(pair, pass, &sealed));
    assert_true(spk_pkcs8_is_encrypted(spk_secret_span(sealed)));
    assert_spk_ok(spk_rsa_from_pkcs8(spk_secret_span(sealed), pass, &got));
    assert_same_pair(pair, got);
    assert_spk_code(spk_rsa_from_pkcs8(spk_secret_span(sealed), NULL, &none), PASS);
    assert_spk_code(spk_rsa_from_pkcs8(spk_secret_span(sealed), wrong, &none), PASS);
    assert_null(none);
}

/* A wrong passphrase meets a right padding once in 256 tries; it must not look like a damaged file.
 */
static void
wrong_passphrases_all_look_alike(void **state)
{
    (void)state;
    char *dir = spk_test_dir();
    SPK_AUTO(spk_rsa) pair = vec_pair(2048);
    SPK_AUTO(spk_secret) plain = NULL;
    assert_spk_ok(spk_rsa_to_pkcs8(pair, NULL, &plain));
    cli_put(dir, "p8.der", spk_secret_span(plain));
    assert_int_equal(CLI(dir, "pkcs8", "-topk8", "-inform", "DER", "-in", "p8.der", "-outform",
                         "DER", "-out", "e.der", "-scrypt", "-scrypt_N", "2", "-scrypt_r", "1",
                         "-passout", "pass:right"),
                     0);
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(8192);
    cli_get(dir, "e.der", &der);
    for (int i = 0; i < 1500; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "wrong %d", i);
        SPK_AUTO(spk_secret) pass = secret(text);
        struct spk_rsa *none = NULL;
        assert_spk_code(spk_rsa_from_pkcs8(spk_buf_span(&der), pass, &none), PASS);
    }
    SPK_AUTO(spk_secret) right = secret("right");
    SPK_AUTO(spk_rsa) got = NULL;
    assert_spk_ok(spk_rsa_from_pkcs8(spk_buf_span(&der), right, &got));
    assert_same_pair(pair, got);
    spk_test_dir_remove(dir);
}

/* In plain, what we write is what openssl writes. */
static void
openssl_reads_ours(void **state)
{
    (void)state;
    char *dir = spk_test_dir();
    for (unsigned bits = 2048; bits <= 4096; bits += 1024) {
        SPK_AUTO(spk_rsa) pair = vec_pair(bits);
        SPK_AUTO(spk_secret) plain = NULL;
        SPK_AUTO_BUF struct spk_buf again = SPK_BUF(4096);
        assert_spk_ok(spk_rsa_to_pkcs8(pair, NULL, &plain));
        cli_put(dir, "p.der", spk_secret_span(plain));
        assert_int_equal(CLI(dir, "pkey", "-inform", "DER", "-in", "p.der", "-check", "-noout"), 0);
        assert_int_equal(CLI(dir, "pkcs8", "-topk8", "-nocrypt", "-inform", "DER", "-in", "p.der",
                             "-outform", "DER", "-out", "q.der"),
                         0);
        cli_get(dir, "q.der", &again);
        assert_span_equal(spk_buf_span(&again), spk_secret_span(plain));
    }
    SPK_AUTO(spk_rsa) pair = vec_pair(4096);
    SPK_AUTO(spk_secret) pass = secret("xyzzy");
    SPK_AUTO(spk_secret) sealed = NULL;
    SPK_AUTO_BUF struct spk_buf pub = SPK_BUF(4096);
    assert_spk_ok(spk_rsa_to_pkcs8(pair, pass, &sealed));
    cli_put(dir, "e.der", spk_secret_span(sealed));
    assert_int_equal(CLI(dir, "pkey", "-inform", "DER", "-in", "e.der", "-passin", "pass:xyzzy",
                         "-pubout", "-outform", "DER", "-out", "pub.der"),
                     0);
    cli_get(dir, "pub.der", &pub);
    assert_span_equal(spk_buf_span(&pub), spk_rsa_spki(pair));
    spk_test_dir_remove(dir);
}

static void
we_read_openssl(void **state)
{
    (void)state;
    char *dir = spk_test_dir();
    SPK_AUTO(spk_rsa) pair = vec_pair(2048);
    SPK_AUTO(spk_secret) plain = NULL;
    SPK_AUTO(spk_secret) pass = secret("xyzzy");
    assert_spk_ok(spk_rsa_to_pkcs8(pair, NULL, &plain));
    cli_put(dir, "p.der", spk_secret_span(plain));
    assert_int_equal(CLI(dir, "pkcs8", "-topk8", "-inform", "DER", "-in", "p.der", "-outform",
                         "DER", "-out", "e.der", "-scrypt", "-passout", "pass:xyzzy"),
                     0);
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(8192);
    SPK_AUTO(spk_rsa) got = NULL;
    cli_get(dir, "e.der", &der);
    assert_spk_ok(spk_rsa_from_pkcs8(spk_buf_span(&der), pass, &got));
    assert_same_pair(pair, got);

    /* PBKDF2, with either hash; a wrong passphrase is no damage. */
    SPK_AUTO(spk_secret) wrong = secret("plugh");
    struct spk_rsa *none = NULL;
    static const char *const prfs[] = {"hmacWithSHA1", "hmacWithSHA256"};
    for (size_t i = 0; i < 2; i++) {
        SPK_AUTO(spk_rsa) again = NULL;
        assert_int_equal(CLI(dir, "pkcs8", "-topk8", "-inform", "DER", "-in", "p.der", "-outform",
                             "DER", "-out", "k.der", "-v2", "aes-256-cbc", "-v2prf", prfs[i],
                             "-passout", "pass:xyzzy"),
                         0);
        spk_buf_reset(&der);
        cli_get(dir, "k.der", &der);
        assert_spk_ok(spk_rsa_from_pkcs8(spk_buf_span(&der), pass, &again));
        assert_same_pair(pair, again);
        assert_spk_code(spk_rsa_from_pkcs8(spk_buf_span(&der), wrong, &none), PASS);
    }

    /* Other hashes and ciphers are known to exist, but not read. */
    assert_int_equal(CLI(dir, "pkcs8", "-topk8", "-inform", "DER", "-in", "p.der", "-outform",
                         "DER", "-out", "k.der", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512",
                         "-passout", "pass:xyzzy"),
                     0);
    spk_buf_reset(&der);
    cli_get(dir, "k.der", &der);
    assert_spk_code(spk_rsa_from_pkcs8(spk_buf_span(&der), pass, &none), VERSION);
    assert_int_equal(CLI(dir, "pkcs8", "-topk8", "-inform", "DER", "-in", "p.der", "-outform",
                         "DER", "-out", "k.der", "-v2", "aes-128-cbc", "-scrypt", "-passout",
                         "pass:xyzzy"),
                     0);
    spk_buf_reset(&der);
    cli_get(dir, "k.der", &der);
    assert_spk_code(spk_rsa_from_pkcs8(spk_buf_span(&der), pass, &none), VERSION);
    spk_test_dir_remove(dir);
}

/* Replaces the one occurrence of from by to (same length). */
static void
patch(struct spk_buf *b, struct spk_span from, struct spk_span to)
{
    for (size_t i = 0; i + from.len <= b->len; i++) {
        if (memcmp(b->ptr + i, from.ptr, from.len) == 0) {
            memcpy(b->ptr + i, to.ptr, to.len);
            return;
        }
    }
    fail_msg("nothing to patch");
}

static void
costly_parameters(void **state)
{
    (void)state;
    SPK_AUTO(spk_rsa) pair = vec_pair(2048);
    SPK_AUTO(spk_secret) pass = secret("xyzzy");
    SPK_AUTO(spk_secret) sealed = NULL;
    assert_spk_ok(spk_rsa_to_pkcs8(pair, pass, &sealed));
    static const struct {
        const char *to; /* N (2 bytes), r, p */
        enum spk_code code;
    } cases[] = {
        {"02027fff020108020104", SPK_CODE_FORMAT}, /* N no power of two */
        {"02024000020109020104", SPK_CODE_LIMIT},  /* r = 9 */
        {"02024000020108020105", SPK_CODE_LIMIT},  /* p = 5 */
        {"02024000020100020104", SPK_CODE_FORMAT}, /* r = 0 */
        {"02024000020108020100", SPK_CODE_FORMAT}, /* p = 0 */
        {"02020000020108020104", SPK_CODE_FORMAT}, /* N = 0, not the shortest form */
        {"020240000201080201ff", SPK_CODE_FORMAT}, /* p = -1 */
        {"02024000020108020103", SPK_CODE_PASS},   /* in bounds, but another key */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(8192);
        struct vec from = vec_hex("02024000020108020104"), to = vec_hex(cases[i].to);
        struct spk_rsa *none = NULL;
        assert_spk_ok(spk_buf_add(&b, spk_secret_span(sealed)));
        patch(&b, vec_span(&from), vec_span(&to));
        spk_err e = spk_rsa_from_pkcs8(spk_buf_span(&b), pass, &none);
        assert_string_equal(spk_code_name(e.code), spk_code_name(cases[i].code));
    }
}

/* N = 2^18: one byte longer, so the salt before it gives one up. */
static void
large_n_is_refused(void **state)
{
    (void)state;
    static const uint8_t from[] = {0x02, 0x02, 0x40, 0x00, 0x02, 0x01, 0x08};
    static const uint8_t to[] = {0x02, 0x03, 0x04, 0x00, 0x00};
    SPK_AUTO(spk_rsa) pair = vec_pair(2048);
    SPK_AUTO(spk_secret) pass = secret("x");
    SPK_AUTO(spk_secret) sealed = NULL;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(8192);
    struct spk_rsa *none = NULL;
    assert_spk_ok(spk_rsa_to_pkcs8(pair, pass, &sealed));
    assert_spk_ok(spk_buf_add(&b, spk_secret_span(sealed)));
    size_t at = 0;
    while (memcmp(b.ptr + at, from, sizeof from) != 0) {
        at++;
        assert_true(at + sizeof from <= b.len);
    }
    assert_int_equal(b.ptr[at - 17], 16);
    b.ptr[at - 17] = 15;
    memcpy(b.ptr + at - 1, to, sizeof to);
    assert_spk_code(spk_rsa_from_pkcs8(spk_buf_span(&b), pass, &none), LIMIT);
    b.ptr[at + 1] = 0x02; /* N = 2^17 is the most */
    b.ptr[at + 6] = 1;    /* with r = 1 it is more than scrypt knows */
    assert_spk_code(spk_rsa_from_pkcs8(spk_buf_span(&b), pass, &none), FORMAT);
}

static void
damaged(void **state)
{
    (void)state;
    SPK_AUTO(spk_rsa) pair = vec_pair(2048);
    SPK_AUTO(spk_secret) plain = NULL;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(8192);
    struct spk_rsa *none = NULL;
    assert_spk_ok(spk_rsa_to_pkcs8(pair, NULL, &plain));
    assert_spk_ok(spk_buf_add(&b, spk_secret_span(plain)));
    for (size_t len = 0; len < b.len; len++) {
        assert_spk_code(spk_rsa_from_pkcs8(spk_span(b.ptr, len), NULL, &none), FORMAT);
    }
    for (size_t i = 0; i < b.len; i++) { /* every byte counts */
        b.ptr[i] ^= 0x01;
        assert_false(spk_ok(spk_rsa_from_pkcs8(spk_buf_span(&b), NULL, &none)));
        b.ptr[i] ^= 0x01;
    }
    assert_spk_ok(spk_buf_u8(&b, 0));
    assert_spk_code(spk_rsa_from_pkcs8(spk_buf_span(&b), NULL, &none), FORMAT);
    SPK_AUTO(spk_rsa) pub = NULL;
    struct spk_secret *no_secret = NULL;
    assert_spk_ok(spk_rsa_public(pair, &pub));
    assert_spk_code(spk_rsa_to_pkcs8(pub, NULL, &no_secret), USAGE);
    assert_false(spk_pkcs8_is_encrypted(SPK_SPAN_EMPTY));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_round_trips),
        cmocka_unit_test(sealed_round_trip),
        cmocka_unit_test(wrong_passphrases_all_look_alike),
        cmocka_unit_test(openssl_reads_ours),
        cmocka_unit_test(we_read_openssl),
        cmocka_unit_test(costly_parameters),
        cmocka_unit_test(large_n_is_refused),
        cmocka_unit_test(damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
