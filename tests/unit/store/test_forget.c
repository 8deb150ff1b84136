/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests a store forgets, and which never, run over each back end: argv[1] is its name. */
#include <stdio.h>
#include <stdlib.h>

#include "rows.h"

#include "base/file.h"

static const char *backend;
static char *dir;

static struct spk_store *
open_store(void)
{
    struct spk_store *s = NULL;
    char *path = NULL;
    assert_spk_ok(spk_path_join(dir, "test.db", &path));
    const struct spk_store_cfg cfg = {
        .path = path, .readers = 2, .exclusive = true, .create = true};
    assert_spk_ok(spk_store_open(backend, &cfg, &s));
    spk_mem_free(path);
    return s;
}

static int
setup(void **state)
{
    dir = spk_test_dir();
    *state = open_store();
    return 0;
}

static int
teardown(void **state)
{
    spk_store_free(*state);
    spk_test_dir_remove(dir);
    return 0;
}

struct asked {
    struct spk_hash hash;
    uint32_t stage, state;
    uint64_t created, expires;
};

static void
ask(struct spk_store *s, const struct asked *a)
{
    const struct spk_request_row r = {.hash = a->hash,
                                      .owner = hash_of("owner"),
                                      .login = a->hash,
                                      .recipient = hash_of("keyx"),
                                      .stage = a->stage,
                                      .state = a->state,
                                      .created = a->created,
                                      .expires = a->expires,
                                      .record = SPK_SPAN_LIT("record"),
                                      .sig_sign = SPK_SPAN_LIT("sig"),
                                      .sig_keyx = SPK_SPAN_LIT("sig"),
                                      .serials = SPK_SPAN_LIT("0123456789abcdef")};
    assert_spk_ok(spk_store_put_request(s, &r));
}

static bool
is_there(struct spk_store *s, const struct spk_hash *hash, size_t *ret_serials)
{
    struct spk_request_row r = {0};
    spk_err e = spk_store_request(s, hash, &r);

    *ret_serials = r.serials.len;
    spk_request_row_clear(&r);
    return spk_ok(e);
}

/* Whose owner exists and whose does not vanish alike; what somebody had a say in stays. */
static void
test_requests_are_forgotten(void **state)
{
    static const char *const names[] = {"unknown", "known", "expired", "voted",
                                        "denied",  "lives", "young",   "stranger"};
    static const bool stays[] = {false, false, false, true, true, true, true, true};
    struct asked a[] = {
        {.stage = SPK_STAGE_UNKNOWN, .state = 1, .created = 100},
        {.stage = SPK_STAGE_TOLD, .state = 1, .created = 100, .expires = 500},
        {.stage = SPK_STAGE_TOLD, .state = 7, .created = 100, .expires = 500},
        {.stage = SPK_STAGE_TOLD, .state = 1, .created = 100, .expires = 500},
        {.stage = SPK_STAGE_TOLD, .state = 5, .created = 100, .expires = 500},
        {.stage = SPK_STAGE_TOLD, .state = 1, .created = 100, .expires = 5000},
        {.stage = SPK_STAGE_TOLD, .state = 1, .created = 1000, .expires = 500},
        {.stage = SPK_STAGE_UNKNOWN, .state = 1, .created = 1000},
    };
    const struct spk_request_prune p = {
        .created_before = 1000, .expired_before = 1000, .unknown_max = 9};
    struct spk_store *s = *state;
    struct spk_request_row voted = {0};
    uint64_t n = 0;
    size_t listed = 0;

    assert_spk_ok(spk_store_begin(s));
    for (size_t i = 0; i < 8; i++) {
        a[i].hash = hash_of(names[i]);
        ask(s, &a[i]);
    }
    assert_spk_ok(spk_store_request(s, &a[3].hash, &voted));
    assert_spk_ok(spk_store_put_vote(s, voted.key, 5, SPK_SPAN_LIT("a note")));
    assert_spk_ok(spk_store_prune_requests(s, &p, &n));
    assert_spk_ok(spk_store_commit(s));
    assert_int_equal(n, 3);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(is_there(s, &a[i].hash, &listed), stays[i]);
        assert_int_equal(listed, !stays[i] || a[i].stage == SPK_STAGE_UNKNOWN ? 0 : 16);
    }
    /* what stays is still found by its key */
    voted.persons = 1;
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_set_request(s, &voted));
    assert_spk_ok(spk_store_commit(s));
    spk_request_row_clear(&voted);
    assert_spk_ok(spk_store_request(s, &a[3].hash, &voted));
    assert_int_equal(voted.persons, 1);
    spk_request_row_clear(&voted);
}

static void
test_unknown_requests_have_a_cap(void **state)
{
    const struct spk_request_prune p = {.unknown_max = 3};
    struct spk_store *s = *state;
    struct asked a = {.stage = SPK_STAGE_UNKNOWN, .state = 1, .created = 100};
    struct spk_hash known = hash_of("known");
    uint64_t n = 0;
    size_t listed = 0;

    assert_spk_ok(spk_store_begin(s));
    a.hash = known;
    a.stage = SPK_STAGE_TOLD;
    ask(s, &a);
    a.stage = SPK_STAGE_UNKNOWN;
    a.hash = hash_of("unknown");
    for (uint8_t i = 0; i < 8; i++) {
        a.hash.b[0] = i;
        ask(s, &a);
    }
    assert_spk_ok(spk_store_prune_requests(s, &p, &n));
    assert_int_equal(n, 5);
    assert_spk_ok(spk_store_prune_requests(s, &p, &n));
    assert_int_equal(n, 0);
    assert_spk_ok(spk_store_commit(s));
    assert_true(is_there(s, &known, &listed));
    for (uint8_t i = 0; i < 8; i++) {
        a.hash.b[0] = i;
        assert_int_equal(is_there(s, &a.hash, &listed), i >= 5);
    }
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        return 2;
    }
    backend = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_requests_are_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_requests_have_a_cap, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
