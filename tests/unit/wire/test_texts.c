/* SPDX-License-Identifier: Apache-2.0 */
/* The line texts: authority statement, approval, veto, successor, officer's query. */
#include "vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/statement.h"

static struct spk_note
the_note(const char *name)
{
    struct spk_note n;

    assert_spk_ok(spk_note_parse(vec(name), false, &n));
    return n;
}

/* The note must be signed by name with the seed of equal bytes. */
static void
signed_by(const struct spk_note *n, const char *name, uint8_t seed_byte)
{
    SPK_AUTO(spk_secret) seed = vec_seed(seed_byte);
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf whole = SPK_BUF(SPK_NOTE_MAX);
    uint8_t pub[SPK_ED25519_LEN];
    struct spk_vkey v;

    assert_spk_ok(spk_ed25519_public(seed, pub));
    assert_spk_ok(spk_vkey_make(name, pub, &v));
    assert_spk_ok(spk_note_verify(n, &v));
    assert_spk_ok(spk_note_sign(n->text, NULL, name, seed, &again));
    assert_spk_ok(spk_note_format(n, &whole));
    assert_span_equal(spk_buf_span(&again), spk_buf_span(&whole));
}

/* What every text parser must refuse: another kind, a line more, less, twice or out of order, a
 * second space, no end of line, upper-case hex, a leading zero. */
typedef spk_err (*parse_fn)(struct spk_span text);

static void
refused(parse_fn parse, struct spk_buf *b)
{
    assert_false(spk_ok(parse(spk_buf_span(b))));
    spk_buf_reset(b);
}

static void
refuses_other_spellings(parse_fn parse, struct spk_span text, const char *kind)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);

    assert_spk_ok(parse(text));
    vec_replace(text, kind, "sparekey/1 other", &b);
    refused(parse, &b);
    vec_replace(text, "sparekey/1", "sparekey/2", &b);
    refused(parse, &b);
    assert_spk_ok(spk_buf_add(&b, text));
    assert_spk_ok(spk_buf_str(&b, "more 1\n"));
    refused(parse, &b);
    vec_replace(text, "\n", "\n\n", &b);
    refused(parse, &b);
    vec_replace(text, "\n", "\r\n", &b);
    refused(parse, &b);
    for (size_t i = 0; i + 1 < text.len; i++) { /* two spaces anywhere, and a tab */
        if (text.ptr[i] == ' ') {
            assert_spk_ok(spk_buf_add(&b, spk_span(text.ptr, i)));
            assert_spk_ok(spk_buf_str(&b, " "));
            assert_spk_ok(spk_buf_add(&b, spk_span(text.ptr + i, text.len - i)));
            refused(parse, &b);
            assert_spk_ok(spk_buf_add(&b, text));
            b.ptr[i] = '\t';
            refused(parse, &b);
        }
    }
    for (size_t i = 0; i < text.len; i++) { /* every line left out, and everything cut short */
        assert_false(spk_ok(parse(spk_span(text.ptr, i))));
        const uint8_t *end = memchr(text.ptr + i, '\n', text.len - i);
        if (i == 0 || text.ptr[i - 1] == '\n') {
            assert_spk_ok(spk_buf_add(&b, spk_span(text.ptr, i)));
            assert_spk_ok(
                spk_buf_add(&b, spk_span(end + 1, (size_t)(text.ptr + text.len - (end + 1)))));
            refused(parse, &b);
            assert_spk_ok(spk_buf_add(&b, spk_span(text.ptr, (size_t)(end + 1 - text.ptr))));
            assert_spk_ok(
                spk_buf_add(&b, spk_span(text.ptr + i, text.len - i))); /* ... and twice */
            refused(parse, &b);
        }
    }
}

/* Hex in upper case, wherever there is a letter of it behind " " in a line that starts with key. */
static void
refuses_upper_case(parse_fn parse, struct spk_span text, const char *key)
{
    uint8_t *copy = vec_copy(text, 0);
    uint8_t *p = memmem(copy, text.len, key, strlen(key));
    bool changed = false;

    assert_non_null(p);
    for (p += strlen(key); *p != '\n' && !changed; p++) {
        changed = *p >= 'a' && *p <= 'f';
        *p = changed ? (uint8_t)(*p - 'a' + 'A') : *p;
    }
    assert_true(changed);
    assert_false(spk_ok(parse(spk_span(copy, text.len))));
    free(copy);
}

static void
refuses_change(parse_fn parse, struct spk_span text, const char *from, const char *to)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);

    vec_replace(text, from, to, &b);
    refused(parse, &b);
}

static spk_err
parse_approval(struct spk_span text)
{
    struct spk_approval a;

    return spk_approval_parse(text, &a);
}

static void
approval_meets_the_vector(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO(spk_rsa) keyx = vec_pair("new-keyx");
    SPK_AUTO(spk_rsa) sign = vec_pair("new-sign");
    SPK_AUTO(spk_rsa) authority = vec_pair("authority");
    struct spk_note n = the_note("approval.note");
    struct spk_approval back, a = {.authority = *spk_rsa_id(authority),
                                   .request = vec_hash("request.hash"),
                                   .owner = vec_hash("enrolment.owner"),
                                   .scope_count = 1,
                                   .scope_root = vec_hash("scope.root"),
                                   .recipient = *spk_rsa_id(keyx),
                                   .signer = *spk_rsa_id(sign),
                                   .approve = true,
                                   .policy = 1,
                                   .policy_hash = vec_hash("policy.genesis.hash"),
                                   .round = 1,
                                   .time = 1700000000,
                                   .expires = 1700086400};

    signed_by(&n, "officer/bob", 0x12);
    assert_spk_ok(spk_sha256(SPK_SPAN_LIT("evidence"), &a.evidence));
    assert_spk_ok(spk_approval_format(&a, &b));
    assert_span_equal(spk_buf_span(&b), n.text);
    assert_spk_ok(spk_approval_parse(n.text, &back));
    assert_true(back.approve);
    assert_true(spk_hash_eq(&back.evidence, &a.evidence));
    assert_true(back.expires == a.expires);
    assert_string_equal(back.log, "");
    n = the_note("approval.log.note");
    signed_by(&n, "officer/bob", 0x12);
    (void)snprintf(a.log, sizeof(a.log), "backup.example/recoveries");
    spk_buf_reset(&b);
    assert_spk_ok(spk_approval_format(&a, &b));
    assert_span_equal(spk_buf_span(&b), n.text);
    assert_spk_ok(spk_approval_parse(n.text, &back));
    assert_string_equal(back.log, "backup.example/recoveries");
}

#define LONG_32 "0123456789abcdef0123456789abcdef"

static void
approval_refuses(void **state)
{
    (void)state;
    struct spk_span t = the_note("approval.note").text;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);
    struct spk_approval a;

    refuses_other_spellings(parse_approval, t, SPK_APPROVAL_KIND);
    refuses_upper_case(parse_approval, t, "\nowner ");
    refuses_upper_case(parse_approval, t, "\nscope ");
    refuses_upper_case(parse_approval, t, "\npolicy 1 ");
    refuses_change(parse_approval, t, "decision approve", "decision yes");
    refuses_change(parse_approval, t, "round 1", "round 0");
    refuses_change(parse_approval, t, "round 1", "round 3");
    refuses_change(parse_approval, t, "round 1", "round 01");
    refuses_change(parse_approval, t, "policy 1 ", "policy 0 ");
    refuses_change(parse_approval, t, "policy 1 ", "policy 4294967296 ");
    refuses_change(parse_approval, t, "expires 1700086400", "expires 1700000000");
    refuses_change(parse_approval, t, "expires 1700086400", "expires 18446744073709551616");
    refuses_change(parse_approval, t, "scope 1 ", "scope -1 ");
    refuses_change(parse_approval, t, "log none", "log a name");
    refuses_change(parse_approval, t, "log none", "log a+b");
    refuses_change(parse_approval, t, "log none", "log ");
    refuses_change(parse_approval, t, "log none",
                   "log " LONG_32 LONG_32 LONG_32 LONG_32 "x"); /* 129 */
    vec_replace(t, "decision approve", "decision deny", &b);
    assert_spk_ok(spk_approval_parse(spk_buf_span(&b), &a));
    assert_false(a.approve);
    (void)snprintf(a.log, sizeof(a.log), "none"); /* no log has this name */
    assert_spk_code(spk_approval_format(&a, &b), FORMAT);
    (void)snprintf(a.log, sizeof(a.log), "a log");
    assert_spk_code(spk_approval_format(&a, &b), FORMAT);
    a.log[0] = '\0';
    a.signer = a.recipient; /* one key in two roles */
    assert_spk_code(spk_approval_format(&a, &b), FORMAT);
}

static spk_err
parse_veto(struct spk_span text)
{
    struct spk_hash a, r;

    return spk_veto_parse(text, &a, &r);
}

static void
veto_meets_the_vector(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX), name = SPK_BUF(256);
    struct spk_note n = the_note("veto.note");
    struct spk_hash a, r, owner = vec_hash("enrolment.owner");
    char hex[2 * SPK_HASH_LEN + 1];
    const char *key_name;

    assert_spk_ok(spk_buf_printf(&name, "veto/%s", spk_hex(spk_hash_span(&owner), hex)));
    assert_spk_ok(spk_buf_cstr(&name, &key_name));
    signed_by(&n, key_name, 0x31);
    assert_spk_ok(spk_veto_parse(n.text, &a, &r));
    assert_span_equal(spk_hash_span(&r), vec("request.hash"));
    assert_spk_ok(spk_veto_format(&a, &r, &b));
    assert_span_equal(spk_buf_span(&b), n.text);
    refuses_other_spellings(parse_veto, n.text, SPK_VETO_KIND);
    refuses_upper_case(parse_veto, n.text, "\nrequest ");
}

static spk_err
parse_successor(struct spk_span text)
{
    struct spk_successor s;
    spk_err e = spk_successor_parse(text, &s);

    if (spk_ok(e)) {
        spk_successor_clear(&s);
    }
    return e;
}

static void
successor_meets_the_vector(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO(spk_rsa) sign = vec_pair("new-sign");
    struct spk_note n = the_note("successor.note");
    struct spk_successor s;

    signed_by(&n, "backup.example/holder", 0x41);
    assert_spk_ok(spk_successor_parse(n.text, &s));
    assert_int_equal(s.number, 1);
    assert_span_equal(spk_hash_span(&s.previous), vec("enrolment.owner"));
    assert_true(spk_hash_eq(spk_rsa_id(s.sign), spk_rsa_id(sign)));
    assert_spk_ok(spk_successor_format(&s, &b));
    assert_span_equal(spk_buf_span(&b), n.text);
    spk_rsa_free(s.keyx);
    s.keyx = spk_rsa_ref(s.sign); /* one key in two roles */
    assert_spk_code(spk_successor_format(&s, &b), FORMAT);
    spk_successor_clear(&s);
    assert_null(s.sign);
    refuses_other_spellings(parse_successor, n.text, SPK_SUCCESSOR_KIND);
    refuses_upper_case(parse_successor, n.text, "\nprevious ");
    refuses_change(parse_successor, n.text, "number 1",
                   "number 2"); /* with the first link's hash */
    refuses_change(parse_successor, n.text, "number 1", "number 0");
    refuses_change(parse_successor, n.text, "keyx MI", "keyx MJ");
}

static spk_err
parse_query(struct spk_span text)
{
    struct spk_officer_query q;

    return spk_officer_query_parse(text, &q);
}

static void
query_meets_the_vector(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);
    struct spk_note n = the_note("query.note");
    struct spk_officer_query q;

    signed_by(&n, "officer/bob", 0x12);
    assert_spk_ok(spk_officer_query_parse(n.text, &q));
    assert_string_equal(q.method, "GET");
    assert_string_equal(q.path, "/v1/officer/requests?state=open");
    assert_int_equal(q.nonce[15], 0x88);
    assert_spk_ok(spk_officer_query_format(&q, &b));
    assert_span_equal(spk_buf_span(&b), n.text);
    refuses_other_spellings(parse_query, n.text, SPK_OFFICER_QUERY_KIND);
    refuses_upper_case(parse_query, n.text, "\nbody ");
    refuses_change(parse_query, n.text, "method GET", "method get");
    refuses_change(parse_query, n.text, "method GET", "method ABCDEFGH");
    refuses_change(parse_query, n.text, "path /v1", "path v1");
    refuses_change(parse_query, n.text, "path /v1", "path /\xc3\xa9");
    memset(q.path, 'x', sizeof(q.path));
    assert_spk_code(spk_officer_query_format(&q, &b), LIMIT);
}

static spk_err
parse_authority(struct spk_span text)
{
    struct spk_authority a;
    spk_err e = spk_authority_parse(text, &a);

    if (spk_ok(e)) {
        spk_authority_clear(&a);
    }
    return e;
}

static void
authority_meets_the_vector(void **state)
{
    (void)state;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);
    struct spk_span t = vec("authority.text");
    struct spk_authority a;
    char code[SPK_REQ_CODE_LEN];

    assert_spk_ok(spk_authority_parse(t, &a));
    assert_string_equal(a.name, "backup.example");
    assert_span_equal(spk_rsa_spki(a.key), vec("spki.authority"));
    assert_string_equal(a.holder.name, "backup.example/holder");
    assert_span_equal(spk_hash_span(&a.policy), vec("policy.genesis.hash"));
    assert_span_equal(spk_hash_span(&a.hash), vec("authority.hash"));
    spk_authority_fingerprint(&a.hash, code);
    assert_span_equal(spk_span_str(code), vec("authority.code"));
    assert_spk_ok(spk_authority_format(&a, &b));
    assert_span_equal(spk_buf_span(&b), t);
    struct spk_authority tls;
    assert_spk_ok(spk_authority_parse(vec("authority.tls.text"), &tls));
    assert_span_equal(spk_hash_span(&tls.follows), vec("authority.hash"));
    assert_true(spk_authority_continues(&tls, &a));
    assert_false(spk_authority_continues(&a, &tls));
    spk_authority_clear(&tls);
    refuses_change(parse_authority, vec("authority.tls.text"), "follows", "Follows");
    spk_buf_reset(&b);
    a.epoch = 2;
    a.previous = a.tls; /* one key in two roles */
    assert_spk_code(spk_authority_format(&a, &b), FORMAT);
    a.previous.b[0] ^= 1;
    spk_buf_reset(&b);
    assert_spk_ok(spk_authority_format(&a, &b));
    a.tls = *spk_rsa_id(a.key);
    assert_spk_code(spk_authority_format(&a, &b), FORMAT);
    spk_authority_clear(&a);
}

static void
authority_refuses(void **state)
{
    (void)state;
    struct spk_span t = vec("authority.text");

    refuses_other_spellings(parse_authority, t, SPK_AUTHORITY_KIND);
    refuses_upper_case(parse_authority, t, "\ntls ");
    refuses_change(parse_authority, t, "epoch 1", "epoch 0");
    refuses_change(parse_authority, t, "epoch 1", "epoch 2"); /* without the key before */
    refuses_change(parse_authority, t, "epoch 1", "epoch 4294967296");
    refuses_change(parse_authority, t, "name backup.example", "name backup+example");
    refuses_change(parse_authority, t, "key MI", "key MJ");
    refuses_change(parse_authority, t, "previous none",
                   "previous 0000000000000000000000000000000000000000000000000000000000000000");
    refuses_change(parse_authority, t, "previous none",
                   "previous 1111111111111111111111111111111111111111111111111111111111111111");
    refuses_change(parse_authority, t, "holder backup", "holder Backup");
}

static void
address(const char *text, const char *url, bool has_hash)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(1024);
    struct spk_hash h;
    bool has;

    assert_spk_ok(spk_authority_address(spk_span_str(text), &b, &has, &h));
    assert_span_equal(spk_buf_span(&b), spk_span_str(url));
    assert_int_equal(has, has_hash);
    assert_int_equal(h.b[31], has_hash ? 0xab : 0);
}

#define HASH_62 "11111111111111111111111111111111111111111111111111111111111111"

static void
addresses(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "http://backup.example/",
                                      "https://",
                                      "https:///",
                                      "backup.example",
                                      "https://user@backup.example/",
                                      "https://backup.example/path",
                                      "https://backup.example//",
                                      "https://backup.example/?q",
                                      "https://backup.example /",
                                      "https://backup.example/\n",
                                      "https://backup.example/#",
                                      "https://backup.example/#" HASH_62,
                                      "https://backup.example/#" HASH_62 "abcd",
                                      "https://backup.example/#" HASH_62 "zz"};
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(1024);
    struct spk_hash h;
    bool has;

    address("https://backup.example:8443/#" HASH_62 "ab", "https://backup.example:8443", true);
    address("https://backup.example#" HASH_62 "AB", "https://backup.example", true);
    address("https://[::1]:8443/", "https://[::1]:8443", false);
    address("https://127.0.0.1", "https://127.0.0.1", false);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_spk_code(spk_authority_address(spk_span_str(bad[i]), &b, &has, &h), FORMAT);
    }
    assert_int_equal(b.len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(approval_meets_the_vector), cmocka_unit_test(approval_refuses),
        cmocka_unit_test(veto_meets_the_vector),     cmocka_unit_test(successor_meets_the_vector),
        cmocka_unit_test(query_meets_the_vector),    cmocka_unit_test(authority_meets_the_vector),
        cmocka_unit_test(authority_refuses),         cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
