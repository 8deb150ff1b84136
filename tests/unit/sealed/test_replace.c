/* SPDX-License-Identifier: Apache-2.0 */
/* Slots replaced in place, by a rewrite, with the power cut in between, and under a damaged core.
 */
#include "kit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>

#include "sealed/metadata.h"
#include "sealed/replace_int.h"

#define SEG 4096u
#define NOBODY 65534

static char *dir;
static int dirfd_;

static int
setup(void **state)
{
    (void)state;
    dir = spk_test_dir();
    dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dirfd_ < 0;
}

static int
teardown(void **state)
{
    (void)state;
    close(dirfd_);
    spk_test_dir_remove(dir);
    return 0;
}

static struct kit_bytes plain;
static struct kit_sealed s;
static const char name[] = "file name.spk";

/* What stands in the file now. */
static struct kit_bytes
now(void)
{
    SPK_AUTO_FD int fd = openat(dirfd_, name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return kit_slurp(fd);
}

static void
put_file(struct spk_span bytes)
{
    (void)unlinkat(dirfd_, name, 0);
    assert_spk_ok(spk_file_write(dirfd_, name, bytes, 0640, true));
}

/* A sealed file with old times and an unusual mode. */
static void
begin(int compact, uint32_t area_len)
{
    const struct spk_seal_opts opts = {.seg_len = SEG, .area_len = area_len, .compact = compact};
    const struct timespec times[2] = {{.tv_sec = 1000000001}, {.tv_sec = 1000000002, .tv_nsec = 3}};
    plain = kit_plain(3 * SEG);
    s = kit_seal(kit_span(&plain), &opts);
    put_file(kit_span(&s.file));
    assert_int_equal(utimensat(dirfd_, name, times, 0), 0);
}

static void
end(void)
{
    kit_sealed_free(&s);
    kit_free(&plain);
}

/* Slots with one body of len bytes, each of them fill. */
static struct spk_slots *
slots_of(size_t len, uint8_t fill)
{
    struct spk_slots *slots = NULL;
    struct kit_bytes body = kit_alloc(len);
    memset(body.ptr, fill, len);
    struct spk_slot slot = kit_slot(SPK_SLOT_RECEIPT, "authority", kit_span(&body));
    assert_spk_ok(spk_slots_new(&slots));
    assert_spk_ok(spk_slots_add(slots, &slot));
    kit_free(&body);
    return slots;
}

/* The file opens, its MAC holds, its one slot begins with fill. Gives the generation. */
static uint64_t
assert_file(struct spk_span bytes, size_t len, uint8_t fill)
{
    SPK_AUTO(spk_header) h = NULL;
    bool mac_ok = false;
    uint64_t generation = 0;
    kit_assert_opens(bytes, s.key, kit_span(&plain));
    assert_spk_ok(spk_header_parse(bytes, &h));
    assert_spk_ok(spk_header_open_key(h, s.key, &mac_ok));
    assert_true(mac_ok);
    const struct spk_slot *slot = spk_slots_at(spk_header_slots(h), 0);
    assert_int_equal(slot->body.len, len);
    assert_int_equal(slot->body.ptr[len - 1], fill);
    (void)spk_header_area_state(h, 0, &generation);
    return generation;
}

static void
assert_kept(void)
{
    struct stat st;
    assert_int_equal(fstatat(dirfd_, name, &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(st.st_mtim.tv_sec, 1000000002);
    assert_int_equal(st.st_mtim.tv_nsec, 3);
    assert_int_equal(st.st_nlink, 1);
}

static void
two_areas_are_replaced_in_place(void **state)
{
    (void)state;
    begin(0, 1024);
    struct stat before;
    struct stat after;
    assert_int_equal(fstatat(dirfd_, name, &before, 0), 0);
    for (uint8_t i = 2; i < 6; i++) {
        SPK_AUTO(spk_slots) slots = slots_of(100u * i, i);
        assert_spk_ok(spk_sealed_replace_slots(dirfd_, name, s.key, slots));
        struct kit_bytes f = now();
        assert_int_equal(assert_file(kit_span(&f), 100u * i, i), i);
        assert_int_equal(f.len, s.file.len);
        assert_memory_equal(f.ptr, s.file.ptr, SPK_CORE_FIXED);
        assert_memory_equal(f.ptr + 88, f.ptr + 88 + 1024, 1024);
        assert_memory_equal(f.ptr + 88 + 2048, s.file.ptr + 88 + 2048, f.len - 88 - 2048);
        kit_free(&f);
    }
    assert_int_equal(fstatat(dirfd_, name, &after, 0), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_kept();
    end();
}

/* ---- power cuts ---- */

static unsigned cut_write; /* which write is torn */
static size_t cut_at;      /* after how many bytes */
static unsigned writes;

static spk_err
torn_pwrite(int fd, struct spk_span bytes, uint64_t off)
{
    if (writes++ < cut_write) {
        return spk_pwrite_full(fd, bytes, off);
    }
    assert_spk_ok(spk_pwrite_full(fd, spk_span(bytes.ptr, cut_at), off));
    errno = EIO;
    return spk_err_errno();
}

/* Every tear leaves a file that opens, with the old slots or the new ones, and that a second try
 * mends. */
static void
tear_everywhere(unsigned newest)
{
    unsigned tears = 0;
    for (cut_write = 0; cut_write < 2; cut_write++) {
        for (cut_at = 0; cut_at <= 1024; cut_at += 32) {
            SPK_AUTO(spk_slots) slots = slots_of(700, 9);
            SPK_AUTO(spk_header) h = NULL;
            struct kit_bytes f = kit_copy(kit_span(&s.file));
            bool mac_ok = false;
            if (newest == 1) { /* A is old and torn already: B must not be touched first */
                f.ptr[88 + 30] ^= 1;
            }
            put_file(kit_span(&f));
            kit_free(&f);

            writes = 0;
            spk_replace_pwrite = torn_pwrite;
            assert_spk_code(spk_sealed_replace_slots(dirfd_, name, s.key, slots), IO);
            spk_replace_pwrite = spk_pwrite_full;
            assert_int_equal(writes, cut_write + 1);

            f = now();
            kit_assert_opens(kit_span(&f), s.key, kit_span(&plain));
            assert_spk_ok(spk_header_parse(kit_span(&f), &h));
            assert_spk_ok(spk_header_open_key(h, s.key, &mac_ok));
            assert_true(mac_ok);
            size_t len = spk_slots_at(spk_header_slots(h), 0)->body.len;
            assert_true(len == 96 || len == 700);
            assert_true(len == 700 || cut_write == 0);
            kit_free(&f);

            assert_spk_ok(spk_sealed_replace_slots(dirfd_, name, s.key, slots));
            f = now();
            assert_file(kit_span(&f), 700, 9);
            kit_free(&f);
            tears++;
        }
    }
    assert_int_equal(tears, 66);
}

static void
torn_at_every_32_bytes_it_still_opens(void **state)
{
    (void)state;
    begin(0, 1024);
    tear_everywhere(0);
    tear_everywhere(1);
    end();
}

/* ---- rewrites ---- */

static void
a_compact_file_is_rewritten(void **state)
{
    (void)state;
    begin(1, 0);
    SPK_AUTO(spk_slots) slots = slots_of(60, 7);
    assert_int_equal(spk_get_u32(s.file.ptr + 40), 256);
    assert_spk_ok(spk_sealed_replace_slots(dirfd_, name, s.key, slots));
    struct kit_bytes f = now();
    assert_int_equal(assert_file(kit_span(&f), 60, 7), 2);
    assert_int_equal(f.len, s.file.len);
    assert_memory_equal(f.ptr + 88 + 256, s.file.ptr + 88 + 256, f.len - 88 - 256);
    assert_kept();
    kit_free(&f);
    end();
}

/* Slots that outgrow their area: a new core, so MAC, payload and metadata are bound anew, under the
 * same K. */
static void
outgrow(int compact, uint32_t area_len, uint32_t new_len)
{
    begin(compact, area_len);
    SPK_AUTO(spk_slots) slots = slots_of(3000, 8);
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(1000);
    SPK_AUTO(spk_header) h = NULL;
    struct spk_metadata meta = {.name = "name", .mode = 0600, .mtime_ns = 5, .size = 6};
    bool mac_ok = false;
    struct spk_hash core_hash;
    assert_spk_ok(spk_sha256(spk_span(s.file.ptr, 88), &core_hash));
    assert_spk_ok(spk_metadata_seal(s.key, &s.id, &core_hash, &meta, &body));
    struct spk_slot slot = {.type = SPK_SLOT_METADATA, .body = spk_buf_span(&body)};
    assert_spk_ok(spk_slots_add(slots, &slot));
    assert_spk_ok(spk_sealed_replace_slots(dirfd_, name, s.key, slots));

    struct kit_bytes f = now();
    assert_file(kit_span(&f), 3000, 8);
    assert_int_equal(spk_get_u32(f.ptr + 40), new_len);
    assert_memory_equal(f.ptr + 16, s.file.ptr + 16, 24); /* id and time */
    assert_memory_equal(f.ptr + 56, s.file.ptr + 56, 32); /* C: the deposit stays good */
    unsigned areas = compact ? 1 : 2;
    const uint8_t *old_iv = s.file.ptr + 88 + areas * spk_get_u32(s.file.ptr + 40) + 10;
    assert_memory_not_equal(f.ptr + 88 + areas * new_len + 10, old_iv, 32);

    memset(&meta, 0, sizeof meta);
    assert_spk_ok(spk_header_parse(kit_span(&f), &h));
    assert_spk_ok(spk_header_open_key(h, s.key, &mac_ok));
    const struct spk_slot *moved = spk_slots_find(spk_header_slots(h), SPK_SLOT_METADATA, NULL, 0);
    assert_spk_ok(spk_metadata_open(s.key, &s.id, spk_header_core_hash(h), moved->body, &meta));
    assert_string_equal(meta.name, "name");
    assert_kept();
    kit_free(&f);
    end();
}

static void
a_compact_area_grows(void **state)
{
    (void)state;
    outgrow(1, 0, 3264); /* 20 + 40 + 3000 + 40 + 82 + 64 = 3246, in steps of 64 */
}

static void
a_two_area_form_grows(void **state)
{
    (void)state;
    outgrow(0, 1024, 4096);
}

static void
slots_beyond_every_area_are_refused(void **state)
{
    (void)state;
    begin(1, 0);
    SPK_AUTO(spk_slots) slots = slots_of(65000, 8);
    struct spk_slot slot = kit_slot(SPK_SLOT_RECEIPT, "second", SPK_SPAN_LIT("x"));
    for (unsigned i = 0; i < 12; i++) {
        assert_spk_ok(spk_slots_add(slots, &slot));
    }
    assert_spk_code(spk_sealed_replace_slots(dirfd_, name, s.key, slots), LIMIT);
    struct kit_bytes f = now();
    assert_true(spk_span_eq(kit_span(&f), kit_span(&s.file)));
    kit_free(&f);
    end();
}

/* A payload that does not verify is not sealed again as if it had. */
static void
an_altered_payload_is_not_laundered_by_a_rewrite(void **state)
{
    (void)state;
    begin(1, 0);
    SPK_AUTO(spk_slots) slots = slots_of(3000, 8);
    struct kit_bytes f = kit_copy(kit_span(&s.file));
    f.ptr[f.len - 20] ^= 1;
    put_file(kit_span(&f));
    assert_spk_code(spk_sealed_replace_slots(dirfd_, name, s.key, slots), AUTH);
    struct kit_bytes still = now();
    assert_true(spk_span_eq(kit_span(&f), kit_span(&still)));
    kit_free(&still);
    kit_free(&f);
    end();
}

static void
a_symbolic_link_stays_one(void **state)
{
    (void)state;
    begin(1, 0);
    SPK_AUTO(spk_slots) slots = slots_of(60, 7);
    struct stat st;
    assert_int_equal(symlinkat(name, dirfd_, "link"), 0);
    assert_spk_ok(spk_sealed_replace_slots(dirfd_, "link", s.key, slots));
    assert_int_equal(fstatat(dirfd_, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(S_ISLNK(st.st_mode));
    struct kit_bytes f = now();
    assert_file(kit_span(&f), 60, 7);
    kit_free(&f);
    assert_int_equal(unlinkat(dirfd_, "link", 0), 0);
    end();
}

/* ---- who may, and who is in the way ---- */

static void
a_wrong_key_changes_nothing(void **state)
{
    (void)state;
    begin(0, 1024);
    SPK_AUTO(spk_slots) slots = slots_of(60, 7);
    SPK_AUTO(spk_secret) other = NULL;
    assert_spk_ok(spk_secret_random(32, &other));
    assert_spk_code(spk_sealed_replace_slots(dirfd_, name, other, slots), AUTH);
    assert_spk_code(spk_sealed_rebuild(dirfd_, name, spk_span(s.file.ptr, 88), other, slots), AUTH);
    struct kit_bytes f = now();
    assert_true(spk_span_eq(kit_span(&f), kit_span(&s.file)));
    kit_free(&f);
    end();
}

static void
what_is_no_sealed_file_is_refused(void **state)
{
    (void)state;
    begin(0, 1024);
    SPK_AUTO(spk_slots) slots = slots_of(60, 7);
    assert_spk_code(spk_sealed_replace_slots(dirfd_, "absent", s.key, slots), IO);
    assert_spk_code(spk_sealed_replace_slots(dirfd_, ".", s.key, slots), FORMAT);
    put_file(SPK_SPAN_LIT("just a text, and long enough"));
    assert_spk_code(spk_sealed_replace_slots(dirfd_, name, s.key, slots), FORMAT);
    end();
}

/* K is known and C matches: areas are rebuilt whatever they say (doc/spec/sealed-file.md,
 * "Replacing slots"). */
static void
both_areas_damaged_are_rebuilt_under_the_key(void **state)
{
    (void)state;
    for (int compact = 0; compact < 2; compact++) {
        begin(compact, compact ? 0 : 1024);
        SPK_AUTO(spk_slots) slots = slots_of(60, 7);
        struct kit_bytes f = kit_copy(kit_span(&s.file));
        memset(f.ptr + 88, 0xee, compact ? 256 : 2048);
        put_file(kit_span(&f));
        kit_free(&f);
        assert_spk_ok(spk_sealed_replace_slots(dirfd_, name, s.key, slots));
        f = now();
        assert_int_equal(assert_file(kit_span(&f), 60, 7), 1);
        kit_free(&f);
        end();
    }
}

struct replacer {
    pthread_t thread;
    const char *name;
    uint8_t fill;
};

static void *
replace_often(void *arg)
{
    struct replacer *r = arg;
    for (unsigned i = 0; i < 20; i++) {
        SPK_AUTO(spk_slots) slots = slots_of(50u + r->fill, r->fill);
        if (!spk_ok(spk_sealed_replace_slots(dirfd_, r->name, s.key, slots))) {
            return r;
        }
    }
    return NULL;
}

/* Every replacement counts: none works on a file that another one has just renamed away. */
static void
many_replacers(int compact)
{
    begin(compact, 1024);
    struct replacer r[3];
    for (uint8_t i = 0; i < 3; i++) {
        r[i] = (struct replacer){.name = name, .fill = (uint8_t)(10 + i)};
        assert_int_equal(pthread_create(&r[i].thread, NULL, replace_often, &r[i]), 0);
    }
    for (unsigned i = 0; i < 3; i++) {
        void *failed;
        pthread_join(r[i].thread, &failed);
        assert_null(failed);
    }
    SPK_AUTO(spk_header) h = NULL;
    struct kit_bytes f = now();
    uint64_t generation = 0;
    kit_assert_opens(kit_span(&f), s.key, kit_span(&plain));
    assert_spk_ok(spk_header_parse(kit_span(&f), &h));
    assert_int_equal(spk_header_area_state(h, 0, &generation), SPK_AREA_GOOD);
    assert_int_equal(generation, 61);
    kit_free(&f);
    end();
}

static void
replacers_take_turns_in_place(void **state)
{
    (void)state;
    many_replacers(0);
}

static void
replacers_take_turns_when_rewriting(void **state)
{
    (void)state;
    many_replacers(1);
}

/* ---- a damaged core ---- */

static void
rebuild(int compact, size_t slot_len)
{
    begin(compact, compact ? 0 : 1024);
    SPK_AUTO(spk_slots) slots = slots_of(slot_len, 6);
    struct kit_bytes f = kit_copy(kit_span(&s.file));
    memset(f.ptr, 0, 88 + (compact ? 256 : 2048));
    put_file(kit_span(&f));
    kit_free(&f);
    assert_spk_code(spk_sealed_replace_slots(dirfd_, name, s.key, slots), FORMAT);
    assert_spk_ok(spk_sealed_rebuild(dirfd_, name, spk_span(s.file.ptr, 88), s.key, slots));
    f = now();
    assert_file(kit_span(&f), slot_len, 6);
    kit_free(&f);
    end();
}

static void
a_lost_header_is_rebuilt_from_its_core(void **state)
{
    (void)state;
    rebuild(0, 100);
    rebuild(1, 60);
    rebuild(0, 2000); /* and has to grow */
    rebuild(1, 2000);
}

/* The deposit holds the core of the first day; since then a rewrite has changed area_len. */
static void
a_core_from_before_a_rewrite_still_serves(void **state)
{
    (void)state;
    for (int compact = 0; compact < 2; compact++) {
        begin(compact, compact ? 0 : 1024);
        SPK_AUTO(spk_slots) large = slots_of(3000, 8);
        SPK_AUTO(spk_slots) slots = slots_of(60, 5);
        assert_spk_ok(spk_sealed_replace_slots(dirfd_, name, s.key, large));
        struct kit_bytes f = now();
        memset(f.ptr, 0xaa, 200);
        put_file(kit_span(&f));
        kit_free(&f);
        assert_spk_ok(spk_sealed_rebuild(dirfd_, name, spk_span(s.file.ptr, 88), s.key, slots));
        f = now();
        assert_file(kit_span(&f), 60, 5);
        assert_int_not_equal(spk_get_u32(f.ptr + 40), spk_get_u32(s.file.ptr + 40));
        kit_free(&f);
        end();
    }
}

/* Reading alone: the areas of such a file may be whole, and the payload opens without a byte
 * written. */
static void
a_file_without_its_core_can_be_read(void **state)
{
    (void)state;
    begin(0, 1024);
    SPK_AUTO(spk_header) h = NULL;
    struct kit_bytes f = kit_copy(kit_span(&s.file));
    bool mac_ok = false;
    uint64_t n = 0;
    memset(f.ptr, 0, 88);
    SPK_AUTO_FD int in = kit_file(kit_span(&f));
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    assert_spk_ok(spk_header_read_with_core(in, spk_span(s.file.ptr, 88), s.key, &h));
    assert_spk_ok(spk_header_open_key(h, s.key, &mac_ok));
    assert_true(mac_ok);
    assert_int_equal(spk_slots_count(spk_header_slots(h)), 1);
    assert_spk_ok(spk_open_run(h, s.key, in, out, NULL, &n));
    assert_int_equal(n, plain.len);
    kit_free(&f);
    end();
}

/* One that never lets go, stopped or hung on its disk, hangs nobody else. */
static void
a_lock_that_stays_is_not_waited_for_for_ever(void **state)
{
    (void)state;
    begin(0, 1024);
    SPK_AUTO(spk_slots) slots = slots_of(60, 7);
    SPK_AUTO_FD int held = openat(dirfd_, name, O_RDONLY | O_CLOEXEC);
    uint64_t patience = spk_replace_wait_ms;
    spk_replace_wait_ms = 30;
    assert_int_equal(flock(held, LOCK_EX), 0);
    assert_spk_code(spk_sealed_replace_slots(dirfd_, name, s.key, slots), BUSY);
    struct kit_bytes f = now();
    assert_true(spk_span_eq(kit_span(&f), kit_span(&s.file)));
    assert_int_equal(flock(held, LOCK_UN), 0);
    assert_spk_ok(spk_sealed_replace_slots(dirfd_, name, s.key, slots));
    spk_replace_wait_ms = patience;
    kit_free(&f);
    end();
}

/* A core that is right for K but not for this payload would make the file unreadable: it is
 * refused. */
static void
a_core_of_another_file_is_not_written(void **state)
{
    (void)state;
    begin(0, 1024);
    SPK_AUTO(spk_slots) slots = slots_of(60, 5);
    struct kit_bytes core = kit_copy(spk_span(s.file.ptr, 88));
    core.ptr[39] ^= 1; /* another time of creation */
    assert_spk_code(spk_sealed_rebuild(dirfd_, name, kit_span(&core), s.key, slots), AUTH);
    core.ptr[39] ^= 1;
    core.ptr[0] ^= 1;
    assert_spk_code(spk_sealed_rebuild(dirfd_, name, kit_span(&core), s.key, slots), FORMAT);
    struct kit_bytes f = now();
    assert_true(spk_span_eq(kit_span(&f), kit_span(&s.file)));
    kit_free(&f);
    kit_free(&core);

    put_file(spk_span(s.file.ptr, 1000)); /* too short to hold its own header */
    assert_spk_code(spk_sealed_rebuild(dirfd_, name, spk_span(s.file.ptr, 88), s.key, slots),
                    TRUNC);
    end();
}

/* The owner's file, which he may not write: a new one takes its place, whatever its form. */
static void
a_read_only_file_is_rewritten(void **state)
{
    (void)state;
    for (int lost = 0; lost < 2; lost++) {
        begin(0, 1024);
        SPK_AUTO(spk_slots) slots = slots_of(60, 5);
        struct kit_bytes f = kit_copy(kit_span(&s.file));
        memset(f.ptr, 0xaa, lost ? 44 : 0);
        put_file(kit_span(&f));
        kit_free(&f);
        assert_int_equal(fchmodat(dirfd_, name, 0440, 0), 0);
        if (geteuid() == 0) { /* whom no mode stops */
            assert_int_equal(fchown(dirfd_, NOBODY, NOBODY), 0);
            assert_int_equal(fchownat(dirfd_, name, NOBODY, NOBODY, 0), 0);
            assert_int_equal(seteuid(NOBODY), 0);
        }
        spk_err e = lost ? spk_sealed_rebuild(dirfd_, name, spk_span(s.file.ptr, 88), s.key, slots)
                         : spk_sealed_replace_slots(dirfd_, name, s.key, slots);
        if (getuid() == 0) {
            assert_int_equal(seteuid(0), 0);
        }
        assert_spk_ok(e);
        struct stat st;
        assert_int_equal(fstatat(dirfd_, name, &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0440);
        f = now();
        assert_file(kit_span(&f), 60, 5);
        kit_free(&f);
        end();
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_areas_are_replaced_in_place),
        cmocka_unit_test(torn_at_every_32_bytes_it_still_opens),
        cmocka_unit_test(a_compact_file_is_rewritten),
        cmocka_unit_test(a_compact_area_grows),
        cmocka_unit_test(a_two_area_form_grows),
        cmocka_unit_test(slots_beyond_every_area_are_refused),
        cmocka_unit_test(an_altered_payload_is_not_laundered_by_a_rewrite),
        cmocka_unit_test(a_symbolic_link_stays_one),
        cmocka_unit_test(a_wrong_key_changes_nothing),
        cmocka_unit_test(what_is_no_sealed_file_is_refused),
        cmocka_unit_test(both_areas_damaged_are_rebuilt_under_the_key),
        cmocka_unit_test(replacers_take_turns_in_place),
        cmocka_unit_test(replacers_take_turns_when_rewriting),
        cmocka_unit_test(a_lock_that_stays_is_not_waited_for_for_ever),
        cmocka_unit_test(a_lost_header_is_rebuilt_from_its_core),
        cmocka_unit_test(a_core_from_before_a_rewrite_still_serves),
        cmocka_unit_test(a_file_without_its_core_can_be_read),
        cmocka_unit_test(a_core_of_another_file_is_not_written),
        cmocka_unit_test(a_read_only_file_is_rewritten),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
