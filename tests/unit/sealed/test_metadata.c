/* SPDX-License-Identifier: Apache-2.0 */
#include "kit.h"

#include <stdio.h>

#include "crypto/aead.h"
#include "sealed/metadata.h"

static struct spk_secret *key;
static const struct spk_file_id id = {{0xa0}};
static const struct spk_hash core_hash = {{0x33}};

static int
setup(void **state)
{
    (void)state;
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
there_and_back(const struct spk_metadata *m)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_AREA_MAX);
    struct spk_metadata got;
    assert_spk_ok(spk_metadata_seal(key, &id, &core_hash, m, &body));
    assert_int_equal(body.len, spk_metadata_body_len(m));
    assert_spk_ok(spk_metadata_open(key, &id, &core_hash, spk_buf_span(&body), &got));
    assert_string_equal(got.name, m->name);
    assert_int_equal(got.mode, m->mode);
    assert_int_equal(got.mtime_ns, m->mtime_ns);
    assert_int_equal(got.size, m->size);
}

static void
what_is_sealed_comes_back(void **state)
{
    (void)state;
    struct spk_metadata m = {
        .name = "r\xe9sum\xe9 \n.txt", .mode = 0640, .mtime_ns = 17, .size = 5};
    there_and_back(&m);
    m.size = UINT64_MAX;
    there_and_back(&m);
    m.name[0] = '\0';
    m.mode = 07777;
    m.mtime_ns = UINT64_MAX;
    there_and_back(&m);
    memset(m.name, 'x', SPK_META_NAME_MAX);
    m.size = 0;
    there_and_back(&m);
}

static void
every_write_is_fresh(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf a = SPK_BUF(1000);
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(1000);
    struct spk_metadata m = {.name = "n", .mode = 0600};
    assert_spk_ok(spk_metadata_seal(key, &id, &core_hash, &m, &a));
    assert_spk_ok(spk_metadata_seal(key, &id, &core_hash, &m, &b));
    assert_int_equal(a.len, b.len);
    assert_memory_not_equal(a.ptr, b.ptr, 16);
    assert_memory_not_equal(a.ptr + 16, b.ptr + 16, a.len - 16);
}

static void
altered_or_moved_metadata_does_not_open(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(1000);
    SPK_AUTO(spk_secret) other = NULL;
    struct spk_metadata m = {.name = "n", .mode = 0600};
    struct spk_file_id other_id = {{0xa1}};
    struct spk_hash other_core = {{0x34}};
    struct spk_metadata got;
    assert_spk_ok(spk_secret_random(32, &other));
    assert_spk_ok(spk_metadata_seal(key, &id, &core_hash, &m, &body));
    struct spk_span s = spk_buf_span(&body);
    assert_spk_code(spk_metadata_open(other, &id, &core_hash, s, &got), AUTH);
    assert_spk_code(spk_metadata_open(key, &other_id, &core_hash, s, &got), AUTH);
    assert_spk_code(spk_metadata_open(key, &id, &other_core, s, &got), AUTH);
    for (size_t i = 0; i < body.len; i++) {
        body.ptr[i] ^= 1;
        assert_spk_code(spk_metadata_open(key, &id, &core_hash, s, &got), AUTH);
        body.ptr[i] ^= 1;
    }
    for (size_t n = 0; n < body.len; n++) {
        assert_false(spk_ok(spk_metadata_open(key, &id, &core_hash, spk_span(s.ptr, n), &got)));
    }
}

/* Seal any text as metadata, as a hostile recipient of the file could. */
static spk_err
open_text(struct spk_span text, struct spk_metadata *ret_m)
{
    uint8_t body[16 + 600 + 16] = {5};
    uint8_t ctx[32] = {0};
    uint8_t k[32];
    static const uint8_t iv[12];
    SPK_AUTO(spk_aead) a = NULL;
    memcpy(ctx, id.b, 16);
    memcpy(ctx + 16, body, 16);
    assert_true(text.len <= 600);
    assert_spk_ok(spk_sub(key, "metadata", SPK_SPAN_OF(ctx), SPK_MUT_OF(k)));
    assert_spk_ok(spk_aead_new(&a));
    assert_spk_ok(spk_aead_key(a, SPK_SPAN_OF(k)));
    assert_spk_ok(
        spk_aead_seal(a, iv, spk_hash_span(&core_hash), text, body + 16, body + 16 + text.len));
    return spk_metadata_open(key, &id, &core_hash, spk_span(body, 32 + text.len), ret_m);
}

static void
names_that_lead_elsewhere_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {".", "..", "/etc", "a/b", "../x", "x/"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        SPK_AUTO_BUF struct spk_buf text = SPK_BUF(600);
        struct spk_metadata m = {.mode = 0600};
        struct spk_metadata got;
        assert_spk_ok(spk_buf_u16(&text, 1));
        assert_spk_ok(spk_buf_u16(&text, 1));
        assert_spk_ok(spk_buf_u32(&text, (uint32_t)spk_span_str(names[i]).len));
        assert_spk_ok(spk_buf_str(&text, names[i]));
        assert_spk_code(open_text(spk_buf_span(&text), &got), FORMAT);

        SPK_AUTO_BUF struct spk_buf body = SPK_BUF(600);
        snprintf(m.name, sizeof m.name, "%s", names[i]);
        assert_spk_code(spk_metadata_seal(key, &id, &core_hash, &m, &body), USAGE);
    }
}

static void
texts_out_of_form_are_refused(void **state)
{
    (void)state;
    struct spk_metadata m;
    assert_spk_ok(open_text(SPK_SPAN_LIT("\0\0"), &m));
    assert_int_equal(m.mode, 0600);
    assert_int_equal(m.size, UINT64_MAX);
    assert_spk_ok(open_text(SPK_SPAN_LIT("\0\1\0\x09\0\0\0\1?"), &m)); /* a tag of tomorrow */
    assert_spk_code(open_text(SPK_SPAN_LIT("\0\1\0\1\0\0\0\3a\0b"), &m), FORMAT);
    assert_spk_code(open_text(SPK_SPAN_LIT("\0\1\0\1\0\0\0\0"), &m), FORMAT);
    assert_spk_code(open_text(SPK_SPAN_LIT("\0\1\0\2\0\0\0\3abc"), &m), FORMAT);
    assert_spk_code(open_text(SPK_SPAN_LIT("\0\1\0\2\0\0\0\4\0\1\0\0"), &m),
                    FORMAT); /* mode 0200000 */
    assert_spk_code(open_text(SPK_SPAN_LIT("\0\2\0\1\0\0\0\1a\0\1\0\0\0\1b"), &m),
                    FORMAT); /* twice */
    assert_spk_code(open_text(SPK_SPAN_LIT("\0\0x"), &m), FORMAT);
    assert_spk_code(open_text(SPK_SPAN_LIT("\0\1"), &m), TRUNC);
    assert_spk_code(open_text(SPK_SPAN_LIT(""), &m), TRUNC);
    assert_spk_code(open_text(SPK_SPAN_LIT("\0\1\0\1\xff\xff\xff\xff"), &m), LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_comes_back),
        cmocka_unit_test(every_write_is_fresh),
        cmocka_unit_test(altered_or_moved_metadata_does_not_open),
        cmocka_unit_test(names_that_lead_elsewhere_are_refused),
        cmocka_unit_test(texts_out_of_form_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
