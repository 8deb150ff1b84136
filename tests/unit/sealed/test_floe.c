/* SPDX-License-Identifier: Apache-2.0 */
#include "kit.h"

#include <stdio.h>

#include "base/text.h"
#include "sealed/floe.h"

/* Vectors of FLOE's own implementations: key 32 zero bytes, AAD "This is AAD". */
struct vector {
    const char *name;
    uint32_t seg_len;
    unsigned rotation;
};
static const struct vector vectors[] = {
    {"cpp_GCM256_IV256_4K", 4096, 20},
    {"cpp_GCM256_IV256_64", 64, 20},
    {"cpp_rotation", 40, 2},
    {"go_GCM256_IV256_4K", 4096, 20},
    {"go_GCM256_IV256_64", 64, 20},
    {"go_rotation", 40, 2},
    {"java_GCM256_IV256_4K", 4096, 20},
    {"java_GCM256_IV256_64", 64, 20},
    {"java_lastSegAligned", 40, 20},
    {"java_lastSegEmpty", 40, 20},
    {"java_rotation", 40, 2},
    {"pub_java_GCM256_IV256_4K", 4096, 20},
    {"pub_java_GCM256_IV256_64", 64, 20},
    {"pub_java_rotation", 40, 2},
};
#define VECTORS (sizeof vectors / sizeof vectors[0])

static const uint8_t zero_key[32];

static struct kit_bytes
load(const char *name, const char *kind)
{
    char path[128];
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(1 << 20);
    snprintf(path, sizeof path, "floe/%s_%s.txt", name, kind);
    spk_test_vector(path, &text);
    size_t digits = text.len;
    while (digits > 0 && text.ptr[digits - 1] <= ' ') {
        digits--;
    }
    struct kit_bytes b = kit_alloc(digits / 2);
    assert_spk_ok(spk_hex_parse(spk_span(text.ptr, digits), b.ptr, b.len));
    return b;
}

static void
vector_opens(const struct vector *v)
{
    struct kit_bytes ct = load(v->name, "ct");
    struct kit_bytes pt = load(v->name, "pt");
    struct spk_floe f;
    struct spk_floe_worker w;
    assert_spk_ok(spk_floe_open_begin(&f, SPK_SPAN_OF(zero_key), SPK_SPAN_LIT("This is AAD"),
                                      v->seg_len, ct.ptr));
    f.rotation = v->rotation;
    assert_spk_ok(spk_floe_worker_begin(&w, &f));
    size_t at = SPK_FLOE_HEADER_LEN;
    size_t done = 0;
    for (unsigned i = 0; at < ct.len; i++) {
        bool final = ct.len - at <= v->seg_len;
        size_t n = final ? ct.len - at : v->seg_len;
        assert_spk_ok(spk_floe_open(&w, i, final, ct.ptr + at, n));
        assert_true(done + n - SPK_FLOE_OVERHEAD <= pt.len);
        assert_memory_equal(ct.ptr + at + SPK_FLOE_SEG_HEAD, pt.ptr + done, n - SPK_FLOE_OVERHEAD);
        done += n - SPK_FLOE_OVERHEAD;
        at += n;
    }
    assert_int_equal(done, pt.len);
    spk_floe_worker_end(&w);
    kit_free(&ct);
    kit_free(&pt);
}

/* Sealing with the vector's own IVs must give the vector's own bytes. */
static void
vector_seals(const struct vector *v)
{
    struct kit_bytes ct = load(v->name, "ct");
    struct kit_bytes pt = load(v->name, "pt");
    struct kit_bytes seg = kit_alloc(v->seg_len);
    struct spk_floe f;
    struct spk_floe_worker w;
    uint8_t header[SPK_FLOE_HEADER_LEN];
    assert_spk_ok(spk_floe_seal_begin(&f, SPK_SPAN_OF(zero_key), SPK_SPAN_LIT("This is AAD"),
                                      v->seg_len, ct.ptr + SPK_FLOE_PARAMS_LEN, header));
    f.rotation = v->rotation;
    assert_memory_equal(header, ct.ptr, sizeof header);
    assert_spk_ok(spk_floe_worker_begin(&w, &f));
    size_t at = SPK_FLOE_HEADER_LEN;
    size_t done = 0;
    for (unsigned i = 0; at < ct.len; i++) {
        bool final = ct.len - at <= v->seg_len;
        size_t n = final ? ct.len - at : v->seg_len;
        memcpy(seg.ptr + SPK_FLOE_SEG_HEAD, pt.ptr + done, n - SPK_FLOE_OVERHEAD);
        assert_spk_ok(spk_floe_seal(&w, i, final, ct.ptr + at + 4, seg.ptr, n - SPK_FLOE_OVERHEAD));
        assert_memory_equal(seg.ptr, ct.ptr + at, n);
        done += n - SPK_FLOE_OVERHEAD;
        at += n;
    }
    spk_floe_worker_end(&w);
    kit_free(&ct);
    kit_free(&pt);
    kit_free(&seg);
}

static void
published_vectors_open(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        vector_opens(&vectors[i]);
    }
}

static void
published_vectors_seal(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        vector_seals(&vectors[i]);
    }
}

/* One sealed segment of 4096 to do wrong things with. */
struct one {
    struct spk_floe f;
    struct spk_floe_worker w;
    uint8_t header[SPK_FLOE_HEADER_LEN];
    uint8_t seg[4096];
    uint8_t good[4096];
};
static const uint8_t one_iv[SPK_FLOE_IV_LEN] = {7};
static const uint8_t seg_iv[SPK_AEAD_IV_LEN] = {9};

static void
one_begin(struct one *o, bool final)
{
    assert_spk_ok(spk_floe_seal_begin(&o->f, SPK_SPAN_OF(zero_key), SPK_SPAN_LIT("aad"), 4096,
                                      one_iv, o->header));
    assert_spk_ok(spk_floe_worker_begin(&o->w, &o->f));
    memset(o->seg, 0x5a, sizeof o->seg);
    assert_spk_ok(spk_floe_seal(&o->w, 3, final, seg_iv, o->seg, 4096 - SPK_FLOE_OVERHEAD));
    memcpy(o->good, o->seg, sizeof o->seg);
}

static void
a_segment_opens_only_where_it_was_sealed(void **state)
{
    (void)state;
    struct one o;
    one_begin(&o, false);
    assert_spk_code(spk_floe_open(&o.w, 2, false, o.seg, 4096), AUTH);
    memcpy(o.seg, o.good, sizeof o.seg);
    assert_spk_code(spk_floe_open(&o.w, 3, true, o.seg, 4096), AUTH);
    memcpy(o.seg, o.good, sizeof o.seg);
    assert_spk_code(spk_floe_open(&o.w, 3, false, o.seg, 4095), AUTH);
    memcpy(o.seg, o.good, sizeof o.seg);
    assert_spk_ok(spk_floe_open(&o.w, 3, false, o.seg, 4096));
    spk_floe_worker_end(&o.w);
}

static void
finality_is_authenticated_beside_the_length_field(void **state)
{
    (void)state;
    struct one o;
    one_begin(&o, false);
    spk_put_u32(o.seg, 4096); /* now it claims to be a full final segment */
    assert_spk_code(spk_floe_open(&o.w, 3, true, o.seg, 4096), AUTH);
    spk_floe_worker_end(&o.w);
    one_begin(&o, true);
    memset(o.seg, 0xff, 4); /* and this one to be internal */
    assert_spk_code(spk_floe_open(&o.w, 3, false, o.seg, 4096), AUTH);
    spk_floe_worker_end(&o.w);
}

static void
the_header_commits_to_key_aad_and_itself(void **state)
{
    (void)state;
    struct one o;
    struct spk_floe f;
    uint8_t other_key[32] = {1};
    one_begin(&o, true);
    struct spk_span key = SPK_SPAN_OF(zero_key);
    assert_spk_ok(spk_floe_open_begin(&f, key, SPK_SPAN_LIT("aad"), 4096, o.header));
    assert_spk_code(
        spk_floe_open_begin(&f, SPK_SPAN_OF(other_key), SPK_SPAN_LIT("aad"), 4096, o.header), AUTH);
    assert_spk_code(spk_floe_open_begin(&f, key, SPK_SPAN_LIT("AAD"), 4096, o.header), AUTH);
    assert_spk_code(spk_floe_open_begin(&f, key, SPK_SPAN_LIT("aad"), 8192, o.header), AUTH);
    for (size_t i = 0; i < sizeof o.header; i++) {
        o.header[i] ^= 0x10;
        assert_spk_code(spk_floe_open_begin(&f, key, SPK_SPAN_LIT("aad"), 4096, o.header), AUTH);
        o.header[i] ^= 0x10;
    }
    spk_floe_worker_end(&o.w);
}

static void
bounds_are_kept(void **state)
{
    (void)state;
    struct one o;
    one_begin(&o, true);
    assert_spk_code(spk_floe_seal(&o.w, 0, false, seg_iv, o.seg, 10), USAGE);
    assert_spk_code(spk_floe_seal(&o.w, 0, true, seg_iv, o.seg, 4096 - SPK_FLOE_OVERHEAD + 1),
                    USAGE);
    assert_spk_code(spk_floe_seal(&o.w, SPK_FLOE_SEGMENTS_MAX, true, seg_iv, o.seg, 10), LIMIT);
    assert_spk_code(spk_floe_open(&o.w, 0, true, o.seg, SPK_FLOE_OVERHEAD - 1), AUTH);
    spk_floe_worker_end(&o.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_open),
        cmocka_unit_test(published_vectors_seal),
        cmocka_unit_test(a_segment_opens_only_where_it_was_sealed),
        cmocka_unit_test(finality_is_authenticated_beside_the_length_field),
        cmocka_unit_test(the_header_commits_to_key_aad_and_itself),
        cmocka_unit_test(bounds_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
