/* SPDX-License-Identifier: Apache-2.0 */
/* Reading anywhere in a sealed file. */
#include "kit.h"

#include <stdlib.h>

#define SEG 4096u
#define UNIT (SEG - 32u)

static struct kit_bytes plain;
static struct kit_sealed s;

static int
setup(void **state)
{
    (void)state;
    const struct spk_seal_opts opts = {.seg_len = SEG, .compact = 1};
    plain = kit_plain(20 * UNIT + 777);
    s = kit_seal(kit_span(&plain), &opts);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    kit_sealed_free(&s);
    kit_free(&plain);
    return 0;
}

static spk_err
open_bytes(struct spk_span file, int *ret_fd, struct spk_sealed **ret_f)
{
    SPK_AUTO(spk_header) h = NULL;
    *ret_fd = kit_file(file);
    SPK_TRY(spk_header_read(*ret_fd, &h));
    return spk_sealed_open(*ret_fd, h, s.key, ret_f);
}

static void
any_range_reads_as_in_the_plaintext(void **state)
{
    (void)state;
    SPK_AUTO(spk_sealed) f = NULL;
    SPK_AUTO_FD int fd = -1;
    unsigned seed = 7;
    struct kit_bytes got = kit_alloc(3 * SEG);
    assert_spk_ok(open_bytes(kit_span(&s.file), &fd, &f));
    assert_int_equal(spk_sealed_size(f), plain.len);
    for (unsigned i = 0; i < 2000; i++) {
        size_t off = (size_t)rand_r(&seed) % (plain.len + 100);
        size_t len = (size_t)rand_r(&seed) % got.len;
        size_t n = 0;
        size_t want = off >= plain.len ? 0 : plain.len - off < len ? plain.len - off : len;
        assert_spk_ok(spk_sealed_read_at(f, off, spk_mut(got.ptr, len), &n));
        assert_int_equal(n, want);
        assert_true(spk_span_eq(spk_span(got.ptr, n), spk_span(plain.ptr + (n > 0 ? off : 0), n)));
    }
    kit_free(&got);
}

struct reader {
    pthread_t thread;
    struct spk_sealed *f;
    unsigned seed;
};

static void *
read_about(void *arg)
{
    struct reader *r = arg;
    uint8_t got[6000];
    for (unsigned i = 0; i < 500; i++) {
        size_t off = (size_t)rand_r(&r->seed) % (plain.len - sizeof got);
        size_t n = 0;
        if (!spk_ok(spk_sealed_read_at(r->f, off, SPK_MUT_OF(got), &n)) || n != sizeof got ||
            !spk_span_eq(SPK_SPAN_OF(got), spk_span(plain.ptr + off, n))) {
            return r;
        }
    }
    return NULL;
}

static void
many_threads_read_one_file(void **state)
{
    (void)state;
    SPK_AUTO(spk_sealed) f = NULL;
    SPK_AUTO_FD int fd = -1;
    struct reader r[4];
    assert_spk_ok(open_bytes(kit_span(&s.file), &fd, &f));
    for (unsigned i = 0; i < 4; i++) {
        r[i] = (struct reader){.f = f, .seed = i};
        assert_int_equal(pthread_create(&r[i].thread, NULL, read_about, &r[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        void *failed;
        pthread_join(r[i].thread, &failed);
        assert_null(failed);
    }
}

static void
an_altered_segment_fails_and_the_others_do_not(void **state)
{
    (void)state;
    SPK_AUTO(spk_sealed) f = NULL;
    SPK_AUTO_FD int fd = -1;
    struct kit_bytes bad = kit_copy(kit_span(&s.file));
    uint8_t got[10];
    size_t n = 0;
    bad.ptr[bad.len - (777 + 32) - 15 * SEG + 100] ^= 1; /* segment 5 */
    assert_spk_ok(open_bytes(kit_span(&bad), &fd, &f));
    for (unsigned i = 0; i < 2; i++) { /* a failed segment is not kept as if it were good */
        assert_spk_code(spk_sealed_read_at(f, 5 * UNIT + 50, SPK_MUT_OF(got), &n), AUTH);
        assert_spk_ok(spk_sealed_read_at(f, 6 * UNIT, SPK_MUT_OF(got), &n));
        assert_spk_ok(spk_sealed_read_at(f, 1 * UNIT, SPK_MUT_OF(got), &n)); /* in the same lane */
        assert_memory_equal(got, plain.ptr + UNIT, sizeof got);
    }
    kit_free(&bad);
}

/* The size is believed only when the last segment has opened as final. */
static void
a_cut_file_does_not_open(void **state)
{
    (void)state;
    static const size_t cuts[] = {1, 777, 777 + 31, 777 + 32, 777 + 33, 777 + 32 + SEG};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        SPK_AUTO(spk_sealed) f = NULL;
        SPK_AUTO_FD int fd = -1;
        spk_err e = open_bytes(spk_span(s.file.ptr, s.file.len - cuts[i]), &fd, &f);
        assert_true(e.code == SPK_CODE_TRUNC || e.code == SPK_CODE_AUTH);
        assert_null(f);
    }
}

static void
an_empty_file_reads_as_nothing(void **state)
{
    (void)state;
    struct kit_sealed empty = kit_seal(SPK_SPAN_EMPTY, NULL);
    SPK_AUTO(spk_sealed) f = NULL;
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO_FD int fd = kit_file(kit_span(&empty.file));
    uint8_t got[10];
    size_t n = 9;
    assert_spk_ok(spk_header_read(fd, &h));
    assert_spk_ok(spk_sealed_open(fd, h, empty.key, &f));
    assert_int_equal(spk_sealed_size(f), 0);
    assert_spk_ok(spk_sealed_read_at(f, 0, SPK_MUT_OF(got), &n));
    assert_int_equal(n, 0);
    kit_sealed_free(&empty);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_range_reads_as_in_the_plaintext),
        cmocka_unit_test(many_threads_read_one_file),
        cmocka_unit_test(an_altered_segment_fails_and_the_others_do_not),
        cmocka_unit_test(a_cut_file_does_not_open),
        cmocka_unit_test(an_empty_file_reads_as_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
