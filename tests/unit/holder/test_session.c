/* SPDX-License-Identifier: Apache-2.0 */
/* What a peer may say and when: malformed messages end a session and never the holder. */
#include "world.h"

#include <string.h>

#include "crypto/rng.h"

static int
setup(void **state)
{
    struct world *w = spk_calloc(1, sizeof(*w));

    assert_non_null(w);
    world_new(w, NULL);
    *state = w;
    return 0;
}

static int
teardown(void **state)
{
    world_free(*state);
    spk_mem_free(*state);
    return 0;
}

static void
test_hello_tells_what_is_public(void **state)
{
    struct world *w = *state;
    struct spk_span v;
    uint8_t hash[32];

    w->s.greeted = false;
    assert_int_equal(say_hello(w), SPK_FRAME_OK);
    assert_int_equal(out_u64(w, SPK_FA_VERSION), SPK_HOLDER_VERSION);
    assert_int_equal(out_u64(w, SPK_FA_EPOCH), 1);
    assert_int_equal(out_u64(w, SPK_FA_POLICY_NUMBER), 1);
    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_NAME, 128, &v));
    assert_span_equal(v, SPK_SPAN_LIT("authority.example"));
    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_SPKI, 1000, &v));
    assert_int_equal(spk_get_u32(v.ptr), 1);
    assert_span_equal(spk_span(v.ptr + 4, v.len - 4), spk_rsa_spki(w->keys->epoch[0].pair));
    assert_spk_ok(spk_attrs_fixed(&w->out, SPK_FA_GENESIS, hash, 32));
    assert_memory_equal(hash, w->keys->genesis.b, 32);
    assert_spk_ok(spk_attrs_fixed(&w->out, SPK_FA_POLICY, hash, 32));
    assert_memory_equal(hash, w->policy.hash.b, 32);
    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_VKEY, 512, &v));
    struct spk_vkey key;
    assert_spk_ok(spk_vkey_parse(v, &key));
    assert_memory_equal(key.key, w->keys->vkey.key, 32);
}

static void
test_hello_first_and_once(void **state)
{
    struct world *w = *state;

    assert_int_equal(say_hello(w), SPK_FRAME_BAD); /* the world has said it */
    assert_true(w->ended);
    w->s.greeted = false;
    for (uint16_t type = 2; type < 40; type++) {
        struct msg m = {.n = 0};
        if (type != SPK_MSG_HELLO) {
            assert_int_equal(world_send(w, type, &m), SPK_FRAME_BAD);
            assert_true(w->ended);
        }
    }
    struct msg old = {.n = 0};
    msg_u64(&old, SPK_FA_VERSION, 2);
    assert_int_equal(world_send(w, SPK_MSG_HELLO, &old), SPK_FRAME_BAD);
    assert_false(w->s.greeted);
}

static void
test_unknown_messages(void **state)
{
    struct world *w = *state;
    /* 5 is reserved: it is not there yet */
    const uint16_t types[] = {0, SPK_MSG_TRANSPORT, 18, 19, 255, 65535};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct msg m = {.n = 0};
        assert_int_equal(world_send(w, types[i], &m), SPK_FRAME_BAD);
        assert_true(w->ended);
    }
}

static void
test_attributes_that_do_not_belong(void **state)
{
    struct world *w = *state;

    for (uint16_t type = 1; type <= SPK_MSG_REPORT; type++) {
        struct msg m = {.n = 0};
        msg_u64(&m, SPK_FA_RELEASED, 1);
        assert_int_equal(world_send(w, type, &m), SPK_FRAME_BAD);
    }
}

static void
test_missing_attributes(void **state)
{
    struct world *w = *state;

    for (uint16_t type = 1; type <= SPK_MSG_REPORT; type++) {
        struct msg m = {.n = 0};
        if (type != SPK_MSG_STATUS && type != SPK_MSG_STOP && type != SPK_MSG_REPORT) {
            assert_int_equal(world_send(w, type, &m), SPK_FRAME_BAD);
        }
    }
}

static void
test_both_forms_of_a_deposit(void **state)
{
    struct world *w = *state;
    struct msg m = {.n = 0};

    msg_deposit(&m, &w->dep[0]);
    msg_add(&m, SPK_FA_SEALED, spk_buf_span(&w->dep[0].sealed));
    assert_int_equal(world_send(w, SPK_MSG_CHECK, &m), SPK_FRAME_BAD);
}

static void
test_lengths_of_attributes(void **state)
{
    struct world *w = *state;
    static const uint8_t zeros[SPK_RPRIV_MAX + 1];
    static const struct {
        uint16_t type;
        size_t len;
    } wrong[] = {{SPK_FA_RPUB, 199},
                 {SPK_FA_RPUB, 201},
                 {SPK_FA_OWNER, 31},
                 {SPK_FA_P, 33},
                 {SPK_FA_BLOB, 600},
                 {SPK_FA_SALT, 16},
                 {SPK_FA_RPRIV, sizeof(zeros)},
                 {SPK_FA_RPRIV, 0}};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct msg m = {.n = 0};
        msg_deposit(&m, &w->dep[0]);
        for (size_t k = 0; k < m.l.n; k++) {
            if (m.l.a[k].type == wrong[i].type) {
                m.l.a[k].value = spk_span(zeros, wrong[i].len);
            }
        }
        assert_int_equal(world_send(w, SPK_MSG_CHECK, &m), SPK_FRAME_BAD);
    }
}

static void
test_frames_that_are_none(void **state)
{
    struct world *w = *state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_FRAME_MAX);
    static const uint8_t empty_list[2];

    assert_spk_ok(spk_frame_build(SPK_MSG_STATUS, 0, 1, SPK_SPAN_OF(empty_list), &b));
    assert_int_equal(world_raw(w, spk_buf_span(&b)), SPK_FRAME_OK);
    for (size_t len = 0; len < b.len; len++) {
        assert_int_equal(world_raw(w, spk_span(b.ptr, len)), 999);
        assert_true(w->ended);
    }
    assert_spk_ok(spk_buf_u8(&b, 0));
    assert_int_equal(world_raw(w, spk_buf_span(&b)), 999);
    b.len--;
    b.ptr[6] = 1; /* a status has no place in a request */
    assert_int_equal(world_raw(w, spk_buf_span(&b)), SPK_FRAME_BAD);
}

static void
test_noise(void **state)
{
    struct world *w = *state;
    uint8_t noise[300];

    for (int i = 0; i < 2000; i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_FRAME_MAX);
        assert_spk_ok(spk_random(SPK_MUT_OF(noise)));
        assert_spk_ok(spk_frame_build(noise[0] % 17, 0, 1, spk_span(noise + 2, noise[1]), &b));
        unsigned st = world_raw(w, spk_buf_span(&b));
        assert_true(st == SPK_FRAME_BAD || st == 999);
    }
    /* and the holder is as before */
    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
}

static void
test_status_counts(void **state)
{
    struct world *w = *state;
    struct spk_span v;
    struct msg m = {.n = 0};
    size_t n = 0;

    assert_int_equal(say_open(w, &w->ask), SPK_FRAME_OK);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    assert_int_equal(world_send(w, SPK_MSG_STATUS, &m), SPK_FRAME_OK);
    for (size_t i = 0; spk_attrs_nth(&w->out, SPK_FA_COUNTER, i, &v); i++, n++) {
        assert_int_equal(v.len, 10);
        if (spk_get_u16(v.ptr) == SPK_COUNT_REFUSED || spk_get_u16(v.ptr) == SPK_COUNT_REQUESTS) {
            assert_int_equal(spk_get_u64(v.ptr + 2), 1);
        }
    }
    assert_int_equal(n, SPK_COUNT_MAX_ - 1);
}

static void
test_stop_is_for_the_own_user(void **state)
{
    struct world *w = *state;
    struct msg m = {.n = 0}, m2 = {.n = 0};

    w->s.may_stop = false;
    assert_int_equal(world_send(w, SPK_MSG_STOP, &m), SPK_FRAME_REFUSED);
    assert_false(w->h->stop);
    w->s.may_stop = true;
    assert_int_equal(world_send(w, SPK_MSG_STOP, &m2), SPK_FRAME_OK);
    assert_true(w->h->stop);
}

static void
test_unknown_request(void **state)
{
    struct world *w = *state;

    assert_int_equal(say_state(w, &w->ask), 0);
    assert_false(w->ended);
    assert_int_equal(say_release(w, &w->ask, 0), SPK_FRAME_REFUSED);
    assert_int_equal(say_vote(w, &w->ask, ALICE, true, NULL), SPK_FRAME_REFUSED);
    assert_int_equal(say_vote(w, &w->ask, ALICE, false, NULL), SPK_FRAME_REFUSED);
    assert_int_equal(say_successor(w, &w->ask, &w->owner), SPK_FRAME_REFUSED);
    assert_int_equal(say_veto_code(w, &w->ask, &w->owner), SPK_FRAME_REFUSED);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_hello_tells_what_is_public),
        T(test_hello_first_and_once),
        T(test_unknown_messages),
        T(test_attributes_that_do_not_belong),
        T(test_missing_attributes),
        T(test_both_forms_of_a_deposit),
        T(test_lengths_of_attributes),
        T(test_frames_that_are_none),
        T(test_noise),
        T(test_status_counts),
        T(test_stop_is_for_the_own_user),
        T(test_unknown_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
