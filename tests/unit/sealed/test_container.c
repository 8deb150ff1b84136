/* SPDX-License-Identifier: Apache-2.0 */
/* The container's known answer, and every attack on it that doc/spec/sealed-file.md calls stopped.
 */
#include "kit.h"

#include "base/text.h"
#include "sealed/area.h"
#include "sealed/floe.h"
#include "sealed/seal_int.h"

/* ---- known answer ---- */

#define KNOWN_SHA256 "ec4afb4dd1a3ec16ab694245a7ec8fba9516562bf807e3f7005548c69a164582"
#define KNOWN_C "cb9eeb7ae402b299e57d691fd2be6d36f86578d798f2af318d9112270d64152a"
#define KNOWN_MAC "c83ed8a784a99c5c0b435a321d21a4eb4aaa77f0889067d6a368f4354d98405e"
#define KNOWN_FLOE_TAG "303d4f8dea2652187132dc8322847cb895394c79612ed900828ac6f733caa7e4"
#define KNOWN_LEN 12306
#define KNOWN_PLAIN 10000

/* Segment IV i = u32(1) || u32(2) || u32(i) */
static spk_err
known_ivs(void *ctx, uint64_t first, struct spk_mut ret_ivs)
{
    (void)ctx;
    for (size_t i = 0; i < ret_ivs.len / 12; i++) {
        spk_put_u32(ret_ivs.ptr + 12 * i, 1);
        spk_put_u32(ret_ivs.ptr + 12 * i + 4, 2);
        spk_put_u32(ret_ivs.ptr + 12 * i + 8, (uint32_t)(first + i));
    }
    return SPK_OK;
}

static struct kit_bytes
known_plain(void)
{
    struct kit_bytes b = kit_alloc(KNOWN_PLAIN);
    for (size_t i = 0; i < b.len; i++) {
        b.ptr[i] = (uint8_t)(7 * i);
    }
    return b;
}

static void
known_seal(unsigned threads, struct kit_bytes *ret_file)
{
    static const uint8_t blob_head[12] = {1, 2, 0, 0, 0x10, 0x66, 0, 0, 0, 0xa4, 0, 0};
    uint8_t key[32];
    uint8_t body[12 + 384];
    struct spk_seal_fixed fixed = {
        .key = SPK_SPAN_OF(key), .created = 1700000000, .ivs = known_ivs};
    struct spk_seal_opts opts = {.seg_len = 4096, .area_len = 1024, .threads = threads};
    for (unsigned i = 0; i < 32; i++) {
        key[i] = (uint8_t)i;
        fixed.floe_iv[i] = (uint8_t)(0x40 + i);
    }
    for (unsigned i = 0; i < 16; i++) {
        fixed.id.b[i] = (uint8_t)(0xa0 + i);
    }
    memcpy(body, blob_head, 12);
    memset(body + 12, 0xcc, 384);

    SPK_AUTO(spk_seal) s = NULL;
    struct kit_bytes plain = known_plain();
    SPK_AUTO_FD int in = kit_file(kit_span(&plain));
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    struct spk_slot slot = kit_slot(SPK_SLOT_USER, "spki", SPK_SPAN_OF(body));
    assert_spk_ok(spk_seal_begin_fixed(KNOWN_PLAIN, SPK_SPAN_EMPTY, &opts, &fixed, &s));
    assert_spk_ok(spk_slots_add(spk_seal_slots(s), &slot));
    assert_spk_ok(spk_seal_run(s, in, out));
    *ret_file = kit_slurp(out);
    kit_free(&plain);
}

static void
assert_hex(const uint8_t *bytes, const char *hex)
{
    char text[65];
    assert_string_equal(spk_hex(spk_span(bytes, 32), text), hex);
}

static void
the_known_answer_comes_out(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        struct kit_bytes file;
        struct spk_hash h;
        known_seal(threads, &file);
        assert_int_equal(file.len, KNOWN_LEN);
        assert_hex(file.ptr + 56, KNOWN_C);
        assert_hex(file.ptr + 88 + 20 + 40 + 396, KNOWN_MAC);
        assert_hex(file.ptr + 88 + 2048 + 42, KNOWN_FLOE_TAG);
        assert_spk_ok(spk_sha256(kit_span(&file), &h));
        assert_hex(h.b, KNOWN_SHA256);
        kit_free(&file);
    }
}

static void
the_known_answer_opens(void **state)
{
    (void)state;
    struct kit_bytes file;
    struct kit_bytes plain = known_plain();
    uint8_t k[32];
    SPK_AUTO(spk_secret) key = NULL;
    for (unsigned i = 0; i < 32; i++) {
        k[i] = (uint8_t)i;
    }
    known_seal(1, &file);
    assert_spk_ok(spk_secret_from(SPK_SPAN_OF(k), &key));
    kit_assert_opens(kit_span(&file), key, kit_span(&plain));
    kit_free(&file);
    kit_free(&plain);
}

/* ---- attacks ---- */

#define SEG 4096u
#define PLAIN (3 * (SEG - 32) + 1000) /* four segments, the last one short */

static struct kit_bytes plain;
static struct kit_sealed good;
static size_t payload; /* of segment 0 */

static int
setup(void **state)
{
    (void)state;
    const struct spk_seal_opts opts = {.seg_len = SEG, .area_len = 1024};
    SPK_AUTO(spk_header) h = NULL;
    plain = kit_plain(PLAIN);
    good = kit_seal(kit_span(&plain), &opts);
    assert_spk_ok(spk_header_parse(kit_span(&good.file), &h));
    payload = (size_t)spk_header_payload_off(h) + SPK_FLOE_HEADER_LEN;
    kit_assert_opens(kit_span(&good.file), good.key, kit_span(&plain));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    kit_free(&plain);
    kit_sealed_free(&good);
    return 0;
}

static uint8_t *
seg(struct kit_bytes *f, unsigned i)
{
    return f->ptr + payload + (size_t)i * SEG;
}

static void
flipped_bits_are_refused(void **state)
{
    (void)state;
    struct kit_bytes f = kit_copy(kit_span(&good.file));
    /* Every place of a segment's frame, and some in its text; and of the FLOE header. */
    for (size_t at = payload - SPK_FLOE_HEADER_LEN; at < f.len; at += at < payload + 40 ? 1 : 61) {
        f.ptr[at] ^= 0x04;
        kit_assert_refused("auth", kit_span(&f), good.key);
        f.ptr[at] ^= 0x04;
    }
    kit_assert_opens(kit_span(&f), good.key, kit_span(&plain));
    kit_free(&f);
}

static void
reordered_segments_are_refused(void **state)
{
    (void)state;
    struct kit_bytes f = kit_copy(kit_span(&good.file));
    memcpy(seg(&f, 1), good.file.ptr + payload + 2 * SEG, SEG);
    memcpy(seg(&f, 2), good.file.ptr + payload + 1 * SEG, SEG);
    kit_assert_refused("auth", kit_span(&f), good.key);
    kit_free(&f);
}

static void
a_duplicated_segment_is_refused(void **state)
{
    (void)state;
    struct kit_bytes f = kit_alloc(good.file.len + SEG);
    memcpy(f.ptr, good.file.ptr, payload + 2 * SEG);
    memcpy(seg(&f, 2), good.file.ptr + payload + SEG, good.file.len - payload - SEG);
    kit_assert_refused("auth", kit_span(&f), good.key);
    kit_free(&f);
}

static void
a_dropped_segment_is_refused(void **state)
{
    (void)state;
    struct kit_bytes f = kit_alloc(good.file.len - SEG);
    memcpy(f.ptr, good.file.ptr, payload + SEG);
    memcpy(seg(&f, 1), good.file.ptr + payload + 2 * SEG, f.len - payload - SEG);
    kit_assert_refused("auth", kit_span(&f), good.key);
    kit_free(&f);
}

static void
truncation_at_a_boundary_is_seen(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 3; n++) {
        kit_assert_refused("truncated", spk_span(good.file.ptr, payload + n * SEG), good.key);
    }
}

static void
truncation_anywhere_else_is_seen(void **state)
{
    (void)state;
    static const size_t cuts[] = {1, 31, 32, 33, 999, 1000, 1031, SEG + 1, 2 * SEG + 500};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        kit_assert_refused("truncated", spk_span(good.file.ptr, good.file.len - cuts[i]), good.key);
    }
    for (size_t n = 16; n < payload; n += 97) { /* inside core, areas, FLOE header */
        struct kit_bytes got = {0};
        spk_err e = kit_open(spk_span(good.file.ptr, n), good.key, 1, &got);
        assert_true(e.code == SPK_CODE_TRUNC || e.code == SPK_CODE_AUTH);
    }
}

/* The file with more bytes behind it. */
static void
refuse_extended(const char *code, struct spk_span more)
{
    struct kit_bytes f = kit_alloc(good.file.len + more.len);
    memcpy(f.ptr, good.file.ptr, good.file.len);
    memcpy(f.ptr + good.file.len, more.ptr, more.len);
    kit_assert_refused(code, kit_span(&f), good.key);
    kit_free(&f);
}

static void
bytes_behind_the_end_are_refused(void **state)
{
    (void)state;
    const uint8_t *first = good.file.ptr + payload;
    static const uint8_t garbage[5000] = {0xff, 0xff, 0xff, 0xff, 1};
    size_t last = good.file.len - payload - 3 * SEG;
    refuse_extended("format", spk_span(garbage, 1));
    refuse_extended("format", spk_span(garbage, sizeof garbage));
    refuse_extended("format", spk_span(first, SEG));            /* an internal segment */
    refuse_extended("format", spk_span(first + 3 * SEG, last)); /* the file's own final one */
}

/* Garbage that hides the end: what was final now stands where an internal segment should be. */
static void
a_final_segment_grown_to_full_length_is_refused(void **state)
{
    (void)state;
    struct kit_bytes f = kit_alloc(payload + 4 * SEG);
    memcpy(f.ptr, good.file.ptr, good.file.len);
    kit_assert_refused("format", kit_span(&f), good.key);
    memset(seg(&f, 3), 0xff, 4); /* and claims to be internal */
    kit_assert_refused("auth", kit_span(&f), good.key);
    kit_free(&f);
}

/* Segments of another payload, whole: only salts and keys tell them apart. */
static void
refuse_splice(const struct kit_bytes *other, const struct spk_secret *key, bool with_header)
{
    struct kit_bytes f = kit_copy(kit_span(&good.file));
    assert_int_equal(other->len, f.len);
    memcpy(seg(&f, 1), other->ptr + payload + SEG, SEG);
    kit_assert_refused("auth", kit_span(&f), key);
    if (with_header) { /* the whole payload, FLOE header and all */
        size_t at = payload - SPK_FLOE_HEADER_LEN;
        memcpy(f.ptr + at, other->ptr + at, f.len - at);
        kit_assert_refused("auth", kit_span(&f), key);
    }
    kit_free(&f);
}

static void
a_splice_from_another_file_is_refused(void **state)
{
    (void)state;
    const struct spk_seal_opts opts = {.seg_len = SEG, .area_len = 1024};
    struct kit_sealed other = kit_seal(kit_span(&plain), &opts);
    refuse_splice(&other.file, good.key, true);
    kit_sealed_free(&other);
}

/* The same K, id, core and plaintext, sealed twice: only the FLOE IV differs. */
static void
seal_again(struct kit_sealed *ret_s)
{
    struct spk_seal_fixed fixed = {.key = spk_secret_span(good.key),
                                   .id = good.id,
                                   .created = spk_get_u64(good.file.ptr + 32)};
    const struct spk_seal_opts opts = {.seg_len = SEG, .area_len = 1024};
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO_FD int in = kit_file(kit_span(&plain));
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    assert_spk_ok(spk_random(SPK_MUT_OF(fixed.floe_iv)));
    assert_spk_ok(spk_seal_begin_fixed(PLAIN, SPK_SPAN_EMPTY, &opts, &fixed, &s));
    assert_spk_ok(spk_seal_run(s, in, out));
    *ret_s = (struct kit_sealed){.file = kit_slurp(out)};
    assert_spk_ok(spk_secret_dup(good.key, &ret_s->key));
}

static void
a_splice_from_an_older_payload_of_the_same_key_is_refused(void **state)
{
    (void)state;
    struct kit_sealed older;
    seal_again(&older);
    kit_assert_opens(kit_span(&older.file), good.key, kit_span(&plain));
    assert_memory_equal(older.file.ptr, good.file.ptr, SPK_CORE_FIXED);
    refuse_splice(&older.file, good.key, false);
    kit_sealed_free(&older);
}

/* A changed core, with the areas' MACs made anew as only who knows K could do it: the payload still
 * notices, being bound to H(core) on its own. */
static void
refuse_core(const char *plainly, const char *with_macs, size_t at, uint8_t flip)
{
    struct kit_bytes f = kit_copy(kit_span(&good.file));
    SPK_AUTO(spk_header) h = NULL;
    f.ptr[at] ^= flip;
    kit_assert_refused(plainly, kit_span(&f), good.key);
    if (with_macs != NULL) {
        SPK_AUTO_BUF struct spk_buf area = SPK_BUF(SPK_AREA_MAX);
        assert_spk_ok(spk_header_parse(kit_span(&f), &h));
        assert_spk_ok(spk_area_build(spk_header_core(h), spk_header_core_hash(h), good.key, 1,
                                     spk_header_slots(h), &area));
        assert_int_equal(area.len, 1024);
        memcpy(f.ptr + SPK_CORE_FIXED, area.ptr, area.len);
        memcpy(f.ptr + SPK_CORE_FIXED + area.len, area.ptr, area.len);
        kit_assert_refused(with_macs, kit_span(&f), good.key);
    }
    kit_free(&f);
}

static void
a_changed_magic_is_refused(void **state)
{
    (void)state;
    for (size_t at = 0; at < 8; at++) {
        refuse_core("format", NULL, at, 0x01);
    }
}

static void
a_changed_version_or_suite_is_refused(void **state)
{
    (void)state;
    refuse_core("version", NULL, 9, 0x03);
    refuse_core("version", NULL, 11, 0x03);
}

static void
a_changed_core_len_is_refused(void **state)
{
    (void)state;
    refuse_core("format", NULL, 15, 0x40); /* 24 */
    struct kit_bytes f = kit_copy(kit_span(&good.file));
    struct kit_bytes got = {0};
    f.ptr[14] ^= 1; /* 344: the commitment, which is random, now reads as TLVs */
    assert_false(spk_ok(kit_open(kit_span(&f), good.key, 1, &got)));
    kit_free(&f);
}

static void
a_changed_file_id_is_refused(void **state)
{
    (void)state;
    refuse_core("auth", NULL, 16, 0x01);
    refuse_core("auth", NULL, 31, 0x80);
}

static void
a_changed_creation_time_is_refused(void **state)
{
    (void)state;
    refuse_core("auth", "auth", 39, 0x01);
}

static void
a_changed_seg_len_is_refused(void **state)
{
    (void)state;
    refuse_core("auth", "auth", 46, 0x30); /* 8192 */
    refuse_core("format", NULL, 46, 0x10); /* 0 */
}

static void
changed_flags_are_refused(void **state)
{
    (void)state;
    refuse_core("auth", NULL, 51, 0x01);    /* compact: one area less, the payload elsewhere */
    refuse_core("version", NULL, 51, 0x02); /* a flag that does not exist */
    refuse_core("format", NULL, 55, 0x01);  /* the word that must be zero */
}

static void
a_changed_commitment_is_refused(void **state)
{
    (void)state;
    refuse_core("auth", NULL, 56, 0x01);
    refuse_core("auth", NULL, 87, 0x01);
}

static void
a_changed_tlv_is_refused(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf tlvs = SPK_BUF(1000);
    struct spk_core_authority a = {.epoch = 1, .policy = 1};
    assert_spk_ok(spk_core_add_authority(&tlvs, &a));
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO_FD int in = kit_file(kit_span(&plain));
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    assert_spk_ok(spk_seal_begin(PLAIN, spk_buf_span(&tlvs), NULL, &s));
    assert_spk_ok(spk_seal_run(s, in, out));
    struct kit_bytes f = kit_slurp(out);
    kit_assert_opens(kit_span(&f), spk_seal_key(s), kit_span(&plain));
    f.ptr[56 + 4 + 35] ^= 2; /* another epoch */
    kit_assert_refused("auth", kit_span(&f), spk_seal_key(s));
    f.ptr[56 + 4 + 35] ^= 2;
    f.ptr[57] = 0x77; /* a type that is critical and unknown */
    kit_assert_refused("version", kit_span(&f), spk_seal_key(s));
    f.ptr[56] = 0x80; /* one that may be skipped: the MAC notices */
    kit_assert_refused("auth", kit_span(&f), spk_seal_key(s));
    f.ptr[56] = 0;
    f.ptr[57] = 1;
    f.ptr[59] = 39; /* a length that does not add up */
    kit_assert_refused("format", kit_span(&f), spk_seal_key(s));
    kit_free(&f);
}

/* Without K the SUM can be made right, the MAC cannot. */
static void
a_slot_replaced_without_the_key_is_refused(void **state)
{
    (void)state;
    struct kit_bytes f = kit_copy(kit_span(&good.file));
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *area = f.ptr + SPK_CORE_FIXED + i * 1024u;
        uint32_t used = spk_get_u32(area + 4);
        struct spk_hash sum;
        area[20 + 40] ^= 1; /* the first byte of the BLOB */
        assert_spk_ok(spk_sha256(spk_span(area, used + 32), &sum));
        memcpy(area + used + 32, sum.b, 32);
    }
    kit_assert_refused("auth", kit_span(&f), good.key);
    kit_free(&f);
}

static void
one_damaged_area_does_no_harm(void **state)
{
    (void)state;
    struct kit_bytes f = kit_copy(kit_span(&good.file));
    for (unsigned i = 0; i < 2; i++) {
        f.ptr[SPK_CORE_FIXED + i * 1024u + 25] ^= 1;
        kit_assert_opens(kit_span(&f), good.key, kit_span(&plain));
        f.ptr[SPK_CORE_FIXED + i * 1024u + 25] ^= 1;
    }
    kit_free(&f);
}

static void
the_wrong_key_is_refused(void **state)
{
    (void)state;
    SPK_AUTO(spk_secret) other = NULL;
    assert_spk_ok(spk_secret_random(32, &other));
    kit_assert_refused("auth", kit_span(&good.file), other);
}

static void
what_is_not_a_sealed_file_is_told(void **state)
{
    (void)state;
    kit_assert_refused("format", SPK_SPAN_EMPTY, good.key);
    kit_assert_refused("format", SPK_SPAN_LIT("x"), good.key);
    kit_assert_refused("format", SPK_SPAN_LIT("a text that is long enough to be looked at"),
                       good.key);
    kit_assert_refused("truncated", spk_span(good.file.ptr, 15), good.key);
    kit_assert_refused("truncated", spk_span(good.file.ptr, 1), good.key);
    kit_assert_refused("truncated", spk_span(good.file.ptr, 87), good.key);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_answer_comes_out),
        cmocka_unit_test(the_known_answer_opens),
        cmocka_unit_test(flipped_bits_are_refused),
        cmocka_unit_test(reordered_segments_are_refused),
        cmocka_unit_test(a_duplicated_segment_is_refused),
        cmocka_unit_test(a_dropped_segment_is_refused),
        cmocka_unit_test(truncation_at_a_boundary_is_seen),
        cmocka_unit_test(truncation_anywhere_else_is_seen),
        cmocka_unit_test(bytes_behind_the_end_are_refused),
        cmocka_unit_test(a_final_segment_grown_to_full_length_is_refused),
        cmocka_unit_test(a_splice_from_another_file_is_refused),
        cmocka_unit_test(a_splice_from_an_older_payload_of_the_same_key_is_refused),
        cmocka_unit_test(a_changed_magic_is_refused),
        cmocka_unit_test(a_changed_version_or_suite_is_refused),
        cmocka_unit_test(a_changed_core_len_is_refused),
        cmocka_unit_test(a_changed_file_id_is_refused),
        cmocka_unit_test(a_changed_creation_time_is_refused),
        cmocka_unit_test(a_changed_seg_len_is_refused),
        cmocka_unit_test(changed_flags_are_refused),
        cmocka_unit_test(a_changed_commitment_is_refused),
        cmocka_unit_test(a_changed_tlv_is_refused),
        cmocka_unit_test(a_slot_replaced_without_the_key_is_refused),
        cmocka_unit_test(one_damaged_area_does_no_harm),
        cmocka_unit_test(the_wrong_key_is_refused),
        cmocka_unit_test(what_is_not_a_sealed_file_is_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
