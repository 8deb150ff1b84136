/* SPDX-License-Identifier: Apache-2.0 */
#include "kit.h"

#include "sealed/core.h"

/* A core with two authorities. */
static void
make(struct spk_buf *tlvs, struct spk_core *ret_core)
{
    struct spk_core_authority a = {.epoch = 3, .policy = 7};
    memset(a.spki.b, 0x11, 32);
    assert_spk_ok(spk_core_add_authority(tlvs, &a));
    memset(a.spki.b, 0x22, 32);
    a.epoch = 0xfffffffe;
    assert_spk_ok(spk_core_add_authority(tlvs, &a));
    *ret_core = (struct spk_core){
        .created = 1700000000, .area_len = 4096, .seg_len = 65536, .tlvs = spk_buf_span(tlvs)};
    memset(ret_core->id.b, 0xa5, sizeof ret_core->id.b);
    memset(ret_core->commitment.b, 0xc0, sizeof ret_core->commitment.b);
}

static void
what_is_built_is_parsed(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf tlvs = SPK_BUF(1000);
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_CORE_MAX);
    struct spk_core made;
    struct spk_core got;
    struct spk_core_authority a;
    uint32_t len;
    make(&tlvs, &made);
    assert_spk_ok(spk_core_build(&made, &bytes));
    assert_int_equal(bytes.len, SPK_CORE_FIXED + 2 * 44);
    assert_spk_ok(spk_core_peek(spk_span(bytes.ptr, 16), &len));
    assert_int_equal(len, bytes.len);
    assert_spk_ok(spk_core_parse(spk_buf_span(&bytes), &got));
    assert_memory_equal(got.id.b, made.id.b, 16);
    assert_memory_equal(got.commitment.b, made.commitment.b, 32);
    assert_int_equal(got.created, made.created);
    assert_int_equal(got.area_len, 4096);
    assert_int_equal(got.seg_len, 65536);
    assert_int_equal(spk_core_areas(&got), 2);
    assert_spk_ok(spk_core_authority(&got, 0, &a));
    assert_int_equal(a.spki.b[31], 0x11);
    assert_int_equal(a.epoch, 3);
    assert_int_equal(a.policy, 7);
    assert_spk_ok(spk_core_authority(&got, 1, &a));
    assert_int_equal(a.spki.b[0], 0x22);
    assert_int_equal(a.epoch, 0xfffffffe);
    assert_spk_code(spk_core_authority(&got, 2, &a), NOTFOUND);
}

static void
every_length_but_the_right_one_is_refused(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf tlvs = SPK_BUF(1000);
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_CORE_MAX);
    struct spk_core core;
    make(&tlvs, &core);
    assert_spk_ok(spk_core_build(&core, &bytes));
    assert_spk_ok(spk_buf_u8(&bytes, 0));
    for (size_t n = 0; n < bytes.len - 1; n++) {
        assert_spk_code(spk_core_parse(spk_span(bytes.ptr, n), &core), TRUNC);
    }
    assert_spk_code(spk_core_parse(spk_buf_span(&bytes), &core), FORMAT);
}

/* Build a core by hand with a 32-bit field changed. */
static spk_err
parse_with(size_t at, uint32_t value)
{
    SPK_AUTO_BUF struct spk_buf tlvs = SPK_BUF(1000);
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_CORE_MAX);
    struct spk_core core;
    make(&tlvs, &core);
    assert_spk_ok(spk_core_build(&core, &bytes));
    spk_put_u32(bytes.ptr + at, value);
    return spk_core_parse(spk_buf_span(&bytes), &core);
}

static void
sizes_have_bounds(void **state)
{
    (void)state;
    assert_spk_ok(parse_with(40, 1024));
    assert_spk_ok(parse_with(40, 65536));
    assert_spk_code(parse_with(40, 1023), FORMAT);
    assert_spk_code(parse_with(40, 65537), FORMAT);
    assert_spk_ok(parse_with(44, 4096));
    assert_spk_ok(parse_with(44, 16777216));
    assert_spk_code(parse_with(44, 4095), FORMAT);
    assert_spk_code(parse_with(44, 16777217), FORMAT);
    assert_spk_ok(parse_with(48, 1)); /* compact, 4096 being a multiple of 64 */
    assert_spk_code(parse_with(48, 2), VERSION);
    assert_spk_code(parse_with(48, 0x80000001), VERSION);
    assert_spk_code(parse_with(52, 1), FORMAT);
    assert_spk_code(parse_with(12, 87), FORMAT);
    assert_spk_code(parse_with(12, 65537), FORMAT);
}

static void
a_compact_area_is_a_multiple_of_64(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_CORE_MAX);
    struct spk_core core = {.seg_len = 4096, .flags = SPK_CORE_FLAG_COMPACT};
    const uint32_t good[] = {256, 320, 65536};
    const uint32_t bad[] = {0, 64, 192, 257, 300, 65600};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        core.area_len = good[i];
        assert_spk_ok(spk_core_build(&core, &bytes));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        core.area_len = bad[i];
        assert_spk_code(spk_core_build(&core, &bytes), FORMAT);
    }
}

static spk_err
build_with_tlvs(struct spk_span tlvs)
{
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_CORE_MAX);
    struct spk_core core = {.seg_len = 4096, .area_len = 1024, .tlvs = tlvs};
    return spk_core_build(&core, &bytes);
}

static void
unknown_tlvs_are_critical_below_8000(void **state)
{
    (void)state;
    assert_spk_ok(build_with_tlvs(SPK_SPAN_LIT("\x80\x01\x00\x02xy")));
    assert_spk_code(build_with_tlvs(SPK_SPAN_LIT("\x7f\xff\x00\x02xy")), VERSION);
    assert_spk_code(build_with_tlvs(SPK_SPAN_LIT("\x00\x00\x00\x00")), VERSION);
}

static void
tlvs_that_do_not_add_up_are_refused(void **state)
{
    (void)state;
    assert_spk_code(build_with_tlvs(SPK_SPAN_LIT("\x80")), FORMAT);
    assert_spk_code(build_with_tlvs(SPK_SPAN_LIT("\x80\x01\x00")), FORMAT);
    assert_spk_code(build_with_tlvs(SPK_SPAN_LIT("\x80\x01\x00\x03xy")), FORMAT);
    assert_spk_code(build_with_tlvs(SPK_SPAN_LIT("\x00\x01\x00\x02xy")), FORMAT);
}

static void
too_many_tlvs_are_refused(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf tlvs = SPK_BUF(1 << 20);
    struct spk_core_authority a = {0};
    spk_err e = SPK_OK;
    unsigned n = 0;
    while (spk_ok(e)) {
        e = spk_core_add_authority(&tlvs, &a);
        n += spk_ok(e) ? 1 : 0;
    }
    assert_spk_code(e, LIMIT);
    assert_int_equal(n, (SPK_CORE_MAX - SPK_CORE_FIXED) / 44);
    assert_spk_ok(build_with_tlvs(spk_buf_span(&tlvs)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_built_is_parsed),
        cmocka_unit_test(every_length_but_the_right_one_is_refused),
        cmocka_unit_test(sizes_have_bounds),
        cmocka_unit_test(a_compact_area_is_a_multiple_of_64),
        cmocka_unit_test(unknown_tlvs_are_critical_below_8000),
        cmocka_unit_test(tlvs_that_do_not_add_up_are_refused),
        cmocka_unit_test(too_many_tlvs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
