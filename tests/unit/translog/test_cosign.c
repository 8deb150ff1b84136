/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of witnesses: a known answer, the independent model's, then what must not count. */
#include "spk_test.h"

#include <string.h>

#include "translog/addcheckpoint.h"
#include "translog/cosign.h"

#define NAME "witness.example/w1"
#define TIME 1700000000

struct known {
    struct spk_buf bytes;
    struct spk_note note;
    struct spk_vkey witness;
    struct spk_secret *seed;
};

static struct known k;

static int
setup(void **state)
{
    (void)state;
    struct spk_buf text = SPK_BUF(65536);
    uint8_t seed[SPK_ED25519_LEN];

    memset(seed, 2, sizeof(seed));
    k.bytes = SPK_BUF(65536);
    spk_test_hex_vector("log/log.txt", "cosigned", &k.bytes);
    spk_test_hex_vector("log/log.txt", "witness.vkey", &text);
    assert_spk_ok(spk_note_parse(spk_buf_span(&k.bytes), false, &k.note));
    assert_spk_ok(spk_vkey_parse_witness(spk_buf_span(&text), &k.witness));
    assert_spk_ok(spk_secret_from(SPK_SPAN_OF(seed), &k.seed));
    spk_buf_free(&text);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spk_buf_free(&k.bytes);
    spk_secret_free(k.seed);
    return 0;
}

/* The same line as others make of these seeds, this text and this time. */
static void
known_answer(void **state)
{
    (void)state;
    static const char line[] =
        "\xe2\x80\x94 witness.example/w1 "
        "3xwKNQAAAABlU/EAhUrFeNyMXEwHgre9oCyWPM67sZfgLr24FHBZkx+EuUA4BuV0dbVjeknBddRWQ/Y8nflU0NHm"
        "18E1I58S3EV7AQ==\n";
    SPK_AUTO_BUF struct spk_buf made = SPK_BUF((size_t)4096);
    uint64_t time = 0;

    assert_spk_ok(spk_cosign(k.note.text, NAME, k.seed, TIME, &made));
    assert_span_equal(spk_buf_span(&made), SPK_SPAN_LIT(line));
    assert_span_equal(k.note.sigs[1].line, SPK_SPAN_LIT(line));
    assert_spk_ok(spk_cosign_verify(&k.note, &k.witness, &time));
    assert_int_equal(time, TIME);
}

static void
key_is_written_as_it_was_read(void **state)
{
    (void)state;
    static const char text[] =
        "witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";
    SPK_AUTO_BUF struct spk_buf made = SPK_BUF((size_t)4096);
    struct spk_vkey v;

    assert_spk_ok(spk_vkey_format(&k.witness, &made));
    assert_span_equal(spk_buf_span(&made), SPK_SPAN_LIT(text));
    /* neither kind of key is taken for the other */
    assert_spk_code(spk_vkey_parse(SPK_SPAN_LIT(text), &v), VERSION);
    assert_spk_code(spk_note_verify(&k.note, &k.witness), AUTH);
    made.len = 0;
    assert_spk_ok(spk_vkey_make(NAME, k.witness.key, &v));
    assert_spk_ok(spk_vkey_format(&v, &made));
    assert_spk_code(spk_vkey_parse_witness(spk_buf_span(&made), &v), VERSION);
    assert_spk_ok(spk_vkey_make(NAME, k.witness.key, &v));
    assert_spk_code(spk_cosign_verify(&k.note, &v, NULL), USAGE);
}

static void
question_meets_the_vector(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF((size_t)65536);
    SPK_AUTO_BUF struct spk_buf want = SPK_BUF((size_t)65536);
    SPK_AUTO_BUF struct spk_buf made = SPK_BUF((size_t)65536);
    struct spk_add_checkpoint a;
    struct spk_note note;

    spk_test_hex_vector("log/log.txt", "add-checkpoint", &body);
    assert_spk_ok(spk_add_checkpoint_parse(spk_buf_span(&body), &a));
    assert_int_equal(a.old, 257);
    spk_test_hex_vector("log/log.txt", "growth.257.513", &want);
    assert_span_equal(spk_span(a.proof, a.len * sizeof(a.proof[0])), spk_buf_span(&want));
    assert_spk_ok(spk_add_checkpoint_format(&a, &made));
    assert_span_equal(spk_buf_span(&made), spk_buf_span(&body));
    made.len = 0;
    spk_test_hex_vector("log/log.txt", "cosignature", &want);
    assert_spk_ok(spk_note_parse(a.checkpoint, false, &note));
    assert_spk_ok(spk_cosign(note.text, NAME, k.seed, TIME, &made));
    assert_span_equal(spk_buf_span(&made), spk_buf_span(&want));
}

/* -- counting */

static void
other_witness(uint8_t byte, const char *name, struct spk_secret **ret_seed, struct spk_vkey *ret_v)
{
    uint8_t seed[SPK_ED25519_LEN], pub[SPK_ED25519_LEN];

    memset(seed, byte, sizeof(seed));
    assert_spk_ok(spk_secret_from(SPK_SPAN_OF(seed), ret_seed));
    assert_spk_ok(spk_ed25519_public(*ret_seed, pub));
    assert_spk_ok(spk_vkey_make_witness(name, pub, ret_v));
}

static void
only_those_asked_for_count(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF((size_t)65536);
    SPK_AUTO(spk_secret) three = NULL;
    SPK_AUTO(spk_secret) four = NULL;
    struct spk_vkey ask[3];
    struct spk_note note;
    size_t good = 9;

    ask[0] = k.witness;
    other_witness(3, "w3", &three, &ask[1]);
    other_witness(4, "w4", &four, &ask[2]);
    assert_spk_ok(spk_cosign_count(&k.note, ask, 3, &good));
    assert_int_equal(good, 1);
    assert_spk_ok(spk_cosign_count(&k.note, ask + 1, 2, &good));
    assert_int_equal(good, 0);
    assert_spk_ok(spk_cosign_count(&k.note, NULL, 0, &good));
    assert_int_equal(good, 0);
    assert_spk_ok(spk_note_format(&k.note, &bytes));
    assert_spk_ok(spk_cosign(k.note.text, "w3", three, TIME, &bytes));
    assert_spk_ok(spk_cosign(k.note.text, "w3", three, TIME + 1, &bytes));
    assert_spk_ok(spk_note_parse(spk_buf_span(&bytes), false, &note));
    assert_spk_ok(spk_cosign_count(&note, ask, 3, &good));
    assert_int_equal(good, 2);
}

static void
one_key_under_two_names_counts_once(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF((size_t)65536);
    struct spk_vkey ask[2];
    struct spk_note note;
    size_t good = 0;

    ask[0] = k.witness;
    assert_spk_ok(spk_vkey_make_witness("another", k.witness.key, &ask[1]));
    assert_spk_ok(spk_note_format(&k.note, &bytes));
    assert_spk_ok(spk_cosign(k.note.text, "another", k.seed, TIME, &bytes));
    assert_spk_ok(spk_note_parse(spk_buf_span(&bytes), false, &note));
    assert_spk_ok(spk_cosign_count(&note, ask, 2, &good));
    assert_int_equal(good, 1);
}

/* -- what is wrong */

static void
what_was_altered_is_refused(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF((size_t)65536);
    struct spk_note note = k.note;
    size_t good = 0;

    /* another text, the same lines */
    assert_spk_ok(spk_buf_add(&bytes, k.note.text));
    bytes.ptr[bytes.len - 3] ^= 1;
    note.text = spk_buf_span(&bytes);
    assert_spk_code(spk_cosign_count(&note, &k.witness, 1, &good), AUTH);
    /* each byte of the line's time and signature */
    assert_int_equal(k.note.sigs[1].line.len, 23 + 104 + 1);
    for (size_t at = 5; at < 76; at++) {
        bytes.len = 0;
        assert_spk_ok(spk_buf_add(&bytes, spk_buf_span(&k.bytes)));
        size_t last = bytes.len - 105 + (at * 4) / 3;
        bytes.ptr[last] = bytes.ptr[last] == 'A' ? 'B' : 'A';
        assert_spk_ok(spk_note_parse(spk_buf_span(&bytes), false, &note));
        assert_spk_code(spk_cosign_verify(&note, &k.witness, NULL), AUTH);
    }
}

static void
line_of_another_length_is_refused(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF((size_t)65536);
    struct spk_note note;

    assert_spk_ok(spk_buf_add(&bytes, k.note.text));
    assert_spk_ok(spk_buf_str(&bytes, "\n\xe2\x80\x94 witness.example/w1 3xwKNQAAAABlU/EA\n"));
    assert_spk_ok(spk_note_parse(spk_buf_span(&bytes), false, &note));
    assert_spk_code(spk_cosign_verify(&note, &k.witness, NULL), AUTH);
}

static void
no_time_is_no_signature(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf line = SPK_BUF((size_t)4096);

    assert_spk_code(spk_cosign(k.note.text, NAME, k.seed, 0, &line), USAGE);
    assert_spk_code(spk_cosign(k.note.text, NAME, k.seed, UINT64_MAX, &line), USAGE);
    assert_int_equal(line.len, 0);
}

static void
question_is_refused(const char *body, int format)
{
    struct spk_add_checkpoint a;
    spk_err e = spk_add_checkpoint_parse(spk_span_str(body), &a);

    assert_int_equal(e.code, format);
}

static void
malformed_questions_are_refused(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf many = SPK_BUF((size_t)65536);
    const char *text = NULL;

    question_is_refused("", SPK_CODE_FORMAT);
    question_is_refused("old 5\n\n", SPK_CODE_FORMAT);
    question_is_refused("old 5\r\n\nx\n", SPK_CODE_FORMAT);
    question_is_refused("old 05\n\nx\n", SPK_CODE_FORMAT);
    question_is_refused("old  5\n\nx\n", SPK_CODE_FORMAT);
    question_is_refused("old -1\n\nx\n", SPK_CODE_FORMAT);
    question_is_refused("Old 5\n\nx\n", SPK_CODE_FORMAT);
    question_is_refused("old 5\nAAAA\n\nx\n", SPK_CODE_FORMAT);
    question_is_refused("old 5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", SPK_CODE_FORMAT);
    assert_spk_ok(spk_buf_str(&many, "old 5\n"));
    for (size_t i = 0; i < SPK_ADD_PROOF_MAX + 1; i++) {
        assert_spk_ok(spk_buf_str(&many, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"));
    }
    assert_spk_ok(spk_buf_str(&many, "\nx\n"));
    assert_spk_ok(spk_buf_cstr(&many, &text));
    question_is_refused(text, SPK_CODE_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answer),
        cmocka_unit_test(key_is_written_as_it_was_read),
        cmocka_unit_test(question_meets_the_vector),
        cmocka_unit_test(only_those_asked_for_count),
        cmocka_unit_test(one_key_under_two_names_counts_once),
        cmocka_unit_test(what_was_altered_is_refused),
        cmocka_unit_test(line_of_another_length_is_refused),
        cmocka_unit_test(no_time_is_no_signature),
        cmocka_unit_test(malformed_questions_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
