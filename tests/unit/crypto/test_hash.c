/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hash.h"

#include "crypto/mac.h"
#include "vec.h"

/* FIPS 180-4 examples. */
static void
sha256_known(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct spk_hash h;
        assert_spk_ok(spk_sha256(spk_span_str(cases[i].text), &h));
        assert_span_equal(spk_hash_span(&h), VEC(cases[i].hex));
    }
    struct spk_hash h;
    assert_spk_ok(spk_sha256(SPK_SPAN_EMPTY, &h));
    assert_span_equal(spk_hash_span(&h), VEC(cases[0].hex));
}

static void
parts_and_steps_agree(void **state)
{
    (void)state;
    uint8_t data[300];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7);
    }
    SPK_AUTO(spk_sha256) c = NULL;
    assert_spk_ok(spk_sha256_new(&c));
    for (size_t cut = 0; cut <= sizeof data; cut += 13) {
        struct spk_hash one, parts, steps;
        const struct spk_span p[] = {spk_span(data, cut), SPK_SPAN_EMPTY,
                                     spk_span(data + cut, sizeof data - cut)};
        assert_spk_ok(spk_sha256(SPK_SPAN_OF(data), &one));
        assert_spk_ok(spk_sha256_parts(p, 3, &parts));
        assert_true(spk_hash_eq(&one, &parts));
        for (size_t i = 0; i < 3; i++) {
            assert_spk_ok(spk_sha256_add(c, p[i]));
        }
        assert_spk_ok(spk_sha256_final(c, &steps)); /* and it starts anew */
        assert_true(spk_hash_eq(&one, &steps));
    }
}

static void
compare(void **state)
{
    (void)state;
    struct spk_hash a = {{0}}, b = {{0}};
    assert_true(spk_hash_zero(&a) && spk_hash_eq(&a, &b));
    for (size_t i = 0; i < SPK_HASH_LEN; i++) {
        b.b[i] = 0x80;
        assert_false(spk_hash_eq(&a, &b));
        assert_false(spk_hash_zero(&b));
        b.b[i] = 0;
    }
}

/* RFC 4231 test cases 1, 2, 3, 4, 6, 7. */
static void
hmac_rfc4231(void **state)
{
    (void)state;
    static const struct {
        const char *key, *data, *mac;
    } cases[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
         "dddddddddddddddddddddddddddddddd",
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {"0102030405060708090a0b0c0d0e0f10111213141516171819",
         "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
         "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vec key = vec_hex(cases[i].key), data = vec_hex(cases[i].data);
        const struct spk_span halves[] = {spk_span(data.b, data.len / 2),
                                          spk_span(data.b + data.len / 2, data.len - data.len / 2)};
        struct spk_hash mac;
        assert_spk_ok(spk_hmac_sha256(vec_span(&key), halves, 2, &mac));
        assert_span_equal(spk_hash_span(&mac), VEC(cases[i].mac));
    }
    uint8_t long_key[131];
    memset(long_key, 0xaa, sizeof long_key);
    struct spk_span msg = SPK_SPAN_LIT("Test Using Larger Than Block-Size Key - Hash Key First");
    struct spk_hash mac;
    assert_spk_ok(spk_hmac_sha256(SPK_SPAN_OF(long_key), &msg, 1, &mac));
    assert_span_equal(spk_hash_span(&mac),
                      VEC("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
    msg = SPK_SPAN_LIT("This is a test using a larger than block-size key and a larger than "
                       "block-size data. The key needs to be hashed before being used by the "
                       "HMAC algorithm.");
    assert_spk_ok(spk_hmac_sha256(SPK_SPAN_OF(long_key), &msg, 1, &mac));
    assert_span_equal(spk_hash_span(&mac),
                      VEC("9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_known),
        cmocka_unit_test(parts_and_steps_agree),
        cmocka_unit_test(compare),
        cmocka_unit_test(hmac_rfc4231),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
