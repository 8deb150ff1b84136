/* SPDX-License-Identifier: Apache-2.0 */
#include "vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/note.h"

/* golang.org/x/mod/sumdb/note, the implementation that the C2SP specification was written from. */
#define GO_VKEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define GO_SEED "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz" /* type || seed */
#define GO_TEXT                                                                                    \
    "If you think cryptography is the answer to your problem,\n"                                   \
    "then you don't know what your problem is.\n"
#define GO_LINE                                                                                    \
    "\xe2\x80\x94 PeterNeumann "                                                                   \
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=" \
    "\n"
#define GO_NOTE GO_TEXT "\n" GO_LINE

/* The example of c2sp.org/signed-note: its text has an empty line of its own. */
#define C2SP_TEXT                                                                                  \
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n"                     \
    "ed \xc3\xa8 subito sera.\n"
#define C2SP_NOTE                                                                                  \
    C2SP_TEXT                                                                                      \
    "\n\xe2\x80\x94 quasimodo.example/salvatore "                                                  \
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=" \
    "\n"

/* A checkpoint by a log (seed 32 x 01) with the cosignature of a witness, which is of another type.
 */
#define LOG_VKEY "sparekey.example/deposits+cb663ed9+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
#define WITNESS_VKEY "witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU"
#define LOG_TEXT "sparekey.example/deposits\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
#define LOG_LINE                                                                                   \
    "\xe2\x80\x94 sparekey.example/deposits "                                                      \
    "y2Y+2T0cE8zatFHhz31ng0nlzSNFIQzdtX5CpawfPJ0vdswkaW232w6TLDBqJBzJI/1IBGRbxxHZAo3KoVcP0IEoWws=" \
    "\n"
#define WITNESS_LINE                                                                               \
    "\xe2\x80\x94 witness.example/w1 "                                                             \
    "3xwKNQAAAABlU/EAhUrFeNyMXEwHgre9oCyWPM67sZfgLr24FHBZkx+"                                      \
    "EuUA4BuV0dbVjeknBddRWQ/Y8nflU0NHm18E1I58S3EV7AQ==\n"

static struct spk_vkey
vkey(const char *text)
{
    struct spk_vkey v;

    assert_spk_ok(spk_vkey_parse(spk_span_str(text), &v));
    return v;
}

static void
keys_of_others_read_and_write(void **state)
{
    (void)state;
    static const char *const keys[] = {
        GO_VKEY, LOG_VKEY, "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6"};

    for (size_t i = 0; i < 3; i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(1024);
        struct spk_vkey v = vkey(keys[i]);
        assert_spk_ok(spk_vkey_format(&v, &b));
        assert_span_equal(spk_buf_span(&b), spk_span_str(keys[i]));
    }
}

static void
key_refusals(void **state)
{
    (void)state;
    struct spk_vkey v;
    uint8_t key[SPK_ED25519_LEN] = {1};
    char name[SPK_NOTE_NAME_MAX + 2];

    assert_spk_code(spk_vkey_parse(spk_span_str(WITNESS_VKEY), &v), VERSION); /* a cosigner's */
    assert_spk_code(spk_vkey_parse(SPK_SPAN_LIT("PeterNeumann+c74f20a4+"
                                                "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"),
                                   &v),
                    FORMAT); /* the key id of another key */
    assert_spk_code(spk_vkey_parse(SPK_SPAN_LIT("PeterNeumann+C74F20A3+"
                                                "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"),
                                   &v),
                    FORMAT);
    assert_spk_code(spk_vkey_parse(SPK_SPAN_LIT("PeterNeumann"), &v), FORMAT);
    assert_spk_code(spk_vkey_parse(SPK_SPAN_LIT("PeterNeumann+c74f20a3"), &v), FORMAT);
    assert_spk_code(spk_vkey_parse(SPK_SPAN_LIT("a+c74f20a3+AQ=="), &v), FORMAT);

    static const char *const bad[] = {"",      "a b",         "a+b",          "a\tb",
                                      "a\xff", "a\xc2\xa0",   "\xe2\x80\x89", "a\xe3\x80\x80",
                                      "a\x7f", "\xe2\x80\xa8"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_spk_code(spk_vkey_make(bad[i], key, &v), FORMAT);
    }
    memset(name, 'n', sizeof(name));
    name[SPK_NOTE_NAME_MAX + 1] = 0;
    assert_spk_code(spk_vkey_make(name, key, &v), FORMAT);
    name[SPK_NOTE_NAME_MAX] = 0;
    assert_spk_ok(spk_vkey_make(name, key, &v));
}

static void
signs_as_go_does(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf raw = SPK_BUF(64), out = SPK_BUF(4096);
    SPK_AUTO(spk_secret) seed = NULL;
    struct spk_vkey v = vkey(GO_VKEY);
    struct spk_note n;

    assert_spk_ok(spk_base64_parse(spk_span_str(GO_SEED), &raw));
    assert_spk_ok(spk_secret_from(spk_span(raw.ptr + 1, raw.len - 1), &seed));
    assert_spk_ok(spk_note_sign(spk_span_str(GO_TEXT), NULL, "PeterNeumann", seed, &out));
    assert_span_equal(spk_buf_span(&out), spk_span_str(GO_NOTE));
    assert_spk_ok(spk_note_parse(spk_buf_span(&out), false, &n));
    assert_span_equal(n.text, spk_span_str(GO_TEXT));
    assert_int_equal(n.n, 1);
    assert_spk_ok(spk_note_verify(&n, &v));
}

static void
signs_the_checkpoint_of_the_known_answer(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(4096), key = SPK_BUF(256);
    SPK_AUTO(spk_secret) seed = vec_seed(1);
    uint8_t pub[SPK_ED25519_LEN];
    struct spk_vkey v;

    assert_spk_ok(spk_ed25519_public(seed, pub));
    assert_spk_ok(spk_vkey_make("sparekey.example/deposits", pub, &v));
    assert_spk_ok(spk_vkey_format(&v, &key));
    assert_span_equal(spk_buf_span(&key), spk_span_str(LOG_VKEY));
    assert_spk_ok(
        spk_note_sign(spk_span_str(LOG_TEXT), NULL, "sparekey.example/deposits", seed, &out));
    assert_span_equal(spk_buf_span(&out), spk_span_str(LOG_TEXT "\n" LOG_LINE));
}

static void
splits_at_the_last_empty_line(void **state)
{
    (void)state;
    struct spk_note n;

    assert_spk_ok(spk_note_parse(spk_span_str(C2SP_NOTE), false, &n));
    assert_span_equal(n.text, spk_span_str(C2SP_TEXT));
    assert_span_equal(n.sigs[0].name, spk_span_str("quasimodo.example/salvatore"));
    assert_memory_equal(n.sigs[0].keyid, "\x36\x7b\xa0\x4b", 4);
}

static void
keeps_lines_of_other_types(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(4096), again = SPK_BUF(4096);
    SPK_AUTO(spk_secret) seed = vec_seed(1);
    struct spk_vkey v = vkey(LOG_VKEY);
    struct spk_note n;

    assert_spk_ok(spk_note_parse(spk_span_str(LOG_TEXT "\n" LOG_LINE WITNESS_LINE), false, &n));
    assert_int_equal(n.n, 2);
    assert_true(n.sigs[0].usable);
    assert_false(n.sigs[1].usable);
    assert_spk_ok(spk_note_verify(&n, &v));
    assert_spk_ok(spk_note_format(&n, &again));
    assert_span_equal(spk_buf_span(&again), spk_span_str(LOG_TEXT "\n" LOG_LINE WITNESS_LINE));
    /* Signed again: the witness's line stays, ours is replaced, not doubled. */
    assert_spk_ok(spk_note_sign(n.text, &n, "sparekey.example/deposits", seed, &out));
    assert_span_equal(spk_buf_span(&out), spk_span_str(LOG_TEXT "\n" WITNESS_LINE LOG_LINE));
}

static void
collects_signatures(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf one = SPK_BUF(4096), two = SPK_BUF(4096), bad = SPK_BUF(4096);
    SPK_AUTO(spk_secret) a = vec_seed(7);
    SPK_AUTO(spk_secret) b = vec_seed(8);
    uint8_t pub[SPK_ED25519_LEN];
    struct spk_vkey va, vb;
    struct spk_note n;

    assert_spk_ok(spk_ed25519_public(a, pub));
    assert_spk_ok(spk_vkey_make("a", pub, &va));
    assert_spk_ok(spk_ed25519_public(b, pub));
    assert_spk_ok(spk_vkey_make("b", pub, &vb));
    assert_spk_ok(spk_note_sign(SPK_SPAN_LIT("text\n"), NULL, "a", a, &one));
    assert_spk_ok(spk_note_parse(spk_buf_span(&one), false, &n));
    assert_spk_code(spk_note_verify(&n, &vb), NOTFOUND);
    assert_spk_ok(spk_note_sign(SPK_SPAN_LIT("text\n"), &n, "b", b, &two));
    assert_spk_code(spk_note_sign(SPK_SPAN_LIT("other\n"), &n, "b", b, &bad), USAGE);
    assert_int_equal(bad.len, 0);
    assert_spk_ok(spk_note_parse(spk_buf_span(&two), false, &n));
    assert_spk_ok(spk_note_verify(&n, &va));
    assert_spk_ok(spk_note_verify(&n, &vb));
}

static void
known_key_with_a_bad_signature_spoils_the_note(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(4096), c = SPK_BUF(4096);
    struct spk_vkey v = vkey(GO_VKEY);
    struct spk_note n;

    vec_replace(spk_span_str(GO_NOTE), "cryptography", "cryptographY", &b);
    assert_spk_ok(spk_note_parse(spk_buf_span(&b), false, &n));
    assert_spk_code(spk_note_verify(&n, &v), AUTH);
    /* Also when a good line of the same key stands beside it. */
    assert_spk_ok(spk_buf_str(&c, GO_NOTE));
    vec_replace(spk_span_str(GO_LINE), "ZJku", "ZJkv", &c);
    assert_spk_ok(spk_note_parse(spk_buf_span(&c), false, &n));
    assert_int_equal(n.n, 2);
    assert_spk_code(spk_note_verify(&n, &v), AUTH);
}

static void
known_key_with_a_signature_of_another_length(void **state)
{
    (void)state;
    struct spk_vkey v = vkey(GO_VKEY);
    struct spk_note n;

    assert_spk_ok(
        spk_note_parse(spk_span_str(GO_TEXT "\n\xe2\x80\x94 PeterNeumann x08gowAA\n"), false, &n));
    assert_spk_code(spk_note_verify(&n, &v), AUTH);
}

static void
same_name_other_key_is_unknown(void **state)
{
    (void)state;
    SPK_AUTO(spk_secret) seed = vec_seed(9);
    uint8_t pub[SPK_ED25519_LEN];
    struct spk_vkey v;
    struct spk_note n;

    assert_spk_ok(spk_ed25519_public(seed, pub));
    assert_spk_ok(spk_vkey_make("PeterNeumann", pub, &v));
    assert_spk_ok(spk_note_parse(spk_span_str(GO_NOTE), false, &n));
    assert_spk_code(spk_note_verify(&n, &v), NOTFOUND);
}

static void
refuses_malformed_notes(void **state)
{
    (void)state;
#define LINE_AA "\xe2\x80\x94 a AAAAAAA="
    static const char *const bad[] = {
        "",
        "text\n",                                   /* not signed */
        "text",                                     /* no end of line */
        "text\n\n",                                 /* empty signature part */
        "text\n\n" LINE_AA,                         /* last line cut short */
        "text\n" LINE_AA "\n",                      /* no empty line */
        "text\n\n" LINE_AA "\n" LINE_AA "\nrest\n", /* something else among the lines */
        "text\n\n- a AAAAAAA=\n",                   /* a hyphen */
        "text\n\n\xe2\x80\x94  AAAAAAA=\n",         /* no name */
        "text\n\n\xe2\x80\x94 a\n",
        "text\n\n\xe2\x80\x94 a+b AAAAAAA=\n",
        "text\n\n\xe2\x80\x94 a AAAA\n",     /* three bytes, less than a key id */
        "text\n\n\xe2\x80\x94 a AAAAAA==\n", /* a key id and no signature */
        "text\n\n\xe2\x80\x94 a AAAAAAA\n",  /* base64 without padding */
        "text\n\n\xe2\x80\x94 a AAAAAAB=\n", /* base64 with loose bits */
        "text\n\n\xe2\x80\x94 a AAAA AAA=\n",
        "a\tb\n\n" LINE_AA "\n",
        "text\r\n\n" LINE_AA "\n",
        "a\xffz\n\n" LINE_AA "\n",
    };
    struct spk_note n;

    assert_spk_ok(spk_note_parse(spk_span_str("text\n\n" LINE_AA "\n"), false, &n));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_spk_code(spk_note_parse(spk_span_str(bad[i]), false, &n), FORMAT);
    }
}

static void
unsigned_texts_only_when_asked_for(void **state)
{
    (void)state;
    struct spk_note n;
    struct spk_hash h, want;

    assert_spk_ok(spk_note_parse(SPK_SPAN_LIT("one\ntwo\n"), true, &n));
    assert_int_equal(n.n, 0);
    assert_span_equal(n.text, SPK_SPAN_LIT("one\ntwo\n"));
    assert_spk_ok(spk_note_hash(&n, &h));
    assert_spk_ok(spk_sha256(n.text, &want));
    assert_true(spk_hash_eq(&h, &want));
    assert_spk_code(spk_note_parse(SPK_SPAN_LIT("one\n\ntwo\n"), true, &n), FORMAT);
    assert_spk_code(spk_note_parse(SPK_SPAN_LIT("one"), true, &n), FORMAT);
}

static void
bounds(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(2 * SPK_NOTE_MAX), out = SPK_BUF(2 * SPK_NOTE_MAX);
    SPK_AUTO(spk_secret) seed = vec_seed(1);
    struct spk_note n;

    assert_spk_ok(spk_buf_str(&b, "text\n\n"));
    for (int i = 0; i < SPK_NOTE_SIGS_MAX; i++) {
        assert_spk_ok(spk_buf_printf(&b, "\xe2\x80\x94 n%d AAAAAAA=\n", i));
    }
    assert_spk_ok(spk_note_parse(spk_buf_span(&b), false, &n));
    assert_int_equal(n.n, SPK_NOTE_SIGS_MAX);
    assert_spk_code(spk_note_sign(n.text, &n, "one-more", seed, &out), LIMIT);
    assert_int_equal(out.len, 0);
    assert_spk_ok(spk_buf_str(&b, "\xe2\x80\x94 last AAAAAAA=\n"));
    assert_spk_code(spk_note_parse(spk_buf_span(&b), false, &n), LIMIT);
    while (b.len <= SPK_NOTE_MAX) {
        assert_spk_ok(spk_buf_str(&b, "x\n"));
    }
    assert_spk_code(spk_note_parse(spk_buf_span(&b), true, &n), LIMIT);
}

static void
kind_is_the_whole_first_line(void **state)
{
    (void)state;
    struct spk_span body;
    struct spk_note n;

    assert_spk_ok(spk_note_parse(SPK_SPAN_LIT("sparekey/1 policy\nquorum 1\n"), true, &n));
    assert_spk_ok(spk_note_kind(&n, "sparekey/1 policy", &body));
    assert_span_equal(body, SPK_SPAN_LIT("quorum 1\n"));
    assert_spk_code(spk_note_kind(&n, "sparekey/1 pol", &body), FORMAT);
    assert_spk_code(spk_note_kind(&n, "sparekey/1 policy\nquorum 1", &body), FORMAT);
    assert_spk_code(spk_note_kind(&n, "sparekey/1 approval", &body), FORMAT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_others_read_and_write),
        cmocka_unit_test(key_refusals),
        cmocka_unit_test(signs_as_go_does),
        cmocka_unit_test(signs_the_checkpoint_of_the_known_answer),
        cmocka_unit_test(splits_at_the_last_empty_line),
        cmocka_unit_test(keeps_lines_of_other_types),
        cmocka_unit_test(collects_signatures),
        cmocka_unit_test(known_key_with_a_bad_signature_spoils_the_note),
        cmocka_unit_test(known_key_with_a_signature_of_another_length),
        cmocka_unit_test(same_name_other_key_is_unknown),
        cmocka_unit_test(refuses_malformed_notes),
        cmocka_unit_test(unsigned_texts_only_when_asked_for),
        cmocka_unit_test(bounds),
        cmocka_unit_test(kind_is_the_whole_first_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
