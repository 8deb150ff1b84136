/* SPDX-License-Identifier: Apache-2.0 */
#include "spk_test.h"

#include <stdio.h>
#include <string.h>

#include "wire/drill.h"
#include "wire/logs.h"

#define VECTOR(name_, buf)                                                                         \
    SPK_AUTO_BUF struct spk_buf buf = SPK_BUF(65536);                                              \
    spk_test_hex_vector("log/log.txt", name_, &buf)

static struct spk_hash
hash_of(const char *text)
{
    struct spk_hash h;

    assert_spk_ok(spk_sha256(spk_span_str(text), &h));
    return h;
}

static struct spk_secret *
holder_seed(void)
{
    struct spk_secret *s = NULL;

    assert_spk_ok(spk_secret_new(SPK_ED25519_LEN, &s));
    memset(spk_secret_mut(s).ptr, 9, SPK_ED25519_LEN);
    return s;
}

static struct spk_vkey
holder_key(void)
{
    VECTOR("holder.vkey", text);
    struct spk_vkey v;

    assert_spk_ok(spk_vkey_parse(spk_buf_span(&text), &v));
    return v;
}

static void
seeds_meet_the_vectors(void **state)
{
    (void)state;
    SPK_AUTO(spk_secret) seed = holder_seed();
    const struct spk_hash genesis = hash_of("genesis");

    for (int log = SPK_LOG_DEPOSITS; log <= SPK_LOG_RECOVERIES; log++) {
        SPK_AUTO(spk_secret) made = NULL;
        char name[32];
        (void)snprintf(name, sizeof(name), "seed.%s", spk_log_word((enum spk_log_id)log));
        VECTOR(name, want);
        assert_spk_ok(spk_log_seed(seed, &genesis, (enum spk_log_id)log, &made));
        assert_span_equal(spk_secret_span(made), spk_buf_span(&want));
    }
}

static void
note_meets_the_vector(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(4096), signed_ = SPK_BUF(8192);
    SPK_AUTO(spk_secret) seed = holder_seed();
    const struct spk_hash genesis = hash_of("genesis");
    const struct spk_vkey holder = holder_key();
    VECTOR("logs", note);
    struct spk_logs l;

    assert_spk_ok(spk_logs_verify(spk_buf_span(&note), &holder, &genesis, &l));
    assert_string_equal(spk_logs_key(&l, SPK_LOG_DEPOSITS)->name, "sparekey.example/deposits");
    assert_string_equal(spk_logs_key(&l, SPK_LOG_RECOVERIES)->name, "sparekey.example/recoveries");
    assert_spk_ok(spk_logs_format(&l, &text));
    assert_spk_ok(spk_note_sign(spk_buf_span(&text), NULL, holder.name, seed, &signed_));
    assert_span_equal(spk_buf_span(&signed_), spk_buf_span(&note));
}

static void
entries_meet_the_vectors(void **state)
{
    (void)state;
    static const struct {
        unsigned kind;
        const char *detail;
    } kinds[] = {{16, ""},       {17, ""}, {18, "denial\n"}, {19, ""}, {20, ""}, {22, "approval\n"},
                 {23, "veto\n"}, {24, ""}, {25, ""},         {32, ""}, {34, ""}};
    const struct spk_hash request = hash_of("request record");
    struct spk_hash report;
    struct spk_note drill;
    uint8_t salt[32];
    VECTOR("drill", drill_note);

    VECTOR("salt", want_salt);
    assert_spk_ok(spk_entry_salt(spk_span_str("request record"), salt));
    assert_span_equal(SPK_SPAN_OF(salt), spk_buf_span(&want_salt));
    assert_spk_ok(spk_note_parse(spk_buf_span(&drill_note), false, &drill));
    assert_spk_ok(spk_sha256(drill.text, &report));
    memset(salt, 0x5a, sizeof(salt));
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint8_t again[SPK_LOG_ENTRY_LEN_MAX];
        struct spk_hash made = {0};
        struct spk_entry e;
        size_t len = 0;
        char name[32];
        (void)snprintf(name, sizeof(name), "entry.%u", kinds[i].kind);
        VECTOR(name, want);
        assert_spk_ok(spk_entry_parse(spk_buf_span(&want), &e));
        assert_int_equal(e.kind, kinds[i].kind);
        assert_int_equal(e.time_ms, 1700000000123);
        spk_entry_build(&e, again, &len);
        assert_span_equal(spk_span(again, len), spk_buf_span(&want));
        if (spk_entry_is_of_request(e.kind)) {
            assert_int_equal(e.deposit, 41);
            bool drilled = e.kind == SPK_ENTRY_DRILL;
            assert_true(e.request == (drilled ? SPK_NO_REQUEST : 7));
            assert_spk_ok(spk_entry_or(salt, drilled ? &report : &request,
                                       spk_span_str(kinds[i].detail), &made));
            assert_span_equal(spk_hash_span(&made), spk_hash_span(&e.hash));
        }
    }
}

static void
drill_report(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_DRILL_TEXT_MAX);
    struct spk_vkey holder = holder_key();
    struct spk_note note;
    struct spk_drill d;
    VECTOR("drill", bytes);

    assert_spk_ok(spk_note_parse(spk_buf_span(&bytes), false, &note));
    assert_spk_ok(spk_note_verify(&note, &holder));
    assert_spk_ok(spk_drill_parse(note.text, &d));
    assert_int_equal(d.time, 1700000000);
    assert_int_equal(d.deposits, 1000);
    assert_int_equal(d.recoveries, 12);
    assert_int_equal(d.backup, 900);
    assert_int_equal(d.made, 1699990000);
    assert_int_equal(d.n, 3);
    assert_true(d.of[0].good && !d.of[1].good && d.of[2].good);
    assert_int_equal(d.of[1].index, 41);
    assert_spk_ok(spk_drill_format(&d, &text));
    assert_span_equal(spk_buf_span(&text), note.text);
    /* each byte that goes makes it another text, or none */
    for (size_t i = 0; i < text.len; i++) {
        assert_false(spk_ok(spk_drill_parse(spk_span(text.ptr, i), &d)));
    }
    d.of[2].index = 41; /* not rising */
    assert_spk_code(spk_drill_format(&d, &text), FORMAT);
    d.n = 0;
    assert_spk_code(spk_drill_format(&d, &text), FORMAT);
}

static void
refuses_a_note_of_others(void **state)
{
    (void)state;
    const struct spk_hash genesis = hash_of("genesis"), other = hash_of("other");
    struct spk_vkey holder = holder_key();
    VECTOR("logs", note);
    VECTOR("log.vkey", stranger_text);
    struct spk_vkey stranger;
    struct spk_logs l;

    assert_spk_code(spk_logs_verify(spk_buf_span(&note), &holder, &other, &l), CHANGED);
    assert_spk_ok(spk_vkey_parse(spk_buf_span(&stranger_text), &stranger));
    assert_spk_code(spk_logs_verify(spk_buf_span(&note), &stranger, &genesis, &l), AUTH);
    note.ptr[note.len - 10] ^= 1;
    assert_false(spk_ok(spk_logs_verify(spk_buf_span(&note), &holder, &genesis, &l)));
}

static void
refuses_one_key_for_two_logs(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(4096);
    struct spk_logs l = {.genesis = hash_of("genesis")};

    l.key[0] = holder_key();
    l.key[1] = l.key[0];
    assert_spk_code(spk_logs_format(&l, &text), FORMAT);
}

/* Signed by the holder, but with the holder's own key as that of a log. */
static void
refuses_the_holders_key_in_a_second_role(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(4096), note = SPK_BUF(8192);
    SPK_AUTO(spk_secret) seed = holder_seed();
    const struct spk_vkey holder = holder_key();
    VECTOR("log.vkey", other);
    struct spk_logs l = {.genesis = hash_of("genesis")}, got;

    assert_spk_ok(spk_vkey_parse(spk_buf_span(&other), &l.key[0]));
    l.key[1] = holder;
    assert_spk_ok(spk_logs_format(&l, &text));
    assert_spk_ok(spk_note_sign(spk_buf_span(&text), NULL, holder.name, seed, &note));
    assert_spk_code(spk_logs_verify(spk_buf_span(&note), &holder, &l.genesis, &got), AUTH);
}

static void
refuses_entries_that_are_none(void **state)
{
    (void)state;
    VECTOR("entry.17", bytes);
    struct spk_entry e;

    for (size_t n = 0; n < bytes.len; n++) {
        assert_false(spk_ok(spk_entry_parse(spk_span(bytes.ptr, n), &e)));
    }
    assert_spk_ok(spk_buf_u8(&bytes, 0));
    assert_spk_code(spk_entry_parse(spk_buf_span(&bytes), &e), FORMAT);
    bytes.len--;
    bytes.ptr[0] = 2;
    assert_spk_code(spk_entry_parse(spk_buf_span(&bytes), &e), VERSION);
    bytes.ptr[0] = 1;
    bytes.ptr[3] = 1;
    assert_spk_code(spk_entry_parse(spk_buf_span(&bytes), &e), VERSION);
    bytes.ptr[3] = 0;
    for (unsigned kind = 0; kind < 256; kind++) {
        bytes.ptr[1] = (uint8_t)kind;
        bool known = (kind >= 16 && kind <= 20) || (kind >= 22 && kind <= 24);
        assert_int_equal(spk_ok(spk_entry_parse(spk_buf_span(&bytes), &e)), known);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_meet_the_vectors),
        cmocka_unit_test(note_meets_the_vector),
        cmocka_unit_test(entries_meet_the_vectors),
        cmocka_unit_test(drill_report),
        cmocka_unit_test(refuses_a_note_of_others),
        cmocka_unit_test(refuses_one_key_for_two_logs),
        cmocka_unit_test(refuses_the_holders_key_in_a_second_role),
        cmocka_unit_test(refuses_entries_that_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
