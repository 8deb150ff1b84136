/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/dsa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/dh.h"
#include "spk_test.h"

#define NUMBERS_MAX 20000

static struct spk_buf all = SPK_BUF(200000);
static uint8_t numbers[NUMBERS_MAX];
static size_t used;

/* A little-endian number of the known answers, turned round. */
static struct spk_span
number(const char *name)
{
    char line[64];
    (void)snprintf(line, sizeof line, "\n%s ", name);
    const char *at = strstr((const char *)all.ptr, line);
    assert_non_null(at);
    at += strlen(line);
    size_t len = strcspn(at, "\n") / 2;
    assert_true(used + len <= sizeof numbers);
    uint8_t *dst = numbers + used;
    for (size_t i = 0; i < len; i++) {
        char hex[3] = {at[2 * i], at[2 * i + 1], '\0'};
        dst[len - 1 - i] = (uint8_t)strtoul(hex, NULL, 16);
    }
    used += len;
    return spk_span(dst, len);
}

static int
setup(void **state)
{
    (void)state;
    spk_test_vector("capi/known.txt", &all);
    assert_spk_ok(spk_buf_u8(&all, 0));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spk_buf_free(&all);
    return 0;
}

static int
forget(void **state)
{
    (void)state;
    used = 0;
    return 0;
}

static struct spk_ff_parts
dsa_parts(void)
{
    return (struct spk_ff_parts){.p = number("dss.p"),
                                 .q = number("dss.q"),
                                 .g = number("dss.g"),
                                 .x = number("dss.x"),
                                 .seed = {.counter = SPK_FF_NO_SEED}};
}

static const uint8_t sample_sha1[SPK_DSA_HASH_LEN] = {0x81, 0x51, 0x32, 0x5d, 0xcd, 0xba, 0xe9,
                                                      0xe0, 0xff, 0x95, 0xf9, 0xf9, 0x65, 0x84,
                                                      0x32, 0xdb, 0xed, 0xfd, 0xb2, 0x09};

/* r and s, each of them turned round by number(): that is s, r. */
static void
known_signature(uint8_t ret_sig[SPK_DSA_SIG_LEN])
{
    struct spk_span v = number("dss.signature");
    assert_int_equal(v.len, SPK_DSA_SIG_LEN);
    memcpy(ret_sig, v.ptr + SPK_DSA_Q_LEN, SPK_DSA_Q_LEN);
    memcpy(ret_sig + SPK_DSA_Q_LEN, v.ptr, SPK_DSA_Q_LEN);
}

static void
verifies_rfc_6979(void **state)
{
    SPK_AUTO(spk_ffkey) key = NULL;
    struct spk_ff_parts p = dsa_parts();
    uint8_t sig[SPK_DSA_SIG_LEN], hash[SPK_DSA_HASH_LEN];
    (void)state;
    assert_spk_ok(spk_ffkey_from_parts(&p, &key));
    known_signature(sig);
    assert_spk_ok(spk_dsa_verify(key, sample_sha1, sig));
    for (size_t i = 0; i < sizeof sig; i++) {
        sig[i] ^= 1;
        assert_spk_code(spk_dsa_verify(key, sample_sha1, sig), AUTH);
        sig[i] ^= 1;
    }
    memcpy(hash, sample_sha1, sizeof hash);
    hash[19] ^= 1;
    assert_spk_code(spk_dsa_verify(key, hash, sig), AUTH);
    memset(sig, 0, sizeof sig);
    assert_spk_code(spk_dsa_verify(key, sample_sha1, sig), AUTH);
    memset(sig, 0xff, sizeof sig);
    assert_spk_code(spk_dsa_verify(key, sample_sha1, sig), AUTH);
}

static void
signs_with_every_size(void **state)
{
    (void)state;
    for (unsigned bits = 512; bits <= 1024; bits += 64) {
        SPK_AUTO(spk_ffkey) pair = NULL;
        SPK_AUTO(spk_ffkey) pub = NULL;
        struct spk_ff_parts p;
        uint8_t sig[SPK_DSA_SIG_LEN], again[SPK_DSA_SIG_LEN];
        assert_spk_ok(spk_dsa_generate(bits, &pair));
        assert_int_equal(spk_ffkey_len(pair), bits / 8);
        assert_true(spk_dsa_fits(pair));
        assert_spk_ok(spk_dsa_sign(pair, sample_sha1, sig));
        assert_spk_ok(spk_dsa_sign(pair, sample_sha1, again));
        assert_memory_not_equal(sig, again, sizeof sig);
        spk_ffkey_parts(pair, &p);
        assert_spk_ok(spk_ffkey_check_primes(&p));
        p.x = SPK_SPAN_EMPTY;
        assert_spk_ok(spk_ffkey_from_parts(&p, &pub));
        assert_false(spk_ffkey_is_pair(pub));
        assert_spk_ok(spk_dsa_verify(pub, sample_sha1, sig));
        assert_spk_code(spk_dsa_sign(pub, sample_sha1, sig), USAGE);
    }
}

static void
no_other_sizes(void **state)
{
    struct spk_ffkey *key = NULL;
    (void)state;
    assert_spk_code(spk_dsa_generate(448, &key), LIMIT);
    assert_spk_code(spk_dsa_generate(1088, &key), LIMIT);
    assert_spk_code(spk_dsa_generate(520, &key), LIMIT);
    assert_spk_code(spk_dh_generate(448, &key), LIMIT);
    assert_spk_code(spk_dh_generate(4160, &key), LIMIT);
    assert_spk_code(spk_dh_generate(1000, &key), LIMIT);
    assert_null(key);
}

/* Each number changed in its last bit, or gone: nothing fits any more. */
static void
numbers_must_fit(void **state)
{
    static const uint8_t one[] = {1};
    SPK_AUTO(spk_ffkey) good = NULL;
    struct spk_ffkey *key = NULL;
    struct spk_ff_parts p = dsa_parts(), all_of_it;
    (void)state;
    assert_spk_ok(spk_ffkey_from_parts(&p, &good));
    spk_ffkey_parts(good, &all_of_it);
    struct spk_span *const part[] = {&all_of_it.p, &all_of_it.q, &all_of_it.g, &all_of_it.y,
                                     &all_of_it.x};
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        uint8_t changed[SPK_FF_MAX_LEN];
        struct spk_span was = *part[i];
        memcpy(changed, was.ptr, was.len);
        for (unsigned bit = 1; bit <= 2; bit++) {
            changed[was.len - 1] ^= (uint8_t)bit;
            *part[i] = spk_span(changed, was.len);
            assert_spk_code(spk_ffkey_from_parts(&all_of_it, &key), FORMAT);
            changed[was.len - 1] ^= (uint8_t)bit;
        }
        *part[i] = SPK_SPAN_OF(one);
        assert_false(spk_ok(spk_ffkey_from_parts(&all_of_it, &key)));
        *part[i] = was;
    }
    all_of_it.j = SPK_SPAN_OF(one);
    assert_spk_code(spk_ffkey_from_parts(&all_of_it, &key), FORMAT);
    all_of_it.j = SPK_SPAN_EMPTY;
    all_of_it.y = all_of_it.x = SPK_SPAN_EMPTY;
    assert_spk_code(spk_ffkey_from_parts(&all_of_it, &key), FORMAT);
    assert_null(key);
}

static void
primes_are_checked(void **state)
{
    struct spk_ff_parts p = {.p = number("dh.p"), .q = number("dh.q"), .g = number("dh.g")};
    uint8_t composite[128];
    (void)state;
    assert_spk_ok(spk_ffkey_check_primes(&p));
    p.q = SPK_SPAN_EMPTY;
    assert_spk_ok(spk_ffkey_check_primes(&p));
    memcpy(composite, p.p.ptr, sizeof composite);
    composite[127] ^= 2;
    p.p = SPK_SPAN_OF(composite);
    assert_spk_code(spk_ffkey_check_primes(&p), FORMAT);
}

static struct spk_secret *
agreed(const char *private_blob, size_t x_at, const char *public_blob, bool with_q)
{
    SPK_AUTO(spk_ffkey) pair = NULL;
    struct spk_secret *z = NULL;
    struct spk_span blob = number(private_blob), other = number(public_blob);
    struct spk_ff_parts p = {.p = number("dh.p"),
                             .q = with_q ? number("dh.q") : SPK_SPAN_EMPTY,
                             .g = number("dh.g"),
                             .x = spk_span(blob.ptr + x_at, 20)};
    assert_spk_ok(spk_ffkey_from_parts(&p, &pair));
    assert_spk_ok(spk_dh_agree(pair, spk_span(other.ptr, 128), &z)); /* y is what comes last */
    return z;
}

static void
agrees_as_rfc_5114(void **state)
{
    struct spk_span z = number("dh.z");
    (void)state;
    for (int i = 0; i < 4; i++) {
        SPK_AUTO(spk_secret)
        got = i < 2 ? agreed("dh.a.private3", 0, "dh.b.public", i % 2 == 0)
                    : agreed("dh.b.private3", 0, "dh.a.public", i % 2 == 0);
        assert_span_equal(spk_secret_span(got), z);
    }
}

/* -1 and 1 would give the secret away, a number of another order bits of x. */
static void
refuses_a_bad_public_key(void **state)
{
    SPK_AUTO(spk_ffkey) pair = NULL;
    struct spk_secret *z = NULL;
    struct spk_ff_parts p;
    uint8_t minus_one[64];
    static const uint8_t zero[64] = {0}, one[] = {1}, two[] = {2};
    (void)state;
    assert_spk_ok(spk_dh_generate(512, &pair));
    spk_ffkey_parts(pair, &p);
    memcpy(minus_one, p.p.ptr, sizeof minus_one);
    minus_one[63] ^= 1;
    assert_spk_code(spk_dh_agree(pair, SPK_SPAN_OF(zero), &z), FORMAT);
    assert_spk_code(spk_dh_agree(pair, SPK_SPAN_OF(one), &z), FORMAT);
    assert_spk_code(spk_dh_agree(pair, SPK_SPAN_OF(two), &z), FORMAT);
    assert_spk_code(spk_dh_agree(pair, SPK_SPAN_OF(minus_one), &z), FORMAT);
    assert_spk_code(spk_dh_agree(pair, p.p, &z), FORMAT);
    assert_null(z);
}

static void
generated_pairs_agree(void **state)
{
    static const unsigned sizes[] = {512, 1024, 1088, 2048};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        SPK_AUTO(spk_ffkey) a = NULL;
        SPK_AUTO(spk_ffkey) b = NULL;
        SPK_AUTO(spk_secret) za = NULL;
        SPK_AUTO(spk_secret) zb = NULL;
        struct spk_ff_parts pa, pb;
        assert_spk_ok(spk_dh_generate(sizes[i], &a));
        spk_ffkey_parts(a, &pa);
        assert_int_equal(pa.p.len, sizes[i] / 8);
        assert_int_equal(pa.q.len, sizes[i] <= 1024 ? 20 : 32);
        assert_spk_ok(spk_ffkey_new_pair(&pa, &b));
        spk_ffkey_parts(b, &pb);
        assert_spk_ok(spk_dh_agree(a, pb.y, &za));
        assert_spk_ok(spk_dh_agree(b, pa.y, &zb));
        assert_true(spk_secret_eq(za, zb));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(verifies_rfc_6979, forget),
        cmocka_unit_test_setup(agrees_as_rfc_5114, forget),
        cmocka_unit_test(signs_with_every_size),
        cmocka_unit_test(generated_pairs_agree),
        cmocka_unit_test_setup(primes_are_checked, forget),
        cmocka_unit_test(no_other_sizes),
        cmocka_unit_test_setup(numbers_must_fit, forget),
        cmocka_unit_test(refuses_a_bad_public_key),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
