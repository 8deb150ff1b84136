/* SPDX-License-Identifier: Apache-2.0 */
#include "vec.h"

#include <stdlib.h>
#include <string.h>

#include "wire/share.h"

struct kit {
    struct spk_secret *officer, *transport, *share;
    struct spk_share s;
    uint8_t transport_pub[32];
    struct spk_buf file;
};

static int
setup(void **state)
{
    struct kit *k = calloc(1, sizeof(*k));
    uint8_t raw[SPK_SHARE_LEN] = {2};

    assert_non_null(k);
    memset(raw + 1, 0x5e, SPK_SHARE_LEN - 1);
    assert_spk_ok(spk_secret_from(SPK_SPAN_OF(raw), &k->share));
    k->officer = vec_seed(0x21);
    k->transport = vec_seed(0x22);
    k->s = (struct spk_share){.kind = SPK_SHARE_KEPT,
                              .copy = {7},
                              .genesis = vec_hash("policy.genesis.hash"),
                              .policy = 1,
                              .k = 2,
                              .n = 3,
                              .x = 2,
                              .officer = "officer/bob"};
    assert_spk_ok(spk_x25519_public(k->officer, k->s.to));
    assert_spk_ok(spk_x25519_public(k->transport, k->transport_pub));
    k->file.max = SPK_SHARE_FILE_MAX;
    assert_spk_ok(spk_share_seal(&k->s, k->share, &k->file));
    *state = k;
    return 0;
}

static int
teardown(void **state)
{
    struct kit *k = *state;

    spk_secret_free(k->officer);
    spk_secret_free(k->transport);
    spk_secret_free(k->share);
    spk_buf_free(&k->file);
    free(k);
    return 0;
}

static void
kept_share_opens_for_its_officer(void **state)
{
    struct kit *k = *state;
    SPK_AUTO(spk_secret) out = NULL;
    struct spk_share s;

    assert_memory_equal(k->file.ptr, "SPKSHARE", 8);
    assert_spk_ok(spk_share_parse(spk_buf_span(&k->file), &s));
    assert_int_equal(s.kind, SPK_SHARE_KEPT);
    assert_string_equal(s.officer, "officer/bob");
    assert_int_equal(s.x, 2);
    assert_spk_code(spk_share_open(&s, k->transport, &out), NOKEY);
    assert_null(out);
    assert_spk_ok(spk_share_open(&s, k->officer, &out));
    assert_true(spk_secret_eq(out, k->share));
}

static void
passed_on_share_opens_at_its_end_only(void **state)
{
    struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf file = SPK_BUF(SPK_SHARE_FILE_MAX);
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(SPK_SHARE_FILE_MAX);
    SPK_AUTO(spk_secret) out = NULL;
    struct spk_share s;

    assert_spk_ok(spk_share_pass_on(spk_buf_span(&k->file), k->officer, k->transport_pub, &file));
    assert_memory_equal(file.ptr, "SPKSPASS", 8);
    assert_spk_ok(spk_share_parse(spk_buf_span(&file), &s));
    assert_int_equal(s.kind, SPK_SHARE_PASSED_ON);
    assert_spk_code(spk_share_open(&s, k->officer, &out), NOKEY);
    assert_spk_ok(spk_share_open(&s, k->transport, &out));
    assert_true(spk_secret_eq(out, k->share));
    assert_spk_code(spk_share_pass_on(spk_buf_span(&file), k->transport, k->transport_pub, &again),
                    FORMAT); /* once is enough */
    s.kind = SPK_SHARE_KEPT; /* relabelled */
    spk_secret_free(out);
    out = NULL;
    assert_spk_code(spk_share_open(&s, k->transport, &out), AUTH);
}

/* Every field is under the seal: no changed file opens, and none that is cut short or extended. */
static void
changed_files_do_not_open(void **state)
{
    struct kit *k = *state;
    uint8_t *copy = vec_copy(spk_buf_span(&k->file), 1);
    struct spk_share s;

    for (size_t i = 0; i < k->file.len; i++) {
        SPK_AUTO(spk_secret) out = NULL;
        copy[i] ^= 1;
        if (spk_ok(spk_share_parse(spk_span(copy, k->file.len), &s))) {
            assert_false(spk_ok(spk_share_open(&s, k->officer, &out)));
        }
        assert_null(out);
        copy[i] ^= 1;
        assert_false(spk_ok(spk_share_parse(spk_span(copy, i), &s)));
    }
    assert_spk_code(spk_share_parse(spk_span(copy, k->file.len + 1), &s), FORMAT);
    free(copy);
}

static void
senseless_shares_are_not_made(void **state)
{
    struct kit *k = *state;
    SPK_AUTO_BUF struct spk_buf file = SPK_BUF(SPK_SHARE_FILE_MAX);
    SPK_AUTO(spk_secret) other = vec_seed(2);
    struct spk_share s = k->s;

    assert_spk_code(spk_share_seal(&s, other, &file), USAGE); /* 32 bytes */
    s.x = 3;
    assert_spk_code(spk_share_seal(&s, k->share, &file), USAGE); /* the share of another number */
    s.x = 4;
    assert_spk_code(spk_share_seal(&s, k->share, &file), FORMAT);
    s = k->s;
    s.k = 1;
    assert_spk_code(spk_share_seal(&s, k->share, &file), FORMAT);
    s.k = 4;
    assert_spk_code(spk_share_seal(&s, k->share, &file), FORMAT);
    s = k->s;
    memset(s.to, 0, sizeof(s.to));
    assert_spk_code(spk_share_seal(&s, k->share, &file), FORMAT);
    s = k->s;
    s.officer[0] = 0;
    assert_spk_code(spk_share_seal(&s, k->share, &file), FORMAT);
    assert_int_equal(file.len, 0);
}

static void
transport_codes_differ(void **state)
{
    struct kit *k = *state;
    uint8_t other[SPK_COPY_ID_LEN] = {8};
    char a[SPK_REQ_CODE_LEN], b[SPK_REQ_CODE_LEN], c[SPK_REQ_CODE_LEN];

    assert_spk_ok(spk_transport_code(k->s.copy, k->transport_pub, a));
    assert_spk_ok(spk_transport_code(k->s.copy, k->s.to, b));
    assert_spk_ok(spk_transport_code(other, k->transport_pub, c));
    assert_int_equal(strlen(a), 23);
    assert_string_not_equal(a, b);
    assert_string_not_equal(a, c);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(kept_share_opens_for_its_officer), T(passed_on_share_opens_at_its_end_only),
        T(changed_files_do_not_open),        T(senseless_shares_are_not_made),
        T(transport_codes_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
