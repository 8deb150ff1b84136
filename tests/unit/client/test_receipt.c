/* SPDX-License-Identifier: Apache-2.0 */
/* A receipt that an independent program has made holds; whatever is changed in it is named. */
#include "client/receipt.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "spk_test.h"

#define VECTORS "log/log.txt"
#define INDEX 300
#define SIZE 513

static struct spk_vkey log_key;
static struct spk_buf good; /* the receipt */
static struct spk_rpub rpub;
static struct spk_hash p;

static void
vector(const char *name, struct spk_buf *b)
{
    *b = SPK_BUF((size_t)SPK_PROOF_MAX);
    spk_test_hex_vector(VECTORS, name, b);
}

static int
set_up(void **state)
{
    struct spk_buf b;

    (void)state;
    vector("log.vkey", &b);
    assert_spk_ok(spk_vkey_parse(spk_buf_span(&b), &log_key));
    spk_buf_free(&b);
    vector("receipt.rpub", &b);
    assert_spk_ok(spk_rpub_parse(spk_buf_span(&b), &rpub));
    spk_buf_free(&b);
    vector("receipt.p", &b);
    memcpy(p.b, b.ptr, sizeof(p.b));
    spk_buf_free(&b);
    vector("receipt", &good);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    spk_buf_free(&good);
    return 0;
}

static void
holds(void **state)
{
    struct spk_receipt r;
    enum spk_log_fault fault;
    uint8_t theirs[SPK_RPUB_LEN];
    uint8_t ours[SPK_RPUB_LEN];

    (void)state;
    assert_spk_ok(spk_receipt_verify(spk_buf_span(&good), &log_key, NULL, &r, &fault));
    assert_int_equal(fault, SPK_LOG_FAULT_NONE);
    assert_int_equal(r.index, INDEX);
    assert_int_equal(r.size, SIZE);
    assert_string_equal(r.origin, log_key.name);
    assert_int_equal(r.others, 0);
    spk_rpub_build(&r.rpub, theirs);
    spk_rpub_build(&rpub, ours);
    assert_memory_equal(theirs, ours, sizeof(ours));
    assert_memory_equal(r.p.b, p.b, sizeof(p.b));
    assert_int_equal(spk_receipt_about(&r, &rpub, &p), SPK_LOG_FAULT_NONE);
    assert_true(good.len <= spk_receipt_len(&log_key, 10, 0));
}

/* The same receipt, put together from the parts of a batch's answer. */
static void
is_made_again(void **state)
{
    SPK_AUTO_STR struct spk_proof *proof = spk_calloc(1, sizeof(*proof));
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF((size_t)SPK_PROOF_MAX);
    struct spk_receipt r = {.rpub = rpub, .p = p, .index = INDEX};
    struct spk_receipt_head head;
    enum spk_log_fault fault;
    struct spk_span path;

    (void)state;
    assert_spk_ok(spk_proof_parse(spk_buf_span(&good), proof));
    assert_spk_ok(spk_receipt_head(proof->checkpoint, &log_key, &head, &fault));
    path = spk_span(proof->path, proof->len * SPK_HASH_LEN);
    assert_spk_ok(spk_receipt_make(&head, &r, path, &again, &fault));
    assert_span_equal(spk_buf_span(&again), spk_buf_span(&good));
    /* what does not lead there is not made */
    r.index++;
    assert_spk_code(spk_receipt_make(&head, &r, path, &again, &fault), AUTH);
    assert_int_equal(fault, SPK_LOG_FAULT_PATH);
    r.index = INDEX;
    r.rpub.time_ms++;
    assert_spk_code(spk_receipt_make(&head, &r, path, &again, &fault), AUTH);
    assert_int_equal(fault, SPK_LOG_FAULT_PATH);
    r.rpub.time_ms--;
    assert_spk_code(spk_receipt_make(&head, &r, spk_span(path.ptr, path.len - 32), &again, &fault),
                    AUTH);
    assert_int_equal(fault, SPK_LOG_FAULT_LENGTH);
    assert_spk_code(spk_receipt_make(&head, &r, spk_span(path.ptr, path.len - 1), &again, &fault),
                    FORMAT);
    assert_int_equal(fault, SPK_LOG_FAULT_MALFORMED);
}

static void
witnesses_are_counted(void **state)
{
    struct spk_witnesses w = {.n = 1, .need = 1};
    struct spk_buf b;
    struct spk_receipt r;
    enum spk_log_fault fault;

    (void)state;
    vector("witness.vkey", &b);
    assert_spk_ok(spk_vkey_parse_witness(spk_buf_span(&b), &w.keys[0]));
    spk_buf_free(&b);
    assert_spk_ok(spk_receipt_verify(spk_buf_span(&good), &log_key, &w, &r, &fault));
    assert_int_equal(r.witnesses, 0);
    vector("receipt.witnessed", &b);
    assert_spk_ok(spk_receipt_verify(spk_buf_span(&b), &log_key, &w, &r, &fault));
    assert_int_equal(r.witnesses, 1);
    assert_int_equal(r.others, 1);
    b.ptr[b.len - 20] = b.ptr[b.len - 20] == 'A' ? 'B' : 'A';
    assert_spk_code(spk_receipt_verify(spk_buf_span(&b), &log_key, &w, &r, &fault), AUTH);
    assert_int_equal(fault, SPK_LOG_FAULT_WITNESS);
    /* of one that nobody here knows nothing is said */
    assert_spk_ok(spk_receipt_verify(spk_buf_span(&b), &log_key, NULL, &r, &fault));
    spk_buf_free(&b);
}

/* Replace the first `from` behind `after`. */
static void
change(const char *after, const char *from, const char *to, struct spk_buf *out)
{
    const char *text = (const char *)good.ptr;
    const char *start = memmem(text, good.len, after, strlen(after));
    const char *at = NULL;

    assert_non_null(start);
    at = memmem(start, good.len - (size_t)(start - text), from, strlen(from));
    assert_non_null(at);
    *out = SPK_BUF((size_t)4 * SPK_PROOF_MAX);
    assert_spk_ok(spk_buf_add(out, spk_span(text, (size_t)(at - text))));
    assert_spk_ok(spk_buf_str(out, to));
    at += strlen(from);
    assert_spk_ok(spk_buf_add(out, spk_span(at, good.len - (size_t)(at - text))));
}

static void
is_refused(const struct spk_buf *b, enum spk_log_fault want)
{
    struct spk_receipt r;
    enum spk_log_fault fault = SPK_LOG_FAULT_NONE;

    assert_false(spk_ok(spk_receipt_verify(spk_buf_span(b), &log_key, NULL, &r, &fault)));
    assert_string_equal(spk_log_fault_name(fault), spk_log_fault_name(want));
}

static void
changes_are_named(void **state)
{
    static const struct {
        const char *after, *from, *to;
        enum spk_log_fault want;
    } cases[] = {
        {"c2sp", "@v1", "@v2", SPK_LOG_FAULT_MALFORMED},
        {"c2sp", "\n", "\r\n", SPK_LOG_FAULT_MALFORMED},
        {"c2sp", "extra", "\nextra", SPK_LOG_FAULT_MALFORMED},
        {"extra ", "AAE", "AAI", SPK_LOG_FAULT_MALFORMED}, /* version 2 of R_pub */
        {"index ", "300", "0300", SPK_LOG_FAULT_MALFORMED},
        {"index ", "300", "-1", SPK_LOG_FAULT_MALFORMED},
        {"index ", "300", "301", SPK_LOG_FAULT_PATH},
        {"index ", "300", "513", SPK_LOG_FAULT_BEYOND},
        {"index ", "300", "512", SPK_LOG_FAULT_LENGTH},
        {"/deposits\n513", "\n513\n", "\n513\r\n", SPK_LOG_FAULT_MALFORMED},
        {"/deposits\n513", "\n513\n", "\n514\n", SPK_LOG_FAULT_SIGNATURE},
        {"/deposits\n513", "=\n", "=\nmore\n", SPK_LOG_FAULT_MALFORMED},
        {"/deposits\n513", "=\n", "=\n\n", SPK_LOG_FAULT_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct spk_buf b;

        change(cases[i].after, cases[i].from, cases[i].to, &b);
        is_refused(&b, cases[i].want);
        spk_buf_free(&b);
    }
}

/* Hashes too many, too few, of another tree; bytes behind; all too short. */
static void
paths_are_named(void **state)
{
    SPK_AUTO_STR struct spk_proof *proof = spk_calloc(1, sizeof(*proof));
    static const struct {
        int more;
        enum spk_log_fault want;
    } cases[] = {{1, SPK_LOG_FAULT_LENGTH},
                 {-1, SPK_LOG_FAULT_LENGTH},
                 {-9, SPK_LOG_FAULT_LENGTH},
                 {50, SPK_LOG_FAULT_LENGTH},
                 {0, SPK_LOG_FAULT_PATH}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_PROOF_MAX);

        assert_spk_ok(spk_proof_parse(spk_buf_span(&good), proof));
        proof->len = (size_t)((int)proof->len + cases[i].more);
        proof->path[0].b[5] ^= cases[i].more == 0;
        assert_spk_ok(spk_proof_format(proof, &b));
        is_refused(&b, cases[i].want);
    }
    for (size_t len = 0; len < good.len; len++) {
        struct spk_buf cut = {.ptr = good.ptr, .len = len, .cap = len, .max = len};
        struct spk_receipt r;
        enum spk_log_fault fault = SPK_LOG_FAULT_NONE;

        assert_false(spk_ok(spk_receipt_verify(spk_buf_span(&cut), &log_key, NULL, &r, &fault)));
        assert_string_equal(spk_log_fault_name(fault), "malformed");
    }
}

static void
wrong_keys_are_named(void **state)
{
    struct spk_receipt r;
    enum spk_log_fault fault;
    struct spk_vkey other;
    uint8_t key[SPK_ED25519_LEN];

    (void)state;
    memcpy(key, log_key.key, sizeof(key));
    assert_spk_ok(spk_vkey_make("sparekey.example/recoveries", key, &other));
    assert_spk_code(spk_receipt_verify(spk_buf_span(&good), &other, NULL, &r, &fault), AUTH);
    assert_int_equal(fault, SPK_LOG_FAULT_ORIGIN);
    memset(key, 7, sizeof(key));
    assert_spk_ok(spk_vkey_make(log_key.name, key, &other));
    assert_spk_code(spk_receipt_verify(spk_buf_span(&good), &other, NULL, &r, &fault), AUTH);
    assert_true(fault == SPK_LOG_FAULT_ORIGIN || fault == SPK_LOG_FAULT_SIGNATURE);
    other = log_key; /* the same key id, and another key */
    other.key[0] ^= 1;
    assert_spk_code(spk_receipt_verify(spk_buf_span(&good), &other, NULL, &r, &fault), AUTH);
    assert_int_equal(fault, SPK_LOG_FAULT_SIGNATURE);
}

static void
other_deposits_are_named(void **state)
{
    struct spk_receipt r;
    enum spk_log_fault fault;
    struct spk_rpub mine;
    struct spk_hash other_p = p;

    (void)state;
    assert_spk_ok(spk_receipt_read(spk_buf_span(&good), &r, &fault));
    mine = rpub;
    mine.time_ms = 0; /* as it stands in the file */
    assert_int_equal(spk_receipt_about(&r, &mine, &p), SPK_LOG_FAULT_NONE);
    mine.id.b[3] ^= 1;
    assert_int_equal(spk_receipt_about(&r, &mine, &p), SPK_LOG_FAULT_FILE);
    mine = rpub;
    mine.commitment.b[0] ^= 1;
    assert_int_equal(spk_receipt_about(&r, &mine, &p), SPK_LOG_FAULT_KEY);
    mine = rpub;
    mine.authority.b[0] ^= 1;
    assert_int_equal(spk_receipt_about(&r, &mine, &p), SPK_LOG_FAULT_AUTHORITY);
    for (int i = 0; i < 6; i++) {
        mine = rpub;
        mine.tag.b[0] ^= i == 0;
        mine.blob.b[31] ^= i == 1;
        mine.policy += i == 2;
        mine.epoch += i == 3;
        mine.flags ^= i == 4 ? 1 : 0;
        other_p.b[0] ^= i == 5;
        assert_int_equal(spk_receipt_about(&r, &mine, &other_p), SPK_LOG_FAULT_DEPOSIT);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds),
        cmocka_unit_test(is_made_again),
        cmocka_unit_test(witnesses_are_counted),
        cmocka_unit_test(changes_are_named),
        cmocka_unit_test(paths_are_named),
        cmocka_unit_test(wrong_keys_are_named),
        cmocka_unit_test(other_deposits_are_named),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
