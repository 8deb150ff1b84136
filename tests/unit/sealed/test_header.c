/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a header with real key pairs, with damage, and with forged copies. */
#include "kit.h"

#include "sealed/area.h"

#define AREA 4096u

static struct spk_rsa *mine;
static struct spk_rsa *authority;
static struct spk_rsa *stranger;

static int
setup(void **state)
{
    (void)state;
    assert_spk_ok(spk_rsa_generate(2048, &mine));
    assert_spk_ok(spk_rsa_generate(2048, &authority));
    assert_spk_ok(spk_rsa_generate(2048, &stranger));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spk_rsa_free(mine);
    spk_rsa_free(authority);
    spk_rsa_free(stranger);
    return 0;
}

/* A slot that wraps key for pub. */
static void
add_wrap(struct spk_slots *slots, uint16_t type, const struct spk_secret *key,
         const struct spk_rsa *pub, const struct spk_file_id *id, unsigned flags)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(2000);
    struct spk_slot slot = {.type = type, .flags = (uint16_t)flags, .recipient = *spk_rsa_id(pub)};
    assert_spk_ok(spk_wrap(key, pub, id, flags, &blob));
    slot.body = spk_buf_span(&blob);
    assert_spk_ok(spk_slots_add(slots, &slot));
}

/* "text", two areas, an owner's slot and an authority's. */
static struct kit_sealed
make(unsigned flags)
{
    SPK_AUTO(spk_seal) s = NULL;
    SPK_AUTO_FD int in = kit_file(SPK_SPAN_LIT("text"));
    SPK_AUTO_FD int out = kit_file(SPK_SPAN_EMPTY);
    struct kit_sealed done = {0};
    const struct spk_seal_opts opts = {.area_len = AREA, .seg_len = 4096};
    assert_spk_ok(spk_seal_begin(4, SPK_SPAN_EMPTY, &opts, &s));
    done.id = *spk_seal_id(s);
    assert_spk_ok(spk_secret_dup(spk_seal_key(s), &done.key));
    add_wrap(spk_seal_slots(s), SPK_SLOT_USER, done.key, mine, &done.id, flags);
    add_wrap(spk_seal_slots(s), SPK_SLOT_AUTHORITY, done.key, authority, &done.id, flags);
    assert_spk_ok(spk_seal_run(s, in, out));
    done.file = kit_slurp(out);
    return done;
}

static spk_err
open_with(const struct kit_sealed *s, const struct spk_rsa *pair, struct spk_header **ret_h)
{
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    SPK_TRY(spk_header_parse(kit_span(&s->file), &h));
    SPK_TRY(spk_header_open(h, pair, &key));
    assert_true(spk_secret_eq(key, s->key));
    if (ret_h != NULL) {
        *ret_h = SPK_STEAL(h);
    }
    return SPK_OK;
}

static uint8_t *
area(struct kit_sealed *s, unsigned i)
{
    return s->file.ptr + SPK_CORE_FIXED + i * AREA;
}

/* Make a record's SUM right again, which takes no key. */
static void
sum(uint8_t *a)
{
    struct spk_hash h;
    uint32_t used = spk_get_u32(a + 4);
    assert_spk_ok(spk_sha256(spk_span(a, used + 32), &h));
    memcpy(a + used + 32, h.b, 32);
}

static void
every_recipient_opens_with_every_padding(void **state)
{
    (void)state;
    static const unsigned all[] = {0, SPK_WRAP_OAEP, SPK_WRAP_DERIVED,
                                   SPK_WRAP_OAEP | SPK_WRAP_DERIVED};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct kit_sealed s = make(all[i]);
        SPK_AUTO(spk_header) h = NULL;
        assert_spk_ok(open_with(&s, mine, NULL));
        assert_spk_ok(open_with(&s, authority, &h));
        assert_int_equal(spk_slots_count(spk_header_slots(h)), 2);
        assert_spk_code(open_with(&s, stranger, NULL), NOKEY);
        kit_sealed_free(&s);
    }
}

static void
a_header_is_read_from_a_pipe_and_not_a_byte_more(void **state)
{
    (void)state;
    struct kit_sealed s = make(SPK_WRAP_OAEP);
    struct kit_feed feed;
    SPK_AUTO(spk_header) h = NULL;
    uint8_t next[4];
    size_t n;
    int in = kit_feed_begin(&feed, kit_span(&s.file), 100);
    assert_spk_ok(spk_header_read(in, &h));
    assert_spk_ok(spk_read_full(in, next, 4, &n));
    assert_memory_equal(next, s.file.ptr + spk_header_payload_off(h), 4);
    assert_true(spk_span_eq(spk_header_core_bytes(h), spk_span(s.file.ptr, SPK_CORE_FIXED)));
    close(in);
    pthread_join(feed.thread, NULL);
    kit_sealed_free(&s);
}

static void
either_area_alone_is_enough(void **state)
{
    (void)state;
    struct kit_sealed s = make(SPK_WRAP_OAEP);
    for (unsigned i = 0; i < 2; i++) {
        SPK_AUTO(spk_header) h = NULL;
        struct kit_bytes kept = kit_copy(spk_span(area(&s, i), AREA));
        memset(area(&s, i), 0, AREA);
        assert_spk_ok(open_with(&s, mine, &h));
        assert_int_equal(spk_header_area_state(h, i, NULL), SPK_AREA_BAD);
        assert_int_equal(spk_header_area_state(h, 1 - i, NULL), SPK_AREA_GOOD);
        assert_int_equal(spk_header_area_state(h, 2, NULL), SPK_AREA_ABSENT);
        memcpy(area(&s, i), kept.ptr, AREA);
        kit_free(&kept);
    }
    kit_sealed_free(&s);
}

static void
no_area_left_is_one_error_for_every_key(void **state)
{
    (void)state;
    struct kit_sealed s = make(SPK_WRAP_OAEP);
    SPK_AUTO(spk_header) h = NULL;
    bool mac_ok = true;
    memset(area(&s, 0), 0x55, 2 * AREA);
    assert_spk_code(open_with(&s, mine, NULL), AUTH);
    assert_spk_code(open_with(&s, stranger, NULL), AUTH);
    assert_spk_ok(spk_header_parse(kit_span(&s.file), &h));
    assert_null(spk_header_slots(h));
    assert_spk_ok(spk_header_open_key(h, s.key, &mac_ok)); /* K itself still proves who it is */
    assert_false(mac_ok);
    kit_sealed_free(&s);
}

/* Higher generation, right SUM, wrong MAC: what somebody without K can make. */
static void
a_forged_copy_falls_back_to_the_other(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct kit_sealed s = make(SPK_WRAP_OAEP);
        SPK_AUTO(spk_header) h = NULL;
        bool mac_ok = false;
        memset(area(&s, i) + 8, 0x7f, 8);     /* generation */
        area(&s, i)[20 + 40 + 12 + 100] ^= 1; /* and another BLOB */
        sum(area(&s, i));
        assert_spk_ok(open_with(&s, mine, &h));
        assert_true(spk_span_eq(spk_slots_at(spk_header_slots(h), 0)->body,
                                spk_span(area(&s, 1 - i) + 60, 12 + 256)));
        assert_spk_ok(spk_header_open_key(h, s.key, &mac_ok));
        assert_true(mac_ok);
        kit_sealed_free(&s);
    }
}

static void
both_copies_forged_do_not_open(void **state)
{
    (void)state;
    struct kit_sealed s = make(SPK_WRAP_OAEP);
    SPK_AUTO(spk_header) h = NULL;
    bool mac_ok = true;
    for (unsigned i = 0; i < 2; i++) {
        area(&s, i)[15] ^= 2; /* only the generation */
        sum(area(&s, i));
    }
    assert_spk_code(open_with(&s, mine, NULL), AUTH);
    assert_spk_ok(spk_header_parse(kit_span(&s.file), &h));
    assert_spk_ok(spk_header_open_key(h, s.key, &mac_ok));
    assert_false(mac_ok);
    kit_sealed_free(&s);
}

/* Build both areas under K with these slots, as a hostile holder of K can. */
static void
put_slots(struct kit_sealed *s, const struct spk_slots *slots)
{
    SPK_AUTO(spk_header) h = NULL;
    assert_spk_ok(spk_header_parse(kit_span(&s->file), &h));
    for (unsigned i = 0; i < 2; i++) {
        SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(AREA);
        assert_spk_ok(
            spk_area_build(spk_header_core(h), spk_header_core_hash(h), s->key, 2, slots, &bytes));
        memcpy(area(s, i), bytes.ptr, AREA);
    }
}

/* The slot says that its padding can be re-made, and it cannot. */
static void
a_slot_that_lies_about_its_padding_is_refused(void **state)
{
    (void)state;
    struct kit_sealed s = make(SPK_WRAP_OAEP);
    SPK_AUTO(spk_slots) slots = NULL;
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(2000);
    assert_spk_ok(spk_slots_new(&slots));
    assert_spk_ok(spk_wrap(s.key, mine, NULL, SPK_WRAP_OAEP, &blob)); /* random */
    struct spk_slot slot = {.type = SPK_SLOT_USER,
                            .flags = SPK_WRAP_OAEP | SPK_WRAP_DERIVED,
                            .recipient = *spk_rsa_id(mine),
                            .body = spk_buf_span(&blob)};
    assert_spk_ok(spk_slots_add(slots, &slot));
    put_slots(&s, slots);
    assert_spk_code(open_with(&s, mine, NULL), AUTH);
    kit_sealed_free(&s);
}

/* Slots that hold another key, and slots that are no BLOBs: the next slot is tried, the error is
 * one. */
static void
bad_slots_before_a_good_one_do_not_hide_it(void **state)
{
    (void)state;
    for (unsigned with_good = 0; with_good < 2; with_good++) {
        struct kit_sealed s = make(SPK_WRAP_OAEP);
        SPK_AUTO(spk_slots) slots = NULL;
        SPK_AUTO(spk_secret) other = NULL;
        struct spk_slot junk = {.type = SPK_SLOT_USER,
                                .recipient = *spk_rsa_id(mine),
                                .body = SPK_SPAN_LIT("no BLOB at all")};
        assert_spk_ok(spk_slots_new(&slots));
        assert_spk_ok(spk_secret_random(32, &other));
        assert_spk_ok(spk_slots_add(slots, &junk));
        add_wrap(slots, SPK_SLOT_USER, other, mine, NULL, SPK_WRAP_OAEP);
        add_wrap(slots, SPK_SLOT_USER, other, mine, NULL, 0);
        if (with_good) {
            add_wrap(slots, SPK_SLOT_USER, s.key, mine, NULL, 0);
        }
        put_slots(&s, slots);
        assert_string_equal(spk_code_name(open_with(&s, mine, NULL).code),
                            with_good ? "ok" : "auth");
        kit_sealed_free(&s);
    }
}

static void
the_number_of_tries_is_bounded(void **state)
{
    (void)state;
    struct kit_sealed s = make(SPK_WRAP_OAEP);
    SPK_AUTO(spk_slots) slots = NULL;
    struct spk_slot junk = {.type = SPK_SLOT_USER, .recipient = *spk_rsa_id(mine)};
    assert_spk_ok(spk_slots_new(&slots));
    for (unsigned i = 0; i < 16; i++) {
        assert_spk_ok(spk_slots_add(slots, &junk));
    }
    add_wrap(slots, SPK_SLOT_USER, s.key, mine, NULL, SPK_WRAP_OAEP);
    put_slots(&s, slots);
    assert_spk_code(open_with(&s, mine, NULL), AUTH);
    kit_sealed_free(&s);
}

static void
a_slot_type_of_tomorrow_is_told_apart_from_damage(void **state)
{
    (void)state;
    struct kit_sealed s = make(SPK_WRAP_OAEP);
    for (unsigned i = 0; i < 2; i++) {
        spk_put_u16(area(&s, i) + 20 + 40 + 12 + 256, 0x0100); /* type of the second slot */
        sum(area(&s, i));
    }
    assert_spk_code(open_with(&s, mine, NULL), VERSION);
    kit_sealed_free(&s);
}

static void
a_wrong_session_key_does_not_open(void **state)
{
    (void)state;
    struct kit_sealed s = make(SPK_WRAP_OAEP);
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) other = NULL;
    SPK_AUTO(spk_secret) brief = NULL;
    bool mac_ok;
    assert_spk_ok(spk_secret_random(32, &other));
    assert_spk_ok(spk_secret_random(31, &brief));
    assert_spk_ok(spk_header_parse(kit_span(&s.file), &h));
    assert_spk_code(spk_header_open_key(h, other, &mac_ok), AUTH);
    assert_spk_code(spk_header_open_key(h, brief, &mac_ok), USAGE);
    kit_sealed_free(&s);
}

static void
slots_are_found_without_a_core(void **state)
{
    (void)state;
    struct kit_sealed s = make(SPK_WRAP_OAEP);
    for (unsigned lost = 0; lost < 3; lost++) {
        SPK_AUTO(spk_slots) slots = NULL;
        memset(s.file.ptr, 'K', SPK_CORE_FIXED);
        if (lost > 0) { /* area A as well, and then B */
            area(&s, lost - 1)[30] ^= 1;
        }
        SPK_AUTO_FD int fd = kit_file(kit_span(&s.file));
        spk_err e = spk_header_find_slots(fd, &slots);
        if (lost == 2) {
            assert_spk_code(e, NOTFOUND);
            continue;
        }
        assert_spk_ok(e);
        assert_int_equal(spk_slots_count(slots), 2);
        assert_non_null(spk_slots_find(slots, SPK_SLOT_AUTHORITY, spk_rsa_id(authority), 0));
    }
    kit_sealed_free(&s);

    /* as many beginnings of areas as there is room for: an end is put to the tries */
    struct kit_bytes many = kit_alloc(SPK_HEADER_MAX);
    for (size_t i = 0; i + 4 <= many.len; i += 4) {
        memcpy(many.ptr + i, SPK_AREA_MAGIC, SPK_AREA_MAGIC_LEN);
    }
    SPK_AUTO(spk_slots) none = NULL;
    SPK_AUTO_FD int fd = kit_file(kit_span(&many));
    assert_spk_code(spk_header_find_slots(fd, &none), NOTFOUND);
    SPK_AUTO_FD int empty = kit_file(SPK_SPAN_EMPTY);
    assert_spk_code(spk_header_find_slots(empty, &none), NOTFOUND);
    kit_free(&many);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_recipient_opens_with_every_padding),
        cmocka_unit_test(a_header_is_read_from_a_pipe_and_not_a_byte_more),
        cmocka_unit_test(either_area_alone_is_enough),
        cmocka_unit_test(no_area_left_is_one_error_for_every_key),
        cmocka_unit_test(a_forged_copy_falls_back_to_the_other),
        cmocka_unit_test(both_copies_forged_do_not_open),
        cmocka_unit_test(a_slot_that_lies_about_its_padding_is_refused),
        cmocka_unit_test(bad_slots_before_a_good_one_do_not_hide_it),
        cmocka_unit_test(the_number_of_tries_is_bounded),
        cmocka_unit_test(a_slot_type_of_tomorrow_is_told_apart_from_damage),
        cmocka_unit_test(a_wrong_session_key_does_not_open),
        cmocka_unit_test(slots_are_found_without_a_core),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
