/* SPDX-License-Identifier: Apache-2.0 */
/* Attribute 5 of R_priv (doc/spec/deposit.md §2.1). */
#include "spk_test.h"

#include <string.h>

#include "wire/foreign.h"

struct bench {
    struct spk_secret *key;
    struct spk_file_id id;
    struct spk_foreign f;
    struct spk_buf sealed;
};

static int
setup(void **state)
{
    static struct bench b;

    b = (struct bench){.sealed = SPK_BUF(SPK_RPRIV_FOREIGN_MAX)};
    assert_spk_ok(spk_secret_from(SPK_SPAN_LIT("0123456789abcdef0123456789abcdef"), &b.key));
    memset(b.id.b, 7, sizeof(b.id.b));
    b.f = (struct spk_foreign){
        .key = SPK_SPAN_LIT("a key BLOB"), .name = SPK_SPAN_LIT("diary.enc"), .has_blob = true};
    memset(b.f.blob.b, 9, SPK_HASH_LEN);
    assert_spk_ok(spk_foreign_seal(b.key, &b.id, &b.f, &b.sealed));
    *state = &b;
    return 0;
}

static int
teardown(void **state)
{
    struct bench *b = *state;

    spk_secret_free(b->key);
    spk_buf_free(&b->sealed);
    return 0;
}

static void
both_ways(void **state)
{
    struct bench *b = *state;
    SPK_AUTO(spk_secret) plain = NULL;
    struct spk_foreign f;

    assert_spk_ok(spk_foreign_open(b->key, &b->id, spk_buf_span(&b->sealed), &plain, &f));
    assert_span_equal(f.key, b->f.key);
    assert_span_equal(f.name, b->f.name);
    assert_true(f.has_blob && spk_hash_eq(&f.blob, &b->f.blob));
}

static void
all_parts_may_be_missing(void **state)
{
    struct bench *b = *state;
    SPK_AUTO_BUF struct spk_buf sealed = SPK_BUF(SPK_RPRIV_FOREIGN_MAX);
    SPK_AUTO(spk_secret) plain = NULL;
    struct spk_foreign f = {.has_blob = false};

    assert_spk_ok(spk_foreign_seal(b->key, &b->id, &f, &sealed));
    assert_spk_ok(spk_foreign_open(b->key, &b->id, spk_buf_span(&sealed), &plain, &f));
    assert_int_equal(f.key.len + f.name.len, 0);
    assert_false(f.has_blob);
}

static void
every_byte_counts(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < b->sealed.len; i++) {
        SPK_AUTO(spk_secret) plain = NULL;
        struct spk_foreign f;

        b->sealed.ptr[i] ^= 1;
        assert_spk_code(spk_foreign_open(b->key, &b->id, spk_buf_span(&b->sealed), &plain, &f),
                        AUTH);
        b->sealed.ptr[i] ^= 1;
    }
}

static void
another_serial_or_length(void **state)
{
    struct bench *b = *state;
    SPK_AUTO(spk_secret) plain = NULL;
    struct spk_file_id other = b->id;
    struct spk_foreign f;

    other.b[0] ^= 1;
    assert_spk_code(spk_foreign_open(b->key, &other, spk_buf_span(&b->sealed), &plain, &f), AUTH);
    for (size_t n = 0; n < b->sealed.len; n++) {
        assert_false(
            spk_ok(spk_foreign_open(b->key, &b->id, spk_span(b->sealed.ptr, n), &plain, &f)));
    }
    assert_null(plain);
}

static void
bounds(void **state)
{
    struct bench *b = *state;
    SPK_AUTO_BUF struct spk_buf sealed = SPK_BUF(SPK_RPRIV_FOREIGN_MAX);
    uint8_t big[SPK_FOREIGN_BLOB_MAX + 1] = {0};
    struct spk_foreign f = {.key = SPK_SPAN_OF(big)};

    assert_spk_code(spk_foreign_seal(b->key, &b->id, &f, &sealed), LIMIT);
    f.key.len = SPK_FOREIGN_BLOB_MAX;
    f.name = spk_span(big, SPK_FOREIGN_NAME_MAX + 1);
    assert_spk_code(spk_foreign_seal(b->key, &b->id, &f, &sealed), LIMIT);
    f.name.len = SPK_FOREIGN_NAME_MAX;
    f.has_blob = true;
    assert_spk_ok(spk_foreign_seal(b->key, &b->id, &f, &sealed));
}

/* Such a key never seals a Sparekey file. */
static void
never_with_a_core(void **state)
{
    struct bench *b = *state;
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(SPK_RPRIV_MAX);
    struct spk_rpriv p = {.id = b->id, .foreign = spk_buf_span(&b->sealed)};
    struct spk_rpriv back;

    assert_spk_ok(spk_rpriv_build(&p, &out));
    assert_spk_ok(spk_rpriv_parse(spk_buf_span(&out), &back));
    assert_span_equal(back.foreign, p.foreign);
    p.core = SPK_SPAN_LIT("core");
    assert_spk_code(spk_rpriv_build(&p, &out), FORMAT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(all_parts_may_be_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(every_byte_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(another_serial_or_length, setup, teardown),
        cmocka_unit_test_setup_teardown(bounds, setup, teardown),
        cmocka_unit_test_setup_teardown(never_with_a_core, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
