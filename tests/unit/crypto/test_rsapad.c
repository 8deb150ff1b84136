/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rsapad.h"

#include "crypto/anyrsa.h"
#include "known.h"

#define K 64 /* the demonstration key has 512 bits */

/* Padded blocks that another program made. */
static void
blocks_of_others(void **state)
{
    uint8_t msg[K];
    size_t len = 0;
    struct vec em = known("simple1.em");
    (void)state;
    assert_spk_ok(spk_type2_decode(vec_span(&em), msg, &len));
    assert_span_equal(spk_span(msg, len), VEC("00112233445566778899aabbccddeeff"));
    em = known("simple3.em");
    assert_spk_ok(spk_oaep_label_decode(vec_span(&em), SPK_SPAN_EMPTY, msg, &len));
    assert_span_equal(spk_span(msg, len), VEC("00112233445566778899aabbccddeeff"));
    assert_spk_code(spk_oaep_label_decode(vec_span(&em), SPK_SPAN_LIT("x"), msg, &len), AUTH);
}

static void
type2_there_and_back(void **state)
{
    uint8_t em[K], msg[K], got[K];
    size_t n = 0;
    (void)state;
    memset(msg, 0x77, sizeof msg);
    for (size_t len = 0; len <= K - SPK_V15_OVERHEAD; len++) {
        for (unsigned i = 0; i < 20; i++) {
            assert_spk_ok(spk_type2_encode(spk_span(msg, len), SPK_MUT_OF(em)));
            assert_int_equal(em[0], 0);
            assert_int_equal(em[1], 2);
            for (size_t j = 2; j < K - 1 - len; j++) {
                assert_int_not_equal(em[j], 0);
            }
            assert_spk_ok(spk_type2_decode(SPK_SPAN_OF(em), got, &n));
            assert_span_equal(spk_span(got, n), spk_span(msg, len));
        }
    }
    assert_spk_code(spk_type2_encode(spk_span(msg, K - 10), SPK_MUT_OF(em)), LIMIT);
}

static void
oaep_there_and_back(void **state)
{
    uint8_t em[K], msg[K], got[K];
    const struct spk_span labels[] = {SPK_SPAN_EMPTY, SPK_SPAN_LIT("a label")};
    size_t n = 0;
    (void)state;
    memset(msg, 0, sizeof msg);
    for (size_t len = 0; len <= K - SPK_OAEP_OVERHEAD; len++) {
        for (size_t i = 0; i < 2; i++) {
            assert_spk_ok(spk_oaep_label_encode(spk_span(msg, len), labels[i], SPK_MUT_OF(em)));
            assert_spk_ok(spk_oaep_label_decode(SPK_SPAN_OF(em), labels[i], got, &n));
            assert_span_equal(spk_span(got, n), spk_span(msg, len));
            assert_spk_code(spk_oaep_label_decode(SPK_SPAN_OF(em), labels[1 - i], got, &n), AUTH);
        }
    }
    assert_spk_code(spk_oaep_label_encode(spk_span(msg, K - 41), labels[0], SPK_MUT_OF(em)), LIMIT);
    for (size_t i = 0; i < K; i++) {
        em[i] ^= 0x40;
        assert_spk_code(spk_oaep_label_decode(SPK_SPAN_OF(em), labels[1], got, &n), AUTH);
        em[i] ^= 0x40;
    }
}

/* Every way to be wrong gives the stand-in, whole, and its length. */
static void
bad_type2_gives_the_stand_in(void **state)
{
    uint8_t em[K], msg[16], got[16];
    static const uint8_t alt[16] = "0123456789abcdef";
    const struct spk_type2_want want = {8, 16, SPK_SPAN_OF(alt), 11};
    size_t n = 0;
    (void)state;
    memset(msg, 0x55, sizeof msg);
    for (size_t len = 7; len <= 17; len++) {
        bool good = len >= want.min && len <= want.max;
        uint8_t long_msg[17];
        memset(long_msg, 0x55, sizeof long_msg);
        assert_spk_ok(spk_type2_encode(spk_span(long_msg, len), SPK_MUT_OF(em)));
        spk_type2_pick(SPK_SPAN_OF(em), &want, got, &n);
        assert_int_equal(n, good ? len : want.alt_len);
        assert_memory_equal(got, good ? msg : alt, n);
    }
    assert_spk_ok(spk_type2_encode(SPK_SPAN_OF(msg), SPK_MUT_OF(em)));
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {{0, 1}, {1, 1}, {1, 3}, {2, 0}, {9, 0}, {K - 17, 9}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t keep = em[wrong[i].at];
        em[wrong[i].at] = wrong[i].value;
        spk_type2_pick(SPK_SPAN_OF(em), &want, got, &n);
        assert_int_equal(n, want.alt_len);
        assert_memory_equal(got, alt, sizeof alt);
        assert_spk_code(spk_type2_decode(SPK_SPAN_OF(em), got, &n), AUTH);
        em[wrong[i].at] = keep;
    }
}

static void
signatures(void **state)
{
    uint8_t em[K], hash[20];
    (void)state;
    memset(hash, 0x11, sizeof hash);
    assert_spk_ok(spk_type1_encode(SPK_SPAN_LIT("ab"), SPK_SPAN_OF(hash), SPK_MUT_OF(em)));
    assert_int_equal(em[1], 1);
    assert_int_equal(em[2], 0xff);
    assert_int_equal(em[K - 24], 0xff);
    assert_int_equal(em[K - 23], 0);
    assert_int_equal(em[K - 22], 'a');
    assert_spk_code(spk_type1_encode(SPK_SPAN_OF(hash), SPK_SPAN_OF(hash), spk_mut(em, 50)), LIMIT);
    assert_spk_ok(spk_x931_encode(SPK_SPAN_OF(hash), 0x33, SPK_MUT_OF(em)));
    assert_int_equal(em[0], 0x6b);
    assert_int_equal(em[1], 0xbb);
    assert_int_equal(em[K - 23], 0xba);
    assert_int_equal(em[K - 2], 0x33);
    assert_int_equal(em[K - 1], 0xcc);
}

static struct spk_anyrsa *
demo(bool all)
{
    static const uint8_t e[] = {1, 0, 1};
    struct vec n = known("demo.n"), p = known("demo.p"), q = known("demo.q");
    struct vec dp = known("demo.dP"), dq = known("demo.dQ"), qinv = known("demo.qInv");
    struct spk_rsa_parts parts = {
        .n = vec_span(&n), .e = SPK_SPAN_OF(e), .p = vec_span(&p), .q = vec_span(&q)};
    struct spk_anyrsa *key = NULL;
    if (all) {
        parts.dp = vec_span(&dp);
        parts.dq = vec_span(&dq);
        parts.qinv = vec_span(&qinv);
    }
    assert_spk_ok(spk_anyrsa_from_parts(&parts, &key));
    return key;
}

/* Numbers that are missing are computed: those that another program computed. */
static void
pair_of_two_primes(void **state)
{
    SPK_AUTO(spk_anyrsa) key = demo(false);
    SPK_AUTO(spk_anyrsa) whole = demo(true);
    struct spk_rsa_parts a, b;
    struct vec blob = known("simple1"), em = known("simple1.em"), qinv = known("demo.qInv");
    uint8_t be[K], got[K];
    (void)state;
    assert_int_equal(spk_anyrsa_len(key), K);
    assert_true(spk_anyrsa_is_pair(key));
    spk_anyrsa_parts(key, &a);
    spk_anyrsa_parts(whole, &b);
    assert_span_equal(a.d, b.d);
    assert_span_equal(a.qinv, vec_span(&qinv));
    for (size_t i = 0; i < K; i++) {
        be[i] = blob.b[12 + K - 1 - i];
    }
    assert_spk_ok(spk_anyrsa_raw_private(key, SPK_SPAN_OF(be), got));
    assert_span_equal(SPK_SPAN_OF(got), vec_span(&em));
    assert_spk_ok(spk_anyrsa_raw_public(key, SPK_SPAN_OF(got), got));
    assert_memory_equal(got, be, K);
}

static void
numbers_that_are_refused(void **state)
{
    static const uint8_t e[] = {1, 0, 1}, one[] = {1}, even[] = {4};
    struct vec n = known("demo.n"), p = known("demo.p"), q = known("demo.q");
    struct spk_rsa_parts parts = {.n = vec_span(&n), .e = SPK_SPAN_OF(e)};
    SPK_AUTO(spk_anyrsa) key = NULL;
    uint8_t big[K];
    (void)state;
    parts.e = SPK_SPAN_OF(one);
    assert_spk_code(spk_anyrsa_from_parts(&parts, &key), FORMAT);
    parts.e = SPK_SPAN_OF(even);
    assert_spk_code(spk_anyrsa_from_parts(&parts, &key), FORMAT);
    parts.e = SPK_SPAN_OF(e);
    parts.n = spk_span(n.b, 47);
    assert_spk_code(spk_anyrsa_from_parts(&parts, &key), LIMIT);
    parts.n = vec_span(&n);
    parts.p = vec_span(&p);
    assert_spk_code(spk_anyrsa_from_parts(&parts, &key), FORMAT); /* one prime alone */
    q.b[31] ^= 2;
    parts.q = vec_span(&q);
    assert_spk_code(spk_anyrsa_from_parts(&parts, &key), FORMAT);
    parts.p = parts.q = SPK_SPAN_EMPTY;
    n.b[K - 1] ^= 1;
    assert_spk_code(spk_anyrsa_from_parts(&parts, &key), FORMAT); /* even */
    n.b[K - 1] ^= 1;
    assert_null(key);
    assert_spk_ok(spk_anyrsa_from_parts(&parts, &key));
    memset(big, 0xff, sizeof big);
    assert_spk_code(spk_anyrsa_raw_public(key, SPK_SPAN_OF(big), big), FORMAT);
    assert_spk_code(spk_anyrsa_raw_private(key, SPK_SPAN_OF(big), big), USAGE);
}

static void
generated(void **state)
{
    static const unsigned sizes[] = {384, 392, 504, 512, 520, 1024};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        SPK_AUTO(spk_anyrsa) key = NULL;
        uint8_t m[128] = {0, 7}, c[128];
        assert_spk_ok(spk_anyrsa_generate(sizes[i], &key));
        size_t k = spk_anyrsa_len(key);
        struct spk_rsa_parts p;
        spk_anyrsa_parts(key, &p);
        assert_int_equal(k, sizes[i] / 8);
        assert_true((p.n.ptr[0] & 0x80) != 0);
        assert_spk_ok(spk_anyrsa_raw_public(key, spk_span(m, k), c));
        assert_spk_ok(spk_anyrsa_raw_private(key, spk_span(c, k), c));
        assert_memory_equal(c, m, k);
    }
    SPK_AUTO(spk_anyrsa) none = NULL;
    assert_spk_code(spk_anyrsa_generate(376, &none), LIMIT);
    assert_spk_code(spk_anyrsa_generate(513, &none), LIMIT);
    assert_spk_code(spk_anyrsa_generate(16392, &none), LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_others),
        cmocka_unit_test(type2_there_and_back),
        cmocka_unit_test(oaep_there_and_back),
        cmocka_unit_test(bad_type2_gives_the_stand_in),
        cmocka_unit_test(signatures),
        cmocka_unit_test(pair_of_two_primes),
        cmocka_unit_test(numbers_that_are_refused),
        cmocka_unit_test(generated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
