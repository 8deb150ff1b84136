/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cipher.h"

#include "vec.h"

#define LEN 96

/* One block each in ECB, from the standards: RFC 2268 section 5, FIPS 197 appendix C, and DES and
 * 3DES of NIST SP 800-20 and SP 800-67. */
static const struct {
    enum spk_cipher_alg alg;
    unsigned rc2_bits;
    const char *key, *plain, *cipher;
} blocks[] = {
    {SPK_CIPHER_RC2, 63, "0000000000000000", "0000000000000000", "ebb773f993278eff"},
    {SPK_CIPHER_RC2, 64, "ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49"},
    {SPK_CIPHER_RC2, 64, "3000000000000000", "1000000000000001", "30649edf9be7d2c2"},
    {SPK_CIPHER_RC2, 64, "88", "0000000000000000", "61a8a244adacccf0"},
    {SPK_CIPHER_RC2, 64, "88bca90e90875a", "0000000000000000", "6ccf4308974c267f"},
    {SPK_CIPHER_RC2, 64, "88bca90e90875a7f0f79c384627bafb2", "0000000000000000",
     "1a807d272bbe5db1"},
    {SPK_CIPHER_RC2, 128, "88bca90e90875a7f0f79c384627bafb2", "0000000000000000",
     "2269552ab0f85ca6"},
    {SPK_CIPHER_DES, 0, "0101010101010101", "8000000000000000", "95f8a5e5dd31d900"},
    {SPK_CIPHER_3DES, 0, "0123456789abcdef23456789abcdef01456789abcdef0123", "5468652071756663",
     "a826fd8ce53b855f"},
    {SPK_CIPHER_AES, 0, "000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
     "69c4e0d86a7b0430d8cdb78070b4c55a"},
    {SPK_CIPHER_AES, 0, "000102030405060708090a0b0c0d0e0f1011121314151617",
     "00112233445566778899aabbccddeeff", "dda97ca4864cdfe06eaf70a0ec0d7191"},
    {SPK_CIPHER_AES, 0, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "00112233445566778899aabbccddeeff", "8ea2b7ca516745bfeafc49904b496089"},
};

static void
run(struct spk_cipher *c, enum spk_cipher_mode mode, bool encrypt, uint8_t *chain,
    struct spk_mut data)
{
    const struct spk_cipher_op op = {mode, encrypt, chain};
    assert_spk_ok(spk_cipher_run(c, &op, data));
}

static void
blocks_of_the_standards(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        SPK_AUTO(spk_cipher) c = NULL;
        struct vec b = vec_hex(blocks[i].plain);
        assert_spk_ok(spk_cipher_new(blocks[i].alg, VEC(blocks[i].key), blocks[i].rc2_bits, &c));
        assert_int_equal(spk_cipher_block(c), b.len);
        run(c, SPK_MODE_ECB, true, NULL, spk_mut(b.b, b.len));
        assert_span_equal(vec_span(&b), VEC(blocks[i].cipher));
        run(c, SPK_MODE_ECB, false, NULL, spk_mut(b.b, b.len));
        assert_span_equal(vec_span(&b), VEC(blocks[i].plain));
    }
}

/* RFC 6229: the first bytes of the key stream. */
static void
rc4_of_the_rfc(void **state)
{
    SPK_AUTO(spk_cipher) c = NULL;
    SPK_AUTO(spk_cipher) copy = NULL;
    uint8_t b[16] = {0}, rest[16] = {0};
    (void)state;
    assert_spk_ok(spk_cipher_new(SPK_CIPHER_RC4, VEC("0102030405"), 0, &c));
    run(c, SPK_MODE_ECB, true, NULL, spk_mut(b, 5));
    assert_spk_ok(spk_cipher_dup(c, &copy)); /* at the same place */
    run(copy, SPK_MODE_ECB, true, NULL, spk_mut(rest, 11));
    run(c, SPK_MODE_ECB, false, NULL, spk_mut(b + 5, 11));
    assert_span_equal(SPK_SPAN_OF(b), VEC("b2396305f03dc027ccc3524a0a1118a8"));
    assert_memory_equal(rest, b + 5, 11);
    spk_cipher_restart(c);
    memset(b, 0, sizeof b);
    run(c, SPK_MODE_ECB, true, NULL, SPK_MUT_OF(b));
    assert_span_equal(SPK_SPAN_OF(b), VEC("b2396305f03dc027ccc3524a0a1118a8"));
}

static void
some_data(uint8_t *b)
{
    for (size_t i = 0; i < LEN; i++) {
        b[i] = (uint8_t)(i * 7);
    }
}

/* In one piece or in many, with calls of the other direction and on other messages in between: the
 * chaining value that is passed counts, and nothing that was before. */
static void
chains_go_on_anywhere(void **state)
{
    static const enum spk_cipher_mode modes[] = {SPK_MODE_CBC, SPK_MODE_CFB8};
    static const struct {
        enum spk_cipher_alg alg;
        const char *key;
    } keys[] = {{SPK_CIPHER_RC2, "88bca90e90875a"},
                {SPK_CIPHER_3DES, "0123456789abcdef23456789abcdef01"},
                {SPK_CIPHER_AES, "000102030405060708090a0b0c0d0e0f"}};
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        SPK_AUTO(spk_cipher) c = NULL;
        SPK_AUTO(spk_cipher) other = NULL;
        enum spk_cipher_mode mode = modes[i % 2];
        uint8_t whole[LEN], pieces[LEN], plain[LEN], chain[16] = {9}, noise[16] = {0}, n_chain[16];
        assert_spk_ok(spk_cipher_new(keys[i / 2].alg, VEC(keys[i / 2].key), 56, &c));
        assert_spk_ok(spk_cipher_dup(c, &other));
        some_data(whole);
        some_data(plain);
        some_data(pieces);
        run(other, mode, true, chain, SPK_MUT_OF(whole));
        memset(chain, 0, sizeof chain);
        chain[0] = 9;
        for (size_t at = 0; at < LEN; at += 16) {
            run(c, mode, true, chain, spk_mut(pieces + at, 16));
            memset(n_chain, (int)at, sizeof n_chain);
            run(c, mode, at % 32 == 0, n_chain, SPK_MUT_OF(noise));
        }
        assert_memory_equal(pieces, whole, LEN);
        memset(chain, 0, sizeof chain);
        chain[0] = 9;
        for (size_t at = 0; at < LEN; at += 32) {
            run(c, mode, false, chain, spk_mut(pieces + at, 32));
        }
        assert_memory_equal(pieces, plain, LEN);
    }
}

/* The last block of a CBC encryption, however long and however cut. */
static void
chain_alone(void **state)
{
    static uint8_t big[5 * 8192 + 48];
    uint8_t a[16] = {1}, b[16] = {1}, c_chain[16] = {1};
    SPK_AUTO(spk_cipher) c = NULL;
    SPK_AUTO(spk_cipher) rc4 = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof big; i++) {
        big[i] = (uint8_t)(i >> 3);
    }
    assert_spk_ok(spk_cipher_new(SPK_CIPHER_AES, VEC("000102030405060708090a0b0c0d0e0f"), 0, &c));
    assert_spk_ok(spk_cipher_chain(c, a, SPK_SPAN_OF(big)));
    assert_spk_ok(spk_cipher_chain(c, b, spk_span(big, 16)));
    assert_spk_ok(spk_cipher_chain(c, b, SPK_SPAN_EMPTY));
    assert_spk_ok(spk_cipher_chain(c, b, spk_span(big + 16, sizeof big - 16)));
    assert_memory_equal(a, b, 16);
    run(c, SPK_MODE_CBC, true, c_chain, SPK_MUT_OF(big));
    assert_memory_equal(a, c_chain, 16);
    assert_memory_equal(a, big + sizeof big - 16, 16);
    assert_spk_code(spk_cipher_chain(c, a, spk_span(big, 17)), USAGE);
    assert_memory_equal(a, b, 16);
    assert_spk_ok(spk_cipher_new(SPK_CIPHER_RC4, VEC("0102030405"), 0, &rc4));
    assert_spk_code(spk_cipher_chain(rc4, a, spk_span(big, 16)), USAGE);
}

static void
refused(void **state)
{
    static const struct {
        enum spk_cipher_alg alg;
        size_t len;
    } bad[] = {{SPK_CIPHER_RC2, 0},   {SPK_CIPHER_RC2, 129}, {SPK_CIPHER_RC4, 0},
               {SPK_CIPHER_RC4, 257}, {SPK_CIPHER_DES, 7},   {SPK_CIPHER_DES, 9},
               {SPK_CIPHER_3DES, 8},  {SPK_CIPHER_3DES, 25}, {SPK_CIPHER_AES, 15},
               {SPK_CIPHER_AES, 33},  {SPK_CIPHER_MAX_, 16}};
    static const uint8_t key[300] = {1};
    SPK_AUTO(spk_cipher) c = NULL;
    uint8_t b[16] = {0}, chain[16] = {0};
    const struct spk_cipher_op op = {SPK_MODE_CBC, true, chain};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_spk_code(spk_cipher_new(bad[i].alg, spk_span(key, bad[i].len), 64, &c), LIMIT);
        assert_null(c);
    }
    assert_spk_ok(spk_cipher_new(SPK_CIPHER_AES, spk_span(key, 16), 0, &c));
    assert_spk_code(spk_cipher_run(c, &op, spk_mut(b, 15)), USAGE);
    assert_spk_ok(spk_cipher_run(c, &op, spk_mut(b, 0)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(blocks_of_the_standards),
                                       cmocka_unit_test(rc4_of_the_rfc),
                                       cmocka_unit_test(chains_go_on_anywhere),
                                       cmocka_unit_test(chain_alone), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
