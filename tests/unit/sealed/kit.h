/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of src/sealed share: files in memory, a fixed key, sealing and opening in one
 * call. */
#ifndef SPK_TEST_SEALED_KIT_H
#define SPK_TEST_SEALED_KIT_H

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spk_test.h"

#include "base/file.h"
#include "crypto/rng.h"
#include "sealed/header.h"
#include "sealed/seal.h"

/* Bytes that a test owns. */
struct kit_bytes {
    uint8_t *ptr;
    size_t len;
};

static inline struct spk_span
kit_span(const struct kit_bytes *b)
{
    return spk_span(b->ptr, b->len);
}

static inline void
kit_free(struct kit_bytes *b)
{
    spk_mem_free(b->ptr);
    *b = (struct kit_bytes){0};
}

static inline struct kit_bytes
kit_alloc(size_t len)
{
    struct kit_bytes b = {spk_calloc(len + 1, 1), len};
    assert_non_null(b.ptr);
    return b;
}

static inline struct kit_bytes
kit_copy(struct spk_span s)
{
    struct kit_bytes b = kit_alloc(s.len);
    if (s.len > 0) {
        memcpy(b.ptr, s.ptr, s.len);
    }
    return b;
}

/* Plaintext whose every 8 bytes say where they are, so that a moved segment never looks right. */
static inline struct kit_bytes
kit_plain(size_t len)
{
    struct kit_bytes b = kit_alloc(len);
    for (size_t i = 0; i < len; i++) {
        uint64_t word = (uint64_t)(i / 8) * UINT64_C(0x9E3779B97F4A7C15);
        b.ptr[i] = (uint8_t)(word >> (8 * (i % 8)));
    }
    return b;
}

/* A file in memory that stands at its start. */
static inline int
kit_file(struct spk_span s)
{
    int fd = memfd_create("kit", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_spk_ok(spk_pwrite_full(fd, s, 0));
    return fd;
}

static inline struct kit_bytes
kit_slurp(int fd)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    struct kit_bytes b = kit_alloc((size_t)st.st_size);
    assert_spk_ok(spk_pread_full(fd, b.ptr, b.len, 0));
    return b;
}

/* A pipe that another thread feeds. */
struct kit_feed {
    pthread_t thread;
    int to;
    struct spk_span what;
    size_t step;
};

static inline void *
kit_feed_main(void *arg)
{
    struct kit_feed *f = arg;
    for (size_t at = 0; at < f->what.len; at += f->step) {
        size_t n = f->what.len - at < f->step ? f->what.len - at : f->step;
        if (!spk_ok(spk_write_full(f->to, spk_span(f->what.ptr + at, n)))) {
            break; /* the reader gave up */
        }
    }
    close(f->to);
    return NULL;
}

/* Gives the end to read from. */
static inline int
kit_feed_begin(struct kit_feed *f, struct spk_span what, size_t step)
{
    int fd[2];
    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    *f = (struct kit_feed){.to = fd[1], .what = what, .step = step};
    assert_int_equal(pthread_create(&f->thread, NULL, kit_feed_main, f), 0);
    return fd[0];
}

/* A pipe that another thread drains. */
struct kit_drain {
    pthread_t thread;
    int from;
    struct kit_bytes got;
};

static inline void *
kit_drain_main(void *arg)
{
    struct kit_drain *d = arg;
    size_t cap = d->got.len;
    d->got.len = 0;
    size_t n;
    if (spk_ok(spk_read_full(d->from, d->got.ptr, cap, &n))) {
        d->got.len = n;
    }
    close(d->from);
    return NULL;
}

static inline int
kit_drain_begin(struct kit_drain *d, size_t cap)
{
    int fd[2];
    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    *d = (struct kit_drain){.from = fd[0], .got = kit_alloc(cap)};
    assert_int_equal(pthread_create(&d->thread, NULL, kit_drain_main, d), 0);
    return fd[1];
}

/* A recipient that no key stands behind: for slots that only have to be there. */
static inline struct spk_slot
kit_slot(uint16_t type, const char *recipient, struct spk_span body)
{
    struct spk_slot slot = {.type = type, .body = body};
    assert_spk_ok(spk_sha256(spk_span_str(recipient), &slot.recipient));
    return slot;
}

/* A sealed file and its key. */
struct kit_sealed {
    struct kit_bytes file;
    struct spk_secret *key;
    struct spk_file_id id;
};

static inline void
kit_sealed_free(struct kit_sealed *s)
{
    kit_free(&s->file);
    spk_secret_free(s->key);
    s->key = NULL;
}

static inline struct kit_sealed
kit_seal(struct spk_span plain, const struct spk_seal_opts *opts)
{
    static const uint8_t body[96] = {1, 2, 3};
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO_FD int in = kit_file(plain);
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    struct kit_sealed done = {0};
    struct spk_slot slot = kit_slot(SPK_SLOT_USER, "somebody", SPK_SPAN_OF(body));
    assert_spk_ok(spk_seal_begin(plain.len, SPK_SPAN_EMPTY, opts, &s));
    assert_spk_ok(spk_slots_add(spk_seal_slots(s), &slot));
    assert_spk_ok(spk_seal_run(s, in, out));
    assert_int_equal(spk_seal_bytes(s), plain.len);
    assert_spk_ok(spk_secret_dup(spk_seal_key(s), &done.key));
    done.id = *spk_seal_id(s);
    done.file = kit_slurp(out);
    return done;
}

/* Open a file given as bytes with its session key, as a reader does: header, C, MAC, payload. */
static inline spk_err
kit_open(struct spk_span file, const struct spk_secret *key, unsigned threads,
         struct kit_bytes *ret_plain)
{
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO_FD int in = kit_file(file);
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    struct spk_open_opts opts = {.threads = threads};
    bool mac_ok;
    uint64_t n;
    SPK_TRY(spk_header_read(in, &h));
    SPK_TRY(spk_header_open_key(h, key, &mac_ok));
    SPK_CHECK(mac_ok, AUTH);
    SPK_TRY(spk_open_run(h, key, in, out, &opts, &n));
    *ret_plain = kit_slurp(out);
    assert_int_equal(ret_plain->len, n);
    return SPK_OK;
}

/* It opens, and to these bytes. */
static inline void
kit_assert_opens(struct spk_span file, const struct spk_secret *key, struct spk_span plain)
{
    struct kit_bytes got = {0};
    assert_spk_ok(kit_open(file, key, 0, &got));
    assert_true(spk_span_eq(kit_span(&got), plain));
    kit_free(&got);
}

/* It is refused with this word, on one thread and on three. */
static inline void
kit_assert_refused(const char *code, struct spk_span file, const struct spk_secret *key)
{
    struct kit_bytes got = {0};
    assert_string_equal(spk_code_name(kit_open(file, key, 1, &got).code), code);
    assert_string_equal(spk_code_name(kit_open(file, key, 3, &got).code), code);
    assert_null(got.ptr);
}

#endif
