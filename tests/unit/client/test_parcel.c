/* SPDX-License-Identifier: Apache-2.0 */
/* A deposit from its session key to its answer, and through the spool. */
#include "client/parcel.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "client/owner.h"
#include "client/recovered.h"
#include "client/spool.h"
#include "crypto/rng.h"
#include "fixture.h"
#include "sealed/core.h"
#include "spk_test.h"

static struct fix f;
static char *dir;
static struct spk_profile *profile;
static struct spk_secret *key;
static struct spk_file_id id;
static struct spk_buf core;

static void
make_parcel(struct spk_parcel *p, const char *description)
{
    struct spk_parcel_from from = {.profile = profile,
                                   .key = key,
                                   .id = id,
                                   .core = spk_buf_span(&core),
                                   .description = spk_span_str(description)};

    memset(p, 0, sizeof(*p));
    assert_spk_ok(spk_commitment(key, &id, &from.commitment));
    assert_spk_ok(spk_parcel_wrap(p, profile->authorities[0], key, &id));
    assert_spk_ok(spk_parcel_fill(p, &from));
}

static void
make_core(void)
{
    struct spk_core c = {
        .id = id, .created = 1700000000, .area_len = SPK_AREA_DEFAULT, .seg_len = SPK_SEG_DEFAULT};

    core = SPK_BUF((size_t)SPK_CORE_MAX);
    assert_spk_ok(spk_commitment(key, &id, &c.commitment));
    assert_spk_ok(spk_core_build(&c, &core));
}

static void
proves_itself(void **state)
{
    struct spk_parcel p;

    (void)state;
    make_parcel(&p, "a file");
    assert_spk_ok(spk_deposit_check_public(&p.d));
    assert_spk_ok(spk_deposit_prove(&p.d, key, f.keys[0]));
    assert_int_equal(p.d.rpub.time_ms, 0);
    assert_int_equal(p.d.rpub.epoch, 1);
    assert_int_equal(p.d.rpub.policy, 1);
    assert_true(spk_hash_zero(&p.d.rpub.owner_tag)); /* no monitoring secret */
    spk_parcel_clear(&p);
}

static void
lengths_are_known_before(void **state)
{
    static const char *const texts[] = {"", "x", "a longer description of something"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        SPK_AUTO(spk_slots) slots = NULL;
        struct spk_parcel p;

        make_parcel(&p, texts[i]);
        assert_int_equal(p.d.rpriv.len, spk_parcel_rpriv_len(core.len, strlen(texts[i])));
        assert_spk_ok(spk_slots_new(&slots));
        assert_spk_ok(spk_parcel_slot_record(&p, key, slots));
        assert_int_equal(spk_slots_at(slots, 0)->body.len,
                         spk_parcel_record_len(core.len, strlen(texts[i])));
        spk_parcel_clear(&p);
    }
}

static void
owner_tag_is_of_secret_and_file(void **state)
{
    struct spk_hash a;
    struct spk_hash b;
    struct spk_file_id other = id;

    (void)state;
    assert_spk_ok(spk_profile_make_monitor(profile));
    assert_spk_ok(spk_profile_owner_tag(profile, &id, &a));
    assert_spk_ok(spk_profile_owner_tag(profile, &id, &b));
    assert_true(spk_hash_eq(&a, &b));
    other.b[0] ^= 1;
    assert_spk_ok(spk_profile_owner_tag(profile, &other, &b));
    assert_false(spk_hash_eq(&a, &b));
    spk_secret_free(profile->monitor);
    profile->monitor = NULL;
}

static spk_err
answer(struct spk_parcel *p, const char *json)
{
    SPK_AUTO(spk_json) j = NULL;

    assert_spk_ok(spk_json_parse(spk_span_str(json), &j));
    return spk_parcel_answer(p, j);
}

static void
answers(void **state)
{
    struct spk_parcel p;
    char good[200];
    char hex[33];

    (void)state;
    make_parcel(&p, "");
    (void)snprintf(good, sizeof(good), "{\"serial\":\"%s\",\"index\":7,\"time\":9}",
                   spk_hex(SPK_SPAN_OF(id.b), hex));
    assert_spk_ok(answer(&p, good));
    assert_int_equal(p.state, SPK_PARCEL_ACCEPTED);
    assert_int_equal(p.index, 7);
    assert_int_equal(p.time_ms, 9);
    p.state = SPK_PARCEL_NEW;
    assert_spk_code(
        answer(&p, "{\"serial\":\"00000000000000000000000000000000\",\"index\":7,\"time\":9}"),
        PROTO);
    assert_int_equal(p.state, SPK_PARCEL_NEW);
    assert_spk_code(answer(&p, "{\"index\":7,\"time\":9}"), FORMAT);
    spk_parcel_clear(&p);
}

static void
refusals(void **state)
{
    static const struct {
        const char *json;
        enum spk_code code;
        bool may_wait;
    } cases[] = {
        {"{\"error\":\"conflict\",\"message\":\"m\"}", SPK_CODE_EXISTS, false},
        {"{\"error\":\"forbidden\",\"message\":\"m\"}", SPK_CODE_DENIED, true},
        {"{\"error\":\"too-many\",\"message\":\"m\"}", SPK_CODE_BUSY, true},
        {"{\"error\":\"unprocessable\"}", SPK_CODE_USAGE, false},
        {"{\"error\":\"never heard of\"}", SPK_CODE_PROTO, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct spk_parcel p;

        make_parcel(&p, "");
        assert_spk_ok(answer(&p, cases[i].json));
        assert_int_equal(p.state, SPK_PARCEL_FAILED);
        assert_int_equal(p.err.code, cases[i].code);
        assert_int_equal(spk_parcel_may_wait(&p), cases[i].may_wait);
        spk_parcel_clear(&p);
    }
}

static void
spooled_and_read(void **state)
{
    SPK_AUTO_BUF struct spk_buf names = SPK_BUF((size_t)4096);
    struct spk_parcel p;
    struct spk_spool_entry e = {0};
    size_t n = 0;

    (void)state;
    make_parcel(&p, "spooled");
    assert_false(spk_spool_has(profile, &p.d.rpub));
    assert_spk_ok(spk_spool_put(profile, &p, "relative/file.spk"));
    assert_true(spk_spool_has(profile, &p.d.rpub));
    assert_spk_ok(spk_spool_list(profile, &names, &n));
    assert_int_equal(n, 1);
    assert_spk_ok(spk_spool_read(profile, (const char *)names.ptr, NULL, &e));
    assert_span_equal(e.parcel.d.rpriv, p.d.rpriv);
    assert_span_equal(e.parcel.d.blob, p.d.blob);
    assert_int_equal(e.path.ptr[0], '/');
    assert_spk_ok(spk_deposit_prove(&e.parcel.d, key, f.keys[0]));
    e.parcel.index = 5;
    e.parcel.time_ms = 6;
    assert_spk_ok(spk_spool_note_accepted(profile, &e.parcel));
    assert_spk_ok(spk_spool_drop(profile, (const char *)names.ptr));
    assert_false(spk_spool_has(profile, &p.d.rpub));
    {
        uint64_t index = 0;
        uint64_t time_ms = 0;
        struct spk_rpub other = p.d.rpub;

        assert_true(spk_spool_was_accepted(profile, &p.d.rpub, &index, &time_ms));
        assert_int_equal(index, 5);
        assert_int_equal(time_ms, 6);
        other.tag.b[0] ^= 1;
        assert_false(spk_spool_was_accepted(profile, &other, &index, &time_ms));
    }
    spk_spool_entry_clear(&e);
    spk_parcel_clear(&p);
}

static void
another_deposit_is_not_the_spooled_one(void **state)
{
    struct spk_parcel p;
    struct spk_rpub other;

    (void)state;
    make_parcel(&p, "one");
    assert_spk_ok(spk_spool_put(profile, &p, "/x"));
    other = p.d.rpub;
    other.tag.b[5] ^= 1;
    assert_false(spk_spool_has(profile, &other));
    spk_parcel_clear(&p);
}

/* Every byte of a spooled entry matters. */
static void
spool_bytes(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)65536);
    struct spk_parcel p;
    struct spk_spool_entry e = {0};
    struct spk_spool_entry out = {0};

    (void)state;
    make_parcel(&p, "x");
    e.parcel = p;
    e.path = SPK_BUF((size_t)16);
    assert_spk_ok(spk_spool_entry_build(&e, &b));
    assert_spk_ok(spk_spool_entry_parse(spk_buf_span(&b), &out));
    spk_spool_entry_clear(&out);
    for (size_t i = 0; i < b.len; i++) {
        b.ptr[i] ^= 0x10;
        assert_false(spk_ok(spk_spool_entry_parse(spk_buf_span(&b), &out)));
        b.ptr[i] ^= 0x10;
        assert_false(spk_ok(spk_spool_entry_parse(spk_span(b.ptr, i), &out)));
    }
    spk_parcel_clear(&p);
}

/* A sum can be made anew, so the deposit inside is checked as well. */
static void
spool_with_a_right_sum(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)65536);
    struct spk_parcel p;
    struct spk_spool_entry e = {0};
    struct spk_spool_entry out = {0};

    (void)state;
    make_parcel(&p, "x");
    p.blob.ptr[50] ^= 1;
    e.parcel = p;
    e.path = SPK_BUF((size_t)16);
    assert_spk_ok(spk_spool_entry_build(&e, &b));
    assert_false(spk_ok(spk_spool_entry_parse(spk_buf_span(&b), &out)));
    spk_parcel_clear(&p);
}

static void
recovered_round_trip(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)65536);
    SPK_AUTO(spk_secret) k = NULL;
    struct spk_parcel p;
    struct spk_recovered r = {.blob = SPK_BUF(SPK_SIMPLEBLOB_MAX), .rpriv = SPK_BUF(SPK_RPRIV_MAX)};
    struct spk_recovered out = {.index = 0};
    struct spk_core of;

    (void)state;
    make_parcel(&p, "x");
    r.rpub = p.d.rpub;
    r.index = 3;
    memcpy(r.salt, p.d.salt, sizeof(r.salt));
    assert_spk_ok(spk_buf_add(&r.rpriv, p.d.rpriv));
    assert_spk_ok(spk_wrap(key, f.owner[0], NULL, SPK_WRAP_OAEP, &r.blob));
    assert_spk_ok(spk_recovered_put(profile, &r));
    assert_true(spk_recovered_has(profile, &id));
    assert_spk_ok(spk_core_parse(spk_buf_span(&core), &of));
    assert_spk_ok(spk_recovered_key(profile, &of, f.owner[0], &k));
    assert_true(spk_secret_eq(k, key));
    assert_spk_ok(spk_recovered_build(&r, &b));
    for (size_t i = 0; i < b.len; i++) {
        b.ptr[i] ^= 1;
        assert_false(spk_ok(spk_recovered_parse(spk_buf_span(&b), &out)));
        b.ptr[i] ^= 1;
    }
    r.rpub.commitment.b[0] ^= 1; /* a key of another file */
    spk_secret_free(k);
    k = NULL;
    assert_spk_code(spk_recovered_unwrap(&r, f.owner[0], &k), AUTH);
    /* another session key under this serial number: both stay */
    assert_spk_ok(spk_recovered_put(profile, &r));
    assert_spk_ok(spk_recovered_put(profile, &r));
    spk_secret_free(k);
    k = NULL;
    assert_spk_ok(spk_recovered_key(profile, &of, f.owner[0], &k));
    of.commitment = r.rpub.commitment;
    spk_recovered_clear(&out);
    assert_spk_ok(spk_recovered_get(profile, &id, &of, &out));
    assert_true(spk_hash_eq(&out.rpub.commitment, &r.rpub.commitment));
    spk_recovered_clear(&out);
    assert_spk_ok(spk_recovered_get(profile, &id, NULL, &out));
    assert_false(spk_hash_eq(&out.rpub.commitment, &r.rpub.commitment));
    spk_recovered_clear(&out);
    spk_recovered_clear(&r);
    spk_parcel_clear(&p);
}

/* Made by an independent HKDF from the bytes 00 to 13. */
static void
veto_seed_known_answer(void **state)
{
    static const char want[] = "be51f470cb48fbea11cd4d922ce54627911743218fed27a6a66dd4231c534e0e";
    SPK_AUTO(spk_secret) code = NULL;
    SPK_AUTO(spk_secret) typed = NULL;
    SPK_AUTO(spk_secret) seed = NULL;
    SPK_AUTO_BUF struct spk_buf shown = SPK_BUF((size_t)64);
    uint8_t bytes[SPK_VETO_CODE_LEN];
    char hex[65];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)i;
    }
    assert_spk_ok(spk_secret_from(SPK_SPAN_OF(bytes), &code));
    assert_spk_ok(spk_veto_seed(code, &seed));
    assert_string_equal(spk_hex(spk_secret_span(seed), hex), want);
    assert_spk_ok(spk_buf_code(&shown, SPK_SPAN_OF(bytes)));
    assert_spk_ok(spk_veto_code_parse(spk_buf_span(&shown), &typed));
    assert_true(spk_secret_eq(code, typed));
    spk_secret_free(typed);
    typed = NULL;
    assert_false(spk_ok(spk_veto_code_parse(SPK_SPAN_LIT("AAAAA-AAAAA"), &typed)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proves_itself),
        cmocka_unit_test(lengths_are_known_before),
        cmocka_unit_test(owner_tag_is_of_secret_and_file),
        cmocka_unit_test(answers),
        cmocka_unit_test(refusals),
        cmocka_unit_test(spooled_and_read),
        cmocka_unit_test(another_deposit_is_not_the_spooled_one),
        cmocka_unit_test(spool_bytes),
        cmocka_unit_test(spool_with_a_right_sum),
        cmocka_unit_test(recovered_round_trip),
        cmocka_unit_test(veto_seed_known_answer),
    };
    int failed;

    fix_make(&f);
    dir = spk_test_dir();
    profile = fix_profile(&f, dir);
    assert_spk_ok(spk_secret_random(SPK_KEY_LEN, &key));
    assert_spk_ok(spk_uuid7(&id));
    make_core();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    spk_buf_free(&core);
    spk_secret_free(key);
    spk_profile_free(profile);
    spk_test_dir_remove(dir);
    fix_clear(&f);
    return failed;
}
