/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include "crypto/md2.h"
#include "known.h"

#define DATA_LEN 2048

static const struct {
    enum spk_digest_alg alg;
    const char *known;
    const char *empty;
    size_t len, block;
} digests[] = {
    {SPK_DIGEST_MD2, "hash.md2", "8350e5a3e24c153df2275c9f80692773", 16, 64},
    {SPK_DIGEST_MD4, "hash.md4", "31d6cfe0d16ae931b73c59d7e0c089c0", 16, 64},
    {SPK_DIGEST_MD5, "hash.md5", "d41d8cd98f00b204e9800998ecf8427e", 16, 64},
    {SPK_DIGEST_SHA1, "hash.sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", 20, 64},
    {SPK_DIGEST_SHA256, "hash.sha256", NULL, 32, 64},
    {SPK_DIGEST_SHA384, "hash.sha384", NULL, 48, 128},
    {SPK_DIGEST_SHA512, "hash.sha512", NULL, 64, 128},
};
#define COUNT (sizeof digests / sizeof digests[0])

static uint8_t data[DATA_LEN];

static int
fill(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)i;
    }
    return 0;
}

static void
known_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t got[SPK_DIGEST_LEN_MAX];
        struct vec want = known(digests[i].known);
        const struct spk_span whole = SPK_SPAN_OF(data);
        assert_int_equal(spk_digest_len(digests[i].alg), digests[i].len);
        assert_int_equal(spk_digest_block(digests[i].alg), digests[i].block);
        assert_spk_ok(spk_digest_parts(digests[i].alg, &whole, 1, got));
        assert_span_equal(spk_span(got, digests[i].len), vec_span(&want));
        if (digests[i].empty != NULL) {
            assert_spk_ok(spk_digest_parts(digests[i].alg, NULL, 0, got));
            assert_span_equal(spk_span(got, digests[i].len), VEC(digests[i].empty));
        }
    }
}

/* RFC 1319, appendix A.5. */
static void
md2_of_the_rfc(void **state)
{
    static const char *const cases[][2] = {
        {"a", "32ec01ec4a6dac72c0ab96fb34c0b5d1"},
        {"abc", "da853b0d3f88d99b30283a69e6ded6bb"},
        {"message digest", "ab4f496bfb2a530b219ff33031fe06b0"},
        {"abcdefghijklmnopqrstuvwxyz", "4e8ddff3650292ab5a4108c3aa47940b"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "d5976f79d83d3a0dc9806c3c66f3efd8"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct spk_md2 c = {0};
        uint8_t got[SPK_MD2_LEN];
        spk_md2_add(&c, spk_span_str(cases[i][0]));
        spk_md2_final(&c, got);
        assert_span_equal(SPK_SPAN_OF(got), VEC(cases[i][1]));
    }
}

/* However the data is cut, and whatever a copy does. */
static void
cuts_copies_and_restarts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        SPK_AUTO(spk_digest) d = NULL;
        struct vec want = known(digests[i].known);
        uint8_t got[SPK_DIGEST_LEN_MAX];
        assert_spk_ok(spk_digest_new(digests[i].alg, &d));
        for (unsigned again = 0; again < 2; again++) {
            SPK_AUTO(spk_digest) copy = NULL;
            for (size_t at = 0, n = 0; at < sizeof data; at += n) {
                n = at % 37 < sizeof data - at ? at % 37 + (at % 37 == 0) : sizeof data - at;
                assert_spk_ok(spk_digest_add(d, spk_span(data + at, n)));
                if (copy == NULL) {
                    assert_spk_ok(spk_digest_dup(d, &copy));
                    assert_spk_ok(spk_digest_add(copy, spk_span(data + n, sizeof data - n)));
                }
            }
            assert_spk_ok(spk_digest_final(d, got));
            assert_span_equal(spk_span(got, digests[i].len), vec_span(&want));
            assert_spk_ok(spk_digest_final(copy, got));
            assert_span_equal(spk_span(got, digests[i].len), vec_span(&want));
            assert_spk_ok(spk_digest_restart(d));
        }
    }
}

static void
no_such_digest(void **state)
{
    SPK_AUTO(spk_digest) d = NULL;
    (void)state;
    assert_spk_code(spk_digest_new(SPK_DIGEST_MAX_, &d), USAGE);
    assert_null(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values), cmocka_unit_test(md2_of_the_rfc),
        cmocka_unit_test(cuts_copies_and_restarts), cmocka_unit_test(no_such_digest)};
    return cmocka_run_group_tests(tests, fill, NULL);
}
