/* SPDX-License-Identifier: Apache-2.0 */
/* The next key epoch and its statement. */
#include "world.h"

#include <string.h>

#include "holder/rotate.h"
#include "holder/uselog.h"

#define BITS 2048

static struct world w;

static int
setup(void **state)
{
    (void)state;
    world_new(&w, NULL);
    world_stop(&w);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    world_free(&w);
    return 0;
}

/* Of the first epoch. */
static void
statement(struct spk_buf *text)
{
    struct spk_authority a = {.epoch = 1, .name = "authority.example", .tls = {{5}}};

    a.key = w.keys->epoch[0].pair;
    a.holder = w.keys->vkey;
    a.policy = w.policy.hash;
    assert_spk_ok(spk_authority_format(&a, text));
}

static spk_err
rotate(struct spk_span from, struct spk_buf *text)
{
    struct spk_authority now = {.epoch = 0};
    SPK_AUTO(spk_keys) k = NULL;

    assert_spk_ok(spk_keys_read(w.dirfd, NULL, &k));
    spk_err e = spk_rotate_from(from, k, &now);
    if (spk_ok(e)) {
        e = spk_rotate(w.dirfd, k, &now, BITS, text);
    }
    spk_authority_clear(&now);
    return e;
}

static void
test_next_epoch(void **state)
{
    struct spk_authority next = {.epoch = 0};
    SPK_AUTO_BUF struct spk_buf one = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf two = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO(spk_keys) k = NULL;

    (void)state;
    statement(&one);
    assert_spk_ok(rotate(spk_buf_span(&one), &two));
    assert_spk_ok(spk_keys_read(w.dirfd, NULL, &k));
    assert_int_equal(k->n, 2);
    assert_spk_ok(spk_authority_parse(spk_buf_span(&two), &next));
    assert_int_equal(next.epoch, 2);
    assert_true(spk_hash_eq(spk_rsa_id(next.key), spk_rsa_id(k->epoch[1].pair)));
    assert_true(spk_hash_eq(&next.previous, spk_rsa_id(k->epoch[0].pair)));
    assert_int_equal(next.tls.b[0], 5);
    spk_authority_clear(&next);
}

/* A statement that never reached a file can be had again, and makes no third pair. */
static void
test_lost_statement(void **state)
{
    SPK_AUTO_BUF struct spk_buf one = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf two = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf three = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf log = SPK_BUF(SPK_USELOG_MAX);
    SPK_AUTO(spk_keys) k = NULL;

    (void)state;
    statement(&one);
    assert_spk_ok(rotate(spk_buf_span(&one), &two));
    assert_spk_ok(rotate(spk_buf_span(&one), &again));
    assert_span_equal(spk_buf_span(&again), spk_buf_span(&two));
    assert_spk_ok(rotate(spk_buf_span(&two), &three));
    assert_spk_ok(spk_keys_read(w.dirfd, NULL, &k));
    assert_int_equal(k->n, 3);
    assert_spk_ok(spk_uselog_read(w.dirfd, &log));
    assert_non_null(memmem(log.ptr, log.len, "key epoch 3", 11));
    /* two epochs back is no present statement */
    assert_spk_code(rotate(spk_buf_span(&one), &again), AUTH);
}

static void
test_statement_of_others(void **state)
{
    SPK_AUTO_BUF struct spk_buf one = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf other = SPK_BUF(SPK_NOTE_MAX);
    struct spk_authority a = {.epoch = 0};

    (void)state;
    statement(&one);
    assert_spk_ok(spk_authority_parse(spk_buf_span(&one), &a));
    a.policy.b[0] ^= 1;
    assert_spk_ok(spk_authority_format(&a, &other));
    assert_spk_code(rotate(spk_buf_span(&other), &text), AUTH);
    a.policy.b[0] ^= 1;
    a.epoch = 2;
    a.previous = w.policy.hash;
    spk_buf_reset(&other);
    assert_spk_ok(spk_authority_format(&a, &other));
    assert_spk_code(rotate(spk_buf_span(&other), &text), AUTH);
    spk_rsa_free(a.key);
    a.key = spk_rsa_ref(w.new_keyx);
    a.epoch = 1;
    a.previous = (struct spk_hash){{0}};
    spk_buf_reset(&other);
    assert_spk_ok(spk_authority_format(&a, &other));
    assert_spk_code(rotate(spk_buf_span(&other), &text), AUTH);
    assert_int_equal(text.len, 0);
    spk_authority_clear(&a);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_next_epoch),
        T(test_lost_statement),
        T(test_statement_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
