/* SPDX-License-Identifier: Apache-2.0 */
/* Any size, any segment length, any number of threads, files and pipes: what goes in comes out. */
#include "kit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sealed/payload.h"

enum end { FILE_END, PIPE_END };

static void
seal_through(struct spk_span plain, const struct spk_seal_opts *opts, enum end in_end,
             enum end out_end, struct kit_sealed *ret_s)
{
    SPK_AUTO(spk_seal) s = NULL;
    struct kit_feed feed;
    struct kit_drain drain;
    int in = in_end == FILE_END ? kit_file(plain) : kit_feed_begin(&feed, plain, 30011);
    int out = out_end == FILE_END ? kit_file(SPK_SPAN_EMPTY)
                                  : kit_drain_begin(&drain, plain.len + plain.len / 32 + 300000);
    assert_spk_ok(
        spk_seal_begin(in_end == FILE_END ? plain.len : UINT64_MAX, SPK_SPAN_EMPTY, opts, &s));
    assert_spk_ok(spk_seal_run(s, in, out));
    assert_int_equal(spk_seal_bytes(s), plain.len);
    if (in_end == PIPE_END) {
        pthread_join(feed.thread, NULL);
    }
    if (out_end == PIPE_END) {
        close(out);
        pthread_join(drain.thread, NULL);
        ret_s->file = drain.got;
    } else {
        ret_s->file = kit_slurp(out);
        close(out);
    }
    close(in);
    assert_spk_ok(spk_secret_dup(spk_seal_key(s), &ret_s->key));
}

static void
open_through(const struct kit_sealed *s, unsigned threads, enum end in_end, enum end out_end,
             struct spk_span plain)
{
    SPK_AUTO(spk_header) h = NULL;
    struct spk_open_opts opts = {.threads = threads};
    struct kit_feed feed;
    struct kit_drain drain;
    struct spk_span file = kit_span(&s->file);
    int in = in_end == FILE_END ? kit_file(file) : kit_feed_begin(&feed, file, 70001);
    int out =
        out_end == FILE_END ? kit_file(SPK_SPAN_EMPTY) : kit_drain_begin(&drain, plain.len + 1);
    uint64_t n;
    bool mac_ok;
    assert_spk_ok(spk_header_read(in, &h));
    assert_spk_ok(spk_header_open_key(h, s->key, &mac_ok));
    assert_true(mac_ok);
    assert_spk_ok(spk_open_run(h, s->key, in, out, &opts, &n));
    assert_int_equal(n, plain.len);
    struct kit_bytes got;
    if (out_end == PIPE_END) {
        close(out);
        pthread_join(drain.thread, NULL);
        got = drain.got;
    } else {
        assert_int_equal(lseek(out, 0, SEEK_CUR), n); /* stands where a writer would stand */
        got = kit_slurp(out);
        close(out);
    }
    if (in_end == PIPE_END) {
        pthread_join(feed.thread, NULL);
    }
    close(in);
    assert_true(spk_span_eq(kit_span(&got), plain));
    kit_free(&got);
}

static void
there_and_back(size_t len, const struct spk_seal_opts *opts)
{
    struct kit_bytes plain = kit_plain(len);
    for (unsigned i = 0; i < 4; i++) {
        enum end in_end = i & 1 ? PIPE_END : FILE_END;
        enum end out_end = i & 2 ? PIPE_END : FILE_END;
        struct kit_sealed s = {0};
        seal_through(kit_span(&plain), opts, in_end, out_end, &s);
        open_through(&s, opts->threads, out_end, in_end, kit_span(&plain));
        open_through(&s, 1, FILE_END, FILE_END, kit_span(&plain));
        kit_sealed_free(&s);
    }
    kit_free(&plain);
}

/* Around every boundary that there is: segment, and group of segments (256 of 4096 bytes). */
static void
sizes_around_boundaries_come_back(void **state)
{
    (void)state;
    const size_t seg = 4096;
    const size_t unit = seg - 32;
    const size_t sizes[] = {0,
                            1,
                            31,
                            32,
                            33,
                            unit - 2,
                            unit - 1,
                            unit,
                            unit + 1,
                            unit + 2,
                            seg - 33,
                            seg - 31,
                            seg,
                            2 * unit - 1,
                            2 * unit,
                            2 * unit + 1,
                            255 * unit,
                            256 * unit - 1,
                            256 * unit,
                            256 * unit + 1,
                            257 * unit,
                            512 * unit,
                            512 * unit + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (unsigned threads = 1; threads <= 3; threads += 2) {
            struct spk_seal_opts opts = {.seg_len = 4096, .threads = threads, .compact = -1};
            there_and_back(sizes[i], &opts);
        }
    }
}

static void
random_shapes_come_back(void **state)
{
    (void)state;
    unsigned seed = 20261122;
    for (unsigned i = 0; i < 40; i++) {
        struct spk_seal_opts opts = {
            .seg_len = 4096 + (uint32_t)rand_r(&seed) % 70000,
            .threads = (unsigned)rand_r(&seed) % 5,
            .compact = (int)((unsigned)rand_r(&seed) % 3) - 1,
        };
        there_and_back((size_t)rand_r(&seed) % (i % 4 == 0 ? 3000000 : 200000), &opts);
    }
}

static void
the_longest_segments_come_back(void **state)
{
    (void)state;
    struct spk_seal_opts opts = {.seg_len = SPK_SEG_MAX, .threads = 2};
    there_and_back(SPK_SEG_MAX + 5, &opts);
}

static void
a_small_file_is_compact_and_small(void **state)
{
    (void)state;
    struct kit_bytes plain = kit_plain(100);
    struct spk_seal_opts opts = {.compact = -1};
    struct kit_sealed s = kit_seal(kit_span(&plain), &opts);
    /* core, 256-byte area, FLOE header, one segment */
    assert_int_equal(s.file.len, 88 + 256 + 74 + 100 + 32);
    kit_free(&plain);
    kit_sealed_free(&s);
}

/* Ours ends in the full segment; here a writer that put an empty one behind it. */
static void
an_empty_final_segment_is_taken(void **state)
{
    (void)state;
    struct spk_seal_opts opts = {.seg_len = 4096, .compact = 1};
    struct kit_bytes plain = kit_plain(4096 - 32);
    struct kit_sealed s = kit_seal(kit_span(&plain), &opts);
    const size_t at = 88 + 256 + 74;
    assert_int_equal(s.file.len, at + 4096);

    static const uint8_t iv[12] = {1};
    struct kit_bytes f = kit_alloc(s.file.len + 32);
    struct spk_floe floe;
    struct spk_floe_worker w;
    SPK_AUTO(spk_header) h = NULL;
    memcpy(f.ptr, s.file.ptr, s.file.len);
    assert_spk_ok(spk_header_parse(kit_span(&s.file), &h));
    assert_spk_ok(spk_payload_open_begin(&floe, s.key, spk_header_core(h), spk_header_core_hash(h),
                                         f.ptr + at - 74));
    assert_spk_ok(spk_floe_worker_begin(&w, &floe));
    memcpy(f.ptr + at + SPK_FLOE_SEG_HEAD, plain.ptr, plain.len);
    assert_spk_ok(spk_floe_seal(&w, 0, false, iv, f.ptr + at, plain.len));
    assert_spk_ok(spk_floe_seal(&w, 1, true, iv, f.ptr + at + 4096, 0));
    kit_assert_opens(kit_span(&f), s.key, kit_span(&plain));
    spk_floe_worker_end(&w);
    kit_free(&f);
    kit_sealed_free(&s);
    kit_free(&plain);
}

/* ---- a source that does not hold still ---- */

/* A temporary file on disk: one in memory has no times that change. */
static int
disk_file(struct spk_span s, char path[64])
{
    snprintf(path, 64, "%s", "/tmp/spk-pipeline-XXXXXX");
    int fd = mkostemp(path, O_CLOEXEC);
    assert_true(fd >= 0);
    assert_spk_ok(spk_pwrite_full(fd, s, 0));
    return fd;
}

/* Called at the end of the first group, which is in the middle of the read. */
struct meddler {
    const char *path;
    enum { GROW, SHRINK, TOUCH, OVERWRITE } how;
    bool done;
};

static void
meddle(void *ctx, uint64_t done, uint64_t total)
{
    struct meddler *m = ctx;
    (void)done;
    (void)total;
    if (m->done) {
        return;
    }
    m->done = true;
    const struct timespec pause = {.tv_nsec = 20000000}; /* a tick of the file system's clock */
    nanosleep(&pause, NULL);
    SPK_AUTO_FD int fd = open(m->path, O_WRONLY | O_CLOEXEC);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    switch (m->how) {
    case GROW:
        assert_spk_ok(spk_pwrite_full(fd, SPK_SPAN_LIT("more"), (uint64_t)st.st_size));
        break;
    case SHRINK:
        assert_int_equal(ftruncate(fd, st.st_size / 2), 0);
        break;
    case TOUCH:
        assert_int_equal(futimens(fd, NULL), 0);
        break;
    case OVERWRITE:
        assert_spk_ok(spk_pwrite_full(fd, SPK_SPAN_LIT("x"), 0));
        break;
    }
}

static void
changed_while_read(int how)
{
    char path[64];
    struct kit_bytes plain = kit_plain((size_t)24 << 20);
    struct meddler m = {.path = path, .how = (unsigned)how};
    struct spk_progress progress = {.tick = meddle, .ctx = &m};
    struct spk_seal_opts opts = {.threads = 1, .progress = &progress};
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO_FD int in = disk_file(kit_span(&plain), path);
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    assert_spk_ok(spk_seal_begin(plain.len, SPK_SPAN_EMPTY, &opts, &s));
    assert_spk_code(spk_seal_run(s, in, out), CHANGED);
    assert_true(m.done);
    unlink(path);
    kit_free(&plain);
}

static void
a_file_that_grows_while_read_is_noticed(void **state)
{
    (void)state;
    changed_while_read(GROW);
}

static void
a_file_that_shrinks_while_read_is_noticed(void **state)
{
    (void)state;
    changed_while_read(SHRINK);
}

static void
a_file_that_is_touched_while_read_is_noticed(void **state)
{
    (void)state;
    changed_while_read(TOUCH);
}

static void
a_file_that_is_overwritten_while_read_is_noticed(void **state)
{
    (void)state;
    changed_while_read(OVERWRITE);
}

static void
a_file_of_another_size_than_announced_is_refused(void **state)
{
    (void)state;
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO_FD int in = kit_file(SPK_SPAN_LIT("twelve bytes"));
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    assert_spk_ok(spk_seal_begin(11, SPK_SPAN_EMPTY, NULL, &s));
    assert_spk_code(spk_seal_run(s, in, out), CHANGED);
}

/* Such files say that they hold nothing: what they hold must not be lost silently. */
static void
a_kernel_file_without_a_size_is_not_sealed_as_empty(void **state)
{
    (void)state;
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO_FD int in = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    assert_true(in >= 0);
    assert_spk_ok(spk_seal_begin(0, SPK_SPAN_EMPTY, NULL, &s));
    assert_spk_code(spk_seal_run(s, in, out), CHANGED);
}

static void
a_folder_is_refused(void **state)
{
    (void)state;
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO_FD int in = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    assert_spk_ok(spk_seal_begin(UINT64_MAX, SPK_SPAN_EMPTY, NULL, &s));
    assert_spk_code(spk_seal_run(s, in, out), FORMAT);
    assert_spk_code(spk_header_read(in, &h), FORMAT);
}

/* ---- an output that is not simply new ---- */

static void
an_output_in_append_mode_is_written_in_order(void **state)
{
    (void)state;
    char path[64];
    struct kit_bytes plain = kit_plain(3 << 20);
    struct spk_seal_opts opts = {.threads = 3};
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO_FD int in = kit_file(kit_span(&plain));
    close(disk_file(SPK_SPAN_EMPTY, path));
    SPK_AUTO_FD int out = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
    assert_spk_ok(spk_seal_begin(plain.len, SPK_SPAN_EMPTY, &opts, &s));
    assert_spk_ok(spk_seal_run(s, in, out));
    struct kit_bytes file = kit_slurp(out);
    kit_assert_opens(kit_span(&file), spk_seal_key(s), kit_span(&plain));
    unlink(path);
    kit_free(&file);
    kit_free(&plain);
}

static void
an_older_longer_output_leaves_nothing_behind(void **state)
{
    (void)state;
    struct kit_bytes junk = kit_plain(200000);
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO_FD int in = kit_file(SPK_SPAN_LIT("short"));
    SPK_AUTO_FD int out = kit_file(kit_span(&junk));
    assert_spk_ok(spk_seal_begin(5, SPK_SPAN_EMPTY, NULL, &s));
    assert_spk_ok(spk_seal_run(s, in, out));
    struct kit_bytes file = kit_slurp(out);
    kit_assert_opens(kit_span(&file), spk_seal_key(s), SPK_SPAN_LIT("short"));
    kit_free(&file);
    kit_free(&junk);
}

static void
a_full_disk_is_an_error(void **state)
{
    (void)state;
    struct kit_bytes plain = kit_plain(5 << 20);
    struct spk_seal_opts opts = {.threads = 2};
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO_FD int in = kit_file(kit_span(&plain));
    SPK_AUTO_FD int out = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_spk_ok(spk_seal_begin(plain.len, SPK_SPAN_EMPTY, &opts, &s));
    spk_err e = spk_seal_run(s, in, out);
    assert_spk_code(e, IO);
    assert_int_equal(e.sys, ENOSPC);
    kit_free(&plain);
}

/* ---- pipes that give out only what verified ---- */

static void
verified_segments_leave_before_the_bad_one(void **state)
{
    (void)state;
    struct kit_bytes plain = kit_plain((size_t)600 * 4064);
    struct spk_seal_opts opts = {.seg_len = 4096, .area_len = 1024};
    struct kit_sealed s = kit_seal(kit_span(&plain), &opts);
    SPK_AUTO(spk_header) h = NULL;
    assert_spk_ok(spk_header_parse(kit_span(&s.file), &h));
    s.file.ptr[spk_header_payload_off(h) + 74 + 400u * 4096 + 77] ^= 1;
    for (unsigned threads = 1; threads <= 3; threads++) {
        struct kit_drain drain;
        uint64_t bad = 0;
        uint64_t n = 7;
        struct spk_open_opts open_opts = {.threads = threads, .bad_segment = &bad};
        SPK_AUTO_FD int in = kit_file(kit_span(&s.file));
        int out = kit_drain_begin(&drain, plain.len);
        assert_spk_code(spk_open_run(h, s.key, in, out, &open_opts, &n), AUTH);
        close(out);
        pthread_join(drain.thread, NULL);
        assert_int_equal(bad, 400);
        assert_int_equal(n, 7);
        assert_int_equal(drain.got.len, 400u * 4064);
        assert_memory_equal(drain.got.ptr, plain.ptr, drain.got.len);
        kit_free(&drain.got);
    }
    kit_sealed_free(&s);
    kit_free(&plain);
}

static void
a_pipe_that_ends_early_is_truncated(void **state)
{
    (void)state;
    struct kit_bytes plain = kit_plain(100000);
    struct spk_seal_opts opts = {.seg_len = 4096};
    struct kit_sealed s = kit_seal(kit_span(&plain), &opts);
    for (size_t cut = 1; cut < 13000; cut += 999) {
        SPK_AUTO(spk_header) h = NULL;
        struct kit_feed feed;
        struct kit_drain drain;
        uint64_t n;
        int in = kit_feed_begin(&feed, spk_span(s.file.ptr, s.file.len - cut), 5000);
        int out = kit_drain_begin(&drain, plain.len);
        assert_spk_ok(spk_header_read(in, &h));
        assert_spk_code(spk_open_run(h, s.key, in, out, NULL, &n), TRUNC);
        close(in);
        close(out);
        pthread_join(feed.thread, NULL);
        pthread_join(drain.thread, NULL);
        kit_free(&drain.got);
    }
    kit_sealed_free(&s);
    kit_free(&plain);
}

/* ---- the end, without a key ---- */

static spk_err
end_of(struct spk_span file)
{
    SPK_AUTO_FD int fd = kit_file(file);
    SPK_AUTO(spk_header) h = NULL;
    SPK_TRY(spk_header_read(fd, &h));
    return spk_open_check_end(h, fd);
}

static void
the_end_is_found_without_a_key(void **state)
{
    static const size_t sizes[] = {0, 1, 4063, 4064, 4065, 8128, 20000};
    struct spk_seal_opts opts = {.seg_len = 4096};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct kit_bytes plain = kit_plain(sizes[i]);
        struct kit_sealed s = kit_seal(kit_span(&plain), &opts);
        struct kit_bytes longer = kit_alloc(s.file.len + 9000);
        memcpy(longer.ptr, s.file.ptr, s.file.len);
        assert_spk_ok(end_of(kit_span(&s.file)));
        for (size_t cut = 1; cut <= sizes[i] + 32; cut += 331) {
            assert_spk_code(end_of(spk_span(s.file.ptr, s.file.len - cut)), TRUNC);
        }
        for (size_t more = 1; more <= 9000; more += 777) {
            assert_spk_code(end_of(spk_span(longer.ptr, s.file.len + more)), FORMAT);
        }
        kit_free(&longer);
        kit_sealed_free(&s);
        kit_free(&plain);
    }
}

static void
a_length_beyond_a_segment_was_altered(void **state)
{
    (void)state;
    struct kit_bytes plain = kit_plain(10);
    struct spk_seal_opts opts = {.seg_len = 4096};
    struct kit_sealed s = kit_seal(kit_span(&plain), &opts);
    spk_put_u32(s.file.ptr + s.file.len - 42, 4097);
    assert_spk_code(end_of(kit_span(&s.file)), AUTH);
    kit_sealed_free(&s);
    kit_free(&plain);
}

/* ---- progress and stopping ---- */

struct watch {
    uint64_t last;
    uint64_t total;
    unsigned ticks;
    volatile int *stop;
};

static void
watch_tick(void *ctx, uint64_t done, uint64_t total)
{
    struct watch *w = ctx;
    assert_true(done > w->last);
    w->last = done;
    w->total = total;
    w->ticks++;
    if (w->stop != NULL) {
        *w->stop = 1;
    }
}

static void
progress_rises_to_the_end(void **state)
{
    (void)state;
    struct kit_bytes plain = kit_plain((size_t)40 << 20);
    struct watch w = {0};
    struct spk_progress progress = {.tick = watch_tick, .ctx = &w};
    struct spk_seal_opts opts = {.threads = 3, .progress = &progress};
    struct kit_sealed s = kit_seal(kit_span(&plain), &opts);
    assert_int_equal(w.last, plain.len);
    assert_int_equal(w.total, plain.len);
    assert_in_range(w.ticks, 4, 6);
    kit_sealed_free(&s);
    kit_free(&plain);
}

static void
a_stop_ends_the_run(void **state)
{
    (void)state;
    struct kit_bytes plain = kit_plain((size_t)40 << 20);
    volatile int stop = 0;
    struct watch w = {.stop = &stop};
    struct spk_progress progress = {.tick = watch_tick, .ctx = &w, .stop = &stop};
    struct spk_seal_opts opts = {.threads = 2, .progress = &progress};
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO_FD int in = kit_file(kit_span(&plain));
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    assert_spk_ok(spk_seal_begin(plain.len, SPK_SPAN_EMPTY, &opts, &s));
    assert_spk_code(spk_seal_run(s, in, out), STOPPED);
    assert_true(w.last < plain.len);
    kit_free(&plain);
}

static void
a_stop_is_seen_on_a_silent_pipe(void **state)
{
    (void)state;
    int fd[2];
    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    volatile int stop = 1;
    struct spk_progress progress = {.stop = &stop};
    struct spk_seal_opts opts = {.progress = &progress};
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    assert_spk_ok(spk_seal_begin(UINT64_MAX, SPK_SPAN_EMPTY, &opts, &s));
    assert_spk_code(spk_seal_run(s, fd[0], out), STOPPED);
    close(fd[0]);
    close(fd[1]);
}

/* ---- slots around the run ---- */

static void
slots_may_be_added_within_the_reserve(void **state)
{
    (void)state;
    static const uint8_t body[200] = {9};
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO_FD int in = kit_file(SPK_SPAN_LIT("text"));
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    struct spk_slot record = kit_slot(SPK_SLOT_RECORD, "authority", SPK_SPAN_OF(body));
    struct spk_slot accepted = kit_slot(SPK_SLOT_ACCEPTED, "authority", spk_span(body, 16));
    struct spk_slot large = kit_slot(0x8001, "", SPK_SPAN_OF(body));
    struct spk_span core;
    bool mac_ok;
    assert_spk_ok(spk_seal_begin(4, SPK_SPAN_EMPTY, &(struct spk_seal_opts){.compact = -1}, &s));
    spk_seal_reserve(s, SPK_SLOT_HEAD + sizeof body);
    spk_seal_reserve(s, SPK_SLOT_HEAD + 16);
    assert_spk_ok(spk_seal_core(s, &core));
    assert_spk_ok(spk_slots_add(spk_seal_slots(s), &record));
    assert_spk_ok(spk_seal_run(s, in, out));
    assert_spk_ok(spk_slots_add(spk_seal_slots(s), &accepted));
    assert_spk_ok(spk_seal_rewrite_areas(s, out));

    struct kit_bytes file = kit_slurp(out);
    uint64_t generation = 0;
    kit_assert_opens(kit_span(&file), spk_seal_key(s), SPK_SPAN_LIT("text"));
    assert_spk_ok(spk_header_parse(kit_span(&file), &h));
    assert_spk_ok(spk_header_open_key(h, spk_seal_key(s), &mac_ok));
    assert_int_equal(spk_slots_count(spk_header_slots(h)), 2);
    assert_int_equal(spk_header_area_state(h, 0, &generation), SPK_AREA_GOOD);
    assert_int_equal(generation, 2);
    assert_int_equal(spk_header_area_state(h, 1, NULL), SPK_AREA_ABSENT);

    assert_spk_ok(spk_slots_add(spk_seal_slots(s), &large)); /* beyond what was kept free */
    assert_spk_code(spk_seal_rewrite_areas(s, out), LIMIT);
    kit_free(&file);
}

static void
a_sealing_runs_once(void **state)
{
    (void)state;
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO_FD int in = kit_file(SPK_SPAN_LIT("text"));
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    assert_spk_ok(spk_seal_begin(4, SPK_SPAN_EMPTY, NULL, &s));
    assert_spk_code(spk_seal_rewrite_areas(s, out), USAGE);
    assert_spk_ok(spk_seal_run(s, in, out));
    assert_spk_code(spk_seal_run(s, in, out), USAGE);
}

static void
sizes_out_of_bounds_are_refused(void **state)
{
    (void)state;
    SPK_AUTO(spk_seal) s = NULL;
    struct spk_span core;
    assert_spk_code(spk_seal_begin(0, SPK_SPAN_EMPTY, &(struct spk_seal_opts){.seg_len = 4095}, &s),
                    USAGE);
    assert_spk_code(
        spk_seal_begin(0, SPK_SPAN_EMPTY, &(struct spk_seal_opts){.seg_len = SPK_SEG_MAX + 1}, &s),
        USAGE);
    assert_spk_ok(spk_seal_begin(0, SPK_SPAN_EMPTY, NULL, &s));
    spk_seal_reserve(s, SIZE_MAX);
    spk_seal_reserve(s, 2);
    assert_spk_code(spk_seal_core(s, &core), LIMIT);
}

static void
a_reader_may_limit_the_segment_length(void **state)
{
    (void)state;
    struct spk_seal_opts opts = {.seg_len = 65537};
    struct kit_sealed s = kit_seal(SPK_SPAN_LIT("text"), &opts);
    struct spk_open_opts open_opts = {.max_seg_len = 65536};
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO_FD int in = kit_file(kit_span(&s.file));
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    uint64_t n;
    assert_spk_ok(spk_header_read(in, &h));
    assert_spk_code(spk_open_run(h, s.key, in, out, &open_opts, &n), LIMIT);
    kit_sealed_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_around_boundaries_come_back),
        cmocka_unit_test(random_shapes_come_back),
        cmocka_unit_test(the_longest_segments_come_back),
        cmocka_unit_test(a_small_file_is_compact_and_small),
        cmocka_unit_test(an_empty_final_segment_is_taken),
        cmocka_unit_test(a_file_that_grows_while_read_is_noticed),
        cmocka_unit_test(a_file_that_shrinks_while_read_is_noticed),
        cmocka_unit_test(a_file_that_is_touched_while_read_is_noticed),
        cmocka_unit_test(a_file_that_is_overwritten_while_read_is_noticed),
        cmocka_unit_test(a_file_of_another_size_than_announced_is_refused),
        cmocka_unit_test(a_kernel_file_without_a_size_is_not_sealed_as_empty),
        cmocka_unit_test(a_folder_is_refused),
        cmocka_unit_test(an_output_in_append_mode_is_written_in_order),
        cmocka_unit_test(an_older_longer_output_leaves_nothing_behind),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(verified_segments_leave_before_the_bad_one),
        cmocka_unit_test(a_pipe_that_ends_early_is_truncated),
        cmocka_unit_test(the_end_is_found_without_a_key),
        cmocka_unit_test(a_length_beyond_a_segment_was_altered),
        cmocka_unit_test(progress_rises_to_the_end),
        cmocka_unit_test(a_stop_ends_the_run),
        cmocka_unit_test(a_stop_is_seen_on_a_silent_pipe),
        cmocka_unit_test(slots_may_be_added_within_the_reserve),
        cmocka_unit_test(a_sealing_runs_once),
        cmocka_unit_test(sizes_out_of_bounds_are_refused),
        cmocka_unit_test(a_reader_may_limit_the_segment_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
