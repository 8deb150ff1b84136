/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/derive.h"

#include "vec.h"

static struct spk_file_id
file_id(void)
{
    struct spk_file_id id;
    struct vec v = vec_get("file_id");
    memcpy(id.b, v.b, sizeof id.b);
    return id;
}

static void
assert_vec(const char *name, struct spk_span got)
{
    struct vec want = vec_get(name);
    assert_span_equal(vec_span(&want), got);
}

/* Known answers of the container (doc/spec/sealed-file.md). */
static void
known_answers(void **state)
{
    (void)state;
    SPK_AUTO(spk_secret) k = vec_secret("key");
    struct spk_file_id id = file_id();
    struct spk_span ctx = SPK_SPAN_OF(id.b);
    struct spk_hash h;
    assert_spk_ok(spk_commitment(k, &id, &h));
    assert_span_equal(spk_hash_span(&h),
                      VEC("cb9eeb7ae402b299e57d691fd2be6d36f86578d798f2af318d9112270d64152a"));
    assert_spk_ok(spk_sub(k, "payload", ctx, SPK_MUT_OF(h.b)));
    assert_span_equal(spk_hash_span(&h),
                      VEC("ec96776cdeee32aeff714c43cbee8724d9ae3634793401fdac489b3131970a0c"));
    assert_spk_ok(spk_sub(k, "key area", ctx, SPK_MUT_OF(h.b)));
    assert_span_equal(spk_hash_span(&h),
                      VEC("61b1fe447258ed50bd3cb38c8487b9071a8362fb8050850b935da523f8c5aea4"));
    assert_spk_ok(spk_sub(k, "deposit", ctx, SPK_MUT_OF(h.b)));
    assert_span_equal(spk_hash_span(&h),
                      VEC("2a639b0a7b984a2506d96e4b83dfcced70d92b393256efed6bdcd1ec5785fea7"));
}

static void
sub_as_the_model(void **state)
{
    (void)state;
    static const char *const labels[] = {"payload", "key area", "deposit", "metadata",
                                         "a label of our own"};
    SPK_AUTO(spk_secret) k = vec_secret("key");
    struct spk_file_id id = file_id();
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        uint8_t out[32];
        char name[64];
        (void)snprintf(name, sizeof name, "sub %s", labels[i]);
        assert_spk_ok(spk_sub(k, labels[i], SPK_SPAN_OF(id.b), SPK_MUT_OF(out)));
        assert_vec(name, SPK_SPAN_OF(out));
    }
    uint8_t more[200];
    assert_spk_ok(spk_sub(k, "payload", SPK_SPAN_EMPTY, SPK_MUT_OF(more)));
    assert_vec("sub empty ctx", SPK_SPAN_OF(more));
}

static void
padding_as_the_model(void **state)
{
    (void)state;
    SPK_AUTO(spk_secret) k = vec_secret("key");
    struct spk_file_id id = file_id();
    for (unsigned bits = 2048; bits <= 4096; bits += 1024) {
        SPK_AUTO(spk_rsa) pair = vec_pair(bits);
        struct vec em = vec_rsa(bits, "v15 em"), seed = vec_rsa(bits, "seed");
        uint8_t got_seed[20], ps[SPK_RSA_MAX_LEN];
        size_t len = bits / 8 - 3 - 32;
        assert_spk_ok(spk_oaep_seed(k, spk_rsa_id(pair), &id, got_seed));
        assert_span_equal(vec_span(&seed), SPK_SPAN_OF(got_seed));
        assert_spk_ok(spk_v15_padding(k, spk_rsa_id(pair), &id, bits / 8, spk_mut(ps, len)));
        assert_span_equal(spk_span(em.b + 2, len), spk_span(ps, len));
    }
}

static void
wrong_lengths(void **state)
{
    (void)state;
    SPK_AUTO(spk_secret) k = vec_secret("key");
    SPK_AUTO(spk_secret) thin = NULL;
    struct spk_file_id id = file_id();
    struct spk_hash h;
    uint8_t ps[SPK_RSA_MAX_LEN];
    static uint8_t big[12241];
    assert_spk_ok(spk_secret_new(16, &thin));
    assert_spk_code(spk_commitment(thin, &id, &h), USAGE);
    assert_spk_code(spk_v15_padding(k, &h, &id, 256, spk_mut(ps, 220)), USAGE);
    assert_spk_code(spk_v15_padding(k, &h, &id, 256, spk_mut(ps, 222)), USAGE);
    assert_spk_code(spk_v15_padding(k, &h, &id, 520, spk_mut(ps, 485)), USAGE);
    assert_spk_code(spk_sub(k, "x", SPK_SPAN_EMPTY, spk_mut(ps, 0)), USAGE);
    assert_spk_ok(spk_sub(k, "x", SPK_SPAN_EMPTY, spk_mut(big, 12240)));
    assert_spk_code(spk_sub(k, "x", SPK_SPAN_EMPTY, SPK_MUT_OF(big)), LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(sub_as_the_model),
        cmocka_unit_test(padding_as_the_model),
        cmocka_unit_test(wrong_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
