/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/oldtls.h"

#include "known.h"

#define BLOCK_LEN 104

static uint8_t client[32], server[32];

static int
randoms(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 32; i++) {
        client[i] = (uint8_t)(0x40 + i);
        server[i] = (uint8_t)(0x80 + i);
    }
    return 0;
}

static void
premaster(uint8_t minor, uint8_t ret_secret[48])
{
    for (uint8_t i = 0; i < 48; i++) {
        ret_secret[i] = i;
    }
    ret_secret[0] = 3;
    ret_secret[1] = minor;
}

static void
tls(void **state)
{
    uint8_t secret[48], out[BLOCK_LEN];
    struct vec master = known("tls1.master"), block = known("tls1.block");
    (void)state;
    premaster(1, secret);
    assert_spk_ok(spk_tls1_prf(SPK_SPAN_OF(secret), SPK_SPAN_LIT("master secret"),
                               SPK_SPAN_OF(client), SPK_SPAN_OF(server), spk_mut(out, 48)));
    assert_span_equal(spk_span(out, 48), vec_span(&master));
    assert_spk_ok(spk_tls1_prf(vec_span(&master), SPK_SPAN_LIT("key expansion"),
                               SPK_SPAN_OF(server), SPK_SPAN_OF(client), SPK_MUT_OF(out)));
    assert_span_equal(SPK_SPAN_OF(out), vec_span(&block));
}

static void
ssl(void **state)
{
    uint8_t secret[48], out[BLOCK_LEN];
    struct vec master = known("ssl3.master"), block = known("ssl3.block");
    (void)state;
    premaster(0, secret);
    assert_spk_ok(spk_ssl3_expand(SPK_SPAN_OF(secret), SPK_SPAN_OF(client), SPK_SPAN_OF(server),
                                  spk_mut(out, 48)));
    assert_span_equal(spk_span(out, 48), vec_span(&master));
    for (size_t len = 0; len <= BLOCK_LEN; len++) { /* a shorter answer is the start of a longer */
        memset(out, 0, sizeof out);
        assert_spk_ok(spk_ssl3_expand(vec_span(&master), SPK_SPAN_OF(server), SPK_SPAN_OF(client),
                                      spk_mut(out, len)));
        assert_memory_equal(out, block.b, len);
    }
}

static void
limits(void **state)
{
    static uint8_t big[SPK_TLS1_OUT_MAX + 1];
    struct spk_span s = SPK_SPAN_LIT("secret"), none = SPK_SPAN_EMPTY;
    (void)state;
    assert_spk_code(spk_tls1_prf(none, s, s, s, spk_mut(big, 8)), USAGE);
    assert_spk_code(spk_tls1_prf(s, none, none, none, spk_mut(big, 8)), USAGE);
    assert_spk_code(spk_tls1_prf(s, s, none, none, spk_mut(big, 0)), USAGE);
    assert_spk_code(spk_tls1_prf(s, s, none, none, SPK_MUT_OF(big)), LIMIT);
    assert_spk_code(spk_tls1_prf(s, spk_span(big, SPK_TLS1_SEED_MAX), s, none, spk_mut(big, 8)),
                    LIMIT);
    assert_spk_ok(spk_ssl3_expand(s, none, none, spk_mut(big, SPK_SSL3_OUT_MAX)));
    assert_spk_code(spk_ssl3_expand(s, none, none, spk_mut(big, SPK_SSL3_OUT_MAX + 1)), LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tls), cmocka_unit_test(ssl),
                                       cmocka_unit_test(limits)};
    return cmocka_run_group_tests(tests, randoms, NULL);
}
