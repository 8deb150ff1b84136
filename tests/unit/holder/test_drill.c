/* SPDX-License-Identifier: Apache-2.0 */
/* Drills (doc/spec/holder.md §5.1): what is tried, what is signed, and what of it goes into the
 * log. */
#include "logworld.h"

#include <string.h>

#include "wire/drill.h"

#define SIZE 60

static int
setup(void **state)
{
    static struct world w;

    world_new(&w, NULL);
    logs_begin(&w);
    assert_int_equal(advance_deposits(&w, 0, SIZE), SPK_FRAME_OK);
    assert_int_equal(log_entry(&w, ent_policy(&w)), SPK_FRAME_OK);
    *state = &w;
    return 0;
}

static int
teardown(void **state)
{
    logs_end();
    world_free(*state);
    return 0;
}

/* dep: NULL for nothing shown; path: of which leaf. */
static unsigned
say_drill(struct world *w, const struct dep *d, uint64_t index, uint64_t position, size_t path)
{
    SPK_AUTO_BUF struct spk_buf p = SPK_BUF(SPK_FRAME_MAX);
    struct msg m = {.n = 0};

    msg_u64(&m, SPK_FA_INDEX, index);
    msg_u64(&m, SPK_FA_POSITION, position);
    if (d != NULL) {
        leaves_path(&logs.dep, logs.dep.n, path, &p);
        msg_deposit(&m, d);
        msg_add(&m, SPK_FA_LOG_PATH, spk_buf_span(&p));
    }
    return world_send(w, SPK_MSG_DRILL, &m);
}

static unsigned
good_drill(struct world *w, size_t i, uint64_t position)
{
    return say_drill(w, &w->dep[i], w->dep[i].index, position, (size_t)w->dep[i].index);
}

static unsigned
say_report(struct world *w)
{
    struct msg m = {.n = 0};

    return world_send(w, SPK_MSG_REPORT, &m);
}

static unsigned
say_report_of(struct world *w, size_t size, const struct spk_hash *root)
{
    SPK_AUTO_BUF struct spk_buf proof = SPK_BUF(SPK_FRAME_MAX);
    struct msg m = {.n = 0};

    leaves_growth(&logs.dep, size, logs.dep.n, &proof);
    msg_u64(&m, SPK_FA_SIZE, size);
    msg_add(&m, SPK_FA_ROOT, spk_hash_span(root));
    msg_add(&m, SPK_FA_PROOF, spk_buf_span(&proof));
    msg_u64(&m, SPK_FA_OPENED, 1234);
    return world_send(w, SPK_MSG_REPORT, &m);
}

/* The report of the last answer, signed by the holder, and its hash. */
static void
read_report(const struct world *w, struct spk_drill *ret_d, struct spk_hash *ret_hash)
{
    struct spk_span bytes;
    struct spk_note note;

    assert_spk_ok(spk_attrs_get(&w->out, SPK_FA_NOTE, SPK_NOTE_MAX, &bytes));
    assert_spk_ok(spk_note_parse(bytes, false, &note));
    assert_spk_ok(spk_note_verify(&note, &w->keys->vkey));
    assert_spk_ok(spk_drill_parse(note.text, ret_d));
    assert_spk_ok(spk_sha256(note.text, ret_hash));
}

static struct ent
ent_drill(struct world *w, const struct spk_hash *report, uint64_t deposit)
{
    struct ent x = ent_of(w, &w->ask, SPK_ENTRY_DRILL);

    x.request = *report;
    x.e.request = SPK_NO_REQUEST;
    x.e.deposit = deposit;
    ent_seal(&x);
    return x;
}

static void
test_good_and_bad(void **state)
{
    struct world *w = *state;
    struct spk_drill d;
    struct spk_hash report;
    uint64_t at[WORLD_DEPOSITS];

    for (size_t i = 0; i < WORLD_DEPOSITS; i++) {
        at[i] = w->dep[i].index;
    }
    w->dep[1].blob.ptr[20] ^= 1;
    assert_int_equal(say_report(w), SPK_FRAME_REFUSED); /* of nothing */
    assert_int_equal(good_drill(w, 0, 0), SPK_FRAME_OK);
    assert_int_equal(w->out.n, 0); /* no key, nothing but a word */
    assert_int_equal(good_drill(w, 1, 1), SPK_FRAME_REFUSED);
    assert_int_equal(say_drill(w, NULL, at[2], 2, 0), SPK_FRAME_REFUSED);
    /* a deposit that is good, but not the one that stands there */
    assert_int_equal(say_drill(w, &w->dep[0], at[3], 3, (size_t)at[3]), SPK_FRAME_REFUSED);
    assert_int_equal(good_drill(w, 4, 4), SPK_FRAME_OK);
    assert_int_equal(say_report(w), SPK_FRAME_OK);
    read_report(w, &d, &report);
    assert_int_equal(d.n, 5);
    assert_true(d.of[0].good && !d.of[1].good && !d.of[2].good && !d.of[3].good && d.of[4].good);
    for (size_t i = 0; i < d.n; i++) {
        assert_int_equal(d.of[i].index, at[i]);
    }
    assert_true(spk_hash_eq(&d.genesis, &w->keys->genesis));
    assert_int_equal(d.deposits, SIZE);
    assert_int_equal(d.recoveries, 1);
    assert_int_equal(d.backup, 0);
    assert_int_equal(say_report(w), SPK_FRAME_REFUSED); /* once */
    assert_int_equal(counter(w, 1), 0);                 /* nothing was released */
}

static void
test_what_was_no_drill_is_not_logged(void **state)
{
    struct world *w = *state;
    struct spk_drill d;
    struct spk_hash report;
    uint64_t a = w->dep[0].index, b = w->dep[1].index;

    assert_int_equal(good_drill(w, 0, 0), SPK_FRAME_OK);
    assert_int_equal(good_drill(w, 1, 1), SPK_FRAME_OK);
    assert_int_equal(say_report(w), SPK_FRAME_OK);
    read_report(w, &d, &report);
    struct ent other = ent_drill(w, &w->ask.hash, a); /* of another report */
    assert_int_equal(log_entry(w, other), SPK_FRAME_REFUSED);
    struct ent x = ent_drill(w, &report, w->dep[2].index); /* not in the sample */
    assert_int_equal(log_entry(w, x), SPK_FRAME_REFUSED);
    x = ent_drill(w, &report, a);
    x.e.request = 0;
    assert_int_equal(log_entry(w, x), SPK_FRAME_REFUSED);
    x = ent_drill(w, &report, a);
    x.e.hash.b[0] ^= 1;
    assert_int_equal(log_entry(w, x), SPK_FRAME_REFUSED);
    const struct ent both[] = {ent_drill(w, &report, a), ent_drill(w, &report, b)};
    assert_int_equal(log_entries(w, both, 2), SPK_FRAME_OK);
    logs_restart(w); /* who does not remember it does not sign for it */
    assert_int_equal(log_entry(w, ent_drill(w, &report, a)), SPK_FRAME_REFUSED);
}

static void
test_order(void **state)
{
    struct world *w = *state;
    struct spk_drill d;
    struct spk_hash report;

    assert_int_equal(good_drill(w, 0, 1), SPK_FRAME_REFUSED); /* none has begun */
    assert_int_equal(good_drill(w, 1, 0), SPK_FRAME_OK);
    assert_int_equal(good_drill(w, 2, 2), SPK_FRAME_REFUSED);            /* a gap */
    assert_int_equal(good_drill(w, 0, 1), SPK_FRAME_REFUSED);            /* falling */
    assert_int_equal(good_drill(w, 1, 1), SPK_FRAME_REFUSED);            /* twice */
    assert_int_equal(say_drill(w, NULL, SIZE, 1, 0), SPK_FRAME_REFUSED); /* in no log */
    assert_int_equal(good_drill(w, 0, 0), SPK_FRAME_OK);                 /* anew */
    assert_int_equal(say_report(w), SPK_FRAME_OK);
    read_report(w, &d, &report);
    assert_int_equal(d.n, 1);
    assert_int_equal(d.of[0].index, w->dep[0].index);
    assert_int_equal(good_drill(w, 1, 1), SPK_FRAME_REFUSED); /* it is over */
}

static void
test_backup(void **state)
{
    struct world *w = *state;
    struct spk_hash root, wrong, report;
    struct spk_drill d;

    leaves_root(&logs.dep, 40, &root);
    wrong = root;
    wrong.b[0] ^= 1;
    assert_int_equal(good_drill(w, 0, 0), SPK_FRAME_OK);
    assert_int_equal(say_report_of(w, 40, &wrong), SPK_FRAME_REFUSED);
    assert_int_equal(say_report_of(w, 39, &root), SPK_FRAME_REFUSED);
    assert_int_equal(say_report_of(w, 0, &root), SPK_FRAME_REFUSED);
    assert_int_equal(say_report_of(w, 40, &root), SPK_FRAME_OK);
    read_report(w, &d, &report);
    assert_int_equal(d.backup, 40);
    assert_int_equal(d.made, 1234);
    assert_true(spk_hash_eq(&d.root, &root));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good_and_bad, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_no_drill_is_not_logged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_backup, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
