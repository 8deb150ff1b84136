/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pad.h"

#include "crypto/rng.h"
#include "vec.h"

#define K 384 /* RSA-3072 */
#define N 32  /* AES-256 */

static void
random_fill(void *p, size_t len)
{
    assert_spk_ok(spk_random(spk_mut(p, len)));
}

/* A v1.5 block of random padding. */
static void
v15_block(const uint8_t *key, uint8_t em[K])
{
    uint8_t ps[K - 3 - N];
    random_fill(ps, sizeof ps);
    for (size_t i = 0; i < sizeof ps; i++) {
        ps[i] |= 1;
    }
    assert_spk_ok(spk_v15_encode(spk_span(key, N), SPK_SPAN_OF(ps), spk_mut(em, K)));
}

static void
encoders_as_the_model(void **state)
{
    (void)state;
    struct vec key = vec_get("key");
    for (unsigned bits = 2048; bits <= 4096; bits += 1024) {
        struct vec seed = vec_rsa(bits, "seed"), oaep = vec_rsa(bits, "oaep em"),
                   v15 = vec_rsa(bits, "v15 em");
        size_t k = bits / 8;
        uint8_t em[SPK_RSA_MAX_LEN], msg[N], alt[N] = {0};
        assert_spk_ok(spk_oaep_encode(vec_span(&key), seed.b, spk_mut(em, k)));
        assert_span_equal(vec_span(&oaep), spk_span(em, k));
        assert_spk_ok(spk_oaep_decode(spk_span(em, k), msg, N));
        assert_memory_equal(msg, key.b, N);
        assert_spk_ok(
            spk_v15_encode(vec_span(&key), spk_span(v15.b + 2, k - 3 - N), spk_mut(em, k)));
        assert_span_equal(vec_span(&v15), spk_span(em, k));
        memset(msg, 0, sizeof msg);
        spk_v15_decode(spk_span(em, k), alt, msg, N);
        assert_memory_equal(msg, key.b, N);
    }
}

static void
v15_fifty_good(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        uint8_t em[K], key[N], alt[N], out[N];
        random_fill(key, sizeof key);
        random_fill(alt, sizeof alt);
        v15_block(key, em);
        spk_v15_decode(SPK_SPAN_OF(em), alt, out, N);
        assert_memory_equal(out, key, N);
    }
}

static void
v15_hundred_random(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        uint8_t em[K], alt[N], out[N];
        random_fill(em, sizeof em);
        random_fill(alt, sizeof alt);
        em[0] = 0;
        em[1] = 1; /* one bit from right: everything else is left to chance */
        spk_v15_decode(SPK_SPAN_OF(em), alt, out, N);
        assert_memory_equal(out, alt, N);
    }
}

/* Each single fault of a good block gives alt. */
static void
v15_one_fault_each(void **state)
{
    (void)state;
    uint8_t good[K], em[K], key[N], alt[N], out[N];
    random_fill(key, sizeof key);
    random_fill(alt, sizeof alt);
    v15_block(key, good);
    for (size_t i = 0; i < K - N; i++) {
        memcpy(em, good, K);
        em[i] = i == 0 || i == K - N - 1 ? 0x80 : i == 1 ? 1 : 0;
        spk_v15_decode(SPK_SPAN_OF(em), alt, out, N);
        assert_memory_equal(out, alt, N);
    }
    for (unsigned bit = 0; bit < 8; bit++) { /* every bit of the three fixed bytes */
        static const size_t fixed[] = {0, 1, K - N - 1};
        for (size_t i = 0; i < 3; i++) {
            memcpy(em, good, K);
            em[fixed[i]] ^= (uint8_t)(1u << bit);
            spk_v15_decode(SPK_SPAN_OF(em), alt, out, N);
            assert_memory_equal(out, alt, N);
        }
    }
    memcpy(em, good, K); /* the key itself may be anything */
    memset(em + K - N, 0, N);
    spk_v15_decode(SPK_SPAN_OF(em), alt, out, N);
    assert_memory_equal(out, em + K - N, N);
}

/* A right block of another message length is a wrong block. */
static void
v15_other_lengths(void **state)
{
    (void)state;
    uint8_t msg[64], ps[K], em[K], alt[N], out[N];
    random_fill(msg, sizeof msg);
    random_fill(alt, sizeof alt);
    memset(ps, 0x5a, sizeof ps);
    for (size_t len = 0; len <= sizeof msg; len++) {
        if (len == N) {
            continue;
        }
        assert_spk_ok(
            spk_v15_encode(spk_span(msg, len), spk_span(ps, K - 3 - len), SPK_MUT_OF(em)));
        spk_v15_decode(SPK_SPAN_OF(em), alt, out, N);
        assert_memory_equal(out, alt, N);
    }
}

static void
v15_public_lengths(void **state)
{
    (void)state;
    uint8_t em[64] = {0, 2}, alt[64], out[64];
    memset(em + 2, 0x11, sizeof em - 2);
    random_fill(alt, sizeof alt);
    em[64 - 54] = 0;
    spk_v15_decode(SPK_SPAN_OF(em), alt, out, 53); /* eight bytes of padding: the fewest */
    assert_memory_equal(out, em + 11, 53);
    spk_v15_decode(SPK_SPAN_OF(em), alt, out, 54);
    assert_memory_equal(out, alt, 54);
    spk_v15_decode(spk_span(em, 4), alt, out, N);
    assert_memory_equal(out, alt, N);
    spk_v15_decode(SPK_SPAN_EMPTY, alt, out, N);
    assert_memory_equal(out, alt, N);
}

static void
v15_encode_refuses(void **state)
{
    (void)state;
    uint8_t em[K], key[N] = {1}, ps[K];
    memset(ps, 7, sizeof ps);
    assert_spk_code(spk_v15_encode(SPK_SPAN_OF(key), spk_span(ps, K - 4 - N), SPK_MUT_OF(em)),
                    USAGE);
    ps[100] = 0;
    assert_spk_code(spk_v15_encode(SPK_SPAN_OF(key), spk_span(ps, K - 3 - N), SPK_MUT_OF(em)),
                    USAGE);
    assert_spk_code(spk_v15_encode(SPK_SPAN_OF(key), spk_span(ps, 7), spk_mut(em, 42)), LIMIT);
}

static void
oaep_fifty_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < 50; i++) {
        uint8_t em[K], msg[K], seed[20], out[K];
        size_t len = i == 49 ? K - 42 : i * 7 % (K - 42);
        random_fill(msg, sizeof msg);
        random_fill(seed, sizeof seed);
        assert_spk_ok(spk_oaep_encode(spk_span(msg, len), seed, SPK_MUT_OF(em)));
        assert_int_equal(em[0], 0);
        assert_spk_ok(spk_oaep_decode(SPK_SPAN_OF(em), out, len));
        assert_memory_equal(out, msg, len);
    }
}

static void
oaep_hundred_random(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        uint8_t em[K], out[N] = {0}, zero[N] = {0};
        random_fill(em, sizeof em);
        em[0] = 0;
        assert_spk_code(spk_oaep_decode(SPK_SPAN_OF(em), out, N), AUTH);
        assert_memory_equal(out, zero, N); /* untouched */
    }
}

static void
oaep_one_fault_each(void **state)
{
    (void)state;
    static const char *const faults[] = {
        "first byte 01",          "first byte 80", "lhash first bit", "lhash last bit",
        "lhash of another label", "padding first", "padding last",    "separator 00",
        "separator 03",           "no separator",  "early separator", "short message",
        "long message",           "empty message", "all zeros"};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        char name[64];
        uint8_t out[N];
        uint32_t bad = 0;
        (void)snprintf(name, sizeof name, "oaep bad %s", faults[i]);
        struct vec em = vec_get(name);
        assert_int_equal(em.len, K);
        assert_spk_code(spk_oaep_decode(vec_span(&em), out, N), AUTH);
        assert_spk_ok(spk_oaep_unmask(vec_span(&em), out, N, &bad));
        assert_int_equal(bad, UINT32_MAX);
    }
    uint8_t out[N];
    struct vec ok = vec_get("oaep bad short message");
    assert_spk_ok(spk_oaep_decode(vec_span(&ok), out, 31)); /* the fault is the length alone */
}

static void
oaep_lengths(void **state)
{
    (void)state;
    uint8_t em[SPK_RSA_MAX_LEN + 1], seed[20] = {0}, msg[SPK_RSA_MAX_LEN] = {0};
    assert_spk_code(spk_oaep_encode(spk_span(msg, K - 41), seed, spk_mut(em, K)), LIMIT);
    assert_spk_code(spk_oaep_encode(spk_span(msg, 0), seed, spk_mut(em, 41)), LIMIT);
    assert_spk_code(spk_oaep_encode(spk_span(msg, 0), seed, SPK_MUT_OF(em)), LIMIT);
    assert_spk_code(spk_oaep_decode(spk_span(em, K), msg, K - 41), LIMIT);
    assert_spk_code(spk_oaep_decode(spk_span(em, 41), msg, 0), LIMIT);
    assert_spk_code(spk_oaep_decode(SPK_SPAN_EMPTY, msg, N), LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoders_as_the_model), cmocka_unit_test(v15_fifty_good),
        cmocka_unit_test(v15_hundred_random),    cmocka_unit_test(v15_one_fault_each),
        cmocka_unit_test(v15_other_lengths),     cmocka_unit_test(v15_public_lengths),
        cmocka_unit_test(v15_encode_refuses),    cmocka_unit_test(oaep_fifty_good),
        cmocka_unit_test(oaep_hundred_random),   cmocka_unit_test(oaep_one_fault_each),
        cmocka_unit_test(oaep_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
