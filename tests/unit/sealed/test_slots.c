/* SPDX-License-Identifier: Apache-2.0 */
/* The list of slots, and one key area as bytes. */
#include "kit.h"

#include "sealed/area.h"

static struct spk_core core = {.area_len = 1024, .seg_len = 4096};
static struct spk_hash core_hash;
static struct spk_secret *key;

static int
setup(void **state)
{
    (void)state;
    memset(core_hash.b, 0x77, sizeof core_hash.b);
    assert_spk_ok(spk_secret_random(32, &key));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spk_secret_free(key);
    return 0;
}

static void
a_list_finds_puts_and_removes(void **state)
{
    (void)state;
    SPK_AUTO(spk_slots) s = NULL;
    struct spk_slot a = kit_slot(SPK_SLOT_USER, "a", SPK_SPAN_LIT("one"));
    struct spk_slot b = kit_slot(SPK_SLOT_AUTHORITY, "b", SPK_SPAN_LIT("two"));
    struct spk_slot b3 = kit_slot(SPK_SLOT_AUTHORITY, "b", SPK_SPAN_LIT("three"));
    assert_spk_ok(spk_slots_new(&s));
    assert_spk_ok(spk_slots_add(s, &a));
    assert_spk_ok(spk_slots_add(s, &b));
    assert_spk_ok(spk_slots_add(s, &a));
    assert_int_equal(spk_slots_count(s), 3);
    assert_ptr_equal(spk_slots_find(s, SPK_SLOT_USER, NULL, 0), spk_slots_at(s, 0));
    assert_ptr_equal(spk_slots_find(s, SPK_SLOT_USER, &a.recipient, 1), spk_slots_at(s, 2));
    assert_null(spk_slots_find(s, SPK_SLOT_USER, &b.recipient, 0));
    assert_null(spk_slots_find(s, SPK_SLOT_RECEIPT, NULL, 0));

    assert_spk_ok(spk_slots_put(s, &b3)); /* in the old one's place */
    assert_int_equal(spk_slots_count(s), 3);
    assert_true(spk_span_eq(spk_slots_at(s, 1)->body, SPK_SPAN_LIT("three")));
    assert_int_equal(spk_slots_area_need(s), 20 + 3 * 40 + 3 + 5 + 3 + 64);

    assert_int_equal(spk_slots_at(s, 1)->type, SPK_SLOT_AUTHORITY);
    assert_null(spk_slots_at(s, 3));
}

static void
a_list_has_an_end(void **state)
{
    (void)state;
    SPK_AUTO(spk_slots) s = NULL;
    static const uint8_t large[SPK_AREA_MAX];
    struct spk_slot a = kit_slot(SPK_SLOT_USER, "a", SPK_SPAN_EMPTY);
    assert_spk_ok(spk_slots_new(&s));
    for (unsigned i = 0; i < SPK_SLOTS_MAX; i++) {
        assert_spk_ok(spk_slots_add(s, &a));
    }
    assert_spk_code(spk_slots_add(s, &a), LIMIT);
    spk_slots_free(s);
    s = NULL;
    assert_spk_ok(spk_slots_new(&s));
    a.body = SPK_SPAN_OF(large);
    assert_spk_code(spk_slots_add(s, &a), LIMIT);
}

/* ---- area ---- */

/* Three slots of types that everybody knows. */
static void
build(uint64_t generation, struct spk_buf *out)
{
    SPK_AUTO(spk_slots) s = NULL;
    struct spk_slot a = kit_slot(SPK_SLOT_USER, "a", SPK_SPAN_LIT("one"));
    struct spk_slot b = kit_slot(SPK_SLOT_RECORD, "b", SPK_SPAN_EMPTY);
    struct spk_slot c = kit_slot(0x8abc, "c", SPK_SPAN_LIT("new"));
    a.flags = SPK_WRAP_OAEP | SPK_WRAP_DERIVED;
    c.flags = 0xffff;
    assert_spk_ok(spk_slots_new(&s));
    assert_spk_ok(spk_slots_add(s, &a));
    assert_spk_ok(spk_slots_add(s, &b));
    assert_spk_ok(spk_slots_add(s, &c));
    assert_spk_ok(spk_area_build(&core, &core_hash, key, generation, s, out));
    assert_int_equal(out->len, core.area_len);
}

static void
an_area_comes_back(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_AREA_MAX);
    struct spk_area a;
    bool ok = false;
    build(41, &bytes);
    assert_spk_ok(spk_area_parse(spk_buf_span(&bytes), &a));
    assert_int_equal(a.state, SPK_AREA_GOOD);
    assert_int_equal(a.generation, 41);
    assert_int_equal(spk_slots_count(a.slots), 3);
    assert_int_equal(spk_slots_at(a.slots, 0)->flags, 3);
    assert_true(spk_span_eq(spk_slots_at(a.slots, 0)->body, SPK_SPAN_LIT("one")));
    assert_int_equal(spk_slots_at(a.slots, 1)->body.len, 0);
    assert_int_equal(spk_slots_at(a.slots, 2)->type, 0x8abc); /* unknown, but may be kept */
    assert_spk_ok(spk_area_mac_ok(&a, &core.id, &core_hash, key, &ok));
    assert_true(ok);
    spk_area_end(&a);
}

static void
the_mac_is_bound_to_key_file_and_core(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_AREA_MAX);
    SPK_AUTO(spk_secret) other = NULL;
    struct spk_file_id id = {{1}};
    struct spk_hash h = core_hash;
    struct spk_area a;
    bool ok = true;
    h.b[5] ^= 1;
    build(1, &bytes);
    assert_spk_ok(spk_secret_random(32, &other));
    assert_spk_ok(spk_area_parse(spk_buf_span(&bytes), &a));
    assert_spk_ok(spk_area_mac_ok(&a, &core.id, &core_hash, other, &ok));
    assert_false(ok);
    assert_spk_ok(spk_area_mac_ok(&a, &id, &core_hash, key, &ok));
    assert_false(ok);
    assert_spk_ok(spk_area_mac_ok(&a, &core.id, &h, key, &ok));
    assert_false(ok);
    spk_area_end(&a);
}

static void
damage_anywhere_makes_an_area_bad(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_AREA_MAX);
    build(1, &bytes);
    size_t record = spk_get_u32(bytes.ptr + 4) + 64;
    for (size_t i = 0; i < bytes.len; i++) {
        struct spk_area a;
        bytes.ptr[i] ^= 0x20;
        assert_spk_ok(spk_area_parse(spk_buf_span(&bytes), &a));
        /* What lies behind the record says nothing: an older, longer record may have stood there.
         */
        assert_int_equal(a.state, i < record ? SPK_AREA_BAD : SPK_AREA_GOOD);
        spk_area_end(&a);
        bytes.ptr[i] ^= 0x20;
    }
}

/* Change bytes and make the SUM right again, as anybody can. */
static void
forge(struct spk_buf *bytes, size_t at, uint32_t value)
{
    struct spk_hash sum;
    uint32_t used = spk_get_u32(bytes->ptr + 4);
    spk_put_u32(bytes->ptr + at, value);
    assert_spk_ok(spk_sha256(spk_span(bytes->ptr, used + 32), &sum));
    memcpy(bytes->ptr + used + 32, sum.b, 32);
}

static void
assert_bad(struct spk_buf *bytes, bool unknown)
{
    struct spk_area a;
    assert_spk_ok(spk_area_parse(spk_buf_span(bytes), &a));
    assert_int_equal(a.state, SPK_AREA_BAD);
    assert_int_equal(a.unknown, unknown);
    assert_null(a.slots);
}

static void
structure_is_checked_behind_a_right_sum(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_AREA_MAX);
    static const uint32_t counts[] = {0, 0x00020000, 0x00040000, 0xffff0000, 0x00030001};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        spk_buf_reset(&bytes);
        build(1, &bytes);
        forge(&bytes, 16, counts[i]); /* slot count and the word that must be zero */
        assert_bad(&bytes, false);
    }
    spk_buf_reset(&bytes);
    build(1, &bytes);
    forge(&bytes, 24, 0xffffffff); /* length of the first body */
    assert_bad(&bytes, false);
}

static void
what_is_critical_and_unknown_is_noticed(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_AREA_MAX);
    static const uint32_t heads[] = {
        0x00000000,             /* type 0 */
        0x00070000,             /* a type that does not exist yet */
        0x7fff0000, 0x00010004, /* a SIMPLEBLOB with a flag that we do not know */
        0x00040001,             /* metadata has no flags */
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        spk_buf_reset(&bytes);
        build(1, &bytes);
        forge(&bytes, 20, heads[i]);
        assert_bad(&bytes, true);
    }
}

static void
a_used_field_out_of_bounds_is_bad(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_AREA_MAX);
    static const uint32_t used[] = {0, 19, 1024 - 63, 1024, 0xffffffff};
    for (size_t i = 0; i < sizeof used / sizeof used[0]; i++) {
        spk_buf_reset(&bytes);
        build(1, &bytes);
        spk_put_u32(bytes.ptr + 4, used[i]);
        assert_bad(&bytes, false);
    }
    struct spk_area a;
    assert_spk_ok(spk_area_parse(spk_span(bytes.ptr, 83), &a));
    assert_int_equal(a.state, SPK_AREA_BAD);
    assert_spk_ok(spk_area_parse(SPK_SPAN_EMPTY, &a));
    assert_int_equal(a.state, SPK_AREA_BAD);
}

static void
slots_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    SPK_AUTO(spk_slots) s = NULL;
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_AREA_MAX);
    static const uint8_t body[1024 - 20 - 40 - 64 + 1];
    struct spk_slot a = kit_slot(SPK_SLOT_USER, "a", spk_span(body, sizeof body - 1));
    assert_spk_ok(spk_slots_new(&s));
    assert_spk_ok(spk_slots_add(s, &a));
    assert_spk_ok(spk_area_build(&core, &core_hash, key, 1, s, &bytes)); /* exactly full */
    a.body = SPK_SPAN_OF(body);
    assert_spk_ok(spk_slots_put(s, &a));
    assert_spk_code(spk_area_build(&core, &core_hash, key, 1, s, &bytes), LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_finds_puts_and_removes),
        cmocka_unit_test(a_list_has_an_end),
        cmocka_unit_test(an_area_comes_back),
        cmocka_unit_test(the_mac_is_bound_to_key_file_and_core),
        cmocka_unit_test(damage_anywhere_makes_an_area_bad),
        cmocka_unit_test(structure_is_checked_behind_a_right_sum),
        cmocka_unit_test(what_is_critical_and_unknown_is_noticed),
        cmocka_unit_test(a_used_field_out_of_bounds_is_bad),
        cmocka_unit_test(slots_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
